// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: environment -> draft.
 *
 * Only names that start with FLOWPROBE_ are looked at, and each of them must be an option's: a
 * misspelt variable in a container's description would otherwise stay without effect and unnoticed.
 * The one exception are the variables that Kubernetes puts into every container for a Service that
 * happens to be called flowprobe or flowprobe-something; the operator did not write them and cannot
 * always turn them off. They are told by their form, and only inside Kubernetes.
 */
#include "config/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int environment_has(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; *environment; environment++) {
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return 1;
	}
	return 0;
}

/* NAME_SERVICE_HOST, NAME_SERVICE_PORT[_name], NAME_PORT and NAME_PORT_80_TCP[_...]. */
static int variable_is_service_link(const char *name)
{
	static const char port[] = "_PORT";
	const char *rest = name;

	if (strstr(name, "_SERVICE_HOST") || strstr(name, "_SERVICE_PORT"))
		return 1;
	while ((rest = strstr(rest, port))) {
		rest += sizeof(port) - 1;
		if (!*rest || (*rest == '_' && isdigit((unsigned char)rest[1])))
			return 1;
	}
	return 0;
}

static void variable_report(struct config_draft *draft, const char *name, int err,
			    const char *error)
{
	if (err == -ENOMEM)
		config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", name);
	else if (err)
		config_errors_add(draft->errors, EX_CONFIG, "%s: %s", name, error);
}

static void variable_load_list(struct config_draft *draft, const struct config_option *option,
			       const char *name, char *value)
{
	char error[CONFIG_MESSAGE_BYTES];
	char *item, *end;
	int err;

	if (!*value) {
		err = config_draft_set_empty(draft, option, CONFIG_ORIGIN_ENVIRONMENT, error);
		variable_report(draft, name, err, error);
		return;
	}
	while ((item = strsep(&value, ","))) {
		item += strspn(item, " \t");
		end = item + strlen(item);
		while (end > item && (end[-1] == ' ' || end[-1] == '\t'))
			*--end = '\0';
		err = config_draft_set(draft, option, CONFIG_ORIGIN_ENVIRONMENT, item, error);
		variable_report(draft, name, err, error);
	}
}

/* variable is "NAME=value" and ours to cut up. */
static void variable_load(struct config_draft *draft, char *variable, int kubernetes)
{
	char *name = strsep(&variable, "=");
	const struct config_option *option = config_option_by_variable(name);
	struct suggestion suggestion = {.word = name + sizeof(CONFIG_VARIABLE_PREFIX) - 1};
	char error[CONFIG_MESSAGE_BYTES];
	int err;

	if (!option && kubernetes && variable_is_service_link(name))
		return;
	if (!option) {
		config_option_suggest_variable(&suggestion);
		config_errors_add(draft->errors, EX_CONFIG, "%.*s: unknown variable%s",
				  CONFIG_QUOTE_CHARS, name,
				  suggest_question(&suggestion, CONFIG_VARIABLE_PREFIX));
	} else if (config_option_is_list(option)) {
		variable_load_list(draft, option, name, variable);
	} else {
		err = config_draft_set(draft, option, CONFIG_ORIGIN_ENVIRONMENT, variable, error);
		variable_report(draft, name, err, error);
	}
}

void config_environment_load(struct config_draft *draft, char *const *environment)
{
	int kubernetes = environment_has(environment, "KUBERNETES_SERVICE_HOST");

	for (; *environment; environment++) {
		char *variable;

		if (strncmp(*environment, CONFIG_VARIABLE_PREFIX,
			    sizeof(CONFIG_VARIABLE_PREFIX) - 1) != 0 ||
		    !strchr(*environment, '='))
			continue;
		variable = strdup(*environment);
		if (!variable) {
			config_errors_add(draft->errors, EXIT_FAILURE,
					  "out of memory while reading the environment");
			return;
		}
		variable_load(draft, variable, kubernetes);
		free(variable);
	}
}
