/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /metrics, /healthz and /readyz over HTTP, served by the capture thread between its other events:
 * nothing here ever blocks, and a client that is slow or says nonsense costs a connection for a few
 * seconds.
 */
#ifndef FLOWPROBE_METRICS_SERVER_H
#define FLOWPROBE_METRICS_SERVER_H

#include <stddef.h>

#include "agent/state.h"

struct metrics_server;

/* Fills in the state, whose pointers must last until the next call. */
typedef void metrics_look(void *arg, struct agent_state *state);

/* address is "ADDR:PORT", with an IPv6 address in brackets. NULL with what is wrong and the fix in
 * error. */
struct metrics_server *metrics_server_start(const char *address, metrics_look *look, void *arg,
					    char *error, size_t error_bytes);
void metrics_server_stop(struct metrics_server *server); /* accepts NULL */

/* Readable when metrics_server_run should be called. */
int metrics_server_fd(const struct metrics_server *server);

/* Serves what can be served now. Also to be called every few seconds, to be rid of idle clients. */
void metrics_server_run(struct metrics_server *server);

#endif
