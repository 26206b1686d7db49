/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe config completion bash`: what a shell can offer on TAB. */
#ifndef FLOWPROBE_COMPLETION_H
#define FLOWPROBE_COMPLETION_H

#include <stdio.h>

#include "cmd/usage.h"

/* Writes a script to be sourced by bash 4.3 or later. commands ends with a row without a name. */
void completion_write_bash(FILE *stream, const struct subcommand *commands);

#endif
