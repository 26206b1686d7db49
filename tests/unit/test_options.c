// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The option table and all that is derived from it: every row can be set by flag, variable and
 * file, lands in its own field, and refuses what it must from each source with that source's exit
 * code. test_options_text.c has what is said to people.
 *
 * The expectations are written out a second time here, by hand, and not read from the table: a
 * wrong offset or range in a row must fail. Only completeness is checked against the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/document.h"
#include "config/draft.h"
#include "config/errors.h"
#include "config/options.h"
#include "config/suggest.h"

#define NS_PER_S 1000000000ull
#define VALUES_MAX 8

/* One option as the outside knows it, values it takes and values it refuses. */
static const struct expectation {
	const char *flag, *key, *variable, *initial;
	const char *good[VALUES_MAX], *bad[VALUES_MAX];
} expectations[] = {
	{"interface",
	 "interfaces.include",
	 "FLOWPROBE_INTERFACES_INCLUDE",
	 NULL,
	 {"eth0", "veth*", "[ab]?"},
	 {"a b", "a/b", "-x", "a:1"}},
	{"exclude-interface",
	 "interfaces.exclude",
	 "FLOWPROBE_INTERFACES_EXCLUDE",
	 "lo",
	 {"docker*"},
	 {"a\tb", "-i", "/"}},
	{"hook",
	 "capture.hook",
	 "FLOWPROBE_CAPTURE_HOOK",
	 "auto",
	 {"auto", "tcx", "tc", "xdp"},
	 {"", "TCX", "xd", "3", "auto "}},
	{"direction",
	 "capture.direction",
	 "FLOWPROBE_CAPTURE_DIRECTION",
	 "both",
	 {"both", "ingress", "egress"},
	 {"in", "", "all"}},
	{"ingress-position",
	 "capture.ingress_position",
	 "FLOWPROBE_CAPTURE_INGRESS_POSITION",
	 "head",
	 {"head", "tail"},
	 {"first", ""}},
	{"egress-position",
	 "capture.egress_position",
	 "FLOWPROBE_CAPTURE_EGRESS_POSITION",
	 "tail",
	 {"head", "tail"},
	 {"last", ""}},
	{"sampling",
	 "capture.sampling",
	 "FLOWPROBE_CAPTURE_SAMPLING",
	 "1",
	 {"1", "16777216"},
	 {"0", "16777217", "-1", "+1", " 1", "0x10", "010", "1.5"}},
	{"table",
	 "capture.table",
	 "FLOWPROBE_CAPTURE_TABLE",
	 "auto",
	 {"auto", "slots", "hash"},
	 {"lru", ""}},
	{"slots",
	 "capture.slots",
	 "FLOWPROBE_CAPTURE_SLOTS",
	 "131072",
	 {"1024", "4194304"},
	 {"512", "1000", "1025", "8388608", "4194303", "", "1k"}},
	{"harvest-interval",
	 "capture.harvest_interval",
	 "FLOWPROBE_CAPTURE_HARVEST_INTERVAL",
	 "1s",
	 {"100ms", "30s", "30000ms"},
	 {"99ms", "31s", "1", "0", "1 s", "1S", "1m"}},
	{"max-flows",
	 "flows.max_flows",
	 "FLOWPROBE_FLOWS_MAX_FLOWS",
	 "262144",
	 {"1024", "1025", "16777216"},
	 {"1023", "16777217", "99999999999999999999999"}},
	{"active-timeout",
	 "flows.active_timeout",
	 "FLOWPROBE_FLOWS_ACTIVE_TIMEOUT",
	 "60s",
	 {"1s", "1h", "60m", "1000ms"},
	 {"999ms", "61m", "0s", "60", "1m30s", "s"}},
	{"idle-timeout",
	 "flows.idle_timeout",
	 "FLOWPROBE_FLOWS_IDLE_TIMEOUT",
	 "15s",
	 {"1s", "1h"},
	 {"999ms", "2h", "0", "-1s", "1d", ""}},
	{"export",
	 "exporters",
	 "FLOWPROBE_EXPORTERS",
	 "json:-",
	 {"json:/tmp/a b", "ipfix:udp://[::1]:4739"},
	 {"json", "json:", ":x", "JSON:-", "/tmp/x", "json :-"}},
	{"observation-domain",
	 "export.observation_domain_id",
	 "FLOWPROBE_EXPORT_OBSERVATION_DOMAIN_ID",
	 "0",
	 {"0", "4294967295"},
	 {"4294967296", "-1", "", "a"}},
	{"duration",
	 "run.duration",
	 "FLOWPROBE_RUN_DURATION",
	 "0s",
	 {"0", "0s", "1ms", "876000h"},
	 {"1", "876001h", "18446744073709551615h", "99999999999999999999s", "00s"}},
	{"log-level",
	 "log.level",
	 "FLOWPROBE_LOG_LEVEL",
	 "info",
	 {"error", "warning", "info", "debug"},
	 {"warn", "7", ""}},
};

