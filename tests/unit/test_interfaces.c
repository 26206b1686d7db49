// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The pure part of following interfaces: which differences are reported, and when the mode of
 * selection changes. Reports are compared as text: "+eth0.2" appeared, "-eth0.2" disappeared,
 * "-eth0.2!" is gone. The rules for one interface are in test_interface_rules.c, and what the real
 * kernel says is in tests/bpf/test_interfaces.c.
 */
#include "capture/interface_table.h"
#include "capture/interfaces.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/log.h"

static const char *const no_lo[] = {"lo"};

struct fixture {
	struct interface_table *table;
	char log[1024];
};

static void fixture_log(struct fixture *fixture, const char *sign,
			const struct interface *interface, const char *more)
{
	size_t used = strlen(fixture->log);

	snprintf(fixture->log + used, sizeof(fixture->log) - used, "%s%s.%u%s ", sign,
		 interface->name, interface->ifindex, more);
}

static void fixture_appeared(void *arg, const struct interface *interface)
{
	assert_true(interface->selected);
	fixture_log(arg, "+", interface, "");
}

static void fixture_disappeared(void *arg, const struct interface *interface, int gone)
{
	fixture_log(arg, "-", interface, gone ? "!" : "");
}

/* include and exclude may be NULL. */
static void fixture_open(struct fixture *fixture, const char *include, const char *exclude)
{
	const struct interface_events events = {
		.appeared = fixture_appeared, .disappeared = fixture_disappeared, .arg = fixture};
	const struct interface_selection selection = {.include = &include,
						      .include_count = include != NULL,
						      .exclude = &exclude,
						      .exclude_count = exclude != NULL};

	memset(fixture, 0, sizeof(*fixture));
	fixture->table = interface_table_new(&selection, &events);
	assert_non_null(fixture->table);
}

static void fixture_close(struct fixture *fixture)
{
	interface_table_free(fixture->table);
}

static void fixture_set_type(struct fixture *fixture, uint32_t ifindex, const char *name,
			     unsigned int flags, uint16_t hardware_type)
{
	struct rtnetlink_link link = {
		.ifindex = ifindex, .flags = flags, .hardware_type = hardware_type, .mtu = 1500};

	snprintf(link.name, sizeof(link.name), "%s", name);
	assert_int_equal(interface_table_set(fixture->table, &link), 0);
}

static void fixture_set(struct fixture *fixture, uint32_t ifindex, const char *name,
			unsigned int flags)
{
	fixture_set_type(fixture, ifindex, name, flags, ARPHRD_ETHER);
}

static void fixture_expect(struct fixture *fixture, const char *log)
{
	interface_table_report(fixture->table);
	assert_string_equal(fixture->log, log);
	fixture->log[0] = '\0';
}

static void interface_table_all_up_is_sticky(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, "lo");
	fixture_set_type(&fixture, 1, "lo", IFF_UP | IFF_LOOPBACK, ARPHRD_LOOPBACK);
	fixture_set(&fixture, 2, "eth0", IFF_UP);
	fixture_set(&fixture, 3, "eth1", 0);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+eth0.2 ");
	fixture_set(&fixture, 2, "eth0", 0);
	fixture_expect(&fixture, "");
	fixture_set(&fixture, 3, "eth1", IFF_UP);
	fixture_expect(&fixture, "+eth1.3 ");
	fixture_set(&fixture, 4, "eth2", IFF_UP);
	fixture_expect(&fixture, "+eth2.4 ");
	interface_table_remove(fixture.table, 4);
	fixture_set(&fixture, 4, "eth2", 0); /* a new device has not been up yet */
	fixture_expect(&fixture, "-eth2.4! ");
	fixture_close(&fixture);
}

/* A service that starts before DHCP ends up as one that starts after it. */
static void interface_table_first_default_route_ends_all_up(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, NULL);
	fixture_set_type(&fixture, 1, "lo", IFF_UP | IFF_LOOPBACK, ARPHRD_LOOPBACK);
	fixture_set(&fixture, 2, "eth0", IFF_UP);
	fixture_set(&fixture, 3, "eth1", IFF_UP);
	fixture_set(&fixture, 4, "eth2", IFF_UP);
	fixture_set(&fixture, 5, "eth3", 0);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+eth0.2 +eth1.3 +eth2.4 ");
	interface_table_default_route(fixture.table, 99);
	fixture_expect(&fixture, "");
	interface_table_default_route(fixture.table, 3);
	fixture_expect(&fixture, "-eth0.2 -eth2.4 ");
	assert_int_equal(interface_table_get(fixture.table, 2)->selected, 0);
	assert_int_equal(interface_table_get(fixture.table, 3)->selected, 1);
	/* From now on as if it had been so from the start. */
	fixture_set(&fixture, 5, "eth3", IFF_UP);
	fixture_set(&fixture, 6, "eth4", IFF_UP);
	fixture_expect(&fixture, "");
	interface_table_default_route(fixture.table, 5);
	fixture_expect(&fixture, "+eth3.5 ");
	interface_table_remove(fixture.table, 3);
	interface_table_remove(fixture.table, 5);
	fixture_set(&fixture, 7, "eth5", IFF_UP);
	fixture_expect(&fixture, "-eth1.3! -eth3.5! ");
	fixture_close(&fixture);
}

