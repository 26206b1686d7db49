/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A spool in a directory of its own, and batches whose contents follow from a number: so whoever
 * finds a file can tell which batch it must be, and whether it is whole.
 */
#ifndef FLOWPROBE_SPOOL_FIXTURE_H
#define FLOWPROBE_SPOOL_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/spool.h"

#define BLOCK_BYTES 4096u /* what the smallest file takes */
#define ROOM (1u << 20)
#define HANG_SECONDS 120

static char root[64];
static char directory[96]; /* of the spool, below root */
static char data[SPOOL_BATCH_BYTES_MAX + 1];

static inline size_t batch_bytes(uint64_t id)
{
	return 1 + id * 977 % 3000;
}

static inline struct export_count batch_count(uint64_t id)
{
	return (struct export_count){.records = 1 + id, .packets = 10 * id, .octets = 1000 * id};
}

static inline const char *batch_data(uint64_t id)
{
	memset(data, 'a' + (int)(id % 26), batch_bytes(id));
	return data;
}

static inline struct spool *open_spool(uint64_t max_bytes)
{
	char error[512] = "";
	struct spool *spool = spool_open(directory, max_bytes, error, sizeof(error));

	if (!spool)
		fail_msg("%s", error);
	return spool;
}

static inline int try_add(struct spool *spool, uint64_t id, struct export_count *dropped)
{
	const struct export_count count = batch_count(id);

	return spool_add(spool, batch_data(id), batch_bytes(id), &count, dropped);
}

static inline void add(struct spool *spool, uint64_t id)
{
	struct export_count dropped = {0};

	assert_int_equal(try_add(spool, id, &dropped), 0);
	assert_int_equal(dropped.records, 0);
}

static inline int try_replace(struct spool *spool, uint64_t id)
{
	const struct export_count count = batch_count(id);

	return spool_replace(spool, batch_data(id), batch_bytes(id), &count);
}

static inline void assert_count(const struct export_count *count,
				const struct export_count *expected)
{
	assert_int_equal(count->records, expected->records);
	assert_int_equal(count->packets, expected->packets);
	assert_int_equal(count->octets, expected->octets);
}

/* The oldest batch is that one, and whole. */
static inline void expect_oldest(struct spool *spool, uint64_t id)
{
	struct export_count count, expected = batch_count(id);
	size_t bytes;
	char *read;

	assert_false(spool_is_empty(spool));
	assert_int_equal(spool_read(spool, &read, &bytes, &count), 0);
	assert_count(&count, &expected);
	assert_int_equal(bytes, batch_bytes(id));
	assert_memory_equal(read, batch_data(id), bytes);
	free(read);
}

/* The spool holds the batches from first to last, and nothing else; it is empty after that. */
static inline void expect_batches(struct spool *spool, uint64_t first, uint64_t last)
{
	struct export_count all = {0};

	for (uint64_t id = first; id <= last; id++) {
		struct export_count count = batch_count(id);

		export_count_add(&all, &count);
	}
	assert_count(spool_count(spool), &all);
	for (uint64_t id = first; id <= last; id++) {
		expect_oldest(spool, id);
		spool_remove(spool);
	}
	assert_true(spool_is_empty(spool));
	assert_int_equal(spool_bytes(spool), 0);
	assert_int_equal(spool_count(spool)->records, 0);
}

/* What anybody sees there. */
static inline size_t count_files(const char *path)
{
	DIR *stream = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

/* Of a file there; good until the next call. */
static inline const char *path_of(const char *name)
{
	static char path[sizeof(directory) + 256];

	snprintf(path, sizeof(path), "%s/%.250s", directory, name);
	return path;
}

static inline void put_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/flowprobe-test-spool-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(directory, sizeof(directory), "%s/spool", root);
	return 0;
}

/* Puts a small file system of our own, which nobody else sees, where the spool will be. 0: may not. */
static inline int mount_small(const char *options)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("small", root, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
{
	(void)state;
	umount2(root, MNT_DETACH); /* if there is one */
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

#define SPOOL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
