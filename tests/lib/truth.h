/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compares what the harvests delivered with what the traffic driver knows it sent, flow by flow.
 *
 * The driver's side is borrowed (the memory the kernel wrote the truth to); the other side is
 * summed up here, as the sink of the harvests. A delta is taken only if its whole key is the key
 * of the flow that its source address names; anything else is "misplaced".
 */
#ifndef FLOWPROBE_TESTS_TRUTH_H
#define FLOWPROBE_TESTS_TRUTH_H

#include <stdint.h>

#include "capture/harvest.h"
#include "driver.h"
#include "flow.h"
#include "flow/delta.h"

struct truth_flow {
	uint64_t packets;
	uint64_t octets;
	uint16_t tcp_flags;
	uint8_t ttl_min;
	uint8_t ttl_max;
};

struct truth {
	uint32_t flows;
	int is_ipv6;
	int with_tcp;
	uint32_t ifindex; /* that every key must name */
	struct truth_flow *delivered; /* [flows] */
	struct flow_count sum; /* of delivered, and of what was misplaced */
	uint64_t misplaced; /* deltas with a key that no flow has */
	uint64_t harvests;
	uint64_t unbalanced; /* harvests whose counters and entries did not agree */
	uint64_t entries;
	uint64_t grace_max_ns;
	struct flow_counters counters; /* over all harvests */
};

int truth_init(struct truth *truth, uint32_t flows, int is_ipv6, int with_tcp, uint32_t ifindex);
void truth_free(struct truth *truth);

flow_delta_sink truth_sink; /* arg: struct truth */
void truth_add_harvest(struct truth *truth, const struct harvest *harvest);

/* Over both directions, of one outcome, and of all of them. */
struct flow_count truth_outcome(const struct truth *truth, enum flow_outcome outcome);
struct flow_count truth_seen(const struct truth *truth);

enum truth_rule {
	TRUTH_EXACT = 0,
	TRUTH_WITHOUT_TTL = 1, /* table "hash" may lose an extreme when two CPUs race for it */
	TRUTH_NO_MORE = 2, /* packets may be missing (the table was full), but none added */
};

/*
 * Returns the number of flows that are not as the rule (an OR of the above) demands; the first few
 * are printed as TAP comments. kept is [cpus][flows].
 */
uint64_t truth_compare(const struct truth *truth, const struct driver_truth *kept, uint32_t cpus,
		       unsigned int rule);

#endif
