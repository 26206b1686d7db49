/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: the memory that `run` would take with the configured sizes, and what there is. */
#ifndef FLOWPROBE_DOCTOR_MEMORY_H
#define FLOWPROBE_DOCTOR_MEMORY_H

#include "doctor/parts.h"

/* To be called before anything large is made. */
void doctor_look_at_memory(struct doctor *doctor);

/* To be called when the maps are there. */
void doctor_check_memory(struct doctor *doctor);

#endif
