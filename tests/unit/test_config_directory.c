// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * conf.d: which files of it are read, in which order, what wins, and that nothing odd in it is
 * passed over in silence. Each test has a folder of its own; in expected messages "@" stands for
 * it.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/draft.h"
#include "config/errors.h"

#define SOMEBODY 54321
#define LIST(...) ((char *[]){__VA_ARGS__, NULL})

static struct {
	char root[32];
	struct config config;
	struct config_draft draft;
	char *messages;
	int code;
} test;

static int setup(void **state)
{
	(void)state;
	memset(&test, 0, sizeof(test));
	strcpy(test.root, "/tmp/conf_d.XXXXXX");
	return mkdtemp(test.root) ? 0 : -1;
}

static void forget(void)
{
	config_free(&test.config);
	config_draft_free(&test.draft);
	free(test.messages);
	test.messages = NULL;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	forget();
	snprintf(command, sizeof(command), "rm -r %s", test.root);
	return system(command); /* NOLINT(cert-env33-c): the name is ours */
}

/* A path in the folder. Two can be in use at a time. */
static const char *in_root(const char *name)
{
	static char paths[2][128];
	static size_t next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", test.root, name);
	return path;
}

/* The folder conf.d is made when a file is to be in it. */
static void write_file(const char *name, const char *text)
{
	FILE *file;

	if (strncmp(name, "conf.d/", 7) == 0)
		mkdir(in_root("conf.d"), 0755);
	file = fopen(in_root(name), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void load(char **environment, char **argv)
{
	char *no_arguments[] = {"run", NULL}, *no_variables[] = {NULL};
	struct config_sources sources = {.argv = argv ? argv : no_arguments,
					 .environment = environment ? environment : no_variables,
					 .default_path = in_root("c.yaml")};
	struct config_errors errors = {0};
	size_t size;
	int help;

	forget();
	while (sources.argv[sources.argc])
		sources.argc++;
	errors.stream = open_memstream(&test.messages, &size);
	assert_non_null(errors.stream);
	test.code = config_load_draft(&test.draft, &test.config, &sources, &errors, &help);
	fclose(errors.stream);
}

static void assert_loaded(void)
{
	assert_string_equal(test.messages, "");
	assert_int_equal(test.code, 0);
}

static void assert_messages(const char *expected)
{
	char text[1024] = "";
	size_t used = 0;

	for (; *expected && used < sizeof(text); expected++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 *expected == '@' ? "%s" : "%.1s",
					 *expected == '@' ? test.root : expected);
	assert_string_equal(test.messages, text);
	assert_int_equal(test.code, EX_CONFIG);
}

/* "name=target", each followed by a blank. */
static void assert_exporters(const char *expected)
{
	const struct config_exporters *list = &test.config.exporters;
	char text[256] = "";

	assert_loaded();
	for (size_t i = 0; i < list->count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s=%s ",
			 list->items[i].name, list->items[i].target);
	assert_string_equal(text, expected);
}

static void directory_files_win_over_the_file_in_the_order_of_their_names(void **state)
{
	(void)state;
	write_file("c.yaml", "capture: {slots: 1024, sampling: 2, table: hash}\n");
	write_file("conf.d/10-b.yaml", "capture: {slots: 4096, sampling: 4}\n");
	write_file("conf.d/9-c.yaml", "capture: {slots: 8192}\n");
	write_file("conf.d/10-a.yaml", "capture: {slots: 2048, sampling: 3, hook: tc}\n");
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.slots, 8192);
	assert_int_equal(test.config.sampling, 4);
	assert_int_equal(test.config.hook, CONFIG_HOOK_TC);
	assert_int_equal(test.config.table, CONFIG_TABLE_HASH);
	assert_int_equal(test.draft.file_count, 4);
	assert_string_equal(test.draft.files[0], in_root("c.yaml"));
	assert_string_equal(test.draft.files[1], in_root("conf.d/10-a.yaml"));
	assert_string_equal(test.draft.files[2], in_root("conf.d/10-b.yaml"));
	assert_string_equal(test.draft.files[3], in_root("conf.d/9-c.yaml"));
}

static void config_five_sources_win_in_their_order(void **state)
{
	char *environment[] = {"FLOWPROBE_CAPTURE_SLOTS=8192", "FLOWPROBE_CAPTURE_SAMPLING=4",
			       NULL};

	(void)state;
	write_file("c.yaml", "capture: {slots: 2048, sampling: 2, table: hash}\n"
			     "flows: {max_flows: 2000}\n");
	write_file("conf.d/a.yaml", "capture: {slots: 4096, sampling: 3}\n"
				    "flows: {max_flows: 3000}\n");
	load(environment, LIST("run", "--slots=16384"));
	assert_loaded();
	assert_int_equal(test.config.slots, 16384); /* flag */
	assert_int_equal(test.config.sampling, 4); /* variable */
	assert_int_equal(test.config.max_flows, 3000); /* conf.d */
	assert_int_equal(test.config.table, CONFIG_TABLE_HASH); /* file */
	assert_int_equal(test.config.direction, CONFIG_DIRECTION_BOTH); /* default */
	load(environment, NULL);
	assert_int_equal(test.config.slots, 8192);
	load(NULL, NULL);
	assert_int_equal(test.config.slots, 4096);
	unlink(in_root("conf.d/a.yaml"));
	load(NULL, NULL);
	assert_int_equal(test.config.slots, 2048);
	unlink(in_root("c.yaml"));
	load(NULL, NULL);
	assert_int_equal(test.config.slots, 131072);
}

static void directory_is_that_of_the_file_given_by_flag(void **state)
{
	char flag[64], cwd[4096];

	(void)state;
	write_file("c.yaml", "");
	write_file("conf.d/a.yaml", "capture: {slots: 4096}\n");
	snprintf(flag, sizeof(flag), "--config=%s", in_root("c.yaml"));
	load(NULL, LIST("run", flag));
	assert_loaded();
	assert_int_equal(test.config.slots, 4096);
	/* also when its name has no folder in it */
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(test.root), 0);
	load(NULL, LIST("run", "-c", "c.yaml"));
	assert_int_equal(chdir(cwd), 0);
	assert_loaded();
	assert_int_equal(test.config.slots, 4096);
	assert_string_equal(test.draft.files[1], "conf.d/a.yaml");
}

