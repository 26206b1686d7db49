// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPFIX decoder of the tests: what is in a Template.
 *
 * Everything that can be said of records before there is one is said here, once: whether elements
 * are known and may have their lengths, which of them belong together, what a record is to be
 * checked for and which sums it goes into. So decoding a record needs no table.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipfix_check_state.h"
#include "ipfix_elements.h"

/* --- fields --- */

static uint8_t find_rule(uint16_t id, uint8_t type)
{
	switch (id) {
	case IPFIX_TCP_CONTROL_BITS:
		return VALUE_TCP_CONTROL_BITS;
	case IPFIX_IP_VERSION:
		return VALUE_IP_VERSION;
	case IPFIX_FLOW_DIRECTION:
		return VALUE_FLOW_DIRECTION;
	case IPFIX_FLOW_END_REASON:
		return VALUE_FLOW_END_REASON;
	case IPFIX_BIFLOW_DIRECTION:
		return VALUE_BIFLOW_DIRECTION;
	case IPFIX_SELECTOR_ALGORITHM:
		return VALUE_SELECTOR_ALGORITHM;
	case IPFIX_PADDING_OCTETS:
		return VALUE_PADDING;
	default:
		break;
	}
	if (id >= IPFIX_FLOW_START_SECONDS && id <= IPFIX_FLOW_END_NANOSECONDS)
		return VALUE_FLOW_TIME;
	if (ipfix_type_is_time(type))
		return VALUE_TIME;
	return type == IPFIX_STRING    ? VALUE_STRING
	       : type == IPFIX_BOOLEAN ? VALUE_BOOLEAN
				       : VALUE_ANY;
}

void ipfix_shape_set_type(struct ipfix_field *field, struct ipfix_value *value, uint8_t type,
			  const char *name)
{
	int is_iana = field->enterprise == 0 || field->enterprise == IPFIX_REVERSE_ENTERPRISE;

	value->type = type;
	value->name = name;
	field->rule = find_rule(is_iana ? field->id : 0, type);
}

/* The last value of these in options records is kept, and the sum of those in flow records. */
static void find_counter(struct ipfix_check *check, const struct ipfix_template *template,
			 struct ipfix_field *field)
{
	struct ipfix_check_totals *totals = &check->totals;
	const struct {
		uint64_t *counter;
		uint32_t enterprise;
		uint16_t id;
		uint8_t is_sum;
	} counters[] = {
		{&totals->octets, 0, IPFIX_OCTET_DELTA_COUNT, 1},
		{&totals->packets, 0, IPFIX_PACKET_DELTA_COUNT, 1},
		{&totals->reverse_octets, IPFIX_REVERSE_ENTERPRISE, IPFIX_OCTET_DELTA_COUNT, 1},
		{&totals->reverse_packets, IPFIX_REVERSE_ENTERPRISE, IPFIX_PACKET_DELTA_COUNT, 1},
		{&totals->ignored_packets, 0, IPFIX_IGNORED_PACKET_TOTAL_COUNT, 0},
		{&totals->ignored_octets, 0, IPFIX_IGNORED_OCTET_TOTAL_COUNT, 0},
		{&totals->not_sent_flows, 0, IPFIX_NOT_SENT_FLOW_TOTAL_COUNT, 0},
		{&totals->not_sent_packets, 0, IPFIX_NOT_SENT_PACKET_TOTAL_COUNT, 0},
		{&totals->not_sent_octets, 0, IPFIX_NOT_SENT_OCTET_TOTAL_COUNT, 0},
		{&totals->reported.messages, 0, IPFIX_EXPORTED_MESSAGE_TOTAL_COUNT, 0},
		{&totals->reported.flow_records, 0, IPFIX_EXPORTED_FLOW_RECORD_TOTAL_COUNT, 0},
		{&totals->reported.octets, 0, IPFIX_EXPORTED_OCTET_TOTAL_COUNT, 0},
	};
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (counters[i].id != field->id || counters[i].enterprise != field->enterprise ||
		    counters[i].is_sum == template->is_options)
			continue;
		field->counter = counters[i].counter;
		field->is_sum = counters[i].is_sum;
	}
}

