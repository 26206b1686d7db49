// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode -> export: the thread and the bounded queue of one destination, see exporter.h.
 *
 *	capture thread: submit -> [ring of slices] -> exporter thread: driver->send, flush, ...
 *
 * The queue is a ring of slices of shared batches, sized at start. What comes of the batch that the
 * newest slice is of makes that slice longer; so a slot is spent on a whole batch, and how much an
 * outage costs does not depend on how few records each harvest yields. (Rejected: to copy small
 * batches together, which would need batches of each queue's own.) A full ring gives up its oldest
 * slice: when a destination cannot keep up, recent flows are worth more than old ones.
 *
 * One lock guards the ring and the statistics, and it is never held across a call of the driver, so
 * submitting waits for a few instructions at most. Every record is moved from one counter to
 * another under that lock (ledger.h), which is why the balance in exporter_stats holds at every
 * moment and not only at the end. Records that the driver keeps in its buffers count as queued until
 * it says what became of them.
 *
 * The driver is called when the ring is filled and told to flush whenever the ring has run empty,
 * so a quiet host's record leaves at once, and a busy host's buffers leave when they are full. A
 * driver that has something to do at other times too says when.
 *
 * control.over (for the driver: give up waiting) is set only when the deadline of exporter_stop
 * passes; until then a slow destination still gets everything. A dead destination is not called
 * again; its thread stays and counts what is submitted as lost, so that submitting has no special
 * case.
 */
#include "export/exporter.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

#define THREAD_NAME_BYTES 16 /* what the kernel keeps */
#define KINDS_BYTES 128
#define ERROR_BYTES 512

struct exporter {
	const struct export_driver *driver;
	void *self; /* the driver's; the thread's own after start */
	const struct export_settings *settings; /* borrowed, like identity */
	const struct export_identity *identity;
	int wake_fd;
	int started; /* there is a thread; owner's thread only, like the next */
	int stopped; /* it is joined */
	pthread_t thread;
	struct export_control control; /* the thread's own, but stopping and over */

	pthread_mutex_t lock; /* all below */
	pthread_cond_t work; /* the ring has something, or stopping */
	pthread_cond_t finished;
	struct ledger ledger;
	int done; /* the thread is about to end */
	uint64_t waiting; /* records in the ring */
	size_t capacity;
	size_t first;
	size_t count;
	struct record_slice ring[]; /* each of another batch */
};

/* The lock must be held; the ring must not be empty. The caller puts the batch. */
static struct record_slice take_oldest(struct exporter *exporter)
{
	struct record_slice slice = exporter->ring[exporter->first];

	exporter->first = (exporter->first + 1) % exporter->capacity;
	exporter->count--;
	exporter->waiting -= slice.count.records;
	return slice;
}

/* As take_oldest. */
static struct record_batch *drop_oldest(struct exporter *exporter)
{
	struct record_slice slice = take_oldest(exporter);

	ledger_drop(&exporter->ledger, &slice.count);
	return slice.batch;
}

static void drop_all(struct exporter *exporter)
{
	while (exporter->count)
		record_batch_put(drop_oldest(exporter));
}

static struct exporter *exporter_of(struct export_control *control)
{
	return (struct exporter *)((char *)control - offsetof(struct exporter, control));
}

/* On the exporter's thread, in the middle of a call of the driver; like the next. */
static void take_condition(struct export_control *control)
{
	struct exporter *exporter = exporter_of(control);

	pthread_mutex_lock(&exporter->lock);
	ledger_note_condition(&exporter->ledger, &control->condition);
	pthread_mutex_unlock(&exporter->lock);
}

/* The lock must be held. */
static void update_lost(struct exporter *exporter)
{
	struct export_control *control = &exporter->control;

	control->lost = ledger_count_lost(&exporter->ledger, &control->outcome);
	control->first_lost_ns = exporter->ledger.first_lost_ns;
	control->last_lost_ns = exporter->ledger.last_lost_ns;
}

static void give_lost(struct export_control *control)
{
	struct exporter *exporter = exporter_of(control);

	pthread_mutex_lock(&exporter->lock);
	update_lost(exporter);
	pthread_mutex_unlock(&exporter->lock);
}

/* Never blocks: the counter of an eventfd has room, or its reader is to wake anyway. */
static void wake(int event_fd)
{
	const uint64_t one = 1;
	ssize_t written;

	if (event_fd < 0)
		return;
	do
		written = write(event_fd, &one, sizeof(one));
	while (written < 0 && errno == EINTR);
}

enum driver_call { DRIVER_SEND, DRIVER_FLUSH, DRIVER_TICK, DRIVER_LAST_FLUSH };

static void prepare_control(struct exporter *exporter, enum driver_call call)
{
	struct export_control *control = &exporter->control;

	control->outcome = (struct export_outcome){0};
	control->last = call == DRIVER_LAST_FLUSH;
	control->backlog = exporter->waiting;
	update_lost(exporter);
}

/* The lock must be held; it is released during the call. slice is NULL unless it is to be sent. */
static void run_driver(struct exporter *exporter, enum driver_call call,
		       const struct record_slice *slice)
{
	struct export_control *control = &exporter->control;

	prepare_control(exporter, call);
	if (exporter->ledger.stats.dead) {
		if (slice)
			control->outcome.lost = slice->count;
	} else {
		pthread_mutex_unlock(&exporter->lock);
		export_end_waiting(control);
		if (call == DRIVER_SEND)
			exporter->driver->send(exporter->self, slice->records, slice->count.records,
					       control);
		else if (call == DRIVER_TICK)
			exporter->driver->tick(exporter->self, control);
		else
			exporter->driver->flush(exporter->self, control);
		export_begin_waiting(control);
		pthread_mutex_lock(&exporter->lock);
	}
	ledger_settle(&exporter->ledger, &control->outcome);
	if (control->outcome.dead)
		wake(exporter->wake_fd);
}

static uint64_t next_tick_ns(const struct exporter *exporter)
{
	if (!exporter->driver->next_ns || exporter->ledger.stats.dead)
		return UINT64_MAX;
	return exporter->driver->next_ns(exporter->self);
}

static struct timespec to_timespec(uint64_t time_ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(time_ns / NS_PER_S),
		.tv_nsec = (long)(time_ns % NS_PER_S),
	};
}

