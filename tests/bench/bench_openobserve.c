// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a record costs on its way to OpenObserve, on one processor: made into JSON, compressed, and
 * sent by the driver over the loopback interface to a server that reads it and answers at once, in
 * another thread. "cpu" is the exporter's thread alone, "wall" with the server in between. Prints a
 * table, asserts nothing.
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

#include "export/json_batch.h"
#include "export/openobserve.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "sample_records.h"

#define RECORDS 4096
#define SUBMITTED 512 /* records at a time, as the exporter gets them */
#define PASSES 8
#define ROUNDS 7

static const size_t batch_sizes[] = {100, 1000};
static struct flow_record records[RECORDS];

struct result {
	double cpu_ns; /* per record, like the next */
	double wall_ns;
	double raw_bytes;
	double sent_bytes;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void keep_best(struct result *best, const struct result *now)
{
	if (!best->cpu_ns || now->cpu_ns < best->cpu_ns)
		*best = *now;
}

static void print_result(const char *what, enum sample_kind kind, size_t batch,
			 const struct result *result)
{
	printf("%-20s %-9s %6zu %8.0f %8.0f %14.2f %8.0f %8.1f %8.1f\n", what,
	       sample_kind_names[kind], batch, result->cpu_ns, result->wall_ns,
	       1e3 / result->wall_ns, result->raw_bytes * 1e3 / result->wall_ns, result->raw_bytes,
	       result->sent_bytes);
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- encoding and compressing --- */

static struct result encode_once(size_t batch_records, struct compressor *compressor)
{
	static const struct json_context context = {
		.host = "host-17.example.net",
		.sampler_address = "192.0.2.10",
		.instance = 0x0123456789abcdefull,
		.received_ns = 1787300000123456789ull,
		.sampling_interval = 1,
		.timestamped = 1,
	};
	uint64_t raw_bytes = 0, sent_bytes = 0, count = 0, cpu_ns, wall_ns;
	struct json_batch batch = {0};
	const char *body;
	size_t bytes;

	wall_ns = clock_monotonic_ns();
	cpu_ns = thread_cpu_ns();
	for (size_t i = 0; i < PASSES * (size_t)RECORDS; i++) {
		if (json_batch_add(&batch, &records[i % RECORDS], &context))
			die("bench_openobserve");
		if (batch.count.records < batch_records)
			continue;
		if (compressor) {
			struct json_slice slice;
			size_t offset = 0;

			slice = json_batch_slice(&batch, &offset, SIZE_MAX, SIZE_MAX);
			if (compressor_make_body(compressor, &slice, 1, &body, &bytes))
				die("bench_openobserve");
			sent_bytes += bytes;
		}
		raw_bytes += batch.bytes;
		count += batch.count.records;
		json_batch_clear(&batch);
	}
	cpu_ns = thread_cpu_ns() - cpu_ns;
	wall_ns = clock_monotonic_ns() - wall_ns;
	json_batch_free(&batch);
	return (struct result){
		.cpu_ns = (double)cpu_ns / (PASSES * RECORDS),
		.wall_ns = (double)wall_ns / (PASSES * RECORDS),
		.raw_bytes = (double)raw_bytes / (double)count,
		.sent_bytes = (double)(compressor ? sent_bytes : raw_bytes) / (double)count,
	};
}

static struct result bench_encode(enum sample_kind kind, size_t batch, int compress)
{
	struct compressor *compressor = compress ? compressor_new() : NULL;
	struct result best = {0};

	for (int round = 0; round < ROUNDS; round++) {
		struct result now = encode_once(batch, compressor);

		keep_best(&best, &now);
	}
	compressor_free(compressor);
	print_result(compress ? "encode, gzip" : "encode", kind, batch, &best);
	return best;
}

/* --- sending --- */

static int make_sink(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t bytes = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    getsockname(fd, (struct sockaddr *)&address, &bytes) || listen(fd, 1))
		die("bench_openobserve: cannot make a sink");
	*port = ntohs(address.sin_port);
	return fd;
}

/* Reads one request and forgets it. 0: there are no more. */
static int read_request(int fd)
{
	static char buffer[1 << 21];
	size_t used = 0, wanted = SIZE_MAX;
	const char *end, *length;
	ssize_t got;

	while (used < wanted) {
		got = read(fd, buffer + used, sizeof(buffer) - 1 - used);
		if (got <= 0)
			return 0;
		used += (size_t)got;
		buffer[used] = '\0';
		end = wanted == SIZE_MAX ? strstr(buffer, "\r\n\r\n") : NULL;
		length = end ? strstr(buffer, "Content-Length: ") : NULL;
		if (length)
			wanted = (size_t)(end + 4 - buffer) + strtoul(length + 16, NULL, 10);
	}
	return 1;
}

static void *run_sink(void *arg)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 72\r\n\r\n"
				     "{\"code\":200,\"status\":[{\"name\":\"netflow1\","
				     "\"successful\":9999,\"failed\":0}]}";
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);

	while (read_request(fd) && write(fd, answer, strlen(answer)) > 0)
		;
	close(fd);
	return NULL;
}

