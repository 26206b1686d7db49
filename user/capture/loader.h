/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel side as one object: loads the programs and maps, sized and configured, and hands out
 * what the rest of capture/ needs of them. Nothing is attached here.
 */
#ifndef FLOWPROBE_LOADER_H
#define FLOWPROBE_LOADER_H

#include <stddef.h>
#include <stdint.h>

#include "flow.h"

enum probe_program {
	PROBE_TC_INGRESS_L2,
	PROBE_TC_INGRESS_L3,
	PROBE_TC_EGRESS_L2,
	PROBE_TC_EGRESS_L3,
	PROBE_XDP_INGRESS,
	PROBE_PROGRAMS
};

struct probe_config {
	enum flow_table_kind table;
	uint32_t slots; /* entries per generation, a power of two >= FLOW_SLOT_WINDOW */
	uint32_t sampling; /* account 1 in N packets, 1: all */
	int counters_atomic; /* program runs may interleave on one CPU: kernel_runs_interleave() */
};

/* What the agent sees of the maps. Owned by the probe; the pointers are shared memory. */
struct probe_maps {
	uint32_t slots; /* per generation */
	uint32_t cpu_count; /* one more than the highest CPU number there can be */
	struct flow_slot *slot; /* [FLOW_GENERATIONS * slots], table "slots" only, else NULL */
	struct flow_details *slot_details; /* same index */
	struct flow_cpu *cpu; /* [cpu_count] */
	volatile struct flow_control *control;
	int maps_fd; /* the array of maps */
	int hash_fd[FLOW_GENERATIONS]; /* without table "hash": one entry each, unused */
	int wakeups_fd; /* ring buffer */
	int clock_program_fd;
};

struct probe;

/*
 * Loads everything. On failure NULL, with errno set and in error one line: what and why (the
 * kernel's own reason, with the end of the verifier's log where there is one).
 */
struct probe *probe_open(const struct probe_config *config, char *error, size_t error_bytes);
void probe_close(struct probe *probe);

/* Loads one program, to see whether this kernel takes it, and lets go of it. 0 or a negative errno.
 */
int probe_try(const struct probe_config *config, enum probe_program program, char *error,
	      size_t error_bytes);

/* Kernel memory of all maps as the kernel reckons it; 0: it does not tell (no /proc). */
uint64_t probe_memory_bytes(const struct probe *probe);

const struct probe_config *probe_get_config(const struct probe *probe);
const struct probe_maps *probe_maps(const struct probe *probe);
int probe_program_fd(const struct probe *probe, enum probe_program program);
const char *probe_program_name(enum probe_program program); /* as the kernel lists it */

/* What the kernel says of a program's runs; it only counts while kernel.bpf_stats_enabled is 1. */
struct probe_runs {
	uint64_t count;
	uint64_t ns;
};

struct probe_runs probe_program_runs(const struct probe *probe, enum probe_program program);

const char *loader_libbpf_version(void);

/* libbpf's own messages go to log_debug from here on; call once. */
void loader_init(void);

#endif
