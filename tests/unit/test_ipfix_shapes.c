// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: what may be in a Template, and which elements belong
 * together there.
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

#define REVERSE 29305
#define OWN IPFIX_FIXTURE_ENTERPRISE
#define VARIABLE IPFIX_VARIABLE

#define FIELDS_MAX 8

/* A Template, and what is said of it (NULL: nothing); scope makes it an Options Template. */
struct shape {
	struct ipfix_specifier fields[FIELDS_MAX]; /* up to the first without an ID */
	unsigned int scope;
	const char *said;
};

static struct ipfix_fixture fixture;
static struct ipfix_builder *const builder = &fixture.builder;

static void check_shape(const struct shape *shape, const char *kind)
{
	char line[IPFIX_FIXTURE_LINE_BYTES];
	unsigned int count = 0;
	int is_options = strcmp(kind, "Template") != 0;

	while (count < FIELDS_MAX && shape->fields[count].id)
		count++;
	ipfix_fixture_open(&fixture, NULL);
	if (is_options) {
		ipfix_fixture_begin(&fixture, 3);
		ipfix_builder_options_template(builder, 400, shape->scope, shape->fields, count);
	} else {
		ipfix_fixture_begin(&fixture, 2);
		ipfix_builder_template(builder, 400, shape->fields, count);
	}
	ipfix_fixture_send(&fixture, 0);
	snprintf(line, sizeof(line), "message 2 octet 20: %s 400: %s", kind,
		 shape->said ? shape->said : "");
	ipfix_fixture_expect(&fixture, shape->said ? line : NULL, NULL);
	ipfix_fixture_close(&fixture);
}

static void check_shapes(const struct shape *shapes, size_t count, const char *kind)
{
	size_t i;

	for (i = 0; i < count; i++)
		check_shape(&shapes[i], kind);
}

#define TEMPLATES(shapes) check_shapes(shapes, sizeof(shapes) / sizeof((shapes)[0]), "Template")
#define OPTIONS(shapes) \
	check_shapes(shapes, sizeof(shapes) / sizeof((shapes)[0]), "Options Template")

/* --- single elements --- */

static void ipfix_shape_element_that_iana_does_not_have_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{1, 8, 0}, {97, 1, 0}}, .said = "element 97 is not one of IANA's [RFC 7011 3.2]"},
		{{{1, 8, 0}, {32767, 1, 0}},
		 .said = "element 32767 is not one of IANA's [RFC 7011 3.2]"},
		{{{239, 1, 0}, {105, 1, REVERSE}},
		 .said = "reverse element 105 is not one of IANA's [RFC 7011 3.2]"},
	};

	(void)state;
	TEMPLATES(shapes);
}

static void ipfix_shape_enterprise_that_is_not_expected_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{1, 8, 0}, {1, 8, 9}},
		 .said = "element 1 of enterprise 9 is not expected [own rule]"},
		{{{1, 8, 0}, {1, 8, OWN + 1}},
		 .said = "element 1 of enterprise 32474 is not expected [own rule]"},
	};

	(void)state;
	TEMPLATES(shapes);
}

static void ipfix_shape_enterprise_zero_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_number(builder, 400, 2);
	ipfix_builder_number(builder, 1, 2);
	ipfix_builder_number(builder, 0x8000 | 1, 2);
	ipfix_builder_number(builder, 8, 2);
	ipfix_builder_number(builder, 0, 4);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Template 400: element 1 has enterprise number 0 "
			     "[RFC 7011 3.2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_shape_reverse_of_what_has_no_direction_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{239, 1, 0}, {1, 8, REVERSE}, {136, 1, REVERSE}, {152, 8, REVERSE}},
		 .said = NULL},
		{{{239, 1, 0}, {148, 8, REVERSE}},
		 .said = "flowId is not reversible [RFC 5103 6.1]"},
		{{{239, 1, 0}, {239, 1, REVERSE}},
		 .said = "biflowDirection is not reversible [RFC 5103 6.1]"},
		{{{239, 1, 0}, {210, 1, REVERSE}},
		 .said = "paddingOctets is not reversible [RFC 5103 6.1]"},
		{{{239, 1, 0}, {166, 8, REVERSE}},
		 .said = "notSentFlowTotalCount is not reversible [RFC 5103 6.1]"},
		{{{239, 1, 0}, {130, 4, REVERSE}},
		 .said = "exporterIPv4Address is not reversible [RFC 5103 6.1]"},
	};

	(void)state;
	TEMPLATES(shapes);
}

