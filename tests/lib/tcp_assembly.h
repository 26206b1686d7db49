/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Puts the segments of one direction of a captured TCP connection in order: what came twice is
 * delivered once, what came early waits for what is missing.
 */
#ifndef FLOWPROBE_TESTS_TCP_ASSEMBLY_H
#define FLOWPROBE_TESTS_TCP_ASSEMBLY_H

#include <stddef.h>
#include <stdint.h>

#define TCP_ASSEMBLY_WAITING_BYTES_MAX (4u << 20)
#define TCP_ASSEMBLY_WAITING_MAX 1024 /* segments */

struct tcp_segment;

/* Starts zeroed but for the callback. */
struct tcp_assembly {
	void *arg;
	void (*deliver)(void *arg, const uint8_t *bytes, size_t size, uint64_t time_ns);
	int is_started;
	uint32_t next_sequence;
	struct tcp_segment *waiting; /* by sequence number */
	size_t waiting_count;
	size_t waiting_bytes;
};

/* The sequence number of the first octet. Without this, the first segment is the start. */
void tcp_assembly_start(struct tcp_assembly *assembly, uint32_t sequence);

/*
 * One segment, copied if it has to wait. 0 or a negative errno: -ENOBUFS if more would wait than is
 * kept, -ENOMEM; the segment is dropped then.
 */
int tcp_assembly_add(struct tcp_assembly *assembly, uint32_t sequence, const uint8_t *bytes,
		     size_t size, uint64_t time_ns);

/* How many octets are missing in front of the first one that waits; 0: nothing waits. */
uint32_t tcp_assembly_missing(const struct tcp_assembly *assembly);

/* Drops what waits. */
void tcp_assembly_free(struct tcp_assembly *assembly);

#endif
