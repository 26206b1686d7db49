// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export_wait, the one place where drivers wait: what ends a wait, and that a stop is told once and
 * never missed.
 */
#include "export/driver.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"

#define HANG_SECONDS 120
#define NEVER UINT64_MAX
#define SHORT_NS (20 * NS_PER_MS)

static struct export_control control;
static int fds[2]; /* a pipe: one waits for [0] */

static int set_up(void **state)
{
	(void)state;
	control = (struct export_control){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	return control.wake_fd < 0 || pipe(fds);
}

static int tear_down(void **state)
{
	(void)state;
	close(fds[0]);
	close(fds[1]);
	return close(control.wake_fd);
}

static void make_readable(void)
{
	assert_int_equal(write(fds[1], "x", 1), 1);
}

static void wake(void)
{
	const uint64_t one = 1;

	assert_int_equal(write(control.wake_fd, &one, sizeof(one)), sizeof(one));
}

/* As the exporter does it. */
static void stop(void)
{
	control.stopping = 1;
	wake();
}

static void give_up(void)
{
	control.over = 1;
	wake();
}

static void wait_returns_the_events_that_show(void **state)
{
	(void)state;
	make_readable();
	assert_int_equal(export_wait(&control, fds[0], POLLIN, NEVER), POLLIN);
	assert_int_equal(export_wait(&control, fds[1], POLLOUT, NEVER), POLLOUT);
	assert_int_equal(export_wait(&control, fds[1], POLLIN | POLLOUT, NEVER), POLLOUT);
}

static void wait_returns_errors_that_nobody_asked_for(void **state)
{
	int reader = fds[0];

	(void)state;
	fds[0] = dup(fds[1]); /* the reader's end is no more */
	close(reader);
	assert_int_equal(export_wait(&control, fds[1], 0, NEVER), POLLERR);
}

static void wait_ends_at_its_time_and_not_before(void **state)
{
	uint64_t until_ns = clock_monotonic_ns() + SHORT_NS;

	(void)state;
	assert_int_equal(export_wait(&control, fds[0], POLLIN, until_ns), 0);
	assert_true(clock_monotonic_ns() >= until_ns);
	until_ns = clock_monotonic_ns() + SHORT_NS;
	assert_int_equal(export_wait(&control, -1, 0, until_ns), 0);
	assert_true(clock_monotonic_ns() >= until_ns);
}

static void wait_for_a_time_that_has_passed_only_looks(void **state)
{
	(void)state;
	assert_int_equal(export_wait(&control, fds[0], POLLIN, 0), 0);
	make_readable();
	assert_int_equal(export_wait(&control, fds[0], POLLIN, 0), POLLIN);
}

static void wait_is_ended_once_by_a_stop(void **state)
{
	uint64_t until_ns;

	(void)state;
	stop(); /* while the driver was busy */
	assert_int_equal(export_wait(&control, fds[0], POLLIN, NEVER), 0);
	until_ns = clock_monotonic_ns() + SHORT_NS;
	assert_int_equal(export_wait(&control, fds[0], POLLIN, until_ns), 0);
	assert_true(clock_monotonic_ns() >= until_ns);
}

static void wait_is_ended_by_the_end_after_a_stop(void **state)
{
	(void)state;
	stop();
	assert_int_equal(export_wait(&control, -1, 0, NEVER), 0);
	give_up();
	assert_int_equal(export_wait(&control, -1, 0, NEVER), 0);
}

static void wait_when_it_is_over_only_looks(void **state)
{
	(void)state;
	stop();
	give_up();
	for (int i = 0; i < 3; i++)
		assert_int_equal(export_wait(&control, fds[0], POLLIN, NEVER), 0);
	make_readable();
	for (int i = 0; i < 3; i++)
		assert_int_equal(export_wait(&control, fds[0], POLLIN, NEVER), POLLIN);
}

static void wait_with_a_stop_and_events_returns_the_events(void **state)
{
	(void)state;
	make_readable();
	stop();
	assert_int_equal(export_wait(&control, fds[0], POLLIN, NEVER), POLLIN);
}

static void wait_without_a_wake_fd_sees_events_and_time(void **state)
{
	struct export_control deaf = {.wake_fd = -1};

	(void)state;
	assert_int_equal(export_wait(&deaf, fds[0], POLLIN, clock_monotonic_ns() + NS_PER_MS), 0);
	make_readable();
	assert_int_equal(export_wait(&deaf, fds[0], POLLIN, NEVER), POLLIN);
}

struct waiter {
	pthread_t thread;
	_Atomic int waits;
	int result;
};

static void *waiter_run(void *arg)
{
	struct waiter *waiter = arg;

	waiter->waits = 1;
	waiter->result = export_wait(&control, fds[0], POLLIN, NEVER);
	return NULL;
}

static int wait_meanwhile(void (*what)(void))
{
	struct waiter waiter = {.result = -1};

	assert_int_equal(pthread_create(&waiter.thread, NULL, waiter_run, &waiter), 0);
	while (!waiter.waits)
		sched_yield();
	what();
	pthread_join(waiter.thread, NULL);
	return waiter.result;
}

static void wait_without_end_is_ended_from_another_thread(void **state)
{
	(void)state;
	assert_int_equal(wait_meanwhile(stop), 0);
	assert_int_equal(wait_meanwhile(give_up), 0);
	control.over = 0;
	assert_int_equal(wait_meanwhile(make_readable), POLLIN);
}

static volatile sig_atomic_t interrupts;

static void on_alarm(int signal)
{
	(void)signal;
	interrupts++;
}

static void wait_is_not_ended_by_signals(void **state)
{
	const struct itimerval every_ms = {.it_interval.tv_usec = 1000, .it_value.tv_usec = 1000};
	const struct itimerval off = {0};
	const struct sigaction action = {.sa_handler = on_alarm};
	uint64_t until_ns;

	(void)state;
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &every_ms, NULL), 0);
	until_ns = clock_monotonic_ns() + SHORT_NS;
	while (interrupts < 3)
		assert_int_equal(export_wait(&control, fds[0], POLLIN, until_ns), 0);
	assert_true(clock_monotonic_ns() >= until_ns);
	assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
	signal(SIGALRM, SIG_DFL);
	alarm(HANG_SECONDS);
}

#define WAIT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WAIT_TEST(wait_returns_the_events_that_show),
		WAIT_TEST(wait_returns_errors_that_nobody_asked_for),
		WAIT_TEST(wait_ends_at_its_time_and_not_before),
		WAIT_TEST(wait_for_a_time_that_has_passed_only_looks),
		WAIT_TEST(wait_is_ended_once_by_a_stop),
		WAIT_TEST(wait_is_ended_by_the_end_after_a_stop),
		WAIT_TEST(wait_when_it_is_over_only_looks),
		WAIT_TEST(wait_with_a_stop_and_events_returns_the_events),
		WAIT_TEST(wait_without_a_wake_fd_sees_events_and_time),
		WAIT_TEST(wait_without_end_is_ended_from_another_thread),
		WAIT_TEST(wait_is_not_ended_by_signals),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
