/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe --help`: which subcommands there are. */
#ifndef FLOWPROBE_USAGE_H
#define FLOWPROBE_USAGE_H

#include <stdio.h>

struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv); /* see commands.h */
	const char *summary;
};

/* commands ends with a row without a name. */
void usage_print(FILE *stream, const struct subcommand *commands);

/* Says on stderr, in one line, that name is no subcommand, and which one was probably meant. */
void usage_print_unknown(const char *name, const struct subcommand *commands);

#endif
