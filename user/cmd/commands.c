// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of subcommands, for main.c, which picks one, and for what is written about them; and what
 * several of them do with their arguments. */
#include "cmd/commands.h"

#include <stddef.h>
#include <string.h>

#include "cmd/usage.h"

const struct subcommand subcommands[] = {
	{
		.name = "run",
		.run = command_run,
		.summary = "capture traffic and write flow records, until a signal",
		.has_run_options = 1,
	},
	{
		.name = "status",
		.run = command_status,
		.summary = "show what the running agent is doing",
		.options = status_options,
		.file_options = "config socket",
	},
	{
		.name = "doctor",
		.run = command_doctor,
		.summary = "tell whether and how run would work on this machine",
		.options = doctor_options,
		.has_run_options = 1,
	},
	{
		.name = "config",
		.run = command_config,
		.summary = "check and show the configuration of run",
		.words = "check show example",
		.options = config_command_options,
		.has_run_options = 1,
	},
	{
		.name = "openobserve",
		.run = command_openobserve,
		.summary = "set up an OpenObserve server for flow records",
		.words = "setup teardown",
		.options = openobserve_options,
		.file_options = "password-file ca-file print",
	},
	{
		.name = "version",
		.run = command_version,
		.summary = "show versions and licence",
	},
	{.name = NULL},
};

int command_take_flag(int *argc, char **argv, const char *flag)
{
	int kept = 0, count = *argc;

	for (int i = 0; i < count; i++) {
		if (strcmp(argv[i], flag) != 0)
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	*argc = kept;
	return kept < count;
}
