// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching to TCX among others: the order of links, what takes them off, and that TCX comes before
 * clsact. See attach_fixture.h for where and how. On a kernel without TCX the tests show that
 * attaching is refused.
 */
#include "capture/attach.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach_fixture.h"
#include "capture/hook_list.h"
#include "child.h"

#define TCX_INGRESS 46
#define TCX_EGRESS 47

static int child_attach_tcx(void)
{
	struct hook hook = {};

	return fixture_attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD);
}

/* 1 on a kernel without TCX, after a look at what is to be expected there. */
static int without_tcx(void)
{
	struct hook hook = {};

	if (fixture.tcx)
		return 0;
	assert_int_equal(fixture_attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), -EINVAL);
	assert_int_equal(hook.attached, 0);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, 0);
	return 1;
}

static void hook_tcx_head_and_tail_among_foreign_programs(void **state)
{
	struct hook head = {}, tail = {};
	int links[3];

	(void)state;
	if (without_tcx())
		return;
	links[0] = fixture_foreign_link(fixture.foreign[0].fd, TCX_INGRESS, 0);
	assert_int_equal(fixture_attach(&head, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.ours_ingress.id,
				fixture.foreign[0].id, 0);
	links[1] = fixture_foreign_link(fixture.foreign[1].fd, TCX_INGRESS, 0);
	links[2] = fixture_foreign_link(fixture.foreign[2].fd, TCX_INGRESS, 1 << 3);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.foreign[2].id,
				fixture.ours_ingress.id, fixture.foreign[0].id,
				fixture.foreign[1].id, 0);
	assert_int_equal(hook_check(&head), 1);
	hook_detach(&head);
	fixture_await_programs(HOOK_TCX, FLOW_INGRESS, 3);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.foreign[2].id,
				fixture.foreign[0].id, fixture.foreign[1].id, 0);
	close(links[0]);
	close(links[1]);
	close(links[2]);

	links[0] = fixture_foreign_link(fixture.foreign[0].fd, TCX_EGRESS, 0);
	links[1] = fixture_foreign_link(fixture.foreign[1].fd, TCX_EGRESS, 0);
	assert_int_equal(fixture_attach(&tail, HOOK_TCX, FLOW_EGRESS, HOOK_TAIL), 0);
	fixture_expect_programs(HOOK_TCX, FLOW_EGRESS, fixture.foreign[0].id, fixture.foreign[1].id,
				fixture.ours_egress.id, 0);
	hook_detach(&tail);
	hook_detach(&tail);
	fixture_await_programs(HOOK_TCX, FLOW_EGRESS, 2);
	fixture_expect_programs(HOOK_TCX, FLOW_EGRESS, fixture.foreign[0].id, fixture.foreign[1].id,
				0);
	close(links[0]);
	close(links[1]);
}

static void hook_tcx_taken_off_by_force_is_noticed(void **state)
{
	struct hook hook = {};

	(void)state;
	if (without_tcx())
		return;
	assert_int_equal(hook_check(&hook), 0);
	assert_int_equal(fixture_attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(hook_check(&hook), 1);
	assert_int_equal(bpf_link_detach(hook.link_fd), 0);
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
}

static void hook_tcx_ends_with_its_process(void **state)
{
	struct child child;

	(void)state;
	if (without_tcx())
		return;
	child = child_start(child_attach_tcx);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	child_kill(&child);
	fixture_await_programs(HOOK_TCX, FLOW_INGRESS, 0);
}

static void hook_tcx_supported_attaches_nothing(void **state)
{
	uint32_t ids[4];

	(void)state;
	fixture.ifindex = 1;
	assert_int_equal(hook_tcx_supported(fixture.ours_ingress.fd), fixture.tcx);
	assert_int_equal(hook_list_programs(1, HOOK_TCX, FLOW_INGRESS, ids, 4), 0);
	assert_int_equal(hook_tcx_supported(fixture.ours_xdp.fd), 0);
	assert_int_equal(hook_tcx_supported(-1), 0);
}

static void hook_list_has_tcx_before_clsact(void **state)
{
	struct hook hook = {};
	uint32_t ids[2];
	int link;

	(void)state;
	if (without_tcx())
		return;
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	link = fixture_foreign_link(fixture.foreign[0].fd, TCX_INGRESS, 0);
	close(fixture_foreign_link(fixture.foreign[1].fd, TCX_EGRESS, 0));
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.foreign[0].id,
				fixture.ours_ingress.id, 0);
	fixture_expect_programs(HOOK_TCX, FLOW_INGRESS, fixture.foreign[0].id,
				fixture.ours_ingress.id, 0);
	assert_int_equal(hook_list_programs(fixture.ifindex, HOOK_TCX, FLOW_INGRESS, ids, 1), 1);
	assert_int_equal(ids[0], fixture.foreign[0].id);
	close(link);
	hook_detach(&hook);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hook_tcx_head_and_tail_among_foreign_programs),
		fixture_test(hook_tcx_taken_off_by_force_is_noticed),
		fixture_test(hook_tcx_ends_with_its_process),
		fixture_test(hook_tcx_supported_attaches_nothing),
		fixture_test(hook_list_has_tcx_before_clsact),
	};

	if (fixture_lacks_root())
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_setup_group, NULL);
}
