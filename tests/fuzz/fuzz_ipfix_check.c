// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the strict IPFIX decoder of the tests with a session of several messages.
 *
 * Input: FUZZ_OPTION_OCTETS octets choose the transport and the options, the rest are messages,
 * each behind two octets with its length and one with the seconds since the one before; every
 * message is handed over in a block of exactly its size. Half of the sessions are helped: version,
 * Length and sequence number are made right, so that the fuzzer gets to what is behind them.
 *
 * Checked is what holds for every session: what is counted is what was delivered, the callbacks get
 * records that their own values agree with, and a record can be written as JSON. The first corpus
 * folder that is given gets seeds with Templates of all kinds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ipfix_builder.h"
#include "ipfix_check.h"
#include "ipfix_json.h"

#define FUZZ_OPTION_OCTETS 2
#define FUZZ_MESSAGE_OCTETS 3
#define FUZZ_ENTERPRISE 32473
#define FUZZ_TIME_S 1700000000u
#define SECOND_NS 1000000000ull
#define HEADER_BYTES 16

enum fuzz_options {
	FUZZ_HELPED = 0x01,
	FUZZ_LATE = 0x02,
	FUZZ_ONCE = 0x04,
	FUZZ_REFRESH = 0x08,
	FUZZ_ENTERPRISE_EXPECTED = 0x10,
};

