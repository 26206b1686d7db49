// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode -> export: the thread and the bounded queue of one destination, see exporter.h.
 *
 *	capture thread: submit -> [ring of batches] -> exporter thread: driver->send, flush, ...
 *
 * The queue is a ring of pointers to shared batches, sized at start. A full ring gives up its
 * oldest batch: when a destination cannot keep up, recent flows are worth more than old ones.
 *
 * One lock guards the ring and the statistics, and it is never held across a call of the driver, so
 * submitting waits for a few instructions at most. Every record is moved from one counter to
 * another under that lock, which is why the balance in exporter_stats holds at every moment and not
 * only at the end. Records that the driver keeps in its buffers count as queued until it says what
 * became of them.
 *
 * The driver is called when the ring is filled and told to flush whenever the ring has run empty,
 * so there is no flush timer: a quiet host's record leaves at once, and a busy host's buffers leave
 * when they are full.
 *
 * stop (for the driver: give up waiting) is set only when the deadline of exporter_stop passes;
 * until then a slow destination still gets everything. A dead destination is not called again; its
 * thread stays and counts what is submitted as lost, so that submitting has no special case.
 */
#include "export/exporter.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#define THREAD_NAME_BYTES 16 /* what the kernel keeps */
#define KINDS_BYTES 128

struct exporter {
	const struct export_driver *driver;
	void *self; /* the driver's; the thread's own after start */
	char *spec;
	int wake_fd;
	int stopped; /* the thread is joined; owner's thread only */
	pthread_t thread;
	_Atomic int stop; /* the deadline has passed */

	pthread_mutex_t lock; /* all below */
	pthread_cond_t work; /* the ring has something, or stopping */
	pthread_cond_t finished;
	struct exporter_stats stats;
	int stopping;
	int done; /* the thread is about to end */
	size_t capacity;
	size_t first;
	size_t count;
	struct record_batch *ring[];
};

/* The lock must be held; the ring must not be empty. */
static struct record_batch *take_oldest(struct exporter *exporter)
{
	struct record_batch *batch = exporter->ring[exporter->first];

	exporter->first = (exporter->first + 1) % exporter->capacity;
	exporter->count--;
	return batch;
}

static void add_outcome(struct exporter *exporter, const struct export_outcome *outcome)
{
	struct exporter_stats *stats = &exporter->stats;

	assert(outcome->sent + outcome->lost <= stats->queued);
	stats->sent += outcome->sent;
	stats->dropped_error += outcome->lost;
	stats->queued -= outcome->sent + outcome->lost;
	if (outcome->error)
		stats->last_error = outcome->error;
	if (outcome->dead)
		stats->dead = 1;
}

