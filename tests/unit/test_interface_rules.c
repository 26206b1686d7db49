// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whether to capture on one interface: link layers by hardware type, and the rules of selection as
 * a table. What is reported when the answer changes is in test_interfaces.c.
 */
#include "capture/interface_rules.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void interface_link_layer_by_hardware_type(void **state)
{
	static const struct {
		uint16_t type;
		enum link_layer layer;
	} cases[] = {
		{ARPHRD_ETHER, LINK_ETHERNET},
		{ARPHRD_LOOPBACK, LINK_ETHERNET},
		{ARPHRD_NONE, LINK_IP},
		{ARPHRD_PPP, LINK_IP},
		{ARPHRD_TUNNEL, LINK_IP},
		{ARPHRD_TUNNEL6, LINK_IP},
		{ARPHRD_SIT, LINK_IP},
		{ARPHRD_IPGRE, LINK_IP},
		{ARPHRD_IP6GRE, LINK_IP},
		{519, LINK_IP},
		{ARPHRD_INFINIBAND, LINK_UNSUPPORTED},
		{ARPHRD_CAN, LINK_UNSUPPORTED},
		{ARPHRD_IEEE80211, LINK_UNSUPPORTED},
		{ARPHRD_NETLINK, LINK_UNSUPPORTED},
		{0, LINK_UNSUPPORTED},
	};
	struct interface interface = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		interface.hardware_type = cases[i].type;
		assert_int_equal(interface_link_layer(&interface), cases[i].layer);
	}
}

static void interface_rules_follow_their_table(void **state)
{
	static const struct {
		const char *include, *exclude, *name;
		unsigned int flags;
		int by_default_route, default_route, was_up, wanted;
	} cases[] = {
		/* include, exclude, name, flags, mode, route, was up */
		{"eth*", NULL, "eth0", 0, 0, 0, 0, 1}, /* down is fine */
		{"eth*", NULL, "veth0", IFF_UP, 0, 1, 1, 0},
		{"eth*", NULL, "veth0", IFF_UP, 1, 1, 1, 0},
		{"eth*", "*0", "eth0", IFF_UP, 1, 1, 1, 0},
		{"eth*", "*0", "eth1", IFF_UP, 1, 1, 1, 1},
		{"eth[0-3]", NULL, "eth4", IFF_UP, 0, 0, 1, 0},
		{"lo", NULL, "lo", IFF_UP | IFF_LOOPBACK, 0, 0, 1, 1},
		{"lo", "lo", "lo", IFF_UP | IFF_LOOPBACK, 0, 0, 1, 0},
		{NULL, NULL, "lo", IFF_UP | IFF_LOOPBACK, 0, 0, 1, 0},
		{NULL, NULL, "lo", IFF_UP | IFF_LOOPBACK, 1, 1, 1, 0},
		{NULL, NULL, "eth0", 0, 0, 0, 0, 0},
		{NULL, NULL, "eth0", 0, 0, 1, 0, 0},
		{NULL, NULL, "eth0", IFF_UP, 0, 0, 1, 1},
		{NULL, NULL, "eth0", 0, 0, 0, 1, 1}, /* was up once */
		{NULL, "e*", "eth0", IFF_UP, 0, 0, 1, 0},
		{NULL, NULL, "eth0", IFF_UP, 1, 0, 1, 0},
		{NULL, NULL, "eth0", 0, 1, 1, 0, 1},
		{NULL, "eth0", "eth0", 0, 1, 1, 0, 0},
	};
	struct interface_rules rules = {};
	struct interface_selection selection;
	struct interface interface;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		selection = (struct interface_selection){
			.include = &cases[i].include,
			.include_count = cases[i].include != NULL,
			.exclude = &cases[i].exclude,
			.exclude_count = cases[i].exclude != NULL,
		};
		assert_int_equal(interface_rules_set(&rules, &selection), 0);
		rules.by_default_route = cases[i].by_default_route;
		interface = (struct interface){.flags = cases[i].flags,
					       .default_route = cases[i].default_route};
		strcpy(interface.name, cases[i].name);
		if (interface_rules_want(&rules, &interface, cases[i].was_up) != cases[i].wanted)
			fail_msg("case %zu", i);
	}
	interface_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_link_layer_by_hardware_type),
		cmocka_unit_test(interface_rules_follow_their_table),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
