// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the strict IPFIX decoder of the tests with sessions that have no mistake.
 *
 * The input is read as decisions: which elements a Template has and in which of the lengths that
 * are allowed, what values are, when Templates are sent again, replaced or withdrawn, how records
 * are put into Sets and messages, and what time it is. Whatever is decided, the session keeps to
 * the rules; so the decoder must not say a word, and must count what the generator counted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfix_builder.h"
#include "ipfix_check.h"
#include "ipfix_elements.h"

#define ENTERPRISE 32473
#define REVERSE 29305
#define TEMPLATES 6
#define FIELDS_MAX 12
#define MESSAGES_MAX 40
#define RECORD_ROOM (FIELDS_MAX * 310) /* more than the longest one */
#define MESSAGE_ROOM (3 * RECORD_ROOM) /* where a message is sent at the latest */
#define TIME_S 1700000000u
#define SECOND_NS 1000000000ull
#define NTP_TO_UNIX_S 2208988800ull

/* What the input decides next; 0 when it is used up. */
struct decisions {
	const uint8_t *data;
	size_t size;
};

struct made_template {
	int is_live;
	unsigned int scope;
	unsigned int count;
	struct ipfix_specifier fields[FIELDS_MAX];
};

struct session {
	struct decisions decisions;
	struct ipfix_check *check;
	struct ipfix_builder message;
	struct made_template templates[TEMPLATES];
	enum ipfix_transport transport;
	uint32_t domain;
	uint32_t sequence;
	uint32_t records; /* in the message */
	uint32_t time_s;
	uint32_t flow_records;
	uint32_t options_records;
	uint64_t octets;
	uint64_t reverse_octets;
	uint16_t open_set; /* of records; 0: none */
	int is_empty; /* no Set yet */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition) ((condition) ? (void)0 : fuzz_fail(__LINE__, #condition))

static void fuzz_fail(int line, const char *condition)
{
	fprintf(stderr, "fuzz_ipfix_valid.c:%d: not true: %s\n", line, condition);
	abort();
}

static void never(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "fuzz_ipfix_valid.c: said of a session without mistakes: %s\n", line);
	abort();
}

/* A number below limit. */
static uint32_t decide(struct session *session, uint32_t limit)
{
	struct decisions *decisions = &session->decisions;
	uint32_t number = 0;
	unsigned int octets = limit > 256 ? 2 : 1;

	while (octets-- && decisions->size) {
		number = number << 8 | *decisions->data++;
		decisions->size--;
	}
	return number % limit;
}

/* --- messages --- */

static void begin_message(struct session *session)
{
	ipfix_builder_begin(&session->message, session->time_s, session->sequence, session->domain);
	session->is_empty = 1;
	session->open_set = 0;
	session->records = 0;
}

static void send_message(struct session *session)
{
	uint8_t *copy;
	size_t size;

	if (session->is_empty)
		return;
	ipfix_builder_end(&session->message);
	size = session->message.size;
	copy = malloc(size);
	fuzz_check(copy);
	memcpy(copy, session->message.bytes, size);
	fuzz_check(ipfix_check_message(session->check, copy, size, session->time_s * SECOND_NS) ==
		   0);
	free(copy);
	session->sequence += session->records;
	session->time_s += decide(session, 3);
	begin_message(session);
}

/* Pads the open Set, whose records have at least so many octets, to a multiple of 4. */
static void close_set(struct session *session, size_t least)
{
	size_t padding = (4 - session->message.size % 4) % 4;

	if (session->message.set_at && padding < least && decide(session, 2))
		ipfix_builder_number(&session->message, 0, padding);
	session->open_set = 0;
}

static void open_set(struct session *session, uint16_t id)
{
	ipfix_builder_set(&session->message, id);
	session->is_empty = 0;
}

/* --- Templates --- */

/* Elements with rules that a random Template would break, and those that are set up elsewhere. */
static int is_special(uint16_t id)
{
	return id == IPFIX_SAMPLING_INTERVAL || id == IPFIX_SELECTOR_ALGORITHM ||
	       id == IPFIX_PADDING_OCTETS ||
	       (id >= IPFIX_EXPORTED_OCTET_TOTAL_COUNT &&
		id <= IPFIX_EXPORTED_FLOW_RECORD_TOTAL_COUNT) ||
	       (id >= IPFIX_IGNORED_PACKET_TOTAL_COUNT && id <= IPFIX_NOT_SENT_OCTET_TOTAL_COUNT) ||
	       id == IPFIX_FLOW_KEY_INDICATOR ||
	       (id >= IPFIX_INFORMATION_ELEMENT_DATA_TYPE && id <= IPFIX_PRIVATE_ENTERPRISE_NUMBER);
}

static uint16_t decide_length(struct session *session, enum ipfix_type type)
{
	uint16_t length = (uint16_t)(1 + decide(session, 20));

	if (type == IPFIX_STRING || type == IPFIX_OCTET_ARRAY)
		return length > 10 ? IPFIX_VARIABLE : length;
	while (!ipfix_type_takes_length(type, length))
		length = (uint16_t)(length % 20 + 1);
	return length;
}

static struct ipfix_specifier decide_field(struct session *session)
{
	struct ipfix_specifier field = {.id = IPFIX_OCTET_DELTA_COUNT, .length = 8};
	uint32_t number = decide(session, 2048);
	const struct ipfix_element *element;

	if (number >= 2040) { /* described by describe_elements */
		field.enterprise = ENTERPRISE;
		field.id = (uint16_t)(number % 2 + 1);
		field.length = field.id == 1 ? decide_length(session, IPFIX_UNSIGNED64)
					     : decide_length(session, IPFIX_STRING);
		return field;
	}
	element = ipfix_element_find((uint16_t)(number & 0x1ff));
	if (element && !is_special((uint16_t)(number & 0x1ff)))
		field.id = (uint16_t)(number & 0x1ff);
	element = ipfix_element_find(field.id);
	field.length = decide_length(session, element->type);
	if (number & 0x200 && ipfix_element_is_reversible(field.id))
		field.enterprise = REVERSE;
	return field;
}

/* protocolIdentifier, so that something has a fixed length; biflowDirection; and anything. */
static void decide_template(struct session *session, struct made_template *template)
{
	unsigned int i;

	memset(template, 0, sizeof(*template));
	template->is_live = 1;
	template->fields[0] = (struct ipfix_specifier){.id = 4, .length = 1};
	template->fields[1] = (struct ipfix_specifier){.id = IPFIX_BIFLOW_DIRECTION, .length = 1};
	template->count = 2 + decide(session, FIELDS_MAX - 1);
	for (i = 2; i < template->count; i++)
		template->fields[i] = decide_field(session);
	template->scope = decide(session, 3) ? 0 : 1 + decide(session, template->count - 1);
}

static void put_template(struct session *session, unsigned int index)
{
	const struct made_template *template = &session->templates[index];
	uint16_t id = (uint16_t)(256 + index);

	close_set(session, 1);
	open_set(session, template->scope ? 3 : 2);
	if (template->scope)
		ipfix_builder_options_template(&session->message, id, template->scope,
					       template->fields, template->count);
	else
		ipfix_builder_template(&session->message, id, template->fields, template->count);
}

static void put_withdrawal(struct session *session, unsigned int index)
{
	struct made_template *template = &session->templates[index];

	close_set(session, 1);
	open_set(session, template->scope ? 3 : 2);
	ipfix_builder_number(&session->message, 256 + index, 2);
	ipfix_builder_number(&session->message, 0, 2);
	template->is_live = 0;
}

/* --- records --- */

static int has(const struct made_template *template, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < template->count; i++)
		if (template->fields[i].id == id && !template->fields[i].enterprise)
			return 1;
	return 0;
}

