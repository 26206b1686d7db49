// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see pacer.h. What has gone too early for even spacing is kept in messages and not in time,
 * so that it counts the same after the rate has changed; and in billionths of one, which is what a
 * rate of 1 pays off in a nanosecond, so that nothing is ever rounded.
 */
#include "export/pacer.h"

#include "lib/clock.h"

#define MESSAGE NS_PER_S /* billionths */
#define AHEAD_MAX ((PACER_BURST - 1) * MESSAGE) /* with this much ahead, one more may go */

/* Time has passed at the rate that was. */
static void pacer_advance(struct pacer *pacer, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - pacer->now_ns;

	pacer->now_ns = now_ns;
	if (!pacer->rate || elapsed_ns > pacer->ahead / pacer->rate)
		pacer->ahead = 0;
	else
		pacer->ahead -= elapsed_ns * pacer->rate;
}

static void pacer_adapt(struct pacer *pacer, uint64_t waiting)
{
	if (!waiting || pacer->rate < PACER_RATE_MIN)
		pacer->rate = PACER_RATE_MIN;
	if (pacer->rate < waiting)
		pacer->rate = waiting;
	if (pacer->fixed_rate)
		pacer->rate = pacer->fixed_rate;
}

uint64_t pacer_next_ns(struct pacer *pacer, uint64_t waiting, uint64_t now_ns)
{
	uint64_t excess;

	pacer_advance(pacer, now_ns);
	pacer_adapt(pacer, waiting);
	excess = pacer->ahead > AHEAD_MAX ? pacer->ahead - AHEAD_MAX : 0;
	return now_ns + (excess + pacer->rate - 1) / pacer->rate;
}

void pacer_count(struct pacer *pacer, uint64_t now_ns)
{
	pacer_advance(pacer, now_ns);
	pacer->ahead += MESSAGE;
}
