/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages to the operator, on stderr, one line each. Data goes to stdout and never through here.
 *
 * A message says what, why and the fix. Log once, where the name of the thing is known.
 */
#ifndef FLOWPROBE_LOG_H
#define FLOWPROBE_LOG_H

#include <stdint.h>

enum log_level {
	LOG_ERROR, /* something was lost or cannot start */
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
};

/* Messages above this level are not written. Thread-safe; default LOG_INFO. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Under the journal (JOURNAL_STREAM names our stderr) lines carry a <N> priority prefix and no
 * time; else "flowprobe: ". Call once, before the first message.
 */
void log_init(void);
int log_goes_to_journal(void); /* 1 or 0 */

/* Messages of this level so far, those that were not written too. */
uint64_t log_count(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* State of one rate-limited message; zero-initialised, one per call site and thread. */
struct log_limit {
	uint64_t next_ns;
	uint64_t suppressed;
};

/* A warning at most every 10 s per limit; says how many were swallowed since. */
void log_warning_limited(struct log_limit *limit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
