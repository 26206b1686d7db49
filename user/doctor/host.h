/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: the host, as far as it can be judged without loading anything: kernel, capabilities,
 * lockdown, JIT, clock. */
#ifndef FLOWPROBE_DOCTOR_HOST_H
#define FLOWPROBE_DOCTOR_HOST_H

#include "doctor/parts.h"

void doctor_check_host(struct doctor *doctor);

/* 1 if in a user namespace of its own, where capabilities are not those that bpf(2) asks for. */
int host_is_contained(void);

#endif
