// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The example file: as it is it changes nothing; each option is in it, with its help, range and
 * default; and what is commented out is right when the '#' is removed.
 */
#include "config/change.h"
#include "config/example.h"
#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/value_text.h"
#include "config/wrap.h"
#include "config_fixture.h"

static char *example(void)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	config_example_write(stream);
	fclose(stream);
	return text;
}

/* The example without the line breaks inside its comments. */
static char *flat_example(void)
{
	char *text = example(), *out = text, *before = text;
	size_t prefix = 0;

	/* a line that begins as the one before did, up to and with "# ", goes on with it */
	for (char *line = text, *end; *line; line = end) {
		size_t blanks = strspn(line, "# ");
		int is_comment = blanks >= 2 && line[blanks - 2] == '#' && line[blanks - 1] == ' ';
		int goes_on = is_comment && blanks == prefix && strncmp(before, line, blanks) == 0;

		end = strchr(line, '\n') + 1;
		if (goes_on) {
			out[-1] = ' ';
			memmove(out, line + blanks, (size_t)(end - line) - blanks);
			out += (size_t)(end - line) - blanks;
		} else {
			before = out;
			memmove(out, line, (size_t)(end - line));
			out += end - line;
		}
		prefix = is_comment ? blanks : 0;
	}
	*out = '\0';
	return text;
}

static void ignore_key(void *arg, const char *key)
{
	(void)key;
	++*(int *)arg;
}

static void example_as_it_is_changes_nothing(void **state)
{
	char *text = example();
	struct load nothing, load;
	int changes = 0;

	(void)state;
	load_all(&nothing, NULL, NULL, NULL);
	load_mode(&load, text, 0644, NULL, NULL);
	assert_string_equal(load.messages, "");
	config_compare(&nothing.config, &load.config, CONFIG_EFFECT_LIVE, ignore_key, &changes);
	config_compare(&nothing.config, &load.config, CONFIG_EFFECT_RESTART, ignore_key, &changes);
	assert_int_equal(changes, 0);
	load_free(&nothing);
	load_free(&load);
	free(text);
}

static void example_fits_the_terminal(void **state)
{
	char *text = example();

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= CONFIG_COLUMNS);
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(text);
}

/* The lines of an option: help, range and default, and the key; in this order, once. */
static void assert_explained(const char *text, const char *prefix, const char *help,
			     const struct config_field *field, const char *initial,
			     const char *rest, const char *key)
{
	char expected[1024], range[CONFIG_RANGE_BYTES];
	const char *at;

	config_field_describe(field, range);
	snprintf(expected, sizeof(expected), "\n%s# %c%s. Takes %s; default: %s.%s\n%s%s: ", prefix,
		 help[0] & ~0x20, help + 1, range, initial, rest, prefix[0] == '#' ? prefix : "  #",
		 key);
	at = strstr(text, expected);
	if (!at)
		assert_string_equal(text, expected);
	assert_null(strstr(at + 1, expected));
}

static void example_explains_every_option(void **state)
{
	char takers[CONFIG_EXPORTER_TEXT_BYTES], rest[256], *text = flat_example();

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];

		if (option->kind == CONFIG_OPTION_VALUE)
			assert_explained(text, "  ", option->help, &option->field,
					 config_option_default(option),
					 option->restart ? " A change needs a restart." : "",
					 strchr(option->key, '.') + 1);
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const struct config_exporter_option *option = &config_exporter_options[i];

		config_exporter_describe_takers(option, takers);
		snprintf(rest, sizeof(rest), " For %s.", takers);
		assert_explained(text, "#    ", option->help, &option->field,
				 config_exporter_option_default(option), rest, option->key);
	}
	free(text);
}

static void example_has_every_form_of_exporter(void **state)
{
	char form[CONFIG_EXPORTER_TEXT_BYTES], expected[512], *text = flat_example();
	size_t forms = 0, lines = 0;

	(void)state;
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			config_exporter_describe_target(&type->targets[j], form);
			snprintf(expected, sizeof(expected),
				 "\n#  # %s:%s: %s.\n#  - name: %s-%s\n#    type: %s\n#    url: ",
				 type->name, form, type->help, type->name,
				 config_transport_name(type->targets[j].transport), type->name);
			assert_non_null(strstr(text, expected));
			forms++;
		}
	}
	for (const char *at = text; (at = strstr(at, "\n#  - name: ")); at++)
		lines++;
	assert_int_equal(lines, forms);
	free(text);
}

/*
 * What is left to be read when the '#' is removed in front of every key of a section, and of all
 * lines of the list of exporters; of the four ways to give a secret only one.
 */
static char *uncommented(const char *secret)
{
	static const char *const secrets[] = {"password", "password_file", "token", "token_file"};
	char *text = example(), *out = text, key[32];
	int in_exporters = 0;

	for (char *line = text, *end; *line; line = end) {
		const char *drop = NULL;

		end = strchr(line, '\n') + 1;
		in_exporters = (in_exporters && *line == '#') ||
			       strncmp(line, "#exporters:", 11) == 0;
		for (size_t i = 0; i < 4; i++) {
			snprintf(key, sizeof(key), "#    %s: ", secrets[i]);
			if (strncmp(line, key, strlen(key)) == 0 && strcmp(secrets[i], secret) != 0)
				drop = secrets[i];
		}
		if (drop)
			continue;
		if (in_exporters)
			line++;
		else if (strncmp(line, "  #", 3) == 0 && line[3] != ' ')
			memcpy(++line, "  ", 2);
		memmove(out, line, (size_t)(end - line));
		out += end - line;
	}
	*out = '\0';
	return text;
}

static void example_without_comment_signs_is_right(void **state)
{
	static const char *const secrets[] = {"password", "password_file", "token", "token_file"};
	struct load load, nothing;

	(void)state;
	load_all(&nothing, NULL, NULL, NULL);
	for (size_t i = 0; i < 4; i++) {
		char *text = uncommented(secrets[i]);

		load_all(&load, text, NULL, NULL);
		assert_string_equal(load.messages, "");
		/* one of each form */
		assert_int_equal(load.config.exporters.count, 9);
		for (size_t j = 0; j < CONFIG_OPTIONS; j++) {
			const struct config_option *option = &config_options[j];

			if (option->kind == CONFIG_OPTION_VALUE)
				assert_true(config_field_equals(&nothing.config, &load.config,
								&option->field) ==
					    !option->example);
		}
		assert_int_equal(load.config.exporters.items[7].spool_max_bytes, 256 << 20);
		assert_string_equal(load.config.exporters.items[7].user, "root@example.com");
		load_free(&load);
		free(text);
	}
	load_free(&nothing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_as_it_is_changes_nothing),
		cmocka_unit_test(example_fits_the_terminal),
		cmocka_unit_test(example_explains_every_option),
		cmocka_unit_test(example_has_every_form_of_exporter),
		cmocka_unit_test(example_without_comment_signs_is_right),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