#define EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

/* A configuration whose messages are kept. */
struct load {
	struct config config;
	char *messages;
	int code;
	int help;
};

static void load_sources(struct load *load, char **argv, char **environment, const char *path)
{
	struct config_sources sources = {
		.argv = argv, .environment = environment, .default_path = path};
	struct config_errors errors = {0};
	size_t size;

	errors.stream = open_memstream(&load->messages, &size);
	assert_non_null(errors.stream);
	while (argv[sources.argc])
		sources.argc++;
	load->code = config_load_sources(&load->config, &sources, &errors, &load->help);
	fclose(errors.stream);
}

static void load_free(struct load *load)
{
	config_free(&load->config);
	free(load->messages);
}

static void load_flag(struct load *load, const char *flag, const char *value)
{
	char argument[256];
	char *argv[] = {"run", argument, NULL};
	char *environment[] = {NULL};

	snprintf(argument, sizeof(argument), "--%s=%s", flag, value);
	load_sources(load, argv, environment, NULL);
}

static void load_variable(struct load *load, const char *name, const char *value)
{
	char variable[256];
	char *argv[] = {"run", NULL};
	char *environment[] = {variable, NULL};

	snprintf(variable, sizeof(variable), "%s=%s", name, value);
	load_sources(load, argv, environment, NULL);
}

/* Builds the YAML of one key and loads it from memory. */
static void load_yaml(struct load *load, const char *key, const char *value)
{
	const struct config_option *option = config_option_by_key(key);
	struct config_errors errors = {0};
	struct config_draft draft;
	const char *dot = strchr(key, '.');
	char yaml[512], item[300];
	size_t size;

	assert_non_null(option);
	snprintf(item, sizeof(item), config_option_is_list(option) ? "[\"%s\"]" : "\"%s\"", value);
	if (dot)
		snprintf(yaml, sizeof(yaml), "%.*s:\n  %s: %s\n", (int)(dot - key), key, dot + 1,
			 item);
	else
		snprintf(yaml, sizeof(yaml), "%s: %s\n", key, item);
	errors.stream = open_memstream(&load->messages, &size);
	assert_non_null(errors.stream);
	assert_int_equal(config_draft_init(&draft, &load->config, &errors), 0);
	config_yaml_load_memory(&draft, "test.yaml", (const unsigned char *)yaml, strlen(yaml));
	fclose(errors.stream);
	load->code = errors.exit_code;
	load->help = 0;
}

static void options_table_matches_the_written_expectations(void **state)
{
	char variable[CONFIG_VARIABLE_BYTES];
	size_t keyed = 0;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct config_option *option = config_option_by_key(expectations[i].key);

		assert_non_null(option);
		assert_string_equal(option->flag, expectations[i].flag);
		config_option_variable(option, variable);
		assert_string_equal(variable, expectations[i].variable);
		assert_ptr_equal(config_option_by_variable(variable), option);
		if (expectations[i].initial)
			assert_string_equal(option->initial, expectations[i].initial);
		else
			assert_null(option->initial);
	}
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		keyed += config_options[i].key != NULL;
	assert_int_equal(keyed, EXPECTATIONS);
}

