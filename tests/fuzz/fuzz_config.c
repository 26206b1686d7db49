// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes what a configuration is read from: any bytes, taken for a file, for one exporter as a
 * string, for the variable of one and for an endpoint, are either something whose every value is in
 * range or at least one mistake, and nothing leaks. What has no mistake is read as the same again
 * from what `config show` writes of it. The messages are formatted but not written.
 */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/change.h"
#include "config/config.h"
#include "config/document.h"
#include "config/draft.h"
#include "config/environment.h"
#include "config/errors.h"
#include "config/exporter_draft.h"
#include "config/exporters.h"
#include "config/options.h"
#include "config/show.h"
#include "encode/utf8.h"
#include "lib/endpoint.h"
#include "lib/o2_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_list(const struct config_list *list)
{
	require(list->count <= CONFIG_LIST_MAX);
	for (size_t i = 0; i < list->count; i++)
		require(list->items[i] && list->items[i][0]);
}

static void check_endpoint(const struct endpoint *endpoint)
{
	int family = endpoint_address_family(endpoint->host);
	char text[ENDPOINT_SCHEME_BYTES + ENDPOINT_HOST_BYTES + 16], error[ENDPOINT_ERROR_BYTES];
	struct endpoint again;

	require(endpoint->scheme[0] && endpoint->host[0] && endpoint->port > 0);
	for (const char *c = endpoint->host; *c; c++)
		require(isgraph((unsigned char)*c));
	snprintf(text, sizeof(text), family == AF_INET6 ? "%s://[%s]:%u" : "%s://%s:%u",
		 endpoint->scheme, endpoint->host, endpoint->port);
	require(endpoint_parse(&again, text, 0, error) == 0);
	require(memcmp(endpoint, &again, sizeof(again)) == 0);
}

static void check_openobserve(const struct config_exporter *exporter)
{
	int secrets = !!exporter->password + !!exporter->password_file + !!exporter->token +
		      !!exporter->token_file;
	char error[CONFIG_MESSAGE_BYTES];
	struct o2_url url;

	require(o2_url_parse(&url, exporter->target, exporter->organization, exporter->stream,
			     error, sizeof(error)) == 0);
	require(secrets <= 1);
	require(exporter->user || (!exporter->password && !exporter->password_file));
	require(exporter->batch_records >= 1 && exporter->batch_records <= 100000);
	require(exporter->batch_bytes >= 1 << 14 && exporter->batch_bytes <= 1 << 23);
	require(exporter->spool_max_bytes <= 1ull << 40);
	require(!exporter->spool_directory || exporter->spool_directory[0]);
}

static void check_exporter(const struct config_exporter *exporter)
{
	require(exporter->name && exporter->name[0] && strlen(exporter->name) <= 32);
	require(config_exporter_type_by_name(exporter->type) != NULL);
	require((exporter->transport == CONFIG_TRANSPORT_FILE) == (exporter->path != NULL));
	if (exporter->path)
		require(exporter->path[0] && strstr(exporter->target, exporter->path));
	else
		check_endpoint(&exporter->endpoint);
	require(!exporter->source_address || endpoint_address_family(exporter->source_address));
	require(exporter->source_port <= UINT16_MAX);
	require(exporter->max_message_bytes == 0 ||
		(exporter->max_message_bytes >= 512 && exporter->max_message_bytes <= UINT16_MAX));
	require(exporter->template_refresh_ns <= 86400000000000);
	require(exporter->reconnect_interval_ns <= 3600000000000);
	require(exporter->connect_timeout_ns <= 300000000000);
	require(exporter->max_rate <= 10000000);
	require(exporter->biflow == 0 || exporter->biflow == 1);
	require(!exporter->ca_file || exporter->ca_file[0]);
	require(!exporter->certificate_file == !exporter->key_file);
	if (config_transport_is_http(exporter->transport))
		check_openobserve(exporter);
}

static void check_exporters(const struct config_exporters *exporters)
{
	require(exporters->count >= 1 && exporters->count <= CONFIG_LIST_MAX);
	for (size_t i = 0; i < exporters->count; i++) {
		check_exporter(&exporters->items[i]);
		for (size_t j = 0; j < i; j++)
			require(strcasecmp(exporters->items[i].name, exporters->items[j].name) !=
				0);
	}
}

