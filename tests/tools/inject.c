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
#include <getopt.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "packet_builder.h"

#define INJECT_FRAGMENTS_MAX 64
#define INJECT_HEADER_OCTETS_MAX 512
#define INJECT_READ_OCTETS 65536
#define VIRTIO_GSO_UDP_L4 5 /* VIRTIO_NET_HDR_GSO_UDP_L4, in kernel headers since 6.2 */
#define INJECT_EXTENSIONS_MAX 10
#define INJECT_UNSET UINT32_MAX
#define EXIT_USAGE 64
#define ETHERTYPE_SERVICE_TAG 0x88a8

/* What the options say; each is written by one row of inject_option_table. */
struct inject_options {
	const char *interface;
	const char *tun; /* instead of interface: the name of the device to make */
	const char *protocol_name;
	const char *extension_names; /* separated by commas */
	const char *source_mac_text;
	const char *destination_mac_text;
	uint64_t count;
	uint32_t flows;
	uint32_t payload_octets;
	uint32_t fragments;
	uint32_t gso_size;
	uint32_t linear_octets;
	uint32_t pad_to;
	uint32_t hold;
	uint32_t ipv6;
	uint32_t reversed;
	uint32_t vlan; /* INJECT_UNSET: no tag */
	uint32_t outer_vlan;
	uint32_t ethertype; /* a frame that is not IP; INJECT_UNSET: IP */
	struct packet_layer ip;
	struct packet_layer transport;
	struct packet_layer extensions[INJECT_EXTENSIONS_MAX]; /* up to LAYER_END */
	uint8_t source_mac[6];
	uint8_t destination_mac[6];
};

/* What goes out for one --count: one packet or its fragments. */
struct inject_train {
	struct iovec *packets;
	uint32_t count;
	uint64_t ip_packets; /* as a receiver without offloads counts them */
	uint64_t ip_octets;
	struct virtio_net_hdr offload;
};

__attribute__((format(printf, 1, 2), noreturn)) static void inject_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("inject: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void inject_usage(const char *option, const char *value)
{
	fprintf(stderr, "inject: --%s does not take '%s'; see --help\n", option, value);
	exit(EXIT_USAGE);
}

enum inject_option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_WORDS, /* a number of octets that must be a multiple of 4 */
};

struct inject_option {
	const char *name;
	enum inject_option_kind kind;
	size_t offset; /* in struct inject_options */
	size_t size;
	uint64_t max;
	const char *help;
};

#define FIELD(field) \
	offsetof(struct inject_options, field), sizeof(((struct inject_options *)0)->field)

