// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Somebody else's tc program, for the coexistence tests: counts what it sees and lets it pass. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} foreign_seen SEC(".maps");

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int foreign(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *seen = bpf_map_lookup_elem(&foreign_seen, &zero);

	(void)skb;
	if (seen)
		__sync_fetch_and_add(seen, 1);
	return TC_ACT_UNSPEC;
}
