// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * NetFlow v5 packets against bytes written down from Cisco's description of the format, and what
 * its 32-bit counters, 16-bit interfaces and 14-bit sampling interval make of a record.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"

#define DAY_MS UINT64_C(86400000)
#define GIB4 (UINT64_C(1) << 32)
#define PARTS_MAX 5000

static struct flow_record records[31];

static void start(uint64_t start_ms, uint32_t sampling_interval)
{
	const struct dialect_config config = {
		.observation_domain_id = 0x0badcafe,
		.biflow = 1, /* which v5 has no words for */
		.sampling_interval = sampling_interval,
		.start_ms = start_ms,
	};

	start_session(&dialect_netflow5, &config);
}

/* make_record(FLOW_IPV4) with counters and interfaces that fit. */
static struct flow_record small_record(void)
{
	struct flow_record record = make_record(FLOW_IPV4);

	record.packets = 0x11121314;
	record.octets = 0x01020304;
	record.ingress_ifindex = 0x2122;
	record.egress_ifindex = 0x3132;
	return record;
}

/* --- packets --- */

#define D_RECORD(ports, flags_protocol)                                           \
	"c0000211 c6336422 00000000" /* srcaddr dstaddr nexthop */                \
	"2122 3132" /* input output */                                            \
	"11121314 01020304" /* dPkts dOctets */                                   \
	"05265c01 05265d02" /* First Last: a day, 1 and 258 ms */                 \
		ports "00" flags_protocol "b8" /* ports pad tcp_flags prot tos */ \
	"0000 0000 00 00 0000" /* src_as dst_as src_mask dst_mask pad */

static void netflow5_packet_is_exact(void **state)
{
	struct message message;

	(void)state;
	start(EPOCH_MS, 100);
	session.sequence = 0x01020304;
	records[0] = small_record();
	records[1] = small_record();
	records[1].key.protocol = IPPROTO_ICMP;
	records[1].key.source_port = htons(3);
	records[1].key.destination_port = htons(10);
	message = encode_records(&dialect_netflow5, records, 2, EPOCH_MS + 1234);
	expect_written(&message.writer,
		       "0005 0002" /* version count */
		       "052660d2 6553f101 0df28e80" /* SysUptime unix_secs unix_nsecs */
		       "01020304 00 fe 8064" /* flow_sequence engine sampling: random, 100 */
		       D_RECORD("1122 3344", "5b 06")
			       D_RECORD("0000 030a", "5b 01")); /* type and code in dstport */
	assert_int_equal(message.sequence_step, 2);
	assert_int_equal(message.flow_records, 2);
	assert_int_equal(message.unknown_interfaces, 0);
	assert_int_equal(message.export_ms, EPOCH_MS + 1234);
}

static void netflow5_sampling_field_has_mode_and_interval(void **state)
{
	static const struct {
		uint32_t interval;
		uint16_t field;
	} cases[] = {
		{1, 0x8001},
		{2, 0x8002},
		{1000, 0x83e8},
		{16383, 0xbfff},
	};

	(void)state;
	records[0] = small_record();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		start(EPOCH_MS, cases[i].interval);
		encode_records(&dialect_netflow5, records, 1, EPOCH_MS);
		assert_int_equal(message_uint(22, 2), cases[i].field);
	}
}

static void netflow5_sequence_counts_flows_and_wraps(void **state)
{
	static const size_t counts[] = {30, 1, 7, 30};
	uint32_t sequence = UINT32_MAX - 33;

	(void)state;
	start(EPOCH_MS, 1);
	session.sequence = sequence;
	for (size_t i = 0; i < 31; i++)
		records[i] = small_record();
	for (size_t i = 0; i < 4; i++) {
		struct message message =
			encode_records(&dialect_netflow5, records, counts[i], EPOCH_MS);

		assert_int_equal(message_uint(16, 4), sequence);
		assert_int_equal(message_uint(2, 2), counts[i]);
		assert_int_equal(message.writer.used, 24 + 48 * counts[i]);
		export_session_commit(&session, &message);
		sequence += (uint32_t)counts[i];
	}
	assert_int_equal(sequence, 34);
	assert_int_equal(session.sequence, 34);
	assert_int_equal(session.sent_records, 68);
}

/* Thirty records however long messages may be; fewer where they may not be as long as that. */
static void netflow5_plan_takes_thirty_records(void **state)
{
	static const struct {
		size_t limit, records;
	} cases[] = {
		{65535, 30}, {1464, 30}, {1463, 29}, {1452, 29}, {1416, 29}, {1415, 28}, {512, 10},
	};

	(void)state;
	start(EPOCH_MS, 1);
	assert_int_equal(dialect_netflow5.message_bytes, 1464);
	records[0] = small_record();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct message_plan plan = {0};

		for (size_t count = 0; count < cases[i].records; count++)
			assert_int_equal(
				dialect_netflow5.plan(&session, &plan, &records[0], cases[i].limit),
				1);
		assert_int_equal(plan.bytes, 24 + 48 * cases[i].records);
		assert_int_equal(
			dialect_netflow5.plan(&session, &plan, &records[0], cases[i].limit), 0);
		assert_int_equal(plan.bytes, 24 + 48 * cases[i].records);
	}
}

