// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the dialects have in common: the state of a session, and how options are gone through. By
 * steps and messages of the test's own.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"

static const struct dialect_config config = {
	.observation_domain_id = 42,
	.enterprise = EXAMPLE_ENTERPRISE,
	.biflow = 1,
	.sampling_interval = 100,
	.instance = INSTANCE,
	.start_ms = EPOCH_MS,
};

/* --- sessions --- */

static void dialect_session_starts_with_templates_and_nothing_sent(void **state)
{
	(void)state;
	memset(&session, 0xff, sizeof(session));
	export_session_start(&session, &dialect_netflow5, &config);
	assert_memory_equal(&session.config, &config, sizeof(config));
	assert_int_equal(session.template_count, 0);
	assert_int_equal(session.sequence, 0);
	assert_int_equal(session.process_sequence, 0);
	assert_int_equal(session.export_ms, 0);
	assert_int_equal(session.sent_messages, 0);
	assert_int_equal(session.sent_records, 0);
	assert_int_equal(session.sent_octets, 0);
	assert_int_equal(session.unknown_interfaces, 0);
	export_session_start(&session, &dialect_netflow9, &config);
	assert_int_equal(session.template_count, FLOW_KINDS);
	export_session_start(&session, &dialect_ipfix, &config);
	assert_int_equal(session.template_count, 2 * FLOW_KINDS);
}

/* A message as if it had been encoded. */
static struct message made_message(int process_sequence)
{
	return (struct message){
		.writer = {.used = 1000},
		.sequence_step = 7,
		.flow_records = 5,
		.unknown_interfaces = 3,
		.process_sequence = process_sequence,
		.export_ms = EPOCH_MS,
	};
}

static void dialect_commit_adds_a_message(void **state)
{
	struct message message = made_message(0);

	(void)state;
	export_session_start(&session, &dialect_ipfix, &config);
	export_session_commit(&session, &message);
	assert_int_equal(session.sequence, 7);
	assert_int_equal(session.process_sequence, 0);
	assert_int_equal(session.export_ms, EPOCH_MS);
	assert_int_equal(session.sent_messages, 1);
	assert_int_equal(session.sent_records, 5);
	assert_int_equal(session.sent_octets, 1000);
	assert_int_equal(session.unknown_interfaces, 3);
	message = made_message(1);
	export_session_commit(&session, &message);
	assert_int_equal(session.sequence, 7);
	assert_int_equal(session.process_sequence, 7);
	assert_int_equal(session.sent_messages, 2);
	assert_int_equal(session.sent_records, 10);
	assert_int_equal(session.sent_octets, 2000);
	assert_int_equal(session.unknown_interfaces, 6);
}

/* A new transport session: numbers begin again, totals and the clock do not. */
static void dialect_restart_resets_the_sequences_alone(void **state)
{
	struct message message = made_message(0);
	struct export_session before;

	(void)state;
	export_session_start(&session, &dialect_ipfix, &config);
	export_session_commit(&session, &message);
	message = made_message(1);
	export_session_commit(&session, &message);
	before = session;
	export_session_restart(&session);
	assert_int_equal(session.sequence, 0);
	assert_int_equal(session.process_sequence, 0);
	before.sequence = before.process_sequence = 0;
	assert_memory_equal(&session, &before, sizeof(session));
}

static void dialect_follows_a_clock_that_is_set_back_far(void **state)
{
	struct message message;

	(void)state;
	export_session_start(&session, &dialect_ipfix, &config);
	assert_int_equal(export_session_follow_clock(&session, 0), 0);
	session.export_ms = EPOCH_MS;
	assert_int_equal(export_session_follow_clock(&session, EPOCH_MS + 86400000), 0);
	assert_int_equal(export_session_follow_clock(&session, EPOCH_MS - 2000), 0);
	message_begin(&message, &session, EPOCH_MS - 2000);
	assert_int_equal(message.export_ms, EPOCH_MS);
	assert_int_equal(export_session_follow_clock(&session, EPOCH_MS - 2001), 1);
	assert_int_equal(export_session_follow_clock(&session, EPOCH_MS - 2001), 0);
	message_begin(&message, &session, EPOCH_MS - 2001);
	assert_int_equal(message.export_ms, EPOCH_MS - 2001);
}

