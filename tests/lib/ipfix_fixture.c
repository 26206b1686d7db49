// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A session for the tests of the IPFIX decoder, see ipfix_fixture.h. */
#include "ipfix_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct ipfix_specifier sampling_specifiers[] = {
	{.id = 149, .length = 4}, /* observationDomainId, scope */
	{.id = 34, .length = 4}, /* samplingInterval */
};

static const struct ipfix_specifier flow_specifiers[] = {
	{.id = 8, .length = 4}, /* sourceIPv4Address */
	{.id = 12, .length = 4}, /* destinationIPv4Address */
	{.id = 7, .length = 2}, /* sourceTransportPort */
	{.id = 11, .length = 2}, /* destinationTransportPort */
	{.id = 152, .length = 8}, /* flowStartMilliseconds */
	{.id = 153, .length = 8}, /* flowEndMilliseconds */
	{.id = 1, .length = 8}, /* octetDeltaCount */
	{.id = 2, .length = 4}, /* packetDeltaCount, reduced */
	{.id = 6, .length = 2}, /* tcpControlBits */
	{.id = 4, .length = 1}, /* protocolIdentifier */
	{.id = 60, .length = 1}, /* ipVersion */
	{.id = 61, .length = 1}, /* flowDirection */
	{.id = 136, .length = 1}, /* flowEndReason */
};

static void note_line(void *arg, const char *line)
{
	struct ipfix_fixture *fixture = arg;

	if (fixture->line_count == IPFIX_FIXTURE_LINES)
		fail_msg("too many violations: %s", line);
	snprintf(fixture->lines[fixture->line_count++], IPFIX_FIXTURE_LINE_BYTES, "%s", line);
}

static void note_record(void *arg, const struct ipfix_record *record)
{
	struct ipfix_fixture *fixture = arg;
	size_t i;

	fixture->record_count++;
	fixture->last = *record;
	fixture->last.values = NULL;
	for (i = 0; i < record->count && i < COUNT(fixture->last_numbers); i++)
		fixture->last_numbers[i] = ipfix_value_unsigned(&record->values[i]);
}

void ipfix_fixture_open_silent(struct ipfix_fixture *fixture,
			       const struct ipfix_check_config *config)
{
	struct ipfix_check_config all = {0};

	if (config)
		all = *config;
	all.enterprise = IPFIX_FIXTURE_ENTERPRISE;
	all.arg = fixture;
	all.violation = note_line;
	all.record = note_record;
	memset(fixture, 0, sizeof(*fixture));
	fixture->export_time = IPFIX_FIXTURE_TIME;
	fixture->arrival_ns = IPFIX_FIXTURE_TIME * IPFIX_FIXTURE_SECOND_NS;
	fixture->domain = IPFIX_FIXTURE_DOMAIN;
	fixture->check = ipfix_check_new(&all);
	assert_non_null(fixture->check);
}

void ipfix_fixture_open(struct ipfix_fixture *fixture, const struct ipfix_check_config *config)
{
	ipfix_fixture_open_silent(fixture, config);
	ipfix_fixture_begin(fixture, 3);
	ipfix_fixture_put_sampling_template(fixture);
	ipfix_builder_set(&fixture->builder, IPFIX_FIXTURE_SAMPLING);
	ipfix_fixture_put_sampling(fixture, 1);
	ipfix_fixture_send(fixture, 1);
	ipfix_fixture_expect(fixture, NULL);
}

void ipfix_fixture_close(struct ipfix_fixture *fixture)
{
	assert_int_equal(ipfix_check_finish(fixture->check), 0);
	ipfix_fixture_expect(fixture, NULL);
	ipfix_check_free(fixture->check);
}

void ipfix_fixture_begin(struct ipfix_fixture *fixture, uint16_t set_id)
{
	ipfix_builder_begin(&fixture->builder, fixture->export_time, fixture->sequence,
			    fixture->domain);
	ipfix_builder_set(&fixture->builder, set_id);
}

void ipfix_fixture_send_raw(struct ipfix_fixture *fixture, uint32_t records)
{
	size_t size = fixture->builder.size;
	unsigned int lines = fixture->line_count;
	uint8_t *copy = malloc(size);
	uint64_t violations;

	assert_true(copy || !size);
	if (size)
		memcpy(copy, fixture->builder.bytes, size);
	violations = ipfix_check_message(fixture->check, copy, size, fixture->arrival_ns);
	assert_int_equal(violations, fixture->line_count - lines);
	free(copy);
	fixture->sequence += records;
}

void ipfix_fixture_send(struct ipfix_fixture *fixture, uint32_t records)
{
	ipfix_builder_end(&fixture->builder);
	ipfix_fixture_send_raw(fixture, records);
}

void ipfix_fixture_expect(struct ipfix_fixture *fixture, ...)
{
	const char *expected;
	unsigned int i = 0;
	va_list lines;

	va_start(lines, fixture);
	while ((expected = va_arg(lines, const char *))) {
		if (i == fixture->line_count)
			fail_msg("not said: %s", expected);
		assert_string_equal(fixture->lines[i++], expected);
	}
	va_end(lines);
	if (i < fixture->line_count)
		fail_msg("not expected: %s", fixture->lines[i]);
	fixture->line_count = 0;
}

void ipfix_fixture_put_sampling_template(struct ipfix_fixture *fixture)
{
	ipfix_builder_options_template(&fixture->builder, IPFIX_FIXTURE_SAMPLING, 1,
				       sampling_specifiers, COUNT(sampling_specifiers));
}

void ipfix_fixture_put_sampling(struct ipfix_fixture *fixture, uint32_t interval)
{
	ipfix_builder_number(&fixture->builder, fixture->domain, 4);
	ipfix_builder_number(&fixture->builder, interval, 4);
}

void ipfix_fixture_put_flow_template(struct ipfix_fixture *fixture)
{
	ipfix_builder_template(&fixture->builder, IPFIX_FIXTURE_FLOW, flow_specifiers,
			       COUNT(flow_specifiers));
}

void ipfix_fixture_put_flow(struct ipfix_fixture *fixture)
{
	const uint64_t end_ms = fixture->export_time * 1000ull;
	const uint64_t values[COUNT(flow_specifiers)] = {
		0xc0000201, 0xc6336402, 1234, 443, end_ms - 5000, end_ms, 60, 1, 0x012, 6, 4, 1, 1,
	};
	size_t i;

	for (i = 0; i < COUNT(flow_specifiers); i++)
		ipfix_builder_number(&fixture->builder, values[i], flow_specifiers[i].length);
}
