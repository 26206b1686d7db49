/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records on disk that nobody will send. */
#ifndef FLOWPROBE_LEFTOVERS_H
#define FLOWPROBE_LEFTOVERS_H

#include "config/config.h"

/* A warning for each spool in the place where spools are by default that holds records and is of no
 * exporter of the configuration. Changes nothing. */
void leftovers_report(const struct config *config, char *const *environment);

#endif
