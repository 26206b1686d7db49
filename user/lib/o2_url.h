/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where in an OpenObserve flows go: the server, the organization, the stream. They come as the URL
 * that its documentation gives, http(s)://HOST:5080/api/ORG/STREAM/_json, or as the server's URL and
 * the other two by themselves. A server behind a proxy may have a path of its own.
 */
#ifndef FLOWPROBE_O2_URL_H
#define FLOWPROBE_O2_URL_H

#include <stddef.h>

#define O2_URL_BYTES 512
#define O2_NAME_BYTES 128
#define O2_DEFAULT_ORGANIZATION "default"
#define O2_DEFAULT_STREAM "netflow1"

struct o2_url {
	char base[O2_URL_BYTES]; /* without a '/' at the end */
	char organization[O2_NAME_BYTES];
	char stream[O2_NAME_BYTES]; /* as the server will call it: lower case, '_' for what it
				       does not take */
};

/*
 * organization and stream may be NULL: as in the URL, else by default; they must not contradict it.
 * 0, or -EINVAL with what is wrong and the fix in error. A user name or password in the URL is
 * refused: it would be in the process list.
 */
int o2_url_parse(struct o2_url *url, const char *text, const char *organization, const char *stream,
		 char *error, size_t error_bytes);

/* Writes the URL that batches are sent to. */
void o2_url_ingest(const struct o2_url *url, char text[static O2_URL_BYTES + 3 * O2_NAME_BYTES]);

#endif
