/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values of fields, and which ones they take, as people write them. */
#ifndef FLOWPROBE_CONFIG_VALUE_TEXT_H
#define FLOWPROBE_CONFIG_VALUE_TEXT_H

#include "config/field.h"
#include "config/quantity.h"

/* Longest text of what a field takes, with the NUL. */
#define CONFIG_RANGE_BYTES 128

/*
 * The field's value as config_field_set() takes it, in buffer or where it is; a secret as
 * CONFIG_MASK. NULL: it is not set, and there is no word for that. Not for lists.
 */
const char *config_field_text(const void *object, const struct config_field *field,
			      char buffer[CONFIG_QUANTITY_BYTES]);

/* What the field takes: "a whole number from 1 to 16777216", "true or false", "a path, or none". */
void config_field_describe(const struct config_field *field, char text[CONFIG_RANGE_BYTES]);

/* Longest text that a field of texts takes, without the NUL. */
size_t config_field_max_length(const struct config_field *field);

#endif
