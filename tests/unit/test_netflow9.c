// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * NetFlow v9 packets against bytes written down from RFC 3954, and what follows from its header:
 * records and packets are counted, FlowSets padded, and a collector can work out every time to the
 * millisecond.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"
#include "message_reader.h"

#define EVERYTHING (OPTIONS_TEMPLATES | OPTIONS_DATA | OPTIONS_INTERFACES)
#define DAY_MS UINT64_C(86400000)
#define REBASE_MS (UINT64_C(1) << 31) /* 24.8 days */
#define WRAP_MS (UINT64_C(1) << 32) /* 49.7 days */
#define RECORDS_MAX 1000

static struct reader reader;
static struct flow_record records[RECORDS_MAX];

static void start(uint64_t start_ms)
{
	const struct dialect_config config = {
		.observation_domain_id = 0x0badcafe,
		.enterprise = EXAMPLE_ENTERPRISE, /* neither of which v9 has words for */
		.biflow = 1,
		.sampling_interval = 100,
		.instance = INSTANCE,
		.start_ms = start_ms,
	};

	start_session(&dialect_netflow9, &config);
	memset(&reader, 0, sizeof(reader));
	reader.version = 9;
}

/* --- templates --- */

static void netflow9_templates_are_exact(void **state)
{
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	(void)state;
	start(EPOCH_MS);
	message = encode_next_options(&dialect_netflow9, &report, OPTIONS_TEMPLATES, &cursor, 1452,
				      EPOCH_MS);
	expect_written(&message.writer,
		       "0009 0007 05265c00 6553f100 00000000 0badcafe"
		       "0000 0060 0100 0016" /* 22 fields */
		       "0008 0004 000c 0004" /* IPV4_SRC_ADDR IPV4_DST_ADDR */
		       "0007 0002 000b 0002" /* L4_SRC_PORT L4_DST_PORT */
		       "0016 0004 0015 0004" /* FIRST_SWITCHED LAST_SWITCHED */
		       "0001 0008 0002 0008" /* IN_BYTES IN_PKTS */
		       "000a 0004 000e 0004" /* INPUT_SNMP OUTPUT_SNMP */
		       "0088 0001 003d 0001" /* flowEndReason DIRECTION */
		       "0004 0001 0005 0001 003c 0001" /* PROTOCOL SRC_TOS IP_PROTOCOL_VERSION */
		       "0006 0001" /* TCP_FLAGS */
		       "0034 0001 0035 0001" /* MIN_TTL MAX_TTL */
		       "003a 0002 003b 0002" /* SRC_VLAN DST_VLAN */
		       "0038 0006 0050 0006" /* IN_SRC_MAC IN_DST_MAC */
		       "0000 0058 0101 0014" /* 20 fields: ICMP_TYPE for ports and flags */
		       "0008 0004 000c 0004 0020 0002 0016 0004 0015 0004 0001 0008 0002 0008"
		       "000a 0004 000e 0004 0088 0001 003d 0001 0004 0001 0005 0001 003c 0001"
		       "0034 0001 0035 0001 003a 0002 003b 0002 0038 0006 0050 0006"
		       "0000 0064 0102 0017" /* 23 fields: IPV6_SRC_ADDR, IPV6_FLOW_LABEL */
		       "001b 0010 001c 0010 0007 0002 000b 0002 0016 0004 0015 0004 0001 0008"
		       "0002 0008 000a 0004 000e 0004 0088 0001 003d 0001 0004 0001 0005 0001"
		       "003c 0001 0006 0001 0034 0001 0035 0001 001f 0003 003a 0002 003b 0002"
		       "0038 0006 0050 0006"
		       "0000 005c 0103 0015"
		       "001b 0010 001c 0010 0020 0002 0016 0004 0015 0004 0001 0008 0002 0008"
		       "000a 0004 000e 0004 0088 0001 003d 0001 0004 0001 0005 0001 003c 0001"
		       "0034 0001 0035 0001 001f 0003 003a 0002 003b 0002 0038 0006 0050 0006"
		       /* scope System; SAMPLING_INTERVAL, SAMPLING_ALGORITHM; padding */
		       "0001 0018 012c 0004 0008 0001 0004 0022 0004 0023 0001 0000"
		       /* scope System; SAMPLING_INTERVAL; padding */
		       "0001 0014 012d 0004 0004 0001 0004 0022 0004 0000"
		       /* scope System; INPUT_SNMP, IF_NAME, IF_DESC; padding */
		       "0001 001c 012e 0004 000c 0001 0004 000a 0004 0052 0010 0053 0040 0000");
	assert_int_equal(message.sequence_step, 1);
	assert_int_equal(message.flow_records, 0);
}

