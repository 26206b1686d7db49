/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * packet -> key: what one packet says about the flow it belongs to, and how much of it was on the
 * wire.
 *
 * In: the packet's bytes and the few facts the kernel keeps beside them (length, VLAN tag, GSO).
 * Out: a flow key, the wire packets and IP octets it stands for, and the first-packet details. The
 * functions here are pure: no helper, no map, UAPI headers only, so that this very text is compiled
 * for the kernel, for the unit tests and for the fuzzer.
 *
 * Invariants: never reads beyond data_end; every loop is bounded; the answer is FLOW_ACCOUNTED or
 * the reason why not, and l3_offset is right in both cases, so that even a packet that cannot be
 * parsed has its octets counted.
 *
 * FLOW_TRUNCATED means "ran into data_end". The caller knows whether that is the end of the packet
 * or only of the part of it that can be addressed directly, and may ask for more and call again.
 *
 * Packets are wire packets: one GSO or GRO super-packet counts as the segments it becomes or came
 * from. Octets are IP octets: every segment's IP header and payload, never link-layer headers or
 * padding (RFC 5102 octetDeltaCount).
 */
#ifndef FLOWPROBE_PARSE_BPF_H
#define FLOWPROBE_PARSE_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>

#include "flow.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PARSE_NTOHS(x) ((__u16)__builtin_bswap16((__u16)(x)))
#define PARSE_NTOHL(x) ((__u32)__builtin_bswap32((__u32)(x)))
#else
#define PARSE_NTOHS(x) ((__u16)(x))
#define PARSE_NTOHL(x) ((__u32)(x))
#endif
#define PARSE_HTONS(x) PARSE_NTOHS(x)

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#define PARSE_VLAN_DEPTH \
	2 /* tags in band, beside the one the kernel keeps in the packet's metadata */
#define PARSE_EXTENSION_DEPTH 8

#define PARSE_IPV4_HEADER_MIN 20
#define PARSE_IPV6_HEADER 40
#define PARSE_TCP_HEADER_MIN 20
#define PARSE_IP_FRAGMENT_OFFSET 0x1fff
#define PARSE_IP_MORE_FRAGMENTS 0x2000
#define PARSE_TCP_FLAGS 0x0fff
#define PARSE_VLAN_ID 0x0fff
#define PARSE_IPV6_OPTION_JUMBO 0xc2
#define PARSE_IPV6_FRAGMENT_RESERVED 0x6u
#define PARSE_IPV6_FLOW_LABEL 0x000fffff

/* A packet as the hook shows it. */
struct packet_source {
	const void *data; /* first octet, of the Ethernet or (L3 devices) of the IP header, ... */
	const void *data_end;
	__u32 length; /* of the whole packet from data on, also beyond data_end */
	__be16 ethertype; /* L3 devices: what the packet is; 0: it starts with an Ethernet header */
	__u16 stray_octets; /* L3 devices: ... that is so far behind data; at most ETH_HLEN */
	__u16 vlan_tci; /* tag kept beside the packet, host order */
	__u16 vlan_present; /* not 0: vlan_tci is valid */
	__u16 gso_size; /* payload of one segment; 0: one wire packet */
	__u32 gso_segs; /* 0: unknown */
};

enum packet_fragment {
	PACKET_WHOLE = 0,
	PACKET_FIRST_FRAGMENT, /* has the transport header */
	PACKET_LATER_FRAGMENT, /* has none: ports in the key are 0 */
};

