// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * IPFIX messages of flows: their header and sets byte for byte, how many records go into one, which
 * halves become biflows, and what is counted by which sequence number (RFC 7011 section 3 and 8,
 * RFC 5103). What else is in a session: test_ipfix_session.c.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"
#include "message_reader.h"

#define RECORDS_MAX 2000
#define NOW_MS (EPOCH_MS + 1999)
#define UNIFLOW_BYTES 79 /* of make_record(FLOW_IPV4) */
#define BIFLOW_BYTES 127

static struct reader reader;
static struct flow_record records[RECORDS_MAX];

static void start(int biflow, uint32_t enterprise)
{
	const struct dialect_config config = {
		.observation_domain_id = 0x0badcafe,
		.enterprise = enterprise,
		.biflow = biflow,
		.sampling_interval = 1,
		.instance = INSTANCE,
		.start_ms = EPOCH_MS,
	};

	start_session(&dialect_ipfix, &config);
}

/* Reads a message with a collector that has seen the templates. */
static void read_message(const struct message *message)
{
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	char *copy = malloc(message->writer.used);

	assert_non_null(copy);
	memcpy(copy, message->writer.data, message->writer.used);
	memset(&reader, 0, sizeof(reader));
	reader.version = 10;
	for (;;) {
		struct message templates = encode_next_options(&dialect_ipfix, &report,
							       OPTIONS_TEMPLATES, &cursor,
							       MESSAGE_BYTES_MAX, NOW_MS);

		if (!templates.writer.used)
			break;
		reader_read(&reader, templates.writer.data, templates.writer.used);
	}
	reader_read(&reader, copy, message->writer.used);
	free(copy);
}

