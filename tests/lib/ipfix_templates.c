// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPFIX decoder of the tests: Template Sets and Options Template Sets (RFC 7011 3.4 and 8).
 *
 * A Template is kept until it is withdrawn or its ID gets another one; after that its entry stays,
 * with the number of its records. Only a Template that is new is judged for what is in it; one that
 * is sent again must be the same, octet for octet.
 */
#include <stdlib.h>
#include <string.h>

#include "ipfix_check_state.h"

#define SET_HEADER_BYTES 4
#define TEMPLATE_HEADER_BYTES 4
#define OPTIONS_TEMPLATE_HEADER_BYTES 6
#define SPECIFIER_BYTES 4 /* without an enterprise number */
#define ENTERPRISE_BYTES 4
#define ENTERPRISE_BIT 0x8000
#define TEMPLATE_ID_MIN 256
#define ALL_TEMPLATES 2 /* as Template ID of a withdrawal (RFC 7011 8.1) */
#define ALL_OPTIONS_TEMPLATES 3
#define REUSE_REFRESHES 3 /* RFC 7011 8.4 */

/* Template Records as they are on the wire. */
struct template_record {
	uint16_t id;
	uint16_t count;
	uint16_t scope_count;
	size_t offset;
	size_t fields_at;
	size_t end;
	int is_options;
};

struct ipfix_template *ipfix_template_find(struct ipfix_check *check, uint16_t id)
{
	size_t i;

	for (i = 0; i < check->template_count; i++)
		if (check->templates[i].id == id && check->templates[i].domain == check->domain->id)
			return &check->templates[i];
	return NULL;
}

void ipfix_template_clear(struct ipfix_check *check, struct ipfix_template *template)
{
	const struct ipfix_template cleared = {
		.domain = template->domain,
		.id = template->id,
		.is_options = template->is_options,
		.records = template->records,
	};

	check->field_count -= template->count;
	free(template->fields);
	free(template->values);
	*template = cleared;
}

static const char *kind_name(int is_options)
{
	return is_options ? "Options Template" : "Template";
}

/* --- withdrawals --- */

static void withdraw_all(struct ipfix_check *check, int is_options)
{
	struct ipfix_template *template;
	size_t i;

	for (i = 0; i < check->template_count; i++) {
		template = &check->templates[i];
		if (template->is_live && template->domain == check->domain->id &&
		    template->is_options == is_options)
			ipfix_template_clear(check, template);
	}
}

static void withdraw(struct ipfix_check *check, uint16_t id, int is_options, size_t offset)
{
	struct ipfix_template *template;

	if (check->config.transport == IPFIX_OVER_UDP) {
		ipfix_check_report(check, offset, "RFC 7011 8.4",
				   "withdrawal of Template %u over UDP", id);
		return;
	}
	if (id == (is_options ? ALL_OPTIONS_TEMPLATES : ALL_TEMPLATES)) {
		withdraw_all(check, is_options);
		return;
	}
	template = ipfix_template_find(check, id);
	if (!template || !template->is_live) {
		ipfix_check_report(check, offset, "RFC 7011 8.1",
				   "withdrawal of Template %u, which is not there", id);
		return;
	}
	if (template->is_options != is_options)
		ipfix_check_report(check, offset, "RFC 7011 8.1",
				   "withdrawal of %s %u in a Set for the other kind",
				   kind_name(template->is_options), id);
	ipfix_template_clear(check, template);
}

/* --- definitions --- */

/*
 * Finds where the record ends. 0: it does not end within its Set, and nothing more can be said of
 * the Set.
 */
static int measure_record(struct ipfix_check *check, struct template_record *record, size_t set_end)
{
	size_t at = record->fields_at;
	unsigned int i;

	for (i = 0; i < record->count; i++) {
		size_t bytes = SPECIFIER_BYTES;

		if (set_end - at >= SPECIFIER_BYTES && check->bytes[at] & (ENTERPRISE_BIT >> 8))
			bytes += ENTERPRISE_BYTES;
		if (set_end - at < bytes) {
			ipfix_check_report(check, at, "RFC 7011 3.4.1",
					   "field %u of %u of Template %u is not in the Set", i + 1,
					   record->count, record->id);
			return 0;
		}
		at += bytes;
	}
	record->end = at;
	return 1;
}

