// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: JSON lines to standard output, a file or a named pipe; see file.h.
 *
 * Records are encoded into one buffer, which is written when it is full or when the exporter has
 * nothing more queued. A record counts as sent when the kernel has taken the whole of its line.
 *
 * Whoever reads the file must never meet half a line. When a write fails in the middle of one (disk
 * full, file size limit), the half is cut off again if the destination is a regular file that
 * nobody else has appended to in the meantime; otherwise the next line starts with a line end. The
 * same is done for a half line that an earlier process left at the end of the file. The records
 * that did not get out are lost and counted, not kept: the queue in front of us is the buffer, and
 * a full disk is not a short outage.
 *
 * A reader that stalls must not keep the agent from stopping, so nothing here blocks in write():
 * paths are opened non-blocking, and the wait for room is a poll() that looks at *stop. Standard
 * output belongs to others as well (the shell's terminal), so its flags are left alone: we open
 * it anew through /proc to have flags of our own. Where that cannot be done (sockets), poll() goes
 * first and what is written then is at most PIPE_BUF. A regular file is always used as it is: it
 * never blocks for long, and opening it anew would start at its beginning.
 */
#include "export/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode/json.h"
#include "lib/clock.h"
#include "lib/log.h"

#define BUFFER_BYTES 65536
#define STOP_CHECK_MS 100
#define FILE_MODE 0640
#define ERROR_BYTES 512

struct json_file {
	struct json_context context;
	struct writer writer; /* over buffer, behind its first byte */
	size_t pending; /* records in writer */
	int fd;
	int regular;
	int blocking; /* write() may block: poll() first */
	int torn; /* the destination ends in the middle of a line */
	char *target;
	struct log_limit failure_limit;
	char buffer[1 + BUFFER_BYTES]; /* starts with the line end that is owed when torn */
};

static _Thread_local char create_error[ERROR_BYTES];

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

/* 1 if path is a file whose last line has no end. If it cannot be read we cannot know: 0. */
static int ends_in_torn_line(const char *path, off_t size)
{
	char last = '\n';
	int fd;

	if (size == 0)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return 0;
	if (pread(fd, &last, 1, size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

static int open_path(struct json_file *file, const char *path, const char **error)
{
	struct stat st;

	if (!*path) {
		*error = "no path; write json:PATH, or json:- for standard output";
		return -1;
	}
	/* Non-blocking, or a named pipe that nobody reads would hang us here. */
	file->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
			FILE_MODE);
	if (file->fd < 0 || fstat(file->fd, &st)) {
		snprintf(create_error, sizeof(create_error), "cannot write to %s: %s; %s", path,
			 strerror(errno), suggest_fix(errno));
		*error = create_error;
		return -1;
	}
	file->regular = S_ISREG(st.st_mode);
	file->torn = file->regular && ends_in_torn_line(path, st.st_size);
	return 0;
}

static int open_standard_output(struct json_file *file, const char **error)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL), own;
	struct stat st;

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || fstat(STDOUT_FILENO, &st)) {
		*error = "standard output is closed or cannot be written to; write json:PATH "
			 "instead";
		return -1;
	}
	file->fd = STDOUT_FILENO;
	file->regular = S_ISREG(st.st_mode);
	if (file->regular || flags & O_NONBLOCK)
		return 0;
	own = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (own >= 0)
		file->fd = own;
	else
		file->blocking = 1;
	return 0;
}

static void file_destroy(void *self)
{
	struct json_file *file = self;

	if (file->fd >= 0 && file->fd != STDOUT_FILENO)
		close(file->fd);
	free(file->target);
	free(file);
}

static void *file_create(const char *target, const struct export_identity *identity,
			 const char **error)
{
	struct json_file *file = calloc(1, sizeof(*file));
	int failed;

	_Static_assert(sizeof(identity->host) == JSON_HOST_BYTES + 1, "json.h's limit");
	_Static_assert(sizeof(identity->sampler_address) == JSON_ADDRESS_BYTES + 1,
		       "json.h's limit");
	if (!file) {
		*error = "out of memory";
		return NULL;
	}
	file->fd = -1;
	file->buffer[0] = '\n';
	writer_init(&file->writer, file->buffer + 1, BUFFER_BYTES);
	file->context = (struct json_context){
		.host = identity->host,
		.sampler_address = identity->sampler_address,
		.instance = identity->instance,
		.observation_domain_id = identity->observation_domain_id,
		.sampling_interval = identity->sampling_interval,
	};
	file->target = strdup(target);
	if (!file->target) {
		*error = "out of memory";
		failed = 1;
	} else if (!strcmp(target, "-")) {
		failed = open_standard_output(file, error);
	} else {
		failed = open_path(file, target, error);
	}
	if (failed) {
		file_destroy(file);
		return NULL;
	}
	return file;
}

