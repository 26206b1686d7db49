// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Exporters to OpenObserve: their URLs, what belongs together, where a secret may stand and that no
 * message ever has one, and the spool that systemd provides for.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "config_fixture.h"

#define LIST(...) ((char *[]){__VA_ARGS__, NULL})
#define BEGIN "exporters:\n- {type: openobserve, url: 'http://h:5080'"

static void assert_load(const struct load *load, const char *messages)
{
	assert_string_equal(load->messages, messages);
	assert_int_equal(load->code, *messages ? EX_CONFIG : 0);
	assert_int_equal(load->config.exporters.count, *messages ? 0 : 1);
}

static void openobserve_urls_are_taken_apart(void **state)
{
	static const struct {
		const char *target, *host;
		uint16_t port;
		enum config_transport transport;
	} cases[] = {
		{"http://h", "h", 80, CONFIG_TRANSPORT_HTTP},
		{"http://h:5080/", "h", 5080, CONFIG_TRANSPORT_HTTP},
		{"http://192.0.2.1:5080/api/o/s/_json", "192.0.2.1", 5080, CONFIG_TRANSPORT_HTTP},
		{"https://[2001:db8::1]/o2/api/o/s/_json", "2001:db8::1", 443,
		 CONFIG_TRANSPORT_HTTPS},
	};
	char spec[128];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_exporter *exporter = &load.config.exporters.items[0];

		snprintf(spec, sizeof(spec), "openobserve:%s?user=u", cases[i].target);
		load_flag(&load, "export", spec);
		assert_load(&load, "");
		assert_string_equal(exporter->type, "openobserve");
		assert_string_equal(exporter->target, cases[i].target);
		assert_string_equal(exporter->endpoint.host, cases[i].host);
		assert_int_equal(exporter->endpoint.port, cases[i].port);
		assert_int_equal(exporter->transport, cases[i].transport);
		assert_null(exporter->path);
		assert_string_equal(exporter->user, "u");
		load_free(&load);
	}
}

static void openobserve_wrong_urls_are_refused_at_their_place(void **state)
{
#define WRITE "; write http(s)://HOST:5080/api/ORG/STREAM/_json, or http(s)://HOST:5080\n"
	static const struct {
		const char *url, *message;
	} cases[] = {
		{"h:5080", "the target of openobserve must be "
			   "http://HOST[:80][/api/ORG/STREAM/_json] or "
			   "https://HOST[:443][/api/ORG/STREAM/_json], not \"h:5080\"\n"},
		{"ftp://root:hunter2@h", "the target of openobserve must be "
					 "http://HOST[:80][/api/ORG/STREAM/_json] or "
					 "https://HOST[:443][/api/ORG/STREAM/_json], not \"h\"\n"},
		{"http://root:hunter2@h", "\"h\" follows a user name or password, which everybody "
					  "on this host could read; use user and "
					  "password_file" WRITE},
		{"http://h?a", "\"http://h?a\" has a '?' or '#' in it" WRITE},
		{"http://h/_json", "\"http://h/_json\" ends in _json, but not in the right "
				   "place" WRITE},
		{"http://h:x/api/o/s/_json", "\"http://h:x\": the port must be a whole number from "
					     "1 to 65535, not \"x\"\n"},
		{"https://1.2.3/", "\"https://1.2.3\": the host ends in a number, but is no IPv4 "
				   "address; write a name or an address\n"},
	};
	char yaml[256], expected[512];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(yaml, sizeof(yaml), "exporters:\n- {type: openobserve, url: '%s'}\n",
			 cases[i].url);
		load_all(&load, yaml, NULL, NULL);
		snprintf(expected, sizeof(expected), "flowprobe: f:2:28: exporters: %s",
			 cases[i].message);
		assert_load(&load, expected);
		load_free(&load);
	}
#undef WRITE
}

