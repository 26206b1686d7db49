// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a collector is told of losses, by exporter, driver and announcer together; and what it is told
 * again when the clock is set back. The transport is the test's; what was sent is read by the strict
 * decoder.
 */
#include "collector_fixture.h"

#include "export/exporter.h"
#include "ipfix_check.h"

static struct record_pool *pool;
static struct exporter *exporter;
static struct ipfix_check *check;
static size_t checked; /* messages */
static _Atomic int64_t set_back_ns; /* the clock of the wall */

static void complain(void *arg, const char *line)
{
	(void)arg;
	print_message("# %s\n", line);
}

static int set_up(void **state)
{
	const struct ipfix_check_config config = {
		.transport = IPFIX_OVER_TCP,
		.violation = complain,
	};

	pool = record_pool_new(16);
	check = ipfix_check_new(&config);
	checked = 0;
	set_back_ns = 0;
	return collector_set_up(state) || !pool || !check;
}

static int tear_down(void **state)
{
	fake.holds_open = 0;
	exporter_free(exporter);
	exporter = NULL;
	record_pool_free(pool);
	ipfix_check_free(check);
	return collector_tear_down_exporter(state);
}

static void start(const char *target, size_t queue_batches)
{
	char error[256] = "";

	settings.type = driver->kind;
	settings.target = target;
	exporter = exporter_start_driver(driver, &settings, &identity, queue_batches, -1, error,
					 sizeof(error));
	if (!exporter)
		fail_msg("%s", error);
}

/* Hands over a batch of records of their own, or of pairs, as record_batches have them. */
static void submit_as(uint32_t first, uint32_t count, int paired)
{
	struct record_batch *batch = record_pool_get(pool);

	assert_non_null(batch);
	for (uint32_t id = first; id < first + count; id++) {
		struct flow_record record = make_record(id);

		record.start_ns = record.end_ns = clock_realtime_ns();
		record.end_reason = FLOW_END_IDLE;
		if (paired)
			record.biflow = (id - first) % 2 ? FLOW_BIFLOW_REVERSE
							 : FLOW_BIFLOW_FORWARD;
		record_batch_add(batch, &record);
	}
	exporter_submit(exporter, batch);
	record_batch_put(batch);
}

static void submit(uint32_t first, uint32_t count)
{
	submit_as(first, count, 0);
}

static void submit_pairs(uint32_t first, uint32_t pairs)
{
	submit_as(first, 2 * pairs, 1);
}

static void stop(void)
{
	exporter_stop(exporter, clock_monotonic_ns() + HANG_SECONDS * NS_PER_S);
}

/* Reads on in what was sent, until the first flow records or to the end. */
static const struct ipfix_check_totals *read_until_flows(void)
{
	const struct ipfix_check_totals *totals = ipfix_check_totals(check);

	while (checked < fake.messages && !totals->flow_records) {
		ipfix_check_message(check, fake.plain[checked], fake.lengths[checked], 0);
		checked++;
	}
	assert_int_equal(totals->violations, 0);
	return totals;
}

/* --- the clock --- */

uint64_t __real_clock_realtime_ns(void);
uint64_t __wrap_clock_realtime_ns(void);

uint64_t __wrap_clock_realtime_ns(void)
{
	return __real_clock_realtime_ns() - (uint64_t)set_back_ns;
}

static uint32_t export_time(size_t message)
{
	return get_u32(fake.plain[message] + 4);
}

static uint64_t sent_at_s(void)
{
	return clock_realtime_ns() / NS_PER_S;
}

/* What is in the message first: 2 templates, 256 and more data. */
static unsigned int first_set(size_t message)
{
	return (unsigned int)fake.plain[message][16] << 8 | fake.plain[message][17];
}

/* Sends some flows, sets the clock back, and sends some more. The first message of those. */
static size_t send_around_a_step(const char *target, uint64_t step_ns)
{
	size_t before;

	create(target);
	send_records(1, 5);
	flush();
	assert_in_range(export_time(fake.messages - 1), sent_at_s() - 1, sent_at_s());
	before = fake.messages;
	set_back_ns = (int64_t)step_ns;
	send_records(6, 5);
	flush();
	expect_outcome(10, 0);
	return before;
}

static void clock_set_back_over_udp_sends_templates_again(void **state)
{
	size_t before, after;

	(void)state;
	before = send_around_a_step("udp://collector", 3600 * NS_PER_S);
	assert_int_equal(fake.transport->session, 1);
	assert_true(fake.messages > before + 1);
	assert_int_equal(first_set(before), 2);
	for (size_t i = before; i < fake.messages; i++)
		assert_in_range(export_time(i), sent_at_s() - 1, sent_at_s());
	expect_ids_once(10);
	after = fake.messages;
	send_records(11, 5); /* that was all */
	flush();
	assert_int_equal(fake.messages, after + 1);
}