/* --- flows --- */

#define COMMON                                                                      \
	"05265c01 05265d02" /* FIRST_SWITCHED LAST_SWITCHED: 1 day, 1 and 258 ms */ \
	"0102030405060708 1112131415161718 21222324 31323334 03 01"
#define LINK "0abc 0abc 024151617181 024252627282"
#define V6 "20010db800000000000000010002a1b2 20010db800000000000000030004c3d4"

/* One record of each kind, so every FlowSet has the padding that its kind of record needs. */
static void netflow9_flows_are_exact(void **state)
{
	struct message message;

	(void)state;
	start(EPOCH_MS);
	session.sequence = 0x01020304;
	for (int kind = 0; kind < FLOW_KINDS; kind++)
		records[FLOW_KINDS - 1 - kind] = make_record((enum flow_kind)kind);
	message = encode_records(&dialect_netflow9, records, FLOW_KINDS, EPOCH_MS + 1001);
	/* 2 s after the start: UNIX Secs are rounded up, and sysUpTime is what goes with them */
	expect_written(&message.writer,
		       "0009 0004 052663d0 6553f102 01020304 0badcafe"
		       "0100 0048 c0000211 c6336422 1122 3344" COMMON "06 b8 04 5b 39 40" LINK
		       "0101 0048 c0000211 c6336422 030a" COMMON "01 b8 04 39 40" LINK "000000"
		       "0102 0064" V6 "1122 3344" COMMON "06 b8 06 5b 39 40 0c1d2e" LINK "00"
		       "0103 0060" V6 "0104" COMMON "3a b8 06 39 40 0c1d2e" LINK);
	assert_int_equal(message.sequence_step, 1);
	assert_int_equal(message.flow_records, 4);
	assert_int_equal(message.export_ms, EPOCH_MS + 2000);
}

static void netflow9_padding_is_shorter_than_a_word(void **state)
{
	static const size_t bytes[FLOW_KINDS] = {68, 65, 95, 92};

	(void)state;
	start(EPOCH_MS);
	for (int kind = 0; kind < FLOW_KINDS; kind++) {
		for (size_t count = 1; count <= 8; count++) {
			struct message message;
			size_t length = 4 + count * bytes[kind];

			for (size_t i = 0; i < count; i++)
				records[i] = make_record((enum flow_kind)kind);
			message = encode_records(&dialect_netflow9, records, count, EPOCH_MS);
			length += (4 - length % 4) % 4;
			assert_int_equal(message.writer.used, 20 + length);
			assert_int_equal(message_uint(2, 2), count);
			assert_int_equal(message_uint(22, 2), length);
		}
	}
}

