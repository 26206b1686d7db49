/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: what became of the records of one exporter. Each is moved from one counter to another, so
 * the sum is right at every moment; who has the ledger sees to it that nobody else looks meanwhile.
 */
#ifndef FLOWPROBE_LEDGER_H
#define FLOWPROBE_LEDGER_H

#include <stdint.h>

#include "export/count.h"
#include "export/driver.h"

/* At every moment submitted and recovered together are the sum of all others. */
struct exporter_stats {
	struct export_count submitted;
	struct export_count recovered; /* from what an earlier process had left on disk */
	struct export_count sent;
	struct export_count dropped_queue; /* the queue was full, or the deadline of exporter_stop
					      passed */
	struct export_count dropped_error; /* the destination failed */
	struct export_count dropped_unsupported; /* the destination's format cannot express them */
	struct export_count dropped_refused; /* the destination did not take them */
	struct export_count dropped_spool; /* no room on disk */
	struct export_count queued; /* now, in the queue or with the driver, on disk too */
	struct export_count kept; /* at the end: left on disk for the next process */
	struct export_count spooled; /* now, on disk; part of queued */
	uint64_t spool_bytes;
	uint64_t unknown_interfaces; /* for whose numbers the destination's format has no room */
	uint64_t batches; /* as in struct export_outcome */
	uint64_t bytes;
	int is_down; /* the latest that is known is that the destination takes nothing */
	uint64_t last_success_ns; /* CLOCK_REALTIME of the latest delivery; 0: none yet */
	uint64_t errors; /* calls of the driver in which something failed */
	int last_error; /* negative errno, 0: none yet */
	char last_reason[EXPORT_REASON_BYTES]; /* the same for people; "": errno says it all */
	int dead; /* the destination is gone for good (closed pipe on stdout) */
};

struct ledger {
	struct exporter_stats stats;
	uint64_t first_lost_ns; /* CLOCK_REALTIME; 0: none was */
	uint64_t last_lost_ns;
	uint64_t dated; /* records lost in the call under way that these two know of */
};

/* They came into the queue; and they were dropped from it. */
void ledger_submit(struct ledger *ledger, const struct export_count *count);
void ledger_drop(struct ledger *ledger, const struct export_count *count);

/* A call of the driver is over, and that is what came of it. */
void ledger_settle(struct ledger *ledger, const struct export_outcome *outcome);

/* All that was lost until now: in the call under way too, whose outcome until now is given. */
struct export_count ledger_count_lost(struct ledger *ledger, const struct export_outcome *outcome);

/* What the destination is like now. */
void ledger_note_condition(struct ledger *ledger, const struct export_condition *condition);

/* No call will follow: what is still queued is lost. */
void ledger_close(struct ledger *ledger);

#endif
