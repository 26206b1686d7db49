// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The configuration file: every mistake is found, at its place, and none of them is a crash. Each
 * row of the table is a text and all that must be said about it.
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

#define TEXT(literal) (literal), sizeof(literal) - 1

struct loaded {
	struct config config;
	struct config_errors errors;
	char *messages;
};

static void yaml_load(struct loaded *loaded, const char *text, size_t size)
{
	unsigned char *copy = malloc(size ? size : 1); /* so that a read too far is seen */
	struct config_draft draft;
	size_t messages_size;

	assert_non_null(copy);
	memcpy(copy, text, size);
	memset(loaded, 0, sizeof(*loaded));
	loaded->errors.stream = open_memstream(&loaded->messages, &messages_size);
	assert_non_null(loaded->errors.stream);
	config_draft_init(&draft, &loaded->config, &loaded->errors);
	config_yaml_load_memory(&draft, "f", copy, size);
	fclose(loaded->errors.stream);
	free(copy);
}

static void yaml_unload(struct loaded *loaded)
{
	config_free(&loaded->config);
	free(loaded->messages);
}

static const struct {
	const char *text;
	size_t size;
	const char *messages;
} mistakes[] = {
	/* keys */
	{TEXT("capture:\n  hok: tcx\n"), "flowprobe: f:2:3: unknown key capture.hok; did you mean "
					 "capture.hook?\n"},
	{TEXT("captur:\n  hook: tcx\n  x: [1, {a: b}]\n"), "flowprobe: f:1:1: unknown key captur; "
							   "did you mean capture?\n"},
	{TEXT("hook: tcx\n"), "flowprobe: f:1:1: unknown key hook; did you mean capture.hook?\n"},
	{TEXT("flows: {slots: 2048}\n"), "flowprobe: f:1:9: unknown key flows.slots; did you mean "
					 "capture.slots?\n"},
	{TEXT("zzzzzz: 1\n"), "flowprobe: f:1:1: unknown key zzzzzz\n"},
	{TEXT("exporters.x: 1\n"), "flowprobe: f:1:1: exporters.x: write the section and, indented "
				   "under it, the key\n"},
	{TEXT("capture.hook: tcx\n"), "flowprobe: f:1:1: capture.hook: write the section and, "
				      "indented under it, the key\n"},
	{TEXT("capture:\n  hook: tcx\n  hook: tc\n"), "flowprobe: f:3:3: capture.hook is there "
						      "twice; the first is in line 2\n"},
	{TEXT("capture:\n  hook: tcx\nlog:\ncapture:\n  hook: oops\n"),
	 "flowprobe: f:4:1: capture is there twice; the first is in line 1\n"},
	{TEXT("exporters: [json:a]\nexporters: [json:b]\n"), "flowprobe: f:2:1: exporters is there "
							     "twice; the first is in line 1\n"},
	{TEXT("? [a, b]\n: {c: d}\nlog: {level: x}\n"),
	 "flowprobe: f:1:3: a key must be a word\n"
	 "flowprobe: f:3:14: log.level: must be error, warning, info or debug, not \"x\"\n"},
	{TEXT("\"a\\0b\": 1\n"), "flowprobe: f:1:1: a key must be a word\n"},
	{TEXT("'': 1\n"), "flowprobe: f:1:1: a key must be a word\n"},
	{TEXT("\"a\\nb\\e[1m\": 1\n"), "flowprobe: f:1:1: unknown key a?b?[1m\n"},
	/* shapes */
	{TEXT("- a\n"), "flowprobe: f:1:1: the file must consist of sections, such as capture:\n"},
	{TEXT("hello\n"), "flowprobe: f:1:1: the file must consist of sections, such as "
			  "capture:\n"},
	{TEXT("log: debug\n"), "flowprobe: f:1:6: log is a section; put \"key: value\" lines under "
			       "it\n"},
	{TEXT("log: [debug]\n"), "flowprobe: f:1:6: log is a section; put \"key: value\" lines "
				 "under it\n"},
	{TEXT("log: ''\n"), "flowprobe: f:1:6: log is a section; put \"key: value\" lines under "
			    "it\n"},
	{TEXT("log:\n  level: {a: b}\n"), "flowprobe: f:2:10: log.level must be a single value\n"},
	{TEXT("log:\n  level: [debug]\n"), "flowprobe: f:2:10: log.level must be a single value\n"},
	{TEXT("log:\n  level:\n"), "flowprobe: f:2:9: log.level has no value; give one or remove "
				   "the key\n"},
	{TEXT("log: {level: \"info\\0\"}\n"), "flowprobe: f:1:14: log.level must be a single "
					      "value\n"},
	{TEXT("interfaces:\n  include: eth0\n"), "flowprobe: f:2:12: interfaces.include must be a "
						 "list: [ITEM, ITEM]\n"},
	{TEXT("interfaces:\n  include: {a: b}\n"), "flowprobe: f:2:12: interfaces.include must be "
						   "a list: [ITEM, ITEM]\n"},
	{TEXT("interfaces:\n  include:\n"), "flowprobe: f:2:11: interfaces.include has no value; "
					    "give one or remove the key\n"},
	{TEXT("interfaces:\n  include: [[a], {b: c}, d, \"\"]\n"),
	 "flowprobe: f:2:13: interfaces.include must be a list of single values\n"
	 "flowprobe: f:2:18: interfaces.include must be a list of single values\n"
	 "flowprobe: f:2:29: interfaces.include: must not be empty\n"},
	/* exporters */
	{TEXT("exporters:\n- type: json\n"), "flowprobe: f:2:3: exporters: url is missing\n"},
	{TEXT("exporters:\n- url: x\n  name: a\n"), "flowprobe: f:2:3: exporters: type is "
						    "missing\n"},
	{TEXT("exporters: [{}]\n"), "flowprobe: f:1:13: exporters: type is missing\n"},
	{TEXT("exporters: [[json:-], json:-]\n"), "flowprobe: f:1:13: exporters must be a list of "
						  "strings and mappings\n"},
	{TEXT("exporters:\n- {type: json, url: a, ulr: b}\n"),
	 "flowprobe: f:2:24: exporters: unknown option ulr; did you mean url?\n"},
	{TEXT("exporters:\n- {type: json, url: a, type: b}\n"), "flowprobe: f:2:24: exporters: "
								"type is there twice\n"},
	{TEXT("exporters:\n- {type: json, url: [a]}\n- {type: {}, url: b}\n- {type: '', url: b}\n"),
	 "flowprobe: f:2:21: url must be a single value\n"
	 "flowprobe: f:3:10: type must be a single value\n"
	 "flowprobe: f:4:10: type must be a single value\n"},
	{TEXT("exporters:\n- {type: 'ipfix:udp', url: //h}\n"),
	 "flowprobe: f:2:10: exporters: unknown type \"ipfix:udp\" (there are json, ipfix, "
	 "netflow9, netflow5, openobserve)\n"},
	{TEXT("exporters:\n- {name: a, type: json, url: x}\n- {name: a, type: json, url: y}\n"),
	 "flowprobe: f:3:10: exporters: two are named \"a\"\n"},
	/* what is left of YAML */
	{TEXT("log: &a {level: &b info}\n"), "flowprobe: f:1:6: anchors (&NAME) are not supported; "
					     "leave it out, or put what starts with & in quotes\n"
					     "flowprobe: f:1:17: anchors (&NAME) are not "
					     "supported; leave it out, or put what starts with & "
					     "in quotes\n"},
	{TEXT("log: *a\ncapture: {hook: *b}\ninterfaces: {include: *c, exclude: [*d]}\n*e : 1\n"),
	 "flowprobe: f:1:6: aliases (*NAME) are not supported; repeat the value, or put what "
	 "starts with * in quotes\n"
	 "flowprobe: f:2:17: aliases (*NAME) are not supported; repeat the value, or put what "
	 "starts with * in quotes\n"
	 "flowprobe: f:3:23: aliases (*NAME) are not supported; repeat the value, or put what "
	 "starts with * in quotes\n"
	 "flowprobe: f:3:37: aliases (*NAME) are not supported; repeat the value, or put what "
	 "starts with * in quotes\n"
	 "flowprobe: f:4:1: aliases (*NAME) are not supported; repeat the value, or put what "
	 "starts with * in quotes\n"},
	{TEXT("log: {level: !!str info}\n"), "flowprobe: f:1:14: tags (!NAME) are not supported; "
					     "leave it out, or put what starts with ! in quotes\n"},
	{TEXT("log: !x {level: info}\ncapture: {hook: ! tcx}\ninterfaces: {exclude: !!seq [a]}\n"),
	 "flowprobe: f:1:6: tags (!NAME) are not supported; leave it out, or put what starts with "
	 "! in quotes\n"
	 "flowprobe: f:2:17: tags (!NAME) are not supported; leave it out, or put what starts with "
	 "! in quotes\n"
	 "flowprobe: f:3:23: tags (!NAME) are not supported; leave it out, or put what starts with "
	 "! in quotes\n"},
	{TEXT("%TAG ! tag:x,2000:\n---\nlog: {level: info}\n"), "flowprobe: f:1:1: %TAG is not "
								"supported; leave it out\n"},
	{TEXT("log: {level: info}\n---\nlog: {level: bad}\n"),
	 "flowprobe: f:2:1: a second document is not supported; put all in one\n"},
	{TEXT("<<: {a: b}\n"), "flowprobe: f:1:1: unknown key <<\n"},
	/* what is no YAML */
	{TEXT("capture:\n\thook: tcx\n"), "flowprobe: f:2:1: found character that cannot start any "
					  "token while scanning for the "
					  "next token; indent with blanks, not with tabs\n"},
	{TEXT("zzz: 1\nlog: {level: bad\n"),
	 "flowprobe: f:1:1: unknown key zzz\n"
	 "flowprobe: f:2:14: log.level: must be error, warning, info or debug, not \"bad\"\n"
	 "flowprobe: f:3:1: did not find expected ',' or '}' while parsing a flow mapping\n"},
	{TEXT("log: [\n"), "flowprobe: f:1:6: log is a section; put \"key: value\" lines under it\n"
			   "flowprobe: f:2:1: did not find expected node content while parsing a "
			   "flow node\n"},
	{TEXT("log: }\n"), "flowprobe: f:1:6: did not find expected node content while parsing a "
			   "block node\n"},
	{TEXT("log: 'x\n"), "flowprobe: f:2:1: found unexpected end of stream while scanning a "
			    "quoted scalar\n"},
	{TEXT("%YAML 3.0\n---\n"), "flowprobe: f:1:1: found incompatible YAML document\n"},
	{TEXT("a\0b: 1\n"), "flowprobe: f:1:2: not UTF-8 text: control characters are not allowed "
			    "(byte 0x00)\n"},
	{TEXT("# \xc3\xa4\xff\n"), "flowprobe: f:1:4: not UTF-8 text: invalid leading UTF-8 octet "
				   "(byte 0xff)\n"},
	{TEXT("#\n# \xc0\x80\n"), "flowprobe: f:2:3: not UTF-8 text: invalid length of a UTF-8 "
				  "sequence (byte 0xc0)\n"},
	{TEXT("log: \xe2\x82"), "flowprobe: f:1:6: not UTF-8 text: incomplete UTF-8 octet sequence "
				"(byte 0xe2)\n"},
	{TEXT("\xff\xfel\0o\0g\0:\0\n\0"), "flowprobe: f:1:1: not UTF-8 text: invalid leading "
					   "UTF-8 octet (byte 0xff)\n"},
	{TEXT("\x7f"
	      "ELF\2\1\1\0\0\0"),
	 "flowprobe: f:1:1: not UTF-8 text: control characters are not allowed (byte 0x7f)\n"},
};

