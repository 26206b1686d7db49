// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The strict IPFIX decoder of the tests, see ipfix_check.h: sessions, messages and their headers.
 *
 * A message is walked once, from front to back; what is wrong is reported and, where that leaves no
 * doubt about what follows, the walk goes on, so that one mistake does not hide the next. Where it
 * does leave doubt (a Set that runs over the end, records without a Template) the number of records
 * in the message is unknown, and the next message is believed its sequence number.
 */
#include "ipfix_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipfix_check_state.h"
#include "ipfix_elements.h"

#define VERSION 10
#define MESSAGE_HEADER_BYTES 16
#define SET_HEADER_BYTES 4
#define SET_TEMPLATES 2
#define SET_OPTIONS_TEMPLATES 3
#define SET_DATA_MIN 256

#define LINE_BYTES 512
#define NS_PER_S 1000000000ull

/* Where the fields of the message header are (RFC 7011 figure F). */
enum header_offset {
	AT_VERSION = 0,
	AT_LENGTH = 2,
	AT_EXPORT_TIME = 4,
	AT_SEQUENCE = 8,
	AT_DOMAIN = 12,
};

struct ipfix_check *ipfix_check_new(const struct ipfix_check_config *config)
{
	struct ipfix_check *check = calloc(1, sizeof(*check));

	if (check)
		check->config = *config;
	return check;
}

void ipfix_check_free(struct ipfix_check *check)
{
	size_t i;

	if (!check)
		return;
	for (i = 0; i < check->template_count; i++)
		ipfix_template_clear(check, &check->templates[i]);
	free(check);
}

const struct ipfix_check_totals *ipfix_check_totals(const struct ipfix_check *check)
{
	return &check->totals;
}

/* --- violations --- */

static void emit(struct ipfix_check *check, const char *where, const char *rule, const char *format,
		 va_list arguments) __attribute__((format(printf, 4, 0)));

static void emit(struct ipfix_check *check, const char *where, const char *rule, const char *format,
		 va_list arguments)
{
	char line[LINE_BYTES];
	char what[LINE_BYTES - 128];

	check->totals.violations++;
	if (!check->config.violation)
		return;
	vsnprintf(what, sizeof(what), format, arguments);
	snprintf(line, sizeof(line), "%s: %s [%s]", where, what, rule);
	check->config.violation(check->config.arg, line);
}

void ipfix_check_report(struct ipfix_check *check, size_t offset, const char *rule,
			const char *format, ...)
{
	va_list arguments;
	char where[64];

	snprintf(where, sizeof(where), "message %llu octet %zu", (unsigned long long)check->number,
		 offset);
	va_start(arguments, format);
	emit(check, where, rule, format, arguments);
	va_end(arguments);
}

void ipfix_check_note(struct ipfix_check *check, const char *rule, const char *format, ...)
{
	va_list arguments;
	char where[64];

	snprintf(where, sizeof(where), "after message %llu", (unsigned long long)check->number);
	va_start(arguments, format);
	emit(check, where, rule, format, arguments);
	va_end(arguments);
}

void ipfix_check_too_much(struct ipfix_check *check, size_t offset, const char *what)
{
	if (!check->too_much)
		ipfix_check_report(check, offset, OWN_RULE, "more %s than the decoder keeps", what);
	check->too_much = 1;
}

int ipfix_check_is_late(const struct ipfix_check *check)
{
	return check->config.late_start_ns &&
	       check->arrival_ns - check->first_arrival_ns < check->config.late_start_ns;
}

/* --- headers --- */

static struct ipfix_domain *find_domain(struct ipfix_check *check, uint32_t id)
{
	struct ipfix_domain *domain;
	size_t i;

	for (i = 0; i < check->domain_count; i++)
		if (check->domains[i].id == id)
			return &check->domains[i];
	if (check->domain_count == IPFIX_CHECK_DOMAINS_MAX) {
		ipfix_check_too_much(check, AT_DOMAIN, "Observation Domains");
		return NULL;
	}
	domain = &check->domains[check->domain_count++];
	domain->id = id;
	return domain;
}

static void check_export_time(struct ipfix_check *check)
{
	int32_t distance = ipfix_distance(check->export_time, check->last_export_time);

	if (check->has_messages && distance < 0)
		ipfix_check_report(check, AT_EXPORT_TIME, OWN_RULE,
				   "Export Time is %u s before that of the message before",
				   (unsigned int)-(int64_t)distance);
	check->last_export_time = check->export_time;
}

