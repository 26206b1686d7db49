// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is said to people about the options: why a value is refused, what may have been meant
 * instead, and --help.
 */
#include <ctype.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/help.h"
#include "config/options.h"
#include "config/suggest.h"
#include "config/value.h"
#include "config/wrap.h"

static void assert_refusal(const char *key, const char *text, const char *message)
{
	char error[CONFIG_MESSAGE_BYTES] = "";
	struct config config = {0};

	assert_int_equal(config_field_set(&config, &config_option_by_key(key)->field, text, error),
			 -EINVAL);
	assert_string_equal(error, message);
	config_free(&config);
}

static void options_messages_say_what_is_expected(void **state)
{
	(void)state;
	assert_refusal("capture.sampling", "0",
		       "must be a whole number from 1 to 16777216, not \"0\"");
	assert_refusal("capture.slots", "100000",
		       "must be a power of two from 1024 to 4194304, not 100000; use 131072");
	assert_refusal("capture.harvest_interval", "5m", "must be from 100ms to 30s, not \"5m\"");
	assert_refusal("flows.active_timeout", "60",
		       "needs a unit (ms, s, m or h): write 60s for seconds");
	assert_refusal("flows.idle_timeout", "1d",
		       "must be a whole number with a unit, such as 500ms, 10s, 2m or 1h, not "
		       "\"1d\"");
	assert_refusal("capture.hook", "xpd",
		       "must be auto, tcx, tc or xdp, not \"xpd\"; did you mean xdp?");
	assert_refusal("capture.ingress_position", "9", "must be head or tail, not \"9\"");
	assert_refusal("interfaces.include", "", "must not be empty");
	assert_refusal("interfaces.include", "eth0,eth1",
		       "\"eth0,eth1\" contains a comma; give each interface by itself");
}

static void options_help_shows_every_row_and_fits_the_terminal(void **state)
{
	char *text, expected[256];
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	assert_non_null(stream);
	config_help_write(stream);
	fclose(stream);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		snprintf(expected, sizeof(expected), "--%s", config_options[i].flag);
		assert_non_null(strstr(text, expected));
		snprintf(expected, sizeof(expected), "\n%s:\n", config_options[i].group);
		assert_non_null(strstr(text, expected));
		if (!config_options[i].key)
			continue;
		snprintf(expected, sizeof(expected), "[%s]\n", config_options[i].key);
		assert_non_null(strstr(text, expected));
	}
	assert_non_null(strstr(text, "      --slots N                 size of the flow table"));
	assert_non_null(strstr(text, "(default: 131072) [capture.slots]\n"));
	assert_non_null(strstr(text, "  -i, --interface GLOB "));
	assert_non_null(strstr(text, "      --hook auto|tcx|tc|xdp "));
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= CONFIG_COLUMNS);
		assert_false(isspace((unsigned char)line[strlen(line) - 1]));
	}
	free(text);
}

static void options_suggestions_are_the_nearest_word_or_none(void **state)
{
	struct suggestion flag = {.word = "exclude"}, far = {.word = "zzz"},
			  swapped = {.word = "salmping"}, key = {.word = "flow.max_flow"},
			  elsewhere = {.word = "flows.slots"}, section = {.word = "captur"},
			  variable = {.word = "CAPTURE_HOK"};
	char long_word[SUGGEST_WORD_MAX + 2];
	struct suggestion too_long = {.word = long_word};

	(void)state;
	config_option_suggest_flag(&flag);
	assert_string_equal(flag.best, "exclude-interface");
	config_option_suggest_flag(&swapped);
	assert_string_equal(suggest_question(&swapped, "--"), "; did you mean --sampling?");
	config_option_suggest_flag(&far);
	assert_string_equal(suggest_question(&far, "--"), "");
	config_option_suggest_key(&key);
	assert_string_equal(key.best, "flows.max_flows");
	config_option_suggest_key(&elsewhere);
	assert_string_equal(elsewhere.best, "capture.slots");
	config_option_suggest_key(&section);
	assert_string_equal(section.best, "capture");
	config_option_suggest_variable(&variable);
	assert_string_equal(variable.best, "CAPTURE_HOOK");
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	config_option_suggest_flag(&too_long);
	assert_string_equal(too_long.best, "");
}

static void options_edit_distance_counts_single_edits(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("", ""), 0);
	assert_int_equal(suggest_distance("", "abc"), 3);
	assert_int_equal(suggest_distance("abc", ""), 3);
	assert_int_equal(suggest_distance("hook", "hook"), 0);
	assert_int_equal(suggest_distance("hok", "hook"), 1);
	assert_int_equal(suggest_distance("hoook", "hook"), 1);
	assert_int_equal(suggest_distance("hokk", "hook"), 1);
	assert_int_equal(suggest_distance("ohok", "hook"), 1);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_messages_say_what_is_expected),
		cmocka_unit_test(options_help_shows_every_row_and_fits_the_terminal),
		cmocka_unit_test(options_suggestions_are_the_nearest_word_or_none),
		cmocka_unit_test(options_edit_distance_counts_single_edits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
