// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe doctor`: would `run` work here, and how? Takes the options of `run`, so that it answers
 * for a given configuration. The work is in doctor/.
 */
#include "cmd/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "capture/loader.h"
#include "config/config.h"
#include "doctor/doctor.h"
#include "lib/log.h"

#define JSON "json"

extern char **environ;

/* Those of run come on top. */
const struct option doctor_options[] = {
	{JSON, no_argument, NULL, 'j'},
	{NULL, 0, NULL, 0},
};

static void print_help(void)
{
	fputs("Usage: flowprobe doctor [--json] [OPTION]...\n"
	      "\n"
	      "Tells whether and how `flowprobe run` would work here with the same options, and "
	      "how to\n"
	      "mend what would not. Changes nothing: neither interfaces nor files, nor what "
	      "records go\n"
	      "to. Each line begins with ok, note (it works, but is worth knowing) or FAIL.\n"
	      "\n"
	      "      --json                    the same as one JSON object\n"
	      "\n"
	      "Exit status: 0; 1 `run` would fail; 64 wrong options; 69 it would work, but some "
	      "records\n"
	      "would not arrive; 77 privileges are missing; 78 a mistake in files or variables.\n"
	      "\n"
	      "Options of run:\n",
	      stdout);
	config_print_help();
}

static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	log_error("cannot write to standard output: %m");
	return -1;
}

static int examine(const struct config *config, int json)
{
	struct findings *findings = findings_new(stdout, json);
	int code;

	if (!findings) {
		log_error("out of memory");
		return EXIT_CODE_RUNTIME;
	}
	code = doctor_run(config, findings);
	findings_free(findings);
	return flush() ? EXIT_CODE_RUNTIME : code;
}

int command_doctor(int argc, char **argv)
{
	int json = command_take_flag(&argc, argv, "--" JSON), help = 0, code;
	struct config config;

	code = config_load(&config, argc, argv, environ, &help);
	if (code)
		return code;
	if (help) {
		print_help();
		return flush() ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	log_set_level(config.log_level);
	loader_init();
	code = examine(&config, json);
	config_free(&config);
	return code;
}
