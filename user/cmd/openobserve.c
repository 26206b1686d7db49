// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe openobserve setup|teardown URL`: what flows need on an OpenObserve server. The work is
 * in provision/; here are the options and the credential.
 *
 * No option takes the password: everybody on the host can read what is on the command line. The URL
 * of a web hook often has a secret in it too, so it can come from the environment as well.
 */
#include "cmd/commands.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/environment.h"
#include "config/suggest.h"
#include "config/value.h"
#include "export/credential.h"
#include "lib/o2_url.h"
#include "lib/clock.h"
#include "provision/setup.h"

#define ERROR_BYTES 512
#define NAME_BYTES 160
#define CONNECT_TIMEOUT_NS (10 * NS_PER_S)
#define REQUEST_TIMEOUT_NS (30 * NS_PER_S)
#define NS_PER_HOUR (3600 * NS_PER_S)
#define DEFAULT_FOLDER "Flows"
#define DEFAULT_DESTINATION "flowprobe"

struct options {
	const char *action;
	int is_setup; /* the action, else it is teardown */
	const char *url;
	const char *organization;
	const char *stream;
	const char *user;
	const char *password_file;
	const char *ca_file;
	const char *folder;
	const char *destination;
	const char *destination_url;
	const char *print;
	uint64_t timeout_ns;
	int no_geo;
	int dry_run;
	int delete_stream;
	int help;
};

/* One row for each option; codes that only getopt sees, but for h. */
const struct option openobserve_options[] = {
	{"organization", required_argument, NULL, 'o'},
	{"stream", required_argument, NULL, 's'},
	{"user", required_argument, NULL, 'u'},
	{"password-file", required_argument, NULL, 'p'},
	{"ca-file", required_argument, NULL, 'c'},
	{"timeout", required_argument, NULL, 't'},
	{"folder", required_argument, NULL, 'f'},
	{"destination", required_argument, NULL, 'd'},
	{"destination-url", required_argument, NULL, 'w'},
	{"no-geo", no_argument, NULL, 'g'},
	{"dry-run", no_argument, NULL, 'n'},
	{"print", required_argument, NULL, 'P'},
	{"delete-stream", no_argument, NULL, 'D'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void print_help(FILE *stream)
{
	fputs("Usage: flowprobe openobserve setup URL [OPTION]...\n"
	      "       flowprobe openobserve teardown URL [OPTION]...\n"
	      "\n"
	      "setup makes what flow records need on an OpenObserve server: a typed stream, "
	      "places\n"
	      "for addresses, dashboards, alerts. It can be run again, after an update say: it "
	      "adds\n"
	      "what is missing and puts right what differs. To change a dashboard or an alert, "
	      "copy\n"
	      "it under another name. teardown, with the same options, removes all of it but the\n"
	      "records.\n"
	      "\n"
	      "URL is the server's, http(s)://HOST:5080, or the one that records are sent to,\n"
	      "http(s)://HOST:5080/api/ORG/STREAM/_json.\n"
	      "\n"
	      "      --organization NAME   (default: of the URL, or " O2_DEFAULT_ORGANIZATION ")\n"
	      "      --stream NAME         (default: of the URL, or " O2_DEFAULT_STREAM ")\n"
	      "      --user NAME           who may change things there [" CONFIG_OPENOBSERVE_USER
	      "]\n"
	      "      --password-file FILE  with the password; or [" CONFIG_OPENOBSERVE_PASSWORD
	      "], or\n"
	      "                            systemd's credential flowprobe.openobserve.password\n"
	      "      --ca-file FILE        certificates to trust, instead of the system's\n"
	      "      --timeout T           how long to wait for an answer (default: 30s)\n"
	      "      --folder NAME         of dashboards and alerts (default: " DEFAULT_FOLDER
	      ", or\n"
	      "                            " DEFAULT_FOLDER
	      "-STREAM if the stream is not " O2_DEFAULT_STREAM ")\n"
	      "      --destination-url URL web hook that alerts are sent to, or\n"
	      "                            [" CONFIG_OPENOBSERVE_WEB_HOOK "]\n"
	      "      --destination NAME    of that web hook (default: " DEFAULT_DESTINATION
	      "); without a URL,\n"
	      "                            of a destination that is there. Neither: no alerts\n"
	      "      --no-geo              no places for addresses\n"
	      "      --dry-run             only say what would be done\n"
	      "      --print DIRECTORY     ask no server; write files for doing it by hand there\n"
	      "      --delete-stream       teardown: delete the records as well\n"
	      "  -h, --help                show this\n"
	      "\n"
	      "Exit status: 0 done, 1 some of it failed, 64 usage, 69 the server does not answer,\n"
	      "77 it refuses the user, 78 a file cannot be used.\n"
	      "\n"
	      "Example:\n"
	      "  flowprobe openobserve setup http://localhost:5080 --user root@example.com \\\n"
	      "      --password-file /etc/credstore/flowprobe.openobserve.password --dry-run\n",
	      stream);
}

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "flowprobe: %s%.160s (see flowprobe openobserve --help)\n", what, value);
	return EXIT_CODE_USAGE;
}