/* Waits, with the lock, for records or the end. 0: the time of the driver's tick has come. */
static int wait_for_work(struct exporter *exporter)
{
	uint64_t tick_ns = next_tick_ns(exporter);
	struct timespec deadline = to_timespec(tick_ns);

	while (!exporter->count && !exporter->control.stopping) {
		if (tick_ns == UINT64_MAX)
			pthread_cond_wait(&exporter->work, &exporter->lock);
		else if (pthread_cond_timedwait(&exporter->work, &exporter->lock, &deadline) ==
			 ETIMEDOUT)
			return 0;
	}
	return 1;
}

static void send_oldest(struct exporter *exporter)
{
	struct record_slice slice = take_oldest(exporter);

	run_driver(exporter, DRIVER_SEND, &slice);
	record_batch_put(slice.batch);
	if (!exporter->count && !exporter->control.stopping)
		run_driver(exporter, DRIVER_FLUSH, NULL);
}

static void *exporter_run(void *arg)
{
	struct exporter *exporter = arg;

	pthread_mutex_lock(&exporter->lock);
	while (!exporter->control.over) {
		if (!wait_for_work(exporter))
			run_driver(exporter, DRIVER_TICK, NULL);
		else if (exporter->count)
			send_oldest(exporter);
		else
			break;
	}
	drop_all(exporter);
	run_driver(exporter, DRIVER_LAST_FLUSH, NULL);
	/* What the driver still has, against the rules, or because it is dead. */
	ledger_close(&exporter->ledger);
	pthread_mutex_unlock(&exporter->lock);

	exporter->driver->destroy(exporter->self);

	pthread_mutex_lock(&exporter->lock);
	exporter->done = 1;
	pthread_cond_signal(&exporter->finished);
	pthread_mutex_unlock(&exporter->lock);
	wake(exporter->wake_fd);
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
	if (exporter->control.wake_fd >= 0)
		close(exporter->control.wake_fd);
	free(exporter);
}

