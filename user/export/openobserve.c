// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: flow records to OpenObserve.
 *
 *	records -> batch being filled -> outgoing batch -> server
 *	                             \-> spool on disk -/
 *
 * Records are collected until there are enough, or the flush interval is over. While the server
 * answers, a batch is sent at once and nothing touches the disk. When it does not, the batch is tried
 * again, longer apart each time, and the exporter's queue holds what comes meanwhile. After
 * spool_after, or when the agent is to stop, batches go to the spool instead, if there is one, and
 * from then on all do until it is empty, so that their order stays; it is emptied from the front.
 * Without a spool, or while its disk is full, we go on trying, and the queue drops its oldest; at a
 * stop more often, because what memory holds then is lost at the deadline.
 *
 * A batch stays the outgoing one until each of its records is accepted, refused or given up. If it
 * came from the spool its file is removed only then: a crash in between sends some records twice,
 * which their flow_id shows.
 *
 * How a batch is sent, and what follows from an answer, is o2_sender.c's business; here is which batch
 * goes where.
 */
#include "export/openobserve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/check.h"
#include "export/json_batch.h"
#include "export/o2_client.h"
#include "export/o2_sender.h"
#include "export/spool.h"
#include "lib/clock.h"
#include "lib/log.h"

#define REPLAY_NS NS_PER_S /* how long the spool is emptied before new records get a turn */
#define REPLAY_BATCHES 4 /* as many from the spool for each that goes in */
#define DISK_AGAIN_NS (5 * NS_PER_S) /* until a disk that was full is tried once more */
/* For how long requests are begun at a stop to empty the spool. The last takes O2_PATIENCE_NS at most,
 * like the one that the stop may have come in; the deadline of 10 s must not cut off either, or the
 * server has records that the next process sends again. */
#define LAST_REPLAY_NS (5 * NS_PER_S)
#define LAST_TRIES_NS NS_PER_S /* between attempts with what only memory holds, at a stop */

struct openobserve {
	const struct export_settings *settings;
	struct o2_client *client;
	struct compressor *compressor;
	struct json_context context;

	struct json_batch filling;
	uint64_t filling_since_ns; /* when its first record came */

	struct o2_sender sender; /* its batch is the outgoing one */
	int outgoing_is_spooled; /* it is the oldest of the spool */
	uint64_t stopping_since_ns; /* when it was seen; 0: it was not */

	struct spool *spool; /* NULL: none */
	int announced; /* what the spool held at the start was reported */
	struct log_limit spool_warning;
};

/* --- the spool --- */

static int has_spooled(const struct openobserve *o2)
{
	return o2->spool && !spool_is_empty(o2->spool);
}

static void tell_spool(const struct openobserve *o2, struct export_control *control)
{
	if (o2->spool)
		export_tell_spool(control, spool_count(o2->spool), spool_bytes(o2->spool));
}

/* What an earlier process has left is ours from now on. */
static void announce_spool(struct openobserve *o2, struct export_control *control)
{
	const struct export_count *count;

	if (o2->announced || !o2->spool)
		return;
	o2->announced = 1;
	count = spool_count(o2->spool);
	export_count_add(&control->outcome.recovered, count);
	tell_spool(o2, control);
	if (count->records)
		log_info("export %s: %" PRIu64 " records of an earlier run are in the spool and "
			 "go first",
			 o2->settings->name, count->records);
}

/* --- the outgoing batch --- */

static void clear_outgoing(struct openobserve *o2)
{
	o2_sender_clear(&o2->sender);
	o2->outgoing_is_spooled = 0;
}

/* All of it is done with. */
static void finish_outgoing(struct openobserve *o2, struct export_control *control)
{
	if (o2->outgoing_is_spooled) {
		spool_remove(o2->spool);
		tell_spool(o2, control);
	}
	clear_outgoing(o2);
}

static void lose_outgoing(struct openobserve *o2, const char *reason,
			  struct export_control *control)
{
	struct export_count rest = o2_sender_rest(&o2->sender);

	o2_sender_lose(&o2->sender, &control->outcome.lost, &rest, -EIO, reason, control);
	finish_outgoing(o2, control);
}

/* One request with it, or with part of it. While the spool is in use the thread is needed there. */
static enum o2_progress advance(struct openobserve *o2, struct export_control *control)
{
	int is_probe = o2->spool && (o2->sender.failures || o2->outgoing_is_spooled);
	enum o2_progress progress = o2_sender_advance(&o2->sender, is_probe, control);

