// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * flowprobe: picks the subcommand.
 *
 * Nothing else happens here, because this is the one file that tests do not link. What is set up
 * for the whole process is how messages look, and that a reader of stdout that goes away is an
 * error of write() instead of a silent death.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/usage.h"
#include "lib/log.h"

static const struct subcommand subcommands[] = {
	{"run", command_run, "capture traffic and write flow records, until a signal"},
	{"doctor", command_doctor, "tell whether and how run would work on this machine"},
	{"version", command_version, "show versions and licence"},
	{NULL, NULL, NULL},
};

static const struct {
	const char *flag;
	const char *subcommand;
} aliases[] = {
	{"--help", "help"},
	{"-h", "help"},
	{"--version", "version"},
	{"-V", "version"},
};

static const char *subcommand_name(const char *argument)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcmp(argument, aliases[i].flag) == 0)
			return aliases[i].subcommand;
	}
	return argument;
}

int main(int argc, char **argv)
{
	const char *name;

	log_init();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit: an error of the write, to be counted */
	if (argc < 2) {
		usage_print(stderr, subcommands);
		return EXIT_CODE_USAGE;
	}
	name = subcommand_name(argv[1]);
	if (strcmp(name, "help") == 0) {
		usage_print(stdout, subcommands);
		return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	for (const struct subcommand *command = subcommands; command->name; command++) {
		if (strcmp(command->name, name) == 0)
			return command->run(argc - 1, argv + 1);
	}
	usage_print_unknown(name, subcommands);
	return EXIT_CODE_USAGE;
}
