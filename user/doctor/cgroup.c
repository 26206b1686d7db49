// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* doctor: limits of cgroups, see cgroup.h. */
#include "doctor/cgroup.h"

#include <stdio.h>
#include <string.h>

#include "doctor/proc.h"

struct cgroup_files {
	const char *limit;
	const char *usage;
	const char *reclaimable; /* in memory.stat: what the kernel would give up first */
};

static const struct cgroup_files cgroup_v1 = {"memory.limit_in_bytes", "memory.usage_in_bytes",
					      "total_inactive_file"};
static const struct cgroup_files cgroup_v2 = {"memory.max", "memory.current", "inactive_file"};

/* 1, or 0 if there is no such file, or no number in it. */
static int read_limit(const char *root, const char *path, const char *file, uint64_t *limit)
{
	char name[2 * PROC_PATH_BYTES], text[PROC_WORD_BYTES];

	snprintf(name, sizeof(name), "%s%s/%s", root, path, file);
	return proc_read(name, text, sizeof(text)) == 0 && proc_limit(text, limit);
}

static uint64_t left_at(const char *root, const char *path, const struct cgroup_files *files)
{
	char name[2 * PROC_PATH_BYTES], text[PROC_TEXT_BYTES];
	uint64_t limit, usage, reclaimable = 0;

	if (!read_limit(root, path, files->limit, &limit) || limit == UINT64_MAX ||
	    !read_limit(root, path, files->usage, &usage))
		return UINT64_MAX;
	snprintf(name, sizeof(name), "%s%s/memory.stat", root, path);
	proc_read(name, text, sizeof(text));
	proc_number(text, files->reclaimable, &reclaimable);
	usage -= reclaimable < usage ? reclaimable : usage;
	return usage < limit ? limit - usage : 0;
}

uint64_t cgroup_memory_left(const char *root, const char *path, int version)
{
	const struct cgroup_files *files = version == 1 ? &cgroup_v1 : &cgroup_v2;
	uint64_t least = UINT64_MAX, left;
	char level[PROC_PATH_BYTES];
	char *slash;

	snprintf(level, sizeof(level), "%s", path);
	for (;;) {
		left = left_at(root, level, files);
		least = left < least ? left : least;
		slash = strrchr(level, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}
