// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: all that needs libcurl: a channel inside TLS, see channel.h, and requests over HTTP, see
 * http.h.
 *
 * For a channel libcurl connects, verifies the collector's certificate and its name, and then leaves
 * the stream to us (CONNECT_ONLY). That saves a second TLS library beside the one that libcurl
 * brings for HTTPS. Proxies are for HTTP, so those of the environment are not used, and the protocol
 * negotiation that HTTPS adds to TLS is left out. Names are looked up by resolver.h: libcurl's own
 * look-up cannot be abandoned, and a stop would have to wait for name servers that are silent.
 */
#include "export/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/channel.h"
#include "export/resolver.h"
#include "lib/clock.h"
#include "lib/version.h"

#define ADDRESSES_BYTES (300 + RESOLVED_MAX * (INET6_ADDRSTRLEN + 3))
#define DRAIN_BYTES 512
#define DRAIN_READS 16 /* as in tcp.c */
#define URL_BYTES 320

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void initialise(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int check_file(const char *option, const char *path, char *error, size_t error_bytes)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	snprintf(error, error_bytes, "%s: cannot read %s: %s", option, path, strerror(errno));
	return -EINVAL;
}

static int check_files(const char *ca_file, const char *certificate_file, const char *key_file,
		       char *error, size_t error_bytes)
{
	if (check_file("ca_file", ca_file, error, error_bytes) ||
	    check_file("certificate_file", certificate_file, error, error_bytes) ||
	    check_file("key_file", key_file, error, error_bytes))
		return -EINVAL;
	return 0;
}

static void set_tls(CURL *curl, const char *ca_file, const char *certificate_file,
		    const char *key_file)
{
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	if (ca_file) /* else the system's */
		curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
	curl_easy_setopt(curl, CURLOPT_SSLCERT, certificate_file);
	curl_easy_setopt(curl, CURLOPT_SSLKEY, key_file);
}

/* --- a channel inside TLS ------------------------------------------------------------------- */

struct channel {
	CURL *curl;
	int fd;
	char reason[CURL_ERROR_SIZE];
};

static int tls_check(const struct export_settings *settings, char *error, size_t error_bytes)
{
	return check_files(settings->ca_file, settings->certificate_file, settings->key_file, error,
			   error_bytes);
}

/* Called by libcurl every second at the least while it connects; which shows that it is waiting, and
 * not stuck, however long it may take. */
static int is_over(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct export_control *control = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	export_end_waiting(control);
	return control->over;
}

static int format_address(const struct sockaddr_storage *address, char text[INET6_ADDRSTRLEN])
{
	const void *bytes = &((const struct sockaddr_in *)address)->sin_addr;

	if (address->ss_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
	return address->ss_family != AF_UNSPEC &&
	       inet_ntop(address->ss_family, bytes, text, INET6_ADDRSTRLEN);
}

static void set_local_end(CURL *curl, const struct local_end *local)
{
	char interface[8 + INET6_ADDRSTRLEN] = "host!";

	if (format_address(&local->address, interface + 5))
		curl_easy_setopt(curl, CURLOPT_INTERFACE, interface);
	if (local->port)
		curl_easy_setopt(curl, CURLOPT_LOCALPORT, (long)local->port);
}

static void set_options(CURL *curl, const struct export_settings *settings, const char *url,
			struct export_control *control, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set_tls(curl, settings->ca_file, settings->certificate_file, settings->key_file);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_over);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, control);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/* Looks the name up, and tells libcurl the answer: "HOST:PORT:ADDRESS,ADDRESS,...". NULL with the
 * reason in error. */
static struct curl_slist *look_up(const struct endpoint *endpoint, const struct local_end *local,
				  uint64_t until_ns, struct export_control *control, char *error)
{
	char text[ADDRESSES_BYTES], address[INET6_ADDRSTRLEN];
	struct resolved list[RESOLVED_MAX];
	struct curl_slist *answer;
	int count = resolver_look_up(endpoint->host, endpoint->port, local_end_family(local),
				     until_ns, control, list);
	size_t used;

	if (count < 0) {
		snprintf(error, CURL_ERROR_SIZE, "%s", gai_strerror(count));
		return NULL;
	}
	used = (size_t)snprintf(text, sizeof(text), "%s:%u:", endpoint->host, endpoint->port);
	for (int i = 0; i < count; i++) {
		int ipv6 = list[i].address.ss_family == AF_INET6;

		format_address(&list[i].address, address);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s%s%s", i ? "," : "",
					 ipv6 ? "[" : "", address, ipv6 ? "]" : "");
	}
	answer = curl_slist_append(NULL, text);
	if (!answer)
		snprintf(error, CURL_ERROR_SIZE, "out of memory");
	return answer;
}

