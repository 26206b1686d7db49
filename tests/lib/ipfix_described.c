// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPFIX decoder of the tests: enterprise-specific elements and the records that describe them
 * (RFC 5610).
 *
 * A description may come after the Templates that use the element, so whether all is described, and
 * whether lengths fit, is only known at the end of the session; values are checked by their type as
 * soon as it is known.
 */
#include <stdio.h>
#include <string.h>

#include "ipfix_check_state.h"
#include "ipfix_elements.h"

/* Values of informationElementSemantics (RFC 5610 3.2). */
enum semantics {
	SEMANTICS_DEFAULT,
	SEMANTICS_QUANTITY,
	SEMANTICS_TOTAL_COUNTER,
	SEMANTICS_DELTA_COUNTER,
	SEMANTICS_IDENTIFIER,
	SEMANTICS_FLAGS,
	SEMANTICS,
};

static const char *known_name(const struct ipfix_description *description)
{
	return description->name[0] ? description->name : NULL;
}

static struct ipfix_description *find_description(struct ipfix_check *check, uint16_t id)
{
	size_t i;

	for (i = 0; i < check->described_count; i++)
		if (check->described[i].id == id)
			return &check->described[i];
	return NULL;
}

static void add_use(struct ipfix_check *check, const struct ipfix_field *field, size_t offset)
{
	size_t i;

	for (i = 0; i < check->use_count; i++)
		if (check->uses[i].id == field->id && check->uses[i].length == field->length)
			return;
	if (check->use_count == IPFIX_CHECK_DESCRIBED_MAX) {
		ipfix_check_too_much(check, offset, "enterprise-specific elements");
		return;
	}
	check->uses[check->use_count].id = field->id;
	check->uses[check->use_count++].length = field->length;
}

void ipfix_described_use(struct ipfix_check *check, struct ipfix_field *field,
			 struct ipfix_value *value, size_t offset)
{
	const struct ipfix_description *description = find_description(check, field->id);

	add_use(check, field, offset);
	if (description)
		ipfix_shape_set_type(field, value, description->type, known_name(description));
}

/* --- descriptions --- */

/* RFC 5610 3.10: counters and quantities are numbers, identifiers and flags integers. */
static int may_be(enum ipfix_type type, uint64_t semantics)
{
	int is_integer = ipfix_type_is_unsigned(type) || ipfix_type_is_signed(type);

	switch (semantics) {
	case SEMANTICS_DEFAULT:
		return 1;
	case SEMANTICS_QUANTITY:
	case SEMANTICS_TOTAL_COUNTER:
	case SEMANTICS_DELTA_COUNTER:
		return is_integer || type == IPFIX_FLOAT32 || type == IPFIX_FLOAT64;
	case SEMANTICS_IDENTIFIER:
		return is_integer;
	case SEMANTICS_FLAGS:
		return ipfix_type_is_unsigned(type);
	default:
		return 0;
	}
}

/* Templates that came before the description. */
static void apply(struct ipfix_check *check, const struct ipfix_description *description)
{
	struct ipfix_template *template;
	size_t i, j;

	for (i = 0; i < check->template_count; i++) {
		template = &check->templates[i];
		for (j = 0; j < template->count; j++)
			if (template->fields[j].enterprise == check->config.enterprise &&
			    template->fields[j].id == description->id)
				ipfix_shape_set_type(&template->fields[j], &template->values[j],
						     description->type, known_name(description));
	}
}

static void read_description(struct ipfix_description *description,
			     const struct ipfix_record *record)
{
	const struct ipfix_value *value;

	memset(description, 0, sizeof(*description));
	value = ipfix_record_find(record, 0, IPFIX_INFORMATION_ELEMENT_ID);
	if (value)
		description->id = (uint16_t)ipfix_value_unsigned(value);
	value = ipfix_record_find(record, 0, IPFIX_INFORMATION_ELEMENT_DATA_TYPE);
	if (value)
		description->type = (uint8_t)ipfix_value_unsigned(value);
	value = ipfix_record_find(record, 0, IPFIX_INFORMATION_ELEMENT_SEMANTICS);
	if (value)
		description->semantics = (uint8_t)ipfix_value_unsigned(value);
	value = ipfix_record_find(record, 0, IPFIX_INFORMATION_ELEMENT_NAME);
	if (value && value->size)
		snprintf(description->name, sizeof(description->name), "%.*s", (int)value->size,
			 (const char *)value->bytes);
}

static int is_plausible(struct ipfix_check *check, const struct ipfix_description *description,
			size_t offset)
{
	if (description->type >= IPFIX_TYPES) {
		ipfix_check_report(check, offset, "RFC 5610 3.1", "element %u has data type %u",
				   description->id, description->type);
		return 0;
	}
	if (!may_be(description->type, description->semantics))
		ipfix_check_report(check, offset, "RFC 5610 3.10",
				   "element %u is %s, which cannot have semantics %u",
				   description->id, ipfix_type_name(description->type),
				   description->semantics);
	return 1;
}

void ipfix_described_add(struct ipfix_check *check, const struct ipfix_record *record,
			 size_t offset)
{
	const struct ipfix_value *enterprise =
		ipfix_record_find(record, 0, IPFIX_PRIVATE_ENTERPRISE_NUMBER);
	struct ipfix_description description, *known;

	read_description(&description, record);
	if (!enterprise || !ipfix_record_find(record, 0, IPFIX_INFORMATION_ELEMENT_ID))
		return; /* reported with the Template */
	if (!check->config.enterprise ||
	    ipfix_value_unsigned(enterprise) != check->config.enterprise) {
		ipfix_check_report(check, offset, OWN_RULE,
				   "description of an element of enterprise %llu, which is not "
				   "expected",
				   (unsigned long long)ipfix_value_unsigned(enterprise));
		return;
	}
	if (!is_plausible(check, &description, offset))
		return;
	known = find_description(check, description.id);
	if (known) {
		if (known->type != description.type || known->semantics != description.semantics ||
		    strcmp(known->name, description.name) != 0)
			ipfix_check_report(check, offset, "RFC 5610 3.9",
					   "element %u is described otherwise than before",
					   description.id);
		return;
	}
	if (check->described_count == IPFIX_CHECK_DESCRIBED_MAX) {
		ipfix_check_too_much(check, offset, "descriptions");
		return;
	}
	known = &check->described[check->described_count++];
	*known = description;
	apply(check, known);
}

void ipfix_described_finish(struct ipfix_check *check)
{
	const struct ipfix_description *description;
	const struct ipfix_use *use;
	size_t i, j;

	for (i = 0; i < check->use_count; i++) {
		use = &check->uses[i];
		description = find_description(check, use->id);
		for (j = 0; j < i && check->uses[j].id != use->id; j++)
			;
		if (!description && j == i)
			ipfix_check_note(check, "RFC 5610 3.9",
					 "element %u of enterprise %u was never described", use->id,
					 check->config.enterprise);
		if (description && !ipfix_type_takes_length(description->type, use->length))
			ipfix_check_note(check, "RFC 5610 3.1",
					 "element %u is %s, which cannot have length %u", use->id,
					 ipfix_type_name(description->type), use->length);
	}
}
