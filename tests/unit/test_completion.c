// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The completion script, in the shell it is for: a bash on a terminal of its own sources it, gets
 * lines with a TAB behind them as if typed, and tells what has become of the line. So where bash
 * divides words, and what it does with quotes, is part of the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/completion.h"
#include "cmd/usage.h"
#include "config/exporters.h"
#include "config/options.h"

#define ANSWER_TIMEOUT_MS 20000
#define OUTPUT_BYTES 65536
#define TEXT_BYTES 8192

/* Keys: one possible completion; all of them; where readline is told to show the line. */
#define ONE "\t"
#define ALL "\x1b*"
#define SHOW "\x18\x10"

static const struct option own_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"name", required_argument, NULL, 'n'},
	{"json", no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

static const struct subcommand commands[] = {
	{.name = "run", .has_run_options = 1},
	{.name = "status", .options = own_options, .file_options = "config"},
	{.name = "config", .words = "check show", .options = own_options, .has_run_options = 1},
	{.name = "version"},
	{.name = NULL},
};

static struct {
	char directory[32];
	int terminal;
	pid_t pid;
	size_t used; /* of output, which was read since the last line was typed */
	char output[OUTPUT_BYTES];
} shell;

static char *script(void)
{
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	completion_write_bash(stream, commands);
	fclose(stream);
	return text;
}

static void create(const char *name, const char *text)
{
	char path[64];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", shell.directory, name);
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	assert_int_equal(fclose(stream), 0);
}

static void type(const char *keys)
{
	assert_int_equal(write(shell.terminal, keys, strlen(keys)), strlen(keys));
}

/* Waits until the shell has written <text>, which is returned. */
static const char *answer(void)
{
	struct pollfd pollfd = {.fd = shell.terminal, .events = POLLIN};
	char *start, *end;

	for (;;) {
		shell.output[shell.used] = '\0';
		start = strstr(shell.output, "ANSWER<");
		end = start ? strstr(start, ">END") : NULL;
		if (end) {
			*end = '\0';
			return start + strlen("ANSWER<");
		}
		if (poll(&pollfd, 1, ANSWER_TIMEOUT_MS) != 1)
			fail_msg("no answer, but: %s", shell.output);
		ssize_t count = read(shell.terminal, shell.output + shell.used,
				     sizeof(shell.output) - 1 - shell.used);
		if (count <= 0)
			fail_msg("the shell ended: %s", shell.output);
		shell.used += (size_t)count;
	}
}

/* What the line becomes by these keys behind it; an empty one is left. */
static const char *typed(const char *line, const char *keys)
{
	shell.used = 0;
	type(line);
	type(keys);
	type(SHOW);
	return answer();
}

static void assert_becomes(const char *line, const char *expected)
{
	assert_string_equal(typed(line, ONE), expected);
}

static void assert_offers(const char *line, const char *expected)
{
	assert_string_equal(typed(line, ALL), expected);
}

/* Echo is off where readline is not used, so that nothing typed is taken for an answer. */
static void run_shell(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || chdir(shell.directory))
		_exit(1);
	setenv("TERM", "dumb", 1);
	setenv("INPUTRC", "/dev/null", 1);
	setenv("LC_ALL", "C", 1);
	setenv("PS1", "", 1);
	setenv("COLUMNS", "30000", 1);
	unsetenv("PROMPT_COMMAND");
	unsetenv("HISTFILE");
	execlp("bash", "bash", "--noprofile", "--rcfile", "rc", "-i", NULL);
	_exit(127);
}

static int start_shell(void **state)
{
	static const char rc[] = "unset HISTFILE\n"
				 ". ./script\n"
				 "show() {\n"
				 "	printf 'ANSWER<%s>END\\n' \"$READLINE_LINE\"\n"
				 "	READLINE_LINE=\n"
				 "}\n"
				 "bind 'set bell-style none'\n"
				 "bind 'set enable-bracketed-paste off'\n"
				 "bind 'set completion-query-items 0'\n"
				 "bind 'set page-completions off'\n"
				 "bind -x '\"\\C-x\\C-p\": show'\n"
				 "printf 'ANSWER<%s>END\\n' ready\n";
	struct winsize size = {.ws_row = 50, .ws_col = 30000};
	char path[64], *text = script();

	(void)state;
	strcpy(shell.directory, "/tmp/test_completion.XXXXXX");
	assert_non_null(mkdtemp(shell.directory));
	create("script", text);
	create("rc", rc);
	create("flows.json", "");
	snprintf(path, sizeof(path), "%s/folder", shell.directory);
	assert_int_equal(mkdir(path, 0700), 0);
	free(text);
	shell.pid = forkpty(&shell.terminal, NULL, NULL, &size);
	assert_true(shell.pid >= 0);
	if (shell.pid == 0)
		run_shell();
	assert_string_equal(answer(), "ready");
	return 0;
}