static void ipfix_shape_length_that_a_type_cannot_have_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{1, 9, 0}},
		 .said = "octetDeltaCount is unsigned64, which cannot have length 9 [RFC 7011 "
			 "6.2]"},
		{{{1, 0, 0}, {2, 8, 0}},
		 .said = "octetDeltaCount is unsigned64, which cannot have length 0 [RFC 7011 "
			 "6.2]"},
		{{{4, 2, 0}},
		 .said = "protocolIdentifier is unsigned8, which cannot have length 2 [RFC 7011 "
			 "6.2]"},
		{{{8, 3, 0}},
		 .said = "sourceIPv4Address is ipv4Address, which cannot have length 3 [RFC 7011 "
			 "6.2]"},
		{{{27, 8, 0}},
		 .said = "sourceIPv6Address is ipv6Address, which cannot have length 8 [RFC 7011 "
			 "6.2]"},
		{{{56, 8, 0}},
		 .said = "sourceMacAddress is macAddress, which cannot have length 8 [RFC 7011 "
			 "6.2]"},
		{{{152, 4, 0}},
		 .said = "flowStartMilliseconds is dateTimeMilliseconds, which cannot have length "
			 "4 "
			 "[RFC 7011 6.2]"},
		{{{276, 2, 0}},
		 .said = "dataRecordsReliability is boolean, which cannot have length 2 [RFC 7011 "
			 "6.2]"},
		{{{311, 2, 0}},
		 .said = "samplingProbability is float64, which cannot have length 2 [RFC 7011 "
			 "6.2]"},
		{{{4, 1, 0}, {1, VARIABLE, 0}},
		 .said = "octetDeltaCount is unsigned64, which cannot have length 65535 [RFC 7011 "
			 "7]"},
		{{{239, 1, 0}, {1, 9, REVERSE}},
		 .said = "reverseOctetDeltaCount is unsigned64, which cannot have length 9 "
			 "[RFC 7011 6.2]"},
		{{{1, 1, 0}, {2, 7, 0}, {311, 4, 0}, {82, 16, 0}, {82, VARIABLE, 0}, {95, 3, 0}},
		 .said = NULL},
	};

	(void)state;
	TEMPLATES(shapes);
}

/* --- whole Templates --- */

