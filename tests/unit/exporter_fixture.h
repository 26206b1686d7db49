/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A driver that does what the test says: waits for a permit before each send, and then sends, fails,
 * keeps, dies, or stalls until it is stopped; and notes every call with what it was told.
 *
 * No test sleeps; they wait for the driver to be where they want it, and an alarm ends a test that
 * would wait for ever.
 */
#ifndef FLOWPROBE_EXPORTER_FIXTURE_H
#define FLOWPROBE_EXPORTER_FIXTURE_H

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/exporter.h"
#include "lib/clock.h"

#define PERMITS_UNLIMITED UINT64_MAX
#define FAKES 2
#define SEEN_MAX 4096
#define CALLS_MAX 64
#define HANG_SECONDS 120

enum fake_behaviour {
	FAKE_SENDS,
	FAKE_FAILS,
	FAKE_KEEPS_UNTIL_FLUSH,
	FAKE_KEEPS_UNTIL_TICK,
	FAKE_KEEPS_FOR_EVER,
	FAKE_CANNOT,
	FAKE_DIES,
	FAKE_STALLS,
	FAKE_STALLS_AND_KEEPS,
};

enum fake_call_kind { CALL_SEND, CALL_FLUSH, CALL_TICK };

/* A call, and what the driver was told when it began. */
struct fake_call {
	enum fake_call_kind kind;
	int stopping;
	int last;
	uint64_t backlog;
	struct export_count lost;
	uint64_t first_lost_ns;
	uint64_t last_lost_ns;
};

/* State of one fake driver; the test looks at it with the lock held. */
struct fake {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum fake_behaviour behaviour;
	uint64_t permits; /* sends still allowed */
	int in_send;
	int holds_flush; /* the test has it wait in flush */
	int in_flush;
	_Atomic uint64_t tick_ns;
	unsigned int sends, flushes, ticks, destroys;
	unsigned int call_count;
	struct fake_call calls[CALLS_MAX];
	uint64_t records; /* taken */
	struct export_count lost_now; /* what was known to be lost at the end of the latest send */
	uint64_t last_lost_ns;
	struct export_count kept;
	uint64_t last_id;
	int out_of_order;
	uint64_t seen[SEEN_MAX]; /* first id of each send */
	pthread_t thread;
	sigset_t mask;
	char thread_name[16];
};

static struct fake fakes[FAKES];
static struct export_identity identity = {.host = "test", .sampling_interval = 1};

static inline void *fake_create(const struct export_settings *settings,
				const struct export_identity *given, char *error,
				size_t error_bytes)
{
	const char *target = settings->target;

	if (given != &identity || *target < '0' || *target >= '0' + FAKES) {
		snprintf(error, error_bytes, "no such fake; write fake:0");
		return NULL;
	}
	return &fakes[*target - '0'];
}

static inline void lose(struct export_outcome *outcome, const struct flow_record *records,
			size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		export_count_record(&outcome->lost, &records[i]);
	outcome->error = error;
}

static inline void send_all(struct export_outcome *outcome, const struct flow_record *records,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		export_count_record(&outcome->sent, &records[i]);
}

static inline void note_call(struct fake *fake, enum fake_call_kind kind,
			     const struct export_control *control)
{
	fake->calls[fake->call_count++ % CALLS_MAX] = (struct fake_call){
		.kind = kind,
		.stopping = control->stopping,
		.last = control->last,
		.backlog = control->backlog,
		.lost = control->lost,
		.first_lost_ns = control->first_lost_ns,
		.last_lost_ns = control->last_lost_ns,
	};
}

static inline void fake_send(void *self, const struct flow_record *records, size_t count,
			     struct export_control *control)
{
	struct export_outcome *outcome = &control->outcome;
	struct fake *fake = self;

