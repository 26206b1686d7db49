/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One flow cache under test, the records it emitted, and short words for what the tests of its
 * rules do all the time: see a packet, expire at a time, compare a record. Every step checks that
 * what was merged is what was exported plus what is cached.
 */
#ifndef FLOWPROBE_CACHE_FIXTURE_H
#define FLOWPROBE_CACHE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/cache.h"
#include "flow/expire.h"
#include "flow/hash.h"
#include "lib/clock.h"

#define RECORDS_MAX 70000u
#define ACTIVE_NS (60 * NS_PER_S)
#define IDLE_NS (15 * NS_PER_S)
#define LINGER_NS (2 * NS_PER_S)
#define START_NS (5000 * NS_PER_S) /* the monotonic time that the tests begin at */
#define OFFSET_NS (1700000000 * NS_PER_S)
#define S NS_PER_S
#define MS NS_PER_MS

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10
#define TCP 6
#define UDP 17

static const uint64_t hash_seed[2] = {11, 22};

static struct flow_cache *cache;
static struct flow_record *records;
static size_t record_count;
static struct flow_count merged;
static struct flow_count recorded;
static uint64_t last_id;

static inline void sink(void *arg, const struct flow_record *record)
{
	assert_ptr_equal(arg, records);
	assert_int_equal(record->id, ++last_id);
	assert_true(record->packets > 0);
	assert_true(record->start_ns <= record->end_ns);
	recorded.packets += record->packets;
	recorded.octets += record->octets;
	records[record_count++ % RECORDS_MAX] = *record;
}

static inline void open_cache_with(uint32_t max_flows, uint64_t active_ns, uint64_t idle_ns,
				   int biflow)
{
	struct flow_cache_config config = {
		.biflow = biflow,
		.max_flows = max_flows,
		.active_timeout_ns = active_ns,
		.idle_timeout_ns = idle_ns,
		.linger_ns = LINGER_NS,
		.hash_seed = {hash_seed[0], hash_seed[1]},
	};

	flow_cache_free(cache);
	merged = recorded = (struct flow_count){0};
	last_id = 0;
	record_count = 0;
	cache = flow_cache_new(&config, sink, records);
	assert_non_null(cache);
}

static inline void open_cache(uint32_t max_flows, uint64_t active_ns, uint64_t idle_ns)
{
	open_cache_with(max_flows, active_ns, idle_ns, 0);
}

static inline void open_biflow_cache(uint32_t max_flows, uint64_t active_ns, uint64_t idle_ns)
{
	open_cache_with(max_flows, active_ns, idle_ns, 1);
}

static inline int setup(void **state)
{
	(void)state;
	records = calloc(RECORDS_MAX, sizeof(*records));
	open_cache(1000, ACTIVE_NS, IDLE_NS);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	flow_cache_free(cache);
	cache = NULL;
	free(records);
	return 0;
}

static inline void assert_balance(void)
{
	const struct flow_cache_stats *stats = flow_cache_stats(cache);
	struct flow_count exported = {0};
	uint64_t count = 0;

	for (size_t i = 0; i < FLOW_END_REASONS; i++) {
		exported.packets += stats->exported[i].packets;
		exported.octets += stats->exported[i].octets;
		count += stats->records[i];
	}
	assert_int_equal(exported.packets, recorded.packets);
	assert_int_equal(exported.octets, recorded.octets);
	assert_int_equal(count, last_id);
	assert_int_equal(exported.packets + stats->cached.packets, merged.packets);
	assert_int_equal(exported.octets + stats->cached.octets, merged.octets);
}

static inline struct flow_time at(uint64_t ns)
{
	return (struct flow_time){.monotonic_ns = ns, .realtime_ns = ns + OFFSET_NS};
}

static inline void merge_at(const struct flow_delta *deltas, size_t count, uint64_t now_ns)
{
	struct flow_time now = at(now_ns);

	for (size_t i = 0; i < count; i++) {
		merged.packets += deltas[i].packets;
		merged.octets += deltas[i].octets;
	}
	flow_cache_merge(cache, deltas, count, &now);
	assert_balance();
}

static inline void expire_at(uint64_t now_ns)
{
	struct flow_time now = at(now_ns);

	flow_cache_expire(cache, &now);
	assert_balance();
}

static inline void flush_at(uint32_t ifindex, uint64_t now_ns)
{
	struct flow_time now = at(now_ns);

	flow_cache_flush(cache, ifindex, &now);
	assert_balance();
}

static inline uint32_t flows(void)
{
	return flow_cache_stats(cache)->flows;
}

/* A conversation's key as seen arriving (direction 0) or leaving (1). */
static inline struct flow_key make_key(uint16_t conversation, uint8_t protocol, int direction)
{
	struct flow_key key;

	memset(&key, 0, sizeof(key));
	key.protocol = protocol;
	key.kind = direction ? FLOW_KEY_EGRESS : 0;
	key.ifindex = 3;
	memset(direction ? key.destination_address : key.source_address, 0xaa, 16);
	memset(direction ? key.source_address : key.destination_address, 0xbb, 16);
	key.source_port = direction ? 443 : conversation;
	key.destination_port = direction ? conversation : 443;
	return key;
}

/* One packet of 100 octets at ns. */
static inline void see(const struct flow_key *key, uint64_t ns, uint16_t tcp_flags)
{
	struct flow_details details = {.created_ns = ns};
	struct flow_delta delta = {
		.key = key,
		.details = &details,
		.packets = 1,
		.octets = 100,
		.first_ns = ns,
		.last_ns = ns,
		.tcp_flags = tcp_flags,
		.ttl_min = 64,
		.ttl_max = 64,
	};

	merge_at(&delta, 1, ns);
}

static inline void assert_record(size_t index, const struct flow_key *key,
				 enum flow_end_reason reason, uint64_t packets, uint64_t start_ns,
				 uint64_t end_ns)
{
	assert_true(index < record_count);
	assert_memory_equal(&records[index].key, key, sizeof(*key));
	assert_int_equal(records[index].end_reason, reason);
	assert_int_equal(records[index].packets, packets);
	assert_int_equal(records[index].start_ns, start_ns + OFFSET_NS);
	assert_int_equal(records[index].end_ns, end_ns + OFFSET_NS);
}

static inline uint64_t active_ns_of(const struct flow_key *key, uint64_t active_ns)
{
	struct flow_hash_secret secret = flow_hash_make_secret(hash_seed);
	struct expire_policy policy = {.active_ns = active_ns};

	return expire_active_ns(&policy, flow_hash(key, &secret));
}

#endif
