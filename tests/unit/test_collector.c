// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a collector is sent, and when: introductions, refreshes, interfaces, full messages, totals,
 * and what each protocol makes of records it cannot say as they are. What happens when sending
 * fails is in test_collector_errors.c.
 */
#include "collector_fixture.h"

#define PROCESS_OPTIONS 3 /* metering statistics and reliability, exporting reliability */
#define OPTIONS (3 + PROCESS_OPTIONS) /* sampling, selector, exporter */
#define TEMPLATES 4
#define OPTIONS_TEMPLATES_COUNT (6 + PROCESS_OPTIONS)

/* --- introductions --- */

static void expect_introductions(unsigned int number, size_t times, size_t options_only)
{
	assert_null(session(number)->problem);
	assert_int_equal(session(number)->templates, times * TEMPLATES);
	assert_int_equal(session(number)->options_templates, times * OPTIONS_TEMPLATES_COUNT);
	assert_int_equal(session(number)->options, (times + options_only) * OPTIONS);
	assert_int_equal(session(number)->gaps, 0);
}

static void collector_is_introduced_to_twice_where_messages_get_lost(void **state)
{
	(void)state;
	create("udp:");
	assert_int_equal(fake.opens, 0);
	assert_true(driver->next_ns(self) <= clock_monotonic_ns()); /* it wants to begin */
	tick();
	expect_introductions(1, 2, 0);
	assert_int_equal(session(1)->flows, 0);
	expect_outcome(0, 0);
}

static void collector_is_introduced_to_once_where_they_do_not(void **state)
{
	(void)state;
	create("tcp:");
	tick();
	expect_introductions(1, 1, 0);
	send_records(0, 1);
	flush();
	expect_introductions(1, 1, 0);
	assert_int_equal(session(1)->flows, 1);
	expect_outcome(1, 0);
}

static void collector_with_records_is_introduced_to_before_them(void **state)
{
	(void)state;
	create("udp:");
	send_records(0, 1);
	assert_int_equal(fake.sends, 0);
	flush();
	expect_introductions(1, 2, 0); /* the peek would not know the record otherwise */
	assert_int_equal(session(1)->flows, 1);
}

static void collector_without_flows_is_left_alone_until_the_refresh(void **state)
{
	uint64_t next_ns;
	int sends;

	(void)state;
	create("udp:");
	tick();
	sends = fake.sends;
	next_ns = driver->next_ns(self);
	assert_in_range(next_ns, clock_monotonic_ns() + REFRESH_NS - NS_PER_S,
			clock_monotonic_ns() + REFRESH_NS);
	later_ns = REFRESH_NS - NS_PER_S;
	tick();
	flush();
	assert_int_equal(fake.sends, sends);
	later_ns = REFRESH_NS;
	assert_true(driver->next_ns(self) <= clock_monotonic_ns());
	tick();
	expect_introductions(1, 3, 0);
	assert_int_equal(driver->next_ns(self) > next_ns, 1);
}

static void collector_is_refreshed_between_flows(void **state)
{
	(void)state;
	create("udp:");
	send_records(0, 10);
	flush();
	later_ns = REFRESH_NS;
	send_records(10, 10);
	flush();
	expect_introductions(1, 3, 0);
	expect_ids_once(20);
	expect_outcome(20, 0);
}

static void collector_refresh_without_losses_repeats_no_template(void **state)
{
	(void)state;
	create("tcp:");
	tick();
	later_ns = REFRESH_NS;
	tick();
	expect_introductions(1, 1, 1);
}

static void collector_that_is_nudged_hears_it_again_twice_a_second(void **state)
{
	(void)state;
	create("udp:");
	tick();
	fake.transport->nudged = 1;
	send_records(0, 1);
	flush();
	expect_introductions(1, 2, 0); /* it has only just been told */
	later_ns = NS_PER_S / 2;
	send_records(1, 1);
	flush();
	expect_introductions(1, 3, 0);
	assert_int_equal(fake.transport->nudged, 0);
	fake.transport->nudged = 1;
	send_records(2, 1);
	flush();
	expect_introductions(1, 3, 0);
	later_ns += NS_PER_S / 2;
	send_records(3, 1);
	flush();
	expect_introductions(1, 4, 0);
	later_ns += NS_PER_S;
	send_records(4, 1);
	flush();
	expect_introductions(1, 4, 0); /* nobody has nudged */
	expect_ids_once(5);
}

static void collector_of_a_new_session_is_introduced_to_anew(void **state)
{
	(void)state;
	create("tcp:");
	send_records(0, 3);
	flush();
	fake.transport->is_open = 0;
	send_records(3, 3);
	flush();
	assert_int_equal(fake.transport->session, 2);
	expect_introductions(1, 1, 0);
	expect_introductions(2, 1, 0);
	expect_ids_once(6);
}