static void options_rows_are_complete_and_unambiguous(void **state)
{
	char variable[CONFIG_VARIABLE_BYTES], other[CONFIG_VARIABLE_BYTES];

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *row = &config_options[i];

		assert_non_null(row->group);
		assert_non_null(row->flag);
		assert_non_null(row->help);
		assert_null(strchr(row->help, '\n'));
		assert_int_equal(config_option_index(row), i);
		assert_true(!row->key || (strlen(row->key) < CONFIG_KEY_BYTES &&
					  strlen(row->key) <= SUGGEST_WORD_MAX));
		assert_true((row->type == CONFIG_OPTION_CHOICE) == (row->choices != NULL));
		if (row->key && !config_option_is_list(row))
			assert_non_null(row->initial);
		if (row->type == CONFIG_OPTION_PRESET)
			assert_non_null(config_option_by_key(row->preset_key));
		if (config_option_takes_value(row))
			assert_true(row->argument || row->choices);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(row->flag, config_options[j].flag);
			assert_true(!row->letter || row->letter != config_options[j].letter);
			if (!row->key || !config_options[j].key)
				continue;
			assert_string_not_equal(row->key, config_options[j].key);
			config_option_variable(row, variable);
			config_option_variable(&config_options[j], other);
			assert_string_not_equal(variable, other);
		}
	}
}

static void assert_item(const struct config_list *list, const char *item)
{
	assert_int_equal(list->count, 1);
	assert_string_equal(list->items[0], item);
}

static void assert_defaults(const struct config *config)
{
	assert_int_equal(config->interfaces_include.count, 0);
	assert_item(&config->interfaces_exclude, "lo");
	assert_int_equal(config->hook, CONFIG_HOOK_AUTO);
	assert_int_equal(config->direction, CONFIG_DIRECTION_BOTH);
	assert_int_equal(config->ingress_position, CONFIG_POSITION_HEAD);
	assert_int_equal(config->egress_position, CONFIG_POSITION_TAIL);
	assert_int_equal(config->sampling, 1);
	assert_int_equal(config->table, CONFIG_TABLE_AUTO);
	assert_int_equal(config->slots, 131072);
	assert_int_equal(config->harvest_interval_ns, NS_PER_S);
	assert_int_equal(config->max_flows, 262144);
	assert_int_equal(config->active_timeout_ns, 60 * NS_PER_S);
	assert_int_equal(config->idle_timeout_ns, 15 * NS_PER_S);
	assert_int_equal(config->observation_domain_id, 0);
	assert_item(&config->exporters, "json:-");
	assert_int_equal(config->duration_ns, 0);
	assert_int_equal(config->log_level, LOG_INFO);
}

static void options_without_any_source_have_their_defaults(void **state)
{
	char *argv[] = {"run", NULL};
	char *environment[] = {"PATH=/bin", "flowprobe_x=1", "FLOWPROBEX=1", NULL};
	struct load load;

	(void)state;
	load_sources(&load, argv, environment, "/nonexistent/flowprobe.yaml");
	assert_string_equal(load.messages, "");
	assert_int_equal(load.code, 0);
	assert_int_equal(load.help, 0);
	assert_defaults(&load.config);
	load_free(&load);
}

