// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The control socket and clients of every kind. Both sides are in this one thread, so whatever would
 * have to wait for the other hangs the test; what is served is never more than what poll(2) says.
 */
#include "agent/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

#define HANG_SECONDS 120
#define CLIENTS 8 /* of control.c */
#define BIG_BYTES (4u << 20)
#define RUNS_MAX 1000
#define FILES_MAX 64

static char directory[64], path[96];
static struct control *control;
static unsigned int answers;

/* "big" is answered with more than any socket's buffer holds. */
static void answer(void *arg, const char *request, FILE *stream)
{
	assert_ptr_equal(arg, directory);
	answers++;
	if (strcmp(request, "big") == 0) {
		for (size_t i = 0; i < BIG_BYTES; i++)
			fputc('0' + (int)(i % 10), stream);
		return;
	}
	fprintf(stream, "<%s>\n", request);
}

static void open_control(void)
{
	char error[256] = "";

	control = control_open(path, answer, directory, error, sizeof(error));
	assert_string_equal(error, "");
	assert_non_null(control);
}

static int set_up(void **state)
{
	(void)state;
	control = NULL;
	answers = 0;
	strcpy(directory, "/tmp/flowprobe-test-control-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	control_close(control);
	return rmdir(directory);
}

/* Until there is nothing to do. */
static void serve(void)
{
	struct pollfd ready = {.fd = control_fd(control), .events = POLLIN};
	int runs = 0;

	while (poll(&ready, 1, 0) == 1) {
		assert_true(runs++ < RUNS_MAX);
		control_run(control);
	}
}

static int connect_client(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say_bytes(int fd, const char *text, size_t bytes)
{
	assert_int_equal(send(fd, text, bytes, MSG_NOSIGNAL), bytes);
}

static void say(int fd, const char *text)
{
	say_bytes(fd, text, strlen(text));
}

/* All that comes until the other side hangs up, which it has, and that it has. */
static void expect_answer(int fd, const char *expected)
{
	char text[256];
	size_t got = 0;
	ssize_t more;

	while ((more = recv(fd, text + got, sizeof(text) - 1 - got, MSG_DONTWAIT)) > 0)
		got += (size_t)more;
	text[got] = '\0';
	assert_string_equal(text, expected);
	/* with part of what we said unread, the end of a connection is a reset */
	assert_true(more == 0 || errno == ECONNRESET);
	close(fd);
}

static int is_connected(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* --- requests --- */

static void control_request_is_answered(void **state)
{
	unsigned int open_files;
	int fd;

	(void)state;
	open_control();
	open_files = count_open_files();
	fd = connect_client();
	say(fd, "status\n");
	serve();
	expect_answer(fd, "<status>\n");
	assert_int_equal(count_open_files(), open_files);
}

static void control_request_in_pieces_is_one(void **state)
{
	int fd;

	(void)state;
	open_control();
	fd = connect_client();
	for (const char *piece = "sta tus"; *piece; piece++) {
		say_bytes(fd, piece, 1);
		serve();
		assert_true(is_connected(fd));
	}
	say(fd, "\nand more that nobody asked for");
	serve();
	expect_answer(fd, "<sta tus>\n");
	assert_int_equal(answers, 1);
}

static void control_half_closed_client_is_answered(void **state)
{
	int fd;

	(void)state;
	open_control();
	fd = connect_client();
	say(fd, "status\n");
	shutdown(fd, SHUT_WR);
	serve();
	expect_answer(fd, "<status>\n");
}

static void control_incomplete_request_is_hung_up_on(void **state)
{
	int fd;

	(void)state;
	open_control();
	fd = connect_client();
	say(fd, "status");
	shutdown(fd, SHUT_WR);
	serve();
	expect_answer(fd, "");
	assert_int_equal(answers, 0);
}

static void control_longest_request_is_answered_and_longer_is_not(void **state)
{
	char request[CONTROL_REQUEST_BYTES + 1], expected[CONTROL_REQUEST_BYTES + 4];
	int fd;

	(void)state;
	open_control();
	memset(request, 'x', sizeof(request));
	request[CONTROL_REQUEST_BYTES - 2] = '\n';
	snprintf(expected, sizeof(expected), "<%.*s>\n", CONTROL_REQUEST_BYTES - 2, request);
	fd = connect_client();
	say_bytes(fd, request, CONTROL_REQUEST_BYTES - 1);
	serve();
	expect_answer(fd, expected);
	request[CONTROL_REQUEST_BYTES - 2] = 'x';
	request[CONTROL_REQUEST_BYTES - 1] = '\n';
	fd = connect_client();
	say_bytes(fd, request, CONTROL_REQUEST_BYTES);
	serve();
	expect_answer(fd, "");
	assert_int_equal(answers, 1);
}

static void control_noise_is_survived(void **state)
{
	unsigned int open_files;
	char noise[300];

	(void)state;
	open_control();
	open_files = count_open_files();
	srandom(1);
	for (int round = 0; round < 500; round++) {
		size_t bytes = 1 + (size_t)random() % sizeof(noise);
		int fd = connect_client();

		for (size_t i = 0; i < bytes; i++)
			noise[i] = (char)random();
		say_bytes(fd, noise, bytes);
		if (round & 1)
			serve();
		close(fd);
		serve();
		assert_int_equal(count_open_files(), open_files);
	}
}

/* --- too many, too slow --- */

static void control_silent_clients_make_room(void **state)
{
	int silent[CLIENTS], fd;

	(void)state;
	open_control();
	for (int i = 0; i < CLIENTS; i++) {
		silent[i] = connect_client();
		serve();
	}
	for (int i = 0; i < CLIENTS; i++)
		assert_true(is_connected(silent[i]));
	fd = connect_client();
	say(fd, "status\n");
	serve();
	expect_answer(fd, "<status>\n");
	expect_answer(silent[0], ""); /* who had been there longest */
	for (int i = 1; i < CLIENTS; i++) {
		assert_true(is_connected(silent[i]));
		close(silent[i]);
	}
	serve();
}

static size_t read_some(int fd, size_t from)
{
	static char text[65536];
	ssize_t got = recv(fd, text, sizeof(text), MSG_DONTWAIT);

	for (ssize_t i = 0; i < got; i++)
		assert_int_equal(text[i], '0' + (int)((from + (size_t)i) % 10));
	return got > 0 ? (size_t)got : 0;
}

static void control_slow_reader_gets_all_and_delays_nobody(void **state)
{
	size_t got = 0;
	int slow, quick;

	(void)state;
	open_control();
	slow = connect_client();
	say(slow, "big\n");
	serve();
	quick = connect_client();
	say(quick, "status\n");
	serve();
	expect_answer(quick, "<status>\n");
	while (got < BIG_BYTES) {
		size_t more = read_some(slow, got);

		assert_true(more > 0);
		got += more;
		serve();
	}
	expect_answer(slow, "");
}

static void control_readers_that_do_not_read_cost_eight_answers(void **state)
{
	int fds[40];
	unsigned int open_files;

	(void)state;
	open_control();
	open_files = count_open_files();
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		fds[i] = connect_client();
		say(fds[i], "big\n");
		serve();
	}
	assert_int_equal(answers, 40);
	assert_int_equal(count_open_files(), open_files + 40 + CLIENTS);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
	serve();
	assert_int_equal(count_open_files(), open_files);
}

/* Nobody can be let in then, but who knocks must not keep the loop busy. */
static void control_without_descriptors_turns_away(void **state)
{
	int first, fd, count = 0, taken[FILES_MAX];
	struct rlimit files, few;

	(void)state;
	open_control();
	first = connect_client();
	serve();
	fd = connect_client();
	say(fd, "status\n");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few = files;
	few.rlim_cur = FILES_MAX;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	while ((taken[count] = dup(fd)) >= 0)
		count++;
	serve();
	while (count--)
		close(taken[count]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	expect_answer(fd, "");
	assert_true(is_connected(first));
	close(first);
	fd = connect_client();
	say(fd, "status\n");
	serve();
	expect_answer(fd, "<status>\n");
}

/* --- the path --- */

static void control_socket_is_for_owner_and_group(void **state)
{
	struct stat status;

	(void)state;
	snprintf(path, sizeof(path), "%s/sub/socket", directory);
	open_control();
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode, S_IFSOCK | 0660);
	control_close(control);
	control = NULL;
	assert_int_equal(stat(path, &status), -1);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

static void control_path_in_use_is_refused(void **state)
{
	char error[256] = "", expected[256];
	int fd;

	(void)state;
	open_control();
	assert_null(control_open(path, answer, directory, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "%s: another flowprobe listens there", path);
	assert_string_equal(error, expected);
	serve(); /* it had looked whether anybody is there */
	fd = connect_client();
	say(fd, "status\n");
	serve();
	expect_answer(fd, "<status>\n");
}

static void control_socket_left_by_the_dead_is_replaced(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;

	(void)state;
	strcpy(address.sun_path, path);
	assert_int_equal(bind(dead, (struct sockaddr *)&address, sizeof(address)), 0);
	close(dead);
	open_control();
	fd = connect_client();
	say(fd, "status\n");
	serve();
	expect_answer(fd, "<status>\n");
}

/* A path that was mistyped must not cost a file. */
static void control_file_in_its_place_stays(void **state)
{
	char error[256] = "", expected[256], text[8] = "";
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	fputs("mine", file);
	fclose(file);
	assert_null(control_open(path, answer, directory, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "%s: File exists", path);
	assert_string_equal(error, expected);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "mine");
	assert_int_equal(unlink(path), 0);
}

static void control_path_that_cannot_be_says_why(void **state)
{
	char error[256] = "", expected[256], long_path[200];

	(void)state;
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	assert_null(control_open(long_path, answer, directory, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "%s: File name too long", long_path);
	assert_string_equal(error, expected);
	assert_null(control_open("/nowhere/at/all", answer, directory, error, sizeof(error)));
	assert_string_equal(error, "/nowhere/at/all: No such file or directory");
	control_close(NULL);
}

/* --- the other side --- */

static void *serve_one(void *arg)
{
	struct pollfd ready = {.fd = control_fd(control), .events = POLLIN};

	(void)arg;
	do {
		poll(&ready, 1, -1);
		control_run(control);
	} while (!answers);
	return NULL;
}

static void control_ask_copies_the_answer(void **state)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);
	pthread_t thread;

	(void)state;
	open_control();
	assert_int_equal(pthread_create(&thread, NULL, serve_one, NULL), 0);
	assert_int_equal(control_ask(path, "status json", stream), 0);
	pthread_join(thread, NULL);
	fclose(stream);
	assert_string_equal(text, "<status json>\n");
	free(text);
}

static void *hang_up_on_one(void *arg)
{
	int listener = *(int *)arg, fd = accept(listener, NULL, NULL);
	char request[64];

	if (fd >= 0 && recv(fd, request, sizeof(request), 0) > 0)
		close(fd);
	return NULL;
}

/* That is what a client gets who had to make room for others. */
static void control_ask_without_an_answer_is_an_error(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;

	(void)state;
	strcpy(address.sun_path, path);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(pthread_create(&thread, NULL, hang_up_on_one, &listener), 0);
	assert_int_equal(control_ask(path, "status", stdout), -ECONNRESET);
	pthread_join(thread, NULL);
	close(listener);
	assert_int_equal(control_ask(path, "status", stdout), -ECONNREFUSED);
	unlink(path);
	assert_int_equal(control_ask(path, "status", stdout), -ENOENT);
}

#define CONTROL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTROL_TEST(control_request_is_answered),
		CONTROL_TEST(control_request_in_pieces_is_one),
		CONTROL_TEST(control_half_closed_client_is_answered),
		CONTROL_TEST(control_incomplete_request_is_hung_up_on),
		CONTROL_TEST(control_longest_request_is_answered_and_longer_is_not),
		CONTROL_TEST(control_noise_is_survived),
		CONTROL_TEST(control_silent_clients_make_room),
		CONTROL_TEST(control_slow_reader_gets_all_and_delays_nobody),
		CONTROL_TEST(control_readers_that_do_not_read_cost_eight_answers),
		CONTROL_TEST(control_without_descriptors_turns_away),
		CONTROL_TEST(control_socket_is_for_owner_and_group),
		CONTROL_TEST(control_path_in_use_is_refused),
		CONTROL_TEST(control_socket_left_by_the_dead_is_replaced),
		CONTROL_TEST(control_file_in_its_place_stays),
		CONTROL_TEST(control_path_that_cannot_be_says_why),
		CONTROL_TEST(control_ask_copies_the_answer),
		CONTROL_TEST(control_ask_without_an_answer_is_an_error),
	};

	alarm(HANG_SECONDS);
	signal(SIGPIPE, SIG_IGN); /* as main does */
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
