// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The shipped kernel programs on every crafted packet of packet_cases.c, with both flow tables.
 *
 * Each packet goes through each program it is meant for by BPF_PROG_TEST_RUN; then a harvest must
 * deliver exactly one flow with the key, counters and details the case expects, or none, and the
 * outcome counters must name that one packet and nothing else. The verdict must be "next".
 *
 * BPF_PROG_TEST_RUN cannot do everything: it takes no VLAN tag beside the packet, for tc nothing
 * longer than a page and nothing that is not all linear, nothing shorter than an Ethernet header
 * (tc: nor that header alone, and behind it at least a whole IP header if its type is IP), and
 * takes octets 13 and 14 for the Ethernet type also for L3 programs. Cases beyond that are listed
 * as a comment; they are tested natively (test_parse). That a tag beside the packet, headers
 * outside the linear part and segmentation reach the parser is shown with real packets on a
 * loopback device.
 *
 * All of it runs in a network namespace of its own.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/harvest.h"
#include "capture/loader.h"
#include "lib/clock.h"
#include "packet_cases.h"

#define TEST_SLOTS 1024
#define TEST_IFINDEX 1 /* loopback; every network namespace has it */
#define TEST_INGRESS_IFINDEX 77
#define TEST_TABLES 2
#define TEST_NAME_BYTES 96
#define TEST_OCTETS_MAX 16384
#define TEST_TC_OCTETS_MAX 3500 /* of a page, the kernel keeps the rest for itself */
#define TEST_PATIENCE_NS 5000000000ull
#define TC_NEXT ((uint32_t)-1)
#define XDP_NEXT 2

struct collected {
	struct flow_delta delta;
	struct flow_key key;
	struct flow_details details;
	size_t count;
};

struct packet_test {
	enum flow_table_kind table;
	const struct packet_case *packet_case; /* NULL: a test of its own */
	char name[TEST_NAME_BYTES];
};

static struct probe *probes[TEST_TABLES];
static struct harvester *harvesters[TEST_TABLES];
static const char *const table_names[TEST_TABLES] = {"slots", "hash"};

static void collect(void *arg, const struct flow_delta *deltas, size_t count)
{
	struct collected *collected = arg;

	if (!collected->count && count) {
		collected->delta = deltas[0];
		collected->key = *deltas[0].key;
		collected->details = *deltas[0].details;
	}
	collected->count += count;
}

static void open_table(enum flow_table_kind table, uint32_t sampling)
{
	struct probe_config config = {.table = table, .slots = TEST_SLOTS, .sampling = sampling};
	char error[512];

	probes[table] = probe_open(&config, error, sizeof(error));
	if (!probes[table])
		fail_msg("%s: %s", table_names[table], error);
	harvesters[table] = harvester_new(probes[table]);
	assert_non_null(harvesters[table]);
}

static void close_table(enum flow_table_kind table)
{
	harvester_free(harvesters[table]);
	probe_close(probes[table]);
	harvesters[table] = NULL;
	probes[table] = NULL;
}

/* On one CPU: table "slots" has one entry per flow and CPU. */
static int open_tables(void **state)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	cpu_set_t cpus;
	int fd;

	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &loopback), 0);
	close(fd);
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	loader_init();
	open_table(FLOW_TABLE_SLOTS, 1);
	open_table(FLOW_TABLE_HASH, 1);
	return 0;
}

static int close_tables(void **state)
{
	(void)state;
	close_table(FLOW_TABLE_SLOTS);
	close_table(FLOW_TABLE_HASH);
	return 0;
}

static enum flow_direction program_direction(enum probe_program program)
{
	return program == PROBE_TC_EGRESS_L2 || program == PROBE_TC_EGRESS_L3 ? FLOW_EGRESS
									      : FLOW_INGRESS;
}

