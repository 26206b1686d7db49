// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: two of them -> what is different.
 *
 * A walk over the option table, so that no option can be forgotten. Lists of exporters are equal if
 * the exporters of each name are, in whatever order; who has to stop and start some compares them
 * one by one.
 */
#include "config/change.h"

#include <string.h>

#include "config/exporters.h"
#include "config/field.h"
#include "config/options.h"

int config_exporter_equals(const struct config_exporter *a, const struct config_exporter *b)
{
	if (strcmp(a->name, b->name) != 0 || a->type != b->type ||
	    strcmp(a->target, b->target) != 0)
		return 0;
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		if (!config_field_equals(a, b, &config_exporter_options[i].field))
			return 0;
	}
	return 1;
}

static int list_has(const struct config_exporters *list, const struct config_exporter *exporter)
{
	for (size_t i = 0; i < list->count; i++) {
		if (config_exporter_equals(&list->items[i], exporter))
			return 1;
	}
	return 0;
}

/* No two of a list have the same name, so as many that are the same are all the same. */
static int lists_are_equal(const struct config_exporters *a, const struct config_exporters *b)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!list_has(b, &a->items[i]))
			return 0;
	}
	return a->count == b->count;
}

static int is_changed(const struct config *current, const struct config *fresh,
		      const struct config_option *option)
{
	if (option->kind == CONFIG_OPTION_EXPORTERS)
		return !lists_are_equal(&current->exporters, &fresh->exporters);
	return option->kind == CONFIG_OPTION_VALUE &&
	       !config_field_equals(current, fresh, &option->field);
}

void config_compare(const struct config *current, const struct config *fresh,
		    enum config_effect effect, config_change_sink *sink, void *arg)
{
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];

		if (option->restart == (effect == CONFIG_EFFECT_RESTART) &&
		    is_changed(current, fresh, option))
			sink(arg, option->key);
	}
}

void config_keep_fixed(struct config *current, struct config *fresh, config_change_sink *sink,
		       void *arg)
{
	config_compare(current, fresh, CONFIG_EFFECT_RESTART, sink, arg);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (config_options[i].kind == CONFIG_OPTION_VALUE && config_options[i].restart)
			config_field_exchange(current, fresh, &config_options[i].field);
	}
}
