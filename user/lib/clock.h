/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two clocks of the agent, in nanoseconds. */
#ifndef FLOWPROBE_CLOCK_H
#define FLOWPROBE_CLOCK_H

#include <stdint.h>

#define NS_PER_US 1000ull
#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

uint64_t clock_monotonic_ns(void); /* as bpf_ktime_get_ns(); stops in suspend */
uint64_t clock_realtime_ns(void); /* since 1970-01-01 UTC; may be stepped */

#endif
