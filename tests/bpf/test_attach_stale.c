// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a killed flowprobe left on clsact, when its successor uses another kind of hook: filters
 * outlive their process, links do not, so every kind has to look. Also our filter on a qdisc of
 * kind "ingress", with real packets. test_attach_clsact.c has the successor that uses clsact too.
 * See attach_fixture.h for where and how.
 */
#include "capture/attach.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach_fixture.h"
#include "child.h"
#include "lib/log.h"

#define NOBODY 65534
#define PACKETS 10
#define WAIT_MS 5000

static const enum hook_kind other_kinds[] = {HOOK_TCX, HOOK_XDP_NATIVE, HOOK_XDP_GENERIC};
#define OTHER_KINDS (sizeof(other_kinds) / sizeof(other_kinds[0]))

static int child_attach_both(void)
{
	struct hook hook = {};

	return fixture_attach_filter()
		       ?: fixture_attach(&hook, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL);
}

/* Sits on the name of the ingress lock without the privilege to attach. */
static int child_squat(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "flowprobe/%u/ingress", fixture.ifindex);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    bind(fd, (struct sockaddr *)&address,
		 offsetof(struct sockaddr_un, sun_path) + 1 + length) ||
	    listen(fd, 8))
		return -errno;
	return 0;
}

/* --- left-over filters --- */

static void hook_of_any_kind_removes_what_a_killed_process_left(void **state)
{
	struct hook hook = {};
	struct child child;
	uint32_t ours;
	size_t i;

	(void)state;
	for (i = fixture.tcx ? 0 : 1; i < OTHER_KINDS; i++) {
		child = child_start(fixture_attach_filter);
		child_kill(&child);
		fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
		assert_int_equal(fixture_attach(&hook, other_kinds[i], FLOW_INGRESS, HOOK_HEAD), 0);
		/* The dead one had made the qdisc, and nobody else uses it. */
		assert_string_equal(fixture_qdisc_kind(), "");
		ours = i == 0 ? fixture.ours_ingress.id : fixture.ours_xdp.id;
		fixture_expect_programs(other_kinds[i], FLOW_INGRESS, ours, 0);
		hook_detach(&hook);
		fixture_await_programs(other_kinds[i], FLOW_INGRESS, 0);
	}
}

