/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record -> encode -> export: one exporter is one destination, with a thread and a bounded queue of
 * its own, so that a slow or dead destination delays nobody.
 *
 * Records travel in reference-counted batches that several exporters share. The capture thread
 * submits what it adds to a batch to each exporter, and goes on with the next batch when that one is
 * full; submitting never blocks and never allocates. A full queue drops what it has of its oldest
 * batch and counts it.
 */
#ifndef FLOWPROBE_EXPORTER_H
#define FLOWPROBE_EXPORTER_H

#include <stddef.h>
#include <stdint.h>

#include "export/batch.h"
#include "export/driver.h"
#include "export/ledger.h"

struct exporter;

/*
 * Starts the thread. Settings and identity are borrowed as long as the exporter lives. NULL with a
 * message in error (error_bytes long) when the settings cannot be used. queue_batches bounds the
 * queue: so many different batches, however small the portions in which they came. wake_fd (an
 * eventfd, or -1) is written to when the exporter dies.
 */
struct exporter *exporter_start(const struct export_settings *settings,
				const struct export_identity *identity, size_t queue_batches,
				int wake_fd, char *error, size_t error_bytes);

/* As exporter_start, for a driver that need not be in export_drivers. */
struct exporter *exporter_start_driver(const struct export_driver *driver,
				       const struct export_settings *settings,
				       const struct export_identity *identity, size_t queue_batches,
				       int wake_fd, char *error, size_t error_bytes);

/*
 * exporter_start in two steps, for one that has to wait for something that another still uses: in
 * between it takes batches and keeps them. exporter_new is NULL as above; exporter_go is 0, or -1
 * with a message in error and can be tried again.
 */
struct exporter *exporter_new(const struct export_settings *settings,
			      const struct export_identity *identity, size_t queue_batches,
			      int wake_fd, char *error, size_t error_bytes);
int exporter_go(struct exporter *exporter, char *error, size_t error_bytes);

/* Hands over what was added to the batch and not yet marked by record_batch_handed. It takes a
 * reference of its own. */
void exporter_submit(struct exporter *exporter, struct record_batch *batch);

/* What its settings only point to may have changed, such as a credential's file: to be looked at
 * anew before the next use. */
void exporter_renew(struct exporter *exporter);

/* 1 if the thread has been at work, and not waiting for anything, for longer than that. */
int exporter_is_stuck(const struct exporter *exporter, uint64_t longest_ns);

void exporter_get_stats(struct exporter *exporter, struct exporter_stats *stats);
const char *exporter_name(const struct exporter *exporter);

/*
 * Lets the queue drain until deadline_ns (CLOCK_MONOTONIC), then drops and counts the rest; ends
 * the thread. After this only exporter_get_stats, exporter_name and exporter_free may be called.
 */
void exporter_stop(struct exporter *exporter, uint64_t deadline_ns);

/* The first half of exporter_stop: tells it that no more will come, and does not wait. So several
 * exporters drain at the same time. When one is done, wake_fd is written to. */
void exporter_begin_stop(struct exporter *exporter);

/* 1 if all is drained after exporter_begin_stop: exporter_stop will not have to wait. */
int exporter_is_done(struct exporter *exporter);

void exporter_free(struct exporter *exporter); /* stops it at once if it was not stopped */

#endif
