/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of the encoders share: expected bytes as hexadecimal text, records whose every
 * value is unlike all others, and one message at a time.
 */
#ifndef FLOWPROBE_ENCODE_FIXTURE_H
#define FLOWPROBE_ENCODE_FIXTURE_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/dialect.h"
#include "encode/flow_template.h"
#include "encode/report.h"
#include "flow/record.h"
#include "lib/clock.h"

#define MESSAGE_BYTES_MAX 65535
#define GOLDEN_BYTES_MAX 2048
#define EXAMPLE_ENTERPRISE 32473 /* 0x7ed9, RFC 5612 */

/* The time of the records, 2023-11-14 22:13:20 UTC: 0x18bcfe56800 ms, 0x6553f100 s. */
#define EPOCH_MS UINT64_C(1700000000000)
#define INSTANCE UINT64_C(0x6162636465666768)

/* --- bytes --- */

/* Two digits a byte; spaces do not count, and 'text' stands for its own bytes. */
static inline size_t parse_golden(const char *golden, uint8_t *bytes)
{
	size_t count = 0;

	while (*golden) {
		unsigned int byte;

		assert_true(count < GOLDEN_BYTES_MAX);
		if (*golden == ' ') {
			golden++;
		} else if (*golden == '\'') {
			for (golden++; *golden != '\''; golden++)
				bytes[count++] = (uint8_t)*golden;
			golden++;
		} else {
			assert_int_equal(sscanf(golden, "%2x", &byte), 1);
			bytes[count++] = (uint8_t)byte;
			golden += 2;
		}
	}
	return count;
}

static inline void print_hex(char *text, const void *bytes, size_t count)
{
	const uint8_t *byte = bytes;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++)
		sprintf(text + 2 * i, "%02x", byte[i]);
}

static inline void expect_bytes(const void *bytes, size_t count, const char *golden)
{
	static uint8_t expected[GOLDEN_BYTES_MAX];
	static char expected_text[2 * GOLDEN_BYTES_MAX + 1], text[2 * GOLDEN_BYTES_MAX + 1];

	assert_true(count <= GOLDEN_BYTES_MAX);
	print_hex(expected_text, expected, parse_golden(golden, expected));
	print_hex(text, bytes, count);
	assert_string_equal(text, expected_text);
}

static inline void expect_written(const struct writer *writer, const char *golden)
{
	assert_int_equal(writer->overflow, 0);
	expect_bytes(writer->data, writer->used, golden);
}

static inline uint64_t read_uint(const void *place, size_t bytes)
{
	const uint8_t *byte = place;
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | byte[i];
	return value;
}

/* --- chance, the same in every run --- */

static uint64_t random_state = 88172645463325252u;

static inline uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

/* --- records --- */

static inline int kind_has_ipv6(enum flow_kind kind)
{
	return kind == FLOW_IPV6 || kind == FLOW_IPV6_ICMP;
}

static inline int kind_has_icmp(enum flow_kind kind)
{
	return kind == FLOW_IPV4_ICMP || kind == FLOW_IPV6_ICMP;
}

static inline void set_address(uint8_t address[static 16], enum flow_kind kind, const char *ipv4,
			       const char *ipv6)
{
	if (kind_has_ipv6(kind)) {
		assert_int_equal(inet_pton(AF_INET6, ipv6, address), 1);
		return;
	}
	memset(address + 10, 0xff, 2);
	assert_int_equal(inet_pton(AF_INET, ipv4, address + 12), 1);
}

/* Seen leaving. ICMP: type 3, code 10; ICMPv6: type 1, code 4; else TCP. */
static inline struct flow_record make_record(enum flow_kind kind)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_TCP,
			.kind = FLOW_KEY_EGRESS,
			.vlan_id = 0xabc,
			.source_port = htons(0x1122),
			.destination_port = htons(0x3344),
			.ifindex = 0x31323334},
		.end_reason = FLOW_END_DETECTED,
		.ttl_min = 0x39,
		.ttl_max = 0x40,
		.tos = 0xb8,
		.id = UINT64_C(0x5152535455565758),
		.packets = UINT64_C(0x1112131415161718),
		.octets = UINT64_C(0x0102030405060708),
		.start_ns = (EPOCH_MS + 0x001) * NS_PER_MS + 999999,
		.end_ns = (EPOCH_MS + 0x102) * NS_PER_MS + 1,
		.flow_label = 0xc1d2e,
		.fragment_id = 0x91929394,
		.fragment_offset = 0x1a2b,
		.inner_vlan_id = 0x777,
		.tcp_flags = 0xa5b,
		.ip_flags = 2,
		.source_mac = {0x02, 0x41, 0x51, 0x61, 0x71, 0x81},
		.destination_mac = {0x02, 0x42, 0x52, 0x62, 0x72, 0x82},
		.ingress_ifindex = 0x21222324,
		.egress_ifindex = 0x31323334,
		.ingress_if_name = "wan",
		.egress_if_name = "lan",
	};

	set_address(record.key.source_address, kind, "192.0.2.17", "2001:db8::1:2:a1b2");
	set_address(record.key.destination_address, kind, "198.51.100.34", "2001:db8::3:4:c3d4");
	if (kind_has_ipv6(kind))
		record.key.kind |= FLOW_KEY_IPV6;
	if (kind_has_icmp(kind)) {
		record.key.protocol = kind == FLOW_IPV6_ICMP ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		record.key.source_port = htons(kind == FLOW_IPV6_ICMP ? 1 : 3);
		record.key.destination_port = htons(kind == FLOW_IPV6_ICMP ? 4 : 10);
	}
	return record;
}

