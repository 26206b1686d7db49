// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Writes packets for the tests: layers in, octets out.
 *
 * Pushing a layer appends its octets with lengths and checksums 0 and remembers the layer;
 * finishing walks the layers from the innermost to the outermost and fills in what depends on the
 * octets that came later, so a checksum always covers final octets. The field that names the next
 * layer is patched by the layer that follows, so a list of layers cannot contradict itself by
 * accident.
 */
#include "packet_builder.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

const uint8_t packet_source_mac[6] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x01};
const uint8_t packet_destination_mac[6] = {0x02, 0x00, 0x5e, 0x10, 0x00, 0x02};

static const uint8_t payload_pattern[4] = {0xde, 0xad, 0xbe, 0xef};
#define PADDING_OCTET 0x5a

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint8_t *builder_extend(struct packet_builder *builder, size_t size)
{
	uint8_t *at = builder->data + builder->length;

	assert(size <= builder->capacity - builder->length);
	memset(at, 0, size);
	builder->length += size;
	return at;
}

/* Names the layer that follows in the layer before it: an Ethernet type or an IP protocol. */
static void builder_name_next(struct packet_builder *builder, uint16_t ethertype, uint8_t protocol)
{
	if (builder->next_size == 2)
		put16(builder->data + builder->next_at, ethertype);
	else if (builder->next_size == 1)
		builder->data[builder->next_at] = protocol;
	builder->next_size = 0;
}

static void builder_expect_next(struct packet_builder *builder, const uint8_t *at, size_t size)
{
	builder->next_at = (size_t)(at - builder->data);
	builder->next_size = size;
}

void packet_address(const char *text, uint8_t address[16])
{
	int converted;

	if (strchr(text, ':')) {
		converted = inet_pton(AF_INET6, text, address);
	} else {
		memset(address, 0, 10);
		memset(address + 10, 0xff, 2);
		converted = inet_pton(AF_INET, text, address + 12);
	}
	assert(converted == 1);
	(void)converted;
}

static void push_ethernet(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at = builder_extend(builder, 14);

	memcpy(at, layer->destination_mac ? layer->destination_mac : packet_destination_mac, 6);
	memcpy(at + 6, layer->source_mac ? layer->source_mac : packet_source_mac, 6);
	builder_expect_next(builder, at + 12, 2);
}

static void push_vlan(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at;

	builder_name_next(builder, layer->tpid ? layer->tpid : 0x8100, 0);
	at = builder_extend(builder, 4);
	put16(at, layer->tci);
	builder_expect_next(builder, at + 2, 2);
}

static void push_ipv4(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint32_t words = layer->header_words ? layer->header_words : (20 + layer->size) / 4;
	uint32_t version = layer->version ? layer->version : 4;
	uint8_t address[16];
	uint8_t *at;

	builder_name_next(builder, 0x0800, 4);
	at = builder_extend(builder, 20 + layer->size);
	at[0] = (uint8_t)((version & 0xf) << 4 | (words & 0xf));
	at[1] = layer->tos;
	put16(at + 4, layer->id);
	put16(at + 6, (uint32_t)layer->ip_flags << 13 | (layer->fragment_offset & 0x1fff));
	at[8] = layer->ttl ? layer->ttl : 64;
	packet_address(layer->source ? layer->source : PACKET_IPV4_SOURCE, address);
	memcpy(at + 12, address + 12, 4);
	packet_address(layer->destination ? layer->destination : PACKET_IPV4_DESTINATION, address);
	memcpy(at + 16, address + 12, 4);
	memset(at + 20, 1, layer->size); /* no-operation options */
	builder_expect_next(builder, at + 9, 1);
}

static void push_ipv6(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint32_t version = layer->version ? layer->version : 6;
	uint8_t *at;

	builder_name_next(builder, 0x86dd, 41);
	at = builder_extend(builder, 40);
	put32(at, (version & 0xf) << 28 | (uint32_t)layer->tos << 20 | layer->flow_label);
	at[7] = layer->ttl ? layer->ttl : 64;
	packet_address(layer->source ? layer->source : PACKET_IPV6_SOURCE, at + 8);
	packet_address(layer->destination ? layer->destination : PACKET_IPV6_DESTINATION, at + 24);
	builder_expect_next(builder, at + 6, 1);
}