static struct exporter *allocate(const struct export_driver *driver,
				 const struct export_settings *settings,
				 const struct export_identity *identity, size_t queue_batches,
				 int wake_fd)
{
	struct exporter *exporter;
	pthread_condattr_t monotonic;

	assert(queue_batches > 0);
	exporter = calloc(1, sizeof(*exporter) + queue_batches * sizeof(exporter->ring[0]));
	if (!exporter)
		return NULL;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&exporter->lock, NULL);
	pthread_cond_init(&exporter->work, &monotonic);
	pthread_cond_init(&exporter->finished, &monotonic);
	pthread_condattr_destroy(&monotonic);
	exporter->driver = driver;
	exporter->settings = settings;
	exporter->identity = identity;
	exporter->wake_fd = wake_fd;
	exporter->capacity = queue_batches;
	exporter->control.told = take_condition;
	exporter->control.give_lost = give_lost;
	exporter->control.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (exporter->control.wake_fd < 0) {
		release(exporter);
		return NULL;
	}
	return exporter;
}

int exporter_go(struct exporter *exporter, char *error, size_t error_bytes)
{
	const struct export_settings *settings = exporter->settings;
	char reason[ERROR_BYTES] = "";
	int err;

	exporter->self =
		exporter->driver->create(settings, exporter->identity, reason, sizeof(reason));
	if (!exporter->self) {
		snprintf(error, error_bytes, "export %s: %s", settings->name, reason);
		return -1;
	}
	err = start_thread(exporter);
	if (err) {
		snprintf(error, error_bytes, "export %s: cannot start a thread: %s", settings->name,
			 strerror(-err));
		exporter->driver->destroy(exporter->self);
		return -1;
	}
	exporter->started = 1;
	return 0;
}

struct exporter *exporter_start_driver(const struct export_driver *driver,
				       const struct export_settings *settings,
				       const struct export_identity *identity, size_t queue_batches,
				       int wake_fd, char *error, size_t error_bytes)
{
	struct exporter *exporter = allocate(driver, settings, identity, queue_batches, wake_fd);

	if (!exporter) {
		snprintf(error, error_bytes, "export %s: out of memory or files", settings->name);
		return NULL;
	}
	if (!exporter_go(exporter, error, error_bytes))
		return exporter;
	release(exporter);
	return NULL;
}

static void list_kinds(char kinds[static KINDS_BYTES])
{
	size_t used = 0;

	kinds[0] = '\0';
	for (size_t i = 0; export_drivers[i] && used < KINDS_BYTES; i++)
		used += snprintf(kinds + used, KINDS_BYTES - used, "%s%s", i ? ", " : "",
				 export_drivers[i]->kind);
}

struct exporter *exporter_new(const struct export_settings *settings,
			      const struct export_identity *identity, size_t queue_batches,
			      int wake_fd, char *error, size_t error_bytes)
{
	struct exporter *exporter;
	char kinds[KINDS_BYTES];

	for (size_t i = 0; export_drivers[i]; i++) {
		if (strcmp(export_drivers[i]->kind, settings->type) != 0)
			continue;
		exporter = allocate(export_drivers[i], settings, identity, queue_batches, wake_fd);
		if (!exporter)
			snprintf(error, error_bytes, "export %s: out of memory or files",
				 settings->name);
		return exporter;
	}
	list_kinds(kinds);
	snprintf(error, error_bytes, "export %s: unknown kind \"%s\"; known are: %s",
		 settings->name, settings->type, kinds);
	return NULL;
}

