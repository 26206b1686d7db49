// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Exporters from several sources: whose options win, what exporters are called, and which variables
 * are theirs.
 */
#include <sysexits.h>

#include "config_fixture.h"

#define NS_PER_S 1000000000ull
#define LIST(...) ((char *[]){__VA_ARGS__, NULL})

static const struct config_exporter *assert_one(const struct load *load)
{
	assert_string_equal(load->messages, "");
	assert_int_equal(load->code, 0);
	assert_int_equal(load->config.exporters.count, 1);
	return &load->config.exporters.items[0];
}

static void exporters_variable_wins_over_file_and_default(void **state)
{
	const struct config_exporter *exporter;
	struct load load;

	(void)state;
	load_all(&load, "exporters: ['ipfix:udp://h?source_port=1&max_rate=2']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_MAX_RATE=3", "FLOWPROBE_EXPORTER_IPFIX_TEMPLATE_"
							     "REFRESH=5s"),
		 NULL);
	exporter = assert_one(&load);
	assert_int_equal(exporter->source_port, 1);
	assert_int_equal(exporter->max_rate, 3);
	assert_int_equal(exporter->template_refresh_ns, 5 * NS_PER_S);
	assert_int_equal(exporter->max_message_bytes, 0);
	load_free(&load);
}

static void exporters_variable_wins_over_the_variable_of_the_list(void **state)
{
	struct load load;

	(void)state;
	/* in either order */
	load_all(&load, NULL,
		 LIST("FLOWPROBE_EXPORTER_IPFIX_MAX_RATE=3",
		      "FLOWPROBE_EXPORTERS=ipfix:udp://h?max_rate=2&source_port=1",
		      "FLOWPROBE_EXPORTER_IPFIX_SOURCE_PORT=4"),
		 NULL);
	assert_int_equal(assert_one(&load)->max_rate, 3);
	assert_int_equal(assert_one(&load)->source_port, 4);
	load_free(&load);
}

static void exporters_flag_wins_over_variable_where_it_says_something(void **state)
{
	const struct config_exporter *exporter;
	struct load load;

	(void)state;
	load_all(&load, "exporters: ['ipfix:udp://file?biflow=true']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_MAX_RATE=3",
		      "FLOWPROBE_EXPORTER_IPFIX_SOURCE_PORT=4",
		      "FLOWPROBE_EXPORTER_IPFIX_SOURCE_ADDRESS=192.0.2.1"),
		 LIST("run", "--export", "ipfix:udp://flag?max_rate=2&source_address=192.0.2.2"));
	exporter = assert_one(&load);
	assert_string_equal(exporter->endpoint.host, "flag");
	assert_int_equal(exporter->max_rate, 2);
	assert_string_equal(exporter->source_address, "192.0.2.2");
	assert_int_equal(exporter->source_port, 4);
	assert_int_equal(exporter->biflow, 0); /* of an exporter that is gone */
	load_free(&load);
}

static void exporters_variable_that_loses_is_checked_all_the_same(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, NULL, LIST("FLOWPROBE_EXPORTER_IPFIX_MAX_RATE=x"),
		 LIST("run", "--export", "ipfix:udp://h?max_rate=2"));
	assert_string_equal(load.messages, "flowprobe: FLOWPROBE_EXPORTER_IPFIX_MAX_RATE: must be "
					   "a whole number from 0 to 10000000, not \"x\"\n");
	assert_int_equal(load.code, EX_CONFIG);
	load_free(&load);
}

static void exporters_last_of_two_equal_variables_wins(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, "exporters: ['ipfix:tls://h']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_CA_FILE=a", "FLOWPROBE_EXPORTER_IPFIX_CA_FILE=b=c"),
		 NULL);
	assert_string_equal(assert_one(&load)->ca_file, "b=c");
	load_free(&load);
}

static void exporters_pair_may_come_from_two_sources(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, "exporters: ['ipfix:tls://h?certificate_file=c']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_KEY_FILE=k"), NULL);
	assert_string_equal(assert_one(&load)->certificate_file, "c");
	assert_string_equal(assert_one(&load)->key_file, "k");
	load_free(&load);
}

