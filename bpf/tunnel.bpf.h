/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Headers inside a tunnel, for super-packets only. Segmentation repeats every header down to the
 * innermost transport header in each wire packet, so the octets of a super-packet in a tunnel
 * cannot be told from the outer headers alone. The flow stays the outer one.
 *
 * UDP itself does not say what it carries: VXLAN and Geneve are known by their ports. Known to be
 * inexact by the inner headers' octets: those protocols on other ports, VXLAN-GPE, FOU and GUE, a
 * datagram super-packet sent to one of these ports by a program that does not speak the protocol,
 * and a tunnelled super-packet whose driver does not say how many segments it has.
 */
#ifndef FLOWPROBE_TUNNEL_BPF_H
#define FLOWPROBE_TUNNEL_BPF_H

#define TUNNEL_PORT_VXLAN 4789
#define TUNNEL_PORT_VXLAN_LINUX 8472 /* the kernel's default, and flannel's */
#define TUNNEL_PORT_GENEVE 6081
#define TUNNEL_GRE_CHECKSUM 0x8000
#define TUNNEL_GRE_KEY 0x2000
#define TUNNEL_GRE_SEQUENCE 0x1000
#define TUNNEL_ETHERTYPE_ETHERNET 0x6558 /* transparent Ethernet bridging */

static __always_inline __u32 tunnel_load16(struct __sk_buff *skb, __u32 offset)
{
	__be16 value = 0;

	bpf_skb_load_bytes(skb, offset, &value, sizeof(value));
	return PARSE_NTOHS(value);
}

static __always_inline __u32 tunnel_load8(struct __sk_buff *skb, __u32 offset)
{
	__u8 value = 0;

	bpf_skb_load_bytes(skb, offset, &value, sizeof(value));
	return value;
}

/* Octets of the tunnel's own header at offset; *ethertype becomes what it carries, 0: unknown. */
static __always_inline __u32 tunnel_own_header(struct __sk_buff *skb, __u32 offset, __u32 protocol,
					       __u32 port, __u32 *ethertype)
{
	__u32 word, size = 0;

	*ethertype = 0;
	if (protocol == IPPROTO_IPIP) {
		*ethertype = ETH_P_IP;
	} else if (protocol == IPPROTO_IPV6) {
		*ethertype = ETH_P_IPV6;
	} else if (protocol == IPPROTO_GRE) {
		word = tunnel_load16(skb, offset);
		*ethertype = tunnel_load16(skb, offset + 2);
		size = 4;
		size += word & TUNNEL_GRE_CHECKSUM ? 4 : 0;
		size += word & TUNNEL_GRE_KEY ? 4 : 0;
		size += word & TUNNEL_GRE_SEQUENCE ? 4 : 0;
	} else if (port == TUNNEL_PORT_GENEVE) {
		size = 8 + (tunnel_load8(skb, offset) & 0x3f) * 4;
		*ethertype = tunnel_load16(skb, offset + 2);
	} else if (port == TUNNEL_PORT_VXLAN || port == TUNNEL_PORT_VXLAN_LINUX) {
		size = 8;
		*ethertype = TUNNEL_ETHERTYPE_ETHERNET;
	}
	return size;
}

/* Octets of the IP header at offset and the transport header behind it. */
static __always_inline __u32 tunnel_inner_headers(struct __sk_buff *skb, __u32 offset,
						  __u32 ethertype)
{
	__u32 size, protocol;

	if (ethertype == ETH_P_IP) {
		size = (tunnel_load8(skb, offset) & 0x0f) * 4;
		protocol = tunnel_load8(skb, offset + 9);
	} else if (ethertype == ETH_P_IPV6) {
		size = PARSE_IPV6_HEADER;
		protocol = tunnel_load8(skb, offset + 6);
	} else {
		return 0;
	}
	if (protocol == IPPROTO_TCP)
		size += (tunnel_load8(skb, offset + size + 12) >> 4) * 4;
	else if (protocol == IPPROTO_UDP)
		size += 8;
	return size;
}

/*
 * What each wire packet of a super-packet has between its outer transport header, which ends at
 * offset, and its payload; 0 if it is in no tunnel. Global, so that the verifier checks it once.
 */
__noinline int tunnel_header_octets(struct __sk_buff *skb, __u32 offset, __u32 protocol, __u32 port)
{
	__u32 ethertype, inner;

	inner = offset + tunnel_own_header(skb, offset, protocol, port, &ethertype);
	if (ethertype == TUNNEL_ETHERTYPE_ETHERNET) {
		ethertype = tunnel_load16(skb, inner + 12);
		inner += sizeof(struct parse_ethernet);
		if (ethertype == ETH_P_8021Q) {
			ethertype = tunnel_load16(skb, inner + 2);
			inner += sizeof(struct parse_vlan);
		}
	}
	if (!ethertype)
		return 0;
	return inner - offset + tunnel_inner_headers(skb, inner, ethertype);
}

/* Corrects the octets of a super-packet that parse_packet() measured by its outer headers. */
static __always_inline void tunnel_correct(struct __sk_buff *skb, struct packet *packet)
{
	__u32 protocol = packet->key.protocol;

	if (packet->packets < 2 || (protocol != IPPROTO_UDP && protocol != IPPROTO_GRE &&
				    protocol != IPPROTO_IPIP && protocol != IPPROTO_IPV6))
		return;
	packet->octets +=
		(packet->packets - 1) *
		(tunnel_header_octets(skb, packet->l3_offset + packet->header_octets, protocol,
				      PARSE_NTOHS(packet->key.destination_port)) &
		 0xfff);
}

#endif
