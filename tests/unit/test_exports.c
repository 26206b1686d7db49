// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All exporters of the agent, and how a reload goes over from some to others: each record is with
 * exactly those that there were when it was made. The exporters are real ones; the octets of each
 * record are its number, by which it is known again.
 */
#include "agent/exports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "config_fixture.h"
#include "lib/clock.h"
#include "process.h"

#define HANG_SECONDS 120
#define MANY 3000 /* records, which no pipe holds */

static _Atomic uint64_t clock_ahead_ns;
static struct export_identity identity = {.host = "test", .sampling_interval = 1};
static char directory[64];
static int wake_fd;
static struct exports *exports;
static struct load current, old; /* old: until nobody borrows from it */
static uint64_t latest; /* record */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + clock_ahead_ns;
}

static void path_of(const char *name, char path[static 96])
{
	snprintf(path, 96, "%s/%s", directory, name);
}

/* No exporter at all: only a file can say that. */
static void load_none(struct load *load)
{
	char path[96], option[112];
	char *argv[] = {"run", "--max-flows=1024", option, NULL}, *environment[] = {NULL};
	FILE *file;

	path_of("none.yaml", path);
	snprintf(option, sizeof(option), "--config=%s", path);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("exporters: []\n", file);
	fclose(file);
	load_sources(load, argv, environment, NULL);
	unlink(path);
	assert_string_equal(load->messages, "");
	assert_int_equal(load->code, 0);
}

/* Exporters "NAME=FILE", each of which is one word of list. */
static void load_list(struct load *load, const char *list)
{
	char words[256], options[8][160], *rest = words, *word;
	char *argv[20] = {"run", "--max-flows=1024"}, *environment[] = {NULL};
	size_t count = 2;

	snprintf(words, sizeof(words), "%s", list);
	while ((word = strsep(&rest, " "))) {
		char *file = strchr(word, '=');

		snprintf(options[count], sizeof(options[count]), "--export=json:%s/%s?name=%.*s",
			 directory, file + 1, (int)(file - word), word);
		argv[count] = options[count];
		count++;
	}
	load_sources(load, argv, environment, NULL);
	assert_string_equal(load->messages, "");
	assert_int_equal(load->code, 0);
}

