// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Types of values, apart from any option: which texts they take, what comes of them, what is said
 * about the others, that they come back as text, and how fields are compared and exchanged. Types
 * that test_options_text.c and test_exporter_spec.c have messages of are only touched.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/value.h"
#include "config/value_text.h"

#define NS_PER_S 1000000000ull
#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define FIELD(name) offsetof(struct thing, name)

struct thing {
	uint32_t number;
	uint64_t size;
	uint64_t duration;
	unsigned int choice;
	int boolean;
	char *text;
	char *secret;
	struct config_list globs;
};

static const char *const choices[] = {"red", "green", NULL};

static const struct config_field number = {
	.type = CONFIG_FIELD_NUMBER, .offset = FIELD(number), .min = 5, .max = 9, .or_zero = 1};
static const struct config_field power = {
	.type = CONFIG_FIELD_POWER_OF_TWO, .offset = FIELD(number), .min = 2, .max = 64};
static const struct config_field size = {
	.type = CONFIG_FIELD_SIZE, .offset = FIELD(size), .min = 16 * KIB, .max = 8 * MIB};
static const struct config_field limit = {.type = CONFIG_FIELD_SIZE,
					  .offset = FIELD(size),
					  .min = MIB,
					  .max = UINT64_MAX,
					  .or_zero = 1};
static const struct config_field duration = {
	.type = CONFIG_FIELD_DURATION, .offset = FIELD(duration), .max = 3600 * NS_PER_S};
static const struct config_field choice = {
	.type = CONFIG_FIELD_CHOICE, .offset = FIELD(choice), .choices = choices};
static const struct config_field boolean = {.type = CONFIG_FIELD_BOOLEAN, .offset = FIELD(boolean)};
static const struct config_field path = {.type = CONFIG_FIELD_PATH, .offset = FIELD(text)};
static const struct config_field short_path = {
	.type = CONFIG_FIELD_PATH, .offset = FIELD(text), .max = 8, .or_none = 1};
static const struct config_field address = {.type = CONFIG_FIELD_ADDRESS, .offset = FIELD(text)};
static const struct config_field listen_on = {
	.type = CONFIG_FIELD_LISTEN, .offset = FIELD(text), .or_none = 1};
static const struct config_field string = {
	.type = CONFIG_FIELD_STRING, .offset = FIELD(text), .max = 10};
static const struct config_field secret = {
	.type = CONFIG_FIELD_SECRET, .offset = FIELD(secret), .max = 10};
static const struct config_field globs = {.type = CONFIG_FIELD_GLOBS, .offset = FIELD(globs)};

static const struct config_field *const fields[] = {
	&number, &power,      &size,	&limit,	    &duration, &choice, &boolean,
	&path,	 &short_path, &address, &listen_on, &string,   &secret, &globs,
};

static void clear(struct thing *thing)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		config_field_free(thing, fields[i]);
}

static void assert_taken(struct thing *thing, const struct config_field *field, const char *text)
{
	char error[CONFIG_MESSAGE_BYTES] = "";

	assert_int_equal(config_field_set(thing, field, text, error), 0);
	assert_string_equal(error, "");
}

/* The value that was there stays. */
static void assert_refused(const struct config_field *field, const char *text, const char *message)
{
	struct thing thing = {.number = 7, .size = 8, .duration = 9};
	char error[CONFIG_MESSAGE_BYTES] = "";

	assert_int_equal(config_field_set(&thing, field, text, error), -EINVAL);
	assert_string_equal(error, message);
	assert_int_equal(thing.number, 7);
	assert_int_equal(thing.size, 8);
	assert_int_equal(thing.duration, 9);
	assert_null(thing.text);
	assert_null(thing.secret);
	assert_int_equal(thing.globs.count, 0);
}

