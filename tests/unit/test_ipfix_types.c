// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The strict IPFIX decoder of the tests: abstract data types, and the table of elements. */
#include "ipfix_types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ipfix_elements.h"

static void ipfix_type_lengths_are_those_of_rfc_7011(void **state)
{
	/* Sizes that each type can have in a Field Specifier; 0 ends the list. */
	static const struct {
		enum ipfix_type type;
		uint16_t sizes[9];
	} rows[] = {
		{IPFIX_UNSIGNED8, {1}},
		{IPFIX_UNSIGNED16, {1, 2}},
		{IPFIX_UNSIGNED32, {1, 2, 3, 4}},
		{IPFIX_UNSIGNED64, {1, 2, 3, 4, 5, 6, 7, 8}},
		{IPFIX_SIGNED8, {1}},
		{IPFIX_SIGNED16, {1, 2}},
		{IPFIX_SIGNED32, {1, 2, 3, 4}},
		{IPFIX_SIGNED64, {1, 2, 3, 4, 5, 6, 7, 8}},
		{IPFIX_FLOAT32, {4}},
		{IPFIX_FLOAT64, {4, 8}},
		{IPFIX_BOOLEAN, {1}},
		{IPFIX_MAC_ADDRESS, {6}},
		{IPFIX_DATE_TIME_SECONDS, {4}},
		{IPFIX_DATE_TIME_MILLISECONDS, {8}},
		{IPFIX_DATE_TIME_MICROSECONDS, {8}},
		{IPFIX_DATE_TIME_NANOSECONDS, {8}},
		{IPFIX_IPV4_ADDRESS, {4}},
		{IPFIX_IPV6_ADDRESS, {16}},
	};
	static const enum ipfix_type any[] = {IPFIX_OCTET_ARRAY,
					      IPFIX_STRING,
					      IPFIX_BASIC_LIST,
					      IPFIX_SUB_TEMPLATE_LIST,
					      IPFIX_SUB_TEMPLATE_MULTI_LIST,
					      IPFIX_UNKNOWN_TYPE};
	size_t i, next;
	uint32_t size;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		next = 0;
		for (size = 0; size <= UINT16_MAX; size++) {
			int expected = size && rows[i].sizes[next] == size;

			next += (size_t)expected;
			assert_int_equal(ipfix_type_takes_length(rows[i].type, (uint16_t)size),
					 expected);
		}
	}
	for (i = 0; i < sizeof(any) / sizeof(any[0]); i++)
		for (size = 0; size <= UINT16_MAX; size++)
			assert_true(ipfix_type_takes_length(any[i], (uint16_t)size));
	assert_int_equal(i + sizeof(rows) / sizeof(rows[0]), IPFIX_TYPES + 1);
}

static void ipfix_type_groups_have_their_ends(void **state)
{
	int type;

	(void)state;
	for (type = 0; type <= IPFIX_UNKNOWN_TYPE; type++) {
		assert_int_equal(ipfix_type_is_unsigned(type), type >= 1 && type <= 4);
		assert_int_equal(ipfix_type_is_signed(type), type >= 5 && type <= 8);
		assert_int_equal(ipfix_type_is_time(type), type >= 14 && type <= 17);
	}
}

static void ipfix_type_names_are_those_of_the_rfcs(void **state)
{
	(void)state;
	assert_string_equal(ipfix_type_name(IPFIX_OCTET_ARRAY), "octetArray");
	assert_string_equal(ipfix_type_name(IPFIX_IPV6_ADDRESS), "ipv6Address");
	assert_string_equal(ipfix_type_name(IPFIX_SUB_TEMPLATE_MULTI_LIST), "subTemplateMultiList");
	assert_string_equal(ipfix_type_name(IPFIX_UNKNOWN_TYPE), "unknown");
	/* The numbers are on the wire (RFC 5610 3.1). */
	assert_int_equal(IPFIX_UNSIGNED64, 4);
	assert_int_equal(IPFIX_BOOLEAN, 11);
	assert_int_equal(IPFIX_STRING, 13);
	assert_int_equal(IPFIX_DATE_TIME_NANOSECONDS, 17);
	assert_int_equal(IPFIX_IPV6_ADDRESS, 19);
	assert_int_equal(IPFIX_SUB_TEMPLATE_MULTI_LIST, 22);
}

static void ipfix_read_numbers_are_big_endian_of_any_size(void **state)
{
	static const uint8_t bytes[] = {0x80, 1, 2, 3, 4, 5, 6, 7, 8};

	(void)state;
	assert_true(ipfix_read_unsigned(bytes, 0) == 0);
	assert_true(ipfix_read_unsigned(bytes, 1) == 0x80);
	assert_true(ipfix_read_unsigned(bytes, 3) == 0x800102);
	assert_true(ipfix_read_unsigned(bytes, 8) == 0x8001020304050607);
	assert_true(ipfix_read_unsigned(bytes, 9) == 0);
	assert_true(ipfix_read_signed(bytes, 0) == 0);
	assert_true(ipfix_read_signed(bytes, 1) == -128);
	assert_true(ipfix_read_signed(bytes, 3) == -0x7ffefe);
	assert_true(ipfix_read_signed(bytes, 8) == (int64_t)0x8001020304050607);
	assert_true(ipfix_read_signed(bytes + 1, 3) == 0x010203);
	assert_true(ipfix_read_signed(bytes, 9) == 0);
}

