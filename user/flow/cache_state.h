/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inside of the flow cache, for its two halves: cache.c takes flows in, cache_expire.c lets them
 * out. See cache.h for what it does.
 */
#ifndef FLOWPROBE_CACHE_STATE_H
#define FLOWPROBE_CACHE_STATE_H

#include <string.h>

#include "flow/cache.h"
#include "flow/entry.h"
#include "flow/expire.h"
#include "flow/hash.h"
#include "flow/key_index.h"
#include "flow/wheel.h"

#define CACHE_STAGE 8 /* how many flows later the next stage follows: see cache.c */

struct flow_cache {
	struct flow_entry *entries;
	struct flow_details *details; /* parallel to entries */
	struct key_index index;
	struct wheel wheel;
	struct expire_policy policy;
	struct flow_hash_secret secret;
	int biflow;
	uint32_t max_flows;
	uint32_t used; /* entries beyond were never in use */
	uint32_t first_free; /* list of the others that are free; WHEEL_NONE: empty */
	flow_record_sink *sink;
	void *sink_arg;
	uint64_t last_id;
	struct flow_cache_stats stats;
	void *pages;
	size_t pages_bytes;
};

static inline void cache_prefetch_entry(const struct flow_cache *cache, uint32_t number)
{
	const char *entry = (const char *)&cache->entries[number];

	__builtin_prefetch(entry, 1);
	__builtin_prefetch(entry + 64, 1);
}

static inline uint32_t cache_find(const struct flow_cache *cache, const struct flow_key *key,
				  uint32_t hash)
{
	uint32_t position = hash;
	uint32_t number;

	do {
		number = key_index_next(&cache->index, hash, &position);
	} while (number != KEY_INDEX_END &&
		 memcmp(&cache->entries[number].key, key, sizeof(*key)) != 0);
	return number;
}

/* The flow of the other direction; KEY_INDEX_END: there is none. */
static inline uint32_t cache_find_reverse(const struct flow_cache *cache,
					  const struct flow_entry *entry)
{
	struct flow_key reverse;

	if (!expire_reverse_key(&entry->key, &reverse))
		return KEY_INDEX_END;
	return cache_find(cache, &reverse, flow_hash(&reverse, &cache->secret));
}

static inline void cache_arm(struct flow_cache *cache, uint32_t number)
{
	enum wheel_lane lane;
	uint64_t deadline_ns = expire_deadline_ns(&cache->entries[number], &cache->policy, &lane);

	wheel_arm(&cache->wheel, number, lane, deadline_ns);
}

/* For an entry whose deadline may have moved forward. Leaves those alone that were put aside: they
 * are looked at before anything expires. */
static inline void cache_arm_earlier(struct flow_cache *cache, uint32_t number)
{
	enum wheel_lane lane;
	uint64_t deadline_ns = expire_deadline_ns(&cache->entries[number], &cache->policy, &lane);

	if (deadline_ns >= wheel_deadline_ns(&cache->wheel, number))
		return;
	wheel_disarm(&cache->wheel, number);
	wheel_arm(&cache->wheel, number, lane, deadline_ns);
}

/* Emits what was counted since the last record, if anything, and begins a new one; and the other
 * direction's, where flows are paired. */
void cache_emit(struct flow_cache *cache, uint32_t number, enum flow_end_reason reason,
		const struct flow_time *now);

/* For an entry that is in no list of the wheel any more. */
void cache_end(struct flow_cache *cache, uint32_t number, enum flow_end_reason reason,
	       const struct flow_time *now);

#endif
