/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Table "slots": open addressing in one mmapable array of 64-byte slots, two generations side by
 * side, each slot owned by the CPU that claimed it.
 *
 * States of a slot: FREE -(cmpxchg, any CPU)-> OWNED(cpu, hash) -(plain store, same CPU)-> CLOSED;
 * both -> FREE by the agent, in the quiescent generation only. A CPU looks behind a tag only when
 * its own number is in it, so it reads only what it wrote itself: no "is the key complete yet"
 * question, no barrier, and counters are updated with plain adds. The price is one slot per flow
 * and CPU, which the agent merges.
 *
 * Nothing is ever deleted inside a generation, so the first FREE slot ends a probe. Linear probing
 * over a window of 32: at 50 % fill less than 1 in 10^5 insertions fails, and a failure is counted,
 * not lost.
 *
 * The probe loop avoids `continue` on purpose: clang then rotates it into a shape that kernels up
 * to 6.1 reject as a back-edge.
 */
#ifndef FLOWPROBE_TABLE_SLOTS_BPF_H
#define FLOWPROBE_TABLE_SLOTS_BPF_H

/* FLOW_GENERATIONS * slots_per_generation elements; mmapable also makes the first one page-aligned.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_GENERATIONS);
	__type(key, __u32);
	__type(value, struct flow_slot);
} slots SEC(".maps");

/* Same index as slots; written at creation only, so that the counting path stays on one cache line.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FLOW_GENERATIONS);
	__type(key, __u32);
	__type(value, struct flow_details);
} slot_details SEC(".maps");

/* The key as machine words: one of 32 bits and five of 64. */
static __always_inline const __u64 *table_slots_words(const struct flow_key *key)
{
	return (const __u64 *)(const void *)key->source_address;
}

static __always_inline __u32 table_slots_word32(const struct flow_key *key)
{
	return *(const __u32 *)(const void *)key;
}

/* Six independent multiply-adds and one final mix: as good as a serial hash here, and they overlap.
 */
static __always_inline __u64 table_slots_hash(const struct flow_key *key)
{
	const __u64 *words = table_slots_words(key);
	__u64 hash;

	hash = (table_slots_word32(key) ^ hash_seeds[0]) * 0x9e3779b97f4a7c15ULL;
	hash += (words[0] ^ hash_seeds[1]) * 0xbf58476d1ce4e5b9ULL;
	hash += (words[1] ^ hash_seeds[2]) * 0x94d049bb133111ebULL;
	hash += (words[2] ^ hash_seeds[3]) * 0xd6e8feb86659fd93ULL;
	hash += (words[3] ^ hash_seeds[4]) * 0xa0761d6478bd642fULL;
	hash += (words[4] ^ hash_seeds[5]) * 0xe7037ed1a0b428dbULL;
	hash ^= hash >> 32;
	hash *= 0x8ebc6af09c88c6e3ULL;
	return hash ^ hash >> 29;
}

static __always_inline int table_slots_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	const __u64 *x = table_slots_words(a), *y = table_slots_words(b);

	return !((table_slots_word32(a) ^ table_slots_word32(b)) | (x[0] ^ y[0]) | (x[1] ^ y[1]) |
		 (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

static __always_inline __u16 table_slots_ticks(const struct account *account)
{
	__s64 ticks = account->now_ticks - account->base_ticks;

	if (ticks < 0) /* another CPU's tick counter may be read late */
		return 0;
	return ticks > FLOW_SLOT_TICKS_MAX ? FLOW_SLOT_TICKS_MAX : ticks;
}

static __always_inline void table_slots_update(struct flow_slot *slot, const struct packet *packet,
					       const struct account *account)
{
	__u64 sum = slot->packets_octets + ((__u64)packet->packets << FLOW_SLOT_OCTETS_BITS) +
		    packet->octets;

	slot->packets_octets = sum;
	slot->last_ticks = table_slots_ticks(account);
	if (packet->tcp_flags & ~slot->tcp_flags)
		slot->tcp_flags |= packet->tcp_flags;
	if (packet->ttl < slot->ttl_min)
		slot->ttl_min = packet->ttl;
	if (packet->ttl > slot->ttl_max)
		slot->ttl_max = packet->ttl;
	if (sum & FLOW_SLOT_CLOSING)
		slot->tag = FLOW_SLOT_CLOSED;
}

static __always_inline void table_slots_create(struct flow_slot *slot, __u32 index,
					       const struct packet *packet,
					       const struct account *account)
{
	struct flow_details *details = bpf_map_lookup_elem(&slot_details, &index);

	__builtin_memcpy(&slot->key, &packet->key, sizeof(slot->key));
	slot->packets_octets = ((__u64)packet->packets << FLOW_SLOT_OCTETS_BITS) + packet->octets;
	slot->first_ticks = slot->last_ticks = table_slots_ticks(account);
	slot->tcp_flags = packet->tcp_flags;
	slot->ttl_min = slot->ttl_max = packet->ttl;
	if (slot->packets_octets & FLOW_SLOT_CLOSING)
		slot->tag = FLOW_SLOT_CLOSED;
	if (details)
		flow_details_fill(details, packet, account);
	flow_created(account);
}

static __always_inline enum flow_outcome table_slots_account(const struct packet *packet,
							     const struct account *account)
{
	__u64 hash = table_slots_hash(&packet->key);
	__u32 tag = FLOW_SLOT_OWNED | account->cpu << FLOW_SLOT_HASH_BITS |
		    ((__u32)hash & ((1u << FLOW_SLOT_HASH_BITS) - 1));
	__u32 start = (__u32)(hash >> 32) + account->cpu * 0x9e3779b1u;
	__u32 half = account->generation * slots_per_generation;
	struct flow_slot *slot;
	__u32 index, seen, i;

	for (i = 0; i < FLOW_SLOT_WINDOW; i++) {
		index = half + ((start + i) & (slots_per_generation - 1));
		slot = bpf_map_lookup_elem(&slots, &index);
		if (!slot)
			break;
		seen = *(volatile __u32 *)&slot->tag;
		if (seen == tag) {
			if (table_slots_key_equal(&slot->key, &packet->key)) {
				table_slots_update(slot, packet, account);
				return FLOW_ACCOUNTED;
			}
		} else if (seen == FLOW_SLOT_FREE) {
			if (__sync_val_compare_and_swap(&slot->tag, FLOW_SLOT_FREE, tag) ==
			    FLOW_SLOT_FREE) {
				table_slots_create(slot, index, packet, account);
				return FLOW_ACCOUNTED;
			}
		}
	}
	return FLOW_TABLE_FULL;
}

#endif
