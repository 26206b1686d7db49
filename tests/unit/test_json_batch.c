// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Batches of JSON records: filled, cut at every place there is, and restamped. */
#include "json_batch_fixture.h"

/* --- adding --- */

static void json_batch_text_is_records_with_separators(void **state)
{
	struct export_count all = count_of(0, RECORDS);

	(void)state;
	assert_count(&batch.count, &all);
	for (size_t i = 0; i < RECORDS; i++) {
		const char *record = batch.text + ends[i];
		size_t bytes = ends[i + 1] - ends[i];

		assert_memory_equal(record, JSON_TIMESTAMP_START, STAMP_OFFSET);
		assert_memory_equal(record + bytes - 3, "},\n", 3);
		assert_ptr_equal(memchr(record, '\n', bytes), record + bytes - 1);
	}
}

static void json_batch_without_memory_stays_as_it_was(void **state)
{
	size_t bytes, added = 0;

	(void)state;
	failing_reallocs = 1;
	do
		bytes = batch.bytes;
	while (json_batch_add(&batch, &records[0], &context) == 0 && added++ < 1000);
	assert_in_range(added, 1, 999);
	assert_int_equal(json_batch_add(&batch, &records[0], &context), -ENOMEM);
	assert_int_equal(batch.bytes, bytes);
	assert_int_equal(batch.count.records, RECORDS + added);
	failing_reallocs = 0;
	assert_int_equal(json_batch_add(&batch, &records[0], &context), 0);
	assert_int_equal(batch.count.records, RECORDS + added + 1);
}

static void json_batch_cleared_keeps_memory_freed_does_not(void **state)
{
	size_t capacity = batch.capacity;

	(void)state;
	json_batch_clear(&batch);
	assert_int_equal(batch.bytes, 0);
	assert_int_equal(batch.count.records, 0);
	assert_int_equal(batch.capacity, capacity);
	json_batch_free(&batch);
	assert_null(batch.text);
	assert_int_equal(batch.capacity, 0);
	json_batch_free(&batch);
}

/* --- cutting --- */

/* Cuts the whole batch and compares each slice with what the limits allow. */
static void expect_slices(size_t first, size_t max_records, size_t max_bytes)
{
	size_t offset = ends[first], last;

	for (; first < RECORDS; first = last) {
		struct json_slice slice = json_batch_slice(&batch, &offset, max_records, max_bytes);
		struct export_count expected;

		for (last = first + 1; last < RECORDS && last - first < max_records &&
				       ends[last + 1] - ends[first] <= max_bytes;)
			last++;
		expected = count_of(first, last);
		assert_count(&slice.count, &expected);
		assert_int_equal(offset, ends[last]);
		assert_ptr_equal(slice.text, batch.text + ends[first]);
		assert_int_equal(slice.bytes, ends[last] - ends[first] - 2);
	}
	assert_int_equal(offset, batch.bytes);
}

static void json_batch_is_cut_at_every_number_of_records(void **state)
{
	(void)state;
	for (size_t first = 0; first < RECORDS; first++)
		for (size_t max = 1; max <= RECORDS + 1; max++)
			expect_slices(first, max, SIZE_MAX);
}

static void json_batch_is_cut_at_every_number_of_bytes(void **state)
{
	(void)state;
	for (size_t first = 0; first < RECORDS; first++) {
		for (size_t last = first + 1; last <= RECORDS; last++) {
			size_t bytes = ends[last] - ends[first];

			expect_slices(first, SIZE_MAX, bytes - 1);
			expect_slices(first, SIZE_MAX, bytes);
			expect_slices(first, SIZE_MAX, bytes + 1);
			expect_slices(first, last - first, bytes);
		}
	}
}

static void json_batch_no_limit_is_too_small_for_one_record(void **state)
{
	(void)state;
	expect_slices(0, 0, 0);
	expect_slices(4, 0, 1);
}

