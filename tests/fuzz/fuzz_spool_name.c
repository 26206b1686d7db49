// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the names of files in the spool's directory: what is taken for one of ours is exactly what
 * we would call it, so that it is found again, and none of its numbers overflows what they are added
 * to. Names are read by a function of the spool's own, hence the include.
 */
#include "export/spool.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check(const char *name)
{
	struct batch_file file = {0};
	char again[NAME_BYTES];

	if (!parse_name(name, &file))
		return;
	format_name(&file, again);
	require(strcmp(name, again) == 0 && strlen(name) < NAME_BYTES - 1);
	require(file.number < NUMBER_END);
	require(file.count.records > 0 && file.count.records < RECORDS_END);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct batch_file file;
	char name[NAME_BYTES], text[256] = "";

	if (size >= sizeof(text)) /* no file system has longer names */
		return 0;
	if (size)
		memcpy(text, data, size);
	check(text);
	/* And the other way round: what we call it, we know again. */
	if (size < sizeof(file))
		return 0;
	memcpy(&file, data, sizeof(file));
	file.number %= NUMBER_END;
	file.count.records = 1 + file.count.records % (RECORDS_END - 1);
	format_name(&file, name);
	require(parse_name(name, &file));
	return 0;
}
