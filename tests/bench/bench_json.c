// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What encoding one record as JSON costs, by kind of record, and what of that is the Community ID.
 * Many different records in turn, so that neither values nor branches repeat; the best of several
 * rounds. Prints a table, asserts nothing.
 */
#include <stdint.h>
#include <stdio.h>

#include "encode/community_id.h"
#include "encode/json.h"
#include "lib/clock.h"
#include "sample_records.h"

#define RECORDS 4096
#define PASSES 16
#define ROUNDS 9

static struct flow_record records[RECORDS];
static char buffer[JSON_RECORD_BYTES_MAX];

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

static void measure(const char *what, enum sample_kind kind,
		    void (*encode)(struct writer *, const struct flow_record *))
{
	uint64_t best_ns = UINT64_MAX, bytes = 0, start_ns, spent_ns;
	struct writer writer;

	sample_records_fill(records, RECORDS, kind);
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
	printf("%-20s %-10s %10.0f %14.0f\n", what, sample_kind_names[kind],
	       (double)best_ns / (PASSES * RECORDS), (double)bytes / (PASSES * RECORDS));
}

int main(void)
{
	printf("%-20s %-10s %10s %14s\n", "encode", "record", "ns/record", "bytes/record");
	for (enum sample_kind kind = 0; kind < SAMPLE_KINDS; kind++) {
		measure("JSON", kind, encode_json);
		measure("Community ID alone", kind, encode_community_id);
	}
	return 0;
}
