// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: sources laid over each other.
 *
 * In come single values from the defaults, the file, the environment and the flags, in this order;
 * out goes struct config. The order alone makes the precedence: a later source overwrites. Every
 * value of every source is checked, also one that is overwritten later, so that a mistake in the
 * file does not wait for the day the flag goes away. Lists are the one thing that needs memory: the
 * first item of a source throws out what lower sources had put there, which is what origins is for.
 */
#include "config/draft.h"

#include <errno.h>
#include <string.h>

#include "config/value.h"

static void draft_take_list(struct config_draft *draft, const struct config_option *option,
			    enum config_origin origin)
{
	size_t index = config_option_index(option);

	if (draft->origins[index] != origin)
		config_list_clear(config_value_list(draft->config, option));
	draft->origins[index] = origin;
}

int config_draft_set(struct config_draft *draft, const struct config_option *option,
		     enum config_origin origin, const char *text, char error[CONFIG_MESSAGE_BYTES])
{
	if (config_option_is_list(option))
		draft_take_list(draft, option, origin);
	else
		draft->origins[config_option_index(option)] = origin;
	return config_value_set(draft->config, option, text, error);
}

int config_draft_set_empty(struct config_draft *draft, const struct config_option *option,
			   enum config_origin origin, char error[CONFIG_MESSAGE_BYTES])
{
	if (option->min > 0) {
		snprintf(error, CONFIG_MESSAGE_BYTES, "is empty; it needs at least one %s",
			 option->argument);
		return -EINVAL;
	}
	draft_take_list(draft, option, origin);
	return 0;
}

int config_draft_init(struct config_draft *draft, struct config *config,
		      struct config_errors *errors)
{
	char error[CONFIG_MESSAGE_BYTES];
	int err = 0;

	memset(config, 0, sizeof(*config));
	memset(draft, 0, sizeof(*draft));
	draft->config = config;
	draft->errors = errors;
	for (size_t i = 0; i < CONFIG_OPTIONS && !err; i++) {
		const struct config_option *option = &config_options[i];

		if (option->key && option->initial)
			err = config_draft_set(draft, option, CONFIG_ORIGIN_DEFAULT,
					       option->initial, error);
	}
	if (err)
		config_free(config);
	return err;
}

void config_draft_finish(struct config_draft *draft)
{
	const struct config_option *exclude = config_option_by_key("interfaces.exclude");
	const struct config_list *include = &draft->config->interfaces_include;
	struct config_list *excluded = &draft->config->interfaces_exclude;

	/* The only default is one item, "lo": either it stays or the list becomes empty. */
	if (draft->origins[config_option_index(exclude)] != CONFIG_ORIGIN_DEFAULT)
		return;
	for (size_t i = 0; i < include->count; i++) {
		if (strcmp(include->items[i], exclude->initial) == 0)
			config_list_clear(excluded);
	}
}
