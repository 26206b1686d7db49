/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* record -> export: the reference-counted batches that records travel in. */
#ifndef FLOWPROBE_BATCH_H
#define FLOWPROBE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "export/count.h"
#include "flow/record.h"

#define RECORD_BATCH_RECORDS 512

/*
 * Grows at its end: whoever fills it hands over what has been added whenever that has to leave, and
 * goes on behind. Only he reads the counts; of those records that were handed over nothing changes.
 */
struct record_batch {
	struct export_count count; /* of the records in it */
	struct export_count handed; /* of those in front that were handed over */
	struct flow_record records[RECORD_BATCH_RECORDS];
	/* owned by record_pool: */
	struct record_pool *pool;
	struct record_batch *next_free;
	_Atomic unsigned int references;
};

/* A run of records that somebody was handed, with a reference to their batch. */
struct record_slice {
	struct record_batch *batch;
	const struct flow_record *records;
	struct export_count count;
};

/*
 * All batches there are, reserved at start and touched only as far as ever needed at once.
 * record_pool_get returns a batch with one reference and no records, or NULL when all are in use; any
 * thread may call record_batch_put.
 */
struct record_pool;
struct record_pool *record_pool_new(size_t batches);
void record_pool_free(struct record_pool *pool); /* all batches must be back */
struct record_batch *record_pool_get(struct record_pool *pool);
void record_batch_ref(struct record_batch *batch);
void record_batch_put(struct record_batch *batch);

/* Copies the record into the batch, which must not be full. */
static inline void record_batch_add(struct record_batch *batch, const struct flow_record *record)
{
	batch->records[batch->count.records] = *record;
	export_count_record(&batch->count, record);
}

/* What was added and not yet handed over; without a reference. */
static inline struct record_slice record_batch_added(struct record_batch *batch)
{
	struct record_slice added = {
		.batch = batch,
		.records = &batch->records[batch->handed.records],
		.count = batch->count,
	};

	export_count_subtract(&added.count, &batch->handed);
	return added;
}

/* Everybody has been handed what was added. */
static inline void record_batch_handed(struct record_batch *batch)
{
	batch->handed = batch->count;
}

#endif
