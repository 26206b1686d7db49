// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe openobserve`: the whole of setup and teardown against a small server that has nothing,
 * or refuses some of it. What matters is the order of the calls, what is done without when something
 * cannot be had, and the lines that say so.
 */
#include "cmd/commands.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_server.h"
#include "lib/json_tree.h"

#define HANG_SECONDS 120
#define PASSWORD "xyzzy-secret"

static struct http_server *server;
static char url[64];
static char directory[64];
static char calls[16384]; /* one on each line */
static const char *refused_call; /* beginning of the call that is refused, and how */
static int refused_status;
static const char *refused_answer;
static char output[16384]; /* what the command said, both streams */

/* Lists are empty, everything can be made. */
static const char *good_answer(const struct http_call *call)
{
	if (strcmp(call->method, "GET") != 0)
		return "{\"code\":200,\"folderId\":\"f1\",\"alert_id\":\"a1\"}";
	if (strstr(call->target, "/templates") || strstr(call->target, "/destinations"))
		return "[]";
	return "{\"list\":[],\"dashboards\":[]}";
}

static void answer_call(struct http_call *call, void *arg)
{
	char line[1100];

	(void)arg;
	snprintf(line, sizeof(line), "%s %s\n", call->method, call->target);
	strncat(calls, line, sizeof(calls) - strlen(calls) - 1);
	if (refused_call && strncmp(line, refused_call, strlen(refused_call)) == 0)
		http_call_reply(call, refused_status, "", refused_answer);
	else if (strstr(line, "/schema?"))
		http_call_reply(call, 404, "", "{\"code\":404,\"message\":\"not found\"}");
	else
		http_call_reply(call, 200, "", good_answer(call));
}

static int set_up(void **state)
{
	(void)state;
	calls[0] = '\0';
	refused_call = NULL;
	server = http_server_start(answer_call, NULL);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_server_port(server));
	strcpy(directory, "/tmp/flowprobe-test-provision-XXXXXX");
	setenv("FLOWPROBE_OPENOBSERVE_USER", "root@example.com", 1);
	setenv("FLOWPROBE_OPENOBSERVE_PASSWORD", PASSWORD, 1);
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	http_server_stop(server);
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Runs the command with standard output and standard error in a file; its exit code. */
static int run(const char *const *arguments)
{
	const char *argv[24] = {"openobserve"};
	char path[96];
	int count = 1, fd, saved[2], code;
	ssize_t got;

	while (arguments[count - 1] && count < 23) {
		argv[count] = arguments[count - 1];
		count++;
	}
	snprintf(path, sizeof(path), "%s/output", directory);
	fflush(stdout);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	for (int i = 0; i < 2; i++) {
		saved[i] = dup(1 + i);
		dup2(fd, 1 + i);
	}
	http_server_sync(server);
	code = command_openobserve(count, (char **)argv);
	http_server_sync(server);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(saved[i], 1 + i);
		close(saved[i]);
	}
	got = pread(fd, output, sizeof(output) - 1, 0);
	close(fd);
	unlink(path);
	assert_true(got >= 0);
	output[got] = '\0';
	assert_null(strstr(output, PASSWORD));
	return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void assert_says(const char *text)
{
	if (!strstr(output, text))
		fail_msg("\"%s\" is not in:\n%s", text, output);
}

static unsigned int count_lines_with(const char *text, const char *wanted)
{
	unsigned int count = 0;

	for (const char *at = text; (at = strstr(at, wanted)); at += strlen(wanted))
		count++;
	return count;
}

/* --- setup --- */

static void setup_makes_everything_in_order(void **state)
{
	static const char expected[] = "GET /api/default/streams/netflow1/schema?type=logs\n"
				       "POST /api/default/streams/netflow1?type=logs\n"
				       "GET /api/default/functions\n"
				       "POST /api/default/functions\n"
				       "GET /api/default/pipelines\n"
				       "POST /api/default/pipelines\n"
				       "GET /api/v2/default/folders/dashboards\n"
				       "POST /api/v2/default/folders/dashboards\n"
				       "GET /api/default/dashboards?folder=f1\n"
				       "POST /api/default/dashboards?folder=f1\n"
				       "POST /api/default/dashboards?folder=f1\n"
				       "POST /api/default/dashboards?folder=f1\n"
				       "POST /api/default/dashboards?folder=f1\n"
				       "POST /api/default/dashboards?folder=f1\n"
				       "GET /api/default/alerts/destinations?module=alert\n"
				       "GET /api/default/alerts/templates\n"
				       "POST /api/default/alerts/templates\n"
				       "POST /api/default/alerts/destinations?module=alert\n"
				       "GET /api/v2/default/folders/alerts\n"
				       "POST /api/v2/default/folders/alerts\n"
				       "GET /api/v2/default/alerts?folder=f1\n"
				       "POST /api/v2/default/alerts?folder=f1\n"
				       "POST /api/v2/default/alerts?folder=f1\n"
				       "POST /api/v2/default/alerts?folder=f1\n"
				       "POST /api/v2/default/alerts?folder=f1\n";

	(void)state;
	assert_int_equal(RUN("setup", url, "--destination-url", "https://hook.example/"),
			 EXIT_CODE_OK);
	assert_string_equal(calls, expected);
	assert_int_equal(count_lines_with(output, " created\n"), 16);
	assert_says("\n\nRecords go to ");
	assert_int_equal(count_lines_with(output, "\n"), 18);
}