/* All times of a record are the same, so that nothing ends before it begins. */
static uint64_t time_value(const struct session *session, enum ipfix_type type)
{
	uint64_t seconds = session->time_s - 1;

	if (type == IPFIX_DATE_TIME_SECONDS)
		return seconds;
	if (type == IPFIX_DATE_TIME_MILLISECONDS)
		return seconds * 1000;
	return (seconds + NTP_TO_UNIX_S) << 32;
}

static uint64_t number_value(struct session *session, const struct made_template *template,
			     uint16_t id)
{
	switch (id) {
	case IPFIX_TCP_CONTROL_BITS:
		return decide(session, 0x1000);
	case IPFIX_IP_VERSION:
		return has(template, IPFIX_SOURCE_IPV6_ADDRESS) ||
				       has(template, IPFIX_DESTINATION_IPV6_ADDRESS)
			       ? 6
			       : 4;
	case IPFIX_FLOW_DIRECTION:
		return decide(session, 2);
	case IPFIX_FLOW_END_REASON:
		return 1 + decide(session, 5);
	case IPFIX_BIFLOW_DIRECTION:
		return decide(session, 4);
	case IPFIX_FLOW_START_SYS_UP_TIME:
	case IPFIX_FLOW_END_SYS_UP_TIME:
	case IPFIX_FLOW_START_DELTA_MICROSECONDS:
	case IPFIX_FLOW_END_DELTA_MICROSECONDS:
		return 17;
	default:
		return decide(session, 65536);
	}
}

static void put_text(struct session *session, uint16_t length, int is_text)
{
	static const char text[] = "\xc3\xa4\xe2\x82\xac and what is plain, again and again, until "
				   "it is enough";
	static uint8_t long_text[300];
	size_t size = decide(session, sizeof(text) + 1);

	if (length != IPFIX_VARIABLE) {
		while (length--)
			ipfix_builder_number(&session->message, is_text ? 'x' : 0xff, 1);
	} else if (size == sizeof(text)) { /* a length in three octets */
		memset(long_text, 'y', sizeof(long_text));
		ipfix_builder_variable(&session->message, long_text,
				       sizeof(long_text) - decide(session, 46));
	} else {
		ipfix_builder_variable(&session->message, text, size >= 5 ? size : 0);
	}
}

