// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: the finished exporters.
 *
 * What is looked at here may come from several sources, a certificate from the file and its key
 * from a variable say, so it is right or wrong only in the end. A mistake is reported where the
 * exporter stands. One of whose values some was refused is passed over: what is missing was meant
 * to be there.
 */
#include "config/exporter_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/exporters.h"
#include "lib/endpoint.h"
#include "lib/o2_url.h"

/* "exporter NAME <message>" */
static void __attribute__((format(printf, 3, 4)))
complain(struct config_draft *draft, size_t index, const char *format, ...)
{
	char message[CONFIG_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	config_draft_complain(draft, config_option_by_key("exporters"),
			      draft->exporters[index].place, "exporter %s %s",
			      draft->config->exporters.items[index].name, message);
}

static void check_certificate(struct config_draft *draft, size_t index)
{
	const struct config_exporter *exporter = &draft->config->exporters.items[index];

	if (!exporter->certificate_file != !exporter->key_file)
		complain(draft, index, "has a %s but no %s; give both or neither",
			 exporter->key_file ? "key_file" : "certificate_file",
			 exporter->key_file ? "certificate_file" : "key_file");
}

static void check_families(struct config_draft *draft, size_t index)
{
	const struct config_exporter *exporter = &draft->config->exporters.items[index];
	int source, target;

	if (!exporter->source_address)
		return;
	source = endpoint_address_family(exporter->source_address);
	target = endpoint_address_family(exporter->endpoint.host);
	if (target != AF_UNSPEC && target != source)
		complain(draft, index,
			 "cannot send from %s, which is %s, to %s, which is not; change "
			 "source_address",
			 exporter->source_address, source == AF_INET ? "IPv4" : "IPv6",
			 exporter->endpoint.host);
}

/* One secret, and with a password who it is of; without any, systemd may have one. */
static void check_credential(struct config_draft *draft, size_t index)
{
	const struct config_exporter *exporter = &draft->config->exporters.items[index];
	const struct {
		const char *key;
		const char *value;
	} secrets[] = {
		{"password", exporter->password},
		{"password_file", exporter->password_file},
		{"token", exporter->token},
		{"token_file", exporter->token_file},
	};
	const char *first = NULL;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (!secrets[i].value)
			continue;
		if (first) {
			complain(draft, index, "has a %s and a %s; give one of them", first,
				 secrets[i].key);
			return;
		}
		first = secrets[i].key;
	}
	if ((exporter->password || exporter->password_file) && !exporter->user)
		complain(draft, index, "has a %s but no user; set user too", first);
	if (exporter->user && strchr(exporter->user, ':')) /* RFC 7617 section 2 */
		complain(draft, index, "has a ':' in its user; a password goes into password_file");
}

static void check_url(struct config_draft *draft, size_t index)
{
	const struct config_exporter *exporter = &draft->config->exporters.items[index];
	char error[CONFIG_MESSAGE_BYTES];
	struct o2_url url;

	if (config_transport_is_http(exporter->transport) &&
	    o2_url_parse(&url, exporter->target, exporter->organization, exporter->stream, error,
			 sizeof(error)))
		complain(draft, index, "has a wrong target: %s", error);
}

/* 1 if both have the same stream behind the same path at whatever server. */
static int streams_are_equal(const struct config_exporter *a, const struct config_exporter *b)
{
	char error[CONFIG_MESSAGE_BYTES];
	struct o2_url a_url, b_url;
	const char *a_path, *b_path;

	if (o2_url_parse(&a_url, a->target, a->organization, a->stream, error, sizeof(error)) ||
	    o2_url_parse(&b_url, b->target, b->organization, b->stream, error, sizeof(error)))
		return 0;
	/* behind "//" and the server */
	a_path = strchr(strstr(a_url.base, "//") + 2, '/');
	b_path = strchr(strstr(b_url.base, "//") + 2, '/');
	return strcmp(a_path ? a_path : "", b_path ? b_path : "") == 0 &&
	       strcmp(a_url.organization, b_url.organization) == 0 &&
	       strcmp(a_url.stream, b_url.stream) == 0;
}