/* What was found. Byte orders as in flow.h. */
struct packet {
	__u32 packets; /* wire packets */
	struct flow_key key; /* but ifindex and FLOW_KEY_EGRESS, which are the caller's; placed as
				in struct flow_slot */
	__u32 octets; /* IP octets of all wire packets */
	__u8 destination_mac[6]; /* zero without an Ethernet header */
	__u8 source_mac[6];
	__u32 l3_offset; /* where the IP header is */
	__u32 header_octets; /* IP header, extension headers and transport header of one segment */
	__u32 flow_label;
	__u32 fragment_id;
	__u16 fragment_offset;
	__u16 inner_vlan_id;
	__u16 tcp_flags;
	__u8 fragment; /* enum packet_fragment */
	__u8 fragment_protocol; /* protocol as the fragments of one packet all show it */
	__u8 tos;
	__u8 ttl;
	__u8 ip_flags;
	__u8 stack_octets; /* of header_octets: never on the wire (jumbo option of BIG TCP) */
} __attribute__((aligned(8)));
_Static_assert(__builtin_offsetof(struct packet, key) % 8 == 4,
	       "the key's addresses must be 8-aligned");

struct parse_ethernet {
	__u8 destination[6];
	__u8 source[6];
	__be16 type;
};

struct parse_vlan {
	__be16 tci;
	__be16 type;
};

struct parse_ipv6_extension {
	__u8 next_header;
	__u8 length; /* in units of 8 octets beyond the first 8; AH: of 4 beyond the first 8 */
	__u8 option_type;
	__u8 option_length;
};

struct parse_ipv6_fragment {
	__u8 next_header;
	__u8 reserved;
	__be16 offset; /* 13 bits offset, 2 reserved, 1 more fragments */
	__be32 identification;
};

struct parse_ports {
	__be16 source;
	__be16 destination;
};

struct parse_tcp {
	struct parse_ports ports;
	__be32 sequence;
	__be32 acknowledgement;
	__be16 offset_flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
};

/*
 * Position in an IP packet. The position is kept as a distance alone and the pointer made anew from
 * it for each header, so that the verifier, whatever path led here, always sees the same thing:
 * some header within PARSE_REACH of the IP header.
 */
struct parse_cursor {
	const void *ip; /* where the IP header starts */
	const void *end;
	__u32 offset; /* from there */
};

#define PARSE_REACH 0x7fff /* mask; the longest chain followed is far shorter */

/*
 * x, but with nothing known about it. Without this the verifier follows each combination of
 * constants that the loop over extension headers can produce as a path of its own, and gives up.
 * unknown is any number it knows nothing about.
 */
static __always_inline __u32 parse_blur(__u32 x, __u32 unknown)
{
	__u32 same = unknown;

	asm volatile("" : "+r"(same));
	return x + (unknown - same);
}

static __always_inline const void *parse_at(const struct parse_cursor *cursor)
{
	return cursor->ip + (cursor->offset & PARSE_REACH);
}

static __always_inline int parse_is_vlan(__be16 type)
{
	return type == PARSE_HTONS(ETH_P_8021Q) || type == PARSE_HTONS(ETH_P_8021AD);
}

/*
 * Ethernet header and the VLAN tags behind it. Sets key.vlan_id, inner_vlan_id and l3_offset; the
 * type of what follows goes to *type.
 */
static __always_inline enum flow_outcome parse_link(const struct packet_source *in,
						    struct parse_cursor *cursor, struct packet *out,
						    __be16 *type)
{
	const struct parse_ethernet *ethernet = in->data;
	const struct parse_vlan *tag;
	__u32 tags = 0;
	int i;

	if (in->vlan_present) {
		out->key.vlan_id = in->vlan_tci & PARSE_VLAN_ID;
		tags = 1;
	}
	if (in->ethertype) {
		*type = in->ethertype;
		if (in->stray_octets) { /* a constant, which is easier on the verifier */
			out->l3_offset = sizeof(*ethernet);
			cursor->ip = ethernet + 1;
		}
		return FLOW_ACCOUNTED;
	}
	out->l3_offset = sizeof(*ethernet);
	if ((const void *)(ethernet + 1) > cursor->end)
		return FLOW_TRUNCATED;
	__builtin_memcpy(out->destination_mac, ethernet->destination, 6);
	__builtin_memcpy(out->source_mac, ethernet->source, 6);
	*type = ethernet->type;
	cursor->ip = ethernet + 1;

	for (i = 0; i < PARSE_VLAN_DEPTH && parse_is_vlan(*type); i++) {
		tag = cursor->ip;
		if ((const void *)(tag + 1) > cursor->end)
			return FLOW_TRUNCATED;
		if (tags == 0)
			out->key.vlan_id = PARSE_NTOHS(tag->tci) & PARSE_VLAN_ID;
		else if (tags == 1)
			out->inner_vlan_id = PARSE_NTOHS(tag->tci) & PARSE_VLAN_ID;
		tags++;
		*type = tag->type;
		cursor->ip = tag + 1;
		out->l3_offset += sizeof(*tag);
	}
	return parse_is_vlan(*type) ? FLOW_TOO_DEEP : FLOW_ACCOUNTED;
}