static void clock_set_back_over_netflow_sends_templates_again(void **state)
{
	static const struct export_driver *const drivers[] = {&export_driver_netflow9,
							      &export_driver_netflow5};

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t before;

		memset(&fake, 0, sizeof(fake));
		control.outcome = (struct export_outcome){0};
		set_back_ns = 0;
		driver = drivers[i];
		create("udp://collector");
		send_records(1, 5);
		flush();
		before = fake.messages;
		set_back_ns = (int64_t)(3600 * NS_PER_S);
		send_records(6, 5);
		flush();
		assert_int_equal(fake.messages, before + (i == 0 ? 2 : 1));
		for (size_t j = before; j < fake.messages; j++)
			assert_in_range(get_u32(fake.plain[j] + 8), sent_at_s() - 1,
					sent_at_s() + 1);
		destroy();
	}
}

/* In a session no message may be of an earlier time than the one before. */
static void clock_set_back_over_a_stream_begins_a_session(void **state)
{
	size_t before;

	(void)state;
	before = send_around_a_step("tcp://collector", 3600 * NS_PER_S);
	assert_int_equal(fake.ends, 1);
	assert_int_equal(fake.transport->session, 2);
	for (size_t i = 0; i < fake.messages; i++)
		assert_int_equal(fake.session_of[i], i < before ? 1 : 2);
	assert_int_equal(first_set(before), 2);
	assert_in_range(export_time(before), sent_at_s() - 1, sent_at_s());
	expect_ids_once(10);
	send_records(11, 5);
	flush();
	assert_int_equal(fake.transport->session, 2);
}

static void clock_set_back_by_a_moment_is_waited_for(void **state)
{
	static const char *const targets[] = {"udp://collector", "tcp://collector"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		size_t before;

		memset(&fake, 0, sizeof(fake));
		fake.next_ns = UINT64_MAX;
		control.outcome = (struct export_outcome){0};
		set_back_ns = 0;
		before = send_around_a_step(targets[i], NS_PER_S);
		assert_int_equal(fake.ends, 0);
		assert_int_equal(fake.transport->session, 1);
		assert_int_equal(fake.messages, before + 1);
		assert_true(export_time(before) >= export_time(before - 1));
		destroy();
	}
}

/* --- losses --- */

/* With a queue of one batch, and already opening a session before there is any. */
static void start_held(void)
{
	fake.holds_open = 1;
	start("tcp://collector", 1);
	while (!fake.in_open)
		sched_yield();
}

static void losses_of_an_outage_are_in_the_introduction_that_follows(void **state)
{
	const struct ipfix_check_totals *totals;

	(void)state;
	start_held();
	submit(1, 5); /* dropped by the next, as that is */
	submit(6, 200);
	submit(206, 300);
	fake.holds_open = 0;
	stop();
	totals = read_until_flows();
	assert_in_range(totals->flow_records, 1, 299);
	assert_int_equal(totals->not_sent_flows, 205);
	assert_int_equal(totals->not_sent_packets, 410);
	assert_int_equal(totals->not_sent_octets, 20500);
	assert_int_equal(fake.taken.records, 300);
}

/* What was sent of a pair is one flow record or two, so what was not is the same. */
static void expect_pairs_lost(int biflow)
{
	const struct ipfix_check_totals *totals;

	settings.biflow = biflow;
	start_held();
	submit_pairs(1, 2); /* dropped by the next, as that is */
	submit_pairs(5, 100);
	submit_pairs(205, 1);
	fake.holds_open = 0;
	stop();
	totals = read_until_flows();
	assert_int_equal(totals->flow_records, biflow ? 1 : 2);
	assert_int_equal(totals->not_sent_flows, biflow ? 102 : 204);
	assert_int_equal(totals->not_sent_packets, 408);
}

static void losses_of_pairs_are_of_one_record_each(void **state)
{
	(void)state;
	expect_pairs_lost(1);
}

static void losses_of_pairs_that_are_sent_apart_are_of_two(void **state)
{
	(void)state;
	expect_pairs_lost(0);
}

#define ANNOUNCER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ANNOUNCER_TEST(clock_set_back_over_udp_sends_templates_again),
		ANNOUNCER_TEST(clock_set_back_over_netflow_sends_templates_again),
		ANNOUNCER_TEST(clock_set_back_over_a_stream_begins_a_session),
		ANNOUNCER_TEST(clock_set_back_by_a_moment_is_waited_for),
		ANNOUNCER_TEST(losses_of_an_outage_are_in_the_introduction_that_follows),
		ANNOUNCER_TEST(losses_of_pairs_are_of_one_record_each),
		ANNOUNCER_TEST(losses_of_pairs_that_are_sent_apart_are_of_two),
	};

	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
