/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent keeps in mind of its own work, to be able to tell its state (state.h). */
#ifndef FLOWPROBE_OBSERVER_H
#define FLOWPROBE_OBSERVER_H

#include "agent/attachments.h"
#include "agent/exports.h"
#include "agent/state.h"
#include "agent/traffic.h"
#include "capture/harvest.h"

struct observer {
	struct traffic traffic;
	struct harvest_durations harvests;
	uint64_t harvest_failures;
	uint64_t harvested_ns; /* CLOCK_MONOTONIC, of the latest that worked */
	uint64_t table_entries; /* then */
	/* packets per second, and since when what is counted for the next time */
	struct flow_count rate[FLOW_DIRECTIONS];
	struct flow_count rate_base[FLOW_DIRECTIONS];
	uint64_t rate_base_ns;
	/* what was last told */
	struct interface_state *interfaces;
	size_t interfaces_allocated;
	struct exporter_state exporters[CONFIG_LIST_MAX];
};

/* The time starts to count. */
void observer_open(struct observer *observer);
void observer_close(struct observer *observer); /* accepts one that is all zero */

void observer_harvest_worked(struct observer *observer, const struct harvest *harvest,
			     const struct balance *balance);
void observer_harvest_failed(struct observer *observer);

/* Fills in what is known here or by the two others. Its pointers last until the next call. */
void observer_describe(struct observer *observer, const struct attachments *attachments,
		       const struct exports *exports, uint64_t harvest_interval_ns,
		       struct agent_state *state);

#endif