static __always_inline void parse_map_ipv4(__u8 address[16], __be32 ipv4)
{
	__builtin_memset(address, 0, 10);
	__builtin_memset(address + 10, 0xff, 2);
	__builtin_memcpy(address + 12, &ipv4, 4);
}

/* IPv4 header. *length becomes the IP packet's length by its own word, 0 if it does not say. */
static __always_inline enum flow_outcome parse_ipv4(const struct packet_source *in,
						    struct parse_cursor *cursor, struct packet *out,
						    __u32 *length)
{
	const struct iphdr *ip = cursor->ip;
	__u32 header, fragment, declared;

	if ((const void *)(ip + 1) > cursor->end)
		return FLOW_TRUNCATED;
	header = ip->ihl * 4u;
	declared = PARSE_NTOHS(ip->tot_len);
	/* Only a super-packet may be too long for the word (BIG TCP). */
	if (ip->version != 4 || header < PARSE_IPV4_HEADER_MIN ||
	    (declared < header && (declared || !in->gso_size)))
		return FLOW_MALFORMED;
	*length = declared;

	parse_map_ipv4(out->key.source_address, ip->saddr);
	parse_map_ipv4(out->key.destination_address, ip->daddr);
	out->key.protocol = ip->protocol;
	out->tos = ip->tos;
	out->ttl = ip->ttl;
	fragment = PARSE_NTOHS(ip->frag_off);
	out->ip_flags = fragment >> 13;
	if (fragment & (PARSE_IP_FRAGMENT_OFFSET | PARSE_IP_MORE_FRAGMENTS)) {
		out->fragment_offset = fragment & PARSE_IP_FRAGMENT_OFFSET;
		out->fragment = out->fragment_offset ? PACKET_LATER_FRAGMENT
						     : PACKET_FIRST_FRAGMENT;
		out->fragment_id = PARSE_NTOHS(ip->id);
		out->fragment_protocol = ip->protocol;
	}
	cursor->offset = header;
	return FLOW_ACCOUNTED;
}

static __always_inline int parse_is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

/* What the loop over the extension headers carries along. */
struct parse_chain {
	__u32 protocol; /* of the header at the cursor */
	__u32 fragment; /* offset word of a fragment header; 0: none, or an atomic fragment (RFC
			   6946) */
	__u32 fragment_id;
	__u32 fragment_protocol;
	__u32 jumbo; /* octets of a hop-by-hop header that is nothing but a jumbo option */
};

/* Steps over the extension header at the cursor. */
static __always_inline enum flow_outcome parse_extension(struct parse_cursor *cursor,
							 struct parse_chain *chain)
{
	const struct parse_ipv6_extension *extension = parse_at(cursor);
	const struct parse_ipv6_fragment *fragment = parse_at(cursor);
	__u32 size;

	if ((const void *)(fragment + 1) > cursor->end)
		return FLOW_TRUNCATED;
	if (chain->protocol == IPPROTO_FRAGMENT) {
		size = sizeof(*fragment);
		chain->fragment = PARSE_NTOHS(fragment->offset) & ~PARSE_IPV6_FRAGMENT_RESERVED;
		chain->fragment_id = PARSE_NTOHL(fragment->identification);
		chain->fragment_protocol = fragment->next_header;
	} else if (chain->protocol == IPPROTO_AH) {
		size = (extension->length + 2) * 4;
	} else {
		size = (extension->length + 1) * 8;
		if (chain->protocol == IPPROTO_HOPOPTS && size == 8 &&
		    extension->option_type == PARSE_IPV6_OPTION_JUMBO)
			chain->jumbo = 8;
	}
	chain->protocol = extension->next_header;
	cursor->offset += size;
	return FLOW_ACCOUNTED;
}