/* Hop-by-hop or destination options (filled with one PadN or several), or an unused routing
 * header. */
static void push_options(struct packet_builder *builder, const struct packet_layer *layer,
			 uint8_t protocol)
{
	size_t size = layer->size ? layer->size : 8, position = 2, option;
	uint8_t *at;

	builder_name_next(builder, 0, protocol);
	at = builder_extend(builder, size);
	at[1] = (uint8_t)(size / 8 - 1);
	if (layer->kind == LAYER_ROUTING) {
		at[2] = 4; /* segment routing, no segments left */
	} else {
		while (position < size) {
			option = size - position - 2 > 250 ? 250 : size - position - 2;
			at[position] = 1;
			at[position + 1] = (uint8_t)option;
			position += option + 2;
			if (size - position == 1)
				position++; /* a Pad1, which is 0 */
		}
	}
	builder_expect_next(builder, at, 1);
}

static void push_jumbo(struct packet_builder *builder)
{
	uint8_t *at;

	builder_name_next(builder, 0, 0);
	at = builder_extend(builder, 8);
	at[2] = 0xc2;
	at[3] = 4;
	builder_expect_next(builder, at, 1);
}

static void push_fragment(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at;

	builder_name_next(builder, 0, 44);
	at = builder_extend(builder, 8);
	put16(at + 2, (uint32_t)layer->fragment_offset << 3 | (layer->ip_flags & 7));
	put32(at + 4, layer->id);
	builder_expect_next(builder, at, 1);
}

static void push_authentication(struct packet_builder *builder, const struct packet_layer *layer)
{
	size_t size = layer->size ? layer->size : 12;
	uint8_t *at;

	builder_name_next(builder, 0, 51);
	at = builder_extend(builder, size);
	at[1] = (uint8_t)(size / 4 - 2);
	put32(at + 4, 0x1001); /* security parameters index */
	put32(at + 8, 1); /* sequence number */
	builder_expect_next(builder, at, 1);
}

/* Any transport header that starts with two ports. */
static uint8_t *push_ports(struct packet_builder *builder, const struct packet_layer *layer,
			   uint8_t protocol, size_t size)
{
	uint8_t *at;

	builder_name_next(builder, 0, protocol);
	at = builder_extend(builder, size);
	put16(at, layer->source_port ? layer->source_port : PACKET_SOURCE_PORT);
	put16(at + 2, layer->destination_port ? layer->destination_port : PACKET_DESTINATION_PORT);
	return at;
}

static void push_tcp(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint32_t words = layer->header_words ? layer->header_words : (20 + layer->size) / 4;
	uint8_t *at = push_ports(builder, layer, 6, 20 + layer->size);

	put32(at + 4, 1); /* sequence number */
	put16(at + 12, (words & 0xf) << 12 | (layer->tcp_flags & 0xfff));
	put16(at + 14, 0xffff); /* window */
	memset(at + 20, 1, layer->size);
}

static void push_dccp(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at = push_ports(builder, layer, 33, 16);

	at[4] = 4; /* data offset in words */
	at[8] = 2 << 1 | 1; /* DCCP-Data, long sequence numbers */
}

static void push_sctp(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at = push_ports(builder, layer, 132, 12);

	put32(at + 4, 0xcafe); /* verification tag */
}

static void push_icmp(struct packet_builder *builder, const struct packet_layer *layer,
		      uint8_t protocol)
{
	uint8_t *at;

	builder_name_next(builder, 0, protocol);
	at = builder_extend(builder, 8);
	at[0] = layer->type;
	at[1] = layer->code;
	put16(at + 4, layer->id);
	put16(at + 6, 1); /* sequence number */
}

static void push_payload(struct packet_builder *builder, const struct packet_layer *layer)
{
	uint8_t *at = builder_extend(builder, layer->size);
	size_t i;

	for (i = 0; i < layer->size; i++)
		at[i] = layer->octets ? ((const uint8_t *)layer->octets)[i]
				      : payload_pattern[i % sizeof(payload_pattern)];
}

void packet_builder_init(struct packet_builder *builder, void *data, size_t capacity)
{
	memset(builder, 0, sizeof(*builder));
	builder->data = data;
	builder->capacity = capacity;
}

