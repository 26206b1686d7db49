/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was counted on each interface, since the probe began to capture on it. */
#ifndef FLOWPROBE_TRAFFIC_H
#define FLOWPROBE_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

#include "flow/delta.h"

struct traffic_count {
	uint32_t ifindex;
	struct flow_count directions[FLOW_DIRECTIONS];
};

/* Zero: empty. */
struct traffic {
	struct traffic_count *slots; /* open addressing by ifindex; ifindex 0: free */
	size_t slot_count; /* a power of two, or 0 */
	size_t used;
	struct traffic_count *last; /* deltas of an interface come in runs */
	struct flow_count uncounted; /* of interfaces that there was no memory for */
};

void traffic_free(struct traffic *traffic);

/* Adds the deltas of a harvest. */
void traffic_add(struct traffic *traffic, const struct flow_delta *deltas, size_t count);

/* All zero if nothing was counted on it. */
struct traffic_count traffic_get(const struct traffic *traffic, uint32_t ifindex);

/* Nothing is captured on it any more; its index may be taken by another interface. */
void traffic_forget(struct traffic *traffic, uint32_t ifindex);

#endif
