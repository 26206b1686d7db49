// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * harvest -> flow cache: see cache.h for what it promises, cache_expire.c for how flows come out
 * again, entry.h for a flow's memory.
 *
 * Merging is bound by cache misses, so deltas pass three stages some steps apart: hash and prefetch
 * the index; look up and prefetch the entry (or, for a new flow, the delta's details); merge. The
 * stages run interleaved and not one after the other for a whole batch, because processors drop
 * prefetches that come in bursts. What the second stage finds is a hint only, since merging may
 * evict: the third looks up again, in lines that are near by then. Expiry does the same.
 *
 * Invariant: everything merged = everything in records + stats.cached, after every call.
 *
 * Rejected: moving a flow to the end of an LRU list with each delta (two more cold lines per
 * delta; the wheel's idle lane orders flows nearly as well), and a scan of all flows per harvest.
 */
#include "flow/cache.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "flow/cache_state.h"
#include "flow/pages.h"

#define CACHE_MAX_FLOWS (1u << 30)
#define CACHE_SECOND_CHANCES 64 /* most flows spared before one is evicted */
#define CACHE_EVICT_LOOKS 8 /* flows compared where there is no order by idleness */

size_t flow_cache_bytes(uint32_t max_flows)
{
	size_t flow_bytes = sizeof(struct flow_entry) + sizeof(struct flow_details);

	if (!max_flows || max_flows > CACHE_MAX_FLOWS)
		return 0;
	return max_flows * flow_bytes + wheel_node_count(max_flows) * sizeof(struct wheel_node) +
	       key_index_slot_count(max_flows) * sizeof(struct key_index_slot);
}

struct flow_cache *flow_cache_new(const struct flow_cache_config *config, flow_record_sink *sink,
				  void *sink_arg)
{
	size_t flows = config->max_flows;
	size_t entries_bytes = flows * sizeof(struct flow_entry);
	size_t details_bytes = flows * sizeof(struct flow_details);
	struct flow_cache *cache;
	uint32_t slots;
	char *memory;

	if (!flow_cache_bytes(config->max_flows)) {
		errno = EINVAL;
		return NULL;
	}
	cache = calloc(1, sizeof(*cache));
	if (!cache)
		return NULL;
	slots = key_index_slot_count(config->max_flows);
	cache->pages_bytes = flow_cache_bytes(config->max_flows);
	cache->pages = pages_map(cache->pages_bytes);
	if (!cache->pages) {
		free(cache);
		return NULL;
	}
	memory = cache->pages;
	cache->entries = (struct flow_entry *)memory;
	memory += entries_bytes;
	cache->details = (struct flow_details *)memory;
	memory += details_bytes;
	cache->index.slots = (struct key_index_slot *)memory;
	cache->index.mask = slots - 1;
	memory += slots * sizeof(struct key_index_slot);
	wheel_init(&cache->wheel, (struct wheel_node *)memory, config->max_flows);
	cache->policy.active_ns = config->active_timeout_ns;
	cache->policy.idle_ns = config->idle_timeout_ns;
	cache->policy.linger_ns = config->linger_ns;
	cache->secret = flow_hash_make_secret(config->hash_seed);
	cache->biflow = config->biflow;
	cache->max_flows = config->max_flows;
	cache->first_free = WHEEL_NONE;
	cache->sink = sink;
	cache->sink_arg = sink_arg;
	return cache;
}

void flow_cache_free(struct flow_cache *cache)
{
	if (!cache)
		return;
	pages_unmap(cache->pages, cache->pages_bytes);
	free(cache);
}

/*
 * The flow that has been idle longest, nearly: the first of the idle lane's earliest bucket, unless
 * packets came since it was armed; then it is armed again where it belongs, and the next one is
 * looked at. That happens at most once per merged delta, so it costs little on average; the bound
 * is for the single eviction, for which the longest idle of those looked at must do then.
 */
static uint32_t cache_find_idle(struct flow_cache *cache)
{
	struct wheel *wheel = &cache->wheel;
	uint32_t best = WHEEL_NONE;

	for (unsigned int i = 0; i < CACHE_SECOND_CHANCES; i++) {
		uint32_t number = wheel_first(wheel, WHEEL_IDLE);
		const struct flow_entry *entry;
		enum wheel_lane lane;
		uint64_t deadline_ns;

		if (number == WHEEL_NONE)
			break;
		entry = &cache->entries[number];
		if (best == WHEEL_NONE || entry->last_ns < cache->entries[best].last_ns)
			best = number;
		deadline_ns = expire_deadline_ns(entry, &cache->policy, &lane);
		if (deadline_ns <= wheel_deadline_ns(wheel, number))
			break;
		wheel_disarm(wheel, number);
		wheel_arm(wheel, number, lane, deadline_ns);
	}
	return best;
}

/* In a flood the next evictions follow at once: brings near what they will touch, the second next
 * entry now, the next one's place in the index once the entry is there. */
static void cache_prefetch_victims(const struct flow_cache *cache, uint32_t victim)
{
	uint32_t number = wheel_following(&cache->wheel, victim);

	if (number == WHEEL_NONE)
		return;
	key_index_prefetch(&cache->index, cache->entries[number].hash);
	number = wheel_following(&cache->wheel, number);
	if (number == WHEEL_NONE)
		return;
	cache_prefetch_entry(cache, number);
	__builtin_prefetch(&cache->details[number]);
}

/* Ends one flow to make room. There is at least one. */
static void cache_evict(struct flow_cache *cache, const struct flow_time *now)
{
	uint32_t victim = cache_find_idle(cache);
	uint32_t next;

	/* No flow waits to become idle: the ones to be looked at soonest are the oldest. */
	if (victim == WHEEL_NONE) {
		victim = wheel_first(&cache->wheel, WHEEL_OTHER);
		if (victim == WHEEL_NONE)
			victim = wheel_first_aside(&cache->wheel);
		next = victim;
		for (unsigned int i = 1; i < CACHE_EVICT_LOOKS; i++) {
			next = wheel_following(&cache->wheel, next);
			if (next == WHEEL_NONE)
				break;
			if (cache->entries[next].last_ns < cache->entries[victim].last_ns)
				victim = next;
		}
	}
	cache_prefetch_victims(cache, victim);
	wheel_disarm(&cache->wheel, victim);
	cache_end(cache, victim, FLOW_END_RESOURCES, now);
}

/* An entry for a new flow, with no packets yet, and in no list of the wheel. */
static uint32_t cache_create(struct flow_cache *cache, const struct flow_delta *delta,
			     uint32_t hash, const struct flow_time *now)
{
	struct flow_entry *entry;
	uint32_t number;

	if (cache->stats.flows == cache->max_flows)
		cache_evict(cache, now);
	number = cache->first_free;
	if (number == WHEEL_NONE)
		number = cache->used++;
	else
		cache->first_free = cache->entries[number].next_free;
	entry = &cache->entries[number];
	entry->key = *delta->key;
	entry->hash = hash;
	entry->last_ns = 0;
	entry->state = FLOW_ENTRY_LIVE | FLOW_ENTRY_FIRST_RECORD;
	flow_entry_begin_record(entry);
	cache->details[number] = *delta->details;
	key_index_insert(&cache->index, hash, number);
	cache->stats.flows++;
	cache->stats.created++;
	return number;
}

/*
 * A new flow, whose start is known: did this side of the conversation speak first? If the other
 * side is known already, it did; unless both were first seen in this harvest, in whatever order, and
 * the start of this one is earlier. Whatever is decided stays, also if one of them ends and begins
 * again while the other goes on.
 */
static void cache_decide_initiator(struct flow_cache *cache, struct flow_entry *entry)
{
	uint32_t number = cache_find_reverse(cache, entry);
	struct flow_entry *reverse;

	if (number == KEY_INDEX_END) {
		entry->state |= FLOW_ENTRY_INITIATOR;
		return;
	}
	reverse = &cache->entries[number];
	if (reverse->state & FLOW_ENTRY_FIRST_RECORD && reverse->state & FLOW_ENTRY_INITIATOR &&
	    entry->first_ns < reverse->first_ns)
		reverse->state ^= FLOW_ENTRY_INITIATOR | FLOW_ENTRY_RESPONDER;
	entry->state |= reverse->state & FLOW_ENTRY_INITIATOR ? FLOW_ENTRY_RESPONDER
							      : FLOW_ENTRY_INITIATOR;
}

/* For a flow that began when nobody wanted to know. */
static void cache_guess_initiator(struct flow_cache *cache, struct flow_entry *entry)
{
	const uint8_t decided = FLOW_ENTRY_INITIATOR | FLOW_ENTRY_RESPONDER;
	uint32_t number;

	if (!(entry->state & FLOW_ENTRY_LIVE) || entry->state & decided)
		return;
	number = cache_find_reverse(cache, entry);
	if (number == KEY_INDEX_END)
		entry->state |= FLOW_ENTRY_INITIATOR;
	else if (cache->entries[number].state & decided)
		entry->state |= decided & ~cache->entries[number].state;
	else
		entry->state |= entry->first_ns <= cache->entries[number].first_ns
					? FLOW_ENTRY_INITIATOR
					: FLOW_ENTRY_RESPONDER;
}

void flow_cache_set_biflow(struct flow_cache *cache, int biflow)
{
	if (biflow && !cache->biflow)
		for (uint32_t number = 0; number < cache->used; number++)
			cache_guess_initiator(cache, &cache->entries[number]);
	cache->biflow = biflow;
}

static void cache_merge_delta(struct flow_cache *cache, const struct flow_delta *delta,
			      uint32_t hash, const struct flow_time *now)
{
	uint32_t number = cache_find(cache, delta->key, hash);
	int created = number == KEY_INDEX_END;
	struct flow_entry *entry;
	int advanced;

	if (created)
		number = cache_create(cache, delta, hash, now);
	entry = &cache->entries[number];
	entry->packets += delta->packets;
	entry->octets += delta->octets;
	cache->stats.cached.packets += delta->packets;
	cache->stats.cached.octets += delta->octets;
	entry->tcp_flags |= delta->tcp_flags;
	if (delta->ttl_min < entry->ttl_min)
		entry->ttl_min = delta->ttl_min;
	if (delta->ttl_max > entry->ttl_max)
		entry->ttl_max = delta->ttl_max;
	if (delta->last_ns > entry->last_ns)
		entry->last_ns = delta->last_ns;
	advanced = delta->first_ns < entry->first_ns;
	if (advanced)
		flow_entry_advance_start(entry, &cache->details[number], delta);
	if (created && delta->packets == 1)
		flow_entry_end_at_start(entry);
	if (created && cache->biflow)
		cache_decide_initiator(cache, entry);
	if (created)
		cache_arm(cache, number);
	else if (advanced)
		cache_arm_earlier(cache, number);
	if (delta->tcp_flags & (TH_FIN | TH_RST) &&
	    expire_note_tcp(entry, delta->tcp_flags, delta->last_ns)) {
		wheel_disarm(&cache->wheel, number);
		wheel_put_aside(&cache->wheel, number);
	}
}

/* Brings near what merging will touch, if it can be told already. */
static void cache_prefetch_delta(const struct flow_cache *cache, const struct flow_delta *delta,
				 uint32_t hash)
{
	uint32_t position = hash;
	uint32_t number = key_index_next(&cache->index, hash, &position);

	if (number == KEY_INDEX_END)
		__builtin_prefetch(delta->details);
	else
		cache_prefetch_entry(cache, number);
}

static void cache_merge_batch(struct flow_cache *cache, const struct flow_delta *deltas,
			      size_t count, const struct flow_time *now)
{
	uint32_t hashes[FLOW_DELTA_BATCH];

	for (size_t i = 0; i < count + 2 * CACHE_STAGE; i++) {
		size_t second = i - CACHE_STAGE; /* wraps to beyond count */
		size_t third = i - 2 * CACHE_STAGE;

		if (i < count) {
			hashes[i] = flow_hash(deltas[i].key, &cache->secret);
			key_index_prefetch(&cache->index, hashes[i]);
		}
		if (second < count)
			cache_prefetch_delta(cache, &deltas[second], hashes[second]);
		if (third < count && deltas[third].packets)
			cache_merge_delta(cache, &deltas[third], hashes[third], now);
	}
}

void flow_cache_merge(struct flow_cache *cache, const struct flow_delta *deltas, size_t count,
		      const struct flow_time *now)
{
	/* The wheel of an empty cache may have stood still for long. */
	if (!cache->stats.flows)
		wheel_collect(&cache->wheel, now->monotonic_ns);
	while (count) {
		size_t batch = count < FLOW_DELTA_BATCH ? count : FLOW_DELTA_BATCH;

		cache_merge_batch(cache, deltas, batch, now);
		deltas += batch;
		count -= batch;
	}
}

const struct flow_cache_stats *flow_cache_stats(const struct flow_cache *cache)
{
	return &cache->stats;
}
