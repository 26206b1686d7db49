// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The options of tests/tools/inject: see inject_options.h.
 *
 * All that is derived from the options (parsing, ranges, --help) comes from one table, each row of
 * which writes one field of struct inject_options; then what depends on several is worked out.
 */
#include "inject_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 64

void inject_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("inject: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void inject_usage(const char *option, const char *value)
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

void inject_parse(struct inject_options *options, int argc, char **argv)
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
