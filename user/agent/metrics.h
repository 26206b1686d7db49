/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The agent's state as Prometheus text (exposition format 0.0.4), or OpenMetrics 1.0. */
#ifndef FLOWPROBE_METRICS_H
#define FLOWPROBE_METRICS_H

#include <stdio.h>

#include "agent/state.h"

#define METRICS_TYPE_TEXT "text/plain; version=0.0.4; charset=utf-8"
#define METRICS_TYPE_OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"

void metrics_write(FILE *stream, const struct agent_state *state, int openmetrics);

#endif
