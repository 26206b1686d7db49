// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching to XDP: native, generic, and where others are already. See attach_fixture.h for where
 * and how.
 */
#include "capture/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach_fixture.h"

static void hook_xdp_native_on_veth(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, fixture.ours_xdp.id, 0);
	assert_string_equal(fixture_output("ip link show dev va | grep -c ' xdp '"), "1");
	assert_int_equal(hook_check(&hook), 1);
	hook_detach(&hook);
	fixture_await_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, 0);
}

static void hook_xdp_generic_where_the_driver_has_none(void **state)
{
	struct hook hook = {};

	(void)state;
	fixture_run("ip link add br0 type bridge && ip link set br0 up");
	fixture.ifindex = if_nametoindex("br0");
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD),
			 -EOPNOTSUPP);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_string_equal(fixture_output("ip link show dev br0 | grep -c ' xdpgeneric '"), "1");
	fixture_expect_programs(HOOK_XDP_GENERIC, FLOW_INGRESS, fixture.ours_xdp.id, 0);
	assert_int_equal(hook_check(&hook), 1);
	hook_detach(&hook);
}

static void hook_xdp_of_others_is_busy(void **state)
{
	struct hook hook = {};
	int link;

	(void)state;
	assert_int_equal(
		bpf_xdp_attach(fixture.ifindex, fixture.foreign_xdp.fd, XDP_FLAGS_DRV_MODE, NULL),
		0);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	fixture_expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, fixture.foreign_xdp.id, 0);
	assert_int_equal(bpf_xdp_detach(fixture.ifindex, XDP_FLAGS_DRV_MODE, NULL), 0);
	link = fixture_foreign_link(fixture.foreign_xdp.fd, BPF_XDP, XDP_FLAGS_SKB_MODE);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	fixture_expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, fixture.foreign_xdp.id, 0);
	close(link);
	fixture_await_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, 0);
	/* The lock was given back every time. */
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_EGRESS, HOOK_HEAD), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hook_xdp_native_on_veth),
		fixture_test(hook_xdp_generic_where_the_driver_has_none),
		fixture_test(hook_xdp_of_others_is_busy),
	};

	if (fixture_lacks_root())
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_setup_group, NULL);
}
