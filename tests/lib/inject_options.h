/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The options of tests/tools/inject, which describe a packet and how often it is sent, and the two
 * ways that program ends when it cannot do what it was told.
 */
#ifndef FLOWPROBE_TESTS_INJECT_OPTIONS_H
#define FLOWPROBE_TESTS_INJECT_OPTIONS_H

#include <stdint.h>

#include "packet_builder.h"

#define INJECT_FRAGMENTS_MAX 64
#define INJECT_EXTENSIONS_MAX 10
#define INJECT_UNSET UINT32_MAX

/* What the options say; texts are borrowed from argv. */
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

/*
 * Reads and checks the command line. Ends the program, after saying why on stderr, with status 64
 * if it is wrong, and with 0 after --help.
 */
void inject_parse(struct inject_options *options, int argc, char **argv);

/* Says on stderr that the option (without "--") does not take the value, and exits with 64. */
__attribute__((noreturn)) void inject_usage(const char *option, const char *value);

/* Says on stderr what went wrong and exits with status 1. */
__attribute__((format(printf, 1, 2), noreturn)) void inject_fail(const char *format, ...);

#endif
