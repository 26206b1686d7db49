// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All exporters of the agent as one: see exports.h.
 *
 * Sizes: a shutdown ends up to max_flows flows at once, so each queue holds twice that many records
 * before it drops its oldest. Queues are FIFO and drop from the front, so all of them together
 * never hold more different batches than one queue's worth, one in the hands of each exporter and
 * the one being filled; the pool has exactly as many and cannot run out. Memory is touched only as
 * far as a backlog ever reached.
 */
#include "agent/exports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#define EXPORTS_QUEUE_MIN 64

struct exports {
	struct record_pool *pool;
	struct record_batch *batch; /* being filled; NULL between batches */
	size_t count;
	struct exporter *exporters[CONFIG_LIST_MAX];
	int reported_dead[CONFIG_LIST_MAX];
};

struct exports *exports_start(const struct config *config, const struct export_identity *identity,
			      int wake_fd, char *error, size_t error_bytes)
{
	size_t queue = EXPORTS_QUEUE_MIN + 2ull * config->max_flows / RECORD_BATCH_RECORDS;
	struct exports *exports = calloc(1, sizeof(*exports));
	size_t i;

	if (exports)
		exports->pool = record_pool_new(queue + config->exporters.count + 1);
	if (!exports || !exports->pool) {
		snprintf(error, error_bytes,
			 "no memory for the export queues; try a smaller --max-flows");
		exports_free(exports);
		return NULL;
	}
	for (i = 0; i < config->exporters.count; i++) {
		exports->exporters[i] = exporter_start(config->exporters.items[i], identity, queue,
						       wake_fd, error, error_bytes);
		if (!exports->exporters[i]) {
			exports_stop(exports, 0);
			exports_free(exports);
			return NULL;
		}
		exports->count++;
	}
	return exports;
}

void exports_add(struct exports *exports, const struct flow_record *record)
{
	if (!exports->batch)
		exports->batch = record_pool_get(exports->pool);
	exports->batch->records[exports->batch->count++] = *record;
	if (exports->batch->count == RECORD_BATCH_RECORDS)
		exports_push(exports);
}

void exports_push(struct exports *exports)
{
	size_t i;

	if (!exports->batch)
		return;
	for (i = 0; i < exports->count; i++)
		exporter_submit(exports->exporters[i], exports->batch);
	record_batch_put(exports->batch);
	exports->batch = NULL;
}

int exports_are_dead(const struct exports *exports)
{
	struct exporter_stats stats;
	size_t i;

	for (i = 0; i < exports->count; i++) {
		exporter_get_stats(exports->exporters[i], &stats);
		if (!stats.dead)
			return 0;
	}
	return 1;
}

void exports_report_dead(struct exports *exports)
{
	struct exporter_stats stats;
	size_t i;

	for (i = 0; i < exports->count; i++) {
		exporter_get_stats(exports->exporters[i], &stats);
		if (!stats.dead || exports->reported_dead[i])
			continue;
		exports->reported_dead[i] = 1;
		log_warning("%s: nobody reads it any more; its records are lost from here on",
			    exporter_spec(exports->exporters[i]));
	}
}

int exports_lost(const struct exports *exports)
{
	struct exporter_stats stats;
	size_t i;

	for (i = 0; i < exports->count; i++) {
		exporter_get_stats(exports->exporters[i], &stats);
		if (!stats.dead && (stats.dropped_queue || stats.dropped_error))
			return 1;
	}
	return 0;
}

void exports_stop(struct exports *exports, uint64_t deadline_ns)
{
	size_t i;

	exports_push(exports);
	for (i = 0; i < exports->count; i++)
		exporter_stop(exports->exporters[i], deadline_ns);
}

void exports_log(const struct exports *exports)
{
	struct exporter_stats stats;
	size_t i;

	for (i = 0; i < exports->count; i++) {
		exporter_get_stats(exports->exporters[i], &stats);
		if (stats.dropped_queue || stats.dropped_error)
			log_warning("%s: %" PRIu64 " records sent, lost: %" PRIu64
				    " queue full, %" PRIu64 " failed%s%s",
				    exporter_spec(exports->exporters[i]), stats.sent,
				    stats.dropped_queue, stats.dropped_error,
				    stats.last_error ? ": " : "",
				    stats.last_error ? strerror(-stats.last_error) : "");
		else
			log_info("%s: %" PRIu64 " records sent, none lost",
				 exporter_spec(exports->exporters[i]), stats.sent);
	}
}

void exports_free(struct exports *exports)
{
	size_t i;

	if (!exports)
		return;
	for (i = 0; i < exports->count; i++)
		exporter_free(exports->exporters[i]);
	record_pool_free(exports->pool);
	free(exports);
}