/*
 * The number of all Data Records before this message. A message that repeats an older number may be
 * a duplicate, so the one after it may go on from either of them.
 */
static void check_sequence(struct ipfix_check *check, uint32_t sequence)
{
	struct ipfix_domain *domain = check->domain;
	int32_t distance = ipfix_distance(sequence, domain->next_sequence);

	if (!domain->is_seen) {
		if (sequence != 0 && !ipfix_check_is_late(check))
			ipfix_check_report(check, AT_SEQUENCE, "RFC 7011 3.1",
					   "sequence number of domain %u starts at %u, not at 0",
					   domain->id, sequence);
	} else if (domain->knows_sequence && distance != 0 &&
		   !(domain->repeated && sequence == domain->resume_sequence)) {
		if (distance > 0) {
			ipfix_check_report(check, AT_SEQUENCE, "RFC 7011 3.1",
					   "sequence number of domain %u is %u, expected %u: "
					   "%d records are missing",
					   domain->id, sequence, domain->next_sequence, distance);
			check->totals.lost_records += (uint32_t)distance;
		} else {
			ipfix_check_report(check, AT_SEQUENCE, "RFC 7011 3.1",
					   "sequence number of domain %u is %u, expected %u: "
					   "repeated or late",
					   domain->id, sequence, domain->next_sequence);
			domain->resume_sequence = domain->next_sequence;
			domain->repeated = 1;
			domain->next_sequence = sequence;
			return;
		}
	}
	domain->repeated = 0;
	domain->next_sequence = sequence;
}

/* Options are sent again and again, because a collector may have been restarted. */
static void check_options_refresh(struct ipfix_check *check)
{
	struct ipfix_template *template;
	uint64_t silence_ns;
	size_t i;

	if (check->config.transport != IPFIX_OVER_UDP || !check->config.options_refresh_ns)
		return;
	for (i = 0; i < check->template_count; i++) {
		template = &check->templates[i];
		silence_ns = check->arrival_ns - template->data_ns;
		if (!template->is_live || !template->is_options || !template->data_ns ||
		    template->data_is_overdue || silence_ns <= check->config.options_refresh_ns)
			continue;
		template->data_is_overdue = 1;
		ipfix_check_report(check, 0, OWN_RULE,
				   "no record of Options Template %u of domain %u for %llu ms",
				   template->id, template->domain,
				   (unsigned long long)(silence_ns / 1000000));
	}
}

/* --- Sets --- */

static void check_set(struct ipfix_check *check, uint16_t id, size_t offset, size_t end)
{
	if (id >= SET_DATA_MIN)
		ipfix_check_data_set(check, offset, end);
	else if (id == SET_TEMPLATES || id == SET_OPTIONS_TEMPLATES)
		ipfix_check_template_set(check, offset, end, id == SET_OPTIONS_TEMPLATES);
	else
		ipfix_check_report(check, offset, "RFC 7011 3.3.2", "Set ID %u is not to be used",
				   id);
}

static void check_sets(struct ipfix_check *check, size_t size)
{
	size_t offset = MESSAGE_HEADER_BYTES, length;

	if (offset == size)
		ipfix_check_report(check, offset, OWN_RULE, "message without a Set");
	while (offset < size) {
		if (size - offset < SET_HEADER_BYTES) {
			ipfix_check_report(check, offset, "RFC 7011 3.3",
					   "%zu octets after the last Set", size - offset);
			check->is_undecoded = 1;
			return;
		}
		length = ipfix_u16(check->bytes + offset + 2);
		if (length < SET_HEADER_BYTES || length > size - offset) {
			ipfix_check_report(check, offset + 2, "RFC 7011 3.3.2",
					   "Set of %zu octets where %zu are left", length,
					   size - offset);
			check->is_undecoded = 1;
			return;
		}
		check_set(check, ipfix_u16(check->bytes + offset), offset, offset + length);
		offset += length;
	}
}

