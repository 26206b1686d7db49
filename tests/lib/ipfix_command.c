// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The program tests/tools/ipfix_check, see ipfix_command.h: command line, input, summary.
 *
 * All that is derived from the options comes from one table, each row of which sets one number.
 */
#include "ipfix_command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ipfix_json.h"
#include "ipfix_sessions.h"

#define DEFAULT_PORT 4739
#define NS_PER_S 1000000000ull
#define SECONDS_MAX 1000000
#define INPUT_BYTES_MAX (1ull << 31)

struct command {
	const char *stream;
	const char *capture;
	uint64_t port;
	uint64_t max_message;
	uint64_t template_refresh;
	uint64_t options_refresh;
	uint64_t late_start;
	uint64_t enterprise;
	int templates_once;
	int records;
	int help;
	FILE *out;
	FILE *err;
};

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_FLAG };

struct option_row {
	const char *name;
	enum option_kind kind;
	size_t offset; /* in struct command */
	uint64_t max; /* OPTION_NUMBER */
	const char *value;
	const char *help;
};

#define ROW(name, kind, member, max, value, help)                              \
	{                                                                      \
		name, kind, offsetof(struct command, member), max, value, help \
	}

static const struct option_row rows[] = {
	ROW("stream", OPTION_TEXT, stream, 0, "FILE",
	    "an IPFIX File, or what a TCP connection carried"),
	ROW("pcap", OPTION_TEXT, capture, 0, "FILE", "a capture file"),
	ROW("port", OPTION_NUMBER, port, UINT16_MAX, "N", "destination port in the capture [4739]"),
	ROW("records", OPTION_FLAG, records, 0, "", "print every Data Record as JSON"),
	ROW("max-message", OPTION_NUMBER, max_message, UINT16_MAX, "OCTETS", "longest message"),
	ROW("template-refresh", OPTION_NUMBER, template_refresh, SECONDS_MAX, "SECONDS",
	    "longest time between Templates that are used over UDP"),
	ROW("options-refresh", OPTION_NUMBER, options_refresh, SECONDS_MAX, "SECONDS",
	    "longest time between records of an Options Template over UDP"),
	ROW("late-start", OPTION_NUMBER, late_start, SECONDS_MAX, "SECONDS",
	    "do not ask for Templates until then: the session was running already"),
	ROW("enterprise", OPTION_NUMBER, enterprise, UINT32_MAX, "NUMBER",
	    "whose elements are expected"),
	ROW("templates-once", OPTION_FLAG, templates_once, 0, "",
	    "Templates are not sent again, but over UDP"),
	ROW("help", OPTION_FLAG, help, 0, "", "print this"),
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(FILE *out)
{
	char option[64];
	size_t i;

	fputs("usage: ipfix_check --stream FILE | --pcap FILE [option]...\n"
	      "Judges IPFIX. Exit status: 0 clean, 1 violations, 64 usage, 65 no IPFIX.\n",
	      out);
	for (i = 0; i < ROWS; i++) {
		snprintf(option, sizeof(option), "--%s %s", rows[i].name, rows[i].value);
		fprintf(out, "  %-28s %s\n", option, rows[i].help);
	}
}

static int parse_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || *end || *number > max ? -EINVAL : 0;
}

static int set_option(struct command *command, const struct option_row *row, char *text)
{
	char *place = (char *)command + row->offset;

	switch (row->kind) {
	case OPTION_TEXT:
		*(const char **)place = text;
		return 0;
	case OPTION_FLAG:
		*(int *)place = 1;
		return 0;
	default:
		if (!parse_number(text, row->max, (uint64_t *)place))
			return 0;
		fprintf(command->err, "ipfix_check: --%s does not take '%s'\n", row->name, text);
		return -EINVAL;
	}
}

