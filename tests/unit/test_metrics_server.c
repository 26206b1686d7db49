// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * /metrics, /healthz and /readyz, and clients of every kind. Both sides are in this one thread, so
 * whatever would have to wait for a client hangs the test.
 */
#include "agent/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent_state_fixture.h"
#include "capture/loader.h"
#include "metrics_reader.h"
#include "process.h"

#define HANG_SECONDS 120
#define CONNECTIONS 16 /* of metrics_server.c */
#define RUNS_MAX 10000
#define TICK_MS 20 /* between calls without a reason, of which the agent makes some, too */
#define MANY 4000 /* interfaces, whose metrics no socket buffer holds */
#define RESPONSE_BYTES (4u << 20)

static _Atomic uint64_t clock_ahead_ns;
static struct metrics_server *server;
static struct agent_state told;
static unsigned int looks;
static uint16_t port;
static char response[RESPONSE_BYTES];

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);
const char *__wrap_loader_libbpf_version(void);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + clock_ahead_ns;
}

const char *__wrap_loader_libbpf_version(void)
{
	return "v1.1";
}

static void look(void *arg, struct agent_state *state)
{
	assert_ptr_equal(arg, &told);
	looks++;
	*state = told;
}

static uint16_t find_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t bytes = sizeof(address);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static int set_up(void **state)
{
	char address[64], error[256] = "";

	(void)state;
	clock_ahead_ns = 0;
	looks = 0;
	told = make_sample_state();
	port = find_port();
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	server = metrics_server_start(address, look, &told, error, sizeof(error));
	assert_string_equal(error, "");
	return server ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	metrics_server_stop(server);
	return 0;
}

/* --- both sides --- */

/* Until there is nothing to do; which it must come to, whoever is connected. */
static void serve(void)
{
	struct pollfd ready = {.fd = metrics_server_fd(server), .events = POLLIN};
	int runs = 0;

	while (poll(&ready, 1, 0) == 1) {
		assert_true(runs++ < RUNS_MAX);
		metrics_server_run(server);
	}
}

static int connect_with_window(int window_bytes)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	if (window_bytes)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window_bytes, sizeof(window_bytes));
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int connect_client(void)
{
	return connect_with_window(0);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Serves until the other side has ended the connection; what came is in response. */
static size_t receive_all(int fd)
{
	struct pollfd ready[] = {{.fd = metrics_server_fd(server), .events = POLLIN},
				 {.fd = fd, .events = POLLIN}};
	size_t got = 0;
	ssize_t more;

	for (;;) {
		if (poll(ready, 2, TICK_MS) == 0 || ready[0].revents)
			metrics_server_run(server);
		more = recv(fd, response + got, sizeof(response) - 1 - got, MSG_DONTWAIT);
		if (more < 0 && errno == EAGAIN)
			continue;
		if (more <= 0)
			break;
		got += (size_t)more;
	}
	response[got] = '\0';
	close(fd);
	return got;
}

static void ask(const char *request)
{
	int fd = connect_client();

	say(fd, request);
	receive_all(fd);
}

static void expect_status(unsigned int status)
{
	char start[32];

	snprintf(start, sizeof(start), "HTTP/1.1 %u ", status);
	if (strncmp(response, start, strlen(start)) != 0)
		fail_msg("not %u: %.80s", status, response);
}

static void expect_header(const char *line)
{
	char whole[256];
	const char *at, *end = strstr(response, "\r\n\r\n");

	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	at = strstr(response, whole);
	if (!at || !end || at > end)
		fail_msg("no %s in: %.400s", line, response);
}

static char *body(void)
{
	char *end = strstr(response, "\r\n\r\n"), length[64];

	assert_non_null(end);
	snprintf(length, sizeof(length), "Content-Length: %zu", strlen(end + 4));
	expect_header(length);
	return end + 4;
}

static void get(const char *path, unsigned int status)
{
	char request[128];

	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	ask(request);
	expect_status(status);
}

/* --- answers --- */

static void server_tells_metrics(void **state)
{
	struct metrics metrics;

	(void)state;
	get("/metrics", 200);
	expect_header("Content-Type: text/plain; version=0.0.4; charset=utf-8");
	metrics = metrics_read(body(), 0);
	assert_string_equal(metrics_find(&metrics, "flowprobe_flow_cache_flows"), "51");
	metrics_free(&metrics);
	assert_int_equal(looks, 1);
	get("/metrics?a=b", 200);
}

static void server_tells_openmetrics_to_who_accepts_it(void **state)
{
	struct metrics metrics;

	(void)state;
	ask("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: "
	    "application/openmetrics-text;version=1.0.0;q=0.5,text/"
	    "plain;version=0.0.4;q=0.2\r\n\r\n");
	expect_status(200);
	expect_header("Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8");
	metrics = metrics_read(body(), 1);
	assert_string_equal(metrics_find(&metrics, "flowprobe_flow_cache_flows"), "51");
	metrics_free(&metrics);
}

static void server_tells_health(void **state)
{
	(void)state;
	sample_exporters[0].stats.is_down = 1; /* is no illness */
	get("/healthz", 200);
	assert_string_equal(body(), "ok\n");
	told.healthy = 0;
	get("/healthz", 503);
	assert_string_equal(body(), "a loop is stuck\n");
	sample_exporters[0].stats.is_down = 0;
}

static void server_tells_readiness(void **state)
{
	(void)state;
	get("/readyz", 200);
	assert_string_equal(body(), "ok\n");
	told.interface_count = 0;
	get("/readyz", 503);
	assert_string_equal(body(), "no interface is captured on\n");
	/* there is one, but attaching to it has failed so far */
	told.interfaces = &(const struct interface_state){.name = "eth0", .ifindex = 2};
	told.interface_count = 1;
	get("/readyz", 503);
	told.interfaces = &(const struct interface_state){.name = "eth0", .attached = {0, 1}};
	get("/readyz", 200);
}

static void server_knows_no_other_path(void **state)
{
	static const char *const paths[] = {"/metrics/",  "//metrics",	   "/metric",
					    "/healthz/x", "/%6detrics/..", "/../etc/passwd"};

	(void)state;
	get("/", 200);
	assert_string_equal(body(), "flowprobe: /metrics /healthz /readyz\n");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		get(paths[i], 404);
		assert_string_equal(body(), "there are /metrics, /healthz and /readyz\n");
	}
	assert_int_equal(looks, 0);
}

