// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests: sessions in captures and streams.
 *
 * Messages come from ipfix_builder and are carried by packets of packet_builder; what each session
 * said and how many records it had is compared with what the packets were made from.
 */
#include "ipfix_sessions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ip_segment.h"
#include "ipfix_builder.h"
#include "pcap_builder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_S 1700000000u
#define SYN 0x002
#define ACK 0x010
#define LINES_BYTES 4096

static struct pcap_builder pcap;
static struct ipfix_builder message;
static char lines[LINES_BYTES]; /* "session: line\n"... */
static unsigned int record_count;

static void note_line(void *arg, const char *session, const char *line)
{
	size_t used = strlen(lines);

	assert_ptr_equal(arg, lines);
	assert_true(snprintf(lines + used, sizeof(lines) - used, "%s: %s\n", session, line) <
		    (int)(sizeof(lines) - used));
}

static void note_record(void *arg, const char *session, const struct ipfix_record *record)
{
	assert_ptr_equal(arg, lines);
	assert_true(strlen(session) > 0 && record->count == 2);
	record_count++;
}

static struct ipfix_sessions *new_sessions(void)
{
	const struct ipfix_sessions_config config = {
		.port = 4739,
		.arg = lines,
		.violation = note_line,
		.record = note_record,
	};
	struct ipfix_sessions *sessions = ipfix_sessions_new(&config);

	assert_non_null(sessions);
	lines[0] = '\0';
	record_count = 0;
	return sessions;
}

/* Reads the capture and ends it. Freed by the caller. */
static struct ipfix_sessions *read_capture(void)
{
	struct ipfix_sessions *sessions = new_sessions();

	assert_int_equal(ipfix_sessions_read_capture(sessions, pcap.bytes, pcap.size), 0);
	ipfix_sessions_finish(sessions);
	return sessions;
}

static void expect_session(const struct ipfix_sessions *sessions, size_t index, const char *name,
			   uint64_t messages, uint64_t records)
{
	assert_true(index < ipfix_sessions_count(sessions));
	assert_string_equal(ipfix_sessions_name(sessions, index), name);
	assert_int_equal(ipfix_sessions_totals(sessions, index)->messages, messages);
	assert_int_equal(ipfix_sessions_totals(sessions, index)->options_records, records);
}

/* A message with so many records of a sampling interval, and if told to its Options Template. */
static void build_message(uint32_t sequence, unsigned int records, int with_template)
{
	static const struct ipfix_specifier fields[] = {{149, 4, 0}, {34, 4, 0}};

	ipfix_builder_begin(&message, TIME_S, sequence, 7);
	if (with_template) {
		ipfix_builder_set(&message, 3);
		ipfix_builder_options_template(&message, 300, 1, fields, 2);
	}
	ipfix_builder_set(&message, 300);
	while (records--) {
		ipfix_builder_number(&message, 7, 4);
		ipfix_builder_number(&message, 1, 4);
	}
	ipfix_builder_end(&message);
}

/* --- UDP --- */

static void put_datagram(const char *source, uint16_t source_port, uint16_t destination_port)
{
	const struct packet_layer layers[] = {
		{.kind = strchr(source, ':') ? LAYER_IPV6 : LAYER_IPV4, .source = source},
		{.kind = LAYER_UDP,
		 .source_port = source_port,
		 .destination_port = destination_port},
		{.kind = LAYER_PAYLOAD, .octets = message.bytes, .size = (uint32_t)message.size},
		{.kind = LAYER_END},
	};

	pcap_builder_layers(&pcap, NULL, 0, layers);
}

