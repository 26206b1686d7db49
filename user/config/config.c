// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: defaults, file, environment and flags -> struct config.
 *
 * This file only puts the sources in order; see options.c for the table they all walk and draft.c
 * for how they are laid over each other. All sources are read even if one has mistakes, because an
 * operator wants to see all of them in one go. Either the whole configuration is good and handed
 * out, or nothing is: a probe that runs with half of what it was told measures something else.
 */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/draft.h"
#include "config/environment.h"
#include "config/errors.h"
#include "config/file.h"
#include "config/flags.h"
#include "config/help.h"
#include "config/options.h"
#include "config/value.h"

int config_load_sources(struct config *config, const struct config_sources *sources,
			struct config_errors *errors, int *help)
{
	struct config_draft draft;
	struct config_flags flags;

	memset(config, 0, sizeof(*config));
	config_flags_scan(&flags, sources->argc, sources->argv);
	*help = flags.help;
	if (flags.help)
		return 0;
	if (config_draft_init(&draft, config, errors)) {
		config_errors_add(errors, EXIT_FAILURE, "out of memory");
		return errors->exit_code;
	}
	if (flags.path)
		config_file_load(&draft, flags.path, 0);
	else if (sources->default_path)
		config_file_load(&draft, sources->default_path, 1);
	config_environment_load(&draft, sources->environment);
	config_flags_load(&draft, sources->argc, sources->argv);
	config_draft_finish(&draft);
	if (errors->exit_code)
		config_free(config);
	return errors->exit_code;
}

int config_load(struct config *config, int argc, char **argv, char **environment, int *help)
{
	const struct config_sources sources = {
		.argc = argc,
		.argv = argv,
		.environment = environment,
		.default_path = CONFIG_DEFAULT_PATH,
	};
	struct config_errors errors = {.stream = stderr};

	return config_load_sources(config, &sources, &errors, help);
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (config_option_is_list(&config_options[i]))
			config_list_clear(config_value_list(config, &config_options[i]));
	}
}

void config_print_help(void)
{
	config_help_write(stdout);
}
