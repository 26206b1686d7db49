/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPFIX decoder of the tests: cuts a stream of octets, as it comes from a TCP connection or out of
 * an IPFIX File, into messages, which have nothing but their Length between them (RFC 7011 10.4.3).
 */
#ifndef FLOWPROBE_TESTS_IPFIX_STREAM_H
#define FLOWPROBE_TESTS_IPFIX_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "ipfix_check.h"

/* Starts zeroed. check is borrowed. */
struct ipfix_stream {
	struct ipfix_check *check;
	uint8_t buffer[IPFIX_MESSAGE_BYTES_MAX];
	size_t used;
	int is_lost; /* no longer known where messages start; the rest is ignored */
};

/* The next octets of the stream, in pieces of any size. */
void ipfix_stream_feed(struct ipfix_stream *stream, const uint8_t *bytes, size_t size,
		       uint64_t arrival_ns);

/* The end of the stream, which must be the end of a message. Does not finish the check. */
void ipfix_stream_finish(struct ipfix_stream *stream);

#endif