static void check_length(struct ipfix_check *check, const struct ipfix_template *template,
			 const struct ipfix_field *field, const struct ipfix_value *value,
			 size_t offset)
{
	char name[IPFIX_NAME_BYTES];

	if (!ipfix_type_takes_length(value->type, field->length))
		ipfix_check_report(check, offset,
				   field->length == IPFIX_VARIABLE ? "RFC 7011 7" : "RFC 7011 6.2",
				   "Template %u: %s is %s, which cannot have length %u",
				   template->id, ipfix_value_name(value, name),
				   ipfix_type_name(value->type), field->length);
}

static void check_field(struct ipfix_check *check, const struct ipfix_template *template,
			struct ipfix_field *field, struct ipfix_value *value, size_t offset)
{
	const struct ipfix_element *element = ipfix_element_find(field->id);
	int is_reverse = field->enterprise == IPFIX_REVERSE_ENTERPRISE;

	value->id = field->id;
	value->enterprise = field->enterprise;
	value->type = IPFIX_UNKNOWN_TYPE;
	if (field->has_enterprise && !field->enterprise)
		ipfix_check_report(check, offset, "RFC 7011 3.2",
				   "Template %u: element %u has enterprise number 0", template->id,
				   field->id);
	if (field->enterprise == 0 || is_reverse) {
		if (!element)
			ipfix_check_report(check, offset, "RFC 7011 3.2",
					   "Template %u: %selement %u is not one of IANA's",
					   template->id, is_reverse ? "reverse " : "", field->id);
		else if (is_reverse && !ipfix_element_is_reversible(field->id))
			ipfix_check_report(check, offset, "RFC 5103 6.1",
					   "Template %u: %s is not reversible", template->id,
					   element->name);
		if (element)
			ipfix_shape_set_type(field, value, element->type, element->name);
		check_length(check, template, field, value, offset);
	} else if (field->enterprise == check->config.enterprise) {
		ipfix_described_use(check, field, value, offset);
	} else {
		ipfix_check_report(check, offset, OWN_RULE,
				   "Template %u: element %u of enterprise %u is not expected",
				   template->id, field->id, field->enterprise);
	}
	find_counter(check, template, field);
}

/* --- fields that belong together --- */

/* Of the fields from first up to end. */
static unsigned int count_field(const struct ipfix_template *template, unsigned int first,
				unsigned int end, uint32_t enterprise, uint16_t id)
{
	unsigned int count = 0, i;

	for (i = first; i < end; i++)
		count += template->fields[i].id == id &&
			 template->fields[i].enterprise == enterprise;
	return count;
}

static int has(const struct ipfix_template *template, uint16_t id)
{
	return count_field(template, 0, template->count, 0, id) > 0;
}

static int has_scope(const struct ipfix_template *template, uint16_t id)
{
	return count_field(template, 0, template->scope_count, 0, id) > 0;
}

static int has_option(const struct ipfix_template *template, uint16_t id)
{
	return count_field(template, template->scope_count, template->count, 0, id) > 0;
}

static unsigned int find_field(const struct ipfix_template *template, uint32_t enterprise,
			       uint16_t id)
{
	unsigned int i;

	for (i = 0; i < template->count; i++)
		if (template->fields[i].id == id && template->fields[i].enterprise == enterprise)
			break;
	return i;
}

static void find_time_pairs(struct ipfix_template *template)
{
	static const uint16_t ids[][2] = {
		{150, 151},
		{152, 153},
		{154, 155},
		{156, 157},
		{IPFIX_FLOW_END_DELTA_MICROSECONDS, IPFIX_FLOW_START_DELTA_MICROSECONDS},
		{IPFIX_FLOW_START_SYS_UP_TIME, IPFIX_FLOW_END_SYS_UP_TIME},
	};
	static const uint32_t enterprises[] = {0, IPFIX_REVERSE_ENTERPRISE};
	struct ipfix_time_pair pair;
	size_t i, j;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		for (j = 0; j < 2; j++) {
			pair.start = (uint16_t)find_field(template, enterprises[j], ids[i][0]);
			pair.end = (uint16_t)find_field(template, enterprises[j], ids[i][1]);
			if (pair.start < template->count && pair.end < template->count)
				template->pairs[template->pair_count++] = pair;
		}
	}
}

