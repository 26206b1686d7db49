// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode: the tables of options_template.h, filled from struct export_report.
 *
 * Sampling is told twice. samplingInterval alone is what every collector understands; it is
 * deprecated, but goflow2, nfdump and pmacct know nothing better. The PSAMP selector says what is
 * really done: each packet is taken or not by a random number (selectorAlgorithm 4, uniform
 * probabilistic). Claiming systematic count-based sampling instead, as many exporters do, would also
 * have goflow2 take samplingPacketInterval (always 1) for the rate.
 */
#include "encode/options_template.h"

#include <stdio.h>
#include <string.h>

#include "encode/own_elements.h"
#include "encode/source.h"
#include "encode/wire.h"

#define SELECTOR_UNIFORM_PROBABILISTIC 4 /* IANA: PSAMP selectorAlgorithm */
#define NETFLOW9_RANDOM_SAMPLING 2 /* RFC 3954: SAMPLING_ALGORITHM */
#define NETFLOW9_SCOPE_SYSTEM 1
#define NETFLOW9_DESCRIPTION_BYTES 64

/* --- values --- */

static void put_scope(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->scope);
}

static void put_sampling_interval(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->report->sampling_interval);
}

static void put_selector_id(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u64(place, SELECTOR_ID);
}

static void put_selector_algorithm(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u16(place, SELECTOR_UNIFORM_PROBABILISTIC);
}

static void put_sampling_probability(char *place, const struct field_source *source)
{
	double probability = 1.0 / source->report->sampling_interval;
	uint64_t bits;

	_Static_assert(sizeof(probability) == sizeof(bits), "float64 is IEEE binary64");
	memcpy(&bits, &probability, sizeof(bits));
	wire_store_u64(place, bits);
}

static void put_interface_index(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->interface->ifindex);
}

static const char *interface_name(const struct field_source *source)
{
	return source->interface->name;
}

static const char *interface_description(const struct field_source *source)
{
	return source->interface->description;
}

/* Cut between two characters, if it must be. */
static void put_padded(char *place, size_t bytes, const char *text)
{
	size_t length = strnlen(text, bytes);

	if (text[length])
		while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	memset(place, 0, bytes);
	memcpy(place, text, length);
}

static void put_interface_name(char *place, const struct field_source *source)
{
	put_padded(place, FLOW_IF_NAME_BYTES, source->interface->name);
}

static void put_interface_description(char *place, const struct field_source *source)
{
	put_padded(place, NETFLOW9_DESCRIPTION_BYTES, source->interface->description);
}

static void put_process_id(char *place, const struct field_source *source)
{
	wire_store_u32(place, source->report->process_id);
}

static void put_sent_messages(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->sent_messages);
}

static void put_sent_records(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->sent_records);
}

static void put_sent_octets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->sent_octets);
}

static void put_observed_flows(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->observed_flows);
}

static void put_ignored_packets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->ignored.packets);
}

static void put_ignored_octets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->ignored.octets);
}

/* Where nothing was lost, the time in which that is so is empty and begins at the start. */
static uint64_t loss_ms(uint64_t time_ms, const struct field_source *source)
{
	return time_ms ? time_ms : source->report->start_ms;
}

static void put_first_ignored(char *place, const struct field_source *source)
{
	wire_store_u64(place, loss_ms(source->report->ignored.first_ms, source));
}

static void put_last_ignored(char *place, const struct field_source *source)
{
	wire_store_u64(place, loss_ms(source->report->ignored.last_ms, source));
}

static void put_not_sent_flows(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->not_sent.flows);
}

static void put_not_sent_packets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->not_sent.packets);
}

static void put_not_sent_octets(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->not_sent.octets);
}

static void put_first_not_sent(char *place, const struct field_source *source)
{
	wire_store_u64(place, loss_ms(source->report->not_sent.first_ms, source));
}

static void put_last_not_sent(char *place, const struct field_source *source)
{
	wire_store_u64(place, loss_ms(source->report->not_sent.last_ms, source));
}

static void put_start(char *place, const struct field_source *source)
{
	wire_store_u64(place, source->report->start_ms);
}