static void wake_owner(const struct exporter *exporter)
{
	const uint64_t one = 1;
	ssize_t written;

	if (exporter->wake_fd < 0)
		return;
	do
		written = write(exporter->wake_fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
	/* Any other failure means that the counter is full: the owner will wake anyway. */
}

/* Lets the driver send batch, or flush if it is NULL. The lock must be held; it is released during
 * the call. */
static void run_driver(struct exporter *exporter, const struct record_batch *batch)
{
	struct export_outcome outcome = {0};
	int dead = exporter->stats.dead;

	pthread_mutex_unlock(&exporter->lock);
	if (dead)
		outcome.lost = batch ? batch->count : 0;
	else if (batch)
		exporter->driver->send(exporter->self, batch->records, batch->count,
				       &exporter->stop, &outcome);
	else
		exporter->driver->flush(exporter->self, &exporter->stop, &outcome);
	pthread_mutex_lock(&exporter->lock);
	add_outcome(exporter, &outcome);
	if (outcome.dead)
		wake_owner(exporter); /* never blocks: an eventfd's counter has room */
}

static void *exporter_run(void *arg)
{
	struct exporter *exporter = arg;
	struct record_batch *batch;

	pthread_mutex_lock(&exporter->lock);
	for (;;) {
		while (!exporter->count && !exporter->stopping)
			pthread_cond_wait(&exporter->work, &exporter->lock);
		if (!exporter->count || exporter->stop)
			break;
		batch = take_oldest(exporter);
		run_driver(exporter, batch);
		record_batch_put(batch);
		if (!exporter->count)
			run_driver(exporter, NULL);
	}
	while (exporter->count) {
		batch = take_oldest(exporter);
		exporter->stats.dropped_queue += batch->count;
		exporter->stats.queued -= batch->count;
		record_batch_put(batch);
	}
	if (exporter->stats.queued)
		run_driver(exporter, NULL);
	exporter->stats.dropped_error += exporter->stats.queued;
	exporter->stats.queued = 0;
	pthread_mutex_unlock(&exporter->lock);

	exporter->driver->destroy(exporter->self);

	pthread_mutex_lock(&exporter->lock);
	exporter->done = 1;
	pthread_cond_signal(&exporter->finished);
	pthread_mutex_unlock(&exporter->lock);
	return NULL;
}

/* Signals are the main thread's: the new thread blocks them all. */
static int start_thread(struct exporter *exporter)
{
	char name[THREAD_NAME_BYTES];
	sigset_t all, saved;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	error = pthread_create(&exporter->thread, NULL, exporter_run, exporter);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (error)
		return -error;
	snprintf(name, sizeof(name), "export-%.8s", exporter->driver->kind);
	pthread_setname_np(exporter->thread, name);
	return 0;
}

static void release(struct exporter *exporter)
{
	pthread_cond_destroy(&exporter->finished);
	pthread_cond_destroy(&exporter->work);
	pthread_mutex_destroy(&exporter->lock);
	free(exporter->spec);
	free(exporter);
}

struct exporter *exporter_start_driver(const struct export_driver *driver, const char *spec,
				       const char *target, const struct export_identity *identity,
				       size_t queue_batches, int wake_fd, char *error,
				       size_t error_bytes)
{
	struct exporter *exporter;
	const char *reason = "";
	pthread_condattr_t monotonic;
	int result;

	assert(queue_batches > 0);
	exporter = calloc(1, sizeof(*exporter) + queue_batches * sizeof(exporter->ring[0]));
	if (!exporter) {
		snprintf(error, error_bytes, "export \"%s\": out of memory", spec);
		return NULL;
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&exporter->lock, NULL);
	pthread_cond_init(&exporter->work, NULL);
	pthread_cond_init(&exporter->finished, &monotonic);
	pthread_condattr_destroy(&monotonic);
	exporter->driver = driver;
	exporter->wake_fd = wake_fd;
	exporter->capacity = queue_batches;
	exporter->spec = strdup(spec);
	if (!exporter->spec) {
		snprintf(error, error_bytes, "export \"%s\": out of memory", spec);
		release(exporter);
		return NULL;
	}
	exporter->self = driver->create(target, identity, &reason);
	if (!exporter->self) {
		snprintf(error, error_bytes, "export \"%s\": %s", spec, reason);
		release(exporter);
		return NULL;
	}
	result = start_thread(exporter);
	if (result) {
		snprintf(error, error_bytes, "export \"%s\": cannot start a thread: %s", spec,
			 strerror(-result));
		driver->destroy(exporter->self);
		release(exporter);
		return NULL;
	}
	return exporter;
}

static void list_kinds(char kinds[static KINDS_BYTES])
{
	size_t used = 0;

	kinds[0] = '\0';
	for (size_t i = 0; export_drivers[i] && used < KINDS_BYTES; i++)
		used += snprintf(kinds + used, KINDS_BYTES - used, "%s%s", i ? ", " : "",
				 export_drivers[i]->kind);
}

struct exporter *exporter_start(const char *spec, const struct export_identity *identity,
				size_t queue_batches, int wake_fd, char *error, size_t error_bytes)
{
	const char *colon = strchr(spec, ':');
	size_t kind_bytes = colon ? (size_t)(colon - spec) : strlen(spec);
	char kinds[KINDS_BYTES];

	for (size_t i = 0; export_drivers[i]; i++) {
		if (strlen(export_drivers[i]->kind) != kind_bytes ||
		    memcmp(export_drivers[i]->kind, spec, kind_bytes))
			continue;
		if (!colon) {
			snprintf(error, error_bytes,
				 "export \"%s\": no target; write %s:TARGET, for example "
				 "\"json:-\"",
				 spec, spec);
			return NULL;
		}
		return exporter_start_driver(export_drivers[i], spec, colon + 1, identity,
					     queue_batches, wake_fd, error, error_bytes);
	}
	list_kinds(kinds);
	snprintf(error, error_bytes,
		 "export \"%s\": unknown kind \"%.*s\"; write KIND:TARGET where KIND is one of: %s",
		 spec, (int)kind_bytes, spec, kinds);
	return NULL;
}

void exporter_submit(struct exporter *exporter, struct record_batch *batch)
{
	struct record_batch *dropped = NULL;
	size_t last;

	record_batch_ref(batch);
	pthread_mutex_lock(&exporter->lock);
	if (exporter->count == exporter->capacity) {
		dropped = take_oldest(exporter);
		exporter->stats.dropped_queue += dropped->count;
		exporter->stats.queued -= dropped->count;
	}
	last = (exporter->first + exporter->count) % exporter->capacity;
	exporter->ring[last] = batch;
	exporter->count++;
	exporter->stats.submitted += batch->count;
	exporter->stats.queued += batch->count;
	pthread_cond_signal(&exporter->work);
	pthread_mutex_unlock(&exporter->lock);
	if (dropped)
		record_batch_put(dropped);
}

void exporter_get_stats(struct exporter *exporter, struct exporter_stats *stats)
{
	pthread_mutex_lock(&exporter->lock);
	*stats = exporter->stats;
	pthread_mutex_unlock(&exporter->lock);
}

const char *exporter_spec(const struct exporter *exporter)
{
	return exporter->spec;
}

void exporter_stop(struct exporter *exporter, uint64_t deadline_ns)
{
	const struct timespec deadline = {
		.tv_sec = (time_t)(deadline_ns / NS_PER_S),
		.tv_nsec = (long)(deadline_ns % NS_PER_S),
	};

	if (exporter->stopped)
		return;
	pthread_mutex_lock(&exporter->lock);
	exporter->stopping = 1;
	pthread_cond_signal(&exporter->work);
	while (!exporter->done && !exporter->stop)
		if (pthread_cond_timedwait(&exporter->finished, &exporter->lock, &deadline) ==
		    ETIMEDOUT)
			exporter->stop = 1;
	pthread_mutex_unlock(&exporter->lock);
	pthread_join(exporter->thread, NULL);
	exporter->stopped = 1;
}

void exporter_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	exporter_stop(exporter, 0);
	release(exporter);
}
