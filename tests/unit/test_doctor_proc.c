// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the doctor takes from /proc, /sys and cgroups: texts as kernels write them, and others; and
 * how much memory a cgroup leaves, on trees of files like those of both versions.
 */
#include "doctor/proc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/cgroup.h"

#define UNTOUCHED 4711u

/* --- words and numbers --- */

static void expect_word(const char *text, const char *wanted)
{
	char word[PROC_WORD_BYTES] = "untouched";

	assert_int_equal(proc_chosen_word(text, word), wanted ? 1 : 0);
	assert_string_equal(word, wanted ? wanted : "untouched");
}

static void proc_chosen_word_is_the_one_in_brackets(void **state)
{
	(void)state;
	expect_word("none [integrity] confidentiality\n", "integrity");
	expect_word("[none] integrity confidentiality\n", "none");
	expect_word("[abcdefghijklmnopqrstuvwxyzabcde]", "abcdefghijklmnopqrstuvwxyzabcde");
	expect_word("[abcdefghijklmnopqrstuvwxyzabcdef]", NULL); /* one too long */
	expect_word("none integrity", NULL);
	expect_word("none [integrity", NULL);
	expect_word("none [] integrity", NULL);
	expect_word("[Integrity]", NULL);
	expect_word("", NULL);
}

static void expect_number(const char *text, const char *name, int found, uint64_t wanted)
{
	uint64_t number = UNTOUCHED;

	assert_int_equal(proc_number(text, name, &number), found);
	assert_int_equal(number, found ? wanted : UNTOUCHED);
}

static void proc_number_is_found_by_its_name(void **state)
{
	static const char meminfo[] = "MemTotal:        8054172 kB\n"
				      "MemFree:          123456 kB\n"
				      "MemAvailable:    6000000 kB\n"
				      "HugePages_Total:       3\n";
	static const char stat[] = "anon 4096\ntotal_inactive_file 5\ninactive_file 77\n";

	(void)state;
	expect_number(meminfo, "MemAvailable", 1, 6000000ull * 1024);
	expect_number(meminfo, "MemTotal", 1, 8054172ull * 1024);
	expect_number(meminfo, "HugePages_Total", 1, 3);
	expect_number(stat, "inactive_file", 1, 77);
	expect_number(stat, "total_inactive_file", 1, 5);
	expect_number(stat, "anon", 1, 4096);
	expect_number(meminfo, "Mem", 0, 0); /* the whole name */
	expect_number(stat, "file", 0, 0);
	expect_number("MemAvailable:", "MemAvailable", 0, 0);
	expect_number("MemAvailable: -1 kB", "MemAvailable", 0, 0);
	expect_number("MemAvailable", "MemAvailable", 0, 0);
	expect_number("", "MemAvailable", 0, 0);
	expect_number("a 99999999999999999999999\n", "a", 1, UINT64_MAX);
	expect_number("a: 18014398509481984 kB\n", "a", 1, UINT64_MAX); /* 2^64 */
	expect_number("a: 18014398509481983 kB\n", "a", 1, UINT64_MAX - 1023);
}

static void expect_limit(const char *text, int found, uint64_t wanted)
{
	uint64_t limit = UNTOUCHED;

	assert_int_equal(proc_limit(text, &limit), found);
	if (found)
		assert_int_equal(limit, wanted);
}

static void proc_limit_is_a_number_or_none(void **state)
{
	(void)state;
	expect_limit("268435456\n", 1, 268435456);
	expect_limit("0", 1, 0);
	expect_limit("max\n", 1, UINT64_MAX);
	expect_limit("max", 1, UINT64_MAX);
	expect_limit("99999999999999999999999\n", 1, UINT64_MAX);
	expect_limit("maximum\n", 0, 0);
	expect_limit("12 34\n", 0, 0);
	expect_limit("-1\n", 0, 0);
	expect_limit("\n", 0, 0);
	expect_limit("", 0, 0);
}

static void proc_user_namespace_is_known_by_its_map(void **state)
{
	(void)state;
	assert_int_equal(proc_is_initial_user_namespace("         0          0 4294967295\n"), 1);
	assert_int_equal(proc_is_initial_user_namespace(""), 1);
	assert_int_equal(proc_is_initial_user_namespace("         0       1000          1\n"), 0);
	assert_int_equal(proc_is_initial_user_namespace("0 100000 65536\n"), 0);
	assert_int_equal(proc_is_initial_user_namespace("0 0 65536\n"), 0);
	assert_int_equal(proc_is_initial_user_namespace("0 0 1000\n1000 1000 4294966295\n"), 0);
	assert_int_equal(proc_is_initial_user_namespace("nonsense"), 0);
}

static void expect_path(const char *text, const char *controller, const char *wanted)
{
	char path[PROC_PATH_BYTES] = "untouched";

	assert_int_equal(proc_cgroup_path(text, controller, path), wanted ? 1 : 0);
	assert_string_equal(path, wanted ? wanted : "untouched");
}

