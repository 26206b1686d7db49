// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One flow in the flow cache: its start, and how it becomes a record. See entry.h. */
#include "flow/entry.h"

#include <string.h>

void flow_entry_begin_record(struct flow_entry *entry)
{
	entry->packets = 0;
	entry->octets = 0;
	entry->first_ns = FLOW_ENTRY_NO_START;
	entry->tcp_flags = 0;
	entry->ttl_min = UINT8_MAX;
	entry->ttl_max = 0;
}

void flow_entry_advance_start(struct flow_entry *entry, struct flow_details *details,
			      const struct flow_delta *delta)
{
	uint64_t start_ns = delta->first_ns;

	if (entry->state & FLOW_ENTRY_FIRST_RECORD) {
		if (delta->details->created_ns <= delta->last_ns + FLOW_ENTRY_TICK_NS)
			start_ns = delta->details->created_ns;
		if (delta->details->created_ns < details->created_ns)
			*details = *delta->details;
	}
	if (start_ns < entry->first_ns)
		entry->first_ns = start_ns;
	if (entry->last_ns < entry->first_ns)
		entry->last_ns = entry->first_ns;
}

void flow_entry_end_at_start(struct flow_entry *entry)
{
	entry->last_ns = entry->first_ns;
}

/* A wall clock set to shortly after 1970 would put old packets before it. */
static uint64_t flow_entry_realtime_ns(uint64_t monotonic_ns, const struct flow_time *now)
{
	uint64_t offset_ns = now->realtime_ns - now->monotonic_ns;
	int64_t realtime_ns = (int64_t)(monotonic_ns + offset_ns);

	return realtime_ns < 0 ? 0 : (uint64_t)realtime_ns;
}

void flow_entry_make_record(const struct flow_entry *entry, const struct flow_details *details,
			    enum flow_end_reason reason, const struct flow_time *now,
			    struct flow_record *record)
{
	int egress = flow_key_direction(&entry->key) == FLOW_EGRESS;

	memset(record, 0, sizeof(*record));
	record->key = entry->key;
	record->end_reason = reason;
	record->ttl_min = entry->ttl_min;
	record->ttl_max = entry->ttl_max;
	record->tos = details->tos;
	record->packets = entry->packets;
	record->octets = entry->octets;
	record->start_ns = flow_entry_realtime_ns(entry->first_ns, now);
	record->end_ns = flow_entry_realtime_ns(entry->last_ns, now);
	record->flow_label = details->flow_label;
	record->fragment_id = details->fragment_id;
	record->fragment_offset = details->fragment_offset;
	record->inner_vlan_id = details->inner_vlan_id;
	record->tcp_flags = entry->tcp_flags;
	record->ip_flags = details->ip_flags;
	memcpy(record->source_mac, details->source_mac, sizeof(record->source_mac));
	memcpy(record->destination_mac, details->destination_mac, sizeof(record->destination_mac));
	record->ingress_ifindex = egress ? details->ingress_ifindex : entry->key.ifindex;
	record->egress_ifindex = egress ? entry->key.ifindex : 0;
}
