// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode: the fields of a flow record on the wire, see flow_template.h.
 *
 * A template is put together from blocks, in the order of the code below. The elements are those
 * that every collector we know of reads right: times in milliseconds since 1970 and 64-bit deltas,
 * both interfaces, the IP version in a field of its own. The VLAN stands in vlanId, and for what
 * left the host in postVlanId too, because some collectors look only there.
 *
 * Reverse fields of a biflow are the same rows as forward ones, and use the same functions: the
 * engine hands them the other record.
 */
#include "encode/flow_template.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#include "encode/community_id.h"
#include "encode/own_elements.h"
#include "encode/source.h"
#include "encode/wire.h"
#include "lib/clock.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define BIFLOW_DIRECTION_INITIATOR 1 /* RFC 5103 section 6.3 */

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* --- values --- */

static void put_source_ipv4(char *place, const struct field_source *source)
{
	memcpy(place, source->record->key.source_address + 12, 4);
}

static void put_destination_ipv4(char *place, const struct field_source *source)
{
	memcpy(place, source->record->key.destination_address + 12, 4);
}

static void put_source_ipv6(char *place, const struct field_source *source)
{
	memcpy(place, source->record->key.source_address, 16);
}

static void put_destination_ipv6(char *place, const struct field_source *source)
{
	memcpy(place, source->record->key.destination_address, 16);
}

static void put_source_port(char *place, const struct field_source *source)
{
	memcpy(place, &source->record->key.source_port, 2);
}

static void put_destination_port(char *place, const struct field_source *source)
{
	memcpy(place, &source->record->key.destination_port, 2);
}

static void put_icmp_type_code(char *place, const struct field_source *source)
{
	const struct flow_key *key = &source->record->key;

	wire_store_u8(place, (uint8_t)ntohs(key->source_port));
	wire_store_u8(place + 1, (uint8_t)ntohs(key->destination_port));
}

static void put_start_ms(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->record->start_ns / NS_PER_MS);
}

static void put_end_ms(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->record->end_ns / NS_PER_MS);
}

/* Milliseconds since boot_ms; a time before it cannot be said. */
static uint32_t uptime_ms(uint64_t time_ns, const struct field_source *source)
{
	uint64_t time_ms = time_ns / NS_PER_MS;

	return time_ms < source->boot_ms ? 0 : (uint32_t)(time_ms - source->boot_ms);
}

static void put_start_uptime(char *place, const struct field_source *source)
{
	wire_store_u32(place, uptime_ms(source->record->start_ns, source));
}

static void put_end_uptime(char *place, const struct field_source *source)
{
	wire_store_u32(place, uptime_ms(source->record->end_ns, source));
}

static void put_octets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->record->octets);
}

static void put_packets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->record->packets);
}

static void put_ingress_interface(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->record->ingress_ifindex);
}

static void put_egress_interface(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->record->egress_ifindex);
}

static void put_end_reason(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->record->end_reason);
}

static void put_direction(char *place, const struct field_source *source)
{
	wire_store_u8(place, flow_key_direction(&source->record->key));
}

static void put_protocol(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->record->key.protocol);
}

static void put_tos(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->record->tos);
}

static void put_ip_version(char *place, const struct field_source *source)
{
	wire_store_u8(place, flow_key_is_ipv6(&source->record->key) ? 6 : 4);
}

static void put_tcp_flags(char *place, const struct field_source *source)
{
	wire_store_u16(place, source->record->tcp_flags);
}

static void put_tcp_flags_low(char *place, const struct field_source *source)
{
	wire_store_u8(place, (uint8_t)source->record->tcp_flags);
}

static void put_ttl_min(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->record->ttl_min);
}

static void put_ttl_max(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->record->ttl_max);
}

static void put_vlan(char *place, const struct field_source *source)
{
	wire_store_u16(place, source->record->key.vlan_id);
}

static void put_post_vlan(char *place, const struct field_source *source)
{
	const struct flow_key *key = &source->record->key;

	wire_store_u16(place, flow_key_direction(key) == FLOW_EGRESS ? key->vlan_id : 0);
}

static void put_source_mac(char *place, const struct field_source *source)
{
	memcpy(place, source->record->source_mac, 6);
}

static void put_destination_mac(char *place, const struct field_source *source)
{
	memcpy(place, source->record->destination_mac, 6);
}

static void put_ethertype(char *place, const struct field_source *source)
{
	int ipv6 = flow_key_is_ipv6(&source->record->key);

	wire_store_u16(place, ipv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
}

static void put_flow_label(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->record->flow_label);
}

static void put_flow_label_short(char *place, const struct field_source *source)
{
	wire_store_u8(place, (uint8_t)(source->record->flow_label >> 16));
	wire_store_u16(place + 1, (uint16_t)source->record->flow_label);
}