static const struct inject_option inject_option_table[] = {
	{"tun", OPTION_TEXT, FIELD(tun), 0,
	 "NAME: make this TUN device, send IP packets out of it"},
	{"hold", OPTION_FLAG, FIELD(hold), 0, "keep the TUN device until stdin closes"},
	{"count", OPTION_NUMBER, FIELD(count), UINT32_MAX, "packets, or trains of fragments [1]"},
	{"flows", OPTION_NUMBER, FIELD(flows), 65536, "packet i has source port sport + i % N [1]"},
	{"payload", OPTION_NUMBER, FIELD(payload_octets), 65535, "octets behind all headers [20]"},
	{"proto", OPTION_TEXT, FIELD(protocol_name), 0,
	 "udp, tcp, icmp, icmpv6, udplite, sctp, dccp, or a number for no header [udp]"},
	{"sport", OPTION_NUMBER, FIELD(transport.source_port), 65535, "[1234]"},
	{"dport", OPTION_NUMBER, FIELD(transport.destination_port), 65535, "[5678]"},
	{"tcp-flags", OPTION_NUMBER, FIELD(transport.tcp_flags), 0xfff, "12 bits, as 0x12 [0x10]"},
	{"tcp-options", OPTION_WORDS, FIELD(transport.size), 40, "octets of TCP options [0]"},
	{"icmp-type", OPTION_NUMBER, FIELD(transport.type), 255, "[8, icmpv6: 128]"},
	{"icmp-code", OPTION_NUMBER, FIELD(transport.code), 255, "[0]"},
	{"ipv6", OPTION_FLAG, FIELD(ipv6), 0, "instead of IPv4"},
	{"src", OPTION_TEXT, FIELD(ip.source), 0, "[192.0.2.1, 2001:db8::1]"},
	{"dst", OPTION_TEXT, FIELD(ip.destination), 0, "[198.51.100.2, 2001:db8:ffff::2]"},
	{"ttl", OPTION_NUMBER, FIELD(ip.ttl), 255, "[64]"},
	{"tos", OPTION_NUMBER, FIELD(ip.tos), 255, "[0]"},
	{"flow-label", OPTION_NUMBER, FIELD(ip.flow_label), 0xfffff, "[0]"},
	{"ip-id", OPTION_NUMBER, FIELD(ip.id), UINT32_MAX, "identification; flow i has N + i [1]"},
	{"ip-options", OPTION_WORDS, FIELD(ip.size), 40, "octets of IPv4 options [0]"},
	{"extensions", OPTION_TEXT, FIELD(extension_names), 0,
	 "IPv6 extension headers: hop, routing, destination, separated by commas"},
	{"fragments", OPTION_NUMBER, FIELD(fragments), INJECT_FRAGMENTS_MAX,
	 "cut each packet into N fragments"},
	{"reverse", OPTION_FLAG, FIELD(reversed), 0, "send the fragments last one first"},
	{"gso", OPTION_NUMBER, FIELD(gso_size), 65535,
	 "send super-packets (tcp, udp) with segments of N octets"},
	{"linear", OPTION_NUMBER, FIELD(linear_octets), 65535,
	 "only N octets in the linear part of the sk_buff; needs frames of more than a page"},
	{"vlan", OPTION_NUMBER, FIELD(vlan), 0xffff, "802.1Q tag: id, and priority above bit 12"},
	{"qinq", OPTION_NUMBER, FIELD(outer_vlan), 0xffff, "802.1ad tag outside of it"},
	{"ethertype", OPTION_NUMBER, FIELD(ethertype), 0xffff,
	 "a frame of this type with only --payload in it"},
	{"smac", OPTION_TEXT, FIELD(source_mac_text), 0, "[02:00:5e:10:00:01]"},
	{"dmac", OPTION_TEXT, FIELD(destination_mac_text), 0, "[02:00:5e:10:00:02]"},
	{"pad", OPTION_NUMBER, FIELD(pad_to), 65535, "fill frames up to N octets"},
	{"help", OPTION_FLAG, 0, 0, 0, ""},
};

#define INJECT_OPTIONS (sizeof(inject_option_table) / sizeof(inject_option_table[0]))

static void inject_print_help(void)
{
	size_t i;

	puts("usage: inject INTERFACE [options]     send frames on an interface\n"
	     "       inject --tun NAME [options]    send packets into the host through a TUN "
	     "device\n");
	for (i = 0; i < INJECT_OPTIONS; i++)
		printf("  --%s%*s%s\n", inject_option_table[i].name,
		       (int)(14 - strlen(inject_option_table[i].name)), "",
		       inject_option_table[i].help);
	puts("\nPrints {\"packets\":N,\"octets\":N}: the IP packets and IP octets sent, "
	     "super-packets "
	     "as their\nsegments. The caller sets the TUN device up (ip link set NAME up); inject "
	     "waits for that.");
}

static void inject_store(struct inject_options *options, const struct inject_option *option,
			 uint64_t number)
{
	void *field = (char *)options + option->offset;

	if (option->size == 1)
		*(uint8_t *)field = (uint8_t)number;
	else if (option->size == 2)
		*(uint16_t *)field = (uint16_t)number;
	else if (option->size == 4)
		*(uint32_t *)field = (uint32_t)number;
	else
		*(uint64_t *)field = number;
}

