/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: what files of /proc and /sys say. Pure, but for proc_read; a text that is not what it
 * should be is answered like one that is not there. */
#ifndef FLOWPROBE_PROC_H
#define FLOWPROBE_PROC_H

#include <stddef.h>
#include <stdint.h>

#define PROC_TEXT_BYTES 16384
#define PROC_WORD_BYTES 32
#define PROC_PATH_BYTES 4096

/* The beginning of the file, as a string; "" if it cannot be read. 0 or a negative errno. */
int proc_read(const char *path, char *text, size_t bytes);

/* /sys/kernel/security/lockdown, "none [integrity] confidentiality": the word in brackets. 1, or 0. */
int proc_chosen_word(const char *text, char word[static PROC_WORD_BYTES]);

/* /proc/meminfo, memory.stat: the number behind that name at the beginning of a line, times 1024 if
 * "kB" follows. 1, or 0. */
int proc_number(const char *text, const char *name, uint64_t *number);

/* memory.max and the like: a number alone; "max", and what does not fit, is UINT64_MAX. 1, or 0. */
int proc_limit(const char *text, uint64_t *limit);

/* /proc/self/uid_map: 1 unless it says that users are not those of the host. */
int proc_is_initial_user_namespace(const char *text);

/* /proc/self/cgroup: the path of that controller ("": the one hierarchy of version 2). 1, or 0. */
int proc_cgroup_path(const char *text, const char *controller, char path[static PROC_PATH_BYTES]);

#endif