static void yaml_mistakes_are_all_reported_at_their_places(void **state)
{
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		size_t lines = 0;

		yaml_load(&loaded, mistakes[i].text, mistakes[i].size);
		assert_string_equal(loaded.messages, mistakes[i].messages);
		assert_int_equal(loaded.errors.exit_code, EX_CONFIG);
		for (const char *c = mistakes[i].messages; *c; c++)
			lines += *c == '\n';
		assert_int_equal(loaded.errors.count, lines);
		yaml_unload(&loaded);
	}
}

static void yaml_without_content_changes_nothing(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} texts[] = {
		{TEXT("")},
		{TEXT("\n\n")},
		{TEXT("# only a comment\n")},
		{TEXT("---\n")},
		{TEXT("---\n...\n")},
		{TEXT("%YAML 1.1\n---\n{}\n")},
		{TEXT("{}\n")},
		{TEXT("\xef\xbb\xbf")},
		{TEXT("capture:\n#  hook: tcx\nflows:\nlog: {}\n")},
	};
	struct loaded loaded;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		yaml_load(&loaded, texts[i].text, texts[i].size);
		assert_string_equal(loaded.messages, "");
		assert_int_equal(loaded.errors.exit_code, 0);
		assert_int_equal(loaded.config.slots, 131072);
		assert_int_equal(loaded.config.exporters.count, 1);
		yaml_unload(&loaded);
	}
}

