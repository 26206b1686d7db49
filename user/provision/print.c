// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See setup.h: what setup.c would send, as files. */
#include "provision/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "provision/part.h"

#define PATH_BYTES 4096
#define FILE_COLUMNS 32

/* For writing. NULL with errno. */
static FILE *open_file(const char *path, int is_secret)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, is_secret ? 0600 : 0666);
	FILE *stream = NULL;

	if (fd < 0)
		return NULL;
	if (!is_secret || !fchmod(fd, 0600)) /* it may have been there */
		stream = fdopen(fd, "w");
	if (!stream)
		close(fd);
	return stream;
}

/* Makes directory/file, and the directories if they are not there; is_secret: for nobody else to
 * read. 0 or a negative errno. */
static int write_file(const char *directory, const char *file, const char *text, int is_secret)
{
	const char *slash = strrchr(file, '/');
	char path[PATH_BYTES];
	FILE *stream;
	int failed;

	if (snprintf(path, sizeof(path), "%s/%s", directory, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(directory, 0777) && errno != EEXIST)
		return -errno;
	if (slash) {
		snprintf(path, sizeof(path), "%s/%.*s", directory, (int)(slash - file), file);
		if (mkdir(path, 0777) && errno != EEXIST)
			return -errno;
		snprintf(path, sizeof(path), "%s/%s", directory, file);
	}
	stream = open_file(path, is_secret);
	if (!stream)
		return -errno;
	failed = fputs(text, stream) < 0;
	return fclose(stream) || failed ? -EIO : 0;
}

/* One file, and where it is to be sent: create_path below the server's URL. */
static int print_one(const struct setup *setup, const char *directory, const struct asset *asset,
		     const char *create_path)
{
	const struct object_place place = part_place(setup, "FOLDER_ID");
	const char *file = asset->kind == ASSET_FUNCTION ? "function.json" : asset->path;
	int is_secret = asset->kind == ASSET_DESTINATION; /* a web hook's URL is like a password */
	char *text = part_body(setup, asset), path[OBJECT_PATH_BYTES];
	int err = text ? write_file(directory, file, text, is_secret) : -ENOMEM;

	free(text);
	object_path(path, create_path, &place, setup->names.stream, NULL);
	if (err)
		fprintf(stderr, "flowprobe: cannot write %s/%s: %s\n", directory, file,
			strerror(-err));
	else
		fprintf(setup->out, "%s/%-*s POST %s%s\n", directory, FILE_COLUMNS, file,
			setup->api.base, path);
	return err;
}

static int print_all(const struct setup *setup, const char *directory, enum asset_kind kind,
		     const char *create_path)
{
	int err = 0;

	for (const struct asset *asset = assets; asset->path && !err; asset++)
		if (asset->kind == kind)
			err = print_one(setup, directory, asset, create_path);
	return err;
}

int setup_print(const struct setup *setup, const char *directory)
{
	int has_url = setup->names.destination_url[0] != '\0';
	int has_alerts = has_url || setup->destination_given;
	const struct {
		enum asset_kind kind;
		const char *path;
		int wanted;
	} kinds[] = {
		{ASSET_STREAM, "/api/{org}/streams/{id}?type=logs", 1},
		{ASSET_FUNCTION, object_function.create_path, setup->geo},
		{ASSET_PIPELINE, object_pipeline.create_path, setup->geo},
		{ASSET_FOLDER, object_dashboard_folder.create_path, 1},
		{ASSET_DASHBOARD, object_dashboard.create_path, 1},
		{ASSET_TEMPLATE, object_template.create_path, has_url},
		{ASSET_DESTINATION, object_destination.create_path, has_url},
		{ASSET_FOLDER, object_alert_folder.create_path, has_alerts},
		{ASSET_ALERT, object_alert.create_path, has_alerts},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !err; i++)
		if (kinds[i].wanted)
			err = print_all(setup, directory, kinds[i].kind, kinds[i].path);
	if (err)
		return err;
	if (!has_alerts)
		fputs("\nThere are no alerts: nobody to tell; give --destination-url or "
		      "--destination.",
		      setup->out);
	fputs("\nSend them in this order. FOLDER_ID is the folderId in the answer to "
	      "folder.json.\n",
	      setup->out);
	return 0;
}
