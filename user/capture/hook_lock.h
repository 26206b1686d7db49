/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One flowprobe per hook: a lock named after network namespace, interface and direction, freed by
 * the kernel when its owner ends, however it ends.
 */
#ifndef FLOWPROBE_HOOK_LOCK_H
#define FLOWPROBE_HOOK_LOCK_H

#include <stdint.h>

#include "flow.h"

/*
 * Takes the lock. Returns 0, and *fd is the lock, to be closed by the caller. -EADDRINUSE: somebody
 * who may attach programs has it; *owner_pid (if not NULL) is that process, 0 if it is not visible
 * from here. If somebody without privilege sits on the name, that is warned of, and the answer is 0
 * with *fd -1: go on without the lock. Else a negative errno.
 */
int hook_lock_take(uint32_t ifindex, enum flow_direction direction, int *fd, int *owner_pid);

/*
 * Whether hook_lock_take would be refused: -EADDRINUSE, and *owner_pid (if not NULL) as there; else
 * 0. Only asks and never has the lock, not even for a moment, so a flowprobe that starts meanwhile
 * is not disturbed.
 */
int hook_lock_query(uint32_t ifindex, enum flow_direction direction, int *owner_pid);

/* Receives those who asked who has the lock, so that their number is not limited. To be called now
 * and then; -1 is fine. */
void hook_lock_answer(int fd);

#endif
