// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the packet parser, compiled natively from the text the kernel programs are made of.
 *
 * Input: FUZZ_METADATA_OCTETS octets say what the kernel would tell beside the packet and how much
 * of the packet is addressable, the rest is the packet, parsed from a heap copy of exactly its
 * size. Checked is what holds for every packet: the ranges of all that comes out, that fewer
 * addressable octets change the answer only to "ran into the end", that Ethernet padding changes
 * nothing, and that an Ethernet header in front changes nothing.
 *
 * The first corpus folder that is given gets one seed for each of the crafted packets: the
 * fuzzer then starts with every header the parser knows instead of having to guess them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "packet_cases.h"
#include "parse.bpf.h"

#define FUZZ_METADATA_OCTETS 16
#define FUZZ_ETHERNET_OCTETS 14
#define FUZZ_LENGTH_MASK 0xfffff /* more than the largest super-packet */
#define IP_ALIGN 2 /* where the kernel places frames, so that IP headers are aligned */

enum fuzz_flags {
	FUZZ_L3 = 0x01,
	FUZZ_VLAN = 0x02,
	FUZZ_GSO = 0x04,
	FUZZ_LONGER = 0x08, /* the packet goes on beyond what is addressable */
	FUZZ_STRAY = 0x10, /* L3: an Ethernet header is there all the same */
};

