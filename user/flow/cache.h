/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * harvest -> flow cache -> record: keeps every flow that has not ended, merges the deltas of each
 * harvest into it, and turns flows into records when they end or have been active for too long.
 *
 * Pure: no sockets, no kernel objects, no clock of its own. Everything is allocated, and touched,
 * when the cache is made.
 */
#ifndef FLOWPROBE_CACHE_H
#define FLOWPROBE_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "flow/delta.h"
#include "flow/record.h"

struct flow_cache_config {
	uint32_t max_flows;
	uint64_t active_timeout_ns; /* jittered by +-5 % per flow, so that flows do not expire in
				       step */
	uint64_t idle_timeout_ns;
	uint64_t linger_ns; /* how long a flow stays after its TCP end was seen */
	uint64_t hash_seed[2]; /* secret */
	int biflow; /* pair the two directions of a conversation: see flow_cache_expire */
};

/* One moment on both clocks, taken together. */
struct flow_time {
	uint64_t monotonic_ns;
	uint64_t realtime_ns;
};

/*
 * Called for each finished record, with everything filled in but the interface names. The record is
 * borrowed. Must not call back into the cache.
 */
typedef void flow_record_sink(void *arg, const struct flow_record *record);

struct flow_cache_stats {
	uint32_t flows; /* now */
	uint64_t created; /* flows, since the start */
	struct flow_count cached; /* packets and octets merged but in no record yet */
	struct flow_count exported[FLOW_END_REASONS]; /* in records, by end reason */
	uint64_t records[FLOW_END_REASONS];
};

struct flow_cache;

/* Memory that a cache of so many flows takes from the start; 0: there can be none of that size. */
size_t flow_cache_bytes(uint32_t max_flows);

/* NULL when memory is short (errno set). sink_arg is passed to every sink call. */
struct flow_cache *flow_cache_new(const struct flow_cache_config *config, flow_record_sink *sink,
				  void *sink_arg);
void flow_cache_free(struct flow_cache *cache);

/*
 * Adds the deltas of a harvest made at now, in any order and with keys repeating; those without
 * packets are ignored. Never fails: when the cache is full, the flow that has been idle longest (or
 * nearly) makes room (FLOW_END_RESOURCES).
 */
void flow_cache_merge(struct flow_cache *cache, const struct flow_delta *deltas, size_t count,
		      const struct flow_time *now);

/*
 * Emits every flow that is due at now by the rules of expire.h, never early. To be called after
 * each harvest, with all its deltas merged: here the two directions of a TCP connection are looked
 * at together. Costs time for what is due, not for what is kept.
 *
 * With config.biflow, whenever a record is written (here or elsewhere) and the other direction of
 * the conversation has packets too, its record follows at once: first the initiator's
 * (FLOW_BIFLOW_FORWARD), then the other (FLOW_BIFLOW_REVERSE). Neither direction is idle before both
 * are. Each flow is still in records of its own, with nothing in them that is not its own.
 */
void flow_cache_expire(struct flow_cache *cache, const struct flow_time *now);

/* Ends all flows seen on ifindex (0: all flows at all) with FLOW_END_FORCED. */
void flow_cache_flush(struct flow_cache *cache, uint32_t ifindex, const struct flow_time *now);

/* The same for several interfaces in one go, which takes no longer than for one. Sorts them. */
void flow_cache_flush_interfaces(struct flow_cache *cache, uint32_t *ifindexes, size_t count,
				 const struct flow_time *now);

/* New timeouts; from the next flow_cache_expire on they apply to flows already kept as well. Costs
 * time for each flow kept. */
void flow_cache_set_timeouts(struct flow_cache *cache, uint64_t active_timeout_ns,
			     uint64_t idle_timeout_ns);

/* Begins to pair directions, or ends it. Of conversations under way the side that was first seen
 * earlier, as far as records not written yet know, is the initiator. Costs time for each flow kept. */
void flow_cache_set_biflow(struct flow_cache *cache, int biflow);

const struct flow_cache_stats *flow_cache_stats(const struct flow_cache *cache);

#endif