	if (!o2_sender_has_batch(&o2->sender))
		finish_outgoing(o2, control);
	return progress;
}

/* --- onto the disk --- */

/* What made room in the spool was its oldest batches, and of these the first may be the outgoing
 * one: what of it has arrived is not lost. */
static void lose_oldest(struct openobserve *o2, struct export_count *dropped,
			struct export_control *control)
{
	struct export_count done, rest;

	if (o2->outgoing_is_spooled) {
		done = o2->sender.batch.count;
		rest = o2_sender_rest(&o2->sender);
		export_count_subtract(&done, &rest);
		export_count_subtract(dropped, &done);
		clear_outgoing(o2);
	}
	o2_sender_lose(&o2->sender, &control->outcome.spool_full, dropped, -ENOSPC,
		       "the spool is full, see spool_max_bytes", control);
}

/* Puts the rest of the batch on the disk. 0: it could not be done, and the batch is still there. */
static int spool_batch(struct openobserve *o2, struct json_batch *batch, size_t offset,
		       const struct export_count *count, struct export_control *control)
{
	struct export_count dropped = {0};
	const char *packed;
	size_t bytes;
	int err;

	if (!o2->spool)
		return 0;
	err = compressor_pack(o2->compressor, batch->text + offset, batch->bytes - offset, &packed,
			      &bytes);
	if (!err)
		err = spool_add(o2->spool, packed, bytes, count, &dropped);
	if (dropped.records)
		lose_oldest(o2, &dropped, control);
	tell_spool(o2, control);
	if (err) {
		log_warning_limited(&o2->spool_warning,
				    "export %s: cannot write to the spool: %s; records wait in "
				    "memory",
				    o2->settings->name, strerror(-err));
		return 0;
	}
	return 1;
}

/* --- order --- */

/* Takes the oldest batch of the spool as the outgoing one. 0: there is none that can be read, now. */
static int take_spooled(struct openobserve *o2, struct export_control *control)
{
	struct export_count count;
	char *packed;
	size_t bytes;
	int err;

	while (has_spooled(o2)) {
		err = spool_read(o2->spool, &packed, &bytes, &count);
		if (!err) {
			err = json_batch_unpack(&o2->sender.batch, packed, bytes, &count);
			free(packed);
		}
		if (!err) {
			o2->outgoing_is_spooled = 1;
			return 1;
		}
		o2_sender_clear(&o2->sender);
		if (err == -ENOMEM || err == -EAGAIN) {
			o2_sender_back_off(&o2->sender, 0,
					   "no memory or no file descriptor to read the spool",
					   control);
			return 0;
		}
		spool_remove(o2->spool);
		tell_spool(o2, control);
		o2_sender_lose(&o2->sender, &control->outcome.lost, &count, err,
			       "a batch in the spool cannot be read", control);
	}
	return 0;
}

/* Empties the spool from the front, for a while: until_ns is when no more requests are begun. */
static void replay(struct openobserve *o2, unsigned int batches, uint64_t until_ns,
		   struct export_control *control)
{
	while (!control->over && clock_monotonic_ns() >= o2->sender.next_attempt_ns &&
	       clock_monotonic_ns() < until_ns) {
		if (!o2_sender_has_batch(&o2->sender)) {
			if (!batches-- || !take_spooled(o2, control))
				return;
		}
		if (advance(o2, control) != O2_PROGRESS)
			return;
	}
}

/* When the agent is to end, the wait for the next attempt is over, however long the server wanted it
 * to be: after the deadline there is none. */
static void look_for_stop(struct openobserve *o2, const struct export_control *control)
{
	if (!control->stopping || o2->stopping_since_ns)
		return;
	o2->stopping_since_ns = clock_monotonic_ns();
	o2->sender.next_attempt_ns = 0;
}

/* The agent is to end for some time now: however well the server does, the disk is safer. */
static int is_in_a_hurry(const struct openobserve *o2)
{
	return o2->stopping_since_ns &&
	       clock_monotonic_ns() >= o2->stopping_since_ns + O2_PATIENCE_NS;
}

/* Waits for the time of the next attempt, but not longer than until_ns. */
static void wait_for_attempt(struct openobserve *o2, uint64_t until_ns,
			     struct export_control *control)
{
	uint64_t *next_ns = &o2->sender.next_attempt_ns, now_ns = clock_monotonic_ns();

