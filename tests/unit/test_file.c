// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The "json" driver on real files, pipes and devices: what is counted as sent is in the file, whole
 * lines only, whatever goes wrong in between. Disk full is played by /dev/full and by a file size
 * limit, a slow reader by the smallest pipe there is.
 */
#include "export/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/exporter.h"
#include "lib/log.h"
#include "process.h"

#define RECORDS 300 /* some 260 KB: several buffers */
#define HANG_SECONDS 120

static const struct export_identity identity = {
	.host = "test",
	.sampler_address = "192.0.2.1",
	.instance = 1,
	.sampling_interval = 1,
};
static const struct export_driver *const driver = &export_driver_json;
static struct flow_record records[RECORDS];
static char directory[64];
static char path[128];

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		records[i].key.protocol = 6;
		records[i].id = i;
		records[i].packets = 1;
		records[i].octets = 100;
	}
	strcpy(directory, "/tmp/flowprobe-test-file-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/flows.json", directory);
	return 0;
}

/* A test that fails on its way leaves these to us. */
static int tear_down(void **state)
{
	(void)state;
	restore_standard_output();
	limit_file_size(RLIM_INFINITY);
	unlink(path);
	return rmdir(directory);
}

/* The driver borrows its settings. */
static struct export_settings settings = {.name = "file", .type = "json"};

static void *create(const char *target)
{
	char error[512] = "";
	void *file;

	settings.target = target;
	file = driver->create(&settings, &identity, error, sizeof(error));

	if (!file)
		fail_msg("%s", error);
	return file;
}

static struct export_outcome send_and_flush(void *file, size_t count)
{
	struct export_control control = {.wake_fd = -1};
	struct export_outcome *outcome = &control.outcome;

	driver->send(file, records, count, &control);
	if (!outcome->dead)
		driver->flush(file, &control);
	assert_int_equal(outcome->sent.records + outcome->lost.records, count);
	assert_int_equal(outcome->lost.packets, outcome->lost.records);
	assert_int_equal(outcome->lost.octets, 100 * outcome->lost.records);
	assert_int_equal(outcome->unsupported.records, 0);
	return *outcome;
}

static void expect_all_sent(void *file, size_t count)
{
	struct export_outcome outcome = send_and_flush(file, count);

	assert_int_equal(outcome.sent.records, count);
	assert_int_equal(outcome.error, 0);
	assert_int_equal(outcome.dead, 0);
}

static void expect_create_fails(const char *target, const char *expected)
{
	char error[512] = "";

	settings.target = target;
	assert_null(driver->create(&settings, &identity, error, sizeof(error)));
	assert_string_equal(error, expected);
}

/* Every line of text is a whole record; returns how many there are. */
static size_t count_lines(const char *text, size_t bytes)
{
	static const char start[] = "{\"type\":\"IPFIX\",\"time_received_ns\":";
	static const char end[] = "\"community_id\":\"1:idwO/QHAjbcGlF1bfQE9dPuu7T0=\"}";
	const char *line = text, *next;
	size_t lines = 0;

	for (; line < text + bytes; line = next + 1, lines++) {
		next = memchr(line, '\n', bytes - (line - text));
		assert_non_null(next);
		assert_true((size_t)(next - line) > strlen(start) + strlen(end));
		assert_memory_equal(line, start, strlen(start));
		assert_memory_equal(next - strlen(end), end, strlen(end));
		assert_null(memmem(line + 1, next - line - 1, "{", 1));
	}
	return lines;
}

static char *read_file(size_t *bytes)
{
	struct stat st;
	char *text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	text = malloc(st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, st.st_size), st.st_size);
	text[st.st_size] = '\0';
	close(fd);
	*bytes = st.st_size;
	return text;
}

