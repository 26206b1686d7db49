// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A configuration written as a file: every option is in it, read again it is the same
 * configuration, the comments say where each value comes from, and no secret is in it.
 */
#include "config/change.h"
#include "config/draft.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/show.h"
#include "config/yaml_text.h"
#include "config_fixture.h"

#define LIST(...) ((char *[]){__VA_ARGS__, NULL})

/* What `config show` writes for a file of this text and other sources; to be freed. The file is
 * called "f". */
static char *show(const char *yaml, char **environment, char **argv, int origins)
{
	char *no_arguments[] = {"run", NULL}, *no_variables[] = {NULL};
	char directory[] = "/tmp/config_show.XXXXXX", path[64], *text;
	struct config_sources sources = {.argv = argv ? argv : no_arguments,
					 .environment = environment ? environment : no_variables,
					 .default_path = path};
	struct config_errors errors = {.stream = stderr};
	struct config_draft draft;
	struct config config;
	FILE *stream;
	size_t size;
	int help;

	while (sources.argv[sources.argc])
		sources.argc++;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/f", directory);
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(yaml, stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(config_load_draft(&draft, &config, &sources, &errors, &help), 0);
	unlink(path);
	rmdir(directory);
	stream = open_memstream(&text, &size);
	assert_non_null(stream);
	config_show_write(stream, &draft, origins);
	fclose(stream);
	config_draft_free(&draft);
	config_free(&config);
	rename_file(text, path);
	return text;
}

static void assert_shown(const char *yaml, char **environment, char **argv, int origins,
			 const char *expected)
{
	char *text = show(yaml, environment, argv, origins);

	assert_string_equal(text, expected);
	free(text);
}

static void show_of_nothing_is_all_defaults(void **state)
{
	(void)state;
	assert_shown("", NULL, NULL, 0,
		     "interfaces:\n"
		     "  include: []\n"
		     "  exclude: [lo]\n"
		     "capture:\n"
		     "  hook: auto\n"
		     "  direction: both\n"
		     "  ingress_position: head\n"
		     "  egress_position: tail\n"
		     "  sampling: 1\n"
		     "  table: auto\n"
		     "  slots: 131072\n"
		     "  harvest_interval: 1s\n"
		     "flows:\n"
		     "  max_flows: 262144\n"
		     "  active_timeout: 1m\n"
		     "  idle_timeout: 15s\n"
		     "exporters:\n"
		     "  - name: json\n"
		     "    type: json\n"
		     "    url: \"-\"\n"
		     "export:\n"
		     "  observation_domain_id: 0\n"
		     "metrics:\n"
		     "  listen: none\n"
		     "  textfile: none\n"
		     "control:\n"
		     "  socket: /run/flowprobe/control.sock\n"
		     "run:\n"
		     "  duration: 0s\n"
		     "log:\n"
		     "  level: info\n");
}

/* One value from each place there is. */
static void show_tells_where_values_come_from(void **state)
{
	static const char yaml[] = "capture:\n"
				   "  table: hash\n"
				   "exporters:\n"
				   "- name: o2\n"
				   "  type: openobserve\n"
				   "  url: 'http://h'\n"
				   "  user: u\n"
				   "- ipfix:udp://h?source_port=4\n";

	(void)state;
	assert_shown(
		yaml,
		LIST("FLOWPROBE_CAPTURE_SLOTS=1024", "FLOWPROBE_EXPORTER_O2_PASSWORD=hunter2",
		     "STATE_DIRECTORY=/s"),
		LIST("run", "--sampling=2", "-i", "eth0", "-q"), 1,
		"interfaces:\n"
		"  include: [eth0]  # flag --interface\n"
		"  exclude: [lo]  # default\n"
		"capture:\n"
		"  hook: auto  # default\n"
		"  direction: both  # default\n"
		"  ingress_position: head  # default\n"
		"  egress_position: tail  # default\n"
		"  sampling: 2  # flag --sampling\n"
		"  table: hash  # f:2\n"
		"  slots: 1024  # env FLOWPROBE_CAPTURE_SLOTS\n"
		"  harvest_interval: 1s  # default\n"
		"flows:\n"
		"  max_flows: 262144  # default\n"
		"  active_timeout: 1m  # default\n"
		"  idle_timeout: 15s  # default\n"
		"exporters:\n"
		"  - name: o2  # f:4\n"
		"    type: openobserve  # f:4\n"
		"    url: http://h  # f:4\n"
		"    connect_timeout: 10s  # default\n"
		"    # organization: that of the URL, else \"default\"\n"
		"    # stream: that of the URL, else \"netflow1\"\n"
		"    user: u  # f:7\n"
		"    # password_file: systemd's credential flowprobe.NAME.password, if there is "
		"one\n"
		"    # token_file: systemd's credential flowprobe.NAME.token, if there is one\n"
		"    password: \"***\"  # env FLOWPROBE_EXPORTER_O2_PASSWORD\n"
		"    # token: none\n"
		"    batch_records: 1000  # default\n"
		"    batch_bytes: 800KiB  # default\n"
		"    flush_interval: 5s  # default\n"
		"    request_timeout: 30s  # default\n"
		"    compression: true  # default\n"
		"    confirm: true  # default\n"
		"    ingestion_window: 5h  # default\n"
		"    spool_directory: /s/spool/o2  # default\n"
		"    spool_max_bytes: 256MiB  # default\n"
		"    spool_after: 5s  # default\n"
		"  - name: ipfix  # f:8\n"
		"    type: ipfix  # f:8\n"
		"    url: udp://h  # f:8\n"
		"    # source_address: by route\n"
		"    source_port: 4  # f:8\n"
		"    max_message_bytes: 0  # default\n"
		"    template_refresh: 1m  # default\n"
		"    max_rate: 0  # default\n"
		"    biflow: false  # default\n"
		"    enterprise_number: 0  # default\n"
		"export:\n"
		"  observation_domain_id: 0  # default\n"
		"metrics:\n"
		"  listen: none  # default\n"
		"  textfile: none  # default\n"
		"control:\n"
		"  socket: /run/flowprobe/control.sock  # default\n"
		"run:\n"
		"  duration: 0s  # default\n"
		"log:\n"
		"  level: warning  # flag --log-level\n");
}

static void show_tells_lists_of_variables_from_variables_of_exporters(void **state)
{
	char *text = show("",
			  LIST("FLOWPROBE_EXPORTERS=ipfix:udp://h?max_rate=1",
			       "FLOWPROBE_INTERFACES_EXCLUDE=a,b",
			       "FLOWPROBE_EXPORTER_IPFIX_BIFLOW=true"),
			  NULL, 1);

	(void)state;
	assert_non_null(strstr(text, "\n  exclude: [a, b]  # env FLOWPROBE_INTERFACES_EXCLUDE\n"));
	assert_non_null(strstr(text, "\n    url: udp://h  # env FLOWPROBE_EXPORTERS\n"));
	assert_non_null(strstr(text, "\n    max_rate: 1  # env FLOWPROBE_EXPORTERS\n"));
	assert_non_null(strstr(text, "\n    biflow: true  # env "
				     "FLOWPROBE_EXPORTER_IPFIX_BIFLOW\n"));
	free(text);
	text = show("", NULL, LIST("run", "--export=ipfix:udp://h?max_rate=1"), 1);
	assert_non_null(strstr(text, "\n    max_rate: 1  # flag --export\n"));
	free(text);
}

static const char *const files[] = {
	"",
	"interfaces: {include: ['*', 'veth[0-9]?', \"\\\"\", ö, '#a', 'true'], exclude: []}\n",
	"capture: {hook: xdp, direction: egress, sampling: 7, slots: 1024}\n"
	"flows: {active_timeout: 1500ms}\n"
	"metrics: {listen: '[::1]:9991', textfile: './none'}\n"
	"control: {socket: none}\n",
	"exporters: [json:-, 'json:/a b', 'json:/what?name=x', \"json: "
	"/\\xe4\\u2028\\x85\\x9b\"]\n",
	"exporters: ['json:- a', 'json:a: b', 'json:a #b', 'json:%40', 'json:a:', 'json:~']\n",
	"exporters:\n"
	"- ipfix:udp://[fe80::1%eth0]:1?source_address=fe80::2%25eth0&max_message_bytes=512\n"
	"- {name: 7, type: ipfix, url: 'tls://h', certificate_file: \"'\", key_file: '\\'}\n"
	"- netflow9:udp://h?template_refresh=90m\n"
	"- netflow5:udp://h?max_rate=10000000\n"
	"- {type: openobserve, url: 'https://h:1/x', organization: o, stream: 's', user: 'a b',\n"
	"   token_file: /t, batch_bytes: 1MiB, spool_max_bytes: 0, spool_directory: /x,\n"
	"   confirm: false, ingestion_window: 1m}\n",
};

static void show_read_again_is_the_same_configuration(void **state)
{
	struct load before, after;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		for (int origins = 0; origins < 2; origins++) {
			char *text = show(files[i], NULL, NULL, origins), *again;

			load_all(&before, files[i], NULL, NULL);
			load_all(&after, text, NULL, NULL);
			assert_string_equal(before.messages, "");
			assert_string_equal(after.messages, "");
			for (size_t j = 0; j < CONFIG_OPTIONS; j++) {
				const struct config_option *option = &config_options[j];

				if (option->kind == CONFIG_OPTION_VALUE)
					assert_true(config_field_equals(
						&before.config, &after.config, &option->field));
			}
			assert_int_equal(before.config.exporters.count,
					 after.config.exporters.count);
			for (size_t j = 0; j < before.config.exporters.count; j++)
				assert_true(
					config_exporter_equals(&before.config.exporters.items[j],
							       &after.config.exporters.items[j]));
			again = show(text, NULL, NULL, 0);
			if (!origins)
				assert_string_equal(text, again);
			free(again);
			free(text);
			load_free(&before);
			load_free(&after);
		}
	}
}

