// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * SHA-1 over a message that is in memory as a whole: see sha1.h.
 *
 * Its one user hashes at most 40 octets, which with the padding is one block, so there is no
 * streaming interface: whole blocks are taken from the message, the rest and the padding make one
 * or two more. The rounds rename the five working variables instead of moving them, five rounds to
 * a turn; that makes a block about twice as fast as the loop of the RFC's section 6.1, and
 * a third of encoding a record is this function. A crypto library would be a dependency for
 * eighty lines.
 */
#include "lib/sha1.h"

#include <string.h>

#define BLOCK_BYTES 64
#define LENGTH_BYTES 8

static inline uint32_t rotate(uint32_t word, unsigned int bits)
{
	return word << bits | word >> (32 - bits);
}

/* f(t; B, C, D) of section 5. */
static inline uint32_t choose(uint32_t b, uint32_t c, uint32_t d)
{
	return d ^ (b & (c ^ d));
}

static inline uint32_t parity(uint32_t b, uint32_t c, uint32_t d)
{
	return b ^ c ^ d;
}

static inline uint32_t majority(uint32_t b, uint32_t c, uint32_t d)
{
	return (b & c) | (d & (b | c));
}

#define ROUND(f, k, a, b, c, d, e, word)                       \
	do {                                                   \
		(e) += rotate(a, 5) + f(b, c, d) + (k) + word; \
		(b) = rotate(b, 30);                           \
	} while (0)

#define TWENTY_ROUNDS(f, k, first)                           \
	for (int t = (first); t < (first) + 20; t += 5) {    \
		ROUND(f, k, a, b, c, d, e, schedule[t]);     \
		ROUND(f, k, e, a, b, c, d, schedule[t + 1]); \
		ROUND(f, k, d, e, a, b, c, schedule[t + 2]); \
		ROUND(f, k, c, d, e, a, b, schedule[t + 3]); \
		ROUND(f, k, b, c, d, e, a, schedule[t + 4]); \
	}

static void sha1_block(uint32_t state[static 5], const uint8_t block[static BLOCK_BYTES])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
	uint32_t schedule[80];

	for (int t = 0; t < 16; t++)
		schedule[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
			      (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
	for (int t = 16; t < 80; t++)
		schedule[t] = rotate(
			schedule[t - 3] ^ schedule[t - 8] ^ schedule[t - 14] ^ schedule[t - 16], 1);
	TWENTY_ROUNDS(choose, 0x5a827999, 0)
	TWENTY_ROUNDS(parity, 0x6ed9eba1, 20)
	TWENTY_ROUNDS(majority, 0x8f1bbcdc, 40)
	TWENTY_ROUNDS(parity, 0xca62c1d6, 60)
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
}

void sha1_digest(uint8_t digest[static SHA1_DIGEST_BYTES], const void *message, size_t bytes)
{
	uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint8_t tail[2 * BLOCK_BYTES] = {0};
	const uint8_t *data = message;
	uint64_t bits = (uint64_t)bytes * 8;
	size_t rest, tail_bytes;

	for (rest = bytes; rest >= BLOCK_BYTES; rest -= BLOCK_BYTES, data += BLOCK_BYTES)
		sha1_block(state, data);
	if (rest)
		memcpy(tail, data, rest);
	tail[rest] = 0x80;
	tail_bytes = rest < BLOCK_BYTES - LENGTH_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		tail[tail_bytes - 1 - i] = (uint8_t)(bits >> 8 * i);
	for (size_t at = 0; at < tail_bytes; at += BLOCK_BYTES)
		sha1_block(state, tail + at);
	for (size_t i = 0; i < SHA1_DIGEST_BYTES; i++)
		digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