static uint64_t inject_number(const char *option, const char *value, uint64_t max)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno || end == value || *end || *value == '-' || number > max)
		inject_usage(option, value);
	return number;
}

static void inject_take(struct inject_options *options, const struct inject_option *option,
			const char *value)
{
	uint64_t number;

	if (option->kind == OPTION_FLAG) {
		inject_store(options, option, 1);
		return;
	}
	if (option->kind == OPTION_TEXT) {
		*(const char **)(void *)((char *)options + option->offset) = value;
		return;
	}
	number = inject_number(option->name, value, option->max);
	if (option->kind == OPTION_WORDS && number % 4)
		inject_usage(option->name, value);
	inject_store(options, option, number);
}

static void inject_mac(const char *option, const char *value, uint8_t mac[6])
{
	unsigned int octets[6];
	char rest;
	int i;

	if (!value)
		return;
	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%c", &octets[0], &octets[1], &octets[2],
		   &octets[3], &octets[4], &octets[5], &rest) != 6)
		inject_usage(option, value);
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)octets[i];
}

static void inject_protocol(struct inject_options *options)
{
	static const struct {
		const char *name;
		enum packet_layer_kind kind;
	} protocols[] = {
		{"udp", LAYER_UDP},	     {"tcp", LAYER_TCP},   {"icmp", LAYER_ICMP},
		{"icmpv6", LAYER_ICMPV6},    {"sctp", LAYER_SCTP}, {"dccp", LAYER_DCCP},
		{"udplite", LAYER_UDP_LITE},
	};
	size_t i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(options->protocol_name, protocols[i].name) == 0) {
			options->transport.kind = protocols[i].kind;
			break;
		}
	}
	if (i == sizeof(protocols) / sizeof(protocols[0])) {
		options->transport.kind = LAYER_PROTOCOL;
		options->transport.value =
			(uint16_t)inject_number("proto", options->protocol_name, 255);
	}
	if (options->transport.kind == LAYER_ICMP && !options->transport.type)
		options->transport.type = 8;
	if (options->transport.kind == LAYER_ICMPV6 && !options->transport.type)
		options->transport.type = 128;
}

static void inject_extensions(struct inject_options *options)
{
	static const struct {
		const char *name;
		enum packet_layer_kind kind;
	} headers[] = {
		{"hop", LAYER_HOP_BY_HOP},
		{"routing", LAYER_ROUTING},
		{"destination", LAYER_DESTINATION_OPTIONS},
	};
	const char *name = options->extension_names;
	size_t count = 0, length, i;

	for (; name; name = name[length] ? name + length + 1 : NULL) {
		length = strcspn(name, ",");
		for (i = 0; i < 3; i++) {
			if (strlen(headers[i].name) == length &&
			    memcmp(headers[i].name, name, length) == 0)
				break;
		}
		if (i == 3 || count == INJECT_EXTENSIONS_MAX - 1)
			inject_usage("extensions", options->extension_names);
		options->extensions[count++].kind = headers[i].kind;
	}
}

static void inject_check(struct inject_options *options)
{
	enum packet_layer_kind kind;

	options->ip.kind = options->ipv6 ? LAYER_IPV6 : LAYER_IPV4;
	inject_protocol(options);
	inject_extensions(options);
	inject_mac("smac", options->source_mac_text, options->source_mac);
	inject_mac("dmac", options->destination_mac_text, options->destination_mac);
	kind = options->transport.kind;
	if (options->fragments > 1 && (options->gso_size || options->extension_names))
		inject_usage("fragments", "--gso or --extensions beside it");
	if (options->gso_size &&
	    ((kind != LAYER_TCP && kind != LAYER_UDP) || options->ethertype != INJECT_UNSET))
		inject_usage("gso", "anything but tcp or udp");
	if (!options->flows)
		inject_usage("flows", "0");
}

