// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: conf.d -> files, in order.
 *
 * A package's file stays as it was installed, and what an administrator or another package has to
 * add lies beside it. Names decide the order, as bytes and not by any language's rules, so that it
 * is the same on every host; digits in front are the custom. What is not called *.yaml is left
 * alone: that is how a file is switched off, and editors and packagers leave others behind; only
 * *.yml is taken for a mistake, as it would be missed in silence.
 *
 * Nobody has named these files, so they must belong to somebody who may decide what we do. With
 * `--config /tmp/x.yaml` anybody could have made /tmp/conf.d.
 */
#include "config/directory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "config/file.h"

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name), ending_length = strlen(ending);

	return length > ending_length && strcmp(name + length - ending_length, ending) == 0;
}

static void load_entry(struct config_draft *draft, const char *directory, const char *name,
		       uid_t owner)
{
	char *path;

	if (ends_in(name, ".yml"))
		config_errors_add(draft->errors, EX_CONFIG,
				  "%s/%s: must end in .yaml to be read; rename it", directory,
				  name);
	if (!ends_in(name, ".yaml"))
		return;
	if (asprintf(&path, "%s/%s", directory, name) < 0) {
		config_errors_add(draft->errors, EXIT_FAILURE, "%s/%s: out of memory", directory,
				  name);
		return;
	}
	config_file_load_found(draft, path, owner);
	free(path);
}

/* parent is where the configuration file is. */
static void load(struct config_draft *draft, const char *parent, const char *directory)
{
	struct dirent **entries;
	struct stat st;
	int count = scandir(directory, &entries, is_visible, compare);

	if (count < 0 && errno == ENOENT)
		return;
	if (count < 0) {
		config_errors_add(draft->errors, errno == ENOMEM ? EXIT_FAILURE : EX_CONFIG,
				  "%s: cannot be read: %s", directory, strerror(errno));
		return;
	}
	if (stat(parent, &st))
		st.st_uid = 0;
	for (int i = 0; i < count; i++) {
		load_entry(draft, directory, entries[i]->d_name, st.st_uid);
		free(entries[i]);
	}
	free(entries);
}

void config_directory_load(struct config_draft *draft, const char *file)
{
	const char *slash = strrchr(file, '/');
	int length = slash ? (int)(slash - file) + 1 : 0;
	char *parent = NULL, *directory = NULL;

	if (asprintf(&parent, "%.*s.", length, file) < 0)
		parent = NULL;
	if (asprintf(&directory, "%.*s" CONFIG_DIRECTORY_NAME, length, file) < 0)
		directory = NULL;
	if (parent && directory)
		load(draft, parent, directory);
	else
		config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", file);
	free(directory);
	free(parent);
}