static void put_value(struct session *session, const struct made_template *template,
		      const struct ipfix_specifier *field)
{
	const struct ipfix_element *element = ipfix_element_find(field->id);
	enum ipfix_type type = element->type;
	uint64_t value = 0;

	if (field->enterprise == ENTERPRISE)
		type = field->id == 1 ? IPFIX_UNSIGNED64 : IPFIX_STRING;
	if (type == IPFIX_STRING || type == IPFIX_OCTET_ARRAY || type >= IPFIX_BASIC_LIST) {
		put_text(session, field->length, type == IPFIX_STRING);
		return;
	}
	if (ipfix_type_is_time(type))
		value = time_value(session, type);
	else if (type == IPFIX_BOOLEAN)
		value = 1 + decide(session, 2);
	else
		value = number_value(session, template, field->id);
	if (field->length < 8)
		value &= (1ull << (8 * field->length)) - 1;
	if (field->length > 8)
		ipfix_builder_number(&session->message, decide(session, 65536), field->length - 8);
	ipfix_builder_number(&session->message, value, field->length > 8 ? 8 : field->length);
	if (field->id == IPFIX_OCTET_DELTA_COUNT && !template->scope && !field->enterprise)
		session->octets += value;
	if (field->id == IPFIX_OCTET_DELTA_COUNT && !template->scope &&
	    field->enterprise == REVERSE)
		session->reverse_octets += value;
}

static void put_record(struct session *session, unsigned int index)
{
	const struct made_template *template = &session->templates[index];
	uint16_t id = (uint16_t)(256 + index);
	unsigned int i;

	if (session->open_set != id) {
		close_set(session, 1);
		open_set(session, id);
		session->open_set = id;
	}
	for (i = 0; i < template->count; i++)
		put_value(session, template, &template->fields[i]);
	session->records++;
	if (template->scope)
		session->options_records++;
	else
		session->flow_records++;
}

/* --- sessions --- */

static void announce_sampling(struct session *session)
{
	static const struct ipfix_specifier fields[] = {{149, 4, 0}, {34, 4, 0}};

	open_set(session, 3);
	ipfix_builder_options_template(&session->message, 300, 1, fields, 2);
	open_set(session, 300);
	ipfix_builder_number(&session->message, session->domain, 4);
	ipfix_builder_number(&session->message, 1 + decide(session, 1000), 4);
	session->records++;
	session->options_records++;
}

static void describe_elements(struct session *session)
{
	static const struct ipfix_specifier fields[] = {
		{346, 4, 0}, {303, 2, 0}, {339, 1, 0}, {344, 1, 0}, {341, IPFIX_VARIABLE, 0}};
	unsigned int id;

	open_set(session, 3);
	ipfix_builder_options_template(&session->message, 301, 2, fields, 5);
	open_set(session, 301);
	for (id = 1; id <= 2; id++) {
		ipfix_builder_number(&session->message, ENTERPRISE, 4);
		ipfix_builder_number(&session->message, id, 2);
		ipfix_builder_number(&session->message, id == 1 ? IPFIX_UNSIGNED64 : IPFIX_STRING,
				     1);
		ipfix_builder_number(&session->message, 0, 1);
		ipfix_builder_variable(&session->message, "ownElement", 10);
		session->records++;
		session->options_records++;
	}
	session->open_set = 301;
}

static void step(struct session *session)
{
	unsigned int index = decide(session, TEMPLATES);
	struct made_template *template = &session->templates[index];

	switch (decide(session, 8)) {
	case 0:
		send_message(session);
		break;
	case 1:
		if (template->is_live && session->transport != IPFIX_OVER_UDP)
			put_withdrawal(session, index);
		break;
	case 2:
	case 3:
		if (!template->is_live)
			decide_template(session, template);
		put_template(session, index); /* or sends it again */
		break;
	default:
		if (template->is_live)
			put_record(session, index);
		break;
	}
	if (session->message.size > MESSAGE_ROOM - RECORD_ROOM)
		send_message(session);
}

static void check_totals(const struct session *session)
{
	const struct ipfix_check_totals *totals = ipfix_check_totals(session->check);

	fuzz_check(totals->violations == 0);
	fuzz_check(totals->flow_records == session->flow_records);
	fuzz_check(totals->options_records == session->options_records);
	fuzz_check(totals->octets == session->octets);
	fuzz_check(totals->reverse_octets == session->reverse_octets);
	fuzz_check(totals->lost_records == 0 && totals->undecoded_sets == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct session session;
	struct ipfix_check_config config = {.enterprise = ENTERPRISE, .violation = never};
	unsigned int steps;

	memset(&session, 0, sizeof(session));
	session.decisions = (struct decisions){data, size};
	session.transport = decide(&session, 3);
	session.domain = decide(&session, 65536);
	session.time_s = TIME_S;
	config.transport = session.transport;
	config.max_message_bytes = MESSAGE_ROOM;
	session.check = ipfix_check_new(&config);
	fuzz_check(session.check);
	begin_message(&session);
	announce_sampling(&session);
	describe_elements(&session);
	for (steps = 0; session.decisions.size && steps < 20 * MESSAGES_MAX; steps++)
		step(&session);
	send_message(&session);
	fuzz_check(ipfix_check_finish(session.check) == 0);
	check_totals(&session);
	ipfix_check_free(session.check);
	return 0;
}
