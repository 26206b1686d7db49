/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Collects the mistakes found in a configuration, so that the operator sees all of them at once and
 * the caller learns which exit code they add up to.
 */
#ifndef FLOWPROBE_CONFIG_ERRORS_H
#define FLOWPROBE_CONFIG_ERRORS_H

#include <stddef.h>
#include <stdio.h>

/* Longest message about one value, and longest line about one mistake, in bytes with the NUL. */
#define CONFIG_MESSAGE_BYTES 512
#define CONFIG_LINE_BYTES 1024

/* How much of a wrong value a message repeats: argument of "%.*s". */
#define CONFIG_QUOTE_CHARS 80

struct config_errors {
	FILE *stream; /* borrowed; NULL: mistakes are only counted, or logged */
	int logged; /* they are errors of a running process, for log.h */
	size_t count;
	int exit_code; /* 0 as long as count is 0 */
};

/*
 * Writes "flowprobe: <message>\n", or logs the message, with control characters replaced. code is
 * what the process should exit with for this mistake alone; of several, 1 (out of memory) wins over
 * EX_USAGE, that over EX_CONFIG.
 */
void config_errors_add(struct config_errors *errors, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