/* Connects. 0, or -1 with the reason in error. */
static int connect_curl(CURL *curl, const struct export_settings *settings,
			const struct endpoint *endpoint, const struct local_end *local,
			struct export_control *control, char *error)
{
	uint64_t until_ns = clock_monotonic_ns() + settings->connect_timeout_ns, now_ns;
	int literal = strchr(endpoint->host, ':') != NULL; /* of IPv6; libcurl knows it itself */
	struct curl_slist *addresses = NULL;
	char url[URL_BYTES];
	CURLcode result;

	if (!literal) {
		addresses = look_up(endpoint, local, until_ns, control, error);
		if (!addresses)
			return -1;
	}
	snprintf(url, sizeof(url), "https://%s%s%s:%u", literal ? "[" : "", endpoint->host,
		 literal ? "]" : "", endpoint->port);
	set_options(curl, settings, url, control, error);
	set_local_end(curl, local);
	curl_easy_setopt(curl, CURLOPT_RESOLVE, addresses);
	now_ns = clock_monotonic_ns();
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 now_ns < until_ns ? (long)((until_ns - now_ns) / NS_PER_MS) + 1 : 1L);
	result = curl_easy_perform(curl);
	if (result && !error[0])
		snprintf(error, CURL_ERROR_SIZE, "%s", curl_easy_strerror(result));
	/* These point to what is gone when we return. */
	curl_easy_setopt(curl, CURLOPT_RESOLVE, NULL);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 1L);
	curl_slist_free_all(addresses);
	return result ? -1 : 0;
}

static struct channel *tls_connect(const struct export_settings *settings,
				   const struct endpoint *endpoint, const struct local_end *local,
				   struct export_control *control, char *error, size_t error_bytes)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	char reason[CURL_ERROR_SIZE] = "";
	curl_socket_t fd = CURL_SOCKET_BAD;

	pthread_once(&once, initialise);
	if (channel)
		channel->curl = curl_easy_init();
	if (!channel || !channel->curl) {
		snprintf(error, error_bytes, "out of memory");
		free(channel);
		return NULL;
	}
	if (connect_curl(channel->curl, settings, endpoint, local, control, reason) ||
	    curl_easy_getinfo(channel->curl, CURLINFO_ACTIVESOCKET, &fd) || fd == CURL_SOCKET_BAD) {
		snprintf(error, error_bytes, "%s", reason[0] ? reason : "connection lost");
		curl_easy_cleanup(channel->curl);
		free(channel);
		return NULL;
	}
	channel->fd = fd;
	curl_easy_setopt(channel->curl, CURLOPT_ERRORBUFFER, channel->reason);
	return channel;
}

static int tls_fd(const struct channel *channel)
{
	return channel->fd;
}

static ssize_t tls_write(struct channel *channel, const void *data, size_t bytes)
{
	size_t written = 0;
	CURLcode result = curl_easy_send(channel->curl, data, bytes, &written);

	if (result == CURLE_OK)
		return (ssize_t)written;
	return result == CURLE_AGAIN ? -EAGAIN : -ECONNRESET;
}

static int tls_drain(struct channel *channel)
{
	char unwanted[DRAIN_BYTES];
	CURLcode result;
	size_t got;

	for (int i = 0; i < DRAIN_READS; i++) {
		result = curl_easy_recv(channel->curl, unwanted, sizeof(unwanted), &got);
		if (result == CURLE_OK && !got)
			return 0;
		if (result != CURLE_OK)
			return result == CURLE_AGAIN ? 1 : -ECONNRESET;
	}
	return 1;
}

static const char *tls_reason(const struct channel *channel)
{
	return channel->reason;
}

static void tls_close(struct channel *channel)
{
	curl_easy_cleanup(channel->curl);
	free(channel);
}

const struct channel_type channel_tls = {
	.trial_ns = NS_PER_S,
	.check = tls_check,
	.connect = tls_connect,
	.fd = tls_fd,
	.write = tls_write,
	.drain = tls_drain,
	.reason = tls_reason,
	.close = tls_close,
};

