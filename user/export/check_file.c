// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: a look at a file or a named pipe before it is written to, see check.h. Permission is asked
 * for, not tried: trying would make the file, or open the pipe, whose reader would find its end when
 * we leave it again.
 */
#include "export/check.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FREE_BYTES_FEW (64u << 20)

static void check_stdout(struct export_check *check)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		check_add(check, CHECK_WRONG, "name a file, or open it",
			  "standard output is closed or cannot be written to");
	else
		check_add(check, CHECK_OK, NULL, "standard output");
}

/* 0 or an errno; as who we are now, not as who has started us. */
static int ask(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) ? errno : 0;
}

static void note_refusal(struct export_check *check, const char *path, int error)
{
	const char *fix = "give the user flowprobe runs as write access to it";

	if (error == ENOENT || error == ENOTDIR)
		fix = "create this directory first";
	else if (error == EROFS)
		fix = "choose a path on a file system that can be written to";
	check_add(check, CHECK_WRONG, fix, "%s: %s", path, strerror(error));
}

/* What is there already. */
static void check_existing(struct export_check *check, const char *path, const struct stat *st,
			   int put_aside)
{
	int error = ask(path, W_OK);

	if (S_ISDIR(st->st_mode)) {
		check_add(check, CHECK_WRONG, "name a file in it", "%s is a directory", path);
	} else if (S_ISSOCK(st->st_mode)) {
		check_add(check, CHECK_WRONG, "name a file or a named pipe", "%s is a socket",
			  path);
	} else if (error) {
		note_refusal(check, path, error);
	} else if (S_ISFIFO(st->st_mode)) {
		check_add(check, CHECK_NOTE, "start its reader before flowprobe",
			  "%s is a named pipe; whether somebody reads it was not tried", path);
	} else if (put_aside && S_ISREG(st->st_mode) && st->st_size) {
		check_add(check, CHECK_OK, NULL,
			  "%s is there already: it will be renamed, and kept", path);
	} else {
		check_add(check, CHECK_OK, NULL, "%s can be written to", path);
	}
}

/* A disk that is full already loses every record. */
static void check_room(struct export_check *check, const char *directory)
{
	struct statvfs disk;
	uint64_t free_bytes;

	if (statvfs(directory, &disk) || !disk.f_blocks)
		return;
	free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
	if (free_bytes < FREE_BYTES_FEW)
		check_add(check, CHECK_NOTE, "make room, or choose another file system",
			  "only %.1f MB are free in %s", (double)free_bytes / 1e6, directory);
}

void check_file(struct export_check *check, const char *kind, const char *path, int put_aside)
{
	char copy[PATH_MAX];
	const char *directory;
	struct stat st;
	int error;

	if (strcmp(path, "-") == 0) {
		check_stdout(check);
		return;
	}
	if (!*path || strlen(path) >= sizeof(copy)) {
		check_add(check, CHECK_WRONG, "name a file",
			  *path ? "the path of %s is too long" : "%s has no path", kind);
		return;
	}
	snprintf(copy, sizeof(copy), "%s", path);
	directory = dirname(copy);
	if (stat(path, &st) == 0) {
		check_existing(check, path, &st, put_aside);
	} else if (errno != ENOENT) {
		note_refusal(check, path, errno);
	} else {
		error = ask(directory, W_OK | X_OK);
		if (error)
			note_refusal(check, directory, error);
		else
			check_add(check, CHECK_OK, NULL, "%s can be made", path);
	}
	if (check->findings[check->count - 1].verdict == CHECK_OK)
		check_room(check, directory);
}
