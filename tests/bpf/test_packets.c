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
 * as a comment; they are tested natively (test_parse), and test_packets_live shows the rest with
 * real packets.
 */
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "packet_cases.h"
#include "packet_check.h"
#include "tables.h"

#define TEST_OCTETS_MAX 16384
#define TEST_TC_OCTETS_MAX 3500 /* of a page, the kernel keeps the rest for itself */
#define TC_NEXT ((uint32_t)-1)
#define XDP_NEXT 2

/* Runs a program once per repeat on the packet; fails unless the verdict is "next". */
static void run_program(enum flow_table_kind table, enum probe_program program,
			const struct packet_case *packet_case, const struct packet_builder *packet,
			int repeat)
{
	struct __sk_buff skb = {
		.ifindex = TABLES_IFINDEX,
		.ingress_ifindex = PACKET_CHECK_INGRESS_IFINDEX,
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
	err = bpf_prog_test_run_opts(probe_program_fd(tables[table].probe, program), &options);
	if (err)
		fail_msg("%s: the kernel does not run it: %s", probe_program_name(program),
			 strerror(-err));
	if (options.retval != (xdp ? XDP_NEXT : TC_NEXT))
		fail_msg("%s: verdict %u", probe_program_name(program), options.retval);
}

static void check_time(enum probe_program program, enum flow_table_kind table,
		       const struct tables_harvested *collected, uint64_t before_ns,
		       uint64_t after_ns)
{
	uint64_t tick_ns = harvester_tick_ns(tables[table].harvester);
	const struct flow_delta *delta = &collected->delta;

	packet_check_number(program, "created_ns after the start",
			    collected->details.created_ns >= before_ns, 1);
	packet_check_number(program, "created_ns before the end",
			    collected->details.created_ns <= after_ns, 1);
	/* Ticks are whole: one before the start, and one after the end where they were sampled. */
	packet_check_number(program, "first_ns after the start",
			    delta->first_ns + 2 * tick_ns >= before_ns, 1);
	packet_check_number(program, "last_ns before the end",
			    delta->last_ns <= after_ns + 2 * tick_ns, 1);
	packet_check_number(program, "first_ns", delta->first_ns, delta->last_ns);
}

static void check_program(enum flow_table_kind table, enum probe_program program,
			  const struct packet_case *packet_case,
			  const struct packet_builder *packet)
{
	struct tables_harvested collected;
	struct harvest harvest;
	uint64_t before_ns, after_ns;

	before_ns = clock_monotonic_ns();
	run_program(table, program, packet_case, packet, 1);
	after_ns = clock_monotonic_ns();
	tables_harvest(table, &collected, &harvest);
	packet_check_counters(program, packet_case, &harvest.counters);
	packet_check_number(program, "number of flows", collected.count,
			    packet_case->outcome == FLOW_ACCOUNTED);
	if (packet_case->outcome != FLOW_ACCOUNTED)
		return;
	packet_check_flow(program, packet_case, &collected);
	packet_check_details(program, packet_case, &collected.details);
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
	const struct tables_test *test = *state;
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
static void check_fragments(const struct tables_test *test, const struct packet_layer *first,
			    const struct packet_layer *later, const struct packet_layer *early)
{
	struct tables_harvested collected;
	struct harvest harvest;

	run_layers(test->table, PROBE_TC_INGRESS_L2, first, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, later, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, later, 1);
	tables_harvest(test->table, &collected, &harvest);
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
	tables_harvest(test->table, &collected, &harvest);
	assert_int_equal(harvest.counters.fragments_joined, 0);
	assert_int_equal(harvest.counters.fragments_orphaned, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, early, 1);
	tables_harvest(test->table, &collected, &harvest);
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
	const struct tables_test *test = *state;
	struct tables_harvested collected;
	struct harvest harvest;

	run_layers(test->table, PROBE_TC_INGRESS_L2, small, 1);
	run_layers(test->table, PROBE_TC_INGRESS_L2, large, 1000);
	tables_harvest(test->table, &collected, &harvest);
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

static void packets_are_runs_of_their_program(void **state)
{
	static const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4},
		{.kind = LAYER_UDP},
		{.kind = LAYER_END},
	};
	const struct tables_test *test = *state;
	const struct probe *probe = tables[test->table].probe;
	struct probe_runs before = probe_program_runs(probe, PROBE_TC_EGRESS_L2), after, other;
	struct tables_harvested collected;
	struct harvest harvest;
	int statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);

	if (statistics < 0) {
		print_message("# skip: kernel counts no runs (Linux 5.8 does)\n");
		skip();
	}
	other = probe_program_runs(probe, PROBE_TC_INGRESS_L2);
	run_layers(test->table, PROBE_TC_EGRESS_L2, layers, 500);
	close(statistics);
	after = probe_program_runs(probe, PROBE_TC_EGRESS_L2);
	assert_int_equal(after.count - before.count, 500);
	assert_true(after.ns > before.ns);
	assert_int_equal(probe_program_runs(probe, PROBE_TC_INGRESS_L2).count, other.count);
	tables_harvest(test->table, &collected, &harvest);
	assert_int_equal(collected.delta.packets, 500);
}