static void setup_dry_run_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(RUN("setup", url, "--dry-run", "--destination-url", "https://h/"),
			 EXIT_CODE_OK);
	assert_int_equal(count_lines_with(calls, "POST /api/default/functions/test\n"), 1);
	assert_int_equal(count_lines_with(calls, "POST"), 1);
	assert_null(strstr(calls, "PUT"));
	assert_int_equal(count_lines_with(output, " would be created\n"), 16);
	assert_int_equal(count_lines_with(output, "\n"), 16);
}

static void setup_without_anybody_to_tell_has_no_alerts(void **state)
{
	(void)state;
	assert_int_equal(RUN("setup", url), EXIT_CODE_OK);
	assert_int_equal(count_lines_with(calls, "alerts"), 1);
	assert_says("left out: nobody to tell; give --destination-url URL of a web hook, or ");
}

static void setup_without_tables_for_places_goes_on(void **state)
{
	(void)state;
	refused_call = "POST /api/default/functions";
	refused_status = 400;
	refused_answer = "{\"code\":400,\"message\":\"unknown enrichment table maxmind_city\"}";
	assert_int_equal(RUN("setup", url), EXIT_CODE_OK);
	assert_says("left out: the server has no MaxMind tables");
	assert_null(strstr(calls, "pipelines"));
	assert_int_equal(count_lines_with(calls, "POST /api/default/dashboards?folder=f1\n"), 5);
	calls[0] = '\0';
	assert_int_equal(RUN("setup", url, "--no-geo"), EXIT_CODE_OK);
	assert_null(strstr(calls, "functions"));
	assert_says("left out: --no-geo\n");
}

static void setup_goes_on_after_what_failed(void **state)
{
	(void)state;
	refused_call = "POST /api/default/functions";
	refused_status = 500;
	refused_answer = "{\"message\":\"boom\"}";
	assert_int_equal(RUN("setup", url), EXIT_CODE_RUNTIME);
	assert_says("flowprobe: function netflow1_geo: boom\n");
	assert_null(strstr(calls, "pipelines"));
	assert_int_equal(count_lines_with(calls, "POST /api/default/dashboards?folder=f1\n"), 5);
}

/* Its dashboards may still be of use, and it is no matter of the network. */
static void setup_goes_on_after_a_field_of_another_type(void **state)
{
	(void)state;
	refused_call = "GET /api/default/streams/netflow1/schema";
	refused_status = 200;
	refused_answer = "{\"schema\":[{\"name\":\"bytes\",\"type\":\"Utf8\"}],\"settings\":{}}";
	assert_int_equal(RUN("setup", url), EXIT_CODE_RUNTIME);
	assert_says("flowprobe: stream netflow1: its field bytes is Utf8 and should be Int64; ");
	assert_null(strstr(calls, "PUT"));
	assert_int_equal(count_lines_with(calls, "POST /api/default/dashboards?folder=f1\n"), 5);
}

static void setup_needs_the_id_of_a_folder(void **state)
{
	(void)state;
	refused_call = "POST /api/v2/default/folders/dashboards";
	refused_status = 200;
	refused_answer = "{\"code\":200}";
	assert_int_equal(RUN("setup", url), EXIT_CODE_RUNTIME);
	assert_says("flowprobe: folder Flows: the server has not said what its id is\n");
	assert_null(strstr(output, "would be"));
	assert_null(strstr(calls, "dashboards?"));
}

static void setup_ends_where_there_is_no_point(void **state)
{
	(void)state;
	refused_call = "GET /api/default/functions";
	refused_status = 401;
	refused_answer = "Unauthorized Access";
	assert_int_equal(RUN("setup", url), EXIT_CODE_PRIVILEGE);
	assert_says(" refuses the user or the password (HTTP 401: Unauthorized Access); ");
	assert_null(strstr(calls, "dashboards"));
	http_server_go_away(server);
	assert_int_equal(RUN("setup", url), EXIT_CODE_UNREACHABLE);
	assert_int_equal(count_lines_with(output, "\n"), 1);
}

static void setup_takes_names_from_the_url(void **state)
{
	char whole[128];

	(void)state;
	snprintf(whole, sizeof(whole), "%s/o2/api/my_org/my-stream/_json", url);
	assert_int_equal(RUN("setup", whole, "--no-geo"), EXIT_CODE_OK);
	assert_non_null(strstr(calls, "POST /o2/api/my_org/streams/my_stream?type=logs\n"));
	assert_non_null(strstr(calls, "POST /o2/api/v2/my_org/folders/dashboards\n"));
}

