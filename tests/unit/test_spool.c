// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The spool: order, restart, room, and whatever else may be in its directory. */
#include "spool_fixture.h"

#include <sys/resource.h>

/* --- order and restart --- */

static void spool_new_is_empty_and_private(void **state)
{
	struct spool *spool = open_spool(ROOM);
	struct stat st;

	(void)state;
	assert_true(spool_is_empty(spool));
	assert_int_equal(spool_bytes(spool), 0);
	assert_int_equal(spool_count(spool)->records, 0);
	assert_int_equal(stat(directory, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	spool_close(spool);
	spool_close(NULL);
}

static void spool_gives_back_in_order(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	for (uint64_t id = 0; id < 200; id++)
		add(spool, id);
	assert_int_equal(count_files(directory), 200);
	expect_batches(spool, 0, 199);
	assert_int_equal(count_files(directory), 0);
	spool_close(spool);
}

static void spool_read_changes_nothing(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	add(spool, 1);
	add(spool, 2);
	expect_oldest(spool, 1);
	expect_oldest(spool, 1);
	expect_batches(spool, 1, 2);
	spool_close(spool);
}

/* In and out by turns, so that the ring goes round and grows while it has. */
static void spool_mixes_adding_and_removing(void **state)
{
	struct spool *spool = open_spool(ROOM);
	uint64_t first = 0, last = 0;

	(void)state;
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < 7; i++)
			add(spool, last++);
		for (int i = 0; i < 4; i++) {
			expect_oldest(spool, first++);
			spool_remove(spool);
		}
	}
	expect_batches(spool, first, last - 1);
	spool_close(spool);
}

static void spool_replaces_the_oldest(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	add(spool, 7);
	add(spool, 8);
	assert_int_equal(try_replace(spool, 3), 0);
	expect_oldest(spool, 3);
	spool_close(spool);
	spool = open_spool(ROOM);
	assert_int_equal(spool_count(spool)->records, 4 + 9);
	expect_oldest(spool, 3);
	spool_remove(spool);
	expect_batches(spool, 8, 8);
	spool_close(spool);
}

static void spool_restart_takes_over(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	for (uint64_t id = 0; id < 100; id++)
		add(spool, id);
	for (int i = 0; i < 30; i++)
		spool_remove(spool);
	spool_close(spool);
	spool = open_spool(ROOM);
	assert_int_equal(spool_bytes(spool), 70 * BLOCK_BYTES);
	for (uint64_t id = 100; id < 110; id++)
		add(spool, id);
	spool_close(spool);
	spool = open_spool(ROOM);
	expect_batches(spool, 30, 109);
	spool_close(spool);
}

