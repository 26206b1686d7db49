/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The clsact side of attach.c: our filters among those of others, on kernels without TCX. Works in
 * the network namespace of the caller.
 */
#ifndef FLOWPROBE_CLSACT_H
#define FLOWPROBE_CLSACT_H

#include <stddef.h>
#include <stdint.h>

#include "capture/attach.h"
#include "capture/hook_list.h"

/*
 * Removes the filters that dead flowprobes left on this direction, and the qdisc too if flowprobe
 * made it and no filter at all is left. Only for whoever has the hook's lock: without it they may
 * be alive. 0, also if there is nothing to remove, or a negative errno: -EOPNOTSUPP on a kernel
 * without filters.
 */
int clsact_remove_stale(uint32_t ifindex, enum flow_direction direction);

/*
 * Adds a filter to hook->ifindex and hook->direction and fills handle, priority, program_id and
 * made_qdisc. If hook->lock_fd is a lock (not -1), filters of dead flowprobes on this hook are
 * removed. On a qdisc of kind "ingress" it works for ingress, and for egress is -EEXIST. Errors as
 * hook_attach.
 */
int clsact_attach(struct hook *hook, enum hook_position position, int program_fd);

/* Removes our filter and then the qdisc, if flowprobe made it and no filter at all is left. If the
 * filter is not there any more, nothing is touched. */
void clsact_detach(const struct hook *hook);

/* 1 if our filter is there with our program, else 0. */
int clsact_check(const struct hook *hook);

/* All filters in running order, whatever they are. How many were written, or negative errno.
 * Nothing is on egress where a qdisc of kind "ingress" is. */
int clsact_list(uint32_t ifindex, enum flow_direction direction, struct hook_program *list,
		size_t max);

#endif
