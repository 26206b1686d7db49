// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: fields as storage.
 *
 * What a field's value means is the business of value.c (from text) and value_text.c (to text).
 * Here it is bytes at an offset: a scalar, a text that is owned, or a list of such texts.
 */
#include "config/field.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int config_field_is_text(const struct config_field *field)
{
	switch (field->type) {
	case CONFIG_FIELD_PATH:
	case CONFIG_FIELD_ADDRESS:
	case CONFIG_FIELD_LISTEN:
	case CONFIG_FIELD_STRING:
	case CONFIG_FIELD_SECRET:
		return 1;
	case CONFIG_FIELD_NUMBER:
	case CONFIG_FIELD_POWER_OF_TWO:
	case CONFIG_FIELD_DURATION:
	case CONFIG_FIELD_SIZE:
	case CONFIG_FIELD_CHOICE:
	case CONFIG_FIELD_BOOLEAN:
	case CONFIG_FIELD_GLOBS:
		break;
	}
	return 0;
}

static size_t field_bytes(const struct config_field *field)
{
	switch (field->type) {
	case CONFIG_FIELD_NUMBER:
	case CONFIG_FIELD_POWER_OF_TWO:
		return sizeof(uint32_t);
	case CONFIG_FIELD_DURATION:
	case CONFIG_FIELD_SIZE:
		return sizeof(uint64_t);
	case CONFIG_FIELD_CHOICE:
		return sizeof(unsigned int);
	case CONFIG_FIELD_BOOLEAN:
		return sizeof(int);
	case CONFIG_FIELD_GLOBS:
		return sizeof(struct config_list);
	default:
		return sizeof(char *);
	}
}

static void text_free(char **text, int is_secret)
{
	if (*text && is_secret)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void config_field_free(void *object, const struct config_field *field)
{
	void *place = (char *)object + field->offset;
	struct config_list *list = place;

	if (config_field_is_text(field))
		text_free(place, field->type == CONFIG_FIELD_SECRET);
	if (field->type != CONFIG_FIELD_GLOBS)
		return;
	while (list->count > 0)
		text_free(&list->items[--list->count], 0);
}

static int texts_are_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int config_field_equals(const void *a, const void *b, const struct config_field *field)
{
	const void *left = (const char *)a + field->offset;
	const void *right = (const char *)b + field->offset;
	const struct config_list *list = left, *other = right;

	if (config_field_is_text(field))
		return texts_are_equal(*(char *const *)left, *(char *const *)right);
	if (field->type != CONFIG_FIELD_GLOBS)
		return memcmp(left, right, field_bytes(field)) == 0;
	if (list->count != other->count)
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], other->items[i]) != 0)
			return 0;
	}
	return 1;
}

void config_field_exchange(void *a, void *b, const struct config_field *field)
{
	unsigned char spare[sizeof(struct config_list)]; /* the largest there is */
	void *left = (char *)a + field->offset;
	void *right = (char *)b + field->offset;
	size_t bytes = field_bytes(field);

	memcpy(spare, left, bytes);
	memcpy(left, right, bytes);
	memcpy(right, spare, bytes);
}
