/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record -> encode: a flow record as one JSON object, with the field names and types of goflow2's
 * JSON and a few fields of our own after them.
 */
#ifndef FLOWPROBE_JSON_H
#define FLOWPROBE_JSON_H

#include <stdint.h>

#include "encode/writer.h"
#include "flow/record.h"

#define JSON_HOST_BYTES 255 /* most in json_context.host */
#define JSON_ADDRESS_BYTES 45 /* most in json_context.sampler_address */

/* The most that json_encode_record writes: every string at its longest and each of its bytes in
 * need of a six-character escape, every number at its longest. */
#define JSON_RECORD_BYTES_MAX 3294

/* What a record does not know of itself. Strings are borrowed; "" where not known. */
struct json_context {
	const char *host;
	const char *sampler_address;
	uint64_t instance; /* of the agent; with flow_record.id unique for ever */
	uint64_t received_ns; /* CLOCK_REALTIME of now */
	uint32_t sequence_num; /* records exported before this one, modulo 2^32 */
	uint32_t observation_domain_id;
	uint32_t sampling_interval; /* 1-in-N, 1: all packets */
	int timestamped; /* begin with _timestamp, as OpenObserve wants it */
};

/* How a timestamped record begins; then JSON_TIMESTAMP_DIGITS digits follow, the end of the flow in
 * microseconds since 1970. */
#define JSON_TIMESTAMP_START "{\"_timestamp\":"
#define JSON_TIMESTAMP_DIGITS 16 /* from 2001 to 2286 */

/* The time, or the closest one with so many digits: always of the same length, so that it can be
 * replaced in place, and never with zeros in front, which JSON does not know. */
static inline uint64_t json_timestamp_us(uint64_t time_us)
{
	const uint64_t least = 1000000000000000, most = 9999999999999999;

	return time_us < least ? least : time_us > most ? most : time_us;
}

/*
 * Puts one JSON object (RFC 8259, UTF-8, no line end in or after it). A field's type never varies.
 * goflow2's fields are always all there, 0 or "" where we do not know; of ours those that are not
 * known are left out.
 */
void json_encode_record(struct writer *writer, const struct flow_record *record,
			const struct json_context *context);

#endif
