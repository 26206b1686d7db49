/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configuration file as bytes. */
#ifndef FLOWPROBE_CONFIG_FILE_H
#define FLOWPROBE_CONFIG_FILE_H

#include <sys/types.h>

#include "config/draft.h"

#define CONFIG_FILE_MAX_BYTES (1024 * 1024)

/*
 * Reads the file and lays it over the draft; mistakes go to its errors with EX_CONFIG. With
 * optional, a file that does not exist is none. previous is that of struct config_sources.
 * 1: there was one, good or not.
 */
int config_file_load(struct config_draft *draft, const char *path, int optional,
		     const struct config *previous);

/*
 * The same with a file that nobody has named, but that lay in a folder: it must be a regular one,
 * of root, of ourselves, or of owner.
 */
void config_file_load_found(struct config_draft *draft, const char *path, uid_t owner);

#endif