/* IPv6 header and the extension headers up to the upper layer or the first later fragment. */
static __always_inline enum flow_outcome parse_ipv6(const struct packet_source *in,
						    struct parse_cursor *cursor, struct packet *out,
						    __u32 *length)
{
	const struct ipv6hdr *ip = cursor->ip;
	enum flow_outcome outcome = FLOW_ACCOUNTED;
	struct parse_chain chain = {};
	__u32 limit;
	__be32 first;
	int i;

	if ((const void *)(ip + 1) > cursor->end)
		return FLOW_TRUNCATED;
	__builtin_memcpy(&first, ip, sizeof(first));
	first = (__be32)PARSE_NTOHL(first);
	if (first >> 28 != 6)
		return FLOW_MALFORMED;

	out->key.kind |= FLOW_KEY_IPV6;
	__builtin_memcpy(out->key.source_address, &ip->saddr, 16);
	__builtin_memcpy(out->key.destination_address, &ip->daddr, 16);
	out->tos = first >> 20 & 0xff;
	out->flow_label = first & PARSE_IPV6_FLOW_LABEL;
	out->ttl = ip->hop_limit;
	*length = PARSE_NTOHS(ip->payload_len) + PARSE_IPV6_HEADER;
	/* A length of 0 may be explained by a jumbo option in the first extension header. */
	limit = *length;
	if (in->gso_size || (!ip->payload_len && ip->nexthdr == IPPROTO_HOPOPTS))
		limit = in->length - out->l3_offset;
	cursor->offset = PARSE_IPV6_HEADER;

	chain.protocol = ip->nexthdr;
	for (i = 0; i < PARSE_EXTENSION_DEPTH; i++) {
		if (!parse_is_extension(chain.protocol) || chain.fragment >= 8)
			break;
		if (cursor->offset + 8 > limit)
			return FLOW_MALFORMED;
		outcome = parse_extension(cursor, &chain);
		if (outcome != FLOW_ACCOUNTED)
			return outcome;
		cursor->offset = parse_blur(cursor->offset, in->length);
		chain.protocol = parse_blur(chain.protocol, in->length) & 0xff;
		chain.fragment = parse_blur(chain.fragment, in->length);
		chain.fragment_id = parse_blur(chain.fragment_id, in->length);
		chain.fragment_protocol = parse_blur(chain.fragment_protocol, in->length);
		chain.jumbo = parse_blur(chain.jumbo, in->length);
	}
	if (!ip->payload_len && (in->gso_size || chain.jumbo))
		*length = 0;
	out->key.protocol = chain.protocol;
	out->stack_octets = chain.jumbo;
	if (chain.fragment) {
		out->fragment_offset = chain.fragment >> 3;
		out->ip_flags = chain.fragment & 1;
		out->fragment = out->fragment_offset ? PACKET_LATER_FRAGMENT
						     : PACKET_FIRST_FRAGMENT;
		out->fragment_id = chain.fragment_id;
		out->fragment_protocol = chain.fragment_protocol;
	}
	if (out->fragment != PACKET_LATER_FRAGMENT && parse_is_extension(chain.protocol))
		return FLOW_TOO_DEEP;
	return FLOW_ACCOUNTED;
}

/*
 * Transport header: ports, TCP flags, ICMP type and code; advances ip_offset over it. limit is the
 * length of the IP packet: a header that the IP packet has no room for is malformed even if the
 * bytes behind it (padding) are there.
 */
static __always_inline enum flow_outcome parse_transport(struct parse_cursor *cursor,
							 struct packet *out, __u32 limit)
{
	const struct parse_ports *ports = parse_at(cursor);
	const struct parse_tcp *tcp = parse_at(cursor);
	const __u8 *icmp = parse_at(cursor);
	__u32 size, flags;

