/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* doctor: what the device does before flowprobe sees a packet. */
#ifndef FLOWPROBE_DOCTOR_OFFLOADS_H
#define FLOWPROBE_DOCTOR_OFFLOADS_H

#include "capture/interfaces.h"
#include "capture/netdev.h"
#include "doctor/findings.h"

/* What is known of an interface, for judging it. */
struct offload_look {
	const struct interface *interface;
	struct netdev_offloads offloads;
	int has_xdp_features; /* the kernel has told */
	uint64_t xdp_features; /* NETDEV_XDP_* */
	int xdp; /* ingress is to be by XDP */
};

/* Looks; what cannot be had stays unknown. */
void offloads_look(struct offload_look *look, const struct interface *interface, int xdp);

/* Reports what matters to counts, and to the hook. Pure. */
void offloads_report(const struct offload_look *look, struct findings *findings);

#endif
