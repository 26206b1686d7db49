// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe status`: asks the agent that runs on this host. It answers at the control socket that
 * --socket names, else the configuration that `flowprobe run` would read.
 */
#include "cmd/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/control.h"
#include "config/config.h"
#include "config/errors.h"
#include "lib/log.h"

#define PATH_BYTES 4096

extern char **environ;

const struct option status_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"socket", required_argument, NULL, 's'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void print_help(FILE *stream)
{
	fputs("Usage: flowprobe status [OPTION]...\n"
	      "\n"
	      "Shows what the running flowprobe captures on, how much it sees, whether every "
	      "packet\n"
	      "is accounted for, and how its exporters are.\n"
	      "\n"
	      "      --json           the same as one JSON object\n"
	      "      --socket PATH    control socket of the agent\n"
	      "                       (default: control.socket of the configuration)\n"
	      "  -c, --config FILE    configuration to read that from\n"
	      "                       (default: " CONFIG_DEFAULT_PATH ", if it is there)\n"
	      "  -h, --help\n"
	      "\n"
	      "Exit status: 0; 64 wrong usage; 69 no agent answers; 77 it may not be asked.\n",
	      stream);
}

/* A configuration with mistakes is not our business: then the default has to do. */
static void find_socket(const char *config_path, char path[static PATH_BYTES])
{
	char *argv[] = {"status", "--config", (char *)config_path, NULL};
	const struct config_sources sources = {
		.argc = config_path ? 3 : 1,
		.argv = argv,
		.environment = environ,
		.default_path = CONFIG_DEFAULT_PATH,
	};
	struct config_errors errors = {0};
	struct config config;
	int help;

	if (!config_path)
		argv[1] = NULL;
	snprintf(path, PATH_BYTES, "%s", CONFIG_CONTROL_SOCKET);
	if (config_load_sources(&config, &sources, &errors, &help))
		return;
	if (config.control_socket)
		snprintf(path, PATH_BYTES, "%s", config.control_socket);
	config_free(&config);
}

static int explain(int err, const char *path)
{
	if (err == -ENOENT || err == -ECONNREFUSED) {
		log_error("no flowprobe answers at %s: is it running? `systemctl status flowprobe` "
			  "shows the service; --socket names another agent's socket",
			  path);
		return EXIT_CODE_UNREACHABLE;
	}
	if (err == -EACCES || err == -EPERM) {
		log_error("%s: %s: run this as root", path, strerror(-err));
		return EXIT_CODE_PRIVILEGE;
	}
	log_error("no answer from the flowprobe at %s: %s", path, strerror(-err));
	return EXIT_CODE_UNREACHABLE;
}

int command_status(int argc, char **argv)
{
	const char *config_path = NULL, *socket_path = NULL, *request = "status";
	char path[PATH_BYTES];
	int letter, err;

	optind = 0;
	while ((letter = getopt_long(argc, argv, "c:h", status_options, NULL)) != -1) {
		switch (letter) {
		case 'c':
			config_path = optarg;
			break;
		case 's':
			socket_path = optarg;
			break;
		case 'j':
			request = "status json";
			break;
		case 'h':
			print_help(stdout);
			return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
		default:
			fputs("Try `flowprobe status --help`.\n", stderr);
			return EXIT_CODE_USAGE;
		}
	}
	if (optind < argc) {
		log_error("status takes no argument \"%s\"; try `flowprobe status --help`",
			  argv[optind]);
		return EXIT_CODE_USAGE;
	}
	if (socket_path)
		snprintf(path, sizeof(path), "%s", socket_path);
	else
		find_socket(config_path, path);
	err = control_ask(path, request, stdout);
	if (err)
		return explain(err, path);
	return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
}
