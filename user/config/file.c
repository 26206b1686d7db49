// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: file -> bytes -> document.c.
 *
 * The whole file is read into one buffer of fixed size before any of it is looked at: document.c
 * then works on memory alone, which is what its tests and fuzzer feed it, and a file that is not a
 * configuration at all (a core dump, /dev/zero) costs a megabyte and one line. Anything that can be
 * read will do, pipes too: `--config <(generate)` works.
 */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/document.h"
#include "config/exporter_draft.h"

/* Number of bytes read, at most size; or a negative errno. */
static ssize_t read_all(int fd, unsigned char *data, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size) {
		got = read(fd, data + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

/* Pipes and the like are nobody's but who was handed them. */
static int file_is_public(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & S_IROTH;
}

static const char *file_fix(int err)
{
	switch (err) {
	case ENOENT:
		return "; check the path given with --config";
	case EACCES:
		return "; run as root, or make the file readable";
	case EISDIR:
		return "; name the file in it";
	default:
		return "";
	}
}

/* Reports that the file cannot be used; what it says of exporters is missing then. */
static void __attribute__((format(printf, 4, 5)))
refuse(struct config_draft *draft, const char *path, int code, const char *format, ...)
{
	char message[CONFIG_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	config_errors_add(draft->errors, code, "%s: %s", path, message);
	draft->exporters_refused = 1;
}

/* Reads the open file and closes it. */
static void load(struct config_draft *draft, const char *path, int fd)
{
	unsigned char *data = malloc(CONFIG_FILE_MAX_BYTES + 1);
	const char *name = config_draft_add_file(draft, path);
	ssize_t size;

	if (!data)
		refuse(draft, path, EXIT_FAILURE, "out of memory");
	if (!data || !name)
		goto out;
	draft->file_is_public = file_is_public(fd);
	size = read_all(fd, data, CONFIG_FILE_MAX_BYTES + 1);
	if (size < 0)
		refuse(draft, path, EX_CONFIG, "cannot be read: %s%s", strerror((int)-size),
		       file_fix((int)-size));
	else if (size > CONFIG_FILE_MAX_BYTES)
		refuse(draft, path, EX_CONFIG,
		       "is larger than %d bytes; is it a configuration file?",
		       CONFIG_FILE_MAX_BYTES);
	else
		config_yaml_load_memory(draft, name, data, (size_t)size);
	config_exporters_name(draft);
out:
	free(data);
	close(fd);
}

int config_file_load(struct config_draft *draft, const char *path, int optional,
		     const struct config *previous)
{
	/* Of a pipe there is nothing left to read again, or its other end is waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | (previous ? O_NONBLOCK | O_NOCTTY : 0));
	struct stat st;

	if (fd < 0 && errno == ENOENT && optional) {
		if (previous && previous->has_file)
			refuse(draft, path, EX_CONFIG,
			       "is not there any more; put it back, or restart to run without it");
		return 0;
	}
	if (fd < 0) {
		refuse(draft, path, EX_CONFIG, "cannot be opened: %s%s", strerror(errno),
		       file_fix(errno));
		return 0;
	}
	if (previous && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		refuse(draft, path, EX_CONFIG,
		       "is no regular file, and so cannot be read again; restart instead");
		close(fd);
		return 1;
	}
	load(draft, path, fd);
	return 1;
}

void config_file_load_found(struct config_draft *draft, const char *path, uid_t owner)
{
	/* Not to wait for whoever opens the other end, should it be a pipe. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0) {
		refuse(draft, path, EX_CONFIG, "cannot be opened: %s%s", strerror(errno),
		       errno == ENOENT ? "; is it a dangling link?" : "");
		return;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		refuse(draft, path, EX_CONFIG, "is no regular file; remove it, or rename it");
	} else if (st.st_uid != 0 && st.st_uid != geteuid() && st.st_uid != owner) {
		refuse(draft, path, EX_CONFIG,
		       "belongs to somebody else (uid %u); chown it to root, or remove it",
		       st.st_uid);
	} else {
		load(draft, path, fd);
		return;
	}
	close(fd);
}
