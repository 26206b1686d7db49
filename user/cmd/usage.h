/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe --help`: which subcommands there are. */
#ifndef FLOWPROBE_USAGE_H
#define FLOWPROBE_USAGE_H

#include <stdio.h>

struct option;

struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv); /* see commands.h */
	const char *summary;
	/* what else can be typed, for completion: */
	const char *words; /* that follow the name, with blanks between; NULL: none */
	const struct option *options; /* of its own, as for getopt_long; NULL: none */
	const char *file_options; /* those of them that name a file, as words */
	int has_run_options; /* takes those of run */
};

/* All there are; ends with a row without a name. */
extern const struct subcommand subcommands[];

/* commands ends with a row without a name. */
void usage_print(FILE *stream, const struct subcommand *commands);

/* Says on stderr, in one line, that name is no subcommand, and which one was probably meant. */
void usage_print_unknown(const char *name, const struct subcommand *commands);

#endif
