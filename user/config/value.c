// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: text -> value of an option's type -> field of struct config.
 *
 * In comes one value as written in a flag, a variable, the file or the option table; out goes the
 * stored value or a sentence that says what is expected instead. The caller knows where the value
 * stood and puts that in front. The same text means the same in every source.
 *
 * Numbers are plain decimal digits: no sign, no hexadecimal, no leading zero (octal to some
 * readers). A duration always has a unit, because "30" is milliseconds to one reader and seconds to
 * the next; only 0 needs none. strtoul is not used: it accepts blanks, signs and overflow.
 */
#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

/* Start and length of a wrong value, as the arguments of "%.*s". */
#define QUOTE(text) CONFIG_QUOTE_CHARS, (text)

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"h", 3600 * NS_PER_S},
	{"m", 60 * NS_PER_S},
	{"s", NS_PER_S},
	{"ms", NS_PER_MS},
};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* Reads the digits text starts with; *rest is what follows. 0, or -EINVAL: none, a leading zero, or
 * more than a uint64_t holds. */
static int parse_digits(const char *text, uint64_t *number, const char **rest)
{
	const char *c = text;

	*number = 0;
	for (; isdigit((unsigned char)*c); c++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*c - '0'), number))
			return -EINVAL;
	}
	*rest = c;
	return c == text || (*text == '0' && c - text > 1) ? -EINVAL : 0;
}

static int parse_number(const struct config_option *option, const char *text, uint64_t *number,
			char *error)
{
	const char *rest;

	if (parse_digits(text, number, &rest) == 0 && !*rest && *number >= option->min &&
	    *number <= option->max)
		return 0;
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be a whole number from %llu to %llu, not \"%.*s\"",
		 (unsigned long long)option->min, (unsigned long long)option->max, QUOTE(text));
	return -EINVAL;
}

static int parse_power_of_two(const struct config_option *option, const char *text,
			      uint64_t *number, char *error)
{
	uint64_t next = option->min;

	if (parse_number(option, text, number, error))
		return -EINVAL;
	if ((*number & (*number - 1)) == 0)
		return 0;
	while (next < *number)
		next *= 2;
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be a power of two from %llu to %llu, not %llu; use %llu",
		 (unsigned long long)option->min, (unsigned long long)option->max,
		 (unsigned long long)*number, (unsigned long long)next);
	return -EINVAL;
}

void config_duration_format(uint64_t duration_ns, char text[CONFIG_DURATION_BYTES])
{
	size_t unit = 0;

	while (unit < UNITS - 1 && (duration_ns % units[unit].ns || duration_ns < units[unit].ns))
		unit++;
	if (duration_ns == 0)
		snprintf(text, CONFIG_DURATION_BYTES, "0s");
	else
		snprintf(text, CONFIG_DURATION_BYTES, "%llu%s",
			 (unsigned long long)(duration_ns / units[unit].ns), units[unit].name);
}

static int parse_duration(const struct config_option *option, const char *text,
			  uint64_t *duration_ns, char *error)
{
	char min[CONFIG_DURATION_BYTES], max[CONFIG_DURATION_BYTES];
	const char *rest;
	uint64_t number;
	size_t unit;

	if (parse_digits(text, &number, &rest))
		goto malformed;
	if (!*rest && number) {
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "needs a unit (ms, s, m or h): write %.*ss for seconds", QUOTE(text));
		return -EINVAL;
	}
	for (unit = 0; unit < UNITS && strcmp(rest, units[unit].name) != 0; unit++)
		;
	if (unit == UNITS && *rest)
		goto malformed;
	*duration_ns = 0;
	if (number && __builtin_mul_overflow(number, units[unit].ns, duration_ns))
		*duration_ns = UINT64_MAX;
	if (*duration_ns >= option->min && *duration_ns <= option->max)
		return 0;
	config_duration_format(option->min, min);
	config_duration_format(option->max, max);
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be from %s to %s, not \"%.*s\"", min, max,
		 QUOTE(text));
	return -EINVAL;