static int parse_options(struct command *command, int argc, char **argv)
{
	struct option options[ROWS + 1] = {};
	int index;
	size_t i;

	for (i = 0; i < ROWS; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg = rows[i].kind == OPTION_FLAG ? no_argument : required_argument;
		options[i].val = (int)i;
	}
	optind = 0; /* from the start, also the second time */
	opterr = 0;
	while ((index = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (index < 0 || (size_t)index >= ROWS) {
			fputs("ipfix_check: wrong option; see --help\n", command->err);
			return -EINVAL;
		}
		if (set_option(command, &rows[index], optarg))
			return -EINVAL;
	}
	if (!command->help && (optind != argc || !command->stream == !command->capture)) {
		fputs("ipfix_check: either --stream FILE or --pcap FILE; see --help\n",
		      command->err);
		return -EINVAL;
	}
	return 0;
}

/* --- input --- */

/* The whole file, also if it is a pipe. Freed by the caller. */
static uint8_t *read_all(FILE *file, size_t *size)
{
	size_t capacity = 1 << 20, count;
	uint8_t *bytes = malloc(capacity), *larger;

	*size = 0;
	while (bytes && (count = fread(bytes + *size, 1, capacity - *size, file)) > 0) {
		*size += count;
		if (*size < capacity)
			continue;
		capacity *= 2;
		larger = capacity <= INPUT_BYTES_MAX ? realloc(bytes, capacity) : NULL;
		if (!larger)
			free(bytes);
		bytes = larger;
	}
	if (bytes && ferror(file)) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

static uint8_t *read_input(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;

	if (!file)
		return NULL;
	bytes = read_all(file, size);
	fclose(file);
	return bytes;
}

/* --- output --- */

static void print_violation(void *arg, const char *session, const char *line)
{
	const struct command *command = arg;

	fprintf(command->err, "%s: %s\n", session, line);
}

static void print_record(void *arg, const char *session, const struct ipfix_record *record)
{
	const struct command *command = arg;

	ipfix_json_write(command->out, record, session);
}

static void print_exported(const struct command *command, const char *verb,
			   const struct ipfix_exported *exported)
{
	fprintf(command->err, " %s messages=%" PRIu64 " flow_records=%" PRIu64 " octets=%" PRIu64,
		verb, exported->messages, exported->flow_records, exported->octets);
}

/* Of each session what its last statistics say was exported, and what had come by then. */
static void print_statistics(const struct command *command, const struct ipfix_sessions *sessions)
{
	for (size_t i = 0; i < ipfix_sessions_count(sessions); i++) {
		const struct ipfix_check_totals *totals = ipfix_sessions_totals(sessions, i);

		if (!totals->reported.messages)
			continue;
		fprintf(command->err, "%s:", ipfix_sessions_name(sessions, i));
		print_exported(command, "reported", &totals->reported);
		fputc(',', command->err);
		print_exported(command, "measured", &totals->measured);
		fputc('\n', command->err);
	}
}

static void print_summary(const struct command *command, const struct ipfix_sessions *sessions,
			  const struct ipfix_check_totals *sum)
{
	fprintf(command->err,
		"sessions=%zu messages=%" PRIu64 " flow_records=%" PRIu64
		" options_records=%" PRIu64 " template_records=%" PRIu64 " octets=%" PRIu64
		" packets=%" PRIu64 " reverse_octets=%" PRIu64 " reverse_packets=%" PRIu64
		" lost_records=%" PRIu64 " violations=%" PRIu64 "\n",
		ipfix_sessions_count(sessions), sum->messages, sum->flow_records,
		sum->options_records, sum->template_records, sum->octets, sum->packets,
		sum->reverse_octets, sum->reverse_packets, sum->lost_records, sum->violations);
}

static int judge(struct command *command, struct ipfix_sessions *sessions, const uint8_t *bytes,
		 size_t size)
{
	struct ipfix_check_totals sum;

	if (command->stream) {
		ipfix_sessions_read_file(sessions, bytes, size);
	} else if (ipfix_sessions_read_capture(sessions, bytes, size)) {
		fprintf(command->err, "ipfix_check: %s is not a capture file\n", command->capture);
		return IPFIX_COMMAND_INPUT;
	}
	ipfix_sessions_finish(sessions);
	sum = ipfix_sessions_sum(sessions);
	print_statistics(command, sessions);
	print_summary(command, sessions, &sum);
	if (!sum.messages) {
		fprintf(command->err, "ipfix_check: no IPFIX in %s\n",
			command->stream ? command->stream : command->capture);
		return IPFIX_COMMAND_INPUT;
	}
	return sum.violations ? IPFIX_COMMAND_VIOLATIONS : IPFIX_COMMAND_CLEAN;
}

static int run(struct command *command)
{
	const char *path = command->stream ? command->stream : command->capture;
	const struct ipfix_sessions_config config = {
		.check =
			{
				.max_message_bytes = (uint32_t)command->max_message,
				.template_refresh_ns = command->template_refresh * NS_PER_S,
				.options_refresh_ns = command->options_refresh * NS_PER_S,
				.late_start_ns = command->late_start * NS_PER_S,
				.enterprise = (uint32_t)command->enterprise,
				.templates_once = command->templates_once,
			},
		.port = (uint16_t)command->port,
		.arg = command,
		.violation = print_violation,
		.record = command->records ? print_record : NULL,
	};
	struct ipfix_sessions *sessions;
	uint8_t *bytes;
	size_t size;
	int status;

	bytes = read_input(path, &size);
	if (!bytes) {
		fprintf(command->err, "ipfix_check: cannot read %s: %s\n", path, strerror(errno));
		return IPFIX_COMMAND_INPUT;
	}
	sessions = ipfix_sessions_new(&config);
	status = sessions ? judge(command, sessions, bytes, size) : IPFIX_COMMAND_INPUT;
	ipfix_sessions_free(sessions);
	free(bytes);
	if (fflush(command->out) || ferror(command->out)) {
		fputs("ipfix_check: cannot write records\n", command->err);
		return IPFIX_COMMAND_INPUT;
	}
	return status;
}

int ipfix_command(int argc, char **argv, FILE *out, FILE *err)
{
	struct command command = {.port = DEFAULT_PORT, .out = out, .err = err};

	if (parse_options(&command, argc, argv))
		return IPFIX_COMMAND_USAGE;
	if (command.help) {
		print_help(out);
		return IPFIX_COMMAND_CLEAN;
	}
	return run(&command);
}
