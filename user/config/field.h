/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fields of configuration structs: what a row of an option table says about one, and what can be
 * done with any of them whatever it holds. */
#ifndef FLOWPROBE_CONFIG_FIELD_H
#define FLOWPROBE_CONFIG_FIELD_H

#include <stddef.h>
#include <stdint.h>

enum config_field_type {
	CONFIG_FIELD_NUMBER, /* uint32_t */
	CONFIG_FIELD_POWER_OF_TWO, /* uint32_t */
	CONFIG_FIELD_DURATION, /* uint64_t, nanoseconds */
	CONFIG_FIELD_SIZE, /* uint64_t, bytes */
	CONFIG_FIELD_CHOICE, /* an enum, whose values are the indices of choices */
	CONFIG_FIELD_BOOLEAN, /* int, 0 or 1 */
	CONFIG_FIELD_PATH, /* char *, owned; NULL: not set */
	CONFIG_FIELD_ADDRESS, /* the same; numeric IPv4 or IPv6 */
	CONFIG_FIELD_LISTEN, /* the same; ADDRESS:PORT, numeric */
	CONFIG_FIELD_STRING, /* the same; one line of text */
	CONFIG_FIELD_SECRET, /* the same; never shown to anybody */
	CONFIG_FIELD_GLOBS, /* struct config_list of interface name patterns */
};

/* One field of a struct, and which values it takes. */
struct config_field {
	enum config_field_type type;
	size_t offset; /* in the struct */
	uint64_t min; /* numbers, durations (ns) and sizes (bytes): smallest */
	uint64_t max; /* the same: largest; texts: longest, in bytes, 0: as long as a path can be */
	int or_zero; /* numbers and sizes: takes 0 as well, below min */
	int or_none; /* texts: takes the word "none", which is NULL */
	const char *const *choices; /* NULL-terminated */
};

/* What stands for NULL in a field with or_none, and for every secret where values are shown. */
#define CONFIG_NONE "none"
#define CONFIG_MASK "***"

/* 1 if the field holds a text of its own: a char *. */
int config_field_is_text(const struct config_field *field);

/* Frees what the field owns and empties it; nothing for those that own nothing. */
void config_field_free(void *object, const struct config_field *field);

/* 1 if the field has the same value in both objects. */
int config_field_equals(const void *a, const void *b, const struct config_field *field);

/* Lets the field's values of both objects change places, and with them who owns what. */
void config_field_exchange(void *a, void *b, const struct config_field *field);

#endif
