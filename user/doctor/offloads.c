// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: offloads, see offloads.h.
 *
 * tc programs see packets merged by GRO as one, which says how many there were; those of the wire
 * are counted all the same. So GRO, in the kernel or in the NIC, is nothing to report there, nor are
 * TSO and GSO on the way out. LRO is: what it merges cannot be told apart exactly. XDP is in front of
 * the kernel's GRO, but behind what the NIC does; and its generic mode is behind both.
 */
#include "doctor/offloads.h"

#include <stdio.h>

#define XDP_MTU_MAX 3498 /* what fits into a page beside what XDP wants for itself */
#define FIX_BYTES 128

void offloads_look(struct offload_look *look, const struct interface *interface, int xdp)
{
	*look = (struct offload_look){.interface = interface, .xdp = xdp};
	netdev_offloads(interface->name, &look->offloads);
	look->has_xdp_features = netdev_xdp_features(interface->ifindex, &look->xdp_features) == 0;
}

/* How to do without that feature, in the words of ethtool; only_xdp: it does no harm to others. */
static const char *off_fix(const struct offload_look *look, const char *feature, int only_xdp,
			   char fix[static FIX_BYTES])
{
	snprintf(fix, FIX_BYTES, "%sswitch it off: ethtool -K %s %s off",
		 only_xdp ? "use --hook auto, or " : "", look->interface->name, feature);
	return fix;
}

static int is_native(const struct offload_look *look)
{
	return !look->has_xdp_features || (look->xdp_features & NETDEV_XDP_BASIC);
}

static void report_xdp_mode(const struct offload_look *look, struct findings *findings)
{
	const struct interface *interface = look->interface;
	char fix[FIX_BYTES];

	if (!look->has_xdp_features)
		findings_ok(findings, FINDING_XDP,
			    "%s: native or generic, this kernel tells only when attaching",
			    interface->name);
	else if (is_native(look))
		findings_ok(findings, FINDING_XDP, "%s: the driver has native XDP",
			    interface->name);
	else if (look->offloads.gro)
		findings_note(findings, FINDING_XDP, off_fix(look, "gro", 1, fix),
			      "%s: the driver has no native XDP, and GRO is on: generic XDP sees "
			      "packets that it has merged as one",
			      interface->name);
	else
		findings_note(findings, FINDING_XDP, "use --hook auto, which costs less then",
			      "%s: the driver has no native XDP", interface->name);
	if (is_native(look) && interface->mtu > XDP_MTU_MAX &&
	    !(look->xdp_features & NETDEV_XDP_FRAGMENTS))
		findings_note(findings, FINDING_XDP, "use --hook auto, or lower the MTU",
			      "%s: with an MTU of %u the driver may refuse native XDP",
			      interface->name, interface->mtu);
}

void offloads_report(const struct offload_look *look, struct findings *findings)
{
	const char *name = look->interface->name;
	char fix[FIX_BYTES];

	if (look->xdp)
		report_xdp_mode(look, findings);
	if (look->offloads.lro)
		findings_note(findings, FINDING_OFFLOAD, off_fix(look, "lro", 0, fix),
			      "%s: LRO is on: packets that the NIC has merged cannot all be told "
			      "apart, so packets and octets may be too few",
			      name);
	if (look->xdp && look->offloads.gro_hw)
		findings_note(findings, FINDING_OFFLOAD, off_fix(look, "rx-gro-hw", 1, fix),
			      "%s: rx-gro-hw is on: XDP counts packets that the NIC has merged as "
			      "one",
			      name);
	if (look->xdp && look->offloads.vlan)
		findings_note(findings, FINDING_OFFLOAD, off_fix(look, "rxvlan", 1, fix),
			      "%s: rx-vlan-offload is on: XDP does not see the VLAN tag that the "
			      "NIC takes off",
			      name);
}