/* An interface that was never up can be the one, and the change comes within one batch. */
static void interface_table_first_default_route_in_a_batch(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, NULL);
	fixture_set(&fixture, 2, "eth0", IFF_UP);
	fixture_set(&fixture, 3, "eth1", 0);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+eth0.2 ");
	fixture_set(&fixture, 4, "eth2", IFF_UP);
	interface_table_default_route(fixture.table, 3);
	fixture_set(&fixture, 5, "eth3", IFF_UP);
	interface_table_report(fixture.table);
	assert_true(strcmp(fixture.log, "-eth0.2 +eth1.3 ") == 0 ||
		    strcmp(fixture.log, "+eth1.3 -eth0.2 ") == 0);
	fixture_close(&fixture);
}

/* Include globs do not look at routes; the mode is decided when they are taken away. */
static void interface_table_first_default_route_with_include_changes_nothing(void **state)
{
	const struct interface_selection no_globs = {};
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "eth*", NULL);
	fixture_set(&fixture, 2, "eth0", IFF_UP);
	fixture_set(&fixture, 3, "eth1", IFF_UP);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+eth0.2 +eth1.3 ");
	interface_table_default_route(fixture.table, 3);
	fixture_expect(&fixture, "");
	interface_table_remove(fixture.table, 3);
	assert_int_equal(interface_table_select(fixture.table, &no_globs), 0);
	interface_table_report_all(fixture.table);
	fixture_expect(&fixture, "-eth1.3! ");
	interface_table_default_route(fixture.table, 2);
	fixture_set(&fixture, 4, "eth2", IFF_UP);
	fixture_expect(&fixture, "");
	fixture_close(&fixture);
}

static void interface_table_default_route_is_sticky_and_additive(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, NULL);
	fixture_set(&fixture, 2, "eth0", IFF_UP);
	fixture_set(&fixture, 3, "eth1", IFF_UP);
	interface_table_default_route(fixture.table, 2);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+eth0.2 ");
	interface_table_default_route(fixture.table, 3);
	fixture_expect(&fixture, "+eth1.3 ");
	interface_table_default_route(fixture.table, 3);
	interface_table_default_route(fixture.table, 99);
	fixture_expect(&fixture, "");
	interface_table_remove(fixture.table, 2);
	fixture_set(&fixture, 2, "eth0", IFF_UP); /* a new device has had no route yet */
	fixture_expect(&fixture, "-eth0.2! ");
	assert_int_equal(interface_table_get(fixture.table, 2)->default_route, 0);
	fixture_close(&fixture);
}

static void interface_table_batch_reports_the_difference_only(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "pod*", NULL);
	fixture_set(&fixture, 5, "veth5", 0);
	fixture_set(&fixture, 5, "pod5", 0);
	fixture_set(&fixture, 5, "pod5b", IFF_UP);
	fixture_expect(&fixture, "+pod5b.5 ");
	fixture_set(&fixture, 5, "other", IFF_UP);
	fixture_set(&fixture, 5, "pod6", IFF_UP);
	fixture_expect(&fixture, "");
	fixture_set(&fixture, 6, "pod7", 0);
	interface_table_remove(fixture.table, 6);
	fixture_expect(&fixture, "");
	fixture_close(&fixture);
}

static void interface_table_rename_is_evaluated_again(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, "veth*");
	fixture_set(&fixture, 5, "veth5", IFF_UP);
	fixture_expect(&fixture, "");
	fixture_set(&fixture, 5, "eth5", IFF_UP);
	fixture_expect(&fixture, "+eth5.5 ");
	fixture_set(&fixture, 5, "eth6", IFF_UP);
	fixture_expect(&fixture, "");
	assert_string_equal(interface_table_get(fixture.table, 5)->name, "eth6");
	fixture_set(&fixture, 5, "veth6", IFF_UP);
	fixture_expect(&fixture, "-veth6.5 ");
	fixture_close(&fixture);
}

