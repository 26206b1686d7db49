// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See reporting.h. */
#include "agent/reporting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/metrics.h"
#include "agent/metrics_server.h"
#include "agent/status.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/notify.h"

#define ERROR_BYTES 512
#define TICK_NS (2 * NS_PER_S)
#define TEXTFILE_NS (15 * NS_PER_S)
#define TEXTFILE_MODE 0644
#define STATUS_BYTES 256

struct reporting {
	reporting_look *look;
	void *arg;
	struct metrics_server *metrics; /* NULL: none */
	struct control *control; /* NULL: none */
	char *textfile; /* owned; NULL: none */
	uint64_t next_textfile_ns;
	int ready_is_due; /* the manager has not got it yet */
	uint64_t watchdog_ns; /* 0: none */
	struct log_limit textfile_warning;
	struct log_limit health_warning;
};

/* --- control --- */

static void answer_control(void *arg, const char *request, FILE *stream)
{
	struct reporting *reporting = arg;
	struct agent_state state;

	reporting->look(reporting->arg, &state);
	if (strcmp(request, "status json") == 0)
		status_write_json(stream, &state);
	else if (strcmp(request, "status") == 0)
		status_write_text(stream, &state);
	else
		fprintf(stream, "unknown request; known are: status, status json\n");
}

/* The default path is for the service; whoever else runs flowprobe need not have access to it. */
static int open_control(struct reporting *reporting, const struct config *config)
{
	const char *path = config->control_socket;
	int by_default = path && strcmp(path, CONFIG_CONTROL_SOCKET) == 0;
	char error[ERROR_BYTES];

	if (!path)
		return 0;
	reporting->control = control_open(path, answer_control, reporting, error, sizeof(error));
	if (reporting->control)
		return 0;
	if (!by_default) {
		log_error("control socket: %s", error);
		return -EINVAL;
	}
	log_debug("no control socket, so flowprobe status cannot ask this process: %s", error);
	return 0;
}

/* --- opening --- */

struct reporting *reporting_open(const struct config *config, reporting_look *look, void *arg)
{
	struct reporting *reporting = calloc(1, sizeof(*reporting));
	char error[ERROR_BYTES];

	if (!reporting) {
		log_error("out of memory");
		return NULL;
	}
	reporting->look = look;
	reporting->arg = arg;
	reporting->watchdog_ns = notify_watchdog_ns();
	if (reporting_set_textfile(reporting, config->metrics_textfile)) {
		log_error("out of memory");
		reporting_close(reporting);
		return NULL;
	}
	if (config->metrics_listen) {
		reporting->metrics = metrics_server_start(config->metrics_listen, look, arg, error,
							  sizeof(error));
		if (!reporting->metrics) {
			log_error("metrics: %s", error);
			reporting_close(reporting);
			return NULL;
		}
		log_info("metrics on http://%s/metrics", config->metrics_listen);
	}
	if (open_control(reporting, config)) {
		reporting_close(reporting);
		return NULL;
	}
	return reporting;
}

void reporting_close(struct reporting *reporting)
{
	if (!reporting)
		return;
	metrics_server_stop(reporting->metrics);
	control_close(reporting->control);
	free(reporting->textfile);
	free(reporting);
}

int reporting_set_textfile(struct reporting *reporting, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return -ENOMEM;
	if (reporting->textfile && !(path && strcmp(path, reporting->textfile) == 0))
		unlink(reporting->textfile);
	free(reporting->textfile);
	reporting->textfile = copy;
	reporting->next_textfile_ns = 0;
	return 0;
}

int reporting_metrics_fd(const struct reporting *reporting)
{
	return reporting->metrics ? metrics_server_fd(reporting->metrics) : -1;
}

int reporting_control_fd(const struct reporting *reporting)
{
	return reporting->control ? control_fd(reporting->control) : -1;
}

void reporting_serve(struct reporting *reporting)
{
	if (reporting->metrics)
		metrics_server_run(reporting->metrics);
	if (reporting->control)
		control_run(reporting->control);
}

