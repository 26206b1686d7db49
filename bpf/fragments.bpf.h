/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Later fragments of an IP packet carry no ports. The first fragment leaves its ports here, the
 * later ones fetch them.
 *
 * An LRU map: losing an entry only means that some fragments are accounted with ports 0 (and
 * counted as orphaned), never that they are lost. Nothing is deleted when the last fragment passes,
 * because fragments may arrive out of order; instead an entry is believed for as long as a receiver
 * would keep reassembling, since identifications repeat.
 */
#ifndef FLOWPROBE_FRAGMENTS_BPF_H
#define FLOWPROBE_FRAGMENTS_BPF_H

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOW_FRAGMENT_ENTRIES);
	__type(key, struct flow_key);
	__type(value, struct flow_fragment);
} fragments SEC(".maps");

static __always_inline void fragment_resolve(struct packet *packet, const struct account *account)
{
	struct flow_fragment first, *found;
	struct flow_key key;

	key = packet->key;
	key.protocol = packet->fragment_protocol;
	__builtin_memcpy(&key.source_port, &packet->fragment_id, sizeof(packet->fragment_id));
	if (packet->fragment == PACKET_FIRST_FRAGMENT) {
		__builtin_memset(&first, 0, sizeof(first));
		first.seen_ticks = account->now_ticks;
		first.source_port = packet->key.source_port;
		first.destination_port = packet->key.destination_port;
		first.protocol = packet->key.protocol;
		bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
		return;
	}
	found = bpf_map_lookup_elem(&fragments, &key);
	if (found && account->now_ticks - found->seen_ticks <= control.fragment_lifetime_ticks) {
		packet->key.source_port = found->source_port;
		packet->key.destination_port = found->destination_port;
		packet->key.protocol = found->protocol;
		counter_add(&account->counters->fragments_joined, 1);
	} else {
		counter_add(&account->counters->fragments_orphaned, 1);
	}
}

#endif
