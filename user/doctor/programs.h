/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: the kernel's side of flowprobe: loads each program with each table, then everything as
 * `run` would. */
#ifndef FLOWPROBE_DOCTOR_PROGRAMS_H
#define FLOWPROBE_DOCTOR_PROGRAMS_H

#include "doctor/parts.h"

void doctor_check_programs(struct doctor *doctor);

#endif
