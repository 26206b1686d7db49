// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See state.h. */
#include "agent/state.h"

#include "lib/clock.h"

const uint64_t harvest_bucket_ns[HARVEST_BUCKETS] = {
	NS_PER_MS / 4,	NS_PER_MS / 2,	NS_PER_MS,	2 * NS_PER_MS,	 5 * NS_PER_MS,
	10 * NS_PER_MS, 25 * NS_PER_MS, 50 * NS_PER_MS, 100 * NS_PER_MS, 250 * NS_PER_MS,
};

void harvest_durations_add(struct harvest_durations *durations, uint64_t duration_ns)
{
	durations->sum_ns += duration_ns;
	durations->counts[HARVEST_BUCKETS]++;
	for (size_t i = 0; i < HARVEST_BUCKETS; i++)
		durations->counts[i] += duration_ns <= harvest_bucket_ns[i];
}
