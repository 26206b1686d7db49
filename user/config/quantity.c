// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: "500ms" and "64KiB" <-> nanoseconds and bytes.
 *
 * A duration always has a unit, because "30" is milliseconds to one reader and seconds to the next;
 * only 0 needs none. A size without one is in bytes, which nobody doubts. Units of sizes are powers
 * of 1024 and say so (IEC 80000-13): what a "k" is depends on whom one asks. strtoul is not used:
 * it accepts blanks, signs and overflow.
 */
#include "config/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"

#define UNITS_MAX 6

/* Largest first. */
static const struct unit {
	const char *name;
	uint64_t factor;
} units[][UNITS_MAX] = {
	[CONFIG_DURATION] = {{"h", 3600 * NS_PER_S},
			     {"m", 60 * NS_PER_S},
			     {"s", NS_PER_S},
			     {"ms", NS_PER_MS}},
	[CONFIG_SIZE] = {{"TiB", 1ull << 40},
			 {"GiB", 1ull << 30},
			 {"MiB", 1ull << 20},
			 {"KiB", 1ull << 10},
			 {"", 1}},
};

int config_digits_parse(const char *text, uint64_t *number, const char **rest)
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

enum config_quantity_fault config_quantity_parse(enum config_quantity quantity, const char *text,
						 uint64_t *value)
{
	const struct unit *unit = units[quantity];
	const char *rest;
	uint64_t number;

	if (config_digits_parse(text, &number, &rest))
		return CONFIG_QUANTITY_MALFORMED;
	*value = 0;
	if (!*rest && number == 0)
		return CONFIG_QUANTITY_OK;
	while (unit->name && strcmp(unit->name, rest) != 0)
		unit++;
	if (!unit->name)
		return *rest ? CONFIG_QUANTITY_MALFORMED : CONFIG_QUANTITY_NO_UNIT;
	if (__builtin_mul_overflow(number, unit->factor, value))
		*value = UINT64_MAX;
	return CONFIG_QUANTITY_OK;
}

void config_quantity_format(enum config_quantity quantity, uint64_t value,
			    char text[CONFIG_QUANTITY_BYTES])
{
	const struct unit *unit = units[quantity];

	if (value == 0) {
		snprintf(text, CONFIG_QUANTITY_BYTES, quantity == CONFIG_DURATION ? "0s" : "0");
		return;
	}
	while (unit[1].name && value % unit->factor)
		unit++;
	snprintf(text, CONFIG_QUANTITY_BYTES, "%llu%s", (unsigned long long)(value / unit->factor),
		 unit->name);
}