static void value_sizes_are_bytes_or_have_a_unit_of_1024(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = {
		{"0", 0},
		{"1048576", MIB},
		{"1048577", MIB + 1},
		{"1024KiB", MIB},
		{"1MiB", MIB},
		{"3GiB", 3 * GIB},
		{"2TiB", 2048 * GIB},
		{"0KiB", 0},
		{"18446744073709551615", UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct thing thing = {.size = 1};

		assert_taken(&thing, &limit, cases[i].text);
		assert_int_equal(thing.size, cases[i].bytes);
	}
}

static void value_sizes_out_of_range_or_form_are_refused(void **state)
{
	(void)state;
	assert_refused(&size, "16383", "must be from 16KiB to 8MiB, not \"16383\"");
	assert_refused(&size, "9MiB", "must be from 16KiB to 8MiB, not \"9MiB\"");
	assert_refused(&size, "0", "must be from 16KiB to 8MiB, not \"0\"");
	assert_refused(&size, "99999999999TiB",
		       "must be from 16KiB to 8MiB, not "
		       "\"99999999999TiB\"");
	assert_refused(&limit, "1KiB",
		       "must be 0 or from 1MiB to 18446744073709551615, not \"1KiB\"");
	assert_refused(&size, "64k",
		       "must be a size such as 900KiB or 1MiB, not \"64k\"; write "
		       "64KiB");
	assert_refused(&size, "1mb",
		       "must be a size such as 900KiB or 1MiB, not \"1mb\"; write "
		       "1MiB");
	assert_refused(&size, "64kib",
		       "must be a size such as 900KiB or 1MiB, not \"64kib\"; "
		       "write 64KiB");
	for (size_t i = 0; i < 8; i++) {
		static const char *const texts[] = {"",	     "KiB",   "1 KiB", "1.5MiB",
						    "-1MiB", "01KiB", "1KiBs", "0x10"};
		char message[CONFIG_MESSAGE_BYTES];

		snprintf(message, sizeof(message),
			 "must be a whole number of bytes, or one with a unit, such as 900KiB, "
			 "1MiB or 2GiB, not \"%s\"",
			 texts[i]);
		assert_refused(&size, texts[i], message);
	}
}

static void value_quantities_are_shown_in_their_largest_exact_unit(void **state)
{
	static const struct {
		enum config_quantity quantity;
		uint64_t value;
		const char *text;
	} cases[] = {
		{CONFIG_DURATION, 0, "0s"},
		{CONFIG_DURATION, NS_PER_S / 10, "100ms"},
		{CONFIG_DURATION, 1500 * NS_PER_S / 1000, "1500ms"},
		{CONFIG_DURATION, 90 * NS_PER_S, "90s"},
		{CONFIG_DURATION, 120 * NS_PER_S, "2m"},
		{CONFIG_DURATION, 7200 * NS_PER_S, "2h"},
		{CONFIG_SIZE, 0, "0"},
		{CONFIG_SIZE, 1, "1"},
		{CONFIG_SIZE, 1023, "1023"},
		{CONFIG_SIZE, 800 * KIB, "800KiB"},
		{CONFIG_SIZE, MIB, "1MiB"},
		{CONFIG_SIZE, MIB + KIB, "1025KiB"},
		{CONFIG_SIZE, 2 * GIB, "2GiB"},
		{CONFIG_SIZE, 1024 * GIB, "1TiB"},
		{CONFIG_SIZE, UINT64_MAX, "18446744073709551615"},
	};
	char text[CONFIG_QUANTITY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config_quantity_format(cases[i].quantity, cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void value_strings_are_one_line_that_is_not_too_long(void **state)
{
	struct thing thing = {0};

	(void)state;
	assert_taken(&thing, &string, "a b\xc3\xa4'\"c#");
	assert_string_equal(thing.text, "a b\xc3\xa4'\"c#");
	assert_taken(&thing, &string, "0123456789");
	assert_string_equal(thing.text, "0123456789");
	assert_taken(&thing, &string, "none"); /* a word like others here */
	assert_string_equal(thing.text, "none");
	clear(&thing);
	assert_refused(&string, "", "must not be empty");
	assert_refused(&string, "01234567890", "it can have at most 10 bytes");
	assert_refused(&string, "a\nb", "\"a\nb\" contains a control character");
}

static void value_secrets_are_in_no_message(void **state)
{
	struct thing thing = {0};

	(void)state;
	assert_taken(&thing, &secret, "hunter2 *");
	assert_string_equal(thing.secret, "hunter2 *");
	assert_taken(&thing, &secret, "****");
	assert_string_equal(thing.secret, "****");
	clear(&thing);
	assert_null(thing.secret);
	assert_refused(&secret, "", "must not be empty");
	assert_refused(&secret, "hunter2hunter2", "it can have at most 10 bytes");
	assert_refused(&secret, "hunter\t2", "contains a control character");
	assert_refused(&secret, "***",
		       "*** is what is shown in place of a secret; write the secret itself");
}

static void value_none_is_a_text_that_is_not_set(void **state)
{
	struct thing thing = {0};

	(void)state;
	assert_taken(&thing, &short_path, "/a");
	assert_taken(&thing, &short_path, "none");
	assert_null(thing.text);
	assert_taken(&thing, &short_path, "./none");
	assert_string_equal(thing.text, "./none");
	assert_taken(&thing, &path, "none"); /* takes no such word */
	assert_string_equal(thing.text, "none");
	clear(&thing);
	assert_refused(&short_path, "None12345", "a path can have at most 8 bytes");
}

static void value_addresses_to_listen_on_are_numeric_with_a_port(void **state)
{
	static const char *const good[] = {"127.0.0.1:9991", "0.0.0.0:1", "[::1]:65535", "[::]:80"};
	static const char *const bad[] = {"",
					  "127.0.0.1",
					  "127.0.0.1:0",
					  "localhost:1",
					  ":9991",
					  "9991",
					  "::1:9991",
					  "[::1]",
					  "127.0.0.1:65536",
					  "[fe80::1%eth0]:1",
					  "127.0.0.1:1/metrics",
					  "1.2.3:4",
					  "http://127.0.0.1:1",
					  "[::1:1"};
	char message[CONFIG_MESSAGE_BYTES], long_text[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct thing thing = {0};

		assert_taken(&thing, &listen_on, good[i]);
		assert_string_equal(thing.text, good[i]);
		clear(&thing);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(message, sizeof(message),
			 "must be ADDRESS:PORT, such as 127.0.0.1:9991 or [::1]:9991, or none, not "
			 "\"%s\"",
			 bad[i]);
		assert_refused(&listen_on, bad[i], message);
	}
	memset(long_text, 'a', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	snprintf(message, sizeof(message),
		 "must be ADDRESS:PORT, such as 127.0.0.1:9991 or [::1]:9991, or none, not "
		 "\"%.80s\"",
		 long_text);
	assert_refused(&listen_on, long_text, message);
}

static void value_texts_come_back_as_they_were_written(void **state)
{
	static const struct {
		const struct config_field *field;
		const char *text, *back;
	} cases[] = {
		{&number, "9", "9"},	    {&number, "0", "0"},
		{&power, "64", "64"},	    {&size, "20KiB", "20KiB"},
		{&size, "1024KiB", "1MiB"}, {&limit, "0", "0"},
		{&duration, "60s", "1m"},   {&choice, "green", "green"},
		{&boolean, "true", "true"}, {&boolean, "false", "false"},
		{&path, "/a b", "/a b"},    {&short_path, "none", "none"},
		{&address, "::1", "::1"},   {&listen_on, "[::1]:1", "[::1]:1"},
		{&string, "x y", "x y"},    {&secret, "hunter2", "***"},
	};
	char buffer[CONFIG_QUANTITY_BYTES];
	struct thing thing = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *back;

		assert_taken(&thing, cases[i].field, cases[i].text);
		back = config_field_text(&thing, cases[i].field, buffer);
		assert_non_null(back);
		assert_string_equal(back, cases[i].back);
	}
	clear(&thing);
	assert_null(config_field_text(&thing, &path, buffer));
	assert_null(config_field_text(&thing, &secret, buffer));
}

static void value_ranges_are_described(void **state)
{
	static const struct {
		const struct config_field *field;
		const char *text;
	} cases[] = {
		{&number, "0 or a whole number from 5 to 9"},
		{&power, "a power of two from 2 to 64"},
		{&size, "a size from 16KiB to 8MiB"},
		{&limit, "0 or a size from 1MiB to 18446744073709551615"},
		{&duration, "a duration from 0s to 1h"},
		{&choice, "red or green"},
		{&boolean, "true or false"},
		{&path, "a path"},
		{&short_path, "a path, or none"},
		{&address, "an IPv4 or IPv6 address"},
		{&listen_on, "ADDRESS:PORT, or none"},
		{&string, "a text of at most 10 bytes"},
		{&secret, "a text of at most 10 bytes"},
		{&globs, "a list of names or patterns"},
	};
	char text[CONFIG_RANGE_BYTES];

	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(cases[0]), sizeof(fields) / sizeof(fields[0]));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		config_field_describe(cases[i].field, text);
		assert_string_equal(text, cases[i].text);
	}
	assert_int_equal(config_field_max_length(&path), PATH_MAX - 1);
	assert_int_equal(config_field_max_length(&short_path), 8);
}

/* A value, another one, and the first again. */
static void value_fields_are_compared_and_exchanged(void **state)
{
	static const struct {
		const struct config_field *field;
		const char *one, *other;
	} cases[] = {
		{&number, "5", "6"},
		{&power, "2", "4"},
		{&size, "1MiB", "2MiB"},
		{&duration, "1s", "2s"},
		{&choice, "red", "green"},
		{&boolean, "true", "false"},
		{&path, "/a", "/b"},
		{&short_path, "a", "none"},
		{&address, "::1", "::2"},
		{&string, "a", "A"},
		{&secret, "a", "ab"},
		{&globs, "eth0", "eth1"},
		{&listen_on, "[::1]:1", "[::1]:2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_field *field = cases[i].field;
		struct thing a = {0}, b = {0}, c = {0};

		assert_true(config_field_equals(&a, &b, field));
		assert_taken(&a, field, cases[i].one);
		assert_taken(&b, field, cases[i].other);
		assert_taken(&c, field, cases[i].one);
		assert_false(config_field_equals(&a, &b, field));
		assert_true(config_field_equals(&a, &c, field));
		config_field_exchange(&a, &b, field);
		assert_true(config_field_equals(&b, &c, field));
		assert_false(config_field_equals(&a, &c, field));
		clear(&a);
		clear(&b);
		clear(&c);
	}
}

static void value_lists_are_equal_item_by_item(void **state)
{
	struct thing a = {0}, b = {0};

	(void)state;
	assert_taken(&a, &globs, "eth0");
	assert_false(config_field_equals(&a, &b, &globs));
	assert_taken(&b, &globs, "eth0");
	assert_taken(&a, &globs, "eth1");
	assert_false(config_field_equals(&a, &b, &globs));
	assert_false(config_field_equals(&b, &a, &globs));
	assert_taken(&b, &globs, "eth1");
	assert_true(config_field_equals(&a, &b, &globs));
	config_field_free(&a, &globs);
	assert_int_equal(a.globs.count, 0);
	assert_null(a.globs.items[1]);
	clear(&a);
	clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_sizes_are_bytes_or_have_a_unit_of_1024),
		cmocka_unit_test(value_sizes_out_of_range_or_form_are_refused),
		cmocka_unit_test(value_quantities_are_shown_in_their_largest_exact_unit),
		cmocka_unit_test(value_strings_are_one_line_that_is_not_too_long),
		cmocka_unit_test(value_secrets_are_in_no_message),
		cmocka_unit_test(value_none_is_a_text_that_is_not_set),
		cmocka_unit_test(value_addresses_to_listen_on_are_numeric_with_a_port),
		cmocka_unit_test(value_texts_come_back_as_they_were_written),
		cmocka_unit_test(value_ranges_are_described),
		cmocka_unit_test(value_fields_are_compared_and_exchanged),
		cmocka_unit_test(value_lists_are_equal_item_by_item),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