	pthread_mutex_lock(&fake->lock);
	note_call(fake, CALL_SEND, control);
	fake->thread = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &fake->mask);
	pthread_getname_np(pthread_self(), fake->thread_name, sizeof(fake->thread_name));
	fake->in_send = 1;
	pthread_cond_broadcast(&fake->changed);
	while (!fake->permits)
		pthread_cond_wait(&fake->changed, &fake->lock);
	if (fake->permits != PERMITS_UNLIMITED)
		fake->permits--;
	if (fake->behaviour >= FAKE_STALLS) {
		pthread_mutex_unlock(&fake->lock);
		while (!control->over)
			sched_yield();
		pthread_mutex_lock(&fake->lock);
	}
	for (size_t i = 0; i < count; i++) {
		fake->out_of_order |= records[i].id <= fake->last_id;
		fake->last_id = records[i].id;
	}
	fake->seen[fake->sends++ % SEEN_MAX] = records[0].id;
	fake->records += count;
	switch (fake->behaviour) {
	case FAKE_SENDS:
		send_all(outcome, records, count);
		break;
	case FAKE_FAILS:
		lose(outcome, records, count, -EIO);
		break;
	case FAKE_KEEPS_UNTIL_FLUSH:
	case FAKE_KEEPS_UNTIL_TICK:
	case FAKE_KEEPS_FOR_EVER:
	case FAKE_STALLS_AND_KEEPS:
		for (size_t i = 0; i < count; i++)
			export_count_record(&fake->kept, &records[i]);
		break;
	case FAKE_CANNOT:
		for (size_t i = 0; i < count; i++)
			export_count_record(&outcome->unsupported, &records[i]);
		break;
	case FAKE_DIES:
		lose(outcome, records, count, -EPIPE);
		outcome->dead = 1;
		break;
	case FAKE_STALLS:
		lose(outcome, records, count, -ECANCELED);
		break;
	}
	export_update_lost(control);
	fake->lost_now = control->lost;
	fake->last_lost_ns = control->last_lost_ns;
	fake->in_send = 0;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static inline void send_kept(struct fake *fake, struct export_outcome *outcome)
{
	outcome->sent = fake->kept;
	fake->kept = (struct export_count){0};
}

