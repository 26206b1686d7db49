// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records to OpenObserve: what follows from each of its answers, and from none. */
#include "openobserve_fixture.h"

/* --- errors --- */

/* It was rotated; what is in the file now is good. */
static void openobserve_401_reads_the_credential_again(void **state)
{
	(void)state;
	start();
	give(10);
	authorization = NEW_AUTHORIZATION;
	write_password("second");
	give(20);
	finish();
	assert_int_equal(requests, 4);
	expect_all_arrived_once();
}

static void openobserve_401_waits_for_somebody(void **state)
{
	static const struct step refused = {ANSWERS, 403, "", "Organization is deleted"};

	(void)state;
	always = &refused;
	settings.spool_directory = spool_path;
	settings.spool_after_ns = 45 * NS_PER_S;
	start();
	give(10);
	EXPECT_WAITS(30, 15); /* and then to the disk */
	assert_int_equal(requests, 2);
	always = NULL;
	idle(60 * NS_PER_S);
	assert_int_equal(queued.records, 0);
	finish();
	expect_all_arrived_once();
}

static void openobserve_413_halves_until_it_fits(void **state)
{
	(void)state;
	most_records = 3;
	start();
	give(10);
	EXPECT_REQUESTS(10, 5, 2, 2, 2, 2, 2);
	give(10); /* remembered */
	assert_int_equal(requests, 12);
	finish();
	assert_int_equal(wait_count, 0);
	expect_all_arrived_once();
}

static void openobserve_413_for_one_record_gives_it_up(void **state)
{
	static const struct step too_large = {ANSWERS, 413, "", "length limit exceeded"};

	(void)state;
	always = &too_large;
	start();
	give(10);
	EXPECT_REQUESTS(10, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
	assert_int_equal(sums.refused.records, 10);
	assert_string_equal(last_reason, "length limit exceeded");
	always = NULL;
	finish();
	expect_no_other_loss(1);
}

/* A proxy that refuses everything, until it is set right: no reason to send single records for ever. */
static void openobserve_413_is_forgotten_after_a_while(void **state)
{
	(void)state;
	most_records = 3;
	start();
	give(10);
	EXPECT_REQUESTS(10, 5, 2, 2, 2, 2, 2);
	most_records = 0;
	pass_time(599 * NS_PER_S);
	give(10);
	EXPECT_REQUESTS(10, 5, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2);
	pass_time(NS_PER_S);
	give(10);
	EXPECT_REQUESTS(10, 5, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 10);
	finish();
	expect_all_arrived_once();
}

static void openobserve_415_goes_on_without_gzip(void **state)
{
	(void)state;
	takes_gzip = 0;
	start();
	give(30);
	assert_int_equal(requests, 4);
	assert_string_equal(last_encoding, "");
	finish();
	expect_all_arrived_once();
}

/* It is not the gzip, then: a wrong URL, or a proxy. Nothing is wrong with the records. */
static void openobserve_415_without_gzip_waits_for_somebody(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 415, "", ""}, {ANSWERS, 415, "", ""}, {ANSWERS, 415, "", ""}};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(10);
	finish();
	EXPECT_WAITS(30, 30);
	assert_int_equal(requests, 4);
	expect_all_arrived_once();
}

static void openobserve_429_waits_as_long_as_it_is_told(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 429, "Retry-After: 7\r\n", "{\"code\":429,\"message\":\"slow down\"}"},
		{ANSWERS, 429, "Retry-After: 100\r\n", ""},
		{ANSWERS, 429, "", ""},
		{ANSWERS, 429, "Retry-After: 0\r\n", ""},
	};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(10);
	finish();
	EXPECT_WAITS(7, 100, 2, 4);
	assert_int_equal(requests, 5);
	expect_all_arrived_once();
}

static void openobserve_503_waits_longer_each_time(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 503, "",
		 "{\"code\":503,\"message\":\"Error# MemoryTableOverflowError\"}"},
		{ANSWERS, 500, "", ""},
		{ANSWERS, 502, "", ""},
		{ANSWERS, 504, "", ""},
		{ANSWERS, 408, "", ""},
		{ANSWERS, 503, "", ""},
		{ANSWERS, 503, "", ""},
		{ANSWERS, 503, "", ""},
		{STORES, 0, NULL, NULL},
		{ANSWERS, 503, "", ""},
	};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(20);
	finish();
	EXPECT_WAITS(0.5, 1, 2, 4, 8, 16, 30, 30, 0.5);
	expect_all_arrived_once();
}

static void openobserve_400_is_given_three_chances(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 400, "", "{\"code\":400,\"message\":\"Error# bad\"}"},
		{ANSWERS, 400, "", ""},
		{STORES, 0, NULL, NULL},
		{ANSWERS, 400, "", ""},
		{ANSWERS, 400, "", ""},
		{ANSWERS, 400, "", "{\"code\":400,\"message\":\"Error# worse\"}"},
	};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(30);
	finish();
	assert_int_equal(requests, 7);
	EXPECT_WAITS(0.5, 1, 0.5, 1);
	assert_int_equal(sums.refused.records, 10);
	assert_string_equal(last_reason, "Error# worse");
	expect_no_other_loss(1);
}