/* Never too much; at most three octets of padding for each FlowSet are reserved in vain. */
static void netflow9_plan_never_exceeds_the_limit(void **state)
{
	(void)state;
	start(EPOCH_MS);
	for (int round = 0; round < 300; round++) {
		size_t limit = MESSAGE_BYTES_MIN + random_below(round % 2 ? 1500 : 60000);
		struct message_plan plan = {0};
		struct message message;
		size_t count = 0;

		for (; count < RECORDS_MAX; count++) {
			records[count] = random_record();
			if (!dialect_netflow9.plan(&session, &plan, &records[count], limit))
				break;
		}
		assert_in_range(count, 1, RECORDS_MAX - 1);
		message = encode_records(&dialect_netflow9, records, count, EPOCH_MS);
		assert_true(plan.bytes <= limit);
		assert_true(message.writer.used <= plan.bytes);
		assert_true(plan.bytes - message.writer.used <= 3 * FLOW_KINDS);
		message = encode_records(&dialect_netflow9, records, count + 1, EPOCH_MS);
		assert_true(message.writer.used + 3 * FLOW_KINDS > limit);
	}
}

static void netflow9_halves_of_biflows_are_two_records(void **state)
{
	struct message message;

	(void)state;
	start(EPOCH_MS);
	records[0] = make_record(FLOW_IPV4);
	records[0].biflow = FLOW_BIFLOW_FORWARD;
	records[1] = make_reverse_record(FLOW_IPV4);
	records[1].biflow = FLOW_BIFLOW_REVERSE;
	message = encode_records(&dialect_netflow9, records, 2, EPOCH_MS);
	assert_int_equal(message.writer.used, 20 + 4 + 2 * 68);
	assert_int_equal(message.flow_records, 2);
}

/* --- counting --- */

static void read_and_commit(const struct message *message, uint32_t sequence)
{
	reader_read(&reader, message->writer.data, message->writer.used);
	assert_int_equal(reader.sequence, sequence);
	assert_int_equal(reader.domain, 0x0badcafe);
	export_session_commit(&session, message);
}

static void netflow9_sequence_counts_packets(void **state)
{
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;
	uint32_t sequence = UINT32_MAX - 2;

	(void)state;
	start(EPOCH_MS);
	session.sequence = sequence;
	for (;;) {
		message = encode_next_options(&dialect_netflow9, &report, EVERYTHING, &cursor,
					      MESSAGE_BYTES_MIN, EPOCH_MS);
		if (!message.writer.used)
			break;
		read_and_commit(&message, sequence++);
	}
	assert_int_equal(sequence, UINT32_MAX); /* two packets */
	for (size_t count = 1; count < 5; count++) {
		for (size_t i = 0; i < count; i++)
			records[i] = random_record();
		message = encode_records(&dialect_netflow9, records, count, EPOCH_MS);
		read_and_commit(&message, sequence++);
		assert_int_equal(reader.data_records, count);
	}
	assert_int_equal(session.sequence, 3);
	assert_int_equal(session.sent_records, 1 + 2 + 3 + 4);
	assert_int_equal(session.sent_messages, 6);
}

/* --- times --- */

/* What a collector makes of FIRST_SWITCHED or LAST_SWITCHED. */
static uint64_t to_ms(uint64_t switched)
{
	return reader.export_s * UINT64_C(1000) - reader.uptime_ms + switched;
}

static void expect_times(const struct reader_template *template, const uint8_t *record, void *arg)
{
	const struct flow_record *expected = arg;

	assert_int_equal(to_ms(reader_uint(template, record, 22)), expected->start_ns / NS_PER_MS);
	assert_int_equal(to_ms(reader_uint(template, record, 21)), expected->end_ns / NS_PER_MS);
}

/* A flow that ends at the time it is told of. */
static void expect_exact_times(uint64_t start_ms, uint64_t now_ns, uint64_t duration_ns)
{
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	start(start_ms);
	message = encode_next_options(&dialect_netflow9, &report, OPTIONS_TEMPLATES, &cursor, 1452,
				      now_ns / NS_PER_MS);
	read_and_commit(&message, 0);
	records[0] = random_record();
	records[0].start_ns = now_ns - duration_ns;
	records[0].end_ns = now_ns;
	writer_init(&message.writer, message_buffer, sizeof(message_buffer));
	dialect_netflow9.encode_flows(&session, records, 1, now_ns, &message);
	reader.record = expect_times;
	reader.arg = &records[0];
	read_and_commit(&message, 1);
	assert_true(reader.export_s * NS_PER_S >= now_ns);
	assert_true(reader.export_s * NS_PER_S < now_ns + NS_PER_S);
}

