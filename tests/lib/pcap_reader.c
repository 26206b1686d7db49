// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reads classic capture files, see pcap_reader.h. */
#include "pcap_reader.h"

#include <errno.h>

#define FILE_HEADER_BYTES 24
#define PACKET_HEADER_BYTES 16
#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS 0xa1b23c4du
#define NS_PER_S 1000000000ull

static uint32_t read32(const struct pcap_reader *reader, size_t offset)
{
	const uint8_t *at = reader->bytes + offset;

	if (reader->is_big_endian)
		return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return (uint32_t)at[3] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[1] << 8 | at[0];
}

int pcap_reader_init(struct pcap_reader *reader, const uint8_t *bytes, size_t size)
{
	uint32_t magic;

	if (size < FILE_HEADER_BYTES)
		return -EINVAL;
	*reader = (struct pcap_reader){.bytes = bytes, .size = size, .offset = FILE_HEADER_BYTES};
	reader->is_big_endian = bytes[0] == MAGIC_MICROSECONDS >> 24;
	magic = read32(reader, 0);
	if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS)
		return -EINVAL;
	reader->ns_per_fraction = magic == MAGIC_NANOSECONDS ? 1 : 1000;
	reader->link_type = (uint16_t)read32(reader, 20); /* above it: length of the FCS */
	return 0;
}

int pcap_reader_next(struct pcap_reader *reader, struct pcap_packet *packet)
{
	size_t left = reader->size - reader->offset, at = reader->offset;

	if (!left)
		return 0;
	if (left < PACKET_HEADER_BYTES)
		return -EBADMSG;
	packet->time_ns = read32(reader, at) * NS_PER_S +
			  (uint64_t)read32(reader, at + 4) * reader->ns_per_fraction;
	packet->link_type = reader->link_type;
	packet->bytes = reader->bytes + at + PACKET_HEADER_BYTES;
	packet->size = read32(reader, at + 8);
	packet->original_size = read32(reader, at + 12);
	if (packet->size > left - PACKET_HEADER_BYTES)
		return -EBADMSG;
	reader->offset += PACKET_HEADER_BYTES + packet->size;
	return 1;
}