static void interface_table_same_index_again_is_another_interface(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "*", NULL);
	fixture_set(&fixture, 5, "a", 0);
	fixture_expect(&fixture, "+a.5 ");
	interface_table_remove(fixture.table, 5);
	fixture_set(&fixture, 5, "a", 0);
	fixture_expect(&fixture, "-a.5! +a.5 ");
	interface_table_remove(fixture.table, 5);
	interface_table_remove(fixture.table, 5);
	fixture_expect(&fixture, "-a.5! ");
	fixture_close(&fixture);
}

static void interface_table_link_layer_change_is_reported_both_ways(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "*", NULL);
	log_set_level(LOG_ERROR);
	fixture_set_type(&fixture, 5, "a", 0, ARPHRD_ETHER);
	fixture_expect(&fixture, "+a.5 ");
	fixture_set_type(&fixture, 5, "a", 0, ARPHRD_NONE);
	fixture_expect(&fixture, "-a.5 +a.5 ");
	fixture_set_type(&fixture, 5, "a", 0, ARPHRD_PPP);
	fixture_expect(&fixture, "");
	fixture_set_type(&fixture, 5, "a", 0, ARPHRD_INFINIBAND);
	fixture_expect(&fixture, "-a.5 ");
	fixture_set_type(&fixture, 5, "a", 0, ARPHRD_ETHER);
	fixture_expect(&fixture, "+a.5 ");
	log_set_level(LOG_INFO);
	fixture_close(&fixture);
}

static void interface_table_sweep_removes_what_a_full_list_lacks(void **state)
{
	struct fixture fixture;
	size_t position = 0;

	(void)state;
	fixture_open(&fixture, "*", NULL);
	fixture_set(&fixture, 2, "a", 0);
	fixture_set(&fixture, 3, "b", 0);
	fixture_set(&fixture, 4, "c", 0);
	fixture_expect(&fixture, "+a.2 +b.3 +c.4 ");
	interface_table_mark(fixture.table);
	fixture_set(&fixture, 3, "b", 0);
	fixture_set(&fixture, 9, "d", 0);
	interface_table_sweep(fixture.table);
	fixture_expect(&fixture, "-a.2! -c.4! +d.9 ");
	assert_string_equal(interface_table_next(fixture.table, &position)->name, "b");
	assert_string_equal(interface_table_next(fixture.table, &position)->name, "d");
	assert_null(interface_table_next(fixture.table, &position));
	fixture_close(&fixture);
}

static void interface_table_select_reports_with_report_all(void **state)
{
	static const char *const b_only[] = {"b"};
	const struct interface_selection narrower = {.include = b_only, .include_count = 1};
	const struct interface_selection wider = {.exclude = no_lo, .exclude_count = 1};
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "*", NULL);
	fixture_set(&fixture, 2, "a", 0);
	fixture_set(&fixture, 3, "b", 0);
	fixture_set(&fixture, 4, "c", 0);
	interface_table_default_route(fixture.table, 4);
	fixture_expect(&fixture, "+a.2 +b.3 +c.4 ");
	assert_int_equal(interface_table_select(fixture.table, &narrower), 0);
	interface_table_report_all(fixture.table);
	fixture_expect(&fixture, "-a.2 -c.4 ");
	/* The include glob is taken away: the mode is decided now. */
	assert_int_equal(interface_table_select(fixture.table, &wider), 0);
	interface_table_report_all(fixture.table);
	fixture_expect(&fixture, "-b.3 +c.4 ");
	fixture_close(&fixture);
}

static void interface_table_select_without_include_keeps_the_mode(void **state)
{
	const struct interface_selection again = {.exclude = no_lo, .exclude_count = 1};
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, NULL, NULL);
	fixture_set(&fixture, 2, "a", IFF_UP);
	fixture_set(&fixture, 3, "b", IFF_UP);
	interface_table_decide(fixture.table);
	fixture_expect(&fixture, "+a.2 +b.3 ");
	assert_int_equal(interface_table_select(fixture.table, &again), 0);
	interface_table_report_all(fixture.table);
	fixture_expect(&fixture, "");
	interface_table_default_route(fixture.table, 2);
	interface_table_remove(fixture.table, 2);
	assert_int_equal(interface_table_select(fixture.table, &again), 0);
	interface_table_report_all(fixture.table);
	fixture_expect(&fixture, "-a.2! -b.3 ");
	fixture_set(&fixture, 4, "c", IFF_UP);
	fixture_expect(&fixture, "");
	fixture_close(&fixture);
}

