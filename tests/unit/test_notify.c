// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages to the service manager, which is a socket of the test here. */
#include "lib/notify.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "process.h"

#define HANG_SECONDS 120

static char directory[64];
static struct sockaddr_un address;
static int manager; /* -1: there is none */

static int set_up(void **state)
{
	(void)state;
	manager = -1;
	strcpy(directory, "/tmp/flowprobe-test-notify-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	if (manager >= 0)
		close(manager);
	if (address.sun_path[0])
		unlink(address.sun_path);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return rmdir(directory);
}

/* first_byte: '/' for a path, '@' for a name without one. */
static void start_manager(char first_byte)
{
	char name[sizeof(address.sun_path)];
	socklen_t bytes;

	snprintf(name, sizeof(name), "%s/notify", directory);
	memset(&address, 0, sizeof(address));
	address.sun_family = AF_UNIX;
	strcpy(address.sun_path, name);
	if (first_byte == '@')
		address.sun_path[0] = '\0';
	name[0] = first_byte;
	bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(manager >= 0);
	assert_int_equal(bind(manager, (struct sockaddr *)&address, bytes), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

/* One message, which is that, and no more. */
static void expect_message(const char *expected)
{
	char message[4096];
	ssize_t got = recv(manager, message, sizeof(message) - 1, MSG_DONTWAIT);

	assert_true(got >= 0);
	message[got] = '\0';
	assert_string_equal(message, expected);
	assert_true(recv(manager, message, sizeof(message), MSG_DONTWAIT) < 0);
}

static void notify_message_arrives_as_it_is(void **state)
{
	(void)state;
	for (const char *kind = "/@"; *kind; kind++) {
		start_manager(*kind);
		assert_int_equal(notify_send("READY=1\nSTATUS=%d of %s", 3, "4"), 0);
		expect_message("READY=1\nSTATUS=3 of 4");
		close(manager);
		unlink(address.sun_path);
	}
	manager = -1;
}

static void notify_without_manager_is_no_error(void **state)
{
	static const char *const names[] = {"", "/", "@", "notify", "./notify", "vsock:2:1234"};
	char long_name[sizeof(address.sun_path) + 1];

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_send("READY=1"), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		assert_int_equal(notify_send("READY=1"), 0);
	}
	memset(long_name, 'x', sizeof(long_name));
	long_name[0] = '/';
	long_name[sizeof(long_name) - 1] = '\0';
	setenv("NOTIFY_SOCKET", long_name, 1);
	assert_int_equal(notify_send("READY=1"), 0);
}

static void notify_manager_that_is_gone_is_an_error(void **state)
{
	(void)state;
	start_manager('/');
	close(manager);
	manager = -1;
	assert_int_equal(notify_send("READY=1"), -ECONNREFUSED);
	unlink(address.sun_path);
	assert_int_equal(notify_send("READY=1"), -ENOENT);
}

/* The main loop must not wait for it. */
static void notify_manager_that_does_not_read_is_not_waited_for(void **state)
{
	int sent = 0, err;

	(void)state;
	start_manager('/');
	while ((err = notify_send("WATCHDOG=1")) == 0)
		assert_true(sent++ < 100000);
	assert_int_equal(err, -EAGAIN);
}

static void notify_long_message_is_cut(void **state)
{
	char text[2000], expected[512];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	snprintf(expected, sizeof(expected), "STATUS=%.504s", text);
	start_manager('/');
	assert_int_equal(notify_send("STATUS=%s", text), 0);
	expect_message(expected);
}

static void notify_leaves_no_file_open(void **state)
{
	unsigned int open_files;

	(void)state;
	start_manager('/');
	open_files = count_open_files();
	assert_int_equal(notify_send("READY=1"), 0);
	close(manager);
	manager = -1;
	assert_int_equal(notify_send("READY=1"), -ECONNREFUSED);
	assert_int_equal(count_open_files(), open_files - 1);
}

static void notify_watchdog_is_for_this_process(void **state)
{
	char pid[32];

	(void)state;
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_ns(), 30000000000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ns(), 30000000000);
	snprintf(pid, sizeof(pid), "%d", (int)getppid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_PID", "", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "0", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("WATCHDOG_USEC", "soon", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
}

#define NOTIFY_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		NOTIFY_TEST(notify_message_arrives_as_it_is),
		NOTIFY_TEST(notify_without_manager_is_no_error),
		NOTIFY_TEST(notify_manager_that_is_gone_is_an_error),
		NOTIFY_TEST(notify_manager_that_does_not_read_is_not_waited_for),
		NOTIFY_TEST(notify_long_message_is_cut),
		NOTIFY_TEST(notify_leaves_no_file_open),
		NOTIFY_TEST(notify_watchdog_is_for_this_process),
	};

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
