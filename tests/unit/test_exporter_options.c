// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tables of exporters and all that is derived from them: every option can be set from every
 * source, lands in its own field, has its default, and is refused with a wrong value or by what
 * does not take it. test_exporter_merge.c has who wins, test_exporter_spec.c strings, and
 * test_exporter_text.c what is said about lists of them.
 *
 * As in test_options.c the expectations are written out a second time.
 */
#include <ctype.h>
#include <sysexits.h>

#include "config/exporters.h"
#include "config_fixture.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull
#define KIB 1024ull
#define MIB (1024 * KIB)
#define VALUES_MAX 9

#define IPFIX_ALL "ipfix:udp ipfix:tcp ipfix:tls ipfix:file "
#define IPFIX_CONNECTED "ipfix:tcp ipfix:tls "
#define IPFIX_SENT "ipfix:udp ipfix:tcp ipfix:tls "
#define NETFLOW "netflow9:udp netflow5:udp "
#define OPENOBSERVE "openobserve:http openobserve:https "

/* All that can be exported to: what exporters are called, an item for it, and its target. */
static const struct form {
	const char *name; /* as in the takers of expectations */
	const char *type, *target;
} forms[] = {
	{"json:file", "json", "/tmp/x.json"},
	{"ipfix:udp", "ipfix", "udp://192.0.2.1"},
	{"ipfix:tcp", "ipfix", "tcp://h:1"},
	{"ipfix:tls", "ipfix", "tls://[2001:db8::1]"},
	{"ipfix:file", "ipfix", "file:x"},
	{"netflow9:udp", "netflow9", "udp://h"},
	{"netflow5:udp", "netflow5", "udp://h"},
	{"openobserve:http", "openobserve", "http://h:5080/api/o/s/_json"},
	{"openobserve:https", "openobserve", "https://h"},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

enum kind { UINT32, UINT64, INT, STRING, SECRET };

/* One option as the outside knows it, values it takes and values it refuses. */
static const struct expectation {
	const char *key, *takers;
	size_t offset;
	enum kind kind;
	uint64_t initial; /* STRING and SECRET: NULL */
	const char *good[VALUES_MAX];
	uint64_t numbers[VALUES_MAX]; /* what they are; STRING and SECRET: themselves */
	const char *bad[VALUES_MAX];
} expectations[] = {
	{"source_address",
	 IPFIX_SENT NETFLOW,
	 offsetof(struct config_exporter, source_address),
	 STRING,
	 0,
	 {"192.0.2.9", "0.0.0.0"},
	 {0},
	 {"localhost", "1.2.3", "1.2.3.04", "192.0.2.9:1", "[::1]", "eth0", " ::1", "192.0.2.9 x"}},
	{"source_port",
	 IPFIX_SENT NETFLOW,
	 offsetof(struct config_exporter, source_port),
	 UINT32,
	 0,
	 {"0", "1", "65535"},
	 {0, 1, 65535},
	 {"65536", "-1", "any", "0x1", "01"}},
	{"max_message_bytes",
	 IPFIX_ALL "netflow9:udp ",
	 offsetof(struct config_exporter, max_message_bytes),
	 UINT32,
	 0,
	 {"0", "512", "65535"},
	 {0, 512, 65535},
	 {"1", "511", "65536", "00", "1k"}},
	{"template_refresh",
	 IPFIX_ALL "netflow9:udp ",
	 offsetof(struct config_exporter, template_refresh_ns),
	 UINT64,
	 60 * NS_PER_S,
	 {"1s", "24h", "1500ms"},
	 {NS_PER_S, 86400 * NS_PER_S, 1500 * NS_PER_MS},
	 {"999ms", "25h", "60", "0", "1d"}},
	{"reconnect_interval",
	 IPFIX_CONNECTED,
	 offsetof(struct config_exporter, reconnect_interval_ns),
	 UINT64,
	 60 * NS_PER_S,
	 {"1s", "1h"},
	 {NS_PER_S, 3600 * NS_PER_S},
	 {"999ms", "61m", "1", "s"}},
	{"connect_timeout",
	 IPFIX_CONNECTED OPENOBSERVE,
	 offsetof(struct config_exporter, connect_timeout_ns),
	 UINT64,
	 10 * NS_PER_S,
	 {"100ms", "5m"},
	 {100 * NS_PER_MS, 300 * NS_PER_S},
	 {"99ms", "301s", "10", "0s"}},
	{"max_rate",
	 "ipfix:udp " NETFLOW,
	 offsetof(struct config_exporter, max_rate),
	 UINT32,
	 0,
	 {"0", "1", "10000000"},
	 {0, 1, 10000000},
	 {"10000001", "1/s", "-1"}},
	{"biflow",
	 IPFIX_ALL,
	 offsetof(struct config_exporter, biflow),
	 INT,
	 0,
	 {"true", "false"},
	 {1, 0},
	 {"yes", "no", "on", "1", "0", "True", "tru", "true x"}},
	{"enterprise_number",
	 IPFIX_ALL,
	 offsetof(struct config_exporter, enterprise_number),
	 UINT32,
	 0,
	 {"0", "1", "4294967295"},
	 {0, 1, 4294967295},
	 {"4294967296", "none"}},
	{"ca_file",
	 "ipfix:tls openobserve:https ",
	 offsetof(struct config_exporter, ca_file),
	 STRING,
	 0,
	 {"/etc/ssl/ca.pem", "a b"},
	 {0},
	 {"a\tb", "\x7f"}},
	/* The other of the pair is added where it is needed. */
	{"certificate_file",
	 "ipfix:tls openobserve:https ",
	 offsetof(struct config_exporter, certificate_file),
	 STRING,
	 0,
	 {"/etc/ssl/c.pem"},
	 {0},
	 {"\x1b[m"}},
	{"key_file",
	 "ipfix:tls openobserve:https ",
	 offsetof(struct config_exporter, key_file),
	 STRING,
	 0,
	 {"/etc/ssl/k.pem"},
	 {0},
	 {"\x01"}},
	{"organization",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, organization),
	 STRING,
	 0,
	 {"o"},
	 {0},
	 {"\x7f"}},
	{"stream",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, stream),
	 STRING,
	 0,
	 {"s"},
	 {0},
	 {"a\tb"}},
	{"user",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, user),
	 STRING,
	 0,
	 {"root@example.com", "a b"},
	 {0},
	 {"\x01"}},
	{"password_file",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, password_file),
	 STRING,
	 0,
	 {"/run/p"},
	 {0},
	 {"a\tb"}},
	{"token_file",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, token_file),
	 STRING,
	 0,
	 {"/run/t", "none"},
	 {0},
	 {"\x01"}},
	{"password",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, password),
	 SECRET,
	 0,
	 {"hunter2 %41&?", "none"},
	 {0},
	 {"***", "\x01"}},
	{"token",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, token),
	 SECRET,
	 0,
	 {"hunter2"},
	 {0},
	 {"***", "a\tb"}},
	{"batch_records",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, batch_records),
	 UINT32,
	 1000,
	 {"1", "100000"},
	 {1, 100000},
	 {"0", "100001", "1k"}},
	{"batch_bytes",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, batch_bytes),
	 UINT64,
	 800 * KIB,
	 {"16KiB", "8MiB", "1000000"},
	 {16 * KIB, 8 * MIB, 1000000},
	 {"16383", "8193KiB", "0", "1MB", "1 MiB"}},
	{"flush_interval",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, flush_interval_ns),
	 UINT64,
	 5 * NS_PER_S,
	 {"100ms", "5m"},
	 {100 * NS_PER_MS, 300 * NS_PER_S},
	 {"99ms", "301s", "5", "0s"}},
	{"request_timeout",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, request_timeout_ns),
	 UINT64,
	 30 * NS_PER_S,
	 {"1s", "10m"},
	 {NS_PER_S, 600 * NS_PER_S},
	 {"999ms", "11m", "30"}},
	{"compression",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, compression),
	 INT,
	 1,
	 {"true", "false"},
	 {1, 0},
	 {"gzip", "yes"}},
	{"confirm",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, confirm),
	 INT,
	 1,
	 {"true", "false"},
	 {1, 0},
	 {"0", "no"}},
	{"ingestion_window",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, ingestion_window_ns),
	 UINT64,
	 5 * 3600 * NS_PER_S,
	 {"1m", "8760h"},
	 {60 * NS_PER_S, 8760 * 3600 * NS_PER_S},
	 {"59s", "8761h", "5"}},
	{"spool_directory",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, spool_directory),
	 STRING,
	 0,
	 {"/var/spool/a b"},
	 {0},
	 {"a\tb"}},
	{"spool_max_bytes",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, spool_max_bytes),
	 UINT64,
	 256 * MIB,
	 {"0", "1MiB", "1TiB", "1048577"},
	 {0, MIB, MIB *MIB, MIB + 1},
	 {"1", "1023KiB", "1025GiB", "none"}},
	{"spool_after",
	 OPENOBSERVE,
	 offsetof(struct config_exporter, spool_after_ns),
	 UINT64,
	 5 * NS_PER_S,
	 {"0s", "0", "1h"},
	 {0, 0, 3600 * NS_PER_S},
	 {"61m", "5"}},
};

