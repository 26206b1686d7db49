/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inside of the IPFIX decoder, for its own files only; everybody else includes ipfix_check.h.
 *
 *	ipfix_check.c		the session: messages, sequence numbers, times, Sets
 *	ipfix_templates.c	Template Sets: which Templates are there, and until when
 *	ipfix_shapes.c		what is in a Template, judged once when it is new
 *	ipfix_records.c		Data Sets: records, their values and sums
 *	ipfix_described.c	enterprise-specific elements and their descriptions (RFC 5610)
 */
#ifndef FLOWPROBE_TESTS_IPFIX_CHECK_STATE_H
#define FLOWPROBE_TESTS_IPFIX_CHECK_STATE_H

#include "ipfix_check.h"

#define OWN_RULE "own rule"

/* What else than its size is checked of a value. */
enum ipfix_value_rule {
	VALUE_ANY,
	VALUE_STRING,
	VALUE_BOOLEAN,
	VALUE_TIME,
	VALUE_FLOW_TIME,
	VALUE_TCP_CONTROL_BITS,
	VALUE_IP_VERSION,
	VALUE_FLOW_DIRECTION,
	VALUE_FLOW_END_REASON,
	VALUE_BIFLOW_DIRECTION,
	VALUE_SELECTOR_ALGORITHM,
	VALUE_PADDING,
};

struct ipfix_field {
	uint32_t enterprise;
	uint16_t id;
	uint16_t length; /* or IPFIX_VARIABLE */
	uint8_t has_enterprise; /* the enterprise bit is set */
	uint8_t rule; /* enum ipfix_value_rule */
	uint8_t is_sum;
	uint64_t *counter; /* in the totals; NULL: none */
};

/* Fields that say when a flow began and ended; indices, which are equal if there is no such pair */
struct ipfix_time_pair {
	uint16_t start;
	uint16_t end;
};

#define IPFIX_TIME_PAIRS_MAX 12 /* seconds to nanoseconds, delta and uptime; both directions */

struct ipfix_template {
	uint32_t domain;
	uint16_t id;
	uint16_t count; /* of fields */
	uint16_t scope_count;
	uint8_t is_options;
	uint8_t is_live; /* not withdrawn; the rest but records is not valid otherwise */
	uint8_t is_overdue; /* reported, until it is sent again */
	uint8_t data_is_overdue;
	struct ipfix_field *fields;
	struct ipfix_value *values; /* of the record being decoded; a pair of each field's */
	size_t least_octets; /* of a record */
	uint32_t defined_at; /* Export Time */
	uint64_t sent_ns;
	uint64_t data_ns; /* arrival of its last record; 0: none since it is live */
	uint64_t records;

	/* What records are checked for. */
	struct ipfix_time_pair pairs[IPFIX_TIME_PAIRS_MAX];
	uint8_t pair_count;
	uint8_t has_ipv4;
	uint8_t has_ipv6;
	uint8_t announces_sampling;
	uint8_t describes_elements;
	uint8_t counts_exports;
};

struct ipfix_domain {
	uint32_t id;
	uint32_t next_sequence;
	uint32_t resume_sequence; /* after a repetition: what would have been next without it */
	uint8_t is_seen;
	uint8_t knows_sequence; /* not after Sets of which nobody knows the number of records */
	uint8_t repeated;
	uint8_t sampling_announced;
	uint8_t sampling_reported;
};

struct ipfix_description {
	uint16_t id;
	uint8_t type; /* enum ipfix_type */
	uint8_t semantics;
	char name[IPFIX_NAME_BYTES];
};

/* An element of config.enterprise as a Template has it; pairs are unique. */
struct ipfix_use {
	uint16_t id;
	uint16_t length;
};

struct ipfix_check {
	struct ipfix_check_config config;
	struct ipfix_check_totals totals;

	struct ipfix_domain domains[IPFIX_CHECK_DOMAINS_MAX];
	size_t domain_count;
	struct ipfix_template templates[IPFIX_CHECK_TEMPLATES_MAX];
	size_t template_count;
	size_t field_count; /* of all live Templates */
	struct ipfix_description described[IPFIX_CHECK_DESCRIBED_MAX];
	size_t described_count;
	struct ipfix_use uses[IPFIX_CHECK_DESCRIBED_MAX];
	size_t use_count;
	uint8_t too_much; /* a limit was hit, and reported */
	uint8_t has_messages;
	uint8_t is_finished;
	uint32_t last_export_time;
	uint64_t first_arrival_ns;

	/* The message being checked. */
	uint64_t number; /* counts all, also those that are none */
	const uint8_t *bytes;
	uint32_t export_time;
	uint64_t arrival_ns;
	struct ipfix_domain *domain;
	uint32_t records; /* decoded so far */
	uint8_t is_undecoded; /* there were more, or may have been */
	struct ipfix_exported before; /* what the session had carried before it */
};

/* ipfix_check.c */

/* One violation at an octet of the current message. */
__attribute__((format(printf, 4, 5))) void ipfix_check_report(struct ipfix_check *check,
							      size_t offset, const char *rule,
							      const char *format, ...);

/* One of the limits was reached: reported once for a session. */
void ipfix_check_too_much(struct ipfix_check *check, size_t offset, const char *what);

/* Is the message early enough for what a late start excuses? */
int ipfix_check_is_late(const struct ipfix_check *check);

static inline uint16_t ipfix_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t ipfix_u32(const uint8_t *bytes)
{
	return (uint32_t)ipfix_u16(bytes) << 16 | ipfix_u16(bytes + 2);
}

/* How far a is after b, modulo 2^32 (RFC 1982). */
static inline int32_t ipfix_distance(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* ipfix_templates.c; a Set is the octets from its header at offset up to end. */

void ipfix_check_template_set(struct ipfix_check *check, size_t offset, size_t end, int is_options);

/* The live or once withdrawn Template of the current domain, or NULL. */
struct ipfix_template *ipfix_template_find(struct ipfix_check *check, uint16_t id);
void ipfix_template_clear(struct ipfix_check *check, struct ipfix_template *template);

/* ipfix_shapes.c */

/* Judges a new Template, reports at offset, and prepares it for records. */
void ipfix_shape_check(struct ipfix_check *check, struct ipfix_template *template, size_t offset);

/* Sets up the field and its value for the element, or for what is known of it by now. */
void ipfix_shape_set_type(struct ipfix_field *field, struct ipfix_value *value, uint8_t type,
			  const char *name);

/* ipfix_records.c */

void ipfix_check_data_set(struct ipfix_check *check, size_t offset, size_t end);

/* ipfix_described.c */

/* A Template uses an element of config.enterprise. */
void ipfix_described_use(struct ipfix_check *check, struct ipfix_field *field,
			 struct ipfix_value *value, size_t offset);

/* A record that describes an element; offset is that of the record. */
void ipfix_described_add(struct ipfix_check *check, const struct ipfix_record *record,
			 size_t offset);

/* At the end: everything that was used has been described, and in agreement. */
void ipfix_described_finish(struct ipfix_check *check);

#endif
