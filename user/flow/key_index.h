/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From the hash of a key to the number of its entry: the flow cache's lookup structure.
 *
 * Open addressing with linear probing over 8-byte slots that hold the whole 32-bit hash beside the
 * number, at most half full: a lookup usually reads one cache line and follows only entries whose
 * hash is equal. Deletion moves later slots of the run back (their home is in the hash they hold),
 * so there are no tombstones, and the table is at any time as if only the present entries had ever
 * been inserted. Chains through the entries were rejected: every link is a cold line.
 */
#ifndef FLOWPROBE_KEY_INDEX_H
#define FLOWPROBE_KEY_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct key_index_slot {
	uint32_t hash;
	uint32_t number; /* of the entry, plus one; 0: the slot is free */
};

struct key_index {
	struct key_index_slot *slots; /* borrowed, zeroed before first use */
	uint32_t mask;
};

#define KEY_INDEX_END UINT32_MAX

/* How many slots (a power of two) so many entries need. entries <= 2^30. */
static inline uint32_t key_index_slot_count(uint32_t entries)
{
	uint32_t count = 2;

	while (count < 2 * entries)
		count *= 2;
	return count;
}

static inline void key_index_prefetch(const struct key_index *index, uint32_t hash)
{
	__builtin_prefetch(&index->slots[hash & index->mask]);
}

/*
 * Walks the entries with this hash: *position starts as the hash and belongs to the walk. Returns
 * an entry's number, or KEY_INDEX_END. No insertion or removal during a walk.
 */
static inline uint32_t key_index_next(const struct key_index *index, uint32_t hash,
				      uint32_t *position)
{
	for (;;) {
		const struct key_index_slot *slot = &index->slots[*position & index->mask];

		if (!slot->number)
			return KEY_INDEX_END;
		++*position;
		if (slot->hash == hash)
			return slot->number - 1;
	}
}

/* The caller knows that the entry is not there yet, and that there is room. */
void key_index_insert(struct key_index *index, uint32_t hash, uint32_t number);

/* The entry must be there. */
void key_index_remove(struct key_index *index, uint32_t hash, uint32_t number);

#endif