static void put_active_timeout(char *place, const struct field_source *source)
{
	wire_store_u16(place, source->report->active_timeout_s);
}

static void put_idle_timeout(char *place, const struct field_source *source)
{
	wire_store_u16(place, source->report->idle_timeout_s);
}

static const char *host(const struct field_source *source)
{
	return source->report->host;
}

static void put_exporter_ipv4(char *place, const struct field_source *source)
{
	memcpy(place, source->report->exporter_address + 12, 4);
}

static void put_exporter_ipv6(char *place, const struct field_source *source)
{
	memcpy(place, source->report->exporter_address, 16);
}

static void put_element_id(char *place, const struct field_source *source)
{
	wire_store_u16(place, source->element->id);
}

static void put_element_type(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->element->data_type);
}

static void put_element_semantics(char *place, const struct field_source *source)
{
	wire_store_u8(place, source->element->semantics);
}

static void put_zero16(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u16(place, 0);
}

static void put_zero64(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u64(place, 0);
}

static const char *element_name(const struct field_source *source)
{
	return source->element->name;
}

static const char *element_description(const struct field_source *source)
{
	return source->element->description;
}

static void put_netflow9_algorithm(char *place, const struct field_source *source)
{
	(void)source;
	wire_store_u8(place, NETFLOW9_RANDOM_SAMPLING);
}

/* --- tables --- */

#define ROW(number, octets, function)                                     \
	{                                                                 \
		.element = (number), .bytes = (octets), .put = (function) \
	}
#define TEXT(number, function)                                                   \
	{                                                                        \
		.element = (number), .bytes = FIELD_VARIABLE, .text = (function) \
	}
#define OPTIONS_TEMPLATE(number, scope_count, table)                           \
	{                                                                      \
		.id = (number), .scopes = (scope_count),                       \
		.count = sizeof(table) / sizeof((table)[0]), .fields = (table) \
	}

static const struct field sampling_fields[] = {
	ROW(149, 4, put_scope), /* observationDomainId */
	ROW(34, 4, put_sampling_interval), /* samplingInterval */
};
const struct template ipfix_sampling = OPTIONS_TEMPLATE(300, 1, sampling_fields);

static const struct field selector_fields[] = {
	ROW(302, 8, put_selector_id), /* selectorId */
	ROW(304, 2, put_selector_algorithm), /* selectorAlgorithm */
	ROW(311, 8, put_sampling_probability), /* samplingProbability */
};
const struct template ipfix_selector = OPTIONS_TEMPLATE(301, 1, selector_fields);

static const struct field interface_fields[] = {
	ROW(10, 4, put_interface_index), /* ingressInterface */
	TEXT(82, interface_name), /* interfaceName */
	TEXT(83, interface_description), /* interfaceDescription */
};
const struct template ipfix_interface = OPTIONS_TEMPLATE(302, 1, interface_fields);

static const struct field metering_statistics_fields[] = {
	ROW(149, 4, put_scope), /* observationDomainId */
	ROW(143, 4, put_process_id), /* meteringProcessId */
	ROW(41, 8, put_sent_messages), /* exportedMessageTotalCount */
	ROW(42, 8, put_sent_records), /* exportedFlowRecordTotalCount */
	ROW(40, 8, put_sent_octets), /* exportedOctetTotalCount */
	ROW(163, 8, put_observed_flows), /* observedFlowTotalCount */
};
const struct template ipfix_metering_statistics =
	OPTIONS_TEMPLATE(303, 2, metering_statistics_fields);

static const struct field metering_reliability_fields[] = {
	ROW(149, 4, put_scope), /* observationDomainId */
	ROW(143, 4, put_process_id), /* meteringProcessId */
	ROW(164, 8, put_ignored_packets), /* ignoredPacketTotalCount */
	ROW(165, 8, put_ignored_octets), /* ignoredOctetTotalCount */
	ROW(323, 8, put_first_ignored), /* observationTimeMilliseconds, of the first */
	ROW(323, 8, put_last_ignored), /* and of the last */
};
const struct template ipfix_metering_reliability =
	OPTIONS_TEMPLATE(304, 2, metering_reliability_fields);