/* --- HTTP --------------------------------------------------------------------------------------- */

#define POLL_MS 1000
#define RETRY_AFTER_MAX_S 3600
#define PROTOCOLS "http,https"

struct http_client {
	CURLM *multi; /* keeps the connection between requests, and can be woken */
	CURL *curl;
	struct http_settings settings;
};

int http_check(const struct http_settings *settings, char *error, size_t error_bytes)
{
	return check_files(settings->ca_file, settings->certificate_file, settings->key_file, error,
			   error_bytes)
		       ? -1
		       : 0;
}

struct http_client *http_client_new(const struct http_settings *settings)
{
	struct http_client *client = calloc(1, sizeof(*client));

	pthread_once(&once, initialise);
	if (!client)
		return NULL;
	client->settings = *settings;
	client->multi = curl_multi_init();
	client->curl = curl_easy_init();
	if (!client->multi || !client->curl) {
		http_client_free(client);
		return NULL;
	}
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	curl_easy_cleanup(client->curl);
	curl_multi_cleanup(client->multi);
	free(client);
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_response *response = arg;
	size_t bytes = size * count;
	char *body;

	if (response->bytes + bytes > HTTP_BODY_BYTES_MAX)
		return 0; /* ends the request, with CURLE_WRITE_ERROR */
	body = realloc(response->body, response->bytes + bytes + 1);
	if (!body)
		return 0;
	memcpy(body + response->bytes, data, bytes);
	response->bytes += bytes;
	body[response->bytes] = '\0';
	response->body = body;
	return bytes;
}

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	struct http_response *response = arg;
	size_t bytes = size * count;
	char line[128];
	time_t date;

	if (bytes >= sizeof(line))
		return bytes; /* none that we look at */
	memcpy(line, data, bytes);
	line[bytes] = '\0';
	if (strncasecmp(line, "date:", 5) == 0) {
		date = curl_getdate(line + 5, NULL);
		if (date > 0)
			response->date_ns = (uint64_t)date * NS_PER_S;
	}
	return bytes;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value,
				     int *failed)
{
	struct curl_slist *longer = NULL;
	char *line;

	if (!value)
		return list;
	line = malloc(strlen(name) + strlen(value) + sizeof(": "));
	if (line) {
		stpcpy(stpcpy(stpcpy(line, name), ": "), value);
		longer = curl_slist_append(list, line);
		explicit_bzero(line, strlen(line));
	}
	free(line);
	*failed |= !longer;
	return longer ? longer : list;
}

static struct curl_slist *make_headers(const struct http_request *request, int *failed)
{
	struct curl_slist *list = NULL;

	/* Without this, libcurl waits for leave to send a long body, which servers forget to give. */
	list = curl_slist_append(list, "Expect:");
	*failed = !list;
	list = add_header(list, "Authorization", request->authorization, failed);
	list = add_header(list, "Content-Type", request->content_type, failed);
	return add_header(list, "Content-Encoding", request->content_encoding, failed);
}

/* One of them is secret. */
static void free_headers(struct curl_slist *list)
{
	for (struct curl_slist *header = list; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(list);
}

static void limit_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
#else
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* A name that is being looked up when the request ends is left to the thread that does it, which
 * cannot be interrupted and ends by itself: waiting for it would hold up a stop, and let every time
 * limit pass. */
static void leave_resolver(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#else
	(void)curl;
#endif
}

static void set_request(struct http_client *client, const struct http_request *request,
			struct curl_slist *headers, struct http_response *response)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl); /* the connection stays */
	set_tls(curl, client->settings.ca_file, client->settings.certificate_file,
		client->settings.key_file);
	limit_protocols(curl);
	leave_resolver(curl);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, version_user_agent);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(client->settings.connect_timeout_ns / NS_PER_MS));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(client->settings.timeout_ns / NS_PER_MS));
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, response);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, response);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, response->error);
	if (request->content_type) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->bytes);
	}
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* When the request is given up, by timeout_ns and patience_ns. */
struct limits {
	uint64_t give_up_ns; /* UINT64_MAX: never */
	int stop_seen;
};

static void begin_limits(struct limits *limits, const struct http_request *request)
{
	*limits = (struct limits){.give_up_ns = UINT64_MAX};
	if (request->timeout_ns)
		limits->give_up_ns = clock_monotonic_ns() + request->timeout_ns;
}