static int option_error(const char *before, int code)
{
	const struct option *option = openobserve_options;
	char text[SUGGEST_WORD_MAX + 3];

	while (option->name && option->val != code)
		option++;
	snprintf(text, sizeof(text), "--%s", option->name);
	return usage_error(before, text);
}

/* Of the option that the text begins with; a value that follows it is not repeated, because it may
 * be a password. */
static int unknown_option(const char *element)
{
	char name[SUGGEST_WORD_MAX + 1], text[4 * SUGGEST_WORD_MAX];
	struct suggestion suggestion = {.word = name};

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(element + 2, "="), element + 2);
	for (const struct option *option = openobserve_options; option->name; option++)
		suggest_offer(&suggestion, option->name);
	snprintf(text, sizeof(text), "--%s%s", name, suggest_question(&suggestion, "--"));
	return usage_error("unknown option ", text);
}

static int unknown_letter(int letter)
{
	const char text[] = {'-', (char)letter, '\0'};

	return usage_error("unknown option ", text);
}

static int take_timeout(struct options *options, const char *text)
{
	const struct config_field field = {
		.type = CONFIG_FIELD_DURATION,
		.offset = offsetof(struct options, timeout_ns),
		.min = 100 * NS_PER_MS,
		.max = NS_PER_HOUR,
	};
	char error[CONFIG_MESSAGE_BYTES];

	return config_field_set(options, &field, text, error) ? usage_error("--timeout ", error)
							      : 0;
}

static int take_option(struct options *options, int code)
{
	switch (code) {
	case 'o':
		options->organization = optarg;
		break;
	case 's':
		options->stream = optarg;
		break;
	case 'u':
		options->user = optarg;
		break;
	case 'p':
		options->password_file = optarg;
		break;
	case 'c':
		options->ca_file = optarg;
		break;
	case 't':
		return take_timeout(options, optarg);
	case 'f':
		options->folder = optarg;
		break;
	case 'd':
		options->destination = optarg;
		break;
	case 'w':
		options->destination_url = optarg;
		break;
	case 'g':
		options->no_geo = 1;
		break;
	case 'n':
		options->dry_run = 1;
		break;
	case 'P':
		options->print = optarg;
		break;
	case 'D':
		options->delete_stream = 1;
		break;
	default:
		options->help = 1;
		break;
	}
	return 0;
}

static int take_argument(struct options *options, const char *text)
{
	if (options->url)
		return usage_error("unexpected argument ", text);
	if (options->action) {
		options->url = text;
		return 0;
	}
	options->action = text;
	options->is_setup = strcmp(text, "setup") == 0;
	if (options->is_setup || strcmp(text, "teardown") == 0)
		return 0;
	return usage_error(
		"write openobserve setup URL, or openobserve teardown URL, not openobserve ", text);
}

