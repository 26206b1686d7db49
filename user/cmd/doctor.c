// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * `flowprobe doctor`: would `run` work here, and how? Takes the options of `run`, so that it
 * answers for a given configuration.
 *
 * Nothing is guessed that can be tried: each program variant is really loaded with each table, and
 * exporters are really opened; library probes for kernel features were found to lie. Only attaching
 * is not tried, because it would count packets: TCX is recognised by how the kernel refuses to
 * attach to an interface that does not exist. Nothing stays behind.
 *
 * One line per finding: "ok", "note" (works, but worth knowing) or "FAIL" with the fix. The exit
 * code is that of the worst failure: 77 privilege, 1 anything else that `run` needs.
 */
#include "cmd/commands.h"

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/attachments.h"
#include "agent/exports.h"
#include "agent/identity.h"
#include "agent/selection.h"
#include "capture/harvest.h"
#include "capture/hook_lock.h"
#include "capture/interfaces.h"
#include "capture/kernel.h"
#include "capture/loader.h"
#include "config/config.h"
#include "lib/log.h"

#define DOCTOR_TRIAL_SLOTS \
	1024 /* enough to load with; the size does not matter to the verifier \
	      */
#define DOCTOR_PROGRAMS_MAX 64

extern char **environ;

struct doctor {
	struct config config;
	struct kernel kernel;
	enum flow_table_kind table; /* that `run` would use */
	struct probe *probe; /* NULL if it cannot be loaded */
	struct attachments *attachments;
	size_t selected; /* interfaces */
	int failed; /* exit code */
};

struct doctor_capability {
	int number;
	const char *name;
	const char *purpose;
};