/* Runs a program once per repeat on the packet; fails unless the verdict is "next". */
static void run_program(enum flow_table_kind table, enum probe_program program,
			const struct packet_case *packet_case, const struct packet_builder *packet,
			int repeat)
{
	struct __sk_buff skb = {
		.ifindex = TEST_IFINDEX,
		.ingress_ifindex = TEST_INGRESS_IFINDEX,
		.gso_size = packet_case->gso_size,
		.gso_segs = packet_case->gso_segs,
	};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet->data,
		    .data_size_in = (uint32_t)packet->length, .repeat = repeat);
	int xdp = program == PROBE_XDP_INGRESS, err;

	if (!xdp) {
		options.ctx_in = &skb;
		options.ctx_size_in = sizeof(skb);
	}
	err = bpf_prog_test_run_opts(probe_program_fd(probes[table], program), &options);
	if (err)
		fail_msg("%s: the kernel does not run it: %s", probe_program_name(program),
			 strerror(-err));
	if (options.retval != (xdp ? XDP_NEXT : TC_NEXT))
		fail_msg("%s: verdict %u", probe_program_name(program), options.retval);
}

static void harvest_table(enum flow_table_kind table, struct collected *collected,
			  struct harvest *harvest)
{
	memset(collected, 0, sizeof(*collected));
	assert_int_equal(harvester_harvest(harvesters[table], collect, collected, harvest), 0);
}

static void check_number(enum probe_program program, const char *what, uint64_t is,
			 uint64_t expected)
{
	if (is != expected)
		fail_msg("%s: %s is %llu, not %llu", probe_program_name(program), what,
			 (unsigned long long)is, (unsigned long long)expected);
}

static void check_octets(enum probe_program program, const char *what, const void *is,
			 const void *expected, size_t size)
{
	if (memcmp(is, expected, size) != 0)
		fail_msg("%s: %s is another", probe_program_name(program), what);
}

static void check_counters(enum probe_program program, const struct packet_case *expected,
			   const struct flow_counters *counters)
{
	enum flow_direction direction = program_direction(program), other;
	enum flow_outcome outcome;
	int accounted = expected->outcome == FLOW_ACCOUNTED, mine;
	char what[64];

	for (outcome = 0; outcome < FLOW_OUTCOMES; outcome++) {
		for (other = 0; other < FLOW_DIRECTIONS; other++) {
			mine = outcome == expected->outcome && other == direction;
			snprintf(what, sizeof(what), "packets of outcome %d direction %d", outcome,
				 other);
			check_number(program, what, counters->outcomes[outcome][other].packets,
				     !mine		 ? 0
				     : expected->packets ? expected->packets
							 : 1);
			snprintf(what, sizeof(what), "octets of outcome %d direction %d", outcome,
				 other);
			check_number(program, what, counters->outcomes[outcome][other].octets,
				     mine ? expected->octets : 0);
		}
	}
	check_number(program, "created", counters->created, accounted);
	check_number(program, "fragments_joined", counters->fragments_joined, 0);
	check_number(program, "fragments_orphaned", counters->fragments_orphaned,
		     accounted && expected->fragment == CASE_LATER_FRAGMENT);
}

static void check_details(enum probe_program program, const struct packet_case *expected,
			  const struct flow_details *details)
{
	static const uint8_t none[6];
	int l3 = expected->ethertype != 0;

	check_octets(program, "source_mac", details->source_mac, l3 ? none : packet_source_mac, 6);
	check_octets(program, "destination_mac", details->destination_mac,
		     l3 ? none : packet_destination_mac, 6);
	check_number(program, "ingress_ifindex", details->ingress_ifindex,
		     program_direction(program) == FLOW_EGRESS ? TEST_INGRESS_IFINDEX : 0);
	check_number(program, "flow_label", details->flow_label, expected->flow_label);
	check_number(program, "fragment_id", details->fragment_id, expected->fragment_id);
	check_number(program, "fragment_offset", details->fragment_offset,
		     expected->fragment_offset);
	check_number(program, "inner_vlan_id", details->inner_vlan_id, expected->inner_vlan_id);
	check_number(program, "tos", details->tos, expected->tos);
	check_number(program, "ip_flags", details->ip_flags, expected->ip_flags);
}

