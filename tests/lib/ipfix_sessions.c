// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * IPFIX decoder of the tests: sessions, see ipfix_sessions.h.
 *
 * UDP: everything between two addresses and ports is one session (RFC 7011 2). TCP: a connection
 * is; one that opens again with the same ports is another.
 */
#include "ipfix_sessions.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ip_segment.h"
#include "ipfix_stream.h"
#include "pcap_reader.h"
#include "tcp_assembly.h"

#define NAME_BYTES 128

struct session {
	struct ipfix_sessions *sessions;
	char name[NAME_BYTES];
	struct ip_segment key; /* the first segment, of which addresses, ports and protocol count */
	struct ipfix_check *check;
	struct ipfix_stream *stream; /* but for UDP */
	struct tcp_assembly assembly;
	uint32_t syn_sequence;
	int has_syn;
	int is_over; /* another connection has its ports now */
};

struct ipfix_sessions {
	struct ipfix_sessions_config config;
	struct session *list[IPFIX_SESSIONS_MAX];
	size_t count;
	uint64_t capture_violations;
	int too_many;
};

struct ipfix_sessions *ipfix_sessions_new(const struct ipfix_sessions_config *config)
{
	struct ipfix_sessions *sessions = calloc(1, sizeof(*sessions));

	if (sessions)
		sessions->config = *config;
	return sessions;
}

static void free_session(struct session *session)
{
	tcp_assembly_free(&session->assembly);
	free(session->stream);
	ipfix_check_free(session->check);
	free(session);
}

void ipfix_sessions_free(struct ipfix_sessions *sessions)
{
	size_t i;

	if (!sessions)
		return;
	for (i = 0; i < sessions->count; i++)
		free_session(sessions->list[i]);
	free(sessions);
}

__attribute__((format(printf, 2, 3))) static void note_capture(struct ipfix_sessions *sessions,
							       const char *format, ...)
{
	va_list arguments;
	char line[256];

	sessions->capture_violations++;
	if (!sessions->config.violation)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	sessions->config.violation(sessions->config.arg, "capture", line);
}

/* --- one session --- */

static void forward_violation(void *arg, const char *line)
{
	const struct session *session = arg;
	const struct ipfix_sessions_config *config = &session->sessions->config;

	if (config->violation)
		config->violation(config->arg, session->name, line);
}

static void forward_record(void *arg, const struct ipfix_record *record)
{
	const struct session *session = arg;
	const struct ipfix_sessions_config *config = &session->sessions->config;

	if (config->record)
		config->record(config->arg, session->name, record);
}

static void feed_stream(void *arg, const uint8_t *bytes, size_t size, uint64_t time_ns)
{
	struct session *session = arg;

	ipfix_stream_feed(session->stream, bytes, size, time_ns);
}

static struct session *new_session(struct ipfix_sessions *sessions, enum ipfix_transport transport)
{
	struct ipfix_check_config config = sessions->config.check;
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->sessions = sessions;
	config.transport = transport;
	config.arg = session;
	config.violation = forward_violation;
	config.record = forward_record;
	session->check = ipfix_check_new(&config);
	session->stream = transport == IPFIX_OVER_UDP ? NULL : calloc(1, sizeof(*session->stream));
	if (!session->check || (transport != IPFIX_OVER_UDP && !session->stream)) {
		free_session(session);
		return NULL;
	}
	if (session->stream)
		session->stream->check = session->check;
	session->assembly.arg = session;
	session->assembly.deliver = feed_stream;
	return session;
}

static struct session *add_session(struct ipfix_sessions *sessions, enum ipfix_transport transport)
{
	struct session *session = NULL;

	if (sessions->count < IPFIX_SESSIONS_MAX)
		session = new_session(sessions, transport);
	if (session)
		sessions->list[sessions->count++] = session;
	else if (!sessions->too_many++)
		note_capture(sessions, "more sessions than can be kept");
	return session;
}

static void finish_session(struct session *session)
{
	uint32_t missing = tcp_assembly_missing(&session->assembly);

	if (missing)
		ipfix_check_note(session->check, "capture",
				 "%" PRIu32 " octets of the connection are missing", missing);
	if (session->stream)
		ipfix_stream_finish(session->stream);
	ipfix_check_finish(session->check);
}

/* --- packets --- */

static void format_endpoint(char *text, size_t size, uint8_t version, const uint8_t *address,
			    uint16_t port)
{
	char number[INET6_ADDRSTRLEN];

	inet_ntop(version == 4 ? AF_INET : AF_INET6, address, number, sizeof(number));
	snprintf(text, size, version == 4 ? "%s:%u" : "[%s]:%u", number, port);
}

static void name_session(struct session *session)
{
	const struct ip_segment *key = &session->key;
	char source[INET6_ADDRSTRLEN + 8], destination[INET6_ADDRSTRLEN + 8];

	format_endpoint(source, sizeof(source), key->version, key->source, key->source_port);
	format_endpoint(destination, sizeof(destination), key->version, key->destination,
			key->destination_port);
	snprintf(session->name, sizeof(session->name), "%s %s > %s",
		 key->protocol == IP_SEGMENT_UDP ? "udp" : "tcp", source, destination);
}

