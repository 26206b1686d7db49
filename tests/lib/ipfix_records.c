// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The IPFIX decoder of the tests: Data Sets, their records, and what values may be.
 *
 * A record is decoded into the values of its Template, in place; then every value is checked by the
 * rule of its field, then those that depend on each other, and the sums are updated.
 */
#include <inttypes.h>

#include "ipfix_check_state.h"
#include "ipfix_elements.h"

#define SET_HEADER_BYTES 4
#define LONG_LENGTH 255 /* first octet of a length of three (RFC 7011 7) */
#define NS_PER_S 1000000000ull
#define FUTURE_S 1 /* by which clocks and rounding may differ */
#define PAST_S 946684800ull /* 2000: before it no flow was measured */
#define BELOW_MICROSECONDS 0x7ff /* bits of an NTP fraction (RFC 7011 6.1.9) */

/* --- single values --- */

static void report_value(struct ipfix_check *check, const struct ipfix_template *template,
			 const struct ipfix_value *value, const char *rule, uint64_t is)
{
	char name[IPFIX_NAME_BYTES];

	ipfix_check_report(check, (size_t)(value->bytes - check->bytes), rule,
			   "Template %u: %s is %" PRIu64, template->id,
			   ipfix_value_name(value, name), is);
}

/*
 * Export Time is in whole seconds, so the message was sent at most a second after it. Like Export
 * Time all formats but milliseconds have 32 bits of seconds, which wrap (RFC 7011 5.2).
 */
static int is_future(const struct ipfix_check *check, const struct ipfix_value *value,
		     uint64_t time_ns)
{
	uint64_t seconds = time_ns / NS_PER_S;
	int64_t ahead_s;

	if (value->type == IPFIX_DATE_TIME_MILLISECONDS)
		ahead_s = (int64_t)seconds - check->export_time;
	else
		ahead_s = ipfix_distance((uint32_t)seconds, check->export_time);
	return ahead_s > FUTURE_S || (ahead_s == FUTURE_S && time_ns % NS_PER_S);
}

static void check_time(struct ipfix_check *check, const struct ipfix_template *template,
		       const struct ipfix_value *value, int is_of_flow)
{
	uint64_t time_ns = ipfix_read_time_ns(value->type, value->bytes, value->size);
	char name[IPFIX_NAME_BYTES];
	const char *what = NULL;

	if (!ipfix_type_takes_length(value->type, (uint16_t)value->size))
		return; /* reported with the Template, if it is IANA's */
	if (value->type == IPFIX_DATE_TIME_MICROSECONDS &&
	    ipfix_value_unsigned(value) & BELOW_MICROSECONDS)
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes), "RFC 7011 6.1.9",
				   "Template %u: %s is more precise than a microsecond",
				   template->id, ipfix_value_name(value, name));
	if (is_future(check, value, time_ns))
		what = "more than 1 s after Export Time";
	else if (is_of_flow && !value->enterprise && time_ns < PAST_S * NS_PER_S)
		what = "before the year 2000";
	if (what)
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes), OWN_RULE,
				   "Template %u: %s is %s", template->id,
				   ipfix_value_name(value, name), what);
}

static void check_padding(struct ipfix_check *check, const struct ipfix_template *template,
			  const struct ipfix_value *value)
{
	size_t i;

	for (i = 0; i < value->size; i++) {
		if (!value->bytes[i])
			continue;
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes) + i, "IANA 210",
				   "Template %u: paddingOctets are not zero", template->id);
		break;
	}
}

static void check_ip_version(struct ipfix_check *check, const struct ipfix_template *template,
			     const struct ipfix_value *value)
{
	uint64_t version = ipfix_value_unsigned(value);

	if (version != 4 && version != 6)
		report_value(check, template, value, "IANA 60", version);
	else if ((version == 4 && template->has_ipv6 && !template->has_ipv4) ||
		 (version == 6 && template->has_ipv4 && !template->has_ipv6))
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes), "IANA 60",
				   "Template %u: ipVersion is %u, the addresses are not",
				   template->id, (unsigned int)version);
}

/* RFC 5476 6.5.2.1 to 6.5.2.4: the parameters that an algorithm cannot be without. */
static void check_selector(struct ipfix_check *check, const struct ipfix_template *template,
			   const struct ipfix_value *value)
{
	static const uint16_t parameters[][2] = {
		{0, 0},
		{IPFIX_SAMPLING_PACKET_INTERVAL, IPFIX_SAMPLING_PACKET_SPACE},
		{IPFIX_SAMPLING_TIME_INTERVAL, IPFIX_SAMPLING_TIME_SPACE},
		{IPFIX_SAMPLING_SIZE, IPFIX_SAMPLING_POPULATION},
		{IPFIX_SAMPLING_PROBABILITY, IPFIX_SAMPLING_PROBABILITY},
	};
	const struct ipfix_record record = {.values = template->values, .count = template->count};
	uint64_t algorithm = ipfix_value_unsigned(value);

	if (algorithm >= 1 && algorithm < sizeof(parameters) / sizeof(parameters[0]) &&
	    (!ipfix_record_find(&record, 0, parameters[algorithm][0]) ||
	     !ipfix_record_find(&record, 0, parameters[algorithm][1])))
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes), "RFC 5476 6.5.2",
				   "Template %u: selectorAlgorithm %u without its parameters",
				   template->id, (unsigned int)algorithm);
}

