// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The program ipfix_check: options, exit status, summary, and records as JSON.
 *
 * The program is run in this process; its input is a temporary file, and what it writes is caught.
 */
#include "ipfix_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ip_segment.h"
#include "ipfix_builder.h"
#include "ipfix_check.h"
#include "pcap_builder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_S 1700000000u
#define DOMAIN 7
#define ARGUMENTS_MAX 16

static struct ipfix_builder message;
static struct pcap_builder pcap;
static char path[64];
static char *out, *err;

/* Runs the program with the arguments up to NULL; out and err are what it wrote. */
__attribute__((sentinel)) static int run(const char *first, ...)
{
	static char name[] = "ipfix_check";
	char *argv[ARGUMENTS_MAX + 1] = {name};
	size_t out_size, err_size;
	FILE *out_file, *err_file;
	const char *argument;
	int argc = 1, status;
	va_list arguments;

	va_start(arguments, first);
	for (argument = first; argument; argument = va_arg(arguments, const char *)) {
		assert_true(argc < ARGUMENTS_MAX);
		argv[argc++] = (char *)argument;
	}
	va_end(arguments);
	free(out);
	free(err);
	out_file = open_memstream(&out, &out_size);
	err_file = open_memstream(&err, &err_size);
	assert_true(out_file && err_file);
	status = ipfix_command(argc, argv, out_file, err_file);
	fclose(out_file);
	fclose(err_file);
	return status;
}

static void put_input(const char *mode, const void *bytes, size_t size)
{
	FILE *file = fopen(path, mode);

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void write_input(const void *bytes, size_t size)
{
	put_input("wb", bytes, size);
}

static void append_input(const void *bytes, size_t size)
{
	put_input("ab", bytes, size);
}

static int open_input(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_ipfix_command.XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int close_input(void **state)
{
	(void)state;
	free(out);
	free(err);
	return unlink(path);
}

static void begin_message(void)
{
	static const struct ipfix_specifier fields[] = {{149, 4, 0}, {34, 4, 0}};

	ipfix_builder_begin(&message, TIME_S, 0, DOMAIN);
	ipfix_builder_set(&message, 3);
	ipfix_builder_options_template(&message, 300, 1, fields, 2);
	ipfix_builder_set(&message, 300);
	ipfix_builder_number(&message, DOMAIN, 4);
	ipfix_builder_number(&message, 1, 4);
}

static void put_biflow(void)
{
	static const struct ipfix_specifier fields[] = {
		{1, 8, 0}, {2, 8, 0}, {1, 4, 29305}, {2, 2, 29305}, {239, 1, 0}};

	ipfix_builder_set(&message, 2);
	ipfix_builder_template(&message, 256, fields, 5);
	ipfix_builder_set(&message, 256);
	ipfix_builder_number(&message, UINT64_MAX, 8);
	ipfix_builder_number(&message, 9007199254740993, 8); /* 2^53 + 1 */
	ipfix_builder_number(&message, 40, 4);
	ipfix_builder_number(&message, 1, 2);
	ipfix_builder_number(&message, 1, 1);
}

/* --- exit status --- */

static void ipfix_command_clean_input_exits_with_0(void **state)
{
	(void)state;
	begin_message();
	put_biflow();
	ipfix_builder_end(&message);
	write_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, NULL), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "sessions=1 messages=1 flow_records=1 options_records=1 "
				 "template_records=2 octets=18446744073709551615 "
				 "packets=9007199254740993 reverse_octets=40 reverse_packets=1 "
				 "lost_records=0 violations=0\n");
}

