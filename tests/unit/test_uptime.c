// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The boot time of NetFlow's clock: where it lies, when it moves, and what it leaves room for. */
#include "encode/uptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define START_MS UINT64_C(1700000000000)
#define DAY_MS UINT64_C(86400000)
#define REBASE_MS UINT64_C(2147483648) /* 24.8 days */

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static void uptime_boot_is_a_day_before_the_start(void **state)
{
	(void)state;
	assert_int_equal(UPTIME_MARGIN_MS, DAY_MS);
	assert_int_equal(uptime_boot_ms(START_MS, START_MS), START_MS - DAY_MS);
	assert_int_equal(uptime_boot_ms(START_MS, START_MS + 1), START_MS - DAY_MS);
	assert_int_equal(uptime_boot_ms(START_MS, START_MS + 10 * DAY_MS), START_MS - DAY_MS);
}

static void uptime_boot_moves_every_2_to_the_31st_ms(void **state)
{
	(void)state;
	for (uint64_t times = 1; times < 1000; times++) {
		uint64_t now_ms = START_MS + times * REBASE_MS;

		assert_int_equal(uptime_boot_ms(START_MS, now_ms - 1),
				 START_MS - DAY_MS + (times - 1) * REBASE_MS);
		assert_int_equal(uptime_boot_ms(START_MS, now_ms),
				 START_MS - DAY_MS + times * REBASE_MS);
	}
}

/* The 32 bits of sysUpTime are enough for now, and for all of the day before. */
static void uptime_boot_leaves_room_for_a_day(void **state)
{
	(void)state;
	for (int round = 0; round < 100000; round++) {
		uint64_t start_ms = DAY_MS + 1 + random_below(2 * START_MS);
		uint64_t now_ms = start_ms + random_below(1000 * DAY_MS);
		uint64_t boot_ms = uptime_boot_ms(start_ms, now_ms);

		assert_true(boot_ms <= now_ms - DAY_MS);
		assert_true(now_ms - boot_ms < REBASE_MS + DAY_MS);
	}
}

/* The clock was set back behind the start; the margin holds all the same. */
static void uptime_boot_follows_a_clock_set_back(void **state)
{
	(void)state;
	assert_int_equal(uptime_boot_ms(START_MS, START_MS - 1), START_MS - 1 - DAY_MS);
	assert_int_equal(uptime_boot_ms(START_MS, START_MS - 100 * DAY_MS),
			 START_MS - 101 * DAY_MS);
}

/* There is no time before 1970: a host without a clock begins there. */
static void uptime_boot_is_never_before_1970(void **state)
{
	(void)state;
	assert_int_equal(uptime_boot_ms(0, 0), 0);
	assert_int_equal(uptime_boot_ms(0, 5), 0);
	assert_int_equal(uptime_boot_ms(5000, DAY_MS), 0);
	assert_int_equal(uptime_boot_ms(DAY_MS, DAY_MS), 0);
	assert_int_equal(uptime_boot_ms(DAY_MS + 1, DAY_MS + 1), 1);
	assert_int_equal(uptime_boot_ms(0, REBASE_MS - 1), 0);
	assert_int_equal(uptime_boot_ms(0, REBASE_MS), REBASE_MS - DAY_MS);
	/* and then the clock is set */
	assert_int_equal(uptime_boot_ms(5000, START_MS),
			 5000 + (START_MS - 5000) / REBASE_MS * REBASE_MS - DAY_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uptime_boot_is_a_day_before_the_start),
		cmocka_unit_test(uptime_boot_moves_every_2_to_the_31st_ms),
		cmocka_unit_test(uptime_boot_leaves_room_for_a_day),
		cmocka_unit_test(uptime_boot_follows_a_clock_set_back),
		cmocka_unit_test(uptime_boot_is_never_before_1970),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
