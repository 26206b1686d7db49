// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Delivered flows against driven flows: see truth.h. The expected key is made here from the flow
 * number, not with the parser's or the table's code.
 */
#include "truth.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUTH_SHOWN 5 /* differences printed */

int truth_init(struct truth *truth, uint32_t flows, int is_ipv6, int with_tcp, uint32_t ifindex)
{
	memset(truth, 0, sizeof(*truth));
	truth->flows = flows;
	truth->is_ipv6 = is_ipv6;
	truth->with_tcp = with_tcp;
	truth->ifindex = ifindex;
	truth->delivered = calloc(flows, sizeof(*truth->delivered));
	return truth->delivered ? 0 : -ENOMEM;
}

void truth_free(struct truth *truth)
{
	free(truth->delivered);
	truth->delivered = NULL;
}

static void truth_address(uint8_t address[16], const uint32_t words[4], int is_ipv6)
{
	if (is_ipv6) {
		memcpy(address, words, 16);
		return;
	}
	memset(address, 0, 10);
	memset(address + 10, 0xff, 2);
	memcpy(address + 12, &words[3], 4);
}

static void truth_key(const struct truth *truth, uint32_t number, struct flow_key *key)
{
	struct driver_flow flow;

	driver_flow_make(number, truth->with_tcp, &flow);
	memset(key, 0, sizeof(*key));
	key->protocol = flow.is_tcp ? 6 : 17;
	key->kind = truth->is_ipv6 ? FLOW_KEY_IPV6 : 0;
	truth_address(key->source_address, flow.source, truth->is_ipv6);
	truth_address(key->destination_address, flow.destination, truth->is_ipv6);
	memcpy(&key->source_port, &flow.ports, 2);
	memcpy(&key->destination_port, (uint8_t *)&flow.ports + 2, 2);
	key->ifindex = truth->ifindex;
}

static void truth_take(struct truth *truth, const struct flow_delta *delta)
{
	struct truth_flow *flow;
	struct flow_key key;
	uint32_t number;

	truth->sum.packets += delta->packets;
	truth->sum.octets += delta->octets;
	memcpy(&number, delta->key->source_address + 12, sizeof(number));
	number ^= DRIVER_ADDRESS;
	truth_key(truth, number, &key);
	if (number >= truth->flows || memcmp(&key, delta->key, sizeof(key)) != 0 ||
	    delta->first_ns > delta->last_ns) {
		truth->misplaced++;
		return;
	}
	flow = &truth->delivered[number];
	if (!flow->packets || delta->ttl_min < flow->ttl_min)
		flow->ttl_min = delta->ttl_min;
	if (delta->ttl_max > flow->ttl_max)
		flow->ttl_max = delta->ttl_max;
	flow->packets += delta->packets;
	flow->octets += delta->octets;
	flow->tcp_flags |= delta->tcp_flags;
}

void truth_sink(void *arg, const struct flow_delta *deltas, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		truth_take(arg, &deltas[i]);
}

void truth_add_harvest(struct truth *truth, const struct harvest *harvest)
{
	const uint64_t *from = (const uint64_t *)&harvest->counters;
	uint64_t *into = (uint64_t *)&truth->counters;
	size_t i;
	int balanced = 1;

	for (i = 0; i < FLOW_DIRECTIONS; i++) {
		const struct flow_count *counted = &harvest->counters.outcomes[FLOW_ACCOUNTED][i];

		if (counted->packets != harvest->delivered[i].packets ||
		    counted->octets != harvest->delivered[i].octets)
			balanced = 0;
	}
	for (i = 0; i < sizeof(truth->counters) / sizeof(*into); i++)
		into[i] += from[i];
	truth->unbalanced += !balanced;
	truth->entries += harvest->entries;
	truth->harvests++;
	if (harvest->grace_ns > truth->grace_max_ns)
		truth->grace_max_ns = harvest->grace_ns;
}

struct flow_count truth_outcome(const struct truth *truth, enum flow_outcome outcome)
{
	struct flow_count sum = {0};
	int i;

	for (i = 0; i < FLOW_DIRECTIONS; i++) {
		sum.packets += truth->counters.outcomes[outcome][i].packets;
		sum.octets += truth->counters.outcomes[outcome][i].octets;
	}
	return sum;
}

struct flow_count truth_seen(const struct truth *truth)
{
	struct flow_count sum = {0}, one;
	int i;

	for (i = 0; i < FLOW_OUTCOMES; i++) {
		one = truth_outcome(truth, i);
		sum.packets += one.packets;
		sum.octets += one.octets;
	}
	return sum;
}

static void truth_expect(const struct driver_truth *kept, uint32_t cpus, uint32_t flows,
			 uint32_t number, struct truth_flow *expected)
{
	uint8_t below = 0;
	uint32_t cpu;

	memset(expected, 0, sizeof(*expected));
	for (cpu = 0; cpu < cpus; cpu++) {
		const struct driver_truth *one = &kept[(size_t)cpu * flows + number];

		expected->packets += one->packets;
		expected->octets += one->octets;
		expected->tcp_flags |= one->tcp_flags;
		if (one->ttl_min_below > below)
			below = one->ttl_min_below;
		if (one->ttl_max > expected->ttl_max)
			expected->ttl_max = one->ttl_max;
	}
	expected->ttl_min = expected->packets ? 255 - below : 0;
}

static int truth_agrees(const struct truth_flow *expected, const struct truth_flow *got,
			unsigned int rule)
{
	if (rule & TRUTH_NO_MORE)
		return got->packets <= expected->packets && got->octets <= expected->octets &&
		       !(got->tcp_flags & ~expected->tcp_flags);
	if (!(rule & TRUTH_WITHOUT_TTL) &&
	    (got->ttl_min != expected->ttl_min || got->ttl_max != expected->ttl_max))
		return 0;
	return got->packets == expected->packets && got->octets == expected->octets &&
	       got->tcp_flags == expected->tcp_flags;
}

uint64_t truth_compare(const struct truth *truth, const struct driver_truth *kept, uint32_t cpus,
		       unsigned int rule)
{
	struct truth_flow expected;
	uint64_t different = 0;
	uint32_t i;

	for (i = 0; i < truth->flows; i++) {
		const struct truth_flow *got = &truth->delivered[i];

		truth_expect(kept, cpus, truth->flows, i, &expected);
		if (truth_agrees(&expected, got, rule))
			continue;
		if (different++ < TRUTH_SHOWN)
			printf("# flow %" PRIu32 ": packets %" PRIu64 " of %" PRIu64
			       ", octets %" PRIu64 " of %" PRIu64
			       ", flags %03x of %03x, ttl %u..%u of %u..%u\n",
			       i, got->packets, expected.packets, got->octets, expected.octets,
			       got->tcp_flags, expected.tcp_flags, got->ttl_min, got->ttl_max,
			       expected.ttl_min, expected.ttl_max);
	}
	return different;
}