static void check_flow(enum probe_program program, const struct packet_case *expected,
		       const struct collected *collected)
{
	const struct flow_delta *delta = &collected->delta;
	struct flow_key key;

	packet_case_key(expected, &key);
	key.ifindex = TEST_IFINDEX;
	if (program_direction(program) == FLOW_EGRESS)
		key.kind |= FLOW_KEY_EGRESS;
	check_number(program, "protocol", collected->key.protocol, key.protocol);
	check_number(program, "kind", collected->key.kind, key.kind);
	check_number(program, "vlan_id", collected->key.vlan_id, key.vlan_id);
	check_number(program, "ifindex", collected->key.ifindex, key.ifindex);
	check_number(program, "source_port", collected->key.source_port, key.source_port);
	check_number(program, "destination_port", collected->key.destination_port,
		     key.destination_port);
	check_octets(program, "key", &collected->key, &key, sizeof(key));
	check_number(program, "packets", delta->packets, expected->packets ? expected->packets : 1);
	check_number(program, "octets", delta->octets, expected->octets);
	check_number(program, "tcp_flags", delta->tcp_flags, expected->tcp_flags);
	check_number(program, "ttl_min", delta->ttl_min, expected->ttl ? expected->ttl : 64);
	check_number(program, "ttl_max", delta->ttl_max, expected->ttl ? expected->ttl : 64);
}

static void check_time(enum probe_program program, enum flow_table_kind table,
		       const struct collected *collected, uint64_t before_ns, uint64_t after_ns)
{
	uint64_t tick_ns = harvester_tick_ns(harvesters[table]);
	const struct flow_delta *delta = &collected->delta;

	check_number(program, "created_ns after the start",
		     collected->details.created_ns >= before_ns, 1);
	check_number(program, "created_ns before the end",
		     collected->details.created_ns <= after_ns, 1);
	/* Ticks are whole: one before the start, and one after the end where they were sampled. */
	check_number(program, "first_ns after the start",
		     delta->first_ns + 2 * tick_ns >= before_ns, 1);
	check_number(program, "last_ns before the end", delta->last_ns <= after_ns + 2 * tick_ns,
		     1);
	check_number(program, "first_ns", delta->first_ns, delta->last_ns);
}

static void check_program(enum flow_table_kind table, enum probe_program program,
			  const struct packet_case *packet_case,
			  const struct packet_builder *packet)
{
	struct collected collected;
	struct harvest harvest;
	uint64_t before_ns, after_ns;

	before_ns = clock_monotonic_ns();
	run_program(table, program, packet_case, packet, 1);
	after_ns = clock_monotonic_ns();
	harvest_table(table, &collected, &harvest);
	check_counters(program, packet_case, &harvest.counters);
	check_number(program, "number of flows", collected.count,
		     packet_case->outcome == FLOW_ACCOUNTED);
	if (packet_case->outcome != FLOW_ACCOUNTED)
		return;
	check_flow(program, packet_case, &collected);
	check_details(program, packet_case, &collected.details);
	check_time(program, table, &collected, before_ns, after_ns);
}

/* The shortest packet that BPF_PROG_TEST_RUN gives to a tc program. */
static size_t least_tc_octets(const struct packet_builder *packet)
{
	int type = packet->length < 14 ? 0 : packet->data[12] << 8 | packet->data[13];

	return type == 0x0800 ? 14 + 20 : type == 0x86dd ? 14 + 40 : 14 + 1;
}

/* Packets of which the case has only the first octets get zeros for the others. */
static void build_packet(const struct packet_case *packet_case, uint8_t octets[TEST_OCTETS_MAX],
			 struct packet_builder *packet)
{
	packet_builder_init(packet, octets, TEST_OCTETS_MAX);
	packet_case_build(packet_case, packet);
	if (packet_case->length && packet_case->length <= TEST_OCTETS_MAX)
		packet_builder_pad(packet, packet_case->length);
}

/* Whether BPF_PROG_TEST_RUN can show this packet to the program as the case means it. */
static int case_fits(const struct packet_case *packet_case, enum probe_program program)
{
	uint8_t octets[TEST_OCTETS_MAX];
	struct packet_builder packet;
	int xdp = program == PROBE_XDP_INGRESS;
	int l3 = program == PROBE_TC_INGRESS_L3 || program == PROBE_TC_EGRESS_L3;

	build_packet(packet_case, octets, &packet);
	if (l3 != (packet_case->ethertype != 0) || packet_case->length > TEST_OCTETS_MAX ||
	    packet_case->vlan_present)
		return 0;
	if (xdp)
		return packet.length >= 14 && !packet_case->gso_size;
	if (l3 && (octets[12] << 8 | octets[13]) != packet_case->ethertype)
		return 0;
	return packet.length >= least_tc_octets(&packet) && packet.length <= TEST_TC_OCTETS_MAX;
}

