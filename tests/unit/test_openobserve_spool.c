// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records to OpenObserve while it is away: memory first, then the disk, in order; over restarts and
 * crashes; with a full spool, a full disk, and files that cannot be read.
 */
#include "openobserve_fixture.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "process.h"

static const struct step busy = {ANSWERS, 503, "", "busy"};

static int set_up_spool(void **state)
{
	int result = set_up(state);

	settings.spool_directory = spool_path;
	return result;
}

/* --- away and back --- */

static void openobserve_short_outage_stays_in_memory(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 503, "", ""}, {ANSWERS, 503, "", ""}, {ANSWERS, 503, "", ""}};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(30);
	assert_int_equal(count_spool_files(), 0);
	finish();
	EXPECT_WAITS(0.5, 1, 2);
	expect_all_arrived_once();
}

static void openobserve_long_outage_goes_to_disk_and_back(void **state)
{
	(void)state;
	start();
	give(10);
	http_server_go_away(server);
	give(10);
	EXPECT_WAITS(0.5, 1, 2, 4, 8, 14.5); /* 30 s, then it is on the disk */
	assert_int_equal(count_spool_files(), 1);
	give(50); /* each at once */
	assert_int_equal(count_spool_files(), 6);
	assert_int_equal(queued.records, 60);
	idle(3600 * NS_PER_S);
	assert_int_equal(count_spool_files(), 6);
	http_server_come_back(server);
	idle(30 * NS_PER_S);
	assert_int_equal(count_spool_files(), 0);
	assert_int_equal(queued.records, 0);
	give(10);
	finish();
	expect_all_arrived_once();
}

/* New ones go behind those on the disk, until there are none. */
static void openobserve_spool_is_emptied_before_newer_records_go(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(100);
	assert_int_equal(count_spool_files(), 10);
	always = NULL;
	pass_time(30 * NS_PER_S);
	give(10); /* in goes one, out go four */
	assert_int_equal(count_spool_files(), 7);
	give(10);
	assert_int_equal(count_spool_files(), 4);
	give(10);
	assert_int_equal(count_spool_files(), 1);
	give(10);
	assert_int_equal(count_spool_files(), 0);
	give(10);
	finish();
	expect_all_arrived_once();
}

static void openobserve_part_of_a_batch_goes_to_disk(void **state)
{
	static const struct step steps[] = {{STORES, 0, NULL, NULL}, {ANSWERS, 503, "", ""}};

	(void)state;
	most_records = 5;
	settings.spool_after_ns = 0;
	START_SCRIPT(steps);
	start();
	give(10); /* 5 are taken, 5 not */
	assert_int_equal(sums.sent.records, 5);
	assert_int_equal(count_spool_files(), 1);
	idle(30 * NS_PER_S);
	finish();
	expect_all_arrived_once();
}

/* --- a server that takes requests and says nothing --- */

static const struct step hangs = {HANGS, 0, NULL, NULL};

