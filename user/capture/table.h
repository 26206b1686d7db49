/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The user side of the two flow tables: take everything out of a closed, quiet generation and leave
 * it empty. harvest.c decides when a generation is quiet; here it is a precondition.
 */
#ifndef FLOWPROBE_TABLE_H
#define FLOWPROBE_TABLE_H

#include <stdint.h>

#include "capture/loader.h"
#include "flow/delta.h"

/* How ticks of one generation become nanoseconds of CLOCK_MONOTONIC. */
struct table_clock {
	uint64_t base_ticks; /* of the generation */
	uint64_t now_ticks; /* one instant on both clocks */
	uint64_t now_ns;
	uint32_t tick_ns;
};

uint64_t table_clock_ns(const struct table_clock *clock, uint64_t ticks);

/* Collects deltas into batches for the sink and adds up what passed. */
struct table_batch {
	flow_delta_sink *sink;
	void *sink_arg;
	size_t count;
	struct flow_delta deltas[FLOW_DELTA_BATCH];
	uint64_t entries;
	struct flow_count delivered[FLOW_DIRECTIONS];
};

/* The next delta to fill in; table_batch_add makes it count. */
static inline struct flow_delta *table_batch_next(struct table_batch *batch)
{
	return &batch->deltas[batch->count];
}

void table_batch_add(struct table_batch *batch);
void table_batch_flush(struct table_batch *batch);

/* Where the kernel copies entries of table "hash" to; zero-initialised, grows if it must. */
struct table_hash_buffer {
	uint32_t entries;
	struct flow_key *keys;
	struct flow_value *values;
};

int table_hash_buffer_init(struct table_hash_buffer *buffer);
void table_hash_buffer_free(struct table_hash_buffer *buffer);

/*
 * Both return 0 or a negative errno. The batch is flushed on return, and whatever it was given has
 * left the generation: after an error, draining again continues.
 */
int table_slots_drain(const struct probe_maps *maps, uint32_t generation,
		      const struct table_clock *clock, struct table_batch *batch);
int table_hash_drain(const struct probe_maps *maps, uint32_t generation,
		     const struct table_clock *clock, struct table_hash_buffer *buffer,
		     struct table_batch *batch);

#endif