static void inject_parse(struct inject_options *options, int argc, char **argv)
{
	struct option list[INJECT_OPTIONS + 1] = {{0}};
	int option, index = 0;
	size_t i;

	*options = (struct inject_options){
		.protocol_name = "udp",
		.vlan = INJECT_UNSET,
		.outer_vlan = INJECT_UNSET,
		.ethertype = INJECT_UNSET,
		.count = 1,
		.flows = 1,
		.payload_octets = 20,
		.ip.id = 1,
		.transport.source_port = PACKET_SOURCE_PORT,
		.transport.destination_port = PACKET_DESTINATION_PORT,
		.transport.tcp_flags = 0x010,
	};
	memcpy(options->source_mac, packet_source_mac, 6);
	memcpy(options->destination_mac, packet_destination_mac, 6);
	for (i = 0; i < INJECT_OPTIONS; i++) {
		list[i].name = inject_option_table[i].name;
		list[i].has_arg = inject_option_table[i].kind != OPTION_FLAG;
	}
	while ((option = getopt_long(argc, argv, "", list, &index)) != -1) {
		if (option == '?')
			exit(EXIT_USAGE);
		if (strcmp(list[index].name, "help") == 0) {
			inject_print_help();
			exit(EXIT_SUCCESS);
		}
		inject_take(options, &inject_option_table[index], optarg);
	}
	options->interface = options->tun;
	if (!options->tun && optind < argc)
		options->interface = argv[optind++];
	if (!options->interface || optind != argc) {
		fputs("inject: takes one interface, or --tun NAME; see --help\n", stderr);
		exit(EXIT_USAGE);
	}
	inject_check(options);
}

/* Whether each packet is written with a virtio_net_hdr in front. */
static int inject_has_offload(const struct inject_options *options)
{
	return options->gso_size || options->linear_octets;
}

static void inject_push_link(struct packet_builder *builder, const struct inject_options *options)
{
	struct packet_layer ethernet = {.kind = LAYER_ETHERNET,
					.source_mac = options->source_mac,
					.destination_mac = options->destination_mac};
	struct packet_layer tag = {.kind = LAYER_VLAN};

	if (options->tun)
		return;
	packet_builder_push(builder, &ethernet);
	if (options->outer_vlan != INJECT_UNSET) {
		tag.tpid = ETHERTYPE_SERVICE_TAG;
		tag.tci = (uint16_t)options->outer_vlan;
		packet_builder_push(builder, &tag);
	}
	if (options->vlan != INJECT_UNSET) {
		tag.tpid = 0;
		tag.tci = (uint16_t)options->vlan;
		packet_builder_push(builder, &tag);
	}
}

static void inject_build(struct packet_builder *builder, const struct inject_options *options,
			 uint32_t flow)
{
	struct packet_layer payload = {.kind = LAYER_PAYLOAD, .size = options->payload_octets};
	struct packet_layer type = {.kind = LAYER_TYPE, .value = (uint16_t)options->ethertype};
	struct packet_layer transport = options->transport, ip = options->ip;

	inject_push_link(builder, options);
	transport.source_port = (uint16_t)(options->transport.source_port + flow);
	ip.id += flow;
	if (options->ethertype != INJECT_UNSET) {
		packet_builder_push(builder, &type);
	} else {
		packet_builder_push(builder, &ip);
		packet_builder_push_all(builder, options->extensions);
		packet_builder_push(builder, &transport);
	}
	packet_builder_push(builder, &payload);
	if (options->gso_size)
		packet_builder_finish_partial(builder);
	else
		packet_builder_finish(builder);
}

static void inject_start(struct packet_builder *builder, const struct inject_options *options)
{
	size_t size = INJECT_HEADER_OCTETS_MAX + options->payload_octets + options->pad_to;
	uint8_t *memory = malloc(size);

	if (!memory)
		inject_fail("no memory");
	packet_builder_init(builder, memory, size);
}