static void openobserve_options_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *options, *message;
	} cases[] = {
		{"user: u, password: p, password_file: f", "has a password and a password_file; "
							   "give one of them"},
		{"user: u, password_file: f, token: t", "has a password_file and a token; give one "
							"of them"},
		{"token: t, token_file: f", "has a token and a token_file; give one of them"},
		{"password: hunter2", "has a password but no user; set user too"},
		{"password_file: f", "has a password_file but no user; set user too"},
		{"user: 'root:hunter'", "has a ':' in its user; a password goes into "
					"password_file"},
		{"organization: a/b", "has a wrong target: organization \"a/b\" must be letters, "
				      "digits, '_', '-' or '.'"},
		{"stream: '..'", "has a wrong target: stream \"..\" must be letters, digits, '_', "
				 "'-' or '.'"},
	};
	char yaml[256], expected[512];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(yaml, sizeof(yaml), BEGIN ", %s}\n", cases[i].options);
		load_all(&load, yaml, NULL, NULL);
		snprintf(expected, sizeof(expected),
			 "flowprobe: f:2:3: exporters: exporter openobserve %s\n",
			 cases[i].message);
		assert_load(&load, expected);
		load_free(&load);
	}
}

static void openobserve_names_must_not_contradict_the_url(void **state)
{
	static const char yaml[] =
		"exporters: ['openobserve:http://h/api/o/s/_json?name=a&stream=t']\n";
	struct load load;

	(void)state;
	load_all(&load, yaml, NULL, NULL);
	assert_load(&load, "flowprobe: f:1:13: exporters: exporter a has a wrong target: stream is "
			   "\"s\" in the URL, but \"t\" by its option\n");
	load_free(&load);
	load_all(&load, yaml, LIST("FLOWPROBE_EXPORTER_A_STREAM=s"), NULL);
	assert_load(&load, "");
	load_free(&load);
}

static void openobserve_streams_are_written_to_once(void **state)
{
	static const char twice[] = "flowprobe: f:3:3: exporters: exporter b writes to "
				    "the same place as a; every record would be written "
				    "twice\n";
	static const struct {
		const char *a, *b, *message;
	} cases[] = {
		{"http://h?", "http://H:80/?", twice},
		{"http://h/api/default/netflow1/_json?", "http://h?", twice},
		{"http://h/x/api/o/s/_json?", "http://h/x?organization=o&stream=S&", twice},
		{"http://h?stream=a&", "http://h?stream=b&", ""},
		{"http://h?organization=a&", "http://h?organization=b&", ""},
		{"http://h/x?", "http://h/X?", ""},
		{"http://h/x?", "http://h?", ""},
		{"http://h?", "http://h:5080?", ""},
		{"http://h?", "https://h?", ""},
	};
	char yaml[256];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			 "exporters:\n- openobserve:%sname=a\n- openobserve:%sname=b\n", cases[i].a,
			 cases[i].b);
		load_all(&load, yaml, NULL, NULL);
		assert_string_equal(load.messages, cases[i].message);
		load_free(&load);
	}
}

static void openobserve_secrets_in_strings_are_refused_from_every_source(void **state)
{
	static const char spec[] = "openobserve:http://h?token=hunter2&hunter3%zz&user=u";
	char yaml[128];
	struct load load;

	(void)state;
	load_flag(&load, "export", spec);
	assert_string_equal(load.messages,
			    "flowprobe: --export: token cannot be in a string on the command line, "
			    "which everybody can read; use token_file, or the variable "
			    "FLOWPROBE_EXPORTER_<NAME>_TOKEN\n");
	assert_int_equal(load.code, EX_USAGE);
	load_free(&load);
	load_variable(&load, "FLOWPROBE_EXPORTERS", spec);
	assert_load(&load, "flowprobe: FLOWPROBE_EXPORTERS: token cannot be in a string; use "
			   "token_file, or the variable FLOWPROBE_EXPORTER_<NAME>_TOKEN\n");
	load_free(&load);
	snprintf(yaml, sizeof(yaml), "exporters: ['%s']\n", spec);
	load_all(&load, yaml, NULL, NULL);
	assert_load(&load, "flowprobe: f:1:13: exporters: token cannot be in a string; use "
			   "token_file, or the variable FLOWPROBE_EXPORTER_<NAME>_TOKEN\n");
	load_free(&load);
}