static void exporters_list_of_a_higher_source_replaces(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, "exporters: [{name: a, type: json, url: a}, 'json:b?name=b']\n",
		 LIST("FLOWPROBE_EXPORTERS=json:c?name=a, json:d"), NULL);
	assert_string_equal(load.messages, "");
	assert_int_equal(load.config.exporters.count, 2);
	assert_string_equal(load.config.exporters.items[0].name, "a");
	assert_string_equal(load.config.exporters.items[0].target, "c");
	assert_string_equal(load.config.exporters.items[1].name, "json");
	assert_string_equal(load.config.exporters.items[1].target, "d");
	load_free(&load);
}

static void exporters_without_a_name_get_the_type_and_a_number(void **state)
{
	static const struct {
		const char *specs[6], *names[6];
	} cases[] = {
		{{"json:-"}, {"json"}},
		{{"json:a", "json:b", "json:c"}, {"json", "json2", "json3"}},
		{{"ipfix:udp://a", "netflow5:udp://a", "ipfix:udp://b"},
		 {"ipfix", "netflow5", "ipfix2"}},
		{{"json:a?name=json", "json:b"}, {"json", "json2"}},
		{{"json:a", "json:b?name=json"}, {"json2", "json"}},
		{{"json:a", "json:b?name=JSON", "json:c?name=Json2", "json:d"},
		 {"json3", "JSON", "Json2", "json4"}},
		{{"netflow5:udp://a?name=netflow", "netflow5:udp://b"}, {"netflow", "netflow5"}},
		{{"ipfix:udp://a?name=abcdefghijklmnopqrstuvwxyz-_0123"},
		 {"abcdefghijklmnopqrstuvwxyz-_0123"}},
		{{"ipfix:udp://a?name=a-b", "ipfix:udp://b?name=ab", "ipfix:udp://c?name=a--b",
		  "ipfix:udp://d?name=-", "ipfix:udp://e?name=7"},
		 {"a-b", "ab", "a--b", "-", "7"}},
	};
	char *argv[16];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t count = 0, used = 0;

		argv[used++] = "run";
		for (; count < 6 && cases[i].specs[count]; count++) {
			argv[used++] = "--export";
			argv[used++] = (char *)cases[i].specs[count];
		}
		argv[used] = NULL;
		load_all(&load, NULL, NULL, argv);
		assert_string_equal(load.messages, "");
		assert_int_equal(load.config.exporters.count, count);
		for (size_t j = 0; j < count; j++)
			assert_string_equal(load.config.exporters.items[j].name, cases[i].names[j]);
		load_free(&load);
	}
}

static void exporters_list_can_be_full(void **state)
{
	char specs[CONFIG_LIST_MAX][32], name[32], *argv[1 + 2 * CONFIG_LIST_MAX + 1] = {"run"};
	struct load load;

	(void)state;
	for (size_t i = 0; i < CONFIG_LIST_MAX; i++) {
		snprintf(specs[i], sizeof(specs[i]), "json:%zu", i);
		argv[1 + 2 * i] = "--export";
		argv[2 + 2 * i] = specs[i];
	}
	load_all(&load, NULL, NULL, argv);
	assert_string_equal(load.messages, "");
	assert_int_equal(load.config.exporters.count, CONFIG_LIST_MAX);
	for (size_t i = 1; i < CONFIG_LIST_MAX; i++) {
		snprintf(name, sizeof(name), "json%zu", i + 1);
		assert_string_equal(load.config.exporters.items[i].name, name);
	}
	load_free(&load);
}

