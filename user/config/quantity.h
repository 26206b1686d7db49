/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Durations and sizes as text: a whole number and a unit. */
#ifndef FLOWPROBE_CONFIG_QUANTITY_H
#define FLOWPROBE_CONFIG_QUANTITY_H

#include <stdint.h>

/* Longest text of a quantity, with the NUL. */
#define CONFIG_QUANTITY_BYTES 32

enum config_quantity { CONFIG_DURATION, CONFIG_SIZE };

/* Of the number, and of what follows it. */
enum config_quantity_fault {
	CONFIG_QUANTITY_OK,
	CONFIG_QUANTITY_NO_UNIT, /* nothing follows, and the number is not 0 */
	CONFIG_QUANTITY_MALFORMED,
};

/* Reads the digits text starts with; *rest is what follows. 0, or -EINVAL: none, a leading zero, or
 * more than a uint64_t holds. */
int config_digits_parse(const char *text, uint64_t *number, const char **rest);

/*
 * Reads a quantity in ns or bytes; what is too large for it comes out as UINT64_MAX. A size without
 * unit is in bytes; a duration must have one, unless it is 0.
 */
enum config_quantity_fault config_quantity_parse(enum config_quantity quantity, const char *text,
						 uint64_t *value);

/* Writes it in the largest unit that is exact, as an operator would: "500ms", "1s", "2m", "64KiB",
 * "100". Durations below a millisecond do not occur. */
void config_quantity_format(enum config_quantity quantity, uint64_t value,
			    char text[CONFIG_QUANTITY_BYTES]);

#endif
