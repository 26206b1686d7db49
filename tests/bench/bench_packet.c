// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the shipped tc program costs per packet: a table on stdout, no verdict.
 *
 * The traffic driver makes random packets of so many flows and tail-calls either an empty program
 * or the shipped one with either table; the difference is the cost of the shipped program. The
 * three take turns, round after round, so that a slow moment of the machine hits all alike; the
 * minimum and the median of the rounds are printed. All flows are in the table before the first
 * round, and nothing is harvested. With two CPUs both drive the same flows, and the figure is that
 * of one packet on one of them.
 *
 * Time is CPU time of the driving threads, so that others running on this machine disturb less.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bed.h"

#define BENCH_ROUNDS 13
#define BENCH_PACKETS 300000u /* per round, target and CPU */
#define BENCH_PER_CALL 20000u
#define BENCH_SLOTS (1u << 20)
#define BENCH_SLOTS_PER_FLOW 4 /* at least; half of it with two CPUs, which take a slot each */
#define BENCH_WARM_UP 4 /* packets per flow: 98 % of the flows are in the table then */

enum target { TARGET_EMPTY, TARGET_SLOTS, TARGET_HASH, TARGETS };

static const char *const target_names[TARGETS] = {
	[TARGET_EMPTY] = "empty program",
	[TARGET_SLOTS] = "slots",
	[TARGET_HASH] = "hash",
};

static const uint32_t bench_flows[] = {1, 1000, 131072, 524288};
#define BENCH_COLUMNS (sizeof(bench_flows) / sizeof(bench_flows[0]))

/* ns per packet of each round. */
struct measurement {
	double rounds[BENCH_ROUNDS];
};

/* One thread of a round. */
struct share {
	struct traffic *traffic;
	pthread_t thread;
	pthread_barrier_t *start;
	int cpu;
	uint64_t packets;
	double ns; /* per packet */
	int err;
};

static uint64_t cpu_time_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void *share_work(void *arg)
{
	struct share *share = arg;
	uint64_t done, start;

	share->err = traffic_pin(share->cpu);
	pthread_barrier_wait(share->start);
	start = cpu_time_ns();
	for (done = 0; !share->err && done < share->packets; done += BENCH_PER_CALL)
		share->err = traffic_drive(share->traffic, TRAFFIC_TC, BENCH_PER_CALL);
	share->ns = (double)(cpu_time_ns() - start) / (double)share->packets;
	return NULL;
}

/* Drives packets on each of count CPUs at once; ns per packet, their average, or -1. */
static double drive(struct traffic *traffic, const int *cpus, unsigned int count, uint64_t packets)
{
	struct share shares[TRAFFIC_WORKERS_MAX];
	pthread_barrier_t start;
	unsigned int i;
	double sum = 0;
	int err = 0;

	packets = (packets + BENCH_PER_CALL - 1) / BENCH_PER_CALL * BENCH_PER_CALL;
	pthread_barrier_init(&start, NULL, count);
	for (i = 0; i < count; i++) {
		shares[i] = (struct share){
			.traffic = traffic, .start = &start, .cpu = cpus[i], .packets = packets};
		if (pthread_create(&shares[i].thread, NULL, share_work, &shares[i])) {
			perror("cannot start a thread");
			exit(1); /* the others wait at the barrier for it */
		}
	}
	for (i = 0; i < count; i++) {
		pthread_join(shares[i].thread, NULL);
		sum += shares[i].ns;
		err |= shares[i].err;
	}
	pthread_barrier_destroy(&start);
	return err ? -1 : sum / count;
}

static uint32_t slots_for(uint32_t flows)
{
	return flows * BENCH_SLOTS_PER_FLOW > BENCH_SLOTS ? flows * BENCH_SLOTS_PER_FLOW
							  : BENCH_SLOTS;
}

struct group {
	struct traffic traffic;
	struct probe *probes[TARGETS];
	struct harvester *harvesters[TARGETS];
	int fds[TARGETS];
};

static void group_close(struct group *group)
{
	int i;

	for (i = 0; i < TARGETS; i++) {
		harvester_free(group->harvesters[i]);
		probe_close(group->probes[i]);
	}
	traffic_close(&group->traffic);
}

/* The harvesters only start the generation that is then driven into. */
static int group_open(struct group *group, uint32_t flows, int is_ipv6)
{
	const struct traffic_config traffic = {
		.flows = flows, .is_ipv6 = is_ipv6, .with_tcp = 1, .seed = 6};
	struct probe_config config = {.slots = slots_for(flows), .sampling = 1};
	char error[512] = "";
	int i, err = traffic_open(&group->traffic, &traffic);

	if (err) {
		fprintf(stderr, "cannot load the traffic driver: %s\n", strerror(-err));
		return err;
	}
	group->fds[TARGET_EMPTY] = bpf_program__fd(group->traffic.driver->progs.empty_tc);
	for (i = TARGET_SLOTS; i < TARGETS; i++) {
		config.table = i == TARGET_HASH ? FLOW_TABLE_HASH : FLOW_TABLE_SLOTS;
		group->probes[i] = probe_open(&config, error, sizeof(error));
		if (!group->probes[i]) {
			fprintf(stderr, "%s\n", error);
			return -1;
		}
		group->harvesters[i] = harvester_new(group->probes[i]);
		if (!group->harvesters[i]) {
			perror("cannot start a generation");
			return -1;
		}
		group->fds[i] = probe_program_fd(group->probes[i], PROBE_TC_INGRESS_L2);
	}
	return 0;
}

