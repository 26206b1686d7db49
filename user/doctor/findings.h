/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor: what was found, for people as it is found, or as one JSON object at the end:
 *
 *	{"verdict":"note","exit_code":0,"conclusion":"…","findings":[
 *	{"verdict":"note","topic":"jit","text":"…","fix":"…"},…]}
 *
 * All members are always there. "fix" is "" where nothing is to be done, which is so with every
 * "ok" and with no other.
 */
#ifndef FLOWPROBE_FINDINGS_H
#define FLOWPROBE_FINDINGS_H

#include <stdio.h>

#include "cmd/commands.h"

/* Scripts go by their names: these do not change. */
enum finding_topic {
	FINDING_KERNEL,
	FINDING_CAPABILITY,
	FINDING_LOCKDOWN,
	FINDING_JIT,
	FINDING_CLOCK,
	FINDING_PROGRAM,
	FINDING_TABLE,
	FINDING_MEMORY,
	FINDING_AGENT,
	FINDING_INTERFACE,
	FINDING_HOOK,
	FINDING_XDP,
	FINDING_OFFLOAD,
	FINDING_EXPORTER,
	FINDING_TOPICS
};

const char *finding_topic_name(enum finding_topic topic); /* "kernel" */

struct findings;

/* Written to stream, which is borrowed. NULL: no memory. */
struct findings *findings_new(FILE *stream, int json);
void findings_free(struct findings *findings); /* accepts NULL */

/*
 * One finding more. Texts may hold whatever somebody has called an interface or a server has
 * answered; what could harm a terminal, and what is no UTF-8, is replaced. A note, and a failure,
 * come with their fix. A failure also with the exit code that it stands for.
 */
void findings_ok(struct findings *findings, enum finding_topic topic, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void findings_note(struct findings *findings, enum finding_topic topic, const char *fix,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
void findings_fail(struct findings *findings, enum finding_topic topic, enum exit_code exit_code,
		   const char *fix, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Of the worst failure so far: privilege, whose fix is always the same, before anything else that
 * `run` needs, before what only keeps records from arriving. */
enum exit_code findings_exit_code(const struct findings *findings);

/* The last word: what the findings add up to. With a failure, that is said instead of `good`. */
void findings_conclude(struct findings *findings, const char *good);

#endif
