// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Requests over HTTP: what is sent, and what comes back from a server that does as it should. */
#include "http_fixture.h"

#include <time.h>

#define DATE_NS 1787300000000000000ull
#define DATE "Date: Fri, 21 Aug 2026 08:13:20 GMT\r\n"

/* --- as it should be --- */

static void answer_gone_at_once(struct http_call *call)
{
	http_call_close(call);
}

static void http_request_arrives_as_it_is(void **state)
{
	(void)state;
	expect(answer_ok, 200, "fine");
	assert_string_equal(last.method, "POST");
	assert_string_equal(last.target, "/path");
	assert_int_equal(last.body_bytes, 4);
	assert_memory_equal(last.body, "b\0dy", 4);
	assert_string_equal(http_call_header(&last, "Authorization"), SECRET);
	assert_string_equal(http_call_header(&last, "Content-Type"), "application/json");
	assert_string_equal(http_call_header(&last, "Content-Encoding"), "gzip");
	assert_string_equal(http_call_header(&last, "User-Agent"), "flowprobe/0.1.0");
	assert_null(http_call_header(&last, "Expect"));
}

static void http_request_leaves_no_secret_behind(void **state)
{
	(void)state;
	expect(answer_ok, 200, "fine");
	expect_none(answer_gone_at_once, -EIO);
	http_client_free(client);
	client = NULL;
	assert_int_equal(dirty_frees, 0);
}

static void http_request_without_body_says_nothing_of_one(void **state)
{
	struct http_response response;

	(void)state;
	answer = answer_ok;
	assert_int_equal(get(&response), 0);
	http_response_free(&response);
	assert_string_equal(last.method, "GET");
	assert_int_equal(last.body_bytes, 0);
	assert_null(http_call_header(&last, "Authorization"));
	assert_null(http_call_header(&last, "Content-Type"));
	assert_null(http_call_header(&last, "Content-Encoding"));
	assert_null(http_call_header(&last, "Content-Length"));
}

static void http_connection_is_kept(void **state)
{
	(void)state;
	for (unsigned int i = 1; i <= 5; i++) {
		expect(answer_ok, 200, "fine");
		assert_int_equal(last.request, i);
	}
	assert_int_equal(http_server_connections(server), 1);
}

static void answer_and_close(struct http_call *call)
{
	http_call_reply(call, 200, "Connection: close\r\n", "bye");
	http_call_close(call);
}

static void http_connection_that_is_closed_is_made_again(void **state)
{
	(void)state;
	expect(answer_and_close, 200, "bye");
	expect(answer_ok, 200, "fine");
	assert_int_equal(http_server_connections(server), 2);
}

static void answer_chunked(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	http_call_print(call, "3;x=y\r\nabc\r\n");
	http_call_print(call, "1\r\nd\r\n0\r\nTrailer: x\r\n\r\n");
}

static void answer_until_close(struct http_call *call)
{
	http_call_print(call, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
	http_call_close(call);
}

static void answer_nothing_to_say(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 204 No Content\r\n\r\n");
}

static void answer_informed(struct http_call *call)
{
	http_call_print(call, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
			      "Link: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n");
	http_call_reply(call, 500, "", "late");
}

static void answer_byte_by_byte(struct http_call *call)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX:\r\n y\r\n\r\nabc";

	for (const char *c = text; *c; c++)
		http_call_send(call, c, 1);
}

static void http_answers_of_every_form_are_read(void **state)
{
	(void)state;
	expect(answer_chunked, 200, "abcd");
	expect(answer_until_close, 200, "until the end");
	expect(answer_nothing_to_say, 204, "");
	expect(answer_informed, 500, "late");
	expect(answer_byte_by_byte, 200, "abc");
}

static void answer_elsewhere(struct http_call *call)
{
	http_call_reply(call, 307, "Location: /elsewhere\r\n", "");
}

static void http_redirect_is_not_followed(void **state)
{
	(void)state;
	expect(answer_elsewhere, 307, "");
	assert_int_equal(requests, 1);
}

/* --- headers that are read --- */

static const char *headers_to_send;

static void answer_with_headers(struct http_call *call)
{
	http_call_reply(call, 503, headers_to_send, "");
}

