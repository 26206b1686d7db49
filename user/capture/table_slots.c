// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Table "slots", user side: one pass over the closed half of the shared array. Whatever is not free
 * is a delta, owned or closed alike. The sink still reads keys and details out of the slots, so
 * they are freed once the sink has seen them: a batch at a time.
 */
#include "capture/table.h"

#define SLOTS_AHEAD \
	8 /* slots whose cache lines are asked for in advance: they were last written by other \
	     CPUs */

static void table_slots_fill(struct flow_delta *delta, const struct flow_slot *slot,
			     const struct flow_details *details, const struct table_clock *clock)
{
	delta->key = &slot->key;
	delta->details = details;
	delta->packets = slot->packets_octets >> FLOW_SLOT_OCTETS_BITS;
	delta->octets = slot->packets_octets & FLOW_SLOT_OCTETS_MASK;
	delta->first_ns = table_clock_ns(clock, clock->base_ticks + slot->first_ticks);
	delta->last_ns = table_clock_ns(clock, clock->base_ticks + slot->last_ticks);
	if (delta->last_ns < delta->first_ns)
		delta->last_ns = delta->first_ns;
	delta->tcp_flags = slot->tcp_flags;
	delta->ttl_min = slot->ttl_min;
	delta->ttl_max = slot->ttl_max;
}

int table_slots_drain(const struct probe_maps *maps, uint32_t generation,
		      const struct table_clock *clock, struct table_batch *batch)
{
	struct flow_slot *half = maps->slot + (size_t)generation * maps->slots;
	const struct flow_details *details = maps->slot_details + (size_t)generation * maps->slots;
	struct flow_slot *taken[FLOW_DELTA_BATCH];
	size_t i, j, count = 0;

	for (i = 0; i < maps->slots; i++) {
		__builtin_prefetch(&half[i + SLOTS_AHEAD < maps->slots ? i + SLOTS_AHEAD : i], 1);
		if (half[i].tag == FLOW_SLOT_FREE)
			continue;
		table_slots_fill(table_batch_next(batch), &half[i], &details[i], clock);
		taken[count++] = &half[i];
		table_batch_add(batch);
		if (count < FLOW_DELTA_BATCH)
			continue;
		for (j = 0; j < count; j++)
			taken[j]->tag = FLOW_SLOT_FREE;
		count = 0;
	}
	table_batch_flush(batch);
	for (j = 0; j < count; j++)
		taken[j]->tag = FLOW_SLOT_FREE;
	return 0;
}
