// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What does not fit into the flow table is counted, not lost, and never in a wrong flow.
 *
 * Two limits: a table with fewer entries than flows, where packets have the outcome "table full";
 * and the counters of one slot, which is closed when they are half full, so that the flow goes on
 * in another slot. A generation of 2^23 packets takes seconds; super-packets of 65535 segments get
 * there in 129.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bed.h"

#define PACKETS_OVERFLOW 4000000ull
#define FLOWS_OVERFLOW 131072u
#define SLOTS_OVERFLOW 4096u
#define PACKETS_CLOSING 9500000ull /* more than 2^23 */
#define CLOSING_PACKETS (1ull << 23)

#define SEGMENTS 65535u /* the most a super-packet may have */
#define SEGMENT_HEADERS 28u /* IPv4, UDP */
#define SUPER_PACKETS 5000u
#define SUPER_PACKETS_PER_SLOT 129u /* the first number whose segments reach 2^23 */
#define SUPER_PACKETS_FITTING (SUPER_PACKETS_PER_SLOT * FLOW_SLOT_WINDOW)
#define SUPER_OCTETS (DRIVER_OCTETS_MAX + (SEGMENTS - 1) * (uint64_t)SEGMENT_HEADERS)

static struct bed bed;

static int capacity_teardown(void **state)
{
	(void)state;
	bed_close(&bed);
	return 0;
}

static void capacity_open(enum flow_table_kind table, uint32_t slots, uint32_t flows)
{
	const struct bed_config config = {
		.table = table,
		.slots = slots,
		.program = TRAFFIC_TC,
		.traffic = {.flows = flows, .with_tcp = 1, .keeps_truth = 1, .seed = 3},
	};

	assert_int_equal(bed_open(&bed, &config), 0);
}

static void capacity_run_overflow(enum flow_table_kind table, uint32_t slots)
{
	uint64_t packets = traffic_budget(PACKETS_OVERFLOW);
	struct traffic_team team = {
		.traffic = &bed.traffic, .program = TRAFFIC_TC, .per_call = TRAFFIC_PER_CALL};
	struct flow_count full, busy, accounted;
	struct driver_cpu driven;

	capacity_open(table, slots, FLOWS_OVERFLOW);
	assert_int_equal(traffic_team_start(&team, TRAFFIC_WORKERS_MAX, packets), 0);
	assert_int_equal(bed_harvest_flat_out(&bed, &team), 0);
	driven = traffic_sum(&bed.traffic);
	full = truth_outcome(&bed.truth, FLOW_TABLE_FULL);
	busy = truth_outcome(&bed.truth, FLOW_TABLE_BUSY);
	accounted = truth_outcome(&bed.truth, FLOW_ACCOUNTED);
	printf("# %" PRIu64 " packets: %" PRIu64 " accounted, %" PRIu64 " table full, %" PRIu64
	       " table busy\n",
	       (uint64_t)driven.packets, (uint64_t)accounted.packets, (uint64_t)full.packets,
	       (uint64_t)busy.packets);
	assert_int_equal(driven.packets, packets);
	assert_int_equal(driven.calls_failed, 0);
	assert_true(full.packets > packets / 10); /* else this tests nothing */
	assert_true(accounted.packets > 0);
	assert_int_equal(bed.truth.misplaced, 0);
	assert_int_equal(bed.truth.unbalanced, 0);
	assert_int_equal(bed.truth.sum.packets, accounted.packets);
	assert_int_equal(bed.truth.sum.octets, accounted.octets);
	assert_int_equal(accounted.packets + full.packets + busy.packets, driven.packets);
	assert_int_equal(accounted.octets + full.octets + busy.octets, driven.octets);
	assert_int_equal(truth_seen(&bed.truth).packets, driven.packets);
	assert_int_equal(
		truth_compare(&bed.truth, bed.traffic.truth, bed.traffic.cpu_count, TRUTH_NO_MORE),
		0);
}

static void capacity_slots_overflow_is_counted_to_the_packet(void **state)
{
	(void)state;
	capacity_run_overflow(FLOW_TABLE_SLOTS, SLOTS_OVERFLOW);
}

static void capacity_smallest_slots_overflow_is_counted_to_the_packet(void **state)
{
	(void)state;
	capacity_run_overflow(FLOW_TABLE_SLOTS, FLOW_SLOT_WINDOW);
}

static void capacity_hash_overflow_is_counted_to_the_packet(void **state)
{
	(void)state;
	capacity_run_overflow(FLOW_TABLE_HASH, SLOTS_OVERFLOW);
}