struct fuzz_session {
	uint64_t lines;
	uint64_t flow_records;
	uint64_t options_records;
	uint64_t octets;
	FILE *null;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition) ((condition) ? (void)0 : fuzz_fail(__LINE__, #condition))

static void fuzz_fail(int line, const char *condition)
{
	fprintf(stderr, "fuzz_ipfix_check.c:%d: not true: %s\n", line, condition);
	abort();
}

/* --- seeds --- */

static void put_message(FILE *file, struct ipfix_builder *builder)
{
	ipfix_builder_end(builder);
	fputc((int)(builder->size >> 8), file);
	fputc((int)(builder->size & 0xff), file);
	fputc(1, file);
	fwrite(builder->bytes, 1, builder->size, file);
}

static void put_numbers(struct ipfix_builder *builder, const struct ipfix_specifier *fields,
			unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (fields[i].length == IPFIX_VARIABLE)
			ipfix_builder_variable(builder, "text", 4);
		else if (fields[i].length == 16)
			ipfix_builder_octets(builder, "0123456789abcdef", 16);
		else
			ipfix_builder_number(builder, 1, fields[i].length);
}

static void put_definition(struct ipfix_builder *builder, uint16_t id, unsigned int scope,
			   const struct ipfix_specifier *fields, unsigned int count)
{
	ipfix_builder_set(builder, scope ? 3 : 2);
	if (scope)
		ipfix_builder_options_template(builder, id, scope, fields, count);
	else
		ipfix_builder_template(builder, id, fields, count);
	ipfix_builder_set(builder, id);
	put_numbers(builder, fields, count);
}

static void write_seed(const char *folder, uint8_t transport, uint8_t options)
{
	static const struct ipfix_specifier sampling[] = {{149, 4, 0}, {34, 4, 0}};
	static const struct ipfix_specifier flow[] = {
		{8, 4, 0},   {27, 16, 0}, {152, 8, 0},	 {153, 8, 0}, {1, 8, 0},
		{2, 3, 0},   {6, 2, 0},	  {60, 1, 0},	 {61, 1, 0},  {136, 1, 0},
		{239, 1, 0}, {276, 1, 0}, {1, 8, 29305}, {156, 8, 0}, {1, 4, FUZZ_ENTERPRISE}};
	static const struct ipfix_specifier described[] = {
		{346, 4, 0}, {303, 2, 0}, {339, 1, 0}, {344, 1, 0}, {341, IPFIX_VARIABLE, 0}};
	static const struct ipfix_specifier lost[] = {{144, 4, 0}, {166, 8, 0}, {168, 8, 0},
						      {323, 8, 0}, {323, 8, 0}, {41, 8, 0}};
	static struct ipfix_builder builder;
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%u-%u", folder, transport, options);
	file = fopen(path, "wb");
	if (!file) {
		perror(path);
		exit(1);
	}
	fputc(transport, file);
	fputc(options, file);
	ipfix_builder_begin(&builder, FUZZ_TIME_S, 0, 7);
	put_definition(&builder, 300, 1, sampling, 2);
	put_definition(&builder, 301, 2, described, 5);
	put_definition(&builder, 302, 1, lost, 6);
	put_message(file, &builder);
	ipfix_builder_begin(&builder, FUZZ_TIME_S + 1, 3, 7);
	put_definition(&builder, 256, 0, flow, 15);
	put_numbers(&builder, flow, 15);
	put_message(file, &builder);
	ipfix_builder_begin(&builder, FUZZ_TIME_S + 2, 5, 7);
	ipfix_builder_set(&builder, 2); /* a withdrawal */
	ipfix_builder_number(&builder, 256, 2);
	ipfix_builder_number(&builder, 0, 2);
	put_message(file, &builder);
	if (fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* libFuzzer reads the corpus after this. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct stat status;
	uint8_t transport;
	int arg;

	for (arg = 1; arg < *argc; arg++) {
		if ((*argv)[arg][0] == '-' || stat((*argv)[arg], &status) ||
		    !S_ISDIR(status.st_mode))
			continue;
		for (transport = 0; transport < 3; transport++) {
			write_seed((*argv)[arg], transport, FUZZ_ENTERPRISE_EXPECTED);
			write_seed((*argv)[arg], transport,
				   FUZZ_ENTERPRISE_EXPECTED | FUZZ_HELPED | FUZZ_REFRESH);
		}
		break;
	}
	return 0;
}

/* --- sessions --- */

static void note_line(void *arg, const char *line)
{
	struct fuzz_session *session = arg;

	fuzz_check(strlen(line) > 10 && !strchr(line, '\n'));
	fuzz_check(line[strlen(line) - 1] == ']');
	session->lines++;
}

static void note_record(void *arg, const struct ipfix_record *record)
{
	struct fuzz_session *session = arg;
	char buffer[IPFIX_NAME_BYTES];
	const struct ipfix_value *value;
	size_t i;

	fuzz_check(record->count >= 1 && record->scope_count <= record->count);
	fuzz_check(record->template_id >= 256);
	for (i = 0; i < record->count; i++) {
		value = &record->values[i];
		fuzz_check(value->type <= IPFIX_UNKNOWN_TYPE);
		fuzz_check(strlen(ipfix_value_name(value, buffer)) < IPFIX_NAME_BYTES);
		fuzz_check(ipfix_record_find(record, value->enterprise, value->id) <= value);
		if (!record->is_options && value->id == 1 && !value->enterprise)
			session->octets += ipfix_value_unsigned(value);
	}
	if (record->is_options)
		session->options_records++;
	else
		session->flow_records++;
	ipfix_json_write(session->null, record, "fuzz");
}

static void help(uint8_t *message, size_t size, uint32_t sequence)
{
	unsigned int i;

	if (size < HEADER_BYTES)
		return;
	message[0] = 0;
	message[1] = 10;
	message[2] = (uint8_t)(size >> 8);
	message[3] = (uint8_t)size;
	for (i = 0; i < 4; i++)
		message[8 + i] = (uint8_t)(sequence >> (24 - 8 * i));
}

static void check_totals(const struct ipfix_check *check, const struct fuzz_session *session)
{
	const struct ipfix_check_totals *totals = ipfix_check_totals(check);

	fuzz_check(totals->violations == session->lines);
	fuzz_check(totals->flow_records == session->flow_records);
	fuzz_check(totals->options_records == session->options_records);
	fuzz_check(totals->octets == session->octets);
	fuzz_check(totals->template_retransmissions <= totals->template_records);
	fuzz_check(totals->measured.messages <= totals->messages);
	fuzz_check(totals->measured.octets <= totals->octets_of_messages);
}

static void run_session(struct ipfix_check *check, struct fuzz_session *session, int is_helped,
			const uint8_t *data, size_t size)
{
	uint64_t now_ns = FUZZ_TIME_S * SECOND_NS, before;
	uint8_t *copy;
	size_t length;

	while (size >= FUZZ_MESSAGE_OCTETS) {
		length = (size_t)data[0] << 8 | data[1];
		now_ns += data[2] * SECOND_NS;
		data += FUZZ_MESSAGE_OCTETS;
		size -= FUZZ_MESSAGE_OCTETS;
		if (length > size)
			length = size;
		copy = malloc(length);
		fuzz_check(copy || !length);
		if (length)
			memcpy(copy, data, length);
		if (is_helped)
			help(copy, length,
			     (uint32_t)(session->flow_records + session->options_records));
		before = session->lines;
		fuzz_check(ipfix_check_message(check, copy, length, now_ns) ==
			   session->lines - before);
		free(copy);
		check_totals(check, session);
		data += length;
		size -= length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *null;
	struct fuzz_session session = {0};
	struct ipfix_check_config config = {
		.arg = &session,
		.violation = note_line,
		.record = note_record,
	};
	struct ipfix_check *check;
	uint64_t before;
	uint8_t options;

	if (size < FUZZ_OPTION_OCTETS)
		return 0;
	if (!null)
		null = fopen("/dev/null", "w");
	fuzz_check(null);
	session.null = null;
	options = data[1];
	config.transport = data[0] % 3;
	config.max_message_bytes = data[0] & 0x80 ? 512 : 0;
	config.late_start_ns = options & FUZZ_LATE ? 30 * SECOND_NS : 0;
	config.templates_once = options & FUZZ_ONCE;
	config.template_refresh_ns = options & FUZZ_REFRESH ? 20 * SECOND_NS : 0;
	config.options_refresh_ns = options & FUZZ_REFRESH ? 20 * SECOND_NS : 0;
	config.enterprise = options & FUZZ_ENTERPRISE_EXPECTED ? FUZZ_ENTERPRISE : 0;
	check = ipfix_check_new(&config);
	fuzz_check(check);
	run_session(check, &session, options & FUZZ_HELPED, data + FUZZ_OPTION_OCTETS,
		    size - FUZZ_OPTION_OCTETS);
	before = session.lines;
	fuzz_check(ipfix_check_finish(check) == session.lines - before);
	fuzz_check(ipfix_check_finish(check) == 0);
	check_totals(check, &session);
	ipfix_check_free(check);
	return 0;
}
