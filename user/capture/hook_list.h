/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is on a hook, whoever put it there: for the doctor, and for telling the operator who comes
 * first. */
#ifndef FLOWPROBE_HOOK_LIST_H
#define FLOWPROBE_HOOK_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "capture/attach.h"

#define HOOK_PROGRAM_NAME_BYTES 64

struct hook_program {
	enum hook_kind kind;
	uint32_t id; /* 0: a tc filter that is no eBPF program */
	/* Of a tc filter what it is called, or else its kind ("flower"); of the others "" until
	 * hook_program_find_name. Bytes as somebody has chosen them. */
	char name[HOOK_PROGRAM_NAME_BYTES];
};

/*
 * All that is on the hook in the order it runs (TCX first, then clsact filters; or the XDP program
 * of any mode), ours included. Returns how many were written, or a negative errno. With more than
 * max, the first max. Listing TCX programs needs the privilege to attach.
 */
int hook_list(uint32_t ifindex, enum hook_kind kind, enum flow_direction direction,
	      struct hook_program *list, size_t max);

/* The same, but only the ids of the eBPF programs. */
int hook_list_programs(uint32_t ifindex, enum hook_kind kind, enum flow_direction direction,
		       uint32_t *ids, size_t max);

/* Asks the kernel for the program's name, cut to 15 bytes; it wants CAP_SYS_ADMIN for that. If it
 * does not tell, nothing changes. */
void hook_program_find_name(struct hook_program *program);

#endif