/* Which is no option, but what somebody will try. */
static int is_password(const char *element)
{
	const char flag[] = "--password";

	return strncmp(element, flag, strlen(flag)) == 0 && strcspn(element, "=") == strlen(flag);
}

/* What getopt_long has found at the beginning of element. */
static int take_found(struct options *options, int code, int index, const char *element)
{
	if (code == 1)
		return take_argument(options, optarg);
	if (is_password(element))
		return usage_error("everybody on this host can read a command line: write the "
				   "password to a file for --password-file, or set ",
				   CONFIG_OPENOBSERVE_PASSWORD);
	if (code == ':')
		return option_error("there is no value for ", optopt);
	if (code == '?' && strncmp(element, "--", 2) != 0)
		return unknown_letter(optopt);
	if (code == '?' && optopt)
		return option_error("there can be no value for ", optopt);
	/* An abbreviation would break when an option with the same beginning is added. */
	if (code == '?' ||
	    (index >= 0 && strlen(openobserve_options[index].name) != strcspn(element + 2, "=")))
		return unknown_option(element);
	if (optarg && !*optarg)
		return option_error("there is no value for ", code);
	return take_option(options, code);
}

static int parse_options(struct options *options, int argc, char **argv)
{
	int error = 0;

	memset(options, 0, sizeof(*options));
	options->timeout_ns = REQUEST_TIMEOUT_NS;
	opterr = 0;
	optind = 0;
	while (!error && !options->help) {
		/* Where an option starts; getopt moves on before it returns. */
		const char *element = argv[optind ? optind : 1];
		int index = -1, code = getopt_long(argc, argv, "-:h", openobserve_options, &index);

		if (code == -1)
			break;
		error = take_found(options, code, index, element);
	}
	while (!error && !options->help && optind < argc) /* behind "--" */
		error = take_argument(options, argv[optind++]);
	return error;
}

/* What goes into JSON, SQL and URLs as it is. */
static int is_plain(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
			return 0;
	return 1;
}

/* What goes into JSON only; the server cuts blanks from its ends. */
static int is_line(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isprint((unsigned char)*c) || *c == '"' || *c == '\\')
			return 0;
	return *text != ' ' && text[strlen(text) - 1] != ' ';
}

static int is_url(const char *text)
{
	if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		return 0;
	return is_line(text) && !strchr(text, ' ');
}

/* That they fit together, and can be put where they go. */
static int check_options(const struct options *options)
{
	if (!options->url)
		return usage_error("write openobserve setup URL, or openobserve teardown URL", "");
	if (options->is_setup && options->delete_stream)
		return usage_error("only teardown takes ", "--delete-stream");
	if (!options->is_setup && options->print)
		return usage_error("only setup takes ", "--print");
	if (options->print && options->dry_run)
		return usage_error("--print asks no server, so it goes without ", "--dry-run");
	if (options->folder && !is_line(options->folder))
		return usage_error("--folder must be printable ASCII without '\"' and '\\'", "");
	if (options->destination && !is_plain(options->destination))
		return usage_error("--destination must be letters, digits, '_', '-' and '.'", "");
	if (options->destination_url && !is_url(options->destination_url))
		return usage_error("--destination-url must be an http or https URL without blanks, "
				   "'\"' and '\\'",
				   "");
	return 0;
}

