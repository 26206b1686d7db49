/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a collector needs to see of IPFIX messages to tell whether the exporter in front of a
 * transport did right: what kinds of record a session got, in which order, with which sequence
 * numbers, and which flows. It is no check of the format. Shares nothing with the encoder.
 *
 * Nothing here fails a test; what is wrong is noted, so that any thread may peek.
 */
#ifndef FLOWPROBE_TESTS_MESSAGE_PEEK_H
#define FLOWPROBE_TESTS_MESSAGE_PEEK_H

#include <stddef.h>
#include <stdint.h>

#define PEEK_TEMPLATES_MAX 32
#define PEEK_FIELDS_MAX 64
#define PEEK_FLOWS_MAX 65536
#define PEEK_DOMAINS_MAX 2

struct peek_template {
	uint16_t id;
	uint16_t scopes;
	uint16_t count;
	struct {
		uint16_t element; /* with the enterprise bit */
		uint16_t bytes; /* 65535: variable */
	} fields[PEEK_FIELDS_MAX];
};

/* One transport session, as its receiver sees it. Zero: nothing has come yet. */
struct peek {
	const char *problem; /* the first thing that was wrong; NULL: nothing */
	size_t messages;
	size_t bytes;
	size_t longest;
	size_t templates; /* template records, repeated ones too */
	size_t options_templates;
	size_t options; /* options data records */
	size_t interfaces; /* of them, with an interfaceName */
	size_t flows;
	size_t gaps; /* messages whose sequence number is not the expected one */
	uint32_t lost; /* records that the sequence numbers say are missing */
	uint32_t ids[PEEK_FLOWS_MAX]; /* IPv4 source addresses of flows, in order of arrival */

	size_t known_count;
	struct peek_template known[PEEK_TEMPLATES_MAX];
	size_t domain_count;
	struct {
		uint32_t id;
		uint32_t next; /* sequence number */
	} domains[PEEK_DOMAINS_MAX];
};

/* One message, of exactly so many bytes. */
void peek_message(struct peek *peek, const unsigned char *data, size_t bytes);

/* All whole messages at the beginning of a stream; returns their bytes. */
size_t peek_stream(struct peek *peek, const unsigned char *data, size_t bytes);

#endif