	if (control->stopping && *next_ns > now_ns + LAST_TRIES_NS)
		*next_ns = now_ns + LAST_TRIES_NS;
	if (now_ns < *next_ns)
		export_wait(control, -1, 0, until_ns < *next_ns ? until_ns : *next_ns);
}

/* The server has been away for long enough, or there will be no other chance. */
static int should_spool(const struct openobserve *o2, const struct export_control *control)
{
	if (!o2->spool)
		return 0;
	if (control->over || (control->stopping && o2->sender.failures) || is_in_a_hurry(o2))
		return 1;
	return o2->sender.failures &&
	       clock_monotonic_ns() - o2->sender.failing_since_ns >= o2->settings->spool_after_ns;
}

/* 0: the disk does not take it. */
static int spool_outgoing(struct openobserve *o2, struct export_control *control)
{
	struct export_count rest = o2_sender_rest(&o2->sender);

	if (!spool_batch(o2, &o2->sender.batch, o2->sender.offset, &rest, control))
		return 0;
	finish_outgoing(o2, control);
	return 1;
}

/* Sends the outgoing batch, which is not from the spool, or puts it there, or loses it. */
static void deliver_outgoing(struct openobserve *o2, struct export_control *control)
{
	uint64_t until_ns; /* when the disk is to be thought of */
	enum o2_progress progress = O2_PROGRESS;

	while (o2_sender_has_batch(&o2->sender)) {
		look_for_stop(o2, control);
		until_ns = UINT64_MAX;
		if (should_spool(o2, control)) {
			if (spool_outgoing(o2, control))
				return;
			until_ns = clock_monotonic_ns() + DISK_AGAIN_NS;
		} else if (o2->spool && o2->sender.failures) {
			until_ns = o2->sender.failing_since_ns + o2->settings->spool_after_ns;
		}
		if (control->over || progress == O2_PROGRESS_OVER) {
			lose_outgoing(o2, "the server was away until the end", control);
			return;
		}
		if (clock_monotonic_ns() < o2->sender.next_attempt_ns)
			wait_for_attempt(o2, until_ns, control);
		else
			progress = advance(o2, control);
	}
}

/* Puts the batch behind those in the spool. While the disk takes nothing, memory has to do. 0: none
 * is before it any more. */
static int queue_behind_spooled(struct openobserve *o2, struct json_batch *batch,
				struct export_control *control)
{
	while (has_spooled(o2)) {
		if (spool_batch(o2, batch, 0, &batch->count, control)) {
			json_batch_clear(batch);
			return 1;
		}
		if (control->over) {
			o2_sender_lose(&o2->sender, &control->outcome.lost, &batch->count, -ENOSPC,
				       "the disk of the spool is full", control);
			json_batch_clear(batch);
			return 1;
		}
		look_for_stop(o2, control);
		wait_for_attempt(o2, clock_monotonic_ns() + DISK_AGAIN_NS, control);
		replay(o2, REPLAY_BATCHES, UINT64_MAX, control);
	}
	return 0;
}

/* The batch that was filled is complete. */
static void dispatch(struct openobserve *o2, struct export_control *control)
{
	struct json_batch *filled = &o2->filling;

	if (!filled->count.records)
		return;
	if (queue_behind_spooled(o2, filled, control)) {
		if (!control->stopping) /* else the queue goes first, and then all that is left */
			replay(o2, REPLAY_BATCHES, UINT64_MAX, control);
		return;
	}
	o2_sender_exchange(&o2->sender, filled);
	deliver_outgoing(o2, control);
}

/* --- the driver --- */

static void openobserve_send(void *self, const struct flow_record *records, size_t count,
			     struct export_control *control)
{
	struct openobserve *o2 = self;

	announce_spool(o2, control);
	o2->context.received_ns = clock_realtime_ns();
	for (size_t i = 0; i < count; i++) {
		if (!o2->filling.count.records)
			o2->filling_since_ns = clock_monotonic_ns();
		if (json_batch_add(&o2->filling, &records[i], &o2->context)) {
			struct export_count one = {0};

			export_count_record(&one, &records[i]);
			o2_sender_lose(&o2->sender, &control->outcome.lost, &one, -ENOMEM,
				       "out of memory", control);
			continue;
		}
		o2->context.sequence_num++;
		if (o2->filling.count.records >= o2->settings->batch_records ||
		    o2->filling.bytes >= o2->settings->batch_bytes)
			dispatch(o2, control);
	}
}

static uint64_t flush_ns(const struct openobserve *o2)
{
	return o2->filling.count.records ? o2->filling_since_ns + o2->settings->flush_interval_ns
					 : UINT64_MAX;
}