static void directory_is_read_without_the_default_file(void **state)
{
	(void)state;
	write_file("conf.d/a.yaml", "capture: {slots: 4096}\n");
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.slots, 4096);
	assert_int_equal(test.draft.file_count, 1);
}

static void directory_lists_replace_those_of_earlier_files(void **state)
{
	(void)state;
	write_file("c.yaml", "interfaces: {include: [a, b], exclude: [x, y]}\n");
	write_file("conf.d/1.yaml", "interfaces: {include: [c, d]}\n");
	write_file("conf.d/2.yaml", "interfaces: {include: [e], exclude: []}\n");
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.interfaces_include.count, 1);
	assert_string_equal(test.config.interfaces_include.items[0], "e");
	assert_int_equal(test.config.interfaces_exclude.count, 0);
}

static void directory_exporters_add_up(void **state)
{
	(void)state;
	write_file("c.yaml", "exporters: ['json:a']\n");
	write_file("conf.d/1.yaml", "exporters: [{name: x, type: json, url: b}]\n");
	write_file("conf.d/2.yaml", "exporters: ['json:c', 'ipfix:udp://h']\n");
	load(NULL, NULL);
	assert_exporters("json=a x=b json2=c ipfix=udp://h ");
	/* but give way to those of any other source */
	load(LIST("FLOWPROBE_EXPORTERS=json:v"), NULL);
	assert_exporters("json=v ");
	load(NULL, LIST("run", "--export=json:f"));
	assert_exporters("json=f ");
}

/* As the packaged file has it: files in conf.d add to it, and none takes the default back. */
static void config_exporters_can_be_none(void **state)
{
	(void)state;
	write_file("c.yaml", "exporters: []\n");
	load(NULL, NULL);
	assert_exporters("");
	write_file("conf.d/1.yaml", "exporters: [json:a]\n");
	write_file("conf.d/2.yaml", "exporters: []\n");
	load(NULL, NULL);
	assert_exporters("json=a ");
	load(NULL, LIST("run", "--export=json:b"));
	assert_exporters("json=b ");
}

