// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: option tables -> roff.
 *
 * Only .SS, .TP, .TQ and .PP are used, and fonts in line, so that the text fits into whatever page
 * includes it. Lines are as long as their sentences: roff fills them.
 */
#include "config/man.h"

#include <ctype.h>
#include <string.h>

#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/value_text.h"

/* Writes text so that it means itself, at the beginning of a line too. */
static void write_text(FILE *stream, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stream);
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			fputs("\\e", stream);
			break;
		case '-':
			fputs("\\-", stream);
			break;
		case '~':
			fputs("\\(ti", stream);
			break;
		case '^':
			fputs("\\(ha", stream);
			break;
		case '`':
			fputs("\\(ga", stream);
			break;
		default:
			fputc(*text, stream);
		}
	}
}

/* Bold and italic words are to be typed, so roff must not divide them. */
static void write_bold(FILE *stream, const char *text)
{
	fputs("\\%\\fB", stream);
	write_text(stream, text);
	fputs("\\fR", stream);
}

static void write_italic(FILE *stream, const char *text)
{
	fputs("\\%\\fI", stream);
	write_text(stream, text);
	fputs("\\fR", stream);
}

/* A text of the tables as a sentence on a line of its own. */
static void write_sentence(FILE *stream, const char *text)
{
	char first[] = {(char)toupper((unsigned char)text[0]), '\0'};

	write_text(stream, first);
	write_text(stream, text + 1);
	fputs(".\n", stream);
}

/* What is taken, unless the tag has all the words there are. */
static void write_range(FILE *stream, const struct config_field *field)
{
	char range[CONFIG_RANGE_BYTES];

	if (field->type == CONFIG_FIELD_CHOICE || field->type == CONFIG_FIELD_BOOLEAN)
		return;
	config_field_describe(field, range);
	fputs("Takes ", stream);
	write_text(stream, range);
	fputs(".\n", stream);
}

static void write_default(FILE *stream, const char *text)
{
	if (!text)
		return;
	fputs("Default: ", stream);
	write_text(stream, text);
	fputs(".\n", stream);
}

static void write_restart(FILE *stream, int restart)
{
	if (restart)
		fputs("A change needs a restart.\n", stream);
}

/* --- exporters --- */

/* One tag for each form of target, with between before it. */
static void write_exporter_types(FILE *stream, const char *between)
{
	char form[CONFIG_EXPORTER_TEXT_BYTES];

	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			fputs(j == 0 ? ".TP\n" : ".TQ\n", stream);
			config_exporter_describe_target(&type->targets[j], form);
			write_bold(stream, type->name);
			fputs(between, stream);
			write_italic(stream, form);
			fputc('\n', stream);
		}
		write_sentence(stream, type->help);
	}
}

static void write_exporter_option(FILE *stream, const struct config_exporter_option *option,
				  const char *between)
{
	char takers[CONFIG_EXPORTER_TEXT_BYTES];

	fputs(".TP\n", stream);
	write_bold(stream, option->key);
	fputs(between, stream);
	write_italic(stream, option->argument);
	fputc('\n', stream);
	write_sentence(stream, option->help);
	write_range(stream, &option->field);
	write_default(stream, config_exporter_option_default(option));
	config_exporter_describe_takers(option, takers);
	fputs("For ", stream);
	write_text(stream, takers);
	fputs(".\n", stream);
}

static void write_exporter_options(FILE *stream, const char *between)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		write_exporter_option(stream, &config_exporter_options[i], between);
}

static void write_exporter_name(FILE *stream, const char *between)
{
	fputs(".TP\n\\fBname\\fR", stream);
	fputs(between, stream);
	fputs("\\fINAME\\fR\n"
	      "What the exporter is called in variables and messages.\n"
	      "Default: its type, with a number if that is taken.\n",
	      stream);
}

/* --- flags --- */

static void write_flag(FILE *stream, const struct config_option *option)
{
	char letter[] = {'-', option->letter, '\0'}, flag[64], variable[CONFIG_VARIABLE_BYTES];

	fputs(".TP\n", stream);
	if (option->letter) {
		write_bold(stream, letter);
		fputs(", ", stream);
	}
	snprintf(flag, sizeof(flag), "--%s", option->flag);
	write_bold(stream, flag);
	for (size_t i = 0; option->field.choices && option->field.choices[i]; i++) {
		fputc(i ? '|' : ' ', stream);
		write_bold(stream, option->field.choices[i]);
	}
	if (option->argument) {
		fputc(' ', stream);
		write_italic(stream, option->argument);
	}
	fputc('\n', stream);
	write_sentence(stream, option->help);
	if (config_option_is_list(option))
		fputs("Can be given several times.\n", stream);
	if (option->kind == CONFIG_OPTION_VALUE)
		write_range(stream, &option->field);
	if (option->kind != CONFIG_OPTION_PRESET)
		write_default(stream, config_option_default(option));
	if (!option->key)
		return;
	config_option_variable(option, variable);
	fputs("Key ", stream);
	write_bold(stream, option->key);
	fputs(", variable ", stream);
	write_bold(stream, variable);
	fputs(".\n", stream);
}

