// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: the tables of exporter types and of their options, and the look-ups in them.
 *
 * One row per type, with the forms of target it has, and one per option, with who takes it; see
 * options.c for the idea. An option that means the same for several types is one row, so that it
 * has one name, one range and one default. Whether it is taken depends on the transport as well:
 * nobody should be left to think that a certificate protects what goes out by UDP.
 *
 * A variable's name is made of an exporter's name and an option's key with '_' between, and both
 * may have '_' in them. No key ends in '_' and another key, so that there is one way to read it;
 * names are unique in the form they have there.
 */
#include "config/exporters.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/o2_url.h"

#define NS_PER_MINUTE (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MINUTE)

#define IPFIX_PORT 4739
#define IPFIX_TLS_PORT 4740
#define NETFLOW_PORT 2055
#define HTTP_PORT 80
#define HTTPS_PORT 443

#define KIB 1024ull
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)

#define TEXT_MAX 255
#define SECRET_MAX 4095 /* what fits in a file for one */

#define FILE_BIT (1u << CONFIG_TRANSPORT_FILE)
#define UDP_BIT (1u << CONFIG_TRANSPORT_UDP)
#define TCP_BIT (1u << CONFIG_TRANSPORT_TCP)
#define TLS_BIT (1u << CONFIG_TRANSPORT_TLS)
#define HTTP_BIT (1u << CONFIG_TRANSPORT_HTTP)
#define HTTPS_BIT (1u << CONFIG_TRANSPORT_HTTPS)
#define ANY_HTTP_BIT (HTTP_BIT | HTTPS_BIT)

#define FIELD(name) offsetof(struct config_exporter, name)

const struct config_exporter_type config_exporter_types[] = {
	[CONFIG_EXPORTER_JSON] =
		{
			.name = "json",
			.targets = {{"", CONFIG_TRANSPORT_FILE, .example = "-"}},
			.help = "one JSON object per line; PATH - is stdout",
		},
	[CONFIG_EXPORTER_IPFIX] =
		{
			.name = "ipfix",
			.targets = {{"udp://", CONFIG_TRANSPORT_UDP, IPFIX_PORT,
				     "udp://collector.example.com"},
				    {"tcp://", CONFIG_TRANSPORT_TCP, IPFIX_PORT,
				     "tcp://collector.example.com"},
				    {"tls://", CONFIG_TRANSPORT_TLS, IPFIX_TLS_PORT,
				     "tls://collector.example.com"},
				    {"file:", CONFIG_TRANSPORT_FILE,
				     .example = "file:/var/lib/flowprobe/flows.ipfix"}},
			.help = "IPFIX, RFC 7011; a file as in RFC 5655",
		},
	[CONFIG_EXPORTER_NETFLOW9] =
		{
			.name = "netflow9",
			.targets = {{"udp://", CONFIG_TRANSPORT_UDP, NETFLOW_PORT,
				     "udp://collector.example.com"}},
			.help = "NetFlow version 9, RFC 3954",
		},
	[CONFIG_EXPORTER_NETFLOW5] =
		{
			.name = "netflow5",
			.targets = {{"udp://", CONFIG_TRANSPORT_UDP, NETFLOW_PORT,
				     "udp://collector.example.com"}},
			.help = "NetFlow version 5: IPv4 only",
		},
	[CONFIG_EXPORTER_OPENOBSERVE] =
		{
			.name = "openobserve",
			.targets = {{"http://", CONFIG_TRANSPORT_HTTP, HTTP_PORT,
				     "http://openobserve.example.com:5080"},
				    {"https://", CONFIG_TRANSPORT_HTTPS, HTTPS_PORT,
				     "https://openobserve.example.com"}},
			.help = "records as JSON to a stream of an OpenObserve server",
		},
};