/* Returns the octets of the message, or 0: what came cannot be read as one. */
static size_t check_length(struct ipfix_check *check, size_t size)
{
	size_t length;

	if (size < MESSAGE_HEADER_BYTES) {
		ipfix_check_report(check, 0, "RFC 7011 3.1", "%zu octets are no message", size);
		return 0;
	}
	if (ipfix_u16(check->bytes + AT_VERSION) != VERSION) {
		ipfix_check_report(check, AT_VERSION, "RFC 7011 3.1", "version %u",
				   ipfix_u16(check->bytes + AT_VERSION));
		return 0;
	}
	length = ipfix_u16(check->bytes + AT_LENGTH);
	if (length != size)
		ipfix_check_report(check, AT_LENGTH, "RFC 7011 3.1",
				   "message says it has %zu octets, it has %zu", length, size);
	if (length < MESSAGE_HEADER_BYTES)
		return 0;
	if (check->config.max_message_bytes && size > check->config.max_message_bytes)
		ipfix_check_report(check, 0, "RFC 7011 10.3.3",
				   "message of %zu octets, configured are %u", size,
				   check->config.max_message_bytes);
	return length;
}

static void check_message(struct ipfix_check *check, size_t size)
{
	size_t length = check_length(check, size);

	if (!length)
		return;
	if (!check->has_messages)
		check->first_arrival_ns = check->arrival_ns;
	check->export_time = ipfix_u32(check->bytes + AT_EXPORT_TIME);
	check->domain = find_domain(check, ipfix_u32(check->bytes + AT_DOMAIN));
	if (!check->domain)
		return;
	check_export_time(check);
	check_sequence(check, ipfix_u32(check->bytes + AT_SEQUENCE));
	check->has_messages = 1;
	check->domain->is_seen = 1;
	check_options_refresh(check);
	check->records = 0;
	check->is_undecoded = length > size;
	if (!check->is_undecoded)
		check_sets(check, length);
	check->domain->next_sequence += check->records;
	check->domain->knows_sequence = !check->is_undecoded;
	check->totals.messages++;
	check->totals.octets_of_messages += size;
}

uint64_t ipfix_check_message(struct ipfix_check *check, const uint8_t *bytes, size_t size,
			     uint64_t arrival_ns)
{
	uint64_t violations = check->totals.violations;

	check->number++;
	check->bytes = bytes;
	if (check->config.transport == IPFIX_IN_FILE && size >= MESSAGE_HEADER_BYTES)
		arrival_ns = ipfix_u32(bytes + AT_EXPORT_TIME) * NS_PER_S;
	if (arrival_ns > check->arrival_ns) /* clocks may step back */
		check->arrival_ns = arrival_ns;
	check->before.messages = check->totals.messages;
	check->before.flow_records = check->totals.flow_records;
	check->before.octets = check->totals.octets_of_messages;
	check_message(check, size);
	check->bytes = NULL;
	return check->totals.violations - violations;
}

uint64_t ipfix_check_finish(struct ipfix_check *check)
{
	uint64_t violations = check->totals.violations;

	if (!check->is_finished)
		ipfix_described_finish(check);
	check->is_finished = 1;
	return check->totals.violations - violations;
}

/* --- what callers ask --- */

uint64_t ipfix_check_records(const struct ipfix_check *check, uint32_t domain, uint16_t template_id)
{
	size_t i;

	for (i = 0; i < check->template_count; i++)
		if (check->templates[i].domain == domain && check->templates[i].id == template_id)
			return check->templates[i].records;
	return 0;
}

const struct ipfix_value *ipfix_record_find(const struct ipfix_record *record, uint32_t enterprise,
					    uint16_t id)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		if (record->values[i].id == id && record->values[i].enterprise == enterprise)
			return &record->values[i];
	return NULL;
}

uint64_t ipfix_value_unsigned(const struct ipfix_value *value)
{
	return ipfix_read_unsigned(value->bytes, value->size);
}

const char *ipfix_value_name(const struct ipfix_value *value, char buffer[IPFIX_NAME_BYTES])
{
	if (!value->name) {
		snprintf(buffer, IPFIX_NAME_BYTES, "_%u_%u", value->enterprise, value->id);
		return buffer;
	}
	if (value->enterprise != IPFIX_REVERSE_ENTERPRISE)
		return value->name;
	snprintf(buffer, IPFIX_NAME_BYTES, "reverse%s", value->name);
	if (value->name[0] >= 'a' && value->name[0] <= 'z')
		buffer[strlen("reverse")] = (char)(value->name[0] - 'a' + 'A');
	return buffer;
}
