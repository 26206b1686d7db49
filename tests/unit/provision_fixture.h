/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A management interface that knows nothing but a script: which calls come in which order, and what
 * is answered. A call that is not the next one is answered with 599, and fails the test afterwards,
 * as does one that did not come.
 */
#ifndef FLOWPROBE_PROVISION_FIXTURE_H
#define FLOWPROBE_PROVISION_FIXTURE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_server.h"
#include "lib/clock.h"
#include "provision/o2_api.h"

#define HANG_SECONDS 120
#define AUTHORIZATION "Basic cm9vdDp4"

struct exchange {
	const char *call; /* "GET /path" */
	const char *body; /* exactly; NULL: any */
	int status; /* 0: the connection is closed */
	const char *answer;
};

static struct http_server *server;
static char base[64];
static struct o2_api api;
static const struct exchange *script;
static size_t script_length;
static size_t calls; /* so far */
static char wrong[2048]; /* the first call that was not as expected */

static inline void answer_call(struct http_call *call, void *arg)
{
	const struct exchange *next = calls < script_length ? &script[calls] : NULL;
	const char *authorization = http_call_header(call, "Authorization");
	char line[1100];

	(void)arg;
	calls++;
	snprintf(line, sizeof(line), "%s %s", call->method, call->target);
	if (!next || strcmp(line, next->call) != 0 ||
	    (next->body && strcmp(call->body, next->body) != 0) || !authorization ||
	    strcmp(authorization, AUTHORIZATION) != 0) {
		if (!wrong[0])
			snprintf(wrong, sizeof(wrong), "%s: %.900s", line, call->body);
		http_call_reply(call, 599, "", "");
	} else if (!next->status) {
		http_call_close(call);
	} else {
		http_call_reply(call, next->status, "Content-Type: application/json\r\n",
				next->answer);
	}
}

static inline void start_script(const struct exchange *exchanges, size_t count)
{
	script = exchanges;
	script_length = count;
	calls = 0;
	wrong[0] = '\0';
	if (server)
		http_server_sync(server);
}

#define START_SCRIPT(exchanges) start_script(exchanges, sizeof(exchanges) / sizeof((exchanges)[0]))

static inline void expect_script_done(void)
{
	http_server_sync(server);
	if (wrong[0])
		fail_msg("call %zu was %s", calls, wrong);
	assert_int_equal(calls, script_length);
}

static inline int set_up(void **state)
{
	static const struct http_settings settings = {.connect_timeout_ns = 60 * NS_PER_S,
						      .timeout_ns = 60 * NS_PER_S};

	(void)state;
	server = NULL;
	start_script(NULL, 0);
	server = http_server_start(answer_call, NULL);
	snprintf(base, sizeof(base), "http://127.0.0.1:%u", http_server_port(server));
	return o2_api_open(&api, &settings, base, strdup(AUTHORIZATION));
}

static inline int tear_down(void **state)
{
	(void)state;
	o2_api_close(&api);
	http_server_stop(server);
	return 0;
}

#define PROVISION_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
