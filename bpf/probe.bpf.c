// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Entry points of the kernel side. Each program sees every packet of one hook, puts it into the
 * flow table and lets it pass: the verdict is always "next", whatever happens here, because other
 * programs on the hook and the network behind it are none of our business.
 *
 * Variants: tc in both directions, each for devices with an Ethernet header (l2) and without one
 * (l3), chosen by the device type when attaching; XDP for ingress before the stack. UAPI headers
 * only: the programs read __sk_buff, xdp_md and wire formats, so one object fits every kernel.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "flow.h"
#include "parse.bpf.h"
#include "flow_table.bpf.h"
#include "fragments.bpf.h"
#include "tunnel.bpf.h"

#define PULL_OCTETS 2048 /* more than all headers that parse.bpf.h follows take, but for monsters */

const volatile __u32 sampling_threshold =
	0xffffffff; /* account when random <= threshold; all ones: every packet */
const volatile __u32 xdp_has_fragments =
	0; /* the kernel has multi-buffer XDP and bpf_xdp_get_buff_len */

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Loads the control word and finds this CPU's counters. Comes before everything else a run does. */
static __always_inline int account_begin(struct account *account)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 word = control.word;
	__u32 generation = word & 1;
	struct flow_cpu *counters;

	asm volatile("" : "+r"(generation)); /* keeps it a number: see flow_table.bpf.h */
	counters = bpf_map_lookup_elem(&cpus, &cpu);
	if (!counters)
		return -1;
	account->counters = &counters->generations[generation];
	account->base_ticks = word >> 1;
	account->now_ticks = bpf_jiffies64();
	account->generation = generation;
	account->cpu = cpu;
	return 0;
}

static __always_inline void account_outcome(const struct account *account,
					    enum flow_outcome outcome,
					    enum flow_direction direction,
					    const struct packet *packet)
{
	struct flow_count *count = &account->counters->outcomes[outcome][direction];

	counter_add(&count->packets, packet->packets);
	counter_add(&count->octets, packet->octets);
}

static __always_inline __u32 octets_past_link(__u32 length, int has_ethernet)
{
	__u32 link = has_ethernet ? sizeof(struct parse_ethernet) : 0;

	return length > link ? length - link : 0;
}

static __always_inline int sampled_out(void)
{
	return sampling_threshold != 0xffffffff && bpf_get_prandom_u32() > sampling_threshold;
}

static __always_inline enum flow_outcome account_parsed(struct packet *packet,
							struct account *account,
							enum flow_direction direction,
							__u32 ifindex)
{
	packet->key.ifindex = ifindex;
	if (direction == FLOW_EGRESS)
		packet->key.kind |= FLOW_KEY_EGRESS;
	if (packet->fragment)
		fragment_resolve(packet, account);
	return flow_table_account(packet, account);
}

/* What is looked at of an IP header, which every one has: `words`. */
union tc_header {
	struct iphdr ipv4;
	__be16 halves[8];
	__u64 words[2];
};

/* 1 if it is an IP header that agrees with the length of the packet from there on. */
static __always_inline int tc_is_ip(const union tc_header *header, __u32 length)
{
	if (header->ipv4.version == 4)
		return PARSE_NTOHS(header->ipv4.tot_len) == length;
	return header->ipv4.version == 6 &&
	       PARSE_NTOHS(header->halves[2]) + sizeof(struct ipv6hdr) == length;
}

/*
 * What comes out of an IPsec tunnel (xfrm, vti) still has the Ethernet header of the network card in
 * front, although its device has none. Where the IP header is, the kernel only tells by what is there.
 * Returns how far behind data that is: 0 or ETH_HLEN.
 */
static __always_inline __u32 tc_stray_octets(struct __sk_buff *skb)
{
	const union tc_header *front = (void *)(long)skb->data;
	union tc_header network, behind;

	if ((const void *)(front + 1) <= (const void *)(long)skb->data_end &&
	    tc_is_ip(front, skb->len))
		return 0;
	if (bpf_skb_load_bytes_relative(skb, 0, &network, sizeof(network.words),
					BPF_HDR_START_NET) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN, &behind, sizeof(behind.words)))
		return 0;
	return tc_is_ip(&network, skb->len - ETH_HLEN) && network.words[0] == behind.words[0] &&
			       network.words[1] == behind.words[1]
		       ? ETH_HLEN
		       : 0;
}

