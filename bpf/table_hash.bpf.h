/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Table "hash": one preallocated BPF_MAP_TYPE_HASH per generation, shared by all CPUs, atomic adds.
 * Three to four times dearer per packet than "slots", but it needs nothing of the kernel beyond
 * atomic add: it serves where "slots" is not exact or not available, and is the oracle "slots" is
 * tested against.
 *
 * The two maps sit in an array of maps and are picked by index, for the ordering argument in
 * flow_table.bpf.h.
 */
#ifndef FLOWPROBE_TABLE_HASH_BPF_H
#define FLOWPROBE_TABLE_HASH_BPF_H

struct flow_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size,
	       sizeof(struct flow_key)); /* by size: clang leaves inner types out of the BTF */
	__uint(value_size, sizeof(struct flow_value));
};

/* Filled by the agent; also the map whose update is the grace period of both tables. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FLOW_MAPS_ENTRIES);
	__type(key, __u32);
	__array(values, struct flow_hash);
} flow_hashes SEC(".maps");

static __always_inline void table_hash_update(struct flow_value *value, const struct packet *packet,
					      const struct account *account)
{
	__u32 i;

	__sync_fetch_and_add(&value->packets, packet->packets);
	__sync_fetch_and_add(&value->octets, packet->octets);
	if (value->last_ticks < account->now_ticks)
		value->last_ticks = account->now_ticks;
	/* Two CPUs at once may lose one of two new extremes; the next packet repairs it. */
	if (packet->ttl < value->ttl_min)
		value->ttl_min = packet->ttl;
	if (packet->ttl > value->ttl_max)
		value->ttl_max = packet->ttl;
	if (packet->tcp_flags) {
		for (i = 0; i < sizeof(value->tcp_flag_seen); i++) {
			if (packet->tcp_flags & 1u << i)
				value->tcp_flag_seen[i] = 1;
		}
	}
}

static __always_inline enum flow_outcome table_hash_create(void *flows, const struct packet *packet,
							   const struct account *account)
{
	struct flow_value *value, first = {
					  .packets = packet->packets,
					  .octets = packet->octets,
					  .first_ticks = account->now_ticks,
					  .last_ticks = account->now_ticks,
					  .ttl_min = packet->ttl,
					  .ttl_max = packet->ttl,
				  };
	__u32 i;
	int err; /* as int: kernels before 6.4 leave the upper half of the result undefined */

	for (i = 0; i < sizeof(first.tcp_flag_seen); i++)
		first.tcp_flag_seen[i] = packet->tcp_flags >> i & 1;
	flow_details_fill(&first.details, packet, account);
	err = bpf_map_update_elem(flows, &packet->key, &first, BPF_NOEXIST);
	if (!err) {
		flow_created(account);
		return FLOW_ACCOUNTED;
	}
	/* Another CPU may have created it between our lookup and our insertion. */
	value = bpf_map_lookup_elem(flows, &packet->key);
	if (value) {
		table_hash_update(value, packet, account);
		return FLOW_ACCOUNTED;
	}
	return err == -7 /* E2BIG */ ? FLOW_TABLE_FULL : FLOW_TABLE_BUSY;
}

static __always_inline enum flow_outcome table_hash_account(const struct packet *packet,
							    const struct account *account)
{
	__u32 generation = account->generation;
	void *flows = bpf_map_lookup_elem(&flow_hashes, &generation);
	struct flow_value *value;

	if (!flows)
		return FLOW_TABLE_BUSY;
	value = bpf_map_lookup_elem(flows, &packet->key);
	if (!value)
		return table_hash_create(flows, packet, account);
	table_hash_update(value, packet, account);
	return FLOW_ACCOUNTED;
}

#endif
