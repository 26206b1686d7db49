// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's tick counter: see ticks.h. CONFIG_HZ is not told to user space reliably (no
 * /proc/config.gz in many kernels, no /boot in containers), so it is measured. One sample costs
 * microseconds and a tick is at least 0.8 ms, so the moment the counter moves can be seen closely;
 * on a busy host we may be kept off the CPU just then, so an edge counts only if the samples around
 * it are close together. What is measured is then one of the few values kernels are built with.
 */
#include "capture/ticks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <time.h>

#include "lib/clock.h"

#define TICKS_BASELINE_NS (30 * NS_PER_MS)
#define TICKS_EDGE_NS (100 * NS_PER_US) /* most between the samples around an edge */
#define TICKS_PATIENCE_NS (5 * NS_PER_S) /* no clear edge for so long: something is broken */
#define TICKS_TOLERANCE_PERCENT 1

/* What the architectures' kernel configurations offer. */
static const unsigned int ticks_hz[] = {24,  32,  48,  64,  100,  128,	200, 250,
					256, 300, 500, 512, 1000, 1024, 1200};

int ticks_sample(int clock_program_fd, struct flow_clock *sample)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = sample, .ctx_size_in = sizeof(*sample));

	return bpf_prog_test_run_opts(clock_program_fd, &run);
}

/* The first sample after the counter has clearly just moved. */
static int ticks_edge(int clock_program_fd, struct flow_clock *edge)
{
	struct flow_clock before, first;
	int err = ticks_sample(clock_program_fd, &first);

	*edge = first;
	do {
		before = *edge;
		if (!err)
			err = ticks_sample(clock_program_fd, edge);
		if (!err && edge->monotonic_ns - first.monotonic_ns > TICKS_PATIENCE_NS)
			err = -ETIME;
	} while (!err && (edge->ticks != before.ticks + 1 ||
			  edge->monotonic_ns - before.monotonic_ns > TICKS_EDGE_NS));
	return err;
}

/* The rate kernels are built with that is nearest to ticks in ns, or 0 if none is near. */
static unsigned int ticks_nearest_hz(uint64_t ticks, uint64_t ns)
{
	uint64_t measured = (ticks * 1000 * NS_PER_S + ns / 2) / ns; /* in mHz */
	unsigned int nearest = 0;
	uint64_t off, best = UINT64_MAX;
	size_t i;

	for (i = 0; i < sizeof(ticks_hz) / sizeof(ticks_hz[0]); i++) {
		uint64_t hz = ticks_hz[i] * 1000ull;

		off = measured > hz ? measured - hz : hz - measured;
		if (off < best && off * 100 <= hz * TICKS_TOLERANCE_PERCENT) {
			best = off;
			nearest = ticks_hz[i];
		}
	}
	return nearest;
}

int ticks_measure(int clock_program_fd, uint32_t *tick_ns)
{
	const struct timespec baseline = {.tv_nsec = TICKS_BASELINE_NS};
	uint64_t deadline_ns = clock_monotonic_ns() + TICKS_PATIENCE_NS;
	struct flow_clock first, last;
	unsigned int hz = 0;
	int err = 0;

	while (!err && !hz) {
		err = ticks_edge(clock_program_fd, &first);
		if (err)
			break;
		nanosleep(&baseline, NULL);
		err = ticks_edge(clock_program_fd, &last);
		if (!err)
			hz = ticks_nearest_hz(last.ticks - first.ticks,
					      last.monotonic_ns - first.monotonic_ns);
		if (!err && !hz && clock_monotonic_ns() > deadline_ns)
			err = -ERANGE;
	}
	if (!err)
		*tick_ns = (uint32_t)((NS_PER_S + hz / 2) / hz);
	return err;
}
