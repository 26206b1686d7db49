// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * flow table -> harvest: see harvest.h.
 *
 * The grace period is an update of an element of an ARRAY_OF_MAPS that no program uses: the kernel
 * promises that when such an update returns, every non-sleepable program run that began before it
 * has ended (maybe_wait_bpf_programs, since 5.0), which covers tc (RCU read side) and XDP (bottom
 * halves off) alike. It is also a full memory barrier on both sides. membarrier(2) was rejected: it
 * gives no such promise, and returns at once on one CPU.
 *
 * States of the generation being harvested: OPEN (programs write to it) -> CLOSED (the word names
 * the other one) -> QUIET (the grace period is over) -> drained, and OPEN again at the next flip.
 * An error leaves it in its state and the next harvest continues there.
 */
#include "capture/harvest.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/table.h"
#include "capture/ticks.h"
#include "lib/clock.h"

enum harvest_state { HARVEST_OPEN, HARVEST_CLOSED, HARVEST_QUIET };

struct harvester {
	const struct probe_maps *maps;
	enum flow_table_kind table;
	enum harvest_state state;
	uint32_t generation; /* being harvested; while OPEN, also the one that programs write to */
	uint64_t base_ticks[FLOW_GENERATIONS];
	struct table_clock clock;
	struct flow_time closed_at;
	struct table_batch batch;
	struct table_hash_buffer hash_buffer;
	struct ring_buffer *wakeups;
	int skip_grace;
};

static int harvester_wakeup(void *context, void *data, size_t bytes)
{
	(void)context;
	(void)data;
	(void)bytes;
	return 0;
}

/* Programs see the new word, and through it a half whose clearing is visible. */
static void harvester_open_generation(struct harvester *harvester, uint32_t generation,
				      uint64_t base_ticks)
{
	harvester->base_ticks[generation] = base_ticks;
	__atomic_store_n(&harvester->maps->control->word, base_ticks << 1 | generation,
			 __ATOMIC_RELEASE);
}

static int harvester_start(struct harvester *harvester)
{
	struct flow_clock now;
	int err;

	err = ticks_measure(harvester->maps->clock_program_fd, &harvester->clock.tick_ns);
	if (!err)
		err = ticks_sample(harvester->maps->clock_program_fd, &now);
	if (!err && harvester->table == FLOW_TABLE_HASH)
		err = table_hash_buffer_init(&harvester->hash_buffer);
	if (err)
		return err;
	harvester->maps->control->fragment_lifetime_ticks =
		FLOW_FRAGMENT_LIFETIME_S * NS_PER_S / harvester->clock.tick_ns;
	harvester_open_generation(harvester, 0, now.ticks);
	harvester->wakeups =
		ring_buffer__new(harvester->maps->wakeups_fd, harvester_wakeup, NULL, NULL);
	return harvester->wakeups ? 0 : -errno;
}

struct harvester *harvester_new(struct probe *probe)
{
	struct harvester *harvester = calloc(1, sizeof(*harvester));
	int err;

	if (!harvester)
		return NULL;
	harvester->maps = probe_maps(probe);
	harvester->table = probe_get_config(probe)->table;
	err = harvester_start(harvester);
	if (err) {
		harvester_free(harvester);
		errno = -err;
		return NULL;
	}
	return harvester;
}

void harvester_free(struct harvester *harvester)
{
	if (!harvester)
		return;
	ring_buffer__free(harvester->wakeups);
	table_hash_buffer_free(&harvester->hash_buffer);
	free(harvester);
}

static int harvester_close_generation(struct harvester *harvester)
{
	struct flow_clock now;
	int err = ticks_sample(harvester->maps->clock_program_fd, &now);

	if (err)
		return err;
	harvester->clock.base_ticks = harvester->base_ticks[harvester->generation];
	harvester->clock.now_ticks = now.ticks;
	harvester->clock.now_ns = now.monotonic_ns;
	harvester->closed_at.monotonic_ns = now.monotonic_ns;
	harvester->closed_at.realtime_ns =
		clock_realtime_ns() - (clock_monotonic_ns() - now.monotonic_ns);
	harvester_open_generation(harvester, !harvester->generation, now.ticks);
	harvester->state = HARVEST_CLOSED;
	return 0;
}