/* What is needed to say that a Template as a whole is wrong. */
struct complaint {
	struct ipfix_check *check;
	const struct ipfix_template *template;
	size_t offset;
};

__attribute__((format(printf, 3, 4))) static void
complain(const struct complaint *complaint, const char *rule, const char *format, ...)
{
	va_list arguments;
	char what[256];

	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	ipfix_check_report(complaint->check, complaint->offset, rule, "%s %u: %s",
			   complaint->template->is_options ? "Options Template" : "Template",
			   complaint->template->id, what);
}

static void check_lengths(const struct complaint *complaint)
{
	const struct ipfix_template *template = complaint->template;
	unsigned int variable = 0, i;

	for (i = 0; i < template->count; i++)
		variable += template->fields[i].length == IPFIX_VARIABLE;
	if (!template->least_octets)
		complain(complaint, OWN_RULE, "records without an octet");
	if (variable == template->count)
		complain(complaint, "goflow2", "all fields have variable length");
}

static void check_biflow(const struct complaint *complaint)
{
	const struct ipfix_template *template = complaint->template;
	unsigned int i;

	for (i = 0; i < template->count; i++)
		if (template->fields[i].enterprise == IPFIX_REVERSE_ENTERPRISE)
			break;
	if (i < template->count && !has(template, IPFIX_BIFLOW_DIRECTION))
		complain(complaint, "RFC 5103 6.3", "reverse elements without biflowDirection");
}

static void check_sampling(const struct complaint *complaint)
{
	const struct ipfix_template *template = complaint->template;
	unsigned int at = find_field(template, 0, IPFIX_SAMPLING_INTERVAL);

	if (at < template->count && template->fields[at].length != 4)
		complain(complaint, "goflow2", "samplingInterval has %u octets, not 4",
			 template->fields[at].length);
	if (at < template->count && (has(template, IPFIX_SAMPLING_PACKET_INTERVAL) ||
				     has(template, IPFIX_SAMPLING_PACKET_SPACE)))
		complain(complaint, "goflow2",
			 "samplingInterval together with samplingPacketInterval or "
			 "samplingPacketSpace");
}

/* Two times of the same kind, of the first and of the last that was lost. */
static int has_lost_interval(const struct ipfix_template *template)
{
	unsigned int times = 0, of_one_kind = 0, count, id;

	for (id = IPFIX_OBSERVATION_TIME_SECONDS; id <= IPFIX_OBSERVATION_TIME_NANOSECONDS; id++) {
		count = count_field(template, template->scope_count, template->count, 0,
				    (uint16_t)id);
		times += count;
		of_one_kind += count == 2;
	}
	return times == 2 && of_one_kind == 1;
}

