// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the doctor says of drivers and offloads, for every combination that matters. */
#include "doctor/offloads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct interface interface = {.ifindex = 7, .name = "eth0", .mtu = 1500};
static const struct interface jumbo = {.ifindex = 7, .name = "eth0", .mtu = 9000};

/* Reported is this, line by line. */
static void expect_report(const struct offload_look *look, const char *wanted)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	struct findings *findings = findings_new(stream, 0);

	assert_non_null(findings);
	offloads_report(look, findings);
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_OK);
	findings_free(findings);
	fclose(stream);
	assert_string_equal(text, wanted);
	free(text);
}

/* GRO, in the kernel or the NIC, and VLAN offload do tc no harm. */
static void offloads_of_tc_matter_only_if_they_cannot_be_undone(void **state)
{
	struct offload_look look = {.interface = &interface,
				    .offloads = {.gro = 1, .gro_hw = 1, .vlan = 1}};

	(void)state;
	expect_report(&look, "");
	look.interface = &jumbo;
	expect_report(&look, "");
	look.offloads.lro = 1;
	expect_report(&look, "note  offload     eth0: LRO is on: packets that the NIC has merged "
			     "cannot all "
			     "be told apart, so packets and octets may be too few\n"
			     "                  fix: switch it off: ethtool -K eth0 lro off\n");
}

static void offloads_of_native_xdp_are_those_before_it(void **state)
{
	const struct offload_look look = {
		.interface = &interface,
		.offloads = {.gro = 1, .gro_hw = 1, .vlan = 1},
		.has_xdp_features = 1,
		.xdp_features = NETDEV_XDP_BASIC,
		.xdp = 1,
	};

	(void)state;
	expect_report(&look, "ok    xdp         eth0: the driver has native XDP\n"
			     "note  offload     eth0: rx-gro-hw is on: XDP counts packets that the "
			     "NIC has merged as one\n"
			     "                  fix: use --hook auto, or switch it off: ethtool -K "
			     "eth0 rx-gro-hw off\n"
			     "note  offload     eth0: rx-vlan-offload is on: XDP does not see the "
			     "VLAN tag that the NIC takes off\n"
			     "                  fix: use --hook auto, or switch it off: ethtool -K "
			     "eth0 rxvlan off\n");
}

static void offloads_of_generic_xdp_include_gro(void **state)
{
	struct offload_look look = {
		.interface = &jumbo, .offloads = {.gro = 1}, .has_xdp_features = 1, .xdp = 1};

	(void)state;
	expect_report(&look, "note  xdp         eth0: the driver has no native XDP, and GRO is on: "
			     "generic XDP sees packets that it has merged as one\n"
			     "                  fix: use --hook auto, or switch it off: ethtool -K "
			     "eth0 gro off\n");
	look.offloads.gro = 0;
	expect_report(&look, "note  xdp         eth0: the driver has no native XDP\n"
			     "                  fix: use --hook auto, which costs less then\n");
}

static void offloads_large_mtu_needs_a_driver_that_can(void **state)
{
	struct offload_look look = {.interface = &jumbo,
				    .has_xdp_features = 1,
				    .xdp_features = NETDEV_XDP_BASIC,
				    .xdp = 1};

	(void)state;
	expect_report(&look, "ok    xdp         eth0: the driver has native XDP\n"
			     "note  xdp         eth0: with an MTU of 9000 the driver may refuse "
			     "native XDP\n"
			     "                  fix: use --hook auto, or lower the MTU\n");
	look.xdp_features |= NETDEV_XDP_FRAGMENTS;
	expect_report(&look, "ok    xdp         eth0: the driver has native XDP\n");
}

static void offloads_unknown_driver_is_no_fault(void **state)
{
	const struct offload_look look = {
		.interface = &interface, .offloads = {.gro = 1}, .xdp = 1};

	(void)state;
	expect_report(&look, "ok    xdp         eth0: native or generic, this kernel tells only "
			     "when attaching\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offloads_of_tc_matter_only_if_they_cannot_be_undone),
		cmocka_unit_test(offloads_of_native_xdp_are_those_before_it),
		cmocka_unit_test(offloads_of_generic_xdp_include_gro),
		cmocka_unit_test(offloads_large_mtu_needs_a_driver_that_can),
		cmocka_unit_test(offloads_unknown_driver_is_no_fault),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
