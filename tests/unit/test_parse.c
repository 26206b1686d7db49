// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The packet parser, compiled natively from the text the kernel programs are made of, on every
 * crafted packet of packet_cases.c.
 *
 * Each packet is parsed from a heap copy of exactly its size, so that the address sanitizer sees a
 * read of one octet too many. The copy starts two octets into its allocation, as the kernel places
 * frames (NET_IP_ALIGN), so that the undefined-behaviour sanitizer sees the kernel's alignment.
 *
 * Beside each packet's own answer two properties are tested at every length: octets that cannot be
 * addressed directly never change an answer other than to "ran into the end", and a packet that
 * really is shorter never becomes part of a wrong flow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet_cases.h"
#include "parse.bpf.h"

#define IP_ALIGN 2

static uint8_t buffer[PACKET_CASE_OCTETS_MAX];

static struct packet_builder build_case(const struct packet_case *packet_case)
{
	struct packet_builder builder;

	packet_builder_init(&builder, buffer, sizeof(buffer));
	packet_case_build(packet_case, &builder);
	return builder;
}

static uint16_t stray_octets; /* in front of packets of L3 devices */

/* Parses the first linear octets of a packet that is said to have length octets in all. */
static enum flow_outcome parse_octets(const struct packet_case *packet_case, const uint8_t *octets,
				      size_t linear, size_t length, struct packet *packet)
{
	size_t lead = packet_case->ethertype && !stray_octets ? 0 : IP_ALIGN;
	uint8_t *copy = malloc(lead + linear);
	struct packet_source source = {
		.data = copy + lead,
		.data_end = copy + lead + linear,
		.length = (uint32_t)length,
		.ethertype = PARSE_HTONS(packet_case->ethertype),
		.stray_octets = stray_octets,
		.vlan_tci = packet_case->vlan_tci,
		.vlan_present = packet_case->vlan_present,
		.gso_size = packet_case->gso_size,
		.gso_segs = packet_case->gso_segs,
	};
	enum flow_outcome outcome;

	assert_true(copy || lead + linear == 0);
	if (linear)
		memcpy(copy + lead, octets, linear);
	memset(packet, 0xa5, sizeof(*packet));
	outcome = parse_packet(&source, packet);
	free(copy);
	return outcome;
}

static size_t case_length(const struct packet_case *packet_case,
			  const struct packet_builder *builder)
{
	return packet_case->length ? packet_case->length : builder->length;
}

static void parse_crafted_packet_gives_expected_answer(void **state)
{
	static const enum packet_fragment fragments[] = {
		[CASE_WHOLE] = PACKET_WHOLE,
		[CASE_FIRST_FRAGMENT] = PACKET_FIRST_FRAGMENT,
		[CASE_LATER_FRAGMENT] = PACKET_LATER_FRAGMENT,
	};
	static const uint8_t none[6];
	const struct packet_case *expected = *state;
	struct packet_builder builder = build_case(expected);
	struct packet packet;
	struct flow_key key;
	enum flow_outcome outcome;

	outcome = parse_octets(expected, builder.data, builder.length,
			       case_length(expected, &builder), &packet);
	assert_int_equal(outcome, expected->outcome);
	assert_int_equal(packet.packets, expected->packets ? expected->packets : 1);
	assert_int_equal(packet.octets, expected->octets);
	if (outcome != FLOW_ACCOUNTED)
		return;
	packet_case_key(expected, &key);
	assert_int_equal(packet.key.protocol, key.protocol);
	assert_int_equal(packet.key.source_port, key.source_port);
	assert_int_equal(packet.key.destination_port, key.destination_port);
	assert_int_equal(packet.key.vlan_id, key.vlan_id);
	assert_memory_equal(&packet.key, &key, sizeof(key));
	assert_memory_equal(packet.source_mac, expected->ethertype ? none : packet_source_mac, 6);
	assert_memory_equal(packet.destination_mac,
			    expected->ethertype ? none : packet_destination_mac, 6);
	assert_int_equal(packet.inner_vlan_id, expected->inner_vlan_id);
	assert_int_equal(packet.tcp_flags, expected->tcp_flags);
	assert_int_equal(packet.ttl, expected->ttl ? expected->ttl : 64);
	assert_int_equal(packet.tos, expected->tos);
	assert_int_equal(packet.ip_flags, expected->ip_flags);
	assert_int_equal(packet.flow_label, expected->flow_label);
	assert_int_equal(packet.fragment, fragments[expected->fragment]);
	assert_int_equal(packet.fragment_offset, expected->fragment_offset);
	assert_int_equal(packet.fragment_id, expected->fragment_id);
	if (expected->fragment != CASE_WHOLE && expected->version == 4)
		assert_int_equal(packet.fragment_protocol, expected->protocol);
}

