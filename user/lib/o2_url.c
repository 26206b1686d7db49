// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See o2_url.h. */
#include "lib/o2_url.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/endpoint.h"

/* A password that is in the text, in whatever wrong way, is not repeated. */
static int fail(char *error, size_t error_bytes, const char *text, const char *why)
{
	const char *at = strrchr(text, '@');

	snprintf(error, error_bytes,
		 "\"%.120s\" %s; write http(s)://HOST:5080/api/ORG/STREAM/_json, or "
		 "http(s)://HOST:5080",
		 at ? at + 1 : text, why);
	return -EINVAL;
}

static int is_name(const char *text, size_t length)
{
	if (!length || length >= O2_NAME_BYTES)
		return 0;
	if (strspn(text, ".") >= length) /* in a path "." and ".." are no names */
		return 0;
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!isalnum(c) && c != '_' && c != '-' && c != '.' && c != ':')
			return 0;
	}
	return 1;
}

/* Where the path begins; NULL: the text is no URL of ours. */
static const char *find_path(const char *text)
{
	size_t scheme = strncasecmp(text, "http://", 7) == 0	? 7
			: strncasecmp(text, "https://", 8) == 0 ? 8
								: 0;
	const char *host = text + scheme;
	size_t length = strcspn(host, "/");

	return scheme && length ? host + length : NULL;
}

/* HOST[:PORT] up to the path; which port is meant without one is libcurl's business. */
static int check_host(const char *text, const char *path, char *error, size_t error_bytes)
{
	const char *host = strstr(text, "://") + 3;
	char authority[O2_URL_BYTES], reason[ENDPOINT_ERROR_BYTES];
	struct endpoint endpoint;
	int length;

	length = snprintf(authority, sizeof(authority), "%s://%.*s",
			  host - text == strlen("https://") ? "https" : "http", (int)(path - host),
			  host);
	if ((size_t)length >= sizeof(authority))
		return fail(error, error_bytes, text, "is too long");
	if (!endpoint_parse(&endpoint, authority, 1, reason))
		return 0;
	snprintf(error, error_bytes, "%s", reason);
	return -EINVAL;
}

static size_t trim_slashes(const char *path, size_t path_bytes)
{
	while (path_bytes && path[path_bytes - 1] == '/')
		path_bytes--;
	return path_bytes;
}

/* Takes /api/ORG/STREAM/_json from the end of the path. 1: it was there; -1: half of it was. */
static int take_names(struct o2_url *url, const char *path, size_t *path_bytes)
{
	const char *end = path + *path_bytes, *parts[5];
	static const char ingest[] = "/_json";
	size_t count = 0;

	if (*path_bytes < sizeof(ingest) - 1 ||
	    memcmp(end - (sizeof(ingest) - 1), ingest, sizeof(ingest) - 1) != 0)
		return 0;
	for (const char *c = end; c-- > path && count < 4;)
		if (*c == '/')
			parts[count++] = c; /* of _json, STREAM, ORG, api */
	if (count < 4 || strncmp(parts[3], "/api/", 5) != 0 ||
	    !is_name(parts[1] + 1, (size_t)(parts[0] - parts[1]) - 1) ||
	    !is_name(parts[2] + 1, (size_t)(parts[1] - parts[2]) - 1))
		return -1;
	snprintf(url->stream, sizeof(url->stream), "%.*s", (int)(parts[0] - parts[1]) - 1,
		 parts[1] + 1);
	snprintf(url->organization, sizeof(url->organization), "%.*s",
		 (int)(parts[1] - parts[2]) - 1, parts[2] + 1);
	*path_bytes = (size_t)(parts[3] - path);
	return 1;
}

/* Lays a name given by itself over what the URL says, or the default. */
static int settle_name(char name[static O2_NAME_BYTES], const char *given, const char *initial,
		       const char *what, char *error, size_t error_bytes)
{
	if (given && !is_name(given, strlen(given))) {
		snprintf(error, error_bytes,
			 "%s \"%.60s\" must be letters, digits, '_', '-' or '.'", what, given);
		return -EINVAL;
	}
	if (given && name[0] && strcmp(name, given) != 0) {
		snprintf(error, error_bytes, "%s is \"%s\" in the URL, but \"%s\" by its option",
			 what, name, given);
		return -EINVAL;
	}
	if (!name[0])
		snprintf(name, O2_NAME_BYTES, "%s", given ? given : initial);
	return 0;
}

/* As the server does it: lower case, and one '_' for each run of what it does not take. */
static void normalise_stream(char *stream)
{
	char *to = stream;
	int in_run = 0;

	for (const char *from = stream; *from; from++) {
		unsigned char byte = (unsigned char)*from;
		int is_taken = isalnum(byte) || byte == '_' || byte == ':';

		if (is_taken)
			*to++ = (char)tolower(byte);
		else if (!in_run)
			*to++ = '_';
		in_run = !is_taken;
	}
	*to = '\0';
}

int o2_url_parse(struct o2_url *url, const char *text, const char *organization, const char *stream,
		 char *error, size_t error_bytes)
{
	const char *path = find_path(text);
	size_t path_bytes;
	int result;

	memset(url, 0, sizeof(*url));
	if (!path)
		return fail(error, error_bytes, text, "is not an HTTP URL");
	if (memchr(text, '@', (size_t)(path - text)))
		return fail(error, error_bytes, text,
			    "follows a user name or password, which everybody on this host could "
			    "read; use user and password_file");
	if (strpbrk(text, "?#"))
		return fail(error, error_bytes, text, "has a '?' or '#' in it");
	for (const char *c = text; *c; c++)
		if (!isgraph((unsigned char)*c))
			return fail(error, error_bytes, text, "has a space or control character");
	if (check_host(text, path, error, error_bytes))
		return -EINVAL;
	path_bytes = trim_slashes(path, strlen(path));
	result = take_names(url, path, &path_bytes);
	if (result < 0)
		return fail(error, error_bytes, text, "ends in _json, but not in the right place");
	path_bytes = trim_slashes(path, path_bytes);
	if ((size_t)(path - text) + path_bytes >= sizeof(url->base))
		return fail(error, error_bytes, text, "is too long");
	memcpy(url->base, text, (size_t)(path - text) + path_bytes);
	if (settle_name(url->organization, organization, O2_DEFAULT_ORGANIZATION, "organization",
			error, error_bytes) ||
	    settle_name(url->stream, stream, O2_DEFAULT_STREAM, "stream", error, error_bytes))
		return -EINVAL;
	normalise_stream(url->stream);
	return 0;
}

void o2_url_ingest(const struct o2_url *url, char text[static O2_URL_BYTES + 3 * O2_NAME_BYTES])
{
	snprintf(text, O2_URL_BYTES + 3 * O2_NAME_BYTES, "%s/api/%s/%s/_json", url->base,
		 url->organization, url->stream);
}
