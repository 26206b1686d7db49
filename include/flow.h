/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses the border between the kernel programs (bpf/) and the agent (user/): map keys, map
 * values and the numbers both sides must agree on. Nothing else belongs here.
 *
 * Every struct is free of implicit padding, uses fixed-width kernel types only and has its size
 * asserted, because the two sides are built by different compilers. Addresses, ports and MAC
 * addresses are in network byte order, exactly as they stood in the packet; everything else is in
 * host byte order.
 *
 * Time in the kernel is counted in jiffies ("ticks"): reading them costs nothing, while any clock
 * helper costs tens of nanoseconds per packet. The agent converts with one clock sample per
 * harvest. Only the creation time of a flow is taken from the exact clock.
 *
 * Generations: everything a packet writes lives twice. The control word names the generation that
 * packets write now; the agent flips it, waits one RCU grace period, and then owns the other half
 * alone until the next flip.
 */
#ifndef FLOWPROBE_FLOW_H
#define FLOWPROBE_FLOW_H

#include <linux/types.h>

#define FLOW_GENERATIONS 2

/* flow_key.kind */
#define FLOW_KEY_IPV6 0x01 /* else IPv4, with v4-mapped addresses (::ffff:a.b.c.d) */
#define FLOW_KEY_EGRESS 0x02 /* seen leaving the host; else seen arriving */

enum flow_direction {
	FLOW_INGRESS = 0, /* the values of IANA flowDirection (61) */
	FLOW_EGRESS = 1,
	FLOW_DIRECTIONS
};

/*
 * Identity of a uniflow. For ICMP and ICMPv6 source_port holds the type and destination_port the
 * code (each as a 16-bit number in network order); protocols without ports, and fragments whose
 * first one was never seen, have 0. vlan_id is the outermost 802.1Q/802.1ad tag's, 0 without a tag.
 */
struct flow_key {
	__u8 protocol; /* IANA protocol number, for IPv6 that of the upper layer */
	__u8 kind; /* FLOW_KEY_* */
	__u16 vlan_id; /* host order, 12 bits */
	__u8 source_address[16];
	__u8 destination_address[16];
	__be16 source_port;
	__be16 destination_port;
	__u32 ifindex; /* the interface the packet was seen on */
};
_Static_assert(sizeof(struct flow_key) == 44, "flow_key has padding");
_Static_assert(__builtin_offsetof(struct flow_key, ifindex) == 40, "flow_key layout");

/*
 * What the first packet of a flow in one generation looked like: written once, when the flow is
 * created in that generation, read only after the grace period. Not part of the identity.
 */
struct flow_details {
	__u64 created_ns; /* CLOCK_MONOTONIC */
	__u8 source_mac[6]; /* zero on devices without an Ethernet header */
	__u8 destination_mac[6];
	__u32 ingress_ifindex; /* egress flows: the interface a forwarded packet came in by; 0 if
				  sent by this host */
	__u32 flow_label; /* IPv6, 20 bits */
	__u32 fragment_id; /* identification of a fragmented packet, else 0 */
	__u16 fragment_offset; /* in units of 8 octets */
	__u16 inner_vlan_id; /* second tag (802.1ad), 12 bits, 0 without one */
	__u8 tos; /* IPv4 type of service / IPv6 traffic class, DSCP and ECN */
	__u8 ip_flags; /* IPv4: reserved, DF, MF as the low three bits; IPv6: MF */
	__u8 reserved[22]; /* keeps the details of one flow on one cache line */
};
_Static_assert(sizeof(struct flow_details) == 64, "flow_details is one cache line");

/*
 * Table "slots": one cache line per flow, owned by the CPU that claimed it.
 *
 * tag: FLOW_SLOT_FREE, FLOW_SLOT_CLOSED, or FLOW_SLOT_OWNED with the owner's CPU number (13 bits)
 * and 18 bits of hash. packets_octets: packets in the upper 24 bits, octets in the lower 40. One
 * packet adds less than 2^17 and 2^32; a slot whose either field has reached its top bit is closed,
 * so neither can ever carry or wrap.
 */
struct flow_slot {
	__u32 tag;
	struct flow_key key;
	__u64 packets_octets;
	__u16 first_ticks; /* since the generation's base tick, saturating */
	__u16 last_ticks;
	__u16 tcp_flags; /* OR of octets 13 and 14 of the TCP header less the data offset, host
			    order */
	__u8 ttl_min;
	__u8 ttl_max;
};
_Static_assert(sizeof(struct flow_slot) == 64, "flow_slot is one cache line");
_Static_assert(__builtin_offsetof(struct flow_slot, packets_octets) == 48, "flow_slot layout");