#define EXPECTATIONS (sizeof(expectations) / sizeof(expectations[0]))

static uint64_t read_number(const struct config_exporter *exporter,
			    const struct expectation *expected)
{
	const char *place = (const char *)exporter + expected->offset;
	uint32_t narrow;
	uint64_t wide;
	int boolean;

	switch (expected->kind) {
	case UINT32:
		memcpy(&narrow, place, sizeof(narrow));
		return narrow;
	case INT:
		memcpy(&boolean, place, sizeof(boolean));
		return (uint64_t)boolean;
	default:
		memcpy(&wide, place, sizeof(wide));
		return wide;
	}
}

static const char *read_string(const struct config_exporter *exporter,
			       const struct expectation *expected)
{
	const char *string;

	memcpy(&string, (const char *)exporter + expected->offset, sizeof(string));
	return string;
}

static int is_text(const struct expectation *expected)
{
	return expected->kind == STRING || expected->kind == SECRET;
}

static int takes(const struct expectation *expected, const struct form *form)
{
	char word[32];

	snprintf(word, sizeof(word), "%s ", form->name);
	return strstr(expected->takers, word) != NULL;
}

/* The option that this one must not be without; else NULL. */
static const char *companion(const struct expectation *expected)
{
	static const char *const pairs[][2] = {{"certificate_file", "key_file"},
					       {"key_file", "certificate_file"},
					       {"password", "user"},
					       {"password_file", "user"}};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (strcmp(expected->key, pairs[i][0]) == 0)
			return pairs[i][1];
	}
	return NULL;
}