static void collector_gets_the_totals_in_the_end(void **state)
{
	(void)state;
	create("tcp:");
	send_records(0, 3);
	flush();
	control.stopping = 1;
	flush();
	expect_introductions(1, 1, 0); /* not yet */
	flush_last();
	expect_introductions(1, 1, 1);
	expect_outcome(3, 0);
}

static void collector_that_was_never_there_gets_no_totals(void **state)
{
	(void)state;
	create("tcp:");
	flush_last();
	assert_int_equal(fake.opens, 0);
	assert_int_equal(fake.sends, 0);
}

static void collector_asks_the_transport_when_to_settle(void **state)
{
	uint64_t soon_ns;

	(void)state;
	create("tcp:");
	tick();
	assert_int_equal(fake.settles, 1);
	soon_ns = clock_monotonic_ns() + NS_PER_S;
	fake.next_ns = soon_ns;
	assert_int_equal(driver->next_ns(self), soon_ns);
	fake.next_ns = UINT64_MAX;
	assert_true(driver->next_ns(self) > soon_ns);
	flush();
	assert_int_equal(fake.settles, 2);
}

/* --- interfaces --- */

static void open_board(void)
{
	identity.board = export_board_new();
	assert_non_null(identity.board);
}

static void expect_interfaces_follow(const char *target, size_t times)
{
	open_board();
	set_interfaces((uint32_t[]){1, 2, 4}, (const char *const[]){"lo", "eth0", "eth1", NULL});
	create(target);
	tick();
	assert_int_equal(session(1)->interfaces, 3 * times);
	tick();
	assert_int_equal(session(1)->interfaces, 3 * times);
	/* one is renamed, one is new, one is gone */
	set_interfaces((uint32_t[]){1, 2, 3}, (const char *const[]){"lo", "wan", "eth2", NULL});
	tick();
	assert_int_equal(session(1)->interfaces, 3 * times + 2);
	tick();
	assert_int_equal(session(1)->interfaces, 3 * times + 2);
	/* the same again is another list */
	set_interfaces((uint32_t[]){1, 2, 3}, (const char *const[]){"lo", "wan", "eth2", NULL});
	send_records(0, 1);
	flush();
	assert_int_equal(session(1)->interfaces, 3 * times + 2);
	later_ns = REFRESH_NS;
	tick();
	assert_int_equal(session(1)->interfaces, 3 * times + 5);
	assert_null(session(1)->problem);
	assert_int_equal(session(1)->gaps, 0);
}

static void collector_learns_which_interfaces_have_changed(void **state)
{
	(void)state;
	expect_interfaces_follow("udp:", 2);
}

static void collector_learns_which_interfaces_have_changed_without_losses(void **state)
{
	(void)state;
	expect_interfaces_follow("tcp:", 1);
}

static void collector_learns_interfaces_that_come_late(void **state)
{
	(void)state;
	open_board();
	create("tcp:");
	tick();
	assert_int_equal(session(1)->interfaces, 0);
	set_interfaces((uint32_t[]){2}, (const char *const[]){"eth0", NULL});
	send_records(0, 1);
	flush();
	assert_int_equal(session(1)->interfaces, 1);
}

/* --- messages --- */

static void collector_gets_full_messages(void **state)
{
	(void)state;
	create("tcp:");
	tick();
	fake.messages = 0;
	send_records(0, 1000);
	assert_in_range(session(1)->flows, 1000 - 30, 999); /* the last one waits to be full */
	flush();
	expect_ids_once(1000);
	for (uint32_t id = 0; id < 1000; id++)
		assert_int_equal(session(1)->ids[id], id);
	assert_in_range(session(1)->longest, 1452 - 99, 1452);
	for (size_t i = 0; i + 1 < fake.messages && i < PLAIN_MAX; i++)
		assert_in_range(fake.lengths[i], 1452 - 99, 1452);
	expect_outcome(1000, 0);
}

static void collector_message_length_may_be_configured(void **state)
{
	static const size_t lengths[] = {512, 1000, 9000, TRANSPORT_BYTES_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(fake.sessions, 0, sizeof(fake.sessions));
		settings.max_message_bytes = lengths[i];
		create("tcp:");
		send_records(0, 2000);
		flush();
		assert_in_range(session(1)->longest, lengths[i] - 99, lengths[i]);
		expect_ids_once(2000);
		destroy();
	}
}

static void collector_message_length_that_is_impossible_is_refused(void **state)
{
	(void)state;
	settings.max_message_bytes = 511;
	expect_create_fails("udp:", "max_message_bytes is 511; it must be from 512 to 65535");
	settings.max_message_bytes = TRANSPORT_BYTES_MAX + 1;
	expect_create_fails("udp:", "max_message_bytes is 65536; it must be from 512 to 65535");
}

