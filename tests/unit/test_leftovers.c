// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Spools of exporters that are not there any more: which are told of, and how. */
#include "spool_fixture.h"

#include "agent/leftovers.h"
#include "lib/log.h"

static char warnings[4096]; /* a line each */

void __wrap_log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

void __wrap_log_warning(const char *format, ...)
{
	size_t used = strlen(warnings);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(warnings + used, sizeof(warnings) - used, format, arguments);
	va_end(arguments);
	strcat(warnings, "\n");
}

static char path[256];

static const char *spool_of(const char *name)
{
	snprintf(path, sizeof(path), "%s/spool/%s", root, name);
	return path;
}

static void leave(const char *name, uint64_t batches)
{
	char error[512] = "";
	struct spool *spool = spool_open(spool_of(name), ROOM, error, sizeof(error));

	assert_non_null(spool);
	for (uint64_t id = 0; id < batches; id++)
		add(spool, id);
	spool_close(spool);
}

/* With exporters that have these spools, and what systemd says. */
static void look(char *first, char *second, const char *state)
{
	static struct config config;
	char variable[128], *environment[] = {variable, NULL};

	snprintf(variable, sizeof(variable), "STATE_DIRECTORY=%s", state);
	config.exporters.count = 2;
	config.exporters.items[0].spool_directory = first;
	config.exporters.items[1].spool_directory = second;
	warnings[0] = '\0';
	leftovers_report(&config, environment);
}

static void leftovers_of_nobody_are_told(void **state)
{
	char expected[512], used[256], link[256];

	(void)state;
	leave("office", 3);
	leave("openobserve2", 4);
	leave("empty", 0);
	snprintf(used, sizeof(used), "%s", spool_of("office"));
	snprintf(expected, sizeof(expected),
		 "%s holds 10 records (0.0 MB) of an exporter that is not there any more: name one "
		 "openobserve2 to send them, or remove the directory\n",
		 spool_of("openobserve2"));
	look(used, NULL, root);
	assert_string_equal(warnings, expected);
	look(used, NULL, root); /* nothing has changed */
	assert_string_equal(warnings, expected);

	/* only the first directory counts, and another path to it is the same */
	snprintf(link, sizeof(link), "%s/link", root);
	assert_int_equal(symlink(root, link), 0);
	strcat(link, ":/var/lib/other");
	look(path, used, link);
	assert_string_equal(warnings, "");
	unlink(strtok(link, ":"));
}

static void leftovers_without_a_place_are_none(void **state)
{
	(void)state;
	leave("office", 3);
	look(NULL, NULL, "");
	assert_string_equal(warnings, "");
	look(NULL, NULL, "/nonexistent");
	assert_string_equal(warnings, "");
}

static void leftovers_are_not_files_of_others(void **state)
{
	FILE *file;

	(void)state;
	leave("office", 0);
	snprintf(path, sizeof(path), "%s/spool/office/00000000000000000042-0-1-1.batch", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	look(NULL, NULL, root);
	assert_string_equal(warnings, "");
	snprintf(path, sizeof(path), "%s/spool/file", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	look(NULL, NULL, root);
	assert_string_equal(warnings, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL_TEST(leftovers_of_nobody_are_told),
		SPOOL_TEST(leftovers_without_a_place_are_none),
		SPOOL_TEST(leftovers_are_not_files_of_others),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