/* --- now and then --- */

uint64_t reporting_interval_ns(const struct reporting *reporting)
{
	uint64_t watchdog_ns = reporting->watchdog_ns / 3;

	return watchdog_ns && watchdog_ns < TICK_NS ? watchdog_ns : TICK_NS;
}

/* Whoever reads the file, and anybody may, whatever the umask of a service is, finds the old one or the
 * new one, and all of it. */
static int write_textfile(const char *path, const struct agent_state *state)
{
	char *new_path = NULL;
	FILE *file;
	int err = 0;

	if (asprintf(&new_path, "%s.%d.tmp", path, (int)getpid()) < 0)
		return -ENOMEM;
	file = fopen(new_path, "we");
	if (!file) {
		err = -errno;
	} else {
		metrics_write(file, state, 0);
		if (fchmod(fileno(file), TEXTFILE_MODE))
			err = -errno;
		if (ferror(file))
			err = -EIO; /* what comes behind a gap may have been written */
		if ((fclose(file) || (!err && rename(new_path, path))) && !err)
			err = -errno;
	}
	if (err)
		unlink(new_path);
	free(new_path);
	return err;
}

static void update_textfile(struct reporting *reporting, const struct agent_state *state)
{
	uint64_t now_ns = clock_monotonic_ns();
	int err;

	if (!reporting->textfile || now_ns < reporting->next_textfile_ns)
		return;
	reporting->next_textfile_ns = now_ns + TEXTFILE_NS;
	err = write_textfile(reporting->textfile, state);
	if (err)
		log_warning_limited(&reporting->textfile_warning, "cannot write metrics to %s: %s",
				    reporting->textfile, strerror(-err));
}

static void format_status(const struct agent_state *state, char text[static STATUS_BYTES])
{
	const struct flow_count *rate = state->rate;
	size_t attached = 0, down = 0;

	for (size_t i = 0; i < state->interface_count; i++)
		attached += state->interfaces[i].attached[0] || state->interfaces[i].attached[1];
	for (size_t i = 0; i < state->exporter_count; i++)
		down += state->exporters[i].stats.is_down || state->exporters[i].stats.dead;
	snprintf(text, STATUS_BYTES,
		 "capturing on %zu interface%s, %" PRIu64 " packets/s, %" PRIu32
		 " flows; %zu of %zu exporters up%s",
		 attached, attached == 1 ? "" : "s",
		 (uint64_t)(rate[FLOW_INGRESS].packets + rate[FLOW_EGRESS].packets),
		 state->cache->flows, state->exporter_count - down, state->exporter_count,
		 state->reload.last_failed ? "; the last reload failed" : "");
}

void reporting_tick(struct reporting *reporting)
{
	char status[STATUS_BYTES];
	struct agent_state state;

	reporting_serve(reporting); /* times out who does not get on */
	if (reporting->ready_is_due)
		reporting_ready(reporting);
	reporting->look(reporting->arg, &state);
	format_status(&state, status);
	update_textfile(reporting, &state);
	if (!state.healthy)
		log_warning_limited(&reporting->health_warning,
				    "a loop is stuck: the watchdog is not told that all is well");
	notify_send("%sSTATUS=%s", state.healthy && reporting->watchdog_ns ? "WATCHDOG=1\n" : "",
		    status);
}

void reporting_ready(struct reporting *reporting)
{
	char status[STATUS_BYTES];
	struct agent_state state;

	reporting->look(reporting->arg, &state);
	format_status(&state, status);
	/* Without it a start, or a reload, never ends for the manager, whose socket may be full. */
	reporting->ready_is_due = notify_send("READY=1\nSTATUS=%s", status) == -EAGAIN;
}

void reporting_reloading(void)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		    (uint64_t)(clock_monotonic_ns() / NS_PER_US));
}

void reporting_stopping(void)
{
	notify_send("STOPPING=1\nSTATUS=writing the last records");
}
