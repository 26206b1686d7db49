// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The timing wheel alone: what is collected when, in which order, and that a node can leave from
 * anywhere. Times are in ticks, because the wheel promises no more than that.
 */
#include "flow/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TICK_NS (1ull << WHEEL_TICK_BITS)
#define ENTRIES 100u

static struct wheel wheel;

static int setup(void **state)
{
	struct wheel_node *nodes = calloc(wheel_node_count(ENTRIES), sizeof(*nodes));

	if (!nodes)
		return -1;
	wheel_init(&wheel, nodes, ENTRIES);
	*state = nodes;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void assert_due(uint64_t now_ns, const uint32_t *expected, size_t count)
{
	wheel_collect(&wheel, now_ns);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(wheel_take_due(&wheel), expected[i]);
	assert_int_equal(wheel_take_due(&wheel), WHEEL_NONE);
}

static void wheel_empty_gives_nothing(void **state)
{
	(void)state;
	assert_due(0, NULL, 0);
	assert_due(1000000 * TICK_NS, NULL, 0);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), WHEEL_NONE);
	assert_int_equal(wheel_first(&wheel, WHEEL_OTHER), WHEEL_NONE);
	assert_int_equal(wheel_take_aside(&wheel), WHEEL_NONE);
	assert_int_equal(wheel_first_aside(&wheel), WHEEL_NONE);
}

static void wheel_deadline_is_collected_in_its_tick(void **state)
{
	uint32_t expected[] = {7};

	(void)state;
	wheel_arm(&wheel, 7, WHEEL_IDLE, 10 * TICK_NS + 5);
	assert_int_equal(wheel_deadline_ns(&wheel, 7), 10 * TICK_NS + 5);
	assert_due(10 * TICK_NS - 1, NULL, 0);
	assert_due(10 * TICK_NS, expected, 1);
	assert_due(11 * TICK_NS, NULL, 0);
}

static void wheel_past_deadline_is_collected_at_once(void **state)
{
	uint32_t expected[] = {1};

	(void)state;
	wheel_collect(&wheel, 500 * TICK_NS);
	wheel_arm(&wheel, 1, WHEEL_OTHER, 3 * TICK_NS);
	assert_due(500 * TICK_NS, expected, 1);
}

static void wheel_current_tick_is_collected_again(void **state)
{
	uint32_t expected[] = {4};

	(void)state;
	wheel_collect(&wheel, 20 * TICK_NS + 1);
	wheel_arm(&wheel, 4, WHEEL_IDLE, 20 * TICK_NS + 100);
	assert_due(20 * TICK_NS + 2, expected, 1);
	wheel_arm(&wheel, 4, WHEEL_IDLE, 20 * TICK_NS + 100);
	assert_due(20 * TICK_NS + 100, expected, 1);
}

static void wheel_clock_going_back_loses_nothing(void **state)
{
	uint32_t past[] = {4};
	uint32_t future[] = {5};

	(void)state;
	wheel_collect(&wheel, 20 * TICK_NS);
	wheel_arm(&wheel, 4, WHEEL_IDLE, 12 * TICK_NS);
	wheel_arm(&wheel, 5, WHEEL_IDLE, 21 * TICK_NS);
	assert_due(13 * TICK_NS, past, 1);
	assert_due(20 * TICK_NS, NULL, 0);
	assert_due(21 * TICK_NS, future, 1);
}

static void wheel_far_deadline_waits_in_last_bucket(void **state)
{
	uint32_t expected[] = {9};

	(void)state;
	wheel_collect(&wheel, 100 * TICK_NS);
	wheel_arm(&wheel, 9, WHEEL_IDLE, UINT64_MAX);
	assert_due((100 + WHEEL_BUCKETS - 2) * TICK_NS, NULL, 0);
	assert_due((100 + WHEEL_BUCKETS - 1) * TICK_NS, expected, 1);
}

static void wheel_long_pause_collects_everything_once(void **state)
{
	int seen[ENTRIES] = {0};
	uint32_t node;

	(void)state;
	for (uint32_t i = 0; i < ENTRIES; i++)
		wheel_arm(&wheel, i, i % 2 ? WHEEL_IDLE : WHEEL_OTHER, i * 41 * TICK_NS);
	wheel_collect(&wheel, 5 * WHEEL_BUCKETS * TICK_NS);
	while ((node = wheel_take_due(&wheel)) != WHEEL_NONE)
		seen[node]++;
	for (uint32_t i = 0; i < ENTRIES; i++)
		assert_int_equal(seen[i], 1);
}

