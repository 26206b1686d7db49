/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration file's text. */
#ifndef FLOWPROBE_CONFIG_DOCUMENT_H
#define FLOWPROBE_CONFIG_DOCUMENT_H

#include <stddef.h>

#include "config/draft.h"

/*
 * Lays size bytes of YAML over the draft. Mistakes go to its errors with EX_CONFIG, as
 * "name:line:column: message", both counted from 1; all of them up to the first that makes the text
 * no YAML at all. name and data are borrowed; data need not be text.
 */
void config_yaml_load_memory(struct config_draft *draft, const char *name,
			     const unsigned char *data, size_t size);

#endif
