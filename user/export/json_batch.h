/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: flow records as JSON on their way to OpenObserve, in batches that can be cut, restamped,
 * compressed, and put on disk and back.
 *
 * A batch is the text of its records, separated by a comma and a line end. So any run of records
 * between two brackets is a request's body, and the text says all there is to know.
 */
#ifndef FLOWPROBE_JSON_BATCH_H
#define FLOWPROBE_JSON_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "encode/json.h"
#include "export/count.h"

#define JSON_BATCH_PACK_BYTES_MAX (64u << 20) /* the longest text that goes to disk */

struct json_batch {
	char *text; /* owned */
	size_t bytes;
	size_t capacity;
	struct export_count count; /* of its records */
};

/* A run of records within a batch. */
struct json_slice {
	char *text; /* the batch's; without a separator at the end */
	size_t bytes;
	struct export_count count;
};

void json_batch_free(struct json_batch *batch); /* leaves it empty */
void json_batch_clear(struct json_batch *batch); /* keeps the memory */

/* Appends a record. 0 or -ENOMEM, and then the batch is as before. */
int json_batch_add(struct json_batch *batch, const struct flow_record *record,
		   const struct json_context *context);

/* The records from offset on, at most so many, and of at most so many bytes, but at least one if
 * there is one. *offset moves behind it. */
struct json_slice json_batch_slice(const struct json_batch *batch, size_t *offset,
				   size_t max_records, size_t max_bytes);

/*
 * Gives every record whose _timestamp is not between oldest_us and latest_us the one of now_us.
 * Returns how many.
 */
size_t json_slice_restamp(struct json_slice *slice, uint64_t oldest_us, uint64_t latest_us,
			  uint64_t now_us);

/* gzip (RFC 1952), over and over again. */
struct compressor;
struct compressor *compressor_new(void); /* NULL: no memory */
void compressor_free(struct compressor *compressor); /* accepts NULL */

/* Puts the slice between brackets into *body (owned by the compressor until its next call),
 * compressed or as it is. 0 or -ENOMEM. */
int compressor_make_body(struct compressor *compressor, const struct json_slice *slice,
			 int compress, const char **body, size_t *bytes);

/* Compresses text as it is, for the disk. As above; -EFBIG: it is longer than
 * JSON_BATCH_PACK_BYTES_MAX. */
int compressor_pack(struct compressor *compressor, const char *text, size_t bytes,
		    const char **packed, size_t *packed_bytes);

/*
 * The reverse: makes a batch of what compressor_pack made; count is what is known of it. 0; -EBADMSG
 * if it is not what it should be, or does not amount to count; -ENOMEM.
 */
int json_batch_unpack(struct json_batch *batch, const char *packed, size_t packed_bytes,
		      const struct export_count *count);

#endif