static void directory_exporter_replaces_the_one_of_its_name_as_a_whole(void **state)
{
	(void)state;
	write_file("c.yaml", "exporters: ['ipfix:udp://h?source_port=7&max_rate=8', 'json:a']\n");
	write_file("conf.d/1.yaml", "exporters: ['ipfix:udp://g?name=ipfix&max_rate=9']\n");
	write_file("conf.d/2.yaml", "exporters: [{name: json, type: json, url: b}]\n");
	load(NULL, NULL);
	assert_exporters("ipfix=udp://g json=b ");
	assert_int_equal(test.config.exporters.items[0].max_rate, 9);
	assert_int_equal(test.config.exporters.items[0].source_port, 0);
	/* and variables find it */
	load(LIST("FLOWPROBE_EXPORTER_IPFIX_SOURCE_PORT=1"), NULL);
	assert_int_equal(test.config.exporters.items[0].source_port, 1);
}

static void directory_exporters_can_change_places(void **state)
{
	(void)state;
	write_file("c.yaml", "exporters: ['json:a?name=x', 'json:b?name=y']\n");
	write_file("conf.d/1.yaml", "exporters: ['json:b?name=x', 'json:a?name=y']\n");
	load(NULL, NULL);
	assert_exporters("x=b y=a ");
}

static void directory_exporter_can_replace_in_a_full_list(void **state)
{
	char yaml[CONFIG_LIST_MAX * 16] = "exporters: [";

	(void)state;
	for (int i = 0; i < CONFIG_LIST_MAX; i++)
		snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml), "'json:%d',", i);
	strcat(yaml, "]\n");
	write_file("c.yaml", yaml);
	write_file("conf.d/1.yaml", "exporters: ['json:x?name=json64']\n");
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.exporters.count, CONFIG_LIST_MAX);
	assert_string_equal(test.config.exporters.items[CONFIG_LIST_MAX - 1].target, "x");
	write_file("conf.d/2.yaml", "exporters: ['json:y']\n");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/2.yaml:1:13: exporters: has more than 64 items; "
			"\"json:y\" is one too many\n");
}

static void directory_exporters_that_clash_are_refused(void **state)
{
	(void)state;
	write_file("c.yaml", "exporters: ['json:a?name=x']\n");
	write_file("conf.d/1.yaml", "exporters: ['json:a']\n");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/1.yaml:1:13: exporters: exporter json writes to the "
			"same place as x; every record would be written twice\n");
	write_file("conf.d/1.yaml", "exporters: ['json:b?name=X']\n");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/1.yaml:1:13: exporters: the names \"x\" and \"X\" are "
			"the same in a variable; change one\n");
	write_file("conf.d/1.yaml", "exporters: ['json:b?name=x', 'json:c?name=x']\n");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/1.yaml:1:30: exporters: two are named \"x\"\n");
}

static void directory_mistakes_are_reported_with_their_file(void **state)
{
	(void)state;
	write_file("c.yaml", "log: {level: x}\n");
	write_file("conf.d/1.yaml", "\nlog: {level: y}\n");
	write_file("conf.d/2.yaml", "log: {levl: info}\n");
	write_file("conf.d/3.yaml", "- a\n");
	load(NULL, NULL);
	assert_messages(
		"flowprobe: @/c.yaml:1:14: log.level: must be error, warning, info or debug, not "
		"\"x\"\n"
		"flowprobe: @/conf.d/1.yaml:2:14: log.level: must be error, warning, info or "
		"debug, not \"y\"\n"
		"flowprobe: @/conf.d/2.yaml:1:7: unknown key log.levl; did you mean log.level?\n"
		"flowprobe: @/conf.d/3.yaml:1:1: the file must consist of sections, such as "
		"capture:\n");
}

static void directory_files_with_other_names_are_left_alone(void **state)
{
	static const char *const names[] = {"conf.d/a.yaml.off", "conf.d/b.yaml~", "conf.d/README",
					    "conf.d/.c.yaml",	 "conf.d/.d.yml",  "conf.d/yaml",
					    "conf.d/e.json",	 "conf.d/.yaml"};

	(void)state;
	write_file("c.yaml", "");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_file(names[i], "nonsense: [\n");
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.draft.file_count, 1);
}

