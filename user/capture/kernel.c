// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What this kernel is: see kernel.h. Versions decide only where nothing better can be tried:
 * whether programs load and hooks exist is found out by loading and attaching, because
 * distributions backport.
 */
#include "capture/kernel.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

void kernel_read(struct kernel *kernel)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	memset(kernel, 0, sizeof(*kernel));
	if (uname(&name) == 0) {
		snprintf(kernel->release, sizeof(kernel->release), "%s", name.release);
		snprintf(kernel->machine, sizeof(kernel->machine), "%s", name.machine);
		if (sscanf(name.release, "%u.%u", &major, &minor) == 2)
			kernel->version = KERNEL_VERSION(major, minor);
		kernel->realtime = strstr(name.version, "PREEMPT_RT") != NULL;
	}
}

int kernel_runs_interleave(const struct kernel *kernel)
{
	return kernel->realtime && kernel->version >= KERNEL_VERSION(6, 18);
}

enum flow_table_kind kernel_choose_table(const struct kernel *kernel, const char **reason)
{
	*reason = NULL;
	if (kernel_runs_interleave(kernel))
		*reason = "on a PREEMPT_RT kernel since 6.18 program runs may preempt each other";
	else if (!strcmp(kernel->machine, "aarch64") && kernel->version < KERNEL_VERSION(5, 18))
		*reason = "arm64 kernels before 5.18 have no atomic compare-and-exchange for "
			  "programs";
	return *reason ? FLOW_TABLE_HASH : FLOW_TABLE_SLOTS;
}