/* The fragments of one packet must agree on a protocol, or they would not find each other. */
static void parse_fragments_of_one_ipv6_packet_show_same_fragment_protocol(void **state)
{
	static const struct packet_case first = {
		.layers = {{.kind = LAYER_ETHERNET},
			   {.kind = LAYER_IPV6},
			   {.kind = LAYER_FRAGMENT, .id = 1, .ip_flags = 1},
			   {.kind = LAYER_DESTINATION_OPTIONS},
			   {.kind = LAYER_UDP},
			   {.kind = LAYER_PAYLOAD, .size = 8}},
	};
	static const struct packet_case later = {
		.layers = {{.kind = LAYER_ETHERNET},
			   {.kind = LAYER_IPV6},
			   {.kind = LAYER_FRAGMENT, .id = 1, .fragment_offset = 3},
			   {.kind = LAYER_PROTOCOL, .value = 60},
			   {.kind = LAYER_PAYLOAD, .size = 8}},
	};
	struct packet packets[2];
	struct packet_builder builder;

	(void)state;
	builder = build_case(&first);
	assert_int_equal(
		parse_octets(&first, builder.data, builder.length, builder.length, &packets[0]),
		FLOW_ACCOUNTED);
	builder = build_case(&later);
	assert_int_equal(
		parse_octets(&later, builder.data, builder.length, builder.length, &packets[1]),
		FLOW_ACCOUNTED);
	assert_int_equal(packets[0].key.protocol, 17);
	assert_int_equal(packets[0].fragment_protocol, 60);
	assert_int_equal(packets[1].fragment_protocol, 60);
}

static void check_linear_prefix(const struct packet_case *packet_case,
				const struct packet_builder *builder, size_t linear,
				enum flow_outcome whole_outcome, const struct packet *whole)
{
	enum flow_outcome outcome;
	struct packet packet;
	size_t key_octets, header_octets;

	outcome = parse_octets(packet_case, builder->data, linear,
			       case_length(packet_case, builder), &packet);
	if (outcome == FLOW_TRUNCATED) {
		packet_case_bounds(builder, &key_octets, &header_octets);
		if (whole_outcome == FLOW_ACCOUNTED && linear >= key_octets)
			fail_msg("%s: %zu linear octets say truncated, %zu hold the key",
				 packet_case->name, linear, key_octets);
		return;
	}
	if (outcome != whole_outcome || packet.packets != whole->packets ||
	    packet.octets != whole->octets ||
	    (outcome == FLOW_ACCOUNTED && memcmp(&packet, whole, sizeof(packet)) != 0))
		fail_msg("%s: %zu linear octets say %d, all say %d", packet_case->name, linear,
			 outcome, whole_outcome);
}

static void parse_less_linear_octets_say_truncated_or_the_same(void **state)
{
	const struct packet_case *packet_case;
	struct packet_builder builder;
	enum flow_outcome outcome;
	struct packet whole;
	size_t linear;

	(void)state;
	for (packet_case = packet_cases; packet_case < packet_cases + packet_cases_count;
	     packet_case++) {
		builder = build_case(packet_case);
		outcome = parse_octets(packet_case, builder.data, builder.length,
				       case_length(packet_case, &builder), &whole);
		for (linear = 0; linear < builder.length; linear++)
			check_linear_prefix(packet_case, &builder, linear, outcome, &whole);
	}
}

static void check_shorter_packet(const struct packet_case *packet_case,
				 const struct packet_builder *builder, size_t length,
				 enum flow_outcome whole_outcome, const struct flow_key *key)
{
	enum flow_outcome outcome;
	struct packet packet;
	size_t key_octets, header_octets;

	outcome = parse_octets(packet_case, builder->data, length, length, &packet);
	if (packet.packets < 1 || (!packet_case->gso_size && packet.octets > length))
		fail_msg("%s: %zu octets count as %u packets, %u octets", packet_case->name, length,
			 packet.packets, packet.octets);
	if (outcome != FLOW_ACCOUNTED && outcome != FLOW_NOT_IP && outcome != FLOW_MALFORMED &&
	    outcome != FLOW_TRUNCATED && outcome != FLOW_TOO_DEEP)
		fail_msg("%s: %zu octets give outcome %d", packet_case->name, length, outcome);
	if (whole_outcome != FLOW_ACCOUNTED) {
		if (outcome == FLOW_ACCOUNTED)
			fail_msg("%s: %zu octets are accounted, all are not", packet_case->name,
				 length);
		return;
	}
	packet_case_bounds(builder, &key_octets, &header_octets);
	if (outcome == FLOW_ACCOUNTED && length < key_octets)
		fail_msg("%s: %zu octets are accounted, the key needs %zu", packet_case->name,
			 length, key_octets);
	if (outcome == FLOW_ACCOUNTED && memcmp(&packet.key, key, sizeof(*key)) != 0)
		fail_msg("%s: %zu octets give another key", packet_case->name, length);
	if (outcome != FLOW_ACCOUNTED && length >= header_octets)
		fail_msg("%s: %zu octets say %d, headers take %zu", packet_case->name, length,
			 outcome, header_octets);
}

