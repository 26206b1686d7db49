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
 */
#include "export/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "encode/json.h"
#include "export/check.h"
#include "export/sink.h"
#include "lib/clock.h"
#include "lib/log.h"

#define BUFFER_BYTES 65536
#define PENDING_MAX (BUFFER_BYTES / 512) /* no record is shorter */

struct json_file {
	struct json_context context;
	struct writer writer; /* over buffer, behind its first byte */
	size_t pending; /* records in writer */
	struct export_count counts[PENDING_MAX]; /* of each of them */
	struct sink sink;
	int torn; /* the destination ends in the middle of a line */
	const char *target; /* borrowed */
	struct log_limit failure_limit;
	char buffer[1 + BUFFER_BYTES]; /* starts with the line end that is owed when torn */
};

/* 1 if path is a file whose last line has no end. If it cannot be read we cannot know: 0. */
static int ends_in_torn_line(const char *path)
{
	char last = '\n';
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || !st.st_size || pread(fd, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	close(fd);
	return last != '\n';
}

static void file_destroy(void *self)
{
	struct json_file *file = self;

	sink_close(&file->sink);
	free(file);
}

static void *file_create(const struct export_settings *settings,
			 const struct export_identity *identity, char *error, size_t error_bytes)
{
	struct json_file *file = calloc(1, sizeof(*file));

	_Static_assert(sizeof(identity->host) == JSON_HOST_BYTES + 1, "json.h's limit");
	_Static_assert(sizeof(identity->sampler_address) == JSON_ADDRESS_BYTES + 1,
		       "json.h's limit");
	if (!file) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	file->target = settings->target;
	file->buffer[0] = '\n';
	writer_init(&file->writer, file->buffer + 1, BUFFER_BYTES);
	file->context = (struct json_context){
		.host = identity->host,
		.sampler_address = identity->sampler_address,
		.instance = identity->instance,
		.observation_domain_id = identity->observation_domain_id,
		.sampling_interval = identity->sampling_interval,
	};
	if (sink_open(&file->sink, "json", file->target, O_APPEND, error, error_bytes)) {
		free(file);
		return NULL;
	}
	file->torn = file->sink.regular && !file->sink.is_stdout && ends_in_torn_line(file->target);
	return file;
}

static void file_check(const struct export_settings *settings,
		       const struct export_identity *identity, struct export_check *check)
{
	(void)identity;
	check_file(check, "json", settings->target, 0);
}

static void report_failure(struct json_file *file, int error, size_t lost,
			   struct export_control *control)
{
	if (error == -ECANCELED || sink_is_gone(&file->sink, error))
		return; /* being stopped; or the exporter is dead, which its owner tells */
	export_tell_down(control, strerror(-error));
	log_warning_limited(&file->failure_limit,
			    "export \"json:%s\": cannot write: %s; %zu records lost", file->target,
			    strerror(-error), lost);
}

static void file_flush(void *self, struct export_control *control)
{
	struct export_outcome *outcome = &control->outcome;
	struct json_file *file = self;
	int owed = file->torn, error;
	const char *data = file->buffer + 1 - owed;
	size_t bytes = file->writer.used + owed, written, tail = 0, lines = 0;

	if (!file->pending)
		return;
	error = sink_write(&file->sink, data, bytes, control, &written);
	if (written)
		export_count_batch(control, written);
	if (!error) {
		lines = file->pending;
		file->torn = 0;
	} else if (written) {
		while (tail < written && data[written - 1 - tail] != '\n')
			tail++;
		for (size_t i = owed; i < written; i++)
			lines += data[i] == '\n';
		file->torn = tail && !sink_cut(&file->sink, tail);
	}
	if (file->sink.fd < 0)
		file->torn = 0; /* a named pipe, whose next reader finds it empty */
	for (size_t i = 0; i < file->pending; i++)
		export_count_add(i < lines ? &outcome->sent : &outcome->lost, &file->counts[i]);
	if (error) {
		outcome->error = error;
		outcome->dead = sink_is_gone(&file->sink, error);
		report_failure(file, error, file->pending - lines, control);
	} else {
		export_tell_up(control);
	}
	file->pending = 0;
	file->writer.used = 0;
}

static void file_send(void *self, const struct flow_record *records, size_t count,
		      struct export_control *control)
{
	struct json_file *file = self;

	file->context.received_ns = clock_realtime_ns();
	for (size_t i = 0; i < count; i++) {
		if (writer_room(&file->writer) < JSON_RECORD_BYTES_MAX + 1)
			file_flush(file, control);
		if (control->outcome.dead) {
			for (; i < count; i++)
				export_count_record(&control->outcome.lost, &records[i]);
			return;
		}
		json_encode_record(&file->writer, &records[i], &file->context);
		writer_put(&file->writer, "\n", 1);
		assert(!file->writer.overflow && file->pending < PENDING_MAX);
		file->context.sequence_num++;
		file->counts[file->pending] = (struct export_count){0};
		export_count_record(&file->counts[file->pending++], &records[i]);
	}
}

const struct export_driver export_driver_json = {
	.kind = "json",
	.create = file_create,
	.check = file_check,
	.send = file_send,
	.flush = file_flush,
	.destroy = file_destroy,
};
