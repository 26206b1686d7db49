// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: messages into an IPFIX File (RFC 5655), standard output or a named pipe; see
 * transport.h.
 *
 * An IPFIX File is one transport session, so a file is always begun anew. One that is there already
 * is not overwritten but put aside, under its name with the time of its last change.
 *
 * Whoever reads the file must never meet half a message: if a write fails in the middle of one
 * (disk full), the half is cut off again. Where that cannot be done (pipes) a new session begins,
 * for the next reader.
 */
#include "export/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "export/check.h"
#include "export/sink.h"
#include "lib/log.h"

#define KEPT_PATH_BYTES 4200

struct message_file {
	struct transport transport;
	const struct export_settings *settings;
	struct sink sink;
	struct log_limit warning;
};

static struct message_file *file_of(struct transport *transport)
{
	return (struct message_file *)transport; /* its first member */
}

/* 0, or a negative errno: the old file is still there. */
static int rename_old(const char *path, const struct stat *st,
		      const struct export_settings *settings)
{
	char kept[KEPT_PATH_BYTES], changed[32];
	struct tm tm;
	int length;

	gmtime_r(&st->st_mtim.tv_sec, &tm);
	strftime(changed, sizeof(changed), "%Y%m%dT%H%M%SZ", &tm);
	length = snprintf(kept, sizeof(kept), "%s.%s.%09ld", path, changed, st->st_mtim.tv_nsec);
	if (length < 0 || (size_t)length >= sizeof(kept))
		return -ENAMETOOLONG;
	if (rename(path, kept))
		return -errno;
	log_info("export %s: %s was there already; it is kept as %s", settings->name, path, kept);
	return 0;
}

/* As rename_old, if there is anything old. If path is a link, what it points to is meant. */
static int put_aside(const char *path, const struct export_settings *settings)
{
	char *file = strcmp(path, "-") ? realpath(path, NULL) : NULL;
	struct stat st;
	int err = 0;

	if (!file)
		return 0; /* or opening it will tell why */
	if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size)
		err = rename_old(file, &st, settings);
	free(file);
	return err;
}

static struct transport *file_create(const struct export_settings *settings, const char *target,
				     uint16_t default_port, char *error, size_t error_bytes)
{
	struct message_file *file = calloc(1, sizeof(*file));
	const char *path = target + strlen("file:");
	int err;

	(void)default_port;
	if (!file) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	file->transport.type = &transport_file;
	file->settings = settings;
	err = put_aside(path, settings);
	if (err)
		snprintf(error, error_bytes, "cannot put the old %s aside: %s", path,
			 strerror(-err));
	if (err || sink_open(&file->sink, "ipfix:file", path, 0, error, error_bytes)) {
		free(file);
		return NULL;
	}
	return &file->transport;
}

static void file_check(const struct export_settings *settings, const char *target,
		       uint16_t default_port, struct export_check *check)
{
	(void)settings;
	(void)default_port;
	check_file(check, "ipfix:file", target + strlen("file:"), 1);
}

static void file_destroy(struct transport *transport)
{
	struct message_file *file = file_of(transport);

	sink_close(&file->sink);
	free(file);
}

static int file_open(struct transport *transport, struct export_control *control)
{
	(void)control;
	if (!transport->session)
		transport->session = 1;
	transport->message_bytes = transport->message_bytes_wanted;
	transport->is_open = 1;
	return 0;
}

static int file_send(struct transport *transport, const void *message, size_t bytes,
		     const struct export_count *count, struct export_control *control)
{
	struct message_file *file = file_of(transport);
	size_t written;
	int err = sink_write(&file->sink, message, bytes, control, &written);

	if (!err) {
		export_count_add(&control->outcome.sent, count);
		export_tell_up(control);
		return 0;
	}
	control->outcome.dead = sink_is_gone(&file->sink, err);
	if (control->outcome.dead || err == -ECANCELED)
		return -ECANCELED;
	if (!file->sink.regular || (written && !sink_cut(&file->sink, written)))
		transport->session++;
	export_tell_down(control, strerror(-err));
	log_warning_limited(&file->warning, "export %s: cannot write: %s", file->settings->name,
			    strerror(-err));
	return err;
}

const struct transport_type transport_file = {
	.scheme = "file",
	.reliable = 1,
	.create = file_create,
	.check = file_check,
	.open = file_open,
	.send = file_send,
	.destroy = file_destroy,
};
