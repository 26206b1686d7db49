// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What reads captures for the tests: capture files, the UDP and TCP in their packets, and the order
 * of TCP segments.
 */
#include "pcap_reader.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ip_segment.h"
#include "pcap_builder.h"
#include "tcp_assembly.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TIME_NS 1700000000123456789ull

static struct pcap_builder pcap;

/* --- capture files --- */

static void pcap_reader_reads_both_byte_orders_and_precisions(void **state)
{
	struct pcap_reader reader;
	struct pcap_packet packet;
	unsigned int variant;

	(void)state;
	for (variant = 0; variant < 4; variant++) {
		pcap.is_big_endian = variant & 1;
		pcap.has_nanoseconds = variant & 2;
		pcap.time_ns = TIME_NS;
		pcap_builder_begin(&pcap, LINK_LINUX_COOKED_2);
		pcap_builder_packet(&pcap, (const uint8_t *)"first", 5, 5);
		pcap_builder_packet(&pcap, (const uint8_t *)"", 0, 0);
		pcap_builder_packet(&pcap, (const uint8_t *)"cut", 3, 1500);
		assert_int_equal(pcap_reader_init(&reader, pcap.bytes, pcap.size), 0);
		assert_int_equal(pcap_reader_next(&reader, &packet), 1);
		assert_true(packet.time_ns ==
			    (pcap.has_nanoseconds ? TIME_NS : TIME_NS / 1000 * 1000));
		assert_int_equal(packet.link_type, LINK_LINUX_COOKED_2);
		assert_int_equal(packet.size, 5);
		assert_memory_equal(packet.bytes, "first", 5);
		assert_int_equal(pcap_reader_next(&reader, &packet), 1);
		assert_int_equal(packet.size, 0);
		assert_int_equal(pcap_reader_next(&reader, &packet), 1);
		assert_int_equal(packet.size, 3);
		assert_int_equal(packet.original_size, 1500);
		assert_int_equal(pcap_reader_next(&reader, &packet), 0);
		assert_int_equal(pcap_reader_next(&reader, &packet), 0);
	}
	pcap.is_big_endian = 0;
	pcap.has_nanoseconds = 0;
}

static void pcap_reader_takes_nothing_else_for_a_capture(void **state)
{
	static const uint8_t pcapng[24] = {0x0a, 0x0d, 0x0d, 0x0a};
	struct pcap_reader reader;

	(void)state;
	assert_int_equal(pcap_reader_init(&reader, pcapng, sizeof(pcapng)), -EINVAL);
	pcap_builder_begin(&pcap, LINK_RAW);
	assert_int_equal(pcap_reader_init(&reader, pcap.bytes, pcap.size - 1), -EINVAL);
	assert_int_equal(pcap_reader_init(&reader, pcap.bytes, 0), -EINVAL);
	pcap.bytes[0] ^= 1;
	assert_int_equal(pcap_reader_init(&reader, pcap.bytes, pcap.size), -EINVAL);
}

static void pcap_reader_cut_anywhere_is_bad(void **state)
{
	struct pcap_reader reader;
	struct pcap_packet packet;
	uint8_t *copy;
	size_t size;

	(void)state;
	pcap_builder_begin(&pcap, LINK_RAW);
	pcap_builder_packet(&pcap, (const uint8_t *)"octets", 6, 6);
	for (size = 25; size < pcap.size; size++) {
		copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, pcap.bytes, size);
		assert_int_equal(pcap_reader_init(&reader, copy, size), 0);
		assert_int_equal(pcap_reader_next(&reader, &packet), -EBADMSG);
		free(copy);
	}
}

/* --- packets --- */

#define UDP                                                                 \
	{.kind = LAYER_UDP, .source_port = 4711, .destination_port = 4739}, \
	{                                                                   \
		.kind = LAYER_PAYLOAD, .octets = "message", .size = 7       \
	}

static const struct packet_layer udp_over_ipv4[] = {{.kind = LAYER_IPV4}, UDP, {.kind = LAYER_END}};
static const struct packet_layer udp_over_ipv6[] = {{.kind = LAYER_IPV6}, UDP, {.kind = LAYER_END}};

