// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: defaults, files, environment and flags -> struct config.
 *
 * This file only puts the sources in order; see options.c for the table they all walk and draft.c
 * for how they are laid over each other. All sources are read even if one has mistakes, because an
 * operator wants to see all of them in one go. Either the whole configuration is good and handed
 * out, or nothing is: a probe that runs with half of what it was told measures something else.
 */
#include "config/config.h"

#include <stdio.h>
#include <string.h>

#include "config/directory.h"
#include "config/draft.h"
#include "config/environment.h"
#include "config/errors.h"
#include "config/exporter_draft.h"
#include "config/exporters.h"
#include "config/file.h"
#include "config/flags.h"
#include "config/help.h"
#include "config/options.h"
#include "config/value.h"

int config_load_draft(struct config_draft *draft, struct config *config,
		      const struct config_sources *sources, struct config_errors *errors, int *help)
{
	struct config_flags flags;
	const char *path;

	memset(config, 0, sizeof(*config));
	memset(draft, 0, sizeof(*draft));
	config_flags_scan(&flags, sources->argc, sources->argv);
	*help = flags.help;
	if (flags.help)
		return 0;
	config_draft_init(draft, config, errors);
	path = flags.path ? flags.path : sources->default_path;
	if (path) {
		config->has_file = config_file_load(draft, path, !flags.path, sources->previous);
		config_directory_load(draft, path);
	}
	config_environment_load(draft, sources->environment);
	config_flags_load(draft, sources->argc, sources->argv);
	/* The variables of single exporters go by names, known when the list is. */
	config_exporters_name(draft);
	config_environment_load_exporters(draft, sources->environment);
	config_draft_finish(draft, sources->environment);
	if (errors->exit_code)
		config_free(config);
	return errors->exit_code;
}

int config_load_sources(struct config *config, const struct config_sources *sources,
			struct config_errors *errors, int *help)
{
	struct config_draft draft;
	int code = config_load_draft(&draft, config, sources, errors, help);

	config_draft_free(&draft);
	return code;
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
		if (config_options[i].kind == CONFIG_OPTION_VALUE)
			config_field_free(config, &config_options[i].field);
	}
	config_exporters_clear(&config->exporters);
}

void config_print_help(void)
{
	config_help_write(stdout);
}
