// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * All exporters of the agent as one: see exports.h.
 *
 * Sizes: a shutdown ends up to max_flows flows at once, so each queue holds twice that many records
 * before it drops its oldest. A batch goes on being filled after each harvest until it is full, for
 * else a few records of a quiet host would take the room of many. Queues are FIFO and drop from the
 * front, so all of them together never hold more different batches than one queue's worth, one in
 * the hands of each exporter and the one being filled. After a reload those that it stopped may hold
 * as many once more, of before the reload; there is no other reload until they are gone. The pool has
 * exactly as many as that and cannot run out. Memory is touched only as far as a backlog ever reached.
 *
 * A new exporter starts before the one that it replaces has stopped: no record is missed, and what is
 * wrong with it is known while the old one can still stay. Only where both would use the same spool
 * it waits, taking records into its queue.
 */
#include "agent/exports.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/change.h"
#include "lib/clock.h"
#include "lib/log.h"

#define EXPORTS_QUEUE_MIN 64
#define EXPORTS_ERROR_BYTES 512
#define EXPORTS_RETIRE_NS (10 * NS_PER_S) /* as long as all of them get at the end */

/* One exporter; does not move, for its settings are borrowed. */
struct export_slot {
	struct export_settings settings; /* whose texts are the configuration's */
	struct exporter *exporter;
	int reported_dead;
	int waits; /* for the spool of a retired one */
};

struct exports {
	const struct export_identity *identity;
	int wake_fd;
	size_t queue; /* batches in each queue */
	struct record_pool *pool;
	struct record_batch *batch; /* being filled; NULL: none yet */
	size_t count;
	struct export_slot *slots[CONFIG_LIST_MAX]; /* in the order of config->exporters */
	size_t retired_count;
	struct export_slot *retired[CONFIG_LIST_MAX];
	uint64_t retire_deadline_ns;
	int retired_lost; /* those that are gone have lost records */
	struct log_limit waiting_warning;
};

struct export_settings exports_settings(const struct config_exporter *exporter)
{
	return (struct export_settings){
		.name = exporter->name,
		.type = exporter->type,
		.target = exporter->target,
		.source_address = exporter->source_address,
		.source_port = (uint16_t)exporter->source_port,
		.max_message_bytes = exporter->max_message_bytes,
		.template_refresh_ns = exporter->template_refresh_ns,
		.reconnect_interval_ns = exporter->reconnect_interval_ns,
		.connect_timeout_ns = exporter->connect_timeout_ns,
		.max_rate = exporter->max_rate,
		.biflow = exporter->biflow,
		.enterprise_number = exporter->enterprise_number,
		.ca_file = exporter->ca_file,
		.certificate_file = exporter->certificate_file,
		.key_file = exporter->key_file,
		.organization = exporter->organization,
		.stream = exporter->stream,
		.user = exporter->user,
		.password_file = exporter->password_file,
		.token_file = exporter->token_file,
		.password = exporter->password,
		.token = exporter->token,
		.batch_records = exporter->batch_records,
		.batch_bytes = (size_t)exporter->batch_bytes,
		.flush_interval_ns = exporter->flush_interval_ns,
		.request_timeout_ns = exporter->request_timeout_ns,
		.compress = exporter->compression,
		.confirm = exporter->confirm,
		.ingestion_window_ns = exporter->ingestion_window_ns,
		.spool_directory = exporter->spool_max_bytes ? exporter->spool_directory : NULL,
		.spool_max_bytes = exporter->spool_max_bytes,
		.spool_after_ns = exporter->spool_after_ns,
	};
}

/* --- slots --- */

/* NULL with a line in error; else it takes batches, but is not started. */
static struct export_slot *open_slot(const struct exports *exports,
				     const struct config_exporter *config, char *error,
				     size_t error_bytes)
{
	struct export_slot *slot = calloc(1, sizeof(*slot));

	if (!slot) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	slot->settings = exports_settings(config);
	slot->exporter = exporter_new(&slot->settings, exports->identity, exports->queue,
				      exports->wake_fd, error, error_bytes);
	if (slot->exporter)
		return slot;
	free(slot);
	return NULL;
}

