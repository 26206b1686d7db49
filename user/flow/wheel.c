// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Timing wheel of the flow cache: see wheel.h. */
#include "flow/wheel.h"

#include <string.h>

static uint32_t wheel_bucket_head(const struct wheel *wheel, enum wheel_lane lane, uint64_t tick)
{
	return wheel->entries + lane * WHEEL_BUCKETS + (uint32_t)(tick % WHEEL_BUCKETS);
}

static uint32_t wheel_due_head(const struct wheel *wheel)
{
	return wheel->entries + WHEEL_LANES * WHEEL_BUCKETS;
}

static uint32_t wheel_aside_head(const struct wheel *wheel)
{
	return wheel->entries + WHEEL_LANES * WHEEL_BUCKETS + 1;
}

size_t wheel_node_count(uint32_t entries)
{
	return (size_t)entries + WHEEL_LANES * WHEEL_BUCKETS + 2;
}

void wheel_init(struct wheel *wheel, struct wheel_node *nodes, uint32_t entries)
{
	memset(wheel, 0, sizeof(*wheel));
	wheel->nodes = nodes;
	wheel->entries = entries;
	for (uint32_t head = entries; head < wheel_node_count(entries); head++) {
		nodes[head].next = head;
		nodes[head].previous = head;
	}
}

static void wheel_append(struct wheel *wheel, uint32_t head, uint32_t node)
{
	struct wheel_node *nodes = wheel->nodes;
	uint32_t last = nodes[head].previous;

	nodes[node].next = head;
	nodes[node].previous = last;
	nodes[last].next = node;
	nodes[head].previous = node;
}

static uint32_t wheel_pop(struct wheel *wheel, uint32_t head)
{
	uint32_t node = wheel->nodes[head].next;

	if (node == head)
		return WHEEL_NONE;
	wheel_disarm(wheel, node);
	return node;
}

/* Moves a whole list behind another one. */
static void wheel_splice(struct wheel *wheel, uint32_t from, uint32_t to)
{
	struct wheel_node *nodes = wheel->nodes;
	uint32_t first = nodes[from].next;
	uint32_t last = nodes[from].previous;
	uint32_t before = nodes[to].previous;

	if (first == from)
		return;
	nodes[before].next = first;
	nodes[first].previous = before;
	nodes[last].next = to;
	nodes[to].previous = last;
	nodes[from].next = from;
	nodes[from].previous = from;
}

void wheel_arm(struct wheel *wheel, uint32_t node, enum wheel_lane lane, uint64_t deadline_ns)
{
	uint64_t tick = deadline_ns >> WHEEL_TICK_BITS;
	uint32_t bucket;

	if (tick < wheel->tick)
		tick = wheel->tick;
	if (tick > wheel->tick + WHEEL_BUCKETS - 1)
		tick = wheel->tick + WHEEL_BUCKETS - 1;
	bucket = (uint32_t)(tick % WHEEL_BUCKETS);
	wheel->occupied[lane][bucket / 64] |= 1ull << bucket % 64;
	wheel->nodes[node].deadline_ns = deadline_ns;
	wheel_append(wheel, wheel_bucket_head(wheel, lane, tick), node);
}

void wheel_disarm(struct wheel *wheel, uint32_t node)
{
	struct wheel_node *nodes = wheel->nodes;

	nodes[nodes[node].previous].next = nodes[node].next;
	nodes[nodes[node].next].previous = nodes[node].previous;
}

void wheel_put_aside(struct wheel *wheel, uint32_t node)
{
	wheel->nodes[node].deadline_ns = 0;
	wheel_append(wheel, wheel_aside_head(wheel), node);
}

uint32_t wheel_take_aside(struct wheel *wheel)
{
	return wheel_pop(wheel, wheel_aside_head(wheel));
}

void wheel_collect(struct wheel *wheel, uint64_t now_ns)
{
	uint64_t now = now_ns >> WHEEL_TICK_BITS;
	uint64_t end;

	if (now < wheel->tick)
		now = wheel->tick;
	end = now - wheel->tick < WHEEL_BUCKETS ? now + 1 : wheel->tick + WHEEL_BUCKETS;
	for (uint64_t tick = wheel->tick; tick < end; tick++) {
		for (enum wheel_lane lane = 0; lane < WHEEL_LANES; lane++) {
			uint32_t bucket = (uint32_t)(tick % WHEEL_BUCKETS);
			uint64_t *word = &wheel->occupied[lane][bucket / 64];

			if (!(*word >> bucket % 64 & 1))
				continue;
			*word &= ~(1ull << bucket % 64);
			wheel_splice(wheel, wheel_bucket_head(wheel, lane, tick),
				     wheel_due_head(wheel));
		}
	}
	wheel->tick = now;
}

uint32_t wheel_take_due(struct wheel *wheel)
{
	return wheel_pop(wheel, wheel_due_head(wheel));
}

uint32_t wheel_first(struct wheel *wheel, enum wheel_lane lane)
{
	uint32_t start = (uint32_t)(wheel->tick % WHEEL_BUCKETS);
	uint64_t mask = ~0ull << start % 64;

	/* The word that the wheel stands in is looked at twice: its later buckets first, its
	 * earlier ones, which are the wheel's last, in the end. */
	for (uint32_t i = 0; i <= WHEEL_BUCKETS / 64; i++) {
		uint32_t index = (start / 64 + i) % (WHEEL_BUCKETS / 64);
		uint64_t *word = &wheel->occupied[lane][index];

		while (*word & mask) {
			uint32_t bucket = index * 64 + (uint32_t)__builtin_ctzll(*word & mask);
			uint32_t head = wheel_bucket_head(wheel, lane, bucket);

			if (wheel->nodes[head].next != head)
				return wheel->nodes[head].next;
			*word &= ~(1ull << bucket % 64);
		}
		mask = ~0ull;
	}
	return WHEEL_NONE;
}

uint32_t wheel_first_aside(const struct wheel *wheel)
{
	return wheel_following(wheel, wheel_aside_head(wheel));
}

uint32_t wheel_following(const struct wheel *wheel, uint32_t node)
{
	uint32_t next = wheel->nodes[node].next;

	return next < wheel->entries ? next : WHEEL_NONE;
}