static void ipfix_sessions_over_udp_are_told_apart_by_their_ends(void **state)
{
	struct ipfix_sessions *sessions;
	struct ipfix_check_totals sum;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	build_message(0, 2, 1);
	put_datagram("192.0.2.1", 4711, 4739);
	put_datagram("192.0.2.1", 4712, 4739);
	put_datagram("192.0.2.9", 4711, 4739);
	put_datagram("2001:db8::1", 4711, 4739);
	put_datagram("192.0.2.1", 4711, 4740); /* not to a collector */
	put_datagram("192.0.2.1", 4739, 4711);
	build_message(2, 3, 0);
	put_datagram("192.0.2.1", 4711, 4739);
	sessions = read_capture();
	assert_string_equal(lines, "");
	assert_int_equal(ipfix_sessions_count(sessions), 4);
	expect_session(sessions, 0, "udp 192.0.2.1:4711 > 198.51.100.2:4739", 2, 5);
	expect_session(sessions, 1, "udp 192.0.2.1:4712 > 198.51.100.2:4739", 1, 2);
	expect_session(sessions, 2, "udp 192.0.2.9:4711 > 198.51.100.2:4739", 1, 2);
	expect_session(sessions, 3, "udp [2001:db8::1]:4711 > [2001:db8:ffff::2]:4739", 1, 2);
	sum = ipfix_sessions_sum(sessions);
	assert_int_equal(sum.messages, 5);
	assert_int_equal(sum.options_records, 11);
	assert_int_equal(sum.template_records, 4);
	assert_int_equal(record_count, 11);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_violation_names_its_session(void **state)
{
	struct ipfix_sessions *sessions;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	build_message(0, 1, 1);
	put_datagram("192.0.2.1", 4711, 4739);
	build_message(5, 1, 0);
	put_datagram("192.0.2.1", 4711, 4739);
	sessions = read_capture();
	assert_string_equal(lines,
			    "udp 192.0.2.1:4711 > 198.51.100.2:4739: message 2 octet 8: sequence "
			    "number of domain 7 is 5, expected 1: 4 records are missing "
			    "[RFC 7011 3.1]\n");
	assert_int_equal(ipfix_sessions_sum(sessions).violations, 1);
	assert_int_equal(ipfix_sessions_sum(sessions).lost_records, 4);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_fragmented_datagram_is_reported(void **state)
{
	const struct packet_layer layers[] = {
		{.kind = LAYER_IPV4, .ip_flags = 1, .source = "192.0.2.1"},
		{.kind = LAYER_UDP, .source_port = 4711, .destination_port = 4739},
		{.kind = LAYER_PAYLOAD, .size = 64},
		{.kind = LAYER_END},
	};
	struct ipfix_sessions *sessions;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	pcap_builder_layers(&pcap, NULL, 0, layers);
	sessions = read_capture();
	assert_string_equal(lines, "udp 192.0.2.1:4711 > 198.51.100.2:4739: after message 0: the "
				   "datagram is fragmented [RFC 7011 10.3.3]\n");
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_too_many_are_reported_once(void **state)
{
	struct ipfix_sessions *sessions;
	uint16_t i;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	build_message(0, 1, 1);
	for (i = 0; i < IPFIX_SESSIONS_MAX + 3; i++)
		put_datagram("192.0.2.1", 1000 + i, 4739);
	sessions = read_capture();
	assert_int_equal(ipfix_sessions_count(sessions), IPFIX_SESSIONS_MAX);
	assert_string_equal(lines, "capture: more sessions than can be kept\n");
	assert_int_equal(ipfix_sessions_sum(sessions).violations, 1);
	ipfix_sessions_free(sessions);
}

/* --- TCP --- */

/* Octets of the stream from offset on; sequence is that of offset 0. */
static void put_segment(uint32_t sequence, uint16_t flags, const uint8_t *stream, size_t offset,
			size_t size)
{
	const struct packet_layer layers[] = {
		{.kind = LAYER_IPV4, .source = "192.0.2.1"},
		{.kind = LAYER_TCP,
		 .source_port = 4711,
		 .destination_port = 4739,
		 .tcp_flags = flags},
		{.kind = LAYER_PAYLOAD, .octets = stream + offset, .size = (uint32_t)size},
		{.kind = LAYER_END},
	};
	uint8_t bytes[2000];
	struct packet_builder packet;
	uint32_t at = sequence + (uint32_t)offset;
	unsigned int i;

	packet_builder_init(&packet, bytes, sizeof(bytes));
	packet_builder_push_all(&packet, layers);
	packet_builder_finish(&packet);
	for (i = 0; i < 4; i++) /* sequence number, which the builder has no field for */
		bytes[20 + 4 + i] = (uint8_t)(at >> (24 - 8 * i));
	pcap_builder_packet(&pcap, bytes, packet.length, packet.length);
}

/* Three messages with 1, 2 and 40 records. Returns how many octets they have. */
static size_t build_stream(uint8_t stream[1024])
{
	static const unsigned int records[] = {1, 2, 40};
	uint32_t sequence = 0;
	size_t size = 0, i;

	for (i = 0; i < COUNT(records); i++) {
		build_message(sequence, records[i], i == 0);
		assert_true(size + message.size <= 1024);
		memcpy(stream + size, message.bytes, message.size);
		size += message.size;
		sequence += records[i];
	}
	return size;
}

#define ISN 0xfffffff0u /* wraps within the stream */
#define SESSION "tcp 192.0.2.1:4711 > 198.51.100.2:4739"

static void ipfix_sessions_over_tcp_in_segments_of_any_size_are_clean(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream), piece, at;

	(void)state;
	for (piece = 1; piece <= size; piece += 3) {
		pcap_builder_begin(&pcap, LINK_RAW);
		put_segment(ISN, SYN, stream, 0, 0);
		for (at = 0; at < size; at += piece)
			put_segment(ISN + 1, ACK, stream, at,
				    size - at < piece ? size - at : piece);
		sessions = read_capture();
		assert_string_equal(lines, "");
		assert_int_equal(ipfix_sessions_count(sessions), 1);
		expect_session(sessions, 0, SESSION, 3, 43);
		ipfix_sessions_free(sessions);
	}
}

static void ipfix_sessions_over_tcp_repeated_and_reordered_are_clean(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	put_segment(ISN, SYN, stream, 0, 0);
	put_segment(ISN, SYN, stream, 0, 0); /* lost, and sent again */
	put_segment(ISN + 1, ACK, stream, 100, 100);
	put_segment(ISN + 1, ACK, stream, 300, size - 300);
	put_segment(ISN + 1, ACK, stream, 0, 60);
	put_segment(ISN + 1, ACK, stream, 0, 100);
	put_segment(ISN + 1, ACK, stream, 150, 150);
	put_segment(ISN + 1, ACK | 0x001, stream, size, 0); /* FIN */
	sessions = read_capture();
	assert_string_equal(lines, "");
	expect_session(sessions, 0, SESSION, 3, 43);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_over_tcp_without_its_beginning_starts_where_it_can(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	put_segment(12345, ACK, stream, 0, size);
	sessions = read_capture();
	assert_string_equal(lines, "");
	expect_session(sessions, 0, SESSION, 3, 43);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_over_tcp_with_a_gap_is_reported(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	put_segment(ISN, SYN, stream, 0, 0);
	put_segment(ISN + 1, ACK, stream, 0, 60);
	put_segment(ISN + 1, ACK, stream, 70, size - 70);
	sessions = read_capture();
	assert_string_equal(lines,
			    SESSION ": after message 1: 10 octets of the connection are missing "
				    "[capture]\n" SESSION
				    ": after message 1: the stream ends 14 octets into a message "
				    "[RFC 7011 10.4.3]\n");
	expect_session(sessions, 0, SESSION, 1, 1);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_over_tcp_that_ends_within_a_message_is_reported(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	put_segment(ISN, SYN, stream, 0, 0);
	put_segment(ISN + 1, ACK, stream, 0, size - 1);
	sessions = read_capture();
	assert_string_equal(lines, SESSION ": after message 2: the stream ends 339 octets into a "
					   "message [RFC 7011 10.4.3]\n");
	expect_session(sessions, 0, SESSION, 2, 3);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_connection_with_the_same_ports_is_another(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	put_segment(ISN, SYN, stream, 0, 0);
	put_segment(ISN + 1, ACK, stream, 0, size);
	put_segment(5000, SYN, stream, 0, 0);
	put_segment(5001, ACK, stream, 0, size); /* from 0, with Templates: a new session */
	sessions = read_capture();
	assert_string_equal(lines, "");
	assert_int_equal(ipfix_sessions_count(sessions), 2);
	expect_session(sessions, 0, SESSION, 3, 43);
	expect_session(sessions, 1, SESSION, 3, 43);
	ipfix_sessions_free(sessions);
}

/* --- captures --- */

static void ipfix_sessions_what_is_wrong_with_a_capture_counts(void **state)
{
	static const uint8_t malformed[] = {0x45, 0};
	struct ipfix_sessions *sessions;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	build_message(0, 1, 1);
	put_datagram("192.0.2.1", 4711, 4739);
	pcap_builder_packet(&pcap, malformed, 2, 2);
	pcap_builder_packet(&pcap, malformed, 2, 1400);
	put_datagram("192.0.2.1", 4711, 4740);
	pcap.size--;
	sessions = read_capture();
	assert_string_equal(lines, "capture: packet 2 is malformed\n"
				   "capture: packet 3 has 2 octets of 1400\n"
				   "capture: the file ends within packet 4\n");
	assert_int_equal(ipfix_sessions_sum(sessions).violations, 3);
	assert_int_equal(ipfix_sessions_totals(sessions, 0)->violations, 0);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_other_packets_are_skipped(void **state)
{
	static const struct packet_layer icmp[] = {
		{.kind = LAYER_IPV4}, {.kind = LAYER_ICMP, .type = 8}, {.kind = LAYER_END}};
	static const struct packet_layer later[] = {{.kind = LAYER_IPV4, .fragment_offset = 8},
						    {.kind = LAYER_PAYLOAD, .size = 64},
						    {.kind = LAYER_END}};
	struct ipfix_sessions *sessions;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	pcap_builder_layers(&pcap, NULL, 0, icmp);
	pcap_builder_layers(&pcap, NULL, 0, later);
	sessions = read_capture();
	assert_string_equal(lines, "");
	assert_int_equal(ipfix_sessions_count(sessions), 0);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_of_something_else_are_refused(void **state)
{
	struct ipfix_sessions *sessions = new_sessions();

	(void)state;
	build_message(0, 1, 1);
	assert_int_equal(ipfix_sessions_read_capture(sessions, message.bytes, message.size),
			 -EINVAL);
	assert_int_equal(ipfix_sessions_count(sessions), 0);
	ipfix_sessions_free(sessions);
}

/* --- files --- */

static void ipfix_sessions_file_is_one_session(void **state)
{
	struct ipfix_sessions *sessions = new_sessions();
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	ipfix_sessions_read_file(sessions, stream, size);
	ipfix_sessions_finish(sessions);
	assert_string_equal(lines, "");
	assert_int_equal(ipfix_sessions_count(sessions), 1);
	expect_session(sessions, 0, "file", 3, 43);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_file_with_something_in_between_is_lost(void **state)
{
	struct ipfix_sessions *sessions = new_sessions();
	uint8_t stream[1024];
	size_t size = build_stream(stream);

	(void)state;
	stream[46] = 9; /* the version of the second message */
	ipfix_sessions_read_file(sessions, stream, size);
	ipfix_sessions_finish(sessions);
	assert_string_equal(lines, "file: message 2 octet 0: version 2314 [RFC 7011 3.1]\n");
	expect_session(sessions, 0, "file", 1, 1);
	ipfix_sessions_free(sessions);

	sessions = new_sessions();
	size = build_stream(stream);
	stream[48] = 0; /* its Length */
	stream[49] = 15;
	ipfix_sessions_read_file(sessions, stream, size);
	ipfix_sessions_finish(sessions);
	assert_string_equal(lines, "file: message 2 octet 2: message says it has 15 octets, it has "
				   "16 [RFC 7011 3.1]\n");
	expect_session(sessions, 0, "file", 1, 1);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_file_goes_on_after_an_empty_message(void **state)
{
	struct ipfix_sessions *sessions = new_sessions();
	uint8_t stream[2048];
	size_t size;

	(void)state;
	ipfix_builder_begin(&message, TIME_S, 0, 7);
	ipfix_builder_end(&message);
	size = message.size;
	memcpy(stream, message.bytes, size);
	size += build_stream(stream + size);
	ipfix_sessions_read_file(sessions, stream, size);
	ipfix_sessions_finish(sessions);
	assert_string_equal(lines, "file: message 1 octet 16: message without a Set [own rule]\n");
	expect_session(sessions, 0, "file", 4, 43);
	ipfix_sessions_free(sessions);
}

static void ipfix_sessions_file_cut_anywhere_is_reported(void **state)
{
	struct ipfix_sessions *sessions;
	uint8_t stream[1024], *copy;
	size_t size = build_stream(stream), cut;
	int at_the_end;

	(void)state;
	for (cut = 0; cut <= size; cut++) {
		sessions = new_sessions();
		copy = malloc(cut);
		assert_true(copy || !cut);
		memcpy(copy, stream, cut);
		ipfix_sessions_read_file(sessions, copy, cut);
		ipfix_sessions_finish(sessions);
		free(copy);
		at_the_end = cut == 0 || cut == 46 || cut == 82 || cut == size;
		assert_int_equal(ipfix_sessions_sum(sessions).violations, !at_the_end);
		ipfix_sessions_free(sessions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_sessions_over_udp_are_told_apart_by_their_ends),
		cmocka_unit_test(ipfix_sessions_violation_names_its_session),
		cmocka_unit_test(ipfix_sessions_fragmented_datagram_is_reported),
		cmocka_unit_test(ipfix_sessions_too_many_are_reported_once),
		cmocka_unit_test(ipfix_sessions_over_tcp_in_segments_of_any_size_are_clean),
		cmocka_unit_test(ipfix_sessions_over_tcp_repeated_and_reordered_are_clean),
		cmocka_unit_test(ipfix_sessions_over_tcp_without_its_beginning_starts_where_it_can),
		cmocka_unit_test(ipfix_sessions_over_tcp_with_a_gap_is_reported),
		cmocka_unit_test(ipfix_sessions_over_tcp_that_ends_within_a_message_is_reported),
		cmocka_unit_test(ipfix_sessions_connection_with_the_same_ports_is_another),
		cmocka_unit_test(ipfix_sessions_what_is_wrong_with_a_capture_counts),
		cmocka_unit_test(ipfix_sessions_other_packets_are_skipped),
		cmocka_unit_test(ipfix_sessions_of_something_else_are_refused),
		cmocka_unit_test(ipfix_sessions_file_is_one_session),
		cmocka_unit_test(ipfix_sessions_file_with_something_in_between_is_lost),
		cmocka_unit_test(ipfix_sessions_file_goes_on_after_an_empty_message),
		cmocka_unit_test(ipfix_sessions_file_cut_anywhere_is_reported),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
