// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * When an exporter calls its driver and what it tells it: flushes and ticks, what waits and what
 * was lost, and the last call.
 */
#include "exporter_fixture.h"

static struct record_pool *pool;

static int set_up(void **state)
{
	(void)state;
	pool = record_pool_new(16);
	return pool ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	record_pool_free(pool); /* asserts that all are back */
	return 0;
}

/* Only of a fake whose exporter was stopped, or that waits in a call. */
static void expect_call(unsigned int number, enum fake_call_kind kind, int stopping, int last)
{
	const struct fake_call *call = &fakes[0].calls[number];

	assert_true(number < fakes[0].call_count);
	assert_int_equal(call->kind, kind);
	assert_int_equal(call->stopping, stopping);
	assert_int_equal(call->last, last);
}

static void calls_end_with_one_flush_that_is_the_last(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_KEEPS_UNTIL_FLUSH, 0, 4, -1);

	(void)state;
	submit(exporter, pool, 1, 1);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 2, 1);
	exporter_begin_stop(exporter);
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 2, 2, 0, 0, 0);
	assert_int_equal(fakes[0].call_count, 3);
	expect_call(0, CALL_SEND, 0, 0);
	expect_call(1, CALL_SEND, 1, 0);
	expect_call(2, CALL_FLUSH, 1, 1);
	exporter_free(exporter);
	assert_int_equal(fakes[0].call_count, 3);
}

static void calls_of_an_idle_exporter_are_the_last_flush_only(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1);

	(void)state;
	exporter_stop(exporter, far_deadline());
	assert_int_equal(fakes[0].call_count, 1);
	expect_call(0, CALL_FLUSH, 1, 1);
	exporter_free(exporter);
}

/* A driver must not take the stop for the end: there is a record behind. */
static void calls_go_on_after_a_stop_during_a_flush(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1);

	(void)state;
	hold_flush(&fakes[0], 1);
	submit(exporter, pool, 1, 1);
	wait_for_flush(&fakes[0]);
	submit(exporter, pool, 2, 1);
	exporter_begin_stop(exporter);
	hold_flush(&fakes[0], 0);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 2, 2, 0, 0, 0);
	assert_int_equal(fakes[0].call_count, 4);
	expect_call(1, CALL_FLUSH, 0, 0);
	expect_call(2, CALL_SEND, 1, 0);
	expect_call(3, CALL_FLUSH, 1, 1);
	exporter_free(exporter);
}

static void calls_past_the_deadline_are_one_flush(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_STALLS, PERMITS_UNLIMITED, 4, -1);

	(void)state;
	submit(exporter, pool, 1, 1);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 2, 10);
	exporter_stop(exporter, 0);
	expect_stats(exporter, 11, 0, 10, 1, 0);
	assert_int_equal(fakes[0].call_count, 2);
	expect_call(1, CALL_FLUSH, 1, 1);
	assert_int_equal(fakes[0].calls[1].backlog, 0);
	expect_count(&fakes[0].calls[1].lost, 11);
	exporter_free(exporter);
}

static void begin_stop_drains_several_at_the_same_time(void **state)
{
	struct exporter *exporters[FAKES];

	(void)state;
	for (int i = 0; i < FAKES; i++) {
		exporters[i] = start_fake(i, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1);
		hold_flush(&fakes[i], 1);
	}
	for (int i = 0; i < FAKES; i++)
		exporter_begin_stop(exporters[i]);
	for (int i = 0; i < FAKES; i++)
		wait_for_flush(&fakes[i]); /* all are in their last */
	for (int i = 0; i < FAKES; i++) {
		hold_flush(&fakes[i], 0);
		exporter_stop(exporters[i], far_deadline());
		assert_int_equal(fakes[i].call_count, 1);
		exporter_free(exporters[i]);
	}
}

static void backlog_is_what_waits_behind_the_call(void **state)
{
	static const uint64_t expected[] = {0, 30 + 4, 4, 0};
	struct exporter *exporter = start_fake(0, FAKE_SENDS, 0, 4, -1);

	(void)state;
	submit(exporter, pool, 1, 1);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 2, 200);
	submit(exporter, pool, 202, 30);
	submit(exporter, pool, 232, 4);
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(exporter, far_deadline());
	assert_in_range(fakes[0].call_count, 5, 6); /* there may be time for a flush */
	for (size_t i = 0; i < 4; i++) {
		expect_call(i, CALL_SEND, fakes[0].calls[i].stopping, 0);
		assert_int_equal(fakes[0].calls[i].backlog, expected[i]);
	}
	assert_int_equal(fakes[0].calls[fakes[0].call_count - 1].backlog, 0);
	exporter_free(exporter);
}

static void set_behaviour(enum fake_behaviour behaviour)
{
	pthread_mutex_lock(&fakes[0].lock);
	fakes[0].behaviour = behaviour;
	pthread_mutex_unlock(&fakes[0].lock);
}

