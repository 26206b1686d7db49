/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: whether a flowprobe runs here already, and what two of them could not share. */
#ifndef FLOWPROBE_DOCTOR_RUNNING_H
#define FLOWPROBE_DOCTOR_RUNNING_H

#include "doctor/parts.h"

void doctor_check_running(struct doctor *doctor);

/* 1 if the process with that id (0: one that is not visible from here) is the agent that was found. */
int doctor_is_running_agent(const struct doctor *doctor, int pid);

#endif
