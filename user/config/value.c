// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: text -> value of a field's type -> the field.
 *
 * In comes one value as written in a flag, a variable, the file or the option table; out goes the
 * stored value or a sentence that says what is expected instead. The caller knows where the value
 * stood and puts that in front. The same text means the same in every source.
 *
 * Numbers are plain decimal digits: no sign, no hexadecimal, no leading zero (octal to some
 * readers); durations and sizes are in quantity.c. What is wrong is quoted in the message, but
 * never a secret: messages end up in logs.
 */
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/config.h"
#include "config/quantity.h"
#include "config/suggest.h"
#include "config/value_text.h"
#include "lib/endpoint.h"

/* Start and length of a wrong value, as the arguments of "%.*s". */
#define QUOTE(text) CONFIG_QUOTE_CHARS, (text)

static int is_in_range(const struct config_field *field, uint64_t number)
{
	return (number >= field->min && number <= field->max) || (number == 0 && field->or_zero);
}

/* "must be <what the field takes>, not <text>" */
static int refuse(const struct config_field *field, const char *text, char *error)
{
	char expected[CONFIG_RANGE_BYTES];

	config_field_describe(field, expected);
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be %s, not \"%.*s\"", expected, QUOTE(text));
	return -EINVAL;
}

static int parse_number(const struct config_field *field, const char *text, uint64_t *number,
			char *error)
{
	const char *rest;

	if (config_digits_parse(text, number, &rest) == 0 && !*rest && is_in_range(field, *number))
		return 0;
	return refuse(field, text, error);
}

static int parse_power_of_two(const struct config_field *field, const char *text, uint64_t *number,
			      char *error)
{
	uint64_t next = field->min;

	if (parse_number(field, text, number, error))
		return -EINVAL;
	if ((*number & (*number - 1)) == 0)
		return 0;
	while (next < *number)
		next *= 2;
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be a power of two from %llu to %llu, not %llu; use %llu",
		 (unsigned long long)field->min, (unsigned long long)field->max,
		 (unsigned long long)*number, (unsigned long long)next);
	return -EINVAL;
}

static int refuse_range(const struct config_field *field, enum config_quantity quantity,
			const char *text, char *error)
{
	char min[CONFIG_QUANTITY_BYTES], max[CONFIG_QUANTITY_BYTES];

	config_quantity_format(quantity, field->min, min);
	config_quantity_format(quantity, field->max, max);
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be %sfrom %s to %s, not \"%.*s\"",
		 field->or_zero ? "0 or " : "", min, max, QUOTE(text));
	return -EINVAL;
}

static int parse_duration(const struct config_field *field, const char *text, uint64_t *duration_ns,
			  char *error)
{
	switch (config_quantity_parse(CONFIG_DURATION, text, duration_ns)) {
	case CONFIG_QUANTITY_NO_UNIT:
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "needs a unit (ms, s, m or h): write %.*ss for seconds", QUOTE(text));
		return -EINVAL;
	case CONFIG_QUANTITY_MALFORMED:
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "must be a whole number with a unit, such as 500ms, 10s, 2m or 1h, not "
			 "\"%.*s\"",
			 QUOTE(text));
		return -EINVAL;
	case CONFIG_QUANTITY_OK:
		break;
	}
	return is_in_range(field, *duration_ns) ? 0
						: refuse_range(field, CONFIG_DURATION, text, error);
}

/* The unit of sizes that may have been meant by what stands behind the digits; NULL: none. */
static const char *meant_unit(const char *text)
{
	static const char *const words[][2] = {{"k", "KiB"}, {"kb", "KiB"}, {"kib", "KiB"},
					       {"m", "MiB"}, {"mb", "MiB"}, {"mib", "MiB"},
					       {"g", "GiB"}, {"gb", "GiB"}, {"gib", "GiB"},
					       {"t", "TiB"}, {"tb", "TiB"}, {"tib", "TiB"}};
	const char *unit;
	uint64_t number;

	if (config_digits_parse(text, &number, &unit))
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(unit, words[i][0]) == 0)
			return words[i][1];
	}
	return NULL;
}

