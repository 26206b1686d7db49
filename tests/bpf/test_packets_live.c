// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The shipped kernel programs on real packets of the loopback device, with both flow tables: for
 * what BPF_PROG_TEST_RUN cannot show (see test_packets.c). That is that a tag beside the packet,
 * headers outside the linear part and segmentation reach the parser.
 *
 * Each packet is sent once past the egress hook and once past the ingress hook; then a harvest must
 * deliver exactly one flow with the expected key and counters, and the outcome counters must name
 * its packets and nothing else.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "packet_cases.h"
#include "packet_check.h"
#include "tables.h"

#define TEST_OCTETS_MAX 16384
#define TEST_PATIENCE_NS 5000000000ull

/* Sends a packet on the loopback device; the kernel gets it with its description. */
static void send_packet(const struct packet_builder *packet, struct virtio_net_hdr *description)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = TABLES_IFINDEX};
	struct iovec parts[2] = {{.iov_base = description, .iov_len = sizeof(*description)},
				 {.iov_base = packet->data, .iov_len = packet->length}};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), one = 1;

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	assert_int_equal(writev(fd, parts, 2), (ssize_t)(sizeof(*description) + packet->length));
	close(fd);
}

/* Packets counted but not harvested yet. */
static uint64_t count_packets(enum flow_table_kind table, enum flow_direction direction)
{
	const struct probe_maps *maps = probe_maps(tables[table].probe);
	const volatile struct flow_cpu *cpu;
	uint64_t packets = 0;
	int generation, outcome;

	for (cpu = maps->cpu; cpu < maps->cpu + maps->cpu_count; cpu++) {
		for (generation = 0; generation < FLOW_GENERATIONS; generation++) {
			for (outcome = 0; outcome < FLOW_OUTCOMES; outcome++)
				packets += cpu->generations[generation]
						   .outcomes[outcome][direction]
						   .packets;
		}
	}
	return packets;
}

/* What the loopback device was given arrives soon, but on another occasion. */
static void await_packets(enum flow_table_kind table, enum flow_direction direction,
			  uint64_t packets)
{
	uint64_t end_ns = clock_monotonic_ns() + TEST_PATIENCE_NS;

	while (count_packets(table, direction) < packets && clock_monotonic_ns() < end_ns)
		sched_yield();
}

static void check_live_hook(enum flow_table_kind table, enum probe_program program,
			    const struct packet_builder *packet, struct virtio_net_hdr *description,
			    const struct packet_case *expected)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = TABLES_IFINDEX,
		    .attach_point = packet_check_direction(program) == FLOW_EGRESS
					    ? BPF_TC_EGRESS
					    : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = probe_program_fd(tables[table].probe, program));
	struct tables_harvested collected;
	struct harvest harvest;
	int err;

	err = bpf_tc_hook_create(&hook);
	assert_true(err == 0 || err == -EEXIST);
	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	send_packet(packet, description);
	await_packets(table, packet_check_direction(program),
		      expected->packets ? expected->packets : 1);
	filter.prog_fd = 0;
	filter.prog_id = 0;
	filter.flags = 0;
	assert_int_equal(bpf_tc_detach(&hook, &filter), 0);

	tables_harvest(table, &collected, &harvest);
	packet_check_counters(program, expected, &harvest.counters);
	packet_check_number(program, "number of flows", collected.count, 1);
	packet_check_flow(program, expected, &collected);
	packet_check_number(program, "inner_vlan_id", collected.details.inner_vlan_id,
			    expected->inner_vlan_id);
}

/* Sends packets out of and into the loopback device, and expects the same answer for both. */
static void check_live(enum flow_table_kind table, const struct packet_layer *layers,
		       struct virtio_net_hdr *description, const struct packet_case *expected)
{
	uint8_t octets[TEST_OCTETS_MAX];
	struct packet_builder packet;

	packet_builder_init(&packet, octets, sizeof(octets));
	packet_builder_push_all(&packet, layers);
	if (description->gso_size)
		packet_builder_finish_partial(&packet);
	else
		packet_builder_finish(&packet);
	check_live_hook(table, PROBE_TC_EGRESS_L2, &packet, description, expected);
	check_live_hook(table, PROBE_TC_INGRESS_L2, &packet, description, expected);
}

/*
 * Only the Ethernet header is linear, so that each header must be asked for. Leaving, both tags are
 * in band; arriving, the kernel has taken the outer one off.
 */
static void packets_with_headers_beyond_linear_part_are_parsed(void **state)
{
	static const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_VLAN, .tpid = 0x88a8, .tci = 0xe000 | 300},
		{.kind = LAYER_VLAN, .tci = 200},
		{.kind = LAYER_IPV6, .ttl = 5},
		{.kind = LAYER_HOP_BY_HOP},
		{.kind = LAYER_TCP, .tcp_flags = 0x018},
		{.kind = LAYER_PAYLOAD, .size = 8000},
		{.kind = LAYER_END},
	};
	static const struct packet_case expected = {
		.octets = 40 + 8 + 20 + 8000,
		.version = 6,
		.protocol = 6,
		.source_port = PACKET_SOURCE_PORT,
		.destination_port = PACKET_DESTINATION_PORT,
		.vlan_id = 300,
		.inner_vlan_id = 200,
		.tcp_flags = 0x018,
		.ttl = 5,
	};
	struct virtio_net_hdr description = {.hdr_len = 14};
	const struct tables_test *test = *state;

	check_live(test->table, layers, &description, &expected);
}

/* Such a super-packet has no number of segments until somebody segments it. */
static void packets_to_be_segmented_count_as_segments(void **state)
{
	static const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_VLAN, .tci = 100},
		{.kind = LAYER_IPV4},
		{.kind = LAYER_TCP, .tcp_flags = 0x010, .size = 12},
		{.kind = LAYER_PAYLOAD, .size = 8001},
		{.kind = LAYER_END},
	};
	static const struct packet_case expected = {
		.packets = 9,
		.octets = 8001 + 9 * (20 + 20 + 12),
		.version = 4,
		.protocol = 6,
		.source_port = PACKET_SOURCE_PORT,
		.destination_port = PACKET_DESTINATION_PORT,
		.vlan_id = 100,
		.tcp_flags = 0x010,
	};
	struct virtio_net_hdr description = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = 1000,
		.hdr_len = 14 + 4 + 20 + 32,
		.csum_start = 14 + 4 + 20,
		.csum_offset = 16,
	};
	const struct tables_test *test = *state;

	check_live(test->table, layers, &description, &expected);
}

static const struct CMUnitTest live[] = {
	cmocka_unit_test(packets_with_headers_beyond_linear_part_are_parsed),
	cmocka_unit_test(packets_to_be_segmented_count_as_segments),
};

#define LIVE (sizeof(live) / sizeof(live[0]))

int main(void)
{
	struct CMUnitTest tests[TABLES * LIVE];
	struct tables_test states[TABLES * LIVE] = {0};
	size_t i;

	for (i = 0; i < TABLES * LIVE; i++) {
		states[i].table = (enum flow_table_kind)(i / LIVE);
		tables_add_test(&tests[i], &states[i], &live[i % LIVE]);
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("packets", tests, tables_open, tables_close) != 0;
}
