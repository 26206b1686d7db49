// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The spool when something goes wrong: the process is killed before any of its system calls, or any
 * of them fails, or the disk is full. What spool_add has reported is there after that, whole and in
 * order; what it has not is not, or is whole as well.
 */
#include "spool_fixture.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NEVER 0

/* What happens at the calls that change something. */
static unsigned int calls; /* so far */
static unsigned int kill_at = NEVER; /* before the call with that number */
static unsigned int fail_at = NEVER;
static int fail_errno;
static size_t write_at_most = SIZE_MAX;
static char trace[256];

/* 1: the call is to fail. */
static int count_call(const char *name)
{
	calls++;
	snprintf(trace + strlen(trace), sizeof(trace) - strlen(trace), "%s ", name);
	if (calls == kill_at)
		kill(getpid(), SIGKILL);
	if (calls != fail_at)
		return 0;
	errno = fail_errno;
	return 1;
}

static void reset_calls(void)
{
	calls = 0;
	kill_at = fail_at = NEVER;
	write_at_most = SIZE_MAX;
	trace[0] = '\0';
}

int __real_openat(int directory_fd, const char *path, int flags, ...);
int __wrap_openat(int directory_fd, const char *path, int flags, ...);
ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path);
int __wrap_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path);
int __real_unlinkat(int directory_fd, const char *path, int flags);
int __wrap_unlinkat(int directory_fd, const char *path, int flags);
struct dirent *__real_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream);

int __wrap_openat(int directory_fd, const char *path, int flags, ...)
{
	if (count_call("open"))
		return -1;
	return __real_openat(directory_fd, path, flags, 0600);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
	if (count_call("write"))
		return -1;
	return __real_write(fd, bytes, count < write_at_most ? count : write_at_most);
}

int __wrap_fsync(int fd)
{
	struct stat st;

	if (count_call(fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) ? "sync-directory" : "sync-file"))
		return -1;
	return __real_fsync(fd);
}

int __wrap_renameat(int old_fd, const char *old_path, int new_fd, const char *new_path)
{
	if (count_call("rename"))
		return -1;
	return __real_renameat(old_fd, old_path, new_fd, new_path);
}

int __wrap_unlinkat(int directory_fd, const char *path, int flags)
{
	if (count_call("unlink"))
		return -1;
	return __real_unlinkat(directory_fd, path, flags);
}

struct dirent *__wrap_readdir(DIR *stream)
{
	return count_call("readdir") ? NULL : __real_readdir(stream);
}

static int set_up_calls(void **state)
{
	reset_calls();
	return set_up(state);
}

static int tear_down_calls(void **state)
{
	reset_calls();
	return tear_down(state);
}

/* --- calls that fail --- */

static void spool_add_has_the_contents_on_disk_before_the_name(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	reset_calls();
	add(spool, 1);
	assert_string_equal(trace, "open write sync-file rename sync-directory ");
	spool_close(spool);
}

static void spool_add_survives_short_writes(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	write_at_most = 7;
	add(spool, 1);
	add(spool, 2);
	reset_calls();
	expect_batches(spool, 1, 2);
	spool_close(spool);
}

static void spool_add_that_fails_leaves_nothing(void **state)
{
	static const int errors[] = {ENOSPC, EIO, EDQUOT};
	struct spool *spool = open_spool(ROOM);
	struct export_count dropped = {0};
	size_t open_files = count_files("/proc/self/fd");
	uint64_t id = 0;

	(void)state;
	add(spool, id++);
	for (size_t i = 0; i < 3; i++) {
		for (unsigned int call = 1; call <= 4; call++) { /* up to rename */
			reset_calls();
			fail_at = call;
			fail_errno = errors[i];
			assert_int_equal(try_add(spool, id, &dropped), -errors[i]);
			assert_int_equal(count_files(directory), id);
			assert_int_equal(count_files("/proc/self/fd"), open_files);
			reset_calls();
			add(spool, id++);
		}
	}
	assert_int_equal(dropped.records, 0);
	reset_calls();
	fail_at = 2;
	fail_errno = EINTR; /* is no failure */
	add(spool, id++);
	expect_batches(spool, 0, id - 1);
	spool_close(spool);
}

/* The batch is there by then; only a crash of the machine could take the name away again. */
static void spool_add_without_directory_sync_is_done(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	reset_calls();
	fail_at = 5;
	fail_errno = EIO;
	add(spool, 1);
	assert_int_equal(calls, 5);
	expect_batches(spool, 1, 1);
	spool_close(spool);
}

