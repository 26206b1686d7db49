// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: memory, see memory.h. What the maps take is asked of the kernel, which has just made them;
 * the flow cache, which would be touched from end to end, is only reckoned.
 */
#include "doctor/memory.h"

#include <stdio.h>

#include "agent/exports.h"
#include "doctor/cgroup.h"
#include "doctor/proc.h"
#include "flow/cache.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define SIZE_BYTES 16

/* --- what there is --- */

void doctor_look_at_memory(struct doctor *doctor)
{
	char text[PROC_TEXT_BYTES], path[PROC_PATH_BYTES];
	uint64_t left = UINT64_MAX;

	doctor->memory_left = UINT64_MAX;
	proc_read("/proc/meminfo", text, sizeof(text));
	proc_number(text, "MemAvailable", &doctor->memory_left);
	proc_read("/proc/self/cgroup", text, sizeof(text));
	if (proc_cgroup_path(text, "memory", path))
		left = cgroup_memory_left(CGROUP_ROOT "/memory", path, 1);
	else if (proc_cgroup_path(text, "", path))
		left = cgroup_memory_left(CGROUP_ROOT, path, 2);
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
