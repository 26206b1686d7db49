// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes classic capture files, see pcap_builder.h. */
#include "pcap_builder.h"

#include <assert.h>
#include <string.h>

#define PACKET_BYTES_MAX 70000
#define NS_PER_S 1000000000ull
#define SNAPLEN 262144

static void put(struct pcap_builder *pcap, const void *bytes, size_t size)
{
	assert(size <= sizeof(pcap->bytes) - pcap->size);
	if (size)
		memcpy(pcap->bytes + pcap->size, bytes, size);
	pcap->size += size;
}

static void put_number(struct pcap_builder *pcap, uint32_t value, size_t octets)
{
	uint8_t bytes[4];
	size_t i;

	for (i = 0; i < octets; i++)
		bytes[pcap->is_big_endian ? octets - 1 - i : i] = (uint8_t)(value >> (8 * i));
	put(pcap, bytes, octets);
}

void pcap_builder_begin(struct pcap_builder *pcap, uint32_t link_type)
{
	pcap->size = 0;
	put_number(pcap, pcap->has_nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4);
	put_number(pcap, 2, 2);
	put_number(pcap, 4, 2);
	put_number(pcap, 0, 4);
	put_number(pcap, 0, 4);
	put_number(pcap, SNAPLEN, 4);
	put_number(pcap, link_type, 4);
}

void pcap_builder_packet(struct pcap_builder *pcap, const uint8_t *bytes, size_t size,
			 size_t original_size)
{
	uint64_t fraction_ns = pcap->time_ns % NS_PER_S;

	put_number(pcap, (uint32_t)(pcap->time_ns / NS_PER_S), 4);
	put_number(pcap, (uint32_t)(pcap->has_nanoseconds ? fraction_ns : fraction_ns / 1000), 4);
	put_number(pcap, (uint32_t)size, 4);
	put_number(pcap, (uint32_t)original_size, 4);
	put(pcap, bytes, size);
}

void pcap_builder_layers(struct pcap_builder *pcap, const void *link, size_t link_size,
			 const struct packet_layer *layers)
{
	static uint8_t bytes[PACKET_BYTES_MAX];
	struct packet_builder packet;

	assert(link_size < sizeof(bytes));
	if (link_size)
		memcpy(bytes, link, link_size);
	packet_builder_init(&packet, bytes + link_size, sizeof(bytes) - link_size);
	packet_builder_push_all(&packet, layers);
	packet_builder_finish(&packet);
	pcap_builder_packet(pcap, bytes, link_size + packet.length, link_size + packet.length);
}
