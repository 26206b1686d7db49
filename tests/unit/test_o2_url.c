// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* URLs of OpenObserve: what they are taken for, where batches then go, and what is refused. */
#include "lib/o2_url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HINT "; write http(s)://HOST:5080/api/ORG/STREAM/_json, or http(s)://HOST:5080"

struct expected {
	const char *text;
	const char *organization; /* given by itself */
	const char *stream;
	const char *base;
	const char *ingest; /* the rest of the URL */
};

static void expect(const struct expected *expected)
{
	char error[512] = "", ingest[O2_URL_BYTES + 3 * O2_NAME_BYTES], whole[sizeof(ingest)];
	struct o2_url url;

	if (o2_url_parse(&url, expected->text, expected->organization, expected->stream, error,
			 sizeof(error)))
		fail_msg("%s: %s", expected->text, error);
	assert_string_equal(url.base, expected->base);
	o2_url_ingest(&url, ingest);
	snprintf(whole, sizeof(whole), "%s%s", expected->base, expected->ingest);
	assert_string_equal(ingest, whole);
}

#define EXPECT_ALL(table)                                                     \
	do {                                                                  \
		for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) \
			expect(&(table)[i]);                                  \
	} while (0)

static void expect_error(const char *text, const char *organization, const char *stream,
			 const char *expected)
{
	char error[512] = "";
	struct o2_url url;

	assert_int_equal(o2_url_parse(&url, text, organization, stream, error, sizeof(error)),
			 -EINVAL);
	assert_string_equal(error, expected);
}

/* --- what is taken --- */

static void o2_url_of_the_article_is_taken_apart(void **state)
{
	static const struct expected table[] = {
		{"http://localhost:5080/api/default/netflow1/_json", NULL, NULL,
		 "http://localhost:5080", "/api/default/netflow1/_json"},
		{"https://api.openobserve.ai/api/my_org/flows/_json", NULL, NULL,
		 "https://api.openobserve.ai", "/api/my_org/flows/_json"},
		{"http://[2001:db8::1]:5080/api/o/s/_json", NULL, NULL, "http://[2001:db8::1]:5080",
		 "/api/o/s/_json"},
		{"HTTP://h/api/o/s/_json", NULL, NULL, "HTTP://h", "/api/o/s/_json"},
		{"http://h/api/o/s/_json/", NULL, NULL, "http://h", "/api/o/s/_json"},
		{"http://h/x/api/o/s/_json//", NULL, NULL, "http://h/x", "/api/o/s/_json"},
		/* behind a proxy with a path of its own, that may look like anything */
		{"https://h/o2/api/o/s/_json", NULL, NULL, "https://h/o2", "/api/o/s/_json"},
		{"https://h/api/api/o/s/_json", NULL, NULL, "https://h/api", "/api/o/s/_json"},
		{"https://h/api/o/s/_json/api/o2/s2/_json", NULL, NULL, "https://h/api/o/s/_json",
		 "/api/o2/s2/_json"},
	};

	(void)state;
	EXPECT_ALL(table);
}

static void o2_url_of_the_server_has_defaults(void **state)
{
	static const struct expected table[] = {
		{"http://h:5080", NULL, NULL, "http://h:5080", "/api/default/netflow1/_json"},
		{"http://h:5080/", NULL, NULL, "http://h:5080", "/api/default/netflow1/_json"},
		{"http://h:5080///", NULL, NULL, "http://h:5080", "/api/default/netflow1/_json"},
		{"http://h/prefix/", NULL, NULL, "http://h/prefix", "/api/default/netflow1/_json"},
		{"http://h", "o", NULL, "http://h", "/api/o/netflow1/_json"},
		{"http://h", NULL, "s", "http://h", "/api/default/s/_json"},
		{"http://h", "o", "s", "http://h", "/api/o/s/_json"},
		{"http://h/api/o/s/_json", "o", "s", "http://h", "/api/o/s/_json"},
		{"http://h/p@th", NULL, NULL, "http://h/p@th", "/api/default/netflow1/_json"},
	};

	(void)state;
	EXPECT_ALL(table);
}

static void o2_url_stream_is_called_as_the_server_will(void **state)
{
	static const struct expected table[] = {
		{"http://h/api/Org-1.x/NetFlow-1.v2/_json", NULL, NULL, "http://h",
		 "/api/Org-1.x/netflow_1_v2/_json"},
		{"http://h", NULL, "Net:Flow", "http://h", "/api/default/net:flow/_json"},
		/* a run of what it does not like becomes one; its own '_' stay as they are */
		{"http://h", NULL, "a-.-b__c_-_d.", "http://h", "/api/default/a_b__c___d_/_json"},
		{"http://h/api/o/--/_json", NULL, NULL, "http://h", "/api/o/_/_json"},
	};

	(void)state;
	EXPECT_ALL(table);
}

/* --- what is refused --- */

static void o2_url_of_another_kind_is_refused(void **state)
{
	(void)state;
	expect_error("", NULL, NULL, "\"\" is not an HTTP URL" HINT);
	expect_error("localhost:5080", NULL, NULL, "\"localhost:5080\" is not an HTTP URL" HINT);
	expect_error("ftp://h", NULL, NULL, "\"ftp://h\" is not an HTTP URL" HINT);
	expect_error("http:/h", NULL, NULL, "\"http:/h\" is not an HTTP URL" HINT);
	expect_error("http://", NULL, NULL, "\"http://\" is not an HTTP URL" HINT);
	expect_error("http:///api/o/s/_json", NULL, NULL,
		     "\"http:///api/o/s/_json\" is not an HTTP URL" HINT);
	expect_error("http://h?x=1", NULL, NULL, "\"http://h?x=1\" has a '?' or '#' in it" HINT);
	expect_error("http://h/#x", NULL, NULL, "\"http://h/#x\" has a '?' or '#' in it" HINT);
	expect_error("http://h/ x", NULL, NULL,
		     "\"http://h/ x\" has a space or control character" HINT);
	expect_error("http://h/\x7f", NULL, NULL,
		     "\"http://h/\x7f\" has a space or control character" HINT);
}

