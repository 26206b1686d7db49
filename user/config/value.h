/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Values as text: checked against what their field takes, and stored in it. The way back is in
 * value_text.h. */
#ifndef FLOWPROBE_CONFIG_VALUE_H
#define FLOWPROBE_CONFIG_VALUE_H

#include "config/errors.h"
#include "config/field.h"

/*
 * Stores text in the field of object, which is of the struct that has it; to a list it is appended
 * as one item (copied). Returns 0; -EINVAL, with error saying what is expected, what is there
 * (unless it is a secret), and the fix; or -ENOMEM. Nothing changes unless it returns 0.
 */
int config_field_set(void *object, const struct config_field *field, const char *text,
		     char error[CONFIG_MESSAGE_BYTES]);

/* 0 if text can be the path of a file, else -EINVAL with error saying why not. */
int config_path_check(const char *text, char error[CONFIG_MESSAGE_BYTES]);

#endif
