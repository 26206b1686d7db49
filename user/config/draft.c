// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: sources laid over each other.
 *
 * In come single values from the defaults, the files, the environment and the flags, in this order;
 * out goes struct config. The order alone makes the precedence: a later source overwrites. Every
 * value of every source is checked, also one that is overwritten later, so that a mistake in the
 * file does not wait for the day the flag goes away. Of a list, the first item of a source throws
 * out what lower sources had put there, which is one thing that places are for; exporters, whose
 * options come from several sources, are laid over each other in exporter_draft.c.
 *
 * Mistakes in values are reported here and not by the sources: these only say where a value stood,
 * and the same mistake reads the same wherever it was made.
 */
#include "config/draft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/exporter_check.h"
#include "config/exporter_draft.h"
#include "config/exporter_spec.h"
#include "config/value.h"

static void draft_report(struct config_draft *draft, const struct config_option *option,
			 struct config_place place, int code, const char *message)
{
	char variable[CONFIG_VARIABLE_BYTES];

	switch (place.origin) {
	case CONFIG_ORIGIN_FLAG:
		config_errors_add(draft->errors, code, "--%s: %s", option->flag, message);
		break;
	case CONFIG_ORIGIN_ENVIRONMENT:
	case CONFIG_ORIGIN_EXPORTER_VARIABLE:
		config_option_variable(option, variable);
		config_errors_add(draft->errors, code, "%s: %s", variable, message);
		break;
	case CONFIG_ORIGIN_FILE:
		config_errors_add(draft->errors, code, "%s:%zu:%zu: %s: %s", place.file, place.line,
				  place.column, option->key, message);
		break;
	case CONFIG_ORIGIN_NONE:
	case CONFIG_ORIGIN_DEFAULT:
		config_errors_add(draft->errors, code, "%s: %s", option->key, message);
		break;
	}
}

void config_draft_complain(struct config_draft *draft, const struct config_option *option,
			   struct config_place place, const char *format, ...)
{
	char message[CONFIG_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	draft_report(draft, option, place,
		     place.origin == CONFIG_ORIGIN_FLAG ? EX_USAGE : EX_CONFIG, message);
}

void config_draft_no_memory(struct config_draft *draft, const struct config_option *option,
			    struct config_place place)
{
	draft_report(draft, option, place, EXIT_FAILURE, "out of memory");
}

int config_places_are_together(const struct config_place *a, const struct config_place *b)
{
	return a->origin == b->origin && a->file == b->file;
}

static void draft_take_list(struct config_draft *draft, const struct config_option *option,
			    struct config_place place)
{
	struct config_place *before = &draft->places[config_option_index(option)];

	if (config_places_are_together(before, &place))
		return;
	config_field_free(draft->config, &option->field);
	*before = place;
}

void config_draft_set(struct config_draft *draft, const struct config_option *option,
		      struct config_place place, const char *text)
{
	char error[CONFIG_MESSAGE_BYTES];
	int err;

	if (option->kind == CONFIG_OPTION_EXPORTERS) {
		config_exporter_spec_load(draft, place, text);
		return;
	}
	if (config_option_is_list(option))
		draft_take_list(draft, option, place);
	else
		draft->places[config_option_index(option)] = place;
	err = config_field_set(draft->config, &option->field, text, error);
	if (err == -ENOMEM)
		config_draft_no_memory(draft, option, place);
	else if (err)
		config_draft_complain(draft, option, place, "%s", error);
}

void config_draft_set_empty(struct config_draft *draft, const struct config_option *option,
			    struct config_place place)
{
	if (option->kind != CONFIG_OPTION_EXPORTERS)
		draft_take_list(draft, option, place);
	else if (place.origin == CONFIG_ORIGIN_FILE)
		config_exporters_add_none(draft, place);
	else
		config_draft_complain(draft, option, place, "is empty; it needs at least one %s",
				      option->argument);
}

void config_draft_init(struct config_draft *draft, struct config *config,
		       struct config_errors *errors)
{
	const struct config_place place = {.origin = CONFIG_ORIGIN_DEFAULT};

	memset(config, 0, sizeof(*config));
	memset(draft, 0, sizeof(*draft));
	draft->config = config;
	draft->errors = errors;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];

		if (option->key && option->initial)
			config_draft_set(draft, option, place, option->initial);
	}
}

void config_draft_free(struct config_draft *draft)
{
	while (draft->file_count > 0)
		free(draft->files[--draft->file_count]);
}

const char *config_draft_add_file(struct config_draft *draft, const char *name)
{
	char *copy = NULL;

	if (draft->file_count == CONFIG_FILES_MAX) {
		config_errors_add(draft->errors, EX_CONFIG,
				  "%s: is one file too many; there can be %d", name,
				  CONFIG_FILES_MAX);
	} else {
		copy = strdup(name);
		if (!copy)
			config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", name);
	}
	if (copy)
		draft->files[draft->file_count++] = copy;
	else
		draft->exporters_refused = 1;
	return copy;
}

/* The only default is one item, "lo": either it stays or the list becomes empty. */
static void include_named(struct config_draft *draft)
{
	const struct config_option *exclude = config_option_by_key("interfaces.exclude");
	const struct config_list *include = &draft->config->interfaces_include;

	if (draft->places[config_option_index(exclude)].origin != CONFIG_ORIGIN_DEFAULT)
		return;
	for (size_t i = 0; i < include->count; i++) {
		if (strcmp(include->items[i], exclude->initial) == 0)
			config_field_free(draft->config, &exclude->field);
	}
}

void config_draft_finish(struct config_draft *draft, char *const *environment)
{
	include_named(draft);
	config_exporters_check(draft, environment);
}