static void openobserve_secrets_in_a_public_file_are_refused(void **state)
{
	static const char yaml[] = BEGIN ", user: u, password: hunter2}\n";
	struct load load;

	(void)state;
	load_file_of_mode(&load, yaml, 0604);
	assert_load(&load, "flowprobe: f:2:64: exporters: password: this file can be read by "
			   "everybody: chmod o-r it, or use password_file\n");
	load_free(&load);
	load_file_of_mode(&load, yaml, 0640);
	assert_load(&load, "");
	assert_string_equal(load.config.exporters.items[0].password, "hunter2");
	load_free(&load);
	/* a file that is public may have everything else */
	load_file_of_mode(&load, BEGIN ", user: u, password_file: p}\n", 0644);
	assert_load(&load, "");
	load_free(&load);
}

static void openobserve_secrets_may_be_in_variables(void **state)
{
	struct load load;

	(void)state;
	load_mode(&load, BEGIN ", name: o2, user: u}\n", 0644,
		  LIST("FLOWPROBE_EXPORTER_O2_PASSWORD=hunter2,&=%41"), NULL);
	assert_load(&load, "");
	assert_string_equal(load.config.exporters.items[0].password, "hunter2,&=%41");
	load_free(&load);
}

/* Whatever is wrong with them, and whatever else is wrong. */
static void openobserve_secrets_are_in_no_message(void **state)
{
	static const char *const files[] = {
		BEGIN ", token: \"hunter2\\n\"}\n",
		BEGIN ", token: &hunter2 x}\n",
		BEGIN ", token: *hunter2 }\n",
		BEGIN ", token: !hunter2 x}\n",
		BEGIN ", token: [hunter2]}\n",
		BEGIN ", token: hunter2, token: hunter2}\n",
		BEGIN ", tokn: hunter2}\n",
		BEGIN ", token: hunter2, token_file: x}\n",
		BEGIN ", password: hunter2}\n",
		"exporters:\n- {type: json, url: x, token: hunter2}\n",
		"exporters:\n- {type: openobserve, url: 'http://hunter2:hunter2@h'}\n",
		"exporters:\n- {type: openobserve, url: 'htp://hunter2:hunter2@h'}\n",
		"exporters: ['openobserve?token=hunter2']\n",
		"exporters: ['openobserve:http://h?tokn=hunter2']\n",
		"exporters: ['openobserve:http://h?token=%hunter2']\n",
		"exporters: ['openobserve:http://h?token=a&hunter2']\n",
	};
	static const char *const variables[] = {
		"FLOWPROBE_EXPORTER_OPENOBSERVE_TOKEN=hunter2\n",
		"FLOWPROBE_EXPORTER_OPENOBSERVE_TOKN=hunter2",
		"FLOWPROBE_EXPORTER_OPENOBSERVE_PASSWORD=hunter2",
	};
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		load_all(&load, files[i], NULL, NULL);
		assert_int_equal(load.code, EX_CONFIG);
		assert_null(strstr(load.messages, "hunter2"));
		load_free(&load);
	}
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		load_all(&load, BEGIN "}\n", LIST((char *)variables[i]), NULL);
		assert_int_equal(load.code, EX_CONFIG);
		assert_null(strstr(load.messages, "hunter2"));
		load_free(&load);
	}
}

static void openobserve_spool_is_in_the_directory_systemd_gives(void **state)
{
	static const char yaml[] = "exporters:\n"
				   "- openobserve:http://a?name=O2-a\n"
				   "- openobserve:http://b?spool_directory=/s\n"
				   "- openobserve:http://c?spool_directory=none\n"
				   "- ipfix:udp://d\n";
	struct config_exporter *items;
	struct load load;

	(void)state;
	load_all(&load, yaml, LIST("STATE_DIRECTORY=/var/lib/flowprobe:/var/lib/other"), NULL);
	assert_string_equal(load.messages, "");
	items = load.config.exporters.items;
	assert_string_equal(items[0].spool_directory, "/var/lib/flowprobe/spool/O2-a");
	assert_string_equal(items[1].spool_directory, "/s");
	assert_null(items[2].spool_directory);
	assert_null(items[3].spool_directory);
	load_free(&load);
	load_all(&load, yaml, LIST("STATE_DIRECTORY=", "XSTATE_DIRECTORY=/x"), NULL);
	assert_string_equal(load.messages, "");
	assert_null(load.config.exporters.items[0].spool_directory);
	assert_string_equal(load.config.exporters.items[1].spool_directory, "/s");
	load_free(&load);
}

