/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's tick counter (jiffies), seen from user space through a program that reads it beside
 * CLOCK_MONOTONIC. */
#ifndef FLOWPROBE_TICKS_H
#define FLOWPROBE_TICKS_H

#include <stdint.h>

#include "flow.h"

/* Runs the program read_clock once (a few microseconds). 0 or a negative errno. */
int ticks_sample(int clock_program_fd, struct flow_clock *sample);

/*
 * The length of one tick in ns: measured between two edges of the counter some 30 ms apart, as
 * often as it takes to come near one of the rates that kernels are built with (CONFIG_HZ). 0 or a
 * negative errno.
 */
int ticks_measure(int clock_program_fd, uint32_t *tick_ns);

#endif
