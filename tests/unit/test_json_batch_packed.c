// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Batches of JSON records compressed, for the wire and for the disk and back, and damaged. gzip is
 * taken apart by zlib itself, so that no code under test checks its own work.
 */
#include "json_batch_fixture.h"

#include <zlib.h>

/* --- bodies --- */

/* Takes gzip apart; returns the text, to be freed. */
static char *gunzip(const char *packed, size_t packed_bytes, size_t *bytes)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)packed,
			   .avail_in = (unsigned int)packed_bytes};
	size_t room = 16 << 20;
	char *text = malloc(room);

	assert_non_null(text);
	assert_int_equal(inflateInit2(&stream, 31), Z_OK);
	stream.next_out = (unsigned char *)text;
	stream.avail_out = (unsigned int)room;
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	*bytes = room - stream.avail_out;
	inflateEnd(&stream);
	return text;
}

static void expect_body(const char *text, size_t bytes, const struct json_slice *slice)
{
	assert_int_equal(bytes, slice->bytes + 2);
	assert_int_equal(text[0], '[');
	assert_memory_equal(text + 1, slice->text, slice->bytes);
	assert_int_equal(text[bytes - 1], ']');
}

static void expect_bodies(size_t max_records)
{
	size_t offset = 0, bytes, text_bytes;
	struct json_slice slice = json_batch_slice(&batch, &offset, max_records, SIZE_MAX);
	const char *body;
	char *text;

	assert_int_equal(compressor_make_body(compressor, &slice, 0, &body, &bytes), 0);
	expect_body(body, bytes, &slice);
	assert_int_equal(compressor_make_body(compressor, &slice, 1, &body, &bytes), 0);
	text = gunzip(body, bytes, &text_bytes);
	expect_body(text, text_bytes, &slice);
	free(text);
}

static void compressor_bodies_hold_the_slice(void **state)
{
	(void)state;
	expect_bodies(RECORDS);
	expect_bodies(1);
	while (batch.bytes < 5 << 20)
		assert_int_equal(
			json_batch_add(&batch, &records[batch.count.records % RECORDS], &context),
			0);
	expect_bodies(SIZE_MAX);
	expect_bodies(RECORDS);
}

static void compressor_body_of_no_records_is_an_empty_array(void **state)
{
	char nothing[] = "";
	const struct json_slice slice = {.text = nothing};
	size_t bytes, text_bytes;
	const char *body;
	char *text;

	(void)state;
	assert_int_equal(compressor_make_body(compressor, &slice, 0, &body, &bytes), 0);
	expect_body(body, bytes, &slice);
	assert_int_equal(compressor_make_body(compressor, &slice, 1, &body, &bytes), 0);
	text = gunzip(body, bytes, &text_bytes);
	expect_body(text, text_bytes, &slice);
	free(text);
}

static void compressor_without_memory_fails_and_recovers(void **state)
{
	struct json_slice slice;
	const char *body;
	size_t bytes, offset = 0;

	(void)state;
	slice = json_batch_slice(&batch, &offset, SIZE_MAX, SIZE_MAX);
	failing_reallocs = 1;
	assert_int_equal(compressor_make_body(compressor, &slice, 1, &body, &bytes), -ENOMEM);
	assert_int_equal(compressor_pack(compressor, batch.text, batch.bytes, &body, &bytes),
			 -ENOMEM);
	failing_reallocs = 0;
	expect_bodies(RECORDS);
}

/* --- on disk and back --- */

/* A copy of the packed rest of the batch, to be freed. */
static char *pack(size_t first, size_t *bytes)
{
	const char *packed;
	char *copy;

	assert_int_equal(compressor_pack(compressor, batch.text + ends[first],
					 batch.bytes - ends[first], &packed, bytes),
			 0);
	copy = malloc(*bytes);
	assert_non_null(copy);
	memcpy(copy, packed, *bytes);
	return copy;
}

static void json_batch_comes_back_from_every_record_on(void **state)
{
	struct json_batch back = {0};

	(void)state;
	for (size_t first = 0; first < RECORDS; first++) {
		struct export_count count = count_of(first, RECORDS);
		size_t bytes;
		char *packed = pack(first, &bytes);

		assert_int_equal(json_batch_unpack(&back, packed, bytes, &count), 0);
		assert_count(&back.count, &count);
		assert_int_equal(back.bytes, batch.bytes - ends[first]);
		assert_memory_equal(back.text, batch.text + ends[first], back.bytes);
		free(packed);
	}
	json_batch_free(&back);
}

static void json_batch_cut_short_is_damaged(void **state)
{
	struct export_count count = count_of(0, RECORDS);
	struct json_batch back = {0};
	size_t bytes;
	char *packed = pack(0, &bytes);

	(void)state;
	for (size_t length = 0; length < bytes; length++)
		assert_int_equal(json_batch_unpack(&back, packed, length, &count), -EBADMSG);
	free(packed);
	json_batch_free(&back);
}

/* A bit that nothing depends on may change, or a reference go elsewhere to the same text; but never
 * the records. */