static int harvester_wait_grace(struct harvester *harvester)
{
	uint32_t element = FLOW_MAPS_GRACE;

	if (!harvester->skip_grace && bpf_map_update_elem(harvester->maps->maps_fd, &element,
							  &harvester->maps->hash_fd[0], BPF_ANY))
		return -errno;
	harvester->state = HARVEST_QUIET;
	return 0;
}

static int harvester_drain(struct harvester *harvester)
{
	if (harvester->table == FLOW_TABLE_HASH)
		return table_hash_drain(harvester->maps, harvester->generation, &harvester->clock,
					&harvester->hash_buffer, &harvester->batch);
	return table_slots_drain(harvester->maps, harvester->generation, &harvester->clock,
				 &harvester->batch);
}

/* struct flow_counters is nothing but u64s, so that adding it up does not need to know them. */
static void harvester_take_counters(struct harvester *harvester, struct flow_counters *sum)
{
	uint64_t *into = (uint64_t *)sum;
	uint32_t cpu;
	size_t i;

	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < harvester->maps->cpu_count; cpu++) {
		struct flow_counters *counters =
			&harvester->maps->cpu[cpu].generations[harvester->generation];
		const uint64_t *from = (const uint64_t *)counters;

		for (i = 0; i < sizeof(*sum) / sizeof(*into); i++)
			into[i] += from[i];
		memset(counters, 0, sizeof(*counters));
	}
}

int harvester_harvest(struct harvester *harvester, flow_delta_sink *sink, void *sink_arg,
		      struct harvest *result)
{
	uint64_t start, quiet;
	int err = 0;

	harvester->batch.sink = sink;
	harvester->batch.sink_arg = sink_arg;
	if (harvester->state == HARVEST_OPEN)
		err = harvester_close_generation(harvester);
	result->time = harvester->closed_at;
	start = clock_monotonic_ns();
	if (!err && harvester->state == HARVEST_CLOSED)
		err = harvester_wait_grace(harvester);
	quiet = clock_monotonic_ns();
	if (!err)
		err = harvester_drain(harvester);
	if (err)
		return err;

	harvester_take_counters(harvester, &result->counters);
	memcpy(result->delivered, harvester->batch.delivered, sizeof(result->delivered));
	result->entries = harvester->batch.entries;
	result->grace_ns = quiet - start;
	result->scan_ns = clock_monotonic_ns() - quiet;
	memset(harvester->batch.delivered, 0, sizeof(harvester->batch.delivered));
	harvester->batch.entries = 0;
	harvester->generation = !harvester->generation;
	harvester->state = HARVEST_OPEN;
	return 0;
}

int harvester_is_unfinished(const struct harvester *harvester)
{
	return harvester->state != HARVEST_OPEN;
}

int harvester_wakeups_fd(const struct harvester *harvester)
{
	return ring_buffer__epoll_fd(harvester->wakeups);
}

void harvester_wakeups_clear(struct harvester *harvester)
{
	ring_buffer__consume(harvester->wakeups);
}

uint64_t harvester_fill(const struct harvester *harvester)
{
	uint32_t open = harvester->maps->control->word & 1;
	uint64_t created = 0;
	uint32_t cpu;

	for (cpu = 0; cpu < harvester->maps->cpu_count; cpu++)
		created += __atomic_load_n(&harvester->maps->cpu[cpu].generations[open].created,
					   __ATOMIC_RELAXED);
	return created;
}

int harvester_is_early(const struct harvester *harvester)
{
	return harvester_fill(harvester) * 100 >
	       (uint64_t)harvester->maps->slots * HARVEST_EARLY_PERCENT;
}

uint32_t harvester_tick_ns(const struct harvester *harvester)
{
	return harvester->clock.tick_ns;
}

void harvester_skip_grace_for_test(struct harvester *harvester)
{
	harvester->skip_grace = 1;
}
