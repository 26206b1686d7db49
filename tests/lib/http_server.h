/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An HTTP/1.1 server on the loopback interface, in a thread of the test, that does with each request
 * what the test says, right or wrong. One connection at a time, as many requests on it as come.
 *
 * Shares no code with the client under test. What it cannot do ends the process.
 */
#ifndef FLOWPROBE_TESTS_HTTP_SERVER_H
#define FLOWPROBE_TESTS_HTTP_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct http_server;

/* A request as it came, good during the call; NUL-terminated, all of it. */
struct http_call {
	struct http_server *server;
	char method[16];
	char target[1024];
	char *head; /* request line and headers as they are */
	char *body;
	size_t body_bytes;
	unsigned int connection; /* which one, from 1 */
	unsigned int request; /* on this connection, from 1 */
	int fd;
	int is_closing; /* after this */
};

/* Called on the server's thread. */
typedef void http_server_answer(struct http_call *call, void *arg);

struct http_server *http_server_start(http_server_answer *answer, void *arg);
void http_server_stop(struct http_server *server); /* accepts NULL */
uint16_t http_server_port(const struct http_server *server);
unsigned int http_server_connections(struct http_server *server); /* so far */

/*
 * Before and after a request, by who makes it: orders what both threads read and write, as the
 * request itself does, but in a way that the thread sanitizer sees.
 */
void http_server_sync(struct http_server *server);

/*
 * Away: it closes its connection, and new ones are refused. It keeps its port and can come back. On
 * return it is so.
 */
void http_server_go_away(struct http_server *server);
void http_server_come_back(struct http_server *server);

/* Returns when it has done with whatever it was doing, for a client that has not waited for it. */
void http_server_settle(struct http_server *server);

/* --- for who answers --- */

/* The value of a header of the request; NULL: there is none. Good until the next call. */
const char *http_call_header(struct http_call *call, const char *name);

/* status, a length, and more headers ("" or lines that end in "\r\n"), then the body. */
void http_call_reply(struct http_call *call, int status, const char *headers, const char *body);

/* Bytes as they are. 0: the client, or the server, has gone. */
int http_call_send(struct http_call *call, const void *data, size_t bytes);
int http_call_print(struct http_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void http_call_close(struct http_call *call); /* the connection, after this call */

/* Waits until the client closes its end, or the server is stopped or goes away. */
void http_call_hang(struct http_call *call);
int http_call_is_waited_for(struct http_call *call); /* 0: it would not wait */

#endif