static void put_community_id(char *place, const struct field_source *source)
{
	struct writer writer;

	writer_init(&writer, place, COMMUNITY_ID_CHARS);
	community_id_put(&writer, &source->record->key);
}

static void put_instance(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->instance);
}

static void put_record_id(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->record->id);
}

static void put_reverse_record_id(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->reverse->id);
}

static void put_biflow_direction(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u8(place, BIFLOW_DIRECTION_INITIATOR);
}

/* --- blocks --- */

#define ROW(number, octets, function)                                     \
	{                                                                 \
		.element = (number), .bytes = (octets), .put = (function) \
	}
#define ROW_REVERSE(number, octets, function)                                                     \
	{                                                                                         \
		.element = (number), .bytes = (octets), .owner = FIELD_REVERSE, .put = (function) \
	}
#define ROW_OWN(number, octets, function)                                                     \
	{                                                                                     \
		.element = (number), .bytes = (octets), .owner = FIELD_OWN, .put = (function) \
	}

static const struct field ipv4_addresses[] = {
	ROW(8, 4, put_source_ipv4), /* sourceIPv4Address */
	ROW(12, 4, put_destination_ipv4), /* destinationIPv4Address */
};

static const struct field ipv6_addresses[] = {
	ROW(27, 16, put_source_ipv6), /* sourceIPv6Address */
	ROW(28, 16, put_destination_ipv6), /* destinationIPv6Address */
};

static const struct field ports[] = {
	ROW(7, 2, put_source_port), /* sourceTransportPort */
	ROW(11, 2, put_destination_port), /* destinationTransportPort */
};

static const struct field ipv4_icmp[] = {ROW(32, 2, put_icmp_type_code)}; /* icmpTypeCodeIPv4 */
static const struct field ipv6_icmp[] = {ROW(139, 2, put_icmp_type_code)}; /* icmpTypeCodeIPv6 */

static const struct field times_ms[] = {
	ROW(152, 8, put_start_ms), /* flowStartMilliseconds */
	ROW(153, 8, put_end_ms), /* flowEndMilliseconds */
};

static const struct field times_uptime[] = {
	ROW(22, 4, put_start_uptime), /* FIRST_SWITCHED */
	ROW(21, 4, put_end_uptime), /* LAST_SWITCHED */
};

static const struct field core[] = {
	ROW(1, 8, put_octets), /* octetDeltaCount */
	ROW(2, 8, put_packets), /* packetDeltaCount */
	ROW(10, 4, put_ingress_interface), /* ingressInterface */
	ROW(14, 4, put_egress_interface), /* egressInterface */
	ROW(136, 1, put_end_reason), /* flowEndReason */
	ROW(61, 1, put_direction), /* flowDirection */
	ROW(4, 1, put_protocol), /* protocolIdentifier */
	ROW(5, 1, put_tos), /* ipClassOfService */
	ROW(60, 1, put_ip_version), /* ipVersion */
};

static const struct field tcp[] = {ROW(6, 2, put_tcp_flags)}; /* tcpControlBits */
static const struct field tcp_low[] = {ROW(6, 1, put_tcp_flags_low)};

static const struct field ttl[] = {
	ROW(52, 1, put_ttl_min), /* minimumTTL */
	ROW(53, 1, put_ttl_max), /* maximumTTL */
};

static const struct field label[] = {ROW(31, 4, put_flow_label)}; /* flowLabelIPv6 */
static const struct field label_short[] = {ROW(31, 3, put_flow_label_short)};

static const struct field link_layer[] = {
	ROW(58, 2, put_vlan), /* vlanId */
	ROW(59, 2, put_post_vlan), /* postVlanId */
	ROW(56, 6, put_source_mac), /* sourceMacAddress */
	ROW(80, 6, put_destination_mac), /* destinationMacAddress */
};

static const struct field link_type[] = {ROW(256, 2, put_ethertype)}; /* ethernetType */

static const struct field own[] = {
	ROW_OWN(OWN_COMMUNITY_ID, COMMUNITY_ID_CHARS, put_community_id),
	ROW_OWN(OWN_AGENT_INSTANCE_ID, 8, put_instance),
	ROW_OWN(OWN_FLOW_RECORD_ID, 8, put_record_id),
};

static const struct field biflow[] = {
	ROW(239, 1, put_biflow_direction), /* biflowDirection */
	ROW_REVERSE(152, 8, put_start_ms),
	ROW_REVERSE(153, 8, put_end_ms),
	ROW_REVERSE(1, 8, put_octets),
	ROW_REVERSE(2, 8, put_packets),
	ROW_REVERSE(10, 4, put_ingress_interface),
	ROW_REVERSE(14, 4, put_egress_interface),
	ROW_REVERSE(136, 1, put_end_reason),
	ROW_REVERSE(61, 1, put_direction),
	ROW_REVERSE(5, 1, put_tos),
	ROW_REVERSE(52, 1, put_ttl_min),
	ROW_REVERSE(53, 1, put_ttl_max),
};

