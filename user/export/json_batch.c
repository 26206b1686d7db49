// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see json_batch.h.
 *
 * What a single record stands for is read back from its own text, which we have written: that is
 * needed only when a batch has to be cut, and spares a table beside each batch, on disk too.
 */
#include "export/json_batch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SEPARATOR ",\n"
#define SEPARATOR_BYTES 2
#define CAPACITY_MIN 65536
#define COMPRESSION_LEVEL 3 /* beyond it size falls by a few per cent and the cost doubles */
#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip */

/* --- batches --- */

void json_batch_free(struct json_batch *batch)
{
	free(batch->text);
	*batch = (struct json_batch){0};
}

void json_batch_clear(struct json_batch *batch)
{
	batch->bytes = 0;
	batch->count = (struct export_count){0};
}

static int make_room(char **text, size_t *capacity, size_t needed)
{
	size_t larger = *capacity ? *capacity : CAPACITY_MIN;
	char *moved;

	if (needed <= *capacity)
		return 0;
	while (larger < needed)
		larger *= 2;
	moved = realloc(*text, larger);
	if (!moved)
		return -ENOMEM;
	*text = moved;
	*capacity = larger;
	return 0;
}

int json_batch_add(struct json_batch *batch, const struct flow_record *record,
		   const struct json_context *context)
{
	struct writer writer;

	if (make_room(&batch->text, &batch->capacity,
		      batch->bytes + JSON_RECORD_BYTES_MAX + SEPARATOR_BYTES))
		return -ENOMEM;
	writer_init(&writer, batch->text + batch->bytes, batch->capacity - batch->bytes);
	json_encode_record(&writer, record, context);
	writer_put(&writer, SEPARATOR, SEPARATOR_BYTES);
	assert(!writer.overflow);
	batch->bytes += writer.used;
	export_count_record(&batch->count, record);
	return 0;
}

/* The number that follows key in the record's text. */
static uint64_t find_number(const char *record, size_t bytes, const char *key)
{
	const char *found = memmem(record, bytes, key, strlen(key));
	const char *digit = found ? found + strlen(key) : record + bytes;
	uint64_t number = 0;

	for (; digit < record + bytes && *digit >= '0' && *digit <= '9'; digit++)
		number = number * 10 + (uint64_t)(*digit - '0');
	return number;
}

static void add_record_count(struct export_count *count, const char *record, size_t bytes)
{
	count->records++;
	count->packets += find_number(record, bytes, "\"packets\":");
	count->octets += find_number(record, bytes, "\"bytes\":");
}

/* Where the record at offset ends, its separator included. */
static size_t record_end(const struct json_batch *batch, size_t offset)
{
	const char *line_end = memchr(batch->text + offset, '\n', batch->bytes - offset);

	return line_end ? (size_t)(line_end - batch->text) + 1 : batch->bytes;
}

struct json_slice json_batch_slice(const struct json_batch *batch, size_t *offset,
				   size_t max_records, size_t max_bytes)
{
	struct json_slice slice = {.text = batch->text + *offset};
	size_t begin = *offset, end, next;

	if (!begin && batch->count.records <= max_records && batch->bytes <= max_bytes) {
		slice.count = batch->count; /* all of it, the usual case */
		end = batch->bytes;
	} else {
		for (end = begin; end < batch->bytes; end = next) {
			next = record_end(batch, end);
			if (slice.count.records &&
			    (slice.count.records >= max_records || next - begin > max_bytes))
				break;
			add_record_count(&slice.count, batch->text + end, next - end);
		}
	}
	*offset = end;
	slice.bytes = end - begin;
	if (slice.bytes >= SEPARATOR_BYTES)
		slice.bytes -= SEPARATOR_BYTES;
	return slice;
}

/* --- time --- */

static void write_digits(char *place, uint64_t number)
{
	for (int i = JSON_TIMESTAMP_DIGITS - 1; i >= 0; i--, number /= 10)
		place[i] = (char)('0' + number % 10);
}

size_t json_slice_restamp(struct json_slice *slice, uint64_t oldest_us, uint64_t latest_us,
			  uint64_t now_us)
{
	const size_t start_bytes = strlen(JSON_TIMESTAMP_START);
	char *record = slice->text, *end = slice->text + slice->bytes, *line_end;
	size_t restamped = 0;

	for (; record < end; record = line_end ? line_end + 1 : end) {
		uint64_t time_us;

		line_end = memchr(record, '\n', (size_t)(end - record));
		if ((size_t)(end - record) < start_bytes + JSON_TIMESTAMP_DIGITS ||
		    memcmp(record, JSON_TIMESTAMP_START, start_bytes) != 0)
			continue;
		time_us = find_number(record, start_bytes + JSON_TIMESTAMP_DIGITS,
				      JSON_TIMESTAMP_START);
		if (time_us >= oldest_us && time_us <= latest_us)
			continue;
		write_digits(record + start_bytes, json_timestamp_us(now_us));
		restamped++;
	}
	return restamped;
}

/* --- compression --- */

struct compressor {
	z_stream stream;
	char *output;
	size_t used;
	size_t capacity;
};