struct exporter *exporter_start(const struct export_settings *settings,
				const struct export_identity *identity, size_t queue_batches,
				int wake_fd, char *error, size_t error_bytes)
{
	struct exporter *exporter =
		exporter_new(settings, identity, queue_batches, wake_fd, error, error_bytes);

	if (!exporter || !exporter_go(exporter, error, error_bytes))
		return exporter;
	release(exporter);
	return NULL;
}

/* Makes the newest slice longer if this is what follows in its batch: 1; else 0. The lock must be
 * held. */
static int extend_newest(struct exporter *exporter, const struct record_slice *added)
{
	size_t last = (exporter->first + exporter->count - 1) % exporter->capacity;
	struct record_slice *newest = &exporter->ring[last];

	if (!exporter->count || newest->batch != added->batch ||
	    newest->records + newest->count.records != added->records)
		return 0;
	export_count_add(&newest->count, &added->count);
	return 1;
}

/* The lock must be held. What had to make room for it, or NULL; the caller puts that. */
static struct record_batch *append(struct exporter *exporter, const struct record_slice *added)
{
	struct record_batch *dropped = NULL;

	if (exporter->count == exporter->capacity)
		dropped = drop_oldest(exporter);
	record_batch_ref(added->batch);
	exporter->ring[(exporter->first + exporter->count++) % exporter->capacity] = *added;
	return dropped;
}

void exporter_submit(struct exporter *exporter, struct record_batch *batch)
{
	const struct record_slice added = record_batch_added(batch);
	struct record_batch *dropped = NULL;

	if (!added.count.records)
		return;
	pthread_mutex_lock(&exporter->lock);
	if (!extend_newest(exporter, &added))
		dropped = append(exporter, &added);
	exporter->waiting += added.count.records;
	ledger_submit(&exporter->ledger, &added.count);
	pthread_cond_signal(&exporter->work);
	pthread_mutex_unlock(&exporter->lock);
	if (dropped)
		record_batch_put(dropped);
}

void exporter_renew(struct exporter *exporter)
{
	exporter->control.renew = 1;
}

int exporter_is_stuck(const struct exporter *exporter, uint64_t longest_ns)
{
	uint64_t since_ns = exporter->control.busy_since_ns;

	return since_ns && clock_monotonic_ns() - since_ns > longest_ns;
}

void exporter_get_stats(struct exporter *exporter, struct exporter_stats *stats)
{
	pthread_mutex_lock(&exporter->lock);
	*stats = exporter->ledger.stats;
	pthread_mutex_unlock(&exporter->lock);
}

const char *exporter_name(const struct exporter *exporter)
{
	return exporter->settings->name;
}

void exporter_begin_stop(struct exporter *exporter)
{
	pthread_mutex_lock(&exporter->lock);
	exporter->control.stopping = 1;
	pthread_cond_signal(&exporter->work);
	pthread_mutex_unlock(&exporter->lock);
	wake(exporter->control.wake_fd);
}

int exporter_is_done(struct exporter *exporter)
{
	int done;

	pthread_mutex_lock(&exporter->lock);
	done = exporter->done || !exporter->started;
	pthread_mutex_unlock(&exporter->lock);
	return done;
}

static void join_thread(struct exporter *exporter, uint64_t deadline_ns)
{
	const struct timespec deadline = to_timespec(deadline_ns);

	exporter_begin_stop(exporter);
	pthread_mutex_lock(&exporter->lock);
	while (!exporter->done && !exporter->control.over)
		if (pthread_cond_timedwait(&exporter->finished, &exporter->lock, &deadline) ==
		    ETIMEDOUT)
			exporter->control.over = 1;
	pthread_mutex_unlock(&exporter->lock);
	wake(exporter->control.wake_fd);
	pthread_join(exporter->thread, NULL);
}

void exporter_stop(struct exporter *exporter, uint64_t deadline_ns)
{
	if (exporter->stopped)
		return;
	exporter->stopped = 1;
	if (exporter->started)
		join_thread(exporter, deadline_ns);
	else
		drop_all(exporter);
}

void exporter_free(struct exporter *exporter)
{
	if (!exporter)
		return;
	exporter_stop(exporter, 0);
	release(exporter);
}
