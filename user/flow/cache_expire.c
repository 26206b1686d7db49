// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * flow cache -> record: when flows come out of the cache, and with whom. See cache.h for what it
 * promises, expire.h for the rules.
 *
 * Expiry is lazy: a packet of a known flow moves deadlines only later, and does not touch the
 * wheel. The flow comes up at its old deadline, is found not due, and is armed again. Only what
 * moves a deadline forward (a new record, an earlier start, the end of a connection) re-arms at
 * once, so that nothing is ever late.
 *
 * The two directions of a connection are paired here and not in the merge, because the reverse
 * flow's deltas may come later in the same harvest; until then the entry is put aside.
 */
#include "flow/cache_state.h"

#include <stdlib.h>

#define CACHE_DUE_BATCH 64

static void cache_emit_record(struct flow_cache *cache, uint32_t number,
			      enum flow_end_reason reason, enum flow_biflow biflow,
			      const struct flow_time *now)
{
	struct flow_entry *entry = &cache->entries[number];
	struct flow_cache_stats *stats = &cache->stats;
	struct flow_record record;

	flow_entry_make_record(entry, &cache->details[number], reason, now, &record);
	record.id = ++cache->last_id;
	record.biflow = biflow;
	stats->cached.packets -= entry->packets;
	stats->cached.octets -= entry->octets;
	stats->exported[reason].packets += entry->packets;
	stats->exported[reason].octets += entry->octets;
	stats->records[reason]++;
	flow_entry_begin_record(entry);
	entry->state &= (uint8_t)~FLOW_ENTRY_FIRST_RECORD;
	cache->sink(cache->sink_arg, &record);
}

/* Why the other direction has a record too: for a reason of its own, or it just goes on. */
static enum flow_end_reason cache_reverse_reason(const struct flow_cache *cache, uint32_t reverse,
						 enum flow_end_reason reason,
						 const struct flow_time *now)
{
	int own = expire_reason(&cache->entries[reverse], &cache->policy, now->monotonic_ns);

	if (reason == FLOW_END_FORCED)
		return FLOW_END_FORCED;
	return own ? (enum flow_end_reason)own : FLOW_END_ACTIVE;
}

static void cache_emit_pair(struct flow_cache *cache, uint32_t number, uint32_t reverse,
			    enum flow_end_reason reason, const struct flow_time *now)
{
	enum flow_end_reason reverse_reason = cache_reverse_reason(cache, reverse, reason, now);

	if (cache->entries[number].state & FLOW_ENTRY_RESPONDER) {
		cache_emit_record(cache, reverse, reverse_reason, FLOW_BIFLOW_FORWARD, now);
		cache_emit_record(cache, number, reason, FLOW_BIFLOW_REVERSE, now);
	} else {
		cache_emit_record(cache, number, reason, FLOW_BIFLOW_FORWARD, now);
		cache_emit_record(cache, reverse, reverse_reason, FLOW_BIFLOW_REVERSE, now);
	}
}

void cache_emit(struct flow_cache *cache, uint32_t number, enum flow_end_reason reason,
		const struct flow_time *now)
{
	struct flow_entry *entry = &cache->entries[number];
	uint32_t reverse;

	if (!entry->packets)
		return;
	reverse = cache->biflow ? cache_find_reverse(cache, entry) : KEY_INDEX_END;
	if (reverse != KEY_INDEX_END && cache->entries[reverse].packets)
		cache_emit_pair(cache, number, reverse, reason, now);
	else
		cache_emit_record(cache, number, reason, FLOW_UNIFLOW, now);
}

void cache_end(struct flow_cache *cache, uint32_t number, enum flow_end_reason reason,
	       const struct flow_time *now)
{
	struct flow_entry *entry = &cache->entries[number];

	key_index_prefetch(&cache->index, entry->hash);
	cache_emit(cache, number, reason, now);
	key_index_remove(&cache->index, entry->hash, number);
	entry->state = 0;
	entry->next_free = cache->first_free;
	cache->first_free = number;
	cache->stats.flows--;
}

static void cache_pair(struct flow_cache *cache, uint32_t number)
{
	struct flow_entry *entry = &cache->entries[number];
	uint32_t reverse = cache_find_reverse(cache, entry);

	if (reverse == KEY_INDEX_END)
		return;
	expire_pair_tcp(entry, &cache->entries[reverse]);
	cache_arm_earlier(cache, reverse);
}

/*
 * For an idle flow whose other direction is not: it stays until that one is idle too, or its own
 * active timeout asks for a record. 0: there is no such other direction.
 */