static void collector_follows_a_path_that_changes(void **state)
{
	(void)state;
	create("tcp:");
	send_records(0, 15); /* planned for the longest message */
	fake.transport->message_bytes_wanted = 600;
	flush();
	assert_in_range(session(1)->longest, 501, 600);
	assert_int_equal(session(1)->flows, 15);
	fake.transport->message_bytes = 1452;
	send_records(15, 15);
	flush();
	expect_ids_once(30);
	expect_outcome(30, 0);
	assert_int_equal(session(1)->gaps, 0);
}

/* --- what protocols make of records --- */

static void send_pair(uint32_t id)
{
	struct flow_record pair[2] = {make_record(id), make_record(id + 1)};

	pair[0].biflow = FLOW_BIFLOW_FORWARD;
	pair[1].biflow = FLOW_BIFLOW_REVERSE;
	driver->send(self, pair, 2, &control);
}

static void collector_pairs_are_one_flow_each(void **state)
{
	(void)state;
	settings.biflow = 1;
	create("tcp:");
	for (uint32_t id = 0; id < 400; id += 2)
		send_pair(id);
	flush();
	assert_null(session(1)->problem);
	assert_int_equal(session(1)->flows, 200);
	assert_int_equal(session(1)->gaps, 0);
	expect_outcome(400, 0);
}

static void collector_pairs_stay_together_in_shorter_messages(void **state)
{
	(void)state;
	settings.biflow = 1;
	create("tcp:");
	tick();
	for (uint32_t id = 0; id < 20; id += 2)
		send_pair(id);
	fake.transport->message_bytes = 512;
	flush();
	assert_int_equal(session(1)->flows, 10);
	assert_in_range(session(1)->longest, 300, 1452);
	expect_outcome(20, 0);
}

static void collector_half_of_a_pair_is_a_flow(void **state)
{
	struct flow_record half = make_record(5);

	(void)state;
	settings.biflow = 1;
	create("tcp:");
	half.biflow = FLOW_BIFLOW_FORWARD;
	send_record(&half);
	flush();
	half.biflow = FLOW_BIFLOW_REVERSE;
	send_record(&half);
	flush();
	assert_null(session(1)->problem);
	assert_int_equal(session(1)->flows, 2);
	expect_outcome(2, 0);
}

static void collector_without_pairs_gets_both_halves(void **state)
{
	(void)state;
	create("tcp:");
	send_pair(0);
	flush();
	expect_ids_once(2);
	expect_outcome(2, 0);
}

static void netflow5_counts_interfaces_it_has_no_room_for(void **state)
{
	struct flow_record record = make_record(1);
	uint64_t warnings = log_count(LOG_WARNING);

	(void)state;
	driver = &export_driver_netflow5;
	create("udp:");
	record.ingress_ifindex = 65535;
	record.egress_ifindex = 65536;
	for (int i = 0; i < 2; i++) {
		send_record(&record);
		flush();
	}
	expect_outcome(2, 0);
	assert_int_equal(control.outcome.unknown_interfaces, 2);
	assert_int_equal(log_count(LOG_WARNING), warnings + 1); /* once */
}

static void netflow5_counts_what_it_cannot_carry(void **state)
{
	struct flow_record ipv6 = make_record(1);

	(void)state;
	driver = &export_driver_netflow5;
	create("udp:");
	ipv6.key.kind |= FLOW_KEY_IPV6;
	for (int i = 0; i < 3; i++)
		send_record(&ipv6);
	send_records(0, 2);
	flush();
	assert_int_equal(control.outcome.unsupported.records, 3);
	assert_int_equal(control.outcome.unsupported.packets, 6);
	assert_int_equal(control.outcome.unsupported.octets, 300);
	assert_int_equal(control.outcome.sent.records, 2);
	assert_int_equal(fake.messages, 1);
	assert_int_equal(fake.plain[0][1], 5);
	assert_int_equal(fake.plain[0][3], 2);
}

static void netflow5_record_in_parts_counts_once(void **state)
{
	const uint64_t octets = 3ull * UINT32_MAX + 7;
	struct flow_record large = make_record(1);
	uint64_t sum = 0, packets = 0;

	(void)state;
	driver = &export_driver_netflow5;
	create("udp:");
	large.octets = octets;
	large.packets = 10;
	send_records(2, 28);
	send_record(&large); /* two parts in the first message, two in the next */
	flush();
	assert_int_equal(fake.messages, 2);
	assert_int_equal(fake.plain[0][3], 30);
	assert_int_equal(fake.plain[1][3], 2);
	for (size_t i = 0; i < 4; i++) {
		const unsigned char *record = i < 2 ? fake.plain[0] + 24 + (28 + i) * 48
						    : fake.plain[1] + 24 + (i - 2) * 48;

		packets += get_u32(record + 16);
		sum += get_u32(record + 20);
	}
	assert_int_equal(sum, octets);
	assert_int_equal(packets, 10);
	assert_int_equal(control.outcome.sent.records, 29);
	assert_int_equal(control.outcome.sent.packets, 28 * 2 + 10);
	assert_int_equal(control.outcome.sent.octets, 28 * 100 + octets);
}

