/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * record -> encode -> export: one exporter is one destination, with a thread and a bounded queue of
 * its own, so that a slow or dead destination delays nobody.
 *
 * Records travel in reference-counted batches that several exporters share. The capture thread
 * fills a batch and submits it to each exporter; submitting never blocks and never allocates. A
 * full queue drops its oldest batch and counts it.
 */
#ifndef FLOWPROBE_EXPORTER_H
#define FLOWPROBE_EXPORTER_H

#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"

#define RECORD_BATCH_RECORDS 512

struct record_batch {
	size_t count;
	struct flow_record records[RECORD_BATCH_RECORDS];
	/* owned by record_pool: */
	struct record_pool *pool;
	struct record_batch *next_free;
	_Atomic unsigned int references;
};

/*
 * All batches there are, reserved at start and touched only as far as ever needed at once.
 * record_pool_get returns a batch with one reference and count 0, or NULL when all are in use; any
 * thread may call record_batch_put.
 */
struct record_pool;
struct record_pool *record_pool_new(size_t batches);
void record_pool_free(struct record_pool *pool); /* all batches must be back */
struct record_batch *record_pool_get(struct record_pool *pool);
void record_batch_ref(struct record_batch *batch);
void record_batch_put(struct record_batch *batch);

/* What every exporter may want to know about the host it runs on; fixed at start, outlives the
 * exporters. */
struct export_identity {
	char host[256]; /* host name */
	char sampler_address[46]; /* text; "" unknown */
	uint64_t instance; /* random per start; with flow_record.id unique for ever */
	uint32_t observation_domain_id;
	uint32_t sampling_interval; /* 1-in-N, 1: all packets */
};

/*
 * What became of records during one call of a driver, of those that earlier calls left in its
 * buffers too. A record that was neither sent nor lost yet is still with the driver.
 */
struct export_outcome {
	uint64_t sent; /* records */
	uint64_t lost;
	int error; /* why they are lost: negative errno, 0: nothing failed */
	int dead; /* the destination is gone for good: no more calls but destroy */
};

/*
 * One kind of destination. All but create are called on the exporter's thread.
 *
 * create: parses target (what follows "KIND:") and checks what can be checked at once. NULL on
 *	failure, with *error set to a static or thread-local string: what is wrong and the fix.
 *	Borrows identity.
 * send: takes count records (copies what it keeps of them), encodes and writes them or some of
 *	them, and adds to *outcome, which is zero before. May block for as long as it must, but
 *	returns soon after *stop becomes non-zero.
 * flush: nothing more is queued right now: push out what was buffered. As send.
 * destroy: what is still buffered is lost.
 */
struct export_driver {
	const char *kind; /* "json" */
	void *(*create)(const char *target, const struct export_identity *identity,
			const char **error);
	void (*send)(void *self, const struct flow_record *records, size_t count,
		     const _Atomic int *stop, struct export_outcome *outcome);
	void (*flush)(void *self, const _Atomic int *stop, struct export_outcome *outcome);
	void (*destroy)(void *self);
};

/* At every moment submitted == sent + dropped_queue + dropped_error + queued. */
struct exporter_stats {
	uint64_t submitted; /* records */
	uint64_t sent;
	uint64_t dropped_queue; /* the queue was full, or the deadline of exporter_stop passed */
	uint64_t dropped_error; /* the destination failed */
	uint64_t queued; /* now, in the queue or with the driver */
	int last_error; /* negative errno, 0: none yet */
	int dead; /* the destination is gone for good (closed pipe on stdout) */
};

struct exporter;

/*
 * spec is "KIND:TARGET". Starts the thread. NULL with a message in error (error_bytes long) when
 * the spec cannot be used. queue_batches bounds the queue. wake_fd (an eventfd, or -1) is written
 * to when the exporter dies.
 */
struct exporter *exporter_start(const char *spec, const struct export_identity *identity,
				size_t queue_batches, int wake_fd, char *error, size_t error_bytes);

/* As exporter_start, for a driver that need not be in export_drivers; spec is only its name. */
struct exporter *exporter_start_driver(const struct export_driver *driver, const char *spec,
				       const char *target, const struct export_identity *identity,
				       size_t queue_batches, int wake_fd, char *error,
				       size_t error_bytes);

/* Takes a reference of its own. The batch must not change any more. */
void exporter_submit(struct exporter *exporter, struct record_batch *batch);

void exporter_get_stats(struct exporter *exporter, struct exporter_stats *stats);
const char *exporter_spec(const struct exporter *exporter);

/*
 * Lets the queue drain until deadline_ns (CLOCK_MONOTONIC), then drops and counts the rest; ends
 * the thread. After this only exporter_get_stats, exporter_spec and exporter_free may be called.
 */
void exporter_stop(struct exporter *exporter, uint64_t deadline_ns);
void exporter_free(struct exporter *exporter); /* stops it at once if it was not stopped */

/* All kinds there are, NULL-terminated; defined in drivers.c. */
extern const struct export_driver *const export_drivers[];

#endif