static void yaml_scalars_of_every_style_are_text(void **state)
{
	struct loaded loaded;

	(void)state;
	yaml_load(&loaded, TEXT("\xef\xbb\xbf"
				"interfaces:\r\n"
				"  include: [no, 0x10, ~, 'a''b', \"c\\x64\", 1e3]\r\n"
				"log: {\"level\": >-\n    debug\n  }\n"));
	assert_string_equal(loaded.messages, "flowprobe: f:3:16: found character that cannot start "
					     "any token while scanning for the next token\n");
	yaml_unload(&loaded);
	yaml_load(&loaded, TEXT("interfaces:\r\n"
				"  include: [no, 0x10, ~, 'a''b', \"c\\x64\", 1e3]\r\n"
				"log:\r\n  level: >-\r\n    debug\r\n"));
	assert_string_equal(loaded.messages, "");
	assert_int_equal(loaded.config.interfaces_include.count, 6);
	assert_string_equal(loaded.config.interfaces_include.items[0], "no");
	assert_string_equal(loaded.config.interfaces_include.items[1], "0x10");
	assert_string_equal(loaded.config.interfaces_include.items[2], "~");
	assert_string_equal(loaded.config.interfaces_include.items[3], "a'b");
	assert_string_equal(loaded.config.interfaces_include.items[4], "cd");
	assert_string_equal(loaded.config.interfaces_include.items[5], "1e3");
	assert_int_equal(loaded.config.log_level, LOG_DEBUG);
	yaml_unload(&loaded);
}

