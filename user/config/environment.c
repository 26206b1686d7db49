// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: environment -> draft.
 *
 * Only names that start with FLOWPROBE_ are looked at, and each of them must be an option's: a
 * misspelt variable in a container's description would otherwise stay without effect and unnoticed.
 * One exception are the variables that Kubernetes puts into every container for a Service that
 * happens to be called flowprobe or flowprobe-something; the operator did not write them and cannot
 * always turn them off. They are told by their form, and only inside Kubernetes. And `flowprobe
 * openobserve` has variables of its own.
 *
 * The environment is walked twice: a variable of a single exporter can be understood, and can be
 * right or wrong, only when the list of exporters has got its last items from the flags.
 */
#include "config/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/exporter_draft.h"

static int environment_has(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return 1;
	}
	return 0;
}

/* NAME_SERVICE_HOST, NAME_SERVICE_PORT[_name], NAME_PORT=tcp://... and NAME_PORT_80_TCP[_...]. */
static int variable_is_service_link(const char *name, const char *value)
{
	static const char port[] = "_PORT";
	const char *rest = name;

	if (strstr(name, "_SERVICE_HOST") || strstr(name, "_SERVICE_PORT"))
		return 1;
	while ((rest = strstr(rest, port))) {
		rest += sizeof(port) - 1;
		if (*rest ? *rest == '_' && isdigit((unsigned char)rest[1])
			  : strstr(value, "://") != NULL)
			return 1;
	}
	return 0;
}

static void variable_load_list(struct config_draft *draft, const struct config_option *option,
			       char *value)
{
	const struct config_place place = {.origin = CONFIG_ORIGIN_ENVIRONMENT};
	char *item, *end;

	if (!*value) {
		config_draft_set_empty(draft, option, place);
		return;
	}
	while ((item = strsep(&value, ","))) {
		item += strspn(item, " \t");
		end = item + strlen(item);
		while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
			*--end = '\0';
		config_draft_set(draft, option, place, item);
	}
}

/* variable is "NAME=value" and ours to cut up. */
static void variable_load(struct config_draft *draft, char *variable, int kubernetes)
{
	char *name = strsep(&variable, "=");
	const struct config_option *option = config_option_by_variable(name);
	const struct config_place place = {.origin = CONFIG_ORIGIN_ENVIRONMENT};
	struct suggestion suggestion = {.word = name + sizeof(CONFIG_VARIABLE_PREFIX) - 1};

	if (!option && kubernetes && variable_is_service_link(name, variable))
		return;
	if (!option) {
		config_option_suggest_variable(&suggestion);
		config_errors_add(draft->errors, EX_CONFIG, "%.*s: unknown variable%s",
				  CONFIG_QUOTE_CHARS, name,
				  suggest_question(&suggestion, CONFIG_VARIABLE_PREFIX));
	} else if (config_option_is_list(option)) {
		variable_load_list(draft, option, variable);
	} else {
		config_draft_set(draft, option, place, variable);
	}
}

/* The exporter and option that a variable is called after; 0 if there is no such pair. */
static int find_exporter_option(const struct config_exporters *exporters, const char *name,
				size_t *exporter, const struct config_exporter_option **option)
{
	char variable[CONFIG_EXPORTER_VARIABLE_BYTES];

	for (size_t i = 0; i < exporters->count; i++) {
		for (size_t j = 0; j < CONFIG_EXPORTER_OPTIONS; j++) {
			*exporter = i;
			*option = &config_exporter_options[j];
			config_exporter_variable(exporters->items[i].name, *option, variable);
			if (strcmp(variable, name) == 0)
				return 1;
		}
	}
	return 0;
}

static void exporter_variable_unknown(struct config_draft *draft, const char *name)
{
	const struct config_exporters *exporters = &draft->config->exporters;
	const size_t prefix = sizeof(CONFIG_EXPORTER_VARIABLE_PREFIX) - 1;
	struct suggestion suggestion = {.word = name + prefix};
	char variable[CONFIG_EXPORTER_VARIABLE_BYTES];
	char names[CONFIG_MESSAGE_BYTES] = "";
	size_t used = 0;

	for (size_t i = 0; i < exporters->count; i++) {
		const struct config_exporter *exporter = &exporters->items[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_OPTIONS; j++) {
			if (!config_exporter_has(exporter, &config_exporter_options[j]))
				continue;
			config_exporter_variable(exporter->name, &config_exporter_options[j],
						 variable);
			suggest_offer(&suggestion, variable + prefix);
		}
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 i ? ", " : "", exporter->name);
	}
	config_errors_add(draft->errors, EX_CONFIG,
			  "%.*s: is no option of any exporter (exporters: %s)%s",
			  CONFIG_QUOTE_CHARS, name, names,
			  suggest_question(&suggestion, CONFIG_EXPORTER_VARIABLE_PREFIX));
}

static void exporter_variable_load(struct config_draft *draft, char *variable, int kubernetes)
{
	const struct config_exporter_option *option;
	const char *name = strsep(&variable, "=");
	char error[CONFIG_MESSAGE_BYTES];
	size_t exporter;
	int err;

	if (!find_exporter_option(&draft->config->exporters, name, &exporter, &option)) {
		/* With exporters_refused it may be an option of what is not there. */
		if (!draft->exporters_refused &&
		    !(kubernetes && variable_is_service_link(name, variable)))
			exporter_variable_unknown(draft, name);
		return;
	}
	err = config_exporters_set(draft, exporter, option, variable, error);
	if (err == -ENOMEM)
		config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", name);
	else if (err)
		config_errors_add(draft->errors, EX_CONFIG, "%s: %s", name, error);
}

static int has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* 1 if it is for another subcommand, which may be used in the same shell. */
static int is_of_others(const char *variable)
{
	static const char *const names[] = {
		CONFIG_OPENOBSERVE_USER "=",
		CONFIG_OPENOBSERVE_PASSWORD "=",
		CONFIG_OPENOBSERVE_WEB_HOOK "=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (has_prefix(variable, names[i]))
			return 1;
	}
	return 0;
}

/* Loads either the variables of single exporters or all others. */
static void environment_walk(struct config_draft *draft, char *const *environment, int of_exporters)
{
	int kubernetes = environment_has(environment, "KUBERNETES_SERVICE_HOST");

	for (; *environment; environment++) {
		char *variable;

		if (!has_prefix(*environment, CONFIG_VARIABLE_PREFIX) ||
		    is_of_others(*environment) ||
		    has_prefix(*environment, CONFIG_EXPORTER_VARIABLE_PREFIX) != of_exporters ||
		    !strchr(*environment, '='))
			continue;
		variable = strdup(*environment);
		if (!variable) {
			config_errors_add(draft->errors, EXIT_FAILURE,
					  "out of memory while reading the environment");
			return;
		}
		if (of_exporters)
			exporter_variable_load(draft, variable, kubernetes);
		else
			variable_load(draft, variable, kubernetes);
		free(variable);
	}
}

void config_environment_load(struct config_draft *draft, char *const *environment)
{
	environment_walk(draft, environment, 0);
}

void config_environment_load_exporters(struct config_draft *draft, char *const *environment)
{
	environment_walk(draft, environment, 1);
}
