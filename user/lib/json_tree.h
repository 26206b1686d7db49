/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* JSON that others have written, taken apart (by jansson). Values belong to the tree they are in. */
#ifndef FLOWPROBE_JSON_TREE_H
#define FLOWPROBE_JSON_TREE_H

#include <stddef.h>
#include <stdint.h>

struct json_value;

#define JSON_TREE_ERROR_BYTES 192

/* NULL with what is wrong, and where, in error. Duplicate keys are an error. */
struct json_value *json_tree_parse(const char *text, size_t bytes,
				   char error[JSON_TREE_ERROR_BYTES]);
void json_tree_free(struct json_value *root); /* accepts NULL */

/* All of these take NULL, and values of any type, for "not there". */
const struct json_value *json_tree_member(const struct json_value *object, const char *name);
const struct json_value *json_tree_item(const struct json_value *array, size_t index);
size_t json_tree_length(const struct json_value *array); /* 0 for what is no array */
const char *json_tree_text(const struct json_value *string); /* NULL for what is no string */
int json_tree_is_object(const struct json_value *value);
int json_tree_is_array(const struct json_value *value);

/* 1 and the number; 0 for what is no integer, or negative. */
int json_tree_number(const struct json_value *integer, uint64_t *number);

/*
 * 1 if `actual` has all that `wanted` says: the same value, an array of the same length with such
 * items, or an object with at least the same members. What is wanted to be null may be left out.
 */
int json_tree_covers(const struct json_value *actual, const struct json_value *wanted);

/* The value as text on one line, to be freed. NULL: no memory, or no value. */
char *json_tree_dump(const struct json_value *value);

/* The text as a JSON string, with its quotes; to be freed. NULL: no memory, or not UTF-8. */
char *json_tree_quote(const char *text);

#endif
