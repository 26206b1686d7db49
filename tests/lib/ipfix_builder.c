// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Writes IPFIX messages for the tests of the IPFIX decoder, see ipfix_builder.h. */
#include "ipfix_builder.h"

#include <assert.h>
#include <string.h>

#define VERSION 10
#define AT_LENGTH 2 /* in a message and in a Set */
#define ENTERPRISE_BIT 0x8000

void ipfix_builder_octets(struct ipfix_builder *builder, const void *octets, size_t size)
{
	assert(size <= sizeof(builder->bytes) - builder->size);
	if (size)
		memcpy(builder->bytes + builder->size, octets, size);
	builder->size += size;
}

void ipfix_builder_number(struct ipfix_builder *builder, uint64_t value, size_t octets)
{
	uint8_t bytes[8];
	size_t i;

	assert(octets <= sizeof(bytes));
	for (i = 0; i < octets; i++)
		bytes[i] = (uint8_t)(value >> (8 * (octets - 1 - i)));
	ipfix_builder_octets(builder, bytes, octets);
}

void ipfix_builder_variable(struct ipfix_builder *builder, const void *octets, size_t size)
{
	if (size < 255) {
		ipfix_builder_number(builder, size, 1);
	} else {
		ipfix_builder_number(builder, 255, 1);
		ipfix_builder_number(builder, size, 2);
	}
	ipfix_builder_octets(builder, octets, size);
}

void ipfix_builder_patch(struct ipfix_builder *builder, size_t offset, uint16_t value)
{
	assert(offset + 2 <= builder->size);
	builder->bytes[offset] = (uint8_t)(value >> 8);
	builder->bytes[offset + 1] = (uint8_t)value;
}

void ipfix_builder_begin(struct ipfix_builder *builder, uint32_t export_time, uint32_t sequence,
			 uint32_t domain)
{
	builder->size = 0;
	builder->set_at = 0;
	ipfix_builder_number(builder, VERSION, 2);
	ipfix_builder_number(builder, 0, 2);
	ipfix_builder_number(builder, export_time, 4);
	ipfix_builder_number(builder, sequence, 4);
	ipfix_builder_number(builder, domain, 4);
}

static void end_set(struct ipfix_builder *builder)
{
	if (builder->set_at)
		ipfix_builder_patch(builder, builder->set_at + AT_LENGTH,
				    (uint16_t)(builder->size - builder->set_at));
	builder->set_at = 0;
}

void ipfix_builder_set(struct ipfix_builder *builder, uint16_t id)
{
	end_set(builder);
	builder->set_at = builder->size;
	ipfix_builder_number(builder, id, 2);
	ipfix_builder_number(builder, 0, 2);
}

void ipfix_builder_end(struct ipfix_builder *builder)
{
	end_set(builder);
	ipfix_builder_patch(builder, AT_LENGTH, (uint16_t)builder->size);
}

static void put_specifiers(struct ipfix_builder *builder, const struct ipfix_specifier *specifiers,
			   unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		ipfix_builder_number(
			builder, specifiers[i].id | (specifiers[i].enterprise ? ENTERPRISE_BIT : 0),
			2);
		ipfix_builder_number(builder, specifiers[i].length, 2);
		if (specifiers[i].enterprise)
			ipfix_builder_number(builder, specifiers[i].enterprise, 4);
	}
}

void ipfix_builder_template(struct ipfix_builder *builder, uint16_t id,
			    const struct ipfix_specifier *specifiers, unsigned int count)
{
	ipfix_builder_number(builder, id, 2);
	ipfix_builder_number(builder, count, 2);
	put_specifiers(builder, specifiers, count);
}

void ipfix_builder_options_template(struct ipfix_builder *builder, uint16_t id,
				    unsigned int scope_count,
				    const struct ipfix_specifier *specifiers, unsigned int count)
{
	ipfix_builder_number(builder, id, 2);
	ipfix_builder_number(builder, count, 2);
	ipfix_builder_number(builder, scope_count, 2);
	put_specifiers(builder, specifiers, count);
}
