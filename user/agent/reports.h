/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent lets its exporters know beside flow records: capture -> export/board.h. */
#ifndef FLOWPROBE_REPORTS_H
#define FLOWPROBE_REPORTS_H

#include "agent/balance.h"
#include "capture/interfaces.h"
#include "export/board.h"

struct reports {
	struct export_board *board; /* owned */
	struct report_loss ignored;
};

/* 0 or -ENOMEM; reports_close is fine either way. */
int reports_open(struct reports *reports);
void reports_close(struct reports *reports);

/* After a harvest: what was seen, but could not be counted in a flow, until now. */
void reports_meter(struct reports *reports, const struct balance *balance,
		   const struct flow_cache_stats *cache);

/* After news of interfaces: all that there are now. */
void reports_interfaces(struct reports *reports, const struct interfaces *interfaces);

#endif
