// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode: one JSON object per flow record, see json.h.
 *
 * The first part is what goflow2 (v101) makes of our IPFIX, field for field, so that whatever reads
 * its output (dashboards, saved searches, typed streams) reads ours: all scalar fields, always, in
 * a fixed order and with fixed types, also those that a host cannot know (AS numbers, next hops).
 * The second part is what IPFIX by way of goflow2 would lose.
 *
 * Integers are written exactly, also above 2^53: that is the reader's business, and our consumers
 * keep 64 bits. Interface names may contain any byte but '/' and white space and host names come
 * from the administrator, so strings are escaped and bytes that are not UTF-8 become U+FFFD; a
 * record can never break the line, or the batch, that it is in.
 *
 * The body is a straight list in output order and not a table of offsets: two fields of three are
 * computed, constant or conditional, and with the names as literals the compiler turns each key
 * into a few stores. Constant fields are part of the next literal.
 */
#include "encode/json.h"

#include <arpa/inet.h>
#include <string.h>

#include "encode/community_id.h"
#include "encode/protocol.h"
#include "encode/text.h"
#include "encode/utf8.h"
#include "lib/clock.h"

#define KEY(name) ",\"" name "\":"

/* always_inline: so that strlen and memcpy know the length of the literal. */
static inline __attribute__((always_inline)) void put_literal(struct writer *writer,
							      const char *text)
{
	writer_put(writer, text, strlen(text));
}

static inline __attribute__((always_inline)) void put_uint(struct writer *writer, const char *key,
							   uint64_t value)
{
	put_literal(writer, key);
	text_put_decimal(writer, value);
}

static void put_escape(struct writer *writer, unsigned char byte)
{
	static const char hex_digits[] = "0123456789abcdef";
	char escape[] = "\\u0000";

	if (byte == '"' || byte == '\\') {
		escape[1] = (char)byte;
		writer_put(writer, escape, 2);
	} else if (byte < 0x20) {
		escape[4] = hex_digits[byte >> 4];
		escape[5] = hex_digits[byte & 15];
		writer_put(writer, escape, 6);
	} else {
		put_literal(writer, "\\ufffd");
	}
}

/* The text without its quotes. */
static void put_escaped(struct writer *writer, const char *text)
{
	const unsigned char *plain = (const unsigned char *)text, *next = plain;
	size_t length;

	for (;;) {
		while (*next >= 0x20 && *next < 0x80 && *next != '"' && *next != '\\')
			next++;
		length = *next < 0x80 ? 0 : utf8_length(next);
		if (length) {
			next += length;
			continue;
		}
		writer_put(writer, plain, next - plain);
		if (!*next)
			return;
		put_escape(writer, *next);
		plain = ++next;
	}
}

static inline __attribute__((always_inline)) void put_string(struct writer *writer, const char *key,
							     const char *text)
{
	put_literal(writer, key);
	put_literal(writer, "\"");
	put_escaped(writer, text);
	put_literal(writer, "\"");
}

/* One of our own fields: left out when not known. */
static void put_known_string(struct writer *writer, const char *key, const char *text)
{
	if (*text)
		put_string(writer, key, text);
}

static void put_address(struct writer *writer, const struct flow_key *key,
			const uint8_t address[static 16])
{
	if (flow_key_is_ipv6(key))
		text_put_ipv6(writer, address);
	else
		text_put_ipv4(writer, address + 12);
}

static void put_timestamp(struct writer *writer, uint64_t time_ns)
{
	put_literal(writer, JSON_TIMESTAMP_START);
	text_put_decimal(writer, json_timestamp_us(time_ns / NS_PER_US));
	put_literal(writer, ",");
}

