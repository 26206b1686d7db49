// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes OpenObserve's URLs: text, organization and stream, divided by NUL bytes. What is taken leads
 * to a URL of printable characters that is taken apart into the same again; what is refused has a
 * reason. Nothing that could be a password is in either.
 */
#include "lib/o2_url.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ERROR_BYTES 512

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check(const struct o2_url *url)
{
	char ingest[O2_URL_BYTES + 3 * O2_NAME_BYTES], error[ERROR_BYTES];
	size_t length = strlen(url->base);
	struct o2_url again;

	require(length > strlen("http://") && length < O2_URL_BYTES);
	require(url->base[length - 1] != '/');
	require(url->organization[0] && url->stream[0]);
	require(strspn(url->stream, "abcdefghijklmnopqrstuvwxyz0123456789_:") ==
		strlen(url->stream));
	o2_url_ingest(url, ingest);
	for (const char *c = ingest; *c; c++)
		require(*c > ' ' && *c <= '~' && *c != '?' && *c != '#');
	require(!memchr(ingest + 8, '@', strcspn(ingest + 8, "/")));
	require(o2_url_parse(&again, ingest, NULL, NULL, error, sizeof(error)) == 0);
	require(strcmp(again.base, url->base) == 0);
	require(strcmp(again.organization, url->organization) == 0);
	require(strcmp(again.stream, url->stream) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *organization = NULL, *stream = NULL;
	char error[ERROR_BYTES] = "";
	struct o2_url url;

	require(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (strlen(text) < size) {
		organization = text + strlen(text) + 1;
		if (organization + strlen(organization) < text + size)
			stream = organization + strlen(organization) + 1;
	}
	if (o2_url_parse(&url, text, organization, stream, error, sizeof(error)) == 0)
		check(&url);
	else
		require(error[0] && strlen(error) < sizeof(error));
	free(text);
	return 0;
}