static void hook_of_both_directions_removes_what_a_killed_process_left(void **state)
{
	struct hook ingress = {}, egress = {};
	struct child child;

	(void)state;
	if (!fixture.tcx) {
		puts("# skip: kernel has no TCX");
		skip();
	}
	child = child_start(child_attach_both);
	child_kill(&child);
	/* Egress is not ours yet. */
	assert_int_equal(fixture_attach(&ingress, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	fixture_expect_programs(HOOK_TCX, FLOW_EGRESS, fixture.ours_egress.id, 0);
	assert_int_equal(fixture_attach(&egress, HOOK_TCX, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_string_equal(fixture_qdisc_kind(), "");
	fixture_expect_programs(HOOK_TCX, FLOW_EGRESS, fixture.ours_egress.id, 0);
	hook_detach(&ingress);
	hook_detach(&egress);
}

/* XDP on ingress beside a clsact filter on egress: the filter keeps the qdisc and removes it. */
static void hook_of_mixed_kinds_hands_the_qdisc_on(void **state)
{
	struct hook ingress = {}, egress = {};
	struct child child;

	(void)state;
	child = child_start(child_attach_both);
	child_kill(&child);
	assert_int_equal(fixture_attach(&ingress, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
	assert_int_equal(fixture_attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.ours_egress.id, 0);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	hook_detach(&egress);
	assert_string_equal(fixture_qdisc_kind(), "");
	hook_detach(&ingress);
}

static void hook_of_any_kind_leaves_what_others_have(void **state)
{
	struct hook hook = {};
	struct child child;
	size_t i;

	(void)state;
	for (i = fixture.tcx ? 0 : 1; i < OTHER_KINDS; i++) {
		/* Their filter on our qdisc. */
		child = child_start(fixture_attach_filter);
		child_kill(&child);
		fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_INGRESS, 1, 0xf10b0fff, 0);
		assert_int_equal(fixture_attach(&hook, other_kinds[i], FLOW_INGRESS, HOOK_HEAD), 0);
		hook_detach(&hook);
		fixture_await_programs(other_kinds[i], FLOW_INGRESS, i == 0 ? 1 : 0);
		fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.foreign[0].id, 0);
		fixture_run("tc qdisc del dev va clsact");

		/* Our filter on their qdisc. */
		fixture_run("tc qdisc add dev va clsact");
		child = child_start(fixture_attach_filter);
		child_kill(&child);
		assert_int_equal(fixture_attach(&hook, other_kinds[i], FLOW_INGRESS, HOOK_HEAD), 0);
		hook_detach(&hook);
		assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
		assert_string_equal(fixture_qdisc_kind(), "clsact");
		fixture_run("tc qdisc del dev va clsact");
	}
}

/* A flowprobe that uses the other direction only is alive and needs the qdisc we made. */
static void hook_of_any_kind_leaves_the_other_direction_alone(void **state)
{
	struct hook ingress = {}, egress = {};
	struct child child;

	(void)state;
	child = child_start(fixture_attach_filter);
	assert_int_equal(fixture_attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	child_kill(&child);
	assert_int_equal(fixture_attach(&ingress, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
	assert_int_equal(hook_check(&egress), 1);
	hook_detach(&ingress);
	hook_detach(&egress);
	assert_string_equal(fixture_qdisc_kind(), "");
}

static void hook_of_any_kind_without_lock_removes_nothing(void **state)
{
	struct hook hook = {};
	struct child filter, squatter;

	(void)state;
	filter = child_start(fixture_attach_filter);
	child_kill(&filter);
	squatter = child_start(child_squat);
	log_set_level(LOG_ERROR);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), 0);
	log_set_level(LOG_INFO);
	assert_int_equal(hook.lock_fd, -1);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	hook_detach(&hook);
	child_kill(&squatter);
}

/* --- on a qdisc of kind "ingress" --- */

static uint64_t ours_ingress_runs(void)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	assert_int_equal(bpf_obj_get_info_by_fd(fixture.ours_ingress.fd, &info, &size), 0);
	return info.run_cnt;
}

static void send_packets(const char *interface)
{
	const struct ethhdr packet = {.h_dest = {2, 0, 0, 0, 0, 1},
				      .h_source = {2, 0, 0, 0, 0, 2},
				      .h_proto = htons(ETH_P_802_EX1)};
	struct sockaddr_ll address = {.sll_family = AF_PACKET,
				      .sll_ifindex = if_nametoindex(interface)};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), i;

	assert_true(fd >= 0);
	for (i = 0; i < PACKETS; i++)
		assert_int_equal(sendto(fd, &packet, sizeof(packet), 0, (struct sockaddr *)&address,
					sizeof(address)),
				 sizeof(packet));
	close(fd);
}

static void hook_clsact_on_ingress_qdisc_sees_every_packet(void **state)
{
	struct hook hook = {};
	uint64_t before;
	int stats, tries;

	(void)state;
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	assert_true(stats >= 0);
	/* Nobody else sends anything. */
	fixture_run("for i in va vb; do echo 1 > /proc/sys/net/ipv6/conf/$i/disable_ipv6; done");
	fixture_run("tc qdisc add dev va ingress");
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	before = ours_ingress_runs();
	send_packets("vb");
	for (tries = 0; tries < WAIT_MS && ours_ingress_runs() < before + PACKETS; tries++)
		poll(NULL, 0, 1);
	/* What leaves is not ingress. */
	send_packets("va");
	assert_int_equal(ours_ingress_runs(), before + PACKETS);
	hook_detach(&hook);
	assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
	assert_string_equal(fixture_qdisc_kind(), "ingress");
	close(stats);
}

static void hook_clsact_on_ingress_qdisc_has_no_egress(void **state)
{
	struct hook ingress = {}, egress = {};

	(void)state;
	fixture_run("tc qdisc add dev va ingress");
	assert_int_equal(fixture_attach(&ingress, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(fixture_attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), -EEXIST);
	/* The kernel answers about ingress when it is asked about the egress there is not. */
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	hook_detach(&ingress);
	assert_string_equal(fixture_qdisc_kind(), "ingress");
}

static void hook_on_ingress_qdisc_removes_what_a_killed_process_left(void **state)
{
	struct hook ingress = {}, egress = {};
	struct child child;

	(void)state;
	if (!fixture.tcx) {
		puts("# skip: kernel has no TCX");
		skip();
	}
	fixture_run("tc qdisc add dev va ingress");
	child = child_start(fixture_attach_filter);
	child_kill(&child);
	assert_int_equal(fixture_attach(&egress, HOOK_TCX, FLOW_EGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	assert_int_equal(fixture_attach(&ingress, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
	assert_string_equal(fixture_qdisc_kind(), "ingress");
	hook_detach(&ingress);
	hook_detach(&egress);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hook_of_any_kind_removes_what_a_killed_process_left),
		fixture_test(hook_of_both_directions_removes_what_a_killed_process_left),
		fixture_test(hook_of_mixed_kinds_hands_the_qdisc_on),
		fixture_test(hook_of_any_kind_leaves_what_others_have),
		fixture_test(hook_of_any_kind_leaves_the_other_direction_alone),
		fixture_test(hook_of_any_kind_without_lock_removes_nothing),
		fixture_test(hook_clsact_on_ingress_qdisc_sees_every_packet),
		fixture_test(hook_clsact_on_ingress_qdisc_has_no_egress),
		fixture_test(hook_on_ingress_qdisc_removes_what_a_killed_process_left),
	};

	if (fixture_lacks_root())
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_setup_group, NULL);
}