static void parse_shorter_packet_is_never_in_a_wrong_flow(void **state)
{
	const struct packet_case *packet_case;
	struct packet_builder builder;
	struct flow_key key = {0};
	size_t length;

	(void)state;
	for (packet_case = packet_cases; packet_case < packet_cases + packet_cases_count;
	     packet_case++) {
		builder = build_case(packet_case);
		if (packet_case->outcome == FLOW_ACCOUNTED)
			packet_case_key(packet_case, &key);
		for (length = 0; length < builder.length; length++)
			check_shorter_packet(packet_case, &builder, length, packet_case->outcome,
					     &key);
	}
}

/* The packet of an L3 device is an Ethernet frame without its header, and so is the answer. */
static void parse_same_packet_without_ethernet_header_gives_same_answer(void **state)
{
	const struct packet_case *packet_case;
	struct packet_builder builder;
	struct packet with, without;
	struct packet_case l3;
	enum flow_outcome outcome;

	(void)state;
	for (packet_case = packet_cases; packet_case < packet_cases + packet_cases_count;
	     packet_case++) {
		builder = build_case(packet_case);
		if (packet_case->ethertype || packet_case->length || builder.count < 2 ||
		    builder.layers[0].offset + 14 > builder.length ||
		    (builder.layers[1].layer.kind != LAYER_IPV4 &&
		     builder.layers[1].layer.kind != LAYER_IPV6))
			continue;
		outcome = parse_octets(packet_case, builder.data, builder.length, builder.length,
				       &with);
		l3 = *packet_case;
		l3.ethertype = builder.layers[1].layer.kind == LAYER_IPV4 ? 0x0800 : 0x86dd;
		assert_int_equal(parse_octets(&l3, builder.data + 14, builder.length - 14,
					      builder.length - 14, &without),
				 outcome);
		assert_int_equal(with.l3_offset, 14);
		assert_int_equal(without.l3_offset, 0);
		without.l3_offset = with.l3_offset;
		memcpy(without.source_mac, with.source_mac, sizeof(with.source_mac));
		memcpy(without.destination_mac, with.destination_mac, sizeof(with.destination_mac));
		if (memcmp(&with, &without, sizeof(with)) != 0)
			fail_msg("%s: other answer without Ethernet header", packet_case->name);
		/* Nor if it is there all the same, as behind an IPsec tunnel. */
		memset(without.source_mac, 0, sizeof(with.source_mac));
		memset(without.destination_mac, 0, sizeof(with.destination_mac));
		stray_octets = 14;
		assert_int_equal(
			parse_octets(&l3, builder.data, builder.length, builder.length, &with),
			outcome);
		stray_octets = 0;
		if (memcmp(&with, &without, sizeof(with)) != 0)
			fail_msg("%s: other answer behind a stray header", packet_case->name);
	}
}

int main(void)
{
	static const struct CMUnitTest properties[] = {
		cmocka_unit_test(parse_fragments_of_one_ipv6_packet_show_same_fragment_protocol),
		cmocka_unit_test(parse_less_linear_octets_say_truncated_or_the_same),
		cmocka_unit_test(parse_shorter_packet_is_never_in_a_wrong_flow),
		cmocka_unit_test(parse_same_packet_without_ethernet_header_gives_same_answer),
	};
	size_t properties_count = sizeof(properties) / sizeof(properties[0]), i;
	struct CMUnitTest *tests = calloc(packet_cases_count + properties_count, sizeof(*tests));
	int failed;

	if (!tests)
		return 1;
	for (i = 0; i < packet_cases_count; i++) {
		tests[i].name = packet_cases[i].name;
		tests[i].test_func = parse_crafted_packet_gives_expected_answer;
		tests[i].initial_state = (void *)&packet_cases[i];
	}
	memcpy(tests + packet_cases_count, properties, sizeof(properties));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = _cmocka_run_group_tests("parse", tests, packet_cases_count + properties_count,
					 NULL, NULL);
	free(tests);
	return failed != 0;
}
