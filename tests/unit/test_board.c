// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is pinned up for exporters: the latest of it, whole, and lists live as long as somebody
 * reads them. */
#include "export/board.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 120
#define ROUNDS 5000
#define READERS 2

static struct export_board *board;

static int set_up(void **state)
{
	(void)state;
	board = export_board_new();
	return board ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	export_board_free(board);
	return 0;
}

/* A list of so many interfaces, all with that index. */
static void set_interfaces(size_t count, uint32_t ifindex)
{
	struct board_interfaces *list = board_interfaces_new(count);

	assert_non_null(list);
	assert_int_equal(list->count, count);
	for (size_t i = 0; i < count; i++)
		list->items[i].ifindex = ifindex;
	export_board_set_interfaces(board, list);
}

static void board_is_empty_at_first(void **state)
{
	static const struct export_meter zero;
	struct export_meter meter;

	(void)state;
	memset(&meter, 0xff, sizeof(meter));
	export_board_get_meter(board, &meter);
	assert_memory_equal(&meter, &zero, sizeof(meter));
	assert_null(export_board_get_interfaces(board));
	board_interfaces_put(NULL);
	export_board_free(NULL);
}

static void board_shows_the_latest_meter(void **state)
{
	struct export_meter meter = {.observed_flows = 1, .ignored = {.packets = 2, .octets = 3}};
	struct export_meter found;

	(void)state;
	export_board_set_meter(board, &meter);
	meter.observed_flows = 4;
	export_board_set_meter(board, &meter);
	export_board_get_meter(board, &found);
	assert_memory_equal(&meter, &found, sizeof(meter));
}

static void board_list_outlives_its_place_on_the_board(void **state)
{
	struct board_interfaces *old, *new;

	(void)state;
	set_interfaces(3, 30);
	old = export_board_get_interfaces(board);
	new = export_board_get_interfaces(board);
	assert_ptr_equal(old, new);
	board_interfaces_put(new);
	set_interfaces(0, 0);
	new = export_board_get_interfaces(board);
	assert_int_equal(new->count, 0);
	assert_int_equal(old->count, 3);
	assert_int_equal(old->items[2].ifindex, 30);
	export_board_free(board);
	assert_int_equal(new->count, 0);
	board_interfaces_put(new);
	board_interfaces_put(old);
	board = NULL;
}

static _Atomic int torn;
static _Atomic int done;

static void *reader_run(void *arg)
{
	struct board_interfaces *list;
	struct export_meter meter;

	(void)arg;
	while (!done) {
		export_board_get_meter(board, &meter);
		torn |= meter.observed_flows != meter.ignored.octets;
		list = export_board_get_interfaces(board);
		for (size_t i = 0; list && i < list->count; i++)
			torn |= list->items[i].ifindex != list->count;
		board_interfaces_put(list);
	}
	return NULL;
}

static void board_is_read_while_it_is_changed(void **state)
{
	pthread_t readers[READERS];

	(void)state;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, reader_run, NULL), 0);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct export_meter meter = {.observed_flows = i, .ignored = {.octets = i}};

		export_board_set_meter(board, &meter);
		set_interfaces(i % 5, i % 5);
	}
	done = 1;
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	assert_int_equal(torn, 0);
}

#define BOARD_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOARD_TEST(board_is_empty_at_first),
		BOARD_TEST(board_shows_the_latest_meter),
		BOARD_TEST(board_list_outlives_its_place_on_the_board),
		BOARD_TEST(board_is_read_while_it_is_changed),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