static __always_inline void tc_source(struct __sk_buff *skb, int has_ethernet,
				      struct packet_source *source)
{
	source->data = (void *)(long)skb->data;
	source->data_end = (void *)(long)skb->data_end;
	source->length = skb->len;
	source->ethertype = 0;
	source->stray_octets = 0;
	if (!has_ethernet) { /* 0 would mean that there is an Ethernet header */
		source->ethertype = skb->protocol ?: PARSE_HTONS(ETH_P_802_3);
		source->stray_octets = tc_stray_octets(skb);
	}
	source->vlan_present = skb->vlan_present;
	source->vlan_tci = skb->vlan_tci;
	source->gso_size = skb->gso_size;
	source->gso_segs = skb->gso_segs;
}

/*
 * Global on purpose: the verifier then checks it once, on its own, instead of once more behind each
 * path through the first parse.
 */
__noinline int tc_parse(struct __sk_buff *skb, int has_ethernet, struct packet *packet)
{
	struct packet_source source;

	if (!packet)
		return FLOW_TRUNCATED;
	tc_source(skb, has_ethernet, &source);
	return parse_packet(&source, packet);
}

/* The headers may lie beyond the part that can be addressed directly: ask for them, once. */
static __always_inline enum flow_outcome tc_parse_pulled(struct __sk_buff *skb, int has_ethernet,
							 struct packet *packet)
{
	__u32 outcome;

	if (bpf_skb_pull_data(skb, skb->len < PULL_OCTETS ? skb->len : PULL_OCTETS))
		return FLOW_TRUNCATED;
	outcome = tc_parse(skb, has_ethernet, packet);
	return outcome < FLOW_OUTCOMES ? outcome : FLOW_MALFORMED;
}

static __always_inline int tc_packet(struct __sk_buff *skb, enum flow_direction direction,
				     int has_ethernet)
{
	struct account account = {};
	struct packet_source source;
	enum flow_outcome outcome;
	struct packet packet;

	if (account_begin(&account))
		return TC_ACT_UNSPEC;
	if (sampled_out()) {
		packet.packets = 1;
		if (skb->gso_size)
			packet.packets = skb->gso_segs
						 ?: (skb->len + skb->gso_size - 1) / skb->gso_size;
		packet.octets = octets_past_link(skb->len, has_ethernet || tc_stray_octets(skb));
		account_outcome(&account, FLOW_SAMPLED_OUT, direction, &packet);
		return TC_ACT_UNSPEC;
	}
	tc_source(skb, has_ethernet, &source);
	outcome = parse_packet(&source, &packet);
	if (outcome == FLOW_TRUNCATED && source.data + source.length > source.data_end)
		outcome = tc_parse_pulled(skb, has_ethernet, &packet);
	if (outcome == FLOW_ACCOUNTED) {
		tunnel_correct(skb, &packet);
		account.ingress_ifindex = direction == FLOW_EGRESS ? skb->ingress_ifindex : 0;
		outcome = account_parsed(&packet, &account, direction, skb->ifindex);
	}
	account_outcome(&account, outcome, direction, &packet);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int tc_ingress_l2(struct __sk_buff *skb)
{
	return tc_packet(skb, FLOW_INGRESS, 1);
}

SEC("tc")
int tc_ingress_l3(struct __sk_buff *skb)
{
	return tc_packet(skb, FLOW_INGRESS, 0);
}

SEC("tc")
int tc_egress_l2(struct __sk_buff *skb)
{
	return tc_packet(skb, FLOW_EGRESS, 1);
}

SEC("tc")
int tc_egress_l3(struct __sk_buff *skb)
{
	return tc_packet(skb, FLOW_EGRESS, 0);
}

/* Devices with an Ethernet header only; the agent uses tc on the others. */
SEC("xdp")
int xdp_ingress(struct xdp_md *ctx)
{
	struct packet_source source = {
		.data = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.length = ctx->data_end - ctx->data,
	};
	struct account account = {};
	enum flow_outcome outcome;
	struct packet packet;

	if (xdp_has_fragments)
		source.length = bpf_xdp_get_buff_len(ctx);
	if (account_begin(&account))
		return XDP_PASS;
	if (sampled_out()) {
		packet.packets = 1;
		packet.octets = octets_past_link(source.length, 1);
		account_outcome(&account, FLOW_SAMPLED_OUT, FLOW_INGRESS, &packet);
		return XDP_PASS;
	}
	outcome = parse_packet(&source, &packet);
	if (outcome == FLOW_ACCOUNTED) {
		outcome = account_parsed(&packet, &account, FLOW_INGRESS, ctx->ingress_ifindex);
	}
	account_outcome(&account, outcome, FLOW_INGRESS, &packet);
	return XDP_PASS;
}

/* Run by the agent, never attached: both clocks at one instant, for converting ticks to time. */
SEC("syscall")
int read_clock(struct flow_clock *clock)
{
	clock->ticks = bpf_jiffies64();
	clock->monotonic_ns = bpf_ktime_get_ns();
	return 0;
}
