/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the agent tells of itself: one look at everything, taken between two events of the capture
 * thread. Metrics and the status are two ways to write it down.
 */
#ifndef FLOWPROBE_STATE_H
#define FLOWPROBE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "agent/attachments.h"
#include "agent/balance.h"
#include "agent/traffic.h"
#include "capture/attach.h"
#include "capture/loader.h"
#include "export/exporter.h"
#include "flow/cache.h"
#include "lib/log.h"

#define HARVEST_BUCKETS 10

/* How long harvests took, as a Prometheus histogram: counts[i] of those up to
 * harvest_bucket_ns[i]; the last one has all. */
struct harvest_durations {
	uint64_t counts[HARVEST_BUCKETS + 1];
	uint64_t sum_ns;
};

extern const uint64_t harvest_bucket_ns[HARVEST_BUCKETS];
void harvest_durations_add(struct harvest_durations *durations, uint64_t duration_ns);

struct interface_state {
	const char *name; /* borrowed, like all texts */
	uint32_t ifindex;
	int attached[FLOW_DIRECTIONS];
	enum hook_kind kinds[FLOW_DIRECTIONS]; /* where attached */
	struct traffic_count traffic;
};

struct program_state {
	const char *name;
	struct probe_runs runs;
};

struct exporter_state {
	const char *name;
	const char *type;
	const char *target;
	struct exporter_stats stats;
};

struct reload_state {
	uint64_t count;
	int last_failed;
	uint64_t last_success_ns; /* CLOCK_REALTIME */
};

struct agent_state {
	uint64_t now_ns; /* CLOCK_REALTIME, like start_ns */
	uint64_t start_ns;
	const struct balance *balance;
	const struct flow_cache_stats *cache;
	uint32_t max_flows;
	enum flow_table_kind table;
	uint32_t slots;
	uint64_t table_entries; /* at the latest harvest */
	uint32_t sampling_interval;
	struct harvest_durations harvests;
	uint64_t harvest_failures;
	struct flow_count rate[FLOW_DIRECTIONS]; /* per second, of late */
	struct program_state programs[PROBE_PROGRAMS];
	size_t program_count;
	uint64_t attachment_events[ATTACHMENT_EVENTS];
	struct reload_state reload;
	const struct interface_state *interfaces;
	size_t interface_count;
	const struct exporter_state *exporters;
	size_t exporter_count;
	int healthy; /* see health.h */
};

#endif
