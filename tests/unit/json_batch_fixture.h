/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A batch of JSON records, with what its tests need to know of it: where each record ends, and what
 * any run of them stands for, computed from the records that went in and not from the text.
 */
#ifndef FLOWPROBE_JSON_BATCH_FIXTURE_H
#define FLOWPROBE_JSON_BATCH_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "export/json_batch.h"

#define RECORDS 9
#define END_NS 1787300000123456789ull
#define STAMP_OFFSET (sizeof(JSON_TIMESTAMP_START) - 1)

static struct flow_record records[RECORDS];
static const struct json_context context = {
	.host = "\"packets\":1,\n\"bytes\":1", /* must not be taken for what it looks like */
	.sampler_address = "192.0.2.1",
	.instance = 1,
	.timestamped = 1,
};
static struct json_batch batch;
static size_t ends[RECORDS + 1]; /* where each record ends; ends[0] is 0 */
static struct compressor *compressor;
static int failing_reallocs;

void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);

void *__wrap_realloc(void *memory, size_t bytes)
{
	return failing_reallocs ? NULL : __real_realloc(memory, bytes);
}

static inline int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		records[i].id = i;
		records[i].key.protocol = 6;
		records[i].packets = i == 3 ? UINT64_MAX - 7 : 1 + i * i;
		records[i].octets = 1000000007 * i;
		records[i].end_ns = END_NS + i * 1000000000;
		memset(records[i].ingress_if_name, 'x', i); /* so that their lengths differ */
		if (json_batch_add(&batch, &records[i], &context))
			return -1;
		ends[i + 1] = batch.bytes;
	}
	compressor = compressor_new();
	return compressor ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	failing_reallocs = 0;
	json_batch_free(&batch);
	compressor_free(compressor);
	compressor = NULL;
	return 0;
}

static inline struct export_count count_of(size_t first, size_t last)
{
	struct export_count count = {0};

	for (size_t i = first; i < last; i++)
		export_count_record(&count, &records[i]);
	return count;
}

static inline void assert_count(const struct export_count *count,
				const struct export_count *expected)
{
	assert_int_equal(count->records, expected->records);
	assert_int_equal(count->packets, expected->packets);
	assert_int_equal(count->octets, expected->octets);
}

#define BATCH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
