// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See metrics_server.h. libmicrohttpd does the HTTP, in its mode without a thread: its epoll
 * descriptor is one more event of the capture thread.
 *
 * Health means that loops are alive. That somebody is answered shows that the capture thread is; the
 * state says whether harvests succeed and exporter threads move. A collector that is away is no
 * reason to be restarted, which would lose flows.
 */
#include "agent/metrics_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/metrics.h"
#include "lib/clock.h"
#include "lib/endpoint.h"
#include "lib/log.h"

#define CONNECTIONS_MAX 16
#define IDLE_SECONDS 5
#define REQUEST_BYTES_MAX 8192
#define PATIENCE_NS (10 * NS_PER_S) /* for a whole request and its answer, however slow */
#define RUNS_MAX 64 /* in one go; a client that has more to say waits for the next */

struct visitor {
	int fd; /* the library's; -1: nobody */
	uint64_t since_ns; /* came, or was answered last */
};

struct metrics_server {
	struct MHD_Daemon *daemon;
	struct visitor visitors[CONNECTIONS_MAX];
	int fd;
	metrics_look *look;
	void *arg;
	struct log_limit warning;
};

/* Takes over body, which may be NULL: then there is no memory. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status,
			      const char *type, char *body, size_t bytes)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	if (!body)
		return MHD_NO; /* ends the connection */
	response = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned int status,
				   const char *text)
{
	return answer(connection, status, "text/plain; charset=utf-8", strdup(text), strlen(text));
}

static enum MHD_Result answer_metrics(struct metrics_server *server,
				      struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
	int openmetrics = accept && strstr(accept, "application/openmetrics-text") != NULL;
	struct agent_state state;
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	if (stream) {
		server->look(server->arg, &state);
		metrics_write(stream, &state, openmetrics);
		if (fclose(stream)) {
			free(text);
			text = NULL;
		}
	}
	return answer(connection, MHD_HTTP_OK,
		      openmetrics ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT, text, bytes);
}

static enum MHD_Result answer_health(struct metrics_server *server,
				     struct MHD_Connection *connection)
{
	struct agent_state state;

	server->look(server->arg, &state);
	if (state.healthy)
		return answer_text(connection, MHD_HTTP_OK, "ok\n");
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "a loop is stuck\n");
}

static enum MHD_Result answer_ready(struct metrics_server *server,
				    struct MHD_Connection *connection)
{
	struct agent_state state;
	size_t attached = 0;

	server->look(server->arg, &state);
	for (size_t i = 0; i < state.interface_count; i++)
		attached += state.interfaces[i].attached[FLOW_INGRESS] ||
			    state.interfaces[i].attached[FLOW_EGRESS];
	if (attached)
		return answer_text(connection, MHD_HTTP_OK, "ok\n");
	return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			   "no interface is captured on\n");
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_bytes, void **request)
{
	struct metrics_server *server = arg;
	static int seen;

	(void)version;
	(void)upload;
	if (!*request) { /* headers only; the next call has it all */
		*request = &seen;
		return MHD_YES;
	}
	if (*upload_bytes) { /* a body that nobody wants */
		*upload_bytes = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n");
	if (strcmp(url, "/metrics") == 0)
		return answer_metrics(server, connection);
	if (strcmp(url, "/healthz") == 0)
		return answer_health(server, connection);
	if (strcmp(url, "/readyz") == 0)
		return answer_ready(server, connection);
	if (strcmp(url, "/") == 0)
		return answer_text(connection, MHD_HTTP_OK,
				   "flowprobe: /metrics /healthz /readyz\n");
	return answer_text(connection, MHD_HTTP_NOT_FOUND,
			   "there are /metrics, /healthz and /readyz\n");
}

/* --- who is there --- */

static void note_visitor(void *arg, struct MHD_Connection *connection, void **context,
			 enum MHD_ConnectionNotificationCode event)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct metrics_server *server = arg;
	struct visitor *visitor = *context;

	if (event == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (visitor)
			visitor->fd = -1;
		return;
	}
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		visitor = &server->visitors[i];
		if (visitor->fd < 0 && info) {
			visitor->fd = info->connect_fd;
			visitor->since_ns = clock_monotonic_ns();
			*context = visitor;
			return;
		}
	}
}