static void close_slot(struct export_slot *slot)
{
	exporter_free(slot->exporter);
	free(slot);
}

/* --- start --- */

static size_t queue_batches(const struct config *config)
{
	return EXPORTS_QUEUE_MIN + 2ull * config->max_flows / RECORD_BATCH_RECORDS;
}

uint64_t exports_backlog_bytes(const struct config *config)
{
	return (uint64_t)queue_batches(config) * sizeof(struct record_batch);
}

struct exports *exports_start(const struct config *config, const struct export_identity *identity,
			      int wake_fd, char *error, size_t error_bytes)
{
	struct exports *exports = calloc(1, sizeof(*exports));
	struct export_slot *slot;

	if (exports) {
		exports->identity = identity;
		exports->wake_fd = wake_fd;
		exports->queue = queue_batches(config);
		exports->pool = record_pool_new(2 * (exports->queue + CONFIG_LIST_MAX) + 1);
	}
	if (!exports || !exports->pool) {
		snprintf(error, error_bytes,
			 "no memory for the export queues; try a smaller --max-flows");
		exports_free(exports);
		return NULL;
	}
	for (size_t i = 0; i < config->exporters.count; i++) {
		slot = open_slot(exports, &config->exporters.items[i], error, error_bytes);
		if (slot)
			exports->slots[exports->count++] = slot;
		if (!slot || exporter_go(slot->exporter, error, error_bytes)) {
			exports_free(exports);
			return NULL;
		}
	}
	return exports;
}

int exports_want_biflow(const struct config *config)
{
	for (size_t i = 0; i < config->exporters.count; i++) {
		if (config->exporters.items[i].biflow)
			return 1;
	}
	return 0;
}

/* --- records --- */

/* Pushes, and lets go of the batch. */
static void close_batch(struct exports *exports)
{
	exports_push(exports);
	if (exports->batch)
		record_batch_put(exports->batch);
	exports->batch = NULL;
}

void exports_add(struct exports *exports, const struct flow_record *record)
{
	/* The halves of a biflow stay together. */
	if (exports->batch && record->biflow == FLOW_BIFLOW_FORWARD &&
	    exports->batch->count.records == RECORD_BATCH_RECORDS - 1)
		close_batch(exports);
	if (!exports->batch)
		exports->batch = record_pool_get(exports->pool);
	record_batch_add(exports->batch, record);
	if (exports->batch->count.records == RECORD_BATCH_RECORDS)
		close_batch(exports);
}

void exports_push(struct exports *exports)
{
	if (!exports->batch)
		return;
	for (size_t i = 0; i < exports->count; i++)
		exporter_submit(exports->slots[i]->exporter, exports->batch);
	record_batch_handed(exports->batch);
}

/* --- reload --- */

/* What a reload has come to so far. */
struct succession {
	size_t count;
	struct export_slot *slots[CONFIG_LIST_MAX]; /* for the new configuration */
	size_t source[CONFIG_LIST_MAX]; /* which old exporter this is, or CONFIG_LIST_MAX: none */
};

/* The number of the old exporter that is configured like this; CONFIG_LIST_MAX: none is. */
static size_t find_same(const struct config_exporters *current,
			const struct config_exporter *wanted)
{
	for (size_t i = 0; i < current->count; i++) {
		if (config_exporter_equals(&current->items[i], wanted))
			return i;
	}
	return CONFIG_LIST_MAX;
}

static int shares_spool(const struct export_slot *a, const struct export_slot *b)
{
	return a->settings.spool_directory && b->settings.spool_directory &&
	       strcmp(a->settings.spool_directory, b->settings.spool_directory) == 0;
}

/* 1 if any of these, other than itself, has its spool. */
static int finds_spool_used(const struct export_slot *slot, struct export_slot *const *others,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (others[i] != slot && shares_spool(slot, others[i]))
			return 1;
	}
	return 0;
}

