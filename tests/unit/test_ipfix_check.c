// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: messages, Sets, sums and limits. What is about the order of
 * messages is in test_ipfix_order.
 *
 * Each mistake is made once, alone, and the decoder must say exactly what is wrong with it and
 * nothing else; and sessions without a mistake must leave it silent.
 */
#include "ipfix_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_fixture.h"

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

/* --- clean sessions --- */

static void ipfix_check_clean_session_over_any_transport_is_silent(void **state)
{
	static const enum ipfix_transport transports[] = {IPFIX_OVER_UDP, IPFIX_OVER_TCP,
							  IPFIX_IN_FILE};
	struct ipfix_check_config config = {.max_message_bytes = 1452};
	const struct ipfix_check_totals *totals;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		config.transport = transports[i];
		ipfix_fixture_open(&fixture, &config);
		send_flows(3);
		fixture.export_time++;
		begin_flows(2);
		ipfix_fixture_send(&fixture, 2);
		begin_flows(1);
		ipfix_fixture_send(&fixture, 1);
		totals = ipfix_check_totals(fixture.check);
		assert_int_equal(totals->violations, 0);
		assert_int_equal(totals->messages, 4);
		assert_int_equal(totals->flow_records, 6);
		assert_int_equal(totals->options_records, 1);
		assert_int_equal(totals->template_records, 2);
		assert_int_equal(totals->template_retransmissions, 0);
		assert_int_equal(totals->octets, 6 * 60);
		assert_int_equal(totals->packets, 6);
		assert_int_equal(ipfix_check_records(fixture.check, IPFIX_FIXTURE_DOMAIN,
						     IPFIX_FIXTURE_FLOW),
				 6);
		assert_int_equal(ipfix_check_records(fixture.check, IPFIX_FIXTURE_DOMAIN,
						     IPFIX_FIXTURE_SAMPLING),
				 1);
		assert_int_equal(ipfix_check_records(fixture.check, 0, IPFIX_FIXTURE_FLOW), 0);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_check_records_are_delivered_with_names_and_values(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	assert_int_equal(fixture.record_count, 1);
	assert_int_equal(fixture.last.domain, IPFIX_FIXTURE_DOMAIN);
	assert_int_equal(fixture.last.template_id, IPFIX_FIXTURE_SAMPLING);
	assert_true(fixture.last.is_options);
	assert_int_equal(fixture.last.scope_count, 1);
	assert_int_equal(fixture.last.count, 2);
	assert_int_equal(fixture.last_numbers[0], IPFIX_FIXTURE_DOMAIN);
	assert_int_equal(fixture.last_numbers[1], 1);
	send_flows(1);
	assert_int_equal(fixture.record_count, 2);
	assert_int_equal(fixture.last.template_id, IPFIX_FIXTURE_FLOW);
	assert_int_equal(fixture.last.export_time, IPFIX_FIXTURE_TIME);
	assert_false(fixture.last.is_options);
	assert_int_equal(fixture.last.scope_count, 0);
	assert_int_equal(fixture.last.count, 13);
	assert_int_equal(fixture.last_numbers[0], 0xc0000201);
	assert_int_equal(fixture.last_numbers[3], 443);
	assert_int_equal(fixture.last_numbers[5], IPFIX_FIXTURE_TIME * 1000ull);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_two_domains_count_and_define_on_their_own(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(5);
	fixture.domain = 8;
	fixture.sequence = 0;
	ipfix_fixture_begin(&fixture, 3);
	ipfix_fixture_put_sampling_template(&fixture);
	ipfix_builder_set(&fixture.builder, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(
		&fixture,
		"message 4 octet 16: Set of Template 256, which is not there [RFC 7011 8]", NULL);
	send_flows(2);
	fixture.domain = 7;
	fixture.sequence = 6;
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

/* --- message header --- */

static void ipfix_check_message_shorter_than_a_header_is_none(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	fixture.builder.size = 15;
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 2 octet 0: 15 octets are no message [RFC 7011 3.1]",
			     NULL);
	fixture.builder.size = 0;
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 3 octet 0: 0 octets are no message [RFC 7011 3.1]",
			     NULL);
	assert_int_equal(ipfix_check_totals(fixture.check)->messages, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_another_version_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_builder_patch(&fixture.builder, 0, 9);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 2 octet 0: version 9 [RFC 7011 3.1]", NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_length_other_than_what_came_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_builder_end(&fixture.builder);
	ipfix_builder_number(&fixture.builder, 0, 1); /* one octet behind the message */
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture,
		"message 2 octet 2: message says it has 76 octets, it has 77 [RFC 7011 3.1]", NULL);
	send_flows(1); /* was understood */
	begin_flows(1);
	ipfix_builder_end(&fixture.builder);
	fixture.builder.size--;
	ipfix_fixture_send_raw(&fixture, 1);
	ipfix_fixture_expect(
		&fixture,
		"message 4 octet 2: message says it has 66 octets, it has 65 [RFC 7011 3.1]", NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_end(&fixture.builder);
	ipfix_builder_patch(&fixture.builder, 2, 15);
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture,
		"message 5 octet 2: message says it has 15 octets, it has 20 [RFC 7011 3.1]", NULL);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_message_longer_than_configured_is_reported(void **state)
{
	const struct ipfix_check_config config = {.max_message_bytes = 100};

	(void)state;
	ipfix_fixture_open(&fixture, &config);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_fixture_send(&fixture, 0);
	begin_flows(1);
	ipfix_fixture_send(&fixture, 1);
	begin_flows(2); /* 16 + 4 + 2 * 46 */
	ipfix_fixture_send(&fixture, 2);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 0: message of 112 octets, configured are 100 [RFC "
			     "7011 10.3.3]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_message_without_a_set_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_builder_begin(&fixture.builder, fixture.export_time, fixture.sequence,
			    fixture.domain);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 2 octet 16: message without a Set [own rule]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- Sets --- */

static void ipfix_check_set_id_below_256_is_reserved(void **state)
{
	static const uint16_t ids[] = {0, 1, 4, 255};
	char line[IPFIX_FIXTURE_LINE_BYTES];
	size_t i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		ipfix_fixture_begin(&fixture, ids[i]);
		ipfix_builder_number(&fixture.builder, 0, 4);
		ipfix_fixture_send(&fixture, 0);
		snprintf(line, sizeof(line),
			 "message %zu octet 16: Set ID %u is not to be used [RFC 7011 3.3.2]",
			 i + 2, ids[i]);
		ipfix_fixture_expect(&fixture, line, NULL);
	}
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_set_length_out_of_bounds_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_builder_end(&fixture.builder);
	ipfix_builder_patch(&fixture.builder, 18, 61);
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 2 octet 18: Set of 61 octets where 60 are left [RFC 7011 3.3.2]",
		NULL);
	ipfix_builder_patch(&fixture.builder, 18, 3);
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 3 octet 18: Set of 3 octets where 60 are left [RFC 7011 3.3.2]",
		NULL);
	ipfix_builder_patch(&fixture.builder, 18, 0);
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 4 octet 18: Set of 0 octets where 60 are left [RFC 7011 3.3.2]",
		NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_octets_after_the_last_set_are_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_fixture_put_flow_template(&fixture);
	ipfix_builder_end(&fixture.builder);
	ipfix_builder_number(&fixture.builder, 0, 3);
	ipfix_builder_patch(&fixture.builder, 2, (uint16_t)fixture.builder.size);
	ipfix_fixture_send_raw(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 2 octet 76: 3 octets after the last Set [RFC 7011 3.3]", NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_set_without_a_record_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(1);
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_FLOW);
	ipfix_builder_number(&fixture.builder, 0, 4);
	ipfix_builder_set(&fixture.builder, 2);
	ipfix_builder_set(&fixture.builder, 3);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 3 octet 16: Set without a record [RFC 7011 2]",
			     "message 3 octet 24: Set without a record [RFC 7011 2]",
			     "message 3 octet 28: Set without a record [RFC 7011 2]", NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_padding_of_a_data_set_is_zero(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(1);
	begin_flows(1);
	ipfix_builder_number(&fixture.builder, 0, 2); /* to a multiple of 4: 4 + 46 + 2 */
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture, NULL);
	begin_flows(1);
	ipfix_builder_number(&fixture.builder, 0x000100, 3);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture, "message 4 octet 67: padding is not zero [RFC 7011 3.3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- sums --- */

static void ipfix_check_sums_keep_what_the_conservation_law_needs(void **state)
{
	static const struct ipfix_specifier biflow[] = {
		{.id = 1, .length = 8},
		{.id = 2, .length = 8},
		{.id = 1, .length = 8, .enterprise = 29305},
		{.id = 2, .length = 3, .enterprise = 29305},
		{.id = 239, .length = 1},
	};
	static const struct ipfix_specifier lost[] = {
		{.id = 144, .length = 4}, {.id = 166, .length = 8}, {.id = 167, .length = 8},
		{.id = 168, .length = 8}, {.id = 323, .length = 8}, {.id = 323, .length = 8},
	};
	static const struct ipfix_specifier ignored[] = {
		{.id = 143, .length = 4}, {.id = 164, .length = 8}, {.id = 165, .length = 8},
		{.id = 323, .length = 8}, {.id = 323, .length = 8},
	};
	static const uint64_t at_ms = IPFIX_FIXTURE_TIME * 1000ull;
	const struct ipfix_check_totals *totals;
	struct ipfix_builder *builder = &fixture.builder;
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 260, biflow, 5);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 301, 1, lost, 6);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 302, 1, ignored, 5);
	ipfix_builder_set(builder, 260);
	for (i = 0; i < 2; i++) {
		ipfix_builder_number(builder, 1ull << 33, 8);
		ipfix_builder_number(builder, 1000, 8);
		ipfix_builder_number(builder, 400, 8);
		ipfix_builder_number(builder, 4, 3);
		ipfix_builder_number(builder, 1, 1);
	}
	for (i = 1; i <= 2; i++) { /* the last one counts */
		ipfix_builder_set(builder, 301);
		ipfix_builder_number(builder, 1, 4);
		ipfix_builder_number(builder, 10 * i, 8);
		ipfix_builder_number(builder, 20 * i, 8);
		ipfix_builder_number(builder, 30 * i, 8);
		ipfix_builder_number(builder, at_ms, 8);
		ipfix_builder_number(builder, at_ms, 8);
	}
	ipfix_builder_set(builder, 302);
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_number(builder, 5, 8);
	ipfix_builder_number(builder, 6, 8);
	ipfix_builder_number(builder, at_ms, 8);
	ipfix_builder_number(builder, at_ms, 8);
	ipfix_fixture_send(&fixture, 5);
	totals = ipfix_check_totals(fixture.check);
	assert_int_equal(totals->octets, 1ull << 34);
	assert_int_equal(totals->packets, 2000);
	assert_int_equal(totals->reverse_octets, 800);
	assert_int_equal(totals->reverse_packets, 8);
	assert_int_equal(totals->not_sent_flows, 20);
	assert_int_equal(totals->not_sent_packets, 40);
	assert_int_equal(totals->not_sent_octets, 60);
	assert_int_equal(totals->ignored_packets, 5);
	assert_int_equal(totals->ignored_octets, 6);
	assert_int_equal(totals->flow_records, 2);
	assert_int_equal(totals->options_records, 4);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_sums_compare_what_was_exported_with_what_came(void **state)
{
	static const struct ipfix_specifier exported[] = {
		{.id = 143, .length = 4},
		{.id = 41, .length = 8},
		{.id = 42, .length = 8},
		{.id = 40, .length = 8},
	};
	const struct ipfix_check_totals *totals;
	uint64_t octets;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	octets = fixture.builder.size;
	send_flows(3);
	octets += fixture.builder.size;
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(&fixture.builder, 303, 1, exported, 4);
	ipfix_builder_set(&fixture.builder, 303);
	ipfix_builder_number(&fixture.builder, 1, 4);
	ipfix_builder_number(&fixture.builder, 2, 8);
	ipfix_builder_number(&fixture.builder, 3, 8);
	ipfix_builder_number(&fixture.builder, octets, 8);
	ipfix_fixture_send(&fixture, 1);
	send_flows(1);
	totals = ipfix_check_totals(fixture.check);
	assert_int_equal(totals->reported.messages, 2);
	assert_int_equal(totals->reported.flow_records, 3);
	assert_int_equal(totals->reported.octets, octets);
	assert_memory_equal(&totals->reported, &totals->measured, sizeof(totals->reported));
	assert_int_equal(totals->octets, 4 * 60);
	ipfix_fixture_close(&fixture);
}