static int case_fits_any(const struct packet_case *packet_case)
{
	enum probe_program program;

	for (program = 0; program < PROBE_PROGRAMS; program++) {
		if (case_fits(packet_case, program))
			return 1;
	}
	return 0;
}

static void packets_crafted_packet_becomes_expected_flow(void **state)
{
	const struct packet_test *test = *state;
	uint8_t octets[TEST_OCTETS_MAX];
	struct packet_builder packet;
	enum probe_program program;

	build_packet(test->packet_case, octets, &packet);
	for (program = 0; program < PROBE_PROGRAMS; program++) {
		if (case_fits(test->packet_case, program))
			check_program(test->table, program, test->packet_case, &packet);
	}
}

static void run_layers(enum flow_table_kind table, enum probe_program program,
		       const struct packet_layer *layers, int repeat)
{
	static const struct packet_case plain;
	uint8_t octets[PACKET_CASE_OCTETS_MAX];
	struct packet_builder packet;

	packet_builder_init(&packet, octets, sizeof(octets));
	packet_builder_push_all(&packet, layers);
	packet_builder_finish(&packet);
	run_program(table, program, &plain, &packet, repeat);
}

/* First and later fragment of one datagram: in order one flow, else the later one is an orphan. */
static void check_fragments(const struct packet_test *test, const struct packet_layer *first,
			    const struct packet_layer *later, const struct packet_layer *early)
{
	struct collected collected;
	struct harvest harvest;

	run_layers(test->table, PROBE_TC_INGRESS_L2, first, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, later, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, later, 1);
	harvest_table(test->table, &collected, &harvest);
	assert_int_equal(harvest.counters.fragments_joined, 2);
	assert_int_equal(harvest.counters.fragments_orphaned, 0);
	assert_int_equal(collected.count, 1);
	assert_int_equal(collected.delta.packets, 3);
	assert_int_equal(collected.key.protocol, 17);
	assert_int_equal(collected.key.source_port, __builtin_bswap16(PACKET_SOURCE_PORT));
	assert_int_equal(collected.key.destination_port,
			 __builtin_bswap16(PACKET_DESTINATION_PORT));

	/* Another direction, and another identification, are another datagram. */
	run_layers(test->table, PROBE_TC_EGRESS_L2, later, 1);
	harvest_table(test->table, &collected, &harvest);
	assert_int_equal(harvest.counters.fragments_joined, 0);
	assert_int_equal(harvest.counters.fragments_orphaned, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, early, 1);
	harvest_table(test->table, &collected, &harvest);
	assert_int_equal(harvest.counters.fragments_joined, 0);
	assert_int_equal(harvest.counters.fragments_orphaned, 1);
	assert_int_equal(collected.count, 1);
	assert_int_equal(collected.key.source_port, 0);
	assert_int_equal(collected.key.destination_port, 0);
}

static void packets_later_ipv4_fragments_join_their_first(void **state)
{
	static const struct packet_layer first[] = {
		{.kind = LAYER_ETHERNET}, {.kind = LAYER_IPV4, .id = 0xd001, .ip_flags = 1},
		{.kind = LAYER_UDP},	  {.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};
	static const struct packet_layer later[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4, .id = 0xd001, .fragment_offset = 2},
		{.kind = LAYER_PROTOCOL, .value = 17},
		{.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};
	static const struct packet_layer early[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4, .id = 0xd002, .fragment_offset = 2},
		{.kind = LAYER_PROTOCOL, .value = 17},
		{.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};

	check_fragments(*state, first, later, early);
}

/* With a header behind the fragment header, which only the first fragment shows. */
static void packets_later_ipv6_fragments_join_their_first(void **state)
{
	static const struct packet_layer first[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV6},
		{.kind = LAYER_FRAGMENT, .id = 0xd0010000, .ip_flags = 1},
		{.kind = LAYER_DESTINATION_OPTIONS},
		{.kind = LAYER_UDP},
		{.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};
	static const struct packet_layer later[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV6},
		{.kind = LAYER_FRAGMENT, .id = 0xd0010000, .fragment_offset = 3},
		{.kind = LAYER_PROTOCOL, .value = 60},
		{.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};
	static const struct packet_layer early[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV6},
		{.kind = LAYER_FRAGMENT, .id = 0xd0020000, .fragment_offset = 3},
		{.kind = LAYER_PROTOCOL, .value = 60},
		{.kind = LAYER_PAYLOAD, .size = 8},
		{.kind = LAYER_END},
	};

	check_fragments(*state, first, later, early);
}