/* Adds a packet, or a super-packet as what it becomes, to the figures. */
static void inject_measure(struct inject_train *train, const struct inject_options *options,
			   const struct packet_builder *builder)
{
	const struct packet_builder_layer *ip =
		packet_builder_find(builder, LAYER_IPV4, LAYER_IPV6);
	const struct packet_builder_layer *transport =
		packet_builder_find(builder, LAYER_TCP, LAYER_UDP);
	uint64_t segments = 1, headers;

	if (!ip)
		return;
	if (options->gso_size) {
		headers = transport->offset + transport->size - ip->offset;
		segments = (options->payload_octets + options->gso_size - 1) / options->gso_size;
		segments = segments ? segments : 1;
		train->ip_octets += (segments - 1) * headers;
		train->offload = (struct virtio_net_hdr){
			.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			.gso_type = transport->layer.kind == LAYER_UDP ? VIRTIO_GSO_UDP_L4
				    : options->ipv6		       ? VIRTIO_NET_HDR_GSO_TCPV6
								       : VIRTIO_NET_HDR_GSO_TCPV4,
			.hdr_len = (uint16_t)(transport->offset + transport->size),
			.gso_size = (uint16_t)options->gso_size,
			.csum_start = (uint16_t)transport->offset,
			.csum_offset = transport->layer.kind == LAYER_UDP ? 6 : 16,
		};
	}
	if (options->linear_octets)
		train->offload.hdr_len = (uint16_t)options->linear_octets;
	train->ip_packets += segments;
	train->ip_octets += builder->length - ip->offset;
}

/* Measures and pads a finished packet, and keeps its octets alone. */
static void inject_keep(struct inject_train *train, const struct inject_options *options,
			struct packet_builder *builder)
{
	struct iovec *packet = &train->packets[train->count++];

	inject_measure(train, options, builder);
	packet_builder_pad(builder, options->pad_to);
	packet->iov_len = builder->length;
	packet->iov_base = realloc(builder->data, builder->length ? builder->length : 1);
	if (!packet->iov_base)
		inject_fail("no memory");
}

/* Equal parts of a multiple of 8 octets; the last one also has the rest. */
static void inject_cut(struct inject_train *train, const struct inject_options *options,
		       const struct packet_builder *whole, uint32_t id)
{
	const struct packet_builder_layer *ip = packet_builder_find(whole, LAYER_IPV4, LAYER_IPV6);
	size_t octets = whole->length - ip->offset - ip->size, size;
	size_t part = octets / options->fragments / 8 * 8;
	struct packet_builder fragment;
	uint32_t i;

	if (!part)
		inject_fail("%zu octets cannot be cut into %u fragments", octets,
			    options->fragments);
	for (i = 0; i < options->fragments; i++) {
		size = i + 1 < options->fragments ? part : octets - i * part;
		inject_start(&fragment, options);
		packet_builder_fragment(&fragment, whole, i * part, size, id);
		inject_keep(train, options, &fragment);
	}
}

/* Flows differ in source port and, so that their fragments cannot be mixed up, identification. */
static void inject_make_train(struct inject_train *train, const struct inject_options *options,
			      uint32_t flow)
{
	struct packet_builder whole;

	train->packets =
		calloc(options->fragments ? options->fragments : 1, sizeof(*train->packets));
	if (!train->packets)
		inject_fail("no memory");
	inject_start(&whole, options);
	inject_build(&whole, options, flow);
	if (options->fragments > 1 && options->ethertype == INJECT_UNSET) {
		inject_cut(train, options, &whole, options->ip.id + flow);
		free(whole.data);
	} else {
		inject_keep(train, options, &whole);
	}
}

static void inject_free_train(struct inject_train *train)
{
	uint32_t i;

	for (i = 0; i < train->count; i++)
		free(train->packets[i].iov_base);
	free(train->packets);
}

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
