/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The balance: proof that every packet the hooks saw is in exactly one record, still in the flow
 * cache, or in a counter that says why it is in no flow.
 *
 *	seen = records + cached + not IP + malformed + ... + sampled out
 *
 * Two independent sums make it a proof: the kernel programs count each packet's outcome per CPU,
 * and the same packets travel through the flow table and the flow cache. Both are compared after
 * every harvest.
 */
#ifndef FLOWPROBE_BALANCE_H
#define FLOWPROBE_BALANCE_H

#include <stdint.h>

#include "capture/harvest.h"
#include "flow/cache.h"

struct balance {
	struct flow_count seen[FLOW_DIRECTIONS];
	struct flow_count outcomes[FLOW_OUTCOMES]; /* both directions; their sum is seen */
	struct flow_count harvested; /* delivered out of the flow table */
	uint64_t fragments_joined;
	uint64_t fragments_orphaned;
	uint64_t errors; /* harvests after which the sums did not agree; anything but 0 is a bug */
};

/* Takes in a harvest, after the cache has merged it; logs an error if the sums do not agree. */
void balance_add(struct balance *balance, const struct harvest *harvest,
		 const struct flow_cache_stats *cache);

/* The last packets could not be taken out of the flow table: the balance cannot be right. */
void balance_give_up(struct balance *balance);

/* One line for each non-zero term, and whether it all adds up, to the log. */
void balance_log(const struct balance *balance, const struct flow_cache_stats *cache);

const char *balance_outcome_name(enum flow_outcome outcome); /* "not IP", for people */
const char *balance_outcome_label(enum flow_outcome outcome); /* "not_ip", for programs */

#endif
