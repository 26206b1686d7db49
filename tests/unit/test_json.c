// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * JSON records: whole lines, written by hand, compared byte for byte. The Community IDs in them
 * were computed with Python's hashlib.
 */
#include "encode/json.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encode/protocol.h"

static const struct json_context lab = {
	.host = "lab-1",
	.sampler_address = "192.0.2.10",
	.instance = UINT64_C(0x0123456789abcdef),
	.received_ns = UINT64_C(1787300000123456789),
	.sequence_num = 17,
	.observation_domain_id = 42,
	.sampling_interval = 1,
};

static void set_addresses(struct flow_key *key, const char *source, const char *destination)
{
	if (strchr(source, ':')) {
		key->kind |= FLOW_KEY_IPV6;
		assert_int_equal(inet_pton(AF_INET6, source, key->source_address), 1);
		assert_int_equal(inet_pton(AF_INET6, destination, key->destination_address), 1);
		return;
	}
	memset(key->source_address + 10, 0xff, 2);
	memset(key->destination_address + 10, 0xff, 2);
	assert_int_equal(inet_pton(AF_INET, source, key->source_address + 12), 1);
	assert_int_equal(inet_pton(AF_INET, destination, key->destination_address + 12), 1);
}

static void expect_json(const struct flow_record *record, const struct json_context *context,
			const char *expected)
{
	static char text[JSON_RECORD_BYTES_MAX + 1];
	struct writer writer;

	writer_init(&writer, text, JSON_RECORD_BYTES_MAX);
	json_encode_record(&writer, record, context);
	assert_int_equal(writer.overflow, 0);
	text[writer.used] = '\0';
	assert_string_equal(text, expected);
}

static void json_ipv4_tcp_sent_by_this_host_is_exact(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_TCP,
			.kind = FLOW_KEY_EGRESS,
			.source_port = htons(51544),
			.destination_port = htons(443),
			.ifindex = 2},
		.end_reason = FLOW_END_DETECTED,
		.ttl_min = 64,
		.ttl_max = 64,
		.tos = 8,
		.id = 1001,
		.packets = 21,
		.octets = 15230,
		.start_ns = UINT64_C(1787299990000000001),
		.end_ns = UINT64_C(1787300000123456003),
		.tcp_flags = 27,
		.ip_flags = 2,
		.source_mac = {0x02, 0x42, 0xac, 0x11, 0x00, 0x02},
		.destination_mac = {0x02, 0x42, 0x5e, 0x00, 0x00, 0x01},
		.egress_ifindex = 2,
		.egress_if_name = "eth0",
	};

	(void)state;
	set_addresses(&record.key, "192.0.2.10", "198.51.100.7");
	expect_json(
		&record, &lab,
		"{\"type\":\"IPFIX\",\"time_received_ns\":1787300000123456789,\"sequence_num\":17,"
		"\"sampling_rate\":1,\"sampler_address\":\"192.0.2.10\","
		"\"time_flow_start_ns\":1787299990000000001,"
		"\"time_flow_end_ns\":1787300000123456003,\"bytes\":15230,\"packets\":21,"
		"\"src_addr\":\"192.0.2.10\",\"dst_addr\":\"198.51.100.7\",\"etype\":\"IPv4\","
		"\"proto\":\"TCP\",\"src_port\":51544,\"dst_port\":443,\"in_if\":0,\"out_if\":2,"
		"\"src_mac\":\"02:42:ac:11:00:02\",\"dst_mac\":\"02:42:5e:00:00:01\","
		"\"src_vlan\":0,\"vlan_id\":0,\"dst_vlan\":0,\"ip_tos\":8,\"forwarding_status\":0,"
		"\"ip_ttl\":64,\"ip_flags\":2,\"tcp_flags\":27,\"icmp_type\":0,\"icmp_code\":0,"
		"\"ipv6_flow_label\":0,\"fragment_id\":0,\"fragment_offset\":0,\"src_as\":0,"
		"\"dst_as\":0,\"next_hop\":\"\",\"next_hop_as\":0,\"src_net\":\"0.0.0.0/0\","
		"\"dst_net\":\"0.0.0.0/0\",\"bgp_next_hop\":\"\",\"observation_domain_id\":42,"
		"\"observation_point_id\":0,\"flow_id\":\"0123456789abcdef-1001\","
		"\"host\":\"lab-1\",\"direction\":\"egress\",\"if_name\":\"eth0\","
		"\"out_if_name\":\"eth0\",\"flow_end_reason\":\"end\","
		"\"community_id\":\"1:nKZP6KL2BYUIC73aom8BzAE5j5Y=\"}");
}

