// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A configuration that is read again: what differs, which of it needs a restart, and that the rest
 * can take effect without it. Which options need one is written out a second time here.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "config/change.h"
#include "config/options.h"
#include "config_fixture.h"

#define LIST(...) ((char *[]){__VA_ARGS__, NULL})

/* A value of each option that is not its default. */
static const struct {
	const char *key, *flag;
	int restart;
} changes[] = {
	{"interfaces.include", "--interface=eth0", 0},
	{"interfaces.exclude", "--exclude-interface=eth0", 0},
	{"capture.hook", "--hook=xdp", 1},
	{"capture.direction", "--direction=egress", 1},
	{"capture.ingress_position", "--ingress-position=tail", 1},
	{"capture.egress_position", "--egress-position=head", 1},
	{"capture.sampling", "--sampling=2", 1},
	{"capture.table", "--table=hash", 1},
	{"capture.slots", "--slots=1024", 1},
	{"capture.harvest_interval", "--harvest-interval=2s", 1},
	{"flows.max_flows", "--max-flows=1024", 1},
	{"flows.active_timeout", "--active-timeout=1s", 0},
	{"flows.idle_timeout", "--idle-timeout=1s", 0},
	{"exporters", "--export=json:x", 0},
	{"export.observation_domain_id", "--observation-domain=2", 1},
	{"metrics.listen", "--metrics=[::1]:1", 1},
	{"metrics.textfile", "--metrics-textfile=x", 0},
	{"control.socket", "--control-socket=none", 1},
	{"run.duration", "--duration=1s", 1},
	{"log.level", "--log-level=error", 0},
};

#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void append_key(void *arg, const char *key)
{
	strcat(strcat(arg, key), " ");
}

/* Which keys differ, each followed by a blank. */
static void assert_changes(const struct load *before, const struct load *after, const char *live,
			   const char *restart)
{
	char text[1024] = "";

	config_compare(&before->config, &after->config, CONFIG_EFFECT_LIVE, append_key, text);
	assert_string_equal(text, live);
	text[0] = '\0';
	config_compare(&before->config, &after->config, CONFIG_EFFECT_RESTART, append_key, text);
	assert_string_equal(text, restart);
}

static void load_flags(struct load *load, char **argv)
{
	load_all(load, NULL, NULL, argv);
	assert_string_equal(load->messages, "");
}

/* All the options above at once. */
static void load_changes(struct load *load)
{
	char *argv[CHANGES + 2] = {"run"};

	for (size_t i = 0; i < CHANGES; i++)
		argv[i + 1] = (char *)changes[i].flag;
	load_flags(load, argv);
}

#define ALL_LIVE                                                      \
	"interfaces.include interfaces.exclude flows.active_timeout " \
	"flows.idle_timeout exporters metrics.textfile log.level "
#define ALL_RESTART                                                              \
	"capture.hook capture.direction capture.ingress_position "               \
	"capture.egress_position capture.sampling capture.table capture.slots "  \
	"capture.harvest_interval flows.max_flows export.observation_domain_id " \
	"metrics.listen control.socket run.duration "

static void reload_each_option_that_differs_is_told_with_its_effect(void **state)
{
	struct load before, after;
	size_t keyed = 0;
	char key[64];

	(void)state;
	load_flags(&before, LIST("run"));
	for (size_t i = 0; i < CHANGES; i++) {
		load_flags(&after, LIST("run", (char *)changes[i].flag));
		snprintf(key, sizeof(key), "%s ", changes[i].key);
		assert_changes(&before, &after, changes[i].restart ? "" : key,
			       changes[i].restart ? key : "");
		assert_changes(&after, &before, changes[i].restart ? "" : key,
			       changes[i].restart ? key : "");
		load_free(&after);
	}
	load_free(&before);
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		keyed += config_options[i].key != NULL;
	assert_int_equal(keyed, CHANGES);
}

static void reload_keeps_what_needs_a_restart(void **state)
{
	struct load before, after, wanted, original;
	char text[1024] = "";

	(void)state;
	load_flags(&original, LIST("run"));
	load_flags(&before, LIST("run"));
	load_changes(&after);
	load_changes(&wanted);
	assert_changes(&before, &after, ALL_LIVE, ALL_RESTART);
	config_keep_fixed(&before.config, &after.config, append_key, text);
	assert_string_equal(text, ALL_RESTART);
	assert_changes(&after, &wanted, "", ALL_RESTART);
	assert_changes(&after, &original, ALL_LIVE, "");
	assert_string_equal(after.config.control_socket, "/run/flowprobe/control.sock");
	assert_null(after.config.metrics_listen);
	assert_string_equal(before.config.metrics_listen, "[::1]:1");
	load_free(&original);
	load_free(&before);
	load_free(&after);
	load_free(&wanted);
}

static void reload_of_the_same_differs_in_nothing(void **state)
{
	static const char yaml[] = "exporters:\n"
				   "- openobserve:http://h?user=u&password_file=p\n"
				   "- ipfix:udp://h?biflow=true\n";
	struct load before, after;

	(void)state;
	load_all(&before, yaml, NULL, NULL);
	load_all(&after, yaml, NULL, NULL);
	assert_changes(&before, &after, "", "");
	load_free(&after);
	/* the order of exporters is none */
	load_all(&after,
		 "exporters: ['ipfix:udp://h?biflow=true',\n"
		 "  'openobserve:http://h?user=u&password_file=p']\n",
		 NULL, NULL);
	assert_changes(&before, &after, "", "");
	load_free(&after);
	load_free(&before);
}