static struct result send_once(size_t batch_records, int compress)
{
	static const struct export_identity identity = {.host = "host-17.example.net",
							.sampler_address = "192.0.2.10"};
	struct export_settings settings = {
		.name = "bench",
		.type = "openobserve",
		.token = "bench",
		.connect_timeout_ns = 10 * NS_PER_S,
		.request_timeout_ns = 10 * NS_PER_S,
		.batch_records = batch_records,
		.batch_bytes = 1 << 21,
		.flush_interval_ns = 5 * NS_PER_S,
		.ingestion_window_ns = 5 * 3600 * NS_PER_S,
		.compress = compress,
	};
	const struct export_driver *driver = &export_driver_openobserve;
	struct export_control control = {.wake_fd = -1};
	uint64_t cpu_ns, wall_ns;
	char error[256], target[64];
	pthread_t sink;
	uint16_t port;
	int listener = make_sink(&port);
	void *self;

	if (pthread_create(&sink, NULL, run_sink, &listener))
		die("bench_openobserve: cannot start a thread");
	snprintf(target, sizeof(target), "http://127.0.0.1:%u", port);
	settings.target = target;
	self = driver->create(&settings, &identity, error, sizeof(error));
	if (!self) {
		fprintf(stderr, "bench_openobserve: %s\n", error);
		exit(1);
	}
	driver->send(self, records, batch_records, &control); /* there is a connection */
	wall_ns = clock_monotonic_ns();
	cpu_ns = thread_cpu_ns();
	for (int pass = 0; pass < PASSES; pass++)
		for (size_t i = 0; i < RECORDS; i += SUBMITTED)
			driver->send(self, &records[i], SUBMITTED, &control);
	cpu_ns = thread_cpu_ns() - cpu_ns;
	wall_ns = clock_monotonic_ns() - wall_ns;
	control.stopping = 1;
	control.last = 1;
	driver->flush(self, &control);
	driver->destroy(self);
	if (control.outcome.sent.records != (uint64_t)PASSES * RECORDS + batch_records)
		fprintf(stderr, "bench_openobserve: not everything was sent\n");
	pthread_join(sink, NULL);
	close(listener);
	return (struct result){
		.cpu_ns = (double)cpu_ns / (PASSES * RECORDS),
		.wall_ns = (double)wall_ns / (PASSES * RECORDS),
	};
}

static void bench_send(enum sample_kind kind, size_t batch, int compress, const struct result *size)
{
	struct result best = {0};

	for (int round = 0; round < ROUNDS; round++) {
		struct result now = send_once(batch, compress);

		keep_best(&best, &now);
	}
	best.raw_bytes = size->raw_bytes;
	best.sent_bytes = size->sent_bytes;
	print_result(compress ? "encode, gzip, POST" : "encode, POST", kind, batch, &best);
}

/* As if they had ended just now, so that none is too old for the server. */
static void fill_records(enum sample_kind kind)
{
	uint64_t now_ns = clock_realtime_ns(), lasted_ns;

	sample_records_fill(records, RECORDS, kind);
	for (size_t i = 0; i < RECORDS; i++) {
		lasted_ns = records[i].end_ns - records[i].start_ns;
		records[i].end_ns = now_ns - records[i].end_ns % NS_PER_S;
		records[i].start_ns = records[i].end_ns - lasted_ns;
	}
}

int main(void)
{
	log_set_level(LOG_WARNING);
	printf("%-20s %-9s %6s %8s %8s %14s %8s %8s %8s\n", "", "record", "batch", "cpu ns",
	       "wall ns", "M records/s", "MB/s", "bytes", "sent");
	for (enum sample_kind kind = 0; kind < SAMPLE_KINDS; kind++) {
		fill_records(kind);
		for (size_t i = 0; i < sizeof(batch_sizes) / sizeof(batch_sizes[0]); i++) {
			struct result plain = bench_encode(kind, batch_sizes[i], 0);
			struct result packed = bench_encode(kind, batch_sizes[i], 1);

			bench_send(kind, batch_sizes[i], 0, &plain);
			bench_send(kind, batch_sizes[i], 1, &packed);
		}
	}
	return 0;
}
