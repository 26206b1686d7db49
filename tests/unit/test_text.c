// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bounded writer and the text forms: exact output, also at every edge of a number of digits and
 * for every pattern of zero groups in an IPv6 address (compared with inet_ntop, which agrees with
 * RFC 5952 but for addresses that look v4-compatible), and that nothing is written past the end.
 */
#include "encode/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct output {
	struct writer writer;
	char data[64];
};

static void output_start(struct output *output)
{
	memset(output->data, '#', sizeof(output->data));
	writer_init(&output->writer, output->data, sizeof(output->data) - 1);
}

static void output_expect(struct output *output, const char *text)
{
	assert_int_equal(output->writer.overflow, 0);
	assert_int_equal(output->data[output->writer.used], '#');
	output->data[output->writer.used] = '\0';
	assert_string_equal(output->data, text);
}

static void writer_full_overflow_is_sticky(void **state)
{
	char data[5] = "#####";
	struct writer writer;

	(void)state;
	writer_init(&writer, data, 4);
	writer_put(&writer, "abc", 3);
	assert_int_equal(writer.overflow, 0);
	assert_int_equal(writer_room(&writer), 1);
	writer_put(&writer, "de", 2);
	assert_int_equal(writer.overflow, 1);
	writer_put(&writer, "f", 1); /* would fit */
	assert_null(writer_reserve(&writer, 0));
	assert_int_equal(writer.used, 3);
	assert_memory_equal(data, "abc##", 5);
}

static void writer_exact_fit_does_not_overflow(void **state)
{
	char data[5] = "#####";
	struct writer writer;

	(void)state;
	writer_init(&writer, data, 4);
	writer_put(&writer, "abcd", 4);
	assert_int_equal(writer.overflow, 0);
	assert_int_equal(writer_room(&writer), 0);
	assert_memory_equal(data, "abcd#", 5);
}

static void expect_decimal(uint64_t value)
{
	struct output output;
	char expected[32];

	output_start(&output);
	text_put_decimal(&output.writer, value);
	snprintf(expected, sizeof(expected), "%" PRIu64, value);
	output_expect(&output, expected);
}

static void text_decimal_every_edge_is_exact(void **state)
{
	uint64_t power = 1;

	(void)state;
	for (uint64_t value = 0; value <= 1100; value++)
		expect_decimal(value);
	for (int digits = 1; digits <= 20; digits++, power *= 10) {
		expect_decimal(power - 1);
		expect_decimal(power);
		expect_decimal(power + 1);
	}
	for (int bit = 0; bit < 64; bit++) {
		expect_decimal((UINT64_C(1) << bit) - 1);
		expect_decimal(UINT64_C(1) << bit);
	}
	expect_decimal(UINT64_MAX);
	expect_decimal(UINT64_C(9007199254740993)); /* 2^53 + 1: no float in between */
}

static void text_decimal_without_room_writes_nothing(void **state)
{
	char data[3] = "###";
	struct writer writer;

	(void)state;
	writer_init(&writer, data, 2);
	text_put_decimal(&writer, 100);
	assert_int_equal(writer.overflow, 1);
	assert_int_equal(writer.used, 0);
	assert_memory_equal(data, "###", 3);
}

static void text_hex64_has_sixteen_digits(void **state)
{
	struct output output;

	(void)state;
	output_start(&output);
	text_put_hex64(&output.writer, UINT64_C(0x00000000deadbeef));
	output_expect(&output, "00000000deadbeef");
	output_start(&output);
	text_put_hex64(&output.writer, UINT64_C(0xfedcba9876543210));
	output_expect(&output, "fedcba9876543210");
}

static void text_mac_is_lower_case_with_colons(void **state)
{
	static const uint8_t mac[6] = {0x02, 0x42, 0xac, 0x0f, 0x00, 0xff};
	struct output output;

	(void)state;
	output_start(&output);
	text_put_mac(&output.writer, mac);
	output_expect(&output, "02:42:ac:0f:00:ff");
}

static void text_ipv4_is_dotted_decimal(void **state)
{
	static const uint8_t addresses[][4] = {
		{0, 0, 0, 0}, {255, 255, 255, 255}, {9, 10, 99, 100}};
	static const char *const texts[] = {"0.0.0.0", "255.255.255.255", "9.10.99.100"};
	struct output output;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		output_start(&output);
		text_put_ipv4(&output.writer, addresses[i]);
		output_expect(&output, texts[i]);
	}
}

static void text_ipv6_follows_rfc5952(void **state)
{
	/* The right-hand sides are RFC 5952's own examples, or follow from the rule named. */
	static const struct {
		uint8_t address[16];
		const char *text;
	} cases[] = {
		{{0}, "::"},
		{{[15] = 1}, "::1"},
		{{[0] = 0x00, [1] = 0x01}, "1::"},
		/* 4.1: no leading zeros */
		{{0x20, 0x01, 0x0d, 0xb8, [15] = 0x01}, "2001:db8::1"},
		/* 4.2.2: one zero group is not shortened */
		{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
		 "2001:db8:0:1:1:1:1:1"},
		/* 4.2.3: the longest run */
		{{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},
		/* 4.2.3: the first of equals */
		{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, "2001:db8::1:0:0:1"},
		/* 4.3: lower case; and the longest there is */
		{{0xff, 0xff, 0xab, 0xcd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff},
		 "ffff:abcd:ffff:ffff:ffff:ffff:ffff:ffff"},
		/* 5: IPv4 embedded under a well-known prefix */
		{{[10] = 0xff, 0xff, 192, 0, 2, 1}, "::ffff:192.0.2.1"},
		/* not that prefix: goflow2 prints groups, unlike inet_ntop */
		{{[12] = 192, 0, 2, 1}, "::c000:201"},
	};
	struct output output;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		output_start(&output);
		text_put_ipv6(&output.writer, cases[i].address);
		output_expect(&output, cases[i].text);
	}
}

static void text_ipv6_every_zero_pattern_equals_inet_ntop(void **state)
{
	static const unsigned int values[4] = {0x1, 0xab, 0x30f, 0xf00d};
	char expected[INET6_ADDRSTRLEN];
	struct output output;
	uint8_t address[16];

	(void)state;
	for (unsigned int pattern = 0; pattern < 256; pattern++) {
		if (!(pattern & 0x3f))
			continue; /* the first six groups 0: v4-compatible to inet_ntop */
		for (unsigned int group = 0; group < 8; group++) {
			unsigned int value = pattern >> group & 1 ? values[group % 4] : 0;

			address[2 * group] = (uint8_t)(value >> 8);
			address[2 * group + 1] = (uint8_t)value;
		}
		inet_ntop(AF_INET6, address, expected, sizeof(expected));
		output_start(&output);
		text_put_ipv6(&output.writer, address);
		output_expect(&output, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writer_full_overflow_is_sticky),
		cmocka_unit_test(writer_exact_fit_does_not_overflow),
		cmocka_unit_test(text_decimal_every_edge_is_exact),
		cmocka_unit_test(text_decimal_without_room_writes_nothing),
		cmocka_unit_test(text_hex64_has_sixteen_digits),
		cmocka_unit_test(text_mac_is_lower_case_with_colons),
		cmocka_unit_test(text_ipv4_is_dotted_decimal),
		cmocka_unit_test(text_ipv6_follows_rfc5952),
		cmocka_unit_test(text_ipv6_every_zero_pattern_equals_inet_ntop),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