static void wheel_turns_many_times_in_order(void **state)
{
	(void)state;
	for (uint64_t start = 0; start < 80000; start += 4001) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			wheel_arm(&wheel, ENTRIES - 1 - i, i % 2 ? WHEEL_IDLE : WHEEL_OTHER,
				  (start + 4000 - 40 * i) * TICK_NS);
		for (uint32_t i = 0; i < ENTRIES; i++) {
			uint64_t tick = start + 4000 - 40 * (ENTRIES - 1 - i);

			assert_due(tick * TICK_NS - 1, NULL, 0);
			assert_due(tick * TICK_NS, &i, 1);
		}
	}
}

static void wheel_bucket_is_first_in_first_out(void **state)
{
	uint32_t expected[] = {3, 1, 2};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		wheel_arm(&wheel, expected[i], WHEEL_IDLE, 50 * TICK_NS + i);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), 3);
	assert_int_equal(wheel_following(&wheel, 3), 1);
	assert_int_equal(wheel_following(&wheel, 2), WHEEL_NONE);
	assert_due(50 * TICK_NS, expected, 3);
}

static void wheel_disarmed_node_is_gone_from_any_place(void **state)
{
	uint32_t rest[] = {1, 3};

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		wheel_arm(&wheel, i, WHEEL_IDLE, 50 * TICK_NS);
	wheel_disarm(&wheel, 0);
	wheel_disarm(&wheel, 2);
	wheel_collect(&wheel, 50 * TICK_NS);
	wheel_disarm(&wheel, 4); /* from the list of the due ones */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(wheel_take_due(&wheel), rest[i]);
	assert_int_equal(wheel_take_due(&wheel), WHEEL_NONE);
}

static void wheel_first_is_earliest_of_its_lane(void **state)
{
	(void)state;
	wheel_collect(&wheel, 4000 * TICK_NS);
	wheel_arm(&wheel, 1, WHEEL_OTHER, 4001 * TICK_NS);
	wheel_arm(&wheel, 2, WHEEL_IDLE, 8000 * TICK_NS); /* before the start in the array */
	wheel_arm(&wheel, 3, WHEEL_IDLE, 4100 * TICK_NS); /* after the array's end */
	wheel_arm(&wheel, 4, WHEEL_IDLE, 4003 * TICK_NS);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), 4);
	wheel_disarm(&wheel, 4);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), 3);
	wheel_disarm(&wheel, 3);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), 2);
	wheel_disarm(&wheel, 2);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), WHEEL_NONE);
	assert_int_equal(wheel_first(&wheel, WHEEL_OTHER), 1);
}

static void wheel_first_finds_every_bucket_from_every_position(void **state)
{
	(void)state;
	for (uint64_t tick = 0; tick < WHEEL_BUCKETS; tick += 61) {
		wheel_collect(&wheel, tick * TICK_NS);
		for (uint64_t ahead = 0; ahead < WHEEL_BUCKETS; ahead += 7) {
			wheel_arm(&wheel, 5, WHEEL_IDLE, (tick + ahead) * TICK_NS);
			assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), 5);
			wheel_disarm(&wheel, 5);
			assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), WHEEL_NONE);
		}
	}
}

static void wheel_aside_is_apart_from_time(void **state)
{
	(void)state;
	wheel_put_aside(&wheel, 6);
	wheel_put_aside(&wheel, 5);
	wheel_put_aside(&wheel, 4);
	assert_due(UINT64_MAX, NULL, 0);
	assert_int_equal(wheel_first(&wheel, WHEEL_IDLE), WHEEL_NONE);
	assert_int_equal(wheel_first(&wheel, WHEEL_OTHER), WHEEL_NONE);
	assert_int_equal(wheel_first_aside(&wheel), 6);
	assert_int_equal(wheel_deadline_ns(&wheel, 6), 0);
	wheel_disarm(&wheel, 5);
	assert_int_equal(wheel_take_aside(&wheel), 6);
	assert_int_equal(wheel_take_aside(&wheel), 4);
	assert_int_equal(wheel_take_aside(&wheel), WHEEL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(wheel_empty_gives_nothing),
		TEST(wheel_deadline_is_collected_in_its_tick),
		TEST(wheel_past_deadline_is_collected_at_once),
		TEST(wheel_current_tick_is_collected_again),
		TEST(wheel_clock_going_back_loses_nothing),
		TEST(wheel_far_deadline_waits_in_last_bucket),
		TEST(wheel_long_pause_collects_everything_once),
		TEST(wheel_turns_many_times_in_order),
		TEST(wheel_bucket_is_first_in_first_out),
		TEST(wheel_disarmed_node_is_gone_from_any_place),
		TEST(wheel_first_is_earliest_of_its_lane),
		TEST(wheel_first_finds_every_bucket_from_every_position),
		TEST(wheel_aside_is_apart_from_time),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
