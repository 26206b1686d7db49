// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which programs are on which interfaces: see attachments.h. A plain array of interfaces: they come
 * and go rarely, and a host has at most thousands.
 *
 * XDP sees only arriving packets and only devices with an Ethernet header; everything else is tc's,
 * also when XDP was asked for, so that no interface is ever counted by both on ingress nor left
 * out.
 */
#include "agent/attachments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

struct attachment {
	uint32_t ifindex;
	char name[sizeof(((struct interface *)0)->name)];
	struct hook hooks[FLOW_DIRECTIONS];
	enum probe_program programs[FLOW_DIRECTIONS];
};

struct attachments {
	struct probe *probe;
	const struct config *config;
	enum hook_kind tc; /* HOOK_TCX or HOOK_CLSACT */
	struct attachment *items;
	size_t count;
	size_t allocated;
};

struct attachments *attachments_new(struct probe *probe, const struct config *config)
{
	struct attachments *attachments = calloc(1, sizeof(*attachments));
	int tcx;

	if (!attachments)
		return NULL;
	attachments->probe = probe;
	attachments->config = config;
	tcx = config->hook != CONFIG_HOOK_TC &&
	      hook_tcx_supported(probe_program_fd(probe, PROBE_TC_INGRESS_L2));
	attachments->tc = tcx ? HOOK_TCX : HOOK_CLSACT;
	if (config->hook == CONFIG_HOOK_TCX && !tcx) {
		free(attachments);
		errno = EOPNOTSUPP;
		return NULL;
	}
	return attachments;
}

void attachments_free(struct attachments *attachments)
{
	if (!attachments)
		return;
	attachments_remove_all(attachments);
	free(attachments->items);
	free(attachments);
}

static int attachments_wants(const struct attachments *attachments, enum flow_direction direction)
{
	return attachments->config->direction == CONFIG_DIRECTION_BOTH ||
	       (attachments->config->direction == CONFIG_DIRECTION_INGRESS) ==
		       (direction == FLOW_INGRESS);
}

static enum hook_position attachments_position(const struct attachments *attachments,
					       enum flow_direction direction)
{
	enum config_position position = direction == FLOW_INGRESS
						? attachments->config->ingress_position
						: attachments->config->egress_position;

	return position == CONFIG_POSITION_HEAD ? HOOK_HEAD : HOOK_TAIL;
}

enum hook_kind attachments_plan(const struct attachments *attachments,
				const struct interface *interface, enum flow_direction direction,
				enum probe_program *program)
{
	int ethernet = interface_link_layer(interface) == LINK_ETHERNET;

	if (attachments->config->hook == CONFIG_HOOK_XDP && direction == FLOW_INGRESS && ethernet) {
		*program = PROBE_XDP_INGRESS;
		return HOOK_XDP_NATIVE;
	}
	if (direction == FLOW_INGRESS)
		*program = ethernet ? PROBE_TC_INGRESS_L2 : PROBE_TC_INGRESS_L3;
	else
		*program = ethernet ? PROBE_TC_EGRESS_L2 : PROBE_TC_EGRESS_L3;
	return attachments->tc;
}

static void attachments_log_failure(const char *name, enum hook_kind kind,
				    enum flow_direction direction, int err, int owner)
{
	const char *way = direction == FLOW_INGRESS ? "ingress" : "egress";

	switch (err) {
	case -EADDRINUSE:
		log_error("another flowprobe (pid %d) already captures %s %s: stop it, or choose "
			  "other interfaces with -i",
			  owner, name, way);
		break;
	case -EBUSY:
		log_error("%s already has an XDP program, which flowprobe does not replace: use "
			  "--hook auto",
			  name);
		break;
	case -EPERM:
	case -EACCES:
		log_error("cannot attach to %s %s (%s): %s; run as root or with CAP_NET_ADMIN and "
			  "CAP_BPF",
			  name, way, hook_kind_name(kind), strerror(-err));
		break;
	default:
		log_error("cannot attach to %s %s (%s): %s", name, way, hook_kind_name(kind),
			  strerror(-err));
		break;
	}
}

/* One direction of one interface; XDP falls back to generic mode where the driver has no native
 * one. */
static int attachments_attach(struct attachments *attachments, struct attachment *attachment,
			      const struct interface *interface, enum flow_direction direction)
{
	enum probe_program *program = &attachment->programs[direction];
	enum hook_kind kind = attachments_plan(attachments, interface, direction, program);
	enum hook_position position = attachments_position(attachments, direction);
	struct hook *hook = &attachment->hooks[direction];
	int owner = 0, err;

	err = hook_attach(hook, kind, direction, position, interface->ifindex,
			  probe_program_fd(attachments->probe, *program), &owner);
	if (err && kind == HOOK_XDP_NATIVE && err != -EBUSY && err != -EADDRINUSE &&
	    err != -ENODEV) {
		kind = HOOK_XDP_GENERIC;
		err = hook_attach(hook, kind, direction, position, interface->ifindex,
				  probe_program_fd(attachments->probe, *program), &owner);
	}
	if (err)
		attachments_log_failure(interface->name, kind, direction, err, owner);
	else if (kind == HOOK_XDP_GENERIC)
		log_warning("%s: its driver has no native XDP, and generic XDP sees packets merged "
			    "by GRO as "
			    "one: use --hook auto, or switch GRO off (ethtool -K %s gro off)",
			    interface->name, interface->name);
	return err;
}

