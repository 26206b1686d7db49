/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: one batch of records on its way to OpenObserve, from the first attempt until each of its
 * records is accepted, refused or given up, and when the next attempt may be.
 */
#ifndef FLOWPROBE_O2_SENDER_H
#define FLOWPROBE_O2_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "export/driver.h"
#include "export/json_batch.h"
#include "lib/log.h"

struct o2_client;

/* To be read by whoever has it, and written here; but for the batch when it is empty, and
 * next_attempt_ns. */
struct o2_sender {
	const struct export_settings *settings;
	struct o2_client *client; /* both are borrowed */

	struct json_batch batch;
	size_t offset; /* records before it are done with */
	unsigned int times; /* tried in vain, where that counts */
	size_t max_records; /* at once; less than configured if the server says so, ... */
	uint64_t limited_until_ns; /* ... and then for so long */
	int restamped; /* all of it, because the server wanted that */

	unsigned int failures; /* in a row, of whatever batch */
	uint64_t failing_since_ns; /* when the first of them was begun */
	unsigned int cut_short; /* of them: in vain because nobody waited for longer */
	uint64_t usual_ns; /* how long the server takes of late when it does answer */
	uint64_t next_attempt_ns;
	struct log_limit warning, loss_warning;
};

enum o2_progress {
	O2_PROGRESS, /* go on at once */
	O2_PROGRESS_WAIT, /* not before next_attempt_ns */
	O2_PROGRESS_OVER, /* control->over */
};

/* Frees what it owns: the batch. */
void o2_sender_free(struct o2_sender *sender);

/* 1 while there is something left of the batch. */
int o2_sender_has_batch(const struct o2_sender *sender);

/* What is left of it. */
struct export_count o2_sender_rest(const struct o2_sender *sender);

/* Takes over the batch, and leaves the empty one there instead, for its memory. There must be
 * nothing left of the one before. */
void o2_sender_exchange(struct o2_sender *sender, struct json_batch *batch);

/* Forgets the batch. Counts nothing. */
void o2_sender_clear(struct o2_sender *sender);

/*
 * One request with as much of the batch as may go at once, and what follows from the answer. With
 * is_probe there is better to do than to wait for a server that may hang: the answer is not waited
 * for as long as usual.
 */
enum o2_progress o2_sender_advance(struct o2_sender *sender, int is_probe,
				   struct export_control *control);

/* Schedules the next attempt after one in vain, not before least_ns from now. */
void o2_sender_back_off(struct o2_sender *sender, uint64_t least_ns, const char *reason,
			struct export_control *control);

/* Adds what is lost to *sum, which is one of control->outcome, and tells why: error is a negative
 * errno, reason is for people. */
void o2_sender_lose(struct o2_sender *sender, struct export_count *sum,
		    const struct export_count *count, int error, const char *reason,
		    struct export_control *control);

#endif
