/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: the interfaces that `run` would capture on: by which hook, who else is there, and what
 * their drivers do to packets. */
#ifndef FLOWPROBE_DOCTOR_INTERFACES_H
#define FLOWPROBE_DOCTOR_INTERFACES_H

#include "doctor/parts.h"

void doctor_check_interfaces(struct doctor *doctor);

#endif
