// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How fast datagrams reach a collector. The kernel notes when each was received; none may come
 * before the pace allows (but for what the two clocks differ by). That they do not come much later
 * either is a matter of the machine, and not tested.
 */
#include "udp_fixture.h"

#include <sched.h>

#include "export/pacer.h"
#include "lib/log.h"

#define MESSAGE_BYTES 100

/* The kernel turns its time stamps on a while after the first socket has asked for them. */
static void wait_for_time_stamps(void)
{
	struct sockaddr_in own = {.sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t before_ns;

	do {
		assert_int_equal(sendto(fd, "", 1, 0, (struct sockaddr *)&own, sizeof(own)), 1);
		before_ns = clock_realtime_ns();
		sched_yield();
	} while (receive().received_ns >= before_ns);
	close(fd);
}

static void start_paced(void)
{
	start("127.0.0.1");
	wait_for_time_stamps();
}

/* Sends so many messages, then asserts that they came a burst first, and at that rate after it. */
static void expect_pace(unsigned int count, uint64_t records, uint64_t rate)
{
	uint64_t times[1000];

	assert_true(count <= 1000);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(send_message(MESSAGE_BYTES, records), 0);
	for (unsigned int i = 0; i < count; i++) {
		struct datagram datagram = receive();

		assert_int_equal(datagram.bytes, MESSAGE_BYTES);
		times[i] = datagram.received_ns;
		if (i >= PACER_BURST)
			assert_true(times[i] - times[0] >=
				    (i - PACER_BURST + 1) * (NS_PER_S / rate) * 99 / 100);
	}
	assert_int_equal(receive().bytes, -1);
}

static void udp_burst_goes_at_once_and_the_rest_at_a_pace(void **state)
{
	(void)state;
	start_paced();
	expect_pace(PACER_BURST + 100, MESSAGE_RECORDS, PACER_RATE_MIN);
}

static void udp_pace_is_that_of_what_waits(void **state)
{
	(void)state;
	start_paced();
	control.backlog = 5000 * MESSAGE_RECORDS;
	expect_pace(PACER_BURST + 200, MESSAGE_RECORDS, 5000);
}

/* Templates and options hold no records, so their number says nothing of how many messages wait. */
static void udp_pace_is_not_raised_by_messages_without_records(void **state)
{
	(void)state;
	start_paced();
	control.backlog = 5000 * MESSAGE_RECORDS;
	expect_pace(PACER_BURST, 0, PACER_RATE_MIN);
	expect_pace(1, MESSAGE_RECORDS, 5000);
	expect_pace(PACER_BURST + 200, 0, 5000);
}

static void udp_pace_may_be_configured(void **state)
{
	(void)state;
	settings.max_rate = 1000;
	start_paced();
	control.backlog = 1000000;
	expect_pace(PACER_BURST + 20, MESSAGE_RECORDS, 1000);
}

static void udp_stop_does_not_change_the_pace(void **state)
{
	(void)state;
	settings.max_rate = 1000;
	start_paced();
	stop();
	expect_pace(PACER_BURST + 20, MESSAGE_RECORDS, 1000);
}

static void udp_pace_ends_when_it_is_over(void **state)
{
	(void)state;
	settings.max_rate = 1;
	start("127.0.0.1");
	for (int i = 0; i < PACER_BURST; i++)
		assert_int_equal(send_message(MESSAGE_BYTES, 1), 0);
	give_up();
	assert_int_equal(send_message(MESSAGE_BYTES, 1), -ECANCELED);
}

#define PACE_TEST(function) cmocka_unit_test_setup_teardown(function, udp_set_up, udp_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PACE_TEST(udp_burst_goes_at_once_and_the_rest_at_a_pace),
		PACE_TEST(udp_pace_is_that_of_what_waits),
		PACE_TEST(udp_pace_is_not_raised_by_messages_without_records),
		PACE_TEST(udp_pace_may_be_configured),
		PACE_TEST(udp_stop_does_not_change_the_pace),
		PACE_TEST(udp_pace_ends_when_it_is_over),
	};

	if (!kernel_tells_arrival())
		return 0;
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
