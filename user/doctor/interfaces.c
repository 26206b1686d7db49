// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* doctor: interfaces, see interfaces.h. Nothing is attached: whoever else is on a hook is listed, and
 * the lock that keeps two flowprobes apart is only asked for. */
#include "doctor/interfaces.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "agent/selection.h"
#include "capture/attach.h"
#include "capture/hook_list.h"
#include "capture/hook_lock.h"
#include "capture/interfaces.h"
#include "doctor/offloads.h"
#include "doctor/running.h"

#define PROGRAMS_MAX 64
#define LIST_BYTES 512

static const char *const way_names[FLOW_DIRECTIONS] = {
	[FLOW_INGRESS] = "ingress",
	[FLOW_EGRESS] = "egress",
};

struct interface_walk {
	struct doctor *doctor;
	size_t selected;
};

/* What `run` would do in one direction. */
struct plan {
	const struct interface *interface;
	enum flow_direction direction;
	enum hook_kind kind;
	enum probe_program program;
	int owner; /* pid of a flowprobe that is there; 0: one that is not visible from here */
	int has_owner;
};

static int wants(const struct doctor *doctor, enum flow_direction direction)
{
	return doctor->config->direction == CONFIG_DIRECTION_BOTH ||
	       (doctor->config->direction == CONFIG_DIRECTION_INGRESS) ==
		       (direction == FLOW_INGRESS);
}

static struct plan make_plan(const struct doctor *doctor, const struct interface *interface,
			     enum flow_direction direction)
{
	struct plan plan = {.interface = interface, .direction = direction};

	plan.kind = attachments_plan(doctor->attachments, interface, direction, &plan.program);
	plan.has_owner = hook_lock_query(interface->ifindex, direction, &plan.owner) != 0;
	return plan;
}

static int is_xdp(enum hook_kind kind)
{
	return kind == HOOK_XDP_NATIVE || kind == HOOK_XDP_GENERIC;
}

/* --- others on the hook --- */

/* Of a flowprobe, that has the hook's lock. */
static int is_flowprobes(const struct plan *plan, const struct hook_program *program)
{
	if (!plan->has_owner)
		return 0;
	for (int i = 0; i < PROBE_PROGRAMS; i++) {
		const char *name = probe_program_name((enum probe_program)i);

		if (strncmp(program->name, name, strlen(name)) == 0)
			return 1;
	}
	return 0;
}

/* "tcx 12 cil_from_netdev, tc flower". Returns how many there are. */
static int describe_others(const struct plan *plan, enum hook_kind kind,
			   char text[static LIST_BYTES])
{
	struct hook_program list[PROGRAMS_MAX];
	int count = hook_list(plan->interface->ifindex, kind, plan->direction, list, PROGRAMS_MAX);
	int others = 0;
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < count; i++) {
		char id[16] = "";

		if (list[i].id) {
			hook_program_find_name(&list[i]);
			snprintf(id, sizeof(id), " %u", list[i].id);
		}
		if (is_flowprobes(plan, &list[i]))
			continue;
		if (used < LIST_BYTES)
			used += (size_t)snprintf(text + used, LIST_BYTES - used, "%s%s%s%s%s",
						 others ? ", " : "", hook_kind_name(list[i].kind),
						 id, list[i].name[0] ? " " : "", list[i].name);
		others++;
	}
	return others;
}

/* XDP is in front of everything, whoever it is for. */
static void report_xdp_program(struct doctor *doctor, const struct plan *plan)
{
	char others[LIST_BYTES];

	if (!describe_others(plan, HOOK_XDP_NATIVE, others))
		return;
	if (is_xdp(plan->kind))
		findings_fail(doctor->findings, FINDING_XDP, EXIT_CODE_RUNTIME,
			      "use --hook auto, or take that program off",
			      "%s: TAKEN by another XDP program, which flowprobe does not replace: "
			      "%s",
			      plan->interface->name, others);
	else
		findings_note(doctor->findings, FINDING_XDP,
			      "nothing, if only what that program lets pass shall be counted",
			      "%s: an XDP program comes first, and what it drops or redirects is "
			      "not seen: %s",
			      plan->interface->name, others);
}