static void note_answered(void *arg, struct MHD_Connection *connection, void **request,
			  enum MHD_RequestTerminationCode how)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct visitor *visitor = info ? info->socket_context : NULL;

	(void)arg;
	(void)request;
	(void)how;
	if (visitor)
		visitor->since_ns = clock_monotonic_ns();
}

/* The library's own limit is for those who say nothing at all. */
static void end_slow_visits(struct metrics_server *server)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		const struct visitor *visitor = &server->visitors[i];

		if (visitor->fd >= 0 && now_ns - visitor->since_ns >= PATIENCE_NS)
			shutdown(visitor->fd, SHUT_RDWR);
	}
}

/* --- opening --- */

/* Protocol errors of clients are their business. */
__attribute__((format(printf, 2, 0))) static void be_silent(void *arg, const char *format,
							    va_list arguments)
{
	(void)arg;
	(void)format;
	(void)arguments;
}

/* 0 or -EINVAL. */
static int read_address(const char *text, struct sockaddr_storage *address, char *error,
			size_t error_bytes)
{
	char url[ENDPOINT_HOST_BYTES + 32], reason[ENDPOINT_ERROR_BYTES];
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)address;
	struct endpoint endpoint;

	memset(address, 0, sizeof(*address));
	snprintf(url, sizeof(url), "http://%s", text);
	if (endpoint_parse(&endpoint, url, 0, reason) == 0) {
		if (inet_pton(AF_INET, endpoint.host, &ipv4->sin_addr) == 1) {
			ipv4->sin_family = AF_INET;
			ipv4->sin_port = htons(endpoint.port);
			return 0;
		}
		if (inet_pton(AF_INET6, endpoint.host, &ipv6->sin6_addr) == 1) {
			ipv6->sin6_family = AF_INET6;
			ipv6->sin6_port = htons(endpoint.port);
			return 0;
		}
	}
	snprintf(error, error_bytes,
		 "\"%.80s\" is no address to listen on: write ADDR:PORT, such as 127.0.0.1:9991 or "
		 "[::1]:9991",
		 text);
	return -EINVAL;
}

struct metrics_server *metrics_server_start(const char *address, metrics_look *look, void *arg,
					    char *error, size_t error_bytes)
{
	struct metrics_server *server = calloc(1, sizeof(*server));
	const union MHD_DaemonInfo *info;
	struct sockaddr_storage listen;

	if (!server) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	server->look = look;
	server->arg = arg;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		server->visitors[i].fd = -1;
	if (read_address(address, &listen, error, error_bytes)) {
		free(server);
		return NULL;
	}
	errno = 0;
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
			(listen.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0),
		0, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR,
		(const struct sockaddr *)&listen, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS, MHD_OPTION_NOTIFY_CONNECTION,
		note_visitor, server, MHD_OPTION_NOTIFY_COMPLETED, note_answered, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(2 * REQUEST_BYTES_MAX),
		MHD_OPTION_EXTERNAL_LOGGER, be_silent, NULL, MHD_OPTION_END);
	if (!server->daemon) {
		snprintf(error, error_bytes, "cannot listen on %s: %s; choose another --metrics",
			 address, errno ? strerror(errno) : "the HTTP library refuses");
		free(server);
		return NULL;
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	server->fd = info ? info->epoll_fd : -1;
	return server;
}

void metrics_server_stop(struct metrics_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}

int metrics_server_fd(const struct metrics_server *server)
{
	return server->fd;
}

/*
 * What the library has read already does not make the descriptor readable: the second of two
 * requests that came together is still to be served then.
 */
void metrics_server_run(struct metrics_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	int runs = 0;

	end_slow_visits(server);
	do {
		if (MHD_run(server->daemon) != MHD_YES) {
			log_warning_limited(&server->warning, "the metrics server has a problem");
			return;
		}
	} while (++runs < RUNS_MAX && MHD_get_timeout(server->daemon, &wait_ms) == MHD_YES &&
		 !wait_ms);
}