static void ipfix_read_float_takes_both_sizes(void **state)
{
	static const uint8_t half[] = {0x3e, 0x80, 0, 0};
	static const uint8_t full[] = {0xbf, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a};

	(void)state;
	assert_true(ipfix_read_float(half, 4) == 0.25);
	assert_true(ipfix_read_float(full, 8) == -0.1);
	assert_true(ipfix_read_float(full, 7) == 0);
}

static void ipfix_read_time_knows_four_formats(void **state)
{
	static const uint8_t seconds[] = {0x65, 0x53, 0xf1, 0x00};
	static const uint8_t milliseconds[] = {0, 0, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b};
	static const uint8_t longest[] = {255, 255, 255, 255, 255, 255, 255, 255};
	/* 1700000000.123456789 is 3908988800 and 530242871.2 / 2^32 since 1900 */
	static const uint8_t ntp[] = {0xe8, 0xfe, 0x6f, 0x80, 0x1f, 0x9a, 0xdd, 0x37};
	static const uint8_t next_era[] = {0x00, 0x00, 0x00, 0x01, 0x80, 0, 0, 0};

	(void)state;
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_SECONDS, seconds, 4) == 1700000000000000000);
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_MILLISECONDS, milliseconds, 8) ==
		    1700000000123000000);
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_MILLISECONDS, longest, 8) == UINT64_MAX);
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_NANOSECONDS, ntp, 8) == 1700000000123456789);
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_MICROSECONDS, ntp, 8) ==
		    1700000000123456789);
	/* 7 February 2036 06:28:17.5 */
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_NANOSECONDS, next_era, 8) ==
		    2085978497500000000);
	assert_true(ipfix_read_time_ns(IPFIX_DATE_TIME_SECONDS, longest, 8) == 0);
	assert_true(ipfix_read_time_ns(IPFIX_UNSIGNED64, milliseconds, 8) == 0);
}

static void ipfix_utf8_is_well_formed_or_not(void **state)
{
	static const char *const good[] = {
		"",
		"plain",
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf",
	};
	static const char *const bad[] = {
		"\x80",
		"a\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2g",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x90\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xff",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(ipfix_is_utf8((const uint8_t *)good[i], strlen(good[i])));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(ipfix_is_utf8((const uint8_t *)bad[i], strlen(bad[i])));
	assert_true(ipfix_is_utf8((const uint8_t *)"a\0b", 3));
}

static void ipfix_elements_are_found_by_their_number(void **state)
{
	(void)state;
	assert_string_equal(ipfix_element_find(1)->name, "octetDeltaCount");
	assert_int_equal(ipfix_element_find(1)->type, IPFIX_UNSIGNED64);
	assert_string_equal(ipfix_element_find(502)->name, "srhSegmentIPv6EndpointBehavior");
	assert_int_equal(ipfix_element_find(89)->type, IPFIX_UNSIGNED32); /* RFC 9710 */
	assert_null(ipfix_element_find(0));
	assert_null(ipfix_element_find(65)); /* NetFlow version 9 */
	assert_null(ipfix_element_find(503));
	assert_null(ipfix_element_find(UINT16_MAX));
}

static void ipfix_elements_have_a_name_and_a_type(void **state)
{
	const struct ipfix_element *element;
	unsigned int count = 0;
	uint16_t id;

	(void)state;
	for (id = 0; id < UINT16_MAX; id++) {
		element = ipfix_element_find(id);
		if (!element)
			continue;
		count++;
		assert_true(strlen(element->name) >= 3 && strlen(element->name) <= 60);
		assert_true(element->type < IPFIX_TYPES);
	}
	assert_int_equal(count, 471);
}

static void ipfix_elements_with_a_direction_are_reversible(void **state)
{
	static const uint16_t reversible[] = {1,  2,   6,   7,	 8,   52,  61,
					      85, 136, 152, 157, 161, 231, 401};
	static const uint16_t others[] = {34,  40,  41,	 42,  130, 131, 137, 145, 148, 149, 163,
					  166, 173, 210, 217, 239, 302, 304, 339, 346, 503};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reversible) / sizeof(reversible[0]); i++)
		assert_true(ipfix_element_is_reversible(reversible[i]));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(ipfix_element_is_reversible(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_type_lengths_are_those_of_rfc_7011),
		cmocka_unit_test(ipfix_type_groups_have_their_ends),
		cmocka_unit_test(ipfix_type_names_are_those_of_the_rfcs),
		cmocka_unit_test(ipfix_read_numbers_are_big_endian_of_any_size),
		cmocka_unit_test(ipfix_read_float_takes_both_sizes),
		cmocka_unit_test(ipfix_read_time_knows_four_formats),
		cmocka_unit_test(ipfix_utf8_is_well_formed_or_not),
		cmocka_unit_test(ipfix_elements_are_found_by_their_number),
		cmocka_unit_test(ipfix_elements_have_a_name_and_a_type),
		cmocka_unit_test(ipfix_elements_with_a_direction_are_reversible),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
