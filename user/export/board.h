/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: where the capture thread pins up what exporters report beside flows: what it could not
 * count, and what interfaces there are. Each side copies or swaps a pointer under a lock, so neither
 * waits for the other.
 */
#ifndef FLOWPROBE_BOARD_H
#define FLOWPROBE_BOARD_H

#include <stddef.h>
#include <stdint.h>

#include "encode/report.h"

struct export_meter {
	uint64_t observed_flows; /* that came into the flow cache */
	struct report_loss ignored;
};

/* A list of interfaces that does not change any more. */
struct board_interfaces {
	_Atomic unsigned int references;
	size_t count;
	struct report_interface items[];
};

struct export_board;

struct export_board *export_board_new(void); /* NULL: no memory */
void export_board_free(struct export_board *board);

void export_board_set_meter(struct export_board *board, const struct export_meter *meter);
void export_board_get_meter(struct export_board *board, struct export_meter *meter);

/* With one reference and room for count items, to be filled in; NULL: no memory. */
struct board_interfaces *board_interfaces_new(size_t count);
void board_interfaces_put(struct board_interfaces *interfaces); /* accepts NULL */

/* Takes over the caller's reference. */
void export_board_set_interfaces(struct export_board *board, struct board_interfaces *interfaces);

/* With a reference for the caller; NULL: none were set yet. */
struct board_interfaces *export_board_get_interfaces(struct export_board *board);

#endif
