// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What goflow2 (v101, and OpenObserve's fork of it) must not be sent, or it would loop, drop the
 * datagram, or take a value for another one. It has no tests of its own for these, they are how its
 * decoder is written. One test a rule, each over whole sessions of every shape there is; the rules
 * about its output alone have none. Where a rule is RFC 7011's too, message_reader.h keeps to it in
 * every session, and the test here is that there is something to read.
 */
#include "encode/dialect.h"

#include "encode_fixture.h"
#include "message_reader.h"

#define FLOWS 200
#define UDP_BUFFER_BYTES 9000 /* goflow2's */
#define EVERYTHING (OPTIONS_TEMPLATES | OPTIONS_DATA | OPTIONS_INTERFACES)
#define INTRODUCTIONS 3
#define SESSIONS (2 * 2 * 2 * 3)

static struct reader reader;
static const struct dialect_config *config; /* of the session that is being sent */
static size_t limit;
static size_t messages;
static size_t introduced; /* messages that began with templates */
static uint32_t rate_of_domain[43]; /* that the collector knows */

/* What a test looks at; NULL: not at that. */
struct rule {
	void (*message)(const struct message *message);
	void (*template)(const struct reader_template *template);
	void (*record)(const struct reader_template *template, const uint8_t *record, void *arg);
};

static void send_message(const struct message *message, const struct rule *rule)
{
	reader_read(&reader, message->writer.data, message->writer.used);
	messages++;
	introduced += reader.set_ids[0] < 256;
	if (rule->message)
		rule->message(message);
	export_session_commit(&session, message);
}

static void send_options(const struct export_report *report, unsigned int wanted,
			 const struct rule *rule)
{
	struct options_cursor cursor = {0};

	for (;;) {
		struct message message = encode_next_options(&dialect_ipfix, report, wanted,
							     &cursor, limit, EPOCH_MS);

		if (!message.writer.used)
			return;
		send_message(&message, rule);
	}
}

static void make_conversations(struct flow_record *records)
{
	for (size_t i = 0; i < FLOWS; i += 2) {
		enum flow_kind kind = (enum flow_kind)random_below(FLOW_KINDS);
		int pair = random_below(4) > 0;

		records[i] = make_record(kind);
		records[i].biflow = pair ? FLOW_BIFLOW_FORWARD : FLOW_UNIFLOW;
		records[i + 1] = make_reverse_record(kind);
		records[i + 1].biflow = pair ? FLOW_BIFLOW_REVERSE : FLOW_UNIFLOW;
	}
}

static void send_flows(const struct rule *rule)
{
	struct flow_record records[FLOWS];
	size_t first = 0, count;

	make_conversations(records);
	for (; first < FLOWS; first += count) {
		struct message_plan plan = {0};
		struct message message;

		for (count = 0; first + count < FLOWS; count++)
			if (!dialect_ipfix.plan(&session, &plan, &records[first + count], limit))
				break;
		assert_true(count > 0);
		message = encode_records(&dialect_ipfix, records + first, count, EPOCH_MS);
		send_message(&message, rule);
	}
}

static void send_session(const struct dialect_config *shape, size_t message_bytes,
			 const struct rule *rule)
{
	const struct export_report report = make_report();

	config = shape;
	limit = message_bytes;
	messages = introduced = 0;
	memset(rate_of_domain, 0, sizeof(rate_of_domain));
	memset(&reader, 0, sizeof(reader));
	reader.version = 10;
	reader.record = rule->record;
	start_session(&dialect_ipfix, shape);
	for (int i = 0; i < INTRODUCTIONS; i++) {
		send_options(&report, EVERYTHING, rule);
		if (i)
			send_flows(rule);
	}
	send_options(&report, OPTIONS_DATA, rule);
	if (rule->template)
		for (size_t i = 0; i < reader.template_count; i++)
			rule->template(&reader.templates[i]);
}

static void send_every_session(const struct rule *rule)
{
	static const size_t limits[] = {MESSAGE_BYTES_MIN, 1452, 8952};
	static const uint32_t domains[] = {0, 42}, enterprises[] = {0, EXAMPLE_ENTERPRISE};

	for (int i = 0; i < SESSIONS; i++) {
		const struct dialect_config shape = {
			.observation_domain_id = domains[i & 1],
			.enterprise = enterprises[i >> 1 & 1],
			.biflow = i >> 2 & 1,
			.sampling_interval = 100,
			.instance = INSTANCE,
			.start_ms = EPOCH_MS,
		};

		send_session(&shape, limits[i / 8], rule);
	}
}