static void exporters_variables_find_names_whatever_their_spelling(void **state)
{
	struct load load;

	(void)state;
	load_all(&load,
		 "exporters:\n"
		 "- {name: My-Collector_2, type: ipfix, url: 'udp://a'}\n"
		 "- {name: source, type: ipfix, url: 'udp://b'}\n"
		 "- {name: source_port, type: ipfix, url: 'udp://c'}\n"
		 "- ipfix:udp://d\n"
		 "- ipfix:udp://e\n",
		 LIST("FLOWPROBE_EXPORTER_MY_COLLECTOR_2_SOURCE_PORT=1",
		      "FLOWPROBE_EXPORTER_SOURCE_SOURCE_PORT=2",
		      "FLOWPROBE_EXPORTER_SOURCE_PORT_SOURCE_PORT=3",
		      "FLOWPROBE_EXPORTER_IPFIX_SOURCE_PORT=4",
		      "FLOWPROBE_EXPORTER_IPFIX2_SOURCE_PORT=5"),
		 NULL);
	assert_string_equal(load.messages, "");
	assert_int_equal(load.config.exporters.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(load.config.exporters.items[i].source_port, i + 1);
	load_free(&load);
}

static void exporters_variables_of_none_are_refused(void **state)
{
	static const struct {
		const char *exporter, *variable, *rest;
	} cases[] = {
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFX_BIFLOW",
		 "is no option of any exporter (exporters: ipfix); did you mean "
		 "FLOWPROBE_EXPORTER_IPFIX_BIFLOW?"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_BIFLO",
		 "is no option of any exporter (exporters: ipfix); did you mean "
		 "FLOWPROBE_EXPORTER_IPFIX_BIFLOW?"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_SOURCEPORT",
		 "is no option of any exporter (exporters: ipfix); did you mean "
		 "FLOWPROBE_EXPORTER_IPFIX_SOURCE_PORT?"},
		/* an option that this one does not take is not suggested */
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_CAFILE",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h?name=a-b", "FLOWPROBE_EXPORTER_A-B_BIFLOW",
		 "is no option of any exporter (exporters: a-b); did you mean "
		 "FLOWPROBE_EXPORTER_A_B_BIFLOW?"},
		{"ipfix:udp://h?name=a", "FLOWPROBE_EXPORTER_IPFIX_BIFLOW",
		 "is no option of any exporter (exporters: a)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_NAME",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_URL",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_TYPE",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_BIFLOW",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_ipfix_biflow",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_",
		 "is no option of any exporter (exporters: ipfix)"},
		{"ipfix:udp://h", "FLOWPROBE_EXPORTER_IPFIX_CA_FILE",
		 "ca_file is no option of ipfix (udp); it is one of ipfix (tls), openobserve "
		 "(https)"},
		{"json:-", "FLOWPROBE_EXPORTER_JSON_SOURCE_PORT",
		 "source_port is no option of json; it is one of ipfix (udp, tcp, tls), netflow9, "
		 "netflow5"},
		{"ipfix:tls://h", "FLOWPROBE_EXPORTER_IPFIX_CA_FILE", "must not be empty"},
		{"ipfix:tls://h", "FLOWPROBE_EXPORTER",
		 "unknown variable; did you mean "
		 "FLOWPROBE_EXPORTERS?"},
	};
	char variable[128], expected[512];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(variable, sizeof(variable), "%s=", cases[i].variable);
		load_all(&load, NULL, LIST(variable),
			 LIST("run", "--export", (char *)cases[i].exporter));
		snprintf(expected, sizeof(expected), "flowprobe: %s: %s\n", cases[i].variable,
			 cases[i].rest);
		assert_string_equal(load.messages, expected);
		assert_int_equal(load.code, EX_CONFIG);
		load_free(&load);
	}
}

static void exporters_variables_without_a_value_are_not_looked_at(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, NULL, LIST("FLOWPROBE_EXPORTER_X"), NULL);
	assert_int_equal(assert_one(&load)->transport, CONFIG_TRANSPORT_FILE);
	load_free(&load);
}

static void exporters_variables_of_one_that_was_refused_are_not_mistakes(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, "exporters: ['ipfix:udp://h?sorce_port=1', 'json:-']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_BIFLOW=x", "FLOWPROBE_EXPORTER_JSON_BIFLOW=true"),
		 NULL);
	assert_string_equal(load.messages,
			    "flowprobe: f:1:13: exporters: unknown option sorce_port; did you mean "
			    "source_port?\n"
			    "flowprobe: FLOWPROBE_EXPORTER_JSON_BIFLOW: biflow is no option of "
			    "json; it is one of ipfix\n");
	load_free(&load);
	/* but those of a list that was replaced matter no more */
	load_all(&load, "exporters: ['ipfix:udp://h?sorce_port=1']\n",
		 LIST("FLOWPROBE_EXPORTER_IPFIX_BIFLOW=x"), LIST("run", "--export", "json:-"));
	assert_string_equal(load.messages,
			    "flowprobe: f:1:13: exporters: unknown option sorce_port; did you mean "
			    "source_port?\n"
			    "flowprobe: FLOWPROBE_EXPORTER_IPFIX_BIFLOW: is no option of any "
			    "exporter (exporters: json)\n");
	load_free(&load);
}