	switch (out->key.protocol) {
	case IPPROTO_TCP:
		if ((const void *)(tcp + 1) > cursor->end)
			return cursor->offset + sizeof(*tcp) > limit ? FLOW_MALFORMED
								     : FLOW_TRUNCATED;
		flags = PARSE_NTOHS(tcp->offset_flags);
		size = (flags >> 12) * 4;
		if (size < PARSE_TCP_HEADER_MIN)
			return FLOW_MALFORMED;
		out->tcp_flags = flags & PARSE_TCP_FLAGS;
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		size = 8;
		break;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		size = 12;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if ((const void *)(icmp + 4) > cursor->end)
			return cursor->offset + 4 > limit ? FLOW_MALFORMED : FLOW_TRUNCATED;
		out->key.source_port = PARSE_HTONS(icmp[0]);
		out->key.destination_port = PARSE_HTONS(icmp[1]);
		cursor->offset += 4;
		return cursor->offset > limit ? FLOW_MALFORMED : FLOW_ACCOUNTED;
	default:
		return FLOW_ACCOUNTED;
	}
	if (cursor->offset + size > limit)
		return FLOW_MALFORMED;
	if ((const void *)(ports + 1) > cursor->end)
		return FLOW_TRUNCATED;
	out->key.source_port = ports->source;
	out->key.destination_port = ports->destination;
	cursor->offset += size;
	return FLOW_ACCOUNTED;
}

/*
 * Wire packets and IP octets. declared is the IP packet's length by its own header (0 if it does
 * not say), available what the packet has behind the link-layer header. A plain packet may be
 * padded, so its own word counts if it is possible; a super-packet never is, and its own word may
 * be too small to tell (BIG TCP).
 */
static __always_inline void parse_measure(const struct packet_source *in, struct packet *out,
					  __u32 declared, __u32 available)
{
	__u32 payload = available > out->header_octets ? available - out->header_octets : 0;

	out->packets = 1;
	if (!in->gso_size) {
		out->octets = declared && declared <= available ? declared : available;
		return;
	}
	if (in->gso_segs)
		out->packets = in->gso_segs;
	else if (payload)
		out->packets = (payload + in->gso_size - 1) / in->gso_size;
	out->octets = available - out->stack_octets +
		      (out->packets - 1) * (out->header_octets - out->stack_octets);
}

/*
 * Fills *out from *in. Returns FLOW_ACCOUNTED, or the reason why the packet is in no flow; packets
 * and octets are valid either way. out->key.ifindex and FLOW_KEY_EGRESS are left for the caller.
 */
static __always_inline enum flow_outcome parse_packet(const struct packet_source *in,
						      struct packet *out)
{
	struct parse_cursor cursor = {.ip = in->data, .end = in->data_end};
	__u32 declared = 0, available, limit;
	enum flow_outcome outcome;
	__be16 type = 0;

	__builtin_memset(out, 0, sizeof(*out));
	outcome = parse_link(in, &cursor, out, &type);
	available = in->length > out->l3_offset ? in->length - out->l3_offset : 0;
	if (outcome == FLOW_ACCOUNTED) {
		if (type == PARSE_HTONS(ETH_P_IP))
			outcome = parse_ipv4(in, &cursor, out, &declared);
		else if (type == PARSE_HTONS(ETH_P_IPV6))
			outcome = parse_ipv6(in, &cursor, out, &declared);
		else
			outcome = FLOW_NOT_IP;
	}
	if (outcome == FLOW_ACCOUNTED) {
		limit = declared && !in->gso_size ? declared : available;
		if (cursor.offset > limit)
			outcome = FLOW_MALFORMED;
		else if (out->fragment != PACKET_LATER_FRAGMENT)
			outcome = parse_transport(&cursor, out, limit);
	}
	out->header_octets = cursor.offset;
	parse_measure(in, out, declared, available);
	return outcome;
}

#endif