const struct config_exporter_option config_exporter_options[] = {
	{
		.key = "source_address",
		.argument = "ADDRESS",
		.takers = {[CONFIG_EXPORTER_IPFIX] = UDP_BIT | TCP_BIT | TLS_BIT,
			   [CONFIG_EXPORTER_NETFLOW9] = UDP_BIT,
			   [CONFIG_EXPORTER_NETFLOW5] = UDP_BIT},
		.field = {.type = CONFIG_FIELD_ADDRESS, .offset = FIELD(source_address)},
		.shown_default = "by route",
		.example = "192.0.2.1",
		.help = "address to send from, IPv4 or IPv6",
	},
	{
		.key = "source_port",
		.argument = "N",
		.takers = {[CONFIG_EXPORTER_IPFIX] = UDP_BIT | TCP_BIT | TLS_BIT,
			   [CONFIG_EXPORTER_NETFLOW9] = UDP_BIT,
			   [CONFIG_EXPORTER_NETFLOW5] = UDP_BIT},
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(source_port),
			  .max = UINT16_MAX},
		.initial = "0",
		.shown_default = "any",
		.help = "port to send from",
	},
	{
		.key = "max_message_bytes",
		.argument = "N",
		.takers = {[CONFIG_EXPORTER_IPFIX] = FILE_BIT | UDP_BIT | TCP_BIT | TLS_BIT,
			   [CONFIG_EXPORTER_NETFLOW9] = UDP_BIT},
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(max_message_bytes),
			  .min = 512,
			  .max = UINT16_MAX,
			  .or_zero = 1},
		.initial = "0",
		.shown_default = "path MTU, at most 1452",
		.help = "size of a message at most",
	},
	{
		.key = "template_refresh",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_IPFIX] = FILE_BIT | UDP_BIT | TCP_BIT | TLS_BIT,
			   [CONFIG_EXPORTER_NETFLOW9] = UDP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(template_refresh_ns),
			  .min = NS_PER_S,
			  .max = 24 * NS_PER_HOUR},
		.initial = "60s",
		.help = "how often templates and options are sent again",
	},
	{
		.key = "reconnect_interval",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_IPFIX] = TCP_BIT | TLS_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(reconnect_interval_ns),
			  .min = NS_PER_S,
			  .max = NS_PER_HOUR},
		.initial = "60s",
		.help = "least time between two attempts to connect",
	},
	{
		.key = "connect_timeout",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_IPFIX] = TCP_BIT | TLS_BIT,
			   [CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(connect_timeout_ns),
			  .min = 100 * NS_PER_MS,
			  .max = 5 * NS_PER_MINUTE},
		.initial = "10s",
		.help = "how long an attempt to connect may take",
	},
	{
		.key = "max_rate",
		.argument = "N",
		.takers = {[CONFIG_EXPORTER_IPFIX] = UDP_BIT,
			   [CONFIG_EXPORTER_NETFLOW9] = UDP_BIT,
			   [CONFIG_EXPORTER_NETFLOW5] = UDP_BIT},
		.field = {.type = CONFIG_FIELD_NUMBER, .offset = FIELD(max_rate), .max = 10000000},
		.initial = "0",
		.shown_default = "0, what there is spread over a second",
		.help = "messages per second at most",
	},
	{
		.key = "biflow",
		.argument = "true|false",
		.takers = {[CONFIG_EXPORTER_IPFIX] = FILE_BIT | UDP_BIT | TCP_BIT | TLS_BIT},
		.field = {.type = CONFIG_FIELD_BOOLEAN, .offset = FIELD(biflow)},
		.initial = "false",
		.help = "both directions of a connection in one record, RFC 5103",
	},
	{
		.key = "enterprise_number",
		.argument = "N",
		.takers = {[CONFIG_EXPORTER_IPFIX] = FILE_BIT | UDP_BIT | TCP_BIT | TLS_BIT},
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(enterprise_number),
			  .max = UINT32_MAX},
		.initial = "0",
		.shown_default = "0, without these elements",
		.help = "number that elements of our own are sent under",
	},
	{
		.key = "ca_file",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_IPFIX] = TLS_BIT,
			   [CONFIG_EXPORTER_OPENOBSERVE] = HTTPS_BIT},
		.field = {.type = CONFIG_FIELD_PATH, .offset = FIELD(ca_file)},
		.shown_default = "those of the system",
		.example = "/etc/flowprobe/ca.pem",
		.help = "certificates of the authorities that the other side's must be from, PEM",
	},
	{
		.key = "certificate_file",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_IPFIX] = TLS_BIT,
			   [CONFIG_EXPORTER_OPENOBSERVE] = HTTPS_BIT},
		.field = {.type = CONFIG_FIELD_PATH, .offset = FIELD(certificate_file)},
		.shown_default = "none",
		.example = "/etc/flowprobe/certificate.pem",
		.help = "certificate to show to the other side, PEM; needs key_file",
	},
	{
		.key = "key_file",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_IPFIX] = TLS_BIT,
			   [CONFIG_EXPORTER_OPENOBSERVE] = HTTPS_BIT},
		.field = {.type = CONFIG_FIELD_PATH, .offset = FIELD(key_file)},
		.shown_default = "none",
		.example = "/etc/flowprobe/key.pem",
		.help = "private key of certificate_file, PEM",
	},
	{
		.key = "organization",
		.argument = "NAME",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_STRING,
			  .offset = FIELD(organization),
			  .max = O2_NAME_BYTES - 1},
		.shown_default = "that of the URL, else \"" O2_DEFAULT_ORGANIZATION "\"",
		.example = O2_DEFAULT_ORGANIZATION,
		.help = "organization that the stream belongs to",
	},
	{
		.key = "stream",
		.argument = "NAME",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_STRING,
			  .offset = FIELD(stream),
			  .max = O2_NAME_BYTES - 1},
		.shown_default = "that of the URL, else \"" O2_DEFAULT_STREAM "\"",
		.example = O2_DEFAULT_STREAM,
		.help = "stream that records go to",
	},
	{
		.key = "user",
		.argument = "NAME",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_STRING, .offset = FIELD(user), .max = TEXT_MAX},
		.shown_default = "none",
		.example = "root@example.com",
		.help = "who to be at the server; with a token any will do",
	},
	{
		.key = "password_file",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_PATH, .offset = FIELD(password_file)},
		.shown_default = "systemd's credential flowprobe.NAME.password, if there is one",
		.example = "/etc/flowprobe/password",
		.help = "file whose first line is the password of user",
	},
	{
		.key = "token_file",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_PATH, .offset = FIELD(token_file)},
		.shown_default = "systemd's credential flowprobe.NAME.token, if there is one",
		.example = "/etc/flowprobe/token",
		.help = "file whose first line is an ingestion token, in place of a password",
	},
	{
		.key = "password",
		.argument = "SECRET",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_SECRET,
			  .offset = FIELD(password),
			  .max = SECRET_MAX},
		.shown_default = "none",
		.example = "secret",
		.help = "the password of user itself; only in a variable, or in a file that others "
			"cannot read",
	},
	{
		.key = "token",
		.argument = "SECRET",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_SECRET, .offset = FIELD(token), .max = SECRET_MAX},
		.shown_default = "none",
		.example = "secret",
		.help = "the ingestion token itself; only in a variable, or in a file that others "
			"cannot read",
	},
	{
		.key = "batch_records",
		.argument = "N",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(batch_records),
			  .min = 1,
			  .max = 100000},
		.initial = "1000",
		.help = "records in one request at most",
	},
	{
		.key = "batch_bytes",
		.argument = "SIZE",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_SIZE,
			  .offset = FIELD(batch_bytes),
			  .min = 16 * KIB,
			  .max = 8 * MIB},
		.initial = "800KiB",
		.help = "JSON in one request, before compression; with so much it is sent",
	},
	{
		.key = "flush_interval",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(flush_interval_ns),
			  .min = 100 * NS_PER_MS,
			  .max = 5 * NS_PER_MINUTE},
		.initial = "5s",
		.help = "longest that a record waits for others",
	},
	{
		.key = "request_timeout",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(request_timeout_ns),
			  .min = NS_PER_S,
			  .max = 10 * NS_PER_MINUTE},
		.initial = "30s",
		.help = "how long a request may take, connecting included; less while the spool is "
			"in use",
	},
	{
		.key = "compression",
		.argument = "true|false",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_BOOLEAN, .offset = FIELD(compression)},
		.initial = "true",
		.help = "send requests compressed, with gzip",
	},
	{
		.key = "confirm",
		.argument = "true|false",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_BOOLEAN, .offset = FIELD(confirm)},
		.initial = "true",
		.help = "records that the server neither confirms nor refuses are lost",
	},
	{
		.key = "ingestion_window",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(ingestion_window_ns),
			  .min = NS_PER_MINUTE,
			  .max = 8760 * NS_PER_HOUR},
		.initial = "5h",
		.help = "how old a record the server takes; older ones get a new _timestamp",
	},
	{
		.key = "spool_directory",
		.argument = "PATH",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_PATH,
			  .offset = FIELD(spool_directory),
			  .or_none = 1},
		.shown_default = "$STATE_DIRECTORY/spool/NAME where systemd sets that, else none",
		.example = "/var/lib/flowprobe/spool/openobserve",
		.help = "where records wait on disk while the server is away; of this exporter "
			"alone",
	},
	{
		.key = "spool_max_bytes",
		.argument = "SIZE",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_SIZE,
			  .offset = FIELD(spool_max_bytes),
			  .min = MIB,
			  .max = TIB,
			  .or_zero = 1},
		.initial = "256MiB",
		.help = "size of the spool at most; the oldest records make room; 0: no spool",
	},
	{
		.key = "spool_after",
		.argument = "T",
		.takers = {[CONFIG_EXPORTER_OPENOBSERVE] = ANY_HTTP_BIT},
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(spool_after_ns),
			  .max = NS_PER_HOUR},
		.initial = "5s",
		.help = "how long the server is away before records go to the spool, once a "
			"request has failed",
	},
};

