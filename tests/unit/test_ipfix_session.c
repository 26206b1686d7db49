// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole sessions of IPFIX: sequence numbers of both observation domains, export times, the order in
 * which things are told (RFC 7011 section 3.1, 8 and 10.3), and options spread over messages.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"
#include "message_reader.h"

#define DOMAIN 42
#define MANY_INTERFACES 3000
#define EVERYTHING (OPTIONS_TEMPLATES | OPTIONS_DATA | OPTIONS_INTERFACES)

static struct reader reader;
static uint64_t data_records[DOMAIN + 1]; /* read so far in a domain */

static void start(uint32_t domain, uint32_t enterprise, int biflow)
{
	const struct dialect_config config = {
		.observation_domain_id = domain,
		.enterprise = enterprise,
		.biflow = biflow,
		.sampling_interval = 100,
		.instance = INSTANCE,
		.start_ms = EPOCH_MS,
	};

	start_session(&dialect_ipfix, &config);
	memset(&reader, 0, sizeof(reader));
	memset(data_records, 0, sizeof(data_records));
	reader.version = 10;
}

/* The sequence number is that of all data records that were sent in the domain before. */
static void read_and_commit(const struct message *message)
{
	reader_read(&reader, message->writer.data, message->writer.used);
	assert_in_range(reader.domain, 0, DOMAIN);
	assert_int_equal(reader.sequence, (uint32_t)data_records[reader.domain]);
	assert_int_equal(message->sequence_step, reader.data_records);
	data_records[reader.domain] += reader.data_records;
	export_session_commit(&session, message);
}

static void send_flows(size_t count, uint64_t now_ms)
{
	struct flow_record records[100];
	struct message message;

	assert_in_range(count, 1, 100);
	for (size_t i = 0; i < count; i++)
		records[i] = random_record();
	message = encode_records(&dialect_ipfix, records, count, now_ms);
	assert_int_equal(message.flow_records, count);
	read_and_commit(&message);
}

/* Returns how many messages there were. */
static size_t send_options(const struct export_report *report, unsigned int wanted, size_t limit)
{
	struct options_cursor cursor = {0};
	size_t messages = 0;

	for (;; messages++) {
		struct message message = encode_next_options(&dialect_ipfix, report, wanted,
							     &cursor, limit, EPOCH_MS);

		if (!message.writer.used)
			return messages;
		assert_true(message.writer.used <= limit);
		assert_int_equal(message.flow_records, 0);
		read_and_commit(&message);
	}
}

/* --- sequence numbers --- */

static void ipfix_session_counts_data_records_by_domain(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	start(DOMAIN, EXAMPLE_ENTERPRISE, 0);
	assert_int_equal(send_options(&report, EVERYTHING, 1452), 2);
	/* sampling, selector, exporter, 4 elements, 2 interfaces; 3 reports of the processes */
	assert_int_equal(data_records[DOMAIN], 9);
	assert_int_equal(data_records[0], 3);
	send_flows(7, EPOCH_MS);
	send_flows(1, EPOCH_MS);
	assert_int_equal(send_options(&report, OPTIONS_DATA, 1452), 2);
	send_flows(4, EPOCH_MS);
	assert_int_equal(send_options(&report, OPTIONS_TEMPLATES, 1452), 2);
	send_flows(1, EPOCH_MS);
	assert_int_equal(session.sequence, 9 + 7 + 1 + 7 + 4 + 1);
	assert_int_equal(session.process_sequence, 3 + 3);
	assert_int_equal(session.sent_records, 13);
}

/* Flows in domain 0 share it, and its sequence, with the processes. */
static void ipfix_session_of_domain_0_has_one_sequence(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	start(0, 0, 0);
	send_options(&report, EVERYTHING, 1452);
	assert_int_equal(data_records[0], 3 + 2 + 3);
	send_flows(5, EPOCH_MS);
	send_options(&report, OPTIONS_DATA, 1452);
	send_flows(2, EPOCH_MS);
	assert_int_equal(session.sequence, 8 + 5 + 6 + 2);
	assert_int_equal(session.process_sequence, 0);
}