static void spool_replace_that_fails_changes_nothing(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	add(spool, 7);
	add(spool, 8);
	for (unsigned int call = 1; call <= 4; call++) {
		reset_calls();
		fail_at = call;
		fail_errno = ENOSPC;
		assert_int_equal(try_replace(spool, 6), -ENOSPC);
		assert_int_equal(count_files(directory), 2);
	}
	reset_calls();
	expect_batches(spool, 7, 8);
	spool_close(spool);
}

/* Sent twice is findable; not sent would not be. */
static void spool_remove_that_fails_comes_again_after_restart(void **state)
{
	struct spool *spool = open_spool(ROOM);

	(void)state;
	add(spool, 1);
	add(spool, 2);
	reset_calls();
	fail_at = 1;
	fail_errno = EACCES;
	spool_remove(spool);
	expect_oldest(spool, 2);
	spool_close(spool);
	spool = open_spool(ROOM);
	expect_batches(spool, 1, 2);
	spool_close(spool);
}

static void spool_directory_that_cannot_be_read_is_an_error(void **state)
{
	char error[512] = "";
	struct spool *spool = open_spool(ROOM);
	size_t open_files;
	unsigned int reads;

	(void)state;
	add(spool, 1);
	add(spool, 2);
	spool_close(spool);
	open_files = count_files("/proc/self/fd");
	reset_calls();
	spool_close(open_spool(ROOM));
	reads = calls;
	assert_string_equal(trace, "unlink readdir readdir readdir readdir readdir ");
	for (unsigned int call = 2; call <= reads; call++) {
		reset_calls();
		fail_at = call;
		fail_errno = EIO;
		assert_null(spool_open(directory, ROOM, error, sizeof(error)));
		assert_non_null(strstr(error, ": Input/output error; "));
		reset_calls();
		assert_int_equal(count_files("/proc/self/fd"), open_files);
	}
}

/* --- a full disk --- */

static void spool_on_a_full_disk_keeps_what_it_has(void **state)
{
	struct export_count dropped = {0};
	struct spool *spool;
	uint64_t id = 0;

	(void)state;
	if (!mount_small("size=64k")) {
		puts("# skip: kernel refuses mount namespaces here");
		skip();
	}
	spool = open_spool(ROOM);
	while (try_add(spool, id, &dropped) == 0)
		id++;
	assert_in_range(id, 10, 16);
	assert_int_equal(try_add(spool, id, &dropped), -ENOSPC);
	assert_int_equal(dropped.records, 0);
	assert_int_equal(count_files(directory), id);
	expect_oldest(spool, 0);
	spool_remove(spool);
	add(spool, id);
	expect_batches(spool, 1, id);
	spool_close(spool);
}

static void spool_beyond_the_file_size_limit_keeps_what_it_has(void **state)
{
	struct export_count dropped = {0};
	struct spool *spool = open_spool(ROOM);
	struct rlimit saved, small;

	(void)state;
	add(spool, 0); /* 1 byte */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &saved), 0);
	small = (struct rlimit){.rlim_cur = 100, .rlim_max = saved.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(try_add(spool, 1, &dropped), -EFBIG); /* 978 bytes */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &saved), 0);
	assert_int_equal(count_files(directory), 1);
	add(spool, 1);
	expect_batches(spool, 0, 1);
	spool_close(spool);
}

/* --- crashes --- */

static pid_t start_child(int *reports, void (*work)(int out))
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		work(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*reports = ends[0];
	return pid;
}

static void report(int out, char what)
{
	if (__real_write(out, &what, 1) != 1)
		_exit(1);
}

/* One after the other, each reported when it has returned. */
static void add_and_remove(int out)
{
	struct spool *spool = open_spool(ROOM);
	unsigned int kill_here = kill_at;

	reset_calls();
	kill_at = kill_here;
	for (uint64_t id = 0; id < 3; id++) {
		add(spool, id);
		report(out, 'a');
	}
	spool_remove(spool);
	report(out, 'r');
	add(spool, 3);
	report(out, 'a');
	spool_close(spool);
}

/* What the child has said, until it was dead. */
static void read_reports(int in, unsigned int *added, unsigned int *removed)
{
	char what;

	*added = *removed = 0;
	while (read(in, &what, 1) == 1)
		*(what == 'a' ? added : removed) += 1;
	close(in);
}

