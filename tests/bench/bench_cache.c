// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the flow cache costs per delta, per new flow, per expired flow and per eviction: a table on
 * stdout, no verdict.
 *
 * Harvests are imitated as the real ones are: keys and details in two arrays that are walked in
 * order, deltas handed over in batches, and flows that lie in the cache in another order than they
 * are walked in. The walk that builds the deltas is part of what is measured; its own share is
 * printed first. The clock is the thread's CPU time. All measurements take turns, so that a slow
 * moment of the machine hits all alike; the minimum and the median over the rounds are printed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flow/cache.h"
#include "lib/clock.h"

#define BENCH_ROUNDS 25
#define BENCH_FLOWS 262144u
#define BENCH_DELTAS 262144u /* merged per measurement at least */

enum measurement {
	WALK,
	KNOWN_1K,
	KNOWN_128K,
	KNOWN_256K,
	NEW_FLOW,
	EXPIRED_FLOW,
	VISITED_FLOW,
	EVICTION,
	MEASUREMENTS
};

static const char *const measurement_names[MEASUREMENTS] = {
	[WALK] = "walk over a table, no merge",
	[KNOWN_1K] = "merged delta, 1024 known flows",
	[KNOWN_128K] = "merged delta, 131072 known flows",
	[KNOWN_256K] = "merged delta, 262144 known flows",
	[NEW_FLOW] = "new flow, up to 262144 flows",
	[EXPIRED_FLOW] = "expired flow (idle, with its record), of 262144",
	[VISITED_FLOW] = "lazily re-armed flow, of 262144",
	[EVICTION] = "new flow evicting another, 262144 flows",
};

/* One simulated kernel table: keys beside what a slot has else, details apart. */
struct bench_table {
	struct {
		uint32_t tag;
		struct flow_key key;
		uint64_t rest[2];
	} * slots;
	struct flow_details *details;
	uint32_t count;
};

static uint64_t random_state = 1;
static volatile uint64_t sunk;

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void count_record(void *arg, const struct flow_record *record)
{
	(void)arg;
	sunk += record->packets;
}

static void *allocate(size_t bytes)
{
	void *memory = calloc(1, bytes);

	if (!memory) {
		perror("bench_cache");
		exit(1);
	}
	return memory;
}

/* count IPv4 flows of generation, in random order. */
static void table_fill(struct bench_table *table, uint32_t count, uint32_t generation)
{
	table->count = count;
	for (uint32_t i = 0; i < count; i++) {
		struct flow_key *key = &table->slots[i].key;

		memset(key, 0, sizeof(*key));
		key->protocol = 6;
		key->ifindex = 2;
		key->source_port = (uint16_t)generation;
		memset(&key->source_address[10], 0xff, 2);
		memset(&key->destination_address[10], 0xff, 2);
		memcpy(&key->source_address[12], &i, sizeof(i));
	}
	for (uint32_t i = count - 1; i; i--) {
		uint32_t other = (uint32_t)(random_next() % (i + 1));
		struct flow_key key = table->slots[i].key;

		table->slots[i].key = table->slots[other].key;
		table->slots[other].key = key;
	}
}

static void merge_nothing(struct flow_cache *cache, const struct flow_delta *deltas, size_t count,
			  const struct flow_time *now)
{
	(void)cache;
	(void)now;
	for (size_t i = 0; i < count; i++)
		sunk += *(const uint32_t *)deltas[i].key + deltas[i].packets;
}

/* Walks the table once and gives its deltas to merge. Returns nanoseconds. */
static uint64_t table_harvest(const struct bench_table *table, uint64_t now_ns,
			      struct flow_cache *cache,
			      void (*merge)(struct flow_cache *, const struct flow_delta *, size_t,
					    const struct flow_time *))
{
	struct flow_time now = {.monotonic_ns = now_ns, .realtime_ns = now_ns};
	struct flow_delta deltas[FLOW_DELTA_BATCH];
	uint64_t start_ns = cpu_ns();
	size_t filled = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		deltas[filled++] = (struct flow_delta){
			.key = &table->slots[i].key,
			.details = &table->details[i],
			.packets = 3,
			.octets = 3000,
			.first_ns = now_ns - NS_PER_S,
			.last_ns = now_ns - NS_PER_S / 2,
			.ttl_min = 64,
			.ttl_max = 64,
		};
		if (filled == FLOW_DELTA_BATCH || i + 1 == table->count) {
			merge(cache, deltas, filled, &now);
			filled = 0;
		}
	}
	return cpu_ns() - start_ns;
}