static void yaml_empty_list_replaces_the_default(void **state)
{
	struct loaded loaded;

	(void)state;
	yaml_load(&loaded, TEXT("interfaces: {exclude: []}\n"));
	assert_string_equal(loaded.messages, "");
	assert_int_equal(loaded.config.interfaces_exclude.count, 0);
	yaml_unload(&loaded);
}

static void yaml_exporters_take_strings_and_mappings(void **state)
{
	struct loaded loaded;

	(void)state;
	yaml_load(&loaded, TEXT("exporters:\n"
				"  - json:-\n"
				"  - {name: a, type: ipfix, url: 'udp://[::1]:4739'}\n"
				"  - type: json\n"
				"    url: /var/log/flows.json\n"
				"    name: b\n"));
	assert_string_equal(loaded.messages, "");
	assert_int_equal(loaded.config.exporters.count, 3);
	assert_string_equal(loaded.config.exporters.items[0].type, "json");
	assert_string_equal(loaded.config.exporters.items[0].target, "-");
	assert_null(loaded.config.exporters.items[0].name);
	assert_string_equal(loaded.config.exporters.items[1].type, "ipfix");
	assert_string_equal(loaded.config.exporters.items[1].target, "udp://[::1]:4739");
	assert_string_equal(loaded.config.exporters.items[1].name, "a");
	assert_string_equal(loaded.config.exporters.items[2].target, "/var/log/flows.json");
	assert_string_equal(loaded.config.exporters.items[2].name, "b");
	yaml_unload(&loaded);
}