static void netflow5_has_no_options(void **state)
{
	(void)state;
	start(EPOCH_MS, 1);
	assert_null(dialect_netflow5.encode_options);
	assert_int_equal(session.template_count, 0);
}

/* --- interfaces --- */

static void netflow5_interfaces_above_16_bits_are_zero_and_counted(void **state)
{
	static const uint32_t indexes[] = {0, 1, 65535, 65536, UINT32_MAX};
	uint64_t unknown = 0;

	(void)state;
	start(EPOCH_MS, 1);
	for (size_t in = 0; in < 5; in++) {
		for (size_t out = 0; out < 5; out++) {
			uint32_t input = indexes[in], output = indexes[out];
			struct message message;

			records[0] = small_record();
			records[0].ingress_ifindex = input;
			records[0].egress_ifindex = output;
			message = encode_records(&dialect_netflow5, records, 1, EPOCH_MS);
			assert_int_equal(message_uint(24 + 12, 2), input > 65535 ? 0 : input);
			assert_int_equal(message_uint(24 + 14, 2), output > 65535 ? 0 : output);
			assert_int_equal(message.unknown_interfaces,
					 (input > 65535) + (output > 65535));
			unknown += message.unknown_interfaces;
			assert_int_equal(session.unknown_interfaces,
					 unknown - message.unknown_interfaces);
			export_session_commit(&session, &message);
		}
	}
	assert_int_equal(unknown, 20);
	assert_int_equal(session.unknown_interfaces, 20);
}

/* --- counters --- */

static size_t count_parts(uint64_t packets, uint64_t octets)
{
	struct flow_record record = small_record();

	record.packets = packets;
	record.octets = octets;
	return dialect_netflow5.parts(&record);
}

static struct flow_record cut_part(const struct flow_record *record, size_t part, size_t parts)
{
	struct flow_record result = *record;

	dialect_netflow5.cut(&result, part, parts);
	assert_true(result.packets < GIB4);
	assert_true(result.octets < GIB4);
	return result;
}

static void netflow5_cannot_say_ipv6(void **state)
{
	struct flow_record record = make_record(FLOW_IPV6);

	(void)state;
	assert_int_equal(dialect_netflow5.parts(&record), 0);
	record = make_record(FLOW_IPV6_ICMP);
	assert_int_equal(dialect_netflow5.parts(&record), 0);
	record.packets = record.octets = 0;
	assert_int_equal(dialect_netflow5.parts(&record), 0);
}

static void netflow5_parts_are_as_few_as_fit(void **state)
{
	(void)state;
	assert_int_equal(count_parts(1, 40), 1);
	assert_int_equal(count_parts(0, 0), 1);
	assert_int_equal(count_parts(1, GIB4 - 1), 1);
	assert_int_equal(count_parts(1, GIB4), 2);
	assert_int_equal(count_parts(GIB4 - 1, GIB4 - 1), 1);
	assert_int_equal(count_parts(GIB4, 1), 2);
	assert_int_equal(count_parts(3, 2 * (GIB4 - 1)), 2);
	assert_int_equal(count_parts(3, 2 * (GIB4 - 1) + 1), 3);
	assert_int_equal(count_parts(GIB4 * 5, GIB4), 6);
	assert_int_equal(count_parts(1, UINT64_C(1) << 63), (UINT64_C(1) << 31) + 1);
	assert_int_equal(count_parts(UINT64_MAX, UINT64_MAX), GIB4 + 1);
}

/* The sums over all parts are the record's, and nothing else of it changes. */
static void expect_exact_parts(uint64_t packets, uint64_t octets)
{
	struct flow_record record = small_record(), part = {0};
	uint64_t sum_packets = 0, sum_octets = 0;
	size_t parts;

	record.packets = packets;
	record.octets = octets;
	parts = dialect_netflow5.parts(&record);
	assert_in_range(parts, 1, PARTS_MAX);
	for (size_t i = 0; i < parts; i++) {
		part = cut_part(&record, i, parts);
		sum_packets += part.packets;
		sum_octets += part.octets;
	}
	assert_int_equal(sum_packets, packets);
	assert_int_equal(sum_octets, octets);
	part.packets = packets;
	part.octets = octets;
	assert_memory_equal(&part, &record, sizeof(record));
}

static void netflow5_parts_add_up(void **state)
{
	(void)state;
	expect_exact_parts(0, 0);
	expect_exact_parts(1, 40);
	expect_exact_parts(1, GIB4 - 1);
	expect_exact_parts(1, GIB4);
	expect_exact_parts(1000001, GIB4 + 1);
	expect_exact_parts(GIB4, GIB4 * 1400);
	expect_exact_parts(GIB4 + 1, 2 * (GIB4 - 1));
	for (int i = 0; i < 500; i++)
		expect_exact_parts(random_below(GIB4 * 10), random_below(GIB4 * 4000));
}

