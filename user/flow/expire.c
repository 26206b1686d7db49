// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rules of the flow cache: see expire.h. */
#include "flow/expire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

static uint64_t expire_add(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

uint64_t expire_active_ns(const struct expire_policy *policy, uint32_t hash)
{
	uint64_t width_ns = policy->active_ns / 10;
	uint64_t jitter_ns = (uint64_t)((unsigned __int128)width_ns * hash >> 32);

	return expire_add(policy->active_ns - policy->active_ns / 20, jitter_ns);
}

static uint64_t expire_idle_deadline_ns(const struct flow_entry *entry,
					const struct expire_policy *policy)
{
	return expire_add(entry->last_ns, policy->idle_ns);
}

uint64_t expire_active_deadline_ns(const struct flow_entry *entry,
				   const struct expire_policy *policy)
{
	if (entry->first_ns == FLOW_ENTRY_NO_START)
		return UINT64_MAX;
	return expire_add(entry->first_ns, expire_active_ns(policy, entry->hash));
}

static uint64_t expire_end_deadline_ns(const struct flow_entry *entry,
				       const struct expire_policy *policy)
{
	if (!(entry->state & FLOW_ENTRY_ENDED))
		return UINT64_MAX;
	return expire_add(entry->end_ns, policy->linger_ns);
}

uint64_t expire_deadline_ns(const struct flow_entry *entry, const struct expire_policy *policy,
			    enum wheel_lane *lane)
{
	uint64_t idle_ns = expire_idle_deadline_ns(entry, policy);
	uint64_t active_ns = expire_active_deadline_ns(entry, policy);
	uint64_t end_ns = expire_end_deadline_ns(entry, policy);
	uint64_t other_ns = active_ns < end_ns ? active_ns : end_ns;

	*lane = other_ns < idle_ns ? WHEEL_OTHER : WHEEL_IDLE;
	return other_ns < idle_ns ? other_ns : idle_ns;
}

int expire_reason(const struct flow_entry *entry, const struct expire_policy *policy,
		  uint64_t now_ns)
{
	if (now_ns >= expire_end_deadline_ns(entry, policy))
		return FLOW_END_DETECTED;
	if (now_ns >= expire_idle_deadline_ns(entry, policy))
		return FLOW_END_IDLE;
	if (now_ns >= expire_active_deadline_ns(entry, policy))
		return FLOW_END_ACTIVE;
	return 0;
}

int expire_note_tcp(struct flow_entry *entry, uint16_t tcp_flags, uint64_t seen_ns)
{
	if (entry->key.protocol != IPPROTO_TCP || entry->state & FLOW_ENTRY_ENDED)
		return 0;
	if (tcp_flags & TH_RST)
		entry->state |= FLOW_ENTRY_RST | FLOW_ENTRY_ENDED;
	else if (tcp_flags & TH_FIN && !(entry->state & FLOW_ENTRY_FIN))
		entry->state |= FLOW_ENTRY_FIN;
	else
		return 0;
	entry->end_ns = seen_ns;
	return 1;
}

static void expire_end_tcp(struct flow_entry *entry, uint64_t end_ns)
{
	if (entry->state & FLOW_ENTRY_ENDED)
		return;
	entry->state |= FLOW_ENTRY_ENDED;
	entry->end_ns = end_ns;
}

void expire_pair_tcp(struct flow_entry *entry, struct flow_entry *reverse)
{
	uint64_t end_ns;

	if (entry->state & FLOW_ENTRY_RST)
		expire_end_tcp(reverse, entry->end_ns);
	if (reverse->state & FLOW_ENTRY_RST)
		expire_end_tcp(entry, reverse->end_ns);
	if (entry->state & reverse->state & FLOW_ENTRY_FIN) {
		end_ns = entry->end_ns > reverse->end_ns ? entry->end_ns : reverse->end_ns;
		expire_end_tcp(entry, end_ns);
		expire_end_tcp(reverse, end_ns);
	}
}

/* The ICMP type that answers this one, or that this one answers; -1: neither. */
static int expire_icmp_counterpart(const struct flow_key *key)
{
	static const uint8_t ipv4[][2] = {{8, 0}, {13, 14}, {15, 16}, {17, 18}};
	static const uint8_t ipv6[][2] = {{128, 129}};
	const uint8_t(*pairs)[2] = flow_key_is_ipv6(key) ? ipv6 : ipv4;
	size_t count = flow_key_is_ipv6(key) ? sizeof(ipv6) / 2 : sizeof(ipv4) / 2;
	uint16_t type = ntohs(key->source_port);

	for (size_t i = 0; i < count; i++) {
		if (type == pairs[i][0])
			return pairs[i][1];
		if (type == pairs[i][1])
			return pairs[i][0];
	}
	return -1;
}

int expire_reverse_key(const struct flow_key *key, struct flow_key *reverse)
{
	int icmp = flow_key_is_icmp(key), counterpart = icmp ? expire_icmp_counterpart(key) : 0;

	*reverse = *key;
	reverse->kind ^= FLOW_KEY_EGRESS;
	memcpy(reverse->source_address, key->destination_address, sizeof(key->source_address));
	memcpy(reverse->destination_address, key->source_address, sizeof(key->source_address));
	if (icmp) {
		reverse->source_port = htons((uint16_t)counterpart);
	} else {
		reverse->source_port = key->destination_port;
		reverse->destination_port = key->source_port;
	}
	return counterpart >= 0;
}

uint64_t expire_idle_together_ns(const struct flow_entry *entry, const struct flow_entry *reverse,
				 const struct expire_policy *policy)
{
	uint64_t entry_ns = expire_idle_deadline_ns(entry, policy);
	uint64_t reverse_ns = expire_idle_deadline_ns(reverse, policy);

	return entry_ns > reverse_ns ? entry_ns : reverse_ns;
}
