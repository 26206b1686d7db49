// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The pool of record batches: exhaustion, order of reuse, references, and untouched memory. */
#include "export/exporter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void record_pool_exhausted_returns_null(void **state)
{
	struct record_pool *pool = record_pool_new(3);
	struct record_batch *batches[3];

	(void)state;
	assert_non_null(pool);
	for (int i = 0; i < 3; i++) {
		batches[i] = record_pool_get(pool);
		assert_non_null(batches[i]);
		for (int j = 0; j < i; j++)
			assert_ptr_not_equal(batches[i], batches[j]);
	}
	assert_null(record_pool_get(pool));
	record_batch_put(batches[1]);
	assert_ptr_equal(record_pool_get(pool), batches[1]);
	assert_null(record_pool_get(pool));
	for (int i = 0; i < 3; i++)
		record_batch_put(batches[i]);
	record_pool_free(pool);
}

static void record_pool_reuses_last_returned_first(void **state)
{
	struct record_pool *pool = record_pool_new(8);
	struct record_batch *first = record_pool_get(pool), *second = record_pool_get(pool);

	(void)state;
	record_batch_add(first, &(struct flow_record){.packets = 3, .octets = 9});
	record_batch_put(second);
	record_batch_put(first);
	assert_ptr_equal(record_pool_get(pool), first);
	assert_int_equal(first->count.records, 0);
	assert_int_equal(first->count.packets, 0);
	assert_int_equal(first->count.octets, 0);
	assert_ptr_equal(record_pool_get(pool), second);
	record_batch_put(first);
	record_batch_put(second);
	record_pool_free(pool);
}

static void record_batch_returns_with_its_last_reference(void **state)
{
	struct record_pool *pool = record_pool_new(1);
	struct record_batch *batch = record_pool_get(pool);

	(void)state;
	record_batch_ref(batch);
	record_batch_ref(batch);
	record_batch_put(batch);
	record_batch_put(batch);
	assert_null(record_pool_get(pool));
	record_batch_put(batch);
	assert_ptr_equal(record_pool_get(pool), batch);
	record_batch_put(batch);
	record_pool_free(pool);
}

static void record_batch_added_is_what_was_not_handed_over(void **state)
{
	struct record_pool *pool = record_pool_new(1);
	struct record_batch *batch = record_pool_get(pool);
	struct record_slice added;

	(void)state;
	assert_int_equal(record_batch_added(batch).count.records, 0);
	record_batch_add(batch, &(struct flow_record){.id = 1, .packets = 3, .octets = 9});
	record_batch_add(batch, &(struct flow_record){.id = 2, .packets = 4, .octets = 10});
	added = record_batch_added(batch);
	assert_ptr_equal(added.batch, batch);
	assert_int_equal(added.records[0].id, 1);
	assert_int_equal(added.count.records, 2);
	assert_int_equal(added.count.packets, 7);
	assert_int_equal(added.count.octets, 19);
	record_batch_handed(batch);
	assert_int_equal(record_batch_added(batch).count.records, 0);
	record_batch_add(batch, &(struct flow_record){.id = 3, .packets = 5, .octets = 11});
	added = record_batch_added(batch);
	assert_int_equal(added.records[0].id, 3);
	assert_int_equal(added.count.records, 1);
	assert_int_equal(added.count.packets, 5);
	assert_int_equal(added.count.octets, 11);
	record_batch_put(batch);
	batch = record_pool_get(pool);
	record_batch_add(batch, &(struct flow_record){.id = 4});
	assert_int_equal(record_batch_added(batch).records[0].id, 4);
	record_batch_put(batch);
	record_pool_free(pool);
}

static size_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long size, resident;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
	fclose(file);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void record_pool_touches_only_what_was_used_at_once(void **state)
{
	size_t before = resident_bytes();
	struct record_pool *pool = record_pool_new(2048);
	struct record_batch *batch;

	(void)state;
	for (int i = 0; i < 4096; i++) {
		batch = record_pool_get(pool);
		for (size_t j = 0; j < RECORD_BATCH_RECORDS; j++)
			batch->records[j].id = j;
		record_batch_put(batch);
	}
	/* One batch, and something for the measurement itself; all of them are some 170 MB. */
	assert_true(resident_bytes() < before + 8 * sizeof(struct record_batch) + (2 << 20));
	record_pool_free(pool);
}

static void record_pool_free_accepts_null(void **state)
{
	(void)state;
	record_pool_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_pool_exhausted_returns_null),
		cmocka_unit_test(record_pool_reuses_last_returned_first),
		cmocka_unit_test(record_batch_returns_with_its_last_reference),
		cmocka_unit_test(record_batch_added_is_what_was_not_handed_over),
		cmocka_unit_test(record_pool_touches_only_what_was_used_at_once),
		cmocka_unit_test(record_pool_free_accepts_null),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
