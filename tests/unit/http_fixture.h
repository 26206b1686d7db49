/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A client, and a server that answers as the test says. No file may be open at the end that was not
 * at the beginning, and no memory is given back with the secret in it.
 */
#ifndef FLOWPROBE_HTTP_FIXTURE_H
#define FLOWPROBE_HTTP_FIXTURE_H

#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/http.h"
#include "http_server.h"
#include "lib/clock.h"
#include "process.h"

#define HANG_SECONDS 120
#define SECRET "Basic eHl6enk6eHl6enk="

typedef void answer_function(struct http_call *call);

static struct http_server *server;
static struct http_client *client;
static char url[128];
static answer_function *answer; /* of the next requests */
static struct http_call last; /* a copy; head and body are ours */
static unsigned int requests;
static struct export_control control;
static unsigned int open_files; /* without those of a test */
static uint64_t timeout_ns, patience_ns; /* of the next requests; 0: none */
static int dirty_frees; /* memory that was given back with the secret in it */
static _Thread_local int is_client; /* on this thread */

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
	size_t bytes = memory ? malloc_usable_size(memory) : 0;

	if (is_client && memory && memmem(memory, bytes, SECRET, strlen(SECRET)))
		dirty_frees++;
	__real_free(memory);
}

static inline void forget_last(void)
{
	__real_free(last.head);
	__real_free(last.body);
	memset(&last, 0, sizeof(last));
}

static inline void take_call(struct http_call *call, void *arg)
{
	(void)arg;
	forget_last();
	last = *call;
	last.head = strdup(call->head);
	last.body = malloc(call->body_bytes + 1);
	memcpy(last.body, call->body, call->body_bytes + 1);
	requests++;
	answer(call);
}

static const struct http_settings settings = {
	.connect_timeout_ns = 60 * NS_PER_S,
	.timeout_ns = 60 * NS_PER_S,
};

static inline int set_up(void **state)
{
	(void)state;
	dirty_frees = 0;
	requests = 0;
	timeout_ns = patience_ns = 0;
	server = http_server_start(take_call, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/path", http_server_port(server));
	client = http_client_new(&settings);
	memset(&control, 0, sizeof(control));
	control.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return client && control.wake_fd >= 0 ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	http_client_free(client);
	http_server_stop(server);
	close(control.wake_fd);
	forget_last();
	return count_open_files() == open_files ? 0 : -1;
}

static inline int post(struct http_response *response)
{
	const struct http_request request = {
		.method = "POST",
		.url = url,
		.authorization = SECRET,
		.content_type = "application/json",
		.content_encoding = "gzip",
		.body = "b\0dy",
		.bytes = 4,
		.timeout_ns = timeout_ns,
		.patience_ns = patience_ns,
	};

	int result;

	http_server_sync(server);
	result = http_client_request(client, &request, &control, response);
	http_server_sync(server);
	return result;
}

static inline int get(struct http_response *response)
{
	const struct http_request request = {.method = "GET", .url = url};
	int result;

	http_server_sync(server);
	result = http_client_request(client, &request, &control, response);
	http_server_sync(server);
	return result;
}

static inline void expect(answer_function *function, int status, const char *body)
{
	struct http_response response;

	answer = function;
	if (post(&response))
		fail_msg("%s", response.error);
	assert_int_equal(response.status, status);
	assert_string_equal(response.body, body);
	assert_int_equal(response.bytes, strlen(body));
	http_response_free(&response);
}

static char reason[HTTP_ERROR_BYTES]; /* of the last one that failed */

static inline void expect_none(answer_function *function, int expected)
{
	struct http_response response;

	answer = function;
	assert_int_equal(post(&response), expected);
	strcpy(reason, response.error);
	assert_int_equal(response.status, 0);
	assert_null(response.body);
	assert_int_equal(response.bytes, 0);
	assert_string_not_equal(response.error, "");
	assert_null(strstr(response.error, "eHl6enk"));
	http_response_free(&response);
}

static inline void answer_ok(struct http_call *call)
{
	http_call_reply(call, 200, "", "fine");
}

/* At the beginning of main. */
static inline void prepare_run(void)
{
	unsetenv("http_proxy");
	is_client = 1;
	open_files = count_open_files();
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
}

#define HTTP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
