/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values as text: checked against their row of the option table and stored in struct config. */
#ifndef FLOWPROBE_CONFIG_VALUE_H
#define FLOWPROBE_CONFIG_VALUE_H

#include <stdint.h>

#include "config/config.h"
#include "config/errors.h"
#include "config/options.h"

/* Longest text of a duration, with the NUL. */
#define CONFIG_DURATION_BYTES 32

/*
 * Stores text in the option's field; to a list it is appended as one item (copied). Returns 0;
 * -EINVAL, with error saying what is expected, what is there, and the fix; or -ENOMEM. Nothing
 * changes unless it returns 0.
 */
int config_value_set(struct config *config, const struct config_option *option, const char *text,
		     char error[CONFIG_MESSAGE_BYTES]);

/* The field of a list option. */
struct config_list *config_value_list(struct config *config, const struct config_option *option);

/* Frees all items. */
void config_list_clear(struct config_list *list);

/* Writes nanoseconds in the largest unit that is exact, as an operator would: "500ms", "1s",
 * "2m", "1h". Durations below a millisecond do not occur. */
void config_duration_format(uint64_t duration_ns, char text[CONFIG_DURATION_BYTES]);

#endif