static void json_ipv6_udp_arriving_is_exact(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_UDP,
			.source_port = htons(53),
			.destination_port = htons(40000),
			.ifindex = 3},
		.end_reason = FLOW_END_IDLE,
		.ttl_min = 57,
		.ttl_max = 58,
		.tos = 0,
		.id = 1,
		.packets = 1,
		.octets = UINT64_C(9007199254740993), /* 2^53 + 1 */
		.start_ns = UINT64_C(1787299990000000000),
		.end_ns = UINT64_C(1787299990000000000),
		.flow_label = 0xabcde,
		.fragment_id = UINT32_C(4000000001),
		.fragment_offset = 185,
		.ip_flags = 1,
		.ingress_ifindex = 3,
		.ingress_if_name = "wlan0",
	};

	(void)state;
	set_addresses(&record.key, "2001:db8::53", "2001:db8:0:1::7");
	expect_json(
		&record, &lab,
		"{\"type\":\"IPFIX\",\"time_received_ns\":1787300000123456789,\"sequence_num\":17,"
		"\"sampling_rate\":1,\"sampler_address\":\"192.0.2.10\","
		"\"time_flow_start_ns\":1787299990000000000,"
		"\"time_flow_end_ns\":1787299990000000000,\"bytes\":9007199254740993,\"packets\":1,"
		"\"src_addr\":\"2001:db8::53\",\"dst_addr\":\"2001:db8:0:1::7\","
		"\"etype\":\"IPv6\",\"proto\":\"UDP\",\"src_port\":53,\"dst_port\":40000,"
		"\"in_if\":3,\"out_if\":0,\"src_mac\":\"00:00:00:00:00:00\","
		"\"dst_mac\":\"00:00:00:00:00:00\",\"src_vlan\":0,\"vlan_id\":0,\"dst_vlan\":0,"
		"\"ip_tos\":0,\"forwarding_status\":0,\"ip_ttl\":57,\"ip_flags\":1,"
		"\"tcp_flags\":0,\"icmp_type\":0,\"icmp_code\":0,\"ipv6_flow_label\":703710,"
		"\"fragment_id\":4000000001,\"fragment_offset\":185,\"src_as\":0,\"dst_as\":0,"
		"\"next_hop\":\"\",\"next_hop_as\":0,\"src_net\":\"::/0\",\"dst_net\":\"::/0\","
		"\"bgp_next_hop\":\"\",\"observation_domain_id\":42,\"observation_point_id\":0,"
		"\"flow_id\":\"0123456789abcdef-1\",\"host\":\"lab-1\",\"direction\":\"ingress\","
		"\"if_name\":\"wlan0\",\"in_if_name\":\"wlan0\",\"flow_end_reason\":\"idle\","
		"\"community_id\":\"1:sZ0hXURtuf4tRRvnSsuWr4EY9uA=\"}");
}

