// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every packet is counted exactly once: the shipped programs, both tables, on real hooks.
 *
 * Two CPUs generate live XDP frames into one end of a veth pair. They arrive at the other end in
 * softirq, as packets from a NIC do, and meet there, in this order: a witness that writes down each
 * packet, the shipped program, and a program that drops what the stack need not see. On the tc hook
 * these are three programs one behind the other (TCX where the kernel has it, else clsact filters);
 * on XDP, which has room for one, the witness tail-calls the shipped program and the packets it
 * passes are dropped at tc. Frames lost before the hook are in neither account.
 *
 * Harvests run flat out all the while. In the end the interface is taken down, which waits for the
 * last packet, and each flow is compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bed.h"
#include "netns.h"
#include "traffic.h"
#include "truth.h"

#define PACKETS 20000000ull
#define FLOWS 100000u
#define SLOTS 524288u /* well below half full: a flow takes a slot on each CPU */
#define PATIENCE_NS (70 * NS_PER_S)
#define LIVE_TCX_INGRESS 46 /* BPF_TCX_INGRESS, not in all headers */
#define LIVE_HOOKED 3

#define NEAR "fpx0" /* frames leave here */
#define FAR "fpx1" /* and arrive here */

/* The one at work: what a test that failed half-way leaves, the teardown cleans up. */
static struct {
	struct bed bed;
	unsigned int near, far;
	int links[LIVE_HOOKED]; /* negative where the kernel has no TCX and it is a filter */
	unsigned int hooked;
} live;

/* Behind all that are attached already. */
static int live_attach_tc(int program_fd)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)live.far, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program_fd, .handle = 1,
		    .priority = live.hooked + 1);
	int fd = bpf_link_create(program_fd, (int)live.far, LIVE_TCX_INGRESS, NULL), err;

	live.links[live.hooked++] = fd;
	if (fd != -EINVAL)
		return fd < 0 ? fd : 0;
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return err;
	return bpf_tc_attach(&hook, &options);
}

static int live_attach_xdp(int program_fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(program_fd, (int)live.far, BPF_XDP, &options);

	live.links[live.hooked++] = fd;
	return fd < 0 ? fd : 0;
}

static void live_attach(int is_xdp)
{
	const struct driver *driver = live.bed.traffic.driver;

	if (is_xdp) {
		assert_int_equal(
			traffic_set_target(&live.bed.traffic, TRAFFIC_XDP,
					   probe_program_fd(live.bed.probe, PROBE_XDP_INGRESS)),
			0);
		assert_int_equal(live_attach_xdp(bpf_program__fd(driver->progs.witness_xdp)), 0);
	} else {
		assert_int_equal(live_attach_tc(bpf_program__fd(driver->progs.witness_tc)), 0);
		assert_int_equal(
			live_attach_tc(probe_program_fd(live.bed.probe, PROBE_TC_INGRESS_L2)), 0);
	}
	assert_int_equal(live_attach_tc(bpf_program__fd(driver->progs.drop_tc)), 0);
}

static void live_open(enum flow_table_kind table, int is_xdp)
{
	struct bed_config config = {
		.table = table,
		.slots = SLOTS,
		.program = TRAFFIC_LIVE,
		.traffic = {.flows = FLOWS, .is_ipv6 = is_xdp, .keeps_truth = 1, .seed = 2},
	};

	/* A queue for each CPU: the receiving queue is chosen by the sending CPU's number. */
	assert_int_equal(netns_make_veth(NEAR, FAR, (unsigned int)libbpf_num_possible_cpus(),
					 &live.near, &live.far),
			 0);
	config.traffic.redirect_ifindex = live.near;
	config.ifindex = live.far;
	assert_int_equal(bed_open(&live.bed, &config), 0);
	live_attach(is_xdp);
}

static int live_teardown(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < live.hooked; i++) {
		if (live.links[i] >= 0)
			close(live.links[i]);
	}
	bed_close(&live.bed);
	if (live.near)
		netns_delete(NEAR);
	memset(&live, 0, sizeof(live));
	return 0;
}