/* Packets that found no room, which makes the figures a little too low. */
static uint64_t group_overflow(const struct group *group, enum target target)
{
	const struct probe_maps *maps;
	uint64_t packets = 0;
	uint32_t cpu;

	if (target == TARGET_EMPTY)
		return 0;
	maps = probe_maps(group->probes[target]);
	for (cpu = 0; cpu < maps->cpu_count; cpu++)
		packets += maps->cpu[cpu]
				   .generations[0]
				   .outcomes[FLOW_TABLE_FULL][FLOW_INGRESS]
				   .packets;
	return packets;
}

static int group_measure(struct group *group, uint32_t flows, const int *cpus, unsigned int count,
			 struct measurement *results, uint64_t *overflow)
{
	double ns;
	int round, i, err;

	/* Round -1 warms up. */
	for (round = -1; round < BENCH_ROUNDS; round++) {
		for (i = 0; i < TARGETS; i++) {
			uint64_t packets = BENCH_PACKETS;

			if (round < 0 && packets < (uint64_t)flows * BENCH_WARM_UP)
				packets = (uint64_t)flows * BENCH_WARM_UP;
			err = traffic_set_target(&group->traffic, TRAFFIC_TC, group->fds[i]);
			if (err)
				return err;
			ns = drive(&group->traffic, cpus, count, packets);
			if (ns < 0)
				return -1;
			if (round >= 0)
				results[i].rounds[round] = ns;
		}
	}
	for (i = 0; i < TARGETS; i++)
		*overflow += group_overflow(group, i);
	return traffic_sum(&group->traffic).calls_failed ? -1 : 0;
}

static int compare_doubles(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const double *values)
{
	double sorted[BENCH_ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, BENCH_ROUNDS, sizeof(*sorted), compare_doubles);
	return sorted[BENCH_ROUNDS / 2];
}

static double minimum(const double *values)
{
	double least = values[0];
	int i;

	for (i = 1; i < BENCH_ROUNDS; i++)
		least = values[i] < least ? values[i] : least;
	return least;
}

/* Minimum and median; of a table: above those of the empty program in the same rounds. */
static void print_cell(const struct measurement *results, enum target target)
{
	double above[BENCH_ROUNDS], least = minimum(results[target].rounds);
	int i;

	memcpy(above, results[target].rounds, sizeof(above));
	if (target != TARGET_EMPTY) {
		least -= minimum(results[TARGET_EMPTY].rounds);
		for (i = 0; i < BENCH_ROUNDS; i++)
			above[i] -= results[TARGET_EMPTY].rounds[i];
	}
	printf("   %5.1f %6.1f", least, median(above));
}

static void print_rows(int is_ipv6, unsigned int count,
		       const struct measurement results[BENCH_COLUMNS][TARGETS])
{
	size_t column;
	int i;

	for (i = 0; i < TARGETS; i++) {
		printf("IPv%d  %u CPU%s  %-14s", is_ipv6 ? 6 : 4, count, count > 1 ? "s" : " ",
		       target_names[i]);
		for (column = 0; column < BENCH_COLUMNS; column++)
			print_cell(results[column], i);
		printf("\n");
	}
	fflush(stdout);
}

static void print_header(void)
{
	size_t column;

	printf("ns per packet, minimum and median of %d rounds; tables: above the empty program\n"
	       "empty program: includes making the packet and calling the program\n"
	       "slots/entries: %u, or %u times the flows where that is more\n\n",
	       BENCH_ROUNDS, BENCH_SLOTS, BENCH_SLOTS_PER_FLOW);
	printf("%-27s", "flows");
	for (column = 0; column < BENCH_COLUMNS; column++)
		printf("   %12" PRIu32, bench_flows[column]);
	printf("\n");
}

/* All columns of one family and number of CPUs. */
static int bench_rows(int is_ipv6, const int *cpus, unsigned int count, uint64_t *overflow)
{
	struct measurement results[BENCH_COLUMNS][TARGETS] = {0};
	size_t column;
	int err = 0;

	for (column = 0; column < BENCH_COLUMNS && !err; column++) {
		struct group group = {0};

		err = group_open(&group, bench_flows[column], is_ipv6);
		if (!err)
			err = group_measure(&group, bench_flows[column], cpus, count,
					    results[column], overflow);
		group_close(&group);
	}
	if (!err)
		print_rows(is_ipv6, count, results);
	return err;
}

int main(void)
{
	int cpus[TRAFFIC_WORKERS_MAX], is_ipv6, err = 0;
	unsigned int count = traffic_usable_cpus(cpus, TRAFFIC_WORKERS_MAX), used;
	uint64_t overflow = 0;

	if (geteuid() != 0) {
		fputs("loading programs into the kernel needs root\n", stderr);
		return 77;
	}
	loader_init();
	print_header();
	for (used = 1; used <= count && !err; used++) {
		for (is_ipv6 = 0; is_ipv6 < 2 && !err; is_ipv6++)
			err = bench_rows(is_ipv6, cpus, used, &overflow);
	}
	if (overflow)
		printf("\n%" PRIu64 " packets in all found no room in a table\n", overflow);
	if (err)
		fputs("a measurement failed\n", stderr);
	return err ? 1 : 0;
}
