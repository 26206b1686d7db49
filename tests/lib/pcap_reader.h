/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads classic capture files (what tcpdump -w, dumpcap -P and tshark -F pcap write) out of memory,
 * of either byte order, with microseconds or nanoseconds.
 */
#ifndef FLOWPROBE_TESTS_PCAP_READER_H
#define FLOWPROBE_TESTS_PCAP_READER_H

#include <stddef.h>
#include <stdint.h>

struct pcap_packet {
	uint64_t time_ns; /* since 1970 */
	uint16_t link_type; /* LINKTYPE_... */
	const uint8_t *bytes; /* in the file */
	size_t size;
	size_t original_size; /* more than size: it was cut when it was captured */
};

struct pcap_reader {
	const uint8_t *bytes; /* borrowed */
	size_t size;
	size_t offset;
	int is_big_endian;
	uint32_t ns_per_fraction;
	uint16_t link_type;
};

/* 0, or -EINVAL: not a classic capture file. */
int pcap_reader_init(struct pcap_reader *reader, const uint8_t *bytes, size_t size);

/* 1: a packet; 0: the end; -EBADMSG: the file ends within a packet. */
int pcap_reader_next(struct pcap_reader *reader, struct pcap_packet *packet);

#endif