static int has_element(const struct reader_template *template, uint16_t element, uint16_t bytes)
{
	int index = reader_index(template, element);

	return index >= 0 && template->fields[index].bytes == bytes;
}

static void expect_none(const struct reader_template *template, const uint16_t *elements,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(reader_index(template, elements[i]), -1);
}

/* --- 1: of the elements for time, only 150 to 159 are known in flows --- */

static void expect_times(const struct reader_template *template)
{
	static const uint16_t unknown[] = {21, 22, 160, 161, 162};

	if (template->scopes)
		return;
	expect_none(template, unknown, 5);
	assert_true(has_element(template, 152, 8));
	assert_true(has_element(template, 153, 8));
	for (uint16_t element = 150; element < 160; element++)
		if (element != 152 && element != 153)
			assert_int_equal(reader_index(template, element), -1);
}

static void goflow2_rule_1_times_are_milliseconds_since_1970(void **state)
{
	const struct rule rule = {.template = expect_times};

	(void)state;
	send_every_session(&rule);
}

/* --- 2: counters are 1 and 2; totals are ignored; 23 and 24 would override them --- */

static void expect_counters(const struct reader_template *template)
{
	static const uint16_t others[] = {23, 24, 85, 86, 312};

	if (template->scopes)
		return;
	expect_none(template, others, 5);
	assert_true(has_element(template, 1, 8));
	assert_true(has_element(template, 2, 8));
}

static void goflow2_rule_2_counters_are_deltas(void **state)
{
	const struct rule rule = {.template = expect_counters};

	(void)state;
	send_every_session(&rule);
}

/* --- 3: elements of enterprises are skipped, so a biflow would lose its reverse direction --- */

static size_t directions[2];

static void count_direction(const struct reader_template *template, const uint8_t *record,
			    void *arg)
{
	uint64_t direction;

	(void)arg;
	if (template->scopes)
		return;
	direction = reader_uint(template, record, 61);
	assert_in_range(direction, 0, 1);
	directions[direction]++;
}

static void expect_uniflows(const struct reader_template *template)
{
	assert_int_equal(reader_index(template, 239), -1);
	for (size_t i = 0; i < template->count; i++)
		assert_true(template->fields[i].enterprise != REVERSE_ENTERPRISE);
}

static void goflow2_rule_3_directions_are_records_of_their_own_by_default(void **state)
{
	const struct rule rule = {.template = expect_uniflows};
	struct dialect_config shape = {.observation_domain_id = 42, .sampling_interval = 1};
	struct flow_record records[FLOWS];
	struct message message;

	(void)state;
	for (int own = 0; own < 2; own++) {
		shape.enterprise = own ? EXAMPLE_ENTERPRISE : 0;
		send_session(&shape, 1452, &rule);
		directions[0] = directions[1] = 0;
		reader.record = count_direction;
		make_conversations(records);
		message = encode_records(&dialect_ipfix, records, FLOWS, EPOCH_MS);
		send_message(&message, &rule);
		assert_int_equal(directions[0], FLOWS / 2);
		assert_int_equal(directions[1], FLOWS / 2);
	}
}

/* --- 5: the rate is read from options, from 305, 50 or 34, and from four octets --- */

static size_t rates, flows;

/* As goflow2 does it: what is known of the domain goes for the flows that follow. */
static void follow_rate(const struct reader_template *template, const uint8_t *record, void *arg)
{
	(void)arg;
	assert_in_range(template->domain, 0, 42);
	if (!template->scopes) {
		assert_int_equal(rate_of_domain[template->domain], 100);
		flows++;
	} else if (reader_index(template, 34) >= 0) {
		rate_of_domain[template->domain] = (uint32_t)reader_uint(template, record, 34);
		rates++;
	}
}

