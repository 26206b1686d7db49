// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a harvest costs: a table on stdout, no verdict.
 *
 * A table of the default size is filled with new flows to so many percent, by the traffic driver on
 * two CPUs, and harvested: once into a sink that only looks at each delta, and once into the flow
 * cache, which knows all flows already. Both tables and all fills take turns, round after round;
 * the minimum and the median over the rounds are printed. The grace period costs no CPU, but
 * latency: it is listed on its own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bed.h"
#include "flow/cache.h"

#define BENCH_ROUNDS 15
#define BENCH_SLOTS 131072u /* the agent's default */
#define BENCH_MAX_FLOWS 262144u

static const uint32_t bench_percent[] = {0, 1, 25, 75};
#define BENCH_FILLS (sizeof(bench_percent) / sizeof(bench_percent[0]))

enum sink { SINK_TRIVIAL, SINK_CACHE, SINKS };
enum { BENCH_TABLES = FLOW_TABLE_HASH + 1 };

static const char *const sink_names[SINKS] = {"trivial sink", "flow cache"};
static const char *const table_names[BENCH_TABLES] = {"slots", "hash"};

struct measurement {
	uint64_t entries;
	uint64_t scan_ns[BENCH_ROUNDS];
};

static struct measurement measured[BENCH_TABLES][BENCH_FILLS][SINKS];
static uint64_t grace_ns[BENCH_TABLES * BENCH_FILLS * SINKS * BENCH_ROUNDS];
static size_t grace_count;

struct cache_sink {
	struct flow_cache *cache;
	struct flow_time now;
};

static void take_trivially(void *arg, const struct flow_delta *deltas, size_t count)
{
	volatile uint64_t *sum = arg;
	size_t i;

	for (i = 0; i < count; i++)
		*sum += deltas[i].packets + deltas[i].key->source_port;
}

static void take_into_cache(void *arg, const struct flow_delta *deltas, size_t count)
{
	struct cache_sink *sink = arg;

	flow_cache_merge(sink->cache, deltas, count, &sink->now);
}

static void drop_record(void *arg, const struct flow_record *record)
{
	(void)arg;
	(void)record;
}

/* The same flows again each time. */
static int fill(struct bed *bed, uint32_t entries)
{
	struct traffic_team team = {
		.traffic = &bed->traffic, .program = TRAFFIC_TC, .per_call = TRAFFIC_PER_CALL};
	uint32_t i;

	for (i = 0; i < bed->traffic.cpu_count; i++)
		bed->traffic.cpu[i].next_flow = i * (uint64_t)TRAFFIC_UNIQUE_STRIDE;
	if (traffic_team_start(&team, TRAFFIC_WORKERS_MAX, entries))
		return -1;
	return traffic_team_join(&team);
}

static int measure(struct bed *bed, struct flow_cache *cache, enum sink sink, uint32_t percent,
		   struct measurement *result, int round)
{
	struct cache_sink cache_sink = {.cache = cache};
	struct harvest harvest;
	uint64_t sum = 0;
	int err = fill(bed, (uint32_t)((uint64_t)BENCH_SLOTS * percent / 100));

	if (err)
		return err;
	cache_sink.now.monotonic_ns = clock_monotonic_ns();
	cache_sink.now.realtime_ns = clock_realtime_ns();
	err = sink == SINK_TRIVIAL
		      ? harvester_harvest(bed->harvester, take_trivially, &sum, &harvest)
		      : harvester_harvest(bed->harvester, take_into_cache, &cache_sink, &harvest);
	if (err || round < 0)
		return err;
	result->entries = harvest.entries;
	result->scan_ns[round] = harvest.scan_ns;
	grace_ns[grace_count++] = harvest.grace_ns;
	return 0;
}