static void spool_killed_before_any_call_has_all_that_was_reported(void **state)
{
	unsigned int added, removed, rounds = 0;
	int status, reports;

	(void)state;
	do {
		struct export_count found = {0}, count;
		struct spool *spool;
		uint64_t first, last;
		pid_t pid;

		reset_calls();
		kill_at = ++rounds;
		pid = start_child(&reports, add_and_remove);
		read_reports(reports, &added, &removed);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		reset_calls();

		/* What was under way may have happened already. */
		spool = open_spool(ROOM);
		first = removed;
		for (last = first; last < added; last++) {
			count = batch_count(last);
			export_count_add(&found, &count);
		}
		count = batch_count(last);
		if (spool_count(spool)->records == found.records + count.records)
			last++;
		if (first == last)
			assert_true(spool_is_empty(spool));
		else
			expect_batches(spool, first, last - 1);
		assert_int_equal(count_files(directory), 0);
		spool_close(spool);
	} while (WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(rounds, 4 * 5 + 1 + 1); /* calls of add, of remove, and none */
}

static void replace_oldest(int out)
{
	unsigned int kill_here = kill_at;
	struct spool *spool;

	reset_calls();
	spool = open_spool(ROOM);
	add(spool, 7);
	add(spool, 8);
	reset_calls();
	kill_at = kill_here;
	assert_int_equal(try_replace(spool, 6), 0);
	report(out, 'a');
	spool_close(spool);
}

/* The longer one, the shorter, or both. */
static void spool_killed_while_it_replaces_has_the_records(void **state)
{
	unsigned int replaced, removed, rounds = 0, both = 0;
	int status, reports;

	(void)state;
	do {
		struct spool *spool;
		uint64_t records;
		pid_t pid;

		reset_calls();
		kill_at = ++rounds;
		pid = start_child(&reports, replace_oldest);
		read_reports(reports, &replaced, &removed);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		reset_calls();
		spool = open_spool(ROOM);
		records = spool_count(spool)->records;
		if (records == 7 + 8 + 9) { /* in whatever order */
			both++;
			spool_remove(spool);
			spool_remove(spool);
			expect_batches(spool, 8, 8);
		} else {
			assert_int_equal(records, replaced ? 7 + 9 : 8 + 9);
			expect_oldest(spool, replaced ? 6 : 7);
			spool_remove(spool);
			expect_batches(spool, 8, 8);
		}
		assert_int_equal(count_files(directory), 0);
		spool_close(spool);
	} while (WIFSIGNALED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(rounds, 6 + 1);
	assert_int_equal(both,
			 2); /* before the name is on the disk, and before the old one is gone */
}

static uint64_t next_id;

static void add_for_ever(int out)
{
	struct spool *spool = open_spool(64 * ROOM);

	for (;;) {
		add(spool, next_id++);
		report(out, 'a');
	}
}

/* Whoever comes next goes on behind what is there. */
static void spool_killed_at_any_time_has_all_that_was_reported(void **state)
{
	unsigned int random = 1;
	struct spool *spool;

	(void)state;
	for (int round = 0; round < 16; round++) {
		struct export_count found = {0}, count;
		unsigned int more, removed;
		int reports;
		pid_t pid = start_child(&reports, add_for_ever);
		char what;

		random = random * 1103515245 + 12345;
		for (unsigned int i = 0; i < 1 + random / 65536 % 40; i++, next_id++)
			assert_int_equal(read(reports, &what, 1), 1);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		read_reports(reports, &more, &removed);
		next_id += more;

		spool = open_spool(64 * ROOM);
		for (uint64_t id = 0; id < next_id; id++) {
			count = batch_count(id);
			export_count_add(&found, &count);
		}
		count = batch_count(next_id);
		if (spool_count(spool)->records == found.records + count.records)
			next_id++;
		else
			assert_int_equal(spool_count(spool)->records, found.records);
		assert_int_equal(count_files(directory), next_id);
		spool_close(spool);
	}
	spool = open_spool(64 * ROOM);
	expect_batches(spool, 0, next_id - 1);
	spool_close(spool);
}

#define CRASH_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_calls, tear_down_calls)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CRASH_TEST(spool_add_has_the_contents_on_disk_before_the_name),
		CRASH_TEST(spool_add_survives_short_writes),
		CRASH_TEST(spool_add_that_fails_leaves_nothing),
		CRASH_TEST(spool_add_without_directory_sync_is_done),
		CRASH_TEST(spool_replace_that_fails_changes_nothing),
		CRASH_TEST(spool_remove_that_fails_comes_again_after_restart),
		CRASH_TEST(spool_directory_that_cannot_be_read_is_an_error),
		CRASH_TEST(spool_on_a_full_disk_keeps_what_it_has),
		CRASH_TEST(spool_beyond_the_file_size_limit_keeps_what_it_has),
		CRASH_TEST(spool_killed_before_any_call_has_all_that_was_reported),
		CRASH_TEST(spool_killed_while_it_replaces_has_the_records),
		CRASH_TEST(spool_killed_at_any_time_has_all_that_was_reported),
	};

	signal(SIGXFSZ, SIG_IGN);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