void packet_builder_push(struct packet_builder *builder, const struct packet_layer *layer)
{
	struct packet_builder_layer *entry = &builder->layers[builder->count];

	assert(builder->count < PACKET_LAYERS_MAX);
	builder->count++;
	entry->layer = *layer;
	entry->offset = builder->length;
	switch (layer->kind) {
	case LAYER_END:
		break;
	case LAYER_ETHERNET:
		push_ethernet(builder, layer);
		break;
	case LAYER_VLAN:
		push_vlan(builder, layer);
		break;
	case LAYER_TYPE:
	case LAYER_PROTOCOL:
		builder_name_next(builder, layer->value, (uint8_t)layer->value);
		break;
	case LAYER_IPV4:
		push_ipv4(builder, layer);
		break;
	case LAYER_IPV6:
		push_ipv6(builder, layer);
		break;
	case LAYER_HOP_BY_HOP:
		push_options(builder, layer, 0);
		break;
	case LAYER_ROUTING:
		push_options(builder, layer, 43);
		break;
	case LAYER_DESTINATION_OPTIONS:
		push_options(builder, layer, 60);
		break;
	case LAYER_JUMBO:
		push_jumbo(builder);
		break;
	case LAYER_FRAGMENT:
		push_fragment(builder, layer);
		break;
	case LAYER_AUTHENTICATION:
		push_authentication(builder, layer);
		break;
	case LAYER_TCP:
		push_tcp(builder, layer);
		break;
	case LAYER_UDP:
		push_ports(builder, layer, 17, 8);
		break;
	case LAYER_UDP_LITE:
		push_ports(builder, layer, 136, 8);
		break;
	case LAYER_SCTP:
		push_sctp(builder, layer);
		break;
	case LAYER_DCCP:
		push_dccp(builder, layer);
		break;
	case LAYER_ICMP:
		push_icmp(builder, layer, 1);
		break;
	case LAYER_ICMPV6:
		push_icmp(builder, layer, 58);
		break;
	case LAYER_PAYLOAD:
		push_payload(builder, layer);
		break;
	}
	entry->size = builder->length - entry->offset;
}

void packet_builder_push_all(struct packet_builder *builder, const struct packet_layer *layers)
{
	for (; layers->kind != LAYER_END; layers++)
		packet_builder_push(builder, layers);
}

