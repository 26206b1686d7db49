// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: what must come before what. Sequence numbers, Export Times,
 * Templates before their data, and the sampling interval before flows.
 */
#include "ipfix_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ipfix_fixture.h"

#define SECOND_NS IPFIX_FIXTURE_SECOND_NS

static struct ipfix_fixture fixture;

/* A message with the flow Template and so many flows. */
static void send_flows(uint32_t count)
{
	uint32_t i;

	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_builder_set(&fixture.builder, IPFIX_FIXTURE_FLOW);
	for (i = 0; i < count; i++)
		ipfix_fixture_put_flow(&fixture);
	ipfix_fixture_send(&fixture, count);
}

/* Nothing but flows, without the Template. */
static void begin_flows(uint32_t count)
{
	uint32_t i;

	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_FLOW);
	for (i = 0; i < count; i++)
		ipfix_fixture_put_flow(&fixture);
}

/* --- sequence numbers --- */

static void ipfix_order_sequence_counts_options_and_not_templates(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(4);
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 0); /* as an exporter that does not count options */
	ipfix_fixture_expect(&fixture, NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 8: sequence number of domain 7 is 5, expected 7: "
			     "repeated or late [RFC 7011 3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sequence_gap_is_reported_and_resynchronised(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(2);
	fixture.sequence += 5;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 8: sequence number of domain 7 is 8, expected 3: "
			     "5 records are missing [RFC 7011 3.1]",
			     NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	assert_int_equal(ipfix_check_totals(fixture.check)->lost_records, 5);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sequence_of_a_duplicate_is_reported_once(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(2);
	begin_flows(3);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_send_raw(&fixture, 3);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 8: sequence number of domain 7 is 3, expected 6: "
			     "repeated or late [RFC 7011 3.1]",
			     NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sequence_that_starts_again_is_reported_once(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(9);
	fixture.sequence = 0;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 8: sequence number of domain 7 is 0, expected 10: "
			     "repeated or late [RFC 7011 3.1]",
			     NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sequence_starts_at_zero(void **state)
{
	(void)state;
	ipfix_fixture_open_silent(&fixture, NULL);
	fixture.sequence = 17;
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 1 octet 8: sequence number of domain 7 starts at 17, not at "
			     "0 "
			     "[RFC 7011 3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sequence_wraps_at_32_bits(void **state)
{
	const struct ipfix_check_config config = {.late_start_ns = SECOND_NS};

	(void)state;
	ipfix_fixture_open_silent(&fixture, &config);
	fixture.sequence = UINT32_MAX - 2;
	ipfix_fixture_begin(&fixture, 3);
	ipfix_fixture_put_sampling_template(&fixture);
	ipfix_builder_set(&fixture.builder, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	send_flows(5); /* UINT32_MAX - 1 to 2 */
	assert_int_equal(fixture.sequence, 3);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture, NULL);
	fixture.sequence = UINT32_MAX;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 8: sequence number of domain 7 is 4294967295, "
			     "expected 4: repeated or late [RFC 7011 3.1]",
			     NULL);
	fixture.sequence += 2;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 5 octet 8: sequence number of domain 7 is 2, expected 0: "
			     "2 records are missing [RFC 7011 3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- times --- */

static void ipfix_order_export_time_never_goes_back(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(1);
	fixture.export_time += 3;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	fixture.export_time -= 2;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 4: Export Time is 2 s before that of the message "
			     "before [own rule]",
			     NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_template_is_never_younger_than_its_data(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	fixture.export_time += 10;
	send_flows(1);
	fixture.export_time -= 1;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 4: Export Time is 1 s before that of the message "
			     "before [own rule]",
			     "message 3 octet 16: Set of Template 256 has an Export Time before "
			     "the Template's "
			     "[RFC 7011 8.2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_late_start_excuses_templates_until_it_is_over(void **state)
{
	const struct ipfix_check_config config = {.late_start_ns = 30 * SECOND_NS};

	(void)state;
	ipfix_fixture_open_silent(&fixture, &config);
	fixture.sequence = 1000;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	fixture.arrival_ns += 29 * SECOND_NS;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	send_flows(1); /* also without samplingInterval */
	ipfix_fixture_expect(&fixture, NULL);
	assert_int_equal(ipfix_check_totals(fixture.check)->undecoded_sets, 2);
	fixture.arrival_ns += SECOND_NS;
	ipfix_fixture_begin(&fixture, 999);
	ipfix_builder_number(&fixture.builder, 1, 4);
	ipfix_fixture_send(&fixture, 1);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 16: Set of Template 999, which is not there [RFC "
			     "7011 8]",
			     "message 5 octet 16: flow records of domain 7 before its "
			     "samplingInterval [goflow2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- Templates before data, sampling before flows --- */

static void ipfix_order_data_before_its_template_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(
		&fixture,
		"message 2 octet 16: Set of Template 256, which is not there [RFC 7011 8]", NULL);
	begin_flows(1); /* also in the same message */
	ipfix_builder_set(&fixture.builder, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(
		&fixture,
		"message 3 octet 16: Set of Template 256, which is not there [RFC 7011 8]", NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_order_sampling_is_announced_before_flows_in_each_domain(void **state)
{
	(void)state;
	ipfix_fixture_open_silent(&fixture, NULL);
	send_flows(1);
	ipfix_fixture_expect(&fixture,
			     "message 1 octet 76: flow records of domain 7 before its "
			     "samplingInterval [goflow2]",
			     NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	fixture.domain = 9;
	fixture.sequence = 0;
	send_flows(1);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 76: flow records of domain 9 before its "
			     "samplingInterval [goflow2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_order_sequence_counts_options_and_not_templates),
		cmocka_unit_test(ipfix_order_sequence_gap_is_reported_and_resynchronised),
		cmocka_unit_test(ipfix_order_sequence_of_a_duplicate_is_reported_once),
		cmocka_unit_test(ipfix_order_sequence_that_starts_again_is_reported_once),
		cmocka_unit_test(ipfix_order_sequence_starts_at_zero),
		cmocka_unit_test(ipfix_order_sequence_wraps_at_32_bits),
		cmocka_unit_test(ipfix_order_export_time_never_goes_back),
		cmocka_unit_test(ipfix_order_template_is_never_younger_than_its_data),
		cmocka_unit_test(ipfix_order_late_start_excuses_templates_until_it_is_over),
		cmocka_unit_test(ipfix_order_data_before_its_template_is_reported),
		cmocka_unit_test(ipfix_order_sampling_is_announced_before_flows_in_each_domain),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
