// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Filters on the clsact qdisc: what TCX links give by themselves (order, ownership, an end with the
 * process) is made here out of priorities, handles and names.
 *
 * Order: head is priority 1, where the newest filter runs first; tail is as late as can be. A
 * priority belongs to one kind of classifier and one protocol, so if others have it, the nearest
 * free one is taken. Ownership: upper half of the handle, and the program's name, which libbpf puts
 * into the filter's name (readable by everybody, unlike the program). The end: filters outlive a
 * killed process, so whoever holds the hook's lock, for whatever kind of program, removes those
 * that look like ours. Without the lock they may be alive, and ours gets another handle beside
 * them.
 *
 * The qdisc is shared by both directions and by everybody. That flowprobe made it is written in the
 * lowest bit of the handle: so the hook of the other direction and the successor of a killed
 * process know as well, and the last one out removes it. The kernel cannot do "remove if empty": a
 * filter that somebody adds between our look and the removal is lost.
 */
#include "capture/clsact.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "capture/rtnetlink.h"
#include "capture/rtnetlink_parse.h"
#include "lib/log.h"

#define HANDLE_OURS 0xf10b0000u
#define HANDLE_OURS_MASK 0xffff0000u
#define HANDLE_MADE_QDISC 1u
#define HANDLES_MAX 16 /* of ours on one hook, in steps of 2 */
#define PRIORITY_HEAD 1
#define PRIORITY_TAIL 0xfffe /* leaves one for whoever really means to be last */
#define PRIORITIES 0x10000
#define ATTEMPTS 3 /* others may add filters while we choose */

/* What is on one direction of one interface. */
struct survey {
	const char *name_prefix; /* of our programs */
	size_t filters; /* of anybody, in any chain */
	size_t ours_count;
	struct {
		uint32_t handle;
		uint32_t priority;
	} ours[HANDLES_MAX];
	int made_qdisc; /* one of ours says so */
	unsigned char taken[PRIORITIES / 8]; /* a bit per priority: of no use to us */
};

static int is_ours(const struct survey *survey, const struct rtnetlink_filter *filter)
{
	return (filter->handle & HANDLE_OURS_MASK) == HANDLE_OURS &&
	       strcmp(filter->kind, "bpf") == 0 &&
	       strncmp(filter->name, survey->name_prefix, strlen(survey->name_prefix)) == 0;
}

static int survey_message(void *arg, const struct nlmsghdr *message)
{
	struct rtnetlink_filter filter;
	struct survey *survey = arg;
	int err;

	err = rtnetlink_parse_filter(message, &filter);
	if (err <= 0)
		return err;
	survey->filters++;
	if (filter.chain != 0)
		return 0;
	if (strcmp(filter.kind, "bpf") != 0 || filter.protocol != ETH_P_ALL)
		survey->taken[filter.priority / 8] |= 1u << filter.priority % 8;
	if (!is_ours(survey, &filter) || survey->ours_count == HANDLES_MAX)
		return 0;
	survey->ours[survey->ours_count].handle = filter.handle;
	survey->ours[survey->ours_count].priority = filter.priority;
	survey->ours_count++;
	if (filter.handle & HANDLE_MADE_QDISC)
		survey->made_qdisc = 1;
	return 0;
}

static uint32_t clsact_parent(enum flow_direction direction)
{
	return TC_H_MAKE(TC_H_CLSACT,
			 direction == FLOW_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static int filters_dump(uint32_t ifindex, enum flow_direction direction, rtnetlink_handler *handler,
			void *arg)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg filter;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETTFILTER,
			   .nlmsg_flags = NLM_F_DUMP},
		.filter = {.tcm_ifindex = ifindex, .tcm_parent = clsact_parent(direction)},
	};

	return rtnetlink_request(&request.header, handler, arg);
}

static int survey_take(struct survey *survey, uint32_t ifindex, enum flow_direction direction)
{
	int attempt, err = -EAGAIN;

	for (attempt = 0; attempt < ATTEMPTS && err == -EAGAIN; attempt++) {
		memset(survey, 0, sizeof(*survey));
		survey->name_prefix = direction == FLOW_INGRESS ? "tc_ingress" : "tc_egress";
		err = filters_dump(ifindex, direction, survey_message, survey);
	}
	return err;
}

static int survey_has_handle(const struct survey *survey, uint32_t handle)
{
	size_t i;

	for (i = 0; i < survey->ours_count; i++)
		if ((survey->ours[i].handle | HANDLE_MADE_QDISC) == (handle | HANDLE_MADE_QDISC))
			return 1;
	return 0;
}

