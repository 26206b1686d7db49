// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The templates of flow records, and records of them, against bytes written down from IANA's
 * registry of information elements and RFC 5103, each block once.
 */
#include "encode/flow_template.h"

#include "encode_fixture.h"

#include "encode/source.h"

/* --- definitions: element, octets on the wire --- */

#define V4 "0008 0004 000c 0004" /* sourceIPv4Address destinationIPv4Address */
#define V6 "001b 0010 001c 0010" /* sourceIPv6Address destinationIPv6Address */
#define PORTS "0007 0002 000b 0002" /* sourceTransportPort destinationTransportPort */
#define ICMP4 "0020 0002" /* icmpTypeCodeIPv4 */
#define ICMP6 "008b 0002" /* icmpTypeCodeIPv6 */
#define CORE                                                                  \
	"0098 0008 0099 0008" /* flowStartMilliseconds flowEndMilliseconds */ \
	"0001 0008 0002 0008" /* octetDeltaCount packetDeltaCount */          \
	"000a 0004 000e 0004" /* ingressInterface egressInterface */          \
	"0088 0001 003d 0001" /* flowEndReason flowDirection */               \
	"0004 0001 0005 0001 003c 0001" /* protocolIdentifier ipClassOfService ipVersion */
#define TCP "0006 0002" /* tcpControlBits */
#define TTL "0034 0001 0035 0001" /* minimumTTL maximumTTL */
#define LABEL "001f 0004" /* flowLabelIPv6 */
#define LINK                                          \
	"003a 0002 003b 0002" /* vlanId postVlanId */ \
	"0038 0006 0050 0006 0100 0002" /* sourceMacAddress destinationMacAddress ethernetType */

/* RFC 5103: biflowDirection, then the other direction's under enterprise 29305 */
#define REVERSE                                 \
	"00ef 0001"                             \
	"8098 0008 00007279 8099 0008 00007279" \
	"8001 0008 00007279 8002 0008 00007279" \
	"800a 0004 00007279 800e 0004 00007279" \
	"8088 0001 00007279 803d 0001 00007279" \
	"8005 0001 00007279 8034 0001 00007279 8035 0001 00007279"
#define REVERSE_TCP "8006 0002 00007279"
#define REVERSE_ICMP4 "8020 0002 00007279"
#define REVERSE_ICMP6 "808b 0002 00007279"
#define REVERSE_LABEL "801f 0004 00007279"

/* Our own, under the example enterprise: communityId agentInstanceId flowRecordId */
#define OWN "8001 001e 00007ed9 8002 0008 00007ed9 8003 0008 00007ed9"
#define OWN_REVERSE "8004 0008 00007ed9" /* reverseFlowRecordId */

/* --- data of make_record and make_reverse_record --- */

#define D_V4 "c0000211 c6336422"
#define D_V6 "20010db800000000000000010002a1b2 20010db800000000000000030004c3d4"
#define D_PORTS "1122 3344"
#define D_ICMP4 "030a"
#define D_ICMP6 "0104"
#define D_TIMES "0000018bcfe56801 0000018bcfe56902"
#define D_COUNTERS "0102030405060708 1112131415161718"
#define D_COMMON D_TIMES D_COUNTERS "21222324 31323334 03 01"
#define D_CORE4(protocol) D_COMMON protocol "b8 04"
#define D_CORE6(protocol) D_COMMON protocol "b8 06"
#define D_TCP "0a5b"
#define D_TTL "39 40"
#define D_LABEL "000c1d2e"
#define D_LINK(ethertype) "0abc 0abc 024151617181 024252627282" ethertype
#define D_REVERSE                           \
	"01" /* of the initiator */         \
	"0000018bcfe56a03 0000018bcfe56b04" \
	"8182838485868788 7172737475767778" \
	"41424344 45464748 02 00 28 7a 7b"
#define D_REVERSE_TCP "0c36"
#define D_REVERSE_ICMP "0b01"
#define D_REVERSE_LABEL "000f3e4d"
#define D_OWN(community) community "6162636465666768 5152535455565758"
#define D_OWN_REVERSE "9192939495969798"

/* Computed with Python's hashlib. */
#define C_IPV4 "'1:uPdo/+r2TLukplfRcLs7NWWulPc='"
#define C_IPV4_ICMP "'1:JAltMKHzTy23oSkxzmGtMGi+3vY='"
#define C_IPV6 "'1:ECy6fFRq7sHJdI21gDHa/tRDXyo='"
#define C_IPV6_ICMP "'1:lW2y52qoD3z8AnvkwJKSmY+DBXc='"