static void check_range(struct ipfix_check *check, const struct ipfix_template *template,
			const struct ipfix_value *value, uint64_t min, uint64_t max,
			const char *rule)
{
	uint64_t is = ipfix_value_unsigned(value);

	if (is < min || is > max)
		report_value(check, template, value, rule, is);
}

static void check_string(struct ipfix_check *check, const struct ipfix_template *template,
			 const struct ipfix_value *value)
{
	char name[IPFIX_NAME_BYTES];

	if (!ipfix_is_utf8(value->bytes, value->size))
		ipfix_check_report(check, (size_t)(value->bytes - check->bytes), "RFC 7011 6.1.6",
				   "Template %u: %s is not UTF-8", template->id,
				   ipfix_value_name(value, name));
}

static void check_value(struct ipfix_check *check, const struct ipfix_template *template,
			const struct ipfix_field *field, const struct ipfix_value *value)
{
	switch (field->rule) {
	case VALUE_STRING:
		check_string(check, template, value);
		break;
	case VALUE_BOOLEAN:
		check_range(check, template, value, 1, 2, "RFC 7011 6.1.5");
		break;
	case VALUE_TIME:
	case VALUE_FLOW_TIME:
		check_time(check, template, value, field->rule == VALUE_FLOW_TIME);
		break;
	case VALUE_TCP_CONTROL_BITS:
		check_range(check, template, value, 0, 0xfff, "RFC 9565 3");
		break;
	case VALUE_IP_VERSION:
		check_ip_version(check, template, value);
		break;
	case VALUE_FLOW_DIRECTION:
		check_range(check, template, value, 0, 1, "IANA 61");
		break;
	case VALUE_FLOW_END_REASON:
		check_range(check, template, value, 1, 5, "IANA 136");
		break;
	case VALUE_BIFLOW_DIRECTION:
		check_range(check, template, value, 0, 3, "RFC 5103 6.3");
		break;
	case VALUE_SELECTOR_ALGORITHM:
		check_selector(check, template, value);
		break;
	case VALUE_PADDING:
		check_padding(check, template, value);
		break;
	default:
		break;
	}
}

/* --- whole records --- */

static int is_reversed(const struct ipfix_value *start, const struct ipfix_value *end)
{
	if (!ipfix_type_takes_length(start->type, (uint16_t)start->size) ||
	    !ipfix_type_takes_length(end->type, (uint16_t)end->size))
		return 0;
	if (ipfix_type_is_time(start->type))
		return ipfix_read_time_ns(start->type, start->bytes, start->size) >
		       ipfix_read_time_ns(end->type, end->bytes, end->size);
	if (start->id == IPFIX_FLOW_START_SYS_UP_TIME) /* wraps after 49 days */
		return ipfix_distance((uint32_t)ipfix_value_unsigned(end),
				      (uint32_t)ipfix_value_unsigned(start)) < 0;
	return ipfix_value_unsigned(start) > ipfix_value_unsigned(end);
}

static void check_time_pairs(struct ipfix_check *check, const struct ipfix_template *template)
{
	const struct ipfix_value *start, *end;
	char start_name[IPFIX_NAME_BYTES], end_name[IPFIX_NAME_BYTES];
	unsigned int i;

	for (i = 0; i < template->pair_count; i++) {
		start = &template->values[template->pairs[i].start];
		end = &template->values[template->pairs[i].end];
		if (is_reversed(start, end))
			ipfix_check_report(check, (size_t)(start->bytes - check->bytes), OWN_RULE,
					   "Template %u: %s is greater than %s", template->id,
					   ipfix_value_name(start, start_name),
					   ipfix_value_name(end, end_name));
	}
}

static void count_values(const struct ipfix_template *template)
{
	const struct ipfix_field *field;
	uint64_t value;
	unsigned int i;

	for (i = 0; i < template->count; i++) {
		field = &template->fields[i];
		if (!field->counter)
			continue;
		value = ipfix_value_unsigned(&template->values[i]);
		*field->counter = field->is_sum ? *field->counter + value : value;
	}
}