static size_t count_file_lines(void)
{
	size_t bytes, lines;
	char *text = read_file(&bytes);

	lines = count_lines(text, bytes);
	free(text);
	return lines;
}

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void file_path_is_created_with_mode_0640(void **state)
{
	mode_t saved = umask(0);
	struct stat st;
	void *file;

	(void)state;
	file = create(path);
	umask(saved);
	expect_all_sent(file, RECORDS);
	driver->destroy(file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(count_file_lines(), RECORDS);
}

static void file_path_is_appended_to(void **state)
{
	char *text;
	size_t bytes;
	void *file;

	(void)state;
	write_text("{\"old\":1}\n");
	file = create(path);
	expect_all_sent(file, 2);
	driver->destroy(file);
	text = read_file(&bytes);
	assert_memory_equal(text, "{\"old\":1}\n", 10);
	assert_int_equal(count_lines(text + 10, bytes - 10), 2);
	free(text);
}

static void file_with_torn_last_line_starts_a_new_one(void **state)
{
	char *text;
	size_t bytes;
	void *file;

	(void)state;
	write_text("{\"old\":");
	file = create(path);
	expect_all_sent(file, 1);
	expect_all_sent(file, 1);
	driver->destroy(file);
	text = read_file(&bytes);
	assert_memory_equal(text, "{\"old\":\n", 8);
	assert_int_equal(count_lines(text + 8, bytes - 8), 2);
	free(text);
}

static void file_sequence_and_ids_count_up(void **state)
{
	char *text, *line, expected[64];
	size_t bytes, i = 0;
	void *file;

	(void)state;
	file = create(path);
	expect_all_sent(file, 100);
	expect_all_sent(file, 100);
	driver->destroy(file);
	text = read_file(&bytes);
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), i++) {
		snprintf(expected, sizeof(expected), "\"sequence_num\":%zu,", i);
		assert_non_null(strstr(line, expected));
		snprintf(expected, sizeof(expected), "\"flow_id\":\"0000000000000001-%zu\"",
			 i % 100);
		assert_non_null(strstr(line, expected));
	}
	assert_int_equal(i, 200);
	free(text);
}

static void file_record_is_written_by_flush(void **state)
{
	struct export_control control = {.wake_fd = -1};
	void *file;

	(void)state;
	file = create(path);
	driver->send(file, records, 1, &control);
	assert_int_equal(control.outcome.sent.records + control.outcome.lost.records, 0);
	assert_int_equal(count_file_lines(), 0);
	driver->flush(file, &control);
	assert_int_equal(control.outcome.sent.records, 1);
	assert_int_equal(count_file_lines(), 1);
	driver->flush(file, &control);
	assert_int_equal(control.outcome.sent.records, 1);
	driver->destroy(file);
}

static void file_impossible_path_says_what_to_do(void **state)
{
	char missing[160], expected[512];

	(void)state;
	expect_create_fails("", "no path; write json:PATH, or json:- for standard output");
	snprintf(missing, sizeof(missing), "%s/none/flows.json", directory);
	snprintf(expected, sizeof(expected),
		 "cannot write to %s: No such file or directory; create its directory first",
		 missing);
	expect_create_fails(missing, expected);
	snprintf(expected, sizeof(expected),
		 "cannot write to %s: Is a directory; name a file in it", directory);
	expect_create_fails(directory, expected);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(expected, sizeof(expected),
		 "cannot write to %s: No such device or address; start what reads this named pipe "
		 "first",
		 path);
	expect_create_fails(path, expected);
}

static void file_full_device_counts_every_record_lost(void **state)
{
	void *file = create("/dev/full");
	struct export_outcome outcome;

	(void)state;
	for (int i = 0; i < 2; i++) {
		outcome = send_and_flush(file, RECORDS);
		assert_int_equal(outcome.sent.records, 0);
		assert_int_equal(outcome.lost.records, RECORDS);
		assert_int_equal(outcome.error, -ENOSPC);
		assert_int_equal(outcome.dead, 0);
	}
	driver->destroy(file);
}

/* Fills the file up to a limit in the middle of a line, then lifts the limit. */
static void run_out_of_space(void *file)
{
	struct export_outcome outcome;
	size_t lines;

	limit_file_size(100001);
	outcome = send_and_flush(file, RECORDS);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(outcome.error, -EFBIG);
	assert_int_equal(outcome.dead, 0);
	lines = count_file_lines();
	assert_int_equal(outcome.sent.records, lines);
	assert_in_range(lines, 90, 120);
	expect_all_sent(file, 10);
	assert_int_equal(count_file_lines(), lines + 10);
}