/* 1 if both write to the same place. */
static int targets_are_equal(const struct config_exporter *a, const struct config_exporter *b)
{
	if (a->type != b->type || a->transport != b->transport)
		return 0;
	if (a->transport == CONFIG_TRANSPORT_FILE)
		return strcmp(a->path, b->path) == 0;
	return strcasecmp(a->endpoint.host, b->endpoint.host) == 0 &&
	       a->endpoint.port == b->endpoint.port &&
	       (!config_transport_is_http(a->transport) || streams_are_equal(a, b));
}

static void check_target(struct config_draft *draft, size_t index)
{
	const struct config_exporters *list = &draft->config->exporters;

	for (size_t i = 0; i < index; i++) {
		if (!targets_are_equal(&list->items[i], &list->items[index]))
			continue;
		complain(draft, index,
			 "writes to the same place as %s; every record would be written twice",
			 list->items[i].name);
		return;
	}
}

static void check_spool(struct config_draft *draft, size_t index)
{
	const struct config_exporters *list = &draft->config->exporters;
	const char *directory = list->items[index].spool_directory;

	for (size_t i = 0; directory && i < index; i++) {
		if (list->items[i].spool_directory &&
		    strcmp(list->items[i].spool_directory, directory) == 0)
			complain(draft, index,
				 "has the spool_directory of %s; each needs one of its own",
				 list->items[i].name);
	}
}

const char *config_state_directory(char *const *environment, int *length)
{
	static const char name[] = "STATE_DIRECTORY=";

	for (; *environment; environment++) {
		const char *value = *environment + sizeof(name) - 1;

		if (strncmp(*environment, name, sizeof(name) - 1) != 0)
			continue;
		*length = (int)strcspn(value, ":");
		return *length ? value : NULL;
	}
	return NULL;
}

/* 1 if it can have a spool and was not told where. */
static int wants_default_spool(const struct config_draft *draft, size_t index)
{
	const struct config_exporter_option *option =
		config_exporter_option_by_key("spool_directory");
	const struct config_place *place =
		&draft->exporters[index].options[config_exporter_option_index(option)];

	return config_exporter_has(&draft->config->exporters.items[index], option) &&
	       place->origin == CONFIG_ORIGIN_NONE;
}

/* A spool for each exporter that can have one and was not told otherwise. */
static void place_spools(struct config_draft *draft, const char *state, int state_length)
{
	for (size_t i = 0; i < draft->config->exporters.count; i++) {
		struct config_exporter *exporter = &draft->config->exporters.items[i];

		if (!wants_default_spool(draft, i))
			continue;
		if (asprintf(&exporter->spool_directory, "%.*s/spool/%s", state_length, state,
			     exporter->name) < 0) {
			exporter->spool_directory = NULL;
			config_draft_no_memory(draft, config_option_by_key("exporters"),
					       draft->exporters[i].place);
		}
	}
}

/*
 * Spools are called like their exporters, and one without a name is called after its place in the
 * list: without the one before it, it would find that one's records, and send them to its own
 * server. In a file this is wrong even if nobody has said where spools are: the service will be
 * told, but not whoever checks the file for it.
 */
static void check_spool_names(struct config_draft *draft, int is_placed)
{
	size_t count = 0, unnamed = CONFIG_LIST_MAX;

	for (size_t i = 0; i < draft->config->exporters.count; i++) {
		const struct config_exporter_origins *origins = &draft->exporters[i];

		if (!wants_default_spool(draft, i) ||
		    !draft->config->exporters.items[i].spool_max_bytes ||
		    !(is_placed || origins->place.origin == CONFIG_ORIGIN_FILE))
			continue;
		count++;
		if (!origins->is_named && unnamed == CONFIG_LIST_MAX)
			unnamed = i;
	}
	if (count > 1 && unnamed != CONFIG_LIST_MAX)
		complain(draft, unnamed,
			 "has no name; of several with a spool each needs one of its own, so that "
			 "none takes over another's records when the list changes: set name, or "
			 "spool_directory");
}

void config_exporters_check(struct config_draft *draft, char *const *environment)
{
	int state_length;
	const char *state = config_state_directory(environment, &state_length);

	if (state)
		place_spools(draft, state, state_length);
	check_spool_names(draft, state != NULL);
	for (size_t i = 0; i < draft->config->exporters.count; i++) {
		if (draft->exporters[i].refused)
			continue;
		check_certificate(draft, i);
		check_families(draft, i);
		check_credential(draft, i);
		check_url(draft, i);
		check_target(draft, i);
		check_spool(draft, i);
	}
}
