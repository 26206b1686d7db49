/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a harvest delivers: how much one flow grew during one generation of the kernel's flow table.
 * Keys may repeat within a harvest (one entry per CPU); whoever keeps flows merges. All pointers
 * are borrowed for the duration of the call.
 */
#ifndef FLOWPROBE_DELTA_H
#define FLOWPROBE_DELTA_H

#include <stddef.h>
#include <stdint.h>

#include "flow.h"

#define FLOW_DELTA_BATCH 64 /* most deltas that one call delivers */

struct flow_delta {
	const struct flow_key *key;
	const struct flow_details *details; /* in cold memory: look only for a flow not known yet */
	uint64_t packets;
	uint64_t octets;
	uint64_t first_ns; /* CLOCK_MONOTONIC, to the tick; first_ns <= last_ns */
	uint64_t last_ns;
	uint16_t tcp_flags;
	uint8_t ttl_min;
	uint8_t ttl_max;
};

typedef void flow_delta_sink(void *arg, const struct flow_delta *deltas, size_t count);

#endif
