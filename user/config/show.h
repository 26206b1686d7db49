/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe config show`: a configuration as a file. */
#ifndef FLOWPROBE_CONFIG_SHOW_H
#define FLOWPROBE_CONFIG_SHOW_H

#include <stdio.h>

#include "config/draft.h"

/*
 * Writes the configuration of a draft that was loaded without mistakes as YAML, every option in it;
 * read as a file it gives the same configuration, unless it has secrets, which are masked, or names
 * of files that are not UTF-8, which YAML cannot have. With origins, each value has a comment that
 * says where it comes from.
 */
void config_show_write(FILE *stream, const struct config_draft *draft, int origins);

#endif
