// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What becomes of records when sending fails: each error a transport may return is returned at each
 * message in turn, those of introductions too, and every record must be accounted for exactly once.
 */
#include "collector_fixture.h"

#define RECORDS 100

/* --- memory --- */

static int allocations; /* so many succeed; negative: all do */

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);

void *__wrap_calloc(size_t count, size_t bytes)
{
	if (allocations >= 0 && allocations-- == 0) {
		allocations = 0;
		return NULL;
	}
	return __real_calloc(count, bytes);
}

static int set_up(void **state)
{
	allocations = -1;
	return collector_set_up(state);
}

static int tear_down(void **state)
{
	allocations = -1;
	return collector_tear_down(state);
}

static void create_out_of_memory_leaves_nothing_behind(void **state)
{
	char error[256];
	int failures;

	(void)state;
	settings.target = "udp:";
	for (failures = 0;; failures++) {
		strcpy(error, "");
		allocations = failures;
		self = driver->create(&settings, &identity, error, sizeof(error));
		if (self)
			break;
		assert_string_equal(error, "out of memory");
		assert_int_equal(fake.creates, fake.destroys);
	}
	assert_int_equal(failures, 4); /* the transport, the driver, its records, their parts */
}

/* --- errors at each message --- */

/* A new driver that sends its records, where call number `call` of send fails so. */
static void run(const char *target, int call, int error)
{
	collector_set_up(NULL);
	fake.errors[call] = error;
	fake.shrink = 512;
	create(target);
	send_records(0, RECORDS);
	flush_last();
}

/* How many messages are sent when nothing fails. */
static int count_sends(const char *target)
{
	int sends;

	run(target, 0, 0);
	sends = fake.sends;
	destroy();
	expect_ids_once(RECORDS);
	expect_outcome(RECORDS, 0);
	assert_in_range(sends, 5, 20);
	return sends;
}

static void error_of_a_path_that_shrinks_loses_nothing(void **state)
{
	static const char *const targets[] = {"udp:", "tcp:"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int sends = count_sends(targets[i]), shrunk = 0;

		for (int call = 0; call < sends; call++) {
			run(targets[i], call, -EMSGSIZE);
			shrunk += fake.transport->message_bytes == fake.shrink;
			destroy();
			expect_outcome(RECORDS, 0);
			expect_ids_once(RECORDS);
			assert_int_equal(session(1)->gaps, 0);
			assert_int_equal(control.outcome.error, 0);
		}
		assert_in_range(shrunk, 5, sends); /* a few are short enough */
	}
}

static void error_of_a_session_that_ends_loses_nothing(void **state)
{
	int sends = count_sends("tcp:"), reached = 0;

	(void)state;
	for (int call = 0; call < sends; call++) {
		run("tcp:", call, -ENOTCONN);
		destroy();
		expect_outcome(RECORDS, 0);
		expect_ids_once(RECORDS);
		assert_int_equal(session(1)->gaps, 0);
		assert_int_equal(session(2)->gaps, 0);
		if (session(2)->flows) {
			assert_int_equal(session(2)->templates, 4);
			reached++;
		}
	}
	assert_in_range(reached, 3, sends - 1); /* all but the totals */
}

/* Over UDP it is the same session that goes on, and the collector is told again what it may have
 * missed. */
static void error_of_a_way_that_is_lost_loses_nothing(void **state)
{
	int sends = count_sends("udp:");

	(void)state;
	for (int call = 0; call < sends; call++) {
		run("udp:", call, -ENOTCONN);
		destroy();
		expect_outcome(RECORDS, 0);
		expect_ids_once(RECORDS);
		assert_int_equal(session(1)->gaps, 0);
		assert_int_equal(session(1)->flows, RECORDS);
		assert_true(session(1)->templates >= 8);
	}
}

static void error_of_a_transport_that_gives_up_loses_the_rest(void **state)
{
	static const char *const targets[] = {"udp:", "tcp:"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int sends = count_sends(targets[i]);

		for (int call = 0; call < sends; call++) {
			uint64_t sent;

			run(targets[i], call, -ECANCELED);
			destroy();
			sent = fake.taken.records;
			expect_outcome(sent, RECORDS - sent);
			expect_ids_once(sent);
		}
		assert_int_equal(control.outcome.lost.records, 0); /* of the totals nothing is */
	}
}