static void read_fields(const struct ipfix_check *check, const struct template_record *record,
			struct ipfix_field *fields)
{
	const uint8_t *bytes = check->bytes + record->fields_at;
	unsigned int i;

	for (i = 0; i < record->count; i++) {
		uint16_t id = ipfix_u16(bytes);

		fields[i].id = id & (uint16_t)~ENTERPRISE_BIT;
		fields[i].length = ipfix_u16(bytes + 2);
		bytes += SPECIFIER_BYTES;
		fields[i].has_enterprise = (id & ENTERPRISE_BIT) != 0;
		if (fields[i].has_enterprise) {
			fields[i].enterprise = ipfix_u32(bytes);
			bytes += ENTERPRISE_BYTES;
		}
	}
}

static int is_same(const struct ipfix_template *template, const struct template_record *record,
		   const struct ipfix_field *fields)
{
	unsigned int i;

	if (template->is_options != record->is_options || template->count != record->count ||
	    template->scope_count != record->scope_count)
		return 0;
	for (i = 0; i < record->count; i++)
		if (template->fields[i].id != fields[i].id ||
		    template->fields[i].length != fields[i].length ||
		    template->fields[i].has_enterprise != fields[i].has_enterprise ||
		    template->fields[i].enterprise != fields[i].enterprise)
			return 0;
	return 1;
}

/* Sent again: what UDP needs is superfluous elsewhere, but no error (RFC 7011 8.1). */
static void repeat(struct ipfix_check *check, struct ipfix_template *template, size_t offset)
{
	check->totals.template_retransmissions++;
	if (check->config.templates_once && check->config.transport != IPFIX_OVER_UDP)
		ipfix_check_report(check, offset, OWN_RULE, "%s %u is sent a second time",
				   kind_name(template->is_options), template->id);
	template->sent_ns = check->arrival_ns;
	template->is_overdue = 0;
}

/* Over UDP an ID may be reused after three times the refresh interval (RFC 7011 8.4). */
static void check_redefinition(struct ipfix_check *check, const struct ipfix_template *template,
			       int is_options, size_t offset)
{
	uint64_t refresh_ns = check->config.template_refresh_ns;

	if (check->config.transport == IPFIX_OVER_UDP && refresh_ns &&
	    check->arrival_ns - template->sent_ns >= REUSE_REFRESHES * refresh_ns)
		return;
	if (template->is_options != is_options)
		ipfix_check_report(check, offset, "RFC 7011 3.4.1", "%s %u has the ID of a live %s",
				   kind_name(is_options), template->id,
				   kind_name(template->is_options));
	else
		ipfix_check_report(check, offset, "RFC 7011 8.1",
				   "%s %u is another than the live one", kind_name(is_options),
				   template->id);
}

static struct ipfix_template *claim(struct ipfix_check *check, const struct template_record *record)
{
	struct ipfix_template *template = ipfix_template_find(check, record->id);

	if (template && template->is_live)
		ipfix_template_clear(check, template);
	if (check->field_count + record->count > IPFIX_CHECK_FIELDS_MAX) {
		ipfix_check_too_much(check, record->offset, "fields");
		return NULL;
	}
	if (!template) {
		if (check->template_count == IPFIX_CHECK_TEMPLATES_MAX) {
			ipfix_check_too_much(check, record->offset, "Templates");
			return NULL;
		}
		template = &check->templates[check->template_count++];
		template->id = record->id;
		template->domain = check->domain->id;
	}
	return template;
}

/* Takes fields. */
static void define(struct ipfix_check *check, const struct template_record *record,
		   struct ipfix_field *fields)
{
	struct ipfix_template *template = claim(check, record);
	struct ipfix_value *values;

