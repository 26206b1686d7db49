// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A flood of new flows: a million a second for ten seconds, none of which is ever seen again.
 *
 * Harvesting is driven as the agent drives it: once a second, and early when the kernel says that
 * the table fills up; the deltas go into a real flow cache, many times too small. Flows are then
 * cut early, but no packet may leave the balance: driven = in records + in the cache + in a named
 * outcome, to the packet and the octet. And memory must not grow with the number of flows.
 *
 * How fast all this went is printed, not judged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bed.h"
#include "flow/cache.h"

#define FLOWS_PER_S 1000000u
#define PACKETS (10ull * FLOWS_PER_S)
#define PACKETS_HASH (3ull * FLOWS_PER_S)
#define SLOTS 131072u /* the defaults of the agent, from here on */
#define MAX_FLOWS 262144u
#define HARVEST_INTERVAL_NS NS_PER_S
#define ACTIVE_TIMEOUT_NS (60 * NS_PER_S)
#define IDLE_TIMEOUT_NS (15 * NS_PER_S)
#define LINGER_NS (2 * NS_PER_S)
#define FLOOD_PER_CALL 4096 /* at most, where a worker is behind */
#define GROWTH_BOUND_KB 8192 /* ten million flows would take more than 600 MB */

static struct bed bed;
static struct flow_cache *cache;

/* Everything that left the flow cache, and what the harvests said. */
struct flood {
	struct flow_count exported;
	uint64_t records;
	uint64_t resources; /* records of flows that were cut early */
	struct flow_counters counters;
	struct flow_count delivered;
	uint64_t harvests;
	uint64_t early;
	uint64_t unbalanced;
	uint64_t grace_max_ns;
	uint64_t busy_ns; /* CPU time of harvesting, cache included, without the grace period */
	struct flow_time last;
};

struct flood_sink {
	struct flow_cache *cache;
	struct flow_time now;
};

static int flood_teardown(void **state)
{
	(void)state;
	flow_cache_free(cache);
	cache = NULL;
	bed_close(&bed);
	return 0;
}

static uint64_t flood_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Peak of the resident memory. */
static uint64_t flood_peak_kb(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long kb = 0;
	char line[128];

	assert_non_null(status);
	while (fgets(line, sizeof(line), status)) {
		if (sscanf(line, "VmHWM: %lu kB", &kb) == 1)
			break;
	}
	fclose(status);
	assert_true(kb > 0);
	return kb;
}

static void flood_take_record(void *arg, const struct flow_record *record)
{
	struct flood *flood = arg;

	flood->exported.packets += record->packets;
	flood->exported.octets += record->octets;
	flood->records++;
	flood->resources += record->end_reason == FLOW_END_RESOURCES;
}

static void flood_take_deltas(void *arg, const struct flow_delta *deltas, size_t count)
{
	struct flood_sink *sink = arg;

	flow_cache_merge(sink->cache, deltas, count, &sink->now);
}

static int flood_harvest(struct flood *flood)
{
	const uint64_t *from;
	uint64_t *into, cpu_ns = flood_cpu_ns();
	struct flood_sink sink = {.cache = cache};
	struct harvest harvest;
	size_t i;
	int err;

	sink.now.monotonic_ns = clock_monotonic_ns();
	sink.now.realtime_ns = clock_realtime_ns();
	err = harvester_harvest(bed.harvester, flood_take_deltas, &sink, &harvest);
	if (err)
		return err;
	flow_cache_expire(cache, &harvest.time);
	from = (const uint64_t *)&harvest.counters;
	into = (uint64_t *)&flood->counters;
	for (i = 0; i < sizeof(flood->counters) / sizeof(*into); i++)
		into[i] += from[i];
	for (i = 0; i < FLOW_DIRECTIONS; i++) {
		const struct flow_count *counted = &harvest.counters.outcomes[FLOW_ACCOUNTED][i];

		flood->delivered.packets += harvest.delivered[i].packets;
		flood->delivered.octets += harvest.delivered[i].octets;
		if (counted->packets != harvest.delivered[i].packets ||
		    counted->octets != harvest.delivered[i].octets)
			flood->unbalanced++;
	}
	flood->harvests++;
	flood->last = harvest.time;
	if (harvest.grace_ns > flood->grace_max_ns)
		flood->grace_max_ns = harvest.grace_ns;
	flood->busy_ns += flood_cpu_ns() - cpu_ns;
	return 0;
}

/* The agent's loop, in short. */
static int flood_loop(struct traffic_team *team, struct flood *flood)
{
	struct pollfd wakeups = {.fd = harvester_wakeups_fd(bed.harvester), .events = POLLIN};
	uint64_t next = clock_monotonic_ns() + HARVEST_INTERVAL_NS, now;
	int err = 0, early;

	while (!err && traffic_team_running(team)) {
		now = clock_monotonic_ns();
		if (now < next && poll(&wakeups, 1, (int)((next - now) / NS_PER_MS) + 1) > 0)
			harvester_wakeups_clear(bed.harvester);
		early = harvester_is_early(bed.harvester);
		now = clock_monotonic_ns();
		if (!early && now < next)
			continue;
		err = flood_harvest(flood);
		flood->early += early != 0;
		next = now + HARVEST_INTERVAL_NS;
	}
	return err;
}

static struct flow_count flood_outcome(const struct flood *flood, enum flow_outcome outcome)
{
	const struct flow_count *counts = flood->counters.outcomes[outcome];
	struct flow_count sum = {counts[FLOW_INGRESS].packets + counts[FLOW_EGRESS].packets,
				 counts[FLOW_INGRESS].octets + counts[FLOW_EGRESS].octets};