/* Every field different from its default and from its neighbours. */
static void assert_all_set(const struct load *load)
{
	const struct config *config = &load->config;

	assert_string_equal(load->messages, "");
	assert_int_equal(load->code, 0);
	assert_int_equal(config->interfaces_include.count, 2);
	assert_string_equal(config->interfaces_include.items[0], "eth0");
	assert_string_equal(config->interfaces_include.items[1], "wl*");
	assert_item(&config->interfaces_exclude, "eth9");
	assert_int_equal(config->hook, CONFIG_HOOK_XDP);
	assert_int_equal(config->direction, CONFIG_DIRECTION_EGRESS);
	assert_int_equal(config->ingress_position, CONFIG_POSITION_TAIL);
	assert_int_equal(config->egress_position, CONFIG_POSITION_HEAD);
	assert_int_equal(config->sampling, 7);
	assert_int_equal(config->table, CONFIG_TABLE_HASH);
	assert_int_equal(config->slots, 2048);
	assert_int_equal(config->harvest_interval_ns, 250 * NS_PER_S / 1000);
	assert_int_equal(config->max_flows, 5000);
	assert_int_equal(config->active_timeout_ns, 120 * NS_PER_S);
	assert_int_equal(config->idle_timeout_ns, 3600 * NS_PER_S);
	assert_int_equal(config->exporters.count, 2);
	assert_string_equal(config->exporters.items[0], "json:/tmp/x");
	assert_string_equal(config->exporters.items[1], "ipfix:udp://h");
	assert_int_equal(config->observation_domain_id, 4000000000u);
	assert_int_equal(config->duration_ns, 9 * NS_PER_S);
	assert_int_equal(config->log_level, LOG_ERROR);
}

static void options_all_set_by_flag_land_in_their_fields(void **state)
{
	char *argv[] = {"run",
			"-i",
			"eth0",
			"--interface=wl*",
			"--exclude-interface",
			"eth9",
			"--hook",
			"xdp",
			"--direction=egress",
			"--ingress-position=tail",
			"--egress-position=head",
			"--sampling=7",
			"--table",
			"hash",
			"--slots=2048",
			"--harvest-interval=250ms",
			"--max-flows",
			"5000",
			"--active-timeout=2m",
			"--idle-timeout=1h",
			"--export=json:/tmp/x",
			"--export",
			"ipfix:udp://h",
			"--observation-domain=4000000000",
			"--duration=9s",
			"--log-level=error",
			NULL};
	char *environment[] = {NULL};
	struct load load;

	(void)state;
	load_sources(&load, argv, environment, NULL);
	assert_all_set(&load);
	load_free(&load);
}

static void options_all_set_by_variable_land_in_their_fields(void **state)
{
	char *argv[] = {"run", NULL};
	char *environment[] = {"FLOWPROBE_INTERFACES_INCLUDE=eth0, wl*",
			       "FLOWPROBE_INTERFACES_EXCLUDE=eth9",
			       "FLOWPROBE_CAPTURE_HOOK=xdp",
			       "FLOWPROBE_CAPTURE_DIRECTION=egress",
			       "FLOWPROBE_CAPTURE_INGRESS_POSITION=tail",
			       "FLOWPROBE_CAPTURE_EGRESS_POSITION=head",
			       "FLOWPROBE_CAPTURE_SAMPLING=7",
			       "FLOWPROBE_CAPTURE_TABLE=hash",
			       "FLOWPROBE_CAPTURE_SLOTS=2048",
			       "FLOWPROBE_CAPTURE_HARVEST_INTERVAL=250ms",
			       "FLOWPROBE_FLOWS_MAX_FLOWS=5000",
			       "FLOWPROBE_FLOWS_ACTIVE_TIMEOUT=2m",
			       "FLOWPROBE_FLOWS_IDLE_TIMEOUT=1h",
			       "FLOWPROBE_EXPORTERS=json:/tmp/x,ipfix:udp://h",
			       "FLOWPROBE_EXPORT_OBSERVATION_DOMAIN_ID=4000000000",
			       "FLOWPROBE_RUN_DURATION=9s",
			       "FLOWPROBE_LOG_LEVEL=error",
			       NULL};
	struct load load;

	(void)state;
	load_sources(&load, argv, environment, NULL);
	assert_all_set(&load);
	load_free(&load);
}