static void report_others(struct doctor *doctor, const struct plan *plan)
{
	char others[LIST_BYTES];

	if (plan->direction == FLOW_INGRESS &&
	    interface_link_layer(plan->interface) == LINK_ETHERNET)
		report_xdp_program(doctor, plan);
	if (!is_xdp(plan->kind) && describe_others(plan, plan->kind, others))
		findings_note(doctor->findings, FINDING_HOOK,
			      "nothing, as a rule; --ingress-position and --egress-position say "
			      "who comes first, and what those before drop or redirect is not seen",
			      "%s %s: beside %s", plan->interface->name, way_names[plan->direction],
			      others);
}

/* --- one interface --- */

static int describe_plan(const struct plan *plan, char *text, size_t bytes)
{
	return snprintf(text, bytes, "%s by %s (%s)", way_names[plan->direction],
			hook_kind_name(plan->kind), probe_program_name(plan->program));
}

/* `run` refuses a hook that another flowprobe has. */
static void report_owner(struct doctor *doctor, const struct plan *plan)
{
	const char *fix = "stop it, or choose other interfaces with -i";

	if (!plan->has_owner)
		return;
	if (doctor_is_running_agent(doctor, plan->owner))
		fix = "nothing, if that is the one that shall run; else stop it, or choose other "
		      "interfaces with -i";
	findings_fail(doctor->findings, FINDING_INTERFACE, EXIT_CODE_RUNTIME, fix,
		      "%s %s: TAKEN by another flowprobe (pid %d), beside which a second one would "
		      "be refused",
		      plan->interface->name, way_names[plan->direction], plan->owner);
}

static void report_interface(struct doctor *doctor, const struct interface *interface)
{
	struct plan plans[FLOW_DIRECTIONS];
	char text[256] = "";
	size_t count = 0, used = 0;
	struct offload_look look;

	for (int direction = 0; direction < FLOW_DIRECTIONS; direction++) {
		if (wants(doctor, (enum flow_direction)direction))
			plans[count++] =
				make_plan(doctor, interface, (enum flow_direction)direction);
	}
	for (size_t i = 0; i < count; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", i ? ", " : "");
		used += (size_t)describe_plan(&plans[i], text + used, sizeof(text) - used);
	}
	findings_ok(doctor->findings, FINDING_INTERFACE, "%s: %s", interface->name, text);
	if (!(interface->flags & IFF_UP)) {
		snprintf(text, sizeof(text), "ip link set %s up", interface->name);
		findings_note(doctor->findings, FINDING_INTERFACE, text,
			      "%s is down: there is nothing to see", interface->name);
	}
	for (size_t i = 0; i < count; i++) {
		report_owner(doctor, &plans[i]);
		report_others(doctor, &plans[i]);
	}
	offloads_look(&look, interface, is_xdp(plans[0].kind));
	offloads_report(&look, doctor->findings);
}

/* --- all of them --- */

static void interface_selected(void *arg, const struct interface *interface)
{
	struct interface_walk *walk = arg;

	walk->selected++;
	if (walk->doctor->attachments)
		report_interface(walk->doctor, interface);
	else
		findings_ok(walk->doctor->findings, FINDING_INTERFACE, "%s is selected",
			    interface->name);
}

static void interface_unselected(void *arg, const struct interface *interface, int gone)
{
	(void)arg;
	(void)interface;
	(void)gone;
}

void doctor_check_interfaces(struct doctor *doctor)
{
	struct interface_walk walk = {.doctor = doctor};
	const struct interface_events events = {
		.appeared = interface_selected,
		.disappeared = interface_unselected,
		.arg = &walk,
	};
	struct interfaces *interfaces;
	char error[DOCTOR_ERROR_BYTES];

	interfaces = selection_open(doctor->config, &events, error, sizeof(error));
	if (!interfaces) {
		findings_fail(doctor->findings, FINDING_INTERFACE, EXIT_CODE_RUNTIME,
			      "correct -i (interfaces.include)", "%s", error);
		return;
	}
	interfaces_report(interfaces);
	if (!walk.selected)
		findings_note(doctor->findings, FINDING_INTERFACE,
			      "name some with -i, or let `run` wait for one to appear",
			      "none to capture on now");
	interfaces_close(interfaces);
}
