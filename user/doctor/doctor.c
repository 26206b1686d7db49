// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: see doctor.h. This file only puts the parts in order: first what would stop everything,
 * last what depends on others (exporters), so that the fix to begin with is the one on top.
 *
 * Nothing is guessed that can be tried without being noticed: programs are really loaded, maps made
 * and harvested, collectors connected to. What cannot be is asked for: hooks are listed and locks
 * looked up, files judged by their permissions. What was made goes away with us.
 */
#include "doctor/doctor.h"

#include "doctor/exporters.h"
#include "doctor/host.h"
#include "doctor/interfaces.h"
#include "doctor/memory.h"
#include "doctor/parts.h"
#include "doctor/programs.h"
#include "doctor/running.h"

enum exit_code doctor_run(const struct config *config, struct findings *findings)
{
	struct doctor doctor = {.config = config, .findings = findings};

	doctor_look_at_memory(&doctor);
	doctor_check_host(&doctor);
	doctor_check_programs(&doctor);
	doctor_check_memory(&doctor);
	doctor_check_running(&doctor);
	doctor_check_interfaces(&doctor);
	doctor_check_exporters(&doctor);
	findings_conclude(findings, "`flowprobe run` would work here.");
	attachments_free(doctor.attachments);
	probe_close(doctor.probe);
	return findings_exit_code(findings);
}
