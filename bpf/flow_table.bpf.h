/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * key -> flow table: what both implementations of the table share. The contract is one function,
 *
 *	enum flow_outcome flow_table_account(const struct packet *, ...)
 *
 * which puts a packet into exactly one entry of the current generation or says why it could not.
 *
 * Generations. The agent owns one control word: base tick << 1 | generation. A program run loads it
 * once, first of all, and everything that run writes (table entry, counters) goes to that
 * generation. After the agent has flipped the word and waited one RCU grace period, no run that saw
 * the old word is alive, so the old half is complete and quiet: its entries and its counters can be
 * compared with each other exactly, and cleared.
 *
 * The generation is turned into an index by arithmetic, never by a branch: on arm64 an address
 * dependency orders the loads that follow after the load of the word, a control dependency does not.
 *
 * Counters are per CPU and written with plain adds: tc and XDP programs run with bottom halves off,
 * so two runs never interleave on one CPU. Where that does not hold (PREEMPT_RT with preemptible
 * bottom halves) the agent sets counters_atomic and uses table "hash".
 */
#ifndef FLOWPROBE_FLOW_TABLE_BPF_H
#define FLOWPROBE_FLOW_TABLE_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "flow.h"
#include "parse.bpf.h"

/* Set by the agent before loading. */
const volatile __u32 table_kind = FLOW_TABLE_SLOTS; /* enum flow_table_kind */
const volatile __u32 counters_atomic = 0;
const volatile __u32 slots_per_generation = 1; /* power of two */
const volatile __u32 wake_mask = 0xffffffff; /* wake the agent when created & wake_mask == 0 */
const volatile __u64 hash_seeds[6] = {0}; /* secret: else chosen flows could fill one window */

volatile struct flow_control control SEC(".data.control");

/* Counters of each possible CPU, read and cleared by the agent through mmap. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_cpu);
} cpus SEC(".maps");

/* A word here means: a CPU has created so many entries that a look at the fill level is due. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} wakeups SEC(".maps");

/* Where and when one packet is accounted; filled once per program run. */
struct account {
	struct flow_counters *counters; /* of this CPU and generation */
	__u64 base_ticks;
	__u64 now_ticks;
	__u32 generation;
	__u32 cpu;
	__u32 ingress_ifindex;
};

static __always_inline void counter_add(__u64 *counter, __u64 n)
{
	if (counters_atomic)
		__sync_fetch_and_add(counter, n);
	else
		*counter += n;
}

static __always_inline void flow_details_fill(struct flow_details *details,
					      const struct packet *packet,
					      const struct account *account)
{
	details->created_ns = bpf_ktime_get_ns();
	__builtin_memcpy(details->source_mac, packet->source_mac, 6);
	__builtin_memcpy(details->destination_mac, packet->destination_mac, 6);
	details->ingress_ifindex = account->ingress_ifindex;
	details->flow_label = packet->flow_label;
	details->fragment_id = packet->fragment_id;
	details->fragment_offset = packet->fragment_offset;
	details->inner_vlan_id = packet->inner_vlan_id;
	details->tos = packet->tos;
	details->ip_flags = packet->ip_flags;
}

/* Counts a new table entry, and wakes the agent each time another share of the table has been
 * taken. */
static __always_inline void flow_created(const struct account *account)
{
	__u64 word = 0;

	counter_add(&account->counters->created, 1);
	if (!(account->counters->created & wake_mask))
		bpf_ringbuf_output(&wakeups, &word, sizeof(word), BPF_RB_FORCE_WAKEUP);
}

#include "table_hash.bpf.h"
#include "table_slots.bpf.h"

static __always_inline enum flow_outcome flow_table_account(const struct packet *packet,
							    const struct account *account)
{
	if (table_kind == FLOW_TABLE_HASH)
		return table_hash_account(packet, account);
	return table_slots_account(packet, account);
}

#endif
