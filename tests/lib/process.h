/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a cmocka test does to, or wants to know of, its own process: open files, the limit of a
 * file's size, standard output. What goes wrong fails the running test.
 */
#ifndef FLOWPROBE_TESTS_PROCESS_H
#define FLOWPROBE_TESTS_PROCESS_H

#include <sys/resource.h>

/* Good for comparing with another count. */
unsigned int count_open_files(void);

/* RLIM_INFINITY: as much as is allowed. */
void limit_file_size(rlim_t bytes);

/* Until it is restored, what is written to standard output goes to fd. */
void set_standard_output(int fd);

/* May be called when there is nothing to restore: for tests that fail on their way. */
void restore_standard_output(void);

#endif