/* 0 when there is room to write, or an error that write() will tell; -ECANCELED when there is none
 * and *stop is set. */
static int wait_for_room(const struct json_file *file, const _Atomic int *stop)
{
	struct pollfd fd = {.fd = file->fd, .events = POLLOUT};
	int stopping;

	do {
		stopping = *stop;
		if (poll(&fd, 1, stopping ? 0 : STOP_CHECK_MS) > 0)
			return 0;
	} while (!stopping);
	return -ECANCELED;
}

/* Writes as much as it can of data and sets *written. 0, or why the rest was not written. */
static int write_all(const struct json_file *file, const char *data, size_t bytes,
		     const _Atomic int *stop, size_t *written)
{
	size_t most = file->blocking ? PIPE_BUF : SIZE_MAX, left;
	ssize_t result;
	int error = 0;

	*written = 0;
	while (*written < bytes && !error) {
		if (file->blocking) {
			error = wait_for_room(file, stop);
			if (error)
				break;
		}
		left = bytes - *written;
		result = write(file->fd, data + *written, left < most ? left : most);
		if (result > 0)
			*written += (size_t)result;
		else if (result == 0)
			error = -EIO;
		else if (errno == EAGAIN)
			error = wait_for_room(file, stop);
		else if (errno != EINTR)
			error = -errno;
	}
	return error;
}

/* Cuts the last `bytes` bytes off, which we have just written. 0 when that cannot be done. */
static int cut_tail(const struct json_file *file, size_t bytes)
{
	off_t end = file->regular ? lseek(file->fd, 0, SEEK_CUR) : -1;
	struct stat st;

	if (end < (off_t)bytes || fstat(file->fd, &st) || st.st_size != end)
		return 0; /* not a file, or somebody else has appended: keep theirs */
	end -= (off_t)bytes;
	return ftruncate(file->fd, end) == 0 && lseek(file->fd, end, SEEK_SET) == end;
}

/* Who reads our stdout and stops is done with us; the reader of a named pipe may come back. */
static int is_final(const struct json_file *file, int error)
{
	return error == -EPIPE && !strcmp(file->target, "-");
}

static void report_failure(struct json_file *file, int error, size_t lost)
{
	if (error == -ECANCELED || is_final(file, error))
		return; /* being stopped; or the exporter is dead, which its owner tells */
	log_warning_limited(&file->failure_limit,
			    "export \"json:%s\": cannot write: %s; %zu records lost", file->target,
			    strerror(-error), lost);
}

static void file_flush(void *self, const _Atomic int *stop, struct export_outcome *outcome)
{
	struct json_file *file = self;
	int owed = file->torn, error;
	const char *data = file->buffer + 1 - owed;
	size_t bytes = file->writer.used + owed, written, tail = 0, lines = 0;

	if (!file->pending)
		return;
	error = write_all(file, data, bytes, stop, &written);
	if (!error) {
		lines = file->pending;
		file->torn = 0;
	} else if (written) {
		while (tail < written && data[written - 1 - tail] != '\n')
			tail++;
		for (size_t i = owed; i < written; i++)
			lines += data[i] == '\n';
		file->torn = tail && !cut_tail(file, tail);
	}
	outcome->sent += lines;
	if (error) {
		outcome->lost += file->pending - lines;
		outcome->error = error;
		outcome->dead = is_final(file, error);
		report_failure(file, error, file->pending - lines);
	}
	file->pending = 0;
	file->writer.used = 0;
}

static void file_send(void *self, const struct flow_record *records, size_t count,
		      const _Atomic int *stop, struct export_outcome *outcome)
{
	struct json_file *file = self;

	file->context.received_ns = clock_realtime_ns();
	for (size_t i = 0; i < count; i++) {
		if (writer_room(&file->writer) < JSON_RECORD_BYTES_MAX + 1)
			file_flush(file, stop, outcome);
		if (outcome->dead) {
			outcome->lost += count - i;
			return;
		}
		json_encode_record(&file->writer, &records[i], &file->context);
		writer_put(&file->writer, "\n", 1);
		assert(!file->writer.overflow);
		file->context.sequence_num++;
		file->pending++;
	}
}

const struct export_driver export_driver_json = {
	.kind = "json",
	.create = file_create,
	.send = file_send,
	.flush = file_flush,
	.destroy = file_destroy,
};