static void file_out_of_space_leaves_no_torn_line(void **state)
{
	void *file;

	(void)state;
	file = create(path);
	run_out_of_space(file);
	driver->destroy(file);
}

/* Runs body with standard output being fd. */
static void with_standard_output(int fd, void (*body)(void))
{
	set_standard_output(fd);
	body();
	restore_standard_output();
}

static void run_out_of_space_on_standard_output(void)
{
	void *file = create("-");

	run_out_of_space(file);
	driver->destroy(file);
}

static void file_standard_output_without_append_keeps_its_offset(void **state)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* as the shell's > does */

	(void)state;
	assert_true(fd >= 0);
	with_standard_output(fd, run_out_of_space_on_standard_output);
	close(fd);
}

static void overwrite_until_out_of_space(void)
{
	struct export_outcome outcome;
	void *file = create("-");
	char *text, *torn;
	size_t bytes;

	limit_file_size(100001);
	outcome = send_and_flush(file, RECORDS);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(outcome.error, -EFBIG);
	expect_all_sent(file, 1);
	driver->destroy(file);
	text = read_file(&bytes);
	assert_int_equal(bytes, 200000);
	assert_int_equal(text[100001], '\n');
	torn = memrchr(text, '\n', 100001);
	assert_non_null(torn);
	assert_int_equal(count_lines(text, torn + 1 - text), outcome.sent.records);
	torn = memchr(text + 100002, '\n', bytes - 100002);
	assert_non_null(torn);
	assert_int_equal(count_lines(text + 100002, torn + 1 - text - 100002), 1);
	free(text);
}

static void file_that_others_wrote_to_is_not_cut(void **state)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 200000), 0); /* there is more behind our offset */
	with_standard_output(fd, overwrite_until_out_of_space);
	close(fd);
}

struct reader {
	int fd;
	size_t step;
	char *text;
	size_t bytes;
};

static void *reader_run(void *arg)
{
	struct reader *reader = arg;
	size_t capacity = 0;
	ssize_t got;

	do {
		if (capacity - reader->bytes < reader->step) {
			capacity = 2 * capacity + reader->step;
			reader->text = realloc(reader->text, capacity);
		}
		got = read(reader->fd, reader->text + reader->bytes, reader->step);
		reader->bytes += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	return NULL;
}

static void make_small_pipe(int fds[static 2])
{
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) >= 4096);
}

static void format_fd_path(char text[static 32], int fd)
{
	snprintf(text, 32, "/proc/self/fd/%d", fd);
}

static void file_small_pipe_gets_every_line_whole(void **state)
{
	struct reader reader = {.step = 333};
	char target[32];
	pthread_t thread;
	void *file;
	int fds[2];

	(void)state;
	make_small_pipe(fds);
	format_fd_path(target, fds[1]);
	file = create(target);
	close(fds[1]);
	reader.fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, reader_run, &reader), 0);
	expect_all_sent(file, RECORDS);
	driver->destroy(file);
	pthread_join(thread, NULL);
	assert_int_equal(count_lines(reader.text, reader.bytes), RECORDS);
	free(reader.text);
	close(fds[0]);
}

static int standard_output_flags;

static void send_to_standard_output(void)
{
	void *file = create("-");

	expect_all_sent(file, RECORDS);
	standard_output_flags = fcntl(STDOUT_FILENO, F_GETFL);
	driver->destroy(file);
}

static void expect_standard_output_works(int read_fd, int write_fd)
{
	struct reader reader = {.fd = read_fd, .step = 1000};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, reader_run, &reader), 0);
	with_standard_output(write_fd, send_to_standard_output);
	close(write_fd);
	pthread_join(thread, NULL);
	assert_int_equal(count_lines(reader.text, reader.bytes), RECORDS);
	assert_int_equal(standard_output_flags & O_NONBLOCK, 0);
	free(reader.text);
	close(read_fd);
}

static void file_standard_output_pipe_keeps_its_flags(void **state)
{
	int fds[2];

	(void)state;
	make_small_pipe(fds);
	expect_standard_output_works(fds[0], fds[1]);
}

