// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The manual's lists of options: each option is there, once, with all that is known about it, and
 * what is written is roff of the few requests that the page around it can count on.
 */
#include <ctype.h>

#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/man.h"
#include "config/options.h"
#include "config/value_text.h"
#include "config_fixture.h"

#define ENTRY_BYTES 2048

static char *text_of(void (*write)(FILE *stream))
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	write(stream);
	fclose(stream);
	return text;
}

/* As one reads it: without fonts and escapes. */
static char *read_text(void (*write)(FILE *stream))
{
	static const struct {
		const char *roff, *text;
	} escapes[] = {
		{"\\%", ""},	{"\\fB", ""},	{"\\fI", ""},	{"\\fR", ""},
		{"\\-", "-"},	{"\\e", "\\"},	{"\\&", ""},	{"\\(ti", "~"},
		{"\\(ha", "^"}, {"\\(ga", "`"}, {"\\(oq", "'"}, {"\\(cq", "'"},
	};
	const size_t count = sizeof(escapes) / sizeof(escapes[0]);
	char *text = text_of(write), *out = text;

	for (const char *in = text; *in;) {
		size_t i = 0;

		while (*in == '\\' && i < count &&
		       strncmp(in, escapes[i].roff, strlen(escapes[i].roff)) != 0)
			i++;
		if (*in != '\\') {
			*out++ = *in++;
			continue;
		}
		assert_true(i < count);
		in += strlen(escapes[i].roff);
		out = stpcpy(out, escapes[i].text);
	}
	*out = '\0';
	return text;
}

static void assert_there_once(const char *text, const char *entry)
{
	const char *at = strstr(text, entry);

	if (!at)
		assert_string_equal(text, entry);
	assert_null(strstr(at + 1, entry));
}

static void __attribute__((format(printf, 2, 3)))
add(char entry[ENTRY_BYTES], const char *format, ...)
{
	size_t used = strlen(entry);
	va_list arguments;

	va_start(arguments, format);
	used += (size_t)vsnprintf(entry + used, ENTRY_BYTES - used, format, arguments);
	va_end(arguments);
	assert_true(used < ENTRY_BYTES);
}

static void add_value(char entry[ENTRY_BYTES], const struct config_option *option,
		      const char *before)
{
	for (size_t i = 0; option->field.choices && option->field.choices[i]; i++)
		add(entry, "%s%s", i ? "|" : before, option->field.choices[i]);
	if (option->argument)
		add(entry, "%s%s", before, option->argument);
}

static void add_help(char entry[ENTRY_BYTES], const char *help)
{
	add(entry, "\n%c%s.\n", toupper((unsigned char)help[0]), help + 1);
}

static void add_range(char entry[ENTRY_BYTES], const struct config_field *field)
{
	char range[CONFIG_RANGE_BYTES];

	config_field_describe(field, range);
	if (field->type != CONFIG_FIELD_CHOICE && field->type != CONFIG_FIELD_BOOLEAN)
		add(entry, "Takes %s.\n", range);
}

static void man_has_every_flag(void **state)
{
	char variable[CONFIG_VARIABLE_BYTES], *text = read_text(config_man_write_flags);

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		const char *initial = config_option_default(option);
		char entry[ENTRY_BYTES] = "\n.TP\n";

		if (option->letter)
			add(entry, "-%c, ", option->letter);
		add(entry, "--%s", option->flag);
		add_value(entry, option, " ");
		add_help(entry, option->help);
		if (config_option_is_list(option))
			add(entry, "Can be given several times.\n");
		if (option->kind == CONFIG_OPTION_VALUE)
			add_range(entry, &option->field);
		if (initial && option->kind != CONFIG_OPTION_PRESET)
			add(entry, "Default: %s.\n", initial);
		if (option->key) {
			config_option_variable(option, variable);
			add(entry, "Key %s, variable %s.\n", option->key, variable);
		}
		add(entry, ".");
		assert_there_once(text, entry);
	}
	free(text);
}

