/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The agent's state for `flowprobe status`: for people, or as one JSON object for programs. */
#ifndef FLOWPROBE_STATUS_H
#define FLOWPROBE_STATUS_H

#include <stdio.h>

#include "agent/state.h"

void status_write_text(FILE *stream, const struct agent_state *state);
void status_write_json(FILE *stream, const struct agent_state *state);

#endif