static void ipfix_session_sequences_wrap(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	start(DOMAIN, 0, 0);
	session.sequence = data_records[DOMAIN] = UINT32_MAX - 6;
	session.process_sequence = data_records[0] = UINT32_MAX - 1;
	send_options(&report, EVERYTHING, 1452); /* 5 and 3 */
	assert_int_equal(session.sequence, UINT32_MAX - 1);
	assert_int_equal(session.process_sequence, 1);
	send_flows(3, EPOCH_MS);
	assert_int_equal(reader.sequence, UINT32_MAX - 1);
	assert_int_equal(session.sequence, 1);
	send_flows(1, EPOCH_MS);
	assert_int_equal(reader.sequence, 1);
	send_options(&report, OPTIONS_DATA, 1452);
}

static void ipfix_session_counts_a_biflow_once(void **state)
{
	struct flow_record pair[2] = {make_record(FLOW_IPV6), make_reverse_record(FLOW_IPV6)};
	const struct export_report report = make_report();
	struct message message;

	(void)state;
	start(DOMAIN, 0, 1);
	send_options(&report, OPTIONS_TEMPLATES, 1452);
	pair[0].biflow = FLOW_BIFLOW_FORWARD;
	pair[1].biflow = FLOW_BIFLOW_REVERSE;
	message = encode_records(&dialect_ipfix, pair, 2, EPOCH_MS);
	read_and_commit(&message);
	assert_int_equal(session.sequence, 1);
	assert_int_equal(session.sent_records, 1);
}

/* --- commitment --- */

/* What was only encoded is as if it had not been: made again, it is the same. */
static void ipfix_session_changes_by_commitment_only(void **state)
{
	static char first[MESSAGE_BYTES_MAX];
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct flow_record record = make_record(FLOW_IPV4);
	struct message_plan plan = {0};
	struct export_session before;
	struct message message;

	(void)state;
	start(DOMAIN, EXAMPLE_ENTERPRISE, 1);
	send_options(&report, EVERYTHING, 1452);
	send_flows(3, EPOCH_MS);
	before = session;
	message = encode_records(&dialect_ipfix, &record, 1, EPOCH_MS + 5000);
	memcpy(first, message_buffer, message.writer.used);
	encode_next_options(&dialect_ipfix, &report, EVERYTHING, &cursor, 1452, EPOCH_MS + 9000);
	dialect_ipfix.plan(&session, &plan, &record, 1452);
	assert_memory_equal(&session, &before, sizeof(session));
	message = encode_records(&dialect_ipfix, &record, 1, EPOCH_MS + 5000);
	assert_memory_equal(first, message_buffer, message.writer.used);
}

/* --- export time --- */

static void expect_export_time(uint64_t now_ms, uint32_t expected_s)
{
	send_flows(1, now_ms);
	assert_int_equal(reader.export_s, expected_s);
}

static void ipfix_session_export_time_never_goes_back(void **state)
{
	const uint32_t epoch_s = EPOCH_MS / 1000;
	const struct export_report report = make_report();
	struct flow_record record = make_record(FLOW_IPV4);
	struct options_cursor cursor = {0};

	(void)state;
	start(DOMAIN, 0, 0);
	send_options(&report, OPTIONS_TEMPLATES, 1452);
	expect_export_time(EPOCH_MS + 999, epoch_s);
	expect_export_time(EPOCH_MS + 7000, epoch_s + 7);
	expect_export_time(EPOCH_MS + 6999, epoch_s + 7);
	expect_export_time(EPOCH_MS - 86400000, epoch_s + 7);
	/* nor does that of the other domain */
	encode_next_options(&dialect_ipfix, &report, OPTIONS_DATA, &cursor, 1452, EPOCH_MS);
	assert_int_equal(message_uint(4, 4), epoch_s + 7);
	/* a message that was not committed does not hold the next ones to its time */
	encode_records(&dialect_ipfix, &record, 1, EPOCH_MS + 60000);
	expect_export_time(EPOCH_MS + 8000, epoch_s + 8);
}

/* Seconds are modulo 2^32 (RFC 7011 section 5.2), and time still goes forward. */
static void ipfix_session_export_time_wraps_in_2106(void **state)
{
	const uint64_t end_ms = (UINT64_C(1) << 32) * 1000;
	const struct export_report report = make_report();

	(void)state;
	start(DOMAIN, 0, 0);
	send_options(&report, OPTIONS_TEMPLATES, 1452);
	expect_export_time(end_ms - 1, UINT32_MAX);
	expect_export_time(end_ms, 0);
	expect_export_time(end_ms + 1000, 1);
	expect_export_time(end_ms - 1, 1);
}

/* --- options --- */

struct told {
	uint16_t ids[64];
	size_t count;
};

