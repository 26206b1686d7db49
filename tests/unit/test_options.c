// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The option table and all that is derived from it: every row can be set by flag, variable and
 * file, lands in its own field, and refuses what it must from each source with that source's exit
 * code. test_options_text.c has what is said to people.
 *
 * The expectations are written out a second time here, by hand, and not read from the table: a
 * wrong offset or range in a row must fail. Only completeness is checked against the table.
 */
#include <sysexits.h>

#include "config/options.h"
#include "config/suggest.h"
#include "config_fixture.h"

#define NS_PER_S 1000000000ull
#define VALUES_MAX 8

/* As long as a socket's path can be. */
#define TEN "/234567890"
#define SOCKET_PATH_107 TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "/234567"

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
	 {"json:/tmp/a b", "ipfix:udp://[::1]:4739", "netflow9:udp://h?name=a"},
	 {"json", "json:", ":x", "JSON:-", "/tmp/x", "json :-", "ipfix:udp://h?name=a b"}},
	{"observation-domain",
	 "export.observation_domain_id",
	 "FLOWPROBE_EXPORT_OBSERVATION_DOMAIN_ID",
	 "0",
	 {"0", "4294967295"},
	 {"4294967296", "-1", "", "a"}},
	{"metrics",
	 "metrics.listen",
	 "FLOWPROBE_METRICS_LISTEN",
	 "none",
	 {"127.0.0.1:9991", "[::]:1", "none"},
	 {"9991", "localhost:9991", "127.0.0.1:0", "off", ""}},
	{"metrics-textfile",
	 "metrics.textfile",
	 "FLOWPROBE_METRICS_TEXTFILE",
	 "none",
	 {"/var/lib/x.prom", "none"},
	 {""}},
	{"control-socket",
	 "control.socket",
	 "FLOWPROBE_CONTROL_SOCKET",
	 "/run/flowprobe/control.sock",
	 {"/tmp/x", "none", SOCKET_PATH_107},
	 {"", SOCKET_PATH_107 "x"}},
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

/* A file of one key. */
static void load_key(struct load *load, const char *key, const char *value)
{
	const struct config_option *option = config_option_by_key(key);
	const char *dot = strchr(key, '.');
	char yaml[512], item[300];

	assert_non_null(option);
	snprintf(item, sizeof(item), config_option_is_list(option) ? "[\"%s\"]" : "\"%s\"", value);
	if (dot)
		snprintf(yaml, sizeof(yaml), "%.*s:\n  %s: %s\n", (int)(dot - key), key, dot + 1,
			 item);
	else
		snprintf(yaml, sizeof(yaml), "%s: %s\n", key, item);
	load_all(load, yaml, NULL, NULL);
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
		assert_true((row->field.type == CONFIG_FIELD_CHOICE) ==
			    (row->field.choices != NULL));
		if (row->kind == CONFIG_OPTION_EXPORTERS)
			assert_non_null(row->initial);
		if (row->key && !config_option_is_list(row))
			assert_non_null(row->initial);
		if (row->kind == CONFIG_OPTION_PRESET)
			assert_non_null(config_option_by_key(row->preset_key));
		if (config_option_takes_value(row))
			assert_true(row->argument || row->field.choices);
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

/* Who walks the table has to start a group or a section only once. */
static void options_of_a_group_or_section_are_neighbours(void **state)
{
	(void)state;
	for (size_t i = 2; i < CONFIG_OPTIONS; i++) {
		const struct config_option *row = &config_options[i], *before = row - 1;
		size_t section = row->key ? strcspn(row->key, ".") + 1 : 0;

		for (size_t j = 0; j < i - 1; j++) {
			const struct config_option *other = &config_options[j];

			if (strcmp(other->group, row->group) == 0)
				assert_string_equal(before->group, row->group);
			if (section && other->key && strncmp(other->key, row->key, section) == 0)
				assert_int_equal(strncmp(before->key, row->key, section), 0);
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
	assert_null(config->metrics_listen);
	assert_null(config->metrics_textfile);
	assert_string_equal(config->control_socket, "/run/flowprobe/control.sock");
	assert_int_equal(config->exporters.count, 1);
	assert_string_equal(config->exporters.items[0].name, "json");
	assert_string_equal(config->exporters.items[0].type, "json");
	assert_string_equal(config->exporters.items[0].target, "-");
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
	assert_string_equal(config->exporters.items[0].type, "json");
	assert_string_equal(config->exporters.items[0].target, "/tmp/x");
	assert_string_equal(config->exporters.items[1].type, "ipfix");
	assert_string_equal(config->exporters.items[1].target, "udp://h");
	assert_int_equal(config->observation_domain_id, 4000000000u);
	assert_string_equal(config->metrics_listen, "127.0.0.1:9991");
	assert_string_equal(config->metrics_textfile, "/tmp/m");
	assert_string_equal(config->control_socket, "/tmp/c");
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
			"--metrics=127.0.0.1:9991",
			"--metrics-textfile",
			"/tmp/m",
			"--control-socket=/tmp/c",
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
			       "FLOWPROBE_METRICS_LISTEN=127.0.0.1:9991",
			       "FLOWPROBE_METRICS_TEXTFILE=/tmp/m",
			       "FLOWPROBE_CONTROL_SOCKET=/tmp/c",
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
		"metrics: {listen: '127.0.0.1:9991', textfile: /tmp/m}\n"
		"control: {socket: /tmp/c}\n"
		"run:\n"
		"  duration: \"9s\"\n"
		"log:\n"
		"  level: error\n";
	struct load load;

	(void)state;
	load_all(&load, yaml, NULL, NULL);
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
			load_key(&load, expected->key, expected->good[j]);
			assert_string_equal(load.messages, "");
			assert_int_equal(load.code, 0);
			load_free(&load);
		}
	}
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
			load_key(&load, expected->key, expected->bad[j]);
			snprintf(place, sizeof(place),
				 "f:%d:", *strchrnul(expected->key, '.') ? 2 : 1);
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
		cmocka_unit_test(options_of_a_group_or_section_are_neighbours),
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
