// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Insertion into and removal from the flow cache's lookup structure: see key_index.h. */
#include "flow/key_index.h"

void key_index_insert(struct key_index *index, uint32_t hash, uint32_t number)
{
	uint32_t position = hash & index->mask;

	while (index->slots[position].number)
		position = (position + 1) & index->mask;
	index->slots[position].hash = hash;
	index->slots[position].number = number + 1;
}

void key_index_remove(struct key_index *index, uint32_t hash, uint32_t number)
{
	struct key_index_slot *slots = index->slots;
	uint32_t mask = index->mask;
	uint32_t hole = hash & mask;

	while (slots[hole].number != number + 1)
		hole = (hole + 1) & mask;
	for (uint32_t i = (hole + 1) & mask; slots[i].number; i = (i + 1) & mask) {
		/* A slot may fill the hole unless that is before its home. */
		if (((i - slots[i].hash) & mask) >= ((i - hole) & mask)) {
			slots[hole] = slots[i];
			hole = i;
		}
	}
	slots[hole] = (struct key_index_slot){0};
}
