// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: see board.h. */
#include "export/board.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct export_board {
	pthread_mutex_t lock;
	struct export_meter meter;
	struct board_interfaces *interfaces;
};

struct export_board *export_board_new(void)
{
	struct export_board *board = calloc(1, sizeof(*board));

	if (board)
		pthread_mutex_init(&board->lock, NULL);
	return board;
}

void export_board_free(struct export_board *board)
{
	if (!board)
		return;
	board_interfaces_put(board->interfaces);
	pthread_mutex_destroy(&board->lock);
	free(board);
}

void export_board_set_meter(struct export_board *board, const struct export_meter *meter)
{
	pthread_mutex_lock(&board->lock);
	board->meter = *meter;
	pthread_mutex_unlock(&board->lock);
}

void export_board_get_meter(struct export_board *board, struct export_meter *meter)
{
	pthread_mutex_lock(&board->lock);
	*meter = board->meter;
	pthread_mutex_unlock(&board->lock);
}

struct board_interfaces *board_interfaces_new(size_t count)
{
	struct board_interfaces *interfaces =
		calloc(1, sizeof(*interfaces) + count * sizeof(interfaces->items[0]));

	if (interfaces) {
		atomic_store(&interfaces->references, 1);
		interfaces->count = count;
	}
	return interfaces;
}

void board_interfaces_put(struct board_interfaces *interfaces)
{
	if (interfaces && atomic_fetch_sub(&interfaces->references, 1) == 1)
		free(interfaces);
}

void export_board_set_interfaces(struct export_board *board, struct board_interfaces *interfaces)
{
	struct board_interfaces *old;

	pthread_mutex_lock(&board->lock);
	old = board->interfaces;
	board->interfaces = interfaces;
	pthread_mutex_unlock(&board->lock);
	board_interfaces_put(old);
}

struct board_interfaces *export_board_get_interfaces(struct export_board *board)
{
	struct board_interfaces *interfaces;

	pthread_mutex_lock(&board->lock);
	interfaces = board->interfaces;
	if (interfaces)
		atomic_fetch_add(&interfaces->references, 1);
	pthread_mutex_unlock(&board->lock);
	return interfaces;
}