/* One more exporter of the new configuration. 0, or -1 with a line in error. */
static int add_successor(struct exports *exports, const struct config_exporters *current,
			 struct succession *next, const struct config_exporter *wanted, char *error,
			 size_t error_bytes)
{
	size_t same = find_same(current, wanted);
	struct export_slot *slot;

	if (same != CONFIG_LIST_MAX) {
		slot = exports->slots[same];
	} else {
		slot = open_slot(exports, wanted, error, error_bytes);
		if (!slot)
			return -1;
		slot->waits = finds_spool_used(slot, exports->slots, exports->count);
		if (!slot->waits && exporter_go(slot->exporter, error, error_bytes)) {
			close_slot(slot);
			return -1;
		}
	}
	next->source[next->count] = same;
	next->slots[next->count++] = slot;
	return 0;
}

static void give_up(const struct succession *next)
{
	for (size_t i = 0; i < next->count; i++) {
		if (next->source[i] == CONFIG_LIST_MAX)
			close_slot(next->slots[i]);
	}
}

static int is_kept(const struct succession *next, const struct export_slot *slot)
{
	for (size_t i = 0; i < next->count; i++) {
		if (next->slots[i] == slot)
			return 1;
	}
	return 0;
}

/* From here on nothing fails. */
static void succeed(struct exports *exports, const struct succession *next,
		    struct config_exporters *current, struct config_exporters *fresh)
{
	struct config_exporter saved;

	for (size_t i = 0; i < exports->count; i++) {
		if (is_kept(next, exports->slots[i]))
			continue;
		exporter_begin_stop(exports->slots[i]->exporter);
		exports->retired[exports->retired_count++] = exports->slots[i];
	}
	exports->retire_deadline_ns = clock_monotonic_ns() + EXPORTS_RETIRE_NS;
	for (size_t i = 0; i < next->count; i++) {
		exports->slots[i] = next->slots[i];
		if (next->source[i] == CONFIG_LIST_MAX)
			continue;
		saved = fresh->items[i];
		fresh->items[i] = current->items[next->source[i]];
		current->items[next->source[i]] = saved;
		exporter_renew(exports->slots[i]->exporter);
	}
	exports->count = next->count;
}

int exports_reload(struct exports *exports, struct config_exporters *current,
		   struct config_exporters *fresh, char *error, size_t error_bytes)
{
	struct succession next = {0};

	exports_push(exports);
	for (size_t i = 0; i < fresh->count; i++) {
		if (add_successor(exports, current, &next, &fresh->items[i], error, error_bytes)) {
			give_up(&next);
			return -1;
		}
	}
	succeed(exports, &next, current, fresh);
	return 0;
}

int exports_are_settled(const struct exports *exports)
{
	return !exports->retired_count;
}

/* --- health --- */

static int has_lost(struct exporter *exporter)
{
	struct exporter_stats stats;

	exporter_get_stats(exporter, &stats);
	return !stats.dead && (stats.dropped_queue.records || stats.dropped_error.records ||
			       stats.dropped_refused.records || stats.dropped_spool.records);
}

/* Appends "LEAD COUNT WHAT" if there are any. */
static void append_count(char *line, size_t bytes, const char *lead, uint64_t records,
			 const char *what)
{
	size_t used = strlen(line);

	if (records)
		snprintf(line + used, bytes - used, "%s%" PRIu64 " %s", lead, records, what);
}

static void log_one(const char *name, const struct exporter_stats *stats)
{
	char lost[256] = "", kept[96] = "";
	const char *reason = stats->last_reason;

	append_count(lost, sizeof(lost), ", ", stats->dropped_queue.records, "queue full");
	append_count(lost, sizeof(lost), ", ", stats->dropped_error.records, "failed");
	append_count(lost, sizeof(lost), ", ", stats->dropped_refused.records, "refused");
	append_count(lost, sizeof(lost), ", ", stats->dropped_spool.records, "spool full");
	append_count(kept, sizeof(kept), "; ", stats->dropped_unsupported.records, "left out");
	append_count(kept, sizeof(kept), "; ", stats->kept.records, "kept on disk");
	if (!reason[0] && stats->last_error)
		reason = strerror(-stats->last_error);
	if (lost[0])
		log_warning("%s: %" PRIu64 " records sent, lost: %s%s%s%s", name,
			    stats->sent.records, lost + strlen(", "), reason[0] ? ": " : "", reason,
			    kept);
	else
		log_info("%s: %" PRIu64 " records sent, none lost%s", name, stats->sent.records,
			 kept);
}

