/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One flow in the flow cache, between harvest and record.
 *
 * A delta of a known flow touches these two cache lines and no other: it reads the first, which
 * says what the flow is, and writes the second, which says how much and when. The lines are a pair
 * that the hardware prefetches together, and only one of them has to be written back. What the
 * flow's first packet looked like lies in an array of its own, read when a record is made.
 */
#ifndef FLOWPROBE_ENTRY_H
#define FLOWPROBE_ENTRY_H

#include <stdint.h>

#include "flow.h"
#include "flow/cache.h"
#include "flow/delta.h"
#include "flow/record.h"
#include "lib/clock.h"

/* flow_entry.state */
#define FLOW_ENTRY_LIVE 0x01 /* in use */
#define FLOW_ENTRY_FIRST_RECORD 0x02 /* no record of it yet: the start can be exact */
#define FLOW_ENTRY_FIN 0x04 /* a FIN was seen, maybe before the last record */
#define FLOW_ENTRY_RST 0x08
#define FLOW_ENTRY_ENDED 0x10 /* lingers */
/* Where flows are paired: who spoke first. Decided once, when the flow begins. */
#define FLOW_ENTRY_INITIATOR 0x20
#define FLOW_ENTRY_RESPONDER 0x40

#define FLOW_ENTRY_NO_START UINT64_MAX

struct flow_entry {
	struct flow_key key;
	uint32_t next_free;
	uint8_t reserved[16];

	uint64_t packets; /* since the last record, like all but last_ns, end_ns and state */
	uint64_t octets;
	uint64_t first_ns; /* FLOW_ENTRY_NO_START if and only if packets == 0 */
	uint64_t last_ns; /* never goes back, so a record's end is never before an earlier one's */
	uint64_t end_ns; /* with ENDED: when the end was seen; else with FIN: when that was */
	uint32_t hash;
	uint16_t tcp_flags;
	uint8_t ttl_min;
	uint8_t ttl_max;
	uint8_t state; /* FLOW_ENTRY_* */
	uint8_t reserved_too[15];
} __attribute__((aligned(128)));
_Static_assert(sizeof(struct flow_entry) == 128, "flow_entry is two cache lines");
_Static_assert(__builtin_offsetof(struct flow_entry, packets) == 64, "flow_entry layout");

/* Begins a new record: no packets, no times, no flags. Leaves last_ns, end_ns and state. */
void flow_entry_begin_record(struct flow_entry *entry);

/*
 * A delta's first_ns and last_ns are right to a tick of the kernel's clock, its creation time is
 * exact: the last packet may seem to come before the first by less than this.
 */
#define FLOW_ENTRY_TICK_NS (20 * NS_PER_MS)

/*
 * Moves the start of the record back to the delta's. While the flow has had no record, the start is
 * the exact creation time of the delta's first packet, unless that is later than its last packet by
 * more than a tick, and *details become those of the earliest packet. The end is never before the
 * start. Call it when delta->first_ns is before the start: only then the delta's details are worth
 * a cold read.
 */
void flow_entry_advance_start(struct flow_entry *entry, struct flow_details *details,
			      const struct flow_delta *delta);

/* For a new flow of one packet, right after its start was set: it ended when it began, exactly. */
void flow_entry_end_at_start(struct flow_entry *entry);

/* Fills in everything but the id and the interface names, which become "". */
void flow_entry_make_record(const struct flow_entry *entry, const struct flow_details *details,
			    enum flow_end_reason reason, const struct flow_time *now,
			    struct flow_record *record);

#endif