static const struct form *first_taker(const struct expectation *expected)
{
	size_t i = 0;

	while (i < FORMS && !takes(expected, &forms[i]))
		i++;
	assert_true(i < FORMS);
	return &forms[i];
}

/* Every field of the only exporter is the default, or 0 or NULL where the form takes no such
 * option; but the given one (or NULL) and its companion are not looked at. */
static void assert_others_default(const struct config_exporter *exporter, const struct form *form,
				  const struct expectation *given)
{
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *other = &expectations[i];

		if (other == given ||
		    (given && companion(given) && strcmp(companion(given), other->key) == 0))
			continue;
		if (is_text(other))
			assert_null(read_string(exporter, other));
		else
			assert_int_equal(read_number(exporter, other),
					 takes(other, form) ? other->initial : 0);
	}
}

static void assert_set(const struct load *load, const struct form *form,
		       const struct expectation *expected, size_t value)
{
	const struct config_exporter *exporter = &load->config.exporters.items[0];

	assert_string_equal(load->messages, "");
	assert_int_equal(load->code, 0);
	assert_int_equal(load->config.exporters.count, 1);
	assert_string_equal(exporter->type, form->type);
	assert_string_equal(exporter->target, form->target);
	assert_string_equal(exporter->name, form->type);
	if (is_text(expected))
		assert_string_equal(read_string(exporter, expected), expected->good[value]);
	else
		assert_int_equal(read_number(exporter, expected), expected->numbers[value]);
	assert_others_default(exporter, form, expected);
}

/* Ways to give one option to one exporter; each frees nothing and is loaded anew. */
enum source { BY_FLAG, BY_LIST_VARIABLE, BY_FILE_STRING, BY_FILE_MAPPING, BY_VARIABLE, SOURCES };

/* A secret must not be in a string. */
static int can_come_from(enum source source, const struct expectation *expected)
{
	return expected->kind != SECRET || source == BY_FILE_MAPPING || source == BY_VARIABLE;
}

