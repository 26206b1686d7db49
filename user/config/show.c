// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: draft -> YAML.
 *
 * What is written is the effective configuration, options that nobody has set included, so that it
 * also answers what the defaults of this version are. An option that is not set and has no word for
 * that stands in a comment.
 */
#include "config/show.h"

#include <string.h>

#include "config/exporters.h"
#include "config/value_text.h"
#include "config/yaml_text.h"

struct show {
	FILE *stream;
	const struct config_draft *draft;
	int origins;
};

/* Ends the line, with where its value comes from: that place, or the flag or variable given. */
static void end_line(const struct show *show, const struct config_place *place, const char *flag,
		     const char *variable)
{
	FILE *stream = show->stream;

	if (show->origins) {
		switch (place->origin) {
		case CONFIG_ORIGIN_NONE:
		case CONFIG_ORIGIN_DEFAULT:
			fputs("  # default", stream);
			break;
		case CONFIG_ORIGIN_FILE:
			fputs("  # ", stream);
			yaml_write_comment(stream, place->file);
			fprintf(stream, ":%zu", place->line);
			break;
		case CONFIG_ORIGIN_ENVIRONMENT:
		case CONFIG_ORIGIN_EXPORTER_VARIABLE:
			fprintf(stream, "  # env %s", variable);
			break;
		case CONFIG_ORIGIN_FLAG:
			fprintf(stream, "  # flag --%s", flag);
			break;
		}
	}
	fputc('\n', stream);
}

static void end_option(const struct show *show, const struct config_option *option)
{
	char variable[CONFIG_VARIABLE_BYTES];

	config_option_variable(option, variable);
	end_line(show, &show->draft->places[config_option_index(option)], option->flag, variable);
}

/* At a place that is an exporter's, or of an option in the list's item. */
static void end_exporter(const struct show *show, const struct config_place *place)
{
	const struct config_option *option = config_option_by_key("exporters");
	char variable[CONFIG_VARIABLE_BYTES];

	config_option_variable(option, variable);
	end_line(show, place, option->flag, variable);
}

static void write_list(const struct show *show, const struct config_list *list)
{
	fputc('[', show->stream);
	for (size_t i = 0; i < list->count; i++) {
		fputs(i ? ", " : "", show->stream);
		yaml_write_scalar(show->stream, list->items[i]);
	}
	fputc(']', show->stream);
}

static void write_value(const struct show *show, const struct config_option *option,
			const char *name)
{
	const struct config *config = show->draft->config;
	char buffer[CONFIG_QUANTITY_BYTES];
	const void *place = (const char *)config + option->field.offset;
	const char *text;

	fprintf(show->stream, "  %s: ", name);
	if (config_option_is_list(option)) {
		write_list(show, place);
	} else {
		/* every option that is no list can be said */
		text = config_field_text(config, &option->field, buffer);
		yaml_write_scalar(show->stream, text);
	}
	end_option(show, option);
}

static void write_exporter_option(const struct show *show, size_t index,
				  const struct config_exporter_option *option)
{
	const struct config_exporter *exporter = &show->draft->config->exporters.items[index];
	const struct config_place *place =
		&show->draft->exporters[index].options[config_exporter_option_index(option)];
	char buffer[CONFIG_QUANTITY_BYTES], variable[CONFIG_EXPORTER_VARIABLE_BYTES];
	const char *text = config_field_text(exporter, &option->field, buffer);

	if (!text) {
		fprintf(show->stream, "    # %s: %s\n", option->key,
			config_exporter_option_default(option));
		return;
	}
	fprintf(show->stream, "    %s: ", option->key);
	yaml_write_scalar(show->stream, text);
	if (place->origin == CONFIG_ORIGIN_EXPORTER_VARIABLE) {
		config_exporter_variable(exporter->name, option, variable);
		end_line(show, place, NULL, variable);
	} else {
		end_exporter(show, place);
	}
}

static void write_exporter(const struct show *show, size_t index)
{
	const struct config_exporter *exporter = &show->draft->config->exporters.items[index];
	const struct config_place *place = &show->draft->exporters[index].place;
	const struct {
		const char *before;
		const char *text;
	} keys[] = {
		{"  - name: ", exporter->name},
		{"    type: ", exporter->type},
		{"    url: ", exporter->target},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		fputs(keys[i].before, show->stream);
		yaml_write_scalar(show->stream, keys[i].text);
		end_exporter(show, place);
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		if (config_exporter_has(exporter, &config_exporter_options[i]))
			write_exporter_option(show, index, &config_exporter_options[i]);
	}
}

static void write_exporters(const struct show *show, const struct config_option *option)
{
	size_t count = show->draft->config->exporters.count;

	fprintf(show->stream, "%s:", option->key);
	if (count) {
		fputc('\n', show->stream);
	} else {
		fputs(" []", show->stream);
		end_exporter(show, &show->draft->places[config_option_index(option)]);
	}
	for (size_t i = 0; i < count; i++)
		write_exporter(show, i);
}

void config_show_write(FILE *stream, const struct config_draft *draft, int origins)
{
	const struct show show = {.stream = stream, .draft = draft, .origins = origins};
	const char *section = "";
	size_t length = 0;

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		const char *dot = option->key ? strchr(option->key, '.') : NULL;

		if (option->kind == CONFIG_OPTION_EXPORTERS) {
			write_exporters(&show, option);
		} else if (dot) {
			if (strncmp(section, option->key, length) != 0 || !length)
				fprintf(stream, "%.*s:\n", (int)(dot - option->key), option->key);
			section = option->key;
			length = (size_t)(dot - option->key) + 1;
			write_value(&show, option, dot + 1);
		}
	}
}
