/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes classic capture files for the tests of what reads them; the packets come from
 * packet_builder. In memory only.
 */
#ifndef FLOWPROBE_TESTS_PCAP_BUILDER_H
#define FLOWPROBE_TESTS_PCAP_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#include "packet_builder.h"

#define PCAP_BUILDER_BYTES (1u << 20)

struct pcap_builder {
	int is_big_endian; /* set before pcap_builder_begin */
	int has_nanoseconds;
	uint64_t time_ns; /* of the next packet */
	uint8_t bytes[PCAP_BUILDER_BYTES];
	size_t size;
};

/* Starts a file. Running out of room is a programmer's error (assert). */
void pcap_builder_begin(struct pcap_builder *pcap, uint32_t link_type);

/* Appends a packet of which size octets were captured. */
void pcap_builder_packet(struct pcap_builder *pcap, const uint8_t *bytes, size_t size,
			 size_t original_size);

/* Appends the packet that the layers make, behind some octets of a link header. */
void pcap_builder_layers(struct pcap_builder *pcap, const void *link, size_t link_size,
			 const struct packet_layer *layers);

#endif
