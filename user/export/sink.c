// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see sink.h.
 *
 * A reader that stalls must not keep the agent from stopping, so nothing here blocks in write():
 * paths are opened non-blocking, and the wait for room is one that a stop ends. Standard output
 * belongs to others as well (the shell's terminal), so its flags are left alone: we open it anew
 * through /proc to have flags of our own. Where that cannot be done (sockets), poll() goes first and
 * what is written then is at most PIPE_BUF. A regular file is always used as it is: it never blocks
 * for long, and opening it anew would start at its beginning.
 *
 * A named pipe keeps what its reader left unread for as long as anybody has it open. The next reader
 * must not begin in the middle of that, so we close it when there is no reader, and open it again
 * when there is one.
 */
#include "export/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MODE 0640
/* Non-blocking, or a named pipe that nobody reads would hang us in open(). */
#define OPEN_FLAGS (O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static const char *suggest_fix(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "create its directory first";
	case EISDIR:
		return "name a file in it";
	case EACCES:
	case EPERM:
		return "give the user flowprobe runs as write access to it";
	case ENXIO:
		return "start what reads this named pipe first";
	case EROFS:
	case ENOSPC:
		return "choose a path on a file system that can be written to";
	default:
		return "choose another path";
	}
}

static int open_path(struct sink *sink, const char *kind, const char *path, int open_flags,
		     char *error, size_t error_bytes)
{
	struct stat st;

	if (!*path) {
		snprintf(error, error_bytes, "no path; write %s:PATH, or %s:- for standard output",
			 kind, kind);
		return -1;
	}
	sink->fd = open(path, OPEN_FLAGS | O_CREAT | open_flags, FILE_MODE);
	if (sink->fd < 0 || fstat(sink->fd, &st)) {
		snprintf(error, error_bytes, "cannot write to %s: %s; %s", path, strerror(errno),
			 suggest_fix(errno));
		return -1;
	}
	sink->regular = S_ISREG(st.st_mode);
	sink->pipe = S_ISFIFO(st.st_mode) ? path : NULL;
	return 0;
}

static int open_stdout(struct sink *sink, const char *kind, char *error, size_t error_bytes)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL), own;
	struct stat st;

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(STDOUT_FILENO, &st)) {
		snprintf(error, error_bytes,
			 "standard output is closed or cannot be written to; write %s:PATH instead",
			 kind);
		return -1;
	}
	sink->is_stdout = 1;
	sink->fd = STDOUT_FILENO;
	sink->regular = S_ISREG(st.st_mode);
	if (sink->regular || flags & O_NONBLOCK)
		return 0;
	own = open("/proc/self/fd/1", OPEN_FLAGS);
	if (own >= 0)
		sink->fd = own;
	else
		sink->blocking = 1;
	return 0;
}

int sink_open(struct sink *sink, const char *kind, const char *target, int open_flags, char *error,
	      size_t error_bytes)
{
	int failed;

	*sink = (struct sink)SINK_CLOSED;
	if (!strcmp(target, "-"))
		failed = open_stdout(sink, kind, error, error_bytes);
	else
		failed = open_path(sink, kind, target, open_flags, error, error_bytes);
	if (failed)
		sink_close(sink);
	return failed;
}

void sink_close(struct sink *sink)
{
	if (sink->fd >= 0 && sink->fd != STDOUT_FILENO)
		close(sink->fd);
	sink->fd = -1;
}

/* 0 when there is room to write, or an error that write() will tell; -ECANCELED when there is none
 * and it is over. */
static int wait_for_room(const struct sink *sink, struct export_control *control)
{
	for (;;) {
		int over = control->over;

		if (export_wait(control, sink->fd, POLLOUT, UINT64_MAX))
			return 0;
		if (over)
			return -ECANCELED;
	}
}

/* 0 or a negative errno. */
static int reopen_pipe(struct sink *sink)
{
	sink->fd = open(sink->pipe, OPEN_FLAGS);
	if (sink->fd >= 0)
		return 0;
	return errno == ENXIO ? -EPIPE : -errno; /* still nobody */
}

int sink_write(struct sink *sink, const char *data, size_t bytes, struct export_control *control,
	       size_t *written)
{
	size_t most = sink->blocking ? PIPE_BUF : SIZE_MAX, left;
	ssize_t result;
	int error = 0;

	*written = 0;
	if (sink->fd < 0 && sink->pipe)
		error = reopen_pipe(sink);
	while (*written < bytes && !error) {
		if (sink->blocking) {
			error = wait_for_room(sink, control);
			if (error)
				break;
		}
		left = bytes - *written;
		result = write(sink->fd, data + *written, left < most ? left : most);
		if (result > 0)
			*written += (size_t)result;
		else if (result == 0)
			error = -EIO;
		else if (errno == EAGAIN)
			error = wait_for_room(sink, control);
		else if (errno != EINTR)
			error = -errno;
	}
	if (error == -EPIPE && sink->pipe)
		sink_close(sink);
	return error;
}

int sink_cut(const struct sink *sink, size_t bytes)
{
	off_t end = sink->regular ? lseek(sink->fd, 0, SEEK_CUR) : -1;
	struct stat st;

	if (end < (off_t)bytes || fstat(sink->fd, &st) || st.st_size != end)
		return 0; /* not a file, or somebody else has appended: keep theirs */
	end -= (off_t)bytes;
	return ftruncate(sink->fd, end) == 0 && lseek(sink->fd, end, SEEK_SET) == end;
}

int sink_is_gone(const struct sink *sink, int error)
{
	return error == -EPIPE && sink->is_stdout;
}