/* Found at once, and not by every request. */
static void o2_url_without_a_host_or_port_is_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} table[] = {
		{"http://:5080/", "\"http://:5080\": there is no host after \"http://\""},
		{"http://h:0", "\"http://h:0\": the port must be a whole number from 1 to 65535, "
			       "not "
			       "\"0\""},
		{"http://h:65536/x", "\"http://h:65536\": the port must be a whole number from 1 "
				     "to "
				     "65535, not \"65536\""},
		{"https://h:", "\"https://h:\": the port must be a whole number from 1 to 65535, "
			       "not "
			       "\"\""},
		{"http://[::1/", "\"http://[::1\": the '[' has no ']'; write [ADDRESS] or "
				 "[ADDRESS]:PORT"},
		{"http://::1/", "\"http://::1\": more than one ':'; put an IPv6 address in "
				"brackets, as "
				"in [2001:db8::1]:4739"},
		{"http://a,b/", "\"http://a,b\": the host has a character other than letters, "
				"digits, "
				"'-', '_' and '.'; write a name or an address"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect_error(table[i].text, NULL, NULL, table[i].error);
}

static void o2_url_half_of_the_way_is_refused(void **state)
{
	static const char *const texts[] = {
		"http://h/_json",	    "http://h/s/_json",		 "http://h/o/s/_json",
		"http://h/apis/o/s/_json",  "http://h/api//s/_json",	 "http://h/api/o//_json",
		"http://h/api/o/s,t/_json", "http://h/api/o/s%20/_json", "http://h/api/o/\"/_json",
		"http://h/api/o/s/t/_json",
	};
	char expected[512];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		snprintf(expected, sizeof(expected),
			 "\"%s\" ends in _json, but not in the right place" HINT, texts[i]);
		expect_error(texts[i], NULL, NULL, expected);
	}
}

static void o2_url_names_must_not_contradict(void **state)
{
	(void)state;
	expect_error("http://h/api/o/s/_json", "other", NULL,
		     "organization is \"o\" in the URL, but \"other\" by its option");
	expect_error("http://h/api/o/s/_json", NULL, "other",
		     "stream is \"s\" in the URL, but \"other\" by its option");
	expect_error("http://h", "a/b", NULL,
		     "organization \"a/b\" must be letters, digits, '_', '-' or '.'");
	expect_error("http://h", "..", NULL,
		     "organization \"..\" must be letters, digits, '_', '-' or '.'");
	expect_error("http://h", ".", NULL,
		     "organization \".\" must be letters, digits, '_', '-' or '.'");
	expect_error("http://h/api/../s/_json", NULL, NULL,
		     "\"http://h/api/../s/_json\" ends in _json, but not in the right place" HINT);
	expect_error("http://h", NULL, "", "stream \"\" must be letters, digits, '_', '-' or '.'");
	expect_error("http://h", NULL, "a b",
		     "stream \"a b\" must be letters, digits, '_', '-' or '.'");
}

static void o2_url_that_is_too_long_is_refused(void **state)
{
	char text[O2_URL_BYTES + 16] = "http://h/", name[O2_NAME_BYTES + 1], error[512];
	struct o2_url url;

	(void)state;
	memset(text + 9, 'h', O2_URL_BYTES - 10);
	assert_int_equal(o2_url_parse(&url, text, NULL, NULL, error, sizeof(error)), 0);
	strcat(text, "h");
	assert_int_equal(o2_url_parse(&url, text, NULL, NULL, error, sizeof(error)), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[O2_NAME_BYTES - 1] = '\0';
	assert_int_equal(o2_url_parse(&url, "http://h", name, name, error, sizeof(error)), 0);
	name[O2_NAME_BYTES - 1] = 'n';
	name[O2_NAME_BYTES] = '\0';
	assert_int_equal(o2_url_parse(&url, "http://h", NULL, name, error, sizeof(error)), -EINVAL);
	assert_int_equal(o2_url_parse(&url, "http://h", name, NULL, error, sizeof(error)), -EINVAL);
}

static void o2_url_secrets_are_refused_and_not_repeated(void **state)
{
	(void)state;
	expect_error("http://root:s3cret@h:5080/x", NULL, NULL,
		     "\"h:5080/x\" follows a user name or password, which everybody on this host "
		     "could "
		     "read; use user and password_file" HINT);
	expect_error("http:/root:s3cret@h:5080/x", NULL, NULL,
		     "\"h:5080/x\" is not an HTTP URL" HINT);
	expect_error("root:s3c@ret@h", NULL, NULL, "\"h\" is not an HTTP URL" HINT);
	expect_error("root:s3cret@", NULL, NULL, "\"\" is not an HTTP URL" HINT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(o2_url_of_the_article_is_taken_apart),
		cmocka_unit_test(o2_url_of_the_server_has_defaults),
		cmocka_unit_test(o2_url_stream_is_called_as_the_server_will),
		cmocka_unit_test(o2_url_of_another_kind_is_refused),
		cmocka_unit_test(o2_url_without_a_host_or_port_is_refused),
		cmocka_unit_test(o2_url_half_of_the_way_is_refused),
		cmocka_unit_test(o2_url_names_must_not_contradict),
		cmocka_unit_test(o2_url_that_is_too_long_is_refused),
		cmocka_unit_test(o2_url_secrets_are_refused_and_not_repeated),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
