/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What rtnetlink messages say, as far as flowprobe wants to know. Pure functions: each reads one
 * message that lies entirely in memory (rtnetlink_walk sees to that), trusts nothing inside it, and
 * keeps no pointer into it.
 *
 * Each returns 1 and fills its result, 0 for a message about something else, -EBADMSG for one that
 * contradicts itself.
 */
#ifndef FLOWPROBE_RTNETLINK_PARSE_H
#define FLOWPROBE_RTNETLINK_PARSE_H

#include <linux/netlink.h>
#include <stdint.h>

#define RTNETLINK_ALIAS_BYTES 256 /* IFALIASZ */

struct rtnetlink_link {
	uint32_t ifindex;
	char name[16];
	char alias[RTNETLINK_ALIAS_BYTES]; /* "": none */
	unsigned int flags; /* IFF_* */
	uint16_t hardware_type; /* ARPHRD_* */
	uint32_t mtu;
	uint32_t link_ifindex; /* IFLA_LINK, 0: none */
};

/* RTM_NEWLINK, RTM_DELLINK. Bridge ports and wireless events use the same message types for another
 * thing: 0. */
int rtnetlink_parse_link(const struct nlmsghdr *message, struct rtnetlink_link *link);

/*
 * RTM_NEWROUTE: calls carrier for each interface of a default route (IPv4 or IPv6, main table,
 * unicast) in the order of its next hops. On -EBADMSG it may have been called.
 */
int rtnetlink_parse_default_route(const struct nlmsghdr *message,
				  void (*carrier)(void *arg, uint32_t ifindex), void *arg);

struct rtnetlink_filter {
	uint32_t handle; /* 0: the message is about the classifier, not about a filter of it */
	uint32_t chain;
	uint16_t priority;
	uint16_t protocol; /* ETH_P_*, host order */
	char kind[16]; /* "bpf", "flower", ... */
	uint32_t program_id; /* kind "bpf" only; 0: classic BPF */
	char name[64]; /* kind "bpf" only; "" if it has none, cut if longer */
};

/* RTM_NEWTFILTER. */
int rtnetlink_parse_filter(const struct nlmsghdr *message, struct rtnetlink_filter *filter);

/* RTM_NEWQDISC: its kind ("clsact", "ingress", ...). */
int rtnetlink_parse_qdisc(const struct nlmsghdr *message, char kind[16]);

#endif
