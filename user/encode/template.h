/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: a template of IPFIX or NetFlow v9 is one table of fields. What a collector is told of a
 * record, the record itself and its length are three loops over the same rows, so they cannot
 * disagree.
 *
 *	flow_template.h, options_template.h: the tables      ipfix.h, netflow9.h: the messages around them
 */
#ifndef FLOWPROBE_TEMPLATE_H
#define FLOWPROBE_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "encode/writer.h"

#define FIELD_VARIABLE 65535 /* field.bytes of a text (RFC 7011 section 7) */
#define REVERSE_ENTERPRISE 29305 /* RFC 5103 section 6.1 */

/* Longest text on the wire, in bytes; the rest is cut off between two characters. */
#define FIELD_TEXT_BYTES_MAX 250

enum field_owner {
	FIELD_IANA,
	FIELD_REVERSE, /* IANA's, of the other direction of a biflow */
	FIELD_OWN, /* of the configured enterprise */
};

/* What records are made of; which parts a field looks at is up to its table. Defined in source.h. */
struct field_source;

struct field {
	uint16_t element; /* IANA's number, or that of the owner's; scopes of v9: the scope type */
	uint16_t bytes; /* on the wire, or FIELD_VARIABLE */
	enum field_owner owner;
	/* Fills all of bytes; of a field that is not FIELD_VARIABLE. */
	void (*put)(char *place, const struct field_source *source);
	/* Of a FIELD_VARIABLE: NUL-terminated, need not be well-formed UTF-8. */
	const char *(*text)(const struct field_source *source);
};

struct template
{
	uint16_t id;
	uint16_t scopes; /* the first so many fields are scopes; 0: not an options template */
	uint16_t count;
	const struct field *fields; /* borrowed */
};

/* Bytes of every data record; of the shortest possible one if there are texts. */
size_t template_record_bytes(const struct template *template);

/* Puts the (Options) Template Record of IPFIX, RFC 7011 section 3.4.1 and 3.4.2.2. own_enterprise
 * is the number that stands for FIELD_OWN. */
void template_put_ipfix(struct writer *writer, const struct template *template,
			uint32_t own_enterprise);

/* Puts the record of a NetFlow v9 Template or Options Template FlowSet (RFC 3954 section 5.2 and
 * 6.1). All fields must be FIELD_IANA and of fixed length. */
void template_put_netflow9(struct writer *writer, const struct template *template);

/* Puts one data record. */
void template_put_data(struct writer *writer, const struct template *template,
		       const struct field_source *source);

#endif