	return sum;
}

static void flood_expect_balance(const struct flood *flood, uint64_t packets)
{
	struct driver_cpu driven = traffic_sum(&bed.traffic);
	const struct flow_cache_stats *stats = flow_cache_stats(cache);
	struct flow_count remainder = {0}, accounted, exported = {0};
	int i;

	accounted = flood_outcome(flood, FLOW_ACCOUNTED);
	for (i = 0; i < FLOW_OUTCOMES; i++) {
		if (i == FLOW_ACCOUNTED)
			continue;
		remainder.packets += flood_outcome(flood, i).packets;
		remainder.octets += flood_outcome(flood, i).octets;
	}
	for (i = 0; i < FLOW_END_REASONS; i++) {
		exported.packets += stats->exported[i].packets;
		exported.octets += stats->exported[i].octets;
	}
	assert_int_equal(driven.packets, packets);
	assert_int_equal(driven.calls_failed, 0);
	assert_int_equal(flood->unbalanced, 0);
	assert_int_equal(accounted.packets + remainder.packets, driven.packets);
	assert_int_equal(accounted.octets + remainder.octets, driven.octets);
	assert_int_equal(flood->delivered.packets, accounted.packets);
	assert_int_equal(flood->exported.packets + stats->cached.packets, accounted.packets);
	assert_int_equal(flood->exported.octets + stats->cached.octets, accounted.octets);
	assert_int_equal(exported.packets, flood->exported.packets);
	assert_int_equal(exported.octets, flood->exported.octets);
	assert_true(stats->flows <= MAX_FLOWS);
}

static void flood_run(enum flow_table_kind table, uint64_t packets)
{
	const struct bed_config config = {.table = table,
					  .slots = SLOTS,
					  .program = TRAFFIC_TC,
					  .traffic = {.with_tcp = 1, .seed = 4}};
	const struct flow_cache_config cache_config = {.max_flows = MAX_FLOWS,
						       .active_timeout_ns = ACTIVE_TIMEOUT_NS,
						       .idle_timeout_ns = IDLE_TIMEOUT_NS,
						       .linger_ns = LINGER_NS,
						       .hash_seed = {4, 5}};
	struct traffic_team team = {.traffic = &bed.traffic,
				    .program = TRAFFIC_TC,
				    .per_call = FLOOD_PER_CALL,
				    .packets_per_s = FLOWS_PER_S / TRAFFIC_WORKERS_MAX};
	uint64_t start, elapsed, base_kb, peak_kb;
	struct flood flood = {0};
	int err;

	assert_int_equal(bed_open(&bed, &config), 0);
	cache = flow_cache_new(&cache_config, flood_take_record, &flood);
	assert_non_null(cache);
	base_kb = flood_peak_kb();
	start = clock_monotonic_ns();
	assert_int_equal(traffic_team_start(&team, TRAFFIC_WORKERS_MAX, packets), 0);
	err = flood_loop(&team, &flood);
	assert_int_equal(traffic_team_join(&team), 0);
	elapsed = clock_monotonic_ns() - start;
	assert_int_equal(err, 0);
	assert_int_equal(flood_harvest(&flood), 0);
	assert_int_equal(flood_harvest(&flood), 0);
	peak_kb = flood_peak_kb();
	printf("# %" PRIu64 " new flows in %" PRIu64 " ms (%" PRIu64 " a second): %" PRIu64
	       " packets table full, %" PRIu64 " table busy; %" PRIu64 " records, %" PRIu64
	       " for lack of resources\n",
	       packets, (uint64_t)(elapsed / NS_PER_MS), (uint64_t)(packets * NS_PER_S / elapsed),
	       (uint64_t)flood_outcome(&flood, FLOW_TABLE_FULL).packets,
	       (uint64_t)flood_outcome(&flood, FLOW_TABLE_BUSY).packets, flood.records,
	       flood.resources);
	printf("# %" PRIu64 " harvests, %" PRIu64 " of them early, grace period up to %" PRIu64
	       " ms; harvester and cache %" PRIu64 " %% of a CPU; peak memory %" PRIu64
	       " kB, %" PRIu64 " kB before the flood\n",
	       flood.harvests, flood.early, (uint64_t)(flood.grace_max_ns / NS_PER_MS),
	       flood.busy_ns * 100 / elapsed, peak_kb, base_kb);
	flood_expect_balance(&flood, packets);
	assert_true(peak_kb - base_kb < GROWTH_BOUND_KB);

	/* Nothing stays behind when all is flushed either. */
	flow_cache_flush(cache, 0, &flood.last);
	assert_int_equal(flow_cache_stats(cache)->flows, 0);
	assert_int_equal(flow_cache_stats(cache)->cached.packets, 0);
	flood_expect_balance(&flood, packets);
}

static void flood_of_new_flows_slots_loses_no_packet(void **state)
{
	(void)state;
	flood_run(FLOW_TABLE_SLOTS, traffic_budget(PACKETS));
}

static void flood_of_new_flows_hash_loses_no_packet(void **state)
{
	(void)state;
	flood_run(FLOW_TABLE_HASH, traffic_budget(PACKETS_HASH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(flood_of_new_flows_slots_loses_no_packet, flood_teardown),
		cmocka_unit_test_teardown(flood_of_new_flows_hash_loses_no_packet, flood_teardown),
	};

	if (geteuid() != 0) {
		puts("1..0 # SKIP loading programs into the kernel needs root");
		return 0;
	}
	loader_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