static void wake(void)
{
	uint64_t one = 1;

	if (write(control.wake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

/* One after the other, as far as the driver has seen them pass: there may be one or two more. */
static void pass_a_second(void)
{
	struct pollfd woken = {.fd = control.wake_fd, .events = POLLIN};

	if (poll(&woken, 1, 0)) {
		sched_yield();
		return;
	}
	pass_time(NS_PER_S);
	wake();
}

static void take_eight_seconds(void)
{
	pass_time(8 * NS_PER_S);
	wake();
}

/* Where the server hangs the test's time passes, and only for as long as somebody waits. */
static void set_up_hanging(void)
{
	settings.request_timeout_ns = 3600 * NS_PER_S;
	settings.spool_after_ns = 5 * NS_PER_S;
	on_hang = pass_a_second;
}

/* Even if the first attempt takes longer than spool_after, the second is not waited for. */
static void openobserve_time_in_a_request_counts_as_away(void **state)
{
	static const struct step late = {ANSWERS, 503, "", ""};

	(void)state;
	settings.spool_after_ns = 5 * NS_PER_S;
	on_request = take_eight_seconds;
	always = &late;
	start();
	give(10);
	assert_int_equal(requests, 1);
	assert_int_equal(wait_count, 0);
	assert_int_equal(count_spool_files(), 1);
	on_request = NULL;
	always = NULL;
	finish();
	expect_all_arrived_once();
}

/* The thread is held up for a while at first, and then longer each time, but not for ever: if the
 * server is only slow, it gets a chance. */
static void openobserve_hanging_server_does_not_hold_up_the_spool(void **state)
{
	static const unsigned int patience_s[] = {5, 10, 20, 40, 5, 10};
	uint64_t begin_ns;

	(void)state;
	START_SCRIPT(((const struct step[]){{ANSWERS, 503, "", ""}}));
	set_up_hanging();
	settings.spool_after_ns = 0;
	start();
	give(10);
	assert_int_equal(count_spool_files(), 1);
	always = &hangs;
	for (size_t i = 0; i < sizeof(patience_s) / sizeof(patience_s[0]); i++) {
		pass_time(30 * NS_PER_S); /* the next attempt is due */
		begin_ns = clock_monotonic_ns();
		give(10);
		assert_in_range(clock_monotonic_ns() - begin_ns, patience_s[i] * NS_PER_S,
				(patience_s[i] + 3) * NS_PER_S);
		assert_int_equal(requests, i + 2);
		give(50); /* at once */
		assert_int_equal(requests, i + 2);
	}
	assert_int_equal(queued.records, 10 + 6 * 60);
	finish();
	assert_int_equal(sums.kept.records, 370);
	expect_no_other_loss(1);
}

/* What it stores is not cut short, not even when the spool is emptied. */
static void openobserve_slow_server_gets_nothing_twice(void **state)
{
	static const struct step steps[] = {{STORES, 0, NULL, NULL}, {ANSWERS, 503, "", ""}};

	(void)state;
	START_SCRIPT(steps);
	set_up_hanging();
	on_request = take_eight_seconds;
	start();
	give(20);
	assert_int_equal(count_spool_files(), 1);
	give(50);
	idle(600 * NS_PER_S);
	assert_int_equal(count_spool_files(), 0);
	finish();
	expect_all_arrived_once();
}

/* --- restarts --- */

static void openobserve_stop_keeps_the_rest_for_the_next_run(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(45);
	finish();
	assert_int_equal(sums.kept.records, 45);
	expect_no_other_loss(1);
	always = NULL;
	start();
	assert_true(driver->next_ns(exporter) <= clock_monotonic_ns());
	tick();
	assert_int_equal(sums.recovered.records, 45);
	give(10);
	finish();
	assert_int_equal(sums.sent.records, 55);
	expect_order();
	assert_int_equal(arrival_count, 55);
	expect_no_other_loss(1);
}

static void openobserve_leftovers_are_counted_though_nothing_is_given(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(45);
	finish();
	for (int run = 1; run <= 3; run++) {
		start();
		finish();
		assert_int_equal(sums.recovered.records, run * 45);
		assert_int_equal(sums.kept.records, (run + 1) * 45);
	}
	expect_no_other_loss(1);
}

/* Those that were taken already are not sent again by the next run. */
static void openobserve_stop_in_the_middle_of_a_batch_keeps_its_rest(void **state)
{
	static const struct step steps[] = {{ANSWERS, 503, "", ""},
					    {STORES, 0, NULL, NULL},
					    {ANSWERS, 503, "", ""},
					    {ANSWERS, 503, "", ""}};

	(void)state;
	most_records = 4;
	settings.spool_after_ns = 0;
	START_SCRIPT(steps);
	start();
	give(10); /* 413, 413, busy: to the disk */
	idle(NS_PER_S); /* two are taken, then busy */
	finish();
	assert_int_equal(sums.sent.records, 2);
	assert_int_equal(sums.kept.records, 8);
	assert_int_equal(count_spool_files(), 1);
	expect_no_other_loss(1);
	start();
	finish();
	assert_int_equal(sums.recovered.records, 8);
	expect_order();
	assert_int_equal(arrival_count, 10);
	expect_no_other_loss(1);
}

/* With no room to write the rest, they are; in the books they are not kept. */
static void openobserve_stop_in_the_middle_of_a_batch_on_a_full_disk(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 503, "", ""}, {STORES, 0, NULL, NULL}, {ANSWERS, 503, "", ""}};

	(void)state;
	most_records = 4;
	settings.spool_after_ns = 0;
	START_SCRIPT(steps);
	start();
	give(10);
	idle(NS_PER_S);
	always = &busy;
	limit_file_size(100);
	finish();
	assert_int_equal(sums.sent.records, 2);
	assert_int_equal(sums.kept.records, 8);
	limit_file_size(RLIM_INFINITY);
	always = NULL;
	start();
	finish();
	assert_int_equal(sums.recovered.records, 10);
	assert_int_equal(count_arrived(), 10);
	assert_int_equal(arrival_count, 12);
	expect_no_other_loss(1);
}

/* --- no room --- */

static void openobserve_full_spool_gives_up_the_oldest(void **state)
{
	(void)state;
	settings.spool_max_bytes = 5 * 4096; /* five files */
	http_server_go_away(server);
	start();
	give(100);
	assert_int_equal(count_spool_files(), 5);
	assert_int_equal(sums.spool_full.records, 50);
	assert_string_equal(last_reason, "the spool is full, see spool_max_bytes");
	http_server_come_back(server);
	idle(30 * NS_PER_S);
	finish();
	assert_int_equal(sums.sent.records, 50);
	assert_int_equal(arrivals[0].id, 51);
	expect_order();
	expect_no_other_loss(1);
}

/* The oldest is in our hands just then, and part of it has been taken. */
static void openobserve_full_spool_gives_up_the_rest_of_a_batch(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 503, "", ""}, {STORES, 0, NULL, NULL}, {ANSWERS, 503, "", ""}};

	(void)state;
	settings.spool_max_bytes = 5 * 4096;
	settings.spool_after_ns = 0;
	most_records = 4;
	START_SCRIPT(steps);
	start();
	give(10);
	idle(NS_PER_S);
	assert_int_equal(sums.sent.records, 2);
	always = &busy;
	give(50);
	assert_int_equal(sums.spool_full.records, 8);
	assert_int_equal(count_spool_files(), 5);
	always = NULL;
	idle(60 * NS_PER_S);
	finish();
	assert_int_equal(arrival_count, 52);
	expect_order();
	expect_no_other_loss(1);
}

