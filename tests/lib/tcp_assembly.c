// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Segments of a captured TCP connection in order, see tcp_assembly.h. */
#include "tcp_assembly.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct tcp_segment {
	struct tcp_segment *next;
	uint32_t sequence;
	uint64_t time_ns;
	size_t size;
	uint8_t bytes[];
};

/* Sequence numbers wrap (RFC 9293 3.4). */
static int32_t distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

void tcp_assembly_start(struct tcp_assembly *assembly, uint32_t sequence)
{
	assembly->next_sequence = sequence;
	assembly->is_started = 1;
}

/* Delivers what is new in a segment that does not start after what is expected. */
static void deliver(struct tcp_assembly *assembly, uint32_t sequence, const uint8_t *bytes,
		    size_t size, uint64_t time_ns)
{
	uint32_t known = assembly->next_sequence - sequence;

	if (known >= size)
		return;
	assembly->next_sequence += (uint32_t)(size - known);
	assembly->deliver(assembly->arg, bytes + known, size - known, time_ns);
}

static void drop_first(struct tcp_assembly *assembly)
{
	struct tcp_segment *first = assembly->waiting;

	assembly->waiting = first->next;
	assembly->waiting_count--;
	assembly->waiting_bytes -= first->size;
	free(first);
}

static int wait_for_missing(struct tcp_assembly *assembly, uint32_t sequence, const uint8_t *bytes,
			    size_t size, uint64_t time_ns)
{
	struct tcp_segment **place = &assembly->waiting, *segment;

	if (assembly->waiting_count == TCP_ASSEMBLY_WAITING_MAX ||
	    size > TCP_ASSEMBLY_WAITING_BYTES_MAX - assembly->waiting_bytes)
		return -ENOBUFS;
	segment = malloc(sizeof(*segment) + size);
	if (!segment)
		return -ENOMEM;
	segment->sequence = sequence;
	segment->time_ns = time_ns;
	segment->size = size;
	memcpy(segment->bytes, bytes, size);
	while (*place && distance((*place)->sequence, sequence) <= 0)
		place = &(*place)->next;
	segment->next = *place;
	*place = segment;
	assembly->waiting_count++;
	assembly->waiting_bytes += size;
	return 0;
}

int tcp_assembly_add(struct tcp_assembly *assembly, uint32_t sequence, const uint8_t *bytes,
		     size_t size, uint64_t time_ns)
{
	const struct tcp_segment *first;

	if (!size)
		return 0;
	if (!assembly->is_started)
		tcp_assembly_start(assembly, sequence);
	if (distance(sequence, assembly->next_sequence) > 0)
		return wait_for_missing(assembly, sequence, bytes, size, time_ns);
	deliver(assembly, sequence, bytes, size, time_ns);
	while (assembly->waiting) {
		first = assembly->waiting;
		if (distance(first->sequence, assembly->next_sequence) > 0)
			break;
		deliver(assembly, first->sequence, first->bytes, first->size, first->time_ns);
		drop_first(assembly);
	}
	return 0;
}

uint32_t tcp_assembly_missing(const struct tcp_assembly *assembly)
{
	return assembly->waiting ? assembly->waiting->sequence - assembly->next_sequence : 0;
}

void tcp_assembly_free(struct tcp_assembly *assembly)
{
	while (assembly->waiting)
		drop_first(assembly);
}
