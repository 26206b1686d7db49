// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode: NetFlow v5 packets, see dialect.h. Up to 30 records of one fixed layout:
 *
 *	0 srcaddr    4 dstaddr    8 nexthop   12 input     14 output
 *	16 dPkts    20 dOctets   24 First     28 Last
 *	32 srcport  34 dstport   36 pad       37 tcp_flags 38 prot  39 tos
 *	40 src_as   42 dst_as    44 src_mask  45 dst_mask  46 pad
 *
 * IPv4 only. Counters have 32 bits, so a record with more is cut into several, whose sums are exact.
 * Interface indexes have 16 bits; a greater one is sent as 0 (unknown) and counted. The header says
 * with a sampling mode of 2 (random) that one packet in up to 16383 was taken; whoever samples more
 * sparsely cannot use this protocol. ICMP type and code stand in dstport.
 */
#include "encode/dialect.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "encode/uptime.h"
#include "encode/wire.h"
#include "lib/clock.h"

#define NETFLOW5_VERSION 5
#define HEADER_BYTES 24
#define RECORD_BYTES 48
#define RECORDS_MAX 30
#define RANDOM_SAMPLING 2
#define SAMPLING_MODE_SHIFT 14

/* --- cutting --- */

static uint64_t divide_up(uint64_t number, uint64_t by)
{
	return number / by + (number % by != 0);
}

static size_t netflow5_parts(const struct flow_record *record)
{
	uint64_t by_octets = divide_up(record->octets, UINT32_MAX);
	uint64_t by_packets = divide_up(record->packets, UINT32_MAX);

	if (flow_key_is_ipv6(&record->key))
		return 0;
	if (by_octets < by_packets)
		by_octets = by_packets;
	return by_octets ? by_octets : 1;
}

/* The share of one of `parts` equal parts; the first ones take what does not divide. */
static uint64_t share(uint64_t number, size_t part, size_t parts)
{
	return number / parts + (part < number % parts);
}

static void netflow5_cut(struct flow_record *record, size_t part, size_t parts)
{
	record->octets = share(record->octets, part, parts);
	record->packets = share(record->packets, part, parts);
}

/* --- packets --- */

static int netflow5_plan(const struct export_session *session, struct message_plan *plan,
			 const struct flow_record *record, size_t limit)
{
	size_t bytes = (plan->bytes ? plan->bytes : HEADER_BYTES) + RECORD_BYTES;

	(void)session;
	(void)record;
	if (bytes > limit || bytes > dialect_netflow5.message_bytes)
		return 0;
	plan->bytes = bytes;
	return 1;
}

/* Also where all packets are counted: 0 would be "unknown" to some collectors. */
static uint16_t sampling_field(uint32_t interval)
{
	return RANDOM_SAMPLING << SAMPLING_MODE_SHIFT | (uint16_t)interval;
}

static void put_header(const struct export_session *session, size_t count, uint64_t boot_ms,
		       struct message *message)
{
	struct writer *writer = &message->writer;
	uint64_t now_ms = message->export_ms;

	wire_put_u16(writer, NETFLOW5_VERSION);
	wire_put_u16(writer, (uint16_t)count);
	wire_put_u32(writer, (uint32_t)(now_ms - boot_ms));
	wire_put_u32(writer, (uint32_t)(now_ms / 1000));
	wire_put_u32(writer, (uint32_t)(now_ms % 1000 * NS_PER_MS));
	wire_put_u32(writer, session->sequence);
	wire_put_u8(writer, 0); /* engine_type */
	wire_put_u8(writer, (uint8_t)session->config.observation_domain_id); /* engine_id */
	wire_put_u16(writer, sampling_field(session->config.sampling_interval));
}

static uint16_t interface_field(uint32_t ifindex, struct message *message)
{
	message->unknown_interfaces += ifindex > UINT16_MAX;
	return ifindex > UINT16_MAX ? 0 : (uint16_t)ifindex;
}

static uint32_t uptime_field(uint64_t time_ns, uint64_t boot_ms)
{
	uint64_t time_ms = time_ns / NS_PER_MS;

	return time_ms < boot_ms ? 0 : (uint32_t)(time_ms - boot_ms);
}

static void put_record(const struct flow_record *record, uint64_t boot_ms, struct message *message)
{
	const struct flow_key *key = &record->key;
	int icmp = flow_key_is_icmp(key);
	char *place = writer_reserve(&message->writer, RECORD_BYTES);

	if (!place)
		return;
	memset(place, 0, RECORD_BYTES);
	memcpy(place, key->source_address + 12, 4);
	memcpy(place + 4, key->destination_address + 12, 4);
	wire_store_u16(place + 12, interface_field(record->ingress_ifindex, message));
	wire_store_u16(place + 14, interface_field(record->egress_ifindex, message));
	wire_store_u32(place + 16, (uint32_t)record->packets);
	wire_store_u32(place + 20, (uint32_t)record->octets);
	wire_store_u32(place + 24, uptime_field(record->start_ns, boot_ms));
	wire_store_u32(place + 28, uptime_field(record->end_ns, boot_ms));
	if (icmp) {
		wire_store_u8(place + 34, (uint8_t)ntohs(key->source_port));
		wire_store_u8(place + 35, (uint8_t)ntohs(key->destination_port));
	} else {
		memcpy(place + 32, &key->source_port, 2);
		memcpy(place + 34, &key->destination_port, 2);
	}
	wire_store_u8(place + 37, (uint8_t)record->tcp_flags);
	wire_store_u8(place + 38, key->protocol);
	wire_store_u8(place + 39, record->tos);
}

static void netflow5_encode_flows(const struct export_session *session,
				  const struct flow_record *records, size_t count,
				  uint64_t realtime_ns, struct message *message)
{
	uint64_t boot_ms;

	message_begin(message, session, realtime_ns / NS_PER_MS);
	message->sequence_step = (uint32_t)count;
	message->flow_records = (uint32_t)count;
	boot_ms = uptime_boot_ms(session->config.start_ms, message->export_ms);
	put_header(session, count, boot_ms, message);
	for (size_t i = 0; i < count; i++)
		put_record(&records[i], boot_ms, message);
	assert(!message->writer.overflow);
}

const struct dialect dialect_netflow5 = {
	.name = "NetFlow v5",
	.message_bytes = HEADER_BYTES + RECORDS_MAX * RECORD_BYTES, /* fits into IPv4's 1500 */
	.parts = netflow5_parts,
	.cut = netflow5_cut,
	.plan = netflow5_plan,
	.encode_flows = netflow5_encode_flows,
};