/* Generates until so many packets have arrived; harvests meanwhile. */
static void live_drive(uint64_t packets)
{
	struct traffic_team team = {.traffic = &live.bed.traffic,
				    .program = TRAFFIC_LIVE,
				    .per_call = packets < TRAFFIC_LIVE_PER_CALL
							? (uint32_t)packets
							: TRAFFIC_LIVE_PER_CALL};
	uint64_t start = clock_monotonic_ns(), now = start;
	int err = 0;

	assert_int_equal(traffic_team_start(&team, TRAFFIC_WORKERS_MAX, UINT64_MAX), 0);
	while (!err && traffic_team_running(&team) &&
	       traffic_sum(&live.bed.traffic).packets < packets && now - start < PATIENCE_NS) {
		err = bed_harvest(&live.bed);
		now = clock_monotonic_ns();
	}
	atomic_store(&team.stop, 1);
	assert_int_equal(bed_harvest_flat_out(&live.bed, &team), 0);
	assert_int_equal(err, 0);
	assert_int_equal(netns_set_down(FAR), 0);
	assert_int_equal(bed_harvest_rest(&live.bed), 0);
	printf("# %" PRIu64 " packets in %" PRIu64 " ms, %" PRIu64 " harvests, %" PRIu64
	       " entries, grace period up to %" PRIu64 " ms\n",
	       (uint64_t)traffic_sum(&live.bed.traffic).packets,
	       (uint64_t)((now - start) / NS_PER_MS), live.bed.truth.harvests,
	       live.bed.truth.entries, (uint64_t)(live.bed.truth.grace_max_ns / NS_PER_MS));
}

static void run_live(enum flow_table_kind table, int is_xdp)
{
	uint64_t packets = traffic_budget(PACKETS);
	struct flow_count seen, accounted;
	struct driver_cpu arrived;

	live_open(table, is_xdp);
	live_drive(packets);
	arrived = traffic_sum(&live.bed.traffic);
	seen = truth_seen(&live.bed.truth);
	accounted = truth_outcome(&live.bed.truth, FLOW_ACCOUNTED);
	assert_true(arrived.packets >= packets);
	assert_int_equal(arrived.calls_failed, 0);
	assert_int_equal(arrived.strays, 0);
	assert_int_equal(live.bed.truth.misplaced, 0);
	assert_int_equal(live.bed.truth.unbalanced, 0);
	assert_int_equal(seen.packets, arrived.packets);
	assert_int_equal(seen.octets, arrived.octets);
	assert_int_equal(accounted.packets, arrived.packets);
	assert_int_equal(accounted.octets, arrived.octets);
	assert_int_equal(truth_compare(&live.bed.truth, live.bed.traffic.truth,
				       live.bed.traffic.cpu_count,
				       table == FLOW_TABLE_HASH ? TRUTH_WITHOUT_TTL : TRUTH_EXACT),
			 0);
}

static void exact_slots_on_live_tc_counts_every_packet_once(void **state)
{
	(void)state;
	run_live(FLOW_TABLE_SLOTS, 0);
}

static void exact_slots_on_live_xdp_counts_every_packet_once(void **state)
{
	(void)state;
	run_live(FLOW_TABLE_SLOTS, 1);
}

static void exact_hash_on_live_tc_counts_every_packet_once(void **state)
{
	(void)state;
	run_live(FLOW_TABLE_HASH, 0);
}

static void exact_hash_on_live_xdp_counts_every_packet_once(void **state)
{
	(void)state;
	run_live(FLOW_TABLE_HASH, 1);
}

static int has_live_frames(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	return uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2 || major > 5 ||
	       minor >= 18;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(exact_slots_on_live_tc_counts_every_packet_once,
					  live_teardown),
		cmocka_unit_test_teardown(exact_slots_on_live_xdp_counts_every_packet_once,
					  live_teardown),
		cmocka_unit_test_teardown(exact_hash_on_live_tc_counts_every_packet_once,
					  live_teardown),
		cmocka_unit_test_teardown(exact_hash_on_live_xdp_counts_every_packet_once,
					  live_teardown),
	};

	if (geteuid() != 0) {
		puts("1..0 # SKIP loading programs into the kernel needs root");
		return 0;
	}
	if (!has_live_frames()) {
		puts("1..0 # SKIP kernel cannot run XDP programs on live frames (that came with "
		     "5.18)");
		return 0;
	}
	loader_init();
	if (netns_enter()) {
		perror("cannot make a network namespace");
		return 1;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