static const struct field exporting_reliability_fields[] = {
	ROW(144, 4, put_process_id), /* exportingProcessId */
	ROW(166, 8, put_not_sent_flows), /* notSentFlowTotalCount */
	ROW(167, 8, put_not_sent_packets), /* notSentPacketTotalCount */
	ROW(168, 8, put_not_sent_octets), /* notSentOctetTotalCount */
	ROW(323, 8, put_first_not_sent), /* observationTimeMilliseconds, of the first */
	ROW(323, 8, put_last_not_sent), /* and of the last */
};
const struct template ipfix_exporting_reliability =
	OPTIONS_TEMPLATE(305, 1, exporting_reliability_fields);

static const struct field element_fields[] = {
	ROW(346, 4, put_scope), /* privateEnterpriseNumber */
	ROW(303, 2, put_element_id), /* informationElementId */
	ROW(339, 1, put_element_type), /* informationElementDataType */
	ROW(344, 1, put_element_semantics), /* informationElementSemantics */
	ROW(345, 2, put_zero16), /* informationElementUnits: none */
	ROW(342, 8, put_zero64), /* informationElementRangeBegin */
	ROW(343, 8, put_zero64), /* informationElementRangeEnd: as the begin, unlimited */
	TEXT(341, element_name), /* informationElementName */
	TEXT(340, element_description), /* informationElementDescription */
};
const struct template ipfix_element = OPTIONS_TEMPLATE(306, 2, element_fields);

#define EXPORTER_ROWS                                                    \
	ROW(149, 4, put_scope), /* observationDomainId */                \
		ROW(160, 8, put_start), /* systemInitTimeMilliseconds */ \
		ROW(36, 2, put_active_timeout), /* flowActiveTimeout */  \
		ROW(37, 2, put_idle_timeout), /* flowIdleTimeout */      \
		TEXT(300, host) /* observationDomainName */

static const struct field exporter_fields[] = {EXPORTER_ROWS};
const struct template ipfix_exporter = OPTIONS_TEMPLATE(307, 1, exporter_fields);

static const struct field exporter_ipv4_fields[] = {
	EXPORTER_ROWS, ROW(130, 4, put_exporter_ipv4), /* exporterIPv4Address */
};
const struct template ipfix_exporter_ipv4 = OPTIONS_TEMPLATE(308, 1, exporter_ipv4_fields);

static const struct field exporter_ipv6_fields[] = {
	EXPORTER_ROWS, ROW(131, 16, put_exporter_ipv6), /* exporterIPv6Address */
};
const struct template ipfix_exporter_ipv6 = OPTIONS_TEMPLATE(309, 1, exporter_ipv6_fields);

static const struct field netflow9_sampling_fields[] = {
	ROW(NETFLOW9_SCOPE_SYSTEM, 4, put_scope),
	ROW(34, 4, put_sampling_interval), /* SAMPLING_INTERVAL */
	ROW(35, 1, put_netflow9_algorithm), /* SAMPLING_ALGORITHM */
};
const struct template netflow9_sampling = OPTIONS_TEMPLATE(300, 1, netflow9_sampling_fields);

/* nfcapd 1.7.1 takes the interval from an options template without an algorithm only, later ones
 * only from one with it. */
static const struct field netflow9_interval_fields[] = {
	ROW(NETFLOW9_SCOPE_SYSTEM, 4, put_scope),
	ROW(34, 4, put_sampling_interval), /* SAMPLING_INTERVAL */
};
const struct template netflow9_interval = OPTIONS_TEMPLATE(301, 1, netflow9_interval_fields);

/* The scope Interface would say it shorter, but nfdump knows an interface by INPUT_SNMP only, which
 * is also what routers send. */
static const struct field netflow9_interface_fields[] = {
	ROW(NETFLOW9_SCOPE_SYSTEM, 4, put_scope), ROW(10, 4, put_interface_index), /* INPUT_SNMP */
	ROW(82, FLOW_IF_NAME_BYTES, put_interface_name), /* IF_NAME */
	ROW(83, NETFLOW9_DESCRIPTION_BYTES, put_interface_description), /* IF_DESC */
};
const struct template netflow9_interface = OPTIONS_TEMPLATE(302, 1, netflow9_interface_fields);
