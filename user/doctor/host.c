// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: the host, see host.h. What is missing here is reported as such; whether it matters, loading
 * will tell (programs.c).
 */
#include "doctor/host.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "doctor/proc.h"

#define LOCKDOWN_PATH "/sys/kernel/security/lockdown"

struct needed_capability {
	int number;
	const char *name;
	const char *purpose;
};

static const struct needed_capability needed_capabilities[] = {
	{CAP_BPF, "CAP_BPF", "to load programs and maps"},
	{CAP_NET_ADMIN, "CAP_NET_ADMIN", "to attach to interfaces"},
	{CAP_PERFMON, "CAP_PERFMON", "for programs that address packets directly"},
};

static void check_kernel(struct doctor *doctor)
{
	const struct kernel *kernel = &doctor->kernel;

	kernel_read(&doctor->kernel);
	if (kernel->version < KERNEL_OLDEST)
		findings_note(doctor->findings, FINDING_KERNEL,
			      "if something below fails, install a kernel of 5.15 or later",
			      "%s %s is older than 5.15, the oldest that flowprobe was made for",
			      kernel->release, kernel->machine);
	else
		findings_ok(doctor->findings, FINDING_KERNEL, "%s %s%s", kernel->release,
			    kernel->machine, kernel->realtime ? " (PREEMPT_RT)" : "");
}

/* --- capabilities --- */

/* Asked of the kernel, because /proc may not be there. */
static unsigned long long effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data))
		return 0;
	return (unsigned long long)data[1].effective << 32 | data[0].effective;
}

/* CAP_SYS_ADMIN stands in for what was split off it in Linux 5.8. */
static int has_capability(unsigned long long capabilities, int number)
{
	int split_off = number == CAP_BPF || number == CAP_PERFMON;

	return (capabilities >> number & 1) || (split_off && (capabilities >> CAP_SYS_ADMIN & 1));
}

int host_is_contained(void)
{
	char text[PROC_TEXT_BYTES];

	proc_read("/proc/self/uid_map", text, sizeof(text));
	return !proc_is_initial_user_namespace(text);
}

static void check_capabilities(struct doctor *doctor)
{
	unsigned long long capabilities = effective_capabilities();
	int missing = 0;

	for (size_t i = 0; i < sizeof(needed_capabilities) / sizeof(needed_capabilities[0]); i++) {
		const struct needed_capability *needed = &needed_capabilities[i];

		if (has_capability(capabilities, needed->number))
			continue;
		missing++;
		findings_fail(doctor->findings, FINDING_CAPABILITY, EXIT_CODE_PRIVILEGE,
			      "run as root, or grant it: AmbientCapabilities= of a service, "
			      "--cap-add of a container",
			      "%s is missing, needed %s", needed->name, needed->purpose);
	}
	if (!missing)
		findings_ok(doctor->findings, FINDING_CAPABILITY,
			    "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are there");
	if (host_is_contained())
		findings_note(doctor->findings, FINDING_CAPABILITY,
			      "run it outside, or in a container without a user namespace of its "
			      "own",
			      "this is a user namespace: its capabilities do not allow to load "
			      "programs");
}

/* --- the rest --- */

/*
 * None of the programs does what lockdown forbids, to read or to write memory of the kernel. So it
 * is of interest only where loading fails.
 */
static void check_lockdown(struct doctor *doctor)
{
	char text[PROC_TEXT_BYTES], word[PROC_WORD_BYTES];
	int err = proc_read(LOCKDOWN_PATH, text, sizeof(text));

	if (err == -EACCES || err == -EPERM)
		findings_ok(doctor->findings, FINDING_LOCKDOWN, "not shown to this user");
	else if (!proc_chosen_word(text, word))
		findings_ok(doctor->findings, FINDING_LOCKDOWN,
			    "this kernel has none, or securityfs is not mounted");
	else if (strcmp(word, "none") == 0)
		findings_ok(doctor->findings, FINDING_LOCKDOWN, "off");
	else
		findings_ok(doctor->findings, FINDING_LOCKDOWN,
			    "%s; flowprobe needs nothing that it forbids", word);
}

static void check_jit(struct doctor *doctor)
{
	char text[PROC_TEXT_BYTES];

	if (proc_read("/proc/sys/net/core/bpf_jit_enable", text, sizeof(text)))
		return; /* a container; or a kernel where it is always on */
	if (text[0] == '0')
		findings_note(doctor->findings, FINDING_JIT, "sysctl net.core.bpf_jit_enable=1",
			      "off: each packet costs several times as much");
	else
		findings_ok(doctor->findings, FINDING_JIT, "on");
}

/* Records carry times of this clock, and are put beside those of others. */
static void check_clock(struct doctor *doctor)
{
	struct timex clock = {.modes = 0}; /* only asks */
	int state = adjtimex(&clock);

	if (state < 0)
		findings_note(doctor->findings, FINDING_CLOCK,
			      "see that the clock is right: `timedatectl`",
			      "whether it is synchronised cannot be asked: %s", strerror(errno));
	else if (state == TIME_ERROR || (clock.status & STA_UNSYNC))
		findings_note(doctor->findings, FINDING_CLOCK,
			      "run chrony or systemd-timesyncd, on the host of a container; else "
			      "times in records may be wrong",
			      "nobody synchronises it");
	else
		findings_ok(doctor->findings, FINDING_CLOCK, "synchronised, to %.3g s or better",
			    (double)clock.maxerror / 1e6);
}

void doctor_check_host(struct doctor *doctor)
{
	check_kernel(doctor);
	check_capabilities(doctor);
	check_lockdown(doctor);
	check_jit(doctor);
	check_clock(doctor);
}
