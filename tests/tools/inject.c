// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sends crafted packets, an exact number of them, for the tests with real traffic.
 *
 * In: a packet described by options. Out: the packet on an interface, through AF_PACKET (so through
 * the tc egress hook of that interface and the ingress hooks of its peer), or into the host through
 * a TUN device (ingress of a device without an Ethernet header). One JSON line on stdout says how
 * many IP packets and IP octets that was, counted as a receiver without offloads would.
 *
 * With --gso the kernel gets one super-packet and the order to segment it, as from a TCP socket.
 * A packet the kernel does not take ends the program with an error: the line is exact or not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "inject_options.h"
#include "inject_train.h"

#define INJECT_READ_OCTETS 65536

static void inject_send(const struct inject_train *train, const struct inject_options *options,
			int fd)
{
	const struct iovec *packet;
	struct virtio_net_hdr offload = train->offload;
	struct iovec parts[2] = {{.iov_base = &offload, .iov_len = sizeof(offload)}};
	uint32_t i;
	ssize_t sent;

	for (i = 0; i < train->count; i++) {
		packet = &train->packets[options->reversed ? train->count - 1 - i : i];
		parts[1] = *packet;
		do {
			sent = writev(fd, inject_has_offload(options) ? parts : parts + 1,
				      inject_has_offload(options) ? 2 : 1);
		} while (sent < 0 && errno == EINTR);
		if (sent < 0)
			inject_fail("%s does not take a packet of %zu octets: %s",
				    options->interface, packet->iov_len, strerror(errno));
	}
}

static int inject_open_packet(const struct inject_options *options)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET};
	int one = 1;
	int fd;

	address.sll_ifindex = (int)if_nametoindex(options->interface);
	if (!address.sll_ifindex)
		inject_fail("there is no interface %s", options->interface);
	/* Protocol 0: this socket receives nothing. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    (inject_has_offload(options) &&
	     setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one))))
		inject_fail("cannot send on %s: %s", options->interface, strerror(errno));
	return fd;
}

/* Waits, by listening to link changes, until the caller has set the device up. */
static void inject_await_up(const char *name)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	int links = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct ifreq request = {0};
	char message[8192];

	if (links < 0 || bind(links, (struct sockaddr *)&address, sizeof(address)))
		inject_fail("cannot listen to link changes: %s", strerror(errno));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	while (1) {
		if (ioctl(links, SIOCGIFFLAGS, &request))
			inject_fail("%s is gone: %s", name, strerror(errno));
		if ((request.ifr_flags & IFF_UP) && (request.ifr_flags & IFF_RUNNING))
			break;
		if (recv(links, message, sizeof(message), 0) < 0 && errno != EINTR &&
		    errno != ENOBUFS)
			inject_fail("cannot listen to link changes: %s", strerror(errno));
	}
	close(links);
}

static int inject_open_tun(const struct inject_options *options)
{
	struct ifreq request = {0};
	int size = sizeof(struct virtio_net_hdr);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		inject_fail("cannot open /dev/net/tun: %s", strerror(errno));
	if (strlen(options->interface) >= sizeof(request.ifr_name))
		inject_usage("tun", options->interface);
	strcpy(request.ifr_name, options->interface);
	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (inject_has_offload(options))
		request.ifr_flags |= IFF_VNET_HDR;
	if (ioctl(fd, TUNSETIFF, &request) ||
	    (inject_has_offload(options) && ioctl(fd, TUNSETVNETHDRSZ, &size)))
		inject_fail("cannot make TUN device %s: %s", options->interface, strerror(errno));
	inject_await_up(options->interface);
	return fd;
}

/* Keeps the device, and reads what the host sends to it, until stdin closes. */
static void inject_hold_tun(int fd)
{
	struct pollfd polled[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				   {.fd = fd, .events = POLLIN}};
	char octets[INJECT_READ_OCTETS];

	while (1) {
		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			inject_fail("poll: %s", strerror(errno));
		if (polled[0].revents && read(STDIN_FILENO, octets, sizeof(octets)) <= 0)
			return;
		if (polled[1].revents && read(fd, octets, sizeof(octets)) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	struct inject_options options;
	struct inject_train *trains;
	uint64_t packets = 0, octets = 0, i;
	uint32_t flow;
	int fd;

	inject_parse(&options, argc, argv);
	trains = calloc(options.flows, sizeof(*trains));
	if (!trains)
		inject_fail("no memory");
	fd = options.tun ? inject_open_tun(&options) : inject_open_packet(&options);
	for (i = 0; i < options.count; i++) {
		flow = (uint32_t)(i % options.flows);
		if (!trains[flow].count)
			inject_make_train(&trains[flow], &options, flow);
		inject_send(&trains[flow], &options, fd);
		packets += trains[flow].ip_packets;
		octets += trains[flow].ip_octets;
	}
	printf("{\"packets\":%llu,\"octets\":%llu}\n", (unsigned long long)packets,
	       (unsigned long long)octets);
	fflush(stdout);
	if (options.tun && options.hold)
		inject_hold_tun(fd);
	for (flow = 0; flow < options.flows; flow++)
		inject_free_train(&trains[flow]);
	free(trains);
	close(fd);
	return EXIT_SUCCESS;
}