/* A variable that is set to nothing is not set. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static int open_api(struct o2_api *api, const struct options *options, const char *base)
{
	const struct http_settings http = {
		.ca_file = options->ca_file,
		.connect_timeout_ns = options->timeout_ns < CONNECT_TIMEOUT_NS ? options->timeout_ns
									       : CONNECT_TIMEOUT_NS,
		.timeout_ns = options->timeout_ns,
	};
	const struct credential_settings credential = {
		.name = "openobserve",
		.user = options->user ? options->user : variable(CONFIG_OPENOBSERVE_USER),
		.password_file = options->password_file,
		.password = options->password_file ? NULL : variable(CONFIG_OPENOBSERVE_PASSWORD),
	};
	int has_password = credential.password_file || credential.password;
	char error[ERROR_BYTES] = "", *authorization = NULL;

	if (options->ca_file && access(options->ca_file, R_OK)) {
		fprintf(stderr, "flowprobe: --ca-file: cannot read %s: %s\n", options->ca_file,
			strerror(errno));
		return EXIT_CODE_CONFIG;
	}
	if (has_password && !credential.user)
		snprintf(error, sizeof(error),
			 "whose password is it? give --user, or set " CONFIG_OPENOBSERVE_USER);
	else
		authorization = credential_read(&credential, error, sizeof(error));
	if (!authorization) {
		fprintf(stderr, "flowprobe: %s\n",
			error[0] ? error
				 : "there is no password; give --user and --password-file, or "
				   "set " CONFIG_OPENOBSERVE_USER
				   " and " CONFIG_OPENOBSERVE_PASSWORD);
		return EXIT_CODE_PRIVILEGE;
	}
	if (o2_api_open(api, &http, base, authorization) == 0)
		return 0;
	fprintf(stderr, "flowprobe: out of memory\n");
	return EXIT_CODE_RUNTIME;
}

static int exit_code_of(enum setup_result result)
{
	switch (result) {
	case SETUP_OK:
		return EXIT_CODE_OK;
	case SETUP_UNAVAILABLE:
		return EXIT_CODE_UNREACHABLE;
	case SETUP_REFUSED:
		return EXIT_CODE_PRIVILEGE;
	case SETUP_FAILED:
		break;
	}
	return EXIT_CODE_RUNTIME;
}

static int run(const struct options *options, const struct o2_url *url)
{
	/* One of each for each stream, so that several can be set up. */
	char function[NAME_BYTES], pipeline[NAME_BYTES], folder[NAME_BYTES];
	int has_own_name = strcmp(url->stream, O2_DEFAULT_STREAM) != 0, code;
	struct setup setup = {
		.api = {.base = url->base},
		.names = {.stream = url->stream,
			  .organization = url->organization,
			  .folder = options->folder ? options->folder : folder,
			  .function = function,
			  .pipeline = pipeline,
			  .destination = options->destination ? options->destination
							      : DEFAULT_DESTINATION,
			  .destination_url = options->destination_url ? options->destination_url
								      : ""},
		.destination_given = options->destination != NULL,
		.geo = !options->no_geo,
		.dry_run = options->dry_run,
		.delete_stream = options->delete_stream,
		.out = stdout,
	};

	snprintf(function, sizeof(function), "%s_geo", url->stream);
	snprintf(pipeline, sizeof(pipeline), "%s_geo", url->stream);
	snprintf(folder, sizeof(folder), DEFAULT_FOLDER "%s%s", has_own_name ? "-" : "",
		 has_own_name ? url->stream : "");
	if (options->print)
		return setup_print(&setup, options->print) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	code = open_api(&setup.api, options, url->base);
	if (!code)
		code = exit_code_of(options->is_setup ? setup_install(&setup)
						      : setup_remove(&setup));
	o2_api_close(&setup.api);
	return code;
}

int command_openobserve(int argc, char **argv)
{
	char error[ERROR_BYTES];
	struct options options;
	struct o2_url url;
	int code = parse_options(&options, argc, argv);

	if (code)
		return code;
	if (options.help) {
		print_help(stdout);
		return fflush(stdout) ? EXIT_CODE_RUNTIME : EXIT_CODE_OK;
	}
	if (!options.destination_url)
		options.destination_url = variable(CONFIG_OPENOBSERVE_WEB_HOOK);
	code = check_options(&options);
	if (code)
		return code;
	if (o2_url_parse(&url, options.url, options.organization, options.stream, error,
			 sizeof(error))) {
		fprintf(stderr, "flowprobe: %s\n", error);
		return EXIT_CODE_USAGE;
	}
	code = run(&options, &url);
	if (fflush(stdout) || ferror(stdout)) {
		perror("flowprobe: cannot write to stdout");
		return EXIT_CODE_RUNTIME;
	}
	return code;
}