static void finish_record(struct ipfix_check *check, struct ipfix_template *template, size_t offset)
{
	const struct ipfix_record record = {
		.domain = template->domain,
		.export_time = check->export_time,
		.template_id = template->id,
		.scope_count = template->scope_count < template->count ? template->scope_count
								       : template->count,
		.is_options = template->is_options,
		.values = template->values,
		.count = template->count,
	};
	unsigned int i;

	for (i = 0; i < template->count; i++)
		if (template->fields[i].rule != VALUE_ANY)
			check_value(check, template, &template->fields[i], &template->values[i]);
	check_time_pairs(check, template);
	count_values(template);
	if (template->describes_elements)
		ipfix_described_add(check, &record, offset);
	if (template->announces_sampling)
		check->domain->sampling_announced = 1;
	if (template->counts_exports)
		check->totals.measured = check->before;
	if (check->config.record)
		check->config.record(check->config.arg, &record);
	template->records++;
	check->records++;
	if (template->is_options)
		check->totals.options_records++;
	else
		check->totals.flow_records++;
}

/*
 * The length in front of a value of variable length; moves at behind it. Returns 0 if it is not
 * within the Set.
 */
static int read_length(struct ipfix_check *check, const struct ipfix_template *template, size_t *at,
		       size_t end, size_t *length)
{
	size_t prefix = 1;

	if (*at == end)
		return 0;
	*length = check->bytes[*at];
	if (*length == LONG_LENGTH) {
		prefix = 3;
		if (end - *at < prefix)
			return 0;
		*length = ipfix_u16(check->bytes + *at + 1);
		if (*length < LONG_LENGTH)
			ipfix_check_report(check, *at, OWN_RULE,
					   "Template %u: length %zu in three octets", template->id,
					   *length);
	}
	*at += prefix;
	return *length <= end - *at;
}

/* Returns where the record ends, or 0: not within its Set. */
static size_t decode_record(struct ipfix_check *check, struct ipfix_template *template,
			    size_t offset, size_t end)
{
	size_t at = offset, length;
	unsigned int i;

	for (i = 0; i < template->count; i++) {
		length = template->fields[i].length;
		if (length == IPFIX_VARIABLE) {
			if (!read_length(check, template, &at, end, &length))
				return 0;
		} else if (length > end - at) {
			return 0;
		}
		template->values[i].bytes = check->bytes + at;
		template->values[i].size = length;
		at += length;
	}
	return at;
}

static void check_records(struct ipfix_check *check, struct ipfix_template *template, size_t offset,
			  size_t end)
{
	size_t at = offset + SET_HEADER_BYTES, next, i;
	uint32_t before = check->records;

	while (end - at >= template->least_octets) {
		next = decode_record(check, template, at, end);
		if (!next) {
			ipfix_check_report(check, at, "RFC 7011 9.1",
					   "record of Template %u runs over the end of its Set",
					   template->id);
			check->is_undecoded = 1;
			return;
		}
		finish_record(check, template, at);
		at = next;
	}
	for (i = at; i < end; i++) {
		if (!check->bytes[i]) /* shorter than a record: padding */
			continue;
		ipfix_check_report(check, i, "RFC 7011 3.3.1", "padding is not zero");
		break;
	}
	if (check->records == before)
		ipfix_check_report(check, offset, "RFC 7011 2", "Set without a record");
	else
		template->data_ns = check->arrival_ns;
	template->data_is_overdue = 0;
}

static void check_use(struct ipfix_check *check, struct ipfix_template *template, size_t offset)
{
	uint64_t refresh_ns = check->config.template_refresh_ns;
	uint64_t age_ns = check->arrival_ns - template->sent_ns;

	if (ipfix_distance(check->export_time, template->defined_at) < 0)
		ipfix_check_report(check, offset, "RFC 7011 8.2",
				   "Set of Template %u has an Export Time before the Template's",
				   template->id);
	if (check->config.transport == IPFIX_OVER_UDP && refresh_ns && age_ns > refresh_ns &&
	    !template->is_overdue) {
		template->is_overdue = 1;
		ipfix_check_report(check, offset, "RFC 7011 8.4",
				   "Template %u was last sent %llu ms ago", template->id,
				   (unsigned long long)(age_ns / 1000000));
	}
	if (!template->is_options && !check->domain->sampling_announced &&
	    !check->domain->sampling_reported && !ipfix_check_is_late(check)) {
		check->domain->sampling_reported = 1;
		ipfix_check_report(check, offset, "goflow2",
				   "flow records of domain %u before its samplingInterval",
				   check->domain->id);
	}
}

void ipfix_check_data_set(struct ipfix_check *check, size_t offset, size_t end)
{
	uint16_t id = ipfix_u16(check->bytes + offset);
	struct ipfix_template *template = ipfix_template_find(check, id);

	if (!template || !template->is_live) {
		check->is_undecoded = 1;
		if (template)
			ipfix_check_report(check, offset, "RFC 7011 8.2",
					   "Set of Template %u, which is no longer there", id);
		else if (ipfix_check_is_late(check))
			check->totals.undecoded_sets++;
		else
			ipfix_check_report(check, offset, "RFC 7011 8",
					   "Set of Template %u, which is not there", id);
		return;
	}
	if (!template->least_octets) {
		check->is_undecoded = 1;
		return;
	}
	check_use(check, template, offset);
	check_records(check, template, offset, end);
}
