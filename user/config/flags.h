/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flags of `flowprobe run`. */
#ifndef FLOWPROBE_CONFIG_FLAGS_H
#define FLOWPROBE_CONFIG_FLAGS_H

#include "config/draft.h"

/* What must be known before anything else is read. */
struct config_flags {
	int help;
	const char *path; /* of --config, borrowed from argv; NULL: not given */
};

/* Looks for --help and --config and ignores all else, mistakes too. */
void config_flags_scan(struct config_flags *flags, int argc, char **argv);

/* Lays all flags over the draft; mistakes go to its errors with EX_USAGE. argv is not reordered. */
void config_flags_load(struct config_draft *draft, int argc, char **argv);

#endif
