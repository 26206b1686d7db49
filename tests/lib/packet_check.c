// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compares what a harvest delivered with a packet case: see packet_check.h. */
#include "packet_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum flow_direction packet_check_direction(enum probe_program program)
{
	return program == PROBE_TC_EGRESS_L2 || program == PROBE_TC_EGRESS_L3 ? FLOW_EGRESS
									      : FLOW_INGRESS;
}

void packet_check_number(enum probe_program program, const char *what, uint64_t is,
			 uint64_t expected)
{
	if (is != expected)
		fail_msg("%s: %s is %llu, not %llu", probe_program_name(program), what,
			 (unsigned long long)is, (unsigned long long)expected);
}

static void packet_check_octets(enum probe_program program, const char *what, const void *is,
				const void *expected, size_t size)
{
	if (memcmp(is, expected, size) != 0)
		fail_msg("%s: %s is another", probe_program_name(program), what);
}

void packet_check_counters(enum probe_program program, const struct packet_case *expected,
			   const struct flow_counters *counters)
{
	enum flow_direction direction = packet_check_direction(program), other;
	enum flow_outcome outcome;
	int accounted = expected->outcome == FLOW_ACCOUNTED, mine;
	char what[64];

	for (outcome = 0; outcome < FLOW_OUTCOMES; outcome++) {
		for (other = 0; other < FLOW_DIRECTIONS; other++) {
			mine = outcome == expected->outcome && other == direction;
			snprintf(what, sizeof(what), "packets of outcome %d direction %d", outcome,
				 other);
			packet_check_number(program, what,
					    counters->outcomes[outcome][other].packets,
					    !mine		? 0
					    : expected->packets ? expected->packets
								: 1);
			snprintf(what, sizeof(what), "octets of outcome %d direction %d", outcome,
				 other);
			packet_check_number(program, what,
					    counters->outcomes[outcome][other].octets,
					    mine ? expected->octets : 0);
		}
	}
	packet_check_number(program, "created", counters->created, accounted);
	packet_check_number(program, "fragments_joined", counters->fragments_joined, 0);
	packet_check_number(program, "fragments_orphaned", counters->fragments_orphaned,
			    accounted && expected->fragment == CASE_LATER_FRAGMENT);
}

void packet_check_details(enum probe_program program, const struct packet_case *expected,
			  const struct flow_details *details)
{
	static const uint8_t none[6];
	int l3 = expected->ethertype != 0;

	packet_check_octets(program, "source_mac", details->source_mac,
			    l3 ? none : packet_source_mac, 6);
	packet_check_octets(program, "destination_mac", details->destination_mac,
			    l3 ? none : packet_destination_mac, 6);
	packet_check_number(
		program, "ingress_ifindex", details->ingress_ifindex,
		packet_check_direction(program) == FLOW_EGRESS ? PACKET_CHECK_INGRESS_IFINDEX : 0);
	packet_check_number(program, "flow_label", details->flow_label, expected->flow_label);
	packet_check_number(program, "fragment_id", details->fragment_id, expected->fragment_id);
	packet_check_number(program, "fragment_offset", details->fragment_offset,
			    expected->fragment_offset);
	packet_check_number(program, "inner_vlan_id", details->inner_vlan_id,
			    expected->inner_vlan_id);
	packet_check_number(program, "tos", details->tos, expected->tos);
	packet_check_number(program, "ip_flags", details->ip_flags, expected->ip_flags);
}

void packet_check_flow(enum probe_program program, const struct packet_case *expected,
		       const struct tables_harvested *collected)
{
	const struct flow_delta *delta = &collected->delta;
	struct flow_key key;

	packet_case_key(expected, &key);
	key.ifindex = TABLES_IFINDEX;
	if (packet_check_direction(program) == FLOW_EGRESS)
		key.kind |= FLOW_KEY_EGRESS;
	packet_check_number(program, "protocol", collected->key.protocol, key.protocol);
	packet_check_number(program, "kind", collected->key.kind, key.kind);
	packet_check_number(program, "vlan_id", collected->key.vlan_id, key.vlan_id);
	packet_check_number(program, "ifindex", collected->key.ifindex, key.ifindex);
	packet_check_number(program, "source_port", collected->key.source_port, key.source_port);
	packet_check_number(program, "destination_port", collected->key.destination_port,
			    key.destination_port);
	packet_check_octets(program, "key", &collected->key, &key, sizeof(key));
	packet_check_number(program, "packets", delta->packets,
			    expected->packets ? expected->packets : 1);
	packet_check_number(program, "octets", delta->octets, expected->octets);
	packet_check_number(program, "tcp_flags", delta->tcp_flags, expected->tcp_flags);
	packet_check_number(program, "ttl_min", delta->ttl_min, expected->ttl ? expected->ttl : 64);
	packet_check_number(program, "ttl_max", delta->ttl_max, expected->ttl ? expected->ttl : 64);
}
