// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes what comes back from the spool: bytes that should be gzip, and text that should be records.
 * Neither does harm; what is taken for a batch amounts, cut in any way, to what it was said to be.
 */
#include "export/json_batch.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

/* All slices together, of so many records and bytes at most. */
static struct export_count count_slices(const struct json_batch *batch, size_t max_records,
					size_t max_bytes)
{
	struct export_count sum = {0};
	size_t offset = 0, begin;

	while (offset < batch->bytes) {
		struct json_slice slice;

		begin = offset;
		slice = json_batch_slice(batch, &offset, max_records, max_bytes);
		require(slice.text == batch->text + begin && slice.count.records >= 1);
		require(offset > begin && offset <= batch->bytes);
		require(begin + slice.bytes <= offset);
		export_count_add(&sum, &slice.count);
	}
	return sum;
}

static void require_same(const struct export_count *a, const struct export_count *b)
{
	require(a->records == b->records && a->packets == b->packets && a->octets == b->octets);
}

static void check(struct json_batch *batch, const struct export_count *count)
{
	size_t offset = 0, bytes = batch->bytes;
	struct json_slice slice = json_batch_slice(batch, &offset, SIZE_MAX, SIZE_MAX);
	struct export_count sum;

	require(offset == bytes);
	require_same(&slice.count, count);
	sum = count_slices(batch, 2, SIZE_MAX);
	require_same(&sum, count);
	sum = count_slices(batch, SIZE_MAX, 100);
	require_same(&sum, count);
	require(json_slice_restamp(&slice, UINT64_MAX, 0, 7) <= count->records);
	require(batch->bytes == bytes);
}

/* As it could stand on the disk. */
static void unpack(const uint8_t *data, size_t size)
{
	struct export_count count = {0};
	struct json_batch batch = {0};
	int err;

	if (size < 3)
		return;
	count = (struct export_count){data[0], data[1], data[2], 0};
	err = json_batch_unpack(&batch, (const char *)data + 3, size - 3, &count);
	require(err == 0 || err == -EBADMSG);
	if (!err)
		check(&batch, &count);
	json_batch_free(&batch);
}

/* As it could stand in there. */
static void pack_and_unpack(const uint8_t *data, size_t size)
{
	static const char end[] = ",\n";
	static struct compressor *compressor;
	struct json_batch text = {.bytes = size, .count = {.records = 2}}, batch = {0};
	struct export_count count;
	const char *packed;
	size_t packed_bytes;
	int err;

	if (!compressor)
		compressor = compressor_new();
	text.text = malloc(size + 1);
	require(compressor && text.text);
	if (size)
		memcpy(text.text, data, size);
	count = count_slices(&text, 1, SIZE_MAX);
	require(compressor_pack(compressor, text.text, size, &packed, &packed_bytes) == 0);
	err = json_batch_unpack(&batch, packed, packed_bytes, &count);
	require(err == 0 || err == -EBADMSG);
	require((err == 0) == (size >= 2 && memcmp(data + size - 2, end, 2) == 0));
	if (!err)
		check(&batch, &count);
	json_batch_free(&batch);
	json_batch_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unpack(data, size);
	pack_and_unpack(data, size);
	return 0;
}