static void yaml_list_with_too_many_items_is_refused(void **state)
{
	char text[4096] = "interfaces:\n  include:\n";
	struct loaded loaded;
	size_t used = strlen(text);

	(void)state;
	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "  - eth%d\n", i);
	yaml_load(&loaded, text, used);
	assert_string_equal(loaded.messages, "");
	assert_int_equal(loaded.config.interfaces_include.count, CONFIG_LIST_MAX);
	yaml_unload(&loaded);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "  - last\n");
	yaml_load(&loaded, text, used);
	assert_string_equal(loaded.messages,
			    "flowprobe: f:67:5: interfaces.include: has more than 64 items; "
			    "\"last\" is one too many\n");
	yaml_unload(&loaded);
}

static void yaml_named_exporters_beyond_the_limit_are_refused(void **state)
{
	char text[8192] = "exporters:\n";
	struct loaded loaded;
	size_t used = strlen(text);

	(void)state;
	for (int i = 0; i < CONFIG_LIST_MAX + 2; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "- {name: n%d, type: json, url: u%d}\n", i, i);
	yaml_load(&loaded, text, used);
	assert_int_equal(loaded.errors.count, 2);
	assert_int_equal(loaded.config.exporters.count, CONFIG_LIST_MAX);
	yaml_unload(&loaded);
}

static void yaml_long_keys_and_values_are_cut_in_messages(void **state)
{
	char text[3000], value[1001];
	struct loaded loaded;

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	snprintf(text, sizeof(text), "capture:\n  hook: %s\n  %s: 1\n", value, value);
	yaml_load(&loaded, text, strlen(text));
	assert_string_equal(loaded.messages,
			    "flowprobe: f:2:9: capture.hook: must be auto, tcx, tc or xdp, not \""
			    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
			    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\"\n"
			    "flowprobe: f:3:3: unknown key capture."
			    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
			    "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv\n");
	yaml_unload(&loaded);
}

/* "zz: [[...]]" with that many lists, and a mistake after them. */
static void yaml_load_nested(struct loaded *loaded, size_t depth)
{
	static const char end[] = "\ncapture: {hook: bad}\n";
	size_t size = 4 + 2 * depth + sizeof(end) - 1;
	char *text = malloc(size + 1);

	assert_non_null(text);
	strcpy(text, "zz: ");
	memset(text + 4, '[', depth);
	memset(text + 4 + depth, ']', depth);
	strcpy(text + 4 + 2 * depth, end);
	yaml_load(loaded, text, size);
	free(text);
}

static void yaml_deep_nesting_ends_the_reading(void **state)
{
	static const size_t too_deep[] = {16, 2000, 500000};
	struct loaded loaded;

	(void)state;
	yaml_load_nested(&loaded, 15);
	assert_string_equal(loaded.messages,
			    "flowprobe: f:1:1: unknown key zz\n"
			    "flowprobe: f:2:17: capture.hook: must be auto, tcx, tc or xdp, not "
			    "\"bad\"\n");
	yaml_unload(&loaded);
	for (size_t i = 0; i < sizeof(too_deep) / sizeof(too_deep[0]); i++) {
		yaml_load_nested(&loaded, too_deep[i]);
		assert_string_equal(loaded.messages,
				    "flowprobe: f:1:1: unknown key zz\n"
				    "flowprobe: f:1:20: nested more than 16 levels deep; is it a "
				    "configuration file?\n");
		yaml_unload(&loaded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_mistakes_are_all_reported_at_their_places),
		cmocka_unit_test(yaml_without_content_changes_nothing),
		cmocka_unit_test(yaml_scalars_of_every_style_are_text),
		cmocka_unit_test(yaml_empty_list_replaces_the_default),
		cmocka_unit_test(yaml_exporters_take_strings_and_mappings),
		cmocka_unit_test(yaml_list_with_too_many_items_is_refused),
		cmocka_unit_test(yaml_named_exporters_beyond_the_limit_are_refused),
		cmocka_unit_test(yaml_long_keys_and_values_are_cut_in_messages),
		cmocka_unit_test(yaml_deep_nesting_ends_the_reading),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
