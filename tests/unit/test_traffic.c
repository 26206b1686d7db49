// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was counted on each interface: sums, and a table against a plain array. */
#include "agent/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define INDICES 600
#define STEPS 20000

static int fails_calloc;

void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);

void *__wrap_calloc(size_t count, size_t bytes)
{
	return fails_calloc ? NULL : __real_calloc(count, bytes);
}

static void count(struct traffic *traffic, uint32_t ifindex, int is_egress, uint64_t packets)
{
	const struct flow_key key = {.ifindex = ifindex, .kind = is_egress ? FLOW_KEY_EGRESS : 0};
	const struct flow_delta delta = {.key = &key, .packets = packets, .octets = 100 * packets};

	traffic_add(traffic, &delta, 1);
}

static void expect(const struct traffic *traffic, uint32_t ifindex, uint64_t in, uint64_t out)
{
	struct traffic_count got = traffic_get(traffic, ifindex);

	assert_int_equal(got.ifindex, ifindex);
	assert_int_equal(got.directions[FLOW_INGRESS].packets, in);
	assert_int_equal(got.directions[FLOW_INGRESS].octets, 100 * in);
	assert_int_equal(got.directions[FLOW_EGRESS].packets, out);
	assert_int_equal(got.directions[FLOW_EGRESS].octets, 100 * out);
}

static void traffic_of_nothing_is_zero(void **state)
{
	struct traffic traffic = {0};

	(void)state;
	expect(&traffic, 1, 0, 0);
	traffic_forget(&traffic, 1);
	traffic_add(&traffic, NULL, 0);
	expect(&traffic, 1, 0, 0);
	traffic_free(&traffic);
	traffic_free(&traffic);
}

static void traffic_sums_by_interface_and_direction(void **state)
{
	const struct flow_key keys[] = {
		{.ifindex = 2},
		{.ifindex = 2, .kind = FLOW_KEY_EGRESS | FLOW_KEY_IPV6},
		{.ifindex = 18, .kind = FLOW_KEY_IPV6}, /* the same place in a table of 16 */
	};
	const struct flow_delta deltas[] = {
		{.key = &keys[0], .packets = 1, .octets = 100},
		{.key = &keys[1], .packets = 2, .octets = 200},
		{.key = &keys[2], .packets = 4, .octets = 400},
		{.key = &keys[0], .packets = 8, .octets = 800},
		{.key = &keys[2], .packets = 16, .octets = 1600},
	};
	struct traffic traffic = {0};

	(void)state;
	traffic_add(&traffic, deltas, sizeof(deltas) / sizeof(deltas[0]));
	expect(&traffic, 2, 9, 2);
	expect(&traffic, 18, 20, 0);
	expect(&traffic, 34, 0, 0);
	traffic_free(&traffic);
}

static void traffic_forgotten_starts_anew(void **state)
{
	struct traffic traffic = {0};

	(void)state;
	count(&traffic, 5, 0, 3);
	count(&traffic, 21, 0, 4);
	traffic_forget(&traffic, 5);
	expect(&traffic, 5, 0, 0);
	expect(&traffic, 21, 4, 0);
	count(&traffic, 5, 1, 7);
	expect(&traffic, 5, 0, 7);
	traffic_free(&traffic);
}

/* Interfaces come and go for ever; the table holds those that are there, not those that were. */
static void traffic_of_ten_thousand_in_turn_needs_no_more_room(void **state)
{
	struct traffic traffic = {0};

	(void)state;
	for (uint32_t ifindex = 1; ifindex <= 10000; ifindex++) {
		count(&traffic, ifindex, 0, ifindex);
		expect(&traffic, ifindex, ifindex, 0);
		traffic_forget(&traffic, ifindex);
	}
	assert_int_equal(traffic.used, 0);
	assert_int_equal(traffic.slot_count, 16);
	traffic_free(&traffic);
}

static void traffic_agrees_with_an_array(void **state)
{
	static uint64_t truth[INDICES][FLOW_DIRECTIONS];
	struct traffic traffic = {0};
	size_t known;

	(void)state;
	srandom(1);
	for (int step = 0; step < STEPS; step++) {
		/* few distinct homes, so that there are long runs; they wrap around at the end */
		uint32_t index = (uint32_t)random() % INDICES, way = (uint32_t)random() & 1;
		uint32_t ifindex = 14 + 16 * (index / 3) + index % 3;

		if (random() % 3) {
			count(&traffic, ifindex, (int)way, (uint64_t)step + 1);
			truth[index][way] += (uint64_t)step + 1;
		} else {
			traffic_forget(&traffic, ifindex);
			truth[index][0] = truth[index][1] = 0;
		}
	}
	known = 0;
	for (uint32_t index = 0; index < INDICES; index++) {
		expect(&traffic, 14 + 16 * (index / 3) + index % 3, truth[index][FLOW_INGRESS],
		       truth[index][FLOW_EGRESS]);
		known += truth[index][0] || truth[index][1];
	}
	assert_int_equal(traffic.used, known);
	assert_true(traffic.used <= traffic.slot_count / 2);
	traffic_free(&traffic);
}

static void traffic_without_memory_counts_the_others(void **state)
{
	struct traffic traffic = {0};

	(void)state;
	fails_calloc = 1;
	count(&traffic, 1, 0, 5);
	fails_calloc = 0;
	expect(&traffic, 1, 0, 0);
	assert_int_equal(traffic.uncounted.packets, 5);
	for (uint32_t ifindex = 1; ifindex <= 8; ifindex++)
		count(&traffic, ifindex, 0, ifindex);
	fails_calloc = 1;
	count(&traffic, 9, 0, 6); /* the ninth of 16 needs a bigger table */
	count(&traffic, 8, 1, 1); /* the one before is at hand all the same */
	fails_calloc = 0;
	assert_int_equal(traffic.uncounted.packets, 11);
	expect(&traffic, 8, 8, 1);
	count(&traffic, 9, 0, 7);
	expect(&traffic, 9, 7, 0);
	for (uint32_t ifindex = 1; ifindex < 8; ifindex++)
		expect(&traffic, ifindex, ifindex, 0);
	traffic_free(&traffic);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traffic_of_nothing_is_zero),
		cmocka_unit_test(traffic_sums_by_interface_and_direction),
		cmocka_unit_test(traffic_forgotten_starts_anew),
		cmocka_unit_test(traffic_of_ten_thousand_in_turn_needs_no_more_room),
		cmocka_unit_test(traffic_agrees_with_an_array),
		cmocka_unit_test(traffic_without_memory_counts_the_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
