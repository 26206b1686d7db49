// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records to OpenObserve when the agent ends: at any moment, whatever the server does, soon enough,
 * and with every record where the books say it is. Some of it with the exporter's own thread and real
 * time.
 */
#include "openobserve_fixture.h"

#include <sched.h>
#include <semaphore.h>

#include "export/exporter.h"

static const struct step busy = {ANSWERS, 503, "", "busy"};
static const struct step hangs = {HANGS, 0, NULL, NULL};

static void wake(void)
{
	uint64_t one = 1;

	if (write(control.wake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static int set_up_stop(void **state)
{
	int result = set_up(state);

	settings.spool_directory = spool_path;
	return result;
}

/* --- a server that hangs --- */

/* The stop comes during the request, and time passes. */
static void stop_in_time(void)
{
	control.stopping = 1;
	pass_time(100 * NS_PER_MS);
	wake();
}

/* The request is given up, not the queue: what is behind it in there goes to the disk as well. */
static void openobserve_stop_has_little_patience_when_there_is_a_disk(void **state)
{
	(void)state;
	always = &hangs;
	on_hang = stop_in_time;
	start();
	give(10);
	assert_int_equal(requests, 1);
	give(50);
	assert_int_equal(requests, 1);
	assert_int_equal(count_spool_files(), 6);
	finish();
	assert_int_equal(requests, 2); /* one more chance */
	assert_int_equal(sums.kept.records, 60);
	expect_no_other_loss(1);
}

static void stop_and_take_long(void)
{
	control.stopping = 1;
	wake();
	for (int i = 0; i < 100; i++) {
		pass_time(NS_PER_S);
		wake();
	}
}

static void openobserve_stop_waits_for_the_answer_without_a_disk(void **state)
{
	(void)state;
	settings.spool_directory = NULL;
	on_request = stop_and_take_long;
	start();
	give(20);
	finish();
	expect_all_arrived_once();
}

/* It answers, but each time it takes a second: the disk is faster. */
static void take_a_second(void)
{
	pass_time(NS_PER_S);
}

static void openobserve_stop_puts_away_what_a_slow_server_cannot_take(void **state)
{
	(void)state;
	on_request = take_a_second;
	start();
	give(10);
	control.stopping = 1;
	give(100);
	assert_int_equal(requests, 3);
	assert_int_equal(count_spool_files(), 8);
	finish(); /* and now there is time, but not for all */
	assert_int_equal(requests, 6);
	assert_int_equal(arrival_count, 60);
	assert_int_equal(sums.kept.records, 50);
	expect_no_other_loss(1);
}

/* It takes the last request, and has until the deadline to say so. */
static void openobserve_stop_lets_no_request_run_into_the_deadline(void **state)
{
	uint64_t stop_ns;

	(void)state;
	always = &busy;
	start();
	give(200);
	always = NULL;
	on_request = take_a_second;
	stop_ns = clock_monotonic_ns();
	finish();
	assert_in_range(clock_monotonic_ns() - stop_ns, 5 * NS_PER_S, 8 * NS_PER_S);
	assert_int_equal(sums.kept.records, 150);
	on_request = NULL;
	start();
	finish();
	assert_int_equal(arrival_count, 200);
	assert_int_equal(count_arrived(), 200);
}

/* What is on the disk is safe; what is in the queue is not, and goes first. */
static void openobserve_stop_does_not_replay_before_the_queue_is_empty(void **state)
{
	(void)state;
	always = &busy;
	start();
	give(50);
	always = NULL;
	pass_time(60 * NS_PER_S);
	control.stopping = 1;
	give(50);
	assert_int_equal(count_spool_files(), 10);
	finish();
	expect_all_arrived_once();
}

/* --- a server that has been away --- */

static const struct step busy_for_an_hour = {ANSWERS, 503, "Retry-After: 3600\r\n", "busy"};

static unsigned int stop_wait, back_wait; /* the stop comes in this one, the server in that one */

static void stop_and_come_back(struct export_control *given_control)
{
	if (wait_count == stop_wait)
		given_control->stopping = 1;
	if (wait_count == back_wait)
		always = NULL;
	http_server_sync(server);
}

/* As long as it likes to be left alone: there is no time for that. */
static void openobserve_stop_without_a_disk_tries_at_once(void **state)
{
	(void)state;
	settings.spool_directory = NULL;
	always = &busy_for_an_hour;
	on_wait = stop_and_come_back;
	stop_wait = back_wait = 1;
	start();
	give(30);
	assert_int_equal(requests, 4);
	finish();
	expect_all_arrived_once();
}

static void openobserve_stop_without_a_disk_tries_each_second(void **state)
{
	(void)state;
	settings.spool_directory = NULL;
	always = &busy_for_an_hour;
	on_wait = stop_and_come_back;
	stop_wait = 1;
	back_wait = 4;
	start();
	give(30);
	assert_int_equal(requests, 7);
	EXPECT_WAITS(3600, 1, 1, 1);
	finish();
	expect_all_arrived_once();
}

/* --- at every stage --- */

static unsigned int events, stop_at, end_at;

static void count_event(void)
{
	events++;
	if (events == stop_at || events == end_at)
		control.stopping = 1;
	if (events == end_at)
		control.over = 1;
	if (events == stop_at || events == end_at)
		wake();
}

static void count_wait(struct export_control *given_control)
{
	(void)given_control;
	count_event();
}

/* Goes through all kinds of trouble; 1: to its end. */
static int run_through_trouble(void)
{
	static const struct step steps[] = {
		{ANSWERS, 503, "", ""},	 {STORES, 0, NULL, NULL}, {CLOSES, 0, NULL, NULL},
		{ANSWERS, 400, "", ""},	 {STORES, 0, NULL, NULL}, {STORES_AND_CUTS, 0, NULL, NULL},
		{ANSWERS, 503, "", ""},	 {ANSWERS, 503, "", ""},  {ANSWERS, 503, "", ""},
		{ANSWERS, 401, "", ""},	 {ANSWERS, 503, "", ""},  {STORES, 0, NULL, NULL},
		{STORES, 0, NULL, NULL},
	};

	START_SCRIPT(steps);
	most_records = 7;
	events = 0;
	start();
	for (int i = 0; i < 7 && !control.over; i++) {
		give(BATCH);
		if (!control.stopping && !control.over)
			flush();
		if (!control.stopping && !control.over)
			idle(7 * NS_PER_S);
	}
	finish();
	return !control.stopping || (events < stop_at && events < end_at);
}

/* Ends it at every event in turn, until there are no more. */
static void expect_books_wherever_it_ends(void **state, unsigned int *at, int has_disk)
{
	unsigned int count = 0;
	int done = 0;

	while (!done) {
		settings.spool_directory = has_disk ? spool_path : NULL;
		stop_at = end_at = UINT32_MAX;
		*at = ++count;
		on_wait = count_wait;
		on_request = count_event;
		done = run_through_trouble();
		expect_losses(0, has_disk ? 0 : BATCH);
		expect_order();
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up_stop(state), 0);
	}
	assert_in_range(count, 25, 60);
}

static void openobserve_stop_at_every_stage_keeps_the_books(void **state)
{
	expect_books_wherever_it_ends(state, &stop_at, 1);
	expect_books_wherever_it_ends(state, &stop_at, 0);
}

static void openobserve_end_at_every_stage_keeps_the_books(void **state)
{
	expect_books_wherever_it_ends(state, &end_at, 1);
	expect_books_wherever_it_ends(state, &end_at, 0);
}

/* --- with the exporter's thread --- */

static struct record_pool *pool;
static struct exporter *thread;
static sem_t is_waiting; /* the driver, for time to pass, or for the server */

static void post_wait(struct export_control *given_control)
{
	(void)given_control;
	sem_post(&is_waiting);
}

static void post_request(void)
{
	sem_post(&is_waiting);
}

static void start_thread(void)
{
	char error[512];

	is_real = 1;
	sem_init(&is_waiting, 0, 0);
	pool = record_pool_new(64);
	thread = exporter_start_driver(driver, &settings, &identity, 32, -1, error, sizeof(error));
	if (!pool || !thread)
		fail_msg("%s", error);
}

static void submit(size_t batches)
{
	for (size_t i = 0; i < batches; i++) {
		struct record_batch *batch = record_pool_get(pool);
		struct flow_record record = {0};

		assert_non_null(batch);
		for (int j = 0; j < BATCH; j++, next_id++) {
			record.id = next_id;
			record.packets = packets_of(next_id);
			record.octets = octets_of(next_id);
			record.end_ns = clock_realtime_ns();
			record_batch_add(batch, &record);
		}
		export_count_add(&given, &batch->count);
		exporter_submit(thread, batch);
		record_batch_put(batch);
	}
}

/* The exporter has ended: everything is somewhere. */
static struct exporter_stats end_thread(void)
{
	struct exporter_stats stats;
	struct export_count sum = {0};

	exporter_get_stats(thread, &stats);
	http_server_settle(server);
	if (trouble[0])
		fail_msg("%s", trouble);
	assert_int_equal(stats.submitted.records, given.records);
	export_count_add(&sum, &stats.sent);
	export_count_add(&sum, &stats.kept);
	export_count_add(&sum, &stats.dropped_queue);
	export_count_add(&sum, &stats.dropped_error);
	export_count_add(&sum, &stats.dropped_refused);
	export_count_add(&sum, &stats.dropped_spool);
	assert_int_equal(stats.queued.records, 0);
	assert_int_equal(sum.records, stats.submitted.records + stats.recovered.records);
	assert_int_equal(sum.packets, stats.submitted.packets + stats.recovered.packets);
	assert_int_equal(sum.octets, stats.submitted.octets + stats.recovered.octets);
	exporter_free(thread);
	record_pool_free(pool);
	sem_destroy(&is_waiting);
	return stats;
}

static void openobserve_thread_delivers_after_the_flush_interval(void **state)
{
	struct exporter_stats stats;

	(void)state;
	settings.batch_records = 1000;
	settings.flush_interval_ns = 10 * NS_PER_MS;
	start_thread();
	submit(3);
	do {
		sched_yield();
		exporter_get_stats(thread, &stats);
	} while (stats.sent.records < 30);
	exporter_stop(thread, UINT64_MAX);
	stats = end_thread();
	assert_int_equal(stats.sent.records, 30);
	assert_int_equal(count_arrived(), 30);
}

static void openobserve_thread_stops_out_of_a_long_wait(void **state)
{
	static const struct step refused = {ANSWERS, 401, "", ""};
	uint64_t begin_ns = __real_clock_monotonic_ns();
	struct exporter_stats stats;

	(void)state;
	always = &refused; /* 30 s */
	on_wait = post_wait;
	start_thread();
	submit(3);
	sem_wait(&is_waiting);
	exporter_stop(thread, UINT64_MAX);
	stats = end_thread();
	assert_int_equal(stats.kept.records, 30);
	assert_int_equal(count_spool_files(), 3);
	assert_true(__real_clock_monotonic_ns() - begin_ns < 20 * NS_PER_S);
}

/* The stop is what ends the wait, and then it is tried once more. */
static void openobserve_thread_without_disk_tries_at_a_stop(void **state)
{
	uint64_t begin_ns = __real_clock_monotonic_ns();
	struct exporter_stats stats;

	(void)state;
	settings.spool_directory = NULL;
	always = &busy_for_an_hour;
	on_wait = post_wait;
	start_thread();
	submit(3);
	sem_wait(&is_waiting);
	http_server_sync(server);
	always = NULL;
	http_server_sync(server);
	exporter_stop(thread, clock_monotonic_ns() + 10 * NS_PER_S);
	stats = end_thread();
	assert_int_equal(stats.sent.records, 30);
	assert_true(__real_clock_monotonic_ns() - begin_ns < 10 * NS_PER_S);
}

static void openobserve_thread_without_disk_tries_until_the_deadline(void **state)
{
	uint64_t begin_ns = __real_clock_monotonic_ns();
	struct exporter_stats stats;

	(void)state;
	settings.spool_directory = NULL;
	always = &busy;
	on_wait = post_wait;
	start_thread();
	submit(3);
	sem_wait(&is_waiting);
	exporter_stop(thread, clock_monotonic_ns() + 20 * NS_PER_MS);
	stats = end_thread();
	assert_int_equal(stats.dropped_error.records, 10);
	assert_string_equal(stats.last_reason, "the server was away until the end");
	assert_int_equal(stats.dropped_queue.records, 20);
	assert_true(__real_clock_monotonic_ns() - begin_ns < 20 * NS_PER_S);
}

static void openobserve_thread_is_over_while_the_server_hangs(void **state)
{
	struct exporter_stats stats;

	(void)state;
	always = &hangs;
	on_request = post_request;
	start_thread();
	submit(3);
	sem_wait(&is_waiting);
	exporter_stop(thread, 0);
	stats = end_thread();
	assert_int_equal(stats.kept.records, 10); /* what the driver had */
	assert_int_equal(stats.dropped_queue.records, 20);
}

static void openobserve_thread_may_be_freed_while_the_server_hangs(void **state)
{
	(void)state;
	always = &hangs;
	on_request = post_request;
	start_thread();
	submit(3);
	sem_wait(&is_waiting);
	exporter_free(thread);
	record_pool_free(pool);
	sem_destroy(&is_waiting);
	assert_int_equal(count_spool_files(), 1);
}

/* However the calls fall, between a flush and the end or in the middle of one. */
static void openobserve_thread_that_is_stopped_at_once_loses_nothing(void **state)
{
	(void)state;
	settings.spool_after_ns = 0;
	for (int round = 0; round < 40; round++) {
		struct exporter_stats stats;

		http_server_sync(server);
		always = round % 2 ? &busy : NULL;
		http_server_sync(server);
		start_thread();
		submit((size_t)round % 5);
		for (int i = 0; i < round * 20; i++)
			sched_yield();
		exporter_stop(thread, UINT64_MAX);
		stats = end_thread();
		assert_int_equal(stats.dropped_queue.records + stats.dropped_error.records, 0);
		given = (struct export_count){0};
	}
	expect_no_other_loss(1);
}

#define STOP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_stop, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STOP_TEST(openobserve_stop_has_little_patience_when_there_is_a_disk),
		STOP_TEST(openobserve_stop_waits_for_the_answer_without_a_disk),
		STOP_TEST(openobserve_stop_puts_away_what_a_slow_server_cannot_take),
		STOP_TEST(openobserve_stop_lets_no_request_run_into_the_deadline),
		STOP_TEST(openobserve_stop_does_not_replay_before_the_queue_is_empty),
		STOP_TEST(openobserve_stop_without_a_disk_tries_at_once),
		STOP_TEST(openobserve_stop_without_a_disk_tries_each_second),
		STOP_TEST(openobserve_stop_at_every_stage_keeps_the_books),
		STOP_TEST(openobserve_end_at_every_stage_keeps_the_books),
		STOP_TEST(openobserve_thread_delivers_after_the_flush_interval),
		STOP_TEST(openobserve_thread_stops_out_of_a_long_wait),
		STOP_TEST(openobserve_thread_without_disk_tries_at_a_stop),
		STOP_TEST(openobserve_thread_without_disk_tries_until_the_deadline),
		STOP_TEST(openobserve_thread_is_over_while_the_server_hangs),
		STOP_TEST(openobserve_thread_may_be_freed_while_the_server_hangs),
		STOP_TEST(openobserve_thread_that_is_stopped_at_once_loses_nothing),
	};

	prepare_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