static void note_id(const struct reader_template *template, const uint8_t *record, void *arg)
{
	struct told *told = arg;

	(void)record;
	assert_true(told->count < 64);
	told->ids[told->count++] = template->id;
}

/* The reader fails at data before its template, and at two options templates in a set. Elements of
 * our own are described before the templates that use them (see below), and of the rest the rate
 * comes first. */
static void ipfix_session_tells_things_in_order(void **state)
{
	static const uint16_t order[] = {306, 306, 306, 306, 300, 301,
					 308, 302, 302, 303, 304, 305};
	const struct export_report report = make_report();
	struct told told = {0};

	(void)state;
	start(DOMAIN, EXAMPLE_ENTERPRISE, 1);
	reader.record = note_id;
	reader.arg = &told;
	send_options(&report, EVERYTHING, MESSAGE_BYTES_MAX);
	assert_int_equal(told.count, 12);
	for (size_t i = 0; i < told.count; i++)
		assert_int_equal(told.ids[i], order[i]);
	assert_int_equal(reader.template_count, 8 + 7 + 3);
	for (size_t i = 0; i < 18; i++)
		assert_int_equal(reader.templates[i].domain, i < 15 ? DOMAIN : 0);
}

/* One set for all flow templates, one for each options template, one for each kind of data. */
static void ipfix_session_sets_are_as_few_as_can_be(void **state)
{
	static const uint16_t ids[] = {3, 306, 2, 3, 3, 3, 3, 3, 3, 300, 301, 308, 302};
	static const uint16_t process_ids[] = {3, 3, 3, 303, 304, 305};
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	(void)state;
	start(DOMAIN, EXAMPLE_ENTERPRISE, 1);
	message = encode_next_options(&dialect_ipfix, &report, EVERYTHING, &cursor,
				      MESSAGE_BYTES_MAX, EPOCH_MS);
	read_and_commit(&message);
	assert_int_equal(reader.set_count, 13);
	assert_memory_equal(reader.set_ids, ids, sizeof(ids));
	assert_int_equal(reader.template_records, 8 + 7);
	message = encode_next_options(&dialect_ipfix, &report, EVERYTHING, &cursor,
				      MESSAGE_BYTES_MAX, EPOCH_MS);
	read_and_commit(&message);
	assert_int_equal(reader.domain, 0);
	assert_int_equal(reader.set_count, 6);
	assert_memory_equal(reader.set_ids, process_ids, sizeof(process_ids));
	message = encode_next_options(&dialect_ipfix, &report, EVERYTHING, &cursor,
				      MESSAGE_BYTES_MAX, EPOCH_MS);
	assert_int_equal(message.writer.used, 0);
}

static void ipfix_session_tells_what_is_wanted_only(void **state)
{
	struct export_report report = make_report();

	(void)state;
	start(DOMAIN, 0, 0);
	assert_int_equal(send_options(&report, 0, 1452), 0);
	assert_int_equal(send_options(&report, OPTIONS_TEMPLATES, 1452), 2);
	assert_int_equal(data_records[DOMAIN] + data_records[0], 0);
	assert_int_equal(reader.template_count, 4 + 6 + 3);
	assert_int_equal(send_options(&report, OPTIONS_INTERFACES, 1452), 1);
	assert_int_equal(data_records[DOMAIN], 2);
	assert_int_equal(data_records[0], 0);
	report.interface_count = 0;
	assert_int_equal(send_options(&report, OPTIONS_INTERFACES, 1452), 0);
	assert_int_equal(send_options(&report, OPTIONS_DATA, 1452), 2);
	assert_int_equal(data_records[DOMAIN], 2 + 3);
	assert_int_equal(data_records[0], 3);
}

/* --- many interfaces --- */

static struct report_interface interfaces[MANY_INTERFACES];

static void make_interfaces(int longest)
{
	memset(interfaces, 0, sizeof(interfaces));
	for (size_t i = 0; i < MANY_INTERFACES; i++) {
		struct report_interface *interface = &interfaces[i];

		interface->ifindex = (uint32_t)(7 * i + 1);
		memset(interface->name, 'n', longest ? 15 : 1 + random_below(15));
		memset(interface->description, 'd', longest ? 255 : random_below(256));
	}
}

static void expect_interface(const struct reader_template *template, const uint8_t *record,
			     void *arg)
{
	size_t *next = arg, bytes;

	if (template->id != 302)
		return;
	assert_true(*next < MANY_INTERFACES);
	reader_field(template, record, 2, &bytes);
	assert_int_equal(reader_uint(template, record, 10), interfaces[*next].ifindex);
	assert_int_equal(bytes, strnlen(interfaces[*next].description, FIELD_TEXT_BYTES_MAX));
	(*next)++;
}