/* The other direction of make_record(kind), seen arriving. ICMP: type 11, code 1. */
static inline struct flow_record make_reverse_record(enum flow_kind kind)
{
	struct flow_record record = make_record(kind);

	record.key.kind &= (uint8_t)~FLOW_KEY_EGRESS;
	set_address(record.key.source_address, kind, "198.51.100.34", "2001:db8::3:4:c3d4");
	set_address(record.key.destination_address, kind, "192.0.2.17", "2001:db8::1:2:a1b2");
	record.key.source_port = htons(kind_has_icmp(kind) ? 11 : 0x3344);
	record.key.destination_port = htons(kind_has_icmp(kind) ? 1 : 0x1122);
	record.end_reason = FLOW_END_ACTIVE;
	record.ttl_min = 0x7a;
	record.ttl_max = 0x7b;
	record.tos = 0x28;
	record.id = UINT64_C(0x9192939495969798);
	record.packets = UINT64_C(0x7172737475767778);
	record.octets = UINT64_C(0x8182838485868788);
	record.start_ns = (EPOCH_MS + 0x203) * NS_PER_MS;
	record.end_ns = (EPOCH_MS + 0x304) * NS_PER_MS + 500000;
	record.flow_label = 0xf3e4d;
	record.tcp_flags = 0xc36;
	record.ingress_ifindex = 0x41424344;
	record.egress_ifindex = 0x45464748;
	return record;
}

static inline struct flow_record random_record(void)
{
	return make_record((enum flow_kind)random_below(FLOW_KINDS));
}

/* --- messages --- */

static struct export_session session;
static char message_buffer[MESSAGE_BYTES_MAX];

static inline void start_session(const struct dialect *dialect, const struct dialect_config *config)
{
	export_session_start(&session, dialect, config);
}

/* A message of these records into as much room as there is. */
static inline struct message encode_records(const struct dialect *dialect,
					    const struct flow_record *records, size_t count,
					    uint64_t now_ms)
{
	struct message message = {0};

	writer_init(&message.writer, message_buffer, sizeof(message_buffer));
	dialect->encode_flows(&session, records, count, now_ms * NS_PER_MS, &message);
	assert_int_equal(message.writer.overflow, 0);
	return message;
}

/* The next message of options; one of no bytes: there is none. */
static inline struct message encode_next_options(const struct dialect *dialect,
						 const struct export_report *report,
						 unsigned int wanted, struct options_cursor *cursor,
						 size_t limit, uint64_t now_ms)
{
	struct message message = {0};

	assert_true(limit <= sizeof(message_buffer));
	writer_init(&message.writer, message_buffer, limit);
	if (!dialect->encode_options(&session, report, wanted, cursor, now_ms * NS_PER_MS,
				     &message))
		assert_int_equal(message.writer.used, 0);
	assert_int_equal(message.writer.overflow, 0);
	return message;
}

static inline uint64_t message_uint(size_t offset, size_t bytes)
{
	return read_uint(message_buffer + offset, bytes);
}

/* --- reports --- */

static const struct report_interface two_interfaces[] = {
	{.ifindex = 0x0a0b0c0d, .name = "eth0", .description = "uplink"},
	{.ifindex = 7, .name = "br-lan.7", .description = "br-lan.7"},
};

/* Values all different; nothing was lost but what is said here. */
static inline struct export_report make_report(void)
{
	return (struct export_report){
		.process_id = 0x01020304,
		.sampling_interval = 100,
		.start_ms = EPOCH_MS,
		.active_timeout_s = 60,
		.idle_timeout_s = 15,
		.host = "lab-1",
		.exporter_address = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 10},
		.has_address = 1,
		.sent_messages = UINT64_C(0x1112131415161718),
		.sent_records = UINT64_C(0x2122232425262728),
		.sent_octets = UINT64_C(0x3132333435363738),
		.not_sent = {.flows = UINT64_C(0x4142434445464748),
			     .packets = UINT64_C(0x5152535455565758),
			     .octets = UINT64_C(0x6162636465666768),
			     .first_ms = EPOCH_MS + 0x405,
			     .last_ms = EPOCH_MS + 0x506},
		.observed_flows = UINT64_C(0x7172737475767778),
		.ignored = {.packets = UINT64_C(0x8182838485868788),
			    .octets = UINT64_C(0x9192939495969798),
			    .first_ms = EPOCH_MS + 0x607,
			    .last_ms = EPOCH_MS + 0x708},
		.interfaces = two_interfaces,
		.interface_count = 2,
	};
}

#endif