/* Sum over more parts than can be made one by one: they differ by one, the greater come first. */
static uint64_t sum_octets(const struct flow_record *record, size_t parts)
{
	uint64_t most = cut_part(record, 0, parts).octets;
	uint64_t least = cut_part(record, parts - 1, parts).octets;
	size_t first = 0, last = parts; /* the first of the lesser is in between */

	assert_in_range(most - least, 0, 1);
	while (first < last) {
		size_t middle = first + (last - first) / 2;

		if (cut_part(record, middle, parts).octets == most)
			first = middle + 1;
		else
			last = middle;
	}
	return first * most + (parts - first) * least;
}

static void netflow5_parts_of_huge_counters_add_up(void **state)
{
	static const uint64_t counts[] = {
		UINT64_C(1) << 63, (UINT64_C(1) << 63) - 1, (UINT64_C(1) << 63) + 1,
		UINT64_MAX,	   UINT64_MAX - 1,	    UINT64_C(0x0123456789abcdef),
	};
	struct flow_record record = small_record();

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		size_t parts;

		record.octets = counts[i];
		record.packets = counts[i] / 1000;
		parts = dialect_netflow5.parts(&record);
		assert_int_equal(sum_octets(&record, parts), counts[i]);
		/* one part less would not do */
		assert_true((counts[i] - 1) / (parts - 1) >= GIB4 - 1);
	}
}

/* --- times --- */

static uint64_t to_ms(uint64_t switched)
{
	uint64_t nanoseconds = message_uint(12, 4);

	assert_true(nanoseconds < NS_PER_S);
	assert_int_equal(nanoseconds % NS_PER_MS, 0);
	return message_uint(8, 4) * 1000 + nanoseconds / NS_PER_MS - message_uint(4, 4) + switched;
}

static void netflow5_times_reconstruct_exactly(void **state)
{
	(void)state;
	records[0] = small_record();
	for (int round = 0; round < 20000; round++) {
		uint64_t start_ms = EPOCH_MS + random_below(100 * DAY_MS);
		uint64_t now_ms = start_ms + random_below(200 * DAY_MS);

		if (round % 4 == 0) /* around each 2^31 ms */
			now_ms = start_ms + ((1 + random_below(5)) << 31) + random_below(200) - 100;
		start(start_ms, 1);
		records[0].end_ns = now_ms * NS_PER_MS - random_below(1000 * NS_PER_MS);
		records[0].start_ns = records[0].end_ns - random_below((DAY_MS - 1000) * NS_PER_MS);
		encode_records(&dialect_netflow5, records, 1, now_ms);
		assert_int_equal(to_ms(message_uint(24 + 24, 4)), records[0].start_ns / NS_PER_MS);
		assert_int_equal(to_ms(message_uint(24 + 28, 4)), records[0].end_ns / NS_PER_MS);
		assert_int_equal(to_ms(message_uint(4, 4)), now_ms);
	}
}

static void netflow5_times_before_the_base_are_the_base(void **state)
{
	(void)state;
	start(EPOCH_MS, 1);
	records[0] = small_record();
	records[0].start_ns = (EPOCH_MS - DAY_MS - 1) * NS_PER_MS;
	records[0].end_ns = (EPOCH_MS - DAY_MS) * NS_PER_MS;
	encode_records(&dialect_netflow5, records, 1, EPOCH_MS);
	assert_int_equal(message_uint(24 + 24, 8), 0);
}

static void netflow5_export_time_never_goes_back(void **state)
{
	struct message message;

	(void)state;
	start(EPOCH_MS, 1);
	records[0] = small_record();
	message = encode_records(&dialect_netflow5, records, 1, EPOCH_MS + 7500);
	export_session_commit(&session, &message);
	encode_records(&dialect_netflow5, records, 1, EPOCH_MS + 7499);
	assert_int_equal(message_uint(8, 4), EPOCH_MS / 1000 + 7);
	assert_int_equal(message_uint(12, 4), 500 * NS_PER_MS);
	assert_int_equal(message_uint(4, 4), DAY_MS + 7500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netflow5_packet_is_exact),
		cmocka_unit_test(netflow5_sampling_field_has_mode_and_interval),
		cmocka_unit_test(netflow5_sequence_counts_flows_and_wraps),
		cmocka_unit_test(netflow5_plan_takes_thirty_records),
		cmocka_unit_test(netflow5_has_no_options),
		cmocka_unit_test(netflow5_interfaces_above_16_bits_are_zero_and_counted),
		cmocka_unit_test(netflow5_cannot_say_ipv6),
		cmocka_unit_test(netflow5_parts_are_as_few_as_fit),
		cmocka_unit_test(netflow5_parts_add_up),
		cmocka_unit_test(netflow5_parts_of_huge_counters_add_up),
		cmocka_unit_test(netflow5_times_reconstruct_exactly),
		cmocka_unit_test(netflow5_times_before_the_base_are_the_base),
		cmocka_unit_test(netflow5_export_time_never_goes_back),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
