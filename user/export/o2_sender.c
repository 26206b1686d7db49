// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: a batch on its way to OpenObserve, see o2_sender.h.
 *
 * The batch stays whole until all of it is done with; the offset says how far that is. So a batch
 * that has to be sent in parts, because the server takes no more at once, needs no bookkeeping beyond
 * that. What an answer means is o2_answer.c's business; here is what follows from it. After an attempt
 * in vain the next waits, longer each time up to half a minute, and at random within that, so that
 * many hosts do not come back at once.
 *
 * How long an answer is waited for is request_timeout while all is well: a server that is slow for once
 * gets no record twice. Once it has failed, and there is a spool to be filled meanwhile, an attempt
 * is not to hold that up for long. But a server that is always slow must not be cut short again and
 * again, having stored the records each time. So it gets twice what it usually takes, and after each
 * attempt that was cut short twice as much again; after four of them it is from the beginning, since
 * most likely it hangs.
 */
#include "export/o2_sender.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>

#include "export/o2_client.h"
#include "lib/clock.h"

#define BACKOFF_MIN_NS (NS_PER_S / 2)
#define BACKOFF_MAX_NS (30 * NS_PER_S)
#define BACKOFF_CONFIGURATION_NS (30 * NS_PER_S) /* somebody has to change something first */
#define PROBE_MIN_NS (5 * NS_PER_S) /* shortest time for an answer */
#define PROBE_STEPS 4
#define LIMITED_NS (600 * NS_PER_S) /* how long batches stay small after a 413 */

/* --- the batch --- */

void o2_sender_free(struct o2_sender *sender)
{
	json_batch_free(&sender->batch);
}

int o2_sender_has_batch(const struct o2_sender *sender)
{
	return sender->offset < sender->batch.bytes;
}

struct export_count o2_sender_rest(const struct o2_sender *sender)
{
	size_t offset = sender->offset;

	if (!offset)
		return sender->batch.count;
	return json_batch_slice(&sender->batch, &offset, SIZE_MAX, SIZE_MAX).count;
}

void o2_sender_exchange(struct o2_sender *sender, struct json_batch *batch)
{
	struct json_batch empty = sender->batch;

	sender->batch = *batch;
	sender->offset = 0;
	json_batch_clear(&empty);
	*batch = empty;
}

void o2_sender_clear(struct o2_sender *sender)
{
	json_batch_clear(&sender->batch);
	sender->offset = 0;
	sender->times = 0;
	sender->restamped = 0;
}

/* --- losses --- */

void o2_sender_lose(struct o2_sender *sender, struct export_count *sum,
		    const struct export_count *count, int error, const char *reason,
		    struct export_control *control)
{
	struct export_outcome *outcome = &control->outcome;

	export_count_add(sum, count);
	outcome->error = error;
	snprintf(outcome->reason, sizeof(outcome->reason), "%s", reason);
	log_warning_limited(&sender->loss_warning, "export %s: %" PRIu64 " records lost: %s",
			    sender->settings->name, count->records, reason);
}

/* `records` of those that slice stands for. Which ones is not known: packets and octets are shared
 * out evenly. */
static struct export_count part_of(const struct json_slice *slice, uint64_t records)
{
	const struct export_count *all = &slice->count;

	if (records >= all->records)
		return *all;
	return (struct export_count){
		.records = records,
		.packets = (uint64_t)((unsigned __int128)all->packets * records / all->records),
		.octets = (uint64_t)((unsigned __int128)all->octets * records / all->records),
	};
}

/* --- attempts --- */

void o2_sender_back_off(struct o2_sender *sender, uint64_t least_ns, const char *reason,
			struct export_control *control)
{
	uint64_t wait_ns = BACKOFF_MIN_NS << (sender->failures < 6 ? sender->failures : 6), now_ns;
	uint16_t random = 0; /* small enough for the product */

	now_ns = clock_monotonic_ns();
	if (wait_ns > BACKOFF_MAX_NS)
		wait_ns = BACKOFF_MAX_NS;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random))
		wait_ns = wait_ns / 2 + wait_ns / 2 * random / UINT16_MAX;
	if (wait_ns < least_ns)
		wait_ns = least_ns;
	if (!sender->failures++)
		sender->failing_since_ns = now_ns;
	sender->next_attempt_ns = now_ns + wait_ns;
	log_warning_limited(&sender->warning, "export %s: %s; records wait", sender->settings->name,
			    reason);
	export_tell_down(control, reason);
}

/* How long the answer is waited for. */
static uint64_t patience_ns(const struct o2_sender *sender, int is_probe)
{
	const struct export_settings *settings = sender->settings;
	uint64_t ns = settings->spool_after_ns;

	if (!is_probe)
		return settings->request_timeout_ns;
	if (ns < PROBE_MIN_NS)
		ns = PROBE_MIN_NS;
	if (ns < 2 * sender->usual_ns)
		ns = 2 * sender->usual_ns;
	ns <<= sender->cut_short % PROBE_STEPS;
	return ns < settings->request_timeout_ns ? ns : settings->request_timeout_ns;
}