static void ipfix_command_tells_what_statistics_say_and_what_came(void **state)
{
	static const struct ipfix_specifier fields[] = {
		{143, 4, 0}, {41, 8, 0}, {42, 8, 0}, {40, 8, 0}};
	char expected[128];

	(void)state;
	begin_message();
	put_biflow();
	ipfix_builder_end(&message);
	snprintf(expected, sizeof(expected),
		 "file: reported messages=5 flow_records=6 octets=7, measured messages=1 "
		 "flow_records=1 octets=%zu\n",
		 (size_t)message.size);
	write_input(message.bytes, message.size);
	ipfix_builder_begin(&message, TIME_S, 2, DOMAIN);
	ipfix_builder_set(&message, 3);
	ipfix_builder_options_template(&message, 303, 1, fields, 4);
	ipfix_builder_set(&message, 303);
	ipfix_builder_number(&message, 1, 4);
	ipfix_builder_number(&message, 5, 8);
	ipfix_builder_number(&message, 6, 8);
	ipfix_builder_number(&message, 7, 8);
	ipfix_builder_end(&message);
	append_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, NULL), 0);
	assert_non_null(strstr(err, expected));
}

static void ipfix_command_input_may_be_long(void **state)
{
	FILE *file = fopen(path, "wb");
	uint32_t sequence = 1;
	unsigned int i;

	(void)state;
	assert_non_null(file);
	begin_message();
	ipfix_builder_end(&message);
	for (i = 0; i < 50; i++) { /* 3 MB */
		assert_int_equal(fwrite(message.bytes, 1, message.size, file), message.size);
		ipfix_builder_begin(&message, TIME_S, sequence, DOMAIN);
		ipfix_builder_set(&message, 300);
		while (message.size < 60020) {
			ipfix_builder_number(&message, DOMAIN, 4);
			ipfix_builder_number(&message, 1, 4);
			sequence++;
		}
		ipfix_builder_end(&message);
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(run("--stream", path, NULL), 0);
	assert_non_null(strstr(err, "messages=50 flow_records=0 options_records=367501 "));
}

static void ipfix_command_violations_exit_with_1(void **state)
{
	(void)state;
	begin_message();
	ipfix_builder_end(&message);
	ipfix_builder_patch(&message, 10, 17); /* sequence number */
	write_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, NULL), 1);
	assert_string_equal(err, "file: message 1 octet 8: sequence number of domain 7 starts at "
				 "17, not "
				 "at 0 [RFC 7011 3.1]\n"
				 "sessions=1 messages=1 flow_records=0 options_records=1 "
				 "template_records=1 octets=0 packets=0 reverse_octets=0 "
				 "reverse_packets=0 lost_records=0 violations=1\n");
	assert_int_equal(run("--stream", path, "--late-start", "1", NULL), 0);
}

static void ipfix_command_input_without_ipfix_exits_with_65(void **state)
{
	(void)state;
	write_input("no IPFIX, but some text", 23);
	assert_int_equal(run("--stream", path, NULL), 65);
	assert_non_null(strstr(err, "no IPFIX in"));
	assert_int_equal(run("--pcap", path, NULL), 65);
	assert_non_null(strstr(err, "is not a capture file"));
	write_input("", 0);
	assert_int_equal(run("--stream", path, NULL), 65);
	pcap_builder_begin(&pcap, LINK_ETHERNET);
	write_input(pcap.bytes, pcap.size);
	assert_int_equal(run("--pcap", path, NULL), 65);
	assert_int_equal(run("--pcap", "/nonexistent/file", NULL), 65);
	assert_non_null(strstr(err, "cannot read /nonexistent/file: No such file"));
}

static void ipfix_command_wrong_usage_exits_with_64(void **state)
{
	(void)state;
	assert_int_equal(run(NULL, NULL), 64);
	assert_int_equal(run("--stream", path, "--pcap", path, NULL), 64);
	assert_int_equal(run("--stream", path, "more", NULL), 64);
	assert_int_equal(run("--stream", NULL), 64);
	assert_int_equal(run("--what", NULL), 64);
	assert_int_equal(run("--pcap", path, "--port", "65536", NULL), 64);
	assert_string_equal(err, "ipfix_check: --port does not take '65536'\n");
	assert_int_equal(run("--pcap", path, "--port", "-1", NULL), 64);
	assert_int_equal(run("--pcap", path, "--port", "", NULL), 64);
	assert_int_equal(run("--pcap", path, "--port", "1x", NULL), 64);
	assert_int_equal(run("--pcap", path, "--enterprise", "4294967296", NULL), 64);
}

