// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: records and the values in them.
 *
 * Most tests send one record of a Template with the elements in question; its Template is 400, and
 * the record starts where the line that is expected says.
 */
#include "ipfix_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_elements.h"
#include "ipfix_fixture.h"

#define REVERSE 29305
#define VARIABLE IPFIX_VARIABLE
#define TIME_S IPFIX_FIXTURE_TIME
#define TIME_MS (IPFIX_FIXTURE_TIME * 1000ull)
#define NTP_S (IPFIX_FIXTURE_TIME + 2208988800ull) /* in the era that ends in 2036 */

#define FIELDS_MAX 4

/* One record of fixed lengths, and what is said of it (NULL: nothing). */
struct record {
	struct ipfix_specifier fields[FIELDS_MAX]; /* up to the first without an ID */
	uint64_t values[FIELDS_MAX];
	unsigned int scope; /* not 0: an options record */
	const char *said; /* with %zu for where the field is that it is said of */
	unsigned int field;
};

static struct ipfix_fixture fixture;
static struct ipfix_builder *const builder = &fixture.builder;

static void put_template(const struct record *record, unsigned int count)
{
	if (record->scope) {
		ipfix_fixture_begin(&fixture, 3);
		ipfix_builder_options_template(builder, 400, record->scope, record->fields, count);
	} else {
		ipfix_fixture_begin(&fixture, 2);
		ipfix_builder_template(builder, 400, record->fields, count);
	}
	ipfix_builder_set(builder, 400);
}

static void check_record(const struct record *record)
{
	char line[IPFIX_FIXTURE_LINE_BYTES];
	unsigned int count = 0, i;
	size_t at = 0;

	while (count < FIELDS_MAX && record->fields[count].id)
		count++;
	ipfix_fixture_open(&fixture, NULL);
	put_template(record, count);
	for (i = 0; i < count; i++) {
		if (i == record->field)
			at = builder->size;
		if (record->fields[i].length == 16)
			ipfix_builder_number(builder, 0, 8);
		ipfix_builder_number(builder, record->values[i],
				     record->fields[i].length == 16 ? 8 : record->fields[i].length);
	}
	ipfix_fixture_send(&fixture, 1);
	assert_int_equal(fixture.record_count, 2);
	snprintf(line, sizeof(line), "message 2 octet %zu: Template 400: %s", at,
		 record->said ? record->said : "");
	ipfix_fixture_expect(&fixture, record->said ? line : NULL, NULL);
	ipfix_fixture_close(&fixture);
}

static void check_records(const struct record *records, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		check_record(&records[i]);
}

#define RECORDS(records) check_records(records, sizeof(records) / sizeof((records)[0]))

/* --- numbers with few values --- */