#define TEMPLATE4 V4 PORTS CORE TCP TTL LINK
#define TEMPLATE4_ICMP V4 ICMP4 CORE TTL LINK
#define TEMPLATE6 V6 PORTS CORE TCP TTL LABEL LINK
#define TEMPLATE6_ICMP V6 ICMP6 CORE TTL LABEL LINK
#define DATA4 D_V4 D_PORTS D_CORE4("06") D_TCP D_TTL D_LINK("0800")
#define DATA4_ICMP D_V4 D_ICMP4 D_CORE4("01") D_TTL D_LINK("0800")
#define DATA6 D_V6 D_PORTS D_CORE6("06") D_TCP D_TTL D_LABEL D_LINK("86dd")
#define DATA6_ICMP D_V6 D_ICMP6 D_CORE6("3a") D_TTL D_LABEL D_LINK("86dd")

#define BIFLOW4 REVERSE REVERSE_TCP
#define BIFLOW4_ICMP REVERSE REVERSE_ICMP4
#define BIFLOW6 REVERSE REVERSE_TCP REVERSE_LABEL
#define BIFLOW6_ICMP REVERSE REVERSE_ICMP6 REVERSE_LABEL
#define D_BIFLOW4 D_REVERSE D_REVERSE_TCP
#define D_BIFLOW4_ICMP D_REVERSE D_REVERSE_ICMP
#define D_BIFLOW6 D_REVERSE D_REVERSE_TCP D_REVERSE_LABEL
#define D_BIFLOW6_ICMP D_REVERSE D_REVERSE_ICMP D_REVERSE_LABEL

struct golden {
	const char *definition;
	const char *data;
	size_t bytes; /* of a record */
};

/* By variant (uniflow, biflow, and both with our own elements) and kind. */
static const struct golden goldens[4][FLOW_KINDS] = {
	{
		{"0100 0017" TEMPLATE4, DATA4, 79},
		{"0101 0015" TEMPLATE4_ICMP, DATA4_ICMP, 75},
		{"0102 0018" TEMPLATE6, DATA6, 107},
		{"0103 0016" TEMPLATE6_ICMP, DATA6_ICMP, 103},
	},
	{
		{"0104 0024" TEMPLATE4 BIFLOW4, DATA4 D_BIFLOW4, 127},
		{"0105 0022" TEMPLATE4_ICMP BIFLOW4_ICMP, DATA4_ICMP D_BIFLOW4_ICMP, 123},
		{"0106 0026" TEMPLATE6 BIFLOW6, DATA6 D_BIFLOW6, 159},
		{"0107 0024" TEMPLATE6_ICMP BIFLOW6_ICMP, DATA6_ICMP D_BIFLOW6_ICMP, 155},
	},
	{
		{"0108 001a" TEMPLATE4 OWN, DATA4 D_OWN(C_IPV4), 125},
		{"0109 0018" TEMPLATE4_ICMP OWN, DATA4_ICMP D_OWN(C_IPV4_ICMP), 121},
		{"010a 001b" TEMPLATE6 OWN, DATA6 D_OWN(C_IPV6), 153},
		{"010b 0019" TEMPLATE6_ICMP OWN, DATA6_ICMP D_OWN(C_IPV6_ICMP), 149},
	},
	{
		{"010c 0028" TEMPLATE4 BIFLOW4 OWN OWN_REVERSE,
		 DATA4 D_BIFLOW4 D_OWN(C_IPV4) D_OWN_REVERSE, 181},
		{"010d 0026" TEMPLATE4_ICMP BIFLOW4_ICMP OWN OWN_REVERSE,
		 DATA4_ICMP D_BIFLOW4_ICMP D_OWN(C_IPV4_ICMP) D_OWN_REVERSE, 177},
		{"010e 002a" TEMPLATE6 BIFLOW6 OWN OWN_REVERSE,
		 DATA6 D_BIFLOW6 D_OWN(C_IPV6) D_OWN_REVERSE, 213},
		{"010f 0028" TEMPLATE6_ICMP BIFLOW6_ICMP OWN OWN_REVERSE,
		 DATA6_ICMP D_BIFLOW6_ICMP D_OWN(C_IPV6_ICMP) D_OWN_REVERSE, 209},
	},
};

static const int variants[4] = {
	0,
	FLOW_TEMPLATE_BIFLOW,
	FLOW_TEMPLATE_OWN,
	FLOW_TEMPLATE_BIFLOW | FLOW_TEMPLATE_OWN,
};

