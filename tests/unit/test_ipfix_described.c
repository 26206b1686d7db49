// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: enterprise-specific elements and the records that describe
 * them (RFC 5610).
 */
#include "ipfix_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_fixture.h"

#define OWN IPFIX_FIXTURE_ENTERPRISE
#define VARIABLE IPFIX_VARIABLE
#define DESCRIPTION 301

enum data_type {
	UNSIGNED32 = 3,
	UNSIGNED64 = 4,
	FLOAT64 = 10,
	BOOLEAN = 11,
	STRING = 13,
	IPV4 = 18
};

static const struct ipfix_specifier description_fields[] = {
	{346, 4, 0}, /* privateEnterpriseNumber */
	{303, 2, 0}, /* informationElementId */
	{339, 1, 0}, /* informationElementDataType */
	{344, 1, 0}, /* informationElementSemantics */
	{341, VARIABLE, 0}, /* informationElementName */
};

static const struct ipfix_specifier process_fields[] = {
	{1, 8, OWN}, /* a number */
	{2, VARIABLE, OWN}, /* a name */
};

static struct ipfix_fixture fixture;
static struct ipfix_builder *const builder = &fixture.builder;

static void put_description(uint32_t enterprise, uint16_t id, uint8_t type, uint8_t semantics,
			    const char *name)
{
	ipfix_builder_number(builder, enterprise, 4);
	ipfix_builder_number(builder, id, 2);
	ipfix_builder_number(builder, type, 1);
	ipfix_builder_number(builder, semantics, 1);
	ipfix_builder_variable(builder, name, strlen(name));
}

/* A message with the Options Template and one description, whose record starts at 54. */
static void send_description(uint32_t enterprise, uint16_t id, uint8_t type, uint8_t semantics,
			     const char *name)
{
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, DESCRIPTION, 2, description_fields, 5);
	ipfix_builder_number(builder, 0, 4);
	ipfix_builder_set(builder, DESCRIPTION);
	put_description(enterprise, id, type, semantics, name);
	ipfix_fixture_send(&fixture, 1);
}

static void send_process(const char *name, size_t size)
{
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 400, process_fields, 2);
	ipfix_builder_set(builder, 400);
	ipfix_builder_number(builder, 4711, 8);
	ipfix_builder_variable(builder, name, size);
	ipfix_fixture_send(&fixture, 1);
}

