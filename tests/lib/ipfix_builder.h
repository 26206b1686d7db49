/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes IPFIX messages for the tests of the IPFIX decoder, octet by octet, right or wrong.
 *
 * Lengths of the message and of Sets are filled in; everything else is what the test says, in the
 * order in which it says it. Wrong lengths are made by patching. Shares nothing with the encoders.
 */
#ifndef FLOWPROBE_TESTS_IPFIX_BUILDER_H
#define FLOWPROBE_TESTS_IPFIX_BUILDER_H

#include <stddef.h>
#include <stdint.h>

#define IPFIX_BUILDER_BYTES 70000 /* more than a message can have */

/* A Field Specifier; with an enterprise number, the enterprise bit is set. */
struct ipfix_specifier {
	uint16_t id;
	uint16_t length;
	uint32_t enterprise;
};

struct ipfix_builder {
	uint8_t bytes[IPFIX_BUILDER_BYTES];
	size_t size;
	size_t set_at; /* 0: no Set is open */
};

/* Starts a message. Running out of room is a programmer's error (assert). */
void ipfix_builder_begin(struct ipfix_builder *builder, uint32_t export_time, uint32_t sequence,
			 uint32_t domain);

/* Ends the open Set and begins another. */
void ipfix_builder_set(struct ipfix_builder *builder, uint16_t id);

/* Ends the message: fills in what lengths are still open. */
void ipfix_builder_end(struct ipfix_builder *builder);

/* Appends the value in so many octets, at most 8. */
void ipfix_builder_number(struct ipfix_builder *builder, uint64_t value, size_t octets);
void ipfix_builder_octets(struct ipfix_builder *builder, const void *octets, size_t size);

/* Appends a value of variable length, with its length in one octet, or if needed in three. */
void ipfix_builder_variable(struct ipfix_builder *builder, const void *octets, size_t size);

/* Appends a Template Record, or with a scope an Options Template Record, to the open Set. */
void ipfix_builder_template(struct ipfix_builder *builder, uint16_t id,
			    const struct ipfix_specifier *specifiers, unsigned int count);
void ipfix_builder_options_template(struct ipfix_builder *builder, uint16_t id,
				    unsigned int scope_count,
				    const struct ipfix_specifier *specifiers, unsigned int count);

/* Overwrites two octets. */
void ipfix_builder_patch(struct ipfix_builder *builder, size_t offset, uint16_t value);

#endif