static void options_all_set_by_file_land_in_their_fields(void **state)
{
	static const char yaml[] =
		"# everything\n"
		"interfaces:\n"
		"  include:\n"
		"    - eth0\n"
		"    - 'wl*'\n"
		"  exclude: [eth9]\n"
		"capture:\n"
		"  hook: xdp\n"
		"  direction: egress\n"
		"  ingress_position: tail\n"
		"  egress_position: head\n"
		"  sampling: 7\n"
		"  table: hash\n"
		"  slots: 2048\n"
		"  harvest_interval: 250ms\n"
		"flows: {max_flows: 5000, active_timeout: 2m, idle_timeout: 1h}\n"
		"exporters:\n"
		"  - json:/tmp/x\n"
		"  - name: collector\n"
		"    type: ipfix\n"
		"    url: udp://h\n"
		"export:\n"
		"  observation_domain_id: 4000000000\n"
		"run:\n"
		"  duration: \"9s\"\n"
		"log:\n"
		"  level: error\n";
	struct config_errors errors = {0};
	struct config_draft draft;
	struct load load = {0};
	size_t size;

	(void)state;
	errors.stream = open_memstream(&load.messages, &size);
	assert_int_equal(config_draft_init(&draft, &load.config, &errors), 0);
	config_yaml_load_memory(&draft, "test.yaml", (const unsigned char *)yaml, sizeof(yaml) - 1);
	fclose(errors.stream);
	load.code = errors.exit_code;
	assert_all_set(&load);
	load_free(&load);
}

static void options_good_values_are_taken_from_every_source(void **state)
{
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];

		for (size_t j = 0; j < VALUES_MAX && expected->good[j]; j++) {
			load_flag(&load, expected->flag, expected->good[j]);
			assert_string_equal(load.messages, "");
			assert_int_equal(load.code, 0);
			load_free(&load);
			load_variable(&load, expected->variable, expected->good[j]);
			assert_string_equal(load.messages, "");
			assert_int_equal(load.code, 0);
			load_free(&load);
			load_yaml(&load, expected->key, expected->good[j]);
			assert_string_equal(load.messages, "");
			assert_int_equal(load.code, 0);
			load_free(&load);
		}
	}
}

/* One line that starts with where the mistake is. */
static void assert_one_message(const char *messages, const char *place)
{
	char start[256];

	snprintf(start, sizeof(start), "flowprobe: %s", place);
	if (strncmp(messages, start, strlen(start)) != 0)
		assert_string_equal(messages, start);
	assert_ptr_equal(strchr(messages, '\n'), messages + strlen(messages) - 1);
}

static void options_bad_values_are_refused_from_every_source(void **state)
{
	char place[256];
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];

		for (size_t j = 0; j < VALUES_MAX && expected->bad[j]; j++) {
			load_flag(&load, expected->flag, expected->bad[j]);
			snprintf(place, sizeof(place), "--%s: ", expected->flag);
			assert_one_message(load.messages, place);
			assert_int_equal(load.code, EX_USAGE);
			load_free(&load);
			load_variable(&load, expected->variable, expected->bad[j]);
			snprintf(place, sizeof(place), "%s: ", expected->variable);
			assert_one_message(load.messages, place);
			assert_int_equal(load.code, EX_CONFIG);
			load_free(&load);
			load_yaml(&load, expected->key, expected->bad[j]);
			snprintf(place, sizeof(place),
				 "test.yaml:%d:", *strchrnul(expected->key, '.') ? 2 : 1);
			assert_one_message(load.messages, place);
			assert_non_null(strstr(load.messages, expected->key));
			assert_int_equal(load.code, EX_CONFIG);
			load_free(&load);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_table_matches_the_written_expectations),
		cmocka_unit_test(options_rows_are_complete_and_unambiguous),
		cmocka_unit_test(options_without_any_source_have_their_defaults),
		cmocka_unit_test(options_all_set_by_flag_land_in_their_fields),
		cmocka_unit_test(options_all_set_by_variable_land_in_their_fields),
		cmocka_unit_test(options_all_set_by_file_land_in_their_fields),
		cmocka_unit_test(options_good_values_are_taken_from_every_source),
		cmocka_unit_test(options_bad_values_are_refused_from_every_source),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
