/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: standard output ("-"), a file or a named pipe, written without ever blocking where a stop
 * could not reach. What a reader must find whole (lines, messages) is up to who writes: the sink
 * tells how much got out, and can take back the end of it.
 */
#ifndef FLOWPROBE_SINK_H
#define FLOWPROBE_SINK_H

#include <stddef.h>
#include <sys/types.h>

#include "export/driver.h"

struct sink {
	int fd; /* -1: closed; of a named pipe also: until somebody reads it again */
	const char *pipe; /* path of a named pipe, borrowed; else NULL */
	int regular; /* a file: what was written can be taken back */
	int is_stdout;
	int blocking; /* write() may block: poll() first */
};

#define SINK_CLOSED      \
	{                \
		.fd = -1 \
	}

/*
 * Opens target (borrowed): "-", or a path. open_flags are added to those that all have, O_APPEND
 * say. 0, or -1 with what is wrong and the fix in error; kind is how one would name it, "json".
 */
int sink_open(struct sink *sink, const char *kind, const char *target, int open_flags, char *error,
	      size_t error_bytes);

/* May be called again. */
void sink_close(struct sink *sink);

/*
 * Writes as much as it can and sets *written. 0, or why the rest was not written, a negative errno;
 * -ECANCELED: control->over. -EPIPE: nobody reads it; who reads a named pipe next finds it empty.
 */
int sink_write(struct sink *sink, const char *data, size_t bytes, struct export_control *control,
	       size_t *written);

/* Takes back the last `bytes` bytes, which we have just written. 0 when that cannot be done. */
int sink_cut(const struct sink *sink, size_t bytes);

/* 1 after such an error of sink_write: who reads our stdout and stops is done with us; the reader
 * of a named pipe may come back. */
int sink_is_gone(const struct sink *sink, int error);

#endif
