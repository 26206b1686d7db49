// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is said to people about exporters: every mistake in the file's list, at its place and all at
 * once, and --help. What is said about one string is in test_exporter_spec.c.
 */
#include <sysexits.h>

#include "config/exporter_describe.h"
#include "config/exporters.h"
#include "config/help.h"
#include "config_fixture.h"

static const char *const types = "(there are json, ipfix, netflow9, netflow5, openobserve)";

static void exporters_mappings_are_refused_at_their_places(void **state)
{
	static const struct {
		const char *yaml, *messages;
	} cases[] = {
		{"exporters:\n- name: a b\n  type: ipfx\n  url: h\n  biflow: yes\n",
		 "flowprobe: f:2:9: exporters: name: must be at most 32 letters, digits, '-' and "
		 "'_', not \"a b\"\n"
		 "flowprobe: f:3:9: exporters: unknown type \"ipfx\"; did you mean ipfix? (there "
		 "are json, ipfix, netflow9, netflow5, openobserve)\n"
		 "flowprobe: f:5:11: exporters: biflow: must be true or false, not \"yes\"; write "
		 "true\n"},
		{"exporters:\n- biflow: true\n  ca_file: c\n  type: ipfix\n  url: udp://h:0\n",
		 "flowprobe: f:5:8: exporters: \"udp://h:0\": the port must be a whole number from "
		 "1 to 65535, not \"0\"\n"
		 "flowprobe: f:3:12: exporters: ca_file is no option of ipfix (udp); it is one of "
		 "ipfix (tls), openobserve (https)\n"},
		{"exporters:\n- {biflow: true, max_rate: 9, url: x, type: json}\n",
		 "flowprobe: f:2:28: exporters: max_rate is no option of json; it is one of ipfix "
		 "(udp), netflow9, netflow5\n"
		 "flowprobe: f:2:12: exporters: biflow is no option of json; it is one of ipfix\n"},
		{"exporters:\n- {type: ipfix}\n- {url: 'udp://h'}\n- {biflow: true}\n",
		 "flowprobe: f:2:3: exporters: url is missing\n"
		 "flowprobe: f:3:3: exporters: type is missing\n"
		 "flowprobe: f:4:3: exporters: type is missing\n"},
		{"exporters:\n- {type: json, path: /x}\n",
		 "flowprobe: f:2:16: exporters: unknown option path; there are type, url, name "
		 "and those that flowprobe run --help lists\n"},
		{"exporters:\n- {type: json, target: /x}\n",
		 "flowprobe: f:2:16: exporters: unknown option target; did you mean url?\n"},
		{"exporters:\n- {type: ipfix, url: 'udp://h', biflow: [true], max_rate: {a: b},\n"
		 "   template_refresh: , source_port: 99999}\n",
		 "flowprobe: f:2:41: biflow must be a single value\n"
		 "flowprobe: f:2:59: max_rate must be a single value\n"
		 "flowprobe: f:3:22: template_refresh must be a single value\n"
		 "flowprobe: f:3:37: exporters: source_port: must be a whole number from 0 to "
		 "65535, not \"99999\"\n"},
		{"exporters:\n- {type: ipfix, url: 'udp://h', biflow: true, biflow: [x]}\n",
		 "flowprobe: f:2:47: exporters: biflow is there twice\n"},
		{"exporters:\n- {type: ipfix, url: 'udp://h', [a]: b, *c : d}\n",
		 "flowprobe: f:2:33: a key must be a word\n"
		 "flowprobe: f:2:41: aliases (*NAME) are not supported; repeat the value, or put "
		 "what starts with * in quotes\n"},
		{"exporters:\n- {type: ipfix, url: 'udp://h', name: x}\n- 'json:-?name=X'\n",
		 "flowprobe: f:3:3: exporters: the names \"x\" and \"X\" are the same in a "
		 "variable; change one\n"},
		{"exporters:\n- json:a?name=a-b\n- json:b?name=a_b\n- json:c?name=a-b\n",
		 "flowprobe: f:3:3: exporters: the names \"a-b\" and \"a_b\" are the same in a "
		 "variable; change one\n"
		 "flowprobe: f:4:3: exporters: two are named \"a-b\"\n"},
		{"exporters:\n- ipfix:udp://h\n- ipfix:tcp://h\n"
		 "- {type: ipfix, url: 'udp://H:4739', max_rate: 1}\n- netflow9:udp://h:4739\n",
		 "flowprobe: f:4:3: exporters: exporter ipfix3 writes to the same place as ipfix; "
		 "every record would be written twice\n"},
		{"exporters:\n- ipfix:file:a\n- json:a\n- {type: ipfix, url: 'file:a'}\n",
		 "flowprobe: f:4:3: exporters: exporter ipfix2 writes to the same place as ipfix; "
		 "every record would be written twice\n"},
		{"exporters:\n- ipfix:tls://a?certificate_file=c\n"
		 "- {key_file: k, type: ipfix, url: 'tls://b'}\n",
		 "flowprobe: f:2:3: exporters: exporter ipfix has a certificate_file but no "
		 "key_file; give both or neither\n"
		 "flowprobe: f:3:3: exporters: exporter ipfix2 has a key_file but no "
		 "certificate_file; give both or neither\n"},
		{"exporters:\n- {type: ipfix, url: 'udp://h'\n",
		 "flowprobe: f:3:1: did not find expected ',' or '}' while parsing a flow "
		 "mapping\n"},
		{"exporters:\n- {type: ipfix\n", "flowprobe: f:3:1: did not find expected ',' or "
						 "'}' while parsing a flow "
						 "mapping\n"},
	};
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		load_all(&load, cases[i].yaml, NULL, NULL);
		assert_string_equal(load.messages, cases[i].messages);
		assert_int_equal(load.code, EX_CONFIG);
		assert_int_equal(load.config.exporters.count, 0);
		load_free(&load);
	}
}