static void dialect_message_begins_with_nothing_but_its_writer(void **state)
{
	struct message message;

	(void)state;
	export_session_start(&session, &dialect_ipfix, &config);
	session.export_ms = EPOCH_MS;
	memset(&message, 0xff, sizeof(message));
	writer_init(&message.writer, message_buffer, 100);
	message_begin(&message, &session, EPOCH_MS + 1);
	assert_ptr_equal(message.writer.data, message_buffer);
	assert_int_equal(message.writer.capacity, 100);
	assert_int_equal(message.writer.used, 0);
	assert_int_equal(message.sequence_step, 0);
	assert_int_equal(message.flow_records, 0);
	assert_int_equal(message.unknown_interfaces, 0);
	assert_int_equal(message.process_sequence, 0);
	assert_int_equal(message.export_ms, EPOCH_MS + 1);
	message_begin(&message, &session, EPOCH_MS - 1);
	assert_int_equal(message.export_ms, EPOCH_MS);
}

/* --- options --- */

#define STEPS 6

/* Items of each step; if any are wanted at all. */
static const size_t counts[STEPS] = {0, 3, 0, 0, 1, 2};

static size_t count_items(const struct export_session *of, const struct export_report *report,
			  unsigned int wanted, unsigned int step)
{
	assert_ptr_equal(of, &session);
	assert_null(report);
	assert_true(step < STEPS);
	return wanted ? counts[step] : 0;
}

static void dialect_options_are_found_in_order(void **state)
{
	static const struct options_cursor items[] = {{1, 0}, {1, 1}, {1, 2},
						      {4, 0}, {5, 0}, {5, 1}};
	struct options_cursor cursor = {0};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		/* asked twice, it stays where it is */
		for (int twice = 0; twice < 2; twice++) {
			assert_int_equal(
				options_find(&cursor, &session, NULL, 1, STEPS, count_items), 1);
			assert_int_equal(cursor.step, items[i].step);
			assert_int_equal(cursor.item, items[i].item);
		}
		cursor.item++;
	}
	assert_int_equal(options_find(&cursor, &session, NULL, 1, STEPS, count_items), 0);
	assert_int_equal(options_find(&cursor, &session, NULL, 1, STEPS, count_items), 0);
}

static void dialect_options_that_are_not_wanted_are_none(void **state)
{
	struct options_cursor cursor = {0};

	(void)state;
	assert_int_equal(options_find(&cursor, &session, NULL, 0, STEPS, count_items), 0);
}

/* Fewer items than before, as of interfaces that went away between two messages. */
static void dialect_options_that_vanished_are_passed(void **state)
{
	struct options_cursor cursor = {.step = 1, .item = 9};

	(void)state;
	assert_int_equal(options_find(&cursor, &session, NULL, 1, STEPS, count_items), 1);
	assert_int_equal(cursor.step, 4);
	assert_int_equal(cursor.item, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dialect_session_starts_with_templates_and_nothing_sent),
		cmocka_unit_test(dialect_commit_adds_a_message),
		cmocka_unit_test(dialect_restart_resets_the_sequences_alone),
		cmocka_unit_test(dialect_follows_a_clock_that_is_set_back_far),
		cmocka_unit_test(dialect_message_begins_with_nothing_but_its_writer),
		cmocka_unit_test(dialect_options_are_found_in_order),
		cmocka_unit_test(dialect_options_that_are_not_wanted_are_none),
		cmocka_unit_test(dialect_options_that_vanished_are_passed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
