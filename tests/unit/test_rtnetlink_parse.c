// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reading single rtnetlink messages, well-formed and malformed.
 *
 * Messages are put together octet by octet here; each is parsed from a block of exactly its size,
 * so that the sanitizer sees every octet read beyond its end.
 */
#include "capture/rtnetlink_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- building messages --- */

struct message {
	unsigned char bytes[1024] __attribute__((aligned(8)));
	size_t length;
};

static void message_append(struct message *message, const void *data, size_t length)
{
	assert_true(message->length + length + 4 <= sizeof(message->bytes));
	memcpy(message->bytes + message->length, data, length);
	message->length += length;
	while (message->length % 4)
		message->bytes[message->length++] = 0;
}

static void message_begin(struct message *message, uint16_t type, const void *header, size_t length)
{
	const struct nlmsghdr start = {.nlmsg_type = type};

	memset(message, 0, sizeof(*message));
	message_append(message, &start, sizeof(start));
	message_append(message, header, length);
}

static void message_attribute(struct message *message, uint16_t type, const void *data,
			      size_t length)
{
	const struct rtattr header = {.rta_len = sizeof(header) + length, .rta_type = type};

	message_append(message, &header, sizeof(header));
	message_append(message, data, length);
}

static void message_u32(struct message *message, uint16_t type, uint32_t value)
{
	message_attribute(message, type, &value, sizeof(value));
}

static void message_string(struct message *message, uint16_t type, const char *value)
{
	message_attribute(message, type, value, strlen(value) + 1);
}

/* The first length octets of the message as the kernel would hand them over, in a block of their
 * own. Freed by the caller. */
static struct nlmsghdr *message_cut(const struct message *message, size_t length)
{
	unsigned char *copy = malloc(length);
	uint32_t claimed = length;

	assert_non_null(copy);
	memcpy(copy, message->bytes, length);
	memcpy(copy, &claimed, sizeof(claimed));
	return (struct nlmsghdr *)copy;
}

static void link_begin(struct message *message, uint16_t type, int index, uint8_t family)
{
	const struct ifinfomsg header = {
		.ifi_family = family,
		.ifi_type = ARPHRD_ETHER,
		.ifi_index = index,
		.ifi_flags = IFF_UP | IFF_BROADCAST,
	};

	message_begin(message, type, &header, sizeof(header));
}

static void link_usual(struct message *message)
{
	link_begin(message, RTM_NEWLINK, 7, AF_UNSPEC);
	message_string(message, IFLA_IFNAME, "veth0");
	message_u32(message, IFLA_TXQLEN, 1000);
	message_u32(message, IFLA_MTU, 1450);
	message_u32(message, IFLA_LINK, 9);
}

static int link_parse(const struct message *message, struct rtnetlink_link *link)
{
	struct nlmsghdr *copy = message_cut(message, message->length);
	int result = rtnetlink_parse_link(copy, link);

	free(copy);
	return result;
}

/* --- links --- */

static void rtnetlink_parse_link_complete_fills_all(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_usual(&message);
	assert_int_equal(link_parse(&message, &link), 1);
	assert_int_equal(link.ifindex, 7);
	assert_string_equal(link.name, "veth0");
	assert_int_equal(link.flags, IFF_UP | IFF_BROADCAST);
	assert_int_equal(link.hardware_type, ARPHRD_ETHER);
	assert_int_equal(link.mtu, 1450);
	assert_int_equal(link.link_ifindex, 9);
}

static void rtnetlink_parse_link_of_a_bridge_port_is_ignored(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_begin(&message, RTM_DELLINK, 7, AF_BRIDGE);
	message_string(&message, IFLA_IFNAME, "veth0");
	assert_int_equal(link_parse(&message, &link), 0);
}

static void rtnetlink_parse_link_wireless_event_is_ignored(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_begin(&message, RTM_NEWLINK, 7, AF_UNSPEC);
	message_string(&message, IFLA_IFNAME, "wlan0");
	message_attribute(&message, IFLA_WIRELESS, "event", 5);
	assert_int_equal(link_parse(&message, &link), 0);
}

static void rtnetlink_parse_link_of_another_type_is_ignored(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_begin(&message, RTM_NEWADDR, 7, AF_UNSPEC);
	assert_int_equal(link_parse(&message, &link), 0);
}

static void rtnetlink_parse_link_without_name_or_index_is_bad(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_begin(&message, RTM_NEWLINK, 7, AF_UNSPEC);
	message_u32(&message, IFLA_MTU, 1450);
	assert_int_equal(link_parse(&message, &link), -EBADMSG);
	link_begin(&message, RTM_NEWLINK, 0, AF_UNSPEC);
	message_string(&message, IFLA_IFNAME, "veth0");
	assert_int_equal(link_parse(&message, &link), -EBADMSG);
	link_begin(&message, RTM_NEWLINK, -1, AF_UNSPEC);
	message_string(&message, IFLA_IFNAME, "veth0");
	assert_int_equal(link_parse(&message, &link), -EBADMSG);
}