static void log_slot(const struct export_slot *slot)
{
	struct exporter_stats stats;

	exporter_get_stats(slot->exporter, &stats);
	log_one(slot->settings.name, &stats);
}

static void report_dead(struct exports *exports)
{
	struct exporter_stats stats;

	for (size_t i = 0; i < exports->count; i++) {
		struct export_slot *slot = exports->slots[i];

		exporter_get_stats(slot->exporter, &stats);
		if (!stats.dead || slot->reported_dead)
			continue;
		slot->reported_dead = 1;
		log_warning("%s: nobody reads it any more; its records are lost from here on",
			    slot->settings.name);
	}
}

/* Those that are done, and those whose time is over. */
static void bury_retired(struct exports *exports)
{
	int is_over = clock_monotonic_ns() >= exports->retire_deadline_ns;
	size_t left = 0;

	for (size_t i = 0; i < exports->retired_count; i++) {
		struct export_slot *slot = exports->retired[i];

		if (!is_over && !exporter_is_done(slot->exporter)) {
			exports->retired[left++] = slot;
			continue;
		}
		exporter_stop(slot->exporter, 0);
		exports->retired_lost |= has_lost(slot->exporter);
		log_slot(slot);
		close_slot(slot);
	}
	exports->retired_count = left;
}

/* Those that waited for the spool of a retired one. */
static void start_waiting(struct exports *exports)
{
	char error[EXPORTS_ERROR_BYTES];

	for (size_t i = 0; i < exports->count; i++) {
		struct export_slot *slot = exports->slots[i];

		if (!slot->waits ||
		    finds_spool_used(slot, exports->retired, exports->retired_count))
			continue;
		if (exporter_go(slot->exporter, error, sizeof(error)))
			log_warning_limited(&exports->waiting_warning,
					    "%s; will be tried again, its records wait", error);
		else
			slot->waits = 0;
	}
}

void exports_reap(struct exports *exports)
{
	report_dead(exports);
	bury_retired(exports);
	start_waiting(exports);
}

int exports_are_dead(const struct exports *exports)
{
	struct exporter_stats stats;

	for (size_t i = 0; i < exports->count; i++) {
		exporter_get_stats(exports->slots[i]->exporter, &stats);
		if (!stats.dead)
			return 0;
	}
	return exports->count > 0;
}

int exports_are_stuck(const struct exports *exports, uint64_t longest_ns)
{
	for (size_t i = 0; i < exports->count; i++) {
		if (exporter_is_stuck(exports->slots[i]->exporter, longest_ns))
			return 1;
	}
	return 0;
}

int exports_lost(const struct exports *exports)
{
	int lost = exports->retired_lost;

	for (size_t i = 0; i < exports->count; i++)
		lost |= has_lost(exports->slots[i]->exporter);
	return lost;
}

size_t exports_count(const struct exports *exports)
{
	return exports->count;
}

const struct export_settings *exports_get(const struct exports *exports, size_t i,
					  struct exporter_stats *stats)
{
	exporter_get_stats(exports->slots[i]->exporter, stats);
	return &exports->slots[i]->settings;
}

void exports_log(const struct exports *exports)
{
	for (size_t i = 0; i < exports->count; i++)
		log_slot(exports->slots[i]);
}

/* --- end --- */

void exports_stop(struct exports *exports, uint64_t deadline_ns)
{
	close_batch(exports);
	for (size_t i = 0; i < exports->count; i++)
		exporter_begin_stop(exports->slots[i]->exporter);
	for (size_t i = 0; i < exports->retired_count; i++)
		exporter_stop(exports->retired[i]->exporter, deadline_ns);
	bury_retired(exports);
	start_waiting(exports);
	for (size_t i = 0; i < exports->count; i++)
		exporter_stop(exports->slots[i]->exporter, deadline_ns);
}

void exports_free(struct exports *exports)
{
	if (!exports)
		return;
	for (size_t i = 0; i < exports->retired_count; i++)
		close_slot(exports->retired[i]);
	for (size_t i = 0; i < exports->count; i++)
		close_slot(exports->slots[i]);
	if (exports->batch)
		record_batch_put(exports->batch);
	record_pool_free(exports->pool);
	free(exports);
}
