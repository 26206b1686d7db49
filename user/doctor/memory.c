// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: memory, see memory.h. What the maps take is asked of the kernel, which has just made them;
 * the flow cache, which would be touched from end to end, is only reckoned.
 */
#include "doctor/memory.h"

#include <stdio.h>
#include <string.h>

#include "agent/exports.h"
#include "doctor/proc.h"
#include "flow/cache.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define SIZE_BYTES 16

/* --- what there is --- */

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

uint64_t memory_left_in_cgroup(const char *root, const char *path, int version)
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

void doctor_look_at_memory(struct doctor *doctor)
{
	char text[PROC_TEXT_BYTES], path[PROC_PATH_BYTES];
	uint64_t left = UINT64_MAX;

	doctor->memory_left = UINT64_MAX;
	proc_read("/proc/meminfo", text, sizeof(text));
	proc_number(text, "MemAvailable", &doctor->memory_left);
	proc_read("/proc/self/cgroup", text, sizeof(text));
	if (proc_cgroup_path(text, "memory", path))
		left = memory_left_in_cgroup(CGROUP_ROOT "/memory", path, 1);
	else if (proc_cgroup_path(text, "", path))
		left = memory_left_in_cgroup(CGROUP_ROOT, path, 2);
	if (left < doctor->memory_left)
		doctor->memory_left = left;
}

/* --- what is needed --- */

static const char *format_size(uint64_t bytes, char text[static SIZE_BYTES])
{
	if (bytes >= 10000000000)
		snprintf(text, SIZE_BYTES, "%.0f GB", (double)bytes / 1e9);
	else if (bytes >= 10000000)
		snprintf(text, SIZE_BYTES, "%.0f MB", (double)bytes / 1e6);
	else
		snprintf(text, SIZE_BYTES, "%.1f MB", (double)bytes / 1e6);
	return text;
}

void doctor_check_memory(struct doctor *doctor)
{
	uint64_t maps = doctor->probe ? probe_memory_bytes(doctor->probe) : 0;
	uint64_t cache = flow_cache_bytes(doctor->config->max_flows), needed = maps + cache;
	uint64_t backlog = exports_backlog_bytes(doctor->config), left = doctor->memory_left;
	char needs[4][SIZE_BYTES], what[128], there[64] = "how much is free is not known";

	if (maps)
		snprintf(what, sizeof(what), "maps take %s and the flow cache %s",
			 format_size(maps, needs[0]), format_size(cache, needs[1]));
	else
		snprintf(what, sizeof(what), "the flow cache takes %s",
			 format_size(cache, needs[1]));
	if (left != UINT64_MAX)
		snprintf(there, sizeof(there), "%s are free", format_size(left, needs[2]));
	if (needed > left)
		findings_fail(doctor->findings, FINDING_MEMORY, EXIT_CODE_RUNTIME,
			      "lower --slots and --max-flows, or raise the memory limit of the "
			      "service or container",
			      "%s, but %s", what, there);
	else if (needed + backlog > left)
		findings_note(doctor->findings, FINDING_MEMORY,
			      "lower --max-flows, or raise the memory limit of the service or "
			      "container",
			      "%s; %s, which is too little for the %s that wait at the most when "
			      "an exporter is slow",
			      what, there, format_size(backlog, needs[3]));
	else
		findings_ok(doctor->findings, FINDING_MEMORY,
			    "%s, records for slow exporters up to %s; %s", what,
			    format_size(backlog, needs[3]), there);
}