/* FLOWPROBE_EXPORTER_<TYPE>_<KEY>=value */
static void write_variable(char variable[256], const struct form *form, const char *key,
			   const char *value)
{
	snprintf(variable, 256, "FLOWPROBE_EXPORTER_%s_%s=", form->type, key);
	for (char *c = variable; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	strcat(variable, value);
}

static void load_option(struct load *load, enum source source, const struct form *form,
			const struct expectation *expected, const char *value)
{
	const char *other = companion(expected);
	char spec[256], more[64] = "", yaml[512], variable[256], other_variable[256];
	char *environment[] = {variable, other ? other_variable : NULL, NULL};

	if (other)
		snprintf(more, sizeof(more), "&%s=x", other);
	snprintf(spec, sizeof(spec), "%s:%s?%s=%s%s", form->type, form->target, expected->key,
		 value, more);
	switch (source) {
	case BY_FLAG:
		load_flag(load, "export", spec);
		break;
	case BY_LIST_VARIABLE:
		load_variable(load, "FLOWPROBE_EXPORTERS", spec);
		break;
	case BY_FILE_STRING:
		snprintf(yaml, sizeof(yaml), "exporters: [\"%s\"]\n", spec);
		load_all(load, yaml, NULL, NULL);
		break;
	case BY_FILE_MAPPING:
		snprintf(yaml, sizeof(yaml),
			 "exporters:\n- %s: \"%s\"\n  type: %s\n  url: \"%s\"\n%s%s%s",
			 expected->key, value, form->type, form->target, other ? "  " : "",
			 other ? other : "", other ? ": x\n" : "");
		load_all(load, yaml, NULL, NULL);
		break;
	default:
		write_variable(variable, form, expected->key, value);
		if (other)
			write_variable(other_variable, form, other, "x");
		snprintf(yaml, sizeof(yaml), "exporters: [\"%s:%s\"]\n", form->type, form->target);
		load_all(load, yaml, environment, NULL);
		break;
	}
}

static void exporters_tables_match_the_written_expectations(void **state)
{
	char takers[256];

	(void)state;
	assert_int_equal(EXPECTATIONS, CONFIG_EXPORTER_OPTIONS);
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct config_exporter_option *option = &config_exporter_options[i];

		assert_string_equal(option->key, expectations[i].key);
		takers[0] = '\0';
		for (size_t j = 0; j < FORMS; j++) {
			const struct config_exporter_type *type =
				config_exporter_type_by_name(forms[j].type);
			const struct config_exporter_target *target =
				config_exporter_target_of(type, forms[j].target);

			if (config_exporter_takes(type, 1u << target->transport, option))
				strcat(strcat(takers, forms[j].name), " ");
		}
		assert_string_equal(takers, expectations[i].takers);
	}
}

static void exporters_types_are_complete_and_unambiguous(void **state)
{
	size_t targets = 0;

	(void)state;
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		assert_non_null(type->help);
		assert_null(strchr(type->help, '\n'));
		assert_ptr_equal(config_exporter_type_by_name(type->name), type);
		/* A name of its own with the longest number that it may get. */
		assert_true(strlen(type->name) + 2 <= CONFIG_EXPORTER_NAME_CHARS);
		assert_int_equal(strspn(type->name, "abcdefghijklmnopqrstuvwxyz0123456789"),
				 strlen(type->name));
		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			targets++;
			assert_true((type->targets[j].transport == CONFIG_TRANSPORT_FILE) ==
				    (type->targets[j].default_port == 0));
			for (size_t k = 0; k < j; k++)
				assert_int_not_equal(type->targets[k].transport,
						     type->targets[j].transport);
		}
	}
	assert_int_equal(targets, FORMS);
	assert_null(config_exporter_type_by_name("IPFIX"));
	assert_null(config_exporter_type_by_name(""));
}

static void exporters_options_are_complete_and_unambiguous(void **state)
{
	static const char *const others[] = {"name", "type", "url"};
	char variable[CONFIG_VARIABLE_BYTES];

	(void)state;
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		const struct config_exporter_option *row = &config_exporter_options[i];
		size_t length = strlen(row->key);

		assert_int_equal(config_exporter_option_index(row), i);
		assert_non_null(row->argument);
		assert_non_null(row->help);
		assert_null(strchr(row->help, '\n'));
		assert_true(row->initial || row->shown_default);
		assert_int_equal(strspn(row->key, "abcdefghijklmnopqrstuvwxyz_"), length);
		/* or its variable would never be suggested */
		assert_true(CONFIG_EXPORTER_NAME_CHARS + 1 + length <= SUGGEST_WORD_MAX);
		for (size_t j = 0; j < sizeof(others) / sizeof(others[0]); j++)
			assert_string_not_equal(row->key, others[j]);
		/* FLOWPROBE_EXPORTER_A_B_C is either of A or of A_B */
		for (size_t j = 0; j < CONFIG_EXPORTER_OPTIONS; j++) {
			const char *other = config_exporter_options[j].key;
			size_t shorter = strlen(other);

			assert_true(i == j || strcmp(row->key, other) != 0);
			assert_false(length > shorter && row->key[length - shorter - 1] == '_' &&
				     strcmp(row->key + length - shorter, other) == 0);
		}
	}
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (!config_options[i].key)
			continue;
		config_option_variable(&config_options[i], variable);
		assert_int_not_equal(strncmp(variable, CONFIG_EXPORTER_VARIABLE_PREFIX,
					     strlen(CONFIG_EXPORTER_VARIABLE_PREFIX)),
				     0);
	}
}

