// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The options of IPFIX against bytes written down from IANA's registries, RFC 7011 (4.1 to 4.3),
 * RFC 5476 (6.5.2) and RFC 5610 (3.9, 3.10): 300 to 309, one after another.
 */
#include "encode/options_template.h"

#include "encode_fixture.h"

#include "encode/own_elements.h"
#include "encode/source.h"

static void expect_definition(const struct template *template, const char *golden)
{
	char place[GOLDEN_BYTES_MAX];
	struct writer writer;

	writer_init(&writer, place, sizeof(place));
	template_put_ipfix(&writer, template, EXAMPLE_ENTERPRISE);
	expect_written(&writer, golden);
}

static void expect_data(const struct template *template, const struct field_source *source,
			const char *golden)
{
	char place[GOLDEN_BYTES_MAX];
	struct writer writer;

	writer_init(&writer, place, sizeof(place));
	template_put_data(&writer, template, source);
	expect_written(&writer, golden);
}

static void expect_report(const struct template *template, const struct export_report *report,
			  const char *golden)
{
	const struct field_source source = {.report = report, .scope = 0x0badcafe};

	expect_data(template, &source, golden);
}

/* --- data of make_report() --- */

#define NO_RANGE "0000000000000000 0000000000000000"
#define D_SAMPLING "0badcafe 00000064"
#define D_SELECTOR "0000000000000001 0004 3f847ae147ae147b"
#define D_INTERFACE_1 "0a0b0c0d 04'eth0' 06'uplink'"
#define D_INTERFACE_2 "00000007 08'br-lan.7' 08'br-lan.7'"
#define D_METERING          \
	"0badcafe 01020304" \
	"1112131415161718 2122232425262728 3132333435363738 7172737475767778"
#define D_METERING_RELIABILITY                                \
	"0badcafe 01020304 8182838485868788 9192939495969798" \
	"0000018bcfe56e07 0000018bcfe56f08"
#define D_EXPORTING_RELIABILITY                                       \
	"01020304 4142434445464748 5152535455565758 6162636465666768" \
	"0000018bcfe56c05 0000018bcfe56d06"
#define D_EXPORTER "0badcafe 0000018bcfe56800 003c 000f 05'lab-1'"

/* String, default, no unit; the others: unsigned64, identifier. */
#define D_ELEMENT_1 \
	"00007ed9 0001 0d 00 0000" NO_RANGE "0b'communityId' 1e'Community ID version 1, seed 0'"
#define D_ELEMENT_2                         \
	"00007ed9 0002 04 04 0000" NO_RANGE \
	"0f'agentInstanceId' 30'random number of one run of the metering process'"
#define D_ELEMENT_3                         \
	"00007ed9 0003 04 04 0000" NO_RANGE \
	"0c'flowRecordId' 3c'number of the flow record, unique within its agentInstanceId'"
#define D_ELEMENT_4                         \
	"00007ed9 0004 04 04 0000" NO_RANGE \
	"13'reverseFlowRecordId' 31'flowRecordId of the reverse direction of a biflow'"

/* --- sampling --- */

static void ipfix_options_sampling_is_exact(void **state)
{
	struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_sampling, "012c 0002 0001"
					   "0095 0004" /* observationDomainId */
					   "0022 0004"); /* samplingInterval */
	expect_report(&ipfix_sampling, &report, D_SAMPLING);
	report.sampling_interval = 1;
	expect_report(&ipfix_sampling, &report, "0badcafe 00000001");
	report.sampling_interval = UINT32_MAX;
	expect_report(&ipfix_sampling, &report, "0badcafe ffffffff");
}

/* selectorAlgorithm 4 is uniform probabilistic sampling, whose parameter is a float64. */
static void ipfix_options_selector_is_exact(void **state)
{
	static const struct {
		uint32_t interval;
		const char *golden; /* IEEE 754 binary64 of 1 / interval */
	} cases[] = {
		{1, "0000000000000001 0004 3ff0000000000000"},
		{2, "0000000000000001 0004 3fe0000000000000"},
		{3, "0000000000000001 0004 3fd5555555555555"},
		{10, "0000000000000001 0004 3fb999999999999a"},
		{100, D_SELECTOR},
		{1024, "0000000000000001 0004 3f50000000000000"},
		{2147483648, "0000000000000001 0004 3e00000000000000"},
	};
	struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_selector, "012d 0003 0001"
					   "012e 0008" /* selectorId */
					   "0130 0002" /* selectorAlgorithm */
					   "0137 0008"); /* samplingProbability */
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		report.sampling_interval = cases[i].interval;
		expect_report(&ipfix_selector, &report, cases[i].golden);
	}
}

