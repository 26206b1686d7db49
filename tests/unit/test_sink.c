// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where bytes go when a path is written to, and what can be done when they do not: on real files,
 * pipes and devices. How whole lines are kept on top of it is in test_file.c.
 */
#include "export/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

#define HANG_SECONDS 120
#define PIPE_BYTES 4096 /* the smallest there is */

static char directory[64];
static char path[128];
static char data[20000];
static struct sink sink;
static struct export_control control;

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i % 26);
	strcpy(directory, "/tmp/flowprobe-test-sink-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/flows", directory);
	sink = (struct sink)SINK_CLOSED;
	control = (struct export_control){.wake_fd = -1};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	restore_standard_output();
	limit_file_size(RLIM_INFINITY);
	sink_close(&sink);
	unlink(path);
	return rmdir(directory);
}

static void open_sink(const char *target, int open_flags)
{
	char error[256] = "";

	if (sink_open(&sink, "test", target, open_flags, error, sizeof(error)))
		fail_msg("%s", error);
}

static void expect_open_fails(const char *target, const char *why)
{
	char error[256] = "", expected[256];

	if (*target)
		snprintf(expected, sizeof(expected), "cannot write to %s: %s", target, why);
	else
		snprintf(expected, sizeof(expected), "%s", why);
	assert_int_equal(sink_open(&sink, "test", target, 0, error, sizeof(error)), -1);
	assert_string_equal(error, expected);
	assert_int_equal(sink.fd, -1);
}

static void expect_write(size_t bytes, int error, size_t written)
{
	size_t got = 12345;

	assert_int_equal(sink_write(&sink, data, bytes, &control, &got), error);
	assert_int_equal(got, written);
}

/* The file has `bytes` bytes, which are so much of data again and again. */
static void expect_file(size_t bytes, size_t period)
{
	char text[sizeof(data) + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, text, sizeof(text));

	close(fd);
	assert_int_equal(got, bytes);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(text[i], data[i % period]);
}

static void sink_creates_a_file_others_cannot_read(void **state)
{
	mode_t saved = umask(0);
	struct stat st;

	(void)state;
	open_sink(path, 0);
	umask(saved);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(sink.regular, 1);
	assert_int_equal(sink.is_stdout, 0);
	assert_true(fcntl(sink.fd, F_GETFD) & FD_CLOEXEC);
	expect_write(1000, 0, 1000);
	expect_write(0, 0, 0);
	expect_write(1000, 0, 1000);
	expect_file(2000, 1000);
	sink_close(&sink);
	assert_int_equal(sink.fd, -1);
	sink_close(&sink);
}

static void sink_that_cannot_be_opened_says_what_to_do(void **state)
{
	char inside[160], missing[160];

	(void)state;
	snprintf(missing, sizeof(missing), "%s/none/flows", directory);
	expect_open_fails(missing, "No such file or directory; create its "
				   "directory first");
	expect_open_fails(directory, "Is a directory; name a file in it");
	expect_open_fails("", "no path; write test:PATH, or test:- for standard output");
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_open_fails(path, "No such device or address; start what reads "
				"this named pipe first");
	snprintf(inside, sizeof(inside), "%s/inside", path);
	expect_open_fails(inside, "Not a directory; create its directory first");
	unlink(path);
	assert_int_equal(symlink(path, path), 0);
	expect_open_fails(path, "Too many levels of symbolic links; choose "
				"another path");
}

static void sink_cut_takes_back_what_was_written_last(void **state)
{
	(void)state;
	open_sink(path, 0);
	expect_write(1000, 0, 1000);
	limit_file_size(1300);
	expect_write(1000, -EFBIG, 300);
	limit_file_size(RLIM_INFINITY);
	expect_file(1300, 1000);
	assert_int_equal(sink_cut(&sink, 300), 1);
	expect_file(1000, 1000);
	expect_write(1000, 0, 1000);
	expect_file(2000, 1000);
}

