/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: requests over HTTP(S) that a stop can end at any moment. A client keeps its connection
 * open between requests. Proxies are taken from the environment (http_proxy, https_proxy, no_proxy).
 * Redirects are not followed: a credential must go only where it was meant to.
 */
#ifndef FLOWPROBE_HTTP_H
#define FLOWPROBE_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "export/driver.h"

#define HTTP_BODY_BYTES_MAX (4 << 20) /* a longer answer is an error */
#define HTTP_ERROR_BYTES 256

struct http_settings {
	const char *ca_file; /* all borrowed; NULL: not given */
	const char *certificate_file;
	const char *key_file;
	uint64_t connect_timeout_ns;
	uint64_t timeout_ns; /* of a whole request, connecting included */
};

struct http_request {
	const char *method; /* "POST" */
	const char *url;
	const char *authorization; /* value of the header; NULL: none */
	const char *content_type; /* NULL: there is no body */
	const char *content_encoding; /* NULL: none */
	const void *body;
	size_t bytes;
	uint64_t timeout_ns; /* of this one, less than the client's; 0: as that */
	uint64_t patience_ns; /* longest wait for the answer once control->stopping; 0: as ever */
};

struct http_response {
	int status; /* 0: there was no answer, and error says why */
	char *body; /* NUL-terminated, owned; NULL while status is 0 */
	size_t bytes;
	uint64_t retry_after_ns; /* from now; 0: the server did not say */
	uint64_t date_ns; /* what time it is for the server, CLOCK_REALTIME; 0: it did not say */
	char error[HTTP_ERROR_BYTES];
};

struct http_client;

/* 0, or -1 with what is wrong with the files in error. */
int http_check(const struct http_settings *settings, char *error, size_t error_bytes);

struct http_client *http_client_new(const struct http_settings *settings); /* NULL: no memory */
void http_client_free(struct http_client *client); /* accepts NULL */

/*
 * Makes one request and fills in the response, to be freed by http_response_free. 0 if there was an
 * answer, whatever its status; -ECANCELED: control->over came first; -ETIMEDOUT: patience_ns or
 * timeout_ns was over; -EIO: there was none. Whether the request has arrived cannot be known then.
 * control may be NULL.
 */
int http_client_request(struct http_client *client, const struct http_request *request,
			struct export_control *control, struct http_response *response);

void http_response_free(struct http_response *response);

#endif