/* --- limits --- */

static void ipfix_check_too_many_domains_are_reported_once(void **state)
{
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	fixture.sequence = 0;
	for (i = 0; i < IPFIX_CHECK_DOMAINS_MAX + 1; i++) {
		fixture.domain = 1000 + i;
		ipfix_fixture_begin(&fixture, 2);
		ipfix_fixture_put_flow_template(&fixture);
		ipfix_fixture_send(&fixture, 0);
	}
	ipfix_fixture_expect(&fixture,
			     "message 65 octet 12: more Observation Domains than the decoder keeps "
			     "[own rule]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_too_many_templates_are_reported_once(void **state)
{
	static const struct ipfix_specifier octets = {.id = 1, .length = 8};
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	for (i = 0; i < IPFIX_CHECK_TEMPLATES_MAX + 1; i++)
		ipfix_builder_template(&fixture.builder, (uint16_t)(1000 + i), &octets, 1);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 2 octet 4108: more Templates than the decoder keeps [own rule]",
		NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_too_many_fields_are_reported_once(void **state)
{
	static struct ipfix_specifier specifiers[16000];
	unsigned int i;

	(void)state;
	for (i = 0; i < 16000; i++)
		specifiers[i] = (struct ipfix_specifier){.id = 1, .length = 8};
	ipfix_fixture_open(&fixture, NULL);
	for (i = 0; i < 3; i++) {
		ipfix_fixture_begin(&fixture, 2);
		ipfix_builder_template(&fixture.builder, (uint16_t)(1000 + i), specifiers, 16000);
		ipfix_fixture_send(&fixture, 0);
	}
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 20: more fields than the decoder keeps [own rule]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_note_of_others_is_counted(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_check_note(fixture.check, "a rule", "%d octets", 3);
	ipfix_fixture_expect(&fixture, "after message 1: 3 octets [a rule]", NULL);
	assert_int_equal(ipfix_check_totals(fixture.check)->violations, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_check_cut_anywhere_is_safe(void **state)
{
	struct ipfix_check_config config = {.enterprise = IPFIX_FIXTURE_ENTERPRISE};
	struct ipfix_check *check;
	size_t size, cut;
	uint8_t *copy;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_flows(2);
	ipfix_fixture_close(&fixture);
	size = fixture.builder.size;
	for (cut = 0; cut < size; cut++) {
		check = ipfix_check_new(&config);
		assert_non_null(check);
		copy = malloc(cut);
		assert_true(copy || !cut);
		if (cut)
			memcpy(copy, fixture.builder.bytes, cut);
		assert_int_equal(ipfix_check_message(check, copy, cut, 0) > 0, 1);
		if (cut >= 16) { /* and a Length that agrees */
			copy[2] = (uint8_t)(cut >> 8);
			copy[3] = (uint8_t)cut;
			ipfix_check_message(check, copy, cut, 0);
		}
		free(copy);
		ipfix_check_free(check);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_check_clean_session_over_any_transport_is_silent),
		cmocka_unit_test(ipfix_check_records_are_delivered_with_names_and_values),
		cmocka_unit_test(ipfix_check_two_domains_count_and_define_on_their_own),
		cmocka_unit_test(ipfix_check_message_shorter_than_a_header_is_none),
		cmocka_unit_test(ipfix_check_another_version_is_reported),
		cmocka_unit_test(ipfix_check_length_other_than_what_came_is_reported),
		cmocka_unit_test(ipfix_check_message_longer_than_configured_is_reported),
		cmocka_unit_test(ipfix_check_message_without_a_set_is_reported),
		cmocka_unit_test(ipfix_check_set_id_below_256_is_reserved),
		cmocka_unit_test(ipfix_check_set_length_out_of_bounds_is_reported),
		cmocka_unit_test(ipfix_check_octets_after_the_last_set_are_reported),
		cmocka_unit_test(ipfix_check_set_without_a_record_is_reported),
		cmocka_unit_test(ipfix_check_padding_of_a_data_set_is_zero),
		cmocka_unit_test(ipfix_check_sums_keep_what_the_conservation_law_needs),
		cmocka_unit_test(ipfix_check_sums_compare_what_was_exported_with_what_came),
		cmocka_unit_test(ipfix_check_too_many_domains_are_reported_once),
		cmocka_unit_test(ipfix_check_too_many_templates_are_reported_once),
		cmocka_unit_test(ipfix_check_too_many_fields_are_reported_once),
		cmocka_unit_test(ipfix_check_note_of_others_is_counted),
		cmocka_unit_test(ipfix_check_cut_anywhere_is_safe),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