static void ipfix_command_help_names_every_option(void **state)
{
	static const char *const options[] = {
		"--stream",	     "--pcap",	      "--port",
		"--records",	     "--max-message", "--template-refresh",
		"--options-refresh", "--late-start",  "--enterprise",
		"--templates-once"};
	size_t i;

	(void)state;
	assert_int_equal(run("--help", NULL), 0);
	for (i = 0; i < COUNT(options); i++)
		assert_non_null(strstr(out, options[i]));
}

/* --- options of the decoder --- */

static void put_datagram(void)
{
	const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_VLAN, .tci = 5},
		{.kind = LAYER_IPV4, .source = "192.0.2.1"},
		{.kind = LAYER_UDP, .source_port = 4711, .destination_port = 2055},
		{.kind = LAYER_PAYLOAD, .octets = message.bytes, .size = (uint32_t)message.size},
		{.kind = LAYER_END},
	};

	pcap_builder_layers(&pcap, NULL, 0, layers);
}

static void ipfix_command_options_reach_the_decoder(void **state)
{
	static const struct ipfix_specifier own[] = {{1, 8, 32473}, {4, 1, 0}};

	(void)state;
	pcap_builder_begin(&pcap, LINK_ETHERNET);
	pcap.time_ns = TIME_S * 1000000000ull;
	begin_message();
	ipfix_builder_set(&message, 2);
	ipfix_builder_template(&message, 256, own, 2);
	ipfix_builder_end(&message);
	put_datagram();
	pcap.time_ns += 20000000000;
	ipfix_builder_begin(&message, TIME_S + 20, 1, DOMAIN);
	ipfix_builder_set(&message, 256);
	ipfix_builder_number(&message, 1, 8);
	ipfix_builder_number(&message, 6, 1);
	ipfix_builder_end(&message);
	put_datagram();
	write_input(pcap.bytes, pcap.size);

	assert_int_equal(run("--pcap", path, NULL), 65);
	assert_int_equal(run("--pcap", path, "--port", "2055", NULL), 1);
	assert_non_null(strstr(err, "udp 192.0.2.1:4711 > 198.51.100.2:2055: message 1 octet 50: "
				    "Template 256: element 1 of enterprise 32473 is not expected"));
	assert_non_null(strstr(err, " violations=1\n"));
	assert_int_equal(run("--pcap", path, "--port", "2055", "--enterprise", "32473", NULL), 1);
	assert_non_null(strstr(err, "element 1 of enterprise 32473 was never described"));
	assert_non_null(strstr(err, " violations=1\n"));
	assert_int_equal(run("--pcap", path, "--port", "2055", "--max-message", "60", NULL), 1);
	assert_non_null(strstr(err, "message of 66 octets, configured are 60 [RFC 7011 10.3.3]"));
	assert_non_null(strstr(err, " violations=2\n"));
	assert_int_equal(run("--pcap", path, "--port", "2055", "--template-refresh", "19", NULL),
			 1);
	assert_non_null(strstr(err, "Template 256 was last sent 20000 ms ago [RFC 7011 8.4]"));
	assert_int_equal(run("--pcap", path, "--port", "2055", "--template-refresh", "20", NULL),
			 1);
	assert_null(strstr(err, "last sent"));
	assert_int_equal(run("--pcap", path, "--port", "2055", "--options-refresh", "19", NULL), 1);
	assert_non_null(strstr(err, "no record of Options Template 300 of domain 7 for 20000 ms"));
}

static void ipfix_command_templates_once_is_for_streams(void **state)
{
	struct ipfix_builder *again = &message;

	(void)state;
	begin_message();
	ipfix_builder_set(again, 3);
	ipfix_builder_options_template(
		again, 300, 1, (const struct ipfix_specifier[]){{149, 4, 0}, {34, 4, 0}}, 2);
	ipfix_builder_end(again);
	write_input(again->bytes, again->size);
	assert_int_equal(run("--stream", path, NULL), 0);
	assert_int_equal(run("--stream", path, "--templates-once", NULL), 1);
	assert_non_null(strstr(err, "Options Template 300 is sent a second time [own rule]"));
}

/* --- records --- */

