// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Between rtnetlink and the table of interfaces: the first packet of a new interface should be
 * counted, so the agent has to hear of it at once.
 *
 * In: the notification groups for links and routes on one socket, and full dumps on sockets of
 * their own (rtnetlink.c). Out: calls into interface_table.c, which reports differences. The socket
 * is subscribed before the first dump, so nothing falls between the two. Should the kernel drop
 * notifications (ENOBUFS), or should one be unreadable, everything still queued is thrown away
 * before a new dump: what is older than the dump must not be applied on top of it. A dump that
 * fails, or during which things never hold still, leaves the state stale, and the next call of
 * interfaces_process tries again; since nothing says that there will be news, it is also to be
 * called by a timer.
 *
 * A socket filter drops route changes other than new default routes in the kernel: a router with a
 * full table would otherwise wake the agent thousands of times per second. It must let every new
 * default route through, for the first one also ends the mode "all up". Default routes that go away
 * are of no interest, since having carried one is what counts.
 */
#include "capture/interfaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/interface_table.h"
#include "capture/rtnetlink.h"
#include "lib/log.h"

#define QUEUE_BYTES (4 << 20) /* thousands of notifications */
#define DATAGRAMS_PER_CALL 1024 /* other work gets its turn */
#define DUMP_ATTEMPTS 8

struct interfaces {
	struct interface_table *table;
	int fd;
	int stale; /* news were lost: a full dump is due */
	unsigned char buffer[RTNETLINK_DATAGRAM_BYTES] __attribute__((aligned(8)));
};

static int interfaces_subscribe(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_NEWLINK, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_DELLINK, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RTM_NEWROUTE, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS,
			 NLMSG_HDRLEN + offsetof(struct rtmsg, rtm_dst_len)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_filter in_network_order[sizeof(code) / sizeof(code[0])];
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	struct sockaddr_nl address = {.nl_family = AF_NETLINK};
	const int queue_bytes = QUEUE_BYTES;
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(code[0])};
	int err, fd;
	size_t i;

	/* Classic BPF loads in network order what netlink writes in host order. */
	for (i = 0; i < filter.len; i++) {
		in_network_order[i] = code[i];
		if (i >= 1 && i <= 3)
			in_network_order[i].k = htons(code[i].k);
	}
	filter.filter = in_network_order;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes, sizeof(queue_bytes)))
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &queue_bytes, sizeof(queue_bytes));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address)))
		goto out;
	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])))
			goto out;
	return fd;
out:
	err = -errno;
	close(fd);
	return err;
}

static void interfaces_default_route(void *arg, uint32_t ifindex)
{
	struct interfaces *interfaces = arg;

	interface_table_default_route(interfaces->table, ifindex);
}

static int interfaces_message(void *arg, const struct nlmsghdr *message)
{
	struct interfaces *interfaces = arg;
	struct rtnetlink_link link;
	int err;

	if (message->nlmsg_type == RTM_NEWROUTE) {
		err = rtnetlink_parse_default_route(message, interfaces_default_route, interfaces);
		return err < 0 ? err : 0;
	}
	err = rtnetlink_parse_link(message, &link);
	if (err <= 0)
		return err;
	if (message->nlmsg_type == RTM_NEWLINK)
		return interface_table_set(interfaces->table, &link);
	interface_table_remove(interfaces->table, link.ifindex);
	return 0;
}

static int interfaces_dump_links(struct interfaces *interfaces)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
		struct rtattr attribute;
		uint32_t mask;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = NLM_F_DUMP},
		.attribute = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = IFLA_EXT_MASK},
		.mask = RTEXT_FILTER_SKIP_STATS,
	};

	return rtnetlink_request(&request.header, interfaces_message, interfaces);
}

static int interfaces_dump_routes(struct interfaces *interfaces, int family)
{
	struct {
		struct nlmsghdr header;
		struct rtmsg route;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_GETROUTE,
			   .nlmsg_flags = NLM_F_DUMP},
		.route = {.rtm_family = family, .rtm_table = RT_TABLE_MAIN},
	};
	int err = rtnetlink_request(&request.header, interfaces_message, interfaces);

	/* The table does not exist before it gets its first route; IPv6 may not exist at all. */
	if (err == -ENOENT || err == -EOPNOTSUPP || err == -EAFNOSUPPORT)
		return 0;
	return err;
}