static void expect_headers(const char *headers, uint64_t retry_after_ns, uint64_t date_ns)
{
	struct http_response response;

	headers_to_send = headers;
	answer = answer_with_headers;
	assert_int_equal(post(&response), 0);
	assert_int_equal(response.status, 503);
	assert_int_equal(response.retry_after_ns, retry_after_ns);
	assert_int_equal(response.date_ns, date_ns);
	http_response_free(&response);
}

static void http_retry_after_is_a_time_from_now(void **state)
{
	char header[128], date[64];
	struct http_response response;
	time_t then;

	(void)state;
	expect_headers("", 0, 0);
	expect_headers("Retry-After: 0\r\n", 0, 0);
	expect_headers("Retry-After: 7\r\n", 7 * NS_PER_S, 0);
	expect_headers("retry-after:3600\r\n", 3600 * NS_PER_S, 0);
	expect_headers("Retry-After: 3601\r\n", 3600 * NS_PER_S, 0);
	expect_headers("Retry-After: 9999999999\r\n", 3600 * NS_PER_S, 0);
	expect_headers("Retry-After: soon\r\n", 0, 0);
	/* what is over already is no reason to wait, nor to hurry */
	expect_headers("Retry-After: -5\r\n", 0, 0);
	expect_headers("Retry-After: Fri, 21 Aug 2020 08:13:20 GMT\r\n", 0, 0);

	then = time(NULL) + 1000;
	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", gmtime(&then));
	snprintf(header, sizeof(header), "Retry-After: %s\r\n", date);
	headers_to_send = header;
	assert_int_equal(post(&response), 0);
	assert_in_range(response.retry_after_ns, 900 * NS_PER_S, 1000 * NS_PER_S);
	http_response_free(&response);
}

static void http_date_is_the_servers_time(void **state)
{
	char header[300];

	(void)state;
	expect_headers(DATE, 0, DATE_NS);
	expect_headers("DATE:Fri, 21 Aug 2026 08:13:20 GMT\r\n", 0, DATE_NS);
	expect_headers("Date: Friday, 21-Aug-26 08:13:20 GMT\r\n", 0, DATE_NS);
	expect_headers("Date: yesterday\r\n", 0, 0);
	expect_headers("Date:\r\n", 0, 0);
	expect_headers("X-Date: Fri, 21 Aug 2026 08:13:20 GMT\r\n", 0, 0);
	snprintf(header, sizeof(header), "Date: %0200d\r\n", 1);
	expect_headers(header, 0, 0);
}

/* --- proxies --- */

static void http_proxy_comes_from_the_environment(void **state)
{
	char proxy[64];

	(void)state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%u", http_server_port(server));
	setenv("http_proxy", proxy, 1);
	snprintf(url, sizeof(url), "http://server.invalid:5080/path");
	expect(answer_ok, 200, "fine");
	assert_string_equal(last.target, "http://server.invalid:5080/path");
	assert_int_equal(requests, 1);
	unsetenv("http_proxy");
}

static void http_proxy_is_not_for_what_no_proxy_names(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1); /* nobody is there */
	expect_none(answer_ok, -EIO);
	setenv("no_proxy", "127.0.0.1", 1);
	expect(answer_ok, 200, "fine");
	assert_string_equal(last.target, "/path");
	unsetenv("no_proxy");
	unsetenv("http_proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(http_request_arrives_as_it_is),
		HTTP_TEST(http_request_leaves_no_secret_behind),
		HTTP_TEST(http_request_without_body_says_nothing_of_one),
		HTTP_TEST(http_connection_is_kept),
		HTTP_TEST(http_connection_that_is_closed_is_made_again),
		HTTP_TEST(http_answers_of_every_form_are_read),
		HTTP_TEST(http_redirect_is_not_followed),
		HTTP_TEST(http_retry_after_is_a_time_from_now),
		HTTP_TEST(http_date_is_the_servers_time),
		HTTP_TEST(http_proxy_comes_from_the_environment),
		HTTP_TEST(http_proxy_is_not_for_what_no_proxy_names),
	};

	prepare_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