static void ipfix_command_records_are_lines_of_json(void **state)
{
	(void)state;
	begin_message();
	put_biflow();
	ipfix_builder_end(&message);
	write_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, "--records", NULL), 0);
	assert_string_equal(out,
			    "{\"_session\":\"file\",\"_domain\":7,\"_export_time\":1700000000,"
			    "\"_template\":300,\"_options\":true,\"observationDomainId\":7,"
			    "\"samplingInterval\":1}\n"
			    "{\"_session\":\"file\",\"_domain\":7,\"_export_time\":1700000000,"
			    "\"_template\":256,\"_options\":false,\"octetDeltaCount\":"
			    "18446744073709551615,"
			    "\"packetDeltaCount\":9007199254740993,\"reverseOctetDeltaCount\":40,"
			    "\"reversePacketDeltaCount\":1,\"biflowDirection\":1}\n");
}

/* The one record of a message whose Template has the fields, from the first of them on. */
static void expect_record(int status, const struct ipfix_specifier *fields, unsigned int count,
			  const void *octets, size_t size, const char *expected)
{
	const char *found;

	begin_message();
	ipfix_builder_set(&message, 2);
	ipfix_builder_template(&message, 256, fields, count);
	ipfix_builder_set(&message, 256);
	ipfix_builder_octets(&message, octets, size);
	ipfix_builder_end(&message);
	write_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, "--records", NULL), status);
	found = strstr(out, "\"_options\":false,");
	assert_non_null(found);
	assert_string_equal(found + strlen("\"_options\":false,"), expected);
}

static void ipfix_command_records_show_every_type(void **state)
{
	static const struct ipfix_specifier addresses[] = {{8, 4, 0},  {27, 16, 0}, {56, 6, 0},
							   {95, 3, 0}, {434, 2, 0}, {276, 1, 0}};
	static const uint8_t address_octets[] = {
		192, 0, 2, 1, 0x20, 1, 0x0d, 0xb8, 0, 0, 0,    0,    0, 0,    0,    0,
		0,   0, 0, 1, 2,    0, 0x5e, 0x10, 0, 1, 0xde, 0xad, 0, 0xff, 0xfe, 2,
	};
	static const struct ipfix_specifier times[] = {
		{150, 4, 0}, {152, 8, 0}, {156, 8, 0}, {311, 8, 0}, {320, 4, 0}};
	static const uint8_t time_octets[] = {
		0x65, 0x53, 0xf1, 0,	0,    0,    1,	  0x8b, 0xcf, 0xe5, 0x68,
		0x7b, 0xe8, 0xfe, 0x6f, 0x80, 0x1f, 0x9a, 0xdd, 0x37, 0x3f, 0xd0,
		0,    0,    0,	  0,	0,    0,    0x7f, 0xc0, 0,    0,
	};

	(void)state;
	expect_record(0, addresses, 6, address_octets, sizeof(address_octets),
		      "\"sourceIPv4Address\":\"192.0.2.1\",\"sourceIPv6Address\":\"2001:db8::1\","
		      "\"sourceMacAddress\":\"02:00:5e:10:00:01\",\"applicationId\":\"dead00\","
		      "\"mibObjectValueInteger\":-2,\"dataRecordsReliability\":false}\n");
	expect_record(0, times, 5, time_octets, sizeof(time_octets),
		      "\"flowStartSeconds\":1700000000,\"flowStartMilliseconds\":1700000000123,"
		      "\"flowStartNanoseconds\":1700000000123456789,"
		      "\"samplingProbability\":0.25,\"absoluteError\":null}\n");
}

static void ipfix_command_records_escape_strings(void **state)
{
	static const struct ipfix_specifier names[] = {{82, IPFIX_VARIABLE, 0}, {4, 1, 0}};

	(void)state;
	expect_record(0, names, 2, "\12a\"b\\c\n\0\xc3\xa4z\6", 12,
		      "\"interfaceName\":\"a\\\"b\\\\c\\u000a\\u0000\xc3\xa4z\","
		      "\"protocolIdentifier\":6}\n");
	expect_record(1, names, 2, "\5a\xffz\xe2\x82\6", 7,
		      "\"interfaceName\":\"a\\ufffdz\\ufffd\\ufffd\",\"protocolIdentifier\":6}\n");
}

