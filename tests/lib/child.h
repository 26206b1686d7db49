/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Another process of a cmocka test, which really lives and is really killed.
 *
 * The two tell each other through pipes when to go on; nothing waits for time to pass. A child dies
 * with its parent. What goes wrong fails the running test.
 */
#ifndef FLOWPROBE_TESTS_CHILD_H
#define FLOWPROBE_TESTS_CHILD_H

#include <sys/types.h>

struct child {
	pid_t pid;
	int release; /* closing it lets the child end */
};

/*
 * Runs ready() in another process, which then stays until it is killed or released. Returns when
 * ready() has; it must have returned 0.
 */
struct child child_start(int (*ready)(void));

/* SIGKILL. On return the process is gone. */
void child_kill(struct child *child);

#endif