static void json_icmp_has_type_and_code_and_no_ports(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_ICMP,
			.source_port = htons(8),
			.destination_port = htons(3),
			.ifindex = 2},
		.end_reason = FLOW_END_ACTIVE,
		.ttl_min = 1,
		.ttl_max = 1,
		.id = 7,
		.packets = 4,
		.octets = 336,
		.start_ns = 1,
		.end_ns = 2,
		.ingress_ifindex = 2,
	};
	struct json_context context = lab;

	(void)state;
	context.host = "";
	context.sampler_address = "";
	context.sampling_interval = 100;
	set_addresses(&record.key, "10.0.0.1", "10.0.0.2");
	expect_json(
		&record, &context,
		"{\"type\":\"IPFIX\",\"time_received_ns\":1787300000123456789,\"sequence_num\":17,"
		"\"sampling_rate\":100,\"sampler_address\":\"\",\"time_flow_start_ns\":1,"
		"\"time_flow_end_ns\":2,\"bytes\":336,\"packets\":4,\"src_addr\":\"10.0.0.1\","
		"\"dst_addr\":\"10.0.0.2\",\"etype\":\"IPv4\",\"proto\":\"ICMP\",\"src_port\":0,"
		"\"dst_port\":0,\"in_if\":2,\"out_if\":0,\"src_mac\":\"00:00:00:00:00:00\","
		"\"dst_mac\":\"00:00:00:00:00:00\",\"src_vlan\":0,\"vlan_id\":0,\"dst_vlan\":0,"
		"\"ip_tos\":0,\"forwarding_status\":0,\"ip_ttl\":1,\"ip_flags\":0,\"tcp_flags\":0,"
		"\"icmp_type\":8,\"icmp_code\":3,\"ipv6_flow_label\":0,\"fragment_id\":0,"
		"\"fragment_offset\":0,\"src_as\":0,\"dst_as\":0,\"next_hop\":\"\","
		"\"next_hop_as\":0,\"src_net\":\"0.0.0.0/0\",\"dst_net\":\"0.0.0.0/0\","
		"\"bgp_next_hop\":\"\",\"observation_domain_id\":42,\"observation_point_id\":0,"
		"\"flow_id\":\"0123456789abcdef-7\",\"direction\":\"ingress\","
		"\"flow_end_reason\":\"active\","
		"\"community_id\":\"1:YcMyyWJfhc95EW1GfXt6jlZ3DiQ=\"}");
}

static void json_icmpv6_on_double_tagged_vlan_is_exact(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_ICMPV6,
			.vlan_id = 4094,
			.source_port = htons(134),
			.ifindex = 5},
		.end_reason = FLOW_END_FORCED,
		.ttl_min = 255,
		.ttl_max = 255,
		.tos = 0xc0,
		.id = 8,
		.packets = 2,
		.octets = 128,
		.start_ns = UINT64_C(1787299990000000000),
		.end_ns = UINT64_C(1787299991000000000),
		.inner_vlan_id = 101,
		.ingress_ifindex = 5,
		.ingress_if_name = "trunk",
	};

	(void)state;
	set_addresses(&record.key, "fe80::1", "ff02::1");
	expect_json(
		&record, &lab,
		"{\"type\":\"IPFIX\",\"time_received_ns\":1787300000123456789,\"sequence_num\":17,"
		"\"sampling_rate\":1,\"sampler_address\":\"192.0.2.10\","
		"\"time_flow_start_ns\":1787299990000000000,"
		"\"time_flow_end_ns\":1787299991000000000,\"bytes\":128,\"packets\":2,"
		"\"src_addr\":\"fe80::1\",\"dst_addr\":\"ff02::1\",\"etype\":\"IPv6\","
		"\"proto\":\"IPv6-ICMP\",\"src_port\":0,\"dst_port\":0,\"in_if\":5,\"out_if\":0,"
		"\"src_mac\":\"00:00:00:00:00:00\",\"dst_mac\":\"00:00:00:00:00:00\","
		"\"src_vlan\":4094,\"vlan_id\":4094,\"dst_vlan\":0,\"ip_tos\":192,"
		"\"forwarding_status\":0,\"ip_ttl\":255,\"ip_flags\":0,\"tcp_flags\":0,"
		"\"icmp_type\":134,\"icmp_code\":0,\"ipv6_flow_label\":0,\"fragment_id\":0,"
		"\"fragment_offset\":0,\"src_as\":0,\"dst_as\":0,\"next_hop\":\"\","
		"\"next_hop_as\":0,\"src_net\":\"::/0\",\"dst_net\":\"::/0\","
		"\"bgp_next_hop\":\"\",\"observation_domain_id\":42,\"observation_point_id\":0,"
		"\"flow_id\":\"0123456789abcdef-8\",\"host\":\"lab-1\",\"direction\":\"ingress\","
		"\"if_name\":\"trunk\",\"in_if_name\":\"trunk\",\"flow_end_reason\":\"forced\","
		"\"community_id\":\"1:Ilg4oMT5cEP8nHg384C0O3MLdD0=\",\"l2_vlan_inner\":101}");
}

