// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: option tables -> text of `flowprobe run --help`.
 *
 * Two columns: the flag as one types it, and what it does with its default and its key in the
 * configuration file. The key is shown because it is not always the flag's name, and because the
 * variable follows from it. The right column is wrapped at words; a flag too long for the left one
 * gets a line of its own.
 */
#include "config/help.h"

#include <string.h>

#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/wrap.h"

#define HELP_LEFT 32 /* columns of the flag, indent included */
#define HELP_TEXT_BYTES 512

/* What is left of the right column. */
static const char right[HELP_LEFT + 1] = "                                ";

static void write_left(FILE *stream, const struct config_option *option)
{
	char left[HELP_TEXT_BYTES];
	size_t used;

	if (option->letter)
		used = (size_t)snprintf(left, sizeof(left), "  -%c, --%s", option->letter,
					option->flag);
	else
		used = (size_t)snprintf(left, sizeof(left), "      --%s", option->flag);
	if (option->argument)
		used += (size_t)snprintf(left + used, sizeof(left) - used, " %s", option->argument);
	for (size_t i = 0; option->field.choices && option->field.choices[i]; i++)
		used += (size_t)snprintf(left + used, sizeof(left) - used, "%c%s", i ? '|' : ' ',
					 option->field.choices[i]);
	if (used + 2 <= HELP_LEFT)
		fprintf(stream, "%-*s", HELP_LEFT, left);
	else
		fprintf(stream, "%s\n%*s", left, HELP_LEFT, "");
}

static void write_option(FILE *stream, const struct config_option *option)
{
	const char *initial = config_option_default(option);
	char text[HELP_TEXT_BYTES];
	size_t used;

	write_left(stream, option);
	used = (size_t)snprintf(text, sizeof(text), "%s%s", option->help,
				config_option_is_list(option) ? "; repeatable" : "");
	if (initial && option->kind != CONFIG_OPTION_PRESET)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " (default: %s)",
					 initial);
	if (option->key)
		snprintf(text + used, sizeof(text) - used, " [%s]", option->key);
	config_wrap(stream, right, text);
}

/* One line for each form of target. */
static void write_exporter_type(FILE *stream, const struct config_exporter_type *type)
{
	char target[CONFIG_EXPORTER_TEXT_BYTES], left[HELP_TEXT_BYTES];
	size_t used;

	for (size_t i = 0; i < CONFIG_EXPORTER_TARGETS && type->targets[i].prefix; i++) {
		config_exporter_describe_target(&type->targets[i], target);
		used = (size_t)snprintf(left, sizeof(left), "  %s:%s", type->name, target);
		if (i == 0 && used + 2 <= HELP_LEFT)
			fprintf(stream, "%-*s%s\n", HELP_LEFT, left, type->help);
		else if (i == 0)
			fprintf(stream, "%s\n%*s%s\n", left, HELP_LEFT, "", type->help);
		else
			fprintf(stream, "%s\n", left);
	}
}

static void write_exporter_option(FILE *stream, const struct config_exporter_option *option)
{
	char takers[CONFIG_EXPORTER_TEXT_BYTES], text[HELP_TEXT_BYTES];

	config_exporter_describe_takers(option, takers);
	snprintf(text, sizeof(text), "  %s=%s", option->key, option->argument);
	fprintf(stream, "%-*s", HELP_LEFT, text);
	snprintf(text, sizeof(text), "%s (default: %s) [%s]", option->help,
		 config_exporter_option_default(option), takers);
	config_wrap(stream, right, text);
}

static void write_exporters(FILE *stream)
{
	fputs("\nExporter types:\n", stream);
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++)
		write_exporter_type(stream, &config_exporter_types[i]);
	fputs("\nExporter options:\n", stream);
	fprintf(stream, "%-*s", HELP_LEFT, "  name=NAME");
	config_wrap(stream, right,
		    "what the exporter is called in variables and messages (default: its type, "
		    "with a number if that is taken)");
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		write_exporter_option(stream, &config_exporter_options[i]);
	fputc('\n', stream);
	config_wrap(stream, "",
		    "Options stand behind a '?' and between '&', with %26 for an & in a value "
		    "and %25 for a %: ipfix:udp://192.0.2.1?source_port=4739&max_rate=5000. In the "
		    "configuration file an exporter is such a string too, or a mapping of type, "
		    "url (what is TARGET here) and its options. The variable "
		    "FLOWPROBE_EXPORTER_<NAME>_<OPTION> sets one option of one exporter. In "
		    "brackets is who takes an option.");
}

void config_help_write(FILE *stream)
{
	const char *group = "";

	fputs("Usage: flowprobe run [OPTION]...\n\n", stream);
	config_wrap(stream, "",
		    "Counts the traffic of this machine's interfaces by flow and writes one "
		    "record per flow, until a signal ends it. Records go to stdout, messages to "
		    "stderr.");
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (strcmp(group, config_options[i].group) != 0)
			fprintf(stream, "\n%s:\n", config_options[i].group);
		group = config_options[i].group;
		write_option(stream, &config_options[i]);
	}
	write_exporters(stream);
	fputc('\n', stream);
	config_wrap(
		stream, "",
		"T is a whole number with a unit: 500ms, 10s, 2m, 1h; SIZE a number of bytes, or "
		"one with a unit: 900KiB, 1MiB, 2GiB. What stands in brackets is the key in the "
		"configuration file, section and name, and gives the name of a variable: "
		"capture.hook is FLOWPROBE_CAPTURE_HOOK, with the items of a list separated by "
		"commas.");
	fputc('\n', stream);
	config_wrap(
		stream, "",
		"A flag wins over a variable, that over the files in conf.d (the last by name "
		"first), those over the configuration file, that over the default. A list replaces "
		"the one it wins over; but exporters of all files add up, and one replaces only "
		"that of the same name in an earlier file.");
	fputs("\nExamples:\n"
	      "  sudo flowprobe run\n"
	      "  sudo flowprobe run -i eth0 --duration 10s\n"
	      "  sudo flowprobe run -i 'veth*' --direction ingress --export "
	      "json:/var/tmp/flows.json\n",
	      stream);
}