static int is_of_session(const struct session *session, const struct ip_segment *segment)
{
	const struct ip_segment *key = &session->key;

	return !session->is_over && key->version == segment->version &&
	       key->protocol == segment->protocol && key->source_port == segment->source_port &&
	       key->destination_port == segment->destination_port &&
	       memcmp(key->source, segment->source, sizeof(key->source)) == 0 &&
	       memcmp(key->destination, segment->destination, sizeof(key->destination)) == 0;
}

static struct session *find_session(struct ipfix_sessions *sessions,
				    const struct ip_segment *segment)
{
	struct session *session;
	size_t i;

	for (i = sessions->count; i > 0; i--)
		if (is_of_session(sessions->list[i - 1], segment))
			return sessions->list[i - 1];
	session = add_session(sessions, segment->protocol == IP_SEGMENT_UDP ? IPFIX_OVER_UDP
									    : IPFIX_OVER_TCP);
	if (session) {
		session->key = *segment;
		name_session(session);
	}
	return session;
}

static void read_datagram(struct ipfix_sessions *sessions, const struct ip_segment *segment,
			  uint64_t time_ns)
{
	struct session *session = find_session(sessions, segment);

	if (!session)
		return;
	if (segment->is_fragment)
		ipfix_check_note(session->check, "RFC 7011 10.3.3", "the datagram is fragmented");
	else
		ipfix_check_message(session->check, segment->payload, segment->size, time_ns);
}

static void read_segment(struct ipfix_sessions *sessions, const struct ip_segment *segment,
			 uint64_t time_ns)
{
	struct session *session = find_session(sessions, segment);
	int is_syn = segment->tcp_flags & IP_SEGMENT_SYN;

	if (session && is_syn && session->has_syn &&
	    session->syn_sequence != segment->tcp_sequence) {
		session->is_over = 1;
		session = find_session(sessions, segment);
	}
	if (!session)
		return;
	if (is_syn && !session->has_syn) {
		session->has_syn = 1;
		session->syn_sequence = segment->tcp_sequence;
		tcp_assembly_start(&session->assembly, segment->tcp_sequence + 1);
	}
	if (tcp_assembly_add(&session->assembly, segment->tcp_sequence + (is_syn ? 1 : 0),
			     segment->payload, segment->size, time_ns))
		ipfix_check_note(session->check, "capture", "a segment of %zu octets is dropped",
				 segment->size);
}

static void read_packet(struct ipfix_sessions *sessions, const struct pcap_packet *packet,
			uint64_t number)
{
	struct ip_segment segment;
	int err;

	if (packet->size < packet->original_size) {
		note_capture(sessions, "packet %" PRIu64 " has %zu octets of %zu", number,
			     packet->size, packet->original_size);
		return;
	}
	err = ip_segment_parse(&segment, packet->link_type, packet->bytes, packet->size);
	if (err < 0)
		note_capture(sessions, "packet %" PRIu64 " is malformed", number);
	if (err <= 0 || segment.destination_port != sessions->config.port)
		return;
	if (segment.protocol == IP_SEGMENT_UDP)
		read_datagram(sessions, &segment, packet->time_ns);
	else
		read_segment(sessions, &segment, packet->time_ns);
}

int ipfix_sessions_read_capture(struct ipfix_sessions *sessions, const uint8_t *bytes, size_t size)
{
	struct pcap_reader reader;
	struct pcap_packet packet;
	uint64_t number = 0;
	int result;

	if (pcap_reader_init(&reader, bytes, size))
		return -EINVAL;
	while ((result = pcap_reader_next(&reader, &packet)) > 0)
		read_packet(sessions, &packet, ++number);
	if (result)
		note_capture(sessions, "the file ends within packet %" PRIu64, number + 1);
	return 0;
}

void ipfix_sessions_read_file(struct ipfix_sessions *sessions, const uint8_t *bytes, size_t size)
{
	struct session *session = add_session(sessions, IPFIX_IN_FILE);

	if (!session)
		return;
	snprintf(session->name, sizeof(session->name), "file");
	session->is_over = 1; /* no segment belongs to it */
	ipfix_stream_feed(session->stream, bytes, size, 0);
}

void ipfix_sessions_finish(struct ipfix_sessions *sessions)
{
	size_t i;

	for (i = 0; i < sessions->count; i++)
		finish_session(sessions->list[i]);
}

/* --- results --- */

size_t ipfix_sessions_count(const struct ipfix_sessions *sessions)
{
	return sessions->count;
}

const char *ipfix_sessions_name(const struct ipfix_sessions *sessions, size_t index)
{
	return sessions->list[index]->name;
}

const struct ipfix_check_totals *ipfix_sessions_totals(const struct ipfix_sessions *sessions,
						       size_t index)
{
	return ipfix_check_totals(sessions->list[index]->check);
}

/* All members of the totals are counters. */
static void add_totals(struct ipfix_check_totals *sum, const struct ipfix_check_totals *totals)
{
	const uint64_t *from = (const uint64_t *)totals;
	uint64_t *to = (uint64_t *)sum;
	size_t i;

	_Static_assert(sizeof(*sum) % sizeof(*to) == 0, "a member that is no uint64_t");
	for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

struct ipfix_check_totals ipfix_sessions_sum(const struct ipfix_sessions *sessions)
{
	struct ipfix_check_totals sum = {.violations = sessions->capture_violations};
	size_t i;

	for (i = 0; i < sessions->count; i++)
		add_totals(&sum, ipfix_sessions_totals(sessions, i));
	return sum;
}