static void reload_tells_exporters_apart_by_name_target_and_options(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{"json:a", "json:b"},
		{"json:a", "ipfix:file:a?name=json"},
		{"json:a", "json:a?name=x"},
		{"ipfix:udp://h", "ipfix:udp://h?source_port=1"},
		{"ipfix:udp://h", "ipfix:tcp://h"},
		{"openobserve:http://h?spool_directory=/a", "openobserve:http://h"},
		{"openobserve:http://h?spool_after=1s", "openobserve:http://h?spool_after=2s"},
	};
	struct load before, after;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *spec = (char *)cases[i].before;

		load_flags(&before, LIST("run", "--export", spec));
		load_flags(&after, LIST("run", "--export", (char *)cases[i].after));
		assert_changes(&before, &after, "exporters ", "");
		assert_false(config_exporter_equals(&before.config.exporters.items[0],
						    &after.config.exporters.items[0]));
		load_free(&after);
		/* one more */
		load_flags(&after, LIST("run", "--export", spec, "--export", "json:more"));
		assert_changes(&before, &after, "exporters ", "");
		assert_changes(&after, &before, "exporters ", "");
		assert_true(config_exporter_equals(&before.config.exporters.items[0],
						   &after.config.exporters.items[0]));
		load_free(&after);
		load_free(&before);
	}
}

/* What is written to stderr meanwhile; to be freed. previous: as in struct config_sources. */
static char *load_again(struct config *config, char **argv, const char *default_path,
			const struct config *previous, int *code)
{
	char *environment[] = {NULL}, *text = calloc(1, 1024);
	struct config_sources sources = {.argv = argv,
					 .environment = environment,
					 .default_path = default_path,
					 .previous = previous};
	struct config_errors errors = {.logged = 1};
	int saved = dup(STDERR_FILENO), help;
	FILE *file = tmpfile();

	assert_non_null(text);
	assert_non_null(file);
	assert_true(saved >= 0);
	while (argv[sources.argc])
		sources.argc++;
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	*code = config_load_sources(config, &sources, &errors, &help);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	rewind(file);
	assert_true(fread(text, 1, 1023, file) < 1023);
	fclose(file);
	return text;
}

static void reload_reads_the_file_again_and_logs_its_mistakes(void **state)
{
	char directory[] = "/tmp/config_reload.XXXXXX";
	char file[64], *argv[] = {"run", "-c", file, NULL}, *text, expected[512];
	struct config config;
	int code;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/c.yaml", directory);
	for (int i = 0; i < 2; i++) {
		FILE *stream = fopen(file, "w");

		assert_non_null(stream);
		fputs(i ? "capture:\n  slots: 4096\n" : "capture:\n  slots: 4095\nlog: {}\nx: 1\n",
		      stream);
		assert_int_equal(fclose(stream), 0);
		text = load_again(&config, argv, NULL, NULL, &code);
		snprintf(expected, sizeof(expected),
			 "flowprobe: error: %s:2:10: capture.slots: must be a power of two from "
			 "1024 to 4194304, not 4095; use 4096\n"
			 "flowprobe: error: %s:4:1: unknown key x\n",
			 file, file);
		assert_string_equal(text, i ? "" : expected);
		assert_int_equal(code, i ? 0 : EX_CONFIG);
		assert_int_equal(config.exporters.count, i);
		config_free(&config);
		free(text);
	}
	unlink(file);
	rmdir(directory);
}

/* The mistake is the one there is. */
static void expect_refused(char **argv, const char *path, const char *default_path,
			   const struct config *previous, const char *mistake)
{
	struct config config;
	char expected[512];
	int code;
	char *text = load_again(&config, argv, default_path, previous, &code);

	snprintf(expected, sizeof(expected), "flowprobe: error: %s: %s\n", path, mistake);
	assert_string_equal(text, expected);
	assert_int_equal(code, EX_CONFIG);
	free(text);
}

static void reload_without_the_file_is_refused(void **state)
{
	char directory[] = "/tmp/config_reload.XXXXXX";
	char file[64], *argv[] = {"run", NULL}, *text;
	struct config first, again;
	int code;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(file, sizeof(file), "%s/c.yaml", directory);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	free(load_again(&first, argv, file, NULL, &code));
	assert_int_equal(code, 0);
	unlink(file);
	expect_refused(argv, file, file, &first,
		       "is not there any more; put it back, or restart to run without it");
	config_free(&first);

	/* Who began without one goes on without. */
	free(load_again(&first, argv, file, NULL, &code));
	assert_int_equal(code, 0);
	text = load_again(&again, argv, file, &first, &code);
	assert_string_equal(text, "");
	assert_int_equal(code, 0);
	free(text);
	config_free(&again);
	config_free(&first);
	rmdir(directory);
}

/* Nobody writes to it, so opening it as at the start would wait for ever. */
static void reload_of_a_pipe_is_refused(void **state)
{
	char directory[] = "/tmp/config_reload.XXXXXX";
	char pipe[64], *argv[] = {"run", "-c", pipe, NULL};
	const struct config first = {.has_file = 1};

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(pipe, sizeof(pipe), "%s/c.yaml", directory);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	expect_refused(argv, pipe, NULL, &first,
		       "is no regular file, and so cannot be read again; restart instead");
	unlink(pipe);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reload_each_option_that_differs_is_told_with_its_effect),
		cmocka_unit_test(reload_keeps_what_needs_a_restart),
		cmocka_unit_test(reload_of_the_same_differs_in_nothing),
		cmocka_unit_test(reload_tells_exporters_apart_by_name_target_and_options),
		cmocka_unit_test(reload_reads_the_file_again_and_logs_its_mistakes),
		cmocka_unit_test(reload_without_the_file_is_refused),
		cmocka_unit_test(reload_of_a_pipe_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