static void expect_set_ids(size_t count, ...)
{
	va_list ids;

	assert_int_equal(reader.set_count, count);
	va_start(ids, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(reader.set_ids[i], va_arg(ids, int));
	va_end(ids);
}

/* --- layout --- */

static void ipfix_header_is_exact(void **state)
{
	struct flow_record record = make_record(FLOW_IPV4);
	struct message message;

	(void)state;
	start(0, 0);
	session.sequence = 0x01020304;
	message = encode_records(&dialect_ipfix, &record, 1, NOW_MS);
	assert_int_equal(message.writer.used, 16 + 4 + UNIFLOW_BYTES);
	expect_bytes(message_buffer, 20,
		     "000a 0063" /* version, length */
		     "6553f101 01020304 0badcafe" /* whole seconds, sequence, domain */
		     "0100 0053"); /* the set */
	assert_int_equal(message.sequence_step, 1);
	assert_int_equal(message.flow_records, 1);
	assert_int_equal(message.unknown_interfaces, 0);
	assert_int_equal(message.process_sequence, 0);
	assert_int_equal(message.export_ms, NOW_MS);
}

/* A set for each kind, in the order of their numbers; in a set, records in their order. */
static void ipfix_mixed_kinds_have_a_set_each(void **state)
{
	static const enum flow_kind kinds[] = {FLOW_IPV6, FLOW_IPV6_ICMP, FLOW_IPV4,
					       FLOW_IPV6, FLOW_IPV4_ICMP, FLOW_IPV4};
	struct message message;

	(void)state;
	start(0, 0);
	for (size_t i = 0; i < 6; i++) {
		records[i] = make_record(kinds[i]);
		records[i].source_mac[0] = (uint8_t)i;
	}
	message = encode_records(&dialect_ipfix, records, 6, NOW_MS);
	assert_int_equal(message.writer.used, 16 + 162 + 79 + 218 + 107);
	assert_int_equal(message_uint(2, 2), 582);
	expect_bytes(message_buffer + 16, 4, "0100 00a2"); /* 4 + 2 * 79 */
	expect_bytes(message_buffer + 20 + 65, 6, "024151617181"); /* sourceMacAddress */
	expect_bytes(message_buffer + 20 + 79 + 65, 6, "054151617181");
	expect_bytes(message_buffer + 178, 4, "0101 004f"); /* 4 + 75 */
	expect_bytes(message_buffer + 257, 4, "0102 00da"); /* 4 + 2 * 107 */
	expect_bytes(message_buffer + 261 + 93, 6, "004151617181");
	expect_bytes(message_buffer + 261 + 107 + 93, 6, "034151617181");
	expect_bytes(message_buffer + 475, 4, "0103 006b"); /* 4 + 103 */
	assert_int_equal(message.sequence_step, 6);
	assert_int_equal(message.flow_records, 6);
	read_message(&message);
	assert_int_equal(reader.data_records, 6);
	expect_set_ids(4, 256, 257, 258, 259);
}

/* --- how much goes into a message --- */

/* Plans the records one after another; returns how many were taken. */
static size_t plan_records(size_t count, size_t limit, struct message_plan *plan)
{
	size_t planned = 0;

	*plan = (struct message_plan){0};
	while (planned < count && dialect_ipfix.plan(&session, plan, &records[planned], limit))
		planned++;
	return planned;
}

/* Encodes into just as much room as was planned, so that ASan sees a byte more. */
static size_t encode_planned(size_t count, size_t bytes)
{
	char *room = malloc(bytes);
	struct message message = {0};

	assert_non_null(room);
	writer_init(&message.writer, room, bytes);
	dialect_ipfix.encode_flows(&session, records, count, NOW_MS * NS_PER_MS, &message);
	assert_int_equal(message.writer.overflow, 0);
	assert_int_equal(read_uint(room + 2, 2), message.writer.used);
	free(room);
	return message.writer.used;
}

static size_t encoded_bytes(size_t count)
{
	struct message message = {0};
	static char room[2 * MESSAGE_BYTES_MAX];

	writer_init(&message.writer, room, sizeof(room));
	dialect_ipfix.encode_flows(&session, records, count, NOW_MS * NS_PER_MS, &message);
	return message.writer.used;
}

/* Random kinds; some records are pairs if wanted. */
static void make_random_records(size_t count, int pairs)
{
	for (size_t i = 0; i < count; i++) {
		enum flow_kind kind = (enum flow_kind)random_below(FLOW_KINDS);

		records[i] = make_record(kind);
		if (pairs && i + 1 < count && random_below(2)) {
			records[i].biflow = FLOW_BIFLOW_FORWARD;
			records[++i] = make_reverse_record(kind);
			records[i].biflow = FLOW_BIFLOW_REVERSE;
		}
	}
}

static size_t random_limit(void)
{
	static const size_t limits[] = {MESSAGE_BYTES_MIN, 576, 1232, 1452, 8952, 65535};

	return random_below(2) ? limits[random_below(6)] : MESSAGE_BYTES_MIN + random_below(1500);
}

/* What plan took is what encode makes, to the byte, and the record it refused does not fit. */
static void expect_exact_plans(int biflow, uint32_t enterprise)
{
	start(biflow, enterprise);
	for (int round = 0; round < 300; round++) {
		size_t limit = random_limit(), planned;
		struct message_plan plan;

		make_random_records(RECORDS_MAX, biflow);
		planned = plan_records(RECORDS_MAX, limit, &plan);
		assert_true(planned > 0);
		assert_true(planned < RECORDS_MAX - 1);
		assert_true(plan.bytes <= limit);
		assert_int_equal(encode_planned(planned, plan.bytes), plan.bytes);
		if (biflow && records[planned].biflow == FLOW_BIFLOW_FORWARD)
			assert_true(encoded_bytes(planned + 2) > limit);
		else
			assert_true(encoded_bytes(planned + 1) > limit);
	}
}

static void ipfix_plan_is_exact_for_uniflows(void **state)
{
	(void)state;
	expect_exact_plans(0, 0);
	expect_exact_plans(0, EXAMPLE_ENTERPRISE);
}

static void ipfix_plan_is_exact_for_biflows(void **state)
{
	(void)state;
	expect_exact_plans(1, 0);
	expect_exact_plans(1, EXAMPLE_ENTERPRISE);
}

/* A refused record leaves the plan as it was, and the last byte may be used. */
static void ipfix_plan_ends_at_the_limit(void **state)
{
	const size_t full = 16 + 4 + 5 * UNIFLOW_BYTES;
	struct message_plan plan, before;

	(void)state;
	start(0, 0);
	make_random_records(0, 0);
	for (size_t i = 0; i < 6; i++)
		records[i] = make_record(FLOW_IPV4);
	assert_int_equal(plan_records(6, full - 1, &plan), 4);
	assert_int_equal(plan.bytes, full - UNIFLOW_BYTES);
	assert_int_equal(plan_records(6, full, &plan), 5);
	assert_int_equal(plan.bytes, full);
	assert_int_equal(plan_records(6, full + UNIFLOW_BYTES - 1, &plan), 5);
	before = plan;
	assert_false(dialect_ipfix.plan(&session, &plan, &records[5], full + UNIFLOW_BYTES - 1));
	assert_memory_equal(&plan, &before, sizeof(plan));
}

/* Every record alone, of the longest shape too, fits into the shortest message there may be. */
static void ipfix_plan_takes_any_record_into_512_octets(void **state)
{
	struct message_plan plan;

	(void)state;
	start(1, EXAMPLE_ENTERPRISE);
	for (int kind = 0; kind < FLOW_KINDS; kind++) {
		records[0] = make_record((enum flow_kind)kind);
		records[0].biflow = FLOW_BIFLOW_FORWARD;
		records[1] = make_reverse_record((enum flow_kind)kind);
		records[1].biflow = FLOW_BIFLOW_REVERSE;
		assert_int_equal(plan_records(2, MESSAGE_BYTES_MIN, &plan), 2);
	}
}

/* --- biflows --- */

static struct flow_record half(enum flow_biflow biflow, uint16_t port)
{
	struct flow_record record = biflow == FLOW_BIFLOW_REVERSE ? make_reverse_record(FLOW_IPV4)
								  : make_record(FLOW_IPV4);

	record.biflow = (uint8_t)biflow;
	record.key.source_port = htons(port);
	return record;
}

static struct message encode_halves(const char *halves)
{
	struct message message;
	struct message_plan plan;
	size_t count = strlen(halves);

	for (size_t i = 0; i < count; i++)
		records[i] = half(halves[i] == 'F'   ? FLOW_BIFLOW_FORWARD
				  : halves[i] == 'R' ? FLOW_BIFLOW_REVERSE
						     : FLOW_UNIFLOW,
				  (uint16_t)i);
	message = encode_records(&dialect_ipfix, records, count, NOW_MS);
	assert_int_equal(plan_records(count, MESSAGE_BYTES_MAX, &plan), count);
	assert_true(message.writer.used <= plan.bytes);
	return message;
}

/* How many records of which shape are made of a sequence of forward and reverse halves and
 * uniflows. */
static void expect_biflows(const char *halves, size_t uniflows, size_t biflows)
{
	struct message message = encode_halves(halves);
	size_t bytes = 16;

	bytes += uniflows ? 4 + uniflows * UNIFLOW_BYTES : 0;
	bytes += biflows ? 4 + biflows * BIFLOW_BYTES : 0;
	assert_int_equal(message.writer.used, bytes);
	assert_int_equal(message.sequence_step, uniflows + biflows);
	assert_int_equal(message.flow_records, uniflows + biflows);
	read_message(&message);
	assert_int_equal(reader.data_records, uniflows + biflows);
	if (uniflows && biflows)
		expect_set_ids(2, 256, 260);
	else
		expect_set_ids(1, uniflows ? 256 : 260);
}

static void ipfix_biflow_is_made_of_two_neighbours(void **state)
{
	(void)state;
	start(1, 0);
	expect_biflows("FR", 0, 1);
	expect_biflows("FRFRFR", 0, 3);
	expect_biflows("UFRU", 2, 1);
	expect_biflows("FRUFR", 1, 2);
}

static void ipfix_biflow_of_one_half_is_a_uniflow(void **state)
{
	(void)state;
	start(1, 0);
	expect_biflows("F", 1, 0);
	expect_biflows("R", 1, 0);
	expect_biflows("FF", 2, 0);
	expect_biflows("RF", 2, 0);
	expect_biflows("RR", 2, 0);
	expect_biflows("FUR", 3, 0);
	expect_biflows("FFR", 1, 1);
	expect_biflows("FRR", 1, 1);
	expect_biflows("RFRF", 2, 1);
	expect_biflows("U", 1, 0);
}

static void ipfix_biflow_is_not_made_unless_wanted(void **state)
{
	(void)state;
	start(0, 0);
	expect_biflows("FR", 2, 0);
	expect_biflows("FRUFRF", 6, 0);
}

/* Both halves stand in the one record, the forward one first. */
static void ipfix_biflow_has_both_halves(void **state)
{
	struct message message;

	(void)state;
	start(1, 0);
	message = encode_halves("UFR");
	assert_int_equal(message.writer.used, 16 + 4 + UNIFLOW_BYTES + 4 + BIFLOW_BYTES);
	expect_bytes(message_buffer + 20 + 8, 2, "0000"); /* sourceTransportPort */
	expect_bytes(message_buffer + 99, 12, "0104 0083 c0000211 c6336422");
	expect_bytes(message_buffer + 103 + 8, 2, "0001");
	expect_bytes(message_buffer + 103 + 79, 25,
		     "01 0000018bcfe56a03 0000018bcfe56b04 8182838485868788");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_header_is_exact),
		cmocka_unit_test(ipfix_mixed_kinds_have_a_set_each),
		cmocka_unit_test(ipfix_plan_is_exact_for_uniflows),
		cmocka_unit_test(ipfix_plan_is_exact_for_biflows),
		cmocka_unit_test(ipfix_plan_ends_at_the_limit),
		cmocka_unit_test(ipfix_plan_takes_any_record_into_512_octets),
		cmocka_unit_test(ipfix_biflow_is_made_of_two_neighbours),
		cmocka_unit_test(ipfix_biflow_of_one_half_is_a_uniflow),
		cmocka_unit_test(ipfix_biflow_is_not_made_unless_wanted),
		cmocka_unit_test(ipfix_biflow_has_both_halves),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