static void openobserve_200_of_somebody_else_is_no_success(void **state)
{
	static const struct step steps[] = {
		{ANSWERS, 200, "", "<html>Welcome</html>"},
		{ANSWERS, 204, "", ""},
		{ANSWERS, 302, "Location: /login\r\n", ""},
		{ANSWERS, 404, "", ""},
	};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(10);
	finish();
	EXPECT_WAITS(0.5, 1, 30, 30);
	assert_int_equal(requests, 5);
	expect_all_arrived_once();
}

/* --- a 200 that is none --- */

static void openobserve_records_without_a_word_are_lost(void **state)
{
	static const struct step steps[] = {{FORGETS_LAST, 0, NULL, NULL}};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(20);
	finish();
	assert_int_equal(sums.lost.records, 1);
	assert_int_equal(sums.sent.records, 19);
	assert_string_equal(last_reason, "the server has not said that it took them");
	expect_no_other_loss(0);
}

/* A pipeline of the server's may drop some on purpose. */
static void openobserve_records_without_a_word_may_be_meant_so(void **state)
{
	static const struct step steps[] = {{FORGETS_LAST, 0, NULL, NULL}};

	(void)state;
	settings.confirm = 0;
	START_SCRIPT(steps);
	start();
	give(20);
	finish();
	assert_int_equal(sums.sent.records, 20);
	assert_int_equal(count_arrived(), 19);
}

static void openobserve_records_that_are_refused_are_not_tried_again(void **state)
{
	static const struct step steps[] = {{REFUSES_LAST, 0, NULL, NULL}};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(20);
	finish();
	assert_int_equal(requests, 2);
	assert_int_equal(sums.refused.records, 1);
	assert_int_equal(sums.sent.records, 19);
	assert_string_equal(last_reason, "Failed to cast");
	expect_no_other_loss(0);
}

/* Which ones were refused is not known; but where none was taken nothing was. */
static void openobserve_records_refused_and_lost_are_all_there_is(void **state)
{
	static const struct step steps[] = {{ANSWERS, 200, "",
					     "{\"status\":[{\"successful\":0,\"failed\":3,"
					     "\"error\":\"x\"}]}"}};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(10);
	assert_int_equal(sums.refused.records, 3);
	assert_int_equal(sums.lost.records, 7);
	finish();
	assert_int_equal(sums.refused.packets + sums.lost.packets, given.packets);
	assert_int_equal(sums.refused.octets + sums.lost.octets, given.octets);
	expect_no_other_loss(1);
}

/* --- nobody knows --- */

static void openobserve_answer_that_is_cut_is_no_loss(void **state)
{
	static const struct step steps[] = {
		{STORES_AND_CUTS, 0, NULL, NULL},
		{CLOSES, 0, NULL, NULL},
		{STORES_AND_CLOSES, 0, NULL, NULL},
	};

	(void)state;
	START_SCRIPT(steps);
	start();
	give(10);
	finish();
	assert_int_equal(requests, 4);
	EXPECT_WAITS(0.5, 1, 2);
	assert_int_equal(sums.sent.records, 10);
	/* the same records, findable by their flow_id */
	assert_int_equal(arrival_count, 30);
	for (size_t i = 0; i < 30; i++)
		assert_int_equal(arrivals[i].id, 1 + i % 10);
}

static void openobserve_request_without_answer_is_tried_again(void **state)
{
	static const struct step steps[] = {{HANGS, 0, NULL, NULL}};

	(void)state;
	settings.request_timeout_ns = 50 * NS_PER_MS;
	START_SCRIPT(steps);
	start();
	give(10);
	finish();
	assert_int_equal(requests, 2);
	expect_all_arrived_once();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPENOBSERVE_TEST(openobserve_401_reads_the_credential_again),
		OPENOBSERVE_TEST(openobserve_401_waits_for_somebody),
		OPENOBSERVE_TEST(openobserve_413_halves_until_it_fits),
		OPENOBSERVE_TEST(openobserve_413_for_one_record_gives_it_up),
		OPENOBSERVE_TEST(openobserve_413_is_forgotten_after_a_while),
		OPENOBSERVE_TEST(openobserve_415_goes_on_without_gzip),
		OPENOBSERVE_TEST(openobserve_415_without_gzip_waits_for_somebody),
		OPENOBSERVE_TEST(openobserve_429_waits_as_long_as_it_is_told),
		OPENOBSERVE_TEST(openobserve_503_waits_longer_each_time),
		OPENOBSERVE_TEST(openobserve_400_is_given_three_chances),
		OPENOBSERVE_TEST(openobserve_200_of_somebody_else_is_no_success),
		OPENOBSERVE_TEST(openobserve_records_without_a_word_are_lost),
		OPENOBSERVE_TEST(openobserve_records_without_a_word_may_be_meant_so),
		OPENOBSERVE_TEST(openobserve_records_that_are_refused_are_not_tried_again),
		OPENOBSERVE_TEST(openobserve_records_refused_and_lost_are_all_there_is),
		OPENOBSERVE_TEST(openobserve_answer_that_is_cut_is_no_loss),
		OPENOBSERVE_TEST(openobserve_request_without_answer_is_tried_again),
	};

	prepare_run();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
