// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The traffic of the exactness tests, made where it is counted: in the kernel, in front of the
 * shipped programs, which run unmodified.
 *
 * drive_tc, drive_xdp: run by BPF_PROG_TEST_RUN. Each run picks a flow and turns the packet at hand
 * into one of its packets, writes it down in the truth of this CPU, and tail-calls the program
 * under test. Millions of packets per second and per system call, every one of them known.
 *
 * generate: the same packets as live XDP frames, redirected into a network device. There the
 * packets that really arrive are written down by witness_tc or witness_xdp, which come right before
 * the program under test, and dropped by drop_tc right behind it.
 *
 * Truth is per CPU and flow, written with plain adds by the CPU it belongs to, with bottom halves
 * off: it is exact without relying on anything the flow tables rely on but that.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "../lib/driver.h"

#define DRIVER_IPV4_TRANSPORT 34
#define DRIVER_IPV6_TRANSPORT 54
#define DRIVER_TRANSPORT_OCTETS 20

/* Set before loading. */
const volatile __u32 flow_count = 0; /* flows to pick from; 0: every packet is a new flow */
const volatile __u32 is_ipv6 = 0;
const volatile __u32 with_tcp = 0; /* flows with odd numbers are TCP; else all are UDP */
const volatile __u32 keeps_truth = 0;
const volatile __u32 redirect_ifindex = 0;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct driver_cpu);
} driver_cpus SEC(".maps");

/* [CPU][flow] */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct driver_truth);
} driver_truths SEC(".maps");

/* The program under test, per program type. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tc_targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} xdp_targets SEC(".maps");

struct driver_packet {
	__u32 flow;
	__u32 octets; /* IP total length */
	__u32 tcp_flags;
	__u32 ttl;
};

static __always_inline __u64 driver_random(struct driver_cpu *cpu)
{
	__u64 x = cpu->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	cpu->random = x;
	return x;
}

static __always_inline void driver_write16(__u8 *to, __u32 value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static __always_inline void driver_write32(__u8 *to, __u32 word)
{
	__builtin_memcpy(to, &word, sizeof(word));
}

/* Picks the next packet and writes it over the old one. The rest of the headers stays as it is. */
static __always_inline int driver_make(struct driver_cpu *cpu, void *data, void *data_end,
				       struct driver_packet *packet)
{
	__u8 *ip = data + DRIVER_ETHERNET_OCTETS, *transport;
	struct driver_flow flow;
	__u64 random, more;

	transport = data + (is_ipv6 ? DRIVER_IPV6_TRANSPORT : DRIVER_IPV4_TRANSPORT);
	if ((void *)transport + DRIVER_TRANSPORT_OCTETS > data_end)
		return -1;
	random = driver_random(cpu);
	more = random * 0x2545f4914f6cdd1dULL;
	packet->flow = flow_count ? (random >> 32) * flow_count >> 32 : cpu->next_flow++;
	driver_flow_make(packet->flow, with_tcp, &flow);
	packet->octets =
		DRIVER_OCTETS_MIN +
		((random & 0xffffffff) * (DRIVER_OCTETS_MAX - DRIVER_OCTETS_MIN + 1) >> 32);
	packet->ttl = flow.ttl + (more >> 57);
	packet->tcp_flags = more >> 40 & flow.tcp_flags;

	if (is_ipv6) {
		driver_write16(ip + 4, packet->octets - 40);
		ip[6] = flow.is_tcp ? 6 : 17;
		ip[7] = packet->ttl;
		driver_write32(ip + 8, flow.source[0]);
		driver_write32(ip + 12, flow.source[1]);
		driver_write32(ip + 16, flow.source[2]);
		driver_write32(ip + 20, flow.source[3]);
		driver_write32(ip + 24, flow.destination[0]);
		driver_write32(ip + 28, flow.destination[1]);
		driver_write32(ip + 32, flow.destination[2]);
		driver_write32(ip + 36, flow.destination[3]);
	} else {
		driver_write16(ip + 2, packet->octets);
		ip[8] = packet->ttl;
		ip[9] = flow.is_tcp ? 6 : 17;
		driver_write32(ip + 12, flow.source[3]);
		driver_write32(ip + 16, flow.destination[3]);
	}
	driver_write32(transport, flow.ports);
	driver_write16(transport + 12, 5 << 12 | packet->tcp_flags);
	if (!flow.is_tcp)
		packet->tcp_flags = 0;
	return 0;
}

/* What a packet of ours that arrives on a hook is. -1: it is not ours. */
static __always_inline int driver_read(void *data, void *data_end, struct driver_packet *packet)
{
	__u8 *ip = data + DRIVER_ETHERNET_OCTETS;
	__u32 word;

	if (data + DRIVER_IPV6_TRANSPORT > data_end)
		return -1;
	if (ip[-2] != (is_ipv6 ? 0x86 : 0x08) || ip[-1] != (is_ipv6 ? 0xdd : 0x00))
		return -1;
	if (is_ipv6) {
		packet->octets = 40 + (ip[4] << 8 | ip[5]);
		packet->ttl = ip[7];
		__builtin_memcpy(&word, ip + 20, sizeof(word));
	} else {
		packet->octets = ip[2] << 8 | ip[3];
		packet->ttl = ip[8];
		__builtin_memcpy(&word, ip + 12, sizeof(word));
	}
	packet->flow = word ^ DRIVER_ADDRESS;
	packet->tcp_flags = 0; /* live traffic is UDP */
	return packet->flow < flow_count ? 0 : -1;
}

static __always_inline struct driver_cpu *driver_this_cpu(__u32 *number)
{
	*number = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&driver_cpus, number);
}

