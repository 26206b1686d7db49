// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* JSON of others: what parses, what values are, and what covers what. */
#include "lib/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json_value *parse(const char *text)
{
	char error[JSON_TREE_ERROR_BYTES] = "";
	struct json_value *root = json_tree_parse(text, strlen(text), error);

	if (!root)
		fail_msg("%s: %s", text, error);
	return root;
}

static void json_tree_takes_objects_apart(void **state)
{
	struct json_value *root =
		parse("{\"n\":42,\"s\":\"text\",\"a\":[1,\"two\",[3]],\"o\":{\"in\":true}}");
	const struct json_value *array = json_tree_member(root, "a");
	uint64_t number;

	(void)state;
	assert_true(json_tree_is_object(root));
	assert_false(json_tree_is_array(root));
	assert_int_equal(json_tree_number(json_tree_member(root, "n"), &number), 1);
	assert_int_equal(number, 42);
	assert_string_equal(json_tree_text(json_tree_member(root, "s")), "text");
	assert_true(json_tree_is_array(array));
	assert_int_equal(json_tree_length(array), 3);
	assert_string_equal(json_tree_text(json_tree_item(array, 1)), "two");
	assert_int_equal(json_tree_length(json_tree_item(array, 2)), 1);
	assert_null(json_tree_item(array, 3));
	assert_non_null(json_tree_member(json_tree_member(root, "o"), "in"));
	assert_null(json_tree_member(root, "absent"));
	json_tree_free(root);
	json_tree_free(NULL);
}

/* What the server sends need not be what one expects. */
static void json_tree_takes_anything_for_not_there(void **state)
{
	static const char *const texts[] = {"null", "true", "7", "-7", "0.5", "\"x\"", "[]", "{}"};
	uint64_t number = 99;

	(void)state;
	for (size_t i = 0; i <= sizeof(texts) / sizeof(texts[0]); i++) {
		int none = i == sizeof(texts) / sizeof(texts[0]);
		struct json_value *value = none ? NULL : parse(texts[i]);

		assert_null(json_tree_member(value, "x"));
		assert_null(json_tree_item(value, 0));
		assert_int_equal(json_tree_length(value), 0);
		assert_int_equal(json_tree_is_array(value), i == 6);
		assert_int_equal(json_tree_is_object(value), i == 7);
		assert_int_equal(json_tree_text(value) != NULL, i == 5);
		assert_int_equal(json_tree_number(value, &number), i == 2);
		json_tree_free(value);
	}
	assert_int_equal(number, 7);
}

