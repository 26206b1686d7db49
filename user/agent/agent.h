/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `flowprobe run`: everything put together, from attaching to the final flush. */
#ifndef FLOWPROBE_AGENT_H
#define FLOWPROBE_AGENT_H

#include "config/config.h"

/*
 * Captures and exports until a signal (INT or TERM), the end of the terminal, the configured duration,
 * or the last exporter's death; then detaches, flushes and logs the balance. HUP reads the
 * configuration again, from the sources it was made of; *config changes then, and stays the
 * caller's. USR1 logs the balance. Returns the exit code; start-up failures are logged.
 */
int agent_run(struct config *config, const struct config_sources *sources);

#endif
