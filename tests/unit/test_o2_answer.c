// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What OpenObserve's answers mean: each shape that its source has, those of proxies in front of it,
 * and what no server should send. The bodies are those of OpenObserve 0.93.
 */
#include "export/o2_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TOO_OLD                                                                          \
	"Too old data, only last 5 hours data can be ingested. Data discarded. You can " \
	"adjust ingestion max time by setting the environment variable "                 \
	"ZO_INGEST_ALLOWED_UPTO=<max_hours>"
#define TOO_FAR                                                                             \
	"Too far data, only future 24 hours data can be ingested. Data discarded. You can " \
	"adjust ingestion max time by setting the environment variable "                    \
	"ZO_INGEST_ALLOWED_IN_FUTURE=<max_hours>"

struct expected {
	int status;
	const char *body;
	uint64_t sent;
	enum o2_verdict verdict;
	uint64_t refused;
	uint64_t unconfirmed;
	const char *message;
};

#define ONE(numbers) "{\"code\":200,\"status\":[{\"name\":\"netflow1\"," numbers "}]}"

static void expect(const struct expected *expected)
{
	struct o2_answer answer;

	memset(&answer, 0xff, sizeof(answer));
	o2_answer_read(&answer, expected->status, expected->body, strlen(expected->body),
		       expected->sent);
	if (answer.verdict != expected->verdict || answer.refused != expected->refused ||
	    answer.unconfirmed != expected->unconfirmed ||
	    strcmp(answer.message, expected->message) != 0)
		print_error("of %d %s\n", expected->status, expected->body);
	assert_int_equal(answer.verdict, expected->verdict);
	assert_int_equal(answer.refused, expected->refused);
	assert_int_equal(answer.unconfirmed, expected->unconfirmed);
	assert_string_equal(answer.message, expected->message);
}

#define EXPECT_ALL(table)                                                     \
	do {                                                                  \
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) \
			expect(&(table)[i]);                                  \
	} while (0)

/* --- 200 --- */

static void o2_answer_200_says_what_was_taken(void **state)
{
	static const struct expected table[] = {
		{200, ONE("\"successful\":5,\"failed\":0"), 5, O2_ACCEPTED, 0, 0, ""},
		{200, ONE("\"successful\":1,\"failed\":0"), 1, O2_ACCEPTED, 0, 0, ""},
		{200,
		 "{\"code\":200,\"status\":[{\"name\":\"a\",\"successful\":2,\"failed\":0},"
		 "{\"name\":\"b\",\"successful\":3,\"failed\":0}]}",
		 5, O2_ACCEPTED, 0, 0, ""},
		/* a pipeline of the server's made more of them */
		{200, ONE("\"successful\":10,\"failed\":0"), 5, O2_ACCEPTED, 0, 0, ""},
		{200, ONE("\"successful\":9223372036854775807,\"failed\":0"), 5, O2_ACCEPTED, 0, 0,
		 ""},
		/* the sum is 2^64 + 1 */
		{200,
		 "{\"status\":[{\"successful\":9223372036854775807},"
		 "{\"successful\":9223372036854775807},{\"successful\":3}]}",
		 5, O2_ACCEPTED, 0, 0, ""},
	};

	(void)state;
	EXPECT_ALL(table);
}

static void o2_answer_200_can_hide_losses(void **state)
{
	static const struct expected table[] = {
		{200,
		 ONE("\"successful\":4,\"failed\":1,\"error\":\"Failed to cast bytes to type "
		     "<Int64> \""),
		 5, O2_ACCEPTED, 1, 0, "Failed to cast bytes to type <Int64> "},
		{200,
		 ONE("\"successful\":0,\"failed\":5,\"error\":\"flatten value must be an object\""),
		 5, O2_ACCEPTED, 5, 0, "flatten value must be an object"},
		/* more than 1000 columns, or the stream is being deleted: not a word */
		{200, ONE("\"successful\":0,\"failed\":0"), 5, O2_ACCEPTED, 0, 5, ""},
		{200, ONE("\"successful\":3,\"failed\":1"), 5, O2_ACCEPTED, 1, 1, ""},
		{200, ONE("\"successful\":3"), 5, O2_ACCEPTED, 0, 2, ""},
		{200, ONE("\"failed\":3"), 5, O2_ACCEPTED, 3, 2, ""},
		{200, "{\"code\":200,\"status\":[]}", 5, O2_ACCEPTED, 0, 5, ""},
		{200, "{\"code\":200,\"status\":[7,null,\"x\",[]]}", 5, O2_ACCEPTED, 0, 5, ""},
		{200, ONE("\"successful\":\"5\",\"failed\":null"), 5, O2_ACCEPTED, 0, 5, ""},
		{200, ONE("\"successful\":-5,\"failed\":0.5"), 5, O2_ACCEPTED, 0, 5, ""},
		{200, ONE("\"successful\":5,\"failed\":9,\"error\":7"), 5, O2_ACCEPTED, 5, 0, ""},
		{200,
		 "{\"status\":[{\"failed\":9223372036854775807},"
		 "{\"failed\":9223372036854775807},{\"failed\":3}]}",
		 5, O2_ACCEPTED, 5, 0, ""},
	};

	(void)state;
	EXPECT_ALL(table);
}