/* RFC 7011 4.1 to 4.4 */
static void check_process_options(const struct complaint *complaint)
{
	const struct ipfix_template *template = complaint->template;
	int metering = has_option(template, IPFIX_EXPORTED_OCTET_TOTAL_COUNT) ||
		       has_option(template, IPFIX_EXPORTED_MESSAGE_TOTAL_COUNT) ||
		       has_option(template, IPFIX_EXPORTED_FLOW_RECORD_TOTAL_COUNT);
	int ignored = has_option(template, IPFIX_IGNORED_PACKET_TOTAL_COUNT) ||
		      has_option(template, IPFIX_IGNORED_OCTET_TOTAL_COUNT);
	int not_sent = has_option(template, IPFIX_NOT_SENT_FLOW_TOTAL_COUNT) ||
		       has_option(template, IPFIX_NOT_SENT_PACKET_TOTAL_COUNT) ||
		       has_option(template, IPFIX_NOT_SENT_OCTET_TOTAL_COUNT);

	if ((metering || ignored) && !template->domain &&
	    !has_scope(template, IPFIX_OBSERVATION_DOMAIN_ID))
		complain(complaint, metering ? "RFC 7011 4.1" : "RFC 7011 4.2",
			 "no observationDomainId in the scope, and none in the message");
	if ((metering || ignored) && has_option(template, IPFIX_METERING_PROCESS_ID))
		complain(complaint, metering ? "RFC 7011 4.1" : "RFC 7011 4.2",
			 "meteringProcessId is not in the scope");
	if (not_sent && !has_scope(template, IPFIX_EXPORTER_IPV4_ADDRESS) &&
	    !has_scope(template, IPFIX_EXPORTER_IPV6_ADDRESS) &&
	    !has_scope(template, IPFIX_EXPORTING_PROCESS_ID))
		complain(complaint, "RFC 7011 4.3", "no Exporting Process in the scope");
	if ((ignored || not_sent) && !has_lost_interval(template))
		complain(complaint, ignored ? "RFC 7011 4.2" : "RFC 7011 4.3",
			 "not two observationTimes of one kind");
	if (has_option(template, IPFIX_FLOW_KEY_INDICATOR) &&
	    !has_scope(template, IPFIX_TEMPLATE_ID))
		complain(complaint, "RFC 7011 4.4", "no templateId in the scope");
}

static void check_options(const struct complaint *complaint)
{
	const struct ipfix_template *template = complaint->template;

	if (!template->scope_count)
		complain(complaint, "RFC 7011 3.4.2.2", "no scope");
	if (template->scope_count > template->count)
		complain(complaint, "RFC 7011 3.4.2.2", "%u scope fields of %u",
			 template->scope_count, template->count);
	else if (template->scope_count == template->count)
		complain(complaint, "RFC 7011 3.4.2.2", "nothing but scope");
	if (template->scope_count > template->count)
		return;
	check_process_options(complaint);
	if (has_option(template, IPFIX_SELECTOR_ALGORITHM) &&
	    !has_scope(template, IPFIX_SELECTOR_ID))
		complain(complaint, "RFC 5476 6.5.2",
			 "selectorAlgorithm without selectorId as scope");
	if (has(template, IPFIX_INFORMATION_ELEMENT_DATA_TYPE) &&
	    (!has_scope(template, IPFIX_PRIVATE_ENTERPRISE_NUMBER) ||
	     !has_scope(template, IPFIX_INFORMATION_ELEMENT_ID)))
		complain(complaint, "RFC 5610 3.9",
			 "informationElementDataType without privateEnterpriseNumber and "
			 "informationElementId as scope");
}

void ipfix_shape_check(struct ipfix_check *check, struct ipfix_template *template, size_t offset)
{
	const struct complaint complaint = {check, template, offset};
	unsigned int i;

	for (i = 0; i < template->count; i++) {
		check_field(check, template, &template->fields[i], &template->values[i], offset);
		template->least_octets += template->fields[i].length == IPFIX_VARIABLE
						  ? 1
						  : template->fields[i].length;
	}
	check_lengths(&complaint);
	check_biflow(&complaint);
	check_sampling(&complaint);
	find_time_pairs(template);
	template->has_ipv4 = has(template, IPFIX_SOURCE_IPV4_ADDRESS) ||
			     has(template, IPFIX_DESTINATION_IPV4_ADDRESS);
	template->has_ipv6 = has(template, IPFIX_SOURCE_IPV6_ADDRESS) ||
			     has(template, IPFIX_DESTINATION_IPV6_ADDRESS);
	if (!template->is_options)
		return;
	check_options(&complaint);
	template->announces_sampling = (uint8_t)has_option(template, IPFIX_SAMPLING_INTERVAL);
	template->describes_elements =
		(uint8_t)has_option(template, IPFIX_INFORMATION_ELEMENT_DATA_TYPE);
	template->counts_exports = has_option(template, IPFIX_EXPORTED_MESSAGE_TOTAL_COUNT) ||
				   has_option(template, IPFIX_EXPORTED_FLOW_RECORD_TOTAL_COUNT) ||
				   has_option(template, IPFIX_EXPORTED_OCTET_TOTAL_COUNT);
}