static void file_standard_output_socket_keeps_its_flags(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	expect_standard_output_works(fds[0], fds[1]);
}

static void create_on_closed_standard_output(void)
{
	close(STDOUT_FILENO);
	expect_create_fails("-", "standard output is closed or cannot be written to; write "
				 "json:PATH instead");
}

static void file_closed_standard_output_is_refused(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	with_standard_output(fd, create_on_closed_standard_output);
	close(fd);
}

static void create_on_unwritable_standard_output(void)
{
	expect_create_fails("-", "standard output is closed or cannot be written to; write "
				 "json:PATH instead");
}

static void file_read_only_standard_output_is_refused(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	with_standard_output(fd, create_on_unwritable_standard_output);
	close(fd);
}

static int broken_pipe[2];

static void write_to_broken_standard_output(void)
{
	struct export_outcome outcome;
	void *file = create("-");

	close(broken_pipe[0]);
	outcome = send_and_flush(file, RECORDS);
	assert_int_equal(outcome.lost.records, RECORDS);
	assert_int_equal(outcome.error, -EPIPE);
	assert_int_equal(outcome.dead, 1);
	driver->destroy(file);
}

static void file_standard_output_without_reader_is_dead(void **state)
{
	(void)state;
	make_small_pipe(broken_pipe);
	with_standard_output(broken_pipe[1], write_to_broken_standard_output);
	close(broken_pipe[1]);
}

static void file_named_pipe_without_reader_may_find_another(void **state)
{
	struct export_outcome outcome;
	void *file;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	file = create(path);
	close(reader);
	outcome = send_and_flush(file, RECORDS);
	assert_int_equal(outcome.sent.records, 0);
	assert_int_equal(outcome.lost.records, RECORDS);
	assert_int_equal(outcome.error, -EPIPE);
	assert_int_equal(outcome.dead, 0);
	driver->destroy(file);
}

static void file_named_pipe_begins_with_a_whole_line_for_each_reader(void **state)
{
	struct export_control over = {.wake_fd = -1, .over = 1};
	struct export_outcome outcome;
	char text[4096];
	ssize_t bytes;
	void *file;
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fcntl(reader, F_SETPIPE_SZ, 4096) >= 4096);
	file = create(path);
	driver->send(file, records, RECORDS, &over); /* it fills up in the middle of a line */
	driver->flush(file, &over);
	assert_int_equal(over.outcome.error, -ECANCELED);
	assert_int_equal(read(reader, text, 100), 100); /* the rest stays in the pipe */
	close(reader);
	outcome = send_and_flush(file, 1);
	assert_int_equal(outcome.error, -EPIPE);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	expect_all_sent(file, 2);
	bytes = read(reader, text, sizeof(text));
	assert_true(bytes > 0);
	assert_int_equal(count_lines(text, bytes), 2);
	close(reader);
	driver->destroy(file);
}

struct stopper {
	int fd;
	struct export_control control;
};

/* It is over when nothing more can be written to fd. */
static void *stopper_run(void *arg)
{
	struct stopper *stopper = arg;
	struct pollfd fd = {.fd = stopper->fd, .events = POLLOUT};
	const uint64_t one = 1;

	while (poll(&fd, 1, 0) > 0)
		sched_yield();
	stopper->control.over = 1;
	assert_int_equal(write(stopper->control.wake_fd, &one, sizeof(one)), sizeof(one));
	return NULL;
}

static void expect_stop_ends_send(void *file, int read_fd, int write_fd)
{
	static char text[RECORDS * 1000];
	struct stopper stopper = {.fd = write_fd};
	const struct export_outcome *outcome = &stopper.control.outcome;
	size_t lines = 0, bytes = 0;
	pthread_t thread;
	ssize_t got;

	stopper.control.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(stopper.control.wake_fd >= 0);
	assert_int_equal(pthread_create(&thread, NULL, stopper_run, &stopper), 0);
	driver->send(file, records, RECORDS, &stopper.control);
	driver->flush(file, &stopper.control);
	pthread_join(thread, NULL);
	assert_int_equal(fcntl(read_fd, F_SETFL, O_NONBLOCK), 0);
	while ((got = read(read_fd, text + bytes, sizeof(text) - bytes)) > 0)
		bytes += (size_t)got;
	for (size_t i = 0; i < bytes; i++)
		lines += text[i] == '\n';
	assert_in_range(lines, 1, RECORDS - 1);
	assert_int_equal(outcome->sent.records, lines);
	assert_int_equal(outcome->lost.records, RECORDS - lines);
	assert_int_equal(outcome->error, -ECANCELED);
	assert_int_equal(outcome->dead, 0);
	close(stopper.control.wake_fd);
}

