// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Exporters as strings: where TYPE:TARGET?KEY=VALUE is cut and what of it is decoded, what targets
 * come to, and which words the wrong ones are refused with.
 */
#include <sysexits.h>

#include "config/config.h"
#include "config_fixture.h"

static const char *const types = "(there are json, ipfix, netflow9, netflow5, openobserve)";

static void exporters_targets_are_taken_apart(void **state)
{
	static const struct {
		const char *spec, *type, *target;
		enum config_transport transport;
		const char *path, *host;
		uint16_t port;
	} cases[] = {
		{"json:-", "json", "-", CONFIG_TRANSPORT_FILE, "-", "", 0},
		{"json:/a:b c", "json", "/a:b c", CONFIG_TRANSPORT_FILE, "/a:b c", "", 0},
		{"json:udp://h", "json", "udp://h", CONFIG_TRANSPORT_FILE, "udp://h", "", 0},
		{"ipfix:udp://h", "ipfix", "udp://h", CONFIG_TRANSPORT_UDP, NULL, "h", 4739},
		{"ipfix:tcp://h:1", "ipfix", "tcp://h:1", CONFIG_TRANSPORT_TCP, NULL, "h", 1},
		{"ipfix:tcp://h", "ipfix", "tcp://h", CONFIG_TRANSPORT_TCP, NULL, "h", 4739},
		{"ipfix:tls://[fe80::1%eth0]", "ipfix", "tls://[fe80::1%eth0]",
		 CONFIG_TRANSPORT_TLS, NULL, "fe80::1%eth0", 4740},
		{"ipfix:file:/var/lib/x", "ipfix", "file:/var/lib/x", CONFIG_TRANSPORT_FILE,
		 "/var/lib/x", "", 0},
		{"netflow9:udp://192.0.2.1", "netflow9", "udp://192.0.2.1", CONFIG_TRANSPORT_UDP,
		 NULL, "192.0.2.1", 2055},
		{"netflow5:udp://h:9995", "netflow5", "udp://h:9995", CONFIG_TRANSPORT_UDP, NULL,
		 "h", 9995},
		/* what could be options and is not */
		{"json:/tmp/what?", "json", "/tmp/what?", CONFIG_TRANSPORT_FILE, "/tmp/what?", "",
		 0},
		{"json:a?b&c=d", "json", "a?b&c=d", CONFIG_TRANSPORT_FILE, "a?b&c=d", "", 0},
		{"json:a?=b", "json", "a?=b", CONFIG_TRANSPORT_FILE, "a?=b", "", 0},
		{"json:a?b.c=d", "json", "a?b.c=d", CONFIG_TRANSPORT_FILE, "a?b.c=d", "", 0},
		{"json:a%20b", "json", "a%20b", CONFIG_TRANSPORT_FILE, "a%20b", "", 0},
		{"ipfix:file:a?b?name=ipfix", "ipfix", "file:a?b", CONFIG_TRANSPORT_FILE, "a?b", "",
		 0},
		{"json:??name=json", "json", "?", CONFIG_TRANSPORT_FILE, "?", "", 0},
	};
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct config_exporter *exporter = &load.config.exporters.items[0];

		load_flag(&load, "export", cases[i].spec);
		assert_string_equal(load.messages, "");
		assert_int_equal(load.config.exporters.count, 1);
		assert_string_equal(exporter->type, cases[i].type);
		assert_string_equal(exporter->name, cases[i].type);
		assert_string_equal(exporter->target, cases[i].target);
		assert_int_equal(exporter->transport, cases[i].transport);
		if (cases[i].path)
			assert_string_equal(exporter->path, cases[i].path);
		else
			assert_null(exporter->path);
		assert_string_equal(exporter->endpoint.host, cases[i].host);
		assert_int_equal(exporter->endpoint.port, cases[i].port);
		load_free(&load);
	}
}