int config_transport_is_http(enum config_transport transport)
{
	return transport == CONFIG_TRANSPORT_HTTP || transport == CONFIG_TRANSPORT_HTTPS;
}

const struct config_exporter_type *config_exporter_type_by_name(const char *name)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_TYPES; i++) {
		if (strcmp(config_exporter_types[i].name, name) == 0)
			return &config_exporter_types[i];
	}
	return NULL;
}

const struct config_exporter_target *
config_exporter_target_of(const struct config_exporter_type *type, const char *text)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_TARGETS && type->targets[i].prefix; i++) {
		if (strncmp(text, type->targets[i].prefix, strlen(type->targets[i].prefix)) == 0)
			return &type->targets[i];
	}
	return NULL;
}

const struct config_exporter_option *config_exporter_option_by_key(const char *key)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++) {
		if (strcmp(config_exporter_options[i].key, key) == 0)
			return &config_exporter_options[i];
	}
	return NULL;
}

const char *config_exporter_option_default(const struct config_exporter_option *option)
{
	return option->shown_default ? option->shown_default : option->initial;
}

size_t config_exporter_option_index(const struct config_exporter_option *option)
{
	return (size_t)(option - config_exporter_options);
}

int config_exporter_takes(const struct config_exporter_type *type, unsigned int over,
			  const struct config_exporter_option *option)
{
	return (option->takers[type - config_exporter_types] & over) != 0;
}

int config_exporter_has(const struct config_exporter *exporter,
			const struct config_exporter_option *option)
{
	return config_exporter_takes(config_exporter_type_by_name(exporter->type),
				     1u << exporter->transport, option);
}

void config_exporter_variable(const char *name, const struct config_exporter_option *option,
			      char variable[CONFIG_EXPORTER_VARIABLE_BYTES])
{
	snprintf(variable, CONFIG_EXPORTER_VARIABLE_BYTES, CONFIG_EXPORTER_VARIABLE_PREFIX "%s_%s",
		 name, option->key);
	for (char *c = variable; *c; c++)
		*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
}

void config_exporter_clear(struct config_exporter *exporter)
{
	for (size_t i = 0; i < CONFIG_EXPORTER_OPTIONS; i++)
		config_field_free(exporter, &config_exporter_options[i].field);
	free(exporter->name);
	free(exporter->target);
	memset(exporter, 0, sizeof(*exporter));
}

void config_exporters_clear(struct config_exporters *exporters)
{
	while (exporters->count > 0)
		config_exporter_clear(&exporters->items[--exporters->count]);
}
