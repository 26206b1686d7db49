// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see o2_client.h.
 *
 * The server refuses records whose _timestamp is too old or too far ahead by its own clock, so it is
 * the server's time that counts here. The header Date of each answer tells it.
 */
#include "export/o2_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/credential.h"
#include "export/http.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/o2_url.h"

#define WINDOW_MARGIN_NS (300 * NS_PER_S) /* clocks differ, and a request takes time */
#define FUTURE_NS (23 * 3600 * NS_PER_S) /* the server takes a day */

struct o2_client {
	const struct export_settings *settings;
	struct compressor *compressor;
	struct http_client *http;
	char url[O2_URL_BYTES + 3 * O2_NAME_BYTES];
	char *authorization; /* NULL: none */
	int compress;
	uint64_t server_offset_ns; /* server's clock minus ours, modulo 2^64 */
	struct log_limit credential_warning;
	struct log_limit restamp_warning;
};

/* --- opening --- */

static char *read_credential(const struct export_settings *settings, char *error,
			     size_t error_bytes)
{
	const struct credential_settings credential = {
		.name = settings->name,
		.user = settings->user,
		.password_file = settings->password_file,
		.token_file = settings->token_file,
		.password = settings->password,
		.token = settings->token,
	};

	return credential_read(&credential, error, error_bytes);
}

/* Without a credential at all the server may still be one that wants none, behind a proxy say. */
static int open_credential(struct o2_client *client, char *error, size_t error_bytes)
{
	client->authorization = read_credential(client->settings, error, error_bytes);
	if (!client->authorization && error[0])
		return -EINVAL;
	if (!client->authorization)
		log_warning("export %s: no password and no token are given; OpenObserve will want "
			    "one",
			    client->settings->name);
	return 0;
}

static int open_url(struct o2_client *client, char *error, size_t error_bytes)
{
	const struct export_settings *settings = client->settings;
	struct o2_url url;

	if (o2_url_parse(&url, settings->target, settings->organization, settings->stream, error,
			 error_bytes))
		return -EINVAL;
	o2_url_ingest(&url, client->url);
	return 0;
}

static int open_http(struct o2_client *client, char *error, size_t error_bytes)
{
	const struct http_settings settings = {
		.ca_file = client->settings->ca_file,
		.certificate_file = client->settings->certificate_file,
		.key_file = client->settings->key_file,
		.connect_timeout_ns = client->settings->connect_timeout_ns,
		.timeout_ns = client->settings->request_timeout_ns,
	};

	if (http_check(&settings, error, error_bytes))
		return -EINVAL;
	client->http = http_client_new(&settings);
	if (client->http)
		return 0;
	snprintf(error, error_bytes, "out of memory");
	return -ENOMEM;
}

struct o2_client *o2_client_new(const struct export_settings *settings,
				struct compressor *compressor, char *error, size_t error_bytes)
{
	struct o2_client *client = calloc(1, sizeof(*client));

	if (!client) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	client->settings = settings;
	client->compressor = compressor;
	client->compress = settings->compress;
	if (open_url(client, error, error_bytes) || open_credential(client, error, error_bytes) ||
	    open_http(client, error, error_bytes)) {
		o2_client_free(client);
		return NULL;
	}
	return client;
}

static void forget_credential(struct o2_client *client)
{
	if (client->authorization)
		explicit_bzero(client->authorization, strlen(client->authorization));
	free(client->authorization);
	client->authorization = NULL;
}

void o2_client_free(struct o2_client *client)
{
	if (!client)
		return;
	http_client_free(client->http);
	forget_credential(client);
	free(client);
}

void o2_client_renew_credential(struct o2_client *client)
{
	char error[EXPORT_REASON_BYTES];
	char *authorization = read_credential(client->settings, error, sizeof(error));

	if (!authorization && error[0]) {
		log_warning_limited(&client->credential_warning, "export %s: %s",
				    client->settings->name, error);
		return; /* the old one may still do */
	}
	forget_credential(client);
	client->authorization = authorization;
}

int o2_client_stop_compressing(struct o2_client *client)
{
	int compressed = client->compress;

	client->compress = 0;
	return compressed;
}

/* --- requests --- */

static void restamp(struct o2_client *client, struct json_slice *slice, int all)
{
	uint64_t now_ns = clock_realtime_ns() + client->server_offset_ns;
	uint64_t window_ns = client->settings->ingestion_window_ns, kept_ns, oldest_ns;
	size_t changed;

	kept_ns = window_ns > 2 * WINDOW_MARGIN_NS ? window_ns - WINDOW_MARGIN_NS : window_ns / 2;
	oldest_ns = now_ns > kept_ns ? now_ns - kept_ns : 0;
	changed = json_slice_restamp(slice, all ? UINT64_MAX : oldest_ns / NS_PER_US,
				     all ? 0 : (now_ns + FUTURE_NS) / NS_PER_US,
				     now_ns / NS_PER_US);
	if (changed)
		log_warning_limited(&client->restamp_warning,
				    "export %s: %zu records are of a time that the server does not "
				    "take: their _timestamp becomes now, time_flow_end_ns stays",
				    client->settings->name, changed);
}

static void read_response(struct o2_client *client, const struct http_response *response,
			  uint64_t sent, struct o2_answer *answer)
{
	o2_answer_read(answer, response->status, response->body, response->bytes, sent);
	if (!answer->message[0])
		snprintf(answer->message, sizeof(answer->message), "HTTP %d", response->status);
	if (response->date_ns)
		client->server_offset_ns = response->date_ns - clock_realtime_ns();
}

int o2_client_post(struct o2_client *client, struct json_slice *slice, int restamp_all,
		   uint64_t timeout_ns, struct export_control *control, struct o2_answer *answer,
		   uint64_t *retry_after_ns)
{
	struct http_request request = {
		.method = "POST",
		.url = client->url,
		.authorization = client->authorization,
		.content_type = "application/json",
		.content_encoding = client->compress ? "gzip" : NULL,
		.timeout_ns = timeout_ns < client->settings->request_timeout_ns ? timeout_ns : 0,
		.patience_ns = client->settings->spool_directory ? O2_PATIENCE_NS : 0,
	};
	struct http_response response;
	const char *body;
	int err;

	memset(answer, 0, sizeof(*answer));
	*retry_after_ns = 0;
	restamp(client, slice, restamp_all);
	err = compressor_make_body(client->compressor, slice, client->compress, &body,
				   &request.bytes);
	if (err) {
		snprintf(answer->message, sizeof(answer->message), "%s", strerror(-err));
		return err;
	}
	request.body = body;
	err = http_client_request(client->http, &request, control, &response);
	if (err)
		snprintf(answer->message, sizeof(answer->message), "%.*s", O2_MESSAGE_BYTES - 1,
			 response.error);
	else
		read_response(client, &response, slice->count.records, answer);
	if (!err && answer->verdict == O2_ACCEPTED)
		export_count_batch(control, request.bytes);
	*retry_after_ns = response.retry_after_ns;
	http_response_free(&response);
	return err;
}