static void expect_definition(const struct flow_template *template, const char *golden)
{
	char place[GOLDEN_BYTES_MAX];
	struct writer writer;

	writer_init(&writer, place, sizeof(place));
	template_put_ipfix(&writer, &template->template, EXAMPLE_ENTERPRISE);
	expect_written(&writer, golden);
}

static void expect_data(const struct flow_template *template, const struct flow_record *record,
			const struct flow_record *reverse, const char *golden)
{
	const struct field_source source = {
		.record = record, .reverse = reverse, .instance = INSTANCE};
	char place[GOLDEN_BYTES_MAX];
	struct writer writer;

	writer_init(&writer, place, sizeof(place));
	template_put_data(&writer, &template->template, &source);
	expect_written(&writer, golden);
}

static void flow_template_definitions_are_exact(void **state)
{
	struct flow_template template;

	(void)state;
	for (int v = 0; v < 4; v++) {
		for (int kind = 0; kind < FLOW_KINDS; kind++) {
			flow_template_make_ipfix(&template, (enum flow_kind)kind, variants[v]);
			expect_definition(&template, goldens[v][kind].definition);
		}
	}
}

static void flow_template_records_are_exact(void **state)
{
	struct flow_template template;

	(void)state;
	for (int v = 0; v < 4; v++) {
		for (int i = 0; i < FLOW_KINDS; i++) {
			enum flow_kind kind = (enum flow_kind)i;
			struct flow_record record = make_record(kind);
			struct flow_record reverse = make_reverse_record(kind);

			flow_template_make_ipfix(&template, kind, variants[v]);
			expect_data(&template, &record,
				    variants[v] & FLOW_TEMPLATE_BIFLOW ? &reverse : NULL,
				    goldens[v][kind].data);
			assert_int_equal(template.bytes, goldens[v][kind].bytes);
		}
	}
}

static void flow_template_of_arriving_flows_has_no_post_vlan(void **state)
{
	struct flow_record record = make_record(FLOW_IPV4_ICMP);
	struct flow_template template;

	(void)state;
	record.key.kind &= (uint8_t)~FLOW_KEY_EGRESS;
	flow_template_make_ipfix(&template, FLOW_IPV4_ICMP, 0);
	expect_data(&template, &record, NULL,
		    D_V4 D_ICMP4 D_TIMES D_COUNTERS "21222324 31323334 03 00 01 b8 04" D_TTL
						    "0abc 0000 024151617181 024252627282 0800");
}

/* All that is not ICMP of the flow's own IP version has ports, if only zero. */
static void flow_template_kind_goes_by_version_and_protocol(void **state)
{
	struct flow_key key = {0};

	(void)state;
	for (unsigned int protocol = 0; protocol < 256; protocol++) {
		key.protocol = (uint8_t)protocol;
		key.kind = 0;
		assert_int_equal(flow_kind(&key), protocol == 1 ? FLOW_IPV4_ICMP : FLOW_IPV4);
		key.kind = FLOW_KEY_IPV6;
		assert_int_equal(flow_kind(&key), protocol == 58 ? FLOW_IPV6_ICMP : FLOW_IPV6);
		key.kind = FLOW_KEY_IPV6 | FLOW_KEY_EGRESS;
		assert_int_equal(flow_kind(&key), protocol == 58 ? FLOW_IPV6_ICMP : FLOW_IPV6);
	}
}

/* Octets of type and code alone, whatever the key's upper halves would hold. */
static void flow_template_icmp_has_one_octet_of_each(void **state)
{
	struct flow_record record = make_record(FLOW_IPV6_ICMP);
	struct flow_template template;
	char place[GOLDEN_BYTES_MAX];
	const struct field_source source = {.record = &record};
	struct writer writer;

	(void)state;
	record.key.source_port = htons(255);
	record.key.destination_port = htons(254);
	flow_template_make_ipfix(&template, FLOW_IPV6_ICMP, 0);
	writer_init(&writer, place, sizeof(place));
	template_put_data(&writer, &template.template, &source);
	expect_bytes(place + 32, 2, "fffe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flow_template_definitions_are_exact),
		cmocka_unit_test(flow_template_records_are_exact),
		cmocka_unit_test(flow_template_of_arriving_flows_has_no_post_vlan),
		cmocka_unit_test(flow_template_kind_goes_by_version_and_protocol),
		cmocka_unit_test(flow_template_icmp_has_one_octet_of_each),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