static void rtnetlink_parse_link_name_is_always_terminated(void **state)
{
	struct rtnetlink_link link;
	struct message message;

	(void)state;
	link_begin(&message, RTM_NEWLINK, 7, AF_UNSPEC);
	message_attribute(&message, IFLA_IFNAME, "unterminated", 12);
	assert_int_equal(link_parse(&message, &link), 1);
	assert_string_equal(link.name, "unterminated");
	link_begin(&message, RTM_NEWLINK, 7, AF_UNSPEC);
	message_attribute(&message, IFLA_IFNAME, "0123456789abcdefgh", 18);
	assert_int_equal(link_parse(&message, &link), 1);
	assert_string_equal(link.name, "0123456789abcde");
}

static void rtnetlink_parse_link_attribute_too_short_is_bad(void **state)
{
	static const uint16_t types[] = {IFLA_MTU, IFLA_LINK};
	struct rtnetlink_link link;
	struct message message;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		link_begin(&message, RTM_NEWLINK, 7, AF_UNSPEC);
		message_string(&message, IFLA_IFNAME, "veth0");
		message_attribute(&message, types[i], "\1\2\3", 3);
		assert_int_equal(link_parse(&message, &link), -EBADMSG);
	}
}

static void rtnetlink_parse_link_attribute_length_that_lies_is_bad(void **state)
{
	static const uint16_t lengths[] = {0, 3, 9, 0xffff};
	struct rtnetlink_link link;
	struct message message;
	size_t last, i;

	(void)state;
	link_usual(&message);
	last = message.length - 8;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(message.bytes + last, &lengths[i], sizeof(lengths[i]));
		assert_int_equal(link_parse(&message, &link), -EBADMSG);
	}
}

static void rtnetlink_parse_link_cut_anywhere_is_bad_or_shorter(void **state)
{
	struct rtnetlink_link link;
	struct message message;
	struct nlmsghdr *copy;
	size_t length;
	int expected;

	(void)state;
	link_usual(&message);
	/* 16 + 16 headers, 4 + 6 name and 2 of padding, then three numbers of 4 + 4. A rest that
	 * is too short for an attribute's header is not one. */
	assert_int_equal(message.length, 68);
	for (length = 16; length <= message.length; length++) {
		copy = message_cut(&message, length);
		expected = length < 42 ? -EBADMSG : length < 44 ? 1 : (length - 44) % 8 < 4;
		if (!expected)
			expected = -EBADMSG;
		assert_int_equal(rtnetlink_parse_link(copy, &link), expected);
		free(copy);
	}
}

/* --- routes --- */

static char carriers[64];

static void carrier_note(void *arg, uint32_t ifindex)
{
	size_t used = strlen(carriers);

	assert_ptr_equal(arg, carriers);
	snprintf(carriers + used, sizeof(carriers) - used, "%u ", ifindex);
}

static void route_begin(struct message *message, uint8_t family, uint8_t table, uint8_t type)
{
	const struct rtmsg header = {.rtm_family = family, .rtm_table = table, .rtm_type = type};

	message_begin(message, RTM_NEWROUTE, &header, sizeof(header));
}

static int route_parse(const struct message *message)
{
	struct nlmsghdr *copy = message_cut(message, message->length);
	int result;

	carriers[0] = '\0';
	result = rtnetlink_parse_default_route(copy, carrier_note, carriers);
	free(copy);
	return result;
}

static void rtnetlink_parse_route_default_names_its_interface(void **state)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct message message;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		route_begin(&message, families[i], RT_TABLE_MAIN, RTN_UNICAST);
		message_u32(&message, RTA_TABLE, RT_TABLE_MAIN);
		message_u32(&message, RTA_OIF, 3);
		assert_int_equal(route_parse(&message), 1);
		assert_string_equal(carriers, "3 ");
	}
}

static void route_multipath(struct message *message, uint16_t first_length, uint16_t second_length)
{
	struct {
		struct rtnexthop first;
		struct rtattr gateway;
		uint32_t address;
		struct rtnexthop second;
	} hops = {
		.first = {.rtnh_len = first_length, .rtnh_ifindex = 4},
		.gateway = {.rta_len = 8, .rta_type = RTA_GATEWAY},
		.second = {.rtnh_len = second_length, .rtnh_ifindex = 5},
	};

	route_begin(message, AF_INET, RT_TABLE_MAIN, RTN_UNICAST);
	message_attribute(message, RTA_MULTIPATH, &hops, sizeof(hops));
}