static void exporters_beyond_the_limit_are_refused(void **state)
{
	char list[CONFIG_LIST_MAX * 8 + 64] = "";
	struct load load;

	(void)state;
	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "json:%d,", i);
	strcat(list, "json:last,json:0,ipfix:udp://h?biflow=1");
	load_variable(&load, "FLOWPROBE_EXPORTERS", list);
	assert_string_equal(
		load.messages,
		"flowprobe: FLOWPROBE_EXPORTERS: has more than 64 items; \"json:last\" is one too "
		"many\n"
		"flowprobe: FLOWPROBE_EXPORTERS: has more than 64 items; \"json:0\" is one too "
		"many\n"
		"flowprobe: FLOWPROBE_EXPORTERS: biflow: must be true or false, not \"1\"; write "
		"true\n");
	load_free(&load);
}

static void exporters_long_texts_are_cut_in_messages(void **state)
{
	char v[5001], v80[81], spec[11000], line[512];
	struct load load;

	(void)state;
	memset(v, 'v', sizeof(v) - 1);
	v[sizeof(v) - 1] = '\0';
	memcpy(v80, v, sizeof(v80) - 1);
	v80[sizeof(v80) - 1] = '\0';
	snprintf(spec, sizeof(spec), "exporters: ['%s:x?%s=1']\n", v, v);
	load_all(&load, spec, NULL, NULL);
	snprintf(line, sizeof(line),
		 "flowprobe: f:1:13: exporters: unknown option %s; flowprobe run --help lists "
		 "them\nflowprobe: f:1:13: exporters: unknown type \"%s\" %s\n",
		 v80, v80, types);
	assert_string_equal(load.messages, line);
	load_free(&load);
	snprintf(spec, sizeof(spec), "exporters: [{type: json, url: %s, name: %.33s}]\n", v, v);
	load_all(&load, spec, NULL, NULL);
	snprintf(line, sizeof(line),
		 "flowprobe: f:1:5039: exporters: name: must be at most 32 letters, digits, '-' "
		 "and '_', not \"%.33s\"\n"
		 "flowprobe: f:1:31: exporters: a path can have at most 4095 bytes\n",
		 v);
	assert_string_equal(load.messages, line);
	load_free(&load);
	v[4095] = '\0';
	snprintf(spec, sizeof(spec), "exporters: ['json:%s']\n", v);
	load_all(&load, spec, NULL, NULL);
	assert_string_equal(load.messages, "");
	assert_string_equal(load.config.exporters.items[0].path, v);
	load_free(&load);
}

/* The text of --help, without line breaks inside an entry. */
static char *read_help(void)
{
	char *text, *flat;
	size_t size, used = 0;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	config_help_write(stream);
	fclose(stream);
	flat = calloc(1, size + 1);
	assert_non_null(flat);
	for (const char *c = text; *c; c++) {
		size_t indent = strspn(c + 1, " ");

		if (*c == '\n' && indent >= 30) {
			flat[used++] = ' ';
			c += indent;
		} else {
			flat[used++] = *c;
		}
	}
	free(text);
	return flat;
}

static void exporters_are_all_in_the_help(void **state)
{
	char expected[512], takers[CONFIG_EXPORTER_TEXT_BYTES], target[CONFIG_EXPORTER_TEXT_BYTES];
	char *help = read_help();
	const char *group = strstr(help, "\nExporter options:\n  name=NAME ");
	const char *previous = group;

	(void)state;
	assert_non_null(group);
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const struct config_exporter_option *row = &config_exporter_options[i];
		const char *line, *end;

		snprintf(expected, sizeof(expected), "\n  %s=%s ", row->key, row->argument);
		line = strstr(group, expected);
		assert_non_null(line);
		assert_true(line > previous);
		previous = line;
		config_exporter_describe_takers(row, takers);
		snprintf(expected, sizeof(expected), "%s (default: %s) [%s]\n", row->help,
			 row->shown_default ? row->shown_default : row->initial, takers);
		end = strchr(line + 1, '\n') + 1;
		assert_memory_equal(end - strlen(expected), expected, strlen(expected));
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			config_exporter_describe_target(&type->targets[j], target);
			snprintf(expected, sizeof(expected), "\n  %s:%s", type->name, target);
			assert_non_null(strstr(help, expected));
		}
		assert_non_null(strstr(help, type->help));
	}
	assert_non_null(strstr(help, "\n  ipfix:tls://HOST[:4740]\n"));
	assert_non_null(strstr(help, "\n  source_port=N                 port to send from "
				     "(default: any) [ipfix (udp, tcp, tls), netflow9, "
				     "netflow5]\n"));
	free(help);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exporters_mappings_are_refused_at_their_places),
		cmocka_unit_test(exporters_beyond_the_limit_are_refused),
		cmocka_unit_test(exporters_long_texts_are_cut_in_messages),
		cmocka_unit_test(exporters_are_all_in_the_help),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