static void openobserve_spool_smaller_than_a_batch_is_memory_only(void **state)
{
	(void)state;
	settings.spool_max_bytes = 4095;
	START_SCRIPT(((const struct step[]){{ANSWERS, 503, "", ""}, {ANSWERS, 503, "", ""}}));
	settings.spool_after_ns = 0;
	start();
	give(20);
	finish();
	EXPECT_WAITS(0.5, 1);
	expect_all_arrived_once();
}

static void make_room_at_last(struct export_control *given_control)
{
	(void)given_control;
	if (wait_count == 10)
		always = NULL;
	http_server_sync(server);
}

static int tear_down_spool(void **state)
{
	limit_file_size(RLIM_INFINITY);
	return tear_down(state);
}

/* While it cannot be written to, what is there goes first; the queue holds the rest. */
static void openobserve_full_disk_makes_records_wait(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(30);
	assert_int_equal(count_spool_files(), 3);
	limit_file_size(100);
	on_wait = make_room_at_last;
	wait_count = 0;
	give(10); /* comes back when all are sent: the disk is looked at in between, too */
	assert_int_equal(wait_count, 13);
	assert_int_equal(count_spool_files(), 0);
	finish();
	expect_all_arrived_once();
}

static void clean_up_the_disk(struct export_control *given_control)
{
	(void)given_control;
	if (wait_count == 3)
		limit_file_size(RLIM_INFINITY);
}

