/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A flow record: what every exporter gets. Counters are deltas since the flow's previous record,
 * times are wall clock. Fixed size, no pointers: records are copied into batches and outlive the
 * flow, the interface and the configuration.
 */
#ifndef FLOWPROBE_RECORD_H
#define FLOWPROBE_RECORD_H

#include <netinet/in.h>
#include <stdint.h>

#include "flow.h"

#define FLOW_IF_NAME_BYTES 16 /* IFNAMSIZ */

/* The values of IANA flowEndReason (136). */
enum flow_end_reason {
	FLOW_END_IDLE = 1,
	FLOW_END_ACTIVE = 2,
	FLOW_END_DETECTED = 3, /* FIN both ways, or RST */
	FLOW_END_FORCED = 4, /* shutdown, or the interface is gone */
	FLOW_END_RESOURCES = 5, /* lack of resources */
	FLOW_END_REASONS
};

/*
 * Whether a record is one half of a conversation whose other half is the next or previous record
 * of the same batch. Only where the flow cache was told to pair flows.
 */
enum flow_biflow {
	FLOW_UNIFLOW,
	FLOW_BIFLOW_FORWARD, /* of who spoke first, as far as was seen; its reverse is next */
	FLOW_BIFLOW_REVERSE,
};

struct flow_record {
	struct flow_key key;
	uint8_t end_reason; /* enum flow_end_reason */
	uint8_t ttl_min;
	uint8_t ttl_max;
	uint8_t tos; /* first packet's, like all below up to the interfaces */
	uint64_t id; /* counts up from 1 for each record of this agent */
	uint64_t packets;
	uint64_t octets;
	uint64_t start_ns; /* CLOCK_REALTIME of the first and last packet counted here; start_ns <=
			      end_ns */
	uint64_t end_ns;
	uint32_t flow_label;
	uint32_t fragment_id;
	uint16_t fragment_offset;
	uint16_t inner_vlan_id;
	uint16_t tcp_flags; /* OR over the packets counted here */
	uint8_t ip_flags;
	uint8_t biflow; /* enum flow_biflow */
	uint8_t source_mac[6];
	uint8_t destination_mac[6];
	uint32_t ingress_ifindex; /* 0: unknown or this host */
	uint32_t egress_ifindex; /* 0: unknown or this host */
	char ingress_if_name[FLOW_IF_NAME_BYTES]; /* "" where the index is 0 or the name was never
						     known */
	char egress_if_name[FLOW_IF_NAME_BYTES];
};

static inline enum flow_direction flow_key_direction(const struct flow_key *key)
{
	return key->kind & FLOW_KEY_EGRESS ? FLOW_EGRESS : FLOW_INGRESS;
}

static inline int flow_key_is_ipv6(const struct flow_key *key)
{
	return key->kind & FLOW_KEY_IPV6;
}

/* ICMP in IPv4 or ICMPv6 in IPv6: the key's ports are type and code. */
static inline int flow_key_is_icmp(const struct flow_key *key)
{
	return key->protocol == (flow_key_is_ipv6(key) ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

#endif