static void o2_answer_200_too_old_may_be_tried_again(void **state)
{
	static const struct expected table[] = {
		{200, ONE("\"successful\":0,\"failed\":2,\"error\":\"" TOO_OLD "\""), 2, O2_TOO_OLD,
		 2, 0, TOO_OLD},
		{200, ONE("\"successful\":0,\"failed\":2,\"error\":\"" TOO_FAR "\""), 2, O2_TOO_OLD,
		 2, 0, TOO_FAR},
		/* which of them is not said, and the others are there already */
		{200, ONE("\"successful\":1,\"failed\":1,\"error\":\"" TOO_OLD "\""), 2,
		 O2_ACCEPTED, 1, 0, TOO_OLD},
		{200, ONE("\"successful\":0,\"failed\":1,\"error\":\"" TOO_OLD "\""), 2,
		 O2_ACCEPTED, 1, 1, TOO_OLD},
	};

	(void)state;
	EXPECT_ALL(table);
}

/* A captive portal, a proxy, the wrong port: nobody has said that he took anything. */
static void o2_answer_200_of_somebody_else_took_nothing(void **state)
{
	static const char reason[] =
		"the answer is not OpenObserve's: it has no status; is the URL right?";
	static const struct expected table[] = {
		{200, "{}", 5, O2_RETRY, 0, 0, reason},
		{200, "[]", 5, O2_RETRY, 0, 0, reason},
		{200, "\"ok\"", 5, O2_RETRY, 0, 0, reason},
		{200, "null", 5, O2_RETRY, 0, 0, reason},
		{200, "{\"code\":200,\"status\":{\"successful\":5}}", 5, O2_RETRY, 0, 0, reason},
		{200, "{\"status\":\"ok\"}", 5, O2_RETRY, 0, 0, reason},
		/* bulk: another answer, for another request */
		{200, "{\"took\":1,\"errors\":false,\"items\":[]}", 5, O2_RETRY, 0, 0, reason},
	};

	(void)state;
	EXPECT_ALL(table);
}

/* Another kind of success is no promise either, but what it says counts. */
static void o2_answer_success_is_not_in_the_status_alone(void **state)
{
	static const struct expected table[] = {
		{201, ONE("\"successful\":5,\"failed\":0"), 5, O2_ACCEPTED, 0, 0, ""},
		{202, ONE("\"successful\":3,\"failed\":1"), 5, O2_ACCEPTED, 1, 1, ""},
		{202, "{}", 5, O2_RETRY, 0, 0,
		 "the answer is not OpenObserve's: it has no status; is the URL right?"},
	};
	struct o2_answer answer;

	(void)state;
	EXPECT_ALL(table);
	o2_answer_read(&answer, 204, "", 0, 5);
	assert_int_equal(answer.verdict, O2_RETRY);
}

/* The details are the JSON library's. */
static void o2_answer_200_that_is_no_json_took_nothing(void **state)
{
	static const char *const bodies[] = {
		"",
		"<html>hello</html>",
		"{\"code\":200,\"status\":[{\"name\":\"n\",\"successful\":5,\"failed\":0}]",
		ONE("\"successful\":5,\"failed\":0") "x",
		ONE("\"successful\":5,\"successful\":5"),
		ONE("\"successful\":99999999999999999999"),
		"\xff\xfe",
	};
	static const char start[] = "the answer is not OpenObserve's: line 1, column ";
	static const char end[] = "; is the URL right?";
	struct o2_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		o2_answer_read(&answer, 200, bodies[i], strlen(bodies[i]), 5);
		assert_int_equal(answer.verdict, O2_RETRY);
		assert_int_equal(answer.refused, 0);
		assert_int_equal(answer.unconfirmed, 0);
		assert_memory_equal(answer.message, start, strlen(start));
		assert_string_equal(answer.message + strlen(answer.message) - strlen(end), end);
	}
}

/* The JSON library quotes what it did not understand as it was. */
static void o2_answer_200_that_is_no_json_cannot_harm_a_terminal(void **state)
{
	static const char *const bodies[] = {"\x1b]0;owned\x07", "{\"a\x1b[31m\": 1 \r\n2}",
					     "[\"\x01\"]",
					     "{\"\x7f\xc2\x9b\": 1, \"\x7f\xc2\x9b\": 1}"};
	struct o2_answer answer;

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		o2_answer_read(&answer, 200, bodies[i], strlen(bodies[i]), 5);
		for (const char *c = answer.message; *c; c++)
			assert_in_range((unsigned char)*c, ' ', '~');
	}
}

/* --- errors --- */