/* The part of the text that belongs to a section of the file. */
static char *section_of(const char *text, const char *key)
{
	char heading[64];
	const char *start, *end;

	snprintf(heading, sizeof(heading), ".SS %.*s\n", (int)strcspn(key, "."), key);
	assert_there_once(text, heading);
	start = strstr(text, heading);
	end = strstr(start + 1, ".SS ");
	return end ? strndup(start, (size_t)(end - start)) : strdup(start);
}

static void man_has_every_key_in_its_section(void **state)
{
	char variable[CONFIG_VARIABLE_BYTES], *text = read_text(config_man_write_keys), *section;

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		char entry[ENTRY_BYTES] = "\n.TP\n";

		if (option->kind != CONFIG_OPTION_VALUE)
			continue;
		add(entry, "%s: ", strchr(option->key, '.') + 1);
		if (config_option_is_list(option))
			add(entry, "[%s, ...]", option->argument);
		else
			add_value(entry, option, "");
		add_help(entry, option->help);
		add_range(entry, &option->field);
		add(entry, "Default: %s.\n", config_option_default(option));
		if (option->restart)
			add(entry, "A change needs a restart.\n");
		config_option_variable(option, variable);
		add(entry, "Flag --%s, variable %s.\n", option->flag, variable);
		section = section_of(text, option->key);
		assert_there_once(section, entry);
		free(section);
	}
	section = section_of(text, "exporters");
	assert_there_once(section, "\nDefault: json:-.\n.TP\nname: NAME\n");
	assert_there_once(section, "\n.TP\ntype: TYPE\n");
	assert_there_once(section, "\n.TP\nurl: TARGET\n");
	free(section);
	free(text);
}

/* Both pages explain exporters, as a string and as a mapping. */
static void assert_exporters(const char *text, const char *type_end, const char *key_end)
{
	char words[CONFIG_EXPORTER_TEXT_BYTES];

	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];
		char entry[ENTRY_BYTES] = "";

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			config_exporter_describe_target(&type->targets[j], words);
			add(entry, "\n%s\n%s%s%s", j ? ".TQ" : ".TP", type->name, type_end, words);
		}
		add_help(entry, type->help);
		assert_there_once(text, entry);
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const struct config_exporter_option *option = &config_exporter_options[i];
		char entry[ENTRY_BYTES] = "\n.TP\n";

		add(entry, "%s%s%s", option->key, key_end, option->argument);
		add_help(entry, option->help);
		add_range(entry, &option->field);
		config_exporter_describe_takers(option, words);
		add(entry, "Default: %s.\nFor %s.\n", config_exporter_option_default(option),
		    words);
		assert_there_once(text, entry);
	}
}

static void man_has_every_exporter(void **state)
{
	char *flags = read_text(config_man_write_flags), *keys = read_text(config_man_write_keys);

	(void)state;
	assert_exporters(flags, ":", "=");
	assert_exporters(keys, ", ", ": ");
	free(flags);
	free(keys);
}

/* A '-' without an escape is a hyphen, which cannot be copied from the page. */
static void assert_roff(char *text)
{
	static const char *const requests[] = {".SS ", ".TP", ".TQ", ".PP"};

	assert_string_not_equal(text, "");
	assert_int_equal(text[strlen(text) - 1], '\n');
	assert_null(strstr(text, "\n\n"));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		int known = 0;

		for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
			known |= strncmp(line, requests[i], strlen(requests[i])) == 0;
		assert_int_equal(line[0] == '.' || line[0] == '\'', known);
		for (const char *c = line; *c; c++) {
			assert_true(isprint((unsigned char)*c));
			assert_false(*c == '-' && (c == line || c[-1] != '\\'));
			assert_null(strchr("~^`", *c));
		}
		assert_false(isspace((unsigned char)line[strlen(line) - 1]));
	}
	free(text);
}

static void man_is_roff_of_few_requests(void **state)
{
	(void)state;
	assert_roff(text_of(config_man_write_flags));
	assert_roff(text_of(config_man_write_keys));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(man_has_every_flag),
		cmocka_unit_test(man_has_every_key_in_its_section),
		cmocka_unit_test(man_has_every_exporter),
		cmocka_unit_test(man_is_roff_of_few_requests),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
