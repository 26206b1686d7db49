// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: a look at an OpenObserve, see check.h: an empty batch is sent, exactly as a full one would
 * be. The server checks the credential, the organization and the compression before it finds that
 * there is nothing to store; and it is the one request that an ingestion token may make.
 */
#include "export/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/o2_client.h"
#include "lib/clock.h"
#include "lib/o2_url.h"

struct o2_look {
	struct export_check *check;
	const struct export_settings *settings;
	struct o2_url url;
	char fix[CHECK_FIX_BYTES];
};

/* The variable that names a proxy for this URL, NULL: there is none. Who no_proxy exempts is
 * libcurl's business. */
static const char *find_proxy(const char *url)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
					    "ALL_PROXY"};
	int https = strncasecmp(url, "https:", 6) == 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if ((https ? i != 2 : i > 1) && value && *value)
			return names[i];
	}
	return NULL;
}

/* Host and port of a base URL, without its path. 0 or -1. */
static int find_endpoint(const char *base, struct endpoint *endpoint)
{
	int https = strncasecmp(base, "https:", 6) == 0;
	const char *host = strstr(base, "://");
	char text[O2_URL_BYTES], error[ENDPOINT_ERROR_BYTES];

	if (!host)
		return -1;
	host += strlen("://");
	snprintf(text, sizeof(text), "%s://%.*s", https ? "https" : "http", (int)strcspn(host, "/"),
		 host);
	return endpoint_parse(endpoint, text, https ? 443 : 80, error);
}

/* There was no answer. */
static void note_silence(struct o2_look *look, const char *reason)
{
	const char *proxy = find_proxy(look->url.base);
	struct local_end anywhere = {.port = 0};
	struct endpoint endpoint;

	if (proxy) {
		snprintf(look->fix, sizeof(look->fix),
			 "correct the proxy that the environment names in %s, or except this "
			 "server in no_proxy",
			 proxy);
		check_add(look->check, CHECK_AWAY, look->fix, "no answer from %s: %s",
			  look->url.base, reason);
	} else if (find_endpoint(look->url.base, &endpoint)) {
		check_add(look->check, CHECK_AWAY, "correct the URL", "no answer from %s: %s",
			  look->url.base, reason);
	} else {
		check_explain(look->check, look->settings, &endpoint, &anywhere,
			      strncasecmp(look->url.base, "https:", 6) == 0 ? "TLS" : "HTTP",
			      reason);
	}
}

static void note_answer(struct o2_look *look, const struct o2_answer *answer, int uncompressed)
{
	const char *fix = "see the server's log and load; flowprobe would try again until it takes "
			  "records";

	switch (answer->verdict) {
	case O2_ACCEPTED:
	case O2_TOO_OLD:
		if (uncompressed)
			check_add(look->check, CHECK_NOTE,
				  "let what is between pass Content-Encoding, or set compression "
				  "to false",
				  "%s takes records, but not compressed", look->url.base);
		else
			check_add(look->check, CHECK_OK, NULL,
				  "%s takes records for stream %s of organization %s",
				  look->url.base, look->url.stream, look->url.organization);
		return;
	case O2_CREDENTIAL:
		snprintf(look->fix, sizeof(look->fix),
			 "correct user and password_file, or token_file; an ingestion token must "
			 "be "
			 "one of the organization \"%s\"",
			 look->url.organization);
		check_add(look->check, CHECK_AWAY, look->fix, "%s refuses the credential: %s",
			  look->url.base, answer->message);
		return;
	case O2_CONFIGURATION:
	case O2_RETRY_FEW:
		fix = "correct URL, organization and stream: "
		      "http(s)://HOST:5080/api/ORG/STREAM/_json";
		break;
	case O2_RETRY:
	case O2_TOO_LARGE:
	case O2_ENCODING:
		break;
	}
	check_add(look->check, CHECK_AWAY, fix, "%s does not take records: %s", look->url.base,
		  answer->message);
}

static void ask(struct o2_look *look, struct o2_client *client)
{
	struct export_control control = {.wake_fd = -1};
	char nothing[] = "";
	struct json_slice empty = {.text = nothing};
	struct o2_answer answer;
	uint64_t retry_after_ns;
	int uncompressed = 0;
	int err = o2_client_post(client, &empty, 0, UINT64_MAX, &control, &answer, &retry_after_ns);

	if (!err && answer.verdict == O2_ENCODING && o2_client_stop_compressing(client)) {
		uncompressed = 1;
		err = o2_client_post(client, &empty, 0, UINT64_MAX, &control, &answer,
				     &retry_after_ns);
	}
	if (err)
		note_silence(look, answer.message);
	else
		note_answer(look, &answer, uncompressed);
}

void check_openobserve(const struct export_settings *settings,
		       const struct export_identity *identity, struct export_check *check)
{
	/* Twice one half: the server may have to be asked again, without compression. */
	uint64_t request_ns = check_attempt_ns(check) / 2;
	struct export_settings shorter = *settings;
	struct o2_look look = {.check = check, .settings = settings};
	struct compressor *compressor = compressor_new();
	struct o2_client *client = NULL;
	char error[CHECK_TEXT_BYTES] = "out of memory";

	(void)identity;
	if (request_ns < shorter.request_timeout_ns)
		shorter.request_timeout_ns = request_ns;
	if (request_ns < shorter.connect_timeout_ns)
		shorter.connect_timeout_ns = request_ns;
	if (compressor && !o2_url_parse(&look.url, settings->target, settings->organization,
					settings->stream, error, sizeof(error)))
		client = o2_client_new(&shorter, compressor, error, sizeof(error));
	if (client)
		ask(&look, client);
	else
		check_add_refusal(check, error);
	o2_client_free(client);
	compressor_free(compressor);
	if (settings->spool_directory)
		check_spool(check, settings->spool_directory, settings->spool_max_bytes);
}