static void netflow5_refuses_sampling_it_cannot_say(void **state)
{
	(void)state;
	driver = &export_driver_netflow5;
	identity.sampling_interval = 16384;
	expect_create_fails("udp:", "NetFlow v5 cannot say that one packet in 16384 is counted, "
				    "only up to 16383; use netflow9 or ipfix, or a smaller "
				    "--sampling");
	identity.sampling_interval = 16383;
	create("udp:");
}

static void netflow9_is_introduced_twice_and_refreshed(void **state)
{
	size_t templates = 0;

	(void)state;
	driver = &export_driver_netflow9;
	create("udp:");
	send_records(0, 3);
	flush();
	assert_int_equal(fake.messages, 3);
	later_ns = REFRESH_NS;
	tick();
	assert_int_equal(fake.messages, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(fake.plain[i][1], 9);
		assert_int_equal(get_u32(fake.plain[i] + 12), i); /* sequence of packets */
		templates += fake.plain[i][20] == 0 && fake.plain[i][21] == 0;
	}
	assert_int_equal(templates, 3);
	expect_outcome(3, 0);
}

static void collector_targets_are_those_of_the_protocol(void **state)
{
	(void)state;
	expect_create_fails("sctp://h", "\"sctp://h\" is no target for ipfix; it must begin with "
					"one of: udp:, tcp:, tls:, file:");
	expect_create_fails("udpx://h", "\"udpx://h\" is no target for ipfix; it must begin with "
					"one of: udp:, tcp:, tls:, file:");
	driver = &export_driver_netflow9;
	expect_create_fails("tcp:", "\"tcp:\" is no target for netflow9; it must begin with one "
				    "of: udp:");
	driver = &export_driver_netflow5;
	expect_create_fails("", "\"\" is no target for netflow5; it must begin with one of: udp:");
	fake.refuses = 1;
	expect_create_fails("udp:", "no such place");
}

#define COLLECTOR_TEST(function) \
	cmocka_unit_test_setup_teardown(function, collector_set_up, collector_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COLLECTOR_TEST(collector_is_introduced_to_twice_where_messages_get_lost),
		COLLECTOR_TEST(collector_is_introduced_to_once_where_they_do_not),
		COLLECTOR_TEST(collector_with_records_is_introduced_to_before_them),
		COLLECTOR_TEST(collector_without_flows_is_left_alone_until_the_refresh),
		COLLECTOR_TEST(collector_is_refreshed_between_flows),
		COLLECTOR_TEST(collector_refresh_without_losses_repeats_no_template),
		COLLECTOR_TEST(collector_that_is_nudged_hears_it_again_twice_a_second),
		COLLECTOR_TEST(collector_of_a_new_session_is_introduced_to_anew),
		COLLECTOR_TEST(collector_gets_the_totals_in_the_end),
		COLLECTOR_TEST(collector_that_was_never_there_gets_no_totals),
		COLLECTOR_TEST(collector_asks_the_transport_when_to_settle),
		COLLECTOR_TEST(collector_learns_which_interfaces_have_changed),
		COLLECTOR_TEST(collector_learns_which_interfaces_have_changed_without_losses),
		COLLECTOR_TEST(collector_learns_interfaces_that_come_late),
		COLLECTOR_TEST(collector_gets_full_messages),
		COLLECTOR_TEST(collector_message_length_may_be_configured),
		COLLECTOR_TEST(collector_message_length_that_is_impossible_is_refused),
		COLLECTOR_TEST(collector_follows_a_path_that_changes),
		COLLECTOR_TEST(collector_pairs_are_one_flow_each),
		COLLECTOR_TEST(collector_pairs_stay_together_in_shorter_messages),
		COLLECTOR_TEST(collector_half_of_a_pair_is_a_flow),
		COLLECTOR_TEST(collector_without_pairs_gets_both_halves),
		COLLECTOR_TEST(netflow5_counts_what_it_cannot_carry),
		COLLECTOR_TEST(netflow5_counts_interfaces_it_has_no_room_for),
		COLLECTOR_TEST(netflow5_record_in_parts_counts_once),
		COLLECTOR_TEST(netflow5_refuses_sampling_it_cannot_say),
		COLLECTOR_TEST(netflow9_is_introduced_twice_and_refreshed),
		COLLECTOR_TEST(collector_targets_are_those_of_the_protocol),
	};

	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
