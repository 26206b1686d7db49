// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: Template Sets, and how long Templates live over which
 * transport. What is in a Template is the subject of test_ipfix_shapes.
 */
#include "ipfix_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ipfix_fixture.h"

#define SECOND_NS IPFIX_FIXTURE_SECOND_NS

static struct ipfix_fixture fixture;
static struct ipfix_builder *const builder = &fixture.builder;

static const struct ipfix_specifier ports[] = {{.id = 7, .length = 2}, {.id = 11, .length = 2}};
static const struct ipfix_specifier ports_reduced[] = {{.id = 7, .length = 2},
						       {.id = 11, .length = 1}};
static const struct ipfix_specifier scoped_ports[] = {{.id = 149, .length = 4},
						      {.id = 11, .length = 2}};

static const struct ipfix_check_config tcp = {.transport = IPFIX_OVER_TCP};

static void send_template(uint16_t id, const struct ipfix_specifier *specifiers)
{
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, id, specifiers, 2);
	ipfix_fixture_send(&fixture, 0);
}

static void send_options_template(uint16_t id)
{
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, id, 1, scoped_ports, 2);
	ipfix_fixture_send(&fixture, 0);
}

static void send_ports(uint16_t id)
{
	ipfix_fixture_begin(&fixture, id);
	ipfix_builder_number(builder, 1, 2);
	ipfix_builder_number(builder, 2, 2);
	ipfix_fixture_send(&fixture, 1);
}

static void send_withdrawal(uint16_t set_id, uint16_t id)
{
	ipfix_fixture_begin(&fixture, set_id);
	ipfix_builder_number(builder, id, 2);
	ipfix_builder_number(builder, 0, 2);
	ipfix_fixture_send(&fixture, 0);
}

/* --- the format of Template Sets --- */