static void exporters_variables_inside_kubernetes_are_told_from_service_links(void **state)
{
	struct load load;

	(void)state;
	/* of Services flowprobe-exporter and flowprobe-exporter-web */
	load_all(&load, "exporters: ['netflow9:udp://h']\n",
		 LIST("KUBERNETES_SERVICE_HOST=10.0.0.1",
		      "FLOWPROBE_EXPORTER_SERVICE_HOST=10.0.0.2",
		      "FLOWPROBE_EXPORTER_SERVICE_PORT=9991",
		      "FLOWPROBE_EXPORTER_SERVICE_PORT_METRICS=9991",
		      "FLOWPROBE_EXPORTER_PORT=tcp://10.0.0.2:9991",
		      "FLOWPROBE_EXPORTER_PORT_9991_TCP=tcp://10.0.0.2:9991",
		      "FLOWPROBE_EXPORTER_WEB_PORT=udp://10.0.0.2:9991",
		      "FLOWPROBE_EXPORTER_WEB_PORT_80_TCP_ADDR=10.0.0.2",
		      "FLOWPROBE_EXPORTER_NETFLOW9_SOURCE_PORT=2055"),
		 NULL);
	assert_int_equal(assert_one(&load)->source_port, 2055);
	load_free(&load);
	load_all(&load, "exporters: ['netflow9:udp://h']\n",
		 LIST("KUBERNETES_SERVICE_HOST=10.0.0.1", "FLOWPROBE_EXPORTER_NETFLOW_SOURCE_PORT="
							  "2055"),
		 NULL);
	assert_string_equal(load.messages,
			    "flowprobe: FLOWPROBE_EXPORTER_NETFLOW_SOURCE_PORT: is no option of "
			    "any exporter (exporters: netflow9); did you mean "
			    "FLOWPROBE_EXPORTER_NETFLOW9_SOURCE_PORT?\n");
	load_free(&load);
	load_all(&load, "exporters: ['netflow9:udp://h']\n",
		 LIST("FLOWPROBE_EXPORTER_PORT=tcp://10.0.0.2:9991"), NULL);
	assert_string_equal(load.messages, "flowprobe: FLOWPROBE_EXPORTER_PORT: is no option of "
					   "any exporter (exporters: netflow9)\n");
	load_free(&load);
}

static void exporters_freed_twice_are_harmless(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, NULL, NULL,
		 LIST("run", "--export",
		      "ipfix:tls://h?ca_file=a&certificate_file=b&key_file=c&source_address=::1"));
	assert_one(&load);
	config_free(&load.config);
	assert_int_equal(load.config.exporters.count, 0);
	assert_null(load.config.exporters.items[0].name);
	load_free(&load);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exporters_variable_wins_over_file_and_default),
		cmocka_unit_test(exporters_variable_wins_over_the_variable_of_the_list),
		cmocka_unit_test(exporters_flag_wins_over_variable_where_it_says_something),
		cmocka_unit_test(exporters_variable_that_loses_is_checked_all_the_same),
		cmocka_unit_test(exporters_last_of_two_equal_variables_wins),
		cmocka_unit_test(exporters_pair_may_come_from_two_sources),
		cmocka_unit_test(exporters_list_of_a_higher_source_replaces),
		cmocka_unit_test(exporters_without_a_name_get_the_type_and_a_number),
		cmocka_unit_test(exporters_list_can_be_full),
		cmocka_unit_test(exporters_variables_find_names_whatever_their_spelling),
		cmocka_unit_test(exporters_variables_of_none_are_refused),
		cmocka_unit_test(exporters_variables_without_a_value_are_not_looked_at),
		cmocka_unit_test(exporters_variables_of_one_that_was_refused_are_not_mistakes),
		cmocka_unit_test(exporters_variables_inside_kubernetes_are_told_from_service_links),
		cmocka_unit_test(exporters_freed_twice_are_harmless),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
