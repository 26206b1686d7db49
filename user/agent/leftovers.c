// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * agent: see leftovers.h. A spool belongs to the exporter of its name. When that has another name
 * now, or is not there any more, its records stay on the disk, and without a word nobody would know.
 */
#include "agent/leftovers.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "export/spool.h"
#include "lib/log.h"

/* 1 if it is the spool of an exporter, by whatever path. */
static int is_configured(const struct config *config, const char *directory)
{
	struct stat st, other;

	if (stat(directory, &st))
		return 0;
	for (size_t i = 0; i < config->exporters.count; i++) {
		const char *spool = config->exporters.items[i].spool_directory;

		if (spool && stat(spool, &other) == 0 && st.st_dev == other.st_dev &&
		    st.st_ino == other.st_ino)
			return 1;
	}
	return 0;
}

static void report(const struct config *config, const char *root, const char *name)
{
	struct export_count count;
	char directory[PATH_MAX];
	uint64_t bytes;

	if (snprintf(directory, sizeof(directory), "%s/%s", root, name) >= (int)sizeof(directory) ||
	    is_configured(config, directory) || spool_look(directory, &count, &bytes) ||
	    !count.records)
		return;
	log_warning("%s holds %" PRIu64 " records (%.1f MB) of an exporter that is not there any "
		    "more: name one %s to send them, or remove the directory",
		    directory, count.records, (double)bytes / 1e6, name);
}

void leftovers_report(const struct config *config, char *const *environment)
{
	int length = 0;
	const char *state = config_state_directory(environment, &length);
	char root[PATH_MAX];
	struct dirent *entry;
	DIR *stream;

	if (!state ||
	    snprintf(root, sizeof(root), "%.*s/spool", length, state) >= (int)sizeof(root))
		return;
	stream = opendir(root);
	if (!stream)
		return; /* there never was a spool */
	while ((entry = readdir(stream)))
		if (entry->d_name[0] != '.')
			report(config, root, entry->d_name);
	closedir(stream);
}