/* The server need not come back for that, and however long it wants to be left alone. */
static void openobserve_disk_that_has_room_again_is_used(void **state)
{
	static const struct step refuses = {ANSWERS, 503, "Retry-After: 3600\r\n", "busy"};

	(void)state;
	always = &refuses;
	start();
	give(30);
	assert_int_equal(count_spool_files(), 3);
	limit_file_size(100);
	on_wait = clean_up_the_disk;
	wait_count = 0;
	give(30);
	EXPECT_WAITS(5, 5, 5);
	assert_int_equal(count_spool_files(), 6);
	always = NULL;
	on_wait = NULL;
	finish();
	expect_all_arrived_once();
}

/* The same with nothing on it yet. */
static void openobserve_first_batch_waits_for_room_on_the_disk(void **state)
{
	(void)state;
	always = &busy;
	settings.spool_after_ns = 0;
	start();
	limit_file_size(100);
	on_wait = clean_up_the_disk;
	give(10);
	EXPECT_WAITS(0.5, 1, 2);
	assert_int_equal(count_spool_files(), 1);
	always = NULL;
	finish();
	expect_all_arrived_once();
}

static void stop_and_clean_up_the_disk(struct export_control *given_control)
{
	given_control->stopping = 1;
	limit_file_size(RLIM_INFINITY);
}

static void openobserve_stop_tries_the_disk_once_more(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(30);
	limit_file_size(100);
	on_wait = stop_and_clean_up_the_disk;
	wait_count = 0;
	give(15);
	assert_int_equal(wait_count, 1);
	assert_int_equal(count_spool_files(), 4);
	finish();
	assert_int_equal(sums.kept.records, 45);
	expect_no_other_loss(1);
}

static void end_and_clean_up_the_disk(struct export_control *given_control)
{
	given_control->over = 1;
	stop_and_clean_up_the_disk(given_control);
}

static void openobserve_end_tries_the_disk_once_more(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(30);
	limit_file_size(100);
	on_wait = end_and_clean_up_the_disk;
	give(15);
	assert_int_equal(count_spool_files(), 4);
	finish();
	assert_int_equal(sums.kept.records, 45);
	expect_no_other_loss(1);
}

static void end_it(struct export_control *given_control)
{
	given_control->stopping = 1;
	if (wait_count == 5)
		given_control->over = 1;
}

static void openobserve_full_disk_at_the_end_is_a_loss(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(30);
	limit_file_size(100);
	on_wait = end_it;
	wait_count = 0;
	give(15);
	assert_int_equal(wait_count, 5);
	finish();
	assert_int_equal(sums.kept.records, 30);
	assert_int_equal(sums.lost.records, 15);
	assert_string_equal(last_reason, "the disk of the spool is full");
	expect_no_other_loss(1);
}

/* --- files that cannot be read --- */

static void openobserve_damaged_batch_is_lost_and_the_next_goes(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(40);
	finish();
	damage_spool_file(1);
	always = NULL;
	start();
	finish();
	assert_int_equal(sums.lost.records, 10);
	assert_string_equal(last_reason, "a batch in the spool cannot be read");
	assert_int_equal(arrival_count, 30);
	assert_int_equal(arrivals[10].id, 21);
	expect_no_other_loss(1);
}

/* A copy of one of ours, called otherwise. */
static void openobserve_batch_with_wrong_numbers_is_lost_as_it_says(void **state)
{
	char from[512], to[512];

	(void)state;
	always = &busy;
	start();
	give(20);
	finish();
	name_spool_file(0, from);
	snprintf(to, sizeof(to), "%s/00000000000000000000-7-1-1.batch", spool_path);
	assert_int_equal(rename(from, to), 0);
	always = NULL;
	most_records = 3;
	start();
	finish();
	assert_int_equal(sums.recovered.records, 17);
	assert_int_equal(sums.lost.records, 7);
	assert_int_equal(arrival_count, 10);
	assert_int_equal(arrivals[0].id, 11);
}

/* Out of descriptors: nothing is lost, and nobody runs in circles. */
static void openobserve_batch_that_cannot_be_read_now_waits(void **state)
{
	struct rlimit limit, none;

	(void)state;
	always = &busy;
	start();
	give(10);
	finish();
	always = NULL;
	start();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	tick();
	assert_true(driver->next_ns(exporter) > clock_monotonic_ns());
	idle(100 * NS_PER_S);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	idle(60 * NS_PER_S);
	assert_int_equal(queued.records, 0);
	finish();
	assert_int_equal(arrival_count, 10);
	assert_int_equal(sums.lost.records, 0);
}

