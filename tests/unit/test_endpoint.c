// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * SCHEME://HOST[:PORT] as tables: what is taken apart how, and what is refused with which words.
 */
#include "lib/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define LABEL63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define NAME253                                                                            \
	LABEL63 "." LABEL63 "." LABEL63 ".abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu" \
		"vwxyzabcdefgh."

static void endpoint_good_texts_are_taken_apart(void **state)
{
	static const struct {
		const char *text, *scheme, *host;
		uint16_t port;
		int family;
	} cases[] = {
		{"udp://192.0.2.1:2055", "udp", "192.0.2.1", 2055, AF_INET},
		{"udp://192.0.2.1", "udp", "192.0.2.1", 4739, AF_INET},
		{"tcp://255.255.255.255:65535", "tcp", "255.255.255.255", 65535, AF_INET},
		{"tls://0.0.0.0:1", "tls", "0.0.0.0", 1, AF_INET},
		{"udp://[2001:db8::1]:2055", "udp", "2001:db8::1", 2055, AF_INET6},
		{"udp://[2001:db8::1]", "udp", "2001:db8::1", 4739, AF_INET6},
		{"udp://[::]", "udp", "::", 4739, AF_INET6},
		{"udp://[::FFFF:192.0.2.1]:9", "udp", "::FFFF:192.0.2.1", 9, AF_INET6},
		{"udp://[fe80::1%eth0]:9", "udp", "fe80::1%eth0", 9, AF_INET6},
		{"udp://[fe80::1%br-0.100_x]", "udp", "fe80::1%br-0.100_x", 4739, AF_INET6},
		{"udp://[fe80::1%2]", "udp", "fe80::1%2", 4739, AF_INET6},
		{"udp://[1111:2222:3333:4444:5555:6666:7777:8888%abcdefghijklmno]", "udp",
		 "1111:2222:3333:4444:5555:6666:7777:8888%abcdefghijklmno", 4739, AF_INET6},
		{"udp://collector", "udp", "collector", 4739, AF_UNSPEC},
		{"udp://collector.example.net.:9995", "udp", "collector.example.net.", 9995,
		 AF_UNSPEC},
		{"udp://nfcapd_1.Compose-Net", "udp", "nfcapd_1.Compose-Net", 4739, AF_UNSPEC},
		{"udp://xn--mller-kva.example", "udp", "xn--mller-kva.example", 4739, AF_UNSPEC},
		{"udp://1.a", "udp", "1.a", 4739, AF_UNSPEC},
		{"udp://a.1x", "udp", "a.1x", 4739, AF_UNSPEC},
		{"udp://a.0xyz", "udp", "a.0xyz", 4739, AF_UNSPEC},
		{"udp://a:1", "udp", "a", 1, AF_UNSPEC},
		{"abcdefghijklmn9://a", "abcdefghijklmn9", "a", 4739, AF_UNSPEC},
		{"9://" LABEL63 ":9", "9", LABEL63, 9, AF_UNSPEC},
		{"udp://" NAME253 ":9", "udp", NAME253, 9, AF_UNSPEC},
	};
	struct endpoint endpoint;
	char error[ENDPOINT_ERROR_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(error, "untouched");
		memset(&endpoint, 0xff, sizeof(endpoint));
		assert_int_equal(endpoint_parse(&endpoint, cases[i].text, 4739, error), 0);
		assert_string_equal(error, "untouched");
		assert_string_equal(endpoint.scheme, cases[i].scheme);
		assert_string_equal(endpoint.host, cases[i].host);
		assert_int_equal(endpoint.port, cases[i].port);
		assert_int_equal(endpoint_address_family(endpoint.host), cases[i].family);
	}
}

static void assert_refused(const char *text, uint16_t default_port, const char *error)
{
	static const struct endpoint nothing;
	char actual[ENDPOINT_ERROR_BYTES], *copy = strdup(text);
	struct endpoint endpoint;

	assert_non_null(copy); /* so that a read too far is seen */
	memset(&endpoint, 0xff, sizeof(endpoint));
	assert_int_equal(endpoint_parse(&endpoint, copy, default_port, actual), -EINVAL);
	assert_string_equal(actual, error);
	assert_memory_equal(&endpoint, &nothing, sizeof(endpoint));
	free(copy);
}

#define FORM "must be SCHEME://HOST[:PORT], such as udp://192.0.2.1:4739"
#define NO_HOST "there is no host after \"udp://\""
#define BRACKETS "the '[' has no ']'; write [ADDRESS] or [ADDRESS]:PORT"
#define IN_BRACKETS \
	"in brackets must be an IPv6 address, such as [2001:db8::1] or [fe80::1%eth0], not "