static void packets_of_one_flow_add_up(void **state)
{
	static const struct packet_layer small[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4, .ttl = 30},
		{.kind = LAYER_TCP, .tcp_flags = 0x002},
		{.kind = LAYER_END},
	};
	static const struct packet_layer large[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4, .ttl = 200, .tos = 4},
		{.kind = LAYER_TCP, .tcp_flags = 0x811},
		{.kind = LAYER_PAYLOAD, .size = 100},
		{.kind = LAYER_END},
	};
	const struct packet_test *test = *state;
	struct collected collected;
	struct harvest harvest;

	run_layers(test->table, PROBE_TC_INGRESS_L2, small, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, large, 1000);
	harvest_table(test->table, &collected, &harvest);
	assert_int_equal(collected.count, 1);
	assert_int_equal(collected.delta.packets, 1001);
	assert_int_equal(collected.delta.octets, 40 + 1000 * 140);
	assert_int_equal(collected.delta.tcp_flags, 0x813);
	assert_int_equal(collected.delta.ttl_min, 30);
	assert_int_equal(collected.delta.ttl_max, 200);
	assert_int_equal(collected.details.tos, 0); /* the first packet's */
	assert_int_equal(harvest.delivered[FLOW_INGRESS].packets, 1001);
	assert_int_equal(harvest.delivered[FLOW_INGRESS].octets, 40 + 1000 * 140);
	assert_int_equal(harvest.counters.outcomes[FLOW_ACCOUNTED][FLOW_INGRESS].packets, 1001);
	assert_int_equal(harvest.counters.outcomes[FLOW_ACCOUNTED][FLOW_INGRESS].octets,
			 40 + 1000 * 140);
}

static int reopen_with_sampling(void **state)
{
	const struct packet_test *test = *state;

	close_table(test->table);
	open_table(test->table, 4);
	return 0;
}

static int reopen_without_sampling(void **state)
{
	const struct packet_test *test = *state;

	close_table(test->table);
	open_table(test->table, 1);
	return 0;
}

/* Whether a packet is chosen is chance, that it is counted as one or the other is not. */
static void packets_sampled_out_are_counted(void **state)
{
	static const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET}, {.kind = LAYER_IPV4},
		{.kind = LAYER_UDP},	  {.kind = LAYER_PAYLOAD, .size = 20},
		{.kind = LAYER_END},
	};
	const struct packet_test *test = *state;
	const struct flow_count *accounted, *sampled_out;
	enum probe_program programs[] = {PROBE_TC_INGRESS_L2, PROBE_XDP_INGRESS};
	struct collected collected;
	struct harvest harvest;
	size_t i;

	for (i = 0; i < 2; i++) {
		run_layers(test->table, programs[i], layers, 10000);
		harvest_table(test->table, &collected, &harvest);
		accounted = &harvest.counters.outcomes[FLOW_ACCOUNTED][FLOW_INGRESS];
		sampled_out = &harvest.counters.outcomes[FLOW_SAMPLED_OUT][FLOW_INGRESS];
		check_number(programs[i], "packets", accounted->packets + sampled_out->packets,
			     10000);
		check_number(programs[i], "octets", accounted->octets + sampled_out->octets,
			     10000 * 48);
		check_number(programs[i], "delivered packets",
			     harvest.delivered[FLOW_INGRESS].packets, accounted->packets);
		/* Six standard deviations (43) around 2500. */
		assert_in_range(accounted->packets, 2240, 2760);
	}
}