static void json_forwarded_egress_names_both_interfaces(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_TCP,
			.kind = FLOW_KEY_EGRESS,
			.source_port = htons(80),
			.destination_port = htons(33333),
			.ifindex = 12},
		.end_reason = FLOW_END_RESOURCES,
		.ttl_min = 62,
		.ttl_max = 63,
		.id = UINT64_MAX,
		.packets = UINT64_MAX,
		.octets = UINT64_MAX,
		.start_ns = UINT64_C(1787299990000000000),
		.end_ns = UINT64_C(1787299991000000000),
		.tcp_flags = 0xfff,
		.ingress_ifindex = 2,
		.egress_ifindex = 12,
		.ingress_if_name = "wan",
		.egress_if_name = "br-lan.7",
	};

	(void)state;
	set_addresses(&record.key, "10.9.8.7", "10.0.0.5");
	expect_json(
		&record, &lab,
		"{\"type\":\"IPFIX\",\"time_received_ns\":1787300000123456789,\"sequence_num\":17,"
		"\"sampling_rate\":1,\"sampler_address\":\"192.0.2.10\","
		"\"time_flow_start_ns\":1787299990000000000,"
		"\"time_flow_end_ns\":1787299991000000000,\"bytes\":18446744073709551615,"
		"\"packets\":18446744073709551615,\"src_addr\":\"10.9.8.7\","
		"\"dst_addr\":\"10.0.0.5\",\"etype\":\"IPv4\",\"proto\":\"TCP\",\"src_port\":80,"
		"\"dst_port\":33333,\"in_if\":2,\"out_if\":12,\"src_mac\":\"00:00:00:00:00:00\","
		"\"dst_mac\":\"00:00:00:00:00:00\",\"src_vlan\":0,\"vlan_id\":0,\"dst_vlan\":0,"
		"\"ip_tos\":0,\"forwarding_status\":0,\"ip_ttl\":62,\"ip_flags\":0,"
		"\"tcp_flags\":4095,\"icmp_type\":0,\"icmp_code\":0,\"ipv6_flow_label\":0,"
		"\"fragment_id\":0,\"fragment_offset\":0,\"src_as\":0,\"dst_as\":0,"
		"\"next_hop\":\"\",\"next_hop_as\":0,\"src_net\":\"0.0.0.0/0\","
		"\"dst_net\":\"0.0.0.0/0\",\"bgp_next_hop\":\"\",\"observation_domain_id\":42,"
		"\"observation_point_id\":0,\"flow_id\":\"0123456789abcdef-18446744073709551615\","
		"\"host\":\"lab-1\",\"direction\":\"egress\",\"if_name\":\"br-lan.7\","
		"\"in_if_name\":\"wan\",\"out_if_name\":\"br-lan.7\","
		"\"flow_end_reason\":\"resources\","
		"\"community_id\":\"1:FhBIfM6O9dhX+QYgtrnm/97QRA0=\"}");
}

/* The text between `key` and the next `end` of the encoded record. */
static void expect_part(const struct flow_record *record, const struct json_context *context,
			const char *key, const char *end, const char *expected)
{
	static char text[JSON_RECORD_BYTES_MAX + 1];
	struct writer writer;
	char *value, *stop;

	writer_init(&writer, text, JSON_RECORD_BYTES_MAX);
	json_encode_record(&writer, record, context);
	text[writer.used] = '\0';
	value = strstr(text, key);
	assert_non_null(value);
	value += strlen(key);
	stop = strstr(value, end);
	assert_non_null(stop);
	*stop = '\0';
	assert_string_equal(value, expected);
}

static void json_icmp_of_the_other_ip_version_is_not_icmp(void **state)
{
	struct flow_record record = {
		.key = {.protocol = IPPROTO_ICMP,
			.source_port = htons(8),
			.destination_port = htons(3)},
	};

	(void)state;
	set_addresses(&record.key, "2001:db8::1", "2001:db8::2");
	expect_part(&record, &lab, "\"src_port\":", ",\"in_if\"", "8,\"dst_port\":3");
	expect_part(&record, &lab, "\"icmp_type\":", ",\"ipv6_flow", "0,\"icmp_code\":0");
}

