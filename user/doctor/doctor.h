/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * doctor: would `run` work here with this configuration, and how? Everything that decides it is
 * looked at, and nothing on the host, or on what is exported to, is changed.
 */
#ifndef FLOWPROBE_DOCTOR_H
#define FLOWPROBE_DOCTOR_H

#include "cmd/commands.h"
#include "config/config.h"
#include "doctor/findings.h"

/* Adds what it finds, and concludes. Returns the exit code of the worst. */
enum exit_code doctor_run(const struct config *config, struct findings *findings);

#endif