/* Sends a packet on the loopback device; the kernel gets it with its description. */
static void send_packet(const struct packet_builder *packet, struct virtio_net_hdr *description)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = TEST_IFINDEX};
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
	const struct probe_maps *maps = probe_maps(probes[table]);
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
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = TEST_IFINDEX,
		    .attach_point = program_direction(program) == FLOW_EGRESS ? BPF_TC_EGRESS
									      : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .prog_fd = probe_program_fd(probes[table], program));
	struct collected collected;
	struct harvest harvest;
	int err;

	err = bpf_tc_hook_create(&hook);
	assert_true(err == 0 || err == -EEXIST);
	assert_int_equal(bpf_tc_attach(&hook, &filter), 0);
	send_packet(packet, description);
	await_packets(table, program_direction(program), expected->packets ? expected->packets : 1);
	filter.prog_fd = 0;
	filter.prog_id = 0;
	filter.flags = 0;
	assert_int_equal(bpf_tc_detach(&hook, &filter), 0);

	harvest_table(table, &collected, &harvest);
	check_counters(program, expected, &harvest.counters);
	check_number(program, "number of flows", collected.count, 1);
	check_flow(program, expected, &collected);
	check_number(program, "inner_vlan_id", collected.details.inner_vlan_id,
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
	const struct packet_test *test = *state;

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
	const struct packet_test *test = *state;

	check_live(test->table, layers, &description, &expected);
}

static const struct {
	const char *name;
	CMUnitTestFunction function;
	CMFixtureFunction setup;
	CMFixtureFunction teardown;
} packet_tests[] = {
	{"packets_later_ipv4_fragments_join_their_first",
	 packets_later_ipv4_fragments_join_their_first, NULL, NULL},
	{"packets_later_ipv6_fragments_join_their_first",
	 packets_later_ipv6_fragments_join_their_first, NULL, NULL},
	{"packets_of_one_flow_add_up", packets_of_one_flow_add_up, NULL, NULL},
	{"packets_sampled_out_are_counted", packets_sampled_out_are_counted, reopen_with_sampling,
	 reopen_without_sampling},
	{"packets_with_headers_beyond_linear_part_are_parsed",
	 packets_with_headers_beyond_linear_part_are_parsed, NULL, NULL},
	{"packets_to_be_segmented_count_as_segments", packets_to_be_segmented_count_as_segments,
	 NULL, NULL},
};

#define PACKET_TESTS (sizeof(packet_tests) / sizeof(packet_tests[0]))

static void add_test(struct CMUnitTest *test, struct packet_test *state, const char *name)
{
	snprintf(state->name, sizeof(state->name), "%s %s", table_names[state->table], name);
	test->name = state->name;
	test->initial_state = state;
}

static size_t add_table(struct CMUnitTest *tests, struct packet_test *states,
			enum flow_table_kind table)
{
	size_t count = 0, i;

	for (i = 0; i < packet_cases_count; i++) {
		if (!case_fits_any(&packet_cases[i])) {
			if (table == FLOW_TABLE_SLOTS)
				printf("# only natively: %s\n", packet_cases[i].name);
			continue;
		}
		states[count].table = table;
		states[count].packet_case = &packet_cases[i];
		add_test(&tests[count], &states[count], packet_cases[i].name);
		tests[count++].test_func = packets_crafted_packet_becomes_expected_flow;
	}
	for (i = 0; i < PACKET_TESTS; i++) {
		states[count].table = table;
		add_test(&tests[count], &states[count], packet_tests[i].name);
		tests[count].setup_func = packet_tests[i].setup;
		tests[count].teardown_func = packet_tests[i].teardown;
		tests[count++].test_func = packet_tests[i].function;
	}
	return count;
}

int main(void)
{
	size_t most = TEST_TABLES * (packet_cases_count + PACKET_TESTS), count;
	struct CMUnitTest *tests = calloc(most, sizeof(*tests));
	struct packet_test *states = calloc(most, sizeof(*states));
	int failed;

	if (!tests || !states)
		return 1;
	count = add_table(tests, states, FLOW_TABLE_SLOTS);
	count += add_table(tests + count, states + count, FLOW_TABLE_HASH);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = _cmocka_run_group_tests("packets", tests, count, open_tables, close_tables);
	free(states);
	free(tests);
	return failed != 0;
}
