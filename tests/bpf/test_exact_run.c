// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every packet is counted exactly once: the shipped programs, both tables, under BPF_PROG_TEST_RUN.
 *
 * Two CPUs drive random packets of the same flows through the shipped object, millions per second,
 * while a third thread harvests without a pause. In the end each flow's packets, octets, TCP flags
 * and TTLs, as delivered by the harvests, are compared with what the driver wrote down; each
 * harvest's counters with its entries; and the sum of all outcomes with the packets driven.
 *
 * The harness must be able to fail: with the grace period left out, and nothing else changed, the
 * same comparison has to find errors. Small tables are used for that, because the sooner after the
 * flip the harvest reads an entry, the likelier it is that a packet is still being added to it. On
 * an emulated machine, which runs its CPUs in turn, that does not happen, and nothing can be shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "bed.h"

#define PACKETS 20000000ull
#define PACKETS_XDP 4000000ull
#define PACKETS_FEW_FLOWS 4000000ull
#define PACKETS_ORACLE 2000000ull
#define FLOWS 131072u
#define SLOTS_FOR_FLOWS 1048576u /* a quarter full at most: a flow takes a slot on each CPU */
#define CONTROL_PACKETS 2000000ull /* per attempt without the grace period */
#define CONTROL_PATIENCE_NS (60 * NS_PER_S)

struct scenario {
	enum flow_table_kind table;
	uint32_t slots;
	uint32_t flows;
	enum traffic_program program;
	int is_ipv6;
	unsigned int workers;
	uint64_t packets;
	int skip_grace;
};

static struct bed bed, other_bed;

static int exact_teardown(void **state)
{
	(void)state;
	bed_close(&bed);
	bed_close(&other_bed);
	return 0;
}

static void scenario_open(const struct scenario *scenario)
{
	const struct bed_config config = {
		.table = scenario->table,
		.slots = scenario->slots,
		.program = scenario->program,
		.traffic = {.flows = scenario->flows,
			    .is_ipv6 = scenario->is_ipv6,
			    .with_tcp = 1,
			    .keeps_truth = 1,
			    .seed = 1},
	};

	assert_int_equal(bed_open(&bed, &config), 0);
}

static void scenario_drive(const struct scenario *scenario, uint64_t packets)
{
	struct traffic_team team = {.traffic = &bed.traffic,
				    .program = scenario->program,
				    .per_call = TRAFFIC_PER_CALL};

	assert_int_equal(traffic_team_start(&team, scenario->workers, packets), 0);
	assert_int_equal(bed_harvest_flat_out(&bed, &team), 0);
}

static unsigned int scenario_rule(const struct scenario *scenario)
{
	return scenario->table == FLOW_TABLE_HASH && scenario->workers > 1 ? TRUTH_WITHOUT_TTL
									   : TRUTH_EXACT;
}

static void scenario_expect_exact(const struct scenario *scenario)
{
	struct driver_cpu driven = traffic_sum(&bed.traffic);
	struct flow_count seen = truth_seen(&bed.truth);
	struct flow_count accounted = truth_outcome(&bed.truth, FLOW_ACCOUNTED);

	printf("# %" PRIu64 " packets, %" PRIu64 " octets driven; %" PRIu64 " harvests, %" PRIu64
	       " entries, grace period up to %" PRIu64 " ms\n",
	       (uint64_t)driven.packets, (uint64_t)driven.octets, bed.truth.harvests,
	       bed.truth.entries, (uint64_t)(bed.truth.grace_max_ns / NS_PER_MS));
	assert_int_equal(driven.packets, traffic_budget(scenario->packets));
	assert_int_equal(driven.calls_failed, 0);
	assert_int_equal(bed.truth.misplaced, 0);
	assert_int_equal(bed.truth.unbalanced, 0);
	assert_int_equal(seen.packets, driven.packets);
	assert_int_equal(seen.octets, driven.octets);
	assert_int_equal(accounted.packets, driven.packets);
	assert_int_equal(accounted.octets, driven.octets);
	assert_int_equal(bed.truth.sum.packets, driven.packets);
	assert_int_equal(bed.truth.sum.octets, driven.octets);
	assert_int_equal(truth_compare(&bed.truth, bed.traffic.truth, bed.traffic.cpu_count,
				       scenario_rule(scenario)),
			 0);
}

static void run_exact(const struct scenario *scenario)
{
	scenario_open(scenario);
	scenario_drive(scenario, traffic_budget(scenario->packets));
	scenario_expect_exact(scenario);
	bed_close(&bed);
}

/* The same without the grace period: the comparison must find a difference. */
static void run_control(const struct scenario *scenario)
{
	uint64_t start = clock_monotonic_ns(), different = 0, driven = 0;
	int cpus[2];

	if (getenv("TEST_PACKETS") || traffic_usable_cpus(cpus, 2) < 2) {
		puts("# skip: kernel does not run two CPUs at once here, so nothing can go wrong");
		skip();
	}
	scenario_open(scenario);
	harvester_skip_grace_for_test(bed.harvester);
	while (!different && clock_monotonic_ns() - start < CONTROL_PATIENCE_NS) {
		scenario_drive(scenario, traffic_budget(CONTROL_PACKETS));
		driven = traffic_sum(&bed.traffic).packets;
		different = truth_compare(&bed.truth, bed.traffic.truth, bed.traffic.cpu_count,
					  scenario_rule(scenario));
	}
	printf("# without the grace period: %" PRIu64 " of %u flows wrong, %" PRIu64
	       " misplaced, %" PRIu64 " of %" PRIu64 " harvests unbalanced, after %" PRIu64
	       " packets, %" PRIu64 " ms\n",
	       different, scenario->flows, bed.truth.misplaced, bed.truth.unbalanced,
	       bed.truth.harvests, driven, (uint64_t)((clock_monotonic_ns() - start) / NS_PER_MS));
	assert_true(different > 0);
}

