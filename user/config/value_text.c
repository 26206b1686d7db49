// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: value of a field -> text, and the field's range -> text.
 *
 * The first is the reverse of value.c: what comes out here and is read there again gives the same
 * value, but for secrets, which nobody needs to see. The second is what help, messages, manual and
 * example file say of the range, so that it is worded once.
 */
#include "config/value_text.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

size_t config_field_max_length(const struct config_field *field)
{
	return field->max ? (size_t)field->max : PATH_MAX - 1;
}

const char *config_field_text(const void *object, const struct config_field *field,
			      char buffer[CONFIG_QUANTITY_BYTES])
{
	const void *place = (const char *)object + field->offset;
	const char *text;
	uint64_t wide;
	uint32_t narrow;
	unsigned int choice;
	int boolean;

	switch (field->type) {
	case CONFIG_FIELD_NUMBER:
	case CONFIG_FIELD_POWER_OF_TWO:
		memcpy(&narrow, place, sizeof(narrow));
		snprintf(buffer, CONFIG_QUANTITY_BYTES, "%" PRIu32, narrow);
		return buffer;
	case CONFIG_FIELD_DURATION:
	case CONFIG_FIELD_SIZE:
		memcpy(&wide, place, sizeof(wide));
		config_quantity_format(field->type == CONFIG_FIELD_SIZE ? CONFIG_SIZE
									: CONFIG_DURATION,
				       wide, buffer);
		return buffer;
	case CONFIG_FIELD_CHOICE:
		memcpy(&choice, place, sizeof(choice));
		return field->choices[choice];
	case CONFIG_FIELD_BOOLEAN:
		memcpy(&boolean, place, sizeof(boolean));
		return boolean ? "true" : "false";
	case CONFIG_FIELD_PATH:
	case CONFIG_FIELD_ADDRESS:
	case CONFIG_FIELD_LISTEN:
	case CONFIG_FIELD_STRING:
	case CONFIG_FIELD_SECRET:
		memcpy(&text, place, sizeof(text));
		if (!text)
			return field->or_none ? CONFIG_NONE : NULL;
		return field->type == CONFIG_FIELD_SECRET ? CONFIG_MASK : text;
	case CONFIG_FIELD_GLOBS:
		break;
	}
	return NULL;
}

static void describe_range(const struct config_field *field, enum config_quantity quantity,
			   const char *what, char text[CONFIG_RANGE_BYTES])
{
	char min[CONFIG_QUANTITY_BYTES], max[CONFIG_QUANTITY_BYTES];

	config_quantity_format(quantity, field->min, min);
	config_quantity_format(quantity, field->max, max);
	snprintf(text, CONFIG_RANGE_BYTES, "%s%s from %s to %s", field->or_zero ? "0 or " : "",
		 what, min, max);
}

static void describe_choices(const struct config_field *field, char text[CONFIG_RANGE_BYTES])
{
	size_t used = 0;

	for (size_t i = 0; field->choices[i] && used < CONFIG_RANGE_BYTES; i++) {
		const char *before = i == 0 ? "" : field->choices[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(text + used, CONFIG_RANGE_BYTES - used, "%s%s", before,
					 field->choices[i]);
	}
}

void config_field_describe(const struct config_field *field, char text[CONFIG_RANGE_BYTES])
{
	const char *none = field->or_none ? ", or " CONFIG_NONE : "";

	switch (field->type) {
	case CONFIG_FIELD_NUMBER:
	case CONFIG_FIELD_POWER_OF_TWO:
		snprintf(text, CONFIG_RANGE_BYTES, "%s%s from %" PRIu64 " to %" PRIu64,
			 field->or_zero ? "0 or " : "",
			 field->type == CONFIG_FIELD_NUMBER ? "a whole number" : "a power of two",
			 field->min, field->max);
		break;
	case CONFIG_FIELD_DURATION:
		describe_range(field, CONFIG_DURATION, "a duration", text);
		break;
	case CONFIG_FIELD_SIZE:
		describe_range(field, CONFIG_SIZE, "a size", text);
		break;
	case CONFIG_FIELD_CHOICE:
		describe_choices(field, text);
		break;
	case CONFIG_FIELD_BOOLEAN:
		snprintf(text, CONFIG_RANGE_BYTES, "true or false");
		break;
	case CONFIG_FIELD_PATH:
		snprintf(text, CONFIG_RANGE_BYTES, "a path%s", none);
		break;
	case CONFIG_FIELD_ADDRESS:
		snprintf(text, CONFIG_RANGE_BYTES, "an IPv4 or IPv6 address%s", none);
		break;
	case CONFIG_FIELD_LISTEN:
		snprintf(text, CONFIG_RANGE_BYTES, "ADDRESS:PORT%s", none);
		break;
	case CONFIG_FIELD_STRING:
	case CONFIG_FIELD_SECRET:
		snprintf(text, CONFIG_RANGE_BYTES, "a text of at most %zu bytes%s",
			 config_field_max_length(field), none);
		break;
	case CONFIG_FIELD_GLOBS:
		snprintf(text, CONFIG_RANGE_BYTES, "a list of names or patterns");
		break;
	}
}
