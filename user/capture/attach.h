/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Puts one program on one hook of one interface, politely, and takes it off again.
 *
 * Never touches what others attached: TCX links (kernel 6.6 and later) and XDP links live exactly
 * as long as their file descriptor; clsact filters have a priority and handle of our own, and the
 * clsact qdisc is removed only if we made it and nobody uses it.
 */
#ifndef FLOWPROBE_ATTACH_H
#define FLOWPROBE_ATTACH_H

#include <stdint.h>

#include "flow.h"

enum hook_kind {
	HOOK_TCX,
	HOOK_CLSACT,
	HOOK_XDP_NATIVE,
	HOOK_XDP_GENERIC,
};

enum hook_position { HOOK_HEAD, HOOK_TAIL };

/* One attachment; owned by the caller, zero-initialised, idempotently detached. */
struct hook {
	int attached;
	enum hook_kind kind;
	enum flow_direction direction;
	uint32_t ifindex;
	int link_fd; /* TCX, XDP; else -1 */
	int lock_fd; /* see hook_attach; -1: without */
	uint32_t handle; /* clsact */
	uint32_t priority;
	uint32_t program_id;
	int made_qdisc; /* this or another hook of ours on the interface made the clsact qdisc */
};

const char *hook_kind_name(enum hook_kind kind); /* "tcx", "tc", "xdp (native)", "xdp (generic)" */

/* 1 if this kernel has TCX links (tried with program_fd on an interface that does not exist, so
 * that nothing is attached even for a moment), else 0. */
int hook_tcx_supported(int program_fd);

/*
 * Attaches program_fd. First takes a lock named after network namespace, interface and direction,
 * which the kernel frees when the process ends however it ends: -EADDRINUSE means that another
 * flowprobe is on this hook, and *owner_pid (if not NULL) says which (0: a process that is not
 * visible from here). A clsact filter of ours that is there all the same belongs to a dead process
 * and is removed whatever the kind of hook, and with it the qdisc by the rule above (also if an
 * error follows). position has no meaning for XDP, which takes FLOW_INGRESS only.
 *
 * Other errors: -EBUSY another XDP program is there; -EOPNOTSUPP the driver has no native XDP;
 * -EEXIST HOOK_CLSACT on FLOW_EGRESS, and a qdisc of kind "ingress", which has no egress, is in the
 * place of clsact (for this kind nothing else is -EEXIST; FLOW_INGRESS uses that qdisc and leaves
 * it there); -EAGAIN others kept changing what is on clsact; -ENODEV the interface is gone; -EPERM;
 * -EINVAL, also for TCX on a kernel without it. After any error *hook is as before.
 */
int hook_attach(struct hook *hook, enum hook_kind kind, enum flow_direction direction,
		enum hook_position position, uint32_t ifindex, int program_fd, int *owner_pid);

/* Takes the program off and everything else we made with it. */
void hook_detach(struct hook *hook);

/* 1 if the program is still on the hook, 0 if somebody took it off, or the interface is gone. To be
 * called now and then (it also answers those who ask who has the lock). */
int hook_check(const struct hook *hook);

#endif