static void ipfix_command_records_use_described_names(void **state)
{
	static const struct ipfix_specifier description[] = {
		{346, 4, 0}, {303, 2, 0}, {339, 1, 0}, {341, IPFIX_VARIABLE, 0}};
	static const struct ipfix_specifier own[] = {{1, 2, 32473}, {2, 3, 32473}};

	(void)state;
	begin_message();
	ipfix_builder_set(&message, 2);
	ipfix_builder_template(&message, 256, own, 2);
	ipfix_builder_set(&message, 3);
	ipfix_builder_options_template(&message, 301, 2, description, 4);
	ipfix_builder_set(&message, 301);
	ipfix_builder_number(&message, 32473, 4);
	ipfix_builder_number(&message, 1, 2);
	ipfix_builder_number(&message, 3, 1); /* unsigned32 */
	ipfix_builder_variable(&message, "process\"Id", 10);
	ipfix_builder_set(&message, 256);
	ipfix_builder_number(&message, 4711, 2);
	ipfix_builder_octets(&message, "sh\0", 3);
	ipfix_builder_end(&message);
	write_input(message.bytes, message.size);
	assert_int_equal(run("--stream", path, "--records", "--enterprise", "32473", NULL), 1);
	assert_non_null(strstr(out, "\"process\\\"Id\":4711,\"_32473_2\":\"736800\"}\n"));
	assert_non_null(strstr(err, "element 2 of enterprise 32473 was never described"));
	assert_non_null(strstr(err, " violations=1\n"));
}

static void ipfix_command_records_number_what_is_there_twice(void **state)
{
	static const struct ipfix_specifier twice[] = {{4, 1, 0},     {7, 2, 0}, {4, 1, 0},
						       {4, 1, 29305}, {4, 1, 0}, {239, 1, 0}};

	(void)state;
	expect_record(0, twice, 6, "\x04\x00\x50\x06\x11\x01\x00", 7,
		      "\"protocolIdentifier\":4,\"sourceTransportPort\":80,"
		      "\"protocolIdentifier#2\":6,\"reverseProtocolIdentifier\":17,"
		      "\"protocolIdentifier#3\":1,\"biflowDirection\":0}\n");
}

static void ipfix_command_records_show_what_is_not_known(void **state)
{
	static const struct ipfix_specifier unknown[] = {
		{9999, 2, 0}, {5, 3, 9}, {1, 9, 0}, {276, 1, 0}};

	(void)state;
	expect_record(1, unknown, 4, "\x01\x02\x03\x04\x05\0\0\0\0\0\0\0\0\x01\x07", 15,
		      "\"_0_9999\":\"0102\",\"_9_5\":\"030405\","
		      "\"octetDeltaCount\":\"000000000000000001\","
		      "\"dataRecordsReliability\":7}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipfix_command_clean_input_exits_with_0),
		cmocka_unit_test(ipfix_command_tells_what_statistics_say_and_what_came),
		cmocka_unit_test(ipfix_command_input_may_be_long),
		cmocka_unit_test(ipfix_command_violations_exit_with_1),
		cmocka_unit_test(ipfix_command_input_without_ipfix_exits_with_65),
		cmocka_unit_test(ipfix_command_wrong_usage_exits_with_64),
		cmocka_unit_test(ipfix_command_help_names_every_option),
		cmocka_unit_test(ipfix_command_options_reach_the_decoder),
		cmocka_unit_test(ipfix_command_templates_once_is_for_streams),
		cmocka_unit_test(ipfix_command_records_are_lines_of_json),
		cmocka_unit_test(ipfix_command_records_show_every_type),
		cmocka_unit_test(ipfix_command_records_escape_strings),
		cmocka_unit_test(ipfix_command_records_use_described_names),
		cmocka_unit_test(ipfix_command_records_number_what_is_there_twice),
		cmocka_unit_test(ipfix_command_records_show_what_is_not_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, open_input, close_input);
}
