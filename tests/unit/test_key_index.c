// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow cache's lookup structure and its hash: runs that wrap around the end, equal hashes, and
 * that after any history the table is as if only what is there had ever been inserted.
 */
#include "flow/key_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/hash.h"

#define ENTRIES 512u
#define SLOTS 1024u

static struct key_index_slot slots[SLOTS];
static struct key_index table = {.slots = slots, .mask = SLOTS - 1};

static int setup(void **state)
{
	(void)state;
	memset(slots, 0, sizeof(slots));
	return 0;
}

static uint64_t random_next(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return *random >> 33;
}

static int index_has(uint32_t hash, uint32_t number)
{
	uint32_t position = hash;
	uint32_t found;
	int times = 0;

	while ((found = key_index_next(&table, hash, &position)) != KEY_INDEX_END)
		times += found == number;
	return times;
}

static void key_index_slot_count_is_at_most_half_full(void **state)
{
	(void)state;
	assert_int_equal(key_index_slot_count(1), 2);
	assert_int_equal(key_index_slot_count(2), 4);
	assert_int_equal(key_index_slot_count(3), 8);
	assert_int_equal(key_index_slot_count(262144), 524288);
	assert_int_equal(key_index_slot_count(262145), 1048576);
	assert_int_equal(key_index_slot_count(1u << 30), 1u << 31);
}

static void key_index_equal_hashes_are_all_found(void **state)
{
	(void)state;
	for (uint32_t number = 0; number < 10; number++)
		key_index_insert(&table, SLOTS - 3, number); /* a run around the end */
	for (uint32_t number = 0; number < 10; number += 2)
		key_index_remove(&table, SLOTS - 3, number);
	for (uint32_t number = 0; number < 10; number++)
		assert_int_equal(index_has(SLOTS - 3, number), number % 2);
}

static void key_index_same_home_but_other_hash_is_not_found(void **state)
{
	(void)state;
	key_index_insert(&table, 5, 1);
	key_index_insert(&table, 5 + SLOTS, 2);
	assert_int_equal(index_has(5, 1), 1);
	assert_int_equal(index_has(5, 2), 0);
	assert_int_equal(index_has(5 + SLOTS, 2), 1);
	key_index_remove(&table, 5, 1);
	assert_int_equal(index_has(5 + SLOTS, 2), 1);
	assert_int_equal(slots[5].hash, 5 + SLOTS);
}

static void key_index_random_history_leaves_no_trace(void **state)
{
	static uint32_t hashes[ENTRIES];
	static int present[ENTRIES];
	uint64_t random = 1;
	size_t occupied = 0;

	(void)state;
	memset(present, 0, sizeof(present));
	for (uint32_t i = 0; i < ENTRIES; i++) /* homes in a quarter of the table: long runs */
		hashes[i] = (uint32_t)random_next(&random) & ~(SLOTS / 2 | SLOTS / 4);
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t number = (uint32_t)(random_next(&random) % ENTRIES);

		assert_int_equal(index_has(hashes[number], number), present[number]);
		if (present[number])
			key_index_remove(&table, hashes[number], number);
		else
			key_index_insert(&table, hashes[number], number);
		present[number] = !present[number];
	}
	for (uint32_t i = 0; i < ENTRIES; i++) {
		assert_int_equal(index_has(hashes[i], i), present[i]);
		if (present[i])
			key_index_remove(&table, hashes[i], i);
	}
	for (uint32_t i = 0; i < SLOTS; i++)
		occupied += slots[i].number != 0;
	assert_int_equal(occupied, 0);
}

static void hash_depends_on_every_bit_of_the_key(void **state)
{
	uint64_t seed[2] = {1, 2};
	struct flow_hash_secret secret = flow_hash_make_secret(seed);
	struct flow_key key;
	uint32_t hash;
	unsigned int changed = 0;

	(void)state;
	memset(&key, 0, sizeof(key));
	hash = flow_hash(&key, &secret);
	for (size_t bit = 0; bit < sizeof(key) * 8; bit++) {
		uint32_t other;

		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		other = flow_hash(&key, &secret);
		assert_int_not_equal(other, hash);
		changed += (unsigned int)__builtin_popcount(other ^ hash);
		((uint8_t *)&key)[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	/* 352 bits times 16 of 32: about 5632 */
	assert_in_range(changed, 5300, 5950);
}

static void hash_depends_on_the_seed(void **state)
{
	uint64_t seeds[3][2] = {{1, 2}, {1, 3}, {2, 2}};
	struct flow_key key;
	uint32_t hashes[3];

	(void)state;
	memset(&key, 0x5a, sizeof(key));
	for (size_t i = 0; i < 3; i++) {
		struct flow_hash_secret secret = flow_hash_make_secret(seeds[i]);

		hashes[i] = flow_hash(&key, &secret);
	}
	assert_int_not_equal(hashes[0], hashes[1]);
	assert_int_not_equal(hashes[0], hashes[2]);
	assert_int_not_equal(hashes[1], hashes[2]);
}

/* Keys that count up in one place, as scans do, must spread like random ones: with as many keys as
 * buckets, about 1/e of the buckets stay empty. */
static void hash_counting_keys_spread_evenly(void **state)
{
	static uint8_t used[65536];
	static const size_t places[] = {16, 14, 30, 32, 36, 38, 40, 2};
	uint64_t seed[2] = {0, 0};
	struct flow_hash_secret secret = flow_hash_make_secret(seed);

	(void)state;
	for (size_t place = 0; place < sizeof(places) / sizeof(places[0]); place++) {
		struct flow_key key;
		size_t empty_low = 0;
		size_t empty_high = 0;

		for (int high = 0; high < 2; high++) {
			memset(&key, 0, sizeof(key));
			memset(used, 0, sizeof(used));
			for (uint32_t i = 0; i < 65536; i++) {
				uint16_t count = (uint16_t)i;
				uint32_t hash;

				memcpy((uint8_t *)&key + places[place], &count, sizeof(count));
				hash = flow_hash(&key, &secret);
				used[high ? hash >> 16 : hash & 0xffff] = 1;
			}
			for (uint32_t i = 0; i < 65536; i++)
				*(high ? &empty_high : &empty_low) += !used[i];
		}
		assert_in_range(empty_low, 23600, 24700); /* 65536 / e = 24109 */
		assert_in_range(empty_high, 23600, 24700);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_index_slot_count_is_at_most_half_full),
		cmocka_unit_test_setup(key_index_equal_hashes_are_all_found, setup),
		cmocka_unit_test_setup(key_index_same_home_but_other_hash_is_not_found, setup),
		cmocka_unit_test_setup(key_index_random_history_leaves_no_trace, setup),
		cmocka_unit_test(hash_depends_on_every_bit_of_the_key),
		cmocka_unit_test(hash_depends_on_the_seed),
		cmocka_unit_test(hash_counting_keys_spread_evenly),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