static void ipfix_template_id_below_256_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_template(255, ports);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Template ID 255 is below 256 [RFC 7011 3.4.1]",
			     NULL);
	send_template(65535, ports);
	send_ports(65535);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_field_count_beyond_its_set_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_patch(builder, 22, 3);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 32: field 3 of 3 of Template 256 is not in the Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_builder_patch(builder, 22, 65535);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 32: field 3 of 65535 of Template 256 is not in the "
			     "Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_field_count_below_what_is_there_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, &tcp);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_patch(builder, 22, 1);
	ipfix_fixture_send(&fixture, 0);
	/* The second field reads as a record of its own: ID 11 with two fields. */
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 32: field 1 of 2 of Template 11 is not in the Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_enterprise_bit_without_a_number_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_patch(builder, 28, 0x8000 | 11);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 28: field 2 of 2 of Template 256 is not in the Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_enterprise_number_without_the_bit_is_reported(void **state)
{
	static const struct ipfix_specifier specifiers[] = {
		{.id = 1, .length = 8, .enterprise = 0x01020304}, {.id = 2, .length = 8}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, specifiers, 2);
	ipfix_builder_patch(builder, 24, 1);
	ipfix_fixture_send(&fixture, 0);
	/* The number reads as element 258 with length 772, and the rest as a cut record. */
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Template 256: collectionTimeMilliseconds is "
			     "dateTimeMilliseconds, which cannot have length 772 [RFC 7011 6.2]",
			     "message 2 octet 36: field 1 of 8 of Template 2 is not in the Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_padding_of_its_set_is_zero_and_short(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_number(builder, 0, 4); /* to a multiple of 8 */
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 301, 1, scoped_ports, 2);
	ipfix_builder_number(builder, 0, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, NULL);

	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_number(builder, 0, 8);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 32: padding of 8 octets is as long as a record [RFC "
			     "7011 3.3.1]",
			     NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 301, 1, scoped_ports, 2);
	ipfix_builder_number(builder, 0, 8);
	ipfix_builder_number(builder, 0, 6);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 5 octet 34: padding of 14 octets is as long as a record [RFC "
			     "7011 3.3.1]",
			     NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_number(builder, 0x0001, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, "message 6 octet 32: padding is not zero [RFC 7011 3.3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_options_cut_before_their_scope_count_are_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_number(builder, 301, 2);
	ipfix_builder_number(builder, 2, 2);
	ipfix_builder_number(builder, 1, 1);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Options Template 301 is cut short "
			     "[RFC 7011 3.4.2.2]",
			     NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_number(builder, 301, 2);
	ipfix_builder_number(builder, 2, 2);
	ipfix_builder_number(builder, 1, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 26: field 1 of 2 of Template 301 is not in the Set "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_two_options_in_one_set_are_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 301, 1, scoped_ports, 2);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 302, 1, scoped_ports, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 301, 1, scoped_ports, 2);
	ipfix_builder_options_template(builder, 302, 1, scoped_ports, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 16: 2 Options Template Records in one Set [own rule]",
			     NULL);
	ipfix_fixture_begin(&fixture, 2); /* of Templates there may be several */
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_template(builder, 257, ports, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_close(&fixture);
}

/* --- IDs --- */

static void ipfix_template_redefinition_of_a_live_id_is_reported(void **state)
{
	static const struct ipfix_check_config configs[] = {
		{.transport = IPFIX_OVER_UDP},
		{.transport = IPFIX_OVER_TCP},
		{.transport = IPFIX_IN_FILE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
		ipfix_fixture_open(&fixture, &configs[i]);
		send_template(256, ports);
		fixture.arrival_ns += 1000000 * SECOND_NS;
		send_template(256, ports_reduced);
		ipfix_fixture_expect(&fixture,
				     "message 3 octet 20: Template 256 is another than the live "
				     "one [RFC 7011 8.1]",
				     NULL);
		ipfix_fixture_begin(&fixture, 256); /* the new one counts */
		ipfix_builder_number(builder, 0x000102, 3);
		ipfix_fixture_send(&fixture, 1);
		assert_int_equal(fixture.last_numbers[1], 2);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_template_with_a_field_more_or_less_is_another(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 1);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_template(builder, 256, ports, 1);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(
		&fixture,
		"message 2 octet 28: Template 256 is another than the live one [RFC 7011 8.1]",
		"message 2 octet 40: Template 256 is another than the live one [RFC 7011 8.1]",
		NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_id_of_the_other_kind_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_template(256, ports);
	send_options_template(256);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 20: Options Template 256 has the ID of a live "
			     "Template "
			     "[RFC 7011 3.4.1]",
			     NULL);
	send_template(IPFIX_FIXTURE_SAMPLING, ports);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 20: Template 300 has the ID of a live Options "
			     "Template "
			     "[RFC 7011 3.4.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_scope_is_part_of_its_shape(void **state)
{
	static const struct ipfix_specifier three[] = {
		{.id = 149, .length = 4}, {.id = 143, .length = 4}, {.id = 11, .length = 2}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 301, 1, three, 3);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 301, 2, three, 3);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 42: Options Template 301 is another than the live "
			     "one "
			     "[RFC 7011 8.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_id_may_be_reused_over_udp_after_three_refreshes(void **state)
{
	const struct ipfix_check_config config = {.template_refresh_ns = 10 * SECOND_NS};

	(void)state;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	fixture.arrival_ns += 30 * SECOND_NS;
	send_template(256, ports_reduced);
	ipfix_fixture_expect(&fixture, NULL);
	fixture.arrival_ns += 30 * SECOND_NS - 1;
	send_template(256, ports);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 20: Template 256 is another than the live one [RFC "
			     "7011 8.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- sent again --- */

static void ipfix_template_sent_again_is_counted_and_no_error(void **state)
{
	static const enum ipfix_transport transports[] = {IPFIX_OVER_UDP, IPFIX_OVER_TCP,
							  IPFIX_IN_FILE};
	struct ipfix_check_config config = {0};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		config.transport = transports[i];
		ipfix_fixture_open(&fixture, &config);
		send_template(256, ports);
		send_template(256, ports);
		send_ports(256);
		send_template(256, ports);
		assert_int_equal(ipfix_check_totals(fixture.check)->template_retransmissions, 2);
		assert_int_equal(ipfix_check_totals(fixture.check)->template_records, 4);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_template_sent_again_in_a_stream_is_reported_if_told_to(void **state)
{
	struct ipfix_check_config config = {.templates_once = 1, .transport = IPFIX_OVER_TCP};

	(void)state;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	send_template(256, ports);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 20: Template 256 is sent a second time [own rule]",
			     NULL);
	ipfix_fixture_begin(&fixture, 3);
	ipfix_fixture_put_sampling_template(&fixture);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(
		&fixture,
		"message 4 octet 20: Options Template 300 is sent a second time [own rule]", NULL);
	send_withdrawal(2, 256); /* after which it is a new one */
	send_template(256, ports);
	ipfix_fixture_close(&fixture);

	config.transport = IPFIX_OVER_UDP;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	send_template(256, ports);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_not_refreshed_over_udp_is_reported_once(void **state)
{
	struct ipfix_check_config config = {.template_refresh_ns = 10 * SECOND_NS};

	(void)state;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	fixture.arrival_ns += 10 * SECOND_NS;
	send_ports(256);
	ipfix_fixture_expect(&fixture, NULL);
	fixture.arrival_ns += 1500000000;
	send_ports(256);
	send_ports(256);
	ipfix_fixture_expect(
		&fixture,
		"message 4 octet 16: Template 256 was last sent 11500 ms ago [RFC 7011 8.4]", NULL);
	send_template(256, ports);
	send_ports(256);
	fixture.arrival_ns += 10 * SECOND_NS + 1;
	send_template(257, ports); /* not of data: 256 is no longer active, as far as we know */
	ipfix_fixture_expect(&fixture, NULL);
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_SAMPLING); /* holds for options too */
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(
		&fixture,
		"message 9 octet 16: Template 300 was last sent 21500 ms ago [RFC 7011 8.4]", NULL);
	send_ports(256);
	ipfix_fixture_expect(&fixture,
			     "message 10 octet 16: Template 256 was last sent 10000 ms ago "
			     "[RFC 7011 8.4]",
			     NULL);
	ipfix_fixture_close(&fixture);

	config.transport = IPFIX_OVER_TCP;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	fixture.arrival_ns += 100 * SECOND_NS;
	send_ports(256);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_options_not_refreshed_over_udp_are_reported_once(void **state)
{
	struct ipfix_check_config config = {.options_refresh_ns = 10 * SECOND_NS};

	(void)state;
	ipfix_fixture_open(&fixture, &config);
	send_options_template(301); /* without records: nothing to repeat */
	send_template(256, ports);
	fixture.arrival_ns += 10 * SECOND_NS;
	send_ports(256);
	ipfix_fixture_expect(&fixture, NULL);
	fixture.arrival_ns += 1;
	send_ports(256);
	send_ports(256);
	ipfix_fixture_expect(&fixture,
			     "message 5 octet 0: no record of Options Template 300 of domain 7 for "
			     "10000 ms [own rule]",
			     NULL);
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	fixture.arrival_ns += 10 * SECOND_NS;
	send_ports(256);
	fixture.arrival_ns += 10 * SECOND_NS;
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 9 octet 0: no record of Options Template 300 of domain 7 for "
			     "20000 ms [own rule]",
			     NULL);
	fixture.arrival_ns += 9 * SECOND_NS;
	send_template(257, ports); /* there may be no flows for longer */
	ipfix_fixture_close(&fixture);

	config.transport = IPFIX_OVER_TCP;
	ipfix_fixture_open(&fixture, &config);
	send_template(256, ports);
	fixture.arrival_ns += 100 * SECOND_NS;
	send_ports(256);
	ipfix_fixture_close(&fixture);
}

/* --- withdrawals --- */

static void ipfix_template_withdrawal_over_udp_is_reported_and_ignored(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_template(256, ports);
	send_withdrawal(2, 256);
	ipfix_fixture_expect(
		&fixture, "message 3 octet 20: withdrawal of Template 256 over UDP [RFC 7011 8.4]",
		NULL);
	send_withdrawal(2, 2);
	ipfix_fixture_expect(&fixture,
			     "message 4 octet 20: withdrawal of Template 2 over UDP [RFC 7011 8.4]",
			     NULL);
	send_ports(256);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_withdrawal_ends_its_use_and_frees_its_id(void **state)
{
	static const struct ipfix_check_config file = {.transport = IPFIX_IN_FILE};
	const struct ipfix_check_config *const configs[] = {&tcp, &file};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ipfix_fixture_open(&fixture, configs[i]);
		send_template(256, ports);
		send_ports(256);
		send_withdrawal(2, 256);
		ipfix_fixture_expect(&fixture, NULL);
		send_ports(256);
		ipfix_fixture_expect(&fixture,
				     "message 5 octet 16: Set of Template 256, which is no longer "
				     "there [RFC 7011 8.2]",
				     NULL);
		send_options_template(256);
		assert_int_equal(ipfix_check_records(fixture.check, IPFIX_FIXTURE_DOMAIN, 256), 1);
		ipfix_fixture_begin(&fixture, 256);
		ipfix_builder_number(builder, IPFIX_FIXTURE_DOMAIN, 4);
		ipfix_builder_number(builder, 11, 2);
		ipfix_fixture_send(&fixture, 1);
		assert_int_equal(ipfix_check_records(fixture.check, IPFIX_FIXTURE_DOMAIN, 256), 2);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_template_withdrawal_of_all_is_of_one_kind_and_domain(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, &tcp);
	send_template(256, ports);
	send_template(257, ports);
	send_options_template(301);
	fixture.domain = 8;
	fixture.sequence = 0;
	send_template(256, ports);
	fixture.domain = IPFIX_FIXTURE_DOMAIN;
	fixture.sequence = 1;
	send_withdrawal(2, 2);
	ipfix_fixture_expect(&fixture, NULL);
	send_ports(256);
	send_ports(257);
	ipfix_fixture_expect(
		&fixture,
		"message 7 octet 16: Set of Template 256, which is no longer there [RFC 7011 8.2]",
		"message 8 octet 16: Set of Template 257, which is no longer there [RFC 7011 8.2]",
		NULL);
	send_withdrawal(3, 301); /* is still there */
	send_withdrawal(3, 3);
	ipfix_fixture_expect(&fixture, NULL);
	send_withdrawal(3, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_expect(&fixture,
			     "message 11 octet 20: withdrawal of Template 300, which is not there "
			     "[RFC 7011 8.1]",
			     NULL);
	fixture.domain = 8;
	fixture.sequence = 0;
	send_withdrawal(2, 256);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_withdrawal_of_what_is_not_there_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, &tcp);
	send_withdrawal(2, 256);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: withdrawal of Template 256, which is not there "
			     "[RFC 7011 8.1]",
			     NULL);
	send_withdrawal(2, 3); /* all Options Templates, in the wrong Set */
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 20: withdrawal of Template 3, which is not there "
			     "[RFC 7011 8.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_withdrawal_in_a_set_of_the_other_kind_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, &tcp);
	send_withdrawal(2, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: withdrawal of Options Template 300 in a Set for "
			     "the other kind [RFC 7011 8.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_template_withdrawals_take_effect_in_their_order(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, &tcp);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 256, ports, 2);
	ipfix_builder_set(builder, 256);
	ipfix_builder_number(builder, 0x00010002, 4);
	ipfix_builder_set(builder, 2);
	ipfix_builder_number(builder, 256, 2);
	ipfix_builder_number(builder, 0, 2);
	ipfix_builder_template(builder, 256, ports_reduced, 2);
	ipfix_builder_set(builder, 256);
	ipfix_builder_number(builder, 0x000102, 3);
	ipfix_fixture_send(&fixture, 2);
	assert_int_equal(fixture.record_count, 3);
	ipfix_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_template_id_below_256_is_reported),
		cmocka_unit_test(ipfix_template_field_count_beyond_its_set_is_reported),
		cmocka_unit_test(ipfix_template_field_count_below_what_is_there_is_reported),
		cmocka_unit_test(ipfix_template_enterprise_bit_without_a_number_is_reported),
		cmocka_unit_test(ipfix_template_enterprise_number_without_the_bit_is_reported),
		cmocka_unit_test(ipfix_template_padding_of_its_set_is_zero_and_short),
		cmocka_unit_test(ipfix_template_options_cut_before_their_scope_count_are_reported),
		cmocka_unit_test(ipfix_template_two_options_in_one_set_are_reported),
		cmocka_unit_test(ipfix_template_redefinition_of_a_live_id_is_reported),
		cmocka_unit_test(ipfix_template_with_a_field_more_or_less_is_another),
		cmocka_unit_test(ipfix_template_id_of_the_other_kind_is_reported),
		cmocka_unit_test(ipfix_template_scope_is_part_of_its_shape),
		cmocka_unit_test(ipfix_template_id_may_be_reused_over_udp_after_three_refreshes),
		cmocka_unit_test(ipfix_template_sent_again_is_counted_and_no_error),
		cmocka_unit_test(ipfix_template_sent_again_in_a_stream_is_reported_if_told_to),
		cmocka_unit_test(ipfix_template_not_refreshed_over_udp_is_reported_once),
		cmocka_unit_test(ipfix_template_options_not_refreshed_over_udp_are_reported_once),
		cmocka_unit_test(ipfix_template_withdrawal_over_udp_is_reported_and_ignored),
		cmocka_unit_test(ipfix_template_withdrawal_ends_its_use_and_frees_its_id),
		cmocka_unit_test(ipfix_template_withdrawal_of_all_is_of_one_kind_and_domain),
		cmocka_unit_test(ipfix_template_withdrawal_of_what_is_not_there_is_reported),
		cmocka_unit_test(ipfix_template_withdrawal_in_a_set_of_the_other_kind_is_reported),
		cmocka_unit_test(ipfix_template_withdrawals_take_effect_in_their_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