static void interface_table_evaluate_selects_without_reporting(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "a", NULL);
	fixture_set(&fixture, 2, "a", 0);
	fixture_set(&fixture, 3, "b", 0);
	interface_table_evaluate(fixture.table);
	assert_int_equal(interface_table_get(fixture.table, 2)->selected, 1);
	assert_int_equal(interface_table_get(fixture.table, 3)->selected, 0);
	assert_string_equal(fixture.log, "");
	fixture_expect(&fixture, "+a.2 ");
	fixture_close(&fixture);
}

static void interface_table_unsupported_is_never_selected(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open(&fixture, "*", NULL);
	log_set_level(LOG_ERROR);
	fixture_set_type(&fixture, 5, "can0", IFF_UP, ARPHRD_CAN);
	fixture_expect(&fixture, "");
	interface_table_remove(fixture.table, 5);
	fixture_expect(&fixture, "");
	log_set_level(LOG_INFO);
	fixture_close(&fixture);
}

static void interface_table_many_keep_names_up_to_the_limit(void **state)
{
	const uint32_t count = 3 * INTERFACES_GONE_MAX;
	struct fixture fixture;
	size_t position = 0;
	uint32_t i;

	(void)state;
	fixture_open(&fixture, "none", NULL);
	for (i = 1; i <= count; i++) {
		char name[16];

		snprintf(name, sizeof(name), "veth%u", i);
		fixture_set(&fixture, i, name, 0);
	}
	fixture_expect(&fixture, "");
	for (i = 1; i <= count; i++)
		assert_int_equal(interface_table_get(fixture.table, i)->ifindex, i);
	for (i = count; i > 1; i--)
		interface_table_remove(fixture.table, i);
	fixture_expect(&fixture, "");
	/* The last ones to go were those with low indices. */
	assert_string_equal(interface_table_get(fixture.table, 2)->name, "veth2");
	i = INTERFACES_GONE_MAX + 1;
	assert_int_equal(interface_table_get(fixture.table, i)->ifindex, i);
	assert_null(interface_table_get(fixture.table, i + 1));
	assert_null(interface_table_get(fixture.table, count));
	assert_string_equal(interface_table_next(fixture.table, &position)->name, "veth1");
	assert_null(interface_table_next(fixture.table, &position));
	fixture_set(&fixture, 3, "again", 0);
	assert_string_equal(interface_table_get(fixture.table, 3)->name, "again");
	interface_table_remove(fixture.table, 3);
	fixture_expect(&fixture, "");
	assert_string_equal(interface_table_get(fixture.table, 3)->name, "again");
	/* Whoever comes back is not among the gone ones that are forgotten. */
	i = INTERFACES_GONE_MAX + 1;
	fixture_set(&fixture, i, "back", 0);
	fixture_set(&fixture, count + 1, "x", 0);
	fixture_set(&fixture, count + 2, "y", 0);
	interface_table_remove(fixture.table, count + 1);
	interface_table_remove(fixture.table, count + 2);
	fixture_expect(&fixture, "");
	assert_string_equal(interface_table_get(fixture.table, i)->name, "back");
	assert_null(interface_table_get(fixture.table, i - 1));
	assert_string_equal(interface_table_get(fixture.table, i - 2)->name, "veth4095");
	fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_table_all_up_is_sticky),
		cmocka_unit_test(interface_table_first_default_route_ends_all_up),
		cmocka_unit_test(interface_table_first_default_route_in_a_batch),
		cmocka_unit_test(interface_table_first_default_route_with_include_changes_nothing),
		cmocka_unit_test(interface_table_default_route_is_sticky_and_additive),
		cmocka_unit_test(interface_table_batch_reports_the_difference_only),
		cmocka_unit_test(interface_table_rename_is_evaluated_again),
		cmocka_unit_test(interface_table_same_index_again_is_another_interface),
		cmocka_unit_test(interface_table_link_layer_change_is_reported_both_ways),
		cmocka_unit_test(interface_table_sweep_removes_what_a_full_list_lacks),
		cmocka_unit_test(interface_table_select_reports_with_report_all),
		cmocka_unit_test(interface_table_select_without_include_keeps_the_mode),
		cmocka_unit_test(interface_table_evaluate_selects_without_reporting),
		cmocka_unit_test(interface_table_unsupported_is_never_selected),
		cmocka_unit_test(interface_table_many_keep_names_up_to_the_limit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
