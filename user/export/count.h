/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: how many records, and what they stand for. */
#ifndef FLOWPROBE_COUNT_H
#define FLOWPROBE_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"

struct export_count {
	uint64_t records;
	uint64_t packets;
	uint64_t octets;
	/* Of the records, those that are the second of a pair. Where they have become JSON it is not
	 * known any more, so this adds up with collectors only. */
	uint64_t halves;
};

static inline void export_count_add(struct export_count *sum, const struct export_count *add)
{
	sum->records += add->records;
	sum->packets += add->packets;
	sum->octets += add->octets;
	sum->halves += add->halves;
}

static inline void export_count_subtract(struct export_count *from,
					 const struct export_count *subtract)
{
	from->records -= subtract->records;
	from->packets -= subtract->packets;
	from->octets -= subtract->octets;
	from->halves -= subtract->halves;
}

static inline void export_count_record(struct export_count *sum, const struct flow_record *record)
{
	sum->records++;
	sum->packets += record->packets;
	sum->octets += record->octets;
	sum->halves += record->biflow == FLOW_BIFLOW_REVERSE;
}

#endif