static void show_has_every_option(void **state)
{
	char expected[64], *text = show(files[5], NULL, NULL, 0);

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const char *key = config_options[i].key, *dot = key ? strchr(key, '.') : NULL;

		if (!key)
			continue;
		snprintf(expected, sizeof(expected), dot ? "\n  %s: " : "\n%s:\n",
			 dot ? dot + 1 : key);
		assert_non_null(strstr(text, expected));
	}
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const char *key = config_exporter_options[i].key;
		char comment[64];

		snprintf(expected, sizeof(expected), "\n    %s: ", key);
		snprintf(comment, sizeof(comment), "\n    # %s: ", key);
		assert_true(strstr(text, expected) || strstr(text, comment));
	}
	free(text);
}

static void show_tells_that_there_are_no_exporters(void **state)
{
	char *text = show("exporters: []\n", NULL, NULL, 1);

	(void)state;
	assert_non_null(strstr(text, "\nexporters: []  # f:1\nexport:\n"));
	free(text);
	text = show("exporters: []\n", NULL, NULL, 0);
	assert_non_null(strstr(text, "\nexporters: []\nexport:\n"));
	free(text);
}

static void show_masks_every_secret(void **state)
{
	static const char yaml[] =
		"exporters:\n"
		"- {type: openobserve, name: a, url: 'http://a', user: u, password: hunter2}\n"
		"- {type: openobserve, name: b, url: 'http://b', token: hunter2}\n"
		"- {type: openobserve, name: c, url: 'http://c', user: u, password_file: p}\n";

	(void)state;
	for (int origins = 0; origins < 2; origins++) {
		char *text = show(yaml, LIST("FLOWPROBE_EXPORTER_B_TOKEN=hunter3"), NULL, origins);

		assert_null(strstr(text, "hunter"));
		assert_non_null(strstr(text, "\n    password: \"***\""));
		assert_non_null(strstr(text, "\n    token: \"***\""));
		free(text);
	}
}