static void ipfix_shape_of_records_without_an_octet_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{82, 0, 0}, {83, 0, 0}}, .said = "records without an octet [own rule]"},
		{{{82, 0, 0}, {4, 1, 0}}, .said = NULL},
	};

	(void)state;
	TEMPLATES(shapes);
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 400, shapes[0].fields, 2);
	ipfix_builder_set(builder, 400); /* has no end that could be found */
	ipfix_builder_number(builder, 0, 4);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(
		&fixture, "message 2 octet 20: Template 400: records without an octet [own rule]",
		NULL);
	fixture.sequence += 3; /* nobody knows how many records that were */
	ipfix_fixture_begin(&fixture, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_shape_of_variable_lengths_only_is_reported(void **state)
{
	static const struct shape shapes[] = {
		{{{82, VARIABLE, 0}, {83, VARIABLE, 0}},
		 .said = "all fields have variable length [goflow2]"},
		{{{82, VARIABLE, 0}, {83, 4, 0}}, .said = NULL},
	};

	(void)state;
	TEMPLATES(shapes);
}

static void ipfix_shape_with_reverse_elements_has_biflow_direction(void **state)
{
	static const struct shape shapes[] = {
		{{{1, 8, 0}, {1, 8, REVERSE}},
		 .said = "reverse elements without biflowDirection [RFC 5103 6.3]"},
		{{{1, 8, 0}, {1, 8, REVERSE}, {239, 1, 0}}, .said = NULL},
		{{{1, 8, 0}, {239, 1, 0}}, .said = NULL},
	};

	(void)state;
	TEMPLATES(shapes);
}

static void ipfix_shape_sampling_interval_is_what_goflow2_reads(void **state)
{
	static const struct shape shapes[] = {
		{{{149, 4, 0}, {34, 2, 0}},
		 .scope = 1,
		 .said = "samplingInterval has 2 octets, not 4 [goflow2]"},
		{{{149, 4, 0}, {34, 4, 0}, {305, 4, 0}},
		 .scope = 1,
		 .said = "samplingInterval together with samplingPacketInterval or "
			 "samplingPacketSpace [goflow2]"},
		{{{149, 4, 0}, {34, 4, 0}, {306, 4, 0}},
		 .scope = 1,
		 .said = "samplingInterval together with samplingPacketInterval or "
			 "samplingPacketSpace [goflow2]"},
		{{{149, 4, 0}, {34, 4, 0}, {309, 4, 0}}, .scope = 1, .said = NULL},
	};

	(void)state;
	OPTIONS(shapes);
}

/* --- Options Templates --- */

static void ipfix_shape_scope_is_some_fields_but_not_all(void **state)
{
	static const struct shape shapes[] = {
		{{{149, 4, 0}, {300, VARIABLE, 0}},
		 .scope = 0,
		 .said = "no scope [RFC 7011 3.4.2.2]"},
		{{{149, 4, 0}, {143, 4, 0}},
		 .scope = 2,
		 .said = "nothing but scope [RFC 7011 3.4.2.2]"},
		{{{149, 4, 0}, {143, 4, 0}},
		 .scope = 3,
		 .said = "3 scope fields of 2 [RFC 7011 3.4.2.2]"},
		{{{149, 4, 0}, {143, 4, 0}, {300, VARIABLE, 0}}, .scope = 2, .said = NULL},
	};

	(void)state;
	OPTIONS(shapes);
}

static void ipfix_shape_without_scope_is_reported_once_however_often_it_is_sent(void **state)
{
	static const struct ipfix_specifier fields[] = {{149, 4, 0}, {143, 4, 0}};
	unsigned int i;

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	for (i = 0; i < 3; i++) {
		ipfix_fixture_begin(&fixture, 3);
		ipfix_builder_options_template(builder, 400, 3, fields, 2);
		ipfix_builder_set(builder, 400);
		ipfix_builder_number(builder, 7, 4);
		ipfix_builder_number(builder, 1, 4);
		ipfix_fixture_send(&fixture, 1);
	}
	assert_true(fixture.last.is_options);
	assert_int_equal(fixture.last.scope_count, 2);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Options Template 400: 3 scope fields of 2 [RFC "
			     "7011 3.4.2.2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_shape_of_metering_statistics_has_its_scope(void **state)
{
	static const struct shape shapes[] = {
		{{{149, 4, 0}, {143, 4, 0}, {41, 8, 0}, {42, 8, 0}, {40, 8, 0}}, .scope = 2},
		{{{144, 4, 0}, {40, 8, 0}}, .scope = 1}, /* the domain is in the message */
		{{{149, 4, 0}, {143, 4, 0}, {42, 8, 0}},
		 .scope = 1,
		 .said = "meteringProcessId is not in the scope [RFC 7011 4.1]"},
		{{{149, 4, 0}, {143, 4, 0}, {164, 8, 0}, {323, 8, 0}, {323, 8, 0}},
		 .scope = 1,
		 .said = "meteringProcessId is not in the scope [RFC 7011 4.2]"},
	};

	(void)state;
	OPTIONS(shapes);
}

static void ipfix_shape_of_metering_statistics_names_its_domain_in_domain_0(void **state)
{
	static const struct ipfix_specifier fields[] = {
		{143, 4, 0}, {41, 8, 0}, {323, 8, 0}, {323, 8, 0}};
	static const struct ipfix_specifier ignored[] = {
		{143, 4, 0}, {164, 8, 0}, {323, 8, 0}, {323, 8, 0}};
	static const struct ipfix_specifier named[] = {{149, 4, 0}, {41, 8, 0}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	fixture.domain = 0;
	fixture.sequence = 0;
	ipfix_fixture_begin(&fixture, 3);
	ipfix_builder_options_template(builder, 400, 1, fields, 4);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 401, 1, ignored, 4);
	ipfix_builder_set(builder, 3);
	ipfix_builder_options_template(builder, 402, 1, named, 2);
	ipfix_fixture_send(&fixture, 0);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Options Template 400: no observationDomainId in "
			     "the scope, and none in the message [RFC 7011 4.1]",
			     "message 2 octet 46: Options Template 401: no observationDomainId in "
			     "the scope, and none in the message [RFC 7011 4.2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_shape_of_what_was_lost_has_its_process_and_interval(void **state)
{
	static const struct shape shapes[] = {
		{{{144, 4, 0}, {166, 8, 0}, {167, 8, 0}, {168, 8, 0}, {323, 8, 0}, {323, 8, 0}},
		 .scope = 1},
		{{{130, 4, 0}, {166, 8, 0}, {322, 4, 0}, {322, 4, 0}}, .scope = 1},
		{{{131, 16, 0}, {166, 8, 0}, {325, 8, 0}, {325, 8, 0}}, .scope = 1},
		{{{149, 4, 0}, {166, 8, 0}, {323, 8, 0}, {323, 8, 0}},
		 .scope = 1,
		 .said = "no Exporting Process in the scope [RFC 7011 4.3]"},
		{{{144, 4, 0}, {168, 8, 0}},
		 .scope = 1,
		 .said = "not two observationTimes of one kind [RFC 7011 4.3]"},
		{{{144, 4, 0}, {168, 8, 0}, {323, 8, 0}},
		 .scope = 1,
		 .said = "not two observationTimes of one kind [RFC 7011 4.3]"},
		{{{144, 4, 0}, {167, 8, 0}, {322, 4, 0}, {323, 8, 0}},
		 .scope = 1,
		 .said = "not two observationTimes of one kind [RFC 7011 4.3]"},
		{{{143, 4, 0}, {165, 8, 0}, {323, 8, 0}},
		 .scope = 1,
		 .said = "not two observationTimes of one kind [RFC 7011 4.2]"},
	};

	(void)state;
	OPTIONS(shapes);
}

static void ipfix_shape_of_flow_keys_has_the_template_as_scope(void **state)
{
	static const struct shape shapes[] = {
		{{{145, 2, 0}, {173, 8, 0}}, .scope = 1},
		{{{149, 4, 0}, {173, 8, 0}},
		 .scope = 1,
		 .said = "no templateId in the scope [RFC 7011 4.4]"},
	};

	(void)state;
	OPTIONS(shapes);
}

static void ipfix_shape_of_a_selector_has_its_id_as_scope(void **state)
{
	static const struct shape shapes[] = {
		{{{302, 8, 0}, {304, 2, 0}, {305, 4, 0}, {306, 4, 0}}, .scope = 1},
		{{{149, 4, 0}, {304, 2, 0}},
		 .scope = 1,
		 .said = "selectorAlgorithm without selectorId as scope [RFC 5476 6.5.2]"},
	};

	(void)state;
	OPTIONS(shapes);
}

static void ipfix_shape_of_a_description_has_the_element_as_scope(void **state)
{
	static const struct shape shapes[] = {
		{{{346, 4, 0}, {303, 2, 0}, {339, 1, 0}, {341, VARIABLE, 0}}, .scope = 2},
		{{{346, 4, 0}, {303, 2, 0}, {339, 1, 0}},
		 .scope = 1,
		 .said = "informationElementDataType without privateEnterpriseNumber and "
			 "informationElementId as scope [RFC 5610 3.9]"},
		{{{303, 2, 0}, {339, 1, 0}},
		 .scope = 1,
		 .said = "informationElementDataType without privateEnterpriseNumber and "
			 "informationElementId as scope [RFC 5610 3.9]"},
	};

	(void)state;
	OPTIONS(shapes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_shape_element_that_iana_does_not_have_is_reported),
		cmocka_unit_test(ipfix_shape_enterprise_that_is_not_expected_is_reported),
		cmocka_unit_test(ipfix_shape_enterprise_zero_is_reported),
		cmocka_unit_test(ipfix_shape_reverse_of_what_has_no_direction_is_reported),
		cmocka_unit_test(ipfix_shape_length_that_a_type_cannot_have_is_reported),
		cmocka_unit_test(ipfix_shape_of_records_without_an_octet_is_reported),
		cmocka_unit_test(ipfix_shape_of_variable_lengths_only_is_reported),
		cmocka_unit_test(ipfix_shape_with_reverse_elements_has_biflow_direction),
		cmocka_unit_test(ipfix_shape_sampling_interval_is_what_goflow2_reads),
		cmocka_unit_test(ipfix_shape_scope_is_some_fields_but_not_all),
		cmocka_unit_test(
			ipfix_shape_without_scope_is_reported_once_however_often_it_is_sent),
		cmocka_unit_test(ipfix_shape_of_metering_statistics_has_its_scope),
		cmocka_unit_test(ipfix_shape_of_metering_statistics_names_its_domain_in_domain_0),
		cmocka_unit_test(ipfix_shape_of_what_was_lost_has_its_process_and_interval),
		cmocka_unit_test(ipfix_shape_of_flow_keys_has_the_template_as_scope),
		cmocka_unit_test(ipfix_shape_of_a_selector_has_its_id_as_scope),
		cmocka_unit_test(ipfix_shape_of_a_description_has_the_element_as_scope),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