static void exporters_url_of_a_mapping_is_taken_as_it_is(void **state)
{
	struct load load;

	(void)state;
	load_all(&load, "exporters: [{type: json, url: '/a?name=b&c%41'}]\n", NULL, NULL);
	assert_string_equal(load.messages, "");
	assert_string_equal(load.config.exporters.items[0].path, "/a?name=b&c%41");
	assert_string_equal(load.config.exporters.items[0].name, "json");
	load_free(&load);
}

static void exporters_values_are_percent_decoded_in_strings_only(void **state)
{
	static const struct {
		const char *value, *decoded;
	} cases[] = {
		{"a%26b%3D%25%2c%3F", "a&b=%,?"},
		{"%C3%a4%20+", "\xc3\xa4 +"},
		{"a=b?c=d", "a=b?c=d"},
		{"%2525", "%25"},
	};
	char text[128];
	struct load load;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "ipfix:tls://h?ca_file=%s", cases[i].value);
		load_flag(&load, "export", text);
		assert_string_equal(load.messages, "");
		assert_string_equal(load.config.exporters.items[0].ca_file, cases[i].decoded);
		load_free(&load);
		snprintf(text, sizeof(text),
			 "exporters: [{type: ipfix, url: tls://h, ca_file: '%s'}]\n",
			 cases[i].value);
		load_all(&load, text, NULL, NULL);
		assert_string_equal(load.messages, "");
		assert_string_equal(load.config.exporters.items[0].ca_file, cases[i].value);
		load_free(&load);
	}
	load_flag(&load, "export", "ipfix:udp://[fe80::1%eth0]?source_address=fe80::2%25eth0");
	assert_string_equal(load.messages, "");
	assert_string_equal(load.config.exporters.items[0].source_address, "fe80::2%eth0");
	load_free(&load);
}

/* Loads --export=spec and expects these lines, each without what all begin with. */
static void assert_flag_refused(const char *spec, const char *const *lines)
{
	char expected[4096] = "";
	struct load load;

	for (; *lines; lines++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "flowprobe: --export: %s\n", *lines);
	load_flag(&load, "export", spec);
	assert_string_equal(load.messages, expected);
	assert_int_equal(load.code, EX_USAGE);
	assert_int_equal(load.config.exporters.count, 0);
	load_free(&load);
}