static void put_goflow2_fields(struct writer *writer, const struct flow_record *record,
			       const struct json_context *context)
{
	const struct flow_key *key = &record->key;
	uint16_t source = ntohs(key->source_port), destination = ntohs(key->destination_port);
	int ipv6 = flow_key_is_ipv6(key), icmp = flow_key_is_icmp(key);
	int egress = flow_key_direction(key) == FLOW_EGRESS;

	if (context->timestamped)
		put_timestamp(writer, record->end_ns);
	else
		put_literal(writer, "{");
	put_uint(writer, "\"type\":\"IPFIX\"" KEY("time_received_ns"), context->received_ns);
	put_uint(writer, KEY("sequence_num"), context->sequence_num);
	put_uint(writer, KEY("sampling_rate"), context->sampling_interval);
	put_string(writer, KEY("sampler_address"), context->sampler_address);
	put_uint(writer, KEY("time_flow_start_ns"), record->start_ns);
	put_uint(writer, KEY("time_flow_end_ns"), record->end_ns);
	put_uint(writer, KEY("bytes"), record->octets);
	put_uint(writer, KEY("packets"), record->packets);
	put_literal(writer, KEY("src_addr") "\"");
	put_address(writer, key, key->source_address);
	put_literal(writer, "\"" KEY("dst_addr") "\"");
	put_address(writer, key, key->destination_address);
	if (ipv6)
		put_literal(writer, "\"" KEY("etype") "\"IPv6\"" KEY("proto") "\"");
	else
		put_literal(writer, "\"" KEY("etype") "\"IPv4\"" KEY("proto") "\"");
	put_literal(writer, protocol_name(key->protocol));
	put_uint(writer, "\"" KEY("src_port"), icmp ? 0 : source);
	put_uint(writer, KEY("dst_port"), icmp ? 0 : destination);
	put_uint(writer, KEY("in_if"), record->ingress_ifindex);
	put_uint(writer, KEY("out_if"), record->egress_ifindex);
	put_literal(writer, KEY("src_mac") "\"");
	text_put_mac(writer, record->source_mac);
	put_literal(writer, "\"" KEY("dst_mac") "\"");
	text_put_mac(writer, record->destination_mac);
	put_uint(writer, "\"" KEY("src_vlan"), key->vlan_id);
	put_uint(writer, KEY("vlan_id"), key->vlan_id);
	put_uint(writer, KEY("dst_vlan"), egress ? key->vlan_id : 0); /* postVlanId */
	put_uint(writer, KEY("ip_tos"), record->tos);
	put_uint(writer, KEY("forwarding_status") "0" KEY("ip_ttl"), record->ttl_min);
	put_uint(writer, KEY("ip_flags"), record->ip_flags);
	put_uint(writer, KEY("tcp_flags"), record->tcp_flags);
	put_uint(writer, KEY("icmp_type"), icmp ? source : 0);
	put_uint(writer, KEY("icmp_code"), icmp ? destination : 0);
	put_uint(writer, KEY("ipv6_flow_label"), record->flow_label);
	put_uint(writer, KEY("fragment_id"), record->fragment_id);
	put_uint(writer, KEY("fragment_offset"), record->fragment_offset);
	put_literal(writer, KEY("src_as") "0" KEY("dst_as") "0");
	put_literal(writer, KEY("next_hop") "\"\"" KEY("next_hop_as") "0");
	/* The addresses masked to no bits at all. */
	if (ipv6)
		put_literal(writer, KEY("src_net") "\"::/0\"" KEY("dst_net") "\"::/0\"");
	else
		put_literal(writer, KEY("src_net") "\"0.0.0.0/0\"" KEY("dst_net") "\"0.0.0.0/0\"");
	put_uint(writer, KEY("bgp_next_hop") "\"\"" KEY("observation_domain_id"),
		 context->observation_domain_id);
	put_literal(writer, KEY("observation_point_id") "0");
}

static const char *end_reason_name(uint8_t end_reason)
{
	switch (end_reason) {
	case FLOW_END_IDLE:
		return "idle";
	case FLOW_END_ACTIVE:
		return "active";
	case FLOW_END_DETECTED:
		return "end";
	case FLOW_END_FORCED:
		return "forced";
	case FLOW_END_RESOURCES:
		return "resources";
	default:
		return "";
	}
}

static void put_own_fields(struct writer *writer, const struct flow_record *record,
			   const struct json_context *context)
{
	const struct flow_key *key = &record->key;
	int egress = flow_key_direction(key) == FLOW_EGRESS;

	put_literal(writer, KEY("flow_id") "\"");
	text_put_hex64(writer, context->instance);
	put_literal(writer, "-");
	text_put_decimal(writer, record->id);
	put_literal(writer, "\"");
	put_known_string(writer, KEY("host"), context->host);
	if (egress)
		put_literal(writer, KEY("direction") "\"egress\"");
	else
		put_literal(writer, KEY("direction") "\"ingress\"");
	put_known_string(writer, KEY("if_name"),
			 egress ? record->egress_if_name : record->ingress_if_name);
	put_known_string(writer, KEY("in_if_name"), record->ingress_if_name);
	put_known_string(writer, KEY("out_if_name"), record->egress_if_name);
	put_known_string(writer, KEY("flow_end_reason"), end_reason_name(record->end_reason));
	put_literal(writer, KEY("community_id") "\"");
	community_id_put(writer, key);
	put_literal(writer, "\"");
	if (record->inner_vlan_id)
		put_uint(writer, KEY("l2_vlan_inner"), record->inner_vlan_id);
}

void json_encode_record(struct writer *writer, const struct flow_record *record,
			const struct json_context *context)
{
	put_goflow2_fields(writer, record, context);
	put_own_fields(writer, record, context);
	put_literal(writer, "}");
}
