// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See traffic.h. A look-up per delta is on the harvest's path, so it is a hash table that is mostly
 * asked for what it was asked for last.
 */
#include "agent/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "flow/record.h"

#define SLOTS_MIN 16

void traffic_free(struct traffic *traffic)
{
	free(traffic->slots);
	memset(traffic, 0, sizeof(*traffic));
}

/* The interface's slot, or the free one where it would go. There is always a free one. */
static struct traffic_count *find_slot(struct traffic_count *slots, size_t slot_count,
				       uint32_t ifindex)
{
	size_t i = ifindex & (slot_count - 1);

	while (slots[i].ifindex && slots[i].ifindex != ifindex)
		i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

/* Makes room for one more, at most half full. 0: no memory. */
static int make_room(struct traffic *traffic)
{
	size_t slot_count = traffic->slot_count ? 2 * traffic->slot_count : SLOTS_MIN, i;
	struct traffic_count *slots;

	if (traffic->used < traffic->slot_count / 2)
		return 1;
	slots = calloc(slot_count, sizeof(*slots));
	if (!slots)
		return 0;
	for (i = 0; i < traffic->slot_count; i++) {
		const struct traffic_count *old = &traffic->slots[i];

		if (old->ifindex)
			*find_slot(slots, slot_count, old->ifindex) = *old;
	}
	free(traffic->slots);
	traffic->slots = slots;
	traffic->slot_count = slot_count;
	return 1;
}

static struct flow_count *find_count(struct traffic *traffic, const struct flow_key *key)
{
	struct traffic_count *slot = traffic->last;

	if (!slot || slot->ifindex != key->ifindex) {
		if (!make_room(traffic))
			return &traffic->uncounted;
		slot = find_slot(traffic->slots, traffic->slot_count, key->ifindex);
		traffic->used += !slot->ifindex;
		slot->ifindex = key->ifindex;
		traffic->last = slot;
	}
	return &slot->directions[flow_key_direction(key)];
}

void traffic_add(struct traffic *traffic, const struct flow_delta *deltas, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct flow_count *sum = find_count(traffic, deltas[i].key);

		sum->packets += deltas[i].packets;
		sum->octets += deltas[i].octets;
	}
}

struct traffic_count traffic_get(const struct traffic *traffic, uint32_t ifindex)
{
	const struct traffic_count *slot = NULL;

	if (traffic->slot_count)
		slot = find_slot(traffic->slots, traffic->slot_count, ifindex);
	return slot && slot->ifindex ? *slot : (struct traffic_count){.ifindex = ifindex};
}

void traffic_forget(struct traffic *traffic, uint32_t ifindex)
{
	struct traffic_count *slot;
	size_t hole, i;

	traffic->last = NULL;
	if (!traffic->slot_count)
		return;
	slot = find_slot(traffic->slots, traffic->slot_count, ifindex);
	if (!slot->ifindex)
		return;
	/* Those behind it move up, if it stood between them and their place. */
	hole = (size_t)(slot - traffic->slots);
	for (i = (hole + 1) & (traffic->slot_count - 1); traffic->slots[i].ifindex;
	     i = (i + 1) & (traffic->slot_count - 1)) {
		size_t home = traffic->slots[i].ifindex & (traffic->slot_count - 1);

		if (((i - home) & (traffic->slot_count - 1)) >=
		    ((i - hole) & (traffic->slot_count - 1))) {
			traffic->slots[hole] = traffic->slots[i];
			hole = i;
		}
	}
	memset(&traffic->slots[hole], 0, sizeof(traffic->slots[hole]));
	traffic->used--;
}
