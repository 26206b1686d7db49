// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Prints flow records as the probe would: what the tests of the OpenObserve files compare the typed
 * stream with, and build their own records from.
 *
 * Out: a few JSON lines from the encoder itself, chosen so that together they have every field that
 * a record can have. So a field that is added, renamed or changes its type cannot be forgotten in
 * the stream.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "encode/json.h"

static const struct json_context known = {
	.host = "alpha",
	.sampler_address = "192.0.2.1",
	.instance = UINT64_C(0x0123456789abcdef),
	.received_ns = UINT64_C(1800000001000000000),
	.sequence_num = 1,
	.observation_domain_id = 1,
	.sampling_interval = 1,
};

static const struct json_context unknown = {
	.host = "",
	.sampler_address = "",
	.sampling_interval = 1,
};

static const struct flow_record sent = {
	.key = {.source_address = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 1},
		.destination_address = {[10] = 0xff, [11] = 0xff, [12] = 198, 51, 100, 7},
		.protocol = IPPROTO_TCP,
		.kind = FLOW_KEY_EGRESS,
		.ifindex = 2},
	.end_reason = FLOW_END_DETECTED,
	.id = 1,
	.packets = 10,
	.octets = 1000,
	.start_ns = UINT64_C(1799999999000000000),
	.end_ns = UINT64_C(1800000000000000000),
	.egress_ifindex = 2,
	.egress_if_name = "eth0",
};

static const struct flow_record received = {
	.key = {.source_address = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
		.destination_address = {0x20, 0x01, 0x0d, 0xb8, [15] = 2},
		.protocol = IPPROTO_ICMPV6,
		.kind = FLOW_KEY_IPV6,
		.ifindex = 3,
		.vlan_id = 100},
	.end_reason = FLOW_END_IDLE,
	.inner_vlan_id = 200,
	.id = 2,
	.packets = 1,
	.octets = 104,
	.start_ns = UINT64_C(1800000000000000000),
	.end_ns = UINT64_C(1800000000000000000),
	.ingress_ifindex = 3,
	.ingress_if_name = "eth1",
};

static void print_record(const struct flow_record *record, const struct json_context *context)
{
	static char text[JSON_RECORD_BYTES_MAX];
	struct writer writer;

	writer_init(&writer, text, sizeof(text));
	json_encode_record(&writer, record, context);
	if (writer.overflow) {
		fputs("json_sample: a record is longer than JSON_RECORD_BYTES_MAX\n", stderr);
		exit(EXIT_FAILURE);
	}
	printf("%.*s\n", (int)writer.used, writer.data);
}

int main(void)
{
	static const struct flow_record bare = {.packets = 1, .octets = 20};

	print_record(&sent, &known);
	print_record(&received, &known);
	print_record(&bare, &unknown);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