static const struct pcap_packet *only_packet(void)
{
	static struct pcap_packet packet;
	struct pcap_reader reader;

	assert_int_equal(pcap_reader_init(&reader, pcap.bytes, pcap.size), 0);
	assert_int_equal(pcap_reader_next(&reader, &packet), 1);
	return &packet;
}

/* Parses a copy of the first octets of the packet in the capture, of exactly their size. */
static int parse_cut(struct ip_segment *segment, size_t size, uint8_t **copy)
{
	const struct pcap_packet *packet = only_packet();

	*copy = malloc(size);
	assert_true(*copy || !size);
	if (size)
		memcpy(*copy, packet->bytes, size);
	return ip_segment_parse(segment, packet->link_type, *copy, size);
}

static void check_udp(uint32_t link_type, const void *link, size_t link_size,
		      const struct packet_layer *layers, uint8_t version)
{
	struct ip_segment segment;
	uint8_t address[16], *copy;
	size_t size, all;

	pcap_builder_begin(&pcap, link_type);
	pcap_builder_layers(&pcap, link, link_size, layers);
	all = only_packet()->size;
	assert_int_equal(parse_cut(&segment, all, &copy), 1);
	assert_int_equal(segment.version, version);
	assert_int_equal(segment.protocol, IP_SEGMENT_UDP);
	assert_int_equal(segment.source_port, 4711);
	assert_int_equal(segment.destination_port, 4739);
	assert_false(segment.is_fragment);
	assert_int_equal(segment.size, 7);
	assert_memory_equal(segment.payload, "message", 7);
	packet_address(version == 4 ? PACKET_IPV4_SOURCE : PACKET_IPV6_SOURCE, address);
	assert_memory_equal(segment.source, version == 4 ? address + 12 : address,
			    version == 4 ? 4 : 16);
	packet_address(version == 4 ? PACKET_IPV4_DESTINATION : PACKET_IPV6_DESTINATION, address);
	assert_memory_equal(segment.destination, version == 4 ? address + 12 : address,
			    version == 4 ? 4 : 16);
	free(copy);
	for (size = 0; size < all; size++) {
		assert_int_equal(parse_cut(&segment, size, &copy), -EBADMSG);
		free(copy);
	}
}

static void ip_segment_is_found_behind_every_link_header(void **state)
{
	static const struct packet_layer ethernet[] = {
		{.kind = LAYER_ETHERNET}, {.kind = LAYER_IPV4}, UDP, {.kind = LAYER_END}};
	static const struct packet_layer vlan[] = {{.kind = LAYER_ETHERNET},
						   {.kind = LAYER_VLAN, .tpid = 0x88a8, .tci = 7},
						   {.kind = LAYER_VLAN, .tci = 8},
						   {.kind = LAYER_IPV6},
						   UDP,
						   {.kind = LAYER_END}};
	static const uint8_t cooked[16] = {[14] = 0x08};
	static const uint8_t cooked_2[20] = {0x86, 0xdd};

	(void)state;
	check_udp(LINK_ETHERNET, NULL, 0, ethernet, 4);
	check_udp(LINK_ETHERNET, NULL, 0, vlan, 6);
	check_udp(LINK_LINUX_COOKED, cooked, sizeof(cooked), udp_over_ipv4, 4);
	check_udp(LINK_LINUX_COOKED_2, cooked_2, sizeof(cooked_2), udp_over_ipv6, 6);
	check_udp(LINK_RAW, NULL, 0, udp_over_ipv4, 4);
	check_udp(LINK_RAW, NULL, 0, udp_over_ipv6, 6);
	check_udp(LINK_RAW_BSD, NULL, 0, udp_over_ipv4, 4);
	check_udp(LINK_RAW_OPENBSD, NULL, 0, udp_over_ipv4, 4);
	check_udp(LINK_IPV4, NULL, 0, udp_over_ipv4, 4);
	check_udp(LINK_IPV6, NULL, 0, udp_over_ipv6, 6);
}