static int stop_shell(void **state)
{
	static const char *const names[] = {"script", "rc", "flows.json", "folder"};
	char path[64];

	(void)state;
	kill(shell.pid, SIGKILL);
	waitpid(shell.pid, NULL, 0);
	close(shell.terminal);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", shell.directory, names[i]);
		remove(path);
	}
	return rmdir(shell.directory);
}

static void completion_offers_subcommands_and_their_words(void **state)
{
	(void)state;
	assert_becomes("flowprobe st", "flowprobe status ");
	assert_becomes("flowprobe h", "flowprobe help ");
	assert_offers("flowprobe ", "flowprobe config help run status version ");
	assert_offers("flowprobe config ", "flowprobe config check show ");
	assert_becomes("flowprobe config sh", "flowprobe config show ");
	assert_becomes("flowprobe version ", "flowprobe version ");
	assert_becomes("flowprobe nonsense --h", "flowprobe nonsense --h");
}

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The words behind line as they are offered: sorted. */
static void join(char text[TEXT_BYTES], const char *line, const char **words, size_t count)
{
	size_t used = (size_t)snprintf(text, TEXT_BYTES, "%s", line);

	qsort(words, count, sizeof(words[0]), compare_words);
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s ", words[i]);
	assert_true(used < TEXT_BYTES);
}

static void completion_offers_every_option_of_run(void **state)
{
	char flags[CONFIG_OPTIONS][CONFIG_KEY_BYTES], expected[TEXT_BYTES];
	const char *words[CONFIG_OPTIONS + 1];
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		snprintf(flags[i], sizeof(flags[i]), "--%s", config_options[i].flag);
		words[count++] = flags[i];
	}
	join(expected, "flowprobe run ", words, count);
	assert_offers("flowprobe run --", expected);
	join(expected, "flowprobe run --hook tcx ", words, count);
	assert_offers("flowprobe run --hook tcx --", expected);
	assert_offers("flowprobe run -v --log", "flowprobe run -v --log-level ");
	assert_offers("flowprobe config check --hoo", "flowprobe config check --hook ");
	assert_offers("flowprobe config show --js", "flowprobe config show --json ");
	assert_offers("flowprobe status --", "flowprobe status --config --json --name ");
}

static void completion_offers_every_choice(void **state)
{
	char line[128], expected[TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const struct config_option *option = &config_options[i];
		const char *words[16];
		size_t count = 0;

		if (!option->field.choices)
			continue;
		for (size_t j = 0; option->field.choices[j]; j++)
			words[count++] = option->field.choices[j];
		snprintf(line, sizeof(line), "flowprobe run --%s ", option->flag);
		join(expected, line, words, count);
		assert_offers(line, expected);
	}
	assert_becomes("flowprobe run --hook=x", "flowprobe run --hook=xdp ");
	assert_becomes("flowprobe run --direction=i", "flowprobe run --direction=ingress ");
	assert_becomes("flowprobe run --sampling ", "flowprobe run --sampling ");
	assert_becomes("flowprobe run -i l", "flowprobe run -i lo ");
	assert_becomes("flowprobe run --exclude-interface=l",
		       "flowprobe run --exclude-interface=lo ");
}

static void completion_offers_files(void **state)
{
	(void)state;
	assert_becomes("flowprobe run -c fl", "flowprobe run -c flows.json ");
	assert_becomes("flowprobe run --config=fo", "flowprobe run --config=folder/");
	assert_becomes("flowprobe status --config fl", "flowprobe status --config flows.json ");
	assert_becomes("flowprobe status --name fl", "flowprobe status --name fl");
}