static void json_batch_empty_has_an_empty_slice(void **state)
{
	struct json_batch empty = {0};
	struct json_slice slice;
	size_t offset = 0;

	(void)state;
	slice = json_batch_slice(&empty, &offset, SIZE_MAX, SIZE_MAX);
	assert_int_equal(slice.bytes, 0);
	assert_int_equal(slice.count.records, 0);
	assert_int_equal(offset, 0);
	offset = batch.bytes;
	slice = json_batch_slice(&batch, &offset, SIZE_MAX, SIZE_MAX);
	assert_int_equal(slice.bytes, 0);
	assert_int_equal(slice.count.records, 0);
	assert_int_equal(offset, batch.bytes);
}

/* --- time --- */

static uint64_t stamp_us(size_t record)
{
	return records[record].end_ns / 1000;
}

/* The batch is as before but for the stamps of the records that are named by bits. */
static void expect_restamped(const char *before, unsigned int changed, const char *stamp)
{
	for (size_t i = 0; i < RECORDS; i++) {
		const char *was = before + ends[i], *is = batch.text + ends[i];
		size_t rest = STAMP_OFFSET + JSON_TIMESTAMP_DIGITS;

		if (changed & 1u << i)
			assert_memory_equal(is + STAMP_OFFSET, stamp, JSON_TIMESTAMP_DIGITS);
		else
			assert_memory_equal(is, was, rest);
		assert_memory_equal(is + rest, was + rest, ends[i + 1] - ends[i] - rest);
	}
}

static void restamp(size_t first, size_t last, uint64_t oldest_us, uint64_t latest_us,
		    uint64_t now_us, unsigned int changed, const char *stamp)
{
	size_t offset = ends[first], before_bytes = batch.bytes;
	char *before = malloc(before_bytes);
	struct json_slice slice = json_batch_slice(&batch, &offset, last - first, SIZE_MAX);

	assert_non_null(before);
	memcpy(before, batch.text, before_bytes);
	assert_int_equal(json_slice_restamp(&slice, oldest_us, latest_us, now_us),
			 __builtin_popcount(changed));
	assert_int_equal(batch.bytes, before_bytes);
	expect_restamped(before, changed, stamp);
	free(before);
}

static void json_slice_restamps_only_what_is_outside(void **state)
{
	(void)state;
	restamp(0, RECORDS, stamp_us(2), stamp_us(6), 1800000000000001, 0x183, "1800000000000001");
}

static void json_slice_restamp_limits_are_inclusive(void **state)
{
	(void)state;
	restamp(0, RECORDS, stamp_us(0), stamp_us(8), 1800000000000001, 0, NULL);
	restamp(0, RECORDS, stamp_us(0) + 1, stamp_us(8) - 1, 1800000000000001, 0x101,
		"1800000000000001");
}

static void json_slice_restamp_leaves_the_rest_of_the_batch(void **state)
{
	(void)state;
	restamp(3, 5, UINT64_MAX, 0, 1800000000000001, 0x18, "1800000000000001");
}

/* A host without a clock starts in 1970; a number must not begin with zeros. */
static void json_slice_restamp_never_writes_leading_zeros(void **state)
{
	(void)state;
	restamp(0, RECORDS, stamp_us(1), UINT64_MAX, 86400000000, 0x1, "1000000000000000");
	restamp(0, RECORDS, stamp_us(1), UINT64_MAX, UINT64_MAX, 0x1, "9999999999999999");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(json_batch_text_is_records_with_separators),
		BATCH_TEST(json_batch_without_memory_stays_as_it_was),
		BATCH_TEST(json_batch_cleared_keeps_memory_freed_does_not),
		BATCH_TEST(json_batch_is_cut_at_every_number_of_records),
		BATCH_TEST(json_batch_is_cut_at_every_number_of_bytes),
		BATCH_TEST(json_batch_no_limit_is_too_small_for_one_record),
		BATCH_TEST(json_batch_empty_has_an_empty_slice),
		BATCH_TEST(json_slice_restamps_only_what_is_outside),
		BATCH_TEST(json_slice_restamp_limits_are_inclusive),
		BATCH_TEST(json_slice_restamp_leaves_the_rest_of_the_batch),
		BATCH_TEST(json_slice_restamp_never_writes_leading_zeros),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
