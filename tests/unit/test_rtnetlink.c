// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Walking the rtnetlink messages of a datagram, well-formed and malformed. Reading each of them is
 * tested by test_rtnetlink_parse.c.
 *
 * Each datagram is a block of exactly its size, so that the sanitizer sees every octet read beyond
 * its end.
 */
#include "capture/rtnetlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct walked {
	size_t count;
	uint16_t types[4];
	int answer;
};

static int walked_note(void *arg, const struct nlmsghdr *message)
{
	struct walked *walked = arg;

	assert_true(walked->count < 4);
	walked->types[walked->count++] = message->nlmsg_type;
	return walked->answer;
}

/* Two messages of 16 + 4 and 16 octets, with the lengths claimed, cut to length. */
static int walk(struct walked *walked, uint32_t first, uint32_t second, size_t length)
{
	const struct nlmsghdr headers[] = {{.nlmsg_len = first, .nlmsg_type = 30},
					   {.nlmsg_len = second, .nlmsg_type = 31}};
	unsigned char *data = calloc(1, 36);
	int result;

	assert_non_null(data);
	memcpy(data, &headers[0], 16);
	memcpy(data + 20, &headers[1], 16);
	data = realloc(data, length ? length : 1);
	assert_non_null(data);
	walked->count = 0;
	result = rtnetlink_walk(data, length, walked_note, walked);
	free(data);
	return result;
}

static void rtnetlink_walk_sees_every_message(void **state)
{
	struct walked walked = {};

	(void)state;
	assert_int_equal(walk(&walked, 20, 16, 36), 0);
	assert_int_equal(walked.count, 2);
	assert_int_equal(walked.types[0], 30);
	assert_int_equal(walked.types[1], 31);
	assert_int_equal(walk(&walked, 17, 16, 36), 0); /* the next one starts aligned */
	assert_int_equal(walked.count, 2);
	assert_int_equal(walk(&walked, 17, 16, 17), 0); /* the padding of the last is optional */
	assert_int_equal(walked.count, 1);
	assert_int_equal(walk(&walked, 20, 16, 0), 0);
	assert_int_equal(walked.count, 0);
}

static void rtnetlink_walk_length_that_lies_is_bad(void **state)
{
	struct walked walked = {};

	(void)state;
	assert_int_equal(walk(&walked, 15, 16, 36), -EBADMSG);
	assert_int_equal(walked.count, 0);
	assert_int_equal(walk(&walked, 0, 16, 36), -EBADMSG);
	assert_int_equal(walk(&walked, 37, 16, 36), -EBADMSG);
	assert_int_equal(walk(&walked, 0xffffffff, 16, 36), -EBADMSG);
	assert_int_equal(walked.count, 0);
	assert_int_equal(walk(&walked, 20, 17, 36), -EBADMSG);
	assert_int_equal(walked.count, 1);
	assert_int_equal(walk(&walked, 20, 16, 35), -EBADMSG);
	assert_int_equal(walked.count, 1);
}

static void rtnetlink_walk_ends_with_the_handlers_answer(void **state)
{
	struct walked walked = {.answer = -ENOMEM};

	(void)state;
	assert_int_equal(walk(&walked, 20, 16, 36), -ENOMEM);
	assert_int_equal(walked.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtnetlink_walk_sees_every_message),
		cmocka_unit_test(rtnetlink_walk_length_that_lies_is_bad),
		cmocka_unit_test(rtnetlink_walk_ends_with_the_handlers_answer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