static void netflow9_times_reconstruct_exactly(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t start_ms = EPOCH_MS + random_below(100 * DAY_MS);
		uint64_t age_ns = random_below(200 * DAY_MS * NS_PER_MS);

		expect_exact_times(start_ms, start_ms * NS_PER_MS + age_ns,
				   random_below(DAY_MS * NS_PER_MS));
	}
}

/* Around the days when sysUpTime is rebased, and when it would wrap if it were not. */
static void netflow9_times_reconstruct_around_wraps(void **state)
{
	static const uint64_t ages_ms[] = {
		0, REBASE_MS, WRAP_MS, WRAP_MS - DAY_MS, WRAP_MS + REBASE_MS, 10 * WRAP_MS};

	(void)state;
	for (size_t i = 0; i < sizeof(ages_ms) / sizeof(*ages_ms); i++) {
		for (uint64_t ms = 2000; ms <= 6000; ms++) {
			uint64_t now_ms = EPOCH_MS + ages_ms[i] + ms - 4000;

			expect_exact_times(EPOCH_MS, now_ms * NS_PER_MS, 3000 * NS_PER_MS);
			expect_exact_times(EPOCH_MS, now_ms * NS_PER_MS, 23 * 3600 * NS_PER_S);
		}
	}
}

/* A time that cannot be said is the earliest that can. */
static void netflow9_times_before_the_base_are_the_base(void **state)
{
	struct message message;

	(void)state;
	start(EPOCH_MS);
	records[0] = make_record(FLOW_IPV4);
	records[0].start_ns = (EPOCH_MS - DAY_MS - 1) * NS_PER_MS;
	records[0].end_ns = (EPOCH_MS - DAY_MS) * NS_PER_MS;
	message = encode_records(&dialect_netflow9, records, 1, EPOCH_MS);
	assert_int_equal(message.writer.used, 20 + 4 + 68);
	expect_bytes(message_buffer + 24 + 12, 8, "00000000 00000000");
}

static void netflow9_export_time_never_goes_back(void **state)
{
	static const struct {
		uint64_t now_ms;
		uint32_t export_s;
	} steps[] = {
		{EPOCH_MS, 0x6553f100},	       {EPOCH_MS + 1, 0x6553f101},
		{EPOCH_MS + 1000, 0x6553f101}, {EPOCH_MS + 1001, 0x6553f102},
		{EPOCH_MS - 1, 0x6553f102},    {EPOCH_MS - DAY_MS, 0x6553f102},
	};
	struct message message;

	(void)state;
	start(EPOCH_MS);
	records[0] = make_record(FLOW_IPV4);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		message = encode_records(&dialect_netflow9, records, 1, steps[i].now_ms);
		assert_int_equal(message_uint(8, 4), steps[i].export_s);
		/* sysUpTime goes with it: the base is a day before the start */
		assert_int_equal(message_uint(4, 4),
				 (steps[i].export_s - 0x6553f100) * 1000 + DAY_MS);
		export_session_commit(&session, &message);
	}
}

/* --- options --- */

#define ZEROS_10 "00000000000000000000"
#define ZEROS_50 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10