malformed:
	snprintf(error, CONFIG_MESSAGE_BYTES,
		 "must be a whole number with a unit, such as 500ms, 10s, 2m or 1h, not \"%.*s\"",
		 QUOTE(text));
	return -EINVAL;
}

static int parse_choice(const struct config_option *option, const char *text, unsigned int *index,
			char *error)
{
	struct suggestion suggestion = {.word = text};
	char all[CONFIG_MESSAGE_BYTES / 2] = "";
	size_t used = 0;

	for (*index = 0; option->choices[*index]; ++*index) {
		if (strcmp(option->choices[*index], text) == 0)
			return 0;
	}
	for (size_t i = 0; option->choices[i] && used < sizeof(all); i++) {
		const char *before = i == 0 ? "" : option->choices[i + 1] ? ", " : " or ";

		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", before,
					 option->choices[i]);
		suggest_offer(&suggestion, option->choices[i]);
	}
	snprintf(error, CONFIG_MESSAGE_BYTES, "must be %s, not \"%.*s\"%s", all, QUOTE(text),
		 suggest_question(&suggestion, ""));
	return -EINVAL;
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

/* Only the form: which kinds and targets there are is the exporters' business. */
static int check_exporter(const struct config_list *list, const char *text, char *error)
{
	size_t kind = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

	for (const char *c = text; *c; c++) {
		if (!iscntrl((unsigned char)*c))
			continue;
		snprintf(error, CONFIG_MESSAGE_BYTES, "\"%.*s\" contains a control character",
			 QUOTE(text));
		return -EINVAL;
	}
	if (kind == 0 || text[kind] != ':' || !text[kind + 1]) {
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "must be KIND:TARGET, such as json:- or json:/var/log/flows.json, not "
			 "\"%.*s\"",
			 QUOTE(text));
		return -EINVAL;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) != 0)
			continue;
		snprintf(error, CONFIG_MESSAGE_BYTES,
			 "\"%.*s\" is there twice; every record would be written twice",
			 QUOTE(text));
		return -EINVAL;
	}
	return 0;
}

static int list_append(struct config_list *list, const char *text, char *error)
{
	char *item;

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

struct config_list *config_value_list(struct config *config, const struct config_option *option)
{
	return (struct config_list *)((char *)config + option->offset);
}

void config_list_clear(struct config_list *list)
{
	while (list->count > 0) {
		list->count--;
		free(list->items[list->count]);
		list->items[list->count] = NULL;
	}
}

int config_value_set(struct config *config, const struct config_option *option, const char *text,
		     char error[CONFIG_MESSAGE_BYTES])
{
	void *field = (char *)config + option->offset;
	uint64_t number = 0;
	uint32_t narrow;
	unsigned int choice;
	int err;

	switch (option->type) {
	case CONFIG_OPTION_NUMBER:
	case CONFIG_OPTION_POWER_OF_TWO:
		err = option->type == CONFIG_OPTION_NUMBER
			      ? parse_number(option, text, &number, error)
			      : parse_power_of_two(option, text, &number, error);
		narrow = (uint32_t)number; /* no option's max is above UINT32_MAX */
		if (!err)
			memcpy(field, &narrow, sizeof(narrow));
		return err;
	case CONFIG_OPTION_DURATION:
		err = parse_duration(option, text, &number, error);
		if (!err)
			memcpy(field, &number, sizeof(number));
		return err;
	case CONFIG_OPTION_CHOICE:
		err = parse_choice(option, text, &choice, error);
		if (!err)
			memcpy(field, &choice, sizeof(choice));
		return err;
	case CONFIG_OPTION_GLOBS:
		err = check_glob(text, error);
		return err ? err : list_append(field, text, error);
	case CONFIG_OPTION_EXPORTERS:
		err = check_exporter(field, text, error);
		return err ? err : list_append(field, text, error);
	case CONFIG_OPTION_PRESET:
	case CONFIG_OPTION_FILE:
	case CONFIG_OPTION_HELP:
		break;
	}
	snprintf(error, CONFIG_MESSAGE_BYTES, "is not a setting");
	return -EINVAL;
}
