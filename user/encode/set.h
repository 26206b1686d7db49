/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* encode: the Sets of IPFIX and FlowSets of NetFlow v9: an id, a length, and what is in between. */
#ifndef FLOWPROBE_SET_H
#define FLOWPROBE_SET_H

#include "encode/wire.h"

#define SET_HEADER_BYTES 4

/* Returns where the set begins, for set_end. */
static inline size_t set_begin(struct writer *writer, uint16_t id)
{
	size_t begin = writer->used;

	wire_put_u16(writer, id);
	wire_put_u16(writer, 0); /* the length */
	return begin;
}

/* Says how long the set is. May be done again when more was put. */
static inline void set_end(struct writer *writer, size_t begin)
{
	if (!writer->overflow)
		wire_set_u16(writer, begin + 2, (uint16_t)(writer->used - begin));
}

#endif
