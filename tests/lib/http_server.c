// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See http_server.h. The thread sleeps in poll() alone, always on an eventfd too, so that whoever
 * stops it or sends it away reaches it whatever it waits for.
 *
 * The listening socket is bound once, to a port that the kernel has chosen but by its number: then it
 * keeps the port when shutdown() ends its listening, connections are refused, and listen() brings it
 * back.
 */
#include "http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (4u << 20)
#define BACKLOG 16

struct http_server {
	http_server_answer *answer;
	void *arg;
	pthread_t thread;
	int listener;
	int wake_fd;
	uint16_t port;

	pthread_mutex_t lock; /* all below */
	pthread_cond_t changed;
	int stopping;
	int away;
	int is_away; /* the thread has seen it */
	unsigned int connections;
};

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

static int is_wanted(struct http_server *server)
{
	int wanted;

	pthread_mutex_lock(&server->lock);
	wanted = !server->stopping && !server->away;
	pthread_mutex_unlock(&server->lock);
	return wanted;
}

static void wake(struct http_server *server)
{
	uint64_t one = 1;

	check(write(server->wake_fd, &one, sizeof(one)) == sizeof(one), "eventfd");
}

/* 1 when fd is ready; 0: the server is to stop, or to go away. */
static int wait_for(struct http_server *server, int fd, short events)
{
	struct pollfd fds[] = {
		{.fd = server->wake_fd, .events = POLLIN},
		{.fd = fd, .events = events},
	};
	uint64_t count;

	while (is_wanted(server)) {
		check(poll(fds, 2, -1) > 0 || errno == EINTR, "poll");
		if (fds[0].revents)
			check(read(server->wake_fd, &count, sizeof(count)) > 0, "eventfd");
		else if (fds[1].revents)
			return 1;
	}
	return 0;
}

void http_server_sync(struct http_server *server)
{
	pthread_mutex_lock(&server->lock);
	pthread_mutex_unlock(&server->lock);
}

/* --- a request --- */

static const char *find_header(const char *head, const char *name, char *value, size_t value_bytes)
{
	size_t name_bytes = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
		const char *start = line + 2;

		if (strncasecmp(start, name, name_bytes) != 0 || start[name_bytes] != ':')
			continue;
		start += name_bytes + 1;
		start += strspn(start, " ");
		snprintf(value, value_bytes, "%.*s", (int)strcspn(start, "\r\n"), start);
		return value;
	}
	return NULL;
}

/* Reads until the buffer has so many bytes, or, with 0, the head's end. 0: the client is gone. */
static int fill(struct http_server *server, int fd, char *buffer, size_t *used, size_t wanted)
{
	while (wanted ? *used < wanted : !strstr(buffer, "\r\n\r\n")) {
		ssize_t got;

		check(*used < BUFFER_BYTES - 1, "request too long");
		if (!wait_for(server, fd, POLLIN))
			return 0;
		got = recv(fd, buffer + *used, BUFFER_BYTES - 1 - *used, 0);
		if (got <= 0)
			return 0;
		*used += (size_t)got;
		buffer[*used] = '\0';
	}
	return 1;
}

/* One request and what is done with it. 0: the connection is over. */
static int serve_request(struct http_server *server, int fd, char *buffer, unsigned int connection,
			 unsigned int request)
{
	struct http_call call = {
		.server = server, .fd = fd, .connection = connection, .request = request};
	char length[32];
	size_t used = 0, head_bytes;

	buffer[0] = '\0';
	if (!fill(server, fd, buffer, &used, 0))
		return 0;
	head_bytes = (size_t)(strstr(buffer, "\r\n\r\n") - buffer) + 4;
	call.head = strndup(buffer, head_bytes);
	check(call.head != NULL, "head");
	check(sscanf(call.head, "%15s %1023s", call.method, call.target) == 2, "request line");
	if (find_header(call.head, "Content-Length", length, sizeof(length)))
		call.body_bytes = strtoull(length, NULL, 10);
	call.is_closing = !fill(server, fd, buffer, &used, head_bytes + call.body_bytes);
	if (!call.is_closing) {
		check(used == head_bytes + call.body_bytes, "pipelined request");
		call.body = buffer + head_bytes;
		http_server_sync(server);
		server->answer(&call, server->arg);
		http_server_sync(server);
	}
	free(call.head);
	return !call.is_closing;
}

static void serve_connection(struct http_server *server, char *buffer)
{
	int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC), yes = 1;
	unsigned int connection, request = 0;

	if (fd < 0)
		return; /* gone again */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	pthread_mutex_lock(&server->lock);
	connection = ++server->connections;
	pthread_mutex_unlock(&server->lock);
	while (serve_request(server, fd, buffer, connection, ++request))
		;
	close(fd);
}

