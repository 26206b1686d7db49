// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe config`: what run would take its configuration for, and texts made of the option
 * tables that packages bring. Nothing here needs root, or looks at anything but files and
 * variables.
 */
#include "cmd/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/completion.h"
#include "cmd/usage.h"
#include "config/config.h"
#include "config/draft.h"
#include "config/example.h"
#include "config/man.h"
#include "config/show.h"
#include "config/suggest.h"

#define ORIGIN "origin"

extern char **environ;

/* Of show; check and show take those of run, too. */
const struct option config_command_options[] = {
	{ORIGIN, no_argument, NULL, 'o'},
	{NULL, 0, NULL, 0},
};

struct action {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is "config" and the name */
};

static void print_help(FILE *stream)
{
	fputs("Usage: flowprobe config check [OPTION]...\n"
	      "       flowprobe config show [--origin] [OPTION]...\n"
	      "       flowprobe config example\n"
	      "       flowprobe config completion bash\n"
	      "       flowprobe config man-options 5|8\n"
	      "\n"
	      "check reads the configuration as run would with these options, and tells every "
	      "mistake.\n"
	      "show writes what is in effect then, as a configuration file, with secrets masked; "
	      "with\n"
	      "--origin each value has a comment that says where it comes from. example writes a\n"
	      "commented configuration file to start from. completion writes what bash needs to "
	      "complete\n"
	      "options; man-options the option lists of flowprobe.yaml(5) and flowprobe(8), for "
	      "packages.\n"
	      "\n"
	      "OPTION is one of flowprobe run, such as -c FILE.\n"
	      "\n"
	      "Exit status: 0; 64 wrong options; 78 a mistake in files or variables.\n"
	      "\n"
	      "Examples:\n"
	      "  flowprobe config check -c ./flowprobe.yaml\n"
	      "  flowprobe config show --origin\n",
	      stream);
}

static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_CODE_OK;
	perror("flowprobe: cannot write to stdout");
	return EXIT_CODE_RUNTIME;
}

static int load(struct config_draft *draft, struct config *config, int argc, char **argv, int *help)
{
	const struct config_sources sources = {
		.argc = argc,
		.argv = argv,
		.environment = environ,
		.default_path = CONFIG_DEFAULT_PATH,
	};
	struct config_errors errors = {.stream = stderr};

	return config_load_draft(draft, config, &sources, &errors, help);
}

/* What to write of a configuration without mistakes. */
typedef void write_function(const struct config_draft *draft);

static int load_and_write(int argc, char **argv, write_function *write)
{
	struct config_draft draft;
	struct config config;
	int help, code = load(&draft, &config, argc, argv, &help);

	if (code == 0) {
		if (help)
			print_help(stdout);
		else
			write(&draft);
		code = flush();
	}
	config_free(&config);
	config_draft_free(&draft);
	return code;
}

static void write_files(const struct config_draft *draft)
{
	fputs("the configuration has no mistakes; files:", stdout);
	for (size_t i = 0; i < draft->file_count; i++)
		printf(" %s", draft->files[i]);
	puts(draft->file_count ? "" : " none");
}

static int check(int argc, char **argv)
{
	return load_and_write(argc, argv, write_files);
}

static void write_values(const struct config_draft *draft)
{
	config_show_write(stdout, draft, 0);
}

static void write_values_and_origins(const struct config_draft *draft)
{
	config_show_write(stdout, draft, 1);
}

static int show(int argc, char **argv)
{
	int origins = command_take_flag(&argc, argv, "--" ORIGIN);

	return load_and_write(argc, argv, origins ? write_values_and_origins : write_values);
}

static int usage_error(const char *what, const char *value, const char *hint)
{
	fprintf(stderr, "flowprobe: %s%.80s%s (see flowprobe config --help)\n", what, value, hint);
	return EXIT_CODE_USAGE;
}

static int example(int argc, char **argv)
{
	if (argc > 1)
		return usage_error("unexpected argument ", argv[1], ": config example takes none");
	config_example_write(stdout);
	return flush();
}

static int completion(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return usage_error("write config completion bash", "", "");
	completion_write_bash(stdout, subcommands);
	return flush();
}

static int man_options(int argc, char **argv)
{
	const char *section = argc == 2 ? argv[1] : "";

	if (strcmp(section, "8") == 0)
		config_man_write_flags(stdout);
	else if (strcmp(section, "5") == 0)
		config_man_write_keys(stdout);
	else
		return usage_error("write config man-options 8, or config man-options 5", "", "");
	return flush();
}

static const struct action actions[] = {
	{"config check", check},
	{"config show", show},
	{"config example", example},
	/* for those who build packages */
	{"config completion", completion},
	{"config man-options", man_options},
};

int command_config(int argc, char **argv)
{
	static const char prefix[] = "config ";
	struct suggestion suggestion = {.word = argc > 1 ? argv[1] : ""};

	if (argc < 2)
		return usage_error("config needs to be told what to do: check, show or example", "",
				   "");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return flush();
	}
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const char *name = actions[i].name + sizeof(prefix) - 1;

		if (strcmp(argv[1], name) == 0) {
			argv[1] = (char *)actions[i].name; /* for messages; nobody writes to it */
			return actions[i].run(argc - 1, argv + 1);
		}
		suggest_offer(&suggestion, name);
	}
	return usage_error("config does not know what to do with ", argv[1],
			   suggest_question(&suggestion, ""));
}