/* --- a stop that comes early --- */

/* It may be seen in any call, with records still in the queue behind. */
static void openobserve_stop_before_the_last_call_is_not_the_end(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(35);
	control.stopping = 1;
	flush();
	give(35);
	flush();
	assert_int_equal(sums.kept.records, 0);
	finish();
	assert_int_equal(sums.kept.records, 70);
	expect_no_other_loss(1);
}

/* --- a crash --- */

static void work_until_killed(int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	settings.target = "http://127.0.0.1:1"; /* nobody */
	settings.spool_after_ns = 0;
	start();
	for (;;) {
		give(BATCH);
		if (write(out, "b", 1) != 1)
			_exit(1);
	}
}

/* What the driver had put away when it was killed is there, and nothing is torn. */
static void openobserve_killed_at_any_time_loses_nothing_that_was_put_away(void **state)
{
	int ends[2];
	pid_t pid;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		work_until_killed(ends[1]);
	}
	close(ends[1]);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(read(ends[0], &byte, 1), 1);
		next_id += BATCH;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while (read(ends[0], &byte, 1) == 1)
		next_id += BATCH;
	close(ends[0]);
	start();
	finish();
	for (uint64_t id = 1; id < next_id; id++)
		assert_int_equal(times_arrived[id], 1);
	assert_true(arrival_count == next_id - 1 || arrival_count == next_id - 1 + BATCH);
	assert_int_equal(sums.sent.records, arrival_count);
}

#define SPOOL_TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up_spool, tear_down_spool)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL_TEST(openobserve_short_outage_stays_in_memory),
		SPOOL_TEST(openobserve_long_outage_goes_to_disk_and_back),
		SPOOL_TEST(openobserve_spool_is_emptied_before_newer_records_go),
		SPOOL_TEST(openobserve_part_of_a_batch_goes_to_disk),
		SPOOL_TEST(openobserve_time_in_a_request_counts_as_away),
		SPOOL_TEST(openobserve_hanging_server_does_not_hold_up_the_spool),
		SPOOL_TEST(openobserve_slow_server_gets_nothing_twice),
		SPOOL_TEST(openobserve_stop_keeps_the_rest_for_the_next_run),
		SPOOL_TEST(openobserve_leftovers_are_counted_though_nothing_is_given),
		SPOOL_TEST(openobserve_stop_in_the_middle_of_a_batch_keeps_its_rest),
		SPOOL_TEST(openobserve_stop_in_the_middle_of_a_batch_on_a_full_disk),
		SPOOL_TEST(openobserve_full_spool_gives_up_the_oldest),
		SPOOL_TEST(openobserve_full_spool_gives_up_the_rest_of_a_batch),
		SPOOL_TEST(openobserve_spool_smaller_than_a_batch_is_memory_only),
		SPOOL_TEST(openobserve_full_disk_makes_records_wait),
		SPOOL_TEST(openobserve_disk_that_has_room_again_is_used),
		SPOOL_TEST(openobserve_first_batch_waits_for_room_on_the_disk),
		SPOOL_TEST(openobserve_stop_tries_the_disk_once_more),
		SPOOL_TEST(openobserve_end_tries_the_disk_once_more),
		SPOOL_TEST(openobserve_full_disk_at_the_end_is_a_loss),
		SPOOL_TEST(openobserve_damaged_batch_is_lost_and_the_next_goes),
		SPOOL_TEST(openobserve_batch_with_wrong_numbers_is_lost_as_it_says),
		SPOOL_TEST(openobserve_batch_that_cannot_be_read_now_waits),
		SPOOL_TEST(openobserve_stop_before_the_last_call_is_not_the_end),
		SPOOL_TEST(openobserve_killed_at_any_time_loses_nothing_that_was_put_away),
	};

	prepare_run();
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