#define FLOW_SLOT_FREE 0u
#define FLOW_SLOT_CLOSED 3u
#define FLOW_SLOT_OWNED 0x80000000u
#define FLOW_SLOT_CPU_BITS 13
#define FLOW_SLOT_HASH_BITS 18
#define FLOW_SLOT_OCTETS_BITS 40
#define FLOW_SLOT_OCTETS_MASK ((1ULL << FLOW_SLOT_OCTETS_BITS) - 1)
#define FLOW_SLOT_CLOSING ((1ULL << 63) | (1ULL << (FLOW_SLOT_OCTETS_BITS - 1)))
#define FLOW_SLOT_TICKS_MAX 65535
#define FLOW_SLOT_WINDOW 32 /* slots probed before a packet counts as "table full" */

/*
 * Table "hash": value of the per-generation BPF_MAP_TYPE_HASH, shared by all CPUs. tcp_flag_seen[i]
 * is 1 once bit i of the flags was seen: byte stores of 1 are idempotent, so CPUs cannot lose each
 * other's bits without an atomic OR (which arm64 lacks before 5.18).
 */
struct flow_value {
	__u64 packets;
	__u64 octets;
	__u64 first_ticks; /* jiffies64 */
	__u64 last_ticks;
	__u8 tcp_flag_seen[12];
	__u8 ttl_min;
	__u8 ttl_max;
	__u8 reserved[2];
	struct flow_details details;
};
_Static_assert(sizeof(struct flow_value) == 112, "flow_value has padding");

/*
 * What became of a packet at the hook. Every packet gets exactly one outcome; the sum over all of
 * them is "seen".
 */
enum flow_outcome {
	FLOW_ACCOUNTED = 0, /* is in the flow table */
	FLOW_NOT_IP, /* neither IPv4 nor IPv6: ARP, LLDP, MPLS, PPPoE, 802.3 */
	FLOW_MALFORMED, /* an IP or transport header contradicts itself or the packet */
	FLOW_TRUNCATED, /* the packet ends inside a header */
	FLOW_TOO_DEEP, /* more VLAN tags or IPv6 extension headers than are followed */
	FLOW_TABLE_FULL, /* no room in the flow table */
	FLOW_TABLE_BUSY, /* table "hash" only: the kernel refused the insertion for another reason
			  */
	FLOW_SAMPLED_OUT, /* not chosen by 1-in-N sampling */
	FLOW_OUTCOMES
};

/*
 * In units of wire packets (segments) and IP octets. Packets that were not parsed have no IP octets
 * to tell: those that are not IP, and those left out by sampling, count the octets behind the
 * Ethernet header as they are in the packet, without the headers that segmentation would repeat.
 */
struct flow_count {
	__u64 packets;
	__u64 octets;
};
_Static_assert(sizeof(struct flow_count) == 16, "flow_count has padding");

/*
 * Written by one CPU in one generation. The first cache line is all that a packet of a known flow
 * touches.
 */
struct flow_counters {
	struct flow_count outcomes[FLOW_OUTCOMES][FLOW_DIRECTIONS];
	__u64 created; /* entries this CPU made in the flow table */
	__u64 fragments_joined; /* later fragments that found their first one's ports */
	__u64 fragments_orphaned; /* later fragments that did not, accounted with ports 0 */
	__u64 reserved[5];
};
_Static_assert(sizeof(struct flow_counters) == 320, "flow_counters is five cache lines");

/* One element per possible CPU. */
struct flow_cpu {
	struct flow_counters generations[FLOW_GENERATIONS];
};
_Static_assert(sizeof(struct flow_cpu) == 640, "flow_cpu has padding");

/* Shared, written by the agent alone. word: base tick (jiffies64) << 1 | generation to write to. */
struct flow_control {
	__u64 word;
	__u64 fragment_lifetime_ticks;
};
_Static_assert(sizeof(struct flow_control) == 16, "flow_control has padding");

/* One sample of the two clocks, taken in the kernel so that nothing can come between. */
struct flow_clock {
	__u64 ticks; /* jiffies64 */
	__u64 monotonic_ns;
};
_Static_assert(sizeof(struct flow_clock) == 16, "flow_clock has padding");

enum flow_table_kind {
	FLOW_TABLE_SLOTS = 0,
	FLOW_TABLE_HASH = 1,
};

/* Indices of the ARRAY_OF_MAPS: the two generations of table "hash", and an element whose update is
 * a grace period. */
#define FLOW_MAPS_GRACE FLOW_GENERATIONS
#define FLOW_MAPS_ENTRIES (FLOW_GENERATIONS + 1)

#define FLOW_FRAGMENT_ENTRIES 8192
#define FLOW_FRAGMENT_LIFETIME_S 30 /* Linux gives up reassembly after that */

/*
 * Fragment table: key is a flow_key of the fragment's own addresses, protocol, VLAN, interface and
 * direction whose two port fields together hold the identification; value is what only the first
 * fragment knows.
 */
struct flow_fragment {
	__u64 seen_ticks; /* jiffies64 */
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol; /* that of the upper layer (IPv6 may have more headers after the fragment
			  header) */
	__u8 reserved[3];
};
_Static_assert(sizeof(struct flow_fragment) == 16, "flow_fragment has padding");

#endif
