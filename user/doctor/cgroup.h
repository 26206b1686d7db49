/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: what the limits of cgroups leave. */
#ifndef FLOWPROBE_DOCTOR_CGROUP_H
#define FLOWPROBE_DOCTOR_CGROUP_H

#include <stdint.h>

/*
 * Bytes of memory that may still be taken below the limits of the cgroup at `path` ("/a/b") of the
 * hierarchy mounted at `root`, and of those above it. `version` is that of the hierarchy, 1 or 2.
 * UINT64_MAX: there is no limit.
 */
uint64_t cgroup_memory_left(const char *root, const char *path, int version);

#endif
