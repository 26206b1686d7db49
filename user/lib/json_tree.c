// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See json_tree.h. The one place that knows jansson. */
#include "lib/json_tree.h"

#include <jansson.h>
#include <stdio.h>

static const json_t *to_jansson(const struct json_value *value)
{
	return (const json_t *)value;
}

static const struct json_value *from_jansson(const json_t *value)
{
	return (const struct json_value *)value;
}

struct json_value *json_tree_parse(const char *text, size_t bytes,
				   char error[JSON_TREE_ERROR_BYTES])
{
	json_error_t reason;
	json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &reason);

	if (!root)
		snprintf(error, JSON_TREE_ERROR_BYTES, "line %d, column %d: %.120s", reason.line,
			 reason.column, reason.text);
	return (struct json_value *)root;
}

void json_tree_free(struct json_value *root)
{
	json_decref((json_t *)root);
}

const struct json_value *json_tree_member(const struct json_value *object, const char *name)
{
	return from_jansson(json_object_get(to_jansson(object), name));
}

const struct json_value *json_tree_item(const struct json_value *array, size_t index)
{
	return from_jansson(json_array_get(to_jansson(array), index));
}

size_t json_tree_length(const struct json_value *array)
{
	return json_array_size(to_jansson(array));
}

const char *json_tree_text(const struct json_value *string)
{
	return json_string_value(to_jansson(string));
}

int json_tree_is_object(const struct json_value *value)
{
	return value && json_is_object(to_jansson(value));
}

int json_tree_is_array(const struct json_value *value)
{
	return value && json_is_array(to_jansson(value));
}

int json_tree_number(const struct json_value *integer, uint64_t *number)
{
	const json_t *value = to_jansson(integer);

	if (!value || !json_is_integer(value) || json_integer_value(value) < 0)
		return 0;
	*number = (uint64_t)json_integer_value(value);
	return 1;
}

static int covers(const json_t *actual, const json_t *wanted);

static int object_covers(const json_t *actual, json_t *wanted)
{
	void *i = json_object_iter(wanted);

	while (i &&
	       covers(json_object_get(actual, json_object_iter_key(i)), json_object_iter_value(i)))
		i = json_object_iter_next(wanted, i);
	return !i;
}

static int array_covers(const json_t *actual, const json_t *wanted)
{
	size_t i = 0, count = json_array_size(wanted);

	if (json_array_size(actual) != count)
		return 0;
	while (i < count && covers(json_array_get(actual, i), json_array_get(wanted, i)))
		i++;
	return i == count;
}

static int covers(const json_t *actual, const json_t *wanted)
{
	if (!actual)
		return json_is_null(wanted);
	if (json_is_number(actual) && json_is_number(wanted) &&
	    json_typeof(actual) != json_typeof(wanted)) /* 60 and 60.0 */
		return json_number_value(actual) == json_number_value(wanted);
	if (json_is_object(actual) && json_is_object(wanted))
		return object_covers(actual, (json_t *)wanted);
	if (json_is_array(actual) && json_is_array(wanted))
		return array_covers(actual, wanted);
	return json_equal(actual, wanted);
}

int json_tree_covers(const struct json_value *actual, const struct json_value *wanted)
{
	return wanted && covers(to_jansson(actual), to_jansson(wanted));
}

char *json_tree_dump(const struct json_value *value)
{
	return value ? json_dumps(to_jansson(value), JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
}

char *json_tree_quote(const char *text)
{
	json_t *string = json_string(text);
	char *quoted = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	json_decref(string);
	return quoted;
}