static void server_takes_get_and_head_only(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "get", "BREW"};
	char request[128], *end;

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		snprintf(request, sizeof(request),
			 "%s /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
			 "5\r\n\r\nhello",
			 methods[i]);
		ask(request);
		expect_status(405);
		expect_header("Allow: GET, HEAD");
		assert_string_equal(body(), "only GET\n");
	}
	assert_int_equal(looks, 0);
	ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	expect_status(200);
	expect_header("Content-Length: 3");
	end = strstr(response, "\r\n\r\n");
	assert_string_equal(end, "\r\n\r\n");
}

static void server_goes_on_in_the_same_connection(void **state)
{
	int fd = connect_client();
	const char *second;

	(void)state;
	say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: "
		"x\r\nConnection: close\r\n\r\n");
	receive_all(fd);
	expect_status(200);
	second = strstr(response + 1, "HTTP/1.1 200 ");
	assert_non_null(second);
	assert_null(strstr(second + 1, "HTTP/1.1"));
}

/* --- nonsense --- */

static void expect_no_answer_but_refusal(void)
{
	if (response[0] && strncmp(response, "HTTP/1.1 4", 10) != 0)
		fail_msg("%.80s", response);
	assert_int_equal(looks, 0);
}

static void server_survives_nonsense(void **state)
{
	static const char *const requests[] = {
		"\r\n\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01", /* TLS */
		"GET\r\n\r\n",
		"GET /metrics\r\n\r\n",
		"GET /metrics HTTP/9.9\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET /metrics HTTP/1.1\r\nHost: x\r\n no colon",
	};
	unsigned int open_files = count_open_files();

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = connect_client();

		say(fd, requests[i]);
		shutdown(fd, SHUT_WR);
		serve();
		clock_ahead_ns += 11 * NS_PER_S; /* for those that leave it waiting for more */
		receive_all(fd);
		if (strncmp(response, "HTTP/1.1 200", 12) == 0)
			fail_msg("answered: %s", requests[i]);
	}
	assert_int_equal(looks, 0);
	srandom(1);
	for (int round = 0; round < 200; round++) {
		char noise[512];
		int fd = connect_client();
		size_t bytes = 1 + (size_t)random() % sizeof(noise);

		for (size_t i = 0; i < bytes; i++)
			noise[i] = (char)random();
		assert_int_equal(send(fd, noise, bytes, MSG_NOSIGNAL), bytes);
		shutdown(fd, SHUT_WR);
		serve();
		clock_ahead_ns += 11 * NS_PER_S;
		receive_all(fd);
		expect_no_answer_but_refusal();
	}
	get("/healthz", 200);
	assert_int_equal(count_open_files(), open_files);
}