static void netflow9_options_are_exact(void **state)
{
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	(void)state;
	start(EPOCH_MS);
	message = encode_next_options(&dialect_netflow9, &report, OPTIONS_DATA | OPTIONS_INTERFACES,
				      &cursor, 1452, EPOCH_MS);
	expect_written(&message.writer,
		       "0009 0004 05265c00 6553f100 00000000 0badcafe"
		       "012c 0010 0badcafe 00000064 02 000000" /* 1 in 100, random */
		       "012d 000c 0badcafe 00000064"
		       "012e 005c 0badcafe 0a0b0c0d 'eth0' 0000 " ZEROS_10
		       "'uplink' 00000000 0000 00 00" ZEROS_50
		       "012e 005c 0badcafe 00000007 'br-lan.7' 00000000 00000000"
		       "'br-lan.7' 000000 000000" ZEROS_50);
	assert_int_equal(message.sequence_step, 1);
	assert_int_equal(message.flow_records, 0);
}

/* A text as long as its field, or longer, fills it. */
static void netflow9_interface_texts_fill_their_fields(void **state)
{
	struct report_interface interface = {.ifindex = 1};
	struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	(void)state;
	start(EPOCH_MS);
	memset(interface.name, 'n', 15);
	memset(interface.description, 'd', 255);
	report.interfaces = &interface;
	report.interface_count = 1;
	message = encode_next_options(&dialect_netflow9, &report, OPTIONS_INTERFACES, &cursor, 1452,
				      EPOCH_MS);
	assert_int_equal(message.writer.used, 20 + 4 + 88);
	expect_bytes(message_buffer + 32, 16, "'nnnnnnnnnnnnnnn' 00");
	expect_bytes(message_buffer + 48, 64,
		     "'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd'");
}

static void expect_next_interface(const struct reader_template *template, const uint8_t *record,
				  void *arg)
{
	uint32_t *next = arg;

	if (template->id != 302)
		return;
	assert_int_equal(template->scopes, 1);
	assert_int_equal(template->fields[1].element, 10); /* INPUT_SNMP */
	assert_int_equal(read_uint(record + 4, 4), (*next)++);
}

static void netflow9_options_are_split_over_packets(void **state)
{
	static struct report_interface interfaces[3000];
	static const size_t limits[] = {MESSAGE_BYTES_MIN, 599, 600, 1452, 8952, 65535};
	struct export_report report = make_report();

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		interfaces[i].ifindex = i;
		snprintf(interfaces[i].name, sizeof(interfaces[i].name), "veth%u", i);
	}
	report.interfaces = interfaces;
	report.interface_count = 3000;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct options_cursor cursor = {0};
		uint32_t next = 0, sequence = 0;

		start(EPOCH_MS);
		reader.record = expect_next_interface;
		reader.arg = &next;
		for (;;) {
			struct message message = encode_next_options(&dialect_netflow9, &report,
								     EVERYTHING, &cursor, limits[i],
								     EPOCH_MS);

			if (!message.writer.used)
				break;
			assert_true(message.writer.used <= limits[i]);
			read_and_commit(&message, sequence++);
			if (next > 0 && next < 3000) /* as full as it can be */
				assert_true(message.writer.used + 92 > limits[i]);
		}
		assert_int_equal(next, 3000);
		assert_int_equal(reader.template_count, 4 + 3);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netflow9_templates_are_exact),
		cmocka_unit_test(netflow9_flows_are_exact),
		cmocka_unit_test(netflow9_padding_is_shorter_than_a_word),
		cmocka_unit_test(netflow9_plan_never_exceeds_the_limit),
		cmocka_unit_test(netflow9_halves_of_biflows_are_two_records),
		cmocka_unit_test(netflow9_sequence_counts_packets),
		cmocka_unit_test(netflow9_times_reconstruct_exactly),
		cmocka_unit_test(netflow9_times_reconstruct_around_wraps),
		cmocka_unit_test(netflow9_times_before_the_base_are_the_base),
		cmocka_unit_test(netflow9_export_time_never_goes_back),
		cmocka_unit_test(netflow9_options_are_exact),
		cmocka_unit_test(netflow9_interface_texts_fill_their_fields),
		cmocka_unit_test(netflow9_options_are_split_over_packets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
