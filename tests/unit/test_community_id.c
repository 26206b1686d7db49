// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Community ID: published vectors of the specification's reference implementation, and some of our
 * own computed with Python's hashlib.
 */
#include "encode/community_id.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct flow_key make_key(uint8_t protocol, const char *source, const char *destination,
				uint16_t source_port, uint16_t destination_port)
{
	struct flow_key key = {
		.protocol = protocol,
		.source_port = htons(source_port),
		.destination_port = htons(destination_port),
	};

	if (strchr(source, ':')) {
		key.kind = FLOW_KEY_IPV6;
		assert_int_equal(inet_pton(AF_INET6, source, key.source_address), 1);
		assert_int_equal(inet_pton(AF_INET6, destination, key.destination_address), 1);
		return key;
	}
	memset(key.source_address + 10, 0xff, 2);
	memset(key.destination_address + 10, 0xff, 2);
	assert_int_equal(inet_pton(AF_INET, source, key.source_address + 12), 1);
	assert_int_equal(inet_pton(AF_INET, destination, key.destination_address + 12), 1);
	return key;
}

static void expect_id(const struct flow_key *key, const char *expected)
{
	char text[COMMUNITY_ID_CHARS + 1] = "";
	struct writer writer;

	writer_init(&writer, text, COMMUNITY_ID_CHARS);
	community_id_put(&writer, key);
	assert_int_equal(writer.overflow, 0);
	assert_string_equal(text, expected);
}

static void expect_one_way(uint8_t protocol, const char *source, const char *destination,
			   uint16_t source_port, uint16_t destination_port, const char *expected)
{
	struct flow_key key =
		make_key(protocol, source, destination, source_port, destination_port);

	expect_id(&key, expected);
}

static void expect_both_ways(uint8_t protocol, const char *source, const char *destination,
			     uint16_t source_port, uint16_t destination_port, const char *expected)
{
	expect_one_way(protocol, source, destination, source_port, destination_port, expected);
	expect_one_way(protocol, destination, source, destination_port, source_port, expected);
}