static inline void fake_flush(void *self, struct export_control *control)
{
	struct fake *fake = self;

	pthread_mutex_lock(&fake->lock);
	note_call(fake, CALL_FLUSH, control);
	fake->in_flush = 1;
	pthread_cond_broadcast(&fake->changed);
	while (fake->holds_flush)
		pthread_cond_wait(&fake->changed, &fake->lock);
	fake->in_flush = 0;
	fake->flushes++;
	if (fake->behaviour != FAKE_KEEPS_FOR_EVER && fake->behaviour != FAKE_KEEPS_UNTIL_TICK)
		send_kept(fake, &control->outcome);
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static inline uint64_t fake_next_ns(const void *self)
{
	const struct fake *fake = self;

	return fake->tick_ns;
}

static inline void fake_tick(void *self, struct export_control *control)
{
	struct fake *fake = self;

	pthread_mutex_lock(&fake->lock);
	note_call(fake, CALL_TICK, control);
	fake->ticks++;
	fake->tick_ns = UINT64_MAX;
	if (fake->behaviour == FAKE_KEEPS_UNTIL_TICK)
		send_kept(fake, &control->outcome);
	control->outcome.dead = fake->behaviour == FAKE_DIES;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static inline void fake_destroy(void *self)
{
	struct fake *fake = self;

	pthread_mutex_lock(&fake->lock);
	fake->destroys++;
	fake->out_of_order |= fake->sends && !pthread_equal(fake->thread, pthread_self());
	pthread_mutex_unlock(&fake->lock);
}

static const struct export_driver fake_driver = {
	.kind = "fake",
	.create = fake_create,
	.send = fake_send,
	.flush = fake_flush,
	.next_ns = fake_next_ns,
	.tick = fake_tick,
	.destroy = fake_destroy,
};

static inline struct exporter *start_ticking_fake(int index, enum fake_behaviour behaviour,
						  uint64_t permits, size_t queue_batches,
						  int wake_fd, uint64_t tick_ns)
{
	static const struct export_settings settings[FAKES] = {
		{.name = "fake zero", .type = "fake", .target = "0"},
		{.name = "fake one", .type = "fake", .target = "1"},
	};
	struct fake *fake = &fakes[index];
	struct exporter *exporter;
	char error[256] = "";

	memset(fake, 0, sizeof(*fake));
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake->behaviour = behaviour;
	fake->permits = permits;
	fake->tick_ns = tick_ns;
	exporter = exporter_start_driver(&fake_driver, &settings[index], &identity, queue_batches,
					 wake_fd, error, sizeof(error));
	assert_non_null(exporter);
	assert_string_equal(error, "");
	return exporter;
}

static inline struct exporter *start_fake(int index, enum fake_behaviour behaviour,
					  uint64_t permits, size_t queue_batches, int wake_fd)
{
	return start_ticking_fake(index, behaviour, permits, queue_batches, wake_fd, UINT64_MAX);
}

static inline void permit(struct fake *fake, uint64_t permits)
{
	pthread_mutex_lock(&fake->lock);
	fake->permits = permits;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static inline void wait_for_send(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	while (!fake->in_send)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
}

/* Has the next flush wait, or lets it go on. */
static inline void hold_flush(struct fake *fake, int hold)
{
	pthread_mutex_lock(&fake->lock);
	fake->holds_flush = hold;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static inline void wait_for_flush(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	while (!fake->in_flush)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
}

static inline void wait_for_ticks(struct fake *fake, unsigned int ticks)
{
	pthread_mutex_lock(&fake->lock);
	while (fake->ticks < ticks)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
}

static inline void wait_for_flushes(struct fake *fake, unsigned int flushes)
{
	pthread_mutex_lock(&fake->lock);
	while (fake->flushes < flushes)
		pthread_cond_wait(&fake->changed, &fake->lock);
	pthread_mutex_unlock(&fake->lock);
}

static inline void fill_batch(struct record_batch *batch, uint64_t first, size_t count)
{
	for (size_t i = 0; i < count; i++)
		record_batch_add(
			batch, &(struct flow_record){.id = first + i, .packets = 2, .octets = 100});
}

/* A batch of `count` records with ids first, first + 1, ... */
static inline struct record_batch *make_batch(struct record_pool *pool, uint64_t first,
					      size_t count)
{
	struct record_batch *batch = record_pool_get(pool);

	assert_non_null(batch);
	for (size_t i = 0; i < count; i++)
		record_batch_add(
			batch, &(struct flow_record){.id = first + i, .packets = 2, .octets = 100});
	return batch;
}

static inline void submit(struct exporter *exporter, struct record_pool *pool, uint64_t first,
			  size_t count)
{
	struct record_batch *batch = make_batch(pool, first, count);

	exporter_submit(exporter, batch);
	record_batch_put(batch);
}

/* Of records as make_batch makes them. */
static inline void expect_count(const struct export_count *count, uint64_t records)
{
	assert_int_equal(count->records, records);
	assert_int_equal(count->packets, 2 * records);
	assert_int_equal(count->octets, 100 * records);
}

static inline void expect_stats(struct exporter *exporter, uint64_t submitted, uint64_t sent,
				uint64_t dropped_queue, uint64_t dropped_error, uint64_t queued)
{
	struct exporter_stats stats;

	exporter_get_stats(exporter, &stats);
	expect_count(&stats.submitted, submitted);
	expect_count(&stats.sent, sent);
	expect_count(&stats.dropped_queue, dropped_queue);
	expect_count(&stats.dropped_error, dropped_error);
	expect_count(&stats.queued, queued);
}

static inline void wait_for_queued(struct exporter *exporter, uint64_t queued)
{
	struct exporter_stats stats;

	do {
		sched_yield();
		exporter_get_stats(exporter, &stats);
	} while (stats.queued.records != queued);
}

static inline uint64_t far_deadline(void)
{
	return clock_monotonic_ns() + HANG_SECONDS * NS_PER_S;
}

#endif
