// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See sample_records.h. Neither values nor branches repeat, so that nothing is guessed right. */
#include "sample_records.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include "lib/clock.h"

const char *const sample_kind_names[SAMPLE_KINDS] = {"IPv4 TCP", "IPv6 UDP"};

/* xorshift64 */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void fill_addresses(struct flow_key *key, enum sample_kind kind, uint64_t *random)
{
	uint8_t *addresses[] = {key->source_address, key->destination_address};

	for (size_t side = 0; side < 2; side++) {
		uint64_t bits = next_random(random);

		if (kind == SAMPLE_IPV6_UDP) {
			memcpy(addresses[side], "\x20\x01\x0d\xb8", 4);
			memcpy(addresses[side] + 8, &bits, 8);
		} else {
			memset(addresses[side] + 10, 0xff, 2);
			memcpy(addresses[side] + 12, &bits, 4);
		}
	}
}

void sample_records_fill(struct flow_record *records, size_t count, enum sample_kind kind)
{
	uint64_t random = 88172645463325252ull;

	for (size_t i = 0; i < count; i++) {
		struct flow_record *record = &records[i];

		memset(record, 0, sizeof(*record));
		record->key.protocol = kind == SAMPLE_IPV4_TCP ? IPPROTO_TCP : IPPROTO_UDP;
		record->key.source_port = htons((uint16_t)(32768 + next_random(&random) % 28232));
		record->key.destination_port = htons(i % 2 ? 443 : 53);
		record->key.ifindex = 2;
		record->key.kind = kind == SAMPLE_IPV6_UDP ? FLOW_KEY_IPV6 : 0;
		fill_addresses(&record->key, kind, &random);
		record->end_reason = 1 + next_random(&random) % 3;
		record->ttl_min = 64;
		record->ttl_max = 64;
		record->id = 1000000 + i;
		record->packets = 1 + next_random(&random) % 1000;
		record->octets = record->packets * (40 + next_random(&random) % 1460);
		record->end_ns = 1787300000000000000ull + next_random(&random) % NS_PER_S;
		record->start_ns = record->end_ns - next_random(&random) % (60 * NS_PER_S);
		record->tcp_flags = kind == SAMPLE_IPV4_TCP ? 27 : 0;
		record->ip_flags = 2;
		memcpy(record->source_mac, "\x02\x42\xac\x11\x00\x02", 6);
		memcpy(record->destination_mac, "\x02\x42\x5e\x00\x00\x01", 6);
		record->ingress_ifindex = 2;
		strcpy(record->ingress_if_name, "enp3s0");
	}
}
