// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration from all sources together: who wins, which mistakes are reported, and with which
 * exit code the command ends. Files are real ones, in a directory of their own.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/errors.h"
#include "config/file.h"

#define NS_PER_S 1000000000ull
#define ARGUMENTS_MAX 80

static struct {
	char directory[32];
	char file[64]; /* in the directory */
	struct config config;
	char *messages;
	int code;
	int help;
} test;

static int setup(void **state)
{
	(void)state;
	memset(&test, 0, sizeof(test));
	strcpy(test.directory, "/tmp/test_config.XXXXXX");
	if (!mkdtemp(test.directory))
		return -1;
	snprintf(test.file, sizeof(test.file), "%s/c.yaml", test.directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_free(&test.config);
	free(test.messages);
	unlink(test.file);
	return rmdir(test.directory);
}

static void write_file(const char *text, size_t size)
{
	FILE *file = fopen(test.file, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* Loads with the given flags ("" or separated by blanks), variables and default file (or NULL). */
static void load(const char *flags, char **environment, const char *default_path)
{
	static char *none[] = {NULL};
	char *copy = strdup(flags), *argv[ARGUMENTS_MAX] = {"run"};
	struct config_sources sources = {.argc = 1,
					 .argv = argv,
					 .environment = environment ? environment : none,
					 .default_path = default_path};
	struct config_errors errors = {0};
	size_t size;

	assert_non_null(copy);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[sources.argc++] = word;
	config_free(&test.config);
	free(test.messages);
	errors.stream = open_memstream(&test.messages, &size);
	assert_non_null(errors.stream);
	test.code = config_load_sources(&test.config, &sources, &errors, &test.help);
	fclose(errors.stream);
	free(copy);
}

static void assert_failure(int code, const char *messages)
{
	struct config empty = {0};

	assert_string_equal(test.messages, messages);
	assert_int_equal(test.code, code);
	assert_int_equal(test.config.interfaces_include.count, empty.interfaces_include.count);
	assert_int_equal(test.config.interfaces_exclude.count, empty.interfaces_exclude.count);
	assert_int_equal(test.config.exporters.count, empty.exporters.count);
}

static void assert_success(void)
{
	assert_string_equal(test.messages, "");
	assert_int_equal(test.code, 0);
}

static void config_sources_win_in_their_order(void **state)
{
	static const char yaml[] = "capture: {slots: 2048}\nlog: {level: error}\n";
	char *environment[] = {"FLOWPROBE_CAPTURE_SLOTS=4096", NULL};

	(void)state;
	write_file(yaml, sizeof(yaml) - 1);
	load("", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.slots, 131072);
	load("", NULL, test.file);
	assert_success();
	assert_int_equal(test.config.slots, 2048);
	assert_int_equal(test.config.log_level, LOG_ERROR);
	load("", environment, test.file);
	assert_success();
	assert_int_equal(test.config.slots, 4096);
	assert_int_equal(test.config.log_level, LOG_ERROR);
	load("--slots 8192", environment, test.file);
	assert_success();
	assert_int_equal(test.config.slots, 8192);
	assert_int_equal(test.config.log_level, LOG_ERROR);
}

static void config_lists_of_a_higher_source_replace(void **state)
{
	static const char yaml[] = "interfaces: {include: [f0, f1, f2], exclude: [g0]}\n"
				   "exporters: [json:f]\n";
	char *environment[] = {"FLOWPROBE_INTERFACES_INCLUDE=e0,e1",
			       "FLOWPROBE_INTERFACES_EXCLUDE=", NULL};

	(void)state;
	write_file(yaml, sizeof(yaml) - 1);
	load("", NULL, test.file);
	assert_success();
	assert_int_equal(test.config.interfaces_include.count, 3);
	assert_string_equal(test.config.interfaces_include.items[2], "f2");
	assert_int_equal(test.config.interfaces_exclude.count, 1);
	assert_string_equal(test.config.interfaces_exclude.items[0], "g0");
	assert_int_equal(test.config.exporters.count, 1);
	assert_string_equal(test.config.exporters.items[0].target, "f");
	load("", environment, test.file);
	assert_success();
	assert_int_equal(test.config.interfaces_include.count, 2);
	assert_string_equal(test.config.interfaces_include.items[1], "e1");
	assert_int_equal(test.config.interfaces_exclude.count, 0);
	load("-i a --export json:x", environment, test.file);
	assert_success();
	assert_int_equal(test.config.interfaces_include.count, 1);
	assert_string_equal(test.config.interfaces_include.items[0], "a");
	assert_int_equal(test.config.interfaces_exclude.count, 0);
	assert_int_equal(test.config.exporters.count, 1);
	assert_string_equal(test.config.exporters.items[0].target, "x");
}

static void config_naming_a_default_exclusion_includes_it(void **state)
{
	(void)state;
	load("-i lo -i eth0", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.interfaces_exclude.count, 0);
	load("-i *", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.interfaces_exclude.count, 1);
	load("-i lo --exclude-interface lo", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.interfaces_exclude.count, 1);
}

static void config_file_of_the_flag_replaces_the_default_file(void **state)
{
	static const char yaml[] = "capture: {sampling: 3}\n";
	char flags[128];

	(void)state;
	write_file(yaml, sizeof(yaml) - 1);
	snprintf(flags, sizeof(flags), "--config %s", test.file);
	load(flags, NULL, "/nonexistent");
	assert_success();
	assert_int_equal(test.config.sampling, 3);
	snprintf(flags, sizeof(flags), "-c %s", test.file);
	load(flags, NULL, test.directory);
	assert_success();
	assert_int_equal(test.config.sampling, 3);
	snprintf(flags, sizeof(flags), "-c /nonexistent -c%s", test.file);
	load(flags, NULL, NULL);
	assert_success();
	assert_int_equal(test.config.sampling, 3);
}

static void config_file_that_cannot_be_read_is_a_mistake(void **state)
{
	char expected[256];

	(void)state;
	load("-c /nonexistent/x.yaml", NULL, NULL);
	assert_failure(EX_CONFIG, "flowprobe: /nonexistent/x.yaml: cannot be opened: No such file "
				  "or directory; check the path given with --config\n");
	load("", NULL, test.directory);
	snprintf(expected, sizeof(expected),
		 "flowprobe: %s: cannot be read: Is a directory; name the file in it\n",
		 test.directory);
	assert_failure(EX_CONFIG, expected);
}

static void config_file_size_is_limited(void **state)
{
	char *text = malloc(CONFIG_FILE_MAX_BYTES + 1), expected[256];

	(void)state;
	assert_non_null(text);
	memset(text, '#', CONFIG_FILE_MAX_BYTES + 1);
	write_file(text, CONFIG_FILE_MAX_BYTES);
	load("", NULL, test.file);
	assert_success();
	write_file(text, CONFIG_FILE_MAX_BYTES + 1);
	load("", NULL, test.file);
	snprintf(expected, sizeof(expected),
		 "flowprobe: %s: is larger than 1048576 bytes; is it a configuration file?\n",
		 test.file);
	assert_failure(EX_CONFIG, expected);
	free(text);
}

static void config_mistakes_of_all_sources_are_reported_at_once(void **state)
{
	static const char yaml[] = "capture:\n  hook: tcxx\n  slots: 2000\n";
	char *environment[] = {"FLOWPROBE_CAPTURE_SAMPLNG=2", "FLOWPROBE_RUN_DURATION=10",
			       "FLOWPROBE_FOO=1", NULL};
	char expected[1024];

	(void)state;
	write_file(yaml, sizeof(yaml) - 1);
	load("--slots=4096 --hok tc --sampling 0", environment, test.file);
	snprintf(expected, sizeof(expected),
		 "flowprobe: %s:2:9: capture.hook: must be auto, tcx, tc or xdp, not \"tcxx\"; did "
		 "you mean tcx?\n"
		 "flowprobe: %s:3:10: capture.slots: must be a power of two from 1024 to 4194304, "
		 "not 2000; use 2048\n"
		 "flowprobe: FLOWPROBE_CAPTURE_SAMPLNG: unknown variable; did you mean "
		 "FLOWPROBE_CAPTURE_SAMPLING?\n"
		 "flowprobe: FLOWPROBE_RUN_DURATION: needs a unit (ms, s, m or h): write 10s for "
		 "seconds\n"
		 "flowprobe: FLOWPROBE_FOO: unknown variable\n"
		 "flowprobe: unknown option --hok; did you mean --hook? (see flowprobe run "
		 "--help)\n"
		 "flowprobe: unexpected argument \"tc\": there are only options (see flowprobe run "
		 "--help)\n"
		 "flowprobe: --sampling: must be a whole number from 1 to 16777216, not \"0\"\n",
		 test.file, test.file);
	assert_failure(EX_USAGE, expected);
	load("--slots=4096", environment, test.file);
	assert_int_equal(test.code, EX_CONFIG);
}

static void config_flags_that_do_not_exist_are_refused(void **state)
{
	static const struct {
		const char *flags, *message;
	} cases[] = {
		{"--slot 2048", "unknown option --slot; did you mean --slots?"},
		{"--verb", "unknown option --verb; did you mean --verbose?"},
		{"--dur=1s", "unknown option --dur; did you mean --duration?"},
		{"--=x", "unknown option --"},
		{"--metric", "unknown option --metric; did you mean --metrics?"},
		{"--zzz", "unknown option --zzz"},
		{"-x", "unknown option -x"},
		{"-qx", "unknown option -x"},
		{"-\033", "unknown option -?"},
		{"eth0", "unexpected argument \"eth0\": there are only options"},
		{"-", "unexpected argument \"-\": there are only options"},
		{"-- -q", "unexpected argument \"-q\": there are only options"},
		{"-q --", NULL},
		{"-q -- --help", "unexpected argument \"--help\": there are only options"},
		{"--slots", "option --slots needs a value"},
		{"-i", "option --interface needs a value"},
		{"--quiet=yes", "option --quiet takes no value"},
	};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		load(cases[i].flags, NULL, NULL);
		if (!cases[i].message) {
			assert_success();
			continue;
		}
		snprintf(expected, sizeof(expected), "flowprobe: %s (see flowprobe run --help)\n",
			 cases[i].message);
		assert_failure(EX_USAGE, expected);
	}
}

static void config_flags_name_the_subcommand_they_belong_to(void **state)
{
	char *argv[] = {"doctor", "-x", NULL}, *environment[] = {NULL};
	const struct config_sources sources = {.argc = 2, .argv = argv, .environment = environment};
	struct config_errors errors = {0};
	struct config config;
	char *messages;
	size_t size;
	int help;

	(void)state;
	errors.stream = open_memstream(&messages, &size);
	assert_int_equal(config_load_sources(&config, &sources, &errors, &help), EX_USAGE);
	fclose(errors.stream);
	assert_string_equal(messages,
			    "flowprobe: unknown option -x (see flowprobe doctor --help)\n");
	free(messages);
}

static void config_flags_given_twice_take_the_last(void **state)
{
	(void)state;
	load("--slots=2048 --slots 4096 -v -q", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.slots, 4096);
	assert_int_equal(test.config.log_level, LOG_WARNING);
	load("-qv", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.log_level, LOG_DEBUG);
	load("--quiet --log-level error", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.log_level, LOG_ERROR);
	load("-vieth0", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.log_level, LOG_DEBUG);
	assert_string_equal(test.config.interfaces_include.items[0], "eth0");
}

static void config_flags_beyond_the_list_limit_are_refused(void **state)
{
	char flags[512] = "";

	(void)state;
	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		strcat(flags, "-ia ");
	load(flags, NULL, NULL);
	assert_success();
	assert_int_equal(test.config.interfaces_include.count, CONFIG_LIST_MAX);
	strcat(flags, "-ib");
	load(flags, NULL, NULL);
	assert_failure(EX_USAGE, "flowprobe: --interface: has more than 64 items; \"b\" is one too "
				 "many\n");
}

static void config_exporter_given_twice_is_refused(void **state)
{
	(void)state;
	load("--export json:- --export json:-", NULL, NULL);
	assert_failure(EX_USAGE, "flowprobe: --export: exporter json2 writes to the same place as "
				 "json; every record would be written twice\n");
}

static void config_help_outranks_every_mistake(void **state)
{
	char *environment[] = {"FLOWPROBE_FOO=1", NULL};

	(void)state;
	load("--nonsense -c /nonexistent -vh", environment, test.directory);
	assert_success();
	assert_int_equal(test.help, 1);
	load("foo --help --slots", environment, NULL);
	assert_success();
	assert_int_equal(test.help, 1);
	load("-i --help", NULL, NULL);
	assert_failure(EX_USAGE, "flowprobe: --interface: \"--help\" looks like an option, not "
				 "like an interface\n");
	assert_int_equal(test.help, 0);
}

static void config_variables_of_lists_are_split_at_commas(void **state)
{
	char *good[] = {"FLOWPROBE_INTERFACES_INCLUDE= a ,\tb,c ", NULL};
	char *bad[] = {"FLOWPROBE_INTERFACES_INCLUDE=a,,b",
		       "FLOWPROBE_EXPORTERS=", "FLOWPROBE_INTERFACES_EXCLUDE=,", NULL};

	(void)state;
	load("", good, NULL);
	assert_success();
	assert_int_equal(test.config.interfaces_include.count, 3);
	assert_string_equal(test.config.interfaces_include.items[0], "a");
	assert_string_equal(test.config.interfaces_include.items[1], "b");
	assert_string_equal(test.config.interfaces_include.items[2], "c");
	load("", bad, NULL);
	assert_failure(EX_CONFIG, "flowprobe: FLOWPROBE_INTERFACES_INCLUDE: must not be empty\n"
				  "flowprobe: FLOWPROBE_EXPORTERS: is empty; it needs at least one "
				  "TYPE:TARGET\n"
				  "flowprobe: FLOWPROBE_INTERFACES_EXCLUDE: must not be empty\n"
				  "flowprobe: FLOWPROBE_INTERFACES_EXCLUDE: must not be empty\n");
}

static void config_variables_of_kubernetes_services_are_not_ours(void **state)
{
	char *inside[] = {"KUBERNETES_SERVICE_HOST=10.0.0.1",
			  "FLOWPROBE_SERVICE_HOST=10.0.0.2",
			  "FLOWPROBE_SERVICE_PORT=9991",
			  "FLOWPROBE_SERVICE_PORT_METRICS=9991",
			  "FLOWPROBE_PORT=tcp://10.0.0.2:9991",
			  "FLOWPROBE_PORT_9991_TCP=tcp://10.0.0.2:9991",
			  "FLOWPROBE_WEB_PORT_80_TCP_ADDR=10.0.0.2",
			  "FLOWPROBE_LOG_LEVEL=debug",
			  NULL};
	char *typo[] = {"KUBERNETES_SERVICE_HOST=10.0.0.1", "FLOWPROBE_PORTS=1", NULL};
	char *outside[] = {"FLOWPROBE_SERVICE_HOST=10.0.0.2", NULL};

	(void)state;
	load("", inside, NULL);
	assert_success();
	assert_int_equal(test.config.log_level, LOG_DEBUG);
	load("", typo, NULL);
	assert_failure(EX_CONFIG, "flowprobe: FLOWPROBE_PORTS: unknown variable\n");
	load("", outside, NULL);
	assert_failure(EX_CONFIG, "flowprobe: FLOWPROBE_SERVICE_HOST: unknown variable\n");
}

static void config_variables_of_other_subcommands_are_not_ours(void **state)
{
	char *setup_of_openobserve[] = {"FLOWPROBE_OPENOBSERVE_USER=u",
					"FLOWPROBE_OPENOBSERVE_PASSWORD=hunter2",
					"FLOWPROBE_OPENOBSERVE_DESTINATION_URL=http://h/", NULL};
	char *typo[] = {"FLOWPROBE_OPENOBSERVE_PASSWORDS=hunter2", NULL};

	(void)state;
	load("", setup_of_openobserve, NULL);
	assert_success();
	load("", typo, NULL);
	assert_failure(EX_CONFIG, "flowprobe: FLOWPROBE_OPENOBSERVE_PASSWORDS: unknown variable\n");
}

static void config_duration_of_zero_is_until_a_signal(void **state)
{
	(void)state;
	load("--duration 5s --duration 0", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.duration_ns, 0);
	load("--duration 1500ms", NULL, NULL);
	assert_success();
	assert_int_equal(test.config.duration_ns, 3 * NS_PER_S / 2);
}

static void config_freed_twice_is_harmless(void **state)
{
	(void)state;
	load("-i a", NULL, NULL);
	assert_success();
	config_free(&test.config);
	assert_int_equal(test.config.interfaces_include.count, 0);
	assert_null(test.config.interfaces_include.items[0]);
	config_free(&test.config);
}

static void config_messages_are_one_line_whatever_they_quote(void **state)
{
	char *environment[] = {"FLOWPROBE_CAPTURE_HOOK=a\nb\033[31m\x7f", NULL};

	(void)state;
	load("", environment, NULL);
	assert_failure(EX_CONFIG,
		       "flowprobe: FLOWPROBE_CAPTURE_HOOK: must be auto, tcx, tc or xdp, "
		       "not \"a?b?[31m?\"\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(config_sources_win_in_their_order),
		TEST(config_lists_of_a_higher_source_replace),
		TEST(config_naming_a_default_exclusion_includes_it),
		TEST(config_file_of_the_flag_replaces_the_default_file),
		TEST(config_file_that_cannot_be_read_is_a_mistake),
		TEST(config_file_size_is_limited),
		TEST(config_mistakes_of_all_sources_are_reported_at_once),
		TEST(config_flags_that_do_not_exist_are_refused),
		TEST(config_flags_name_the_subcommand_they_belong_to),
		TEST(config_flags_given_twice_take_the_last),
		TEST(config_flags_beyond_the_list_limit_are_refused),
		TEST(config_exporter_given_twice_is_refused),
		TEST(config_help_outranks_every_mistake),
		TEST(config_variables_of_lists_are_split_at_commas),
		TEST(config_variables_of_kubernetes_services_are_not_ours),
		TEST(config_variables_of_other_subcommands_are_not_ours),
		TEST(config_duration_of_zero_is_until_a_signal),
		TEST(config_freed_twice_is_harmless),
		TEST(config_messages_are_one_line_whatever_they_quote),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
