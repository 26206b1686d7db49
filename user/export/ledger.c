// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see ledger.h.
 *
 * A driver adds up what becomes of records while it is called, and a call can take as long as an
 * outage. So who reports losses asks for those of the call under way too; its times are then those
 * of when somebody has asked, and of its end.
 */
#include "export/ledger.h"

#include <assert.h>
#include <string.h>

#include "lib/clock.h"

static void date_loss(struct ledger *ledger)
{
	ledger->last_lost_ns = clock_realtime_ns();
	if (!ledger->first_lost_ns)
		ledger->first_lost_ns = ledger->last_lost_ns;
}

void ledger_submit(struct ledger *ledger, const struct export_count *count)
{
	export_count_add(&ledger->stats.submitted, count);
	export_count_add(&ledger->stats.queued, count);
}

void ledger_drop(struct ledger *ledger, const struct export_count *count)
{
	export_count_add(&ledger->stats.dropped_queue, count);
	export_count_subtract(&ledger->stats.queued, count);
	date_loss(ledger);
}

static struct export_count lost_in_call(struct ledger *ledger, const struct export_outcome *outcome)
{
	struct export_count lost = outcome->lost;

	export_count_add(&lost, &outcome->unsupported);
	export_count_add(&lost, &outcome->refused);
	export_count_add(&lost, &outcome->spool_full);
	if (lost.records != ledger->dated)
		date_loss(ledger);
	ledger->dated = lost.records;
	return lost;
}

struct export_count ledger_count_lost(struct ledger *ledger, const struct export_outcome *outcome)
{
	const struct exporter_stats *stats = &ledger->stats;
	struct export_count lost = lost_in_call(ledger, outcome);

	export_count_add(&lost, &stats->dropped_queue);
	export_count_add(&lost, &stats->dropped_error);
	export_count_add(&lost, &stats->dropped_unsupported);
	export_count_add(&lost, &stats->dropped_refused);
	export_count_add(&lost, &stats->dropped_spool);
	return lost;
}

void ledger_settle(struct ledger *ledger, const struct export_outcome *outcome)
{
	struct exporter_stats *stats = &ledger->stats;
	const struct {
		const struct export_count *count;
		struct export_count *sum;
	} parts[] = {
		{&outcome->sent, &stats->sent},
		{&outcome->kept, &stats->kept},
		{&outcome->lost, &stats->dropped_error},
		{&outcome->unsupported, &stats->dropped_unsupported},
		{&outcome->refused, &stats->dropped_refused},
		{&outcome->spool_full, &stats->dropped_spool},
	};

	lost_in_call(ledger, outcome);
	ledger->dated = 0;
	export_count_add(&stats->recovered, &outcome->recovered);
	export_count_add(&stats->queued, &outcome->recovered);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert(parts[i].count->records <= stats->queued.records);
		export_count_subtract(&stats->queued, parts[i].count);
		export_count_add(parts[i].sum, parts[i].count);
	}
	stats->unknown_interfaces += outcome->unknown_interfaces;
	stats->batches += outcome->batches;
	stats->bytes += outcome->bytes;
	if (outcome->sent.records)
		stats->last_success_ns = clock_realtime_ns();
	if (outcome->error) {
		stats->errors++;
		stats->last_error = outcome->error;
		memcpy(stats->last_reason, outcome->reason, sizeof(stats->last_reason));
	}
	if (outcome->dead)
		stats->dead = 1;
}

void ledger_note_condition(struct ledger *ledger, const struct export_condition *condition)
{
	struct exporter_stats *stats = &ledger->stats;

	if (condition->is_down && !stats->is_down)
		stats->errors++;
	stats->is_down = condition->is_down;
	stats->spooled = condition->spooled;
	stats->spool_bytes = condition->spool_bytes;
	memcpy(stats->last_reason, condition->reason, sizeof(stats->last_reason));
}

void ledger_close(struct ledger *ledger)
{
	export_count_add(&ledger->stats.dropped_error, &ledger->stats.queued);
	ledger->stats.queued = (struct export_count){0};
}