static __always_inline int driver_write_down(struct driver_cpu *cpu, __u32 number,
					     const struct driver_packet *packet)
{
	__u32 index = number * flow_count + packet->flow;
	struct driver_truth *truth;

	if (keeps_truth) {
		truth = bpf_map_lookup_elem(&driver_truths, &index);
		if (!truth)
			return -1;
		truth->octets += packet->octets;
		truth->packets++;
		truth->tcp_flags |= packet->tcp_flags;
		if (truth->ttl_min_below < 255 - packet->ttl)
			truth->ttl_min_below = 255 - packet->ttl;
		if (truth->ttl_max < packet->ttl)
			truth->ttl_max = packet->ttl;
	}
	cpu->packets++;
	cpu->octets += packet->octets;
	return 0;
}

static __always_inline struct driver_cpu *driver_run(void *data, void *data_end)
{
	struct driver_packet packet;
	struct driver_cpu *cpu;
	__u32 number;

	cpu = driver_this_cpu(&number);
	if (!cpu || driver_make(cpu, data, data_end, &packet) ||
	    driver_write_down(cpu, number, &packet))
		return 0;
	return cpu;
}

static __always_inline struct driver_cpu *driver_witness(void *data, void *data_end, __u32 length)
{
	struct driver_packet packet;
	struct driver_cpu *cpu;
	__u32 number;

	cpu = driver_this_cpu(&number);
	if (!cpu)
		return 0;
	if (driver_read(data, data_end, &packet)) {
		cpu->strays++;
		cpu->stray_octets += length - DRIVER_ETHERNET_OCTETS;
	} else if (driver_write_down(cpu, number, &packet)) {
		return 0;
	}
	return cpu;
}

SEC("tc")
int drive_tc(struct __sk_buff *skb)
{
	struct driver_cpu *cpu = driver_run((void *)(long)skb->data, (void *)(long)skb->data_end);

	if (cpu) {
		bpf_tail_call(skb, &tc_targets, 0);
		cpu->calls_failed++;
	}
	return TC_ACT_SHOT;
}

SEC("xdp")
int drive_xdp(struct xdp_md *ctx)
{
	struct driver_cpu *cpu = driver_run((void *)(long)ctx->data, (void *)(long)ctx->data_end);

	if (cpu) {
		bpf_tail_call(ctx, &xdp_targets, 0);
		cpu->calls_failed++;
	}
	return XDP_ABORTED;
}

/* What a program costs that does nothing. */
SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_UNSPEC;
}

SEC("xdp")
int generate(struct xdp_md *ctx)
{
	struct driver_packet packet;
	struct driver_cpu *cpu;
	__u32 number;

	cpu = driver_this_cpu(&number);
	if (!cpu || driver_make(cpu, (void *)(long)ctx->data, (void *)(long)ctx->data_end, &packet))
		return XDP_ABORTED;
	return bpf_redirect(redirect_ifindex, 0);
}

SEC("tc")
int witness_tc(struct __sk_buff *skb)
{
	driver_witness((void *)(long)skb->data, (void *)(long)skb->data_end, skb->len);
	return TC_ACT_UNSPEC;
}

SEC("xdp")
int witness_xdp(struct xdp_md *ctx)
{
	struct driver_cpu *cpu = driver_witness((void *)(long)ctx->data,
						(void *)(long)ctx->data_end,
						(__u32)(ctx->data_end - ctx->data));

	if (cpu) {
		bpf_tail_call(ctx, &xdp_targets, 0);
		cpu->calls_failed++;
	}
	return XDP_ABORTED;
}

SEC("tc")
int drop_tc(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_SHOT;
}