/* A megabyte of header, of which no more is kept than a request may have. */
static void server_refuses_a_huge_header(void **state)
{
	static char filler[65536];
	int fd = connect_client();
	ssize_t sent = 0;

	(void)state;
	memset(filler, 'x', sizeof(filler));
	say(fd, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Filler: ");
	for (int i = 0; i < 16 && sent >= 0; i++) {
		sent = send(fd, filler, sizeof(filler), MSG_NOSIGNAL | MSG_DONTWAIT);
		serve();
	}
	receive_all(fd);
	expect_no_answer_but_refusal();
	get("/healthz", 200);
}

/* --- too slow, too many --- */

static void server_does_not_wait_for_a_request(void **state)
{
	int fd = connect_client();

	(void)state;
	for (const char *piece = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
	     *piece; piece++) {
		assert_int_equal(send(fd, piece, 1, MSG_NOSIGNAL), 1);
		serve();
	}
	get("/readyz", 200);
	say(fd, "\r\n");
	receive_all(fd);
	expect_status(200);
}

static void server_does_not_wait_for_a_reader(void **state)
{
	struct interface_state *interfaces = calloc(MANY, sizeof(*interfaces));
	int slow = connect_with_window(4096);
	static char names[MANY][16];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "if%zu", i);
		interfaces[i] = (struct interface_state){.name = names[i], .attached = {1, 0}};
	}
	told.interfaces = interfaces;
	told.interface_count = MANY;
	say(slow, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	serve();
	assert_int_equal(looks, 1);
	get("/healthz", 200);
	receive_all(slow);
	expect_status(200);
	assert_true(strlen(body()) > 50 * MANY);
	free(interfaces);
}

static void server_takes_sixteen_and_the_next_when_one_goes(void **state)
{
	int silent[CONNECTIONS], fd;

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		silent[i] = connect_client();
		serve();
	}
	fd = connect_client();
	say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	serve();
	assert_int_equal(looks, 0);
	close(silent[7]);
	receive_all(fd);
	expect_status(200);
	for (int i = 0; i < CONNECTIONS; i++) {
		if (i != 7)
			close(silent[i]);
	}
	get("/healthz", 200);
}

/* Who says an octet now and then is never idle, but must not keep others out for ever. */
static void server_ends_requests_that_take_too_long(void **state)
{
	int slow[CONNECTIONS];

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		slow[i] = connect_client();
		say(slow[i], "GET /metrics HTTP/1.1\r\nX-Slow: ");
		serve();
	}
	for (int second = 0; second <= 10; second++) {
		for (int i = 0; i < CONNECTIONS; i++)
			say(slow[i], "x");
		serve();
		clock_ahead_ns += NS_PER_S;
	}
	metrics_server_run(server); /* as the agent does every two seconds */
	get("/healthz", 200);
	for (int i = 0; i < CONNECTIONS; i++)
		assert_int_equal(receive_all(slow[i]), 0);
}

static void server_lets_connections_last_that_get_on(void **state)
{
	int fd = connect_client();
	char *at = response;
	int answers = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		say(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
		serve();
		clock_ahead_ns += 8 * NS_PER_S;
		metrics_server_run(server);
	}
	say(fd, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	receive_all(fd);
	while ((at = strstr(at, "HTTP/1.1 200 "))) {
		answers++;
		at++;
	}
	assert_int_equal(answers, 6);
}

/* --- where it listens --- */

static void server_start_says_what_is_wrong(void **state)
{
	static const char *const addresses[] = {
		"", "9991", "localhost:9991", "127.0.0.1:x", "127.0.0.1:70000", "::1:9991"};
	char error[256], expected[256], address[64];
	unsigned int open_files = count_open_files();

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_null(metrics_server_start(addresses[i], look, &told, error, sizeof(error)));
		snprintf(expected, sizeof(expected),
			 "\"%s\" is no address to listen on: write ADDR:PORT, such as "
			 "127.0.0.1:9991 or [::1]:9991",
			 addresses[i]);
		assert_string_equal(error, expected);
	}
	snprintf(address, sizeof(address), "127.0.0.1:%u", port);
	assert_null(metrics_server_start(address, look, &told, error, sizeof(error)));
	snprintf(expected, sizeof(expected),
		 "cannot listen on %s: Address already in use; choose another --metrics", address);
	assert_string_equal(error, expected);
	assert_int_equal(count_open_files(), open_files);
	metrics_server_stop(NULL);
}

#define SERVER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(server_tells_metrics),
		SERVER_TEST(server_tells_openmetrics_to_who_accepts_it),
		SERVER_TEST(server_tells_health),
		SERVER_TEST(server_tells_readiness),
		SERVER_TEST(server_knows_no_other_path),
		SERVER_TEST(server_takes_get_and_head_only),
		SERVER_TEST(server_goes_on_in_the_same_connection),
		SERVER_TEST(server_survives_nonsense),
		SERVER_TEST(server_refuses_a_huge_header),
		SERVER_TEST(server_does_not_wait_for_a_request),
		SERVER_TEST(server_does_not_wait_for_a_reader),
		SERVER_TEST(server_takes_sixteen_and_the_next_when_one_goes),
		SERVER_TEST(server_ends_requests_that_take_too_long),
		SERVER_TEST(server_lets_connections_last_that_get_on),
		SERVER_TEST(server_start_says_what_is_wrong),
	};

	alarm(HANG_SECONDS);
	signal(SIGPIPE, SIG_IGN); /* as main does */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
