/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* FLOWPROBE_* variables. */
#ifndef FLOWPROBE_CONFIG_ENVIRONMENT_H
#define FLOWPROBE_CONFIG_ENVIRONMENT_H

#include "config/draft.h"

/*
 * Lays all FLOWPROBE_* variables of the NULL-terminated environment ("NAME=value") over the draft;
 * mistakes go to its errors with EX_CONFIG. Items of a list are separated by commas; an empty value
 * is an empty list.
 */
void config_environment_load(struct config_draft *draft, char *const *environment);

#endif