/* Part of the oldest batch is done with already: leaves but the rest of it to the next process. */
static void keep_rest(struct openobserve *o2, struct export_control *control)
{
	const struct json_batch *batch = &o2->sender.batch;
	struct export_count rest = o2_sender_rest(&o2->sender), done = batch->count;
	const char *packed;
	size_t bytes;

	/* If it cannot be done, some records are sent twice. */
	if (!compressor_pack(o2->compressor, batch->text + o2->sender.offset,
			     batch->bytes - o2->sender.offset, &packed, &bytes) &&
	    !spool_replace(o2->spool, packed, bytes, &rest)) {
		tell_spool(o2, control);
		return;
	}
	export_count_subtract(&done, &rest);
	export_count_subtract(&control->outcome.kept, &done);
}

static void finish(struct openobserve *o2, struct export_control *control)
{
	look_for_stop(o2, control);
	dispatch(o2, control);
	if (!o2->spool)
		return;
	o2->sender.next_attempt_ns = 0; /* it is the last chance in this run */
	replay(o2, UINT32_MAX, o2->stopping_since_ns + LAST_REPLAY_NS, control);
	if (o2->sender.offset)
		keep_rest(o2, control);
	export_count_add(&control->outcome.kept, spool_count(o2->spool));
	if (control->outcome.kept.records)
		log_warning("export %s: %" PRIu64 " records are left in the spool for the next "
			    "run",
			    o2->settings->name, control->outcome.kept.records);
}

static void openobserve_flush(void *self, struct export_control *control)
{
	struct openobserve *o2 = self;

	announce_spool(o2, control);
	if (control->last)
		finish(o2, control);
	else if (clock_monotonic_ns() >= flush_ns(o2))
		dispatch(o2, control);
}

static uint64_t openobserve_next_ns(const void *self)
{
	const struct openobserve *o2 = self;
	uint64_t flush_due_ns = flush_ns(o2), replay_due_ns = UINT64_MAX;

	if (o2->spool && !o2->announced)
		return 0;
	if (has_spooled(o2))
		replay_due_ns = o2->sender.next_attempt_ns;
	return flush_due_ns < replay_due_ns ? flush_due_ns : replay_due_ns;
}

static void openobserve_tick(void *self, struct export_control *control)
{
	struct openobserve *o2 = self;

	announce_spool(o2, control);
	if (clock_monotonic_ns() >= flush_ns(o2))
		dispatch(o2, control);
	replay(o2, UINT32_MAX, clock_monotonic_ns() + REPLAY_NS, control);
}

static void openobserve_destroy(void *self)
{
	struct openobserve *o2 = self;

	o2_client_free(o2->client);
	compressor_free(o2->compressor);
	json_batch_free(&o2->filling);
	o2_sender_free(&o2->sender);
	spool_close(o2->spool);
	free(o2);
}

static int open_spool(struct openobserve *o2, char *error, size_t error_bytes)
{
	if (!o2->settings->spool_directory)
		return 0;
	o2->spool = spool_open(o2->settings->spool_directory, o2->settings->spool_max_bytes, error,
			       error_bytes);
	return o2->spool ? 0 : -EINVAL;
}

static void *openobserve_create(const struct export_settings *settings,
				const struct export_identity *identity, char *error,
				size_t error_bytes)
{
	struct openobserve *o2 = calloc(1, sizeof(*o2));

	if (!o2) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	o2->settings = settings;
	o2->context = (struct json_context){
		.host = identity->host,
		.sampler_address = identity->sampler_address,
		.instance = identity->instance,
		.observation_domain_id = identity->observation_domain_id,
		.sampling_interval = identity->sampling_interval,
		.timestamped = 1,
	};
	o2->compressor = compressor_new();
	if (!o2->compressor)
		snprintf(error, error_bytes, "out of memory");
	else
		o2->client = o2_client_new(settings, o2->compressor, error, error_bytes);
	o2->sender = (struct o2_sender){.settings = settings, .client = o2->client};
	if (!o2->client || open_spool(o2, error, error_bytes)) {
		openobserve_destroy(o2);
		return NULL;
	}
	return o2;
}

const struct export_driver export_driver_openobserve = {
	.kind = "openobserve",
	.create = openobserve_create,
	.check = check_openobserve,
	.send = openobserve_send,
	.flush = openobserve_flush,
	.next_ns = openobserve_next_ns,
	.tick = openobserve_tick,
	.destroy = openobserve_destroy,
};
