// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* IPFIX decoder of the tests: messages of a stream, see ipfix_stream.h. */
#include "ipfix_stream.h"

#include <string.h>

#define VERSION 10
#define HEADER_BYTES 16 /* of a message */
#define PREFIX_BYTES 4 /* of it: version and Length */

/* Moves octets to the buffer until it has as many as wanted. Returns whether it has. */
static int fill(struct ipfix_stream *stream, size_t wanted, const uint8_t **bytes, size_t *size)
{
	size_t missing = wanted - stream->used;
	size_t count = *size < missing ? *size : missing;

	if (count)
		memcpy(stream->buffer + stream->used, *bytes, count);
	stream->used += count;
	*bytes += count;
	*size -= count;
	return stream->used == wanted;
}

void ipfix_stream_feed(struct ipfix_stream *stream, const uint8_t *bytes, size_t size,
		       uint64_t arrival_ns)
{
	const uint8_t *buffer = stream->buffer;
	size_t length;

	while (size && !stream->is_lost) {
		if (stream->used < PREFIX_BYTES && !fill(stream, PREFIX_BYTES, &bytes, &size))
			return;
		length = (size_t)buffer[2] << 8 | buffer[3];
		stream->is_lost = (buffer[0] << 8 | buffer[1]) != VERSION || length < HEADER_BYTES;
		if (stream->is_lost)
			length = HEADER_BYTES; /* for the decoder to say what is wrong */
		if (!fill(stream, length, &bytes, &size) && !stream->is_lost)
			return;
		ipfix_check_message(stream->check, buffer, stream->used, arrival_ns);
		stream->used = 0;
	}
}

void ipfix_stream_finish(struct ipfix_stream *stream)
{
	if (stream->used)
		ipfix_check_note(stream->check, "RFC 7011 10.4.3",
				 "the stream ends %zu octets into a message", stream->used);
	stream->used = 0;
}
