// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching to clsact among others: who made the qdisc and may remove it, priorities between
 * foreign filters, what others do to our filter, and filters left over by a killed process. See
 * attach_fixture.h for where and how.
 */
#include "capture/attach.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attach_fixture.h"
#include "child.h"

static int child_attach_tc_egress(void)
{
	struct hook hook = {};

	return fixture_attach(&hook, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL);
}

static void hook_clsact_alone_leaves_nothing_behind(void **state)
{
	struct hook ingress = {}, egress = {};

	(void)state;
	assert_int_equal(fixture_attach(&ingress, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(fixture_attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	assert_int_equal(ingress.priority, 1);
	assert_int_equal(egress.priority, 0xfffe);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.ours_egress.id, 0);
	assert_int_equal(hook_check(&ingress), 1);
	/* The first to come made the qdisc, the last to go removes it. */
	hook_detach(&ingress);
	hook_detach(&ingress);
	assert_int_equal(hook_check(&ingress), 0);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	assert_int_equal(hook_check(&egress), 1);
	hook_detach(&egress);
	assert_string_equal(fixture_qdisc_kind(), "");
}

static void hook_clsact_of_others_stays(void **state)
{
	struct hook hook = {};

	(void)state;
	fixture_run("tc qdisc add dev va clsact");
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	assert_string_equal(fixture_output("tc filter show dev va ingress"), "");
}

static void hook_clsact_of_ours_stays_for_others(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_EGRESS, 7, 1, 0);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.foreign[0].id, 0);
}

static void hook_clsact_head_and_tail_among_foreign_filters(void **state)
{
	struct hook head = {}, tail = {};

	(void)state;
	fixture_run("tc qdisc add dev va clsact");
	fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_INGRESS, 1, 1, 0);
	fixture_foreign_filter(fixture.foreign[1].fd, BPF_TC_INGRESS, 0xfffe, 1, 0);
	assert_int_equal(fixture_attach(&head, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id,
				fixture.foreign[0].id, fixture.foreign[1].id, 0);
	hook_detach(&head);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.foreign[0].id,
				fixture.foreign[1].id, 0);

	fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_EGRESS, 1, 1, 0);
	fixture_foreign_filter(fixture.foreign[1].fd, BPF_TC_EGRESS, 0xc000, 1, 0);
	assert_int_equal(fixture_attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.foreign[0].id,
				fixture.foreign[1].id, fixture.ours_egress.id, 0);
	hook_detach(&tail);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.foreign[0].id,
				fixture.foreign[1].id, 0);
}

static void hook_clsact_priority_of_another_classifier_is_passed_over(void **state)
{
	struct hook head = {}, tail = {};

	(void)state;
	fixture_run("tc qdisc add dev va clsact");
	fixture_run("tc filter add dev va ingress pref 1 protocol all u32 match u32 0 0");
	fixture_run("tc filter add dev va ingress pref 2 protocol ip bpf bytecode '1,6 0 0 0'");
	fixture_run("tc filter add dev va egress pref 65534 protocol all u32 match u32 0 0");
	assert_int_equal(fixture_attach(&head, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(head.priority, 3);
	assert_int_equal(fixture_attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_int_equal(tail.priority, 0xffff);
	hook_detach(&tail);
	fixture_run("tc filter add dev va egress pref 65535 protocol all u32 match u32 0 0");
	assert_int_equal(fixture_attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_int_equal(tail.priority, 0xfffd);
	hook_detach(&tail);
	hook_detach(&head);
	assert_string_equal(fixture_output("tc filter show dev va ingress | "
					   "grep -c 'pref 1 u32.*ht divisor'"),
			    "1");
	assert_string_equal(fixture_output("tc filter show dev va ingress | "
					   "grep -c 'pref 2 bpf.*handle 0x1'"),
			    "1");
	assert_string_equal(fixture_output("tc filter show dev va egress | "
					   "grep -c 'u32.*ht divisor'"),
			    "2");
}

static void hook_clsact_on_a_qdisc_of_kind_ingress(void **state)
{
	struct hook hook = {};

	(void)state;
	fixture_run("tc qdisc add dev va ingress");
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), -EEXIST);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, 0);
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "ingress");
}

static void hook_clsact_removed_by_others_is_noticed(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_run("tc filter del dev va ingress");
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	fixture_run("tc qdisc del dev va clsact");

	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_run("tc qdisc del dev va clsact");
	assert_int_equal(hook_check(&hook), 0);
	/* What they make instead is theirs, even if it is empty. */
	fixture_run("tc qdisc add dev va clsact");
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "clsact");
}

static void hook_clsact_replaced_by_others_is_left_to_them(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_INGRESS, hook.priority, hook.handle,
			       BPF_TC_F_REPLACE);
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.foreign[0].id, 0);
}

static void hook_clsact_of_a_killed_process_is_replaced(void **state)
{
	struct hook hook = {}, other = {};
	struct child child;

	(void)state;
	child = child_start(fixture_attach_filter);
	child_kill(&child);
	child = child_start(child_attach_tc_egress);
	child_kill(&child);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.ours_egress.id, 0);
	/* Others use our handle, or our name, but never both. */
	fixture_foreign_filter(fixture.foreign[0].fd, BPF_TC_INGRESS, 1, 0xf10b0fff, 0);
	fixture_foreign_filter(fixture.ours_ingress.fd, BPF_TC_INGRESS, 5, 1, 0);

	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.foreign[0].id,
				fixture.ours_ingress.id, fixture.ours_ingress.id, 0);
	assert_int_equal(hook.priority, 0xfffe);
	assert_int_equal(fixture_attach(&other, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_EGRESS, fixture.ours_egress.id, 0);
	fixture_run("tc filter del dev va ingress pref 1");
	fixture_run("tc filter del dev va ingress pref 5");
	/* The dead one had made the qdisc: its successor removes it. */
	hook_detach(&hook);
	hook_detach(&other);
	assert_string_equal(fixture_qdisc_kind(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hook_clsact_alone_leaves_nothing_behind),
		fixture_test(hook_clsact_of_others_stays),
		fixture_test(hook_clsact_of_ours_stays_for_others),
		fixture_test(hook_clsact_head_and_tail_among_foreign_filters),
		fixture_test(hook_clsact_priority_of_another_classifier_is_passed_over),
		fixture_test(hook_clsact_on_a_qdisc_of_kind_ingress),
		fixture_test(hook_clsact_removed_by_others_is_noticed),
		fixture_test(hook_clsact_replaced_by_others_is_left_to_them),
		fixture_test(hook_clsact_of_a_killed_process_is_replaced),
	};

	if (fixture_lacks_root())
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_setup_group, NULL);
}