static void ipfix_record_flow_end_reason_is_1_to_5(void **state)
{
	static const struct record records[] = {
		{{{136, 1, 0}}, .values = {0}, .said = "flowEndReason is 0 [IANA 136]"},
		{{{136, 1, 0}}, .values = {1}},
		{{{136, 1, 0}}, .values = {5}},
		{{{136, 1, 0}}, .values = {6}, .said = "flowEndReason is 6 [IANA 136]"},
		{{{239, 1, 0}, {136, 1, REVERSE}},
		 .values = {1, 7},
		 .said = "reverseFlowEndReason is 7 [IANA 136]",
		 .field = 1},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_flow_direction_is_0_or_1(void **state)
{
	static const struct record records[] = {
		{{{61, 1, 0}}, .values = {0}},
		{{{61, 1, 0}}, .values = {1}},
		{{{61, 1, 0}}, .values = {2}, .said = "flowDirection is 2 [IANA 61]"},
		{{{61, 1, 0}}, .values = {255}, .said = "flowDirection is 255 [IANA 61]"},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_biflow_direction_is_0_to_3(void **state)
{
	static const struct record records[] = {
		{{{239, 1, 0}}, .values = {0}},
		{{{239, 1, 0}}, .values = {3}},
		{{{239, 1, 0}}, .values = {4}, .said = "biflowDirection is 4 [RFC 5103 6.3]"},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_tcp_control_bits_leave_the_data_offset_out(void **state)
{
	static const struct record records[] = {
		{{{6, 2, 0}}, .values = {0x0fff}},
		{{{6, 1, 0}}, .values = {0xff}},
		{{{6, 2, 0}}, .values = {0x5012}, .said = "tcpControlBits is 20498 [RFC 9565 3]"},
		{{{6, 2, 0}}, .values = {0x1000}, .said = "tcpControlBits is 4096 [RFC 9565 3]"},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_boolean_is_1_or_2(void **state)
{
	static const struct record records[] = {
		{{{276, 1, 0}}, .values = {1}},
		{{{276, 1, 0}}, .values = {2}},
		{{{276, 1, 0}},
		 .values = {0},
		 .said = "dataRecordsReliability is 0 [RFC 7011 6.1.5]"},
		{{{276, 1, 0}},
		 .values = {3},
		 .said = "dataRecordsReliability is 3 [RFC 7011 6.1.5]"},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_ip_version_agrees_with_the_addresses(void **state)
{
	static const struct record records[] = {
		{{{60, 1, 0}}, .values = {4}},
		{{{60, 1, 0}}, .values = {6}},
		{{{60, 1, 0}}, .values = {5}, .said = "ipVersion is 5 [IANA 60]"},
		{{{8, 4, 0}, {12, 4, 0}, {60, 1, 0}}, .values = {1, 2, 4}},
		{{{27, 16, 0}, {28, 16, 0}, {60, 1, 0}}, .values = {1, 2, 6}},
		{{{8, 4, 0}, {60, 1, 0}},
		 .values = {1, 6},
		 .said = "ipVersion is 6, the addresses are not [IANA 60]",
		 .field = 1},
		{{{28, 16, 0}, {60, 1, 0}},
		 .values = {1, 4},
		 .said = "ipVersion is 4, the addresses are not [IANA 60]",
		 .field = 1},
		{{{8, 4, 0}, {27, 16, 0}, {60, 1, 0}},
		 .values = {1, 2, 6}}, /* a tunnel's, one of each */
		{{{8, 4, 0}, {27, 16, 0}, {60, 1, 0}}, .values = {1, 2, 4}},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_selector_algorithm_has_its_parameters(void **state)
{
	static const struct record records[] = {
		{{{302, 2, 0}, {304, 2, 0}, {305, 4, 0}, {306, 4, 0}},
		 .values = {1, 1, 1, 9},
		 .scope = 1},
		{{{302, 2, 0}, {304, 2, 0}, {309, 4, 0}, {310, 4, 0}},
		 .values = {1, 3, 1, 9},
		 .scope = 1},
		{{{302, 2, 0}, {304, 2, 0}, {311, 4, 0}}, .values = {1, 4, 0}, .scope = 1},
		{{{302, 2, 0}, {304, 2, 0}}, .values = {1, 5}, .scope = 1},
		{{{302, 2, 0}, {304, 2, 0}}, .values = {1, 8}, .scope = 1},
		{{{302, 2, 0}, {304, 2, 0}, {305, 4, 0}},
		 .values = {1, 1, 1},
		 .scope = 1,
		 .said = "selectorAlgorithm 1 without its parameters [RFC 5476 6.5.2]",
		 .field = 1},
		{{{302, 2, 0}, {304, 2, 0}, {305, 4, 0}, {306, 4, 0}},
		 .values = {1, 3, 1, 1},
		 .scope = 1,
		 .said = "selectorAlgorithm 3 without its parameters [RFC 5476 6.5.2]",
		 .field = 1},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_padding_octets_are_zero(void **state)
{
	static const struct record records[] = {
		{{{4, 1, 0}, {210, 3, 0}}, .values = {6, 0}},
		{{{4, 1, 0}, {210, 1, 0}},
		 .values = {6, 1},
		 .said = "paddingOctets are not zero [IANA 210]",
		 .field = 1},
	};

	(void)state;
	RECORDS(records);
}

/* --- times --- */

static void ipfix_record_time_is_not_in_the_future(void **state)
{
	static const struct record records[] = {
		{{{150, 4, 0}}, .values = {TIME_S + 1}},
		{{{150, 4, 0}},
		 .values = {TIME_S + 2},
		 .said = "flowStartSeconds is more than 1 s after Export Time [own "
			 "rule]"},
		{{{153, 8, 0}}, .values = {TIME_MS + 1000}},
		{{{153, 8, 0}},
		 .values = {TIME_MS + 1001},
		 .said = "flowEndMilliseconds is more than 1 s after Export Time [own "
			 "rule]"},
		{{{153, 8, 0}},
		 .values = {TIME_MS * 1000},
		 .said = "flowEndMilliseconds is more than 1 s after Export Time [own rule]"},
		{{{153, 8, 0}},
		 .values = {UINT64_MAX},
		 .said = "flowEndMilliseconds is more than 1 s after Export Time [own rule]"},
		{{{154, 8, 0}}, .values = {(NTP_S + 1) << 32}},
		{{{154, 8, 0}},
		 .values = {(NTP_S + 1) << 32 | 0x80000000},
		 .said = "flowStartMicroseconds is more than 1 s after Export Time [own "
			 "rule]"},
		{{{157, 8, 0}}, .values = {NTP_S << 32 | 0xffffffff}},
		{{{157, 8, 0}},
		 .values = {(NTP_S + 2) << 32},
		 .said = "flowEndNanoseconds is more than 1 s after Export Time [own "
			 "rule]"},
		{{{323, 8, 0}},
		 .values = {TIME_MS + 5000},
		 .said = "observationTimeMilliseconds is more than 1 s after Export Time [own "
			 "rule]"},
		{{{239, 1, 0}, {152, 8, REVERSE}},
		 .values = {1, TIME_MS + 5000},
		 .said = "reverseFlowStartMilliseconds is more than 1 s after Export Time [own "
			 "rule]",
		 .field = 1},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_time_of_a_flow_is_in_its_unit(void **state)
{
	static const struct record records[] = {
		{{{152, 8, 0}},
		 .values = {TIME_S}, /* seconds instead of milliseconds */
		 .said = "flowStartMilliseconds is before the year 2000 [own rule]"},
		{{{150, 4, 0}},
		 .values = {0},
		 .said = "flowStartSeconds is before the year 2000 [own rule]"},
		{{{157, 8, 0}},
		 .values = {2208988800ull << 32},
		 .said = "flowEndNanoseconds is before the year 2000 [own rule]"},
		{{{160, 8, 0}}, .values = {0}}, /* not of a flow */
		{{{152, 8, 0}}, .values = {946684800000}},
		{{{152, 8, 0}},
		 .values = {946684799999},
		 .said = "flowStartMilliseconds is before the year 2000 [own rule]"},
		{{{156, 8, 0}},
		 .values = {(uint64_t)TIME_S << 32}, /* since 1970 instead of 1900: reads as 2090 */
		 .said = "flowStartNanoseconds is more than 1 s after Export Time [own rule]"},
		{{{239, 1, 0}, {152, 8, REVERSE}}, .values = {1, 0}}, /* nothing came back */
		{{{149, 4, 0}, {323, 8, 0}},
		 .values = {1, 0},
		 .scope = 1}, /* nothing was lost yet */
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_time_is_not_more_precise_than_its_type(void **state)
{
	static const struct record records[] = {
		{{{154, 8, 0}}, .values = {NTP_S << 32 | 0xfffff800}},
		{{{154, 8, 0}},
		 .values = {NTP_S << 32 | 0x400},
		 .said = "flowStartMicroseconds is more precise than a microsecond [RFC 7011 "
			 "6.1.9]"},
		{{{156, 8, 0}}, .values = {NTP_S << 32 | 0x400}},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_time_wraps_like_export_time(void **state)
{
	static const struct ipfix_specifier fields[] = {{150, 4, 0}, {151, 4, 0}, {324, 8, 0}};

	(void)state;
	ipfix_fixture_open_silent(&fixture, NULL);
	fixture.export_time = UINT32_MAX; /* 2106 */
	ipfix_fixture_begin(&fixture, 3);
	ipfix_fixture_put_sampling_template(&fixture);
	ipfix_builder_set(builder, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(&fixture, 1);
	ipfix_builder_set(builder, 2);
	ipfix_builder_template(builder, 400, fields, 3);
	ipfix_builder_set(builder, 400);
	ipfix_builder_number(builder, UINT32_MAX - 60, 4);
	ipfix_builder_number(builder, UINT32_MAX, 4);
	ipfix_builder_number(builder, (UINT32_MAX + 2208988800ull) << 32, 8);
	ipfix_fixture_send(&fixture, 2);
	fixture.export_time += 5; /* 4 */
	ipfix_fixture_begin(&fixture, 400);
	ipfix_builder_number(builder, UINT32_MAX - 60, 4);
	ipfix_builder_number(builder, UINT32_MAX, 4);
	ipfix_builder_number(builder, (UINT32_MAX + 2208988800ull + 5) << 32, 8);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_close(&fixture);
}

static void ipfix_record_flow_ends_after_it_starts(void **state)
{
	static const struct record records[] = {
		{{{152, 8, 0}, {153, 8, 0}}, .values = {TIME_MS, TIME_MS}},
		{{{153, 8, 0}, {152, 8, 0}}, .values = {TIME_MS, TIME_MS - 1}},
		{{{150, 4, 0}, {151, 4, 0}},
		 .values = {TIME_S, TIME_S - 1},
		 .said = "flowStartSeconds is greater than flowEndSeconds [own rule]"},
		{{{153, 8, 0}, {152, 8, 0}},
		 .values = {TIME_MS - 1, TIME_MS},
		 .said = "flowStartMilliseconds is greater than flowEndMilliseconds [own rule]",
		 .field = 1},
		{{{154, 8, 0}, {155, 8, 0}},
		 .values = {NTP_S << 32 | 0x10000000, NTP_S << 32},
		 .said = "flowStartMicroseconds is greater than flowEndMicroseconds [own rule]"},
		{{{156, 8, 0}, {157, 8, 0}},
		 .values = {NTP_S << 32 | 0x10000000, NTP_S << 32},
		 .said = "flowStartNanoseconds is greater than flowEndNanoseconds [own rule]"},
		{{{158, 4, 0}, {159, 4, 0}}, .values = {9000, 10}}, /* before Export Time */
		{{{158, 4, 0}, {159, 4, 0}}, .values = {10, 10}},
		{{{158, 4, 0}, {159, 4, 0}},
		 .values = {10, 9000},
		 .said = "flowEndDeltaMicroseconds is greater than flowStartDeltaMicroseconds "
			 "[own rule]",
		 .field = 1},
		{{{22, 4, 0}, {21, 4, 0}}, .values = {UINT32_MAX, 5}}, /* wraps */
		{{{22, 4, 0}, {21, 4, 0}},
		 .values = {6, 5},
		 .said = "flowStartSysUpTime is greater than flowEndSysUpTime [own rule]"},
		{{{239, 1, 0}, {152, 8, REVERSE}, {153, 8, REVERSE}},
		 .values = {1, TIME_MS, TIME_MS - 9},
		 .said = "reverseFlowStartMilliseconds is greater than reverseFlowEndMilliseconds "
			 "[own rule]",
		 .field = 1},
		{{{152, 8, 0}, {153, 8, REVERSE}, {239, 1, 0}},
		 .values = {TIME_MS, TIME_MS - 9, 1}},
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_time_of_a_wrong_length_is_reported_once(void **state)
{
	static const struct ipfix_specifier fields[] = {{152, 4, 0}, {153, 4, 0}};

	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 400, fields, 2);
	ipfix_builder_set(builder, 400);
	ipfix_builder_number(builder, 2, 4);
	ipfix_builder_number(builder, 1, 4);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 20: Template 400: flowStartMilliseconds is "
			     "dateTimeMilliseconds, which cannot have length 4 [RFC 7011 6.2]",
			     "message 2 octet 20: Template 400: flowEndMilliseconds is "
			     "dateTimeMilliseconds, which cannot have length 4 [RFC 7011 6.2]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- strings and variable lengths --- */

static const struct ipfix_specifier interface_fields[] = {{10, 4, 0}, {82, VARIABLE, 0}};

static void begin_interfaces(void)
{
	ipfix_fixture_begin(&fixture, 2);
	ipfix_builder_template(builder, 400, interface_fields, 2);
	ipfix_builder_set(builder, 400); /* the first record is at 36 */
}

static void put_interface(const char *name)
{
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_variable(builder, name, strlen(name));
}

static void ipfix_record_string_is_utf8(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	begin_interfaces();
	put_interface("eth0");
	put_interface("");
	put_interface("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"); /* 2, 3 and 4 octets */
	ipfix_fixture_send(&fixture, 3);
	ipfix_fixture_expect(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 400);
	put_interface("ok");
	put_interface("\xe4h"); /* Latin 1 */
	ipfix_fixture_send(&fixture, 2);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 32: Template 400: interfaceName is not UTF-8 [RFC "
			     "7011 6.1.6]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_record_string_of_fixed_length_is_utf8(void **state)
{
	static const struct record records[] = {
		{{{82, 4, 0}}, .values = {0x65746830}},
		{{{82, 4, 0}}, .values = {0x65740000}},
		{{{82, 4, 0}},
		 .values = {0x657468c3},
		 .said = "interfaceName is not UTF-8 [RFC 7011 6.1.6]"},
		{{{95, 4, 0}}, .values = {0xffffffff}}, /* octetArray: anything */
	};

	(void)state;
	RECORDS(records);
}

static void ipfix_record_length_takes_three_octets_from_255_on(void **state)
{
	static char text[301];

	(void)state;
	memset(text, 'x', 300);
	ipfix_fixture_open(&fixture, NULL);
	begin_interfaces();
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_variable(builder, text, 254);
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_variable(builder, text, 255);
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_variable(builder, text, 300);
	ipfix_fixture_send(&fixture, 3);
	assert_int_equal(fixture.record_count, 4);
	ipfix_fixture_expect(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 400);
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_number(builder, 255, 1);
	ipfix_builder_number(builder, 254, 2);
	ipfix_builder_octets(builder, text, 254);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(
		&fixture, "message 3 octet 24: Template 400: length 254 in three octets [own rule]",
		NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_record_that_runs_over_its_set_is_reported(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	begin_interfaces();
	put_interface("eth0");
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_number(builder, 5, 1);
	ipfix_builder_octets(builder, "lost", 4);
	ipfix_fixture_send(&fixture, 2);
	ipfix_fixture_expect(&fixture,
			     "message 2 octet 45: record of Template 400 runs over the end of its "
			     "Set "
			     "[RFC 7011 9.1]",
			     NULL);
	assert_int_equal(fixture.record_count, 2);
	ipfix_fixture_begin(&fixture, 400);
	ipfix_builder_number(builder, 1, 4);
	ipfix_builder_number(builder, 255, 1);
	ipfix_builder_number(builder, 0, 1); /* half of the longer length */
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture,
			     "message 3 octet 20: record of Template 400 runs over the end of its "
			     "Set "
			     "[RFC 7011 9.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

static void ipfix_record_that_lacks_its_last_field_is_reported(void **state)
{
	static const struct ipfix_specifier lasts[] = {{10, 4, 0}, {83, VARIABLE, 0}};
	struct ipfix_specifier fields[] = {{4, 1, 0}, {82, VARIABLE, 0}, {0, 0, 0}};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		ipfix_fixture_open(&fixture, NULL);
		fields[2] = lasts[i];
		ipfix_fixture_begin(&fixture, 2);
		ipfix_builder_template(builder, 400, fields, 3);
		ipfix_builder_set(builder, 400);
		ipfix_builder_number(builder, 6, 1);
		ipfix_builder_variable(builder, "as long as the Set", 18);
		ipfix_fixture_send(&fixture, 1);
		ipfix_fixture_expect(&fixture,
				     "message 2 octet 40: record of Template 400 runs over the end "
				     "of its Set [RFC 7011 9.1]",
				     NULL);
		ipfix_fixture_close(&fixture);
	}
}

static void ipfix_record_of_variable_length_may_be_followed_by_padding(void **state)
{
	(void)state;
	ipfix_fixture_open(&fixture, NULL);
	begin_interfaces();
	put_interface("eth0");
	ipfix_builder_number(builder, 0, 4); /* one octet less than a record with an empty name */
	ipfix_fixture_send(&fixture, 1);
	assert_int_equal(fixture.record_count, 2);
	ipfix_fixture_expect(&fixture, NULL);
	ipfix_fixture_begin(&fixture, 400);
	put_interface("eth0");
	ipfix_builder_number(builder, 1, 4);
	ipfix_fixture_send(&fixture, 1);
	ipfix_fixture_expect(&fixture, "message 3 octet 32: padding is not zero [RFC 7011 3.3.1]",
			     NULL);
	ipfix_fixture_close(&fixture);
}

/* --- accessors --- */

static void ipfix_record_values_have_names(void **state)
{
	char buffer[IPFIX_NAME_BYTES];
	struct ipfix_value value = {.id = 1, .name = "octetDeltaCount"};

	(void)state;
	assert_string_equal(ipfix_value_name(&value, buffer), "octetDeltaCount");
	value.enterprise = REVERSE;
	assert_string_equal(ipfix_value_name(&value, buffer), "reverseOctetDeltaCount");
	value.name = "VRFname";
	assert_string_equal(ipfix_value_name(&value, buffer), "reverseVRFname");
	value.name = NULL;
	value.enterprise = 9;
	value.id = 17;
	assert_string_equal(ipfix_value_name(&value, buffer), "_9_17");
}

static void ipfix_record_find_tells_directions_apart(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	const struct ipfix_value values[] = {
		{.id = 2, .bytes = bytes, .size = 1},
		{.id = 1, .enterprise = REVERSE, .bytes = bytes, .size = 2},
		{.id = 1, .bytes = bytes, .size = 8},
		{.id = 1, .bytes = bytes, .size = 4},
		{.id = 3, .bytes = bytes, .size = 9},
	};
	const struct ipfix_record record = {.values = values, .count = 5};

	(void)state;
	assert_ptr_equal(ipfix_record_find(&record, 0, 1), &values[2]);
	assert_ptr_equal(ipfix_record_find(&record, REVERSE, 1), &values[1]);
	assert_null(ipfix_record_find(&record, REVERSE, 2));
	assert_int_equal(ipfix_value_unsigned(&values[0]), 1);
	assert_int_equal(ipfix_value_unsigned(&values[1]), 0x0102);
	assert_int_equal(ipfix_value_unsigned(&values[2]), 0x0102030405060708);
	assert_int_equal(ipfix_value_unsigned(&values[4]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_record_flow_end_reason_is_1_to_5),
		cmocka_unit_test(ipfix_record_flow_direction_is_0_or_1),
		cmocka_unit_test(ipfix_record_biflow_direction_is_0_to_3),
		cmocka_unit_test(ipfix_record_tcp_control_bits_leave_the_data_offset_out),
		cmocka_unit_test(ipfix_record_boolean_is_1_or_2),
		cmocka_unit_test(ipfix_record_ip_version_agrees_with_the_addresses),
		cmocka_unit_test(ipfix_record_selector_algorithm_has_its_parameters),
		cmocka_unit_test(ipfix_record_padding_octets_are_zero),
		cmocka_unit_test(ipfix_record_time_is_not_in_the_future),
		cmocka_unit_test(ipfix_record_time_of_a_flow_is_in_its_unit),
		cmocka_unit_test(ipfix_record_time_is_not_more_precise_than_its_type),
		cmocka_unit_test(ipfix_record_time_wraps_like_export_time),
		cmocka_unit_test(ipfix_record_flow_ends_after_it_starts),
		cmocka_unit_test(ipfix_record_time_of_a_wrong_length_is_reported_once),
		cmocka_unit_test(ipfix_record_string_is_utf8),
		cmocka_unit_test(ipfix_record_string_of_fixed_length_is_utf8),
		cmocka_unit_test(ipfix_record_length_takes_three_octets_from_255_on),
		cmocka_unit_test(ipfix_record_that_runs_over_its_set_is_reported),
		cmocka_unit_test(ipfix_record_that_lacks_its_last_field_is_reported),
		cmocka_unit_test(ipfix_record_of_variable_length_may_be_followed_by_padding),
		cmocka_unit_test(ipfix_record_values_have_names),
		cmocka_unit_test(ipfix_record_find_tells_directions_apart),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