static void completion_offers_every_target_of_exporters(void **state)
{
	char line[128], expected[128];

	(void)state;
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			snprintf(expected, sizeof(expected), "flowprobe run --export %s:%s",
				 type->name, type->targets[j].prefix);
			snprintf(line, sizeof(line), "%.*s", (int)strlen(expected) - 1, expected);
			assert_becomes(line, expected);
		}
	}
	assert_becomes("flowprobe run --export js", "flowprobe run --export json:");
	assert_becomes("flowprobe run --export=ipfix:u", "flowprobe run --export=ipfix:udp://");
	assert_offers("flowprobe run --export openobserve:",
		      "flowprobe run --export openobserve:http:// https:// ");
	assert_becomes("flowprobe run --export json:fl", "flowprobe run --export json:flows.json ");
	assert_becomes("flowprobe run --export=ipfix:file:fo",
		       "flowprobe run --export=ipfix:file:folder/");
}

static void completion_offers_options_of_exporters(void **state)
{
	(void)state;
	assert_becomes("flowprobe run --export ipfix:udp://h:1?bi",
		       "flowprobe run --export ipfix:udp://h:1?biflow=");
	assert_becomes("flowprobe run --export ipfix:udp://h?biflow=t",
		       "flowprobe run --export ipfix:udp://h?biflow=true ");
	/* the closing quote is bash's, and cannot be kept from it */
	assert_becomes("flowprobe run --export 'ipfix:tls://h?biflow=true&ca",
		       "flowprobe run --export 'ipfix:tls://h?biflow=true&ca_file='");
	assert_becomes("flowprobe run --export \"ipfix:udp://h?max_rate=1&biflow=f",
		       "flowprobe run --export \"ipfix:udp://h?max_rate=1&biflow=false\" ");
	assert_becomes("flowprobe run --export ipfix:tls://h?ca_file=fl",
		       "flowprobe run --export ipfix:tls://h?ca_file=flows.json ");
	/* no certificates without TLS, and no secrets on command lines */
	assert_becomes("flowprobe run --export ipfix:udp://h?ca",
		       "flowprobe run --export ipfix:udp://h?ca");
	assert_becomes("flowprobe run --export openobserve:http://h?pass",
		       "flowprobe run --export openobserve:http://h?password_file=");
}

/* The script by its text: which options of exporters stand behind which target. */
static void completion_has_every_option_of_exporters(void **state)
{
	char expected[256], *text = script();

	(void)state;
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		const struct config_exporter_type *type = &config_exporter_types[i];

		for (size_t j = 0; j < CONFIG_EXPORTER_TARGETS && type->targets[j].prefix; j++) {
			char *line, *end;

			snprintf(expected, sizeof(expected), "\t%s:%s*) echo ", type->name,
				 type->targets[j].prefix);
			line = strstr(text, expected);
			assert_non_null(line);
			end = strchr(line, '\n');
			*end = '\0';
			for (size_t k = 0; k < CONFIG_EXPORTER_OPTIONS; k++) {
				const struct config_exporter_option *option =
					&config_exporter_options[k];
				int taken = (option->takers[i] &
					     (1u << type->targets[j].transport)) != 0;

				snprintf(expected, sizeof(expected), " %s= ", option->key);
				assert_int_equal(strstr(line, expected) != NULL,
						 taken &&
							 option->field.type != CONFIG_FIELD_SECRET);
			}
			*end = '\n';
		}
	}
	free(text);
}

/* What is typed is looked at and never run. */
static void completion_runs_nothing_that_is_on_the_line(void **state)
{
	char path[64];

	(void)state;
	typed("flowprobe run --export 'ipfix:udp://$(>made)?max_rate=1&biflow=", ALL);
	typed("flowprobe run --export 'json:$(>made)", ALL);
	typed("flowprobe run -i '$(>made)", ALL);
	typed("flowprobe '$(>made)", ALL);
	snprintf(path, sizeof(path), "%s/made", shell.directory);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completion_offers_subcommands_and_their_words),
		cmocka_unit_test(completion_offers_every_option_of_run),
		cmocka_unit_test(completion_offers_every_choice),
		cmocka_unit_test(completion_offers_files),
		cmocka_unit_test(completion_offers_every_target_of_exporters),
		cmocka_unit_test(completion_offers_options_of_exporters),
		cmocka_unit_test(completion_has_every_option_of_exporters),
		cmocka_unit_test(completion_runs_nothing_that_is_on_the_line),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start_shell, stop_shell);
}
