/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* conf.d: further configuration files. */
#ifndef FLOWPROBE_CONFIG_DIRECTORY_H
#define FLOWPROBE_CONFIG_DIRECTORY_H

#include "config/draft.h"

#define CONFIG_DIRECTORY_NAME "conf.d"

/*
 * Lays every *.yaml in conf.d, beside the configuration file of this path, over the draft, in the
 * order of their names as bytes; mistakes go to its errors with EX_CONFIG. Without a conf.d nothing
 * happens, and whether the file is there does not matter.
 */
void config_directory_load(struct config_draft *draft, const char *file);

#endif