static int parse_size(const struct config_field *field, const char *text, uint64_t *bytes,
		      char *error)
{
	const char *meant = meant_unit(text);

	if (config_quantity_parse(CONFIG_SIZE, text, bytes) == CONFIG_QUANTITY_OK)
		return is_in_range(field, *bytes) ? 0
						  : refuse_range(field, CONFIG_SIZE, text, error);
	if (meant)
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "must be a size such as 900KiB or 1MiB, not \"%.*s\"; write %.*s%s",
			 QUOTE(text), (int)strspn(text, "0123456789"), text, meant);
	else
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "must be a whole number of bytes, or one with a unit, such as 900KiB, "
			 "1MiB or 2GiB, not \"%.*s\"",
			 QUOTE(text));
	return -EINVAL;
}

static int parse_choice(const struct config_field *field, const char *text, unsigned int *index,
			char *error)
{
	struct suggestion suggestion = {.word = text};
	char all[CONFIG_RANGE_BYTES];

	for (*index = 0; field->choices[*index]; ++*index) {
		if (strcmp(field->choices[*index], text) == 0)
			return 0;
		suggest_offer(&suggestion, field->choices[*index]);
	}
	config_field_describe(field, all);
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be %s, not \"%.*s\"%s", all, QUOTE(text),
		 suggest_question(&suggestion, ""));
	return -EINVAL;
}

static int parse_boolean(const char *text, int *value, char *error)
{
	static const char *const other_words[][2] = {
		{"no", "yes"}, {"off", "on"}, {"0", "1"}, {"false", "true"}};
	const char *meant = NULL;

	*value = strcmp(text, "true") == 0;
	if (*value || strcmp(text, "false") == 0)
		return 0;
	for (size_t i = 0; i < sizeof(other_words) / sizeof(other_words[0]) && !meant; i++) {
		if (strcasecmp(text, other_words[i][0]) == 0)
			meant = "false";
		else if (strcasecmp(text, other_words[i][1]) == 0)
			meant = "true";
	}
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be true or false, not \"%.*s\"%s%s",
		 QUOTE(text), meant ? "; write " : "", meant ? meant : "");
	return -EINVAL;
}

static int has_control_character(const char *text)
{
	for (; *text; text++) {
		if (iscntrl((unsigned char)*text))
			return 1;
	}
	return 0;
}

/* A pattern that no interface name can match is a mistake; see dev_valid_name() in the kernel. */
static int check_glob(const char *text, char *error)
{
	const char *why = NULL;

	if (!*text)
		why = "must not be empty";
	else if (*text == '-')
		why = "looks like an option, not like an interface";
	else if (strchr(text, ','))
		why = "contains a comma; give each interface by itself";
	for (const char *c = text; *c && !why; c++) {
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			why = "contains a blank, which no interface name has";
		else if (*c == '/' || *c == ':')
			why = "contains a character no interface name has (/ or :)";
	}
	if (!why)
		return 0;
	if (*text)
		snprintf(error, CONFIG_MESSAGE_BYTES, "\"%.*s\" %s", QUOTE(text), why);
	else
		snprintf(error, CONFIG_MESSAGE_BYTES, "%s", why);
	return -EINVAL;
}

/* what is it, as in "a path can have". */
static int check_line(const char *text, size_t max_length, const char *what, int is_secret,
		      char *error)
{
	if (!*text)
		snprintf(error, CONFIG_MESSAGE_BYTES, "must not be empty");
	else if (strlen(text) > max_length)
		snprintf(error, CONFIG_MESSAGE_BYTES, "%s can have at most %zu bytes", what,
			 max_length);
	else if (!has_control_character(text))
		return 0;
	else if (is_secret)
		snprintf(error, CONFIG_MESSAGE_BYTES, "contains a control character");
	else
		snprintf(error, CONFIG_MESSAGE_BYTES, "\"%.*s\" contains a control character",
			 QUOTE(text));
	return -EINVAL;
}

int config_path_check(const char *text, char error[CONFIG_MESSAGE_BYTES])
{
	return check_line(text, PATH_MAX - 1, "a path", 0, error);
}

static int check_secret(const struct config_field *field, const char *text, char *error)
{
	if (strcmp(text, CONFIG_MASK) != 0)
		return check_line(text, config_field_max_length(field), "it", 1, error);
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 CONFIG_MASK " is what is shown in place of a secret; write the secret itself");
	return -EINVAL;
}

static int check_address(const struct config_field *field, const char *text, char *error)
{
	if (endpoint_address_family(text) != AF_UNSPEC)
		return 0;
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be an IPv4 or IPv6 address, such as 192.0.2.1 or 2001:db8::1%s, not "
		 "\"%.*s\"",
		 field->or_none ? ", or " CONFIG_NONE : "", QUOTE(text));
	return -EINVAL;
}

