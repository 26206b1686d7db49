/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The control socket: whoever connects says in one line what he wants to know, gets it, and is hung
 * up on. Served by the capture thread; nothing here ever blocks.
 */
#ifndef FLOWPROBE_CONTROL_H
#define FLOWPROBE_CONTROL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONTROL_REQUEST_BYTES 64

struct control;

/* Writes the answer to a request (without its line end). */
typedef void control_answer(void *arg, const char *request, FILE *stream);

/*
 * Makes the socket, and its directory if that is not there; one that a dead process has left is
 * replaced. NULL with what is wrong in error.
 */
struct control *control_open(const char *path, control_answer *answer, void *arg, char *error,
			     size_t error_bytes);
void control_close(struct control *control); /* accepts NULL */

/* Readable when control_run should be called. */
int control_fd(const struct control *control);
void control_run(struct control *control);

/*
 * The other side: asks, and copies the answer to stream. 0; -ENOENT or -ECONNREFUSED: nobody is
 * there; or another negative errno.
 */
int control_ask(const char *path, const char *request, FILE *stream);

#endif
