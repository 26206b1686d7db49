/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: the exporters of the configuration: whether each would start, and reach whom it writes to. */
#ifndef FLOWPROBE_DOCTOR_EXPORTERS_H
#define FLOWPROBE_DOCTOR_EXPORTERS_H

#include "doctor/parts.h"

void doctor_check_exporters(struct doctor *doctor);

#endif
