/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All exporters of the agent as one: collects records into batches and hands each batch to every
 * exporter. A new configuration replaces those that it changes, while all others go on.
 */
#ifndef FLOWPROBE_EXPORTS_H
#define FLOWPROBE_EXPORTS_H

#include <stdint.h>

#include "config/config.h"
#include "export/exporter.h"

struct exports;

/*
 * Starts one exporter for each of config->exporters; config and identity are borrowed. wake_fd is
 * written to when exports_reap should be called. NULL with a line in error: what, why and the fix.
 */
struct exports *exports_start(const struct config *config, const struct export_identity *identity,
			      int wake_fd, char *error, size_t error_bytes);

/* The configuration of one exporter in the words of export/; all texts are borrowed. */
struct export_settings exports_settings(const struct config_exporter *exporter);

/* What records that wait for slow exporters may take, when their queues are full. */
uint64_t exports_backlog_bytes(const struct config *config);

/* 1 if any exporter wants the two directions of a conversation in one record. */
int exports_want_biflow(const struct config *config);

/* Copies the record into the current batch. Never blocks. */
void exports_add(struct exports *exports, const struct flow_record *record);

/* Hands over what is in the current batch, full or not; to be called after each harvest. */
void exports_push(struct exports *exports);

/*
 * Goes over from the exporters of the current configuration to those of a fresh one. Those that are
 * the same in both go on, and change places in the two, because what they borrow has to live on in
 * the fresh one. The others are told to stop, and get some time for it (exports_reap). 0; or -1 with
 * a line in error, and nothing has changed. Only when exports_are_settled.
 */
int exports_reload(struct exports *exports, struct config_exporters *current,
		   struct config_exporters *fresh, char *error, size_t error_bytes);

/* 1 if nobody borrows from the configuration before the last exports_reload any more. */
int exports_are_settled(const struct exports *exports);

/*
 * What follows when wake_fd was written to, and to be called every few seconds: says, once for each,
 * which exporters have died, and is done with those that a reload replaced.
 */
void exports_reap(struct exports *exports);

/* 1 if there are exporters, and none of them could ever deliver anything. */
int exports_are_dead(const struct exports *exports);

/* 1 if any record was lost on its way out, other than by a reader of stdout who had enough. */
int exports_lost(const struct exports *exports);

/* Pushes, then lets all exporters drain until deadline_ns (CLOCK_MONOTONIC). */
void exports_stop(struct exports *exports, uint64_t deadline_ns);

/* For the agent's state. */
size_t exports_count(const struct exports *exports);
const struct export_settings *exports_get(const struct exports *exports, size_t i,
					  struct exporter_stats *stats);

/* 1 if any thread has been at work, and not waiting, for longer than that. */
int exports_are_stuck(const struct exports *exports, uint64_t longest_ns);

/* One line per exporter, to the log. */
void exports_log(const struct exports *exports);
void exports_free(struct exports *exports);

#endif
