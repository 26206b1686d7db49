/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The UDP transport in front of a collector's socket, and short words for what its tests do all the
 * time. What the transport calls "sent" is what it handed to the kernel, so on the loopback
 * interface it is in the collector's socket when send returns.
 */
#ifndef FLOWPROBE_UDP_FIXTURE_H
#define FLOWPROBE_UDP_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/transport.h"
#include "lib/clock.h"

#define HANG_SECONDS 120
#define WANTED_BYTES 1452
#define MESSAGE_RECORDS 10

/* The end of whoever sends to the collector. */
struct datagram {
	ssize_t bytes; /* -1: there is none */
	uint64_t received_ns; /* CLOCK_REALTIME, when the kernel got it */
	struct sockaddr_storage from;
};

static struct export_settings settings;
static struct transport *transport;
static struct export_control control;
static int collector = -1;
static uint16_t port; /* of the collector; host order */
static char target[64];
static unsigned char received[65536];

static inline void close_collector(void)
{
	if (collector >= 0)
		close(collector);
	collector = -1;
}

/* On that address, and on the port that the last one had. */
static inline void open_collector(const char *address)
{
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	int is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1, on = 1;
	socklen_t bytes = is_ipv4 ? sizeof(ipv4) : sizeof(ipv6);
	void *own = is_ipv4 ? (void *)&ipv4 : &ipv6;

	if (!is_ipv4)
		assert_int_equal(inet_pton(AF_INET6, address, &ipv6.sin6_addr), 1);
	collector =
		socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(collector >= 0);
	assert_int_equal(setsockopt(collector, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)), 0);
	assert_int_equal(setsockopt(collector, SOL_SOCKET, SO_RCVBUF, &(int){1 << 22}, sizeof(int)),
			 0);
	assert_int_equal(bind(collector, own, bytes), 0);
	assert_int_equal(getsockname(collector, own, &bytes), 0);
	port = ntohs(is_ipv4 ? ipv4.sin_port : ipv6.sin6_port);
	if (is_ipv4)
		snprintf(target, sizeof(target), "udp://%s:%u", address, port);
	else
		snprintf(target, sizeof(target), "udp://[%s]:%u", address, port);
}

/* 1, or 0 and a plan without tests: an emulator of system calls may not know how to ask. */
static inline int kernel_tells_arrival(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &(int){1}, sizeof(int));

	close(fd);
	if (err)
		printf("1..0 # SKIP kernel does not tell when a datagram has come\n");
	return !err;
}

static inline void reset_control(void)
{
	control.stopping = 0;
	control.over = 0;
	control.outcome = (struct export_outcome){0};
	control.backlog = 0;
}

/* Ends a wait, as a stop that was told before may have done. */
static inline void poke(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(control.wake_fd, &one, sizeof(one)), sizeof(one));
}

/* As the exporter stops a driver. */
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

static inline void create_transport(void)
{
	char error[256] = "";

	settings.name = "udp";
	settings.target = target;
	transport = transport_udp.create(&settings, target, 4739, error, sizeof(error));
	if (!transport)
		fail_msg("%s", error);
	transport->message_bytes_wanted = WANTED_BYTES;
}

static inline int open_transport(void)
{
	return transport_udp.open(transport, &control);
}

static inline int udp_set_up(void **state)
{
	(void)state;
	settings = (struct export_settings){.type = "ipfix"};
	control = (struct export_control){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	port = 0;
	return control.wake_fd < 0;
}

static inline int udp_tear_down(void **state)
{
	(void)state;
	if (transport)
		transport_udp.destroy(transport);
	transport = NULL;
	close_collector();
	return close(control.wake_fd);
}

/* Creates and opens a transport to a collector on that address. */
static inline void start(const char *address)
{
	open_collector(address);
	create_transport();
	assert_int_equal(open_transport(), 0);
}

/* Sends a message of `bytes` bytes, of `records` records. */
static inline int send_message(size_t bytes, uint64_t records)
{
	static const char message[TRANSPORT_BYTES_MAX] = {1, 2, 3};
	const struct export_count count = {records, 2 * records, 3 * records, 0};
	uint64_t sent = control.outcome.sent.records;
	int err = transport_udp.send(transport, message, bytes, &count, &control);

	assert_int_equal(control.outcome.sent.records, sent + (err ? 0 : records));
	assert_int_equal(control.outcome.sent.octets, 3 * control.outcome.sent.records);
	assert_int_equal(control.outcome.lost.records, 0); /* they are still ours */
	return err;
}

static inline struct datagram receive(void)
{
	struct datagram datagram = {0};
	struct iovec data = {.iov_base = received, .iov_len = sizeof(received)};
	char ancillary[CMSG_SPACE(sizeof(struct timespec))];
	struct msghdr header = {
		.msg_name = &datagram.from,
		.msg_namelen = sizeof(datagram.from),
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	const struct cmsghdr *time;
	struct timespec when;

	datagram.bytes = recvmsg(collector, &header, 0);
	if (datagram.bytes < 0)
		return datagram;
	time = CMSG_FIRSTHDR(&header);
	assert_non_null(time);
	memcpy(&when, CMSG_DATA(time), sizeof(when));
	datagram.received_ns = (uint64_t)when.tv_sec * NS_PER_S + (uint64_t)when.tv_nsec;
	return datagram;
}

/* The collector has got one datagram of so many bytes, and no other. Returns whose it is. */
static inline struct sockaddr_storage expect_datagram(ssize_t bytes)
{
	struct datagram datagram = receive();

	assert_int_equal(datagram.bytes, bytes);
	assert_int_equal(receive().bytes, -1);
	return datagram.from;
}

static inline uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET
			     ? ((const struct sockaddr_in *)address)->sin_port
			     : ((const struct sockaddr_in6 *)address)->sin6_port);
}

#endif
