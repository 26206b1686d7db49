// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Takes the place of metrics_server.c in a build without libmicrohttpd (make WITH_METRICS=0). */
#include "agent/metrics_server.h"

#include <stdio.h>

struct metrics_server *metrics_server_start(const char *address, metrics_look *look, void *arg,
					    char *error, size_t error_bytes)
{
	(void)address;
	(void)look;
	(void)arg;
	snprintf(error, error_bytes,
		 "this flowprobe was built without a server for them (WITH_METRICS=0): leave out "
		 "metrics.listen; metrics.textfile is there");
	return NULL;
}

void metrics_server_stop(struct metrics_server *server)
{
	(void)server;
}

int metrics_server_fd(const struct metrics_server *server)
{
	(void)server;
	return -1;
}

void metrics_server_run(struct metrics_server *server)
{
	(void)server;
}
