// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a collector is told of losses: exporter, driver and announcer together, in front of a
 * transport of the test's. What was sent is read by the strict decoder.
 */
#include "collector_fixture.h"

#include "export/exporter.h"
#include "ipfix_check.h"

static struct record_pool *pool;
static struct exporter *exporter;
static struct ipfix_check *check;
static size_t checked; /* messages */

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
	return collector_set_up(state) || !pool || !check;
}

static int tear_down(void **state)
{
	fake.holds_open = 0;
	exporter_free(exporter);
	exporter = NULL;
	record_pool_free(pool);
	ipfix_check_free(check);
	return collector_tear_down(state);
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

/* Hands over a batch of records of their own. */
static void submit(uint32_t first, uint32_t count)
{
	struct record_batch *batch = record_pool_get(pool);

	assert_non_null(batch);
	for (uint32_t id = first; id < first + count; id++) {
		struct flow_record record = make_record(id);

		record.start_ns = record.end_ns = clock_realtime_ns();
		record.end_reason = FLOW_END_IDLE;
		record_batch_add(batch, &record);
	}
	exporter_submit(exporter, batch);
	record_batch_put(batch);
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

/* --- losses --- */

static void losses_of_an_outage_are_in_the_introduction_that_follows(void **state)
{
	const struct ipfix_check_totals *totals;

	(void)state;
	fake.holds_open = 1;
	start("tcp://collector", 1);
	submit(1, 5);
	while (!fake.in_open)
		sched_yield();
	submit(6, 200); /* dropped by the next */
	submit(206, 300);
	fake.holds_open = 0;
	stop();
	totals = read_until_flows();
	assert_in_range(totals->flow_records, 1, 5);
	assert_int_equal(totals->not_sent_flows, 200);
	assert_int_equal(totals->not_sent_packets, 400);
	assert_int_equal(totals->not_sent_octets, 20000);
	assert_int_equal(fake.taken.records, 305);
}

#define ANNOUNCER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ANNOUNCER_TEST(losses_of_an_outage_are_in_the_introduction_that_follows),
	};

	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
