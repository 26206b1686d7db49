/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: what its parts share. They look in this order; each uses what those before it have found,
 * and reports it. */
#ifndef FLOWPROBE_DOCTOR_PARTS_H
#define FLOWPROBE_DOCTOR_PARTS_H

#include <stdint.h>

#include "agent/attachments.h"
#include "capture/kernel.h"
#include "capture/loader.h"
#include "config/config.h"
#include "doctor/findings.h"

#define DOCTOR_ERROR_BYTES 512

struct doctor {
	const struct config *config;
	struct findings *findings;
	struct kernel kernel; /* host.c */
	uint64_t memory_left; /* memory.c: before anything was made; UINT64_MAX: unknown */
	enum flow_table_kind table; /* programs.c: that `run` would use */
	struct probe *probe; /* NULL: it cannot be loaded */
	struct attachments *attachments; /* NULL without probe */
	int has_agent; /* running.c: one runs, and listens at the control socket */
	int agent_pid; /* 0: not known to us */
};

#endif
