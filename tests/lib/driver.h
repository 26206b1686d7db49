/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses the border between the traffic driver (tests/bpf/driver.bpf.c) and the tests: what a
 * flow with a given number looks like on the wire, and where the truth about it is kept.
 *
 * A flow is nothing but a 32-bit number. Everything in its packets that belongs to the key is a
 * function of that number, and the number can be read back from the source address; so whoever
 * gets a key can tell which flow it must be and compare all of it. Shares nothing with the parser
 * under test: no header structs, only offsets written out.
 */
#ifndef FLOWPROBE_TESTS_DRIVER_H
#define FLOWPROBE_TESTS_DRIVER_H

#include <linux/types.h>

#define DRIVER_FRAME_OCTETS 1500
#define DRIVER_ETHERNET_OCTETS 14
#define DRIVER_OCTETS_MIN 60 /* of the IP packet, as its header says; the rest is padding */
#define DRIVER_OCTETS_MAX (DRIVER_FRAME_OCTETS - DRIVER_ETHERNET_OCTETS)
#define DRIVER_ADDRESS 0xac5a3c96u /* last word of a source address: this ^ flow number */

/*
 * What one CPU did with one flow: written by that CPU alone, with plain adds. Zero-initialised, so
 * the lowest TTL is kept as its distance from 255.
 */
struct driver_truth {
	__u64 octets;
	__u32 packets;
	__u16 tcp_flags; /* OR */
	__u8 ttl_min_below; /* 255 - lowest TTL */
	__u8 ttl_max;
};
_Static_assert(sizeof(struct driver_truth) == 16, "driver_truth has padding");

/* Of one CPU, written by it alone but for what the test sets before it starts. */
struct driver_cpu {
	__u64 random; /* state of the generator, never 0; set by the test */
	__u64 next_flow; /* where every packet is a new flow: its number; set by the test */
	__u64 packets; /* put into the truth and handed on */
	__u64 octets;
	__u64 calls_failed; /* tail calls that did not happen: must stay 0 */
	__u64 strays; /* packets seen on the hook that are not the driver's */
	__u64 stray_octets; /* behind the Ethernet header */
	__u64 reserved[9]; /* two cache lines: the prefetcher fetches pairs */
};
_Static_assert(sizeof(struct driver_cpu) == 128, "driver_cpu is two cache lines");

/* Words as they stand in the packet, to be copied octet by octet. IPv4 has the last of each. */
struct driver_flow {
	__u32 source[4];
	__u32 destination[4];
	__u32 ports; /* source port first */
	__u32 tcp_flags; /* those that packets of this flow may carry */
	__u32 ttl; /* the lowest that they may have; up to 127 more */
	__u32 is_tcp; /* else UDP */
};

static __attribute__((always_inline)) inline __u32 driver_mix(__u32 flow, __u32 odd)
{
	__u32 x = (flow + odd) * odd;

	return x ^ x >> 15;
}

static __attribute__((always_inline)) inline void driver_flow_make(__u32 flow, __u32 with_tcp,
								   struct driver_flow *out)
{
	out->source[0] = 0xb80d0120u;
	out->source[1] = driver_mix(flow, 0x85ebca6bu);
	out->source[2] = driver_mix(flow, 0xc2b2ae35u);
	out->source[3] = flow ^ DRIVER_ADDRESS;
	out->destination[0] = driver_mix(flow, 0x27d4eb2fu);
	out->destination[1] = 0xfecaaddeu;
	out->destination[2] = driver_mix(flow, 0x165667b1u);
	out->destination[3] = driver_mix(flow, 0x9e3779b1u);
	out->ports = driver_mix(flow, 0xd168aaadu);
	out->tcp_flags = driver_mix(flow, 0xaf723597u) & 0xfff;
	out->ttl = 1 + (driver_mix(flow, 0x846ca68bu) & 0x7f);
	out->is_tcp = with_tcp && (flow & 1);
}

#endif