/* 0 if there is none left. */
static uint32_t survey_free_priority(const struct survey *survey, enum hook_position position)
{
	uint32_t priority, i;

	for (i = 0; i < PRIORITIES - 1; i++) {
		if (position == HOOK_HEAD)
			priority = PRIORITY_HEAD + i;
		else if (i < 2)
			priority = PRIORITY_TAIL + i;
		else
			priority = PRIORITY_TAIL + 1 - i;
		if (!(survey->taken[priority / 8] >> priority % 8 & 1))
			return priority;
	}
	return 0;
}

static enum bpf_tc_attach_point tc_point(enum flow_direction direction)
{
	return direction == FLOW_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static int filter_remove(const struct hook *hook, uint32_t handle, uint32_t priority)
{
	LIBBPF_OPTS(bpf_tc_hook, tc, .ifindex = hook->ifindex,
		    .attach_point = tc_point(hook->direction));
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = priority);

	return bpf_tc_detach(&tc, &options);
}

static int qdisc_message(void *arg, const struct nlmsghdr *message)
{
	int err = rtnetlink_parse_qdisc(message, arg);

	return err < 0 ? err : 0;
}

/* Whether what is in the place of clsact is of kind "ingress": 1, 0 (also if nothing is there), or
 * negative errno. */
static int qdisc_is_ingress(uint32_t ifindex)
{
	struct {
		struct nlmsghdr header;
		struct tcmsg qdisc;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETQDISC,
			   .nlmsg_flags = NLM_F_ACK | NLM_F_ECHO},
		.qdisc = {.tcm_ifindex = ifindex, .tcm_parent = TC_H_CLSACT},
	};
	char kind[16] = "";
	int err = rtnetlink_request(&request.header, qdisc_message, kind);

	if (err == -ENOENT)
		return 0;
	return err ? err : strcmp(kind, "ingress") == 0;
}

/*
 * Makes the qdisc unless it is there. libbpf calls any qdisc in this place good. One of kind
 * "ingress" is for ingress, but has no egress side and would run our egress filter on ingress.
 */
static int qdisc_make(struct hook *hook)
{
	LIBBPF_OPTS(bpf_tc_hook, tc, .ifindex = hook->ifindex,
		    .attach_point = tc_point(hook->direction));
	libbpf_print_fn_t print;
	int err;

	print = libbpf_set_print(NULL); /* that it exists is no error */
	err = bpf_tc_hook_create(&tc);
	libbpf_set_print(print);
	hook->made_qdisc = err == 0;
	if (err != -EEXIST || hook->direction == FLOW_INGRESS)
		return err == -EEXIST ? 0 : err;
	err = qdisc_is_ingress(hook->ifindex);
	return err > 0 ? -EEXIST : err;
}

static void qdisc_remove_if_unused(uint32_t ifindex)
{
	/* Both at once is how libbpf calls the qdisc itself. */
	LIBBPF_OPTS(bpf_tc_hook, tc, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	enum flow_direction direction;
	struct survey survey;

	for (direction = FLOW_INGRESS; direction < FLOW_DIRECTIONS; direction++)
		if (survey_take(&survey, ifindex, direction) || survey.filters)
			return;
	bpf_tc_hook_destroy(&tc);
}

static int survey_remove_ours(struct survey *survey, const struct hook *hook)
{
	size_t i;
	int err;

	for (i = 0; i < survey->ours_count; i++) {
		log_info("interface %u: removing the tc filter that a killed flowprobe left on %s",
			 hook->ifindex, hook->direction == FLOW_INGRESS ? "ingress" : "egress");
		err = filter_remove(hook, survey->ours[i].handle, survey->ours[i].priority);
		if (err && err != -ENOENT)
			return err;
	}
	survey->ours_count = 0;
	return 0;
}

int clsact_remove_stale(uint32_t ifindex, enum flow_direction direction)
{
	const struct hook hook = {.ifindex = ifindex, .direction = direction};
	struct survey survey;
	int err;

	err = survey_take(&survey, ifindex, direction);
	if (err)
		return err;
	err = survey_remove_ours(&survey, &hook);
	if (!err && survey.made_qdisc)
		qdisc_remove_if_unused(ifindex);
	return err;
}

/* Takes over from dead ones: their filters go, that one of them made the qdisc stays true. */
static int survey_inherit(struct survey *survey, struct hook *hook)
{
	enum flow_direction other = hook->direction == FLOW_INGRESS ? FLOW_EGRESS : FLOW_INGRESS;
	int err;

	err = survey_take(survey, hook->ifindex, other);
	if (err)
		return err;
	hook->made_qdisc |= survey->made_qdisc;
	err = survey_take(survey, hook->ifindex, hook->direction);
	if (err)
		return err;
	hook->made_qdisc |= survey->made_qdisc;
	return hook->lock_fd < 0 ? 0 : survey_remove_ours(survey, hook);
}

static int filter_add(struct hook *hook, enum hook_position position, int program_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, tc, .ifindex = hook->ifindex,
		    .attach_point = tc_point(hook->direction));
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program_fd);
	struct survey survey;
	int err;

	err = survey_inherit(&survey, hook);
	if (err)
		return err;
	options.priority = survey_free_priority(&survey, position);
	if (!options.priority)
		return -ENOSPC;
	options.handle = HANDLE_OURS | (hook->made_qdisc ? HANDLE_MADE_QDISC : 0);
	while (survey_has_handle(&survey, options.handle))
		options.handle += 2;
	err = bpf_tc_attach(&tc, &options);
	if (err)
		return err;
	hook->handle = options.handle;
	hook->priority = options.priority;
	hook->program_id = options.prog_id;
	return 0;
}

