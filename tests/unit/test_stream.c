// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A session over TCP while it lasts: what counts as sent and what as lost, collectors that read
 * slowly, not at all, or talk, and how it ends. How sessions begin is in test_stream_open.c.
 */
#include "stream_fixture.h"

#include "lib/log.h"

static void stream_session_is_a_connection(void **state)
{
	static const uint8_t loopback[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	create_transport();
	assert_int_equal(transport->session, 0);
	transport->message_bytes_wanted = 1234;
	assert_int_equal(open_transport(), 0);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(connects, 1);
	assert_int_equal(transport->session, 1);
	assert_int_equal(transport->is_open, 1);
	assert_int_equal(transport->message_bytes, 1234);
	assert_int_equal(transport->has_address, 1);
	assert_memory_equal(transport->address, loopback, sizeof(loopback));
	assert_int_equal(transport_tcp.reliable, 1);
}

static void stream_message_is_sent_when_it_is_acknowledged(void **state)
{
	(void)state;
	start(0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(send_message(), 0);
	wait_for_sent(20);
	assert_int_equal(bytes_received(), 20 * MESSAGE_BYTES);
	read_bytes(20 * MESSAGE_BYTES);
}

/* Sends until the collector, which does not read, has got all it takes; more is under way. Returns
 * how many messages were sent. */
static uint64_t fill_collector(void)
{
	uint64_t messages = 0, whole;

	while (bytes_received() < SMALL_BUFFER_BYTES / 2 || messages < 20) {
		assert_int_equal(send_message(), 0);
		messages++;
	}
	do { /* until both sides know the same */
		whole = bytes_received() / MESSAGE_BYTES;
		transport->type->settle(transport, &control);
		sched_yield();
	} while (control.outcome.sent.records != whole * MESSAGE_RECORDS);
	assert_in_range(whole, 1, messages - 1);
	expect_outcome(whole, 0);
	return messages;
}

static void stream_reset_loses_what_was_not_acknowledged(void **state)
{
	uint64_t messages, whole;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	messages = fill_collector();
	whole = bytes_received() / MESSAGE_BYTES;
	reset_peer();
	while (transport->is_open) {
		transport->type->settle(transport, &control);
		sched_yield();
	}
	expect_outcome(whole, messages - whole);
	assert_int_equal(control.outcome.error, -ECONNRESET);
	transport->type->settle(transport, &control);
	expect_outcome(whole, messages - whole);
}

static void stream_reset_before_a_message_leaves_it_to_its_owner(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
	reset_peer();
	assert_int_equal(send_message(), -ENOTCONN);
	assert_int_equal(transport->is_open, 0);
	assert_int_equal(transport->session, 1);
	expect_outcome(1, 0); /* of it nothing was sent or lost */
	assert_int_equal(control.outcome.error, 0);
}

static void stream_collector_that_closes_ends_the_session(void **state)
{
	(void)state;
	start(0);
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
	read_bytes(MESSAGE_BYTES);
	close_fd(&peer);
	while (transport->is_open)
		transport->type->settle(transport, &control);
	expect_outcome(1, 0);
}

struct slow_reader {
	pthread_t thread;
	uint64_t bytes; /* to read */
};

/* Reads a few bytes at a time. */
static void *slow_reader_run(void *arg)
{
	struct slow_reader *reader = arg;
	char data[777];
	ssize_t got;

	while (reader->bytes) {
		got = read(peer, data, sizeof(data));
		if (got <= 0)
			break;
		reader->bytes -= (uint64_t)got;
		sched_yield();
	}
	return NULL;
}

static void begin_to_read(struct slow_reader *reader, uint64_t bytes)
{
	reader->bytes = bytes;
	assert_int_equal(pthread_create(&reader->thread, NULL, slow_reader_run, reader), 0);
}

static void expect_all_read(struct slow_reader *reader)
{
	pthread_join(reader->thread, NULL);
	assert_int_equal(reader->bytes, 0);
}

static void stream_slow_reader_gets_everything(void **state)
{
	struct slow_reader reader;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	begin_to_read(&reader, 60ull * TRANSPORT_BYTES_MAX);
	for (int i = 0; i < 60; i++)
		assert_int_equal(send_bytes(TRANSPORT_BYTES_MAX), 0);
	settle_last();
	expect_all_read(&reader);
	expect_outcome(60, 0);
	expect_end();
}

/* More small messages than are remembered: the transport waits until some have arrived. */
static void stream_remembers_every_message(void **state)
{
	struct slow_reader reader = {.bytes = 10000 * 16};

	(void)state;
	start(SMALL_BUFFER_BYTES);
	assert_int_equal(pthread_create(&reader.thread, NULL, slow_reader_run, &reader), 0);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(send_bytes(16), 0);
	settle_last();
	pthread_join(reader.thread, NULL);
	expect_outcome(10000, 0);
}

static void stream_reader_that_stalls_does_not_outlast_the_end(void **state)
{
	uint64_t messages = 0, whole;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	give_up();
	while (send_message() == 0)
		messages++;
	assert_int_equal(transport->is_open, 0);
	whole = control.outcome.sent.records / MESSAGE_RECORDS;
	assert_in_range(whole, 1, messages - 1);
	expect_outcome(whole, messages - whole);
	assert_int_equal(control.outcome.error, -ECANCELED);
	assert_int_equal(open_transport(), -ECANCELED);
}

static void stream_too_many_under_way_do_not_outlast_the_end(void **state)
{
	uint64_t taken = 0, sent;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	give_up();
	while (transport->is_open) {
		assert_int_equal(send_bytes(16), 0);
		taken++;
	}
	sent = control.outcome.sent.records / MESSAGE_RECORDS;
	assert_in_range(taken, 4096, 100000);
	expect_outcome(sent, taken - sent);
}

static void stream_last_settle_waits_for_the_collector(void **state)
{
	struct slow_reader reader;
	uint64_t messages;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	messages = fill_collector();
	begin_to_read(&reader, messages * MESSAGE_BYTES);
	settle_last();
	expect_all_read(&reader);
	expect_outcome(messages, 0);
	assert_int_equal(transport->is_open, 0);
	assert_int_equal(open_transport(), -ECANCELED);
	expect_end();
}

/* Of a session that is ended nothing is lost, and another one may follow. */
static void stream_end_waits_for_the_collector(void **state)
{
	struct slow_reader reader;
	uint64_t messages;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	messages = fill_collector();
	begin_to_read(&reader, messages * MESSAGE_BYTES);
	transport->type->end(transport, &control);
	expect_all_read(&reader);
	expect_outcome(messages, 0);
	assert_int_equal(transport->is_open, 0);
	expect_end();
	transport->type->end(transport, &control);
	later_ns += HOUR_NS;
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 2);
}

static void stream_last_settle_ends_when_it_is_over(void **state)
{
	uint64_t messages, whole;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	messages = fill_collector();
	whole = control.outcome.sent.records / MESSAGE_RECORDS;
	give_up();
	settle_last();
	expect_outcome(whole, messages - whole);
	assert_int_equal(control.outcome.error, -ETIMEDOUT);
}

static void stream_last_settle_ends_with_the_connection(void **state)
{
	uint64_t messages, whole;

	(void)state;
	start(SMALL_BUFFER_BYTES);
	messages = fill_collector();
	whole = control.outcome.sent.records / MESSAGE_RECORDS;
	reset_peer();
	settle_last();
	expect_outcome(whole, messages - whole);
	assert_int_equal(control.outcome.error, -ECONNRESET);
}

static void stream_settle_while_stopping_is_not_the_end(void **state)
{
	(void)state;
	start(0);
	stop();
	transport->type->settle(transport, &control);
	assert_int_equal(transport->is_open, 1);
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
}

/* What a collector says is of no interest, but unread it would turn our end into a reset. */
static void stream_collector_may_talk(void **state)
{
	char talk[5000] = "";

	(void)state;
	start(0);
	assert_int_equal(write(peer, talk, sizeof(talk)), sizeof(talk));
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
	read_bytes(MESSAGE_BYTES);
	assert_int_equal(write(peer, talk, 1), 1);
	settle_last();
	expect_outcome(1, 0);
	expect_end();
}

static void stream_collector_that_talks_without_end_holds_nobody_up(void **state)
{
	(void)state;
	start(0);
	talks = 1;
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
	settle_last();
	expect_outcome(1, 0);
}

#define STREAM_TEST(function) \
	cmocka_unit_test_setup_teardown(function, stream_set_up, stream_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STREAM_TEST(stream_session_is_a_connection),
		STREAM_TEST(stream_message_is_sent_when_it_is_acknowledged),
		STREAM_TEST(stream_reset_loses_what_was_not_acknowledged),
		STREAM_TEST(stream_reset_before_a_message_leaves_it_to_its_owner),
		STREAM_TEST(stream_collector_that_closes_ends_the_session),
		STREAM_TEST(stream_slow_reader_gets_everything),
		STREAM_TEST(stream_remembers_every_message),
		STREAM_TEST(stream_reader_that_stalls_does_not_outlast_the_end),
		STREAM_TEST(stream_too_many_under_way_do_not_outlast_the_end),
		STREAM_TEST(stream_last_settle_waits_for_the_collector),
		STREAM_TEST(stream_end_waits_for_the_collector),
		STREAM_TEST(stream_last_settle_ends_when_it_is_over),
		STREAM_TEST(stream_last_settle_ends_with_the_connection),
		STREAM_TEST(stream_settle_while_stopping_is_not_the_end),
		STREAM_TEST(stream_collector_may_talk),
		STREAM_TEST(stream_collector_that_talks_without_end_holds_nobody_up),
	};

	if (!kernel_tells_acknowledged())
		return 0;
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
