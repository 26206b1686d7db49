// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Subcommands: the text of `flowprobe --help`, and what is said about a subcommand that is none.
 *
 * The table of subcommands is in commands.c and comes in as a parameter, so that this file can be
 * linked without any of them. The options of a subcommand are not listed here: `flowprobe run
 * --help` does, from the option table.
 */
#include "cmd/usage.h"

#include "config/suggest.h"

#define NAME_COLUMNS 12
#define QUOTE_CHARS 80

void usage_print(FILE *stream, const struct subcommand *commands)
{
	fputs("Usage: flowprobe SUBCOMMAND [OPTION]...\n"
	      "\n"
	      "Exact flow records of this machine's traffic, counted in the kernel with eBPF.\n"
	      "\n"
	      "Subcommands:\n",
	      stream);
	for (; commands->name; commands++)
		fprintf(stream, "  %-*s %s\n", NAME_COLUMNS, commands->name, commands->summary);
	fprintf(stream, "  %-*s %s\n", NAME_COLUMNS, "help", "show this");
	fputs("\n"
	      "Examples:\n"
	      "  sudo flowprobe run\n"
	      "  sudo flowprobe run -i eth0 --duration 10s\n"
	      "  flowprobe doctor\n"
	      "\n"
	      "`flowprobe run --help` lists the options.\n",
	      stream);
}

void usage_print_unknown(const char *name, const struct subcommand *commands)
{
	struct suggestion suggestion = {.word = name};

	if (*name == '-') {
		fprintf(stderr,
			"flowprobe: \"%.*s\" comes before a subcommand; options follow it, as in "
			"flowprobe run -i eth0 (see flowprobe help)\n",
			QUOTE_CHARS, name);
		return;
	}
	for (; commands->name; commands++)
		suggest_offer(&suggestion, commands->name);
	fprintf(stderr, "flowprobe: unknown subcommand \"%.*s\"%s (see flowprobe help)\n",
		QUOTE_CHARS, name, suggest_question(&suggestion, ""));
}