struct compressor *compressor_new(void)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor)
		return NULL;
	if (deflateInit2(&compressor->stream, COMPRESSION_LEVEL, Z_DEFLATED, GZIP_WINDOW,
			 8 /* memory, the default */, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(compressor);
		return NULL;
	}
	return compressor;
}

void compressor_free(struct compressor *compressor)
{
	if (!compressor)
		return;
	deflateEnd(&compressor->stream);
	free(compressor->output);
	free(compressor);
}

static void begin_output(struct compressor *compressor, size_t input_bytes)
{
	compressor->used = 0;
	deflateReset(&compressor->stream);
	/* With this much room deflate never stops half-way. */
	if (make_room(&compressor->output, &compressor->capacity,
		      deflateBound(&compressor->stream, input_bytes)))
		compressor->capacity = 0;
}

/* All of the input; flush is Z_NO_FLUSH or, for the last, Z_FINISH. */
static void put_compressed(struct compressor *compressor, const char *data, size_t bytes, int flush)
{
	z_stream *stream = &compressor->stream;
	int result;

	stream->next_in = (unsigned char *)(uintptr_t)data;
	stream->avail_in = (unsigned int)bytes;
	stream->next_out = (unsigned char *)compressor->output + compressor->used;
	stream->avail_out = (unsigned int)(compressor->capacity - compressor->used);
	result = deflate(stream, flush);
	assert(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK) && !stream->avail_in);
	(void)result;
	compressor->used = compressor->capacity - stream->avail_out;
}

static void put_plain(struct compressor *compressor, const char *data, size_t bytes)
{
	memcpy(compressor->output + compressor->used, data, bytes);
	compressor->used += bytes;
}

int compressor_make_body(struct compressor *compressor, const struct json_slice *slice,
			 int compress, const char **body, size_t *bytes)
{
	begin_output(compressor, slice->bytes + 2);
	if (!compressor->capacity)
		return -ENOMEM;
	if (compress) {
		put_compressed(compressor, "[", 1, Z_NO_FLUSH);
		if (slice->bytes) /* deflate takes nothing to do for a mistake */
			put_compressed(compressor, slice->text, slice->bytes, Z_NO_FLUSH);
		put_compressed(compressor, "]", 1, Z_FINISH);
	} else {
		put_plain(compressor, "[", 1);
		put_plain(compressor, slice->text, slice->bytes);
		put_plain(compressor, "]", 1);
	}
	*body = compressor->output;
	*bytes = compressor->used;
	return 0;
}

int compressor_pack(struct compressor *compressor, const char *text, size_t bytes,
		    const char **packed, size_t *packed_bytes)
{
	if (bytes > JSON_BATCH_PACK_BYTES_MAX)
		return -EFBIG;
	begin_output(compressor, bytes);
	if (!compressor->capacity)
		return -ENOMEM;
	put_compressed(compressor, text, bytes, Z_FINISH);
	*packed = compressor->output;
	*packed_bytes = compressor->used;
	return 0;
}

/* Inflates what the stream has as input, all of it. 0, -EBADMSG or -ENOMEM. */
static int unpack_stream(struct json_batch *batch, z_stream *stream)
{
	int result = Z_OK;

	while (result == Z_OK) {
		if (make_room(&batch->text, &batch->capacity, batch->bytes + CAPACITY_MIN))
			return -ENOMEM;
		stream->next_out = (unsigned char *)batch->text + batch->bytes;
		stream->avail_out = (unsigned int)(batch->capacity - batch->bytes);
		result = inflate(stream, Z_NO_FLUSH);
		batch->bytes = batch->capacity - stream->avail_out;
		if (batch->bytes > JSON_BATCH_PACK_BYTES_MAX)
			return -EBADMSG;
	}
	if (result == Z_MEM_ERROR)
		return -ENOMEM;
	return result == Z_STREAM_END && !stream->avail_in ? 0 : -EBADMSG;
}

/* Ends where a record ends, and its records are what they are said to be: otherwise parts of it
 * would later amount to more, or less, than the whole. */
static int is_sound(const struct json_batch *batch, const struct export_count *count)
{
	struct export_count found = {0};
	size_t next;

	if (batch->bytes < SEPARATOR_BYTES ||
	    memcmp(batch->text + batch->bytes - SEPARATOR_BYTES, SEPARATOR, SEPARATOR_BYTES) != 0)
		return 0;
	for (size_t begin = 0; begin < batch->bytes; begin = next) {
		next = record_end(batch, begin);
		add_record_count(&found, batch->text + begin, next - begin);
	}
	return found.records == count->records && found.packets == count->packets &&
	       found.octets == count->octets;
}

int json_batch_unpack(struct json_batch *batch, const char *packed, size_t packed_bytes,
		      const struct export_count *count)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)packed,
			   .avail_in = (unsigned int)packed_bytes};
	int err;

	json_batch_clear(batch);
	if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return -ENOMEM;
	err = unpack_stream(batch, &stream);
	inflateEnd(&stream);
	if (!err && !is_sound(batch, count))
		err = -EBADMSG;
	batch->count = *count;
	return err;
}