static void ip_segment_is_found_behind_extension_headers(void **state)
{
	static const struct packet_layer layers[] = {{.kind = LAYER_IPV6},
						     {.kind = LAYER_HOP_BY_HOP, .size = 16},
						     {.kind = LAYER_DESTINATION_OPTIONS},
						     {.kind = LAYER_ROUTING, .size = 24},
						     UDP,
						     {.kind = LAYER_END}};
	static const struct packet_layer options[] = {
		{.kind = LAYER_IPV4, .size = 8}, UDP, {.kind = LAYER_END}};

	(void)state;
	check_udp(LINK_RAW, NULL, 0, layers, 6);
	check_udp(LINK_RAW, NULL, 0, options, 4);
}

static void ip_segment_ends_where_ip_says_so(void **state)
{
	static const struct packet_layer layers[] = {
		{.kind = LAYER_ETHERNET},
		{.kind = LAYER_IPV4},
		{.kind = LAYER_TCP, .tcp_flags = 0x018, .size = 12},
		{.kind = LAYER_PAYLOAD, .octets = "m", .size = 1},
		{.kind = LAYER_END}};
	uint8_t bytes[100];
	struct packet_builder packet;
	struct ip_segment segment;

	(void)state;
	packet_builder_init(&packet, bytes, sizeof(bytes));
	packet_builder_push_all(&packet, layers);
	packet_builder_finish(&packet);
	packet_builder_pad(&packet, sizeof(bytes));
	assert_int_equal(ip_segment_parse(&segment, LINK_ETHERNET, bytes, sizeof(bytes)), 1);
	assert_int_equal(segment.protocol, IP_SEGMENT_TCP);
	assert_int_equal(segment.tcp_flags, 0x18);
	assert_int_equal(segment.tcp_sequence, 1);
	assert_int_equal(segment.size, 1);
	assert_memory_equal(segment.payload, "m", 1);
}

static void ip_segment_may_be_empty(void **state)
{
	static const struct packet_layer layers[][3] = {
		{{.kind = LAYER_IPV4}, {.kind = LAYER_UDP}, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV6}, {.kind = LAYER_TCP}, {.kind = LAYER_END}},
	};
	struct ip_segment segment;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pcap_builder_begin(&pcap, LINK_RAW);
		pcap_builder_layers(&pcap, NULL, 0, layers[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), 1);
		assert_int_equal(segment.destination_port, PACKET_DESTINATION_PORT);
		assert_int_equal(segment.size, 0);
		free(copy);
	}
}

static void ip_segment_of_a_super_packet_goes_to_the_end(void **state)
{
	static const struct packet_layer layers[][4] = {
		{{.kind = LAYER_IPV4, .length = PACKET_FORCED(0)},
		 {.kind = LAYER_TCP},
		 {.kind = LAYER_PAYLOAD, .size = 3000},
		 {.kind = LAYER_END}},
		{{.kind = LAYER_IPV6, .length = PACKET_FORCED(0)},
		 {.kind = LAYER_TCP},
		 {.kind = LAYER_PAYLOAD, .size = 3000},
		 {.kind = LAYER_END}},
	};
	struct ip_segment segment;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pcap_builder_begin(&pcap, LINK_RAW);
		pcap_builder_layers(&pcap, NULL, 0, layers[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), 1);
		assert_int_equal(segment.size, 3000);
		free(copy);
	}
}

static void ip_segment_tells_fragments(void **state)
{
	static const struct packet_layer first[][5] = {
		{{.kind = LAYER_IPV4, .ip_flags = 1}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV6},
		 {.kind = LAYER_FRAGMENT, .ip_flags = 1},
		 UDP,
		 {.kind = LAYER_END}},
	};
	static const struct packet_layer later[][5] = {
		{{.kind = LAYER_IPV4, .fragment_offset = 100}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV6},
		 {.kind = LAYER_FRAGMENT, .fragment_offset = 100},
		 UDP,
		 {.kind = LAYER_END}},
	};
	struct ip_segment segment;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pcap_builder_begin(&pcap, LINK_RAW);
		pcap_builder_layers(&pcap, NULL, 0, first[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), 1);
		assert_true(segment.is_fragment);
		assert_int_equal(segment.destination_port, 4739);
		free(copy);
		pcap_builder_begin(&pcap, LINK_RAW);
		pcap_builder_layers(&pcap, NULL, 0, later[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), 0);
		free(copy);
	}
}