/* An address to listen on is given by number: a name could come to any, or none yet. */
static int check_listen(const struct config_field *field, const char *text, char *error)
{
	char url[ENDPOINT_HOST_BYTES + 32], reason[ENDPOINT_ERROR_BYTES];
	struct endpoint endpoint;

	if (snprintf(url, sizeof(url), "tcp://%s", text) < (int)sizeof(url) &&
	    endpoint_parse(&endpoint, url, 0, reason) == 0 &&
	    endpoint_address_family(endpoint.host) != AF_UNSPEC && !strchr(endpoint.host, '%'))
		return 0;
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be ADDRESS:PORT, such as 127.0.0.1:9991 or [::1]:9991%s, not \"%.*s\"",
		 field->or_none ? ", or " CONFIG_NONE : "", QUOTE(text));
	return -EINVAL;
}

static int check_text(const struct config_field *field, const char *text, char *error)
{
	switch (field->type) {
	case CONFIG_FIELD_PATH:
		return check_line(text, config_field_max_length(field), "a path", 0, error);
	case CONFIG_FIELD_ADDRESS:
		return check_address(field, text, error);
	case CONFIG_FIELD_LISTEN:
		return check_listen(field, text, error);
	case CONFIG_FIELD_SECRET:
		return check_secret(field, text, error);
	default:
		return check_line(text, config_field_max_length(field), "it", 0, error);
	}
}

/* Puts a copy of text into the field. */
static int set_text(void *object, const struct config_field *field, const char *text, char *error)
{
	char **place = (char **)((char *)object + field->offset);
	char *copy;
	int err;

	if (field->or_none && strcmp(text, CONFIG_NONE) == 0) {
		config_field_free(object, field);
		return 0;
	}
	err = check_text(field, text, error);
	if (err)
		return err;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	config_field_free(object, field);
	*place = copy;
	return 0;
}

static int list_append(struct config_list *list, const char *text, char *error)
{
	char *item;
	int err = check_glob(text, error);

	if (err)
		return err;
	if (list->count == CONFIG_LIST_MAX) {
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "has more than %d items; \"%.*s\" is one too many", CONFIG_LIST_MAX,
			 QUOTE(text));
		return -EINVAL;
	}
	item = strdup(text);
	if (!item)
		return -ENOMEM;
	list->items[list->count++] = item;
	return 0;
}

int config_field_set(void *object, const struct config_field *field, const char *text,
		     char error[CONFIG_MESSAGE_BYTES])
{
	void *place = (char *)object + field->offset;
	uint64_t number = 0;
	uint32_t narrow;
	unsigned int choice;
	int boolean;
	int err = -EINVAL;

	switch (field->type) {
	case CONFIG_FIELD_NUMBER:
	case CONFIG_FIELD_POWER_OF_TWO:
		err = field->type == CONFIG_FIELD_NUMBER
			      ? parse_number(field, text, &number, error)
			      : parse_power_of_two(field, text, &number, error);
		narrow = (uint32_t)number; /* no field's max is above UINT32_MAX */
		if (!err)
			memcpy(place, &narrow, sizeof(narrow));
		break;
	case CONFIG_FIELD_DURATION:
	case CONFIG_FIELD_SIZE:
		err = field->type == CONFIG_FIELD_DURATION
			      ? parse_duration(field, text, &number, error)
			      : parse_size(field, text, &number, error);
		if (!err)
			memcpy(place, &number, sizeof(number));
		break;
	case CONFIG_FIELD_CHOICE:
		err = parse_choice(field, text, &choice, error);
		if (!err)
			memcpy(place, &choice, sizeof(choice));
		break;
	case CONFIG_FIELD_BOOLEAN:
		err = parse_boolean(text, &boolean, error);
		if (!err)
			memcpy(place, &boolean, sizeof(boolean));
		break;
	case CONFIG_FIELD_PATH:
	case CONFIG_FIELD_ADDRESS:
	case CONFIG_FIELD_LISTEN:
	case CONFIG_FIELD_STRING:
	case CONFIG_FIELD_SECRET:
		err = set_text(object, field, text, error);
		break;
	case CONFIG_FIELD_GLOBS:
		err = list_append(place, text, error);
		break;
	}
	return err;
}
