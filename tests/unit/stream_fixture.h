/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TCP transport in front of a collector that does what the test says: listens or not, accepts or
 * not, reads or not. Calls of connect() are counted, the clock and the resolver can be played; the
 * connections are real, on the loopback interface.
 */
#ifndef FLOWPROBE_STREAM_FIXTURE_H
#define FLOWPROBE_STREAM_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/transport.h"
#include "lib/clock.h"

#define HANG_SECONDS 120
#define MESSAGE_BYTES 1000
#define MESSAGE_RECORDS 10
#define SMALL_BUFFER_BYTES 4096
#define HOUR_NS (3600 * NS_PER_S)

/* --- what is looked at and changed --- */

static _Atomic uint64_t later_ns; /* than it really is */
static _Atomic int connects; /* calls of connect() */
static _Atomic int talks; /* recv() always has something */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);
int __real_connect(int fd, const struct sockaddr *address, socklen_t bytes);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes);
ssize_t __real_recv(int fd, void *data, size_t bytes, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t bytes, int flags);
int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + later_ns;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t bytes)
{
	connects++;
	return __real_connect(fd, address, bytes);
}

ssize_t __wrap_recv(int fd, void *data, size_t bytes, int flags)
{
	return talks ? (ssize_t)bytes : __real_recv(fd, data, bytes, flags);
}

/* "two.test" is 127.0.0.1 and 127.0.0.2. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	if (strcmp(host, "two.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, list);
	if (__real_getaddrinfo("127.0.0.1", service, hints, list) ||
	    __real_getaddrinfo("127.0.0.2", service, hints, &(*list)->ai_next))
		abort();
	return 0;
}

/* --- the collector --- */

static int listener = -1;
static int peer = -1; /* the connection accepted last */
static uint16_t port;
static char target[64];

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* On that address, and on the port that the last one had. backlog: that of listen(). */
static inline void listen_on(const char *address, int receive_buffer_bytes, int backlog)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1;
	socklen_t bytes = is_ipv4 ? sizeof(ipv4) : sizeof(ipv6);
	void *own = is_ipv4 ? (void *)&ipv4 : &ipv6;

	if (!is_ipv4)
		assert_int_equal(inet_pton(AF_INET6, address, &ipv6.sin6_addr), 1);
	listener = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (receive_buffer_bytes)
		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
	assert_int_equal(bind(listener, own, bytes), 0);
	assert_int_equal(getsockname(listener, own, &bytes), 0);
	port = ntohs(is_ipv4 ? ipv4.sin_port : ipv6.sin6_port);
	assert_int_equal(listen(listener, backlog), 0);
	if (is_ipv4)
		snprintf(target, sizeof(target), "tcp://%s:%u", address, port);
	else
		snprintf(target, sizeof(target), "tcp://[%s]:%u", address, port);
}

/* Waits for a connection; returns the address it comes from. */
static inline struct sockaddr_storage accept_peer(void)
{
	struct sockaddr_storage from;
	socklen_t bytes = sizeof(from);

	close_fd(&peer);
	peer = accept4(listener, (struct sockaddr *)&from, &bytes, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	return from;
}

/* Nobody has connected. */
static inline void expect_no_connection(void)
{
	struct pollfd fd = {.fd = listener, .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 0), 0);
}

/* Ends the connection with a reset. */
static inline void reset_peer(void)
{
	const struct linger at_once = {.l_onoff = 1};

	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close_fd(&peer);
}

/* 1, or 0 and a plan without tests: an emulator of system calls may pass on the beginning only. */
static inline int kernel_tells_acknowledged(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct tcp_info info;
	socklen_t bytes = sizeof(info);
	int err = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &bytes);

	close(fd);
	if (err || bytes <= offsetof(struct tcp_info, tcpi_bytes_received)) {
		printf("1..0 # SKIP kernel does not tell what was acknowledged over TCP\n");
		return 0;
	}
	return 1;
}

/* Bytes that have come, read or not. */
static inline uint64_t bytes_received(void)
{
	struct tcp_info info = {0};
	socklen_t bytes = sizeof(info);

	assert_int_equal(getsockopt(peer, IPPROTO_TCP, TCP_INFO, &info, &bytes), 0);
	return info.tcpi_bytes_received;
}