/* --- interfaces --- */

static void ipfix_options_interface_is_exact(void **state)
{
	struct field_source source = {.interface = &two_interfaces[0]};

	(void)state;
	expect_definition(&ipfix_interface, "012e 0003 0001"
					    "000a 0004" /* ingressInterface */
					    "0052 ffff" /* interfaceName */
					    "0053 ffff"); /* interfaceDescription */
	expect_data(&ipfix_interface, &source, D_INTERFACE_1);
	source.interface = &two_interfaces[1];
	expect_data(&ipfix_interface, &source, D_INTERFACE_2);
}

/* The kernel lets names and aliases be any bytes; a string must be UTF-8. */
static void ipfix_options_interface_texts_are_utf8(void **state)
{
	static const struct report_interface interface = {
		.ifindex = 1, .name = "e\xfft", .description = "b\xc3\xbcro \xc3"};
	static const struct report_interface unnamed = {.ifindex = 2};
	struct field_source source = {.interface = &interface};

	(void)state;
	expect_data(&ipfix_interface, &source, "00000001 05'e' efbfbd 't' 09'b' c3bc 'ro ' efbfbd");
	source.interface = &unnamed;
	expect_data(&ipfix_interface, &source, "00000002 00 00");
}

/* --- processes --- */

static void ipfix_options_metering_statistics_are_exact(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_metering_statistics, "012f 0006 0002"
						      "0095 0004" /* observationDomainId */
						      "008f 0004" /* meteringProcessId */
						      "0029 0008" /* exportedMessageTotalCount */
						      "002a 0008" /* exportedFlowRecordTotalCount */
						      "0028 0008" /* exportedOctetTotalCount */
						      "00a3 0008"); /* observedFlowTotalCount */
	expect_report(&ipfix_metering_statistics, &report, D_METERING);
}

static void ipfix_options_metering_reliability_is_exact(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_metering_reliability,
			  "0130 0006 0002"
			  "0095 0004 008f 0004" /* observationDomainId meteringProcessId */
			  "00a4 0008" /* ignoredPacketTotalCount */
			  "00a5 0008" /* ignoredOctetTotalCount */
			  "0143 0008 0143 0008"); /* observationTimeMilliseconds: first, last */
	expect_report(&ipfix_metering_reliability, &report, D_METERING_RELIABILITY);
}

static void ipfix_options_exporting_reliability_is_exact(void **state)
{
	const struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_exporting_reliability,
			  "0131 0006 0001"
			  "0090 0004" /* exportingProcessId */
			  "00a6 0008" /* notSentFlowTotalCount */
			  "00a7 0008" /* notSentPacketTotalCount */
			  "00a8 0008" /* notSentOctetTotalCount */
			  "0143 0008 0143 0008"); /* observationTimeMilliseconds: first, last */
	expect_report(&ipfix_exporting_reliability, &report, D_EXPORTING_RELIABILITY);
}

/* Where nothing was lost, both times are that of the start: nothing was from there to there. */
static void ipfix_options_times_without_a_loss_are_the_start(void **state)
{
	struct export_report report = make_report();

	(void)state;
	report.ignored = (struct report_loss){0};
	report.not_sent = (struct report_loss){0};
	expect_report(&ipfix_metering_reliability, &report,
		      "0badcafe 01020304 0000000000000000 0000000000000000"
		      "0000018bcfe56800 0000018bcfe56800");
	expect_report(&ipfix_exporting_reliability, &report,
		      "01020304 0000000000000000 0000000000000000 0000000000000000"
		      "0000018bcfe56800 0000018bcfe56800");
}

/* --- our own elements --- */

