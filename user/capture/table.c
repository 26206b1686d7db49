// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What draining either flow table needs: batching of deltas and conversion of ticks. See table.h.
 */
#include "capture/table.h"

uint64_t table_clock_ns(const struct table_clock *clock, uint64_t ticks)
{
	int64_t behind = (int64_t)(clock->now_ticks - ticks);
	int64_t ns = (int64_t)clock->now_ns - behind * (int64_t)clock->tick_ns;

	return ns > 0 ? (uint64_t)ns : 0;
}

void table_batch_flush(struct table_batch *batch)
{
	if (batch->count)
		batch->sink(batch->sink_arg, batch->deltas, batch->count);
	batch->count = 0;
}

void table_batch_add(struct table_batch *batch)
{
	const struct flow_delta *delta = &batch->deltas[batch->count];
	struct flow_count *delivered =
		&batch->delivered[delta->key->kind & FLOW_KEY_EGRESS ? FLOW_EGRESS : FLOW_INGRESS];

	delivered->packets += delta->packets;
	delivered->octets += delta->octets;
	batch->entries++;
	if (++batch->count == FLOW_DELTA_BATCH)
		table_batch_flush(batch);
}