static void error_of_a_message_loses_it_and_leaves_a_gap(void **state)
{
	int sends = count_sends("udp:"), lost_some = 0;

	(void)state;
	for (int call = 0; call < sends; call++) {
		uint64_t sent, lost;

		run("udp:", call, -EPERM);
		destroy();
		sent = fake.taken.records;
		lost = RECORDS - sent;
		expect_outcome(sent, lost);
		expect_ids_once(sent);
		if (lost) {
			assert_int_equal(control.outcome.error, -EPERM);
			assert_int_equal(session(1)->gaps, 1);
			assert_int_equal(session(1)->lost, lost);
			lost_some++;
		} else {
			assert_int_equal(control.outcome.error, 0);
		}
	}
	assert_in_range(lost_some, 3, sends - 4);
}

/* Where nothing gets lost what could not be said is said later, before any record. */
static void error_of_an_introduction_is_made_up_for(void **state)
{
	int sends, introduction;

	(void)state;
	create("tcp:");
	tick();
	introduction = fake.sends;
	destroy();
	sends = count_sends("tcp:");
	for (int call = 0; call < sends; call++) {
		uint64_t sent;

		run("tcp:", call, -ENOSPC);
		sent = fake.taken.records;
		expect_outcome(sent, RECORDS - sent);
		if (call < introduction)
			assert_int_equal(control.outcome.error, -ENOSPC);
		control.last = 0;
		send_records(RECORDS, 5);
		flush();
		destroy();
		assert_int_equal(fake.taken.records, sent + 5);
		expect_ids_once(sent + 5);
		assert_int_equal(session(1)->templates, 4);
		assert_int_equal(session(1)->lost, call < introduction ? 0 : RECORDS - sent);
	}
}

static void error_of_an_introduction_nudges_where_messages_get_lost(void **state)
{
	(void)state;
	fake.errors[0] = -EPERM;
	create("udp:");
	tick();
	assert_int_equal(fake.transport->nudged, 1);
	later_ns = NS_PER_S;
	send_records(0, 1);
	flush();
	assert_int_equal(session(1)->templates, 8); /* of three times, one was lost */
	assert_int_equal(fake.transport->nudged, 0);
}

/* --- other ends --- */

static void error_of_open_loses_all_and_is_for_good(void **state)
{
	(void)state;
	fake.open_error = -ECANCELED;
	create("tcp:");
	send_records(0, RECORDS);
	flush();
	expect_outcome(0, RECORDS);
	assert_int_equal(control.outcome.error, -ENOTCONN);
	assert_int_equal(fake.opens, 1);
	assert_int_equal(driver->next_ns(self), UINT64_MAX);
	fake.open_error = 0;
	send_records(0, RECORDS);
	flush_last();
	expect_outcome(0, 2 * RECORDS);
	assert_int_equal(fake.opens, 1);
	assert_int_equal(fake.sends, 0);
}

static void records_that_were_not_flushed_are_not_accounted_for(void **state)
{
	(void)state;
	create("tcp:");
	send_records(0, 3);
	expect_outcome(0, 0); /* the exporter counts them as queued, and as lost in the end */
	destroy();
	expect_outcome(0, 0);
}

static void parts_of_a_record_that_is_lost_count_once(void **state)
{
	const uint64_t octets = 3ull * UINT32_MAX + 7;
	struct flow_record large = make_record(1);

	(void)state;
	driver = &export_driver_netflow5;
	for (int call = 0; call < 2; call++) {
		const struct export_outcome *outcome = &control.outcome;

		collector_set_up(NULL);
		driver = &export_driver_netflow5;
		fake.errors[call] = -EPERM;
		create("udp:");
		send_records(2, 28);
		large.octets = octets;
		large.packets = 10;
		send_record(&large);
		flush();
		destroy();
		assert_int_equal(outcome->sent.records + outcome->lost.records, 29);
		assert_int_equal(outcome->sent.packets + outcome->lost.packets, 28 * 2 + 10);
		assert_int_equal(outcome->sent.octets + outcome->lost.octets, 28 * 100 + octets);
		assert_int_equal(outcome->lost.records, call ? 0 : 29);
	}
}

#define ERRORS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ERRORS_TEST(create_out_of_memory_leaves_nothing_behind),
		ERRORS_TEST(error_of_a_path_that_shrinks_loses_nothing),
		ERRORS_TEST(error_of_a_session_that_ends_loses_nothing),
		ERRORS_TEST(error_of_a_way_that_is_lost_loses_nothing),
		ERRORS_TEST(error_of_a_transport_that_gives_up_loses_the_rest),
		ERRORS_TEST(error_of_a_message_loses_it_and_leaves_a_gap),
		ERRORS_TEST(error_of_an_introduction_is_made_up_for),
		ERRORS_TEST(error_of_an_introduction_nudges_where_messages_get_lost),
		ERRORS_TEST(error_of_open_loses_all_and_is_for_good),
		ERRORS_TEST(records_that_were_not_flushed_are_not_accounted_for),
		ERRORS_TEST(parts_of_a_record_that_is_lost_count_once),
	};

	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
