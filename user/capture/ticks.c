// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's tick counter: see ticks.h. CONFIG_HZ is not told to user space reliably (no
 * /proc/config.gz in many kernels, no /boot in containers), so it is measured: one sample costs
 * microseconds and a tick is at least one millisecond, so the moment the counter moves can be seen
 * to a fraction of a percent.
 */
#include "capture/ticks.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <time.h>

#include "lib/clock.h"

#define TICKS_BASELINE_NS (30 * NS_PER_MS)
#define TICKS_PATIENCE_NS (2 * NS_PER_S) /* a counter that does not move for so long is broken */
#define TICKS_HZ_MIN 24
#define TICKS_HZ_MAX 1200

int ticks_sample(int clock_program_fd, struct flow_clock *sample)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = sample, .ctx_size_in = sizeof(*sample));

	return bpf_prog_test_run_opts(clock_program_fd, &run);
}

/* The first sample after the counter has moved on. */
static int ticks_edge(int clock_program_fd, struct flow_clock *edge)
{
	struct flow_clock first;
	int err = ticks_sample(clock_program_fd, &first);

	*edge = first;
	while (!err && edge->ticks == first.ticks) {
		err = ticks_sample(clock_program_fd, edge);
		if (!err && edge->monotonic_ns - first.monotonic_ns > TICKS_PATIENCE_NS)
			err = -ETIME;
	}
	return err;
}

int ticks_measure(int clock_program_fd, uint32_t *tick_ns)
{
	const struct timespec baseline = {.tv_nsec = TICKS_BASELINE_NS};
	struct flow_clock first, last;
	uint64_t hz;
	int err;

	err = ticks_edge(clock_program_fd, &first);
	if (err)
		return err;
	nanosleep(&baseline, NULL);
	err = ticks_edge(clock_program_fd, &last);
	if (err)
		return err;
	hz = ((last.ticks - first.ticks) * NS_PER_S +
	      (last.monotonic_ns - first.monotonic_ns) / 2) /
	     (last.monotonic_ns - first.monotonic_ns);
	if (hz < TICKS_HZ_MIN || hz > TICKS_HZ_MAX)
		return -ERANGE;
	*tick_ns = (uint32_t)((NS_PER_S + hz / 2) / hz);
	return 0;
}