/* dst_vlan is postVlanId: goflow2 takes it for the VLAN that a packet was sent into. */
static void json_vlan_of_what_leaves_is_the_destinations_too(void **state)
{
	struct flow_record record = {.key = {.protocol = IPPROTO_TCP, .vlan_id = 4094}};

	(void)state;
	expect_part(&record, &lab, "\"src_vlan\":", ",\"ip_tos\"",
		    "4094,\"vlan_id\":4094,\"dst_vlan\":0");
	record.key.kind = FLOW_KEY_EGRESS;
	expect_part(&record, &lab, "\"src_vlan\":", ",\"ip_tos\"",
		    "4094,\"vlan_id\":4094,\"dst_vlan\":4094");
	record.key.vlan_id = 0;
	expect_part(&record, &lab, "\"src_vlan\":", ",\"ip_tos\"",
		    "0,\"vlan_id\":0,\"dst_vlan\":0");
}

static void json_unknown_end_reason_is_left_out(void **state)
{
	struct flow_record record = {.key = {.protocol = IPPROTO_TCP}};

	(void)state;
	for (unsigned int reason = 0; reason < 256; reason++) {
		if (reason >= FLOW_END_IDLE && reason < FLOW_END_REASONS)
			continue;
		record.end_reason = (uint8_t)reason;
		expect_part(&record, &lab, "\"direction\":\"ingress\"",
			    "\"1:", ",\"community_id\":");
	}
}

static void json_string_is_escaped(void **state)
{
	static const struct {
		const char *host, *json;
	} cases[] = {
		{"plain-host.example", "plain-host.example"},
		{"\"", "\\\""},
		{"a\\b", "a\\\\b"},
		{"\n\t\x01x\x1f", "\\u000a\\u0009\\u0001x\\u001f"},
		{"\x7f", "\x7f"},
		{"h\xc3\xb6st", "h\xc3\xb6st"},
		{"\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"\xf4\x8f\xbf\xbf\xee\x80\x80", "\xf4\x8f\xbf\xbf\xee\x80\x80"},
		/* not UTF-8, one replacement for each byte: */
		{"a\xffz", "a\\ufffdz"},
		{"\x80", "\\ufffd"},
		{"\xc3", "\\ufffd"}, /* cut short by the end */
		{"\xe2\x82", "\\ufffd\\ufffd"},
		{"\xf0\x9f\x98\"", "\\ufffd\\ufffd\\ufffd\\\""},
		{"\xc0\xaf", "\\ufffd\\ufffd"}, /* overlong */
		{"\xe0\x9f\xbf", "\\ufffd\\ufffd\\ufffd"}, /* overlong */
		{"\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"}, /* surrogate */
		{"\xf0\x8f\xbf\xbf", "\\ufffd\\ufffd\\ufffd\\ufffd"}, /* overlong */
		{"\xf4\x90\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"}, /* above U+10FFFF */
		{"\xf5\x80\x80\x80", "\\ufffd\\ufffd\\ufffd\\ufffd"},
	};
	struct flow_record record = {.key = {.protocol = IPPROTO_TCP}};
	struct json_context context = lab;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		context.host = cases[i].host;
		expect_part(&record, &context, "\"host\":\"", "\",\"direction\"", cases[i].json);
	}
}

static void json_timestamp_is_the_end_in_microseconds(void **state)
{
	static const struct {
		uint64_t end_ns;
		const char *start;
	} cases[] = {
		{1787300000123456789, "{\"_timestamp\":1787300000123456,\"type\":\"IPFIX\","},
		{0, "{\"_timestamp\":1000000000000000,\"type\":"}, /* a clock that is not set */
		{UINT64_MAX, "{\"_timestamp\":9999999999999999,\"type\":"},
	};
	struct json_context context = lab;
	char text[JSON_RECORD_BYTES_MAX];
	struct writer writer;

	(void)state;
	context.timestamped = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct flow_record record = {.end_ns = cases[i].end_ns};

		writer_init(&writer, text, sizeof(text));
		json_encode_record(&writer, &record, &context);
		assert_memory_equal(text, cases[i].start, strlen(cases[i].start));
	}
}