#define COLONS "more than one ':'; put an IPv6 address in brackets, as in [2001:db8::1]:4739"
#define CHARACTERS "has a character other than letters, digits, '-', '_' and '.'"
#define DOTS "has nothing before or between its dots"
#define HYPHEN "has a '-' at the beginning or end, or beside a dot"
#define NUMBER "ends in a number, but is no IPv4 address"
#define PORT "the port must be a whole number from 1 to 65535, not "
#define FOLLOWS "nothing can follow the host but :PORT; leave out "

static void endpoint_bad_texts_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *why;
		int of_host; /* why is "the host WHY; write a name or an address" */
	} cases[] = {
		{"", FORM, 0},
		{"collector:4739", FORM, 0},
		{"192.0.2.1", FORM, 0},
		{"://h", FORM, 0},
		{"UDP://h", FORM, 0},
		{"u-p://h", FORM, 0},
		{" udp://h", FORM, 0},
		{"udp:/h", FORM, 0},
		{"udp:", FORM, 0},
		{"abcdefghijklmnop://h", FORM, 0},
		{"udp://", NO_HOST, 0},
		{"udp://:4739", NO_HOST, 0},
		{"udp:///etc", NO_HOST, 0},
		{"udp://?", NO_HOST, 0},
		{"udp://[::1", BRACKETS, 0},
		{"udp://[", BRACKETS, 0},
		{"udp://[]", IN_BRACKETS "\"\"", 0},
		{"udp://[192.0.2.1]", IN_BRACKETS "\"192.0.2.1\"", 0},
		{"udp://[h]:1", IN_BRACKETS "\"h\"", 0},
		{"udp://[[::1]]", IN_BRACKETS "\"[::1\"", 0},
		{"udp://[::1 ]", IN_BRACKETS "\"::1 \"", 0},
		{"udp://[1:2:3:4:5:6:7:8:9]", IN_BRACKETS "\"1:2:3:4:5:6:7:8:9\"", 0},
		{"udp://[12345::]", IN_BRACKETS "\"12345::\"", 0},
		{"udp://[::1%]", IN_BRACKETS "\"::1%\"", 0},
		{"udp://[::1%a b]", IN_BRACKETS "\"::1%a b\"", 0},
		{"udp://[::1%a/b]", IN_BRACKETS "\"::1%a/b\"", 0},
		{"udp://[::1%a%b]", IN_BRACKETS "\"::1%a%b\"", 0},
		{"udp://[::1%abcdefghijklmnop]", IN_BRACKETS "\"::1%abcdefghijklmnop\"", 0},
		{"udp://[::1]4739", FOLLOWS "\"4739\"", 0},
		{"udp://[::1]]", FOLLOWS "\"]\"", 0},
		{"udp://[::1]/", FOLLOWS "\"/\"", 0},
		{"udp://::1", COLONS, 0},
		{"udp://2001:db8::1:4739", COLONS, 0},
		{"udp://h:1:2", COLONS, 0},
		{"udp://:1:", COLONS, 0},
		{"udp://h:1/a:b", PORT "\"1/a:b\"", 0},
		{"udp://h/path", FOLLOWS "\"/path\"", 0},
		{"udp://h?x", FOLLOWS "\"?x\"", 0},
		{"udp://h#x", FOLLOWS "\"#x\"", 0},
		{"udp://user@h", CHARACTERS, 1},
		{"udp://a b", CHARACTERS, 1},
		{"udp://a\tb", CHARACTERS, 1},
		{"udp://h\n", CHARACTERS, 1},
		{"udp://m\xc3\xbcller", CHARACTERS, 1},
		{"udp://fe80%eth0", CHARACTERS, 1},
		{"udp://a]", CHARACTERS, 1},
		{"udp://.", DOTS, 1},
		{"udp://.a", DOTS, 1},
		{"udp://a..b", DOTS, 1},
		{"udp://a..", DOTS, 1},
		{"udp://-", HYPHEN, 1},
		{"udp://-a", HYPHEN, 1},
		{"udp://a-", HYPHEN, 1},
		{"udp://a-.b", HYPHEN, 1},
		{"udp://a.-b", HYPHEN, 1},
		{"udp://1", NUMBER, 1},
		{"udp://10.1", NUMBER, 1},
		{"udp://256.0.0.1", NUMBER, 1},
		{"udp://1.2.3.04", NUMBER, 1},
		{"udp://1.2.3.4.5", NUMBER, 1},
		{"udp://127.0.0.1.", NUMBER, 1},
		{"udp://a.1", NUMBER, 1},
		{"udp://0x7f000001", NUMBER, 1},
		{"udp://1.0X", NUMBER, 1},
		{"udp://2130706433", NUMBER, 1},
		{"udp://h:", PORT "\"\"", 0},
		{"udp://h:0", PORT "\"0\"", 0},
		{"udp://h:65536", PORT "\"65536\"", 0},
		{"udp://h:04739", PORT "\"04739\"", 0},
		{"udp://h:+1", PORT "\"+1\"", 0},
		{"udp://h: 1", PORT "\" 1\"", 0},
		{"udp://h:1 ", PORT "\"1 \"", 0},
		{"udp://h:0x50", PORT "\"0x50\"", 0},
		{"udp://h:4739/", PORT "\"4739/\"", 0},
		{"udp://h:http", PORT "\"http\"", 0},
		{"udp://h:99999999999999999999", PORT "\"99999999999999999999\"", 0},
		{"udp://[::1]:", PORT "\"\"", 0},
		{"udp://192.0.2.1:-1", PORT "\"-1\"", 0},
	};
	char expected[ENDPOINT_ERROR_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(expected, sizeof(expected), "\"%s\": %s%s%s", cases[i].text,
			 cases[i].of_host ? "the host " : "", cases[i].why,
			 cases[i].of_host ? "; write a name or an address" : "");
		assert_refused(cases[i].text, 4739, expected);
	}
}