static const struct field biflow_tcp[] = {ROW_REVERSE(6, 2, put_tcp_flags)};
static const struct field biflow_ipv4_icmp[] = {ROW_REVERSE(32, 2, put_icmp_type_code)};
static const struct field biflow_ipv6_icmp[] = {ROW_REVERSE(139, 2, put_icmp_type_code)};
static const struct field biflow_label[] = {ROW_REVERSE(31, 4, put_flow_label)};
static const struct field biflow_own[] = {
	ROW_OWN(OWN_REVERSE_FLOW_RECORD_ID, 8, put_reverse_record_id),
};

/* --- templates --- */

static void add_rows(struct flow_template *template, const struct field *rows, size_t count)
{
	assert(template->template.count + count <= FLOW_TEMPLATE_FIELDS_MAX);
	memcpy(template->fields + template->template.count, rows, count * sizeof(*rows));
	template->template.count += (uint16_t)count;
}

#define ADD(template, rows) add_rows(template, rows, COUNT(rows))

static void begin(struct flow_template *template, int id)
{
	memset(template, 0, sizeof(*template));
	template->template.id = (uint16_t)id;
	template->template.fields = template->fields;
}

static int kind_is_ipv6(enum flow_kind kind)
{
	return kind == FLOW_IPV6 || kind == FLOW_IPV6_ICMP;
}

static int kind_is_icmp(enum flow_kind kind)
{
	return kind == FLOW_IPV4_ICMP || kind == FLOW_IPV6_ICMP;
}

static void add_addresses(struct flow_template *template, enum flow_kind kind)
{
	if (kind_is_ipv6(kind))
		ADD(template, ipv6_addresses);
	else
		ADD(template, ipv4_addresses);
}

static void add_reverse(struct flow_template *template, enum flow_kind kind)
{
	ADD(template, biflow);
	if (kind == FLOW_IPV4_ICMP)
		ADD(template, biflow_ipv4_icmp);
	else if (kind == FLOW_IPV6_ICMP)
		ADD(template, biflow_ipv6_icmp);
	else
		ADD(template, biflow_tcp);
	if (kind_is_ipv6(kind))
		ADD(template, biflow_label);
}

void flow_template_make_ipfix(struct flow_template *template, enum flow_kind kind, int variant)
{
	begin(template, FLOW_TEMPLATE_FIRST_ID + (int)kind + variant);
	add_addresses(template, kind);
	if (kind == FLOW_IPV4_ICMP)
		ADD(template, ipv4_icmp);
	else if (kind == FLOW_IPV6_ICMP)
		ADD(template, ipv6_icmp);
	else
		ADD(template, ports);
	ADD(template, times_ms);
	ADD(template, core);
	if (!kind_is_icmp(kind))
		ADD(template, tcp);
	ADD(template, ttl);
	if (kind_is_ipv6(kind))
		ADD(template, label);
	ADD(template, link_layer);
	ADD(template, link_type);
	if (variant & FLOW_TEMPLATE_BIFLOW)
		add_reverse(template, kind);
	if (variant & FLOW_TEMPLATE_OWN)
		ADD(template, own);
	if (variant & FLOW_TEMPLATE_OWN && variant & FLOW_TEMPLATE_BIFLOW)
		ADD(template, biflow_own);
	template->bytes = template_record_bytes(&template->template);
}

void flow_template_make_netflow9(struct flow_template *template, enum flow_kind kind)
{
	begin(template, FLOW_TEMPLATE_FIRST_ID + (int)kind);
	add_addresses(template, kind);
	if (kind_is_icmp(kind))
		ADD(template, ipv4_icmp); /* ICMP_TYPE: v9 has one for both */
	else
		ADD(template, ports);
	ADD(template, times_uptime);
	ADD(template, core);
	if (!kind_is_icmp(kind))
		ADD(template, tcp_low);
	ADD(template, ttl);
	if (kind_is_ipv6(kind))
		ADD(template, label_short);
	ADD(template, link_layer);
	template->bytes = template_record_bytes(&template->template);
}

enum flow_kind flow_kind(const struct flow_key *key)
{
	int icmp = flow_key_is_icmp(key);

	if (flow_key_is_ipv6(key))
		return icmp ? FLOW_IPV6_ICMP : FLOW_IPV6;
	return icmp ? FLOW_IPV4_ICMP : FLOW_IPV4;
}
