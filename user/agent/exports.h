/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All exporters of the agent as one: collects records into batches and hands each batch to every
 * exporter. */
#ifndef FLOWPROBE_EXPORTS_H
#define FLOWPROBE_EXPORTS_H

#include <stdint.h>

#include "config/config.h"
#include "export/exporter.h"

struct exports;

/*
 * Starts one exporter for each of config->exporters; identity is borrowed. wake_fd is written to
 * when one of them dies. NULL with a line in error: what, why and the fix.
 */
struct exports *exports_start(const struct config *config, const struct export_identity *identity,
			      int wake_fd, char *error, size_t error_bytes);

/* Copies the record into the current batch. Never blocks. */
void exports_add(struct exports *exports, const struct flow_record *record);

/* Hands over what is in the current batch, full or not; to be called after each harvest. */
void exports_push(struct exports *exports);

/* 1 if no exporter is left that could ever deliver anything. */
int exports_are_dead(const struct exports *exports);

/* Says, once for each, which exporters have died. */
void exports_report_dead(struct exports *exports);

/* 1 if any record was lost on its way out, other than by a reader of stdout who had enough. */
int exports_lost(const struct exports *exports);

/* Pushes, then lets all exporters drain until deadline_ns (CLOCK_MONOTONIC). */
void exports_stop(struct exports *exports, uint64_t deadline_ns);

/* One line per exporter, to the log. */
void exports_log(const struct exports *exports);
void exports_free(struct exports *exports);

#endif