int clsact_attach(struct hook *hook, enum hook_position position, int program_fd)
{
	int attempt, err = -EAGAIN;

	/* Somebody may take our choice, or remove the qdisc, between look and deed. */
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		err = qdisc_make(hook);
		if (err)
			return err;
		err = filter_add(hook, position, program_fd);
		if (err && hook->made_qdisc)
			qdisc_remove_if_unused(hook->ifindex);
		if (err != -EEXIST && err != -EINVAL && err != -ENOENT)
			break;
	}
	return err == -EEXIST ? -EAGAIN : err;
}

static int filter_is_there(const struct hook *hook)
{
	LIBBPF_OPTS(bpf_tc_hook, tc, .ifindex = hook->ifindex,
		    .attach_point = tc_point(hook->direction));
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = hook->handle, .priority = hook->priority);
	libbpf_print_fn_t print;
	int err;

	print = libbpf_set_print(NULL); /* that it is gone is an answer */
	err = bpf_tc_query(&tc, &options);
	libbpf_set_print(print);
	return !err && options.prog_id == hook->program_id;
}

void clsact_detach(const struct hook *hook)
{
	char name[IF_NAMESIZE];
	int err;

	/* Without our filter the qdisc may be another one than the one we made. */
	if (!if_indextoname(hook->ifindex, name) || !filter_is_there(hook))
		return;
	err = filter_remove(hook, hook->handle, hook->priority);
	if (err)
		log_warning("%s: the tc filter of flowprobe could not be removed: %s", name,
			    strerror(-err));
	else if (hook->made_qdisc)
		qdisc_remove_if_unused(hook->ifindex);
}

int clsact_check(const struct hook *hook)
{
	return filter_is_there(hook);
}

struct listing {
	struct hook_program *list;
	size_t count, max;
};

static int listing_message(void *arg, const struct nlmsghdr *message)
{
	struct rtnetlink_filter filter;
	struct listing *listing = arg;
	struct hook_program *program;
	int err;

	err = rtnetlink_parse_filter(message, &filter);
	if (err <= 0)
		return err;
	if (!filter.handle || listing->count == listing->max)
		return 0;
	program = &listing->list[listing->count++];
	*program = (struct hook_program){.kind = HOOK_CLSACT, .id = filter.program_id};
	snprintf(program->name, sizeof(program->name), "%s",
		 filter.name[0] ? filter.name : filter.kind);
	return 0;
}

int clsact_list(uint32_t ifindex, enum flow_direction direction, struct hook_program *list,
		size_t max)
{
	struct listing listing = {.list = list, .max = max};
	int attempt, err = -EAGAIN;

	for (attempt = 0; attempt < ATTEMPTS && err == -EAGAIN; attempt++) {
		listing.count = 0;
		err = filters_dump(ifindex, direction, listing_message, &listing);
	}
	if (err && err != -EAGAIN)
		return err;
	/* Asked about the egress side that there is not, the kernel answers about ingress. */
	if (direction == FLOW_EGRESS && listing.count && qdisc_is_ingress(ifindex) > 0)
		return 0;
	return (int)listing.count;
}
