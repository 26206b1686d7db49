// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: a look at a spool that is not ours yet, see check.h. Its lock is looked up in /proc/locks:
 * trying to take it would, for that moment, keep a flowprobe that starts from having it.
 */
#include "export/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOCKS_BYTES (1 << 20) /* a line has some sixty */

int check_find_lock(const char *locks, uint64_t device, uint64_t inode)
{
	const char *line = locks;

	while (*line) {
		unsigned int major, minor;
		unsigned long long number;
		char kind[16], mandatory[16], mode[16];
		int pid;

		/* A line with "->" is of one who waits. */
		if (sscanf(line, "%*d: %15s %15s %15s %d %x:%x:%llu", kind, mandatory, mode, &pid,
			   &major, &minor, &number) == 7 &&
		    strcmp(kind, "FLOCK") == 0 && makedev(major, minor) == device &&
		    number == inode)
			return pid > 0 ? pid : -1;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}

static int find_owner(const struct stat *st)
{
	char *text = malloc(LOCKS_BYTES);
	FILE *file = fopen("/proc/locks", "re");
	size_t used = 0;
	int owner = 0;

	if (text && file) {
		used = fread(text, 1, LOCKS_BYTES - 1, file);
		text[used] = '\0';
		owner = check_find_lock(text, st->st_dev, st->st_ino);
	}
	if (file)
		fclose(file);
	free(text);
	return owner;
}

static void note_unusable(struct export_check *check, const char *path, int error)
{
	check_add(check, CHECK_WRONG,
		  "give the user flowprobe runs as write access to it, or choose another "
		  "spool_directory",
		  "cannot use the spool: %s: %s", path, strerror(error));
}

/* The part of the path that is there: where the rest will be made. 0 or an errno. */
static int find_existing(const char *directory, char existing[static PATH_MAX], struct stat *st)
{
	char *slash;

	if (strlen(directory) >= PATH_MAX)
		return ENAMETOOLONG;
	snprintf(existing, PATH_MAX, "%s", directory);
	while (stat(existing, st)) {
		if (errno != ENOENT)
			return errno;
		slash = strrchr(existing, '/');
		if (slash)
			slash[slash == existing] = '\0';
		else
			snprintf(existing, PATH_MAX, ".");
	}
	return S_ISDIR(st->st_mode) ? 0 : ENOTDIR;
}

static void note_room(struct export_check *check, const char *directory, const char *existing,
		      uint64_t max_bytes)
{
	uint64_t free_bytes = UINT64_MAX;
	struct statvfs disk;

	if (statvfs(existing, &disk) == 0 && disk.f_blocks)
		free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (free_bytes < max_bytes)
		check_add(check, CHECK_NOTE, "make room, or lower spool_max_bytes",
			  "the spool %s may take %.1f MB, but only %.1f MB are free", directory,
			  (double)max_bytes / 1e6, (double)free_bytes / 1e6);
	else if (strcmp(directory, existing) == 0)
		check_add(check, CHECK_OK, NULL, "the spool %s can be used", directory);
	else
		check_add(check, CHECK_OK, NULL, "the spool %s can be made", directory);
}

void check_spool(struct export_check *check, const char *directory, uint64_t max_bytes)
{
	char existing[PATH_MAX];
	struct stat st;
	int error = find_existing(directory, existing, &st), owner;

	if (!error && faccessat(AT_FDCWD, existing, R_OK | W_OK | X_OK, AT_EACCESS))
		error = errno;
	if (error) {
		note_unusable(check, existing, error);
		return;
	}
	owner = strcmp(directory, existing) == 0 ? find_owner(&st) : 0;
	if (owner > 0)
		check_add(check, CHECK_NOTE,
			  "nothing, if that is the flowprobe that shall run; a second one needs a "
			  "spool_directory of its own",
			  "the spool %s is in use by process %d", directory, owner);
	else if (owner)
		check_add(check, CHECK_NOTE,
			  "nothing, if that is the flowprobe that shall run; a second one needs a "
			  "spool_directory of its own",
			  "the spool %s is in use by a process of another container", directory);
	else
		note_room(check, directory, existing, max_bytes);
}