static void ipfix_options_element_is_exact(void **state)
{
	const struct export_report report = make_report();
	struct field_source source = {
		.report = &report, .scope = EXAMPLE_ENTERPRISE, .element = &own_elements[0]};

	(void)state;
	expect_definition(&ipfix_element, "0132 0009 0002"
					  "015a 0004" /* privateEnterpriseNumber */
					  "012f 0002" /* informationElementId */
					  "0153 0001" /* informationElementDataType */
					  "0158 0001" /* informationElementSemantics */
					  "0159 0002" /* informationElementUnits */
					  "0156 0008" /* informationElementRangeBegin */
					  "0157 0008" /* informationElementRangeEnd */
					  "0155 ffff" /* informationElementName */
					  "0154 ffff"); /* informationElementDescription */
	expect_data(&ipfix_element, &source, D_ELEMENT_1);
	source.element = &own_elements[1];
	expect_data(&ipfix_element, &source, D_ELEMENT_2);
	source.element = &own_elements[2];
	expect_data(&ipfix_element, &source, D_ELEMENT_3);
	source.element = &own_elements[3];
	expect_data(&ipfix_element, &source, D_ELEMENT_4);
}

/* IANA: information element data types. */
enum { UNSIGNED8 = 1, UNSIGNED64 = 4, SIGNED64 = 8, FLOAT64 = 10, STRING = 13 };

/* IANA: information element semantics. */
enum { SEMANTICS_DEFAULT, DELTA_COUNTER = 3, IDENTIFIER, FLAGS };

/* RFC 5610 section 3.10: what may be said of integers may not be said of other types. */
static int is_allowed(unsigned int type, unsigned int semantics)
{
	if (type >= UNSIGNED8 && type <= UNSIGNED64)
		return semantics <= FLAGS;
	if (type > UNSIGNED64 && type <= SIGNED64)
		return semantics <= IDENTIFIER;
	if (type > SIGNED64 && type <= FLOAT64)
		return semantics <= DELTA_COUNTER;
	return type <= STRING && semantics == SEMANTICS_DEFAULT;
}

/* Octets of a type that has a length; strings may have any. */
static int is_length(unsigned int type, unsigned int bytes)
{
	return type == STRING || (type == UNSIGNED64 && bytes == 8);
}

static const struct own_element *find_element(uint16_t id)
{
	for (size_t i = 0; i < OWN_ELEMENTS; i++)
		if (own_elements[i].id == id)
			return &own_elements[i];
	return NULL;
}

