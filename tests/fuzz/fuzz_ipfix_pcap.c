// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes what the IPFIX decoder of the tests reads messages out of: captures with UDP and TCP, and
 * streams.
 *
 * Input: the first octet says what it is, the rest is the capture, from a heap copy of exactly its
 * size. A capture without a header gets one, and every packet that the file has is IP on one of the
 * link types. Checked is that what the sessions count adds up, and that a stream says the same
 * whatever pieces it comes in. The first corpus folder that is given gets seeds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ip_segment.h"
#include "ipfix_builder.h"
#include "ipfix_sessions.h"
#include "ipfix_stream.h"
#include "pcap_builder.h"

#define FUZZ_PORT 4739
#define FUZZ_FILE 0x01 /* a stream */
#define FUZZ_HEADLESS 0x02 /* a capture without its file header */
#define FUZZ_HEADER_BYTES 24

struct fuzz_counts {
	uint64_t lines;
	uint64_t records;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition) ((condition) ? (void)0 : fuzz_fail(__LINE__, #condition))

static void fuzz_fail(int line, const char *condition)
{
	fprintf(stderr, "fuzz_ipfix_pcap.c:%d: not true: %s\n", line, condition);
	abort();
}

/* --- seeds --- */

static struct ipfix_builder message;
static struct pcap_builder pcap;

static void build_message(void)
{
	static const struct ipfix_specifier fields[] = {{149, 4, 0}, {34, 4, 0}};

	ipfix_builder_begin(&message, 1700000000, 0, 7);
	ipfix_builder_set(&message, 3);
	ipfix_builder_options_template(&message, 300, 1, fields, 2);
	ipfix_builder_set(&message, 300);
	ipfix_builder_number(&message, 7, 4);
	ipfix_builder_number(&message, 1, 4);
	ipfix_builder_end(&message);
}

static void put_packet(const struct packet_layer *ip, const struct packet_layer *transport,
		       const uint8_t *payload, size_t size)
{
	const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		*ip,
		*transport,
		{.kind = LAYER_PAYLOAD, .octets = payload, .size = (uint32_t)size},
		{.kind = LAYER_END},
	};

	pcap_builder_layers(&pcap, NULL, 0, layers);
}

static void write_seed(const char *folder, const char *name, uint8_t kind, const uint8_t *bytes,
		       size_t size)
{
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%s", folder, name);
	file = fopen(path, "wb");
	if (!file || fputc(kind, file) == EOF || fwrite(bytes, 1, size, file) != size ||
	    fclose(file)) {
		perror(path);
		exit(1);
	}
}

static void write_seeds(const char *folder)
{
	static const struct packet_layer ips[] = {{.kind = LAYER_IPV4}, {.kind = LAYER_IPV6}};
	static const struct packet_layer udp = {.kind = LAYER_UDP, .destination_port = FUZZ_PORT};
	static const struct packet_layer syn = {
		.kind = LAYER_TCP, .destination_port = FUZZ_PORT, .tcp_flags = 0x002};
	static const struct packet_layer tcp = {
		.kind = LAYER_TCP, .destination_port = FUZZ_PORT, .tcp_flags = 0x010};
	size_t i;

	build_message();
	write_seed(folder, "file", FUZZ_FILE, message.bytes, message.size);
	pcap_builder_begin(&pcap, LINK_ETHERNET);
	for (i = 0; i < 2; i++) {
		put_packet(&ips[i], &udp, message.bytes, message.size);
		put_packet(&ips[i], &syn, message.bytes, 0);
		put_packet(&ips[i], &tcp, message.bytes, message.size);
		put_packet(&ips[i], &tcp, message.bytes, 20);
	}
	write_seed(folder, "capture", 0, pcap.bytes, pcap.size);
	write_seed(folder, "headless", FUZZ_HEADLESS, pcap.bytes + FUZZ_HEADER_BYTES,
		   pcap.size - FUZZ_HEADER_BYTES);
}

/* libFuzzer reads the corpus after this. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct stat status;
	int arg;

	for (arg = 1; arg < *argc; arg++) {
		if ((*argv)[arg][0] == '-' || stat((*argv)[arg], &status) ||
		    !S_ISDIR(status.st_mode))
			continue;
		write_seeds((*argv)[arg]);
		break;
	}
	return 0;
}

/* --- captures --- */

static void note_line(void *arg, const char *session, const char *line)
{
	struct fuzz_counts *counts = arg;

	fuzz_check(strlen(session) > 0 && strlen(line) > 0);
	counts->lines++;
}

static void note_record(void *arg, const char *session, const struct ipfix_record *record)
{
	struct fuzz_counts *counts = arg;

	fuzz_check(strlen(session) > 0 && record->count > 0);
	counts->records++;
}

static void check_sessions(const struct ipfix_sessions *sessions, const struct fuzz_counts *counts)
{
	struct ipfix_check_totals sum = ipfix_sessions_sum(sessions);
	size_t i;

	fuzz_check(sum.violations == counts->lines);
	fuzz_check(sum.flow_records + sum.options_records == counts->records);
	fuzz_check(ipfix_sessions_count(sessions) <= IPFIX_SESSIONS_MAX);
	for (i = 0; i < ipfix_sessions_count(sessions); i++)
		fuzz_check(strlen(ipfix_sessions_name(sessions, i)) > 0);
}

static void run_capture(const uint8_t *bytes, size_t size, uint8_t kind)
{
	struct fuzz_counts counts = {0};
	const struct ipfix_sessions_config config = {
		.port = FUZZ_PORT,
		.arg = &counts,
		.violation = note_line,
		.record = note_record,
	};
	struct ipfix_sessions *sessions = ipfix_sessions_new(&config);

	fuzz_check(sessions);
	if (kind & FUZZ_FILE)
		ipfix_sessions_read_file(sessions, bytes, size);
	else
		ipfix_sessions_read_capture(sessions, bytes, size);
	ipfix_sessions_finish(sessions);
	check_sessions(sessions, &counts);
	ipfix_sessions_free(sessions);
}

/* --- streams in pieces --- */

static struct ipfix_check_totals run_stream(const uint8_t *bytes, size_t size, size_t piece)
{
	const struct ipfix_check_config config = {.transport = IPFIX_OVER_TCP};
	static struct ipfix_stream stream;
	struct ipfix_check_totals totals;
	size_t at;

	memset(&stream, 0, sizeof(stream));
	stream.check = ipfix_check_new(&config);
	fuzz_check(stream.check);
	for (at = 0; at < size; at += piece)
		ipfix_stream_feed(&stream, bytes + at, size - at < piece ? size - at : piece, 0);
	ipfix_stream_finish(&stream);
	totals = *ipfix_check_totals(stream.check);
	ipfix_check_free(stream.check);
	return totals;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipfix_check_totals whole, pieces;
	size_t header = 0;
	uint8_t *copy, kind;

	if (!size)
		return 0;
	kind = *data++;
	size--;
	if (kind & FUZZ_HEADLESS && !(kind & FUZZ_FILE))
		header = FUZZ_HEADER_BYTES;
	copy = malloc(header + size);
	fuzz_check(copy || header + size == 0);
	if (header) {
		pcap_builder_begin(&pcap, kind & 0x80 ? LINK_RAW : LINK_ETHERNET);
		memcpy(copy, pcap.bytes, header);
	}
	if (size)
		memcpy(copy + header, data, size);
	run_capture(copy, header + size, kind);
	if (kind & FUZZ_FILE) {
		whole = run_stream(copy, size, size ? size : 1);
		pieces = run_stream(copy, size, 1 + (kind >> 2));
		fuzz_check(memcmp(&whole, &pieces, sizeof(whole)) == 0);
	}
	free(copy);
	return 0;
}