static void file_stalled_reader_does_not_outlast_stop(void **state)
{
	char target[32];
	void *file;
	int fds[2];

	(void)state;
	make_small_pipe(fds);
	format_fd_path(target, fds[1]);
	file = create(target);
	expect_stop_ends_send(file, fds[0], fds[1]);
	driver->destroy(file);
	close(fds[0]);
	close(fds[1]);
}

static int stalled_read_fd;

static void stop_on_stalled_standard_output(void)
{
	void *file = create("-");

	expect_stop_ends_send(file, stalled_read_fd, STDOUT_FILENO);
	driver->destroy(file);
}

static void file_stalled_standard_output_does_not_outlast_stop(void **state)
{
	int fds[2];

	(void)state;
	make_small_pipe(fds);
	stalled_read_fd = fds[0];
	with_standard_output(fds[1], stop_on_stalled_standard_output);
	close(fds[0]);
	close(fds[1]);
}

static void file_stalled_socket_does_not_outlast_stop(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	stalled_read_fd = fds[0];
	with_standard_output(fds[1], stop_on_stalled_standard_output);
	close(fds[0]);
	close(fds[1]);
}

static void file_with_exporter_delivers_at_once(void **state)
{
	struct record_pool *pool = record_pool_new(1);
	struct exporter_stats stats;
	struct exporter *exporter;
	struct record_batch *batch;
	char error[256];

	(void)state;
	settings.target = path;
	exporter = exporter_start(&settings, &identity, 4, -1, error, sizeof(error));
	assert_non_null(exporter);
	batch = record_pool_get(pool);
	record_batch_add(batch, &records[0]);
	exporter_submit(exporter, batch);
	record_batch_put(batch);
	do {
		sched_yield();
		exporter_get_stats(exporter, &stats);
	} while (!stats.sent.records);
	assert_int_equal(count_file_lines(), 1);
	exporter_free(exporter);
	record_pool_free(pool);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(file_path_is_created_with_mode_0640),
		FILE_TEST(file_path_is_appended_to),
		FILE_TEST(file_with_torn_last_line_starts_a_new_one),
		FILE_TEST(file_sequence_and_ids_count_up),
		FILE_TEST(file_record_is_written_by_flush),
		FILE_TEST(file_impossible_path_says_what_to_do),
		FILE_TEST(file_full_device_counts_every_record_lost),
		FILE_TEST(file_out_of_space_leaves_no_torn_line),
		FILE_TEST(file_standard_output_without_append_keeps_its_offset),
		FILE_TEST(file_that_others_wrote_to_is_not_cut),
		FILE_TEST(file_small_pipe_gets_every_line_whole),
		FILE_TEST(file_standard_output_pipe_keeps_its_flags),
		FILE_TEST(file_standard_output_socket_keeps_its_flags),
		FILE_TEST(file_closed_standard_output_is_refused),
		FILE_TEST(file_read_only_standard_output_is_refused),
		FILE_TEST(file_standard_output_without_reader_is_dead),
		FILE_TEST(file_named_pipe_without_reader_may_find_another),
		FILE_TEST(file_named_pipe_begins_with_a_whole_line_for_each_reader),
		FILE_TEST(file_stalled_reader_does_not_outlast_stop),
		FILE_TEST(file_stalled_standard_output_does_not_outlast_stop),
		FILE_TEST(file_stalled_socket_does_not_outlast_stop),
		FILE_TEST(file_with_exporter_delivers_at_once),
	};

	signal(SIGPIPE, SIG_IGN); /* as main() does */
	signal(SIGXFSZ, SIG_IGN);
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