/* Until the window is full of closed slots the flow goes on; then its packets do not fit. */
static void capacity_super_packets_close_slot_after_slot(void **state)
{
	struct __sk_buff context = {.gso_segs = SEGMENTS, .gso_size = 1};
	struct flow_count accounted, full;
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &context, .ctx_size_in = sizeof(context),
		    .data_size_in = DRIVER_FRAME_OCTETS, .repeat = SUPER_PACKETS);

	(void)state;
	capacity_open(FLOW_TABLE_SLOTS, 1024, 1);
	bed.traffic.frame[DRIVER_ETHERNET_OCTETS + 9] = 17;
	run.data_in = bed.traffic.frame;
	assert_int_equal(
		bpf_prog_test_run_opts(probe_program_fd(bed.probe, PROBE_TC_INGRESS_L2), &run), 0);
	assert_int_equal(bed_harvest_rest(&bed), 0);
	accounted = truth_outcome(&bed.truth, FLOW_ACCOUNTED);
	full = truth_outcome(&bed.truth, FLOW_TABLE_FULL);
	assert_int_equal(bed.truth.unbalanced, 0);
	assert_int_equal(bed.truth.entries, FLOW_SLOT_WINDOW);
	assert_int_equal(accounted.packets, SUPER_PACKETS_FITTING * (uint64_t)SEGMENTS);
	assert_int_equal(accounted.octets, SUPER_PACKETS_FITTING * SUPER_OCTETS);
	assert_int_equal(full.packets,
			 (SUPER_PACKETS - SUPER_PACKETS_FITTING) * (uint64_t)SEGMENTS);
	assert_int_equal(full.octets, (SUPER_PACKETS - SUPER_PACKETS_FITTING) * SUPER_OCTETS);
	assert_int_equal(bed.truth.sum.packets, accounted.packets);
	assert_int_equal(bed.truth.sum.octets, accounted.octets);

	/* The closed slots are free again. */
	run.repeat = 1;
	assert_int_equal(
		bpf_prog_test_run_opts(probe_program_fd(bed.probe, PROBE_TC_INGRESS_L2), &run), 0);
	assert_int_equal(bed_harvest_rest(&bed), 0);
	assert_int_equal(bed.truth.entries, FLOW_SLOT_WINDOW + 1);
	assert_int_equal(bed.truth.unbalanced, 0);
	assert_int_equal(truth_outcome(&bed.truth, FLOW_TABLE_FULL).packets, full.packets);
}

/* One flow, one CPU, one generation: the slot closes once, on its way to the last packet. */
static void capacity_slot_closes_after_2_to_the_23_packets(void **state)
{
	struct traffic_team team = {
		.traffic = &bed.traffic, .program = TRAFFIC_TC, .per_call = TRAFFIC_PER_CALL};
	struct driver_cpu driven;

	(void)state;
	if (traffic_budget(PACKETS_CLOSING) <= CLOSING_PACKETS) {
		puts("# skip: kernel is to be spared that many packets (TEST_PACKETS)");
		skip();
	}
	capacity_open(FLOW_TABLE_SLOTS, 1024, 1);
	assert_int_equal(traffic_team_start(&team, 1, PACKETS_CLOSING), 0);
	assert_int_equal(traffic_team_join(&team), 0);
	assert_int_equal(harvester_fill(bed.harvester), 2);
	assert_int_equal(bed_harvest_rest(&bed), 0);
	driven = traffic_sum(&bed.traffic);
	assert_int_equal(driven.packets, PACKETS_CLOSING);
	assert_int_equal(bed.truth.entries, 2);
	assert_int_equal(bed.truth.misplaced, 0);
	assert_int_equal(bed.truth.unbalanced, 0);
	assert_int_equal(bed.truth.sum.packets, PACKETS_CLOSING);
	assert_int_equal(truth_seen(&bed.truth).octets, driven.octets);
	assert_int_equal(
		truth_compare(&bed.truth, bed.traffic.truth, bed.traffic.cpu_count, TRUTH_EXACT),
		0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(capacity_slots_overflow_is_counted_to_the_packet,
					  capacity_teardown),
		cmocka_unit_test_teardown(capacity_smallest_slots_overflow_is_counted_to_the_packet,
					  capacity_teardown),
		cmocka_unit_test_teardown(capacity_hash_overflow_is_counted_to_the_packet,
					  capacity_teardown),
		cmocka_unit_test_teardown(capacity_super_packets_close_slot_after_slot,
					  capacity_teardown),
		cmocka_unit_test_teardown(capacity_slot_closes_after_2_to_the_23_packets,
					  capacity_teardown),
	};

	if (geteuid() != 0) {
		puts("1..0 # SKIP loading programs into the kernel needs root");
		return 0;
	}
	loader_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