static void ip_segment_of_something_else_is_none(void **state)
{
	static const struct packet_layer arp[] = {{.kind = LAYER_ETHERNET},
						  {.kind = LAYER_TYPE, .value = 0x0806},
						  {.kind = LAYER_PAYLOAD, .size = 28},
						  {.kind = LAYER_END}};
	static const struct packet_layer icmp[] = {{.kind = LAYER_ETHERNET},
						   {.kind = LAYER_IPV4},
						   {.kind = LAYER_ICMP, .type = 8},
						   {.kind = LAYER_END}};
	const struct packet_layer *const layers[] = {arp, icmp};
	struct ip_segment segment;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(layers); i++) {
		pcap_builder_begin(&pcap, LINK_ETHERNET);
		pcap_builder_layers(&pcap, NULL, 0, layers[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), 0);
		free(copy);
	}
	assert_int_equal(ip_segment_parse(&segment, 9999, (const uint8_t *)"?", 1), 0);
}

static void ip_segment_that_contradicts_itself_is_bad(void **state)
{
	static const struct packet_layer layers[][5] = {
		{{.kind = LAYER_ETHERNET},
		 {.kind = LAYER_IPV4, .version = PACKET_FORCED(6)},
		 UDP,
		 {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4, .header_words = PACKET_FORCED(4)}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4, .length = PACKET_FORCED(19)}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4, .length = PACKET_FORCED(99)}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV6, .length = PACKET_FORCED(99)}, UDP, {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4},
		 {.kind = LAYER_UDP, .length = PACKET_FORCED(7)},
		 {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4},
		 {.kind = LAYER_UDP, .length = PACKET_FORCED(9)},
		 {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4},
		 {.kind = LAYER_TCP, .header_words = PACKET_FORCED(4)},
		 {.kind = LAYER_END}},
		{{.kind = LAYER_IPV4},
		 {.kind = LAYER_TCP, .header_words = PACKET_FORCED(6)},
		 {.kind = LAYER_END}},
	};
	struct ip_segment segment;
	uint8_t *copy;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(layers); i++) {
		pcap_builder_begin(&pcap,
				   layers[i][0].kind == LAYER_ETHERNET ? LINK_ETHERNET : LINK_IPV4);
		pcap_builder_layers(&pcap, NULL, 0, layers[i]);
		assert_int_equal(parse_cut(&segment, only_packet()->size, &copy), -EBADMSG);
		free(copy);
	}
}

/* --- TCP --- */

static char received[64];

static void receive(void *arg, const uint8_t *bytes, size_t size, uint64_t time_ns)
{
	size_t used = strlen(received);

	assert_ptr_equal(arg, received);
	assert_true(time_ns >= 1 && size >= 1 && used + size < sizeof(received));
	memcpy(received + used, bytes, size);
	received[used + size] = '\0';
}

static struct tcp_assembly new_assembly(void)
{
	struct tcp_assembly assembly = {.arg = received, .deliver = receive};

	received[0] = '\0';
	return assembly;
}

static int add(struct tcp_assembly *assembly, uint32_t sequence, const char *text)
{
	return tcp_assembly_add(assembly, sequence, (const uint8_t *)text, strlen(text), 1);
}

static void tcp_assembly_in_order_is_delivered_at_once(void **state)
{
	struct tcp_assembly assembly = new_assembly();

	(void)state;
	tcp_assembly_start(&assembly, 100);
	assert_int_equal(add(&assembly, 100, "abc"), 0);
	assert_string_equal(received, "abc");
	assert_int_equal(add(&assembly, 103, ""), 0);
	assert_int_equal(add(&assembly, 103, "de"), 0);
	assert_string_equal(received, "abcde");
	assert_int_equal(tcp_assembly_missing(&assembly), 0);
	tcp_assembly_free(&assembly);
}

