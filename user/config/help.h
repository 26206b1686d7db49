/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe run --help`. */
#ifndef FLOWPROBE_CONFIG_HELP_H
#define FLOWPROBE_CONFIG_HELP_H

#include <stdio.h>

void config_help_write(FILE *stream);

#endif