/* --- teardown --- */

static void teardown_of_nothing_removes_nothing(void **state)
{
	static const char expected[] = "GET /api/v2/default/folders/alerts\n"
				       "GET /api/default/alerts/destinations?module=alert\n"
				       "GET /api/default/alerts/templates\n"
				       "GET /api/v2/default/folders/dashboards\n"
				       "GET /api/default/pipelines\n"
				       "GET /api/default/functions\n"
				       "GET /api/default/streams/netflow1/schema?type=logs\n";

	(void)state;
	assert_int_equal(RUN("teardown", url), EXIT_CODE_OK);
	assert_string_equal(calls, expected);
	assert_int_equal(count_lines_with(output, " is not there\n"), 7);
	assert_int_equal(RUN("teardown", url, "--delete-stream"), EXIT_CODE_OK);
	assert_null(strstr(calls, "DELETE"));
}

/* --- files --- */

static unsigned int files_seen;

static int check_file(const char *path, const struct stat *st, int type)
{
	char error[JSON_TREE_ERROR_BYTES], *text = malloc((size_t)st->st_size);
	struct json_value *root;
	FILE *file = fopen(path, "r");
	int good;

	if (type == FTW_F) {
		good = file && text &&
		       fread(text, 1, (size_t)st->st_size, file) == (size_t)st->st_size;
		root = good ? json_tree_parse(text, (size_t)st->st_size, error) : NULL;
		files_seen += json_tree_is_object(root);
		json_tree_free(root);
	}
	if (file)
		fclose(file);
	free(text);
	return 0;
}

static void setup_print_writes_files_and_asks_nobody(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof(path), "%s/printed", directory);
	http_server_go_away(server);
	assert_int_equal(RUN("setup", url, "--print", path, "--destination-url", "https://h/"),
			 EXIT_CODE_OK);
	assert_int_equal(count_lines_with(output, path), 16); /* the folder twice */
	files_seen = 0;
	assert_int_equal(ftw(path, check_file, 8), 0);
	assert_int_equal(files_seen, 15);
	assert_int_equal(RUN("setup", url, "--print", "/proc/nowhere"), EXIT_CODE_RUNTIME);
	assert_says("flowprobe: cannot write /proc/nowhere/stream.json: ");
}

/* --- usage --- */

static void openobserve_usage_errors_are_64(void **state)
{
	(void)state;
	assert_int_equal(RUN("setup"), EXIT_CODE_USAGE);
	assert_int_equal(run((const char *const[]){NULL}), EXIT_CODE_USAGE);
	assert_int_equal(RUN("set", url), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "more"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--password", PASSWORD), EXIT_CODE_USAGE);
	assert_says("everybody on this host can read a command line");
	assert_int_equal(RUN("setup", url, "--password=" PASSWORD), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--user"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", "http://root:" PASSWORD "@h"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--folder", " a"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--folder", "a\"b"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--destination", "a/b"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--destination-url", "ftp://x"), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--destination-url", "http://x\""), EXIT_CODE_USAGE);
	assert_int_equal(RUN("setup", url, "--stream", "a b"), EXIT_CODE_USAGE);
	assert_string_equal(calls, "");
	assert_int_equal(RUN("--help"), EXIT_CODE_OK);
	assert_says("Usage: flowprobe openobserve setup URL");
}

static void openobserve_without_credential_says_so(void **state)
{
	(void)state;
	unsetenv("FLOWPROBE_OPENOBSERVE_PASSWORD");
	assert_int_equal(RUN("setup", url), EXIT_CODE_PRIVILEGE);
	assert_says("flowprobe: there is no password; give --user and --password-file, or set ");
	assert_int_equal(RUN("setup", url, "--password-file", "/nonexistent"), EXIT_CODE_PRIVILEGE);
	assert_says("flowprobe: cannot read /nonexistent: No such file or directory\n");
	assert_int_equal(RUN("setup", url, "--ca-file", "/nonexistent"), EXIT_CODE_CONFIG);
	assert_string_equal(calls, "");
}

#define SETUP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETUP_TEST(setup_makes_everything_in_order),
		SETUP_TEST(setup_dry_run_changes_nothing),
		SETUP_TEST(setup_without_anybody_to_tell_has_no_alerts),
		SETUP_TEST(setup_without_tables_for_places_goes_on),
		SETUP_TEST(setup_goes_on_after_what_failed),
		SETUP_TEST(setup_goes_on_after_a_field_of_another_type),
		SETUP_TEST(setup_needs_the_id_of_a_folder),
		SETUP_TEST(setup_ends_where_there_is_no_point),
		SETUP_TEST(setup_takes_names_from_the_url),
		SETUP_TEST(teardown_of_nothing_removes_nothing),
		SETUP_TEST(setup_print_writes_files_and_asks_nobody),
		SETUP_TEST(openobserve_usage_errors_are_64),
		SETUP_TEST(openobserve_without_credential_says_so),
	};

	unsetenv("http_proxy");
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