/* One's complement sum (RFC 1071) of octets, continued from sum. */
static uint32_t checksum_add(uint32_t sum, const uint8_t *octets, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		sum += i % 2 ? octets[i] : (uint32_t)octets[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Sum of the pseudo-header (RFC 9293, RFC 8200) of the IP header that index is inside of. */
static uint32_t checksum_pseudo(const struct packet_builder *builder, size_t index,
				uint8_t protocol)
{
	const struct packet_builder_layer *transport = &builder->layers[index];
	uint32_t size = (uint32_t)(builder->length - transport->offset);
	uint32_t sum = protocol + (size & 0xffff) + (size >> 16);
	const uint8_t *ip;

	while (index-- > 0) {
		ip = builder->data + builder->layers[index].offset;
		if (builder->layers[index].layer.kind == LAYER_IPV4)
			return checksum_add(sum, ip + 12, 8);
		if (builder->layers[index].layer.kind == LAYER_IPV6)
			return checksum_add(sum, ip + 8, 32);
	}
	return sum;
}

static void finish_checksum(struct packet_builder *builder, size_t index, uint8_t protocol,
			    size_t field, int partial)
{
	uint8_t *at = builder->data + builder->layers[index].offset;
	uint32_t sum = 0;

	if (protocol != 1)
		sum = checksum_pseudo(builder, index, protocol);
	if (partial) {
		put16(at + field, sum);
		return;
	}
	sum = ~checksum_add(sum, at, builder->length - builder->layers[index].offset) & 0xffff;
	if (sum == 0 && (protocol == 17 || protocol == 136))
		sum = 0xffff; /* 0 would mean that there is none */
	put16(at + field, sum);
}

static uint32_t finish_length(const struct packet_layer *layer, size_t length)
{
	/* What does not fit is left 0, as in BIG TCP and jumbograms. */
	return layer->length ? layer->length & 0xffff : length > 0xffff ? 0 : (uint32_t)length;
}

static void finish_layer(struct packet_builder *builder, size_t index, int partial)
{
	const struct packet_layer *layer = &builder->layers[index].layer;
	size_t length = builder->length - builder->layers[index].offset;
	uint8_t *at = builder->data + builder->layers[index].offset;
	uint32_t sum;

	switch (layer->kind) {
	case LAYER_IPV4:
		put16(at + 2, finish_length(layer, length));
		sum = checksum_add(0, at, 20 + layer->size);
		put16(at + 10, ~sum & 0xffff);
		break;
	case LAYER_IPV6:
		put16(at + 4, finish_length(layer, length - 40));
		break;
	case LAYER_JUMBO:
		put32(at + 4, (uint32_t)length);
		break;
	case LAYER_TCP:
		finish_checksum(builder, index, 6, 16, partial);
		break;
	case LAYER_UDP:
		put16(at + 4, finish_length(layer, length));
		finish_checksum(builder, index, 17, 6, partial);
		break;
	case LAYER_UDP_LITE:
		finish_checksum(builder, index, 136, 6, 0);
		break;
	case LAYER_DCCP:
		finish_checksum(builder, index, 33, 6, 0);
		break;
	case LAYER_ICMP:
		finish_checksum(builder, index, 1, 2, 0);
		break;
	case LAYER_ICMPV6:
		finish_checksum(builder, index, 58, 2, 0);
		break;
	default:
		break;
	}
}

void packet_builder_finish(struct packet_builder *builder)
{
	size_t index = builder->count;

	while (index-- > 0)
		finish_layer(builder, index, 0);
}

void packet_builder_finish_partial(struct packet_builder *builder)
{
	size_t index = builder->count;

	while (index-- > 0)
		finish_layer(builder, index, 1);
}

void packet_builder_pad(struct packet_builder *builder, size_t length)
{
	size_t padding = length > builder->length ? length - builder->length : 0;

	memset(builder_extend(builder, padding), PADDING_OCTET, padding);
}

void packet_builder_cut(struct packet_builder *builder, size_t length)
{
	assert(length <= builder->length);
	builder->length = length;
}

const struct packet_builder_layer *packet_builder_find(const struct packet_builder *builder,
						       enum packet_layer_kind first,
						       enum packet_layer_kind last)
{
	size_t i;

	for (i = 0; i < builder->count; i++) {
		if (builder->layers[i].layer.kind >= first && builder->layers[i].layer.kind <= last)
			return &builder->layers[i];
	}
	return NULL;
}

void packet_builder_fragment(struct packet_builder *builder, const struct packet_builder *whole,
			     size_t offset, size_t size, uint32_t id)
{
	const struct packet_builder_layer *ip = packet_builder_find(whole, LAYER_IPV4, LAYER_IPV6);
	struct packet_layer header, fragment = {.kind = LAYER_FRAGMENT};
	struct packet_layer protocol = {.kind = LAYER_PROTOCOL};
	struct packet_layer payload = {.kind = LAYER_PAYLOAD, .size = (uint32_t)size};
	const uint8_t *octets;
	size_t i;
	int more;

	assert(ip && offset % 8 == 0);
	octets = whole->data + ip->offset + ip->size;
	more = octets + offset + size < whole->data + whole->length;
	for (i = 0; &whole->layers[i] != ip; i++)
		packet_builder_push(builder, &whole->layers[i].layer);

	header = ip->layer;
	if (header.kind == LAYER_IPV4) {
		header.id = id;
		header.fragment_offset = (uint16_t)(offset / 8);
		header.ip_flags = more ? 1 : 0;
		packet_builder_push(builder, &header);
		protocol.value = whole->data[ip->offset + 9];
	} else {
		fragment.id = id;
		fragment.fragment_offset = (uint16_t)(offset / 8);
		fragment.ip_flags = more ? 1 : 0;
		packet_builder_push(builder, &header);
		packet_builder_push(builder, &fragment);
		protocol.value = whole->data[ip->offset + 6];
	}
	packet_builder_push(builder, &protocol);
	payload.octets = octets + offset;
	packet_builder_push(builder, &payload);
	packet_builder_finish(builder);
}