static void rtnetlink_parse_route_multipath_names_every_interface(void **state)
{
	struct message message;

	(void)state;
	route_multipath(&message, 16, 8);
	assert_int_equal(route_parse(&message), 1);
	assert_string_equal(carriers, "4 5 ");
}

static void rtnetlink_parse_route_multipath_that_lies_is_bad(void **state)
{
	static const uint16_t lengths[][2] = {{0, 8}, {7, 8}, {25, 8}, {16, 0}, {16, 9}, {20, 8}};
	struct message message;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		route_multipath(&message, lengths[i][0], lengths[i][1]);
		assert_int_equal(route_parse(&message), -EBADMSG);
	}
}

static void rtnetlink_parse_route_of_no_use_is_ignored(void **state)
{
	static const uint8_t types[] = {RTN_LOCAL, RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT};
	const struct rtmsg subnet = {.rtm_family = AF_INET,
				     .rtm_dst_len = 24,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_type = RTN_UNICAST};
	const struct rtmsg cached = {.rtm_family = AF_INET6,
				     .rtm_table = RT_TABLE_MAIN,
				     .rtm_type = RTN_UNICAST,
				     .rtm_flags = RTM_F_CLONED};
	const struct rtmsg gone = {
		.rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};
	struct message message;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(types); i++) {
		route_begin(&message, AF_INET, RT_TABLE_MAIN, types[i]);
		message_u32(&message, RTA_OIF, 3);
		assert_int_equal(route_parse(&message), 0);
	}
	route_begin(&message, AF_INET, RT_TABLE_COMPAT, RTN_UNICAST);
	message_u32(&message, RTA_TABLE, 1000);
	message_u32(&message, RTA_OIF, 3);
	assert_int_equal(route_parse(&message), 0);
	route_begin(&message, AF_BRIDGE, RT_TABLE_MAIN, RTN_UNICAST);
	message_u32(&message, RTA_OIF, 3);
	assert_int_equal(route_parse(&message), 0);
	message_begin(&message, RTM_NEWROUTE, &subnet, sizeof(subnet));
	message_u32(&message, RTA_OIF, 3);
	assert_int_equal(route_parse(&message), 0);
	message_begin(&message, RTM_NEWROUTE, &cached, sizeof(cached));
	message_u32(&message, RTA_OIF, 3);
	assert_int_equal(route_parse(&message), 0);
	message_begin(&message, RTM_DELROUTE, &gone, sizeof(gone));
	message_u32(&message, RTA_OIF, 3);
	assert_int_equal(route_parse(&message), 0);
	assert_string_equal(carriers, "");
}

static void rtnetlink_parse_route_malformed_is_bad(void **state)
{
	struct message message;
	struct nlmsghdr *copy;

	(void)state;
	route_begin(&message, AF_INET, RT_TABLE_MAIN, RTN_UNICAST);
	message_attribute(&message, RTA_OIF, "\3\0", 2);
	assert_int_equal(route_parse(&message), -EBADMSG);
	route_begin(&message, AF_INET, RT_TABLE_MAIN, RTN_UNICAST);
	message_u32(&message, RTA_OIF, 3);
	copy = message_cut(&message, message.length - 1);
	assert_int_equal(rtnetlink_parse_default_route(copy, carrier_note, carriers), -EBADMSG);
	free(copy);
	copy = message_cut(&message, NLMSG_HDRLEN + sizeof(struct rtmsg) - 1);
	assert_int_equal(rtnetlink_parse_default_route(copy, carrier_note, carriers), -EBADMSG);
	free(copy);
}

/* --- filters and qdiscs --- */

static void filter_begin(struct message *message, uint16_t type, const char *kind)
{
	const struct tcmsg header = {
		.tcm_ifindex = 3,
		.tcm_handle = 0xf10b0001,
		.tcm_info = TC_H_MAKE(0xfffeu << 16, htons(ETH_P_ALL)),
	};

	message_begin(message, type, &header, sizeof(header));
	message_string(message, TCA_KIND, kind);
}

static void filter_usual(struct message *message, const char *kind)
{
	struct message options = {};

	message_u32(&options, TCA_BPF_FLAGS, 1);
	message_string(&options, TCA_BPF_NAME, "tc_egress_l2:[45]");
	message_u32(&options, TCA_BPF_ID, 45);
	filter_begin(message, RTM_NEWTFILTER, kind);
	message_u32(message, TCA_CHAIN, 6);
	message_attribute(message, TCA_OPTIONS | NLA_F_NESTED, options.bytes, options.length);
}

