/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* FLOWPROBE_* variables. */
#ifndef FLOWPROBE_CONFIG_ENVIRONMENT_H
#define FLOWPROBE_CONFIG_ENVIRONMENT_H

#include "config/draft.h"

/* Those of `flowprobe openobserve`. Run passes over them: it may be used in the same shell. */
#define CONFIG_OPENOBSERVE_USER CONFIG_VARIABLE_PREFIX "OPENOBSERVE_USER"
#define CONFIG_OPENOBSERVE_PASSWORD CONFIG_VARIABLE_PREFIX "OPENOBSERVE_PASSWORD"
#define CONFIG_OPENOBSERVE_WEB_HOOK CONFIG_VARIABLE_PREFIX "OPENOBSERVE_DESTINATION_URL"

/*
 * Lays all FLOWPROBE_* variables of the NULL-terminated environment ("NAME=value") over the draft,
 * but those of single exporters; mistakes go to its errors with EX_CONFIG. Items of a list are
 * separated by commas; an empty value is an empty list.
 */
void config_environment_load(struct config_draft *draft, char *const *environment);

/* The same with the others, FLOWPROBE_EXPORTER_<NAME>_<OPTION>. Call when exporters have their
 * names. */
void config_environment_load_exporters(struct config_draft *draft, char *const *environment);

#endif
