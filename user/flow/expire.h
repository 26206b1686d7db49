/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules of the flow cache: when a flow is due, and for what reason. Pure functions of an entry,
 * the timeouts and the time; who is asked, and when, is the cache's and the wheel's business.
 *
 * - Idle: now >= last packet + idle timeout. The flow leaves the cache.
 * - Active: now >= start of the record + active timeout, jittered. The flow stays, and begins a new
 *   record with its next packet.
 * - End of TCP: a RST in either direction, or a FIN in both, and then the linger time. The flow
 *   leaves the cache.
 * - Of several that are due, the end goes before idle, and idle before active.
 * All times are CLOCK_MONOTONIC. Sums saturate: a timeout of UINT64_MAX is never.
 */
#ifndef FLOWPROBE_EXPIRE_H
#define FLOWPROBE_EXPIRE_H

#include <stdint.h>

#include "flow/entry.h"
#include "flow/wheel.h"

struct expire_policy {
	uint64_t active_ns;
	uint64_t idle_ns;
	uint64_t linger_ns;
};

/* The active timeout of a flow with this hash: from 95 % of active_ns up to below 105 %. */
uint64_t expire_active_ns(const struct expire_policy *policy, uint32_t hash);

/* When the flow has been active for so long; UINT64_MAX without packets. */
uint64_t expire_active_deadline_ns(const struct flow_entry *entry,
				   const struct expire_policy *policy);

/* The first moment at which expire_reason is not 0. */
uint64_t expire_deadline_ns(const struct flow_entry *entry, const struct expire_policy *policy,
			    enum wheel_lane *lane);

/* enum flow_end_reason: IDLE, ACTIVE (not without packets) or DETECTED; or 0: not due. */
int expire_reason(const struct flow_entry *entry, const struct expire_policy *policy,
		  uint64_t now_ns);

/*
 * Takes note of FIN and RST in the flags of a TCP flow's delta. 1: one of the two is news, and
 * expire_pair_tcp should be called when the reverse flow's deltas of the same harvest are in as
 * well; else 0.
 */
int expire_note_tcp(struct flow_entry *entry, uint16_t tcp_flags, uint64_t seen_ns);

/* What the two directions of a connection mean for each other. The result does not depend on which
 * is which, nor on whether it is called for one of them or for both. */
void expire_pair_tcp(struct flow_entry *entry, struct flow_entry *reverse);

/*
 * The key that the other direction of the same conversation has on the same interface. For ICMP
 * that is the flow of the answers to a question, or the reverse. 0: there can be no such flow.
 */
int expire_reverse_key(const struct flow_key *key, struct flow_key *reverse);

/* Both directions of a conversation are idle together: when the later one is. */
uint64_t expire_idle_together_ns(const struct flow_entry *entry, const struct flow_entry *reverse,
				 const struct expire_policy *policy);

#endif