static void exporters_strings_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *spec, *lines[5];
	} cases[] = {
		/* type and target */
		{"stdout",
		 {"must be TYPE:TARGET, such as json:- or json:/var/log/flows.json, not "
		  "\"stdout\""}},
		{"", {"must be TYPE:TARGET, such as json:- or json:/var/log/flows.json, not \"\""}},
		{":x",
		 {"must be TYPE:TARGET, such as json:- or json:/var/log/flows.json, not \":x\""}},
		{"json:",
		 {"must be TYPE:TARGET, such as json:- or json:/var/log/flows.json, not "
		  "\"json:\""}},
		{"json:?name=a", {"the target of json must be PATH, not \"\""}},
		{"json:a\nb", {"\"a?b\" contains a control character"}},
		{"ipfix:h",
		 {"the target of ipfix must be udp://HOST[:4739], tcp://HOST[:4739], "
		  "tls://HOST[:4740] or file:PATH, not \"h\""}},
		{"ipfix:UDP://h",
		 {"the target of ipfix must be udp://HOST[:4739], tcp://HOST[:4739], "
		  "tls://HOST[:4740] or file:PATH, not \"UDP://h\""}},
		{"ipfix:file:",
		 {"the target of ipfix must be udp://HOST[:4739], tcp://HOST[:4739], "
		  "tls://HOST[:4740] or file:PATH, not \"file:\""}},
		{"ipfix:udp://",
		 {"the target of ipfix must be udp://HOST[:4739], tcp://HOST[:4739], "
		  "tls://HOST[:4740] or file:PATH, not \"udp://\""}},
		{"netflow5:tcp://h",
		 {"the target of netflow5 must be udp://HOST[:2055], not \"tcp://h\""}},
		{"netflow9:udp://h:0",
		 {"\"udp://h:0\": the port must be a whole number from 1 to 65535, not \"0\""}},
		{"ipfix:tcp://2001:db8::1",
		 {"\"tcp://2001:db8::1\": more than one ':'; put an IPv6 address in brackets, as "
		  "in "
		  "[2001:db8::1]:4739"}},
		{"ipfix:udp://h?x",
		 {"\"udp://h?x\": nothing can follow the host but :PORT; leave out \"?x\""}},
		/* options */
		{"json:-?nam=a", {"unknown option nam; did you mean name?"}},
		{"json:-?zzzzz=a", {"unknown option zzzzz; flowprobe run --help lists them"}},
		{"ipfix:udp://h?Biflow=true", {"unknown option Biflow; did you mean biflow?"}},
		{"json:-?name=a&name=b", {"name is there twice"}},
		{"ipfix:udp://h?biflow=true&biflow=true", {"biflow is there twice"}},
		{"json:-?type=ipfix", {"type is there twice"}},
		{"json:-?url=a", {"url is there twice"}},
		{"json:-?name=a&", {"behind '?' and '&' must be KEY=VALUE, not \"\""}},
		{"json:-?name=a&b", {"behind '?' and '&' must be KEY=VALUE, not \"b\""}},
		{"json:-?name=a&=b", {"behind '?' and '&' must be KEY=VALUE, not \"=b\""}},
		{"json:-?name=a%",
		 {"name: '%' must be followed by two hexadecimal digits, not 00; write %25 for a "
		  "'%'"}},
		{"json:-?name=a%4",
		 {"name: '%' must be followed by two hexadecimal digits, not 00; write %25 for a "
		  "'%'"}},
		{"json:-?name=%g0",
		 {"name: '%' must be followed by two hexadecimal digits, not 00; write %25 for a "
		  "'%'"}},
		{"json:-?name=a%00b",
		 {"name: '%' must be followed by two hexadecimal digits, not 00; write %25 for a "
		  "'%'"}},
		{"ipfix:tls://h?ca_file=", {"ca_file: must not be empty"}},
		{"ipfix:tls://h?ca_file=%0a", {"ca_file: \"?\" contains a control character"}},
		{"ipfix:udp://h?biflow=yes",
		 {"biflow: must be true or false, not \"yes\"; write true"}},
		{"ipfix:udp://h?biflow=OFF",
		 {"biflow: must be true or false, not \"OFF\"; write false"}},
		{"ipfix:udp://h?biflow=FALSE",
		 {"biflow: must be true or false, not \"FALSE\"; write false"}},
		{"ipfix:udp://h?biflow=", {"biflow: must be true or false, not \"\""}},
		{"ipfix:udp://h?source_port=x",
		 {"source_port: must be a whole number from 0 to 65535, not \"x\""}},
		{"ipfix:udp://h?max_message_bytes=100",
		 {"max_message_bytes: must be 0 or a whole number from 512 to 65535, not "
		  "\"100\""}},
		{"ipfix:udp://h?template_refresh=2d",
		 {"template_refresh: must be a whole number with a unit, such as 500ms, 10s, 2m or "
		  "1h, not \"2d\""}},
		{"ipfix:tls://h?connect_timeout=6m",
		 {"connect_timeout: must be from 100ms to 5m, not \"6m\""}},
		{"ipfix:udp://h?source_address=h",
		 {"source_address: must be an IPv4 or IPv6 address, such as 192.0.2.1 or "
		  "2001:db8::1, not \"h\""}},
		/* who takes them */
		{"json:-?source_port=1",
		 {"source_port is no option of json; it is one of ipfix (udp, tcp, tls), netflow9, "
		  "netflow5"}},
		{"ipfix:file:x?source_port=1",
		 {"source_port is no option of ipfix (file); it is one of ipfix (udp, tcp, tls), "
		  "netflow9, netflow5"}},
		{"netflow5:udp://h?biflow=maybe",
		 {"biflow is no option of netflow5; it is one of ipfix"}},
		{"ipfix:udp://h?reconnect_interval=1s",
		 {"reconnect_interval is no option of ipfix (udp); it is one of ipfix (tcp, "
		  "tls)"}},
		/* names */
		{"json:-?name=",
		 {"name: must be at most 32 letters, digits, '-' and '_', not \"\""}},
		{"json:-?name=a.b",
		 {"name: must be at most 32 letters, digits, '-' and '_', not \"a.b\""}},
		{"json:-?name=a%20b",
		 {"name: must be at most 32 letters, digits, '-' and '_', not \"a b\""}},
		{"json:-?name=\xc3\xa4",
		 {"name: must be at most 32 letters, digits, '-' and '_', not \"\xc3\xa4\""}},
		{"json:-?name=abcdefghijklmnopqrstuvwxyz-_01234",
		 {"name: must be at most 32 letters, digits, '-' and '_', not "
		  "\"abcdefghijklmnopqrstuvwxyz-_01234\""}},
		/* what goes together */
		{"ipfix:tls://h?key_file=k",
		 {"exporter ipfix has a key_file but no certificate_file; give both or neither"}},
		{"ipfix:tls://h?name=a&certificate_file=c",
		 {"exporter a has a certificate_file but no key_file; give both or neither"}},
		{"ipfix:udp://192.0.2.1?source_address=::1",
		 {"exporter ipfix cannot send from ::1, which is IPv6, to 192.0.2.1, which is not; "
		  "change source_address"}},
		{"netflow5:udp://[fe80::1%25eth0]?source_address=192.0.2.1",
		 {"exporter netflow5 cannot send from 192.0.2.1, which is IPv4, to fe80::1%25eth0, "
		  "which is not; change source_address"}},
		/* all at once */
		{"ipfix:udp://h:x?nme=a&biflow=1&source_port=a&ca_file=c",
		 {"unknown option nme; did you mean name?",
		  "\"udp://h:x\": the port must be a whole number from 1 to 65535, not \"x\"",
		  "source_port: must be a whole number from 0 to 65535, not \"a\"",
		  "biflow: must be true or false, not \"1\"; write true",
		  "ca_file is no option of ipfix (udp); it is one of ipfix (tls), openobserve "
		  "(https)"}},
		/* one of whose transports it could be */
		{"ipfix:h?ca_file=%09",
		 {"the target of ipfix must be udp://HOST[:4739], tcp://HOST[:4739], "
		  "tls://HOST[:4740] or file:PATH, not \"h\"",
		  "ca_file: \"?\" contains a control character"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *lines[6] = {NULL};

		for (size_t j = 0; j < 5; j++)
			lines[j] = cases[i].lines[j];
		assert_flag_refused(cases[i].spec, lines);
	}
}

static void exporters_unknown_types_are_told_which_there_are(void **state)
{
	static const struct {
		const char *spec, *start;
	} cases[] = {
		{"jsn:-", "unknown type \"jsn\"; did you mean json? "},
		{"netflow:udp://h", "unknown type \"netflow\"; did you mean netflow9? "},
		{"IPFIX:udp://h", "unknown type \"IPFIX\" "},
		{"udp://h:4739", "unknown type \"udp\" "},
		{"opensearch:http://h", "unknown type \"opensearch\" "},
		{"json :-", "unknown type \"json \"; did you mean json? "},
	};
	char line[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "%s%s", cases[i].start, types);
		assert_flag_refused(cases[i].spec, (const char *[]){line, NULL});
	}
	/* options are looked at even so */
	snprintf(line, sizeof(line), "unknown type \"jsn\"; did you mean json? %s", types);
	assert_flag_refused("jsn:-?max_rate=x&ca_file=c&zzzzz=a",
			    (const char *[]){"unknown option zzzzz; flowprobe run --help lists "
					     "them",
					     line,
					     "max_rate: must be a whole number from 0 to 10000000, "
					     "not \"x\"",
					     NULL});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exporters_targets_are_taken_apart),
		cmocka_unit_test(exporters_url_of_a_mapping_is_taken_as_it_is),
		cmocka_unit_test(exporters_values_are_percent_decoded_in_strings_only),
		cmocka_unit_test(exporters_strings_are_refused_with_the_reason),
		cmocka_unit_test(exporters_unknown_types_are_told_which_there_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