static int reopen_with_sampling(void **state)
{
	const struct tables_test *test = *state;

	tables_close_one(test->table);
	tables_open_one(test->table, 4);
	return 0;
}

static int reopen_without_sampling(void **state)
{
	const struct tables_test *test = *state;

	tables_close_one(test->table);
	tables_open_one(test->table, 1);
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
	const struct tables_test *test = *state;
	const struct flow_count *accounted, *sampled_out;
	enum probe_program programs[] = {PROBE_TC_INGRESS_L2, PROBE_XDP_INGRESS};
	struct tables_harvested collected;
	struct harvest harvest;
	size_t i;

	for (i = 0; i < 2; i++) {
		run_layers(test->table, programs[i], layers, 10000);
		tables_harvest(test->table, &collected, &harvest);
		accounted = &harvest.counters.outcomes[FLOW_ACCOUNTED][FLOW_INGRESS];
		sampled_out = &harvest.counters.outcomes[FLOW_SAMPLED_OUT][FLOW_INGRESS];
		packet_check_number(programs[i], "packets",
				    accounted->packets + sampled_out->packets, 10000);
		packet_check_number(programs[i], "octets", accounted->octets + sampled_out->octets,
				    10000 * 48);
		packet_check_number(programs[i], "delivered packets",
				    harvest.delivered[FLOW_INGRESS].packets, accounted->packets);
		/* Six standard deviations (43) around 2500. */
		assert_in_range(accounted->packets, 2240, 2760);
	}
}

static const struct CMUnitTest crafted =
	cmocka_unit_test(packets_crafted_packet_becomes_expected_flow);

static const struct CMUnitTest sequences[] = {
	cmocka_unit_test(packets_later_ipv4_fragments_join_their_first),
	cmocka_unit_test(packets_later_ipv6_fragments_join_their_first),
	cmocka_unit_test(packets_of_one_flow_add_up),
	cmocka_unit_test(packets_are_runs_of_their_program),
	cmocka_unit_test_setup_teardown(packets_sampled_out_are_counted, reopen_with_sampling,
					reopen_without_sampling),
};

#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

static size_t add_table(struct CMUnitTest *tests, struct tables_test *states,
			enum flow_table_kind table)
{
	struct CMUnitTest test = crafted;
	size_t count = 0, i;

	for (i = 0; i < packet_cases_count; i++) {
		if (!case_fits_any(&packet_cases[i])) {
			if (table == FLOW_TABLE_SLOTS)
				printf("# only natively: %s\n", packet_cases[i].name);
			continue;
		}
		states[count].table = table;
		states[count].packet_case = &packet_cases[i];
		test.name = packet_cases[i].name;
		tables_add_test(&tests[count], &states[count], &test);
		count++;
	}
	for (i = 0; i < SEQUENCES; i++) {
		states[count].table = table;
		tables_add_test(&tests[count], &states[count], &sequences[i]);
		count++;
	}
	return count;
}

int main(void)
{
	size_t most = TABLES * (packet_cases_count + SEQUENCES), count;
	struct CMUnitTest *tests = calloc(most, sizeof(*tests));
	struct tables_test *states = calloc(most, sizeof(*states));
	int failed;

	if (!tests || !states)
		return 1;
	count = add_table(tests, states, FLOW_TABLE_SLOTS);
	count += add_table(tests + count, states + count, FLOW_TABLE_HASH);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = _cmocka_run_group_tests("packets", tests, count, tables_open, tables_close);
	free(states);
	free(tests);
	return failed != 0;
}
