/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The crafted packets that say what the packet parser has to answer: one table, run natively
 * against parse.bpf.h and, packet by packet, through the shipped kernel programs.
 *
 * Each case is a list of layers, what the kernel would tell beside the packet, and the whole
 * answer. Expectations are written from the RFCs and from the contracts in flow.h, never copied
 * from what the parser said.
 */
#ifndef FLOWPROBE_TESTS_PACKET_CASES_H
#define FLOWPROBE_TESTS_PACKET_CASES_H

#include <stddef.h>
#include <stdint.h>

#include "flow.h"
#include "packet_builder.h"

#define PACKET_CASE_LAYERS 16
#define PACKET_CASE_OCTETS_MAX 4096 /* what any case's layers take */

enum packet_case_fragment { CASE_WHOLE, CASE_FIRST_FRAGMENT, CASE_LATER_FRAGMENT };

struct packet_case {
	const char *name;
	struct packet_layer layers[PACKET_CASE_LAYERS];
	uint32_t padded_to; /* 0: no padding */
	uint32_t cut; /* octets dropped from the end, lengths inside unchanged */

	/* What the kernel tells beside the packet. */
	uint16_t ethertype; /* 0: L2; else the packet of an L3 device */
	uint16_t vlan_present;
	uint16_t vlan_tci;
	uint16_t gso_size;
	uint32_t gso_segs;
	uint32_t length; /* of the whole packet if only its first octets are built here; else 0 */

	/* The answer. Ports in host order; addresses as text, NULL: the builder's own. */
	enum flow_outcome outcome;
	uint32_t packets; /* 0 means 1 */
	uint32_t octets;
	uint8_t version; /* 4 or 6; everything from here on only if accounted */
	uint8_t protocol;
	uint16_t source_port;
	uint16_t destination_port;
	const char *source;
	const char *destination;
	uint16_t vlan_id;
	uint16_t inner_vlan_id;
	uint16_t tcp_flags;
	uint8_t ttl; /* 0 means 64 */
	uint8_t tos;
	uint8_t ip_flags;
	enum packet_case_fragment fragment;
	uint16_t fragment_offset;
	uint32_t fragment_id;
	uint32_t flow_label;
};

extern const struct packet_case packet_cases[];
extern const size_t packet_cases_count;

/* Builds the case's packet into builder, initialised with at least PACKET_CASE_OCTETS_MAX. */
void packet_case_build(const struct packet_case *packet_case, struct packet_builder *builder);

/*
 * For accounted cases, how many octets of the built packet must be there to know the flow, and how
 * many are headers. Up to the first number no answer but a refusal is right, from the second on the
 * answer must not depend on how much payload is there.
 */
void packet_case_bounds(const struct packet_builder *builder, size_t *key_octets,
			size_t *header_octets);

/* The key expected for an accounted case; ifindex and direction are left 0. */
void packet_case_key(const struct packet_case *packet_case, struct flow_key *key);

#endif