static void endpoint_without_any_port_is_refused(void **state)
{
	struct endpoint endpoint;
	char error[ENDPOINT_ERROR_BYTES];

	(void)state;
	assert_refused("udp://h", 0, "\"udp://h\": there is no port; put :PORT behind it");
	assert_refused("udp://[::1]", 0, "\"udp://[::1]\": there is no port; put :PORT behind it");
	assert_int_equal(endpoint_parse(&endpoint, "udp://h:7", 0, error), 0);
	assert_int_equal(endpoint.port, 7);
}

/* "udp://" and a host of that many characters. */
static const char *long_host(const char *start, char character, size_t length, const char *end)
{
	static char text[100000];
	size_t used = (size_t)snprintf(text, sizeof(text), "udp://%s", start);

	memset(text + used, character, length);
	strcpy(text + used + length, end);
	return text;
}

static void endpoint_long_hosts_are_refused(void **state)
{
	char v80[81], expected[ENDPOINT_ERROR_BYTES];

	(void)state;
	memset(v80, 'v', sizeof(v80) - 1);
	v80[80] = '\0';
	snprintf(expected, sizeof(expected),
		 "\"udp://%.74s\": the host has more than 63 characters between its dots; write a "
		 "name or an address",
		 v80);
	assert_refused(long_host("", 'v', 253, ""), 1, expected);
	snprintf(expected, sizeof(expected),
		 "\"udp://%.74s\": the host is longer than 253 characters; write a name or an "
		 "address",
		 v80);
	assert_refused(long_host("", 'v', 254, ""), 1, expected);
	assert_refused(long_host("", 'v', 255, ":1"), 1, expected);
	assert_refused(long_host("", 'v', 256, ""), 1, expected);
	assert_refused(long_host("", 'v', 90000, ":1"), 1, expected);
	snprintf(expected, sizeof(expected), "\"udp://[%.73s\": %s\"%s\"", v80, IN_BRACKETS, v80);
	assert_refused(long_host("[", 'v', 255, "]"), 1, expected);
	assert_refused(long_host("[", 'v', 256, "]"), 1, expected);
	assert_refused(long_host("[", 'v', 90000, "]:1"), 1, expected);
}

static void endpoint_family_is_that_of_numeric_addresses_only(void **state)
{
	(void)state;
	assert_int_equal(endpoint_address_family("192.0.2.1"), AF_INET);
	assert_int_equal(endpoint_address_family("::1"), AF_INET6);
	assert_int_equal(endpoint_address_family("fe80::1%eth0"), AF_INET6);
	assert_int_equal(endpoint_address_family(""), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("%"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("%eth0"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("192.0.2.1%eth0"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("192.0.2"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("[::1]"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family("localhost"), AF_UNSPEC);
	assert_int_equal(endpoint_address_family(long_host("", ':', 90000, "")), AF_UNSPEC);
	assert_int_equal(endpoint_address_family(long_host("", 'a', 90000, "%x")), AF_UNSPEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoint_good_texts_are_taken_apart),
		cmocka_unit_test(endpoint_bad_texts_are_refused_with_the_reason),
		cmocka_unit_test(endpoint_without_any_port_is_refused),
		cmocka_unit_test(endpoint_long_hosts_are_refused),
		cmocka_unit_test(endpoint_family_is_that_of_numeric_addresses_only),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