/* Octets of a message's first set up to the end of its first record. */
static size_t first_item_bytes(const uint8_t *message)
{
	const uint8_t *set = message + 16;
	uint16_t id = (uint16_t)read_uint(set, 2);
	struct reader_template template = {0};

	if (id >= 256)
		return 4 + reader_record_bytes(reader_find(&reader, id), set + 4);
	template.count = (uint16_t)read_uint(set + 6, 2);
	return (size_t)(reader_read_fields(&reader, &template, set + (id == 3 ? 10 : 8),
					   set + read_uint(set + 2, 2)) -
			set);
}

/* Every interface once and in order, no message longer than the limit, and none shorter than it
 * had to be: what begins the next one would not have fitted. */
static void expect_full_messages(size_t limit)
{
	struct export_report report = make_report();
	struct options_cursor cursor = {0};
	size_t next = 0, before = 0;
	uint32_t domain = DOMAIN;
	uint16_t last_id = 0;

	start(DOMAIN, EXAMPLE_ENTERPRISE, 1);
	report.interfaces = interfaces;
	report.interface_count = MANY_INTERFACES;
	reader.record = expect_interface;
	reader.arg = &next;
	for (;;) {
		struct message message = encode_next_options(&dialect_ipfix, &report, EVERYTHING,
							     &cursor, limit, EPOCH_MS);
		const uint8_t *place = (const uint8_t *)message.writer.data;
		size_t bytes;

		if (!message.writer.used)
			break;
		assert_true(message.writer.used <= limit);
		read_and_commit(&message);
		bytes = first_item_bytes(place);
		if (reader.set_ids[0] == last_id && last_id != 3)
			bytes -= 4; /* it would have needed no header of its own */
		if (before && reader.domain == domain)
			assert_true(before + bytes > limit);
		before = message.writer.used;
		domain = reader.domain;
		last_id = reader.set_ids[reader.set_count - 1];
	}
	assert_int_equal(next, MANY_INTERFACES);
	assert_int_equal(data_records[DOMAIN], 3 + 4 + MANY_INTERFACES);
	assert_int_equal(data_records[0], 3);
}

static void ipfix_session_fills_messages_with_options(void **state)
{
	static const size_t limits[] = {MESSAGE_BYTES_MIN, 513, 576, 1232, 1452, 8952, 65535};

	(void)state;
	for (int longest = 0; longest < 2; longest++) {
		make_interfaces(longest);
		for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
			expect_full_messages(limits[i]);
		for (int i = 0; i < 20; i++)
			expect_full_messages(MESSAGE_BYTES_MIN + random_below(1000));
	}
}

/* The longest names there can be, in the shortest message that is allowed. */
static void ipfix_session_fits_the_longest_texts_into_512_octets(void **state)
{
	struct export_report report = make_report();
	char host[256] = "";

	(void)state;
	make_interfaces(1);
	memset(host, 'h', 255);
	memset(report.exporter_address, 0x20, 16);
	report.host = host;
	report.interfaces = interfaces;
	report.interface_count = 3;
	start(DOMAIN, EXAMPLE_ENTERPRISE, 1);
	send_options(&report, EVERYTHING, MESSAGE_BYTES_MIN);
	assert_int_equal(data_records[DOMAIN], 3 + 4 + 3);
	assert_int_equal(data_records[0], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_session_counts_data_records_by_domain),
		cmocka_unit_test(ipfix_session_of_domain_0_has_one_sequence),
		cmocka_unit_test(ipfix_session_sequences_wrap),
		cmocka_unit_test(ipfix_session_counts_a_biflow_once),
		cmocka_unit_test(ipfix_session_changes_by_commitment_only),
		cmocka_unit_test(ipfix_session_export_time_never_goes_back),
		cmocka_unit_test(ipfix_session_export_time_wraps_in_2106),
		cmocka_unit_test(ipfix_session_tells_things_in_order),
		cmocka_unit_test(ipfix_session_sets_are_as_few_as_can_be),
		cmocka_unit_test(ipfix_session_tells_what_is_wanted_only),
		cmocka_unit_test(ipfix_session_fills_messages_with_options),
		cmocka_unit_test(ipfix_session_fits_the_longest_texts_into_512_octets),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
