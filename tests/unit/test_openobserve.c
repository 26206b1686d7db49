// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records to OpenObserve: when batches leave, what they look like, and what time they say it is. */
#include "openobserve_fixture.h"

/* --- batches --- */

static void openobserve_batch_leaves_when_it_has_enough_records(void **state)
{
	(void)state;
	start();
	give(25);
	flush();
	EXPECT_REQUESTS(10, 10);
	assert_int_equal(queued.records, 5);
	finish();
	EXPECT_REQUESTS(10, 10, 5);
	expect_all_arrived_once();
}

static void openobserve_batch_leaves_when_it_has_enough_bytes(void **state)
{
	(void)state;
	settings.batch_records = 1000;
	settings.batch_bytes = 4000; /* a record has some 870 */
	start();
	give(12);
	finish();
	EXPECT_REQUESTS(5, 5, 2);
	expect_all_arrived_once();
}

static void openobserve_batch_leaves_when_its_time_has_come(void **state)
{
	uint64_t begin_ns;

	(void)state;
	start();
	assert_int_equal(driver->next_ns(exporter), UINT64_MAX);
	give(1);
	begin_ns = clock_monotonic_ns();
	flush();
	assert_int_equal(driver->next_ns(exporter), begin_ns + 5 * NS_PER_S);
	pass_time(4 * NS_PER_S);
	give(1);
	tick();
	flush();
	assert_int_equal(requests, 0);
	assert_int_equal(driver->next_ns(exporter), begin_ns + 5 * NS_PER_S);
	pass_time(NS_PER_S);
	tick();
	EXPECT_REQUESTS(2);
	assert_int_equal(queued.records, 0);
	assert_int_equal(driver->next_ns(exporter), UINT64_MAX);
	/* or the next time that the queue is empty */
	give(3);
	pass_time(5 * NS_PER_S);
	flush();
	EXPECT_REQUESTS(2, 3);
	finish();
	EXPECT_REQUESTS(2, 3);
	expect_all_arrived_once();
}

static void openobserve_nothing_is_no_request(void **state)
{
	(void)state;
	start();
	flush();
	tick();
	idle(3600 * NS_PER_S);
	finish();
	assert_int_equal(requests, 0);
	assert_int_equal(http_server_connections(server), 0);
}

static void openobserve_connection_is_kept(void **state)
{
	(void)state;
	start();
	give(200);
	finish();
	assert_int_equal(requests, 20);
	assert_int_equal(http_server_connections(server), 1);
	assert_int_equal(sums.batches, 20);
	assert_int_equal(sums.bytes, request_bytes);
	expect_all_arrived_once();
}

static void openobserve_body_is_gzip_if_wanted(void **state)
{
	(void)state;
	start();
	give(10);
	assert_string_equal(last_encoding, "gzip");
	assert_string_equal(last_target, "/api/default/netflow1/_json");
	finish();
	settings.compress = 0;
	start();
	give(10);
	assert_string_equal(last_encoding, "");
	finish();
	expect_all_arrived_once();
}

static void openobserve_timestamp_is_the_end_of_the_flow(void **state)
{
	(void)state;
	start();
	give(5);
	pass_time(NS_PER_S);
	give(5);
	finish();
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(arrivals[i].timestamp_us, START_NS / 1000 + (i < 5 ? 0 : 1000000));
}

static void openobserve_settings_that_cannot_be_used_are_refused(void **state)
{
	static const char *const reasons[] = {"is not an HTTP URL", "cannot read /nonexistent",
					      "ca_file: cannot read /nonexistent"};
	char error[512];

	(void)state;
	for (int i = 0; i < 3; i++) {
		settings.target = i == 0 ? "ftp://x" : target;
		settings.password_file = i == 1 ? "/nonexistent" : password_path;
		settings.ca_file = i == 2 ? "/nonexistent" : NULL;
		assert_null(driver->create(&settings, &identity, error, sizeof(error)));
		assert_non_null(strstr(error, reasons[i]));
	}
}

/* --- time --- */

static void openobserve_old_records_are_restamped(void **state)
{
	(void)state;
	has_window = 1;
	start();
	give(5);
	pass_time(4 * 3600 * NS_PER_S +
		  3301 * NS_PER_S); /* five hours less five minutes, and 1 s */
	give(4);
	pass_time(NS_PER_S);
	finish();
	assert_int_equal(requests, 1);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(arrivals[i].timestamp_us,
				 START_NS / 1000 + (4 * 3600 + 3301 + (i < 5)) * 1000000ull);
	expect_all_arrived_once();
}

/* By the server's clock, which the first answer has told; the second batch needs no more asking. */
static void openobserve_too_old_for_the_server_is_restamped_once(void **state)
{
	(void)state;
	has_window = 1;
	server_shift_ns = 6 * 3600 * (int64_t)NS_PER_S;
	start();
	give(20);
	finish();
	assert_int_equal(requests, 3);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(arrivals[i].timestamp_us, START_NS / 1000 + 6 * 3600 * 1000000ull);
	expect_all_arrived_once();
}

static void openobserve_too_old_again_is_refused(void **state)
{
	static const struct step too_old = {
		ANSWERS, 200, "",
		"{\"code\":200,\"status\":[{\"name\":\"n\",\"successful\":0,\"failed\":10,"
		"\"error\":\"Too old data, only last 5 hours data can be ingested.\"}]}"};

	(void)state;
	always = &too_old;
	start();
	give(10);
	assert_int_equal(requests, 2);
	assert_int_equal(sums.refused.records, 10);
	finish();
	expect_no_other_loss(1);
}

/* A host without a clock of its own, before its time is set, and then it is. */
static void openobserve_clock_that_jumps_costs_nothing(void **state)
{
	(void)state;
	has_window = 1;
	wall_shift_ns = -(int64_t)(START_NS - 1000 * NS_PER_S);
	start();
	give(10);
	give(10);
	wall_shift_ns = 0;
	give(20);
	wall_shift_ns = -(int64_t)(86400 * 30 * NS_PER_S);
	give(20);
	finish();
	expect_all_arrived_once();
	for (size_t i = 0; i < arrival_count; i++)
		assert_in_range(arrivals[i].timestamp_us, START_NS / 1000 - 1000000,
				START_NS / 1000 + 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPENOBSERVE_TEST(openobserve_batch_leaves_when_it_has_enough_records),
		OPENOBSERVE_TEST(openobserve_batch_leaves_when_it_has_enough_bytes),
		OPENOBSERVE_TEST(openobserve_batch_leaves_when_its_time_has_come),
		OPENOBSERVE_TEST(openobserve_nothing_is_no_request),
		OPENOBSERVE_TEST(openobserve_connection_is_kept),
		OPENOBSERVE_TEST(openobserve_body_is_gzip_if_wanted),
		OPENOBSERVE_TEST(openobserve_timestamp_is_the_end_of_the_flow),
		OPENOBSERVE_TEST(openobserve_settings_that_cannot_be_used_are_refused),
		OPENOBSERVE_TEST(openobserve_old_records_are_restamped),
		OPENOBSERVE_TEST(openobserve_too_old_for_the_server_is_restamped_once),
		OPENOBSERVE_TEST(openobserve_too_old_again_is_refused),
		OPENOBSERVE_TEST(openobserve_clock_that_jumps_costs_nothing),
	};

	prepare_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
