// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: option tables -> commented example file.
 *
 * Sections are there and their keys commented out, so that a change is one '#' less. The list of
 * exporters is commented out as a whole, line by line, because it has no useful default in a file;
 * there, what several kinds of exporter take is explained once, at the first that does.
 */
#include "config/example.h"

#include <ctype.h>
#include <string.h>

#include "config/directory.h"
#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/value_text.h"
#include "config/wrap.h"
#include "config/yaml_text.h"

#define EXAMPLE_TEXT_BYTES 1024

/* Writes text as a comment of lines that begin with prefix. */
static void write_comment(FILE *stream, const char *prefix, const char *text)
{
	fputs(prefix, stream);
	config_wrap(stream, prefix, text);
}

/* Writes what an option is for, and below it what it takes. takers is NULL if anybody has it. */
static void write_help(FILE *stream, const char *prefix, const char *help,
		       const struct config_field *field, const char *initial, int restart,
		       const char *takers)
{
	char text[EXAMPLE_TEXT_BYTES], range[CONFIG_RANGE_BYTES];

	snprintf(text, sizeof(text), "%c%s.", toupper((unsigned char)help[0]), help + 1);
	write_comment(stream, prefix, text);
	config_field_describe(field, range);
	snprintf(text, sizeof(text), "Takes %s; default: %s.%s%s%s%s", range, initial,
		 takers ? " For " : "", takers ? takers : "", takers ? "." : "",
		 restart ? " A change needs a restart." : "");
	write_comment(stream, prefix, text);
}

static void write_option(FILE *stream, const struct config_option *option, const char *name)
{
	const char *value = option->example ? option->example : option->initial;
	int is_list = config_option_is_list(option);

	write_help(stream, "  # ", option->help, &option->field, config_option_default(option),
		   option->restart, NULL);
	fprintf(stream, "  #%s: %s", name, is_list ? "[" : "");
	yaml_write_scalar(stream, value);
	fprintf(stream, "%s\n", is_list ? "]" : "");
}

/* --- exporters --- */

/* 1 if an earlier form of target in the tables takes the option, so that it was explained there. */
static int was_explained(const struct config_exporter_option *option, size_t type, size_t target)
{
	for (size_t i = 0; i <= type; i++) {
		const struct config_exporter_type *row = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && row->targets[j].prefix; j++) {
			if (i == type && j == target)
				return 0;
			if (config_exporter_takes(row, 1u << row->targets[j].transport, option))
				return 1;
		}
	}
	return 0;
}

static void write_exporter_option(FILE *stream, const struct config_exporter_option *option)
{
	char takers[CONFIG_EXPORTER_TEXT_BYTES];

	config_exporter_describe_takers(option, takers);
	write_help(stream, "#    # ", option->help, &option->field,
		   config_exporter_option_default(option), 0, takers);
	fprintf(stream, "#    %s: ", option->key);
	yaml_write_scalar(stream, option->example ? option->example : option->initial);
	fputc('\n', stream);
}

static void write_exporter(FILE *stream, size_t type_index, size_t target_index)
{
	const struct config_exporter_type *type = &config_exporter_types[type_index];
	const struct config_exporter_target *target = &type->targets[target_index];
	char form[CONFIG_EXPORTER_TEXT_BYTES], text[EXAMPLE_TEXT_BYTES];
	char more[EXAMPLE_TEXT_BYTES / 2] = "";
	size_t used = 0;

	config_exporter_describe_target(target, form);
	snprintf(text, sizeof(text), "%s:%s: %s.", type->name, form, type->help);
	fputs("#\n", stream);
	write_comment(stream, "#  # ", text);
	fprintf(stream, "#  - name: %s-%s\n#    type: %s\n#    url: ", type->name,
		config_transport_name(target->transport), type->name);
	yaml_write_scalar(stream, target->example);
	fputc('\n', stream);
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS && used < sizeof(more); i++) {
		const struct config_exporter_option *option = &config_exporter_options[i];

		if (!config_exporter_takes(type, 1u << target->transport, option))
			continue;
		if (was_explained(option, type_index, target_index))
			used += (size_t)snprintf(more + used, sizeof(more) - used, "%s%s",
						 used ? ", " : "", option->key);
		else
			write_exporter_option(stream, option);
	}
	if (used) {
		snprintf(text, sizeof(text), "And as above: %s.", more);
		write_comment(stream, "#    # ", text);
	}
}

static void write_exporters(FILE *stream, const struct config_option *option)
{
	char text[EXAMPLE_TEXT_BYTES];

	fputc('\n', stream);
	snprintf(text, sizeof(text),
		 "Where records go, and how; default: %s. An exporter is a string, "
		 "TYPE:TARGET?OPTION=VALUE&OPTION=VALUE, or a mapping of type, url (what is TARGET "
		 "there), options, and a name for variables and messages, which is the type if it "
		 "is not there. Those of all files add up; one replaces only that of the same name "
		 "in an earlier file. An empty list, [], is for no records at all.",
		 config_option_default(option));
	write_comment(stream, "# ", text);
	fprintf(stream, "#%s:\n", option->key);
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		for (size_t j = 0;
		     j < CONFIG_EXPORTER_TARGETS && config_exporter_types[i].targets[j].prefix; j++)
			write_exporter(stream, i, j);
	}
}

void config_example_write(FILE *stream)
{
	const char *section = "";
	size_t length = 0;

	write_comment(stream, "# ",
		      "Configuration of flowprobe, " CONFIG_DEFAULT_PATH
		      ". Every option stands here with its help, and commented out with its "
		      "default, or an example where that is nothing. To change one, remove the # "
		      "in "
		      "front of it, and of what it is part of.");
	fputs("#\n", stream);
	write_comment(stream, "# ",
		      "After this file every *.yaml in " CONFIG_DIRECTORY_NAME
		      " beside it is read, in the order of their names; later ones win. Variables "
		      "(FLOWPROBE_CAPTURE_HOOK for hook in capture) win over files, and flags over "
		      "variables. `flowprobe config check` finds mistakes, `flowprobe config show "
		      "--origin` tells what is in effect and why.");
	fputs("#\n", stream);
	write_comment(stream, "# ",
		      "A duration is a whole number with a unit: 500ms, 10s, 2m, 1h; a size a "
		      "number "
		      "of bytes, or one with a unit: 900KiB, 1MiB, 2GiB.");
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		const char *dot = option->key ? strchr(option->key, '.') : NULL;

		if (option->kind == CONFIG_OPTION_EXPORTERS) {
			write_exporters(stream, option);
		} else if (dot) {
			if (strncmp(section, option->key, length) != 0 || !length)
				fprintf(stream, "\n%.*s:\n", (int)(dot - option->key), option->key);
			else
				fputc('\n', stream);
			section = option->key;
			length = (size_t)(dot - option->key) + 1;
			write_option(stream, option, dot + 1);
		}
	}
}