static int set_up(void **state)
{
	(void)state;
	clock_ahead_ns = 0;
	latest = 0;
	exports = NULL;
	memset(&current, 0, sizeof(current));
	memset(&old, 0, sizeof(old));
	wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	strcpy(directory, "/tmp/flowprobe-test-exports-XXXXXX");
	return wake_fd >= 0 && mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	DIR *stream = opendir(directory);
	struct dirent *entry;

	(void)state;
	exports_free(exports);
	load_free(&current);
	load_free(&old);
	close(wake_fd);
	while ((entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
	return rmdir(directory);
}

static void start(const char *list)
{
	char error[512] = "";

	load_list(&current, list);
	exports = exports_start(&current.config, &identity, wake_fd, error, sizeof(error));
	assert_string_equal(error, "");
	assert_non_null(exports);
}

static void add(uint64_t count)
{
	while (count--)
		exports_add(exports, &(struct flow_record){.packets = 1, .octets = ++latest});
}

static void stop(void)
{
	exports_stop(exports, clock_monotonic_ns() + HANG_SECONDS * NS_PER_S);
}

/* As the agent does it. */
static void reload(const char *list)
{
	char error[512] = "";
	struct load fresh;

	assert_true(exports_are_settled(exports));
	load_free(&old);
	memset(&old, 0, sizeof(old));
	if (*list)
		load_list(&fresh, list);
	else
		load_none(&fresh);
	assert_int_equal(exports_reload(exports, &current.config.exporters, &fresh.config.exporters,
					error, sizeof(error)),
			 0);
	assert_string_equal(error, "");
	old = current;
	current = fresh;
}

static void settle(void)
{
	struct pollfd woken = {.fd = wake_fd, .events = POLLIN};
	uint64_t count;

	while (!exports_are_settled(exports)) {
		assert_int_equal(poll(&woken, 1, -1), 1);
		assert_int_equal(read(wake_fd, &count, sizeof(count)), sizeof(count));
		exports_reap(exports);
	}
	load_free(&old);
	memset(&old, 0, sizeof(old));
}

/* Records from..to, and no other, are what is in the file. */
static void expect_file(const char *name, uint64_t from, uint64_t to)
{
	char path[96], line[4096];
	FILE *file;

	path_of(name, path);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const char *octets = strstr(line, "\"bytes\":");

		assert_non_null(octets);
		assert_int_equal(strtoull(octets + 8, NULL, 10), from++);
	}
	assert_int_equal(from, to + 1);
	fclose(file);
}

/* --- without a reload --- */

static void exports_all_get_all(void **state)
{
	struct exporter_stats stats;

	(void)state;
	start("one=a two=b");
	add(1000);
	stop();
	assert_int_equal(exports_count(exports), 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(exports_get(exports, i, &stats)->name, i ? "two" : "one");
		assert_int_equal(stats.submitted.records, 1000);
		assert_int_equal(stats.sent.records, 1000);
		assert_int_equal(stats.sent.octets, 500500);
	}
	assert_false(exports_lost(exports));
	expect_file("a", 1, 1000);
	expect_file("b", 1, 1000);
}

static void exports_start_says_what_cannot_be(void **state)
{
	char error[512] = "";
	unsigned int open_files = count_open_files();

	(void)state;
	load_list(&current, "one=a two=nowhere/b");
	assert_null(exports_start(&current.config, &identity, wake_fd, error, sizeof(error)));
	assert_non_null(strstr(error, "nowhere/b: No such file or directory"));
	assert_int_equal(count_open_files(), open_files);
}

/* --- reload --- */

static void reload_of_the_same_goes_on(void **state)
{
	struct exporter_stats stats;

	(void)state;
	start("one=a two=b");
	add(10);
	reload("one=a two=b");
	assert_true(exports_are_settled(exports));
	settle();
	add(10);
	stop();
	exports_get(exports, 0, &stats);
	assert_int_equal(stats.submitted.records, 20);
	expect_file("a", 1, 20);
	expect_file("b", 1, 20);
}

static void reload_in_another_order_goes_on(void **state)
{
	struct exporter_stats stats;

	(void)state;
	start("one=a two=b three=c");
	add(10);
	reload("three=c one=a two=b");
	settle();
	add(5);
	stop();
	assert_string_equal(exports_get(exports, 0, &stats)->name, "three");
	assert_string_equal(exports_get(exports, 1, &stats)->name, "one");
	assert_string_equal(exports_get(exports, 2, &stats)->name, "two");
	assert_int_equal(stats.submitted.records, 15);
	expect_file("a", 1, 15);
	expect_file("b", 1, 15);
	expect_file("c", 1, 15);
}

static void reload_adds(void **state)
{
	(void)state;
	start("one=a");
	add(10);
	reload("one=a two=b");
	assert_true(exports_are_settled(exports));
	settle();
	add(10);
	stop();
	assert_int_equal(exports_count(exports), 2);
	expect_file("a", 1, 20);
	expect_file("b", 11, 20);
}

/* Having none is what was asked for, and nobody has gone away. */
static void reload_may_leave_none(void **state)
{
	(void)state;
	start("one=a");
	add(10);
	reload("");
	settle();
	assert_int_equal(exports_count(exports), 0);
	assert_false(exports_are_dead(exports));
	add(10);
	reload("two=b");
	settle();
	add(10);
	stop();
	assert_false(exports_lost(exports));
	expect_file("a", 1, 10);
	expect_file("b", 21, 30);
}

static void reload_removes(void **state)
{
	(void)state;
	start("one=a two=b");
	add(10);
	reload("two=b");
	settle();
	add(10);
	stop();
	assert_int_equal(exports_count(exports), 1);
	assert_false(exports_lost(exports));
	expect_file("a", 1, 10);
	expect_file("b", 1, 20);
}

static void reload_changes(void **state)
{
	struct exporter_stats stats;

	(void)state;
	start("one=a two=b");
	add(10);
	reload("one=c two=b");
	settle();
	add(10);
	stop();
	assert_string_equal(exports_get(exports, 0, &stats)->name, "one");
	assert_int_equal(stats.submitted.records, 10);
	expect_file("a", 1, 10);
	expect_file("b", 1, 20);
	expect_file("c", 11, 20);
}

/* Also where some of what is new could have been started. */
static void reload_that_fails_changes_nothing(void **state)
{
	unsigned int open_files;
	struct exporter_stats stats;
	struct load fresh;
	char error[512] = "";

	(void)state;
	start("one=a two=b");
	add(10);
	open_files = count_open_files();
	load_list(&fresh, "three=c two=b four=nowhere/d");
	assert_int_equal(exports_reload(exports, &current.config.exporters, &fresh.config.exporters,
					error, sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "nowhere/d: No such file or directory"));
	load_free(&fresh);
	assert_true(exports_are_settled(exports));
	assert_int_equal(count_open_files(), open_files);
	assert_int_equal(exports_count(exports), 2);
	add(10);
	stop();
	assert_string_equal(exports_get(exports, 0, &stats)->name, "one");
	assert_string_equal(exports_get(exports, 1, &stats)->name, "two");
	expect_file("a", 1, 20);
	expect_file("b", 1, 20);
	expect_file("c", 1, 0);
}

static void reload_hundred_times_loses_nothing(void **state)
{
	unsigned int open_files;
	uint64_t lines[2] = {0};
	struct exporter_stats stats;
	char path[96], line[4096];

	(void)state;
	start("kept=k turn=a");
	add(1);
	open_files = count_open_files();
	for (int i = 0; i < 100; i++) {
		reload(i & 1 ? "kept=k turn=a" : "kept=k turn=b");
		add(7);
		settle();
		assert_int_equal(count_open_files(), open_files);
	}
	stop();
	exports_get(exports, 0, &stats);
	assert_int_equal(stats.sent.records, 701);
	expect_file("k", 1, 701);
	for (int i = 0; i < 2; i++) {
		FILE *file;

		path_of(i ? "b" : "a", path);
		file = fopen(path, "r");
		while (fgets(line, sizeof(line), file))
			lines[i]++;
		fclose(file);
	}
	assert_int_equal(lines[0], 351);
	assert_int_equal(lines[1], 350);
	assert_false(exports_lost(exports));
}

/* --- those that are replaced, and are not done --- */

/* A pipe that takes something, and is then full until it is read. */
static int make_pipe(const char *name)
{
	char path[96];
	int fd;

	path_of(name, path);
	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static void wait_until_sent(size_t i, uint64_t records)
{
	struct exporter_stats stats;

	do {
		sched_yield();
		exports_get(exports, i, &stats);
	} while (stats.sent.records < records);
}

/* Lines that can be read now, of which a part may be in rest. */
static uint64_t read_lines(int fd)
{
	char buffer[8192];
	uint64_t lines = 0;
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			lines += buffer[i] == '\n';
	}
	return lines;
}

static void retired_delivers_what_it_holds(void **state)
{
	int fd = make_pipe("p");
	uint64_t lines = 0;

	(void)state;
	start("slow=p other=a");
	add(MANY);
	reload("other=a");
	add(10);
	exports_push(exports);
	wait_until_sent(0, MANY + 10); /* nobody waits for the slow one */
	exports_reap(exports);
	assert_false(exports_are_settled(exports));
	while (!exports_are_settled(exports)) {
		lines += read_lines(fd);
		exports_reap(exports);
	}
	lines += read_lines(fd);
	assert_int_equal(lines, MANY);
	stop();
	assert_false(exports_lost(exports));
	expect_file("a", 1, MANY + 10);
	close(fd);
}

static void retired_that_gets_nowhere_is_given_up(void **state)
{
	int fd = make_pipe("p");
	uint64_t count;

	(void)state;
	start("slow=p other=a");
	add(MANY);
	reload("other=a");
	clock_ahead_ns = 9 * NS_PER_S;
	exports_reap(exports);
	assert_false(exports_are_settled(exports));
	clock_ahead_ns = 11 * NS_PER_S;
	exports_reap(exports);
	assert_true(exports_are_settled(exports));
	assert_true(exports_lost(exports));
	(void)!read(wake_fd, &count, sizeof(count));
	reload("other=a"); /* another one may follow */
	stop();
	expect_file("a", 1, MANY);
	close(fd);
}

static void stop_ends_the_retired_too(void **state)
{
	int fd = make_pipe("p");

	(void)state;
	start("slow=p other=a");
	add(MANY);
	reload("other=a third=b");
	add(1);
	exports_stop(exports, clock_monotonic_ns() + NS_PER_S / 10);
	assert_true(exports_are_settled(exports));
	assert_true(exports_lost(exports));
	expect_file("a", 1, MANY + 1);
	expect_file("b", MANY + 1, MANY + 1);
	close(fd);
}

/* The pool must have enough for both, those that a reload replaced and those that it began. */
static void reload_between_two_that_are_stuck_runs_out_of_nothing(void **state)
{
	int first = make_pipe("p"), second = make_pipe("q");
	struct exporter_stats stats;

	(void)state;
	start("slow=p");
	add(20 * MANY);
	exports_get(exports, 0, &stats);
	assert_true(stats.dropped_queue.records > 0);
	reload("slow=q");
	add(20 * MANY);
	exports_push(exports);
	exports_get(exports, 0, &stats);
	assert_int_equal(stats.submitted.records, 20 * MANY);
	assert_true(stats.dropped_queue.records > 0);
	assert_int_equal(stats.sent.records + stats.queued.records + stats.dropped_queue.records,
			 20 * MANY);
	exports_stop(exports, 0);
	assert_true(exports_lost(exports));
	close(first);
	close(second);
}

/* Far more harvests than a queue has slots, but fewer records than it holds. */
static void harvests_of_one_record_each_do_not_fill_a_queue(void **state)
{
	struct exporter_stats stats;
	int fd = make_pipe("p");
	uint64_t lines = 0;

	(void)state;
	start("slow=p other=a");
	for (int i = 0; i < 10 * MANY; i++) {
		add(1);
		exports_push(exports);
		if (i == 5 * MANY)
			reload("slow=p third=b other=a");
	}
	exports_get(exports, 0, &stats);
	assert_int_equal(stats.submitted.records, 10 * MANY);
	assert_int_equal(stats.dropped_queue.records, 0);
	while (lines < 10 * MANY)
		lines += read_lines(fd);
	stop();
	assert_int_equal(lines + read_lines(fd), 10 * MANY);
	assert_false(exports_lost(exports));
	expect_file("a", 1, 10 * MANY);
	expect_file("b", 5 * MANY + 2, 10 * MANY);
	close(fd);
}

#define EXPORTS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXPORTS_TEST(exports_all_get_all),
		EXPORTS_TEST(exports_start_says_what_cannot_be),
		EXPORTS_TEST(reload_of_the_same_goes_on),
		EXPORTS_TEST(reload_in_another_order_goes_on),
		EXPORTS_TEST(reload_adds),
		EXPORTS_TEST(reload_removes),
		EXPORTS_TEST(reload_may_leave_none),
		EXPORTS_TEST(reload_changes),
		EXPORTS_TEST(reload_that_fails_changes_nothing),
		EXPORTS_TEST(reload_hundred_times_loses_nothing),
		EXPORTS_TEST(retired_delivers_what_it_holds),
		EXPORTS_TEST(retired_that_gets_nowhere_is_given_up),
		EXPORTS_TEST(stop_ends_the_retired_too),
		EXPORTS_TEST(reload_between_two_that_are_stuck_runs_out_of_nothing),
		EXPORTS_TEST(harvests_of_one_record_each_do_not_fill_a_queue),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
