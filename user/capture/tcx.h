/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What <linux/bpf.h> says of TCX since Linux 6.6; the headers of older distributions do not. */
#ifndef FLOWPROBE_TCX_H
#define FLOWPROBE_TCX_H

#include <linux/bpf.h>

#include "flow.h"

#define TCX_ATTACH_INGRESS 46
#define TCX_ATTACH_EGRESS 47
#define TCX_BEFORE (1u << 3)
#define TCX_AFTER (1u << 4)

static inline enum bpf_attach_type tcx_attach_type(enum flow_direction direction)
{
	return direction == FLOW_INGRESS ? TCX_ATTACH_INGRESS : TCX_ATTACH_EGRESS;
}

#endif