static void ipfix_options_elements_have_allowed_types(void **state)
{
	(void)state;
	for (size_t i = 0; i < OWN_ELEMENTS; i++) {
		const struct own_element *element = &own_elements[i];

		assert_true(is_allowed(element->data_type, element->semantics));
		assert_true(element->id > 0);
		assert_true(element->id <
			    0x4000); /* bit 14 is by custom that of reverse elements */
		assert_ptr_equal(find_element(element->id), element);
		assert_in_range(element->name[0], 'a', 'z'); /* lowerCamelCase, RFC 7013 */
		assert_int_equal(strspn(element->name, "abcdefghijklmnopqrstuvwxyz"
						       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
				 strlen(element->name));
	}
}

/* No element of ours is exported that no type record is sent for. */
static void ipfix_options_elements_of_flows_are_described(void **state)
{
	int used[OWN_ELEMENTS] = {0};

	(void)state;
	for (int variant = 0; variant < 16; variant += 4) {
		for (int kind = 0; kind < FLOW_KINDS; kind++) {
			struct flow_template template;

			flow_template_make_ipfix(&template, (enum flow_kind)kind, variant);
			for (size_t i = 0; i < template.template.count; i++) {
				const struct field *field = &template.fields[i];
				const struct own_element *element = find_element(field->element);

				if (field->owner != FIELD_OWN)
					continue;
				assert_true(variant & FLOW_TEMPLATE_OWN);
				assert_non_null(element);
				assert_true(is_length(element->data_type, field->bytes));
				used[element - own_elements]++;
			}
		}
	}
	assert_int_equal(used[0], 8); /* communityId: in all with our own elements */
	assert_int_equal(used[1], 8);
	assert_int_equal(used[2], 8);
	assert_int_equal(used[3], 4); /* reverseFlowRecordId: in biflows */
}

/* --- the exporter --- */

#define EXPORTER                                                      \
	"0095 0004" /* observationDomainId */                         \
	"00a0 0008" /* systemInitTimeMilliseconds */                  \
	"0024 0002 0025 0002" /* flowActiveTimeout flowIdleTimeout */ \
	"012c ffff" /* observationDomainName */

static void ipfix_options_exporter_is_exact(void **state)
{
	struct export_report report = make_report();

	(void)state;
	expect_definition(&ipfix_exporter, "0133 0005 0001" EXPORTER);
	expect_report(&ipfix_exporter, &report, D_EXPORTER);
	report.host = "";
	expect_report(&ipfix_exporter, &report, "0badcafe 0000018bcfe56800 003c 000f 00");
}

static void ipfix_options_exporter_with_an_address_is_exact(void **state)
{
	struct export_report report = make_report();

	(void)state;
	/* exporterIPv4Address */
	expect_definition(&ipfix_exporter_ipv4, "0134 0006 0001" EXPORTER "0082 0004");
	expect_report(&ipfix_exporter_ipv4, &report, D_EXPORTER "c000020a");
	/* exporterIPv6Address */
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::a", report.exporter_address), 1);
	expect_definition(&ipfix_exporter_ipv6, "0135 0006 0001" EXPORTER "0083 0010");
	expect_report(&ipfix_exporter_ipv6, &report, D_EXPORTER "20010db800000000000000000000000a");
}

/* --- in a session --- */

/* All data: each record with the scope that is its own, the processes' in domain 0. */
static void ipfix_options_of_a_session_are_exact(void **state)
{
	const struct dialect_config config = {
		.observation_domain_id = 0x0badcafe,
		.enterprise = EXAMPLE_ENTERPRISE,
	};
	const unsigned int wanted = OPTIONS_DATA | OPTIONS_INTERFACES;
	const struct export_report report = make_report();
	struct options_cursor cursor = {0};
	struct message message;

	(void)state;
	start_session(&dialect_ipfix, &config);
	message = encode_next_options(&dialect_ipfix, &report, wanted, &cursor, 1452, EPOCH_MS);
	expect_written(&message.writer, "000a 01e2 6553f100 00000000 0badcafe"
					"0132 0168" D_ELEMENT_1 D_ELEMENT_2 D_ELEMENT_3 D_ELEMENT_4
					"012c 000c" D_SAMPLING "012d 0016" D_SELECTOR
					"0134 001e" D_EXPORTER "c000020a"
					"012e 002a" D_INTERFACE_1 D_INTERFACE_2);
	message = encode_next_options(&dialect_ipfix, &report, wanted, &cursor, 1452, EPOCH_MS);
	expect_written(&message.writer, "000a 0098 6553f100 00000000 00000000"
					"012f 002c" D_METERING "0130 002c" D_METERING_RELIABILITY
					"0131 0030" D_EXPORTING_RELIABILITY);
}

/* The exporter's record is that of the address it has; the scope is the domain of flows. */
static void expect_exporter_of_session(const struct export_report *report, const char *golden)
{
	const struct dialect_config config = {.observation_domain_id = 0x0badcafe};
	struct options_cursor cursor = {0};
	struct message message;

	start_session(&dialect_ipfix, &config);
	message =
		encode_next_options(&dialect_ipfix, report, OPTIONS_DATA, &cursor, 1452, EPOCH_MS);
	/* behind the header, and the sets of sampling and the selector */
	expect_bytes(message_buffer + 16 + 12 + 22, message.writer.used - 50, golden);
}

static void ipfix_options_exporter_goes_by_the_address(void **state)
{
	struct export_report report = make_report();

	(void)state;
	expect_exporter_of_session(&report, "0134 001e" D_EXPORTER "c000020a");
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::a", report.exporter_address), 1);
	expect_exporter_of_session(&report,
				   "0135 002a" D_EXPORTER "20010db800000000000000000000000a");
	report.has_address = 0;
	expect_exporter_of_session(&report, "0133 001a" D_EXPORTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_options_sampling_is_exact),
		cmocka_unit_test(ipfix_options_selector_is_exact),
		cmocka_unit_test(ipfix_options_interface_is_exact),
		cmocka_unit_test(ipfix_options_interface_texts_are_utf8),
		cmocka_unit_test(ipfix_options_metering_statistics_are_exact),
		cmocka_unit_test(ipfix_options_metering_reliability_is_exact),
		cmocka_unit_test(ipfix_options_exporting_reliability_is_exact),
		cmocka_unit_test(ipfix_options_times_without_a_loss_are_the_start),
		cmocka_unit_test(ipfix_options_element_is_exact),
		cmocka_unit_test(ipfix_options_elements_have_allowed_types),
		cmocka_unit_test(ipfix_options_elements_of_flows_are_described),
		cmocka_unit_test(ipfix_options_exporter_is_exact),
		cmocka_unit_test(ipfix_options_exporter_with_an_address_is_exact),
		cmocka_unit_test(ipfix_options_of_a_session_are_exact),
		cmocka_unit_test(ipfix_options_exporter_goes_by_the_address),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