static void openobserve_spools_are_not_shared(void **state)
{
	struct load load;

	(void)state;
	load_all(&load,
		 "exporters:\n- openobserve:http://a?spool_directory=/s\n"
		 "- openobserve:http://b?spool_directory=/s\n",
		 NULL, NULL);
	assert_string_equal(load.messages,
			    "flowprobe: f:3:3: exporters: exporter openobserve2 has the "
			    "spool_directory of openobserve; each needs one of its own\n");
	load_free(&load);
}

/* Or removing the first would hand over its records to the second. */
static void openobserve_several_with_a_spool_need_names(void **state)
{
#define SEVERAL(options)                                                                       \
	"exporter openobserve" options                                                         \
	" has no name; of several with a spool each needs one of its own, so that none takes " \
	"over another's records when the list changes: set name, or spool_directory\n"
	static const struct {
		const char *first, *second, *third, *message;
	} cases[] = {
		{"http://a", "http://b", "http://c", "flowprobe: f:2:3: exporters: " SEVERAL("")},
		{"http://a?name=a", "http://b", "http://c?name=c",
		 "flowprobe: f:3:3: exporters: " SEVERAL("")},
		{"http://a?name=a", "http://b?spool_directory=/b", "http://c",
		 "flowprobe: f:4:3: exporters: " SEVERAL("2")},
		{"http://a", "http://b?spool_directory=/b", "http://c?spool_max_bytes=0", ""},
		{"http://a?spool_directory=/a", "http://b?spool_directory=none", "http://c", ""},
		{"http://a?name=a", "http://b?name=b", "http://c?name=c", ""},
	};
	char yaml[256];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(yaml, sizeof(yaml),
			 "exporters:\n- openobserve:%s\n- openobserve:%s\n- openobserve:%s\n",
			 cases[i].first, cases[i].second, cases[i].third);
		for (int placed = 0; placed < 2; placed++) {
			load_all(&load, yaml, placed ? LIST("STATE_DIRECTORY=/s") : NULL, NULL);
			assert_string_equal(load.messages, cases[i].message);
			assert_int_equal(load.code, *cases[i].message ? EX_CONFIG : 0);
			load_free(&load);
		}
	}
	/* by hand nobody has said where spools are, and so there are none */
	load_all(&load, NULL, LIST("FLOWPROBE_EXPORTERS=openobserve:http://a,openobserve:http://b"),
		 NULL);
	assert_string_equal(load.messages, "");
	load_free(&load);
	load_all(&load, NULL,
		 LIST("FLOWPROBE_EXPORTERS=openobserve:http://a,openobserve:http://b",
		      "STATE_DIRECTORY=/s"),
		 NULL);
	assert_string_equal(load.messages, "flowprobe: FLOWPROBE_EXPORTERS: " SEVERAL(""));
	load_free(&load);
#undef SEVERAL
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openobserve_urls_are_taken_apart),
		cmocka_unit_test(openobserve_wrong_urls_are_refused_at_their_place),
		cmocka_unit_test(openobserve_options_that_do_not_go_together_are_refused),
		cmocka_unit_test(openobserve_names_must_not_contradict_the_url),
		cmocka_unit_test(openobserve_streams_are_written_to_once),
		cmocka_unit_test(openobserve_secrets_in_strings_are_refused_from_every_source),
		cmocka_unit_test(openobserve_secrets_in_a_public_file_are_refused),
		cmocka_unit_test(openobserve_secrets_may_be_in_variables),
		cmocka_unit_test(openobserve_secrets_are_in_no_message),
		cmocka_unit_test(openobserve_spool_is_in_the_directory_systemd_gives),
		cmocka_unit_test(openobserve_spools_are_not_shared),
		cmocka_unit_test(openobserve_several_with_a_spool_need_names),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