static const struct doctor_capability doctor_capabilities[] = {
	{CAP_BPF, "CAP_BPF", "to load programs and maps"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach to interfaces"},
	{CAP_PERFMON, "CAP_PERFMON", "for programs that address packets directly"},
};

__attribute__((format(printf, 3, 4))) static void doctor_say(const char *verdict, const char *topic,
							     const char *format, ...)
{
	va_list arguments;

	printf("%-5s %-14s ", verdict, topic);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

/* A failure of privilege is told apart, because its fix is always the same. */
static void doctor_fail(struct doctor *doctor, int exit_code)
{
	if (doctor->failed != EXIT_CODE_PRIVILEGE)
		doctor->failed = exit_code;
}

static void doctor_check_kernel(struct doctor *doctor)
{
	kernel_read(&doctor->kernel);
	if (doctor->kernel.version < KERNEL_OLDEST)
		doctor_say("note", "kernel", "%s %s: older than 5.15, the oldest this was made for",
			   doctor->kernel.release, doctor->kernel.machine);
	else
		doctor_say("ok", "kernel", "%s %s%s", doctor->kernel.release,
			   doctor->kernel.machine, doctor->kernel.realtime ? " (PREEMPT_RT)" : "");
}

/* Asked of the kernel, because /proc may not be there. */
static unsigned long long doctor_effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (unsigned long long)data[1].effective << 32 | data[0].effective;
}

/* CAP_SYS_ADMIN stands in for what was split off it in Linux 5.8. */
static int doctor_has_capability(unsigned long long capabilities, int number)
{
	int split_off = number == CAP_BPF || number == CAP_PERFMON;

	return (capabilities >> number & 1) || (split_off && (capabilities >> CAP_SYS_ADMIN & 1));
}

static void doctor_check_capabilities(struct doctor *doctor)
{
	unsigned long long capabilities = doctor_effective_capabilities();
	size_t i;

	for (i = 0; i < sizeof(doctor_capabilities) / sizeof(doctor_capabilities[0]); i++) {
		const struct doctor_capability *needed = &doctor_capabilities[i];

		if (doctor_has_capability(capabilities, needed->number)) {
			doctor_say("ok", "capability", "%s %s", needed->name, needed->purpose);
			continue;
		}
		doctor_say("FAIL", "capability",
			   "%s is missing, needed %s: run as root, or grant it", needed->name,
			   needed->purpose);
		doctor_fail(doctor, EXIT_CODE_PRIVILEGE);
	}
}

static void doctor_check_jit(void)
{
	FILE *file = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	int enabled = file ? fgetc(file) : EOF;

	if (file)
		fclose(file);
	if (enabled == '0')
		doctor_say("note", "JIT",
			   "off, each packet costs several times as much: sysctl "
			   "net.core.bpf_jit_enable=1");
	else if (enabled != EOF)
		doctor_say("ok", "JIT", "on");
}

static const char *doctor_table_name(enum flow_table_kind table)
{
	return table == FLOW_TABLE_HASH ? "hash" : "slots";
}

/* Loads every program variant with one table. */
static int doctor_try_table(struct doctor *doctor, enum flow_table_kind table)
{
	struct probe_config trial = {
		.table = table, .slots = DOCTOR_TRIAL_SLOTS, .sampling = doctor->config.sampling};
	int program, err, worst = 0;
	char error[512];

	for (program = 0; program < PROBE_PROGRAMS; program++) {
		err = probe_try(&trial, program, error, sizeof(error));
		if (!err) {
			doctor_say("ok", "program", "%s loads with table %s",
				   probe_program_name(program), doctor_table_name(table));
			continue;
		}
		doctor_say(table == doctor->table ? "FAIL" : "note", "program",
			   "%s with table %s: %s", probe_program_name(program),
			   doctor_table_name(table), error);
		worst = err;
	}
	return worst;
}

static void doctor_check_programs(struct doctor *doctor)
{
	const char *reason;
	int err;

	doctor->table = kernel_choose_table(&doctor->kernel, &reason);
	if (doctor->config.table != CONFIG_TABLE_AUTO)
		doctor->table = doctor->config.table == CONFIG_TABLE_HASH ? FLOW_TABLE_HASH
									  : FLOW_TABLE_SLOTS;
	if (doctor->failed == EXIT_CODE_PRIVILEGE) {
		doctor_say("note", "program", "not tried: loading needs the capabilities above");
		return;
	}
	err = doctor_try_table(doctor, FLOW_TABLE_SLOTS);
	if (err && doctor->table == FLOW_TABLE_SLOTS)
		doctor_fail(doctor, err == -EPERM || err == -EACCES ? EXIT_CODE_PRIVILEGE
								    : EXIT_CODE_RUNTIME);
	err = doctor_try_table(doctor, FLOW_TABLE_HASH);
	if (err && doctor->table == FLOW_TABLE_HASH)
		doctor_fail(doctor, err == -EPERM || err == -EACCES ? EXIT_CODE_PRIVILEGE
								    : EXIT_CODE_RUNTIME);
	doctor_say("ok", "flow table", "%s would be used%s%s", doctor_table_name(doctor->table),
		   reason ? ": " : "", reason ? reason : "");
}

/* Everything `run` does short of attaching to real interfaces, with the sizes it would use. */
static void doctor_check_start(struct doctor *doctor)
{
	struct probe_config config = {
		.table = doctor->table,
		.slots = doctor->config.slots,
		.sampling = doctor->config.sampling,
		.counters_atomic = kernel_runs_interleave(&doctor->kernel),
	};
	struct harvester *harvester;
	char error[512];

	if (doctor->failed == EXIT_CODE_PRIVILEGE)
		return;
	doctor->probe = probe_open(&config, error, sizeof(error));
	if (!doctor->probe) {
		doctor_say("FAIL", "start", "%s", error);
		doctor_fail(doctor, errno == EPERM || errno == EACCES ? EXIT_CODE_PRIVILEGE
								      : EXIT_CODE_RUNTIME);
		return;
	}
	harvester = harvester_new(doctor->probe);
	if (harvester) {
		doctor_say("ok", "start", "%u slots; the kernel's tick is %.1f ms",
			   doctor->config.slots, harvester_tick_ns(harvester) / 1e6);
		harvester_free(harvester);
	} else {
		doctor_say("FAIL", "start", "cannot harvest: %s", strerror(errno));
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
	}
}

static void doctor_check_hooks(struct doctor *doctor)
{
	if (!doctor->probe)
		return;
	if (hook_tcx_supported(probe_program_fd(doctor->probe, PROBE_TC_INGRESS_L2)))
		doctor_say("ok", "TCX",
			   "links are available: programs leave with the process, however it ends");
	else
		doctor_say("note", "TCX",
			   "not in this kernel (it came with 6.6): clsact filters are used "
			   "instead");
	doctor->attachments = attachments_new(doctor->probe, &doctor->config);
	if (doctor->attachments)
		return;
	doctor_say("FAIL", "hook",
		   "--hook tcx needs Linux 6.6 or later: use --hook auto or --hook tc");
	doctor_fail(doctor, EXIT_CODE_RUNTIME);
}

static void doctor_show_direction(struct doctor *doctor, const struct interface *interface,
				  enum flow_direction direction)
{
	uint32_t ids[DOCTOR_PROGRAMS_MAX];
	enum probe_program program;
	enum hook_kind kind;
	int others, owner = 0;

	kind = attachments_plan(doctor->attachments, interface, direction, &program);
	others = hook_list_programs(interface->ifindex, kind, direction, ids, DOCTOR_PROGRAMS_MAX);
	printf("%s by %s (%s)", direction == FLOW_INGRESS ? "ingress" : "egress",
	       hook_kind_name(kind), probe_program_name(program));
	if (others > 0 && kind == HOOK_XDP_NATIVE) {
		printf(" (TAKEN: it has an XDP program, which is not replaced: use --hook auto)");
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
	} else if (others > 0)
		printf(" beside %d other program%s", others, others > 1 ? "s" : "");
	if (hook_lock_query(interface->ifindex, direction, &owner) == -EADDRINUSE) {
		printf(" (TAKEN: flowprobe pid %d captures there; a second one would be refused)",
		       owner);
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
	}
}

static void doctor_selected(void *arg, const struct interface *interface)
{
	struct doctor *doctor = arg;

	doctor->selected++;
	if (!doctor->attachments) {
		doctor_say("ok", "interface", "%s is selected", interface->name);
		return;
	}
	printf("%-5s %-14s %s: ", "ok", "interface", interface->name);
	if (doctor->config.direction != CONFIG_DIRECTION_EGRESS)
		doctor_show_direction(doctor, interface, FLOW_INGRESS);
	if (doctor->config.direction == CONFIG_DIRECTION_BOTH)
		printf(", ");
	if (doctor->config.direction != CONFIG_DIRECTION_INGRESS)
		doctor_show_direction(doctor, interface, FLOW_EGRESS);
	putchar('\n');
}

/* Opened as `run` would, and closed again without a record. */
static void doctor_check_exports(struct doctor *doctor)
{
	struct export_identity identity;
	struct exports *exports;
	char error[512];
	int err = identity_read(&identity, &doctor->config);

	if (err) {
		doctor_say("FAIL", "export", "cannot tell who this host is: %s", strerror(-err));
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
		return;
	}
	exports = exports_start(&doctor->config, &identity, -1, error, sizeof(error));
	if (!exports) {
		doctor_say("FAIL", "export", "%s", error);
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
		return;
	}
	doctor_say("ok", "export", "%zu destination%s can be opened",
		   doctor->config.exporters.count, doctor->config.exporters.count > 1 ? "s" : "");
	exports_stop(exports, 0);
	exports_free(exports);
}

static void doctor_unselected(void *arg, const struct interface *interface, int gone)
{
	(void)arg;
	(void)interface;
	(void)gone;
}

static void doctor_check_interfaces(struct doctor *doctor)
{
	const struct interface_events events = {
		.appeared = doctor_selected,
		.disappeared = doctor_unselected,
		.arg = doctor,
	};
	struct interfaces *interfaces;
	char error[512];

	interfaces = selection_open(&doctor->config, &events, error, sizeof(error));
	if (!interfaces) {
		doctor_say("FAIL", "interface", "%s", error);
		doctor_fail(doctor, EXIT_CODE_RUNTIME);
		return;
	}
	interfaces_report(interfaces);
	if (!doctor->selected)
		doctor_say("note", "interface",
			   "none to capture on now; `run` would wait for one to appear");
	interfaces_close(interfaces);
}

int command_doctor(int argc, char **argv)
{
	struct doctor doctor = {0};
	int help = 0, code;

	code = config_load(&doctor.config, argc, argv, environ, &help);
	if (code)
		return code;
	if (help) {
		puts("flowprobe doctor: would `flowprobe run` work here, and how? Takes the same "
		     "options:\n");
		config_print_help();
		return EXIT_CODE_OK;
	}
	log_set_level(doctor.config.log_level);
	loader_init();
	doctor_check_kernel(&doctor);
	doctor_check_capabilities(&doctor);
	doctor_check_jit();
	doctor_check_programs(&doctor);
	doctor_check_start(&doctor);
	doctor_check_hooks(&doctor);
	doctor_check_interfaces(&doctor);
	doctor_check_exports(&doctor);
	puts(doctor.failed ? "`flowprobe run` would not work here."
			   : "`flowprobe run` would work here.");
	attachments_free(doctor.attachments);
	probe_close(doctor.probe);
	config_free(&doctor.config);
	return fflush(stdout) ? EXIT_CODE_RUNTIME : doctor.failed;
}