static void show_names_of_files_cannot_end_a_comment(void **state)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	assert_non_null(stream);
	yaml_write_comment(stream, "/a\nb\x1b[m\xc2\x9b\xe2\x80\xa8\xef\xbb\xbf\"\\\xc3\xa4\x7f");
	fclose(stream);
	assert_string_equal(text, "/a?b?[m???\"\\\xc3\xa4?");
	free(text);
}

static void yaml_scalars_are_quoted_if_they_must(void **state)
{
	static const struct {
		const char *text, *yaml;
	} cases[] = {
		{"", "\"\""},
		{"a", "a"},
		{"/a/b_c.d-e+f:g@h", "/a/b_c.d-e+f:g@h"},
		{"-", "\"-\""},
		{"a:", "\"a:\""},
		{"a b", "\"a b\""},
		{"a,b", "\"a,b\""},
		{"#", "\"#\""},
		{"*", "\"*\""},
		{"[a]", "\"[a]\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\t\n\x7f", "\"\\x09\\x0a\\x7f\""},
		{"\xc3\xa4", "\"\xc3\xa4\""},
		{"\xc2\x85\xc2\xa0", "\"\\x85\xc2\xa0\""},
		{"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xa7", "\"\\u2028\\u2029\xe2\x80\xa7\""},
		{"\xef\xbb\xbf\xef\xbb\xbe", "\"\\ufeff\xef\xbb\xbe\""},
		{"\xc2", "\"\xc2\""},
		{"\xe2\x80", "\"\xe2\x80\""},
	};
	char *text;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *stream = open_memstream(&text, &size);

		assert_non_null(stream);
		yaml_write_scalar(stream, cases[i].text);
		fclose(stream);
		assert_string_equal(text, cases[i].yaml);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(show_of_nothing_is_all_defaults),
		cmocka_unit_test(show_tells_where_values_come_from),
		cmocka_unit_test(show_tells_lists_of_variables_from_variables_of_exporters),
		cmocka_unit_test(show_read_again_is_the_same_configuration),
		cmocka_unit_test(show_has_every_option),
		cmocka_unit_test(show_tells_that_there_are_no_exporters),
		cmocka_unit_test(show_masks_every_secret),
		cmocka_unit_test(show_names_of_files_cannot_end_a_comment),
		cmocka_unit_test(yaml_scalars_are_quoted_if_they_must),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
