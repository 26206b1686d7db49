// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * UDP and TCP in captured packets, see ip_segment.h.
 *
 * Every step takes the octets that are left, checks that its header is in them, and hands on what
 * follows it.
 */
#include "ip_segment.h"

#include <errno.h>
#include <string.h>

#define ETHERNET_BYTES 14
#define COOKED_BYTES 16
#define COOKED_2_BYTES 20
#define VLAN_BYTES 4
#define IPV4_BYTES 20
#define IPV6_BYTES 40
#define UDP_BYTES 8
#define TCP_BYTES 20

#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_VLAN_OUTER 0x88a8

#define IPV6_HOP_BY_HOP 0
#define IPV6_ROUTING 43
#define IPV6_FRAGMENT 44
#define IPV6_DESTINATION 60

#define MORE_FRAGMENTS_IPV4 0x2000
#define FRAGMENT_OFFSET_IPV4 0x1fff
#define MORE_FRAGMENTS_IPV6 0x0001
#define FRAGMENT_OFFSET_IPV6 0xfff8

struct octets {
	const uint8_t *bytes;
	size_t size;
};

static uint16_t read16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t read32(const uint8_t *bytes)
{
	return (uint32_t)read16(bytes) << 16 | read16(bytes + 2);
}

static void skip(struct octets *left, size_t size)
{
	left->bytes += size;
	left->size -= size;
}

static int parse_udp(struct ip_segment *segment, struct octets left)
{
	size_t length;

	if (left.size < UDP_BYTES)
		return -EBADMSG;
	segment->source_port = read16(left.bytes);
	segment->destination_port = read16(left.bytes + 2);
	length = read16(left.bytes + 4);
	if (length < UDP_BYTES || (length > left.size && !segment->is_fragment))
		return -EBADMSG;
	if (length > left.size)
		length = left.size;
	segment->payload = left.bytes + UDP_BYTES;
	segment->size = length - UDP_BYTES;
	return 1;
}

static int parse_tcp(struct ip_segment *segment, struct octets left)
{
	size_t header;

	if (left.size < TCP_BYTES)
		return -EBADMSG;
	segment->source_port = read16(left.bytes);
	segment->destination_port = read16(left.bytes + 2);
	segment->tcp_sequence = read32(left.bytes + 4);
	header = (size_t)(left.bytes[12] >> 4) * 4;
	segment->tcp_flags = left.bytes[13];
	if (header < TCP_BYTES || header > left.size)
		return -EBADMSG;
	segment->payload = left.bytes + header;
	segment->size = left.size - header;
	return 1;
}

static int parse_transport(struct ip_segment *segment, struct octets left)
{
	if (segment->protocol == IP_SEGMENT_UDP)
		return parse_udp(segment, left);
	if (segment->protocol == IP_SEGMENT_TCP)
		return parse_tcp(segment, left);
	return 0;
}

static int parse_ipv4(struct ip_segment *segment, struct octets left)
{
	size_t header, length;
	uint16_t fragment;

	if (left.size < IPV4_BYTES)
		return -EBADMSG;
	header = (size_t)(left.bytes[0] & 0xf) * 4;
	length = read16(left.bytes + 2);
	if (!length) /* a super-packet that is yet to be segmented */
		length = left.size;
	if (left.bytes[0] >> 4 != 4 || header < IPV4_BYTES || length < header || length > left.size)
		return -EBADMSG;
	left.size = length;
	fragment = read16(left.bytes + 6);
	if (fragment & FRAGMENT_OFFSET_IPV4)
		return 0;
	segment->is_fragment = (fragment & MORE_FRAGMENTS_IPV4) != 0;
	segment->version = 4;
	segment->protocol = left.bytes[9];
	memcpy(segment->source, left.bytes + 12, 4);
	memcpy(segment->destination, left.bytes + 16, 4);
	skip(&left, header);
	return parse_transport(segment, left);
}

static int parse_ipv6(struct ip_segment *segment, struct octets left)
{
	size_t length;

	if (left.size < IPV6_BYTES || left.bytes[0] >> 4 != 6)
		return -EBADMSG;
	segment->version = 6;
	segment->protocol = left.bytes[6];
	memcpy(segment->source, left.bytes + 8, 16);
	memcpy(segment->destination, left.bytes + 24, 16);
	length = read16(left.bytes + 4);
	skip(&left, IPV6_BYTES);
	if (length > left.size)
		return -EBADMSG;
	if (length) /* else a super-packet */
		left.size = length;
	while (segment->protocol == IPV6_HOP_BY_HOP || segment->protocol == IPV6_ROUTING ||
	       segment->protocol == IPV6_DESTINATION || segment->protocol == IPV6_FRAGMENT) {
		if (left.size < 8)
			return -EBADMSG;
		length = 8;
		if (segment->protocol != IPV6_FRAGMENT) {
			length += (size_t)left.bytes[1] * 8;
		} else {
			if (read16(left.bytes + 2) & FRAGMENT_OFFSET_IPV6)
				return 0;
			segment->is_fragment = read16(left.bytes + 2) & MORE_FRAGMENTS_IPV6;
		}
		if (length > left.size)
			return -EBADMSG;
		segment->protocol = left.bytes[0];
		skip(&left, length);
	}
	return parse_transport(segment, left);
}

static int parse_type(struct ip_segment *segment, uint16_t type, struct octets left)
{
	while (type == TYPE_VLAN || type == TYPE_VLAN_OUTER) {
		if (left.size < VLAN_BYTES)
			return -EBADMSG;
		type = read16(left.bytes + 2);
		skip(&left, VLAN_BYTES);
	}
	if (type == TYPE_IPV4)
		return parse_ipv4(segment, left);
	if (type == TYPE_IPV6)
		return parse_ipv6(segment, left);
	return 0;
}

/* A link header of some octets with the type of what follows at an offset. */
static int parse_link(struct ip_segment *segment, size_t header, size_t type_at, struct octets left)
{
	uint16_t type;

	if (left.size < header)
		return -EBADMSG;
	type = read16(left.bytes + type_at);
	skip(&left, header);
	return parse_type(segment, type, left);
}

int ip_segment_parse(struct ip_segment *segment, uint16_t link_type, const uint8_t *bytes,
		     size_t size)
{
	struct octets left = {bytes, size};

	memset(segment, 0, sizeof(*segment));
	switch (link_type) {
	case LINK_ETHERNET:
		return parse_link(segment, ETHERNET_BYTES, 12, left);
	case LINK_LINUX_COOKED:
		return parse_link(segment, COOKED_BYTES, 14, left);
	case LINK_LINUX_COOKED_2:
		return parse_link(segment, COOKED_2_BYTES, 0, left);
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_IPV4:
	case LINK_IPV6:
		if (!size)
			return -EBADMSG;
		return parse_type(segment, bytes[0] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4, left);
	default:
		return 0;
	}
}
