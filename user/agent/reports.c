// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What exporters report beside flows: see reports.h.
 *
 * "Ignored" are IP packets that a hook has seen and that are in no flow; those that sampling has
 * passed over are not, the sampling rate speaks for them. When the first and the last were is known
 * to a harvest.
 */
#include "agent/reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

int reports_open(struct reports *reports)
{
	memset(reports, 0, sizeof(*reports));
	reports->board = export_board_new();
	return reports->board ? 0 : -ENOMEM;
}

void reports_close(struct reports *reports)
{
	export_board_free(reports->board);
	reports->board = NULL;
}

void reports_meter(struct reports *reports, const struct balance *balance,
		   const struct flow_cache_stats *cache)
{
	static const enum flow_outcome outcomes[] = {
		FLOW_MALFORMED, FLOW_TRUNCATED, FLOW_TOO_DEEP, FLOW_TABLE_FULL, FLOW_TABLE_BUSY,
	};
	struct report_loss *ignored = &reports->ignored;
	struct export_meter meter = {.observed_flows = cache->created};
	struct flow_count sum = {0};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		sum.packets += balance->outcomes[outcomes[i]].packets;
		sum.octets += balance->outcomes[outcomes[i]].octets;
	}
	if (sum.packets != ignored->packets) {
		ignored->last_ms = clock_realtime_ns() / NS_PER_MS;
		if (!ignored->first_ms)
			ignored->first_ms = ignored->last_ms;
	}
	ignored->packets = sum.packets;
	ignored->octets = sum.octets;
	meter.ignored = *ignored;
	export_board_set_meter(reports->board, &meter);
}

static size_t reports_count(const struct interfaces *interfaces)
{
	size_t position = 0, count = 0;

	while (interfaces_next(interfaces, &position))
		count++;
	return count;
}

static int reports_compare(const void *a, const void *b)
{
	const struct report_interface *one = a, *other = b;

	return (one->ifindex > other->ifindex) - (one->ifindex < other->ifindex);
}

void reports_interfaces(struct reports *reports, const struct interfaces *interfaces)
{
	struct board_interfaces *list = board_interfaces_new(reports_count(interfaces));
	const struct interface *interface;
	size_t position = 0, i = 0;

	if (!list)
		return; /* exporters keep the old list; the next change tries again */
	while ((interface = interfaces_next(interfaces, &position))) {
		struct report_interface *item = &list->items[i++];

		_Static_assert(sizeof(item->name) == sizeof(interface->name), "names");
		_Static_assert(sizeof(item->description) == sizeof(interface->alias), "aliases");
		item->ifindex = interface->ifindex;
		memcpy(item->name, interface->name, sizeof(item->name));
		if (interface->alias[0])
			memcpy(item->description, interface->alias, sizeof(item->description));
		else
			memcpy(item->description, interface->name, sizeof(interface->name));
	}
	qsort(list->items, list->count, sizeof(list->items[0]), reports_compare);
	export_board_set_interfaces(reports->board, list);
}