static void exact_slots_tc_ipv4_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_SLOTS,
				     .slots = SLOTS_FOR_FLOWS,
				     .flows = FLOWS,
				     .program = TRAFFIC_TC,
				     .workers = 2,
				     .packets = PACKETS});
}

static void exact_slots_tc_ipv6_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_SLOTS,
				     .slots = SLOTS_FOR_FLOWS,
				     .flows = FLOWS,
				     .program = TRAFFIC_TC,
				     .is_ipv6 = 1,
				     .workers = 2,
				     .packets = PACKETS_XDP});
}

static void exact_slots_xdp_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_SLOTS,
				     .slots = SLOTS_FOR_FLOWS,
				     .flows = FLOWS,
				     .program = TRAFFIC_XDP,
				     .workers = 2,
				     .packets = PACKETS_XDP});
}

static void exact_hash_tc_ipv4_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_HASH,
				     .slots = FLOWS * 2,
				     .flows = FLOWS,
				     .program = TRAFFIC_TC,
				     .workers = 2,
				     .packets = PACKETS});
}

static void exact_hash_xdp_ipv6_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_HASH,
				     .slots = FLOWS * 2,
				     .flows = FLOWS,
				     .program = TRAFFIC_XDP,
				     .is_ipv6 = 1,
				     .workers = 2,
				     .packets = PACKETS_XDP});
}

static void exact_slots_single_flow_on_two_cpus_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_SLOTS,
				     .slots = 1024,
				     .flows = 1,
				     .program = TRAFFIC_TC,
				     .workers = 2,
				     .packets = PACKETS_FEW_FLOWS});
}

static void exact_hash_single_flow_on_two_cpus_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&(struct scenario){.table = FLOW_TABLE_HASH,
				     .slots = 1024,
				     .flows = 1,
				     .program = TRAFFIC_TC,
				     .workers = 2,
				     .packets = PACKETS_FEW_FLOWS});
}

/* Few enough flows that a harvest takes microseconds: the positive side of the control below. */
static const struct scenario slots_quick = {.table = FLOW_TABLE_SLOTS,
					    .slots = 1024,
					    .flows = 128,
					    .program = TRAFFIC_TC,
					    .workers = 2,
					    .packets = PACKETS_FEW_FLOWS};
static const struct scenario hash_quick = {.table = FLOW_TABLE_HASH,
					   .slots = 32,
					   .flows = 8,
					   .program = TRAFFIC_TC,
					   .workers = 2,
					   .packets = PACKETS_FEW_FLOWS};

static void exact_slots_small_table_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&slots_quick);
}

static void exact_hash_small_table_counts_every_packet_once(void **state)
{
	(void)state;
	run_exact(&hash_quick);
}

static void exact_slots_without_grace_period_is_found_out(void **state)
{
	(void)state;
	run_control(&slots_quick);
}

static void exact_hash_without_grace_period_is_found_out(void **state)
{
	(void)state;
	run_control(&hash_quick);
}

/* Equal packets through both tables: equal flows, field by field. */
static void exact_both_tables_agree_on_the_same_packets(void **state)
{
	struct scenario scenario = {.slots = SLOTS_FOR_FLOWS,
				    .flows = FLOWS,
				    .program = TRAFFIC_TC,
				    .workers = 1,
				    .packets = PACKETS_ORACLE};
	uint32_t i;

	(void)state;
	scenario.table = FLOW_TABLE_HASH;
	scenario_open(&scenario);
	scenario_drive(&scenario, traffic_budget(scenario.packets));
	scenario_expect_exact(&scenario);
	other_bed = bed;
	scenario.table = FLOW_TABLE_SLOTS;
	scenario_open(&scenario);
	scenario_drive(&scenario, traffic_budget(scenario.packets));
	scenario_expect_exact(&scenario);
	for (i = 0; i < scenario.flows; i++) {
		const struct truth_flow *a = &bed.truth.delivered[i];
		const struct truth_flow *b = &other_bed.truth.delivered[i];

		assert_int_equal(a->packets, b->packets);
		assert_int_equal(a->octets, b->octets);
		assert_int_equal(a->tcp_flags, b->tcp_flags);
		assert_int_equal(a->ttl_min, b->ttl_min);
		assert_int_equal(a->ttl_max, b->ttl_max);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(exact_slots_tc_ipv4_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_slots_tc_ipv6_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_slots_xdp_counts_every_packet_once, exact_teardown),
		cmocka_unit_test_teardown(exact_hash_tc_ipv4_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_hash_xdp_ipv6_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(
			exact_slots_single_flow_on_two_cpus_counts_every_packet_once,
			exact_teardown),
		cmocka_unit_test_teardown(
			exact_hash_single_flow_on_two_cpus_counts_every_packet_once,
			exact_teardown),
		cmocka_unit_test_teardown(exact_slots_small_table_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_hash_small_table_counts_every_packet_once,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_slots_without_grace_period_is_found_out,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_hash_without_grace_period_is_found_out,
					  exact_teardown),
		cmocka_unit_test_teardown(exact_both_tables_agree_on_the_same_packets,
					  exact_teardown),
	};

	if (geteuid() != 0) {
		puts("1..0 # SKIP loading programs into the kernel needs root");
		return 0;
	}
	loader_init();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
