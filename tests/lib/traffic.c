// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Drives known traffic through kernel programs: see traffic.h.
 *
 * One thread per CPU, pinned, and never two on one CPU: before 6.x BPF_PROG_TEST_RUN leaves bottom
 * halves on, so two runs on one CPU could interleave, which on a real hook they cannot.
 */
#include "traffic.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/clock.h"

#define TRAFFIC_LIVE_BATCH 64
#define TRAFFIC_PACE_NS (2 * NS_PER_MS)
#define TRAFFIC_XDP_HAS_FRAGMENTS (1u << 5) /* BPF_F_XDP_HAS_FRAGS */

/* What never changes from packet to packet. */
static void traffic_init_frame(struct traffic *traffic)
{
	static const uint8_t ethernet[12] = {2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa};
	uint8_t *ip = traffic->frame + DRIVER_ETHERNET_OCTETS;

	memset(traffic->frame, 0, sizeof(traffic->frame));
	memcpy(traffic->frame, ethernet, sizeof(ethernet));
	ip[-2] = traffic->config.is_ipv6 ? 0x86 : 0x08;
	ip[-1] = traffic->config.is_ipv6 ? 0xdd : 0x00;
	ip[0] = traffic->config.is_ipv6 ? 0x60 : 0x45;
}

static void *traffic_map_memory(const struct bpf_map *map)
{
	size_t bytes = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void traffic_unmap_memory(void *memory, const struct bpf_map *map)
{
	if (memory)
		munmap(memory, (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map));
}

void traffic_close(struct traffic *traffic)
{
	if (traffic->driver) {
		traffic_unmap_memory(traffic->cpu, traffic->driver->maps.driver_cpus);
		traffic_unmap_memory(traffic->truth, traffic->driver->maps.driver_truths);
		driver__destroy(traffic->driver);
	}
	memset(traffic, 0, sizeof(*traffic));
}

/* xdp_fragments: as the loader does for the program under test, else they cannot call it. */
static int traffic_load(struct traffic *traffic, int xdp_fragments)
{
	const struct traffic_config *config = &traffic->config;
	struct driver *driver = driver__open();
	int err = 0;

	if (!driver)
		return -errno;
	driver->rodata->flow_count = config->flows;
	driver->rodata->is_ipv6 = config->is_ipv6;
	driver->rodata->with_tcp = config->with_tcp;
	driver->rodata->keeps_truth = config->keeps_truth;
	driver->rodata->redirect_ifindex = config->redirect_ifindex;
	if (xdp_fragments) {
		bpf_program__set_flags(driver->progs.drive_xdp, TRAFFIC_XDP_HAS_FRAGMENTS);
		bpf_program__set_flags(driver->progs.witness_xdp, TRAFFIC_XDP_HAS_FRAGMENTS);
	}
	err = bpf_map__set_max_entries(driver->maps.driver_cpus, traffic->cpu_count);
	if (!err && config->keeps_truth)
		err = bpf_map__set_max_entries(driver->maps.driver_truths,
					       traffic->cpu_count * config->flows);
	if (!err)
		err = driver__load(driver);
	if (err) {
		driver__destroy(driver);
		return err;
	}
	traffic->driver = driver;
	return 0;
}

int traffic_open(struct traffic *traffic, const struct traffic_config *config)
{
	uint32_t i;
	int err;

	memset(traffic, 0, sizeof(*traffic));
	traffic->config = *config;
	traffic->cpu_count = (uint32_t)libbpf_num_possible_cpus();
	traffic_init_frame(traffic);
	err = traffic_load(traffic, 1);
	if (err == -EINVAL)
		err = traffic_load(traffic, 0);
	if (err)
		return err;
	traffic->cpu = traffic_map_memory(traffic->driver->maps.driver_cpus);
	if (config->keeps_truth)
		traffic->truth = traffic_map_memory(traffic->driver->maps.driver_truths);
	if (!traffic->cpu || (config->keeps_truth && !traffic->truth)) {
		traffic_close(traffic);
		return -ENOMEM;
	}
	for (i = 0; i < traffic->cpu_count; i++) {
		traffic->cpu[i].random = (config->seed + i + 1) * 0x9e3779b97f4a7c15ull;
		traffic->cpu[i].next_flow = i * (uint64_t)TRAFFIC_UNIQUE_STRIDE;
	}
	return 0;
}

int traffic_set_target(struct traffic *traffic, enum traffic_program from, int program_fd)
{
	const struct bpf_map *targets = from == TRAFFIC_TC ? traffic->driver->maps.tc_targets
							   : traffic->driver->maps.xdp_targets;
	uint32_t index = 0;

	return bpf_map_update_elem(bpf_map__fd(targets), &index, &program_fd, BPF_ANY) ? -errno : 0;
}

int traffic_drive(struct traffic *traffic, enum traffic_program program, uint32_t packets)
{
	const struct bpf_program *const programs[] = {
		[TRAFFIC_TC] = traffic->driver->progs.drive_tc,
		[TRAFFIC_XDP] = traffic->driver->progs.drive_xdp,
		[TRAFFIC_LIVE] = traffic->driver->progs.generate,
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = traffic->frame,
		    .data_size_in = sizeof(traffic->frame), .repeat = (int)packets);

	if (program == TRAFFIC_LIVE) {
		run.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
		run.batch_size = TRAFFIC_LIVE_BATCH;
	}
	return bpf_prog_test_run_opts(bpf_program__fd(programs[program]), &run);
}

struct driver_cpu traffic_sum(const struct traffic *traffic)
{
	struct driver_cpu sum = {0};
	uint32_t i;

	for (i = 0; i < traffic->cpu_count; i++) {
		const volatile struct driver_cpu *cpu = &traffic->cpu[i];

		sum.packets += cpu->packets;
		sum.octets += cpu->octets;
		sum.calls_failed += cpu->calls_failed;
		sum.strays += cpu->strays;
		sum.stray_octets += cpu->stray_octets;
	}
	return sum;
}

unsigned int traffic_usable_cpus(int *cpus, unsigned int max)
{
	unsigned int count = 0;
	cpu_set_t set;
	int i;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 0;
	for (i = 0; i < CPU_SETSIZE && count < max; i++) {
		if (CPU_ISSET(i, &set))
			cpus[count++] = i;
	}
	return count;
}

int traffic_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/* Packets that are due by now; waits while there are none. */
static uint32_t traffic_pace(const struct traffic_team *team, uint64_t start_ns, uint64_t done)
{
	const struct timespec pause = {.tv_nsec = TRAFFIC_PACE_NS};
	uint64_t due;

	if (!team->packets_per_s)
		return team->per_call;
	for (;;) {
		due = (clock_monotonic_ns() - start_ns) * team->packets_per_s / NS_PER_S;
		if (due > done)
			return due - done < team->per_call ? (uint32_t)(due - done)
							   : team->per_call;
		nanosleep(&pause, NULL);
	}
}

static void *traffic_work(void *arg)
{
	struct traffic_worker *worker = arg;
	struct traffic_team *team = worker->team;
	uint64_t done = 0, start = clock_monotonic_ns();
	uint32_t now;

	worker->err = traffic_pin(worker->cpu);
	while (!worker->err && done < worker->packets && !atomic_load(&team->stop)) {
		now = traffic_pace(team, start, done);
		if (now > worker->packets - done)
			now = (uint32_t)(worker->packets - done);
		worker->err = traffic_drive(team->traffic, team->program, now);
		done += now;
	}
	atomic_fetch_sub(&team->running, 1);
	return NULL;
}

int traffic_team_join(struct traffic_team *team)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < team->count; i++) {
		pthread_join(team->workers[i].thread, NULL);
		if (!err)
			err = team->workers[i].err;
	}
	team->count = 0;
	return err;
}

int traffic_team_start(struct traffic_team *team, unsigned int max_workers, uint64_t packets)
{
	int cpus[TRAFFIC_WORKERS_MAX];
	unsigned int count = traffic_usable_cpus(cpus, max_workers), i;
	int err = 0;

	atomic_store(&team->stop, 0);
	atomic_store(&team->running, count);
	for (i = 0; i < count && !err; i++) {
		struct traffic_worker *worker = &team->workers[i];

		worker->team = team;
		worker->cpu = cpus[i];
		worker->err = 0;
		worker->packets = packets / count + (i < packets % count);
		err = -pthread_create(&worker->thread, NULL, traffic_work, worker);
		if (!err)
			team->count++;
	}
	if (err) {
		atomic_store(&team->stop, 1);
		traffic_team_join(team);
	}
	return err;
}

int traffic_team_running(struct traffic_team *team)
{
	return atomic_load(&team->running) > 0;
}

uint64_t traffic_budget(uint64_t packets)
{
	const char *limit = getenv("TEST_PACKETS");
	uint64_t most = limit ? strtoull(limit, NULL, 10) : 0;

	return most && most < packets ? most : packets;
}