static void expect_rate_in_options(const struct reader_template *template)
{
	static const uint16_t misread[] = {35, 48, 49, 50, 305, 306};
	int index = reader_index(template, 34);

	expect_none(template, misread, 6);
	if (index < 0)
		return;
	assert_true(template->scopes > 0);
	assert_true(index >= template->scopes);
	assert_int_equal(template->fields[index].bytes, 4);
	assert_int_equal(template->domain, config->observation_domain_id);
}

static void goflow2_rule_5_sampling_is_one_element_of_four_octets(void **state)
{
	const struct rule rule = {.template = expect_rate_in_options, .record = follow_rate};

	(void)state;
	rates = flows = 0;
	send_every_session(&rule);
	assert_int_equal(rates, SESSIONS * (INTRODUCTIONS + 1));
	assert_true(flows >= SESSIONS * (INTRODUCTIONS - 1) * (FLOWS / 2));
}

/* --- 6: templates are known by observation domain, and forgotten at a restart --- */

static void goflow2_rule_6_templates_are_repeated_in_every_domain(void **state)
{
	const struct rule none = {0};
	const struct export_report report = make_report();
	struct dialect_config shape = {.observation_domain_id = 42, .sampling_interval = 1};

	(void)state;
	send_session(&shape, 1452, &none);
	assert_int_equal(reader.template_count, 4 + 6 + 3);
	/* a collector that knows nothing any more is told all that it needs */
	memset(&reader, 0, sizeof(reader));
	reader.version = 10;
	send_options(&report, OPTIONS_TEMPLATES, &none);
	assert_int_equal(reader.template_count, 4 + 6 + 3);
	send_options(&report, OPTIONS_DATA | OPTIONS_INTERFACES, &none);
	send_flows(&none);
}

/* --- 7: one set with an unknown template loses the whole datagram --- */

static void goflow2_rule_7_templates_come_before_data(void **state)
{
	const struct rule none = {0}; /* the reader fails at data of unknown templates */

	(void)state;
	send_every_session(&none);
	assert_true(introduced >= INTRODUCTIONS);
	assert_true(messages > introduced);
}

static void goflow2_rule_7_first_datagram_begins_with_templates(void **state)
{
	const struct export_report report = make_report();
	const struct dialect_config shape = {.observation_domain_id = 42};
	struct options_cursor cursor = {0};

	(void)state;
	start_session(&dialect_ipfix, &shape);
	encode_next_options(&dialect_ipfix, &report, EVERYTHING, &cursor, MESSAGE_BYTES_MIN,
			    EPOCH_MS);
	assert_int_equal(message_uint(16, 2), 2);
}

/* --- 8: a template without fields, or without any of fixed length, is read forever --- */

static void expect_fixed_fields(const struct reader_template *template)
{
	size_t fixed = 0;

	for (size_t i = 0; i < template->count; i++)
		fixed += template->fields[i].bytes != VARIABLE;
	assert_true(fixed > 0);
}

static void goflow2_rule_8_templates_have_fields_of_fixed_length(void **state)
{
	const struct rule rule = {.template = expect_fixed_fields};

	(void)state; /* the reader fails at withdrawals */
	send_every_session(&rule);
}

/* --- 9 and 10: set ids, integers of at most eight octets, no padding as long as a record --- */

enum length { EXACT, UP_TO, TEXT };

