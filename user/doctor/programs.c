// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: programs, see programs.h. Really loaded, because library probes for kernel features were
 * found to lie. Only attaching is not tried, because it would count packets: TCX is recognised by how
 * the kernel refuses to attach to an interface that does not exist.
 */
#include "doctor/programs.h"

#include <errno.h>
#include <string.h>

#include "capture/attach.h"
#include "capture/harvest.h"
#include "doctor/host.h"

#define TRIAL_SLOTS 1024 /* enough to load with; the size does not matter to the verifier */

static const char *table_name(enum flow_table_kind table)
{
	return table == FLOW_TABLE_HASH ? "hash" : "slots";
}

static int is_privilege(int err)
{
	return err == -EPERM || err == -EACCES;
}

/* The capabilities were there, or loading would not have been tried. */
static const char *loading_fix(int err)
{
	if (is_privilege(err) && host_is_contained())
		return "run it outside of this user namespace";
	if (is_privilege(err))
		return "the capabilities are there, so a seccomp filter or a security module "
		       "forbids bpf(2): see dmesg, and the profile of the container";
	if (err == -ENOMEM)
		return "lower --slots, or raise the memory limit of the service or container";
	return "report it with `flowprobe version` and the log of `flowprobe doctor --log-level "
	       "debug`; a newer kernel may do";
}

static void fail_loading(struct doctor *doctor, int err, const char *error)
{
	findings_fail(doctor->findings, FINDING_PROGRAM,
		      is_privilege(err) ? EXIT_CODE_PRIVILEGE : EXIT_CODE_RUNTIME, loading_fix(err),
		      "%s", error);
}

/* Loads every program variant with one table. One that `run` would not use need not load. 0, or -1 if
 * it has to, and does not. */
static int try_table(struct doctor *doctor, enum flow_table_kind table)
{
	struct probe_config trial = {
		.table = table, .slots = TRIAL_SLOTS, .sampling = doctor->config->sampling};
	char error[DOCTOR_ERROR_BYTES];
	int loaded = 0;

	for (int program = 0; program < PROBE_PROGRAMS; program++) {
		const char *name = probe_program_name((enum probe_program)program);
		int err = probe_try(&trial, (enum probe_program)program, error, sizeof(error));

		loaded += !err;
		if (err && table == doctor->table)
			findings_fail(doctor->findings, FINDING_PROGRAM,
				      is_privilege(err) ? EXIT_CODE_PRIVILEGE : EXIT_CODE_RUNTIME,
				      loading_fix(err), "%s with table %s: %s", name,
				      table_name(table), error);
		else if (err)
			findings_note(doctor->findings, FINDING_PROGRAM,
				      "nothing, unless you want --table to name it",
				      "%s with table %s, which is not used here: %s", name,
				      table_name(table), error);
	}
	if (loaded == PROBE_PROGRAMS)
		findings_ok(doctor->findings, FINDING_PROGRAM, "all %d load with table %s", loaded,
			    table_name(table));
	return loaded == PROBE_PROGRAMS || table != doctor->table ? 0 : -1;
}

static void choose_table(struct doctor *doctor)
{
	const char *reason;

	doctor->table = kernel_choose_table(&doctor->kernel, &reason);
	if (doctor->config->table == CONFIG_TABLE_AUTO) {
		findings_ok(doctor->findings, FINDING_TABLE, "%s would be used%s%s",
			    table_name(doctor->table), reason ? ": " : "", reason ? reason : "");
		return;
	}
	doctor->table = doctor->config->table == CONFIG_TABLE_HASH ? FLOW_TABLE_HASH
								   : FLOW_TABLE_SLOTS;
	if (reason && doctor->table == FLOW_TABLE_SLOTS)
		findings_note(doctor->findings, FINDING_TABLE, "use --table auto",
			      "slots may lose packets on this kernel: %s", reason);
	else
		findings_ok(doctor->findings, FINDING_TABLE, "%s, as configured",
			    table_name(doctor->table));
}

/* Everything `run` does short of attaching to real interfaces, with the sizes it would use. */
static void try_start(struct doctor *doctor)
{
	struct probe_config config = {
		.table = doctor->table,
		.slots = doctor->config->slots,
		.sampling = doctor->config->sampling,
		.counters_atomic = kernel_runs_interleave(&doctor->kernel),
	};
	struct harvester *harvester;
	char error[DOCTOR_ERROR_BYTES];

	doctor->probe = probe_open(&config, error, sizeof(error));
	if (!doctor->probe) {
		fail_loading(doctor, -errno, error);
		return;
	}
	harvester = harvester_new(doctor->probe);
	if (harvester)
		findings_ok(doctor->findings, FINDING_TABLE,
			    "made with %u slots, and harvested; the kernel's tick is %.1f ms",
			    doctor->config->slots, (double)harvester_tick_ns(harvester) / 1e6);
	else
		findings_fail(doctor->findings, FINDING_TABLE, EXIT_CODE_RUNTIME,
			      loading_fix(-errno), "cannot be harvested: %s", strerror(errno));
	harvester_free(harvester);
}

static void check_hooks(struct doctor *doctor)
{
	if (hook_tcx_supported(probe_program_fd(doctor->probe, PROBE_TC_INGRESS_L2)))
		findings_ok(doctor->findings, FINDING_HOOK,
			    "tcx is there: programs leave with the process, however it ends");
	else
		findings_ok(doctor->findings, FINDING_HOOK,
			    "no tcx in this kernel (it came with 6.6): clsact filters do it");
	doctor->attachments = attachments_new(doctor->probe, doctor->config);
	if (!doctor->attachments)
		findings_fail(doctor->findings, FINDING_HOOK, EXIT_CODE_RUNTIME,
			      "use --hook auto or --hook tc", "--hook tcx cannot be had");
}

void doctor_check_programs(struct doctor *doctor)
{
	int failed;

	choose_table(doctor);
	if (findings_exit_code(doctor->findings) == EXIT_CODE_PRIVILEGE) {
		findings_note(doctor->findings, FINDING_PROGRAM,
			      "run `flowprobe doctor` again with these capabilities",
			      "not tried: loading needs the capabilities above");
		return;
	}
	failed = try_table(doctor, FLOW_TABLE_SLOTS);
	failed |= try_table(doctor, FLOW_TABLE_HASH);
	if (!failed)
		try_start(doctor);
	if (doctor->probe)
		check_hooks(doctor);
}