/* How long to wait. 0: no longer. */
static int poll_ms(const struct http_request *request, const struct export_control *control,
		   struct limits *limits)
{
	uint64_t now_ns = clock_monotonic_ns(), left_ns;

	if (control && control->stopping && request->patience_ns && !limits->stop_seen) {
		limits->stop_seen = 1;
		if (limits->give_up_ns > now_ns + request->patience_ns)
			limits->give_up_ns = now_ns + request->patience_ns;
	}
	if (now_ns >= limits->give_up_ns)
		return 0;
	left_ns = limits->give_up_ns - now_ns;
	return left_ns < POLL_MS * NS_PER_MS ? (int)(left_ns / NS_PER_MS) + 1 : POLL_MS;
}

/* For so long, or until something happens or the exporter is told to stop. */
static CURLMcode wait_for_progress(struct http_client *client, struct export_control *control,
				   int wait_ms)
{
	struct curl_waitfd wake = {.fd = control ? control->wake_fd : -1,
				   .events = CURL_WAIT_POLLIN};
	CURLMcode result;

	if (control)
		export_begin_waiting(control);
	result = curl_multi_poll(client->multi, &wake, wake.fd >= 0, wait_ms, NULL);
	if (control) {
		export_end_waiting(control);
		export_woken(control);
	}
	return result;
}

/* Runs the request to its end. 0 with libcurl's result, or -ECANCELED or -ETIMEDOUT. */
static int run_request(struct http_client *client, const struct http_request *request,
		       struct export_control *control, CURLcode *result)
{
	int running = 1, left, wait_ms;
	const CURLMsg *message;
	struct limits limits;

	begin_limits(&limits, request);
	while (running) {
		if (control && control->over)
			return -ECANCELED;
		if (curl_multi_perform(client->multi, &running) != CURLM_OK) {
			*result = CURLE_FAILED_INIT;
			return 0;
		}
		if (!running)
			break;
		wait_ms = poll_ms(request, control, &limits);
		if (!wait_ms)
			return -ETIMEDOUT;
		if (wait_for_progress(client, control, wait_ms)) {
			*result = CURLE_OUT_OF_MEMORY;
			return 0;
		}
	}
	message = curl_multi_info_read(client->multi, &left);
	*result = message ? message->data.result : CURLE_FAILED_INIT;
	return 0;
}

static void take_result(struct http_client *client, struct http_response *response)
{
	curl_off_t retry_after_s = 0;
	long status = 0;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200) { /* "100 Continue", and then nothing did */
		snprintf(response->error, sizeof(response->error),
			 "the connection was closed before the answer");
		return;
	}
	curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	response->status = (int)status;
	if (retry_after_s > RETRY_AFTER_MAX_S)
		retry_after_s = RETRY_AFTER_MAX_S;
	if (retry_after_s < 0) /* a date that is over */
		retry_after_s = 0;
	response->retry_after_ns = (uint64_t)retry_after_s * NS_PER_S;
	if (!response->body)
		response->body = calloc(1, 1);
}

int http_client_request(struct http_client *client, const struct http_request *request,
			struct export_control *control, struct http_response *response)
{
	struct curl_slist *headers;
	CURLcode result = CURLE_OUT_OF_MEMORY;
	int failed, err = 0;

	memset(response, 0, sizeof(*response));
	headers = make_headers(request, &failed);
	if (!failed) {
		set_request(client, request, headers, response);
		curl_multi_add_handle(client->multi, client->curl);
		err = run_request(client, request, control, &result);
		if (!err && !result)
			take_result(client, response);
		curl_multi_remove_handle(client->multi, client->curl);
	}
	curl_easy_reset(client->curl); /* nothing of ours is pointed to any more */
	free_headers(headers);
	if (response->status && response->body)
		return 0;
	response->retry_after_ns = 0;
	if (result == CURLE_WRITE_ERROR)
		snprintf(response->error, sizeof(response->error),
			 "the answer is longer than %u bytes", HTTP_BODY_BYTES_MAX);
	else if (!response->error[0])
		snprintf(response->error, sizeof(response->error), "%s",
			 err == -ETIMEDOUT ? "there was no answer in time"
			 : err		   ? "given up"
					   : curl_easy_strerror(result));
	free(response->body);
	response->body = NULL;
	response->bytes = 0;
	response->status = 0;
	return err ? err : -EIO;
}

void http_response_free(struct http_response *response)
{
	free(response->body);
	response->body = NULL;
}
