// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * SHA-1: the vectors of RFC 3174 section 7.3, and every length around the borders of the padding
 * (55, 56, 63, 64 octets), whose digests were computed with Python's hashlib.
 */
#include "lib/sha1.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_digest(const void *message, size_t bytes, const char *hex)
{
	char text[2 * SHA1_DIGEST_BYTES + 1];
	uint8_t digest[SHA1_DIGEST_BYTES];

	sha1_digest(digest, message, bytes);
	for (int i = 0; i < SHA1_DIGEST_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(text, hex);
}

static char *repeat(const char *text, size_t times)
{
	size_t length = strlen(text);
	char *message = malloc(length * times); /* no NUL: ASan sees a read past the end */

	assert_non_null(message);
	for (size_t i = 0; i < times; i++)
		memcpy(message + i * length, text, length);
	return message;
}

static void expect_repeated(const char *text, size_t times, const char *hex)
{
	char *message = repeat(text, times);

	expect_digest(message, strlen(text) * times, hex);
	free(message);
}

static void sha1_rfc3174_vectors_match(void **state)
{
	(void)state;
	expect_repeated("abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	expect_repeated("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
			"84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	expect_repeated("a", 1000000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	expect_repeated("0123456701234567012345670123456701234567012345670123456701234567", 10,
			"dea356a2cddd90c7a7ecedc5ebb563934f460452");
}

static void sha1_empty_message_matches(void **state)
{
	(void)state;
	expect_digest(NULL, 0, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void sha1_padding_borders_match(void **state)
{
	(void)state;
	expect_repeated("x", 1, "11f6ad8ec52a2984abaafd7c3b516503785c2072");
	expect_repeated("x", 54, "31045e7bb077ff8d188a776b196b980388735dbb");
	expect_repeated("x", 55, "cef734ba81a024479e09eb5a75b6ddae62e6abf1");
	expect_repeated("x", 56, "901305367c259952f4e7af8323f480d59f81335b");
	expect_repeated("x", 57, "025ecbd5d70f8fb3c5457cd96bab13fda305dc59");
	expect_repeated("x", 63, "0ddc4e0cccd9a12850deb5abb0853a4425559fec");
	expect_repeated("x", 64, "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163");
	expect_repeated("x", 65, "78c741ddc482e4cdf8c474a0876347a0905b6233");
	expect_repeated("x", 119, "4300320394f7ee239bcdce7d3b8bcee173a0cd5c");
	expect_repeated("x", 120, "ceb2821639c4b6dcb10bce0e522ca2e608ce056d");
	expect_repeated("x", 128, "150fa3fbdc899bd0b8f95a9fb6027f564d953762");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_rfc3174_vectors_match),
		cmocka_unit_test(sha1_empty_message_matches),
		cmocka_unit_test(sha1_padding_borders_match),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
