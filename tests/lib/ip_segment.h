/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the UDP datagram or TCP segment in a captured packet says and carries, for tests that read
 * what was sent to a collector.
 *
 * Takes Ethernet with any number of VLAN tags, both formats of Linux's "any" device, and packets
 * that start with their IP header. Checksums are not looked at: what a host captures of its own
 * packets has none yet.
 */
#ifndef FLOWPROBE_TESTS_IP_SEGMENT_H
#define FLOWPROBE_TESTS_IP_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#define IP_SEGMENT_TCP 6
#define IP_SEGMENT_UDP 17
#define IP_SEGMENT_FIN 0x01
#define IP_SEGMENT_SYN 0x02

/* Values of pcap_packet.link_type. */
enum link_type {
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12, /* LINKTYPE_RAW as some systems number it */
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LINUX_COOKED = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_COOKED_2 = 276,
};

struct ip_segment {
	uint8_t version; /* 4, 6 */
	uint8_t protocol;
	uint8_t tcp_flags;
	uint8_t is_fragment; /* the first of several; payload is its part */
	uint8_t source[16]; /* IPv4: the first four octets */
	uint8_t destination[16];
	uint16_t source_port;
	uint16_t destination_port;
	uint32_t tcp_sequence;
	const uint8_t *payload; /* in the packet */
	size_t size; /* of the payload, as far as it was captured */
};

/*
 * 1; 0: nothing of the kind, or a fragment that is not the first; -EBADMSG: headers that are cut or
 * contradict themselves.
 */
int ip_segment_parse(struct ip_segment *segment, uint16_t link_type, const uint8_t *bytes,
		     size_t size);

#endif