static void spool_files_are_private(void **state)
{
	struct spool *spool = open_spool(ROOM);
	mode_t saved = umask(0);
	struct stat st;

	(void)state;
	add(spool, 1);
	umask(saved);
	assert_int_equal(stat(path_of("00000000000000000000-2-10-1000.batch"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	spool_close(spool);
}

static void spool_makes_directories_on_the_way(void **state)
{
	(void)state;
	strcat(directory, "/a/b/");
	spool_close(open_spool(ROOM));
	spool_close(open_spool(ROOM));
}

/* --- room --- */

static void spool_full_drops_the_oldest(void **state)
{
	struct spool *spool = open_spool(10 * BLOCK_BYTES);
	struct export_count dropped = {0}, expected = {0}, count;

	(void)state;
	for (uint64_t id = 0; id < 10; id++)
		add(spool, id);
	assert_int_equal(spool_bytes(spool), 10 * BLOCK_BYTES);
	for (uint64_t id = 10; id < 25; id++) {
		assert_int_equal(try_add(spool, id, &dropped), 0);
		count = batch_count(id - 10);
		export_count_add(&expected, &count);
		assert_count(&dropped, &expected);
		assert_int_equal(spool_bytes(spool), 10 * BLOCK_BYTES);
		assert_int_equal(count_files(directory), 10);
	}
	expect_batches(spool, 15, 24);
	spool_close(spool);
}

static void spool_large_batch_drops_several(void **state)
{
	const struct export_count large = {1000, 1000, 1000, 0};
	struct spool *spool = open_spool(10 * BLOCK_BYTES);
	struct export_count dropped = {0}, count;
	char *read;
	size_t bytes;

	(void)state;
	for (uint64_t id = 0; id < 10; id++)
		add(spool, id);
	memset(data, 'x', 3 * BLOCK_BYTES + 1);
	assert_int_equal(spool_add(spool, data, 3 * BLOCK_BYTES + 1, &large, &dropped), 0);
	assert_int_equal(dropped.records, 1 + 2 + 3 + 4);
	for (uint64_t id = 4; id < 10; id++) {
		expect_oldest(spool, id);
		spool_remove(spool);
	}
	assert_int_equal(spool_read(spool, &read, &bytes, &count), 0);
	assert_int_equal(bytes, 3 * BLOCK_BYTES + 1);
	assert_count(&count, &large);
	free(read);
	spool_close(spool);
}

static void spool_too_large_batch_drops_nothing(void **state)
{
	const struct export_count count = {1, 1, 1, 0};
	struct spool *spool = open_spool(10 * BLOCK_BYTES);
	struct export_count dropped = {0};

	(void)state;
	add(spool, 0);
	add(spool, 1);
	assert_int_equal(spool_add(spool, data, 10 * BLOCK_BYTES + 1, &count, &dropped), -EFBIG);
	assert_int_equal(spool_add(spool, data, SIZE_MAX, &count, &dropped), -EFBIG);
	assert_int_equal(dropped.records, 0);
	expect_batches(spool, 0, 1);
	spool_close(spool);
	spool = open_spool(UINT64_MAX);
	assert_int_equal(spool_add(spool, data, SPOOL_BATCH_BYTES_MAX + 1, &count, &dropped),
			 -EFBIG);
	assert_int_equal(spool_add(spool, data, SPOOL_BATCH_BYTES_MAX, &count, &dropped), 0);
	assert_int_equal(dropped.records, 0);
	spool_close(spool);
}

static void spool_smaller_than_before_shrinks_when_it_must(void **state)
{
	struct export_count dropped = {0};
	struct spool *spool = open_spool(ROOM);

	(void)state;
	for (uint64_t id = 0; id < 10; id++)
		add(spool, id);
	spool_close(spool);
	spool = open_spool(3 * BLOCK_BYTES);
	assert_int_equal(spool_count(spool)->records, 55);
	assert_int_equal(try_add(spool, 10, &dropped), 0);
	assert_int_equal(dropped.records, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
	expect_batches(spool, 8, 10);
	spool_close(spool);
}

/* --- what else is there --- */

static void spool_leaves_foreign_files_alone(void **state)
{
	static const char *const names[] = {
		"README",
		"1-1-1-1.batch",
		"00000000000000000001-1-1-1.batch.bak",
		"00000000000000000001-1-1-1",
		"00000000000000000001-1-1-1.batch ",
		"00000000000000000001-+1-1-1.batch",
		"00000000000000000001--1-1-1.batch",
		"00000000000000000001-01-1-1.batch",
		"00000000000000000001-1-1-99999999999999999999999.batch",
		"99999999999999999999-1-1-1.batch",
		"18446744073709551615-1-1-1.batch",
		"00000000000000000001-18446744073709551615-1-1.batch",
		"00000000000000000001-4294967296-1-1.batch",
		"00000000000000000001-0-0-0.batch",
		"x00000000000000000001-1-1-1.batch",
		"00000000000000000001-1-1.batch",
	};
	const size_t count = sizeof(names) / sizeof(names[0]);
	struct spool *spool;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	for (size_t i = 0; i < count; i++)
		put_file(names[i], "not ours");
	assert_int_equal(mkdir(path_of("00000000000000000002-1-1-1.batch"), 0700), 0);
	assert_int_equal(symlink("/etc/passwd", path_of("00000000000000000003-1-1-1.batch")), 0);
	assert_int_equal(mkfifo(path_of("00000000000000000004-1-1-1.batch"), 0600), 0);
	spool = open_spool(2 * BLOCK_BYTES);
	assert_true(spool_is_empty(spool));
	add(spool, 1);
	expect_batches(spool, 1, 1);
	spool_close(spool);
	assert_int_equal(count_files(directory), count + 3);
}

/* The highest numbers that are taken at all: nothing overflows, nothing is overwritten. */
static void spool_with_huge_numbers_keeps_its_books(void **state)
{
	struct export_count count, dropped = {0};
	struct spool *spool;
	char *read;
	size_t bytes;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	put_file("18446744073709551613-4294967295-18446744073709551615-18446744073709551615.batch",
		 "x");
	spool = open_spool(ROOM);
	add(spool, 1);
	assert_int_equal(try_add(spool, 2, &dropped), -EOVERFLOW);
	assert_int_equal(dropped.records, 0);
	assert_int_equal(spool_count(spool)->records, 4294967295 + 2);
	spool_close(spool);
	spool = open_spool(ROOM);
	assert_int_equal(spool_read(spool, &read, &bytes, &count), 0);
	assert_int_equal(count.records, 4294967295);
	assert_int_equal(count.octets, UINT64_MAX);
	free(read);
	spool_remove(spool);
	expect_batches(spool, 1, 1);
	spool_close(spool);
}

static void spool_leftover_of_a_crash_is_removed(void **state)
{
	struct spool *spool;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	put_file("new", "half a bat");
	spool = open_spool(ROOM);
	assert_true(spool_is_empty(spool));
	assert_int_equal(count_files(directory), 0);
	spool_close(spool);
}

static void expect_unreadable(struct spool *spool, int expected)
{
	struct export_count count;
	size_t bytes;
	char *read;

	assert_int_equal(spool_read(spool, &read, &bytes, &count), expected);
	assert_int_equal(count.records, 1);
	assert_int_equal(count.packets, 2);
	assert_int_equal(count.octets, 3);
	spool_remove(spool);
}

/* Their counts are needed for the books, and those behind them must get their turn. */
static void spool_unreadable_batches_still_count(void **state)
{
	static const char *const names[] = {
		"00000000000000000001-1-2-3.batch", "00000000000000000002-1-2-3.batch",
		"00000000000000000003-1-2-3.batch", "00000000000000000004-1-2-3.batch",
		"00000000000000000005-1-2-3.batch", "00000000000000000006-1-2-3.batch",
	};
	struct spool *spool;

	(void)state;
	assert_int_equal(mkdir(directory, 0700), 0);
	for (size_t i = 0; i < 6; i++)
		put_file(names[i], "not for long");
	assert_int_equal(truncate(path_of(names[2]), SPOOL_BATCH_BYTES_MAX + 1), 0);
	spool = open_spool(16 * ROOM);
	add(spool, 9);
	assert_int_equal(spool_count(spool)->records, 6 + 10);
	assert_int_equal(unlink(path_of(names[0])), 0);
	expect_unreadable(spool, -ENOENT);
	assert_int_equal(truncate(path_of(names[1]), 3), 0);
	expect_unreadable(spool, -EIO);
	expect_unreadable(spool, -EFBIG);
	assert_int_equal(unlink(path_of(names[3])), 0);
	assert_int_equal(symlink("/etc/passwd", path_of(names[3])), 0);
	expect_unreadable(spool, -ELOOP);
	assert_int_equal(unlink(path_of(names[4])), 0);
	assert_int_equal(mkdir(path_of(names[4]), 0700), 0);
	expect_unreadable(spool, -EISDIR);
	assert_int_equal(unlink(path_of(names[5])), 0);
	assert_int_equal(mkfifo(path_of(names[5]), 0600), 0);
	expect_unreadable(spool, -EIO);
	expect_batches(spool, 9, 9);
	spool_close(spool);
}

/* Other parts of the program may use up all descriptors for a while: no reason to lose records. */
static void spool_read_without_descriptors_may_be_repeated(void **state)
{
	struct spool *spool = open_spool(ROOM);
	struct export_count count, expected = batch_count(1);
	struct rlimit limit, none;
	size_t bytes;
	char *read;

	(void)state;
	add(spool, 1);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(spool_read(spool, &read, &bytes, &count), -EAGAIN);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_count(&count, &expected);
	expect_batches(spool, 1, 1);
	spool_close(spool);
}

/* --- who may not --- */

static void expect_open_fails(const char *before, const char *after)
{
	char error[512] = "", expected[512];

	assert_null(spool_open(directory, ROOM, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "%s %s%s", before, directory, after);
	assert_string_equal(error, expected);
}

static void spool_has_one_user(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	add(spool, 1);
	expect_open_fails("the spool", " is in use by another flowprobe; give each a "
				       "spool_directory of its own");
	add(spool, 2);
	spool_close(spool);
	spool = open_spool(ROOM);
	expect_batches(spool, 1, 2);
	spool_close(spool);
}

static void spool_impossible_directory_says_what_to_do(void **state)
{
	(void)state;
	assert_int_equal(close(open(directory, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	expect_open_fails("cannot use the spool",
			  ": Not a directory; give the user flowprobe runs as write access to it, "
			  "or choose another spool_directory");
}

/* Found out at the start, and not when the server goes away. root may write anywhere but to a file
 * system that nobody may write to. */
static void spool_unwritable_directory_says_what_to_do(void **state)
{
	(void)state;
	if (geteuid()) {
		assert_int_equal(mkdir(directory, 0500), 0);
		expect_open_fails("cannot use the spool",
				  ": Permission denied; give the user flowprobe runs as write "
				  "access to it, or choose another spool_directory");
		return;
	}
	if (!mount_small("size=64k")) {
		puts("# skip: kernel refuses mount namespaces here");
		skip();
	}
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(mount(NULL, root, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	expect_open_fails("cannot use the spool",
			  ": Read-only file system; give the user flowprobe runs as write access "
			  "to it, or choose another spool_directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL_TEST(spool_new_is_empty_and_private),
		SPOOL_TEST(spool_gives_back_in_order),
		SPOOL_TEST(spool_read_changes_nothing),
		SPOOL_TEST(spool_mixes_adding_and_removing),
		SPOOL_TEST(spool_replaces_the_oldest),
		SPOOL_TEST(spool_restart_takes_over),
		SPOOL_TEST(spool_files_are_private),
		SPOOL_TEST(spool_makes_directories_on_the_way),
		SPOOL_TEST(spool_full_drops_the_oldest),
		SPOOL_TEST(spool_large_batch_drops_several),
		SPOOL_TEST(spool_too_large_batch_drops_nothing),
		SPOOL_TEST(spool_smaller_than_before_shrinks_when_it_must),
		SPOOL_TEST(spool_leaves_foreign_files_alone),
		SPOOL_TEST(spool_with_huge_numbers_keeps_its_books),
		SPOOL_TEST(spool_leftover_of_a_crash_is_removed),
		SPOOL_TEST(spool_unreadable_batches_still_count),
		SPOOL_TEST(spool_read_without_descriptors_may_be_repeated),
		SPOOL_TEST(spool_has_one_user),
		SPOOL_TEST(spool_impossible_directory_says_what_to_do),
		SPOOL_TEST(spool_unwritable_directory_says_what_to_do),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
