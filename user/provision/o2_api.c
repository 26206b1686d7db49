// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See o2_api.h. What comes back is judged here, once: whether to go on with other requests, and what
 * to tell whoever runs setup. A URL that leads to some other web server is common (the wrong port, a
 * path that a proxy adds), and such a server may answer anything with 200, so an answer counts only
 * if it looks like OpenObserve's.
 */
#include "provision/o2_api.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES 2048
#define TEXT_BYTES 400 /* of the server's words that are repeated */
#define WORDS_BYTES (TEXT_BYTES + 16)

struct o2_connection {
	struct http_settings settings;
	struct http_client *client; /* NULL: there was no memory */
};

void o2_copy_line(char *to, size_t bytes, const char *from)
{
	size_t used = 0;

	for (; *from && used + 1 < bytes; from++) {
		if (isgraph((unsigned char)*from))
			to[used++] = *from;
		else if (used && to[used - 1] != ' ')
			to[used++] = ' ';
	}
	while (used && to[used - 1] == ' ')
		used--;
	to[used] = '\0';
}

static enum o2_verdict judge(const char *method, const struct o2_reply *reply,
			     const struct http_response *response)
{
	static const int busy[] = {408, 429, 502, 503, 504};
	int is_json = json_tree_is_object(reply->json) || json_tree_is_array(reply->json);
	int is_empty = response->bytes == 0 && strcmp(method, "GET") != 0;

	if (reply->status / 100 == 2)
		return is_json || is_empty ? O2_GOOD : O2_UNAVAILABLE;
	if (reply->status / 100 == 3 || (reply->status == 404 && !is_json))
		return O2_UNAVAILABLE;
	if (reply->status == 401 || reply->status == 403)
		return O2_REFUSED;
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++)
		if (reply->status == busy[i])
			return O2_UNAVAILABLE;
	return O2_REJECTED;
}

/* Errors are {"code":…,"message":"…"}, else something that needs the status beside it; pages are a
 * proxy's and say no more than the status. */
static void copy_words(char words[static WORDS_BYTES], const struct o2_reply *reply,
		       const struct http_response *response)
{
	const char *message = json_tree_text(json_tree_member(reply->json, "message"));
	char line[TEXT_BYTES];

	if (!message)
		message = response->body[0] == '<' ? "" : response->body;
	o2_copy_line(line, sizeof(line), message);
	if (line[0] && reply->verdict == O2_REJECTED && message != response->body)
		snprintf(words, WORDS_BYTES, "%s", line);
	else
		snprintf(words, WORDS_BYTES, "HTTP %d%s%s", reply->status, line[0] ? ": " : "",
			 line);
}

/* What an error of libcurl most often comes from here. */
static const char *guess_cause(const char *error)
{
	static const struct {
		const char *words;
		const char *guess;
	} causes[] = {
		{"issuer", "; name the certificate of its authority with --ca-file"},
		{"self-signed", "; name the certificate of its authority with --ca-file"},
		{"self signed", "; name the certificate of its authority with --ca-file"},
		{"wrong version number", "; is it http, not https?"},
		{"HTTP/0.9", "; is it https, not http?"},
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strstr(error, causes[i].words))
			return causes[i].guess;
	return "";
}

static void describe_silence(struct o2_reply *reply, const char *base, const char *error)
{
	snprintf(reply->message, sizeof(reply->message), "no answer from %s: %.*s%s", base,
		 TEXT_BYTES, error, guess_cause(error));
}

static void describe(struct o2_reply *reply, const char *base, const char *path,
		     const struct http_response *response)
{
	char *message = reply->message, words[WORDS_BYTES];
	size_t bytes = sizeof(reply->message);

	copy_words(words, reply, response);
	if (reply->status / 100 == 2)
		snprintf(message, bytes,
			 "%s answers, but not as OpenObserve does; is it the right URL?", base);
	else if (reply->status / 100 == 3)
		snprintf(message, bytes,
			 "%s leads elsewhere (HTTP %d); give the URL that it leads to", base,
			 reply->status);
	else if (reply->status == 401)
		snprintf(message, bytes,
			 "%s refuses the user or the password (%s); an ingestion token is not "
			 "enough here",
			 base, words);
	else if (reply->verdict == O2_REFUSED)
		snprintf(message, bytes, "%s does not let this user do it (%s)", base, words);
	else if (reply->verdict == O2_UNAVAILABLE && reply->status == 404)
		snprintf(message, bytes,
			 "%s has no %.*s (HTTP 404); is it the URL, with the path if it has one, "
			 "of an OpenObserve 0.93 or newer?",
			 base, (int)strcspn(path, "?"), path);
	else if (reply->verdict == O2_UNAVAILABLE)
		snprintf(message, bytes, "%s cannot do it now (%s); run this again later", base,
			 words);
	else
		snprintf(message, bytes, "%s", words);
}

int o2_api_open(struct o2_api *api, const struct http_settings *http, const char *base,
		char *authorization)
{
	*api = (struct o2_api){
		.connection = calloc(1, sizeof(*api->connection)),
		.base = base,
		.authorization = authorization,
	};
	if (!api->connection)
		return -1;
	api->connection->settings = *http;
	api->connection->client = http_client_new(http);
	return api->connection->client ? 0 : -1;
}

/*
 * What changes something goes over a new connection. When one that was used before ends without an
 * answer, libcurl takes it for dead and sends the request again over another: if the server has got
 * the first one too, it is done twice.
 */
static int make_request(struct o2_connection *connection, const struct http_request *request,
			struct http_response *response)
{
	if (strcmp(request->method, "GET") != 0) {
		http_client_free(connection->client);
		connection->client = http_client_new(&connection->settings);
	}
	if (connection->client)
		return http_client_request(connection->client, request, NULL, response);
	memset(response, 0, sizeof(*response));
	snprintf(response->error, sizeof(response->error), "out of memory");
	return -ENOMEM;
}

void o2_api_call(const struct o2_api *api, const char *method, const char *path, const char *body,
		 struct o2_reply *reply)
{
	struct http_request request = {
		.method = method,
		.authorization = api->authorization,
		.content_type = body ? "application/json" : NULL,
		.body = body,
		.bytes = body ? strlen(body) : 0,
	};
	char url[URL_BYTES], error[JSON_TREE_ERROR_BYTES];
	struct http_response response;

	memset(reply, 0, sizeof(*reply));
	snprintf(url, sizeof(url), "%s%s", api->base, path);
	request.url = url;
	if (make_request(api->connection, &request, &response)) {
		reply->verdict = O2_UNAVAILABLE;
		describe_silence(reply, api->base, response.error);
		return;
	}
	reply->status = response.status;
	reply->json = json_tree_parse(response.body, response.bytes, error);
	reply->verdict = judge(method, reply, &response);
	if (reply->verdict != O2_GOOD)
		describe(reply, api->base, path, &response);
	http_response_free(&response);
}

void o2_reply_free(struct o2_reply *reply)
{
	json_tree_free(reply->json);
	reply->json = NULL;
}

void o2_api_close(struct o2_api *api)
{
	if (api->connection)
		http_client_free(api->connection->client);
	free(api->connection);
	if (api->authorization)
		explicit_bzero(api->authorization, strlen(api->authorization));
	free(api->authorization);
	memset(api, 0, sizeof(*api));
}