/* Waits until `bytes` more bytes have come, and throws them away. */
static inline void read_bytes(size_t bytes)
{
	char data[65536];

	while (bytes) {
		ssize_t got = read(peer, data, bytes < sizeof(data) ? bytes : sizeof(data));

		assert_true(got > 0);
		bytes -= (size_t)got;
	}
}

/* The other side has closed in good order, and nothing is unread. */
static inline void expect_end(void)
{
	char byte;

	assert_int_equal(read(peer, &byte, 1), 0);
}

/* --- the transport --- */

static struct export_settings settings;
static struct transport *transport;
static struct export_control control;

static inline void reset_control(void)
{
	uint64_t wakes;

	control.stopping = 0;
	control.over = 0;
	control.last = 0;
	control.outcome = (struct export_outcome){0};
	while (read(control.wake_fd, &wakes, sizeof(wakes)) > 0)
		;
}

/* Ends a wait, as a stop that was told before may have done. */
static inline void poke(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(control.wake_fd, &one, sizeof(one)), sizeof(one));
}

static inline void stop(void)
{
	control.stopping = 1;
	poke();
}

static inline void give_up(void)
{
	control.over = 1;
	stop();
}

static inline int stream_set_up(void **state)
{
	(void)state;
	settings = (struct export_settings){
		.name = "stream",
		.type = "ipfix",
		.target = target,
		.reconnect_interval_ns = HOUR_NS,
		.connect_timeout_ns = HANG_SECONDS * NS_PER_S,
		.template_refresh_ns = UINT64_MAX / 2,
	};
	control = (struct export_control){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	later_ns = 0;
	connects = 0;
	talks = 0;
	port = 0;
	return control.wake_fd < 0;
}

static inline int stream_tear_down(void **state)
{
	(void)state;
	if (transport)
		transport->type->destroy(transport);
	transport = NULL;
	close_fd(&peer);
	close_fd(&listener);
	return close(control.wake_fd);
}

static inline void create_transport(void)
{
	char error[256] = "";

	transport = transport_tcp.create(&settings, target, 4739, error, sizeof(error));
	if (!transport)
		fail_msg("%s", error);
	transport->message_bytes_wanted = TRANSPORT_BYTES_MAX;
}

static inline int open_transport(void)
{
	return transport->type->open(transport, &control);
}

/* A transport connected to a collector. */
static inline void start(int receive_buffer_bytes)
{
	listen_on("127.0.0.1", receive_buffer_bytes, 16);
	create_transport();
	assert_int_equal(open_transport(), 0);
	accept_peer();
}

static inline int send_bytes(size_t bytes)
{
	static const char message[TRANSPORT_BYTES_MAX] = {1, 2, 3};
	const struct export_count count = {MESSAGE_RECORDS, 2 * MESSAGE_RECORDS,
					   3 * MESSAGE_RECORDS, 0};

	return transport->type->send(transport, message, bytes, &count, &control);
}

static inline int send_message(void)
{
	return send_bytes(MESSAGE_BYTES);
}

/* So many messages have arrived or been lost; all others that were taken are under way. */
static inline void expect_outcome(uint64_t sent, uint64_t lost)
{
	const struct export_outcome *outcome = &control.outcome;

	assert_int_equal(outcome->sent.records, sent * MESSAGE_RECORDS);
	assert_int_equal(outcome->sent.packets, 2 * sent * MESSAGE_RECORDS);
	assert_int_equal(outcome->sent.octets, 3 * sent * MESSAGE_RECORDS);
	assert_int_equal(outcome->lost.records, lost * MESSAGE_RECORDS);
	assert_int_equal(outcome->lost.packets, 2 * lost * MESSAGE_RECORDS);
	assert_int_equal(outcome->lost.octets, 3 * lost * MESSAGE_RECORDS);
}

/* Waits until so many messages are known to have arrived. */
static inline void wait_for_sent(uint64_t sent)
{
	while (control.outcome.sent.records < sent * MESSAGE_RECORDS) {
		transport->type->settle(transport, &control);
		sched_yield();
	}
	expect_outcome(sent, 0);
}

/* As the exporter ends a session. */
static inline void settle_last(void)
{
	control.stopping = 1;
	control.last = 1;
	transport->type->settle(transport, &control);
}

#endif