static void tcp_assembly_twice_is_delivered_once(void **state)
{
	struct tcp_assembly assembly = new_assembly();

	(void)state;
	tcp_assembly_start(&assembly, 100);
	add(&assembly, 100, "abcdef");
	add(&assembly, 100, "abcdef");
	add(&assembly, 102, "cd");
	add(&assembly, 104, "efgh");
	add(&assembly, 99, "?abcdefghi");
	assert_string_equal(received, "abcdefghi");
	tcp_assembly_free(&assembly);
}

static void tcp_assembly_too_early_waits(void **state)
{
	struct tcp_assembly assembly = new_assembly();

	(void)state;
	tcp_assembly_start(&assembly, 100);
	add(&assembly, 106, "gh");
	add(&assembly, 103, "def");
	add(&assembly, 104, "efgh"); /* overlaps both */
	add(&assembly, 110, "k");
	assert_string_equal(received, "");
	assert_int_equal(tcp_assembly_missing(&assembly), 3);
	add(&assembly, 100, "abc");
	assert_string_equal(received, "abcdefgh");
	assert_int_equal(tcp_assembly_missing(&assembly), 2);
	add(&assembly, 108, "ij");
	assert_string_equal(received, "abcdefghijk");
	assert_int_equal(tcp_assembly_missing(&assembly), 0);
	assert_int_equal(assembly.waiting_bytes, 0);
	assert_int_equal(assembly.waiting_count, 0);
	tcp_assembly_free(&assembly);
}

static void tcp_assembly_sequence_wraps(void **state)
{
	struct tcp_assembly assembly = new_assembly();

	(void)state;
	add(&assembly, UINT32_MAX - 1, "abc"); /* also the start, as there was no other */
	add(&assembly, 3, "fg");
	add(&assembly, UINT32_MAX, "bc");
	add(&assembly, 1, "de");
	assert_string_equal(received, "abcdefg");
	tcp_assembly_free(&assembly);
}

static void tcp_assembly_does_not_keep_everything(void **state)
{
	static uint8_t large[TCP_ASSEMBLY_WAITING_BYTES_MAX / 2];
	struct tcp_assembly assembly = new_assembly();
	uint32_t i;

	(void)state;
	tcp_assembly_start(&assembly, 0);
	assert_int_equal(tcp_assembly_add(&assembly, 10, large, sizeof(large), 1), 0);
	assert_int_equal(tcp_assembly_add(&assembly, 20, large, sizeof(large), 1), 0);
	assert_int_equal(tcp_assembly_add(&assembly, 30, large, 1, 1), -ENOBUFS);
	tcp_assembly_free(&assembly);
	for (i = 0; i < TCP_ASSEMBLY_WAITING_MAX; i++)
		assert_int_equal(add(&assembly, 10 + i, "x"), 0);
	assert_int_equal(add(&assembly, 9, "x"), -ENOBUFS);
	tcp_assembly_free(&assembly);
	assert_int_equal(assembly.waiting_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_reader_reads_both_byte_orders_and_precisions),
		cmocka_unit_test(pcap_reader_takes_nothing_else_for_a_capture),
		cmocka_unit_test(pcap_reader_cut_anywhere_is_bad),
		cmocka_unit_test(ip_segment_is_found_behind_every_link_header),
		cmocka_unit_test(ip_segment_is_found_behind_extension_headers),
		cmocka_unit_test(ip_segment_ends_where_ip_says_so),
		cmocka_unit_test(ip_segment_may_be_empty),
		cmocka_unit_test(ip_segment_of_a_super_packet_goes_to_the_end),
		cmocka_unit_test(ip_segment_tells_fragments),
		cmocka_unit_test(ip_segment_of_something_else_is_none),
		cmocka_unit_test(ip_segment_that_contradicts_itself_is_bad),
		cmocka_unit_test(tcp_assembly_in_order_is_delivered_at_once),
		cmocka_unit_test(tcp_assembly_twice_is_delivered_once),
		cmocka_unit_test(tcp_assembly_too_early_waits),
		cmocka_unit_test(tcp_assembly_sequence_wraps),
		cmocka_unit_test(tcp_assembly_does_not_keep_everything),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
