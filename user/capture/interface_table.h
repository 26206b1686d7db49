/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All interfaces known, which of them the rules select, and what of that was reported. Knows no
 * sockets: interfaces.c feeds it with what rtnetlink says.
 */
#ifndef FLOWPROBE_INTERFACE_TABLE_H
#define FLOWPROBE_INTERFACE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "capture/interfaces.h"
#include "capture/rtnetlink_parse.h"

struct interface_table;

/* NULL with errno ENOMEM. Both arguments are copied; events may be NULL. */
struct interface_table *interface_table_new(const struct interface_selection *selection,
					    const struct interface_events *events);
void interface_table_free(struct interface_table *table);

/*
 * Without include globs: whether to take those with a default route (if any has one now) or all
 * that are up. To be decided when all interfaces and routes are known; again by
 * interface_table_select when it takes the include globs away; and the first default route that
 * comes after that ends "all up" for good.
 */
void interface_table_decide(struct interface_table *table);

/* New rules, copied. 0 or -ENOMEM, then the old ones stay. Takes effect with
 * interface_table_report_all. */
int interface_table_select(struct interface_table *table,
			   const struct interface_selection *selection);

/* A link is there, or has changed. 0 or -ENOMEM. If its link layer changed, its disappearance is
 * reported at once. */
int interface_table_set(struct interface_table *table, const struct rtnetlink_link *link);
/* A link is gone. Reported at once, so that a successor with the same index is not mistaken for it.
 */
void interface_table_remove(struct interface_table *table, uint32_t ifindex);
/* A default route goes out there. Unknown indices are ignored. If it is the first one, all
 * interfaces count as changed. */
void interface_table_default_route(struct interface_table *table, uint32_t ifindex);

/* A complete list of links begins: those not set until the sweep are gone. */
void interface_table_mark(struct interface_table *table);
void interface_table_sweep(struct interface_table *table);

/* Brings struct interface.selected of all up to date. */
void interface_table_evaluate(struct interface_table *table);
/* Reports the difference: for interfaces changed since the last report, or for all. */
void interface_table_report(struct interface_table *table);
void interface_table_report_all(struct interface_table *table);

/* As interfaces_get and interfaces_next. */
const struct interface *interface_table_get(const struct interface_table *table, uint32_t ifindex);
const struct interface *interface_table_next(const struct interface_table *table, size_t *position);

#endif
