/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * flow table -> harvest: takes out what the kernel programs have accounted since the last time.
 *
 * One harvest: sample the clocks, flip the control word to the other generation, wait one RCU grace
 * period, deliver every entry of the closed generation exactly once as a delta (keys may repeat),
 * clear it, and add up its counters.
 *
 * Because nobody writes to the closed generation any more, its counters and its entries must agree
 * to the packet; each harvest reports both, so an error in the accounting cannot hide.
 */
#ifndef FLOWPROBE_HARVEST_H
#define FLOWPROBE_HARVEST_H

#include <stdint.h>

#include "capture/loader.h"
#include "flow/cache.h"
#include "flow/delta.h"

struct harvest {
	struct flow_time time; /* when the generation was closed; valid before the sink is called */
	struct flow_counters counters; /* of the closed generation, over all CPUs */
	struct flow_count delivered[FLOW_DIRECTIONS]; /* what the sink was given */
	uint64_t entries; /* deltas delivered */
	uint64_t grace_ns; /* how long the grace period took */
	uint64_t scan_ns; /* delivering and clearing, sink included */
};

struct harvester;

/* Starts the first generation. The probe is borrowed; attach programs only after this. NULL with
 * errno set. */
struct harvester *harvester_new(struct probe *probe);
void harvester_free(struct harvester *harvester);

/*
 * 0, or a negative errno: the generation is then not finished, what was delivered of it stays
 * delivered, and the next call goes on with it (instead of closing the other one).
 */
int harvester_harvest(struct harvester *harvester, flow_delta_sink *sink, void *sink_arg,
		      struct harvest *result);

/* 1 after an error, until a call has finished that generation. */
int harvester_is_unfinished(const struct harvester *harvester);

/* Becomes readable when a CPU has taken another share of the table; harvester_wakeups_clear makes
 * it quiet again. */
int harvester_wakeups_fd(const struct harvester *harvester);
void harvester_wakeups_clear(struct harvester *harvester);

/* Entries made in the current generation so far. A harvest is due early when they exceed
 * HARVEST_EARLY_PERCENT of slots. */
uint64_t harvester_fill(const struct harvester *harvester);
int harvester_is_early(const struct harvester *harvester);
#define HARVEST_EARLY_PERCENT 40

uint32_t harvester_tick_ns(const struct harvester *harvester); /* length of a jiffy */

/* Tests only: leaves out the grace period, to prove that the exactness tests would notice. */
void harvester_skip_grace_for_test(struct harvester *harvester);

#endif
