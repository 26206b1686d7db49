/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keyed hash of a flow key.
 *
 * Whoever sends packets chooses the keys; with a known hash he could make all of them collide. So
 * the words of the key are mixed with secret words before each multiplication, and the two halves
 * of each 128-bit product are folded together: four multiplications, 2-3 ns. Not a
 * cryptographic hash: the results never leave the process, which leaves nothing to analyse.
 */
#ifndef FLOWPROBE_HASH_H
#define FLOWPROBE_HASH_H

#include <stdint.h>
#include <string.h>

#include "flow.h"

struct flow_hash_secret {
	uint64_t words[5];
};

static inline uint64_t flow_hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Five well mixed words from two that need only be unknown to others. */
static inline struct flow_hash_secret flow_hash_make_secret(const uint64_t seed[2])
{
	struct flow_hash_secret secret;

	for (unsigned int i = 0; i < 5; i++) {
		uint64_t word = seed[0] + (i + 1) * 0x9e3779b97f4a7c15u;

		word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u + seed[1];
		word = (word ^ word >> 27) * 0x94d049bb133111ebu;
		secret.words[i] = word ^ word >> 31;
	}
	return secret;
}

static inline uint64_t flow_hash_word(const struct flow_key *key, unsigned int index)
{
	uint64_t word;

	memcpy(&word, (const char *)key + index * sizeof(word), sizeof(word));
	return word;
}

static inline uint32_t flow_hash(const struct flow_key *key, const struct flow_hash_secret *secret)
{
	const uint64_t *s = secret->words;
	uint64_t a = flow_hash_fold(flow_hash_word(key, 0) ^ s[0], flow_hash_word(key, 1) ^ s[1]);
	uint64_t b = flow_hash_fold(flow_hash_word(key, 2) ^ s[2], flow_hash_word(key, 3) ^ s[3]);
	uint64_t c = flow_hash_fold(flow_hash_word(key, 4) ^ a ^ s[4], key->ifindex ^ b ^ s[0]);

	return (uint32_t)flow_hash_fold(c ^ s[1], s[2]);
}

#endif
