// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `flowprobe run`: capture flows and export them, in the foreground. The work is in agent/. */
#include "cmd/commands.h"

#include <stdio.h>

#include "agent/agent.h"
#include "capture/loader.h"
#include "config/config.h"
#include "config/errors.h"
#include "lib/log.h"

extern char **environ;

int command_run(int argc, char **argv)
{
	const struct config_sources sources = {
		.argc = argc,
		.argv = argv,
		.environment = environ,
		.default_path = CONFIG_DEFAULT_PATH,
	};
	struct config_errors errors = {.stream = stderr};
	struct config config;
	int help = 0, code;

	if (log_goes_to_journal()) /* where mistakes have their priority, like all errors */
		errors = (struct config_errors){.logged = 1};
	code = config_load_sources(&config, &sources, &errors, &help);
	if (code)
		return code;
	if (help) {
		config_print_help();
		return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	log_set_level(config.log_level);
	loader_init();
	code = agent_run(&config, &sources);
	config_free(&config);
	return code;
}