	values = template ? calloc(record->count, sizeof(*values)) : NULL;
	if (!values) {
		free(fields);
		return;
	}
	template->fields = fields;
	template->values = values;
	template->count = record->count;
	template->scope_count = record->scope_count;
	template->is_options = (uint8_t)record->is_options;
	template->is_live = 1;
	template->defined_at = check->export_time;
	template->sent_ns = check->arrival_ns;
	check->field_count += record->count;
	ipfix_shape_check(check, template, record->offset);
}

static void check_definition(struct ipfix_check *check, const struct template_record *record)
{
	struct ipfix_template *template;
	struct ipfix_field *fields;

	if (record->id < TEMPLATE_ID_MIN) {
		ipfix_check_report(check, record->offset, "RFC 7011 3.4.1",
				   "Template ID %u is below 256", record->id);
		return;
	}
	fields = calloc(record->count, sizeof(*fields));
	if (!fields)
		return;
	read_fields(check, record, fields);
	template = ipfix_template_find(check, record->id);
	if (template && template->is_live) {
		if (is_same(template, record, fields)) {
			repeat(check, template, record->offset);
			free(fields);
			return;
		}
		check_redefinition(check, template, record->is_options, record->offset);
	}
	define(check, record, fields);
}

/* Reads one record, a definition or a withdrawal. Returns where it ends; 0: nowhere. */
static size_t check_template_record(struct ipfix_check *check, size_t offset, size_t end,
				    int is_options)
{
	struct template_record record = {
		.id = ipfix_u16(check->bytes + offset),
		.count = ipfix_u16(check->bytes + offset + 2),
		.offset = offset,
		.is_options = is_options,
	};

	if (!record.count) {
		withdraw(check, record.id, is_options, offset);
		return offset + TEMPLATE_HEADER_BYTES;
	}
	record.fields_at = offset + TEMPLATE_HEADER_BYTES;
	if (is_options) {
		if (end - offset < OPTIONS_TEMPLATE_HEADER_BYTES) {
			ipfix_check_report(check, offset, "RFC 7011 3.4.2.2",
					   "Options Template %u is cut short", record.id);
			return 0;
		}
		record.scope_count = ipfix_u16(check->bytes + offset + TEMPLATE_HEADER_BYTES);
		record.fields_at = offset + OPTIONS_TEMPLATE_HEADER_BYTES;
	}
	if (!measure_record(check, &record, end))
		return 0;
	check_definition(check, &record);
	return record.end;
}

/* Behind the last octet of the Set that is not zero. */
static size_t find_zeros(const uint8_t *bytes, size_t offset, size_t end)
{
	while (end > offset && !bytes[end - 1])
		end--;
	return end;
}

/*
 * No record starts with zeros, so zeros are padding; at most as much as is shorter than the shortest
 * definition, which has one field, or for Options Templates two.
 */
void ipfix_check_template_set(struct ipfix_check *check, size_t offset, size_t end, int is_options)
{
	size_t least = is_options ? OPTIONS_TEMPLATE_HEADER_BYTES + 2 * SPECIFIER_BYTES
				  : TEMPLATE_HEADER_BYTES + SPECIFIER_BYTES;
	size_t at = offset + SET_HEADER_BYTES;
	size_t zeros_at = find_zeros(check->bytes, at, end);
	unsigned int records = 0;

	while (at && at < zeros_at) {
		if (end - at < TEMPLATE_HEADER_BYTES) {
			ipfix_check_report(check, at, "RFC 7011 3.3.1", "padding is not zero");
			at = end;
			break;
		}
		at = check_template_record(check, at, end, is_options);
		records++;
		check->totals.template_records++;
	}
	if (at && end - at >= least)
		ipfix_check_report(check, at, "RFC 7011 3.3.1",
				   "padding of %zu octets is as long as a record", end - at);
	if (!records)
		ipfix_check_report(check, offset, "RFC 7011 2", "Set without a record");
	if (is_options && records > 1)
		ipfix_check_report(check, offset, OWN_RULE,
				   "%u Options Template Records in one Set", records);
}