static int filter_parse(const struct message *message, struct rtnetlink_filter *filter)
{
	struct nlmsghdr *copy = message_cut(message, message->length);
	int result = rtnetlink_parse_filter(copy, filter);

	free(copy);
	return result;
}

static void rtnetlink_parse_filter_bpf_fills_all(void **state)
{
	struct rtnetlink_filter filter;
	struct message message;

	(void)state;
	filter_usual(&message, "bpf");
	assert_int_equal(filter_parse(&message, &filter), 1);
	assert_int_equal(filter.handle, 0xf10b0001);
	assert_int_equal(filter.priority, 0xfffe);
	assert_int_equal(filter.protocol, ETH_P_ALL);
	assert_int_equal(filter.chain, 6);
	assert_string_equal(filter.kind, "bpf");
	assert_int_equal(filter.program_id, 45);
	assert_string_equal(filter.name, "tc_egress_l2:[45]");
}

static void rtnetlink_parse_filter_of_another_kind_has_no_program(void **state)
{
	struct rtnetlink_filter filter;
	struct message message;

	(void)state;
	filter_usual(&message, "u32");
	assert_int_equal(filter_parse(&message, &filter), 1);
	assert_string_equal(filter.kind, "u32");
	assert_int_equal(filter.program_id, 0);
	assert_string_equal(filter.name, "");
	filter_begin(&message, RTM_NEWCHAIN, "bpf");
	assert_int_equal(filter_parse(&message, &filter), 0);
}

static void rtnetlink_parse_filter_malformed_is_bad(void **state)
{
	struct rtnetlink_filter filter;
	struct message message;
	struct nlmsghdr *copy;
	uint16_t length;

	(void)state;
	filter_usual(&message, "bpf");
	copy = message_cut(&message, message.length - 4);
	assert_int_equal(rtnetlink_parse_filter(copy, &filter), -EBADMSG);
	free(copy);
	/* The last attribute inside the options claims one octet more than the options have. */
	length = 9;
	memcpy(message.bytes + message.length - 8, &length, sizeof(length));
	assert_int_equal(filter_parse(&message, &filter), -EBADMSG);
	length = 7;
	memcpy(message.bytes + message.length - 8, &length, sizeof(length));
	assert_int_equal(filter_parse(&message, &filter), -EBADMSG);
}

static void rtnetlink_parse_qdisc_tells_the_kind(void **state)
{
	char kind[16] = "unset";
	struct message message;
	struct nlmsghdr *copy;

	(void)state;
	filter_begin(&message, RTM_NEWQDISC, "clsact");
	copy = message_cut(&message, message.length);
	assert_int_equal(rtnetlink_parse_qdisc(copy, kind), 1);
	assert_string_equal(kind, "clsact");
	free(copy);
	copy = message_cut(&message, message.length - 8);
	assert_int_equal(rtnetlink_parse_qdisc(copy, kind), -EBADMSG);
	free(copy);
	copy = message_cut(&message, NLMSG_HDRLEN + sizeof(struct tcmsg));
	assert_int_equal(rtnetlink_parse_qdisc(copy, kind), 0);
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtnetlink_parse_link_complete_fills_all),
		cmocka_unit_test(rtnetlink_parse_link_of_a_bridge_port_is_ignored),
		cmocka_unit_test(rtnetlink_parse_link_wireless_event_is_ignored),
		cmocka_unit_test(rtnetlink_parse_link_of_another_type_is_ignored),
		cmocka_unit_test(rtnetlink_parse_link_without_name_or_index_is_bad),
		cmocka_unit_test(rtnetlink_parse_link_name_is_always_terminated),
		cmocka_unit_test(rtnetlink_parse_link_attribute_too_short_is_bad),
		cmocka_unit_test(rtnetlink_parse_link_attribute_length_that_lies_is_bad),
		cmocka_unit_test(rtnetlink_parse_link_cut_anywhere_is_bad_or_shorter),
		cmocka_unit_test(rtnetlink_parse_route_default_names_its_interface),
		cmocka_unit_test(rtnetlink_parse_route_multipath_names_every_interface),
		cmocka_unit_test(rtnetlink_parse_route_multipath_that_lies_is_bad),
		cmocka_unit_test(rtnetlink_parse_route_of_no_use_is_ignored),
		cmocka_unit_test(rtnetlink_parse_route_malformed_is_bad),
		cmocka_unit_test(rtnetlink_parse_filter_bpf_fills_all),
		cmocka_unit_test(rtnetlink_parse_filter_of_another_kind_has_no_program),
		cmocka_unit_test(rtnetlink_parse_filter_malformed_is_bad),
		cmocka_unit_test(rtnetlink_parse_qdisc_tells_the_kind),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
