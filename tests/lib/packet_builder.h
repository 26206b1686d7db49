/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes packets for the tests, layer by layer, outermost first.
 *
 * In: a list of struct packet_layer. Out: the octets of a frame, or of an IP packet if the list
 * starts with an IP header. Each layer enters its own type into the one before it; finishing fills
 * in all lengths and checksums, so what comes out by default is a packet a receiver accepts.
 * Wrong packets are made on purpose: by forcing a field, by cutting or by padding.
 *
 * Deliberately shares nothing with the parser: no header structs, no constants of its own or of the
 * kernel, only numbers of the RFCs stored octet by octet. An error in common would be an error no
 * test can see.
 */
#ifndef FLOWPROBE_TESTS_PACKET_BUILDER_H
#define FLOWPROBE_TESTS_PACKET_BUILDER_H

#include <stddef.h>
#include <stdint.h>

enum packet_layer_kind {
	LAYER_END = 0, /* ends a list */
	LAYER_ETHERNET,
	LAYER_VLAN,
	LAYER_TYPE, /* no octets: sets the Ethernet type (or 802.3 length) of what follows */
	LAYER_IPV4,
	LAYER_IPV6,
	LAYER_HOP_BY_HOP,
	LAYER_ROUTING,
	LAYER_DESTINATION_OPTIONS,
	LAYER_JUMBO, /* hop-by-hop header with nothing but a jumbo option (RFC 2675) */
	LAYER_FRAGMENT, /* IPv6 */
	LAYER_AUTHENTICATION,
	LAYER_PROTOCOL, /* no octets: sets the IP protocol number of what follows */
	LAYER_TCP,
	LAYER_UDP,
	LAYER_UDP_LITE,
	LAYER_SCTP, /* its checksum stays 0 */
	LAYER_DCCP,
	LAYER_ICMP,
	LAYER_ICMPV6,
	LAYER_PAYLOAD, /* de ad be ef de ad ... */
};

/* A field that is to have this 16-bit value instead of the right one. */
#define PACKET_FORCED(value) (0x10000u | (value))

/*
 * One layer. What a kind does not use is ignored, and 0 or NULL means the default, which is in
 * brackets. All numbers in host order.
 */
struct packet_layer {
	enum packet_layer_kind kind;

	const uint8_t *source_mac; /* Ethernet [packet_source_mac] */
	const uint8_t *destination_mac; /* [packet_destination_mac] */
	uint16_t tpid; /* VLAN: its own type [0x8100] */
	uint16_t tci; /* VLAN: priority and id */
	uint16_t value; /* TYPE, PROTOCOL */

	const char *source; /* IP addresses as text [PACKET_IPV4_SOURCE, ...] */
	const char *destination;
	uint8_t tos; /* also traffic class */
	uint8_t ttl; /* also hop limit [64] */
	uint8_t ip_flags; /* IPv4: reserved, DF, MF as the low three bits; FRAGMENT: two
			     reserved bits and M */
	uint16_t fragment_offset; /* IPv4, FRAGMENT; in units of 8 octets */
	uint32_t id; /* IPv4, FRAGMENT: identification */
	uint32_t flow_label; /* IPv6 */

	uint16_t source_port; /* [PACKET_SOURCE_PORT] */
	uint16_t destination_port; /* [PACKET_DESTINATION_PORT] */
	uint16_t tcp_flags; /* 12 bits */
	uint8_t type; /* ICMP */
	uint8_t code;

	uint32_t size; /* PAYLOAD: octets; extension headers: octets of all [8; 12 for
			  AUTHENTICATION]; IPV4, TCP: octets of options, a multiple of 4 */
	const void *octets; /* PAYLOAD: these octets instead of the pattern */

	uint32_t version; /* PACKET_FORCED: IP version */
	uint32_t header_words; /* PACKET_FORCED: ihl of IPv4, data offset of TCP */
	uint32_t length; /* PACKET_FORCED: total length (IPv4), payload length (IPv6), UDP length */
};

#define PACKET_IPV4_SOURCE "192.0.2.1"
#define PACKET_IPV4_DESTINATION "198.51.100.2"
#define PACKET_IPV6_SOURCE "2001:db8::1"
#define PACKET_IPV6_DESTINATION "2001:db8:ffff::2"
#define PACKET_SOURCE_PORT 1234
#define PACKET_DESTINATION_PORT 5678
extern const uint8_t packet_source_mac[6];
extern const uint8_t packet_destination_mac[6];

#define PACKET_LAYERS_MAX 24

struct packet_builder_layer {
	struct packet_layer layer;
	size_t offset; /* in data */
	size_t size; /* octets this layer wrote */
};

/* The packet being built. Fields may be read at any time. */
struct packet_builder {
	uint8_t *data; /* borrowed */
	size_t capacity;
	size_t length; /* octets written */
	size_t next_at; /* where the type of the next layer goes */
	size_t next_size; /* 2: Ethernet type, 1: IP protocol, 0: nowhere */
	struct packet_builder_layer layers[PACKET_LAYERS_MAX];
	size_t count;
};

/* Starts an empty packet in data, which must outlive the builder. */
void packet_builder_init(struct packet_builder *builder, void *data, size_t capacity);

/* Appends one layer. Running out of capacity or of layers is a programmer's error (assert). */
void packet_builder_push(struct packet_builder *builder, const struct packet_layer *layer);

/* Appends layers up to LAYER_END. */
void packet_builder_push_all(struct packet_builder *builder, const struct packet_layer *layers);

/* Fills in lengths and checksums. Nothing may be pushed afterwards. */
void packet_builder_finish(struct packet_builder *builder);

/*
 * Instead of finish, for packets whose segmentation and checksum are left to the receiver of a
 * virtio_net_hdr: the TCP or UDP checksum is that of the pseudo-header alone.
 */
void packet_builder_finish_partial(struct packet_builder *builder);

/* After finish: trailing octets (0x5a) up to this length in all; none if it is that long. */
void packet_builder_pad(struct packet_builder *builder, size_t length);

/* After finish: drops what is beyond this length; lengths and checksums stay. */
void packet_builder_cut(struct packet_builder *builder, size_t length);

/*
 * Pushes and finishes one fragment of whole, a finished packet with one IP header directly followed
 * by the upper layer: payload octets [offset, offset + size) of its IP payload. offset must be a
 * multiple of 8; the last fragment ends where the payload ends.
 */
void packet_builder_fragment(struct packet_builder *builder, const struct packet_builder *whole,
			     size_t offset, size_t size, uint32_t id);

/* First layer of one of the kinds from first to last, or NULL. */
const struct packet_builder_layer *packet_builder_find(const struct packet_builder *builder,
						       enum packet_layer_kind first,
						       enum packet_layer_kind last);

/* Text address as 16 octets in network order, IPv4 as v4-mapped. Asserts that it is one. */
void packet_address(const char *text, uint8_t address[16]);

#endif
