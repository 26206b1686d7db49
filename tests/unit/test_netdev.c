// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Generic netlink messages about drivers, well-formed and malformed. Each is parsed from a block of
 * exactly its size, so that the sanitizer sees every octet read beyond its end.
 */
#include "capture/netdev.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define IFINDEX 7
#define FAMILY 0x1234
#define FEATURES 0x8000000000000021ull

struct message {
	unsigned char bytes[256] __attribute__((aligned(8)));
	uint32_t length;
};

static void append(struct message *message, const void *data, size_t length)
{
	assert_true(message->length + length + 4 <= sizeof(message->bytes));
	memcpy(message->bytes + message->length, data, length);
	message->length += (uint32_t)length;
	while (message->length % 4)
		message->bytes[message->length++] = 0xee;
}

static void append_attribute(struct message *message, uint16_t type, const void *value,
			     size_t length)
{
	const struct nlattr attribute = {
		.nla_len = (uint16_t)(sizeof(attribute) + length),
		.nla_type = type,
	};

	append(message, &attribute, sizeof(attribute));
	append(message, value, length);
}

static void begin(struct message *message, uint16_t type)
{
	const struct nlmsghdr header = {.nlmsg_type = type};
	const struct genlmsghdr generic = {.cmd = 1, .version = 1};

	memset(message, 0, sizeof(*message));
	append(message, &header, sizeof(header));
	append(message, &generic, sizeof(generic));
}

/* The message in a block of its own; with its length written into it. */
static struct nlmsghdr *seal(const struct message *message, uint32_t length)
{
	struct nlmsghdr *sealed = malloc(length);

	assert_non_null(sealed);
	memcpy(sealed, message->bytes, length);
	sealed->nlmsg_len = length;
	return sealed;
}

static void make_family(struct message *message)
{
	const uint16_t family = FAMILY;

	begin(message, GENL_ID_CTRL);
	append_attribute(message, CTRL_ATTR_FAMILY_NAME, "netdev", sizeof("netdev"));
	append_attribute(message, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
	append_attribute(message, CTRL_ATTR_VERSION, "\1\0\0", 4);
}

static void make_xdp(struct message *message, uint32_t ifindex)
{
	const uint64_t features = FEATURES;

	begin(message, FAMILY);
	append_attribute(message, 1, &ifindex, sizeof(ifindex));
	append_attribute(message, 2 /* padding */, "", 0);
	append_attribute(message, 3, &features, sizeof(features));
}

static int parse_family(const struct message *message, uint32_t length, uint16_t *family)
{
	struct nlmsghdr *sealed = seal(message, length);
	int found = netdev_parse_family(sealed, family);

	free(sealed);
	return found;
}

static int parse_xdp(const struct message *message, uint32_t length, uint64_t *features)
{
	struct nlmsghdr *sealed = seal(message, length);
	int found = netdev_parse_xdp(sealed, IFINDEX, features);

	free(sealed);
	return found;
}

static void netdev_family_is_found(void **state)
{
	struct message message;
	uint16_t family = 0;

	(void)state;
	make_family(&message);
	assert_int_equal(parse_family(&message, message.length, &family), 1);
	assert_int_equal(family, FAMILY);
}

static void netdev_family_of_another_message_is_not_taken(void **state)
{
	struct message message;
	uint16_t family = 0;

	(void)state;
	make_family(&message);
	((struct nlmsghdr *)message.bytes)->nlmsg_type = FAMILY;
	assert_int_equal(parse_family(&message, message.length, &family), 0);
	begin(&message, GENL_ID_CTRL);
	assert_int_equal(parse_family(&message, message.length, &family), 0);
	assert_int_equal(family, 0);
}

static void netdev_features_are_found(void **state)
{
	struct message message;
	uint64_t features = 0;

	(void)state;
	make_xdp(&message, IFINDEX);
	assert_int_equal(parse_xdp(&message, message.length, &features), 1);
	assert_true(features == FEATURES);
	((struct nlattr *)(message.bytes + 20))->nla_type |= NLA_F_NET_BYTEORDER; /* only a flag */
	assert_int_equal(parse_xdp(&message, message.length, &features), 1);
}

static void netdev_features_of_another_interface_are_not_taken(void **state)
{
	struct message message;
	uint64_t features = 0;

	(void)state;
	make_xdp(&message, IFINDEX + 1);
	assert_int_equal(parse_xdp(&message, message.length, &features), 0);
	begin(&message, FAMILY);
	assert_int_equal(parse_xdp(&message, message.length, &features), 0);
	assert_true(features == 0);
}

/* Cut anywhere, it is an error or says nothing, but never something else. */
static void netdev_cut_messages_are_no_answer(void **state)
{
	struct message message;
	uint64_t features = 0;
	uint16_t family = 0;
	uint32_t length;

	(void)state;
	make_xdp(&message, IFINDEX);
	for (length = sizeof(struct nlmsghdr); length < message.length; length++)
		assert_true(parse_xdp(&message, length, &features) <= 0);
	assert_true(features == 0);
	make_family(&message);
	for (length = sizeof(struct nlmsghdr); length < 36; length++) /* up to the id's end */
		assert_true(parse_family(&message, length, &family) <= 0);
	assert_int_equal(family, 0);
}

static void netdev_wrong_lengths_are_errors(void **state)
{
	static const uint16_t lengths[] = {0, 1, 3, 4, 7, 200, 65535};
	struct message message;
	uint64_t features = 0;
	struct nlattr *first;

	(void)state;
	make_xdp(&message, IFINDEX);
	first = (struct nlattr *)(message.bytes + sizeof(struct nlmsghdr) +
				  sizeof(struct genlmsghdr));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		first->nla_len = lengths[i];
		assert_int_equal(parse_xdp(&message, message.length, &features), -EBADMSG);
	}
}

static void netdev_any_octet_may_be_wrong(void **state)
{
	struct message message, broken;
	uint64_t features;

	(void)state;
	make_xdp(&message, IFINDEX);
	for (uint32_t at = sizeof(struct nlmsghdr); at < message.length; at++) {
		for (int value = 0; value < 256; value++) {
			broken = message;
			broken.bytes[at] = (unsigned char)value;
			parse_xdp(&broken, broken.length, &features); /* the sanitizer judges */
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(netdev_family_is_found),
		cmocka_unit_test(netdev_family_of_another_message_is_not_taken),
		cmocka_unit_test(netdev_features_are_found),
		cmocka_unit_test(netdev_features_of_another_interface_are_not_taken),
		cmocka_unit_test(netdev_cut_messages_are_no_answer),
		cmocka_unit_test(netdev_wrong_lengths_are_errors),
		cmocka_unit_test(netdev_any_octet_may_be_wrong),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("netdev", tests, NULL, NULL);
}