/* Rounds -2 and -1 warm up: each generation, and the cache. */
static int measure_all(struct bed beds[BENCH_TABLES], struct flow_cache *cache)
{
	int round, table, sink, err = 0;
	size_t i;

	for (round = -2; round < BENCH_ROUNDS; round++) {
		for (i = 0; i < BENCH_FILLS * BENCH_TABLES * SINKS && !err; i++) {
			table = (int)(i % BENCH_TABLES);
			sink = (int)(i / BENCH_TABLES % SINKS);
			err = measure(&beds[table], cache, sink,
				      bench_percent[i / BENCH_TABLES / SINKS],
				      &measured[table][i / BENCH_TABLES / SINKS][sink], round);
		}
	}
	return err;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void print_row(const char *table, uint32_t percent, const char *sink,
		      struct measurement *result)
{
	uint64_t least, middle;

	qsort(result->scan_ns, BENCH_ROUNDS, sizeof(uint64_t), compare_numbers);
	least = result->scan_ns[0];
	middle = result->scan_ns[BENCH_ROUNDS / 2];
	printf("%-6s  %4" PRIu32 " %%  %-12s  %8" PRIu64 "  %9.1f  %9.1f", table, percent, sink,
	       result->entries, (double)least / NS_PER_US, (double)middle / NS_PER_US);
	if (result->entries)
		printf("  %9.1f  %9.1f\n", (double)least / (double)result->entries,
		       (double)middle / (double)result->entries);
	else
		printf("  %9s  %9s\n", "-", "-");
}

static void print_results(void)
{
	size_t fill_index;
	int table, sink;

	printf("harvest of %u slots/entries without the grace period; minimum and median of %d "
	       "rounds\n\n",
	       BENCH_SLOTS, BENCH_ROUNDS);
	printf("%-6s  %6s  %-12s  %8s  %9s  %9s  %9s  %9s\n", "table", "fill", "into", "entries",
	       "us, min", "us, med", "ns/entry", "ns/entry");
	for (table = 0; table < BENCH_TABLES; table++) {
		for (fill_index = 0; fill_index < BENCH_FILLS; fill_index++) {
			for (sink = 0; sink < SINKS; sink++)
				print_row(table_names[table], bench_percent[fill_index],
					  sink_names[sink], &measured[table][fill_index][sink]);
		}
	}
	qsort(grace_ns, grace_count, sizeof(uint64_t), compare_numbers);
	printf("\ngrace period, while nothing is driven: median %.1f ms, maximum %.1f ms of %zu\n",
	       (double)grace_ns[grace_count / 2] / NS_PER_MS,
	       (double)grace_ns[grace_count - 1] / NS_PER_MS, grace_count);
}

int main(void)
{
	const struct flow_cache_config config = {.max_flows = BENCH_MAX_FLOWS,
						 .active_timeout_ns = 3600 * NS_PER_S,
						 .idle_timeout_ns = 3600 * NS_PER_S,
						 .linger_ns = 3600 * NS_PER_S,
						 .hash_seed = {1, 2}};
	struct bed beds[BENCH_TABLES] = {0};
	struct flow_cache *cache;
	int table, err = 0;

	if (geteuid() != 0) {
		fputs("loading programs into the kernel needs root\n", stderr);
		return 77;
	}
	loader_init();
	cache = flow_cache_new(&config, drop_record, NULL);
	if (!cache) {
		perror("cannot make a flow cache");
		return 1;
	}
	for (table = 0; table < BENCH_TABLES && !err; table++) {
		const struct bed_config bed = {.table = table,
					       .slots = BENCH_SLOTS,
					       .program = TRAFFIC_TC,
					       .traffic = {.with_tcp = 1, .seed = 7}};

		err = bed_open(&beds[table], &bed);
	}
	if (!err)
		err = measure_all(beds, cache);
	if (err)
		fprintf(stderr, "a measurement failed: %s\n", strerror(-err));
	else
		print_results();
	for (table = 0; table < BENCH_TABLES; table++)
		bed_close(&beds[table]);
	flow_cache_free(cache);
	return err ? 1 : 0;
}
