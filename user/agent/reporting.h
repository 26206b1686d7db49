/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All ways in which the agent tells of itself while it runs: metrics over HTTP and in a file, the
 * control socket, and the service manager. Everything is done by the capture thread between two
 * events, from one look at the agent's state.
 */
#ifndef FLOWPROBE_REPORTING_H
#define FLOWPROBE_REPORTING_H

#include "agent/state.h"
#include "config/config.h"

struct reporting;

/* Fills in the state; its pointers must last until the next call. */
typedef void reporting_look(void *arg, struct agent_state *state);

/*
 * Opens what the configuration asks for. NULL, after a line in the log, if metrics are asked for
 * and cannot be had; a control socket that cannot be had is only a warning, unless a path was
 * configured.
 */
struct reporting *reporting_open(const struct config *config, reporting_look *look, void *arg);
void reporting_close(struct reporting *reporting); /* accepts NULL */

/* Another metrics file from now on, or NULL: none. The one before is removed, or somebody would go on
 * reading it. 0 or -ENOMEM, and then all is as before. */
int reporting_set_textfile(struct reporting *reporting, const char *path);

/* Readable when reporting_serve should be called; -1: there is no such thing. */
int reporting_metrics_fd(const struct reporting *reporting);
int reporting_control_fd(const struct reporting *reporting);

/* Answers whoever has asked. */
void reporting_serve(struct reporting *reporting);

/* How often reporting_tick wants to be called, ns. */
uint64_t reporting_interval_ns(const struct reporting *reporting);

/* The watchdog, the status, the metrics file, and clients that do not get on. */
void reporting_tick(struct reporting *reporting);

/* What the service manager wants to know of the agent's life. */
void reporting_ready(struct reporting *reporting);
void reporting_reloading(void);
void reporting_stopping(void);

#endif
