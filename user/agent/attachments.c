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

#include "capture/hook_list.h"
#include "lib/clock.h"
#include "lib/log.h"

#define RETRY_NS (5 * NS_PER_S) /* at the next look */
#define RETRY_DOUBLINGS 4 /* 80 s */

struct attachment {
	struct interface interface; /* as it was when it appeared */
	struct hook hooks[FLOW_DIRECTIONS];
	int failed; /* nothing is attached: it did not work the last time, and so often in a row */
	uint64_t retry_ns; /* CLOCK_MONOTONIC; not to be tried again before */
};

struct attachments {
	struct probe *probe;
	const struct config *config;
	enum hook_kind tc; /* HOOK_TCX or HOOK_CLSACT */
	struct attachment *items;
	size_t count;
	size_t allocated;
	uint64_t events[ATTACHMENT_EVENTS];
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
	case -EEXIST:
		log_error("cannot attach to %s %s: a qdisc of kind ingress is where clsact "
			  "belongs; use --hook "
			  "tcx (Linux 6.6) or --direction ingress, or replace that qdisc by clsact",
			  name, way);
		break;
	case -EMFILE:
	case -ENFILE:
		log_error("cannot attach to %s %s: no file descriptors left; raise `ulimit -n` "
			  "(LimitNOFILE of the service) or select fewer interfaces",
			  name, way);
		break;
	case -ENODEV:
		log_debug("cannot attach to %s %s: it is gone already", name, way);
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
			      enum flow_direction direction)
{
	const struct interface *interface = &attachment->interface;
	enum hook_position position = attachments_position(attachments, direction);
	struct hook *hook = &attachment->hooks[direction];
	enum probe_program program;
	enum hook_kind kind;
	int owner = 0, err, fd;

	kind = attachments_plan(attachments, interface, direction, &program);
	fd = probe_program_fd(attachments->probe, program);
	err = hook_attach(hook, kind, direction, position, interface->ifindex, fd, &owner);
	if (kind == HOOK_XDP_NATIVE && (err == -EOPNOTSUPP || err == -EINVAL)) {
		kind = HOOK_XDP_GENERIC;
		err = hook_attach(hook, kind, direction, position, interface->ifindex, fd, &owner);
	}
	if (err && !attachment->failed)
		attachments_log_failure(interface->name, kind, direction, err, owner);
	if (!err && kind == HOOK_XDP_GENERIC)
		log_warning(
			"%s: its driver has no native XDP, and generic XDP sees packets merged by "
			"GRO as one: use --hook auto, or switch GRO off (ethtool -K %s gro off)",
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
		if (attachments->items[i].interface.ifindex == ifindex)
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
			 attachment->interface.name,
			 direction == FLOW_INGRESS ? "ingress" : "egress", count - 1);
}

static void attachments_log_added(const struct attachments *attachments,
				  const struct attachment *attachment)
{
	const struct hook *in = &attachment->hooks[FLOW_INGRESS],
			  *out = &attachment->hooks[FLOW_EGRESS];
	int direction;

	if (in->attached && out->attached && in->kind == out->kind)
		log_info("capturing on %s: ingress and egress by %s", attachment->interface.name,
			 hook_kind_name(in->kind));
	else
		log_info("capturing on %s: %s%s%s%s%s", attachment->interface.name,
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

/*
 * All directions asked for, or none; those that are attached stay as they are. Failures are logged only
 * the first time, and each attempt comes later than the one before: what works in one direction is
 * taken off again when the other does not. Egress goes first, because XDP disturbs many drivers.
 */
static int attachments_attach_all(struct attachments *attachments, struct attachment *attachment)
{
	static const enum flow_direction order[] = {FLOW_EGRESS, FLOW_INGRESS};
	unsigned int doublings;
	int err = 0;

	for (size_t i = 0; i < FLOW_DIRECTIONS && !err; i++) {
		if (attachments_wants(attachments, order[i]) &&
		    !attachment->hooks[order[i]].attached)
			err = attachments_attach(attachments, attachment, order[i]);
	}
	attachments->events[err ? ATTACHMENT_FAILED : ATTACHMENT_ATTACHED]++;
	if (!err) {
		attachment->failed = 0;
		attachments_log_added(attachments, attachment);
		return 0;
	}
	doublings = attachment->failed < RETRY_DOUBLINGS ? (unsigned int)attachment->failed
							 : RETRY_DOUBLINGS;
	attachment->retry_ns = clock_monotonic_ns() + (RETRY_NS << doublings);
	attachment->failed++;
	attachments_detach(attachment);
	return err;
}

int attachments_add(struct attachments *attachments, const struct interface *interface)
{
	struct attachment *attachment;

	attachments_remove(attachments, interface->ifindex);
	attachment = attachments_append(attachments);
	if (!attachment) {
		log_error("no memory to capture on %s", interface->name);
		return -ENOMEM;
	}
	attachment->interface = *interface;
	attachments->count++;
	return attachments_attach_all(attachments, attachment);
}

int attachments_remove(struct attachments *attachments, uint32_t ifindex)
{
	struct attachment *attachment = attachments_find(attachments, ifindex);
	int attached;

	if (!attachment)
		return 0;
	attached = !attachment->failed;
	attachments->events[ATTACHMENT_DETACHED] += attached;
	attachments_detach(attachment);
	*attachment = attachments->items[--attachments->count];
	return attached;
}

void attachments_remove_all(struct attachments *attachments)
{
	size_t i;

	for (i = 0; i < attachments->count; i++)
		attachments_detach(&attachments->items[i]);
	attachments->count = 0;
}

/* Whoever took the program off may do so again: then it is tried again like one that never was on.
 */
static void attachments_repair(struct attachments *attachments, struct attachment *attachment)
{
	log_warning("a program of ours was taken off %s by somebody else; packets since then were "
		    "not seen",
		    attachment->interface.name);
	attachments->events[ATTACHMENT_TAKEN_OFF]++;
	attachments_attach_all(attachments, attachment);
}

/* Lets go of hooks that have no program of ours any more: how many. */
static int attachments_detach_lost(const struct attachments *attachments,
				   struct attachment *attachment)
{
	int direction, lost = 0;

	for (direction = 0; direction < FLOW_DIRECTIONS; direction++) {
		if (attachments_wants(attachments, direction) &&
		    !hook_check(&attachment->hooks[direction])) {
			hook_detach(&attachment->hooks[direction]);
			lost++;
		}
	}
	return lost;
}

void attachments_check(struct attachments *attachments)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct attachment *attachment;
	size_t i;

	for (i = 0; i < attachments->count; i++) {
		attachment = &attachments->items[i];
		if (attachment->failed && now_ns >= attachment->retry_ns)
			attachments_attach_all(attachments, attachment);
		else if (!attachment->failed && attachments_detach_lost(attachments, attachment))
			attachments_repair(attachments, attachment);
	}
}

uint64_t attachments_events(const struct attachments *attachments, enum attachment_event event)
{
	return attachments->events[event];
}

size_t attachments_count(const struct attachments *attachments)
{
	size_t i, attached = 0;

	for (i = 0; i < attachments->count; i++)
		attached += !attachments->items[i].failed;
	return attached;
}

const struct interface *attachments_next(const struct attachments *attachments, size_t *position,
					 const struct hook **hooks)
{
	const struct attachment *attachment;

	if (*position >= attachments->count)
		return NULL;
	attachment = &attachments->items[(*position)++];
	*hooks = attachment->hooks;
	return &attachment->interface;
}