void config_man_write_flags(FILE *stream)
{
	const char *group = "";

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (strcmp(group, config_options[i].group) != 0)
			fprintf(stream, ".SS %s\n", config_options[i].group);
		group = config_options[i].group;
		write_flag(stream, &config_options[i]);
	}
	fputs(".SS Exporter types\n", stream);
	write_exporter_types(stream, ":");
	fputs(".SS Exporter options\n"
	      "They stand behind a \\(oq?\\(cq and between \\(oq&\\(cq, as in a URL:\n"
	      "\\%\\fBipfix:udp://192.0.2.1?source_port=4739&max_rate=5000\\fR.\n"
	      "An & in a value is written %26, and a % is written %25.\n"
	      "The variable\n"
	      "\\fBFLOWPROBE_EXPORTER_\\fR\\fINAME\\fR\\fB_\\fR\\fIOPTION\\fR\n"
	      "sets one option of the exporter of that name.\n",
	      stream);
	write_exporter_name(stream, "=");
	write_exporter_options(stream, "=");
}

/* --- keys --- */

static void write_key(FILE *stream, const struct config_option *option, const char *name)
{
	char flag[64], variable[CONFIG_VARIABLE_BYTES];

	fputs(".TP\n", stream);
	write_bold(stream, name);
	fputs(": ", stream);
	for (size_t i = 0; option->field.choices && option->field.choices[i]; i++) {
		fputs(i ? "|" : "", stream);
		write_bold(stream, option->field.choices[i]);
	}
	if (option->argument && config_option_is_list(option))
		fprintf(stream, "[\\fI%s\\fR, ...]", option->argument);
	else if (option->argument)
		write_italic(stream, option->argument);
	fputc('\n', stream);
	write_sentence(stream, option->help);
	write_range(stream, &option->field);
	write_default(stream, config_option_default(option));
	write_restart(stream, option->restart);
	config_option_variable(option, variable);
	snprintf(flag, sizeof(flag), "--%s", option->flag);
	fputs("Flag ", stream);
	write_bold(stream, flag);
	fputs(", variable ", stream);
	write_bold(stream, variable);
	fputs(".\n", stream);
}

static void write_exporter_keys(FILE *stream, const struct config_option *option)
{
	fprintf(stream, ".SS %s\n", option->key);
	fputs("Where records go, and how: a list.\n"
	      "Each item is a string as for the flag \\fB\\-\\-export\\fR,\n"
	      "or a mapping of the keys below.\n"
	      "Exporters of all files add up; one replaces only that of the same name in an "
	      "earlier "
	      "file.\n"
	      "An empty list, [], is for no records at all.\n",
	      stream);
	write_default(stream, config_option_default(option));
	write_exporter_name(stream, ": ");
	fputs(".TP\n"
	      "\\fBtype\\fR: \\fITYPE\\fR\n"
	      "What kind it is, see below.\n"
	      ".TP\n"
	      "\\fBurl\\fR: \\fITARGET\\fR\n"
	      "Where records go.\n"
	      ".PP\n"
	      "Types, with their targets:\n",
	      stream);
	write_exporter_types(stream, ", ");
	fputs(".PP\n"
	      "Options:\n",
	      stream);
	write_exporter_options(stream, ": ");
}

void config_man_write_keys(FILE *stream)
{
	const char *section = "";
	size_t length = 0;

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		const char *dot = option->key ? strchr(option->key, '.') : NULL;

		if (option->kind == CONFIG_OPTION_EXPORTERS) {
			write_exporter_keys(stream, option);
		} else if (dot) {
			if (strncmp(section, option->key, length) != 0 || !length)
				fprintf(stream, ".SS %.*s\n", (int)(dot - option->key),
					option->key);
			section = option->key;
			length = (size_t)(dot - option->key) + 1;
			write_key(stream, option, dot + 1);
		}
	}
}