static void attachments_detach(struct attachment *attachment)
{
	int direction;

	for (direction = 0; direction < FLOW_DIRECTIONS; direction++)
		hook_detach(&attachment->hooks[direction]);
}

static struct attachment *attachments_find(const struct attachments *attachments, uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < attachments->count; i++) {
		if (attachments->items[i].ifindex == ifindex)
			return &attachments->items[i];
	}
	return NULL;
}

static struct attachment *attachments_append(struct attachments *attachments)
{
	size_t allocated = attachments->allocated ? attachments->allocated * 2 : 16;
	struct attachment *items;

	if (attachments->count == attachments->allocated) {
		items = reallocarray(attachments->items, allocated, sizeof(*items));
		if (!items)
			return NULL;
		attachments->items = items;
		attachments->allocated = allocated;
	}
	memset(&attachments->items[attachments->count], 0, sizeof(*attachments->items));
	return &attachments->items[attachments->count];
}

/* A program in front of ours that does not say "next" hides packets from us: the operator should
 * know. */
static void attachments_log_company(const struct attachment *attachment,
				    enum flow_direction direction)
{
	const struct hook *hook = &attachment->hooks[direction];
	uint32_t ids[64];
	int count;

	count = hook_list_programs(hook->ifindex, hook->kind, direction, ids,
				   sizeof(ids) / sizeof(ids[0]));
	if (count > 1)
		log_info("%s %s: %d other program(s) on the same hook; those that run before ours "
			 "decide what we see",
			 attachment->name, direction == FLOW_INGRESS ? "ingress" : "egress",
			 count - 1);
}

static void attachments_log_added(const struct attachments *attachments,
				  const struct attachment *attachment)
{
	const struct hook *in = &attachment->hooks[FLOW_INGRESS],
			  *out = &attachment->hooks[FLOW_EGRESS];
	int direction;

	if (in->attached && out->attached && in->kind == out->kind)
		log_info("capturing on %s: ingress and egress by %s", attachment->name,
			 hook_kind_name(in->kind));
	else
		log_info("capturing on %s: %s%s%s%s%s", attachment->name,
			 in->attached ? "ingress by " : "",
			 in->attached ? hook_kind_name(in->kind) : "",
			 in->attached && out->attached ? ", " : "",
			 out->attached ? "egress by " : "",
			 out->attached ? hook_kind_name(out->kind) : "");
	for (direction = 0; direction < FLOW_DIRECTIONS; direction++) {
		if (attachments_wants(attachments, direction))
			attachments_log_company(attachment, direction);
	}
}

int attachments_add(struct attachments *attachments, const struct interface *interface)
{
	struct attachment *attachment;
	int direction, err = 0;

	attachments_remove(attachments, interface->ifindex);
	attachment = attachments_append(attachments);
	if (!attachment)
		return -ENOMEM;
	attachment->ifindex = interface->ifindex;
	memcpy(attachment->name, interface->name, sizeof(attachment->name));
	for (direction = 0; direction < FLOW_DIRECTIONS && !err; direction++) {
		if (attachments_wants(attachments, direction))
			err = attachments_attach(attachments, attachment, interface, direction);
	}
	if (err) {
		attachments_detach(attachment);
		return err;
	}
	attachments->count++;
	attachments_log_added(attachments, attachment);
	return 0;
}

void attachments_remove(struct attachments *attachments, uint32_t ifindex)
{
	struct attachment *attachment = attachments_find(attachments, ifindex);

	if (!attachment)
		return;
	attachments_detach(attachment);
	*attachment = attachments->items[--attachments->count];
}

void attachments_remove_all(struct attachments *attachments)
{
	size_t i;

	for (i = 0; i < attachments->count; i++)
		attachments_detach(&attachments->items[i]);
	attachments->count = 0;
}

static void attachments_repair(struct attachments *attachments, struct attachment *attachment,
			       enum flow_direction direction)
{
	struct hook *hook = &attachment->hooks[direction];
	enum hook_kind kind = hook->kind;
	int err;

	hook_detach(hook);
	err = hook_attach(hook, kind, direction, attachments_position(attachments, direction),
			  attachment->ifindex,
			  probe_program_fd(attachments->probe, attachment->programs[direction]),
			  NULL);
	hook->kind = kind; /* for the next attempt, if this one failed */
	if (err == -ENODEV)
		return; /* the interface is going; rtnetlink will tell */
	if (err)
		log_error("our program was taken off %s %s and cannot be put back: %s",
			  attachment->name, direction == FLOW_INGRESS ? "ingress" : "egress",
			  strerror(-err));
	else
		log_warning("our program was taken off %s %s by somebody else; put back, packets "
			    "in between were not seen",
			    attachment->name, direction == FLOW_INGRESS ? "ingress" : "egress");
}

void attachments_check(struct attachments *attachments)
{
	struct attachment *attachment;
	int direction;
	size_t i;

	for (i = 0; i < attachments->count; i++) {
		attachment = &attachments->items[i];
		for (direction = 0; direction < FLOW_DIRECTIONS; direction++) {
			if (attachments_wants(attachments, direction) &&
			    !hook_check(&attachment->hooks[direction]))
				attachments_repair(attachments, attachment, direction);
		}
	}
}

size_t attachments_count(const struct attachments *attachments)
{
	return attachments->count;
}
