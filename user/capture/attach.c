// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Programs on hooks: the one place that changes anything about an interface.
 *
 * In: a loaded program and where it should go. Out: an attachment that ends with the process (TCX,
 * XDP links) or with hook_detach (clsact.c). Links are not pinned: nothing of ours shall outlive
 * us. Nothing here replaces, moves or removes what others attached; where there is room for one
 * only (XDP), the first one has it.
 *
 * Order among TCX programs is fixed at the time of attaching: whoever comes later and asks for head
 * gets in front of us. hook_list.c tells.
 *
 * A lock per hook (hook_lock.c) keeps a second flowprobe from counting everything twice. It covers
 * all kinds, so ingress by XDP and ingress by tc exclude each other, and whoever has it sweeps up
 * what a killed process left on clsact, which is the only kind that can leave anything.
 */
#include "capture/attach.h"

#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "capture/clsact.h"
#include "capture/hook_lock.h"
#include "capture/tcx.h"
#include "lib/log.h"

const char *hook_kind_name(enum hook_kind kind)
{
	static const char *const names[] = {
		[HOOK_TCX] = "tcx",
		[HOOK_CLSACT] = "tc",
		[HOOK_XDP_NATIVE] = "xdp (native)",
		[HOOK_XDP_GENERIC] = "xdp (generic)",
	};

	return names[kind];
}

int hook_tcx_supported(int program_fd)
{
	/* Kernels without TCX do not get as far as looking for the interface. */
	int fd = bpf_link_create(program_fd, INT_MAX, tcx_attach_type(FLOW_INGRESS), NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -ENODEV;
}

static int tcx_attach(struct hook *hook, enum hook_position position, int program_fd)
{
	/* Relative to nothing: before, or after, all that are there. */
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = position == HOOK_HEAD ? TCX_BEFORE : TCX_AFTER);

	hook->link_fd = bpf_link_create(program_fd, hook->ifindex, tcx_attach_type(hook->direction),
					&options);
	return hook->link_fd < 0 ? hook->link_fd : 0;
}

static int xdp_attach(struct hook *hook, int program_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = hook->kind == HOOK_XDP_NATIVE ? XDP_FLAGS_DRV_MODE
							   : XDP_FLAGS_SKB_MODE);

	if (hook->direction != FLOW_INGRESS)
		return -EINVAL;
	hook->link_fd = bpf_link_create(program_fd, hook->ifindex, BPF_XDP, &options);
	if (hook->link_fd == -EEXIST) /* there is one in the other mode, or on an upper device */
		return -EBUSY;
	return hook->link_fd < 0 ? hook->link_fd : 0;
}

/* Costs time per packet, but counts nothing for us: no reason not to attach. */
static void hook_remove_stale(const struct hook *hook, const char *name)
{
	int err = clsact_remove_stale(hook->ifindex, hook->direction);

	if (err && err != -EOPNOTSUPP)
		log_warning("%s: cannot remove tc filters that a killed flowprobe may have left: "
			    "%s",
			    name, strerror(-err));
}

int hook_attach(struct hook *hook, enum hook_kind kind, enum flow_direction direction,
		enum hook_position position, uint32_t ifindex, int program_fd, int *owner_pid)
{
	struct hook attached = {
		.attached = 1,
		.kind = kind,
		.direction = direction,
		.ifindex = ifindex,
		.link_fd = -1,
		.lock_fd = -1,
	};
	char name[IF_NAMESIZE];
	int err = -EINVAL;

	assert(!hook->attached);
	if (!if_indextoname(ifindex, name))
		return -ENODEV;
	err = hook_lock_take(ifindex, direction, &attached.lock_fd, owner_pid);
	if (err)
		return err;
	if (kind != HOOK_CLSACT && attached.lock_fd >= 0)
		hook_remove_stale(&attached, name);
	switch (kind) {
	case HOOK_TCX:
		err = tcx_attach(&attached, position, program_fd);
		break;
	case HOOK_CLSACT:
		err = clsact_attach(&attached, position, program_fd);
		break;
	case HOOK_XDP_NATIVE:
	case HOOK_XDP_GENERIC:
		err = xdp_attach(&attached, program_fd);
		break;
	}
	if (err) {
		if (attached.lock_fd >= 0)
			close(attached.lock_fd);
		/* Not every path in the kernel says so clearly. */
		return if_indextoname(ifindex, name) ? err : -ENODEV;
	}
	*hook = attached;
	return 0;
}

void hook_detach(struct hook *hook)
{
	if (!hook->attached)
		return;
	if (hook->kind == HOOK_CLSACT)
		clsact_detach(hook);
	else
		close(hook->link_fd);
	if (hook->lock_fd >= 0)
		close(hook->lock_fd);
	*hook = (struct hook){};
}

int hook_check(const struct hook *hook)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);

	if (!hook->attached)
		return 0;
	hook_lock_answer(hook->lock_fd);
	if (hook->kind == HOOK_CLSACT)
		return clsact_check(hook);
	if (bpf_obj_get_info_by_fd(hook->link_fd, &info, &size))
		return 0;
	/* TCX links have their ifindex in the same place. 0: detached by force or device. */
	return info.xdp.ifindex == hook->ifindex;
}