static void json_worst_case_has_the_stated_size(void **state)
{
	static char host[JSON_HOST_BYTES + 1], address[JSON_ADDRESS_BYTES + 1];
	static char text[JSON_RECORD_BYTES_MAX];
	struct flow_record record;
	struct json_context context = {
		.host = host,
		.sampler_address = address,
		.instance = UINT64_MAX,
		.received_ns = UINT64_MAX,
		.sequence_num = UINT32_MAX,
		.observation_domain_id = UINT32_MAX,
		.sampling_interval = UINT32_MAX,
		.timestamped = 1,
	};
	struct writer writer;

	(void)state;
	memset(host, 1, JSON_HOST_BYTES);
	memset(address, 1, JSON_ADDRESS_BYTES);
	memset(&record, 0xff, sizeof(record));
	record.key.kind = FLOW_KEY_IPV6 | FLOW_KEY_EGRESS;
	record.key.protocol = 99; /* the longest name */
	assert_int_equal(strlen(protocol_name(99)), PROTOCOL_NAME_CHARS);
	record.end_reason = FLOW_END_RESOURCES;
	memset(record.ingress_if_name, 1, FLOW_IF_NAME_BYTES - 1);
	memset(record.egress_if_name, 1, FLOW_IF_NAME_BYTES - 1);
	record.ingress_if_name[FLOW_IF_NAME_BYTES - 1] = '\0';
	record.egress_if_name[FLOW_IF_NAME_BYTES - 1] = '\0';
	writer_init(&writer, text, sizeof(text));
	json_encode_record(&writer, &record, &context);
	assert_int_equal(writer.overflow, 0);
	assert_int_equal(writer.used, JSON_RECORD_BYTES_MAX);
}

static void json_without_room_overflows_and_stays_inside(void **state)
{
	struct flow_record record = {.key = {.protocol = IPPROTO_TCP}};
	char whole[JSON_RECORD_BYTES_MAX];
	struct writer writer;
	size_t size;

	(void)state;
	writer_init(&writer, whole, sizeof(whole));
	json_encode_record(&writer, &record, &lab);
	size = writer.used;
	for (size_t room = 0; room < size; room++) {
		char *part = malloc(room ? room : 1); /* ASan sees a write past the end */

		assert_non_null(part);
		writer_init(&writer, part, room);
		json_encode_record(&writer, &record, &lab);
		assert_int_equal(writer.overflow, 1);
		assert_memory_equal(part, whole, writer.used);
		free(part);
	}
}

static void protocol_name_of_every_number_fits(void **state)
{
	(void)state;
	for (int number = 0; number < 256; number++) {
		const char *name = protocol_name((uint8_t)number);

		assert_non_null(name);
		assert_in_range(strlen(name), 1, PROTOCOL_NAME_CHARS);
		assert_int_equal(strcspn(name, "\"\\"), strlen(name));
	}
	assert_string_equal(protocol_name(0), "HOPOPT");
	assert_string_equal(protocol_name(1), "ICMP");
	assert_string_equal(protocol_name(6), "TCP");
	assert_string_equal(protocol_name(17), "UDP");
	assert_string_equal(protocol_name(58), "IPv6-ICMP");
	assert_string_equal(protocol_name(124), "ISIS over IPv4");
	assert_string_equal(protocol_name(132), "SCTP");
	assert_string_equal(protocol_name(145), "NSH");
	assert_string_equal(protocol_name(146), "unassigned");
	assert_string_equal(protocol_name(252), "unassigned");
	assert_string_equal(protocol_name(253), "experimental");
	assert_string_equal(protocol_name(254), "experimental");
	assert_string_equal(protocol_name(255), "reserved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_ipv4_tcp_sent_by_this_host_is_exact),
		cmocka_unit_test(json_ipv6_udp_arriving_is_exact),
		cmocka_unit_test(json_icmp_has_type_and_code_and_no_ports),
		cmocka_unit_test(json_icmpv6_on_double_tagged_vlan_is_exact),
		cmocka_unit_test(json_forwarded_egress_names_both_interfaces),
		cmocka_unit_test(json_icmp_of_the_other_ip_version_is_not_icmp),
		cmocka_unit_test(json_vlan_of_what_leaves_is_the_destinations_too),
		cmocka_unit_test(json_unknown_end_reason_is_left_out),
		cmocka_unit_test(json_string_is_escaped),
		cmocka_unit_test(json_timestamp_is_the_end_in_microseconds),
		cmocka_unit_test(json_worst_case_has_the_stated_size),
		cmocka_unit_test(json_without_room_overflows_and_stays_inside),
		cmocka_unit_test(protocol_name_of_every_number_fits),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