static struct flow_cache *make_cache(void)
{
	struct flow_cache_config config = {
		.max_flows = BENCH_FLOWS,
		.active_timeout_ns = 1000000 * NS_PER_S,
		.idle_timeout_ns = 15 * NS_PER_S,
		.linger_ns = 2 * NS_PER_S,
		.hash_seed = {0x0123456789abcdef, 0xfedcba9876543210},
	};
	struct flow_cache *cache = flow_cache_new(&config, count_record, NULL);

	if (!cache) {
		perror("bench_cache: flow_cache_new");
		exit(1);
	}
	return cache;
}

static double per_flow(uint64_t ns, uint64_t flows)
{
	return (double)ns / (double)flows;
}

static double measure_known(struct bench_table *table, uint32_t flows)
{
	uint32_t harvests = BENCH_DELTAS / flows;
	struct flow_cache *cache = make_cache();
	uint64_t now_ns = 1000 * NS_PER_S;
	uint64_t ns = 0;

	table_fill(table, flows, 0);
	table_harvest(table, now_ns, cache, flow_cache_merge);
	table_fill(table, flows, 0); /* the same flows in another order */
	table_harvest(table, now_ns, cache, flow_cache_merge);
	for (uint32_t i = 0; i < harvests; i++) {
		now_ns += NS_PER_MS;
		ns += table_harvest(table, now_ns, cache, flow_cache_merge);
	}
	flow_cache_free(cache);
	return per_flow(ns, (uint64_t)harvests * flows);
}

static void measure_life(struct bench_table *table, double results[MEASUREMENTS])
{
	struct flow_cache *cache = make_cache();
	struct flow_time now = {0};
	uint64_t now_ns = 1000 * NS_PER_S;
	uint64_t start_ns;

	table_fill(table, BENCH_FLOWS, 1);
	table_harvest(table, now_ns, cache, flow_cache_merge);
	flow_cache_flush(cache, 0, &now); /* from here on entries are reused */
	table_fill(table, BENCH_FLOWS, 2);
	results[WALK] = per_flow(table_harvest(table, now_ns, cache, merge_nothing), BENCH_FLOWS);
	results[NEW_FLOW] =
		per_flow(table_harvest(table, now_ns, cache, flow_cache_merge), BENCH_FLOWS);

	now_ns += NS_PER_S;
	table_fill(table, BENCH_FLOWS, 3);
	results[EVICTION] =
		per_flow(table_harvest(table, now_ns, cache, flow_cache_merge), BENCH_FLOWS);

	/* Known again, in another order, just before the flows come up. */
	now_ns += 14 * NS_PER_S;
	table_fill(table, BENCH_FLOWS, 3);
	table_harvest(table, now_ns, cache, flow_cache_merge);
	now.monotonic_ns = now_ns + NS_PER_S;
	start_ns = cpu_ns();
	flow_cache_expire(cache, &now);
	results[VISITED_FLOW] = per_flow(cpu_ns() - start_ns, BENCH_FLOWS);

	now.monotonic_ns = now_ns + 15 * NS_PER_S;
	start_ns = cpu_ns();
	flow_cache_expire(cache, &now);
	results[EXPIRED_FLOW] = per_flow(cpu_ns() - start_ns, BENCH_FLOWS);
	if (flow_cache_stats(cache)->flows)
		fprintf(stderr, "bench_cache: %u flows did not expire\n",
			flow_cache_stats(cache)->flows);
	flow_cache_free(cache);
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

int main(void)
{
	static double results[BENCH_ROUNDS][MEASUREMENTS];
	struct bench_table table;

	table.slots = allocate(BENCH_FLOWS * sizeof(*table.slots));
	table.details = allocate(BENCH_FLOWS * sizeof(*table.details));
	for (unsigned int round = 0; round < BENCH_ROUNDS; round++) {
		results[round][KNOWN_1K] = measure_known(&table, 1024);
		results[round][KNOWN_128K] = measure_known(&table, 131072);
		results[round][KNOWN_256K] = measure_known(&table, 262144);
		measure_life(&table, results[round]);
	}
	printf("%-48s %8s %8s\n", "flow cache, ns per", "min", "median");
	for (unsigned int i = 0; i < MEASUREMENTS; i++) {
		double sorted[BENCH_ROUNDS];

		for (unsigned int round = 0; round < BENCH_ROUNDS; round++)
			sorted[round] = results[round][i];
		qsort(sorted, BENCH_ROUNDS, sizeof(sorted[0]), compare);
		printf("%-48s %8.1f %8.1f\n", measurement_names[i], sorted[0],
		       sorted[BENCH_ROUNDS / 2]);
	}
	free(table.slots);
	free(table.details);
	return 0;
}
