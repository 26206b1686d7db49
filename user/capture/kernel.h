/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this kernel is, as far as the choice of the flow table depends on it. */
#ifndef FLOWPROBE_KERNEL_H
#define FLOWPROBE_KERNEL_H

#include "flow.h"

#define KERNEL_VERSION(major, minor) ((unsigned int)(major) << 16 | (unsigned int)(minor))
#define KERNEL_OLDEST KERNEL_VERSION(5, 15)

struct kernel {
	char release[65]; /* "6.1.0-28-amd64" */
	char machine[65]; /* "x86_64" */
	unsigned int version; /* KERNEL_VERSION() */
	int realtime; /* PREEMPT_RT */
};

void kernel_read(struct kernel *kernel);

/*
 * 1 if two program runs may interleave on one CPU: PREEMPT_RT since 6.18 may be built without the
 * per-CPU lock that bottom halves took before (CONFIG_PREEMPT_RT_NEEDS_BH_LOCK), and nothing tells
 * user space which.
 */
int kernel_runs_interleave(const struct kernel *kernel);

/* The table that is exact and available here; *reason says why it is not "slots", else NULL. */
enum flow_table_kind kernel_choose_table(const struct kernel *kernel, const char **reason);

#endif