/* 0: it is to stop. */
static int wait_while_away(struct http_server *server)
{
	int stopping;

	pthread_mutex_lock(&server->lock);
	while (server->away && !server->stopping) {
		server->is_away = 1;
		pthread_cond_broadcast(&server->changed);
		pthread_cond_wait(&server->changed, &server->lock);
	}
	server->is_away = 0;
	pthread_cond_broadcast(&server->changed);
	stopping = server->stopping;
	pthread_mutex_unlock(&server->lock);
	return !stopping;
}

static void *serve(void *arg)
{
	struct http_server *server = arg;
	char *buffer = malloc(BUFFER_BYTES); /* touched as far as needed */

	check(buffer != NULL, "buffer");
	while (wait_while_away(server))
		if (wait_for(server, server->listener, POLLIN))
			serve_connection(server, buffer);
	free(buffer);
	return NULL;
}

/* --- starting and stopping --- */

static int make_socket(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
	socklen_t bytes = sizeof(*address);

	check(fd >= 0, "socket");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0, "SO_REUSEADDR");
	check(bind(fd, (struct sockaddr *)address, sizeof(*address)) == 0, "bind");
	check(getsockname(fd, (struct sockaddr *)address, &bytes) == 0, "getsockname");
	return fd;
}

struct http_server *http_server_start(http_server_answer *answer, void *arg)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct http_server *server = calloc(1, sizeof(*server));
	int first;

	check(server != NULL, "server");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	first = make_socket(&address);
	server->listener = make_socket(&address); /* the same port, by number */
	close(first);
	check(listen(server->listener, BACKLOG) == 0, "listen");
	server->port = ntohs(address.sin_port);
	server->answer = answer;
	server->arg = arg;
	server->wake_fd = eventfd(0, EFD_CLOEXEC);
	check(server->wake_fd >= 0, "eventfd");
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->changed, NULL);
	check(pthread_create(&server->thread, NULL, serve, server) == 0, "thread");
	return server;
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	pthread_mutex_lock(&server->lock);
	server->stopping = 1;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
	wake(server);
	pthread_join(server->thread, NULL);
	close(server->listener);
	close(server->wake_fd);
	pthread_cond_destroy(&server->changed);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

uint16_t http_server_port(const struct http_server *server)
{
	return server->port;
}

unsigned int http_server_connections(struct http_server *server)
{
	unsigned int connections;

	pthread_mutex_lock(&server->lock);
	connections = server->connections;
	pthread_mutex_unlock(&server->lock);
	return connections;
}

void http_server_go_away(struct http_server *server)
{
	check(shutdown(server->listener, SHUT_RDWR) == 0, "shutdown");
	pthread_mutex_lock(&server->lock);
	server->away = 1;
	pthread_mutex_unlock(&server->lock);
	wake(server);
	pthread_mutex_lock(&server->lock);
	while (!server->is_away)
		pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
}

void http_server_come_back(struct http_server *server)
{
	check(listen(server->listener, BACKLOG) == 0, "listen");
	pthread_mutex_lock(&server->lock);
	server->away = 0;
	pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

void http_server_settle(struct http_server *server)
{
	int away;

	pthread_mutex_lock(&server->lock);
	away = server->away;
	pthread_mutex_unlock(&server->lock);
	if (away)
		return;
	http_server_go_away(server);
	http_server_come_back(server);
}

/* --- answers --- */

const char *http_call_header(struct http_call *call, const char *name)
{
	static _Thread_local char value[8192];

	return find_header(call->head, name, value, sizeof(value));
}

int http_call_send(struct http_call *call, const void *data, size_t bytes)
{
	const char *rest = data;

	http_server_sync(call->server);
	while (bytes && !call->is_closing) {
		ssize_t sent = send(call->fd, rest, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			rest += sent;
			bytes -= (size_t)sent;
		} else if (errno != EAGAIN || !wait_for(call->server, call->fd, POLLOUT)) {
			call->is_closing = 1;
		}
	}
	return !call->is_closing;
}

int http_call_print(struct http_call *call, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length, sent;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	check(length >= 0, "vasprintf");
	sent = http_call_send(call, text, (size_t)length);
	free(text);
	return sent;
}

void http_call_reply(struct http_call *call, int status, const char *headers, const char *body)
{
	http_call_print(call, "HTTP/1.1 %d Because\r\nContent-Length: %zu\r\n%s\r\n%s", status,
			strlen(body), headers, body);
}

void http_call_close(struct http_call *call)
{
	http_server_sync(call->server);
	call->is_closing = 1;
}

void http_call_hang(struct http_call *call)
{
	char byte;

	http_server_sync(call->server);
	while (wait_for(call->server, call->fd, POLLIN))
		if (recv(call->fd, &byte, 1, 0) <= 0)
			break;
	call->is_closing = 1;
}

int http_call_is_waited_for(struct http_call *call)
{
	char byte;

	return is_wanted(call->server) && !call->is_closing &&
	       recv(call->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}