static void ipfix_described_elements_are_accepted_before_and_after_their_use(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_description(OWN, 1, UNSIGNED64, 4, "processId");
	send_process("nginx", 5);
	assert_int_equal(fixture.last_numbers[0], 4711);
	send_description(OWN, 2, STRING, 0, "processName");
	send_description(OWN, 2, STRING, 0, "processName");
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_elements_in_one_set_are_all_read(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_process("nginx", 5);
	send_description(OWN, 1, UNSIGNED64, 4, "processId");
	ipfix_fixture_begin(&fixture, DESCRIPTION);
	put_description(OWN, 2, STRING, 0, "processName");
	put_description(OWN, 3, IPV4, 0, "podAddress");
	ipfix_fixture_send(&fixture, 2);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_missing_is_reported_at_the_end_once_per_element(void **state)
{
	static const struct ipfix_specifier other_length[] = {{1, 4, OWN}, {4, 1, 0}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_process("nginx", 5);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 401, other_length, 2);
	ipfix_fixture_send(&fixture, 0);
	send_description(OWN, 3, STRING, 0, "unused");
	ipfix_fixture_expect(&fixture, NULL);
	assert_int_equal(ipfix_check_finish(fixture.check), 2);
	ipfix_fixture_expect(
		&fixture,
		"after message 4: element 1 of enterprise 32473 was never described [RFC 5610 3.9]",
		"after message 4: element 2 of enterprise 32473 was never described [RFC 5610 3.9]",
		NULL);
	ipfix_fixture_close(&fixture); /* finishing again adds nothing */
}

static void ipfix_described_type_that_does_not_fit_the_length_is_reported(void **state)
{
	static const struct ipfix_specifier shorter[] = {{1, 3, OWN}, {4, 1, 0}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_process("nginx", 5);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 401, process_fields, 2); /* reported once all the same */
	ipfix_builder_template(builder, 402, shorter, 2); /* fits */
	ipfix_fixture_send(&fixture, 0);
	send_description(OWN, 1, UNSIGNED32, 4, "processId");
	send_description(OWN, 2, IPV4, 0, "processName");
	ipfix_fixture_expect(&fixture, NULL);
	assert_int_equal(ipfix_check_finish(fixture.check), 2);
	ipfix_fixture_expect(&fixture,
			     "after message 5: element 1 is unsigned32, which cannot have length 8 "
			     "[RFC 5610 3.1]",
			     "after message 5: element 2 is ipv4Address, which cannot have length "
			     "65535 "
			     "[RFC 5610 3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_without_its_key_is_ignored(void **state)
{
	static const struct ipfix_specifier keys[] = {{346, 4, 0}, {303, 2, 0}};
	struct ipfix_specifier fields[] = {{0, 0, 0}, {339, 1, 0}};
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ipfix_fixture_open(&fixture, NULL);
		fields[0] = keys[i];
		ipfix_fixture_begin(&fixture, 3);
		ipfix_builder_options_template(builder, DESCRIPTION, 1, fields, 2);
		ipfix_builder_set(builder, DESCRIPTION);
		ipfix_builder_number(builder, OWN, fields[0].length);
		ipfix_builder_number(builder, UNSIGNED64, 1);
		ipfix_fixture_send(&fixture, 1);
		ipfix_fixture_expect(&fixture,
				     "message 2 octet 20: Options Template 301: "
				     "informationElementDataType without privateEnterpriseNumber "
				     "and "
				     "informationElementId as scope [RFC 5610 3.9]",
				     NULL);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_described_otherwise_than_before_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_description(OWN, 1, UNSIGNED64, 4, "processId");
	send_description(OWN, 1, UNSIGNED32, 4, "processId");
	send_description(OWN, 1, UNSIGNED64, 1, "processId");
	send_description(OWN, 1, UNSIGNED64, 4, "pid");
	ipfix_fixture_expect(
		&fixture,
		"message 3 octet 54: element 1 is described otherwise than before [RFC 5610 3.9]",
		"message 4 octet 54: element 1 is described otherwise than before [RFC 5610 3.9]",
		"message 5 octet 54: element 1 is described otherwise than before [RFC 5610 3.9]",
		NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_type_that_there_is_not_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_description(OWN, 1, 22, 0, "list");
	ipfix_fixture_expect(&fixture, NULL);
	send_description(OWN, 2, 23, 0, "what");
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 54: element 2 has data type 23 [RFC 5610 3.1]", NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_semantics_suit_the_type(void **state)
{
	static const struct {
		uint8_t type;
		uint8_t semantics;
		const char *name; /* of the type, if it is wrong */
	} cases[] = {
		{UNSIGNED64, 0, NULL},
		{UNSIGNED64, 1, NULL},
		{UNSIGNED64, 2, NULL},
		{UNSIGNED64, 3, NULL},
		{UNSIGNED64, 4, NULL},
		{UNSIGNED64, 5, NULL},
		{UNSIGNED64, 6, "unsigned64"},
		{8, 4, NULL},
		{8, 5, "signed64"},
		{FLOAT64, 3, NULL},
		{FLOAT64, 4, "float64"},
		{STRING, 0, NULL},
		{STRING, 4, "string"},
		{IPV4, 0, NULL},
		{IPV4, 4, "ipv4Address"},
		{BOOLEAN, 5, "boolean"},
		{15, 1, "dateTimeMilliseconds"},
	};
	char line[IPFIX_FIXTURE_LINE_BYTES];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ipfix_fixture_open(&fixture, NULL);
		send_description(OWN, 1, cases[i].type, cases[i].semantics, "e");
		snprintf(line, sizeof(line),
			 "message 2 octet 54: element 1 is %s, which cannot have semantics %u "
			 "[RFC 5610 3.10]",
			 cases[i].name ? cases[i].name : "", cases[i].semantics);
		ipfix_fixture_expect(&fixture, cases[i].name ? line : NULL, NULL);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_described_element_of_another_enterprise_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_description(9, 1, UNSIGNED64, 0, "theirs");
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 54: description of an element of enterprise 9, which "
			     "is not expected [own rule]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_values_are_checked_by_their_type(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	send_process("\xff", 1); /* not known to be a string */
	ipfix_fixture_expect(&fixture, NULL);
	send_description(OWN, 1, UNSIGNED64, 4, "processId");
	send_description(OWN, 2, STRING, 0, "processName");
	ipfix_fixture_begin(&fixture, 400);
	ipfix_builder_number(builder, 4711, 8);
	ipfix_builder_variable(builder, "\xff", 1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 5 octet 29: Template 400: processName is not UTF-8 [RFC 7011 "
			     "6.1.6]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_too_many_are_reported_once(void **state)
{
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	for (i = 0; i < IPFIX_CHECK_DESCRIBED_MAX + 2; i++)
		send_description(OWN, (uint16_t)i, UNSIGNED64, 0, "e");
	ipfix_fixture_expect(
		&fixture,
		"message 258 octet 54: more descriptions than the decoder keeps [own rule]", NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_described_too_many_uses_are_reported_once(void **state)
{
	struct ipfix_specifier fields[] = {{4, 1, 0}, {0, 1, OWN}};
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	for (i = 0; i < IPFIX_CHECK_DESCRIBED_MAX + 2; i++) {
		fields[1].id = (uint16_t)i;
		ipfix_fixture_begin(&fixture, 2);
		ipfix_builder_template(builder, (uint16_t)(1000 + i), fields, 2);
		ipfix_fixture_send(&fixture, 0);
		if (i < IPFIX_CHECK_DESCRIBED_MAX)
			send_description(OWN, (uint16_t)i, 1, 0, "e");
	}
	ipfix_fixture_expect(&fixture,
			     "message 514 octet 20: more enterprise-specific elements than the "
			     "decoder keeps [own rule]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_described_elements_are_accepted_before_and_after_their_use),
		cmocka_unit_test(ipfix_described_elements_in_one_set_are_all_read),
		cmocka_unit_test(ipfix_described_missing_is_reported_at_the_end_once_per_element),
		cmocka_unit_test(ipfix_described_type_that_does_not_fit_the_length_is_reported),
		cmocka_unit_test(ipfix_described_without_its_key_is_ignored),
		cmocka_unit_test(ipfix_described_otherwise_than_before_is_reported),
		cmocka_unit_test(ipfix_described_type_that_there_is_not_is_reported),
		cmocka_unit_test(ipfix_described_semantics_suit_the_type),
		cmocka_unit_test(ipfix_described_element_of_another_enterprise_is_reported),
		cmocka_unit_test(ipfix_described_values_are_checked_by_their_type),
		cmocka_unit_test(ipfix_described_too_many_are_reported_once),
		cmocka_unit_test(ipfix_described_too_many_uses_are_reported_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
