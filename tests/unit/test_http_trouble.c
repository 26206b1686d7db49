// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Requests over HTTP to servers that break off, have no end, or never begin; and a stop, which ends a
 * request wherever it is.
 */
#include "http_fixture.h"

/* --- cut off --- */

static const char *text_to_cut;
static size_t bytes_to_send;

static void answer_cut(struct http_call *call)
{
	http_call_send(call, text_to_cut, bytes_to_send);
	http_call_close(call);
}

/* What was cut in its body has none; in its head, at most a status. */
static void http_answer_cut_anywhere_has_no_body(void **state)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
	};

	(void)state;
	answer = answer_cut;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text_to_cut = texts[i];
		for (bytes_to_send = 0; bytes_to_send < strlen(texts[i]); bytes_to_send++) {
			struct http_response response;
			int result = post(&response);

			assert_true(result == 0 || result == -EIO);
			assert_int_equal(response.bytes, 0);
			if (result == 0)
				assert_int_equal(response.status, 200);
			if (i < 2 && memmem(texts[i], bytes_to_send, "\r\n\r\n", 4))
				assert_int_equal(result, -EIO);
			http_response_free(&response);
		}
	}
	expect(answer_ok, 200, "fine");
}

static void answer_gone_when_used_again(struct http_call *call)
{
	if (call->connection == 1 && call->request == 2)
		http_call_close(call);
	else
		http_call_reply(call, 200, "", "fine");
}

/* A server may close what is idle at any moment, and the request then crosses with it. */
static void http_connection_that_dies_while_idle_costs_nothing(void **state)
{
	(void)state;
	expect(answer_gone_when_used_again, 200, "fine");
	expect(answer_gone_when_used_again, 200, "fine");
	assert_int_equal(http_server_connections(server), 2);
}

static void answer_garbage(struct http_call *call)
{
	http_call_send(call, "\x16\x03\x01\0\xff garbage\r\n\r\n", 16);
	http_call_close(call);
}

static void http_garbage_is_no_answer(void **state)
{
	(void)state;
	expect_none(answer_garbage, -EIO);
}

static void http_server_that_is_away_is_no_answer(void **state)
{
	(void)state;
	expect(answer_ok, 200, "fine");
	http_server_go_away(server);
	expect_none(answer_ok, -EIO);
	http_server_come_back(server);
	expect(answer_ok, 200, "fine");
}

/* --- without end --- */

static void answer_headers_without_end(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\n");
	while (http_call_print(call, "X-Header: %01000d\r\n", 7))
		;
}

static void answer_one_header_without_end(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\nX-Header: ");
	while (http_call_print(call, "%01000d", 7))
		;
}

static void answer_informed_without_end(struct http_call *call)
{
	while (http_call_print(call, "HTTP/1.1 102 Processing\r\nX-Header: %01000d\r\n\r\n", 7))
		;
}

static void answer_body_without_end(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\n\r\n");
	while (http_call_print(call, "%01000d", 7))
		;
}

/* The time limit is far away: it is the amount that ends them. */
static void http_answer_without_end_ends(void **state)
{
	(void)state;
	expect_none(answer_body_without_end, -EIO);
	assert_string_equal(reason, "the answer is longer than 4194304 bytes");
	expect_none(answer_one_header_without_end, -EIO);
	expect_none(answer_headers_without_end, -EIO);
	expect_none(answer_informed_without_end, -EIO);
}

static void answer_with_a_long_header(struct http_call *call)
{
	char *headers = malloc(65536);

	snprintf(headers, 65536, "X-Header: %060000d\r\n", 7);
	http_call_reply(call, 200, headers, "fine");
	free(headers);
}

static void answer_with_a_long_body(struct http_call *call)
{
	size_t bytes = HTTP_BODY_BYTES_MAX + (call->request == 2);
	char *body = malloc(bytes + 1);

	memset(body, 'x', bytes);
	body[bytes] = '\0';
	http_call_reply(call, 200, "", body);
	free(body);
}

static void http_answer_may_be_long(void **state)
{
	struct http_response response;

	(void)state;
	expect(answer_with_a_long_header, 200, "fine");
	answer = answer_with_a_long_body;
	expect_none(answer_with_a_long_body, -EIO);
	answer = answer_with_a_long_body;
	assert_int_equal(post(&response), 0);
	assert_int_equal(response.bytes, HTTP_BODY_BYTES_MAX);
	http_response_free(&response);
}

/* --- a stop --- */

static void end_it(struct http_call *call)
{
	uint64_t one = 1;

	control.over = 1;
	if (write(control.wake_fd, &one, sizeof(one)) == sizeof(one))
		http_call_hang(call); /* until the client has gone */
}

static void answer_over_at_once(struct http_call *call)
{
	end_it(call);
}

static void answer_over_in_the_head(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\nContent-Le");
	end_it(call);
}

static void answer_over_in_the_body(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
	end_it(call);
}

static void http_request_ends_when_it_is_over(void **state)
{
	static answer_function *const functions[] = {answer_over_at_once, answer_over_in_the_head,
						     answer_over_in_the_body};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		expect_none(functions[i], -ECANCELED);
		control.over = 0;
		expect(answer_ok, 200, "fine");
	}
	control.over = 1;
	expect_none(answer_ok, -ECANCELED);
	assert_int_equal(requests, 6);
}

static void answer_when_stopping(struct http_call *call)
{
	uint64_t one = 1;

	control.stopping = 1;
	if (write(control.wake_fd, &one, sizeof(one)) == sizeof(one))
		http_call_reply(call, 200, "", "fine");
}

static void http_request_is_finished_when_stopping(void **state)
{
	(void)state;
	expect(answer_when_stopping, 200, "fine");
}

static void answer_never(struct http_call *call)
{
	http_call_hang(call);
}

static void http_request_has_a_time_limit(void **state)
{
	const struct http_settings impatient = {
		.connect_timeout_ns = NS_PER_S,
		.timeout_ns = 20 * NS_PER_MS,
	};

	(void)state;
	http_client_free(client);
	client = http_client_new(&impatient);
	expect_none(answer_never, -EIO);
}

/* Whichever is over first: that of this one, or what is left at a stop. */
static void http_request_has_time_limits_of_its_own(void **state)
{
	(void)state;
	timeout_ns = 20 * NS_PER_MS;
	expect_none(answer_never, -ETIMEDOUT);
	assert_string_equal(reason, "there was no answer in time");
	control.stopping = 1;
	patience_ns = 3600 * NS_PER_S;
	expect_none(answer_never, -ETIMEDOUT);
	timeout_ns = 3600 * NS_PER_S;
	patience_ns = 20 * NS_PER_MS;
	expect_none(answer_never, -ETIMEDOUT);
	timeout_ns = 0;
	expect_none(answer_never, -ETIMEDOUT);
	expect(answer_ok, 200, "fine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(http_answer_cut_anywhere_has_no_body),
		HTTP_TEST(http_connection_that_dies_while_idle_costs_nothing),
		HTTP_TEST(http_garbage_is_no_answer),
		HTTP_TEST(http_server_that_is_away_is_no_answer),
		HTTP_TEST(http_answer_without_end_ends),
		HTTP_TEST(http_answer_may_be_long),
		HTTP_TEST(http_request_ends_when_it_is_over),
		HTTP_TEST(http_request_is_finished_when_stopping),
		HTTP_TEST(http_request_has_a_time_limit),
		HTTP_TEST(http_request_has_time_limits_of_its_own),
	};

	prepare_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
