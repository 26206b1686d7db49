// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What encoding one record as JSON costs, by kind of record, and what of that is the Community ID.
 * Many different records in turn, so that neither values nor branches repeat; the best of several
 * rounds. Prints a table, asserts nothing.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/community_id.h"
#include "encode/json.h"
#include "lib/clock.h"

#define RECORDS 4096
#define PASSES 16
#define ROUNDS 9

enum kind { IPV4_TCP, IPV6_UDP, KINDS };

static const char *const kind_names[KINDS] = {"IPv4 TCP", "IPv6 UDP"};
static struct flow_record records[RECORDS];
static char buffer[JSON_RECORD_BYTES_MAX];

/* xorshift64: the same records in every run. */
static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void fill_records(enum kind kind)
{
	for (size_t i = 0; i < RECORDS; i++) {
		struct flow_record *record = &records[i];
		uint8_t *addresses[] = {record->key.source_address,
					record->key.destination_address};

		memset(record, 0, sizeof(*record));
		record->key.protocol = kind == IPV4_TCP ? IPPROTO_TCP : IPPROTO_UDP;
		record->key.source_port = htons((uint16_t)(32768 + next_random() % 28232));
		record->key.destination_port = htons(i % 2 ? 443 : 53);
		record->key.ifindex = 2;
		record->key.kind = kind == IPV6_UDP ? FLOW_KEY_IPV6 : 0;
		for (size_t side = 0; side < 2; side++) {
			uint64_t bits = next_random();

			if (kind == IPV6_UDP) {
				memcpy(addresses[side], "\x20\x01\x0d\xb8", 4);
				memcpy(addresses[side] + 8, &bits, 8);
			} else {
				memset(addresses[side] + 10, 0xff, 2);
				memcpy(addresses[side] + 12, &bits, 4);
			}
		}
		record->end_reason = 1 + next_random() % 3;
		record->ttl_min = 64;
		record->ttl_max = 64;
		record->id = 1000000 + i;
		record->packets = 1 + next_random() % 1000;
		record->octets = record->packets * (40 + next_random() % 1460);
		record->end_ns = 1787300000000000000ull + next_random() % NS_PER_S;
		record->start_ns = record->end_ns - next_random() % (60 * NS_PER_S);
		record->tcp_flags = kind == IPV4_TCP ? 27 : 0;
		record->ip_flags = 2;
		memcpy(record->source_mac, "\x02\x42\xac\x11\x00\x02", 6);
		memcpy(record->destination_mac, "\x02\x42\x5e\x00\x00\x01", 6);
		record->ingress_ifindex = 2;
		strcpy(record->ingress_if_name, "enp3s0");
	}
}

static void encode_json(struct writer *writer, const struct flow_record *record)
{
	static const struct json_context context = {
		.host = "host-17.example.net",
		.sampler_address = "192.0.2.10",
		.instance = 0x0123456789abcdefull,
		.received_ns = 1787300000123456789ull,
		.sequence_num = 1000000,
		.sampling_interval = 1,
	};

	json_encode_record(writer, record, &context);
}

static void encode_community_id(struct writer *writer, const struct flow_record *record)
{
	community_id_put(writer, &record->key);
}

static void measure(const char *what, enum kind kind,
		    void (*encode)(struct writer *, const struct flow_record *))
{
	uint64_t best_ns = UINT64_MAX, bytes = 0, start_ns, spent_ns;
	struct writer writer;

	fill_records(kind);
	for (int round = 0; round < ROUNDS; round++) {
		bytes = 0;
		start_ns = clock_monotonic_ns();
		for (int pass = 0; pass < PASSES; pass++) {
			for (size_t i = 0; i < RECORDS; i++) {
				writer_init(&writer, buffer, sizeof(buffer));
				encode(&writer, &records[i]);
				bytes += writer.used;
			}
		}
		spent_ns = clock_monotonic_ns() - start_ns;
		if (spent_ns < best_ns)
			best_ns = spent_ns;
	}
	printf("%-20s %-10s %10.0f %14.0f\n", what, kind_names[kind],
	       (double)best_ns / (PASSES * RECORDS), (double)bytes / (PASSES * RECORDS));
}

int main(void)
{
	printf("%-20s %-10s %10s %14s\n", "encode", "record", "ns/record", "bytes/record");
	for (enum kind kind = 0; kind < KINDS; kind++) {
		measure("JSON", kind, encode_json);
		measure("Community ID alone", kind, encode_community_id);
	}
	return 0;
}