static void proc_cgroup_path_is_that_of_its_controller(void **state)
{
	static const char hybrid[] = "12:cpu,cpuacct:/slice\n"
				     "9:hugetlb,memory:/a:b/c\n"
				     "1:name=systemd:/init.scope\n"
				     "0::/system.slice/flowprobe.service\n";

	(void)state;
	expect_path(hybrid, "memory", "/a:b/c");
	expect_path(hybrid, "cpuacct", "/slice");
	expect_path(hybrid, "", "/system.slice/flowprobe.service");
	expect_path(hybrid, "mem", NULL);
	expect_path("0::/\n", "", "/");
	expect_path("0::/\n", "memory", NULL);
	expect_path("0::relative\n", "", NULL);
	expect_path("nonsense\n:\n::\n", "", NULL);
	expect_path("", "", NULL);
}

static void proc_cgroup_path_too_long_is_none(void **state)
{
	char text[PROC_PATH_BYTES + 16], wanted[PROC_PATH_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "0::/", 4);
	text[3 + PROC_PATH_BYTES - 1] = '\0';
	memcpy(wanted, text + 3, sizeof(wanted));
	expect_path(text, "", wanted);
	text[3 + PROC_PATH_BYTES - 1] = 'x';
	text[3 + PROC_PATH_BYTES] = '\0';
	expect_path(text, "", NULL);
}

/* --- files --- */

static char root[64];

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/flowprobe-test-proc-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void make_directory(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void proc_read_takes_the_beginning(void **state)
{
	char path[256], text[8] = "before";

	(void)state;
	write_file("/file", "123456789");
	snprintf(path, sizeof(path), "%s/file", root);
	assert_int_equal(proc_read(path, text, sizeof(text)), 0);
	assert_string_equal(text, "1234567");
	snprintf(path, sizeof(path), "%s/none", root);
	assert_int_equal(proc_read(path, text, sizeof(text)), -ENOENT);
	assert_string_equal(text, "");
	strcpy(text, "before");
	assert_int_equal(proc_read(root, text, sizeof(text)), -EISDIR);
	assert_string_equal(text, "");
}

static void memory_left_is_the_least_of_all_levels(void **state)
{
	(void)state;
	make_directory("/a");
	make_directory("/a/b");
	assert_int_equal(cgroup_memory_left(root, "/a/b", 2), UINT64_MAX);
	write_file("/a/b/memory.max", "max\n");
	write_file("/a/b/memory.current", "1000\n");
	assert_int_equal(cgroup_memory_left(root, "/a/b", 2), UINT64_MAX);
	write_file("/a/memory.max", "50000\n");
	write_file("/a/memory.current", "20000\n");
	assert_int_equal(cgroup_memory_left(root, "/a/b", 2), 30000);
	write_file("/a/b/memory.max", "10000\n");
	assert_int_equal(cgroup_memory_left(root, "/a/b", 2), 9000);
	assert_int_equal(cgroup_memory_left(root, "/a", 2), 30000);
	write_file("/memory.max", "7000\n"); /* a namespace has its own cgroup as root */
	write_file("/memory.current", "500\n");
	assert_int_equal(cgroup_memory_left(root, "/a/b", 2), 6500);
	assert_int_equal(cgroup_memory_left(root, "/", 2), 6500);
}

static void memory_that_can_be_reclaimed_is_left(void **state)
{
	(void)state;
	write_file("/memory.max", "10000\n");
	write_file("/memory.current", "9000\n");
	write_file("/memory.stat", "anon 1\ninactive_file 3000\n");
	assert_int_equal(cgroup_memory_left(root, "/", 2), 4000);
	write_file("/memory.stat", "inactive_file 99999\n"); /* read at another moment */
	assert_int_equal(cgroup_memory_left(root, "/", 2), 10000);
	write_file("/memory.stat", "");
	write_file("/memory.current", "10001\n");
	assert_int_equal(cgroup_memory_left(root, "/", 2), 0);
}

static void memory_of_version_1_has_other_files(void **state)
{
	(void)state;
	make_directory("/a");
	write_file("/a/memory.limit_in_bytes", "10000\n");
	write_file("/a/memory.usage_in_bytes", "9000\n");
	write_file("/a/memory.stat", "inactive_file 1\ntotal_inactive_file 2000\n");
	assert_int_equal(cgroup_memory_left(root, "/a", 1), 3000);
	assert_int_equal(cgroup_memory_left(root, "/a", 2), UINT64_MAX);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_chosen_word_is_the_one_in_brackets),
		cmocka_unit_test(proc_number_is_found_by_its_name),
		cmocka_unit_test(proc_limit_is_a_number_or_none),
		cmocka_unit_test(proc_user_namespace_is_known_by_its_map),
		cmocka_unit_test(proc_cgroup_path_is_that_of_its_controller),
		cmocka_unit_test(proc_cgroup_path_too_long_is_none),
		FILE_TEST(proc_read_takes_the_beginning),
		FILE_TEST(memory_left_is_the_least_of_all_levels),
		FILE_TEST(memory_that_can_be_reclaimed_is_left),
		FILE_TEST(memory_of_version_1_has_other_files),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
