// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: option table -> text of `flowprobe run --help`.
 *
 * Two columns: the flag as one types it, and what it does with its default and its key in the
 * configuration file. The key is shown because it is not always the flag's name, and because the
 * variable follows from it. The right column is wrapped at words; a flag too long for the left one
 * gets a line of its own.
 */
#include "config/help.h"

#include <string.h>

#include "config/options.h"

#define HELP_LEFT 32 /* columns of the flag, indent included */
#define HELP_TEXT_BYTES 512

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
	for (size_t i = 0; option->choices && option->choices[i]; i++)
		used += (size_t)snprintf(left + used, sizeof(left) - used, "%c%s", i ? '|' : ' ',
					 option->choices[i]);
	if (used + 2 <= HELP_LEFT)
		fprintf(stream, "%-*s", HELP_LEFT, left);
	else
		fprintf(stream, "%s\n%*s", left, HELP_LEFT, "");
}

/* Writes text between column indent, where the stream already is, and the last one. */
static void write_wrapped(FILE *stream, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > CONFIG_HELP_COLUMNS) {
			fprintf(stream, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', stream);
			column++;
		}
		fwrite(text, 1, word, stream);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', stream);
}

static void write_option(FILE *stream, const struct config_option *option)
{
	const char *initial = option->shown_default ? option->shown_default : option->initial;
	char text[HELP_TEXT_BYTES];
	size_t used;

	write_left(stream, option);
	used = (size_t)snprintf(text, sizeof(text), "%s", option->help);
	if (initial && option->type != CONFIG_OPTION_PRESET)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " (default: %s)",
					 initial);
	if (option->key)
		snprintf(text + used, sizeof(text) - used, " [%s]", option->key);
	write_wrapped(stream, text, HELP_LEFT);
}

void config_help_write(FILE *stream)
{
	const char *group = "";

	fputs("Usage: flowprobe run [OPTION]...\n\n", stream);
	write_wrapped(stream,
		      "Counts the traffic of this machine's interfaces by flow and writes one "
		      "record "
		      "per flow, until a signal ends it. Records go to stdout, messages to stderr.",
		      0);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (strcmp(group, config_options[i].group) != 0)
			fprintf(stream, "\n%s:\n", config_options[i].group);
		group = config_options[i].group;
		write_option(stream, &config_options[i]);
	}
	fputc('\n', stream);
	write_wrapped(
		stream,
		"T is a whole number with a unit: 500ms, 10s, 2m, 1h. What stands in brackets "
		"is the key in the configuration file, section and name, and gives the name of "
		"a variable: capture.hook is FLOWPROBE_CAPTURE_HOOK, with the items of a list "
		"separated by commas. A flag wins over a variable, that over the file, that "
		"over the default; a list replaces the one it wins over.",
		0);
	fputs("\nExamples:\n"
	      "  sudo flowprobe run\n"
	      "  sudo flowprobe run -i eth0 --duration 10s\n"
	      "  sudo flowprobe run -i 'veth*' --direction ingress --export "
	      "json:/var/tmp/flows.json\n",
	      stream);
}