static void exporters_without_options_have_their_defaults(void **state)
{
	char spec[128];
	struct load load;

	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		snprintf(spec, sizeof(spec), "%s:%s", forms[i].type, forms[i].target);
		load_flag(&load, "export", spec);
		assert_string_equal(load.messages, "");
		assert_int_equal(load.config.exporters.count, 1);
		assert_others_default(&load.config.exporters.items[0], &forms[i], NULL);
		load_free(&load);
	}
}

static void exporters_good_options_are_taken_from_every_source(void **state)
{
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];

		for (size_t value = 0; value < VALUES_MAX && expected->good[value]; value++) {
			for (enum source source = 0; source < SOURCES; source++) {
				if (!can_come_from(source, expected))
					continue;
				load_option(&load, source, first_taker(expected), expected,
					    expected->good[value]);
				assert_set(&load, first_taker(expected), expected, value);
				load_free(&load);
			}
		}
	}
}

static void exporters_options_are_taken_by_all_that_should(void **state)
{
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];
		const char *value = expected->good[0];

		for (size_t j = 0; j < FORMS; j++) {
			if (!takes(expected, &forms[j]))
				continue;
			/* of the family that the target has */
			if (strcmp(expected->key, "source_address") == 0 &&
			    strchr(forms[j].target, '['))
				continue;
			load_option(&load, can_come_from(BY_FLAG, expected) ? BY_FLAG : BY_VARIABLE,
				    &forms[j], expected, value);
			assert_set(&load, &forms[j], expected, 0);
			load_free(&load);
		}
	}
}

/* Where the only message of each source begins, and the exit code. */
static void assert_refused(const struct load *load, enum source source)
{
	static const char *const places[SOURCES] = {
		[BY_FLAG] = "--export: ",
		[BY_LIST_VARIABLE] = "FLOWPROBE_EXPORTERS: ",
		[BY_FILE_STRING] = "f:1:13: exporters: ",
		[BY_FILE_MAPPING] = "f:2:", /* the value's column */
		[BY_VARIABLE] = "FLOWPROBE_EXPORTER_",
	};

	assert_one_message(load->messages, places[source]);
	assert_int_equal(load->code, source == BY_FLAG ? EX_USAGE : EX_CONFIG);
	assert_int_equal(load->config.exporters.count, 0);
}

static void exporters_bad_options_are_refused_from_every_source(void **state)
{
	char yaml_value[32];
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];

		for (size_t value = 0; value < VALUES_MAX && expected->bad[value]; value++) {
			const char *bad = expected->bad[value];
			unsigned char first = (unsigned char)bad[0];

			for (enum source source = 0; source < SOURCES; source++) {
				const char *text = bad;

				if (!can_come_from(source, expected))
					continue;
				/* YAML has no bare control characters, only escaped ones */
				if ((first < ' ' || first == 0x7f) &&
				    (source == BY_FILE_STRING || source == BY_FILE_MAPPING)) {
					snprintf(yaml_value, sizeof(yaml_value), "\\x%02x%s", first,
						 bad + 1);
					text = yaml_value;
				}
				load_option(&load, source, first_taker(expected), expected, text);
				assert_refused(&load, source);
				assert_non_null(strstr(load.messages, ": "));
				load_free(&load);
			}
		}
	}
}

static void exporters_options_are_refused_by_all_that_do_not_take_them(void **state)
{
	char expected_text[128];
	struct load load;

	(void)state;
	for (size_t i = 0; i < EXPECTATIONS; i++) {
		const struct expectation *expected = &expectations[i];

		if (companion(expected)) /* would be two mistakes */
			continue;
		for (size_t j = 0; j < FORMS; j++) {
			if (takes(expected, &forms[j]))
				continue;
			for (enum source source = 0; source < SOURCES; source++) {
				if (!can_come_from(source, expected))
					continue;
				load_option(&load, source, &forms[j], expected, expected->good[0]);
				assert_refused(&load, source);
				snprintf(expected_text, sizeof(expected_text),
					 ": %s is no option of %s", expected->key, forms[j].type);
				assert_non_null(strstr(load.messages, expected_text));
				load_free(&load);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exporters_tables_match_the_written_expectations),
		cmocka_unit_test(exporters_types_are_complete_and_unambiguous),
		cmocka_unit_test(exporters_options_are_complete_and_unambiguous),
		cmocka_unit_test(exporters_without_options_have_their_defaults),
		cmocka_unit_test(exporters_good_options_are_taken_from_every_source),
		cmocka_unit_test(exporters_options_are_taken_by_all_that_should),
		cmocka_unit_test(exporters_bad_options_are_refused_from_every_source),
		cmocka_unit_test(exporters_options_are_refused_by_all_that_do_not_take_them),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
