/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the driver of an interface says of itself: which XDP it can, and which offloads are on. For
 * the doctor; nothing here changes anything. */
#ifndef FLOWPROBE_NETDEV_H
#define FLOWPROBE_NETDEV_H

#include <linux/netlink.h>
#include <stdint.h>

/* As in Linux's UAPI since 6.3, which older headers lack. */
#define NETDEV_XDP_BASIC (1u << 0) /* programs that pass, drop, or send back: native XDP */
#define NETDEV_XDP_FRAGMENTS (1u << 5) /* packets in several buffers: any MTU */

/* 0; -EOPNOTSUPP: a kernel before 6.3, which does not tell; or another negative errno. */
int netdev_xdp_features(uint32_t ifindex, uint64_t *features);

/* What of a packet the device does before anybody can see it. All 0 if it does not tell. */
struct netdev_offloads {
	int lro; /* merges packets, and not in a way that can be undone */
	int gro_hw; /* merges packets as GRO does */
	int gro; /* done by the kernel, but behind native XDP */
	int vlan; /* takes the VLAN tag off, and tells the kernel beside the packet */
};

/* Of the interface of that name. 0 or a negative errno. */
int netdev_offloads(const char *name, struct netdev_offloads *offloads);

/* --- what messages say: pure, for tests --- */

/* Answer of the generic netlink controller: 1 and the family's number, 0 if it is about something
 * else, -EBADMSG if it contradicts itself. */
int netdev_parse_family(const struct nlmsghdr *message, uint16_t *family);

/* Answer of the family "netdev" about that interface: in the same way. */
int netdev_parse_xdp(const struct nlmsghdr *message, uint32_t ifindex, uint64_t *features);

#endif