static void lost_is_all_that_was_lost_for_whatever_reason(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_FAILS, PERMITS_UNLIMITED, 1, -1);
	uint64_t before_ns = clock_realtime_ns(), between_ns, after_ns;
	const struct fake_call *call;
	struct exporter_stats stats;

	(void)state;
	submit(exporter, pool, 1, 1);
	wait_for_queued(exporter, 0);
	between_ns = clock_realtime_ns();
	set_behaviour(FAKE_CANNOT);
	submit(exporter, pool, 2, 10);
	wait_for_queued(exporter, 0);
	set_behaviour(FAKE_SENDS);
	permit(&fakes[0], 0);
	submit(exporter, pool, 12, 100);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 112, 200); /* dropped by the next */
	submit(exporter, pool, 312, 300);
	after_ns = clock_realtime_ns();
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(exporter, far_deadline());
	exporter_get_stats(exporter, &stats);
	expect_count(&stats.submitted, 611);
	expect_count(&stats.sent, 400);
	expect_count(&stats.dropped_queue, 200);
	expect_count(&stats.dropped_error, 1);
	expect_count(&stats.dropped_unsupported, 10);
	expect_count(&stats.queued, 0);

	call = &fakes[0].calls[0];
	expect_count(&call->lost, 0);
	assert_int_equal(call->first_lost_ns, 0);
	assert_int_equal(call->last_lost_ns, 0);
	call = &fakes[0].calls[fakes[0].call_count - 1];
	expect_count(&call->lost, 211);
	assert_in_range(call->first_lost_ns, before_ns, between_ns);
	assert_in_range(call->last_lost_ns, between_ns, after_ns);
	exporter_free(exporter);
}

/* A call can take as long as an outage. */
static void lost_is_known_in_the_middle_of_a_call(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_FAILS, 0, 1, -1);
	uint64_t before_ns, after_ns;

	(void)state;
	submit(exporter, pool, 1, 10);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 11, 200); /* dropped by the next */
	before_ns = clock_realtime_ns();
	submit(exporter, pool, 211, 300);
	permit(&fakes[0], 1);
	pthread_mutex_lock(&fakes[0].lock);
	while (fakes[0].sends < 1)
		pthread_cond_wait(&fakes[0].changed, &fakes[0].lock);
	after_ns = clock_realtime_ns();
	assert_int_equal(fakes[0].calls[0].lost.records, 0);
	expect_count(&fakes[0].lost_now, 210);
	assert_in_range(fakes[0].last_lost_ns, before_ns, after_ns);
	pthread_mutex_unlock(&fakes[0].lock);
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 510, 0, 200, 310, 0);
	expect_count(&fakes[0].lost_now, 510);
	expect_count(&fakes[0].calls[fakes[0].call_count - 1].lost, 510); /* once */
	exporter_free(exporter);
}

static void tick_comes_at_its_time_and_not_before(void **state)
{
	uint64_t tick_ns = clock_monotonic_ns() + 20 * NS_PER_MS;
	struct exporter *exporter =
		start_ticking_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1, tick_ns);

	(void)state;
	wait_for_ticks(&fakes[0], 1);
	assert_true(clock_monotonic_ns() >= tick_ns);
	exporter_stop(exporter, far_deadline());
	assert_int_equal(fakes[0].call_count, 2); /* then it wanted no other */
	expect_call(0, CALL_TICK, 0, 0);
	expect_call(1, CALL_FLUSH, 1, 1);
	exporter_free(exporter);
}

/* As of a driver that waits for what it sent to be acknowledged. */
static void tick_is_asked_for_after_each_call_and_counts(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_KEEPS_UNTIL_TICK, PERMITS_UNLIMITED, 4, -1);

	(void)state;
	hold_flush(&fakes[0], 1);
	submit(exporter, pool, 1, 3);
	wait_for_flush(&fakes[0]);
	expect_stats(exporter, 3, 0, 0, 0, 3);
	fakes[0].tick_ns = 1;
	hold_flush(&fakes[0], 0);
	wait_for_queued(exporter, 0);
	expect_stats(exporter, 3, 3, 0, 0, 0);
	exporter_stop(exporter, far_deadline());
	assert_int_equal(fakes[0].call_count, 4);
	expect_call(0, CALL_SEND, 0, 0);
	expect_call(1, CALL_FLUSH, 0, 0);
	expect_call(2, CALL_TICK, 0, 0);
	expect_call(3, CALL_FLUSH, 1, 1);
	exporter_free(exporter);
}

static void tick_does_not_wait_for_a_stop(void **state)
{
	struct exporter *exporter =
		start_ticking_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1, far_deadline());

	(void)state;
	exporter_stop(exporter, far_deadline());
	assert_int_equal(fakes[0].ticks, 0);
	exporter_free(exporter);
}

static void tick_of_a_driver_that_dies_is_the_last_call(void **state)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC);
	struct exporter *exporter =
		start_ticking_fake(0, FAKE_DIES, PERMITS_UNLIMITED, 4, wake_fd, 1);
	struct exporter_stats stats;
	uint64_t wakes;

	(void)state;
	assert_int_equal(read(wake_fd, &wakes, sizeof(wakes)), sizeof(wakes));
	exporter_get_stats(exporter, &stats);
	assert_int_equal(stats.dead, 1);
	fakes[0].tick_ns = 1;
	submit(exporter, pool, 1, 4);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 4, 0, 0, 4, 0);
	assert_int_equal(fakes[0].call_count, 1);
	assert_int_equal(fakes[0].destroys, 1);
	exporter_free(exporter);
	close(wake_fd);
}

#define CALL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL_TEST(calls_end_with_one_flush_that_is_the_last),
		CALL_TEST(calls_of_an_idle_exporter_are_the_last_flush_only),
		CALL_TEST(calls_go_on_after_a_stop_during_a_flush),
		CALL_TEST(calls_past_the_deadline_are_one_flush),
		CALL_TEST(begin_stop_drains_several_at_the_same_time),
		CALL_TEST(backlog_is_what_waits_behind_the_call),
		CALL_TEST(lost_is_all_that_was_lost_for_whatever_reason),
		CALL_TEST(lost_is_known_in_the_middle_of_a_call),
		CALL_TEST(tick_comes_at_its_time_and_not_before),
		CALL_TEST(tick_is_asked_for_after_each_call_and_counts),
		CALL_TEST(tick_does_not_wait_for_a_stop),
		CALL_TEST(tick_of_a_driver_that_dies_is_the_last_call),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
