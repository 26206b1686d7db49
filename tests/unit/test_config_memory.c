// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A configuration for which memory runs out: whichever text cannot be copied, that is said, the
 * exit code is 1, nothing of the configuration is handed out and nothing leaks.
 */
#include "config_fixture.h"

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

static unsigned int copies_left; /* the next but that many fails; 0: none does */
static int failed;

char *__wrap_strdup(const char *text)
{
	if (copies_left && --copies_left == 0) {
		failed = 1;
		return NULL;
	}
	return __real_strdup(text);
}

/* No line says anything else, as if the configuration were at fault. */
static void assert_only_memory(const char *messages)
{
	static const char text[] = "out of memory";
	const char *line = messages;

	assert_true(*line);
	for (const char *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(memmem(line, (size_t)(end - line), text, sizeof(text) - 1));
	}
}

static void config_reports_any_copy_that_fails(void **state)
{
	static const char yaml[] =
		"interfaces: {include: [eth0]}\n"
		"exporters:\n"
		"- ipfix:udp://h?source_address=192.0.2.1\n"
		"- {type: ipfix, url: 'tls://h', certificate_file: c, key_file: k, name: a}\n";
	char *environment[] = {"FLOWPROBE_INTERFACES_EXCLUDE=eth1,eth2",
			       "FLOWPROBE_EXPORTER_A_CA_FILE=x", NULL};
	char *argv[] = {"run", "-i", "eth3", NULL};
	unsigned int copy = 0;
	struct load load;

	(void)state;
	do {
		failed = 0;
		copies_left = ++copy;
		load_all(&load, yaml, environment, argv);
		copies_left = 0;
		if (failed) {
			assert_int_equal(load.code, EXIT_FAILURE);
			assert_only_memory(load.messages);
			assert_int_equal(load.config.interfaces_include.count, 0);
			assert_int_equal(load.config.exporters.count, 0);
		} else {
			assert_string_equal(load.messages, "");
			assert_int_equal(load.config.exporters.count, 2);
			assert_string_equal(load.config.exporters.items[1].ca_file, "x");
		}
		load_free(&load);
	} while (failed);
	assert_true(copy > 20); /* or strdup is not what copies any more */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_reports_any_copy_that_fails),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