/* Every element of IANA's that we use, and the lengths RFC 7011 section 6.2 allows for its type. */
static const struct {
	uint16_t element;
	uint16_t bytes;
	enum length length;
} elements[] = {
	{1, 8, UP_TO},	 {2, 8, UP_TO},	  {4, 1, EXACT},    {5, 1, EXACT},   {6, 2, UP_TO},
	{7, 2, UP_TO},	 {8, 4, EXACT},	  {10, 4, UP_TO},   {11, 2, UP_TO},  {12, 4, EXACT},
	{14, 4, UP_TO},	 {27, 16, EXACT}, {28, 16, EXACT},  {31, 4, UP_TO},  {32, 2, UP_TO},
	{34, 4, EXACT},	 {36, 2, UP_TO},  {37, 2, UP_TO},   {40, 8, UP_TO},  {41, 8, UP_TO},
	{42, 8, UP_TO},	 {52, 1, EXACT},  {53, 1, EXACT},   {56, 6, EXACT},  {58, 2, UP_TO},
	{59, 2, UP_TO},	 {60, 1, EXACT},  {61, 1, EXACT},   {80, 6, EXACT},  {82, 0, TEXT},
	{83, 0, TEXT},	 {130, 4, EXACT}, {131, 16, EXACT}, {136, 1, EXACT}, {139, 2, UP_TO},
	{143, 4, UP_TO}, {144, 4, UP_TO}, {149, 4, UP_TO},  {152, 8, EXACT}, {153, 8, EXACT},
	{160, 8, EXACT}, {163, 8, UP_TO}, {164, 8, UP_TO},  {165, 8, UP_TO}, {166, 8, UP_TO},
	{167, 8, UP_TO}, {168, 8, UP_TO}, {239, 1, EXACT},  {256, 2, UP_TO}, {300, 0, TEXT},
	{302, 8, UP_TO}, {303, 2, UP_TO}, {304, 2, UP_TO},  {311, 8, EXACT}, {323, 8, EXACT},
	{339, 1, EXACT}, {340, 0, TEXT},  {341, 0, TEXT},   {342, 8, UP_TO}, {343, 8, UP_TO},
	{344, 1, EXACT}, {345, 2, UP_TO}, {346, 4, UP_TO},
};

static void expect_length(const struct reader_field *field)
{
	size_t i = 0;

	while (i < sizeof(elements) / sizeof(*elements) && elements[i].element != field->element)
		i++;
	assert_true(i < sizeof(elements) / sizeof(*elements));
	if (elements[i].length == TEXT)
		assert_int_equal(field->bytes, VARIABLE);
	else if (elements[i].length == EXACT)
		assert_int_equal(field->bytes, elements[i].bytes);
	else
		assert_in_range(field->bytes, 1, elements[i].bytes);
}

static void expect_lengths(const struct reader_template *template)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct reader_field *field = &template->fields[i];

		if (!field->enterprise || field->enterprise == REVERSE_ENTERPRISE)
			expect_length(field);
		else
			assert_int_equal(field->enterprise, config->enterprise);
	}
}

static void expect_set_ids(const struct message *message)
{
	(void)message;
	assert_true(reader.set_count > 0);
	for (size_t i = 0; i < reader.set_count; i++)
		assert_true(reader.set_ids[i] == 2 || reader.set_ids[i] == 3 ||
			    reader.set_ids[i] >= 256);
	assert_int_equal(reader.padding, 0);
}

static void goflow2_rule_9_and_10_sets_and_lengths_are_legal(void **state)
{
	const struct rule rule = {.message = expect_set_ids, .template = expect_lengths};

	(void)state;
	send_every_session(&rule);
}

/* --- 11: datagrams fit into what is read at once, and into the path --- */

static void expect_datagram(const struct message *message)
{
	assert_true(message->writer.used <= limit);
	assert_true(message->writer.used <= UDP_BUFFER_BYTES);
}

static void goflow2_rule_11_datagrams_are_short(void **state)
{
	const struct rule rule = {.message = expect_datagram};

	(void)state;
	send_every_session(&rule);
	assert_int_equal(dialect_ipfix.message_bytes, 1500 - 40 - 8); /* IPv6 and UDP */
	assert_true(dialect_netflow9.message_bytes <= 1500 - 40 - 8);
	assert_true(dialect_netflow5.message_bytes <= 1500 - 20 - 8); /* IPv4 and UDP */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goflow2_rule_1_times_are_milliseconds_since_1970),
		cmocka_unit_test(goflow2_rule_2_counters_are_deltas),
		cmocka_unit_test(goflow2_rule_3_directions_are_records_of_their_own_by_default),
		cmocka_unit_test(goflow2_rule_5_sampling_is_one_element_of_four_octets),
		cmocka_unit_test(goflow2_rule_6_templates_are_repeated_in_every_domain),
		cmocka_unit_test(goflow2_rule_7_templates_come_before_data),
		cmocka_unit_test(goflow2_rule_7_first_datagram_begins_with_templates),
		cmocka_unit_test(goflow2_rule_8_templates_have_fields_of_fixed_length),
		cmocka_unit_test(goflow2_rule_9_and_10_sets_and_lengths_are_legal),
		cmocka_unit_test(goflow2_rule_11_datagrams_are_short),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
