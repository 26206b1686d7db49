// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a record costs on its way to a collector, on one processor: made into messages only, and sent
 * over the loopback interface to a socket that is as good as read (UDP that is full drops, in the
 * kernel, at the same cost; TCP is read by another thread). Pacing is off. Beside it the limit of
 * the wire: how many such records a second fit into 1 Gbit/s of Ethernet. Prints a table, asserts
 * nothing.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "encode/dialect.h"
#include "export/collector.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "sample_records.h"

#define RECORDS 4096
#define BATCH 512
#define ROUNDS 7
#define PASSES 64
#define GIGABIT_OCTETS 125000000.0
#define ETHERNET_OVERHEAD 38 /* preamble, header, checksum, gap */
#define UDP_IPV4_OVERHEAD 28

static struct flow_record records[RECORDS];
static char buffer[65536];

struct result {
	double ns; /* of processor time, per record */
	double wall_ns;
	double bytes; /* per record, of messages */
	double records_per_message;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void print_result(const char *what, enum sample_kind kind, const struct result *result)
{
	double frame =
		result->bytes * result->records_per_message + UDP_IPV4_OVERHEAD + ETHERNET_OVERHEAD;

	printf("%-17s %-9s %8.0f %14.2f %10.1f %8.1f %16.2f\n", what, sample_kind_names[kind],
	       result->ns, 1e3 / result->wall_ns, result->bytes, result->records_per_message,
	       GIGABIT_OCTETS / frame * result->records_per_message / 1e6);
}

static void keep_best(struct result *best, const struct result *now)
{
	if (!best->ns || now->ns < best->ns)
		*best = *now;
}

/* --- making messages --- */

static size_t plan(const struct dialect *dialect, const struct export_session *session,
		   size_t first)
{
	struct message_plan message_plan = {0};
	size_t count = 0;

	while (first + count < RECORDS &&
	       dialect->plan(session, &message_plan, &records[first + count],
			     dialect->message_bytes))
		count++;
	return count;
}

static struct result encode_once(const struct dialect *dialect)
{
	const struct dialect_config config = {.sampling_interval = 1};
	static struct export_session session;
	uint64_t start_ns = thread_cpu_ns(), wall_ns = clock_monotonic_ns();
	struct message message;
	size_t count;

	export_session_start(&session, dialect, &config);
	for (int pass = 0; pass < PASSES; pass++) {
		for (size_t i = 0; i < RECORDS; i += count) {
			count = plan(dialect, &session, i);
			writer_init(&message.writer, buffer, dialect->message_bytes);
			dialect->encode_flows(&session, &records[i], count, records[0].end_ns,
					      &message);
			export_session_commit(&session, &message);
		}
	}
	return (struct result){
		.ns = (double)(thread_cpu_ns() - start_ns) / (PASSES * RECORDS),
		.wall_ns = (double)(clock_monotonic_ns() - wall_ns) / (PASSES * RECORDS),
		.bytes = (double)session.sent_octets / (PASSES * RECORDS),
		.records_per_message = (double)PASSES * RECORDS / (double)session.sent_messages,
	};
}

static void bench_encode(const struct dialect *dialect, enum sample_kind kind)
{
	struct result best = {0};
	char what[32];

	sample_records_fill(records, RECORDS, kind);
	for (int round = 0; round < ROUNDS; round++) {
		struct result now = encode_once(dialect);

		keep_best(&best, &now);
	}
	snprintf(what, sizeof(what), "encode %s", dialect->name);
	print_result(what, kind, &best);
}

/* --- sending them --- */

static int make_sink(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, type, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(fd, (struct sockaddr *)&address, &bytes) ||
	    (type == SOCK_STREAM && listen(fd, 1))) {
		perror("bench_export: cannot make a sink");
		exit(1);
	}
	*port = ntohs(address.sin_port);
	return fd;
}

static void *read_stream(void *arg)
{
	static char unread[1 << 20];
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);

	while (read(fd, unread, sizeof(unread)) > 0)
		;
	close(fd);
	return NULL;
}

static struct result send_once(const struct export_driver *driver, const char *target)
{
	const struct export_settings settings = {
		.name = "bench",
		.type = driver->kind,
		.target = target,
		.template_refresh_ns = 60 * NS_PER_S,
		.reconnect_interval_ns = NS_PER_S,
		.connect_timeout_ns = NS_PER_S,
		.max_rate = 10000000,
	};
	static const struct export_identity identity = {.sampling_interval = 1};
	struct export_control control = {.wake_fd = -1};
	char error[256];
	void *self = driver->create(&settings, &identity, error, sizeof(error));
	uint64_t start_ns, wall_ns;
	struct result result;

	if (!self) {
		fprintf(stderr, "bench_export: %s\n", error);
		exit(1);
	}
	driver->send(self, records, 1, &control); /* the session is introduced */
	driver->flush(self, &control);
	start_ns = thread_cpu_ns();
	wall_ns = clock_monotonic_ns();
	for (int pass = 0; pass < PASSES; pass++) {
		for (size_t i = 0; i < RECORDS; i += BATCH)
			driver->send(self, &records[i], BATCH, &control);
	}
	driver->flush(self, &control);
	result.ns = (double)(thread_cpu_ns() - start_ns) / (PASSES * RECORDS);
	result.wall_ns = (double)(clock_monotonic_ns() - wall_ns) / (PASSES * RECORDS);
	control.stopping = 1;
	driver->flush(self, &control);
	driver->destroy(self);
	return result;
}

static void bench_send(const struct export_driver *driver, const struct dialect *dialect,
		       const char *scheme, enum sample_kind kind)
{
	int type = strcmp(scheme, "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	struct result best = {0}, size;
	char target[64], what[32];
	pthread_t reader;
	uint16_t port;
	int fd;

	sample_records_fill(records, RECORDS, kind);
	size = encode_once(dialect);
	for (int round = 0; round < ROUNDS; round++) {
		struct result now;

		fd = make_sink(type, &port);
		if (type == SOCK_STREAM && pthread_create(&reader, NULL, read_stream, &fd))
			exit(1);
		snprintf(target, sizeof(target), "%s://127.0.0.1:%u", scheme, port);
		now = send_once(driver, target);
		if (type == SOCK_STREAM)
			pthread_join(reader, NULL);
		close(fd);
		now.bytes = size.bytes;
		now.records_per_message = size.records_per_message;
		keep_best(&best, &now);
	}
	snprintf(what, sizeof(what), "%s/%s", driver->kind, scheme);
	print_result(what, kind, &best);
}

int main(void)
{
	log_set_level(LOG_WARNING);
	printf("%-17s %-9s %8s %14s %10s %8s %16s\n", "", "record", "cpu ns", "M records/s",
	       "bytes", "per msg", "M/s at 1 Gbit/s");
	for (enum sample_kind kind = 0; kind < SAMPLE_KINDS; kind++) {
		bench_encode(&dialect_ipfix, kind);
		bench_encode(&dialect_netflow9, kind);
		if (kind == SAMPLE_IPV4_TCP)
			bench_encode(&dialect_netflow5, kind);
		bench_send(&export_driver_ipfix, &dialect_ipfix, "udp", kind);
		bench_send(&export_driver_ipfix, &dialect_ipfix, "tcp", kind);
		bench_send(&export_driver_netflow9, &dialect_netflow9, "udp", kind);
		if (kind == SAMPLE_IPV4_TCP)
			bench_send(&export_driver_netflow5, &dialect_netflow5, "udp", kind);
	}
	return 0;
}
