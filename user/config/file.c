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
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config/document.h"

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

void config_file_load(struct config_draft *draft, const char *path, int optional)
{
	unsigned char *data = NULL;
	ssize_t size;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && optional)
		return;
	if (fd < 0) {
		config_errors_add(draft->errors, EX_CONFIG, "%s: cannot be opened: %s%s", path,
				  strerror(errno), file_fix(errno));
		return;
	}
	data = malloc(CONFIG_FILE_MAX_BYTES + 1);
	if (!data) {
		config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", path);
		goto out;
	}
	size = read_all(fd, data, CONFIG_FILE_MAX_BYTES + 1);
	if (size < 0)
		config_errors_add(draft->errors, EX_CONFIG, "%s: cannot be read: %s%s", path,
				  strerror((int)-size), file_fix((int)-size));
	else if (size > CONFIG_FILE_MAX_BYTES)
		config_errors_add(draft->errors, EX_CONFIG,
				  "%s: is larger than %d bytes; is it a configuration file?", path,
				  CONFIG_FILE_MAX_BYTES);
	else
		config_yaml_load_memory(draft, path, data, (size_t)size);
out:
	free(data);
	close(fd);
}
