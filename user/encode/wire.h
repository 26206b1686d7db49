/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: numbers in network byte order, for IPFIX and NetFlow. wire_store_* write to a place that
 * is known to be there, wire_put_* through a bounded writer, wire_set_* over what was put before.
 */
#ifndef FLOWPROBE_WIRE_H
#define FLOWPROBE_WIRE_H

#include <assert.h>
#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "encode/writer.h"

static inline void wire_store_u8(char *place, uint8_t value)
{
	place[0] = (char)value;
}

static inline void wire_store_u16(char *place, uint16_t value)
{
	value = htobe16(value);
	memcpy(place, &value, sizeof(value));
}

static inline void wire_store_u32(char *place, uint32_t value)
{
	value = htobe32(value);
	memcpy(place, &value, sizeof(value));
}

static inline void wire_store_u64(char *place, uint64_t value)
{
	value = htobe64(value);
	memcpy(place, &value, sizeof(value));
}

static inline void wire_put_u8(struct writer *writer, uint8_t value)
{
	char *place = writer_reserve(writer, sizeof(value));

	if (place)
		wire_store_u8(place, value);
}

static inline void wire_put_u16(struct writer *writer, uint16_t value)
{
	char *place = writer_reserve(writer, sizeof(value));

	if (place)
		wire_store_u16(place, value);
}

static inline void wire_put_u32(struct writer *writer, uint32_t value)
{
	char *place = writer_reserve(writer, sizeof(value));

	if (place)
		wire_store_u32(place, value);
}

/* Replaces what was put at offset; the whole of it must be there. */
static inline void wire_set_u16(struct writer *writer, size_t offset, uint16_t value)
{
	assert(offset + sizeof(value) <= writer->used);
	wire_store_u16(writer->data + offset, value);
}

static inline void wire_set_u32(struct writer *writer, size_t offset, uint32_t value)
{
	assert(offset + sizeof(value) <= writer->used);
	wire_store_u32(writer->data + offset, value);
}

#endif