static void note_success(struct o2_sender *sender, uint64_t took_ns, struct export_control *control)
{
	sender->usual_ns -= sender->usual_ns / 8;
	if (sender->usual_ns < took_ns)
		sender->usual_ns = took_ns;
	sender->cut_short = 0;
	export_tell_up(control);
	if (sender->failures)
		log_info("export %s: the server answers again", sender->settings->name);
	sender->failures = 0;
	sender->times = 0;
}

/* Accounts for a slice that was accepted, in full or in part. */
static void settle(struct o2_sender *sender, const struct json_slice *slice,
		   const struct o2_answer *answer, struct export_control *control)
{
	struct export_count sent = slice->count, refused, unconfirmed;

	refused = part_of(slice, answer->refused);
	unconfirmed = part_of(slice, sender->settings->confirm ? answer->unconfirmed : 0);
	export_count_subtract(&sent, &refused);
	if (unconfirmed.records >= sent.records) /* what part_of rounds off, too */
		unconfirmed = sent;
	export_count_subtract(&sent, &unconfirmed);
	export_count_add(&control->outcome.sent, &sent);
	if (refused.records)
		o2_sender_lose(sender, &control->outcome.refused, &refused, -EBADMSG,
			       answer->message, control);
	if (unconfirmed.records)
		o2_sender_lose(sender, &control->outcome.lost, &unconfirmed, -EIO,
			       "the server has not said that it took them", control);
}

/* What follows from an answer that was no acceptance. slice_end: where the slice ends in the batch. */
static enum o2_progress react(struct o2_sender *sender, const struct json_slice *slice,
			      const struct o2_answer *answer, uint64_t retry_after_ns,
			      size_t slice_end, struct export_control *control)
{
	switch (answer->verdict) {
	case O2_TOO_OLD:
		if (sender->restamped)
			break; /* that did not help */
		sender->restamped = 1;
		return O2_PROGRESS;
	case O2_TOO_LARGE:
		if (slice->count.records == 1)
			break;
		sender->max_records = slice->count.records / 2;
		sender->limited_until_ns = clock_monotonic_ns() + LIMITED_NS;
		return O2_PROGRESS;
	case O2_ENCODING:
		if (o2_client_stop_compressing(sender->client)) {
			log_info("export %s: the server takes no gzip: sending without",
				 sender->settings->name);
			return O2_PROGRESS;
		}
		o2_sender_back_off(sender, BACKOFF_CONFIGURATION_NS, answer->message, control);
		return O2_PROGRESS_WAIT;
	case O2_RETRY_FEW:
		if (++sender->times >= O2_FEW_TIMES)
			break;
		o2_sender_back_off(sender, retry_after_ns, answer->message, control);
		return O2_PROGRESS_WAIT;
	case O2_CREDENTIAL:
		o2_client_renew_credential(sender->client);
		o2_sender_back_off(sender, BACKOFF_CONFIGURATION_NS, answer->message, control);
		return O2_PROGRESS_WAIT;
	case O2_CONFIGURATION:
		o2_sender_back_off(sender, BACKOFF_CONFIGURATION_NS, answer->message, control);
		return O2_PROGRESS_WAIT;
	case O2_RETRY:
	case O2_ACCEPTED:
		o2_sender_back_off(sender, retry_after_ns, answer->message, control);
		return O2_PROGRESS_WAIT;
	}
	/* There is nothing more to try with these records. */
	o2_sender_lose(sender, &control->outcome.refused, &slice->count, -EBADMSG, answer->message,
		       control);
	sender->offset = slice_end;
	sender->times = 0;
	return O2_PROGRESS;
}

static enum o2_progress attempt(struct o2_sender *sender, int is_probe,
				struct export_control *control)
{
	uint64_t began_ns = clock_monotonic_ns(), timeout_ns = patience_ns(sender, is_probe);
	size_t end = sender->offset;
	struct json_slice slice;
	struct o2_answer answer;
	uint64_t retry_after_ns, took_ns;
	int err;

	if (control->renew) {
		control->renew = 0;
		o2_client_renew_credential(sender->client);
	}
	if (clock_monotonic_ns() >= sender->limited_until_ns)
		sender->max_records = sender->settings->batch_records;
	slice = json_batch_slice(&sender->batch, &end, sender->max_records,
				 2 * sender->settings->batch_bytes);
	err = o2_client_post(sender->client, &slice, sender->restamped, timeout_ns, control,
			     &answer, &retry_after_ns);
	took_ns = clock_monotonic_ns() - began_ns;
	if (err == -ECANCELED)
		return O2_PROGRESS_OVER;
	if (err) {
		sender->cut_short += is_probe && took_ns >= timeout_ns;
		o2_sender_back_off(sender, 0, answer.message, control);
		return O2_PROGRESS_WAIT;
	}
	if (answer.verdict == O2_ACCEPTED) {
		note_success(sender, took_ns, control);
		settle(sender, &slice, &answer, control);
		sender->offset = end;
		return O2_PROGRESS;
	}
	return react(sender, &slice, &answer, retry_after_ns, end, control);
}

enum o2_progress o2_sender_advance(struct o2_sender *sender, int is_probe,
				   struct export_control *control)
{
	uint64_t began_ns = clock_monotonic_ns();
	unsigned int failures = sender->failures;
	enum o2_progress progress = attempt(sender, is_probe, control);

	/* The server has been away since the attempt began, not since it was given up. */
	if (!failures && sender->failures)
		sender->failing_since_ns = began_ns;
	return progress;
}
