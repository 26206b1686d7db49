/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: spaces out messages, so that a burst fits into the collector's socket buffer. A harvest
 * can end a hundred thousand flows at once; sent as fast as possible that is a thousand times what
 * a default receive buffer of 208 KiB holds.
 *
 * A few messages may always go at once. Beyond that they are spaced evenly over a second, which is
 * until the next harvest, and never further apart than any collector can take; or by a fixed rate,
 * if one is configured. Pure: time is a parameter.
 */
#ifndef FLOWPROBE_PACER_H
#define FLOWPROBE_PACER_H

#include <stdint.h>

#define PACER_BURST 32 /* messages at once: a third of a default receive buffer */
#define PACER_RATE_MIN 2000 /* messages per second */

struct pacer {
	uint32_t fixed_rate; /* messages per second; 0: by what is waiting */
	/* the pacer's own: */
	uint64_t rate; /* that now */
	uint64_t ahead; /* sent that much sooner than evenly spaced; billionths of a message */
	uint64_t now_ns; /* when that was so */
};

/*
 * CLOCK_MONOTONIC at which the next message may go, with `waiting` more behind it. The rate rises
 * with what is waiting, and falls back when nothing is. Here and below now_ns never goes back.
 */
uint64_t pacer_next_ns(struct pacer *pacer, uint64_t waiting, uint64_t now_ns);

/* It went. */
void pacer_count(struct pacer *pacer, uint64_t now_ns);

#endif
