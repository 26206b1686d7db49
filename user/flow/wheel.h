/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Timing wheel of the flow cache: which entries may be due now, and which is due first, at a cost
 * that depends on the answer only and not on how many are waiting.
 *
 * Nodes are numbered like the cache's entries and linked into one bucket per tick. Two lanes keep
 * apart those who wait to become idle from those who wait for anything else, so that the longest
 * idle can be found when room is needed. A deadline beyond the last bucket waits in the last bucket
 * and is looked at again from there; more levels would spare that look, one per entry in four
 * minutes. The wheel only ever says "may be due": whoever asks compares the time and arms again.
 *
 * Lists are circular with their heads in the same array, so a node leaves its list without knowing
 * which one it is; a bucket's bit in occupied[] is therefore cleared only when somebody looks.
 */
#ifndef FLOWPROBE_WHEEL_H
#define FLOWPROBE_WHEEL_H

#include <stddef.h>
#include <stdint.h>

#define WHEEL_TICK_BITS 26 /* a tick is 2^26 ns, 67 ms */
#define WHEEL_BUCKETS 4096u /* 275 s */
#define WHEEL_NONE UINT32_MAX

enum wheel_lane { WHEEL_IDLE, WHEEL_OTHER, WHEEL_LANES };

struct wheel_node {
	uint64_t deadline_ns; /* what the node was last armed for; 0: put aside */
	uint32_t next;
	uint32_t previous;
};

struct wheel {
	struct wheel_node *nodes; /* borrowed; the list heads come after the entries' nodes */
	uint32_t entries;
	uint64_t tick; /* all buckets before this tick are empty */
	uint64_t occupied[WHEEL_LANES][WHEEL_BUCKETS / 64];
};

/* How many nodes a wheel for so many entries needs. */
size_t wheel_node_count(uint32_t entries);

void wheel_init(struct wheel *wheel, struct wheel_node *nodes, uint32_t entries);

/* Puts a node that is in no list into the bucket of its deadline, behind those already there. */
void wheel_arm(struct wheel *wheel, uint32_t node, enum wheel_lane lane, uint64_t deadline_ns);

/* Takes an armed or aside node out of its list. */
void wheel_disarm(struct wheel *wheel, uint32_t node);

static inline uint64_t wheel_deadline_ns(const struct wheel *wheel, uint32_t node)
{
	return wheel->nodes[node].deadline_ns;
}

/* Puts a node that is in no list aside, until wheel_take_aside() returns it (oldest first). */
void wheel_put_aside(struct wheel *wheel, uint32_t node);
uint32_t wheel_take_aside(struct wheel *wheel); /* WHEEL_NONE: no more */

/*
 * Gathers all nodes whose deadline may have passed at now; wheel_take_due then returns them one by
 * one, out of any list, until WHEEL_NONE. In between, others may be armed and disarmed freely.
 */
void wheel_collect(struct wheel *wheel, uint64_t now_ns);
uint32_t wheel_take_due(struct wheel *wheel);

/* The first node of the earliest occupied bucket of a lane, or WHEEL_NONE. */
uint32_t wheel_first(struct wheel *wheel, enum wheel_lane lane);
uint32_t wheel_first_aside(const struct wheel *wheel);

/* The one behind it in the same list, or WHEEL_NONE. */
uint32_t wheel_following(const struct wheel *wheel, uint32_t node);

#endif