static void sink_cut_leaves_what_others_appended(void **state)
{
	int other;

	(void)state;
	open_sink(path, O_APPEND);
	expect_write(1000, 0, 1000);
	other = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(other, data, 10), 10);
	close(other);
	assert_int_equal(sink_cut(&sink, 1000), 0);
	expect_file(1010, 1000);
	expect_write(5, 0, 5);
	assert_int_equal(sink_cut(&sink, 5), 1);
	assert_int_equal(sink_cut(&sink, 2000), 0); /* more than there is */
	expect_file(1010, 1000);
}

static void sink_full_device_has_written_nothing(void **state)
{
	(void)state;
	open_sink("/dev/full", 0);
	assert_int_equal(sink.regular, 0);
	expect_write(1000, -ENOSPC, 0);
	assert_int_equal(sink_cut(&sink, 0), 0);
	assert_int_equal(sink_is_gone(&sink, -ENOSPC), 0);
}

/* Opens a named pipe of the smallest size as the sink; returns its reading end. */
static int open_named_pipe(void)
{
	int reader;

	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	assert_true(fcntl(reader, F_SETPIPE_SZ, PIPE_BYTES) >= PIPE_BYTES);
	open_sink(path, 0);
	return reader;
}

static void expect_read(int reader, size_t bytes)
{
	char text[sizeof(data)];

	assert_int_equal(read(reader, text, sizeof(text)), bytes);
	assert_memory_equal(text, data, bytes);
}

static void sink_full_pipe_waits_until_it_is_over(void **state)
{
	int reader = open_named_pipe();

	(void)state;
	control.over = 1;
	expect_write(sizeof(data), -ECANCELED, PIPE_BYTES);
	expect_read(reader, PIPE_BYTES);
	expect_write(100, 0, 100); /* what goes at once still goes */
	close(reader);
}

static void sink_named_pipe_is_empty_for_its_next_reader(void **state)
{
	char first[10];
	int reader = open_named_pipe();

	(void)state;
	expect_write(1000, 0, 1000);
	assert_int_equal(read(reader, first, sizeof(first)), sizeof(first));
	close(reader); /* 990 bytes are left in the pipe */
	expect_write(1000, -EPIPE, 0);
	expect_write(1000, -EPIPE, 0);
	assert_int_equal(sink_is_gone(&sink, -EPIPE), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	expect_write(500, 0, 500);
	expect_read(reader, 500);
	close(reader);
}

static void sink_named_pipe_that_was_removed_says_so(void **state)
{
	int reader = open_named_pipe();

	(void)state;
	close(reader);
	unlink(path);
	expect_write(10, -EPIPE, 0);
	expect_write(10, -ENOENT, 0);
	assert_int_equal(access(path, F_OK), -1);
}

static void sink_standard_output_stays_open_and_as_it_was(void **state)
{
	int fds[2], flags;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	set_standard_output(fds[1]);
	flags = fcntl(STDOUT_FILENO, F_GETFL);
	open_sink("-", 0);
	assert_int_equal(sink.is_stdout, 1);
	expect_write(1000, 0, 1000);
	expect_read(fds[0], 1000);
	close(fds[0]);
	expect_write(1000, -EPIPE, 0);
	assert_int_equal(sink_is_gone(&sink, -EPIPE), 1);
	assert_int_equal(sink_is_gone(&sink, -EIO), 0);
	sink_close(&sink);
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFL), flags);
	close(fds[1]);
}

#define SINK_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SINK_TEST(sink_creates_a_file_others_cannot_read),
		SINK_TEST(sink_that_cannot_be_opened_says_what_to_do),
		SINK_TEST(sink_cut_takes_back_what_was_written_last),
		SINK_TEST(sink_cut_leaves_what_others_appended),
		SINK_TEST(sink_full_device_has_written_nothing),
		SINK_TEST(sink_full_pipe_waits_until_it_is_over),
		SINK_TEST(sink_named_pipe_is_empty_for_its_next_reader),
		SINK_TEST(sink_named_pipe_that_was_removed_says_so),
		SINK_TEST(sink_standard_output_stays_open_and_as_it_was),
	};

	signal(SIGPIPE, SIG_IGN); /* as main() does */
	signal(SIGXFSZ, SIG_IGN);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
