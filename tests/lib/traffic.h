/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Drives known traffic through kernel programs: loads tests/bpf/driver.bpf.c and lets one thread
 * per CPU run it.
 *
 * In: what the packets are to look like. Out: packets in the program under test, or on an
 * interface; and, in memory shared with the kernel, the truth about what was sent (driver.h). Only
 * the caller knows the programs under test: they are handed over as file descriptors.
 *
 * Everything that returns an int returns 0 or a negative errno, unless it says otherwise.
 */
#ifndef FLOWPROBE_TESTS_TRAFFIC_H
#define FLOWPROBE_TESTS_TRAFFIC_H

#include <bpf/bpf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "driver.h"
#include "driver.skel.h"

#define TRAFFIC_WORKERS_MAX 2
#define TRAFFIC_PER_CALL 8192 /* a call is one long RCU read side, so a short one: ~ 1 ms */
#define TRAFFIC_LIVE_PER_CALL (1 << 18) /* setting up and tearing down the pages costs ms */
#define TRAFFIC_UNIQUE_STRIDE (1u << 28) /* between the first new flows of two CPUs */

enum traffic_program {
	TRAFFIC_TC, /* drive_tc by test run */
	TRAFFIC_XDP, /* drive_xdp by test run */
	TRAFFIC_LIVE, /* generate, as live frames */
};

struct traffic_config {
	uint32_t flows; /* 0: every packet a new flow; then no truth per flow */
	int is_ipv6;
	int with_tcp; /* not for live traffic: witnesses take all for UDP */
	int keeps_truth;
	uint64_t seed; /* equal seeds: equal packets on each CPU */
	uint32_t redirect_ifindex; /* live traffic leaves here */
};

/* Fields may be read at any time. */
struct traffic {
	struct traffic_config config;
	struct driver *driver;
	struct driver_cpu *cpu; /* [cpu_count], shared with the kernel */
	struct driver_truth *truth; /* [cpu_count][flows], shared with the kernel; or NULL */
	uint32_t cpu_count;
	uint8_t frame[DRIVER_FRAME_OCTETS]; /* what the driver starts from */
};

/* Loads the driver; after an error there is nothing to close. Closing is idempotent. */
int traffic_open(struct traffic *traffic, const struct traffic_config *config);
void traffic_close(struct traffic *traffic);

/* The program that drive_tc, or drive_xdp and witness_xdp, hand their packets to. */
int traffic_set_target(struct traffic *traffic, enum traffic_program from, int program_fd);

/* Runs the driver for so many packets on the CPU of the caller, who has pinned himself to it. */
int traffic_drive(struct traffic *traffic, enum traffic_program program, uint32_t packets);

/* Over all CPUs. */
struct driver_cpu traffic_sum(const struct traffic *traffic);

/* The CPUs this process may use: at most max of them to cpus; returns how many. */
unsigned int traffic_usable_cpus(int *cpus, unsigned int max);

/* Pins the calling thread. */
int traffic_pin(int cpu);

struct traffic_team;

struct traffic_worker {
	struct traffic_team *team;
	pthread_t thread;
	int cpu;
	uint64_t packets; /* to do */
	int err;
};

/* Workers on different CPUs. The caller sets traffic to packets_per_s, the rest is zero. */
struct traffic_team {
	struct traffic *traffic;
	enum traffic_program program;
	uint32_t per_call;
	uint32_t packets_per_s; /* of each worker; 0: as fast as it can */
	unsigned int count;
	atomic_uint running;
	atomic_int stop;
	struct traffic_worker workers[TRAFFIC_WORKERS_MAX];
};

/*
 * Starts up to max_workers, as many as there are CPUs, which do packets between them (UINT64_MAX:
 * until stop is set).
 */
int traffic_team_start(struct traffic_team *team, unsigned int max_workers, uint64_t packets);
int traffic_team_running(struct traffic_team *team); /* 1 while one of them works, else 0 */

/* Waits for all workers; the first error of one of them. */
int traffic_team_join(struct traffic_team *team);

/* How many packets to drive: TEST_PACKETS may ask for fewer (slow, emulated kernels). */
uint64_t traffic_budget(uint64_t packets);

#endif