static void directory_odd_files_are_mistakes(void **state)
{
	(void)state;
	write_file("conf.d/5.yml", "log: {level: debug}\n");
	assert_int_equal(mkdir(in_root("conf.d/1.yaml"), 0755), 0);
	assert_int_equal(mkfifo(in_root("conf.d/2.yaml"), 0644), 0);
	assert_int_equal(symlink("nowhere", in_root("conf.d/3.yaml")), 0);
	assert_int_equal(symlink("/dev/zero", in_root("conf.d/4.yaml")), 0);
	load(NULL, NULL);
	assert_messages(
		"flowprobe: @/conf.d/1.yaml: is no regular file; remove it, or rename it\n"
		"flowprobe: @/conf.d/2.yaml: is no regular file; remove it, or rename it\n"
		"flowprobe: @/conf.d/3.yaml: cannot be opened: No such file or directory; is it a "
		"dangling link?\n"
		"flowprobe: @/conf.d/4.yaml: is no regular file; remove it, or rename it\n"
		"flowprobe: @/conf.d/5.yml: must end in .yaml to be read; rename it\n");
}

/* As a ConfigMap is mounted. */
static void directory_links_are_followed(void **state)
{
	(void)state;
	write_file("real", "capture: {slots: 4096}\n");
	assert_int_equal(mkdir(in_root("conf.d"), 0755), 0);
	assert_int_equal(symlink("../real", in_root("conf.d/a.yaml")), 0);
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.slots, 4096);
}

static void directory_that_is_none_is_a_mistake(void **state)
{
	(void)state;
	write_file("c.yaml", "");
	write_file("conf.d", "");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d: cannot be read: Not a directory\n");
}

static void directory_files_of_strangers_are_refused(void **state)
{
	(void)state;
	write_file("conf.d/a.yaml", "capture: {slots: 4096}\n");
	if (chown(in_root("conf.d/a.yaml"), SOMEBODY, (gid_t)-1)) {
		print_message("# skip: only root can give a file away\n");
		skip();
	}
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/a.yaml: belongs to somebody else (uid 54321); chown "
			"it to root, or remove it\n");
	/* but not those of who could replace conf.d itself */
	assert_int_equal(chown(test.root, SOMEBODY, (gid_t)-1), 0);
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.config.slots, 4096);
}

static void directory_secrets_in_a_public_file_are_refused(void **state)
{
	static const char yaml[] = "exporters:\n- {type: openobserve, url: 'http://h', token: t}\n";

	(void)state;
	write_file("c.yaml", "");
	write_file("conf.d/a.yaml", yaml);
	assert_int_equal(chmod(in_root("conf.d/a.yaml"), 0644), 0);
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/a.yaml:2:47: exporters: token: this file can be read "
			"by everybody: chmod o-r it, or use token_file\n");
	assert_int_equal(chmod(in_root("conf.d/a.yaml"), 0640), 0);
	load(NULL, NULL);
	assert_loaded();
}

static void directory_with_too_many_files_is_refused(void **state)
{
	char name[32];

	(void)state;
	write_file("c.yaml", "");
	for (int i = 1; i < CONFIG_FILES_MAX; i++) {
		snprintf(name, sizeof(name), "conf.d/%03d.yaml", i);
		write_file(name, "");
	}
	load(NULL, NULL);
	assert_loaded();
	assert_int_equal(test.draft.file_count, CONFIG_FILES_MAX);
	write_file("conf.d/999.yaml", "");
	load(NULL, NULL);
	assert_messages("flowprobe: @/conf.d/999.yaml: is one file too many; there can be 129\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(directory_files_win_over_the_file_in_the_order_of_their_names),
		TEST(config_five_sources_win_in_their_order),
		TEST(directory_is_that_of_the_file_given_by_flag),
		TEST(directory_is_read_without_the_default_file),
		TEST(directory_lists_replace_those_of_earlier_files),
		TEST(directory_exporters_add_up),
		TEST(config_exporters_can_be_none),
		TEST(directory_exporter_replaces_the_one_of_its_name_as_a_whole),
		TEST(directory_exporters_can_change_places),
		TEST(directory_exporter_can_replace_in_a_full_list),
		TEST(directory_exporters_that_clash_are_refused),
		TEST(directory_mistakes_are_reported_with_their_file),
		TEST(directory_files_with_other_names_are_left_alone),
		TEST(directory_odd_files_are_mistakes),
		TEST(directory_links_are_followed),
		TEST(directory_that_is_none_is_a_mistake),
		TEST(directory_files_of_strangers_are_refused),
		TEST(directory_secrets_in_a_public_file_are_refused),
		TEST(directory_with_too_many_files_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