static int cache_wait_for_reverse(struct flow_cache *cache, uint32_t number,
				  const struct flow_time *now)
{
	struct flow_entry *entry = &cache->entries[number];
	uint32_t reverse = cache_find_reverse(cache, entry);
	uint64_t idle_ns, active_ns;

	if (reverse == KEY_INDEX_END)
		return 0;
	idle_ns = expire_idle_together_ns(entry, &cache->entries[reverse], &cache->policy);
	if (idle_ns <= now->monotonic_ns)
		return 0;
	active_ns = expire_active_deadline_ns(entry, &cache->policy);
	if (active_ns <= now->monotonic_ns) {
		cache_emit(cache, number, FLOW_END_ACTIVE, now);
		active_ns = UINT64_MAX;
	}
	wheel_arm(&cache->wheel, number, WHEEL_IDLE, idle_ns < active_ns ? idle_ns : active_ns);
	return 1;
}

/* For an entry that the wheel gave away. */
static void cache_expire_entry(struct flow_cache *cache, uint32_t number,
			       const struct flow_time *now)
{
	int reason = expire_reason(&cache->entries[number], &cache->policy, now->monotonic_ns);

	if (reason == FLOW_END_IDLE && cache->biflow && cache_wait_for_reverse(cache, number, now))
		return;
	if (reason == FLOW_END_ACTIVE)
		cache_emit(cache, number, FLOW_END_ACTIVE, now);
	if (reason && reason != FLOW_END_ACTIVE)
		cache_end(cache, number, (enum flow_end_reason)reason, now);
	else
		cache_arm(cache, number);
}

static void cache_expire_batch(struct flow_cache *cache, const uint32_t *due, size_t count,
			       const struct flow_time *now)
{
	for (size_t i = 0; i < count + 2 * CACHE_STAGE; i++) {
		size_t second = i - CACHE_STAGE; /* wraps to beyond count */
		size_t third = i - 2 * CACHE_STAGE;

		if (i < count) {
			cache_prefetch_entry(cache, due[i]);
			__builtin_prefetch(&cache->details[due[i]]);
		}
		if (second < count)
			key_index_prefetch(&cache->index, cache->entries[due[second]].hash);
		if (third < count)
			cache_expire_entry(cache, due[third], now);
	}
}

void flow_cache_expire(struct flow_cache *cache, const struct flow_time *now)
{
	uint32_t due[CACHE_DUE_BATCH];
	uint32_t number;
	size_t count;

	while ((number = wheel_take_aside(&cache->wheel)) != WHEEL_NONE) {
		cache_pair(cache, number);
		cache_arm(cache, number);
	}
	wheel_collect(&cache->wheel, now->monotonic_ns);
	do {
		count = 0;
		while (count < CACHE_DUE_BATCH &&
		       (number = wheel_take_due(&cache->wheel)) != WHEEL_NONE)
			due[count++] = number;
		cache_expire_batch(cache, due, count, now);
	} while (count == CACHE_DUE_BATCH);
}

static int compare_ifindexes(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* ifindexes are sorted; NULL: all flows. */
static void cache_flush(struct flow_cache *cache, const uint32_t *ifindexes, size_t count,
			const struct flow_time *now)
{
	for (uint32_t number = 0; number < cache->used; number++) {
		struct flow_entry *entry = &cache->entries[number];

		if (!(entry->state & FLOW_ENTRY_LIVE))
			continue;
		if (ifindexes && !bsearch(&entry->key.ifindex, ifindexes, count, sizeof(*ifindexes),
					  compare_ifindexes))
			continue;
		wheel_disarm(&cache->wheel, number);
		cache_end(cache, number, FLOW_END_FORCED, now);
	}
}

void flow_cache_flush(struct flow_cache *cache, uint32_t ifindex, const struct flow_time *now)
{
	cache_flush(cache, ifindex ? &ifindex : NULL, 1, now);
}

void flow_cache_flush_interfaces(struct flow_cache *cache, uint32_t *ifindexes, size_t count,
				 const struct flow_time *now)
{
	if (!count)
		return;
	qsort(ifindexes, count, sizeof(*ifindexes), compare_ifindexes);
	cache_flush(cache, ifindexes, count, now);
}

void flow_cache_set_timeouts(struct flow_cache *cache, uint64_t active_timeout_ns,
			     uint64_t idle_timeout_ns)
{
	cache->policy.active_ns = active_timeout_ns;
	cache->policy.idle_ns = idle_timeout_ns;
	for (uint32_t number = 0; number < cache->used; number++) {
		if (cache->entries[number].state & FLOW_ENTRY_LIVE)
			cache_arm_earlier(cache, number);
	}
}