static void json_tree_numbers_are_exact(void **state)
{
	static const struct {
		const char *text;
		int is_number;
		uint64_t number;
	} table[] = {
		{"0", 1, 0},
		{"9007199254740993", 1, 9007199254740993},
		{"9223372036854775807", 1, INT64_MAX},
		{"-1", 0, 0},
		{"-9223372036854775808", 0, 0},
		{"1.0", 0, 0},
		{"1e3", 0, 0},
		{"\"1\"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct json_value *value = parse(table[i].text);
		uint64_t number = 0;

		assert_int_equal(json_tree_number(value, &number), table[i].is_number);
		assert_int_equal(number, table[i].number);
		json_tree_free(value);
	}
}

static void expect_error(const char *text, size_t bytes)
{
	char error[JSON_TREE_ERROR_BYTES];

	memset(error, '#', sizeof(error));
	assert_null(json_tree_parse(text, bytes, error));
	assert_non_null(memchr(error, '\0', sizeof(error)));
	assert_memory_equal(error, "line ", 5);
}

static void json_tree_refuses_what_is_no_json(void **state)
{
	static const char *const texts[] = {
		"",	    " ",	  "{",
		"[1,",	    "{\"a\":1}{", "{\"a\":1,\"a\":2}",
		"{'a':1}",  "[01]",	  "[NaN]",
		"\"\xff\"", "\"\x01\"",	  "[9223372036854775808]",
		"nul",	    "[1e999]",	  "{\"a\\u0000b\":1}",
	};
	char deep[8192], wide[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_error(texts[i], strlen(texts[i]));
	memset(deep, '[', sizeof(deep));
	expect_error(deep, sizeof(deep));
	memset(wide, 'x', sizeof(wide));
	expect_error(wide, sizeof(wide));
}

static void json_tree_reads_no_further_than_told(void **state)
{
	struct json_value *root;
	char error[JSON_TREE_ERROR_BYTES];

	(void)state;
	root = json_tree_parse("[1]garbage", 3, error);
	assert_int_equal(json_tree_length(root), 1);
	json_tree_free(root);
}

static void json_tree_quote_makes_a_string(void **state)
{
	static const struct {
		const char *plain;
		const char *quoted;
	} table[] = {
		{"", "\"\""},
		{"plain", "\"plain\""},
		{"a \"b\" \\ \n\t\x01", "\"a \\\"b\\\" \\\\ \\n\\t\\u0001\""},
		{"\xc3\xa9", "\"\xc3\xa9\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char *quoted = json_tree_quote(table[i].plain);

		assert_string_equal(quoted, table[i].quoted);
		free(quoted);
	}
	assert_null(json_tree_quote("\xff"));
}

static int covers(const char *actual, const char *wanted)
{
	struct json_value *a = parse(actual), *w = parse(wanted);
	int result = json_tree_covers(a, w);

	json_tree_free(a);
	json_tree_free(w);
	return result;
}

static void json_tree_covers_what_it_has_at_least(void **state)
{
	(void)state;
	assert_true(covers("{\"a\":1,\"b\":2}", "{\"a\":1}"));
	assert_true(covers("{\"a\":{\"x\":1,\"y\":[1,{\"z\":1,\"more\":2}]}}", "{\"a\":{\"y\":[1,{"
									       "\"z\":1}]}}"));
	assert_true(covers("[]", "[]"));
	assert_true(covers("{\"a\":null}", "{\"a\":null}"));
	assert_true(covers("{\"b\":2,\"a\":1}", "{\"a\":1,\"b\":2}"));
	assert_false(covers("{\"a\":1}", "{\"a\":1,\"b\":2}"));
	assert_false(covers("{\"a\":1}", "{\"a\":2}"));
	assert_false(covers("{\"a\":\"1\"}", "{\"a\":1}"));
	assert_false(covers("{\"a\":true}", "{\"a\":false}"));
	assert_false(covers("[1,2]", "[1]"));
	assert_false(covers("[1]", "[1,2]"));
	assert_false(covers("[2,1]", "[1,2]"));
	assert_false(covers("[]", "{}"));
	assert_false(covers("{\"a\":null}", "{\"a\":{}}"));
	assert_false(covers("9007199254740993", "9007199254740992"));
}

/* A server leaves out what is null, and may keep a number in another form. */
static void json_tree_covers_the_same_said_otherwise(void **state)
{
	(void)state;
	assert_true(covers("{\"a\":1}", "{\"a\":1,\"b\":null}"));
	assert_true(covers("{\"b\":null}", "{\"b\":null}"));
	assert_false(covers("{\"b\":0}", "{\"b\":null}"));
	assert_false(covers("[]", "[null]"));
	assert_true(covers("{\"a\":60.0}", "{\"a\":60}"));
	assert_true(covers("{\"a\":60}", "{\"a\":6e1}"));
	assert_false(covers("{\"a\":60.5}", "{\"a\":60}"));
	assert_false(covers("{\"a\":\"60\"}", "{\"a\":60}"));
}

static void json_tree_nothing_covers_only_nothing(void **state)
{
	struct json_value *value = parse("{}");

	(void)state;
	assert_false(json_tree_covers(NULL, value));
	assert_false(json_tree_covers(value, NULL));
	assert_false(json_tree_covers(NULL, NULL));
	json_tree_free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_tree_takes_objects_apart),
		cmocka_unit_test(json_tree_takes_anything_for_not_there),
		cmocka_unit_test(json_tree_numbers_are_exact),
		cmocka_unit_test(json_tree_refuses_what_is_no_json),
		cmocka_unit_test(json_tree_reads_no_further_than_told),
		cmocka_unit_test(json_tree_quote_makes_a_string),
		cmocka_unit_test(json_tree_covers_what_it_has_at_least),
		cmocka_unit_test(json_tree_covers_the_same_said_otherwise),
		cmocka_unit_test(json_tree_nothing_covers_only_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