static void json_batch_with_a_wrong_bit_is_damaged_or_right(void **state)
{
	struct export_count count = count_of(0, RECORDS);
	struct json_batch back = {0};
	size_t bytes;
	char *packed = pack(0, &bytes);

	(void)state;
	for (size_t i = 0; i < bytes; i++) {
		packed[i] ^= 0x80;
		if (json_batch_unpack(&back, packed, bytes, &count) == 0) {
			assert_in_range(i, 4, bytes - 9); /* between magic and checksum */
			assert_int_equal(back.bytes, batch.bytes);
			assert_memory_equal(back.text, batch.text, batch.bytes);
		}
		packed[i] ^= 0x80;
	}
	free(packed);
	json_batch_free(&back);
}

static void json_batch_of_something_else_is_damaged(void **state)
{
	static const char *const texts[] = {"", "x", "\n", "{},", "{}\n", "{}"};
	struct export_count none = {0};
	struct json_batch back = {0};
	const char *packed;
	size_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
			compressor_pack(compressor, texts[i], strlen(texts[i]), &packed, &bytes),
			0);
		assert_int_equal(json_batch_unpack(&back, packed, bytes, &none), -EBADMSG);
	}
	json_batch_free(&back);
}

static void json_batch_unpacked_without_memory_says_so(void **state)
{
	struct export_count count = count_of(0, RECORDS);
	struct json_batch back = {0};
	size_t bytes;
	char *packed = pack(0, &bytes);

	(void)state;
	failing_reallocs = 1;
	assert_int_equal(json_batch_unpack(&back, packed, bytes, &count), -ENOMEM);
	failing_reallocs = 0;
	assert_int_equal(json_batch_unpack(&back, packed, bytes, &count), 0);
	free(packed);
	json_batch_free(&back);
}

static void json_batch_with_more_behind_it_is_damaged(void **state)
{
	struct export_count count = count_of(0, RECORDS);
	struct json_batch back = {0};
	size_t bytes;
	char *packed = pack(0, &bytes), *longer = calloc(2, bytes);

	(void)state;
	assert_non_null(longer);
	memcpy(longer, packed, bytes);
	assert_int_equal(json_batch_unpack(&back, longer, bytes + 1, &count), -EBADMSG);
	memcpy(longer + bytes, packed, bytes);
	assert_int_equal(json_batch_unpack(&back, longer, 2 * bytes, &count), -EBADMSG);
	free(longer);
	free(packed);
	json_batch_free(&back);
}

/* The parts of a batch must amount to the whole, or records would be counted twice, or not at all. */
static void json_batch_of_other_records_than_said_is_damaged(void **state)
{
	const struct export_count all = count_of(0, RECORDS);
	const struct export_count wrong[] = {
		{all.records - 1, all.packets, all.octets, 0},
		{all.records + 1, all.packets, all.octets, 0},
		{UINT64_MAX, all.packets, all.octets, 0},
		{all.records, all.packets + 1, all.octets, 0},
		{all.records, all.packets, all.octets - 1, 0},
		{0},
	};
	struct json_batch back = {0};
	size_t bytes;
	char *packed = pack(0, &bytes);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(json_batch_unpack(&back, packed, bytes, &wrong[i]), -EBADMSG);
	assert_int_equal(json_batch_unpack(&back, packed, bytes, &all), 0);
	free(packed);
	json_batch_free(&back);
}

/* What is too long never comes back, however much memory there is; so it is not packed either. */
static void json_batch_of_any_length_is_bounded(void **state)
{
	const size_t max = JSON_BATCH_PACK_BYTES_MAX;
	struct export_count count = {.records = 1};
	struct json_batch back = {0};
	char *text = malloc(max + 2);
	const char *packed;
	char *bomb;
	size_t bytes;
	z_stream stream = {0};

	(void)state;
	assert_non_null(text);
	memset(text, ' ', max + 2);
	memcpy(text + max - 2, ",\n", 2);
	assert_int_equal(compressor_pack(compressor, text, max + 1, &packed, &bytes), -EFBIG);
	assert_int_equal(compressor_pack(compressor, text, max, &packed, &bytes), 0);
	assert_int_equal(json_batch_unpack(&back, packed, bytes, &count), 0);
	assert_int_equal(back.bytes, max);

	memcpy(text + max, ",\n", 2);
	text[max - 1] = ' ';
	bomb = malloc(1 << 20);
	assert_non_null(bomb);
	assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)text;
	stream.avail_in = (unsigned int)max + 2;
	stream.next_out = (unsigned char *)bomb;
	stream.avail_out = 1 << 20;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(json_batch_unpack(&back, bomb, stream.total_out, &count), -EBADMSG);
	deflateEnd(&stream);
	free(bomb);
	free(text);
	json_batch_free(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BATCH_TEST(compressor_bodies_hold_the_slice),
		BATCH_TEST(compressor_body_of_no_records_is_an_empty_array),
		BATCH_TEST(compressor_without_memory_fails_and_recovers),
		BATCH_TEST(json_batch_comes_back_from_every_record_on),
		BATCH_TEST(json_batch_cut_short_is_damaged),
		BATCH_TEST(json_batch_with_a_wrong_bit_is_damaged_or_right),
		BATCH_TEST(json_batch_of_something_else_is_damaged),
		BATCH_TEST(json_batch_with_more_behind_it_is_damaged),
		BATCH_TEST(json_batch_of_other_records_than_said_is_damaged),
		BATCH_TEST(json_batch_of_any_length_is_bounded),
		BATCH_TEST(json_batch_unpacked_without_memory_says_so),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