static void check_ranges(const struct config *config)
{
	require(config->hook <= CONFIG_HOOK_XDP);
	require(config->direction <= CONFIG_DIRECTION_EGRESS);
	require(config->ingress_position <= CONFIG_POSITION_TAIL);
	require(config->egress_position <= CONFIG_POSITION_TAIL);
	require(config->table <= CONFIG_TABLE_HASH);
	require(config->log_level <= LOG_DEBUG);
	require(config->sampling >= 1 && config->sampling <= 1u << 24);
	require(config->slots >= 1024 && config->slots <= 1u << 22);
	require((config->slots & (config->slots - 1)) == 0);
	require(config->max_flows >= 1024 && config->max_flows <= 1u << 24);
	require(config->harvest_interval_ns >= 100000000 &&
		config->harvest_interval_ns <= 30000000000);
	require(config->active_timeout_ns >= 1000000000 &&
		config->active_timeout_ns <= 3600000000000);
	require(config->idle_timeout_ns >= 1000000000 && config->idle_timeout_ns <= 3600000000000);
	check_list(&config->interfaces_include);
	check_list(&config->interfaces_exclude);
}

struct subject {
	struct config config;
	struct config_errors errors;
	struct config_draft draft;
};

static void subject_init(struct subject *subject)
{
	memset(&subject->errors, 0, sizeof(subject->errors));
	config_draft_init(&subject->draft, &subject->config, &subject->errors);
}

/* As config_load_sources() goes on after the last list. */
static void subject_complete(struct subject *subject, char *variable)
{
	char *environment[] = {"STATE_DIRECTORY=/s", variable, NULL};

	config_exporters_name(&subject->draft);
	config_environment_load_exporters(&subject->draft, environment);
	config_draft_finish(&subject->draft, environment);
}

static int has_secret(const struct config *config)
{
	for (size_t i = 0; i < config->exporters.count; i++) {
		if (config->exporters.items[i].password || config->exporters.items[i].token)
			return 1;
	}
	return 0;
}

static void refuse_difference(void *arg, const char *key)
{
	(void)arg;
	fprintf(stderr, "%s is read as something else\n", key);
	abort();
}

static int is_utf8(const char *text)
{
	size_t length = 1;

	for (; *text && length; text += length)
		length = utf8_length((const unsigned char *)text);
	return length != 0;
}

/* But secrets are masked, and a masked one is refused; and names of files may be what no file in
 * YAML can say. */
static void check_shown(struct subject *subject, int origins)
{
	struct subject again;
	char *text;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	require(stream != NULL);
	config_show_write(stream, &subject->draft, origins);
	fclose(stream);
	subject_init(&again);
	config_yaml_load_memory(&again.draft, "shown", (const uint8_t *)text, size);
	subject_complete(&again, NULL);
	if (has_secret(&subject->config) || !is_utf8(text)) {
		require(again.errors.count > 0);
	} else {
		require(again.errors.count == 0);
		config_compare(&subject->config, &again.config, CONFIG_EFFECT_LIVE,
			       refuse_difference, NULL);
		config_compare(&subject->config, &again.config, CONFIG_EFFECT_RESTART,
			       refuse_difference, NULL);
	}
	config_free(&again.config);
	config_draft_free(&again.draft);
	free(text);
}

static void subject_finish(struct subject *subject, char *variable)
{
	subject_complete(subject, variable);
	check_ranges(&subject->config);
	require((subject->errors.count == 0) == (subject->errors.exit_code == 0));
	if (subject->errors.count == 0)
		check_exporters(&subject->config.exporters);
	for (int origins = 0; subject->errors.count == 0 && origins < 2; origins++)
		check_shown(subject, origins);
	config_draft_free(&subject->draft);
	config_free(&subject->config);
	config_free(&subject->config);
}

static void set_exporters(struct subject *subject, const char *text)
{
	const struct config_place place = {.origin = CONFIG_ORIGIN_ENVIRONMENT};

	config_draft_set(&subject->draft, config_option_by_key("exporters"), place, text);
}

static void run_texts(char *text)
{
	static const char prefix[] = CONFIG_EXPORTER_VARIABLE_PREFIX;
	char *variable = malloc(sizeof(prefix) + strlen(text)), error[ENDPOINT_ERROR_BYTES];
	struct endpoint endpoint;
	struct subject subject;

	require(variable != NULL);
	strcpy(stpcpy(variable, prefix), text);
	subject_init(&subject);
	set_exporters(&subject, text);
	subject_finish(&subject, variable);
	subject_init(&subject);
	set_exporters(&subject, "ipfix:tls://h?name=T");
	set_exporters(&subject, "ipfix:udp://h?name=U");
	set_exporters(&subject, "openobserve:https://h?name=O&user=u");
	subject_finish(&subject, variable);
	if (endpoint_parse(&endpoint, text, 4739, error) == 0)
		check_endpoint(&endpoint);
	free(variable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct subject subject;

	require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	subject_init(&subject);
	config_yaml_load_memory(&subject.draft, "fuzz", data, size);
	subject_finish(&subject, NULL);
	run_texts(text);
	free(text);
	return 0;
}
