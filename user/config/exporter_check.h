/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Exporters as all sources together have made them. */
#ifndef FLOWPROBE_CONFIG_EXPORTER_CHECK_H
#define FLOWPROBE_CONFIG_EXPORTER_CHECK_H

#include "config/draft.h"

/*
 * Fills in the defaults that need all sources and the environment, and reports options that do not
 * go together. Call after the last source.
 */
void config_exporters_check(struct config_draft *draft, char *const *environment);

#endif