struct fuzz_input {
	uint8_t flags;
	uint16_t ethertype;
	uint16_t vlan_tci;
	uint16_t gso_size;
	uint16_t gso_segs;
	uint32_t longer;
	uint16_t cut;
	const uint8_t *packet;
	size_t size;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition) \
	((condition) ? (void)0 : fuzz_fail(__LINE__, #condition)) /* also without assert */

static void fuzz_fail(int line, const char *condition)
{
	fprintf(stderr, "fuzz_parse.c:%d: not true: %s\n", line, condition);
	abort();
}

static void fuzz_write_seed(const char *folder, const struct packet_case *packet_case)
{
	uint8_t octets[FUZZ_METADATA_OCTETS + PACKET_CASE_OCTETS_MAX] = {0};
	uint32_t longer = 0;
	struct packet_builder builder;
	char path[1024];
	FILE *file;

	packet_builder_init(&builder, octets + FUZZ_METADATA_OCTETS, PACKET_CASE_OCTETS_MAX);
	packet_case_build(packet_case, &builder);
	if (packet_case->length)
		longer = (uint32_t)(packet_case->length - builder.length);
	octets[0] = (uint8_t)((packet_case->ethertype ? FUZZ_L3 : 0) |
			      (packet_case->vlan_present ? FUZZ_VLAN : 0) |
			      (packet_case->gso_size ? FUZZ_GSO : 0) | (longer ? FUZZ_LONGER : 0));
	memcpy(octets + 2, &packet_case->ethertype, 2);
	memcpy(octets + 4, &packet_case->vlan_tci, 2);
	memcpy(octets + 6, &packet_case->gso_size, 2);
	memcpy(octets + 8, &packet_case->gso_segs, 2);
	memcpy(octets + 10, &longer, 4);
	snprintf(path, sizeof(path), "%s/seed-%s", folder, packet_case->name);
	file = fopen(path, "wb");
	if (!file || fwrite(octets, FUZZ_METADATA_OCTETS + builder.length, 1, file) != 1 ||
	    fclose(file)) {
		perror(path);
		exit(1);
	}
}

/* libFuzzer reads the corpus after this. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct stat status;
	size_t i;
	int arg;

	for (arg = 1; arg < *argc; arg++) {
		if ((*argv)[arg][0] == '-' || stat((*argv)[arg], &status) ||
		    !S_ISDIR(status.st_mode))
			continue;
		for (i = 0; i < packet_cases_count; i++)
			fuzz_write_seed((*argv)[arg], &packet_cases[i]);
		break;
	}
	return 0;
}

static int fuzz_read(struct fuzz_input *input, const uint8_t *data, size_t size)
{
	if (size < FUZZ_METADATA_OCTETS)
		return -1;
	input->flags = data[0];
	memcpy(&input->ethertype, data + 2, 2);
	memcpy(&input->vlan_tci, data + 4, 2);
	memcpy(&input->gso_size, data + 6, 2);
	memcpy(&input->gso_segs, data + 8, 2);
	memcpy(&input->longer, data + 10, 4);
	memcpy(&input->cut, data + 14, 2);
	input->packet = data + FUZZ_METADATA_OCTETS;
	input->size = size - FUZZ_METADATA_OCTETS;
	if (!input->ethertype)
		input->flags &= (uint8_t)~FUZZ_L3;
	return 0;
}

/* Parses the first linear octets of a packet of length octets, of which size are given. */
static enum flow_outcome fuzz_parse(const struct fuzz_input *input, const uint8_t *octets,
				    size_t linear, size_t length, struct packet *packet)
{
	uint16_t stray_octets =
		input->flags & FUZZ_L3 && input->flags & FUZZ_STRAY ? FUZZ_ETHERNET_OCTETS : 0;
	size_t lead = input->flags & FUZZ_L3 && !stray_octets ? 0 : IP_ALIGN;
	uint8_t *copy = malloc(lead + linear);
	struct packet_source source = {
		.data = copy + lead,
		.data_end = copy + lead + linear,
		.length = (uint32_t)length,
		.ethertype = input->flags & FUZZ_L3 ? PARSE_HTONS(input->ethertype) : 0,
		.stray_octets = stray_octets,
		.vlan_present = input->flags & FUZZ_VLAN,
		.vlan_tci = input->vlan_tci,
		.gso_size = input->flags & FUZZ_GSO ? input->gso_size : 0,
		.gso_segs = input->flags & FUZZ_GSO ? input->gso_segs : 0,
	};
	enum flow_outcome outcome;

	fuzz_check(copy || lead + linear == 0);
	if (linear)
		memcpy(copy + lead, octets, linear);
	memset(packet, 0xa5, sizeof(*packet));
	outcome = parse_packet(&source, packet);
	free(copy);
	return outcome;
}

/* No packet of a later fragment, and none without ports, shows any. */
static void fuzz_check_flow(const struct packet *packet)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct flow_key *key = &packet->key;

	if (!(key->kind & FLOW_KEY_IPV6)) {
		fuzz_check(memcmp(key->source_address, mapped, sizeof(mapped)) == 0);
		fuzz_check(memcmp(key->destination_address, mapped, sizeof(mapped)) == 0);
		fuzz_check(packet->flow_label == 0);
	}
	fuzz_check(packet->header_octets >= (key->kind & FLOW_KEY_IPV6 ? 40 : 20));
	fuzz_check(packet->tcp_flags == 0 || key->protocol == 6);
	if (packet->fragment == PACKET_LATER_FRAGMENT ||
	    (key->protocol != 6 && key->protocol != 17 && key->protocol != 33 &&
	     key->protocol != 132 && key->protocol != 136 && key->protocol != 1 &&
	     key->protocol != 58))
		fuzz_check(key->source_port == 0 && key->destination_port == 0 &&
			   packet->tcp_flags == 0);
	if (packet->fragment == PACKET_WHOLE)
		fuzz_check(packet->fragment_id == 0 && packet->fragment_offset == 0 &&
			   packet->fragment_protocol == 0);
	else
		fuzz_check((packet->fragment == PACKET_LATER_FRAGMENT) ==
			   (packet->fragment_offset != 0));
}

static void fuzz_check_ranges(const struct fuzz_input *input, enum flow_outcome outcome,
			      const struct packet *packet, size_t length)
{
	int gso = input->flags & FUZZ_GSO && input->gso_size;

	fuzz_check(outcome == FLOW_ACCOUNTED || outcome == FLOW_NOT_IP ||
		   outcome == FLOW_MALFORMED || outcome == FLOW_TRUNCATED ||
		   outcome == FLOW_TOO_DEEP);
	fuzz_check(packet->packets >= 1);
	fuzz_check(gso || packet->packets == 1);
	fuzz_check(packet->key.ifindex == 0 && !(packet->key.kind & ~FLOW_KEY_IPV6));
	fuzz_check(packet->key.vlan_id <= 0xfff && packet->inner_vlan_id <= 0xfff);
	fuzz_check(packet->tcp_flags <= 0xfff && packet->flow_label <= 0xfffff);
	fuzz_check(packet->fragment_offset <= 0x1fff && packet->ip_flags <= 7);
	if (input->flags & FUZZ_L3)
		fuzz_check(packet->l3_offset ==
			   (input->flags & FUZZ_STRAY ? FUZZ_ETHERNET_OCTETS : 0));
	else
		fuzz_check(packet->l3_offset == 0 || packet->l3_offset == 14 ||
			   packet->l3_offset == 18 || packet->l3_offset == 22);
	if (outcome != FLOW_ACCOUNTED)
		return;
	fuzz_check_flow(packet);
	fuzz_check(packet->l3_offset + 20 <= length);
	if (gso) {
		fuzz_check(packet->l3_offset + packet->header_octets <= length);
		fuzz_check(packet->octets >= packet->header_octets - packet->stack_octets);
	} else {
		fuzz_check(packet->octets <= length - packet->l3_offset);
		/* Shorter than the packet: the IP length said so, and it covers the headers. */
		if (packet->octets < length - packet->l3_offset)
			fuzz_check(packet->octets >= packet->header_octets);
	}
}

static void fuzz_check_less_linear(const struct fuzz_input *input, enum flow_outcome outcome,
				   const struct packet *packet, size_t length)
{
	size_t linear = input->cut % (input->size + 1);
	struct packet less;
	enum flow_outcome less_outcome;

	less_outcome = fuzz_parse(input, input->packet, linear, length, &less);
	if (less_outcome == FLOW_TRUNCATED)
		return;
	fuzz_check(less_outcome == outcome);
	fuzz_check(less.packets == packet->packets && less.octets == packet->octets);
	if (outcome == FLOW_ACCOUNTED)
		fuzz_check(memcmp(&less, packet, sizeof(less)) == 0);
}

/* A packet whose own length is inside it must not change when something is put behind it. */
static void fuzz_check_padding(const struct fuzz_input *input, const struct packet *packet,
			       size_t length)
{
	uint8_t *padded;
	struct packet other;

	if (input->flags & FUZZ_GSO || packet->octets == length - packet->l3_offset)
		return;
	padded = calloc(1, input->size + 4);
	fuzz_check(padded);
	memcpy(padded, input->packet, input->size);
	fuzz_check(fuzz_parse(input, padded, input->size + 4, length + 4, &other) ==
		   FLOW_ACCOUNTED);
	fuzz_check(memcmp(&other, packet, sizeof(other)) == 0);
	free(padded);
}

static void fuzz_check_without_ethernet(const struct fuzz_input *input, const struct packet *packet,
					size_t length)
{
	struct fuzz_input l3 = *input;
	struct packet other;

	if (input->flags & FUZZ_L3 || packet->l3_offset != FUZZ_ETHERNET_OCTETS)
		return;
	l3.flags = (uint8_t)((l3.flags | FUZZ_L3) & ~FUZZ_STRAY);
	l3.ethertype = packet->key.kind & FLOW_KEY_IPV6 ? 0x86dd : 0x0800;
	fuzz_check(fuzz_parse(&l3, input->packet + FUZZ_ETHERNET_OCTETS,
			      input->size - FUZZ_ETHERNET_OCTETS, length - FUZZ_ETHERNET_OCTETS,
			      &other) == FLOW_ACCOUNTED);
	other.l3_offset = packet->l3_offset;
	memcpy(other.source_mac, packet->source_mac, sizeof(other.source_mac));
	memcpy(other.destination_mac, packet->destination_mac, sizeof(other.destination_mac));
	fuzz_check(memcmp(&other, packet, sizeof(other)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input;
	enum flow_outcome outcome;
	struct packet packet;
	size_t length;

	if (fuzz_read(&input, data, size))
		return 0;
	length = input.size;
	if (input.flags & FUZZ_LONGER)
		length += input.longer & FUZZ_LENGTH_MASK;
	outcome = fuzz_parse(&input, input.packet, input.size, length, &packet);
	fuzz_check_ranges(&input, outcome, &packet, length);
	fuzz_check_less_linear(&input, outcome, &packet, length);
	if (outcome == FLOW_ACCOUNTED) {
		fuzz_check_padding(&input, &packet, length);
		fuzz_check_without_ethernet(&input, &packet, length);
	}
	return 0;
}
