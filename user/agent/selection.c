// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The configured interfaces, looked up on this host: see selection.h. */
#include "agent/selection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int selection_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

static int selection_exists(const struct interfaces *interfaces, const char *name)
{
	const struct interface *interface;
	size_t position = 0;

	while ((interface = interfaces_next(interfaces, &position))) {
		if (!strcmp(interface->name, name))
			return 1;
	}
	return 0;
}

static int selection_lists(const struct config_list *list, const char *item)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->items[i], item))
			return 1;
	}
	return 0;
}

/* The first plain name that no interface has and that is not known either; or NULL. */
static const char *selection_missing(const struct interfaces *interfaces,
				     const struct config_list *include,
				     const struct config_list *known)
{
	for (size_t i = 0; i < include->count; i++) {
		if (!selection_is_glob(include->items[i]) &&
		    !selection_lists(known, include->items[i]) &&
		    !selection_exists(interfaces, include->items[i]))
			return include->items[i];
	}
	return NULL;
}

static void selection_explain_missing(const char *name, char *error, size_t error_bytes)
{
	snprintf(error, error_bytes,
		 "there is no interface \"%.64s\": `ip link` lists those of this host; use a glob "
		 "(\"%s*\") for one that appears later",
		 name, name);
}

int selection_has_name(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->interfaces_include.count; i++) {
		const char *item = config->interfaces_include.items[i];

		if (!selection_is_glob(item) && strcmp(item, name) == 0)
			return 1;
	}
	return 0;
}

static struct interface_selection selection_of(const struct config *config)
{
	return (struct interface_selection){
		.include = (const char *const *)config->interfaces_include.items,
		.include_count = config->interfaces_include.count,
		.exclude = (const char *const *)config->interfaces_exclude.items,
		.exclude_count = config->interfaces_exclude.count,
	};
}

struct interfaces *selection_open(const struct config *config,
				  const struct interface_events *events, char *error,
				  size_t error_bytes)
{
	const struct interface_selection selection = selection_of(config);
	const struct config_list known = {0};
	struct interfaces *interfaces = interfaces_open(&selection, events);
	const char *missing;

	if (!interfaces) {
		snprintf(error, error_bytes, "cannot read the host's interfaces over rtnetlink: %s",
			 strerror(errno));
		return NULL;
	}
	missing = selection_missing(interfaces, &config->interfaces_include, &known);
	if (missing) {
		selection_explain_missing(missing, error, error_bytes);
		interfaces_close(interfaces);
		errno = ENODEV;
		return NULL;
	}
	return interfaces;
}

int selection_check(const struct interfaces *interfaces, const struct config *current,
		    const struct config *fresh, char *error, size_t error_bytes)
{
	const char *missing = selection_missing(interfaces, &fresh->interfaces_include,
						&current->interfaces_include);

	if (missing)
		selection_explain_missing(missing, error, error_bytes);
	return missing ? -1 : 0;
}

int selection_apply(struct interfaces *interfaces, const struct config *config)
{
	const struct interface_selection selection = selection_of(config);

	return interfaces_select(interfaces, &selection);
}