static void community_id_transport_both_directions_are_equal(void **state)
{
	(void)state;
	expect_both_ways(IPPROTO_TCP, "128.232.110.120", "66.35.250.204", 34855, 80,
			 "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
	expect_both_ways(IPPROTO_TCP, "10.0.0.1", "10.0.0.2", 10, 11569,
			 "1:SXBGMX1lBOwhhoDrZynfROxnhnM=");
	expect_both_ways(IPPROTO_TCP, "2001:db8::1", "2001:db8::2", 443, 51000,
			 "1:2TiKiiiSIuDma9IxOEOpx4wCXWM=");
	expect_both_ways(IPPROTO_UDP, "192.168.1.52", "8.8.8.8", 54585, 53,
			 "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
	expect_both_ways(IPPROTO_SCTP, "192.168.170.8", "192.168.170.56", 7, 80,
			 "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=");
}

static void community_id_equal_addresses_are_ordered_by_port(void **state)
{
	(void)state;
	expect_both_ways(IPPROTO_TCP, "192.168.1.42", "192.168.1.42", 41, 42,
			 "1:eRcf7I/xocOxnYo5pbJBV5NhVm0=");
	/* Ports that compare the other way round byte-swapped. */
	expect_both_ways(IPPROTO_TCP, "10.0.0.1", "10.0.0.1", 255, 256,
			 "1:bYAhlXxOhn7zNgas/vXh8EAvzps=");
}

static void community_id_other_protocols_ignore_ports(void **state)
{
	(void)state;
	expect_both_ways(46, "10.1.24.4", "10.1.12.1", 0, 0, "1:/nQI4Rh/TtY3mf0R2gJFBkVlgS4=");
	expect_both_ways(IPPROTO_UDPLITE, "10.0.0.1", "10.0.0.2", 7, 9,
			 "1:ZdbMY0WBLRrVCaZP2xDg5pf76hg=");
}

static void community_id_icmp_answer_equals_question(void **state)
{
	(void)state;
	/* The code plays no part where the type has a counterpart. */
	expect_one_way(IPPROTO_ICMP, "192.168.0.89", "192.168.0.1", 8, 0,
		       "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect_one_way(IPPROTO_ICMP, "192.168.0.1", "192.168.0.89", 0, 0,
		       "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect_one_way(IPPROTO_ICMP, "192.168.0.1", "192.168.0.89", 0, 20,
		       "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
	expect_one_way(IPPROTO_ICMPV6, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135,
		       0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
	expect_one_way(IPPROTO_ICMPV6, "fe80::260:97ff:fe07:69ea", "fe80::200:86ff:fe05:80da", 136,
		       0, "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
}

static void community_id_icmp_every_pair_is_symmetric(void **state)
{
	static const uint8_t icmp[][2] = {{8, 0}, {10, 9}, {13, 14}, {15, 16}, {17, 18}};
	static const uint8_t icmpv6[][2] = {{128, 129}, {130, 131}, {133, 134},
					    {135, 136}, {139, 140}, {144, 145}};
	char question[COMMUNITY_ID_CHARS + 1] = "";
	struct writer writer;
	struct flow_key key;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		writer_init(&writer, question, COMMUNITY_ID_CHARS);
		key = make_key(IPPROTO_ICMP, "10.0.0.1", "10.0.0.2", icmp[i][0], 0);
		community_id_put(&writer, &key);
		key = make_key(IPPROTO_ICMP, "10.0.0.2", "10.0.0.1", icmp[i][1], 0);
		expect_id(&key, question);
	}
	for (size_t i = 0; i < 6; i++) {
		writer_init(&writer, question, COMMUNITY_ID_CHARS);
		key = make_key(IPPROTO_ICMPV6, "fe80::1", "fe80::2", icmpv6[i][0], 0);
		community_id_put(&writer, &key);
		key = make_key(IPPROTO_ICMPV6, "fe80::2", "fe80::1", icmpv6[i][1], 0);
		expect_id(&key, question);
	}
}

static void community_id_icmp_one_way_keeps_order_and_code(void **state)
{
	(void)state;
	expect_one_way(IPPROTO_ICMP, "192.168.0.89", "192.168.0.1", 20, 0,
		       "1:3o2RFccXzUgjl7zDpqmY7yJi8rI=");
	expect_one_way(IPPROTO_ICMP, "192.168.0.89", "192.168.0.1", 20, 1,
		       "1:tz/fHIDUHs19NkixVVoOZywde+I=");
	expect_one_way(IPPROTO_ICMPV6, "3ffe:507:0:1:260:97ff:fe07:69ea",
		       "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0, "1:NdobDX8PQNJbAyfkWxhtL2Pqp5w=");
	expect_one_way(IPPROTO_ICMPV6, "3ffe:507:0:1:200:86ff:fe05:80da",
		       "3ffe:507:0:1:260:97ff:fe07:69ea", 3, 0, "1:/OGBt9BN1ofenrmSPWYicpij2Vc=");
}

static void community_id_without_room_overflows(void **state)
{
	struct flow_key key = make_key(IPPROTO_TCP, "10.0.0.1", "10.0.0.2", 1, 2);
	char text[COMMUNITY_ID_CHARS - 1];
	struct writer writer;

	(void)state;
	writer_init(&writer, text, sizeof(text));
	community_id_put(&writer, &key);
	assert_int_equal(writer.overflow, 1);
	assert_int_equal(writer.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(community_id_transport_both_directions_are_equal),
		cmocka_unit_test(community_id_equal_addresses_are_ordered_by_port),
		cmocka_unit_test(community_id_other_protocols_ignore_ports),
		cmocka_unit_test(community_id_icmp_answer_equals_question),
		cmocka_unit_test(community_id_icmp_every_pair_is_symmetric),
		cmocka_unit_test(community_id_icmp_one_way_keeps_order_and_code),
		cmocka_unit_test(community_id_without_room_overflows),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