static void o2_answer_error_says_what_to_do(void **state)
{
	static const struct expected table[] = {
		{400, "{\"code\":400,\"message\":\"Error# Stream name is empty\"}", 5, O2_RETRY_FEW,
		 0, 0, "Error# Stream name is empty"},
		{400, "{\"code\":400,\"message\":\"Error# stream [netflow1] is being deleted\"}", 5,
		 O2_RETRY_FEW, 0, 0, "Error# stream [netflow1] is being deleted"},
		{400, "{\"code\":400,\"message\":\"\"}", 5, O2_RETRY_FEW, 0, 0, ""},
		{401, "Unauthorized Access", 5, O2_CREDENTIAL, 0, 0, "Unauthorized Access"},
		{403, "Organization is deleted", 5, O2_CREDENTIAL, 0, 0, "Organization is deleted"},
		{404, "", 5, O2_CONFIGURATION, 0, 0, ""},
		{405, "", 5, O2_CONFIGURATION, 0, 0, ""},
		{407, "Proxy Authentication Required", 5, O2_CONFIGURATION, 0, 0,
		 "Proxy Authentication Required"},
		{408, "", 5, O2_RETRY, 0, 0, ""},
		{413, "Failed to buffer the request body: length limit exceeded", 5, O2_TOO_LARGE,
		 0, 0, "Failed to buffer the request body: length limit exceeded"},
		{415, "", 5, O2_ENCODING, 0, 0, ""},
		{425, "", 5, O2_RETRY, 0, 0, ""},
		{429, "{\"code\":429,\"message\":\"Resource exceeded\"}", 5, O2_RETRY, 0, 0,
		 "Resource exceeded"},
		{500, "{\"code\":500,\"message\":\"boom\"}", 5, O2_RETRY, 0, 0, "boom"},
		{502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>\r\n", 5,
		 O2_RETRY, 0, 0, "<html> <head><title>502 Bad Gateway</title></head> </html> "},
		{503, "{\"code\":503,\"message\":\"Error# MemoryTableOverflowError\"}", 5, O2_RETRY,
		 0, 0, "Error# MemoryTableOverflowError"},
		{504, "", 5, O2_RETRY, 0, 0, ""},
		{599, "", 5, O2_RETRY, 0, 0, ""},
		/* a credential is not taken elsewhere */
		{301, "", 5, O2_CONFIGURATION, 0, 0, ""},
		{302, "Found", 5, O2_CONFIGURATION, 0, 0, "Found"},
		{308, "", 5, O2_CONFIGURATION, 0, 0, ""},
		{304, "", 5, O2_CONFIGURATION, 0, 0, ""},
		{418, "", 5, O2_RETRY_FEW, 0, 0, ""},
		{422, "", 5, O2_RETRY_FEW, 0, 0, ""},
		{0, "", 5, O2_RETRY_FEW, 0, 0, ""},
		{101, "", 5, O2_RETRY_FEW, 0, 0, ""},
		{999, "", 5, O2_RETRY, 0, 0, ""},
		/* success is said with 200, not with its shape */
		{500, ONE("\"successful\":5,\"failed\":0"), 5, O2_RETRY, 0, 0,
		 ONE("\"successful\":5,\"failed\":0")},
		{503, "{\"message\":7}", 5, O2_RETRY, 0, 0, "{\"message\":7}"},
	};

	(void)state;
	EXPECT_ALL(table);
}

/* --- text for people --- */

static void expect_message(int status, const char *body, size_t bytes, const char *expected)
{
	struct o2_answer answer;

	o2_answer_read(&answer, status, body, bytes, 1);
	assert_string_equal(answer.message, expected);
}

static void o2_answer_message_is_one_line_of_printable_text(void **state)
{
	static const char nul[] = "a\0b";

	(void)state;
	expect_message(500, "  a\r\n\tb  c ", 11, "a b c ");
	expect_message(500, "\x1b[31mred\x7f\x01", 10, "?[31mred??");
	expect_message(500, "na\xc3\xafve", 6, "na??ve");
	expect_message(500, nul, 3, "a?b");
	expect_message(400, "{\"message\":\"\\u001b[2J\\nx\"}", 26, "?[2J x");
	expect_message(400, "{\"message\":\"a\\u0000b\"}", 22, "{\"message\":\"a\\u0000b\"}");
	expect_message(500, "\n\n\n", 3, "");
	expect_message(500, "ignored", 0, "");
}

static void o2_answer_message_is_cut_to_its_size(void **state)
{
	char text[1000], expected[O2_MESSAGE_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	memset(expected, 'x', sizeof(expected));
	expected[sizeof(expected) - 1] = '\0';
	expect_message(500, text, sizeof(text), expected);
	expect_message(500, text, sizeof(expected) - 1, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o2_answer_200_says_what_was_taken),
		cmocka_unit_test(o2_answer_200_can_hide_losses),
		cmocka_unit_test(o2_answer_200_too_old_may_be_tried_again),
		cmocka_unit_test(o2_answer_200_of_somebody_else_took_nothing),
		cmocka_unit_test(o2_answer_success_is_not_in_the_status_alone),
		cmocka_unit_test(o2_answer_200_that_is_no_json_took_nothing),
		cmocka_unit_test(o2_answer_200_that_is_no_json_cannot_harm_a_terminal),
		cmocka_unit_test(o2_answer_error_says_what_to_do),
		cmocka_unit_test(o2_answer_message_is_one_line_of_printable_text),
		cmocka_unit_test(o2_answer_message_is_cut_to_its_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