static int interfaces_dump(struct interfaces *interfaces)
{
	int attempt, links = -EAGAIN, routes = -EAGAIN;

	interfaces->stale = 1;
	for (attempt = 0; attempt < DUMP_ATTEMPTS && links == -EAGAIN; attempt++) {
		interface_table_mark(interfaces->table);
		links = interfaces_dump_links(interfaces);
	}
	if (links && links != -EAGAIN)
		return links;
	/* A list that never held still may lack something, but all it has is there. What changed
	 * meanwhile is in the queue; what did not is found by the next dump. */
	if (!links)
		interface_table_sweep(interfaces->table);

	for (attempt = 0; attempt < DUMP_ATTEMPTS && routes == -EAGAIN; attempt++) {
		routes = interfaces_dump_routes(interfaces, AF_INET);
		if (!routes)
			routes = interfaces_dump_routes(interfaces, AF_INET6);
	}
	if (routes && routes != -EAGAIN)
		return routes;
	interfaces->stale = links || routes;
	return 0;
}

struct interfaces *interfaces_open(const struct interface_selection *selection,
				   const struct interface_events *events)
{
	struct interfaces *interfaces = calloc(1, sizeof(*interfaces));
	int err;

	if (!interfaces)
		return NULL;
	interfaces->fd = interfaces_subscribe();
	if (interfaces->fd < 0) {
		err = interfaces->fd;
	} else {
		interfaces->table = interface_table_new(selection, events);
		err = interfaces->table ? interfaces_dump(interfaces) : -errno;
	}
	if (err) {
		interfaces_close(interfaces);
		errno = -err;
		return NULL;
	}
	interface_table_decide(interfaces->table);
	interface_table_evaluate(interfaces->table);
	return interfaces;
}

void interfaces_close(struct interfaces *interfaces)
{
	if (!interfaces)
		return;
	if (interfaces->fd >= 0)
		close(interfaces->fd);
	interface_table_free(interfaces->table);
	free(interfaces);
}

int interfaces_fd(const struct interfaces *interfaces)
{
	return interfaces->fd;
}

void interfaces_report(struct interfaces *interfaces)
{
	interface_table_report_all(interfaces->table);
}

/* One datagram. 1: read, go on; 0: none there; negative errno. */
static int interfaces_receive(struct interfaces *interfaces)
{
	int got = rtnetlink_receive(interfaces->fd, interfaces->buffer, sizeof(interfaces->buffer),
				    MSG_DONTWAIT);

	if (got == -EAGAIN)
		return 0;
	if (got < 0 && got != -ENOBUFS && got != -EMSGSIZE)
		return got;
	if (got < 0 || (!interfaces->stale &&
			rtnetlink_walk(interfaces->buffer, got, interfaces_message, interfaces)))
		interfaces->stale = 1;
	return 1;
}

int interfaces_process(struct interfaces *interfaces)
{
	int datagrams = 0, err;

	do
		err = interfaces_receive(interfaces);
	while (err > 0 && ++datagrams < DATAGRAMS_PER_CALL);
	/* Not before the queue is empty: see above. */
	if (err == 0 && interfaces->stale) {
		log_debug("interface notifications were lost: reading all interfaces again");
		err = interfaces_dump(interfaces);
	}
	interface_table_report(interfaces->table);
	return err < 0 ? err : 0;
}

const struct interface *interfaces_get(const struct interfaces *interfaces, uint32_t ifindex)
{
	return interface_table_get(interfaces->table, ifindex);
}

const struct interface *interfaces_next(const struct interfaces *interfaces, size_t *position)
{
	return interface_table_next(interfaces->table, position);
}

int interfaces_select(struct interfaces *interfaces, const struct interface_selection *selection)
{
	return interface_table_select(interfaces->table, selection);
}
