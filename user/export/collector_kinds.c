// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: IPFIX, NetFlow v9 and NetFlow v5 as kinds of exporters. Each is a dialect and the
 * transports that it may take (a table of routes); what is wrong with a target or with the settings
 * is found here, before there is a collector, and the doctor asks the same functions.
 */
#include "export/collector.h"

#include <stdio.h>
#include <string.h>

#include "encode/dialect.h"
#include "export/check.h"
#include "export/transport.h"

#define NETFLOW5_SAMPLING_MAX 16383 /* 14 bits */

/* A way to a collector that a dialect can go. */
struct route {
	const struct transport_type *type; /* NULL: the end of the list */
	uint16_t default_port;
};

static const struct route ipfix_routes[] = {
	{&transport_udp, 4739},
	{&transport_tcp, 4739},
	{&transport_tls, 4740},
	{&transport_file, 0},
	{NULL, 0},
};
static const struct route netflow_routes[] = {
	{&transport_udp, 2055},
	{NULL, 0},
};

/* The one that the target names; NULL with what is wrong in error. */
static const struct route *find_route(const struct route *routes,
				      const struct export_settings *settings, char *error,
				      size_t error_bytes)
{
	const char *target = settings->target;
	char schemes[64];
	size_t used = 0;

	for (const struct route *route = routes; route->type; route++) {
		const char *scheme = route->type->scheme;
		size_t length = strlen(scheme);

		if (strncmp(target, scheme, length) == 0 && target[length] == ':')
			return route;
		used += (size_t)snprintf(schemes + used, sizeof(schemes) - used,
					 "%s%s:", used ? ", " : "", scheme);
	}
	snprintf(error, error_bytes, "\"%s\" is no target for %s; it must begin with one of: %s",
		 target, settings->type, schemes);
	return NULL;
}

/* 0: no message may be that long, or that short; what is wrong is in error. */
static size_t wanted_message_bytes(const struct dialect *dialect,
				   const struct export_settings *settings, char *error,
				   size_t error_bytes)
{
	size_t wanted = settings->max_message_bytes ? settings->max_message_bytes
						    : dialect->message_bytes;

	if (wanted >= MESSAGE_BYTES_MIN && wanted <= TRANSPORT_BYTES_MAX)
		return wanted;
	snprintf(error, error_bytes, "max_message_bytes is %zu; it must be from %d to %d", wanted,
		 MESSAGE_BYTES_MIN, TRANSPORT_BYTES_MAX);
	return 0;
}

static void *create_collector(const struct dialect *dialect, const struct route *routes,
			      const struct export_settings *settings,
			      const struct export_identity *identity, char *error,
			      size_t error_bytes)
{
	const struct route *route = find_route(routes, settings, error, error_bytes);
	size_t bytes = route ? wanted_message_bytes(dialect, settings, error, error_bytes) : 0;
	struct transport *transport = NULL;

	if (bytes)
		transport = route->type->create(settings, settings->target, route->default_port,
						error, error_bytes);
	if (!transport)
		return NULL;
	transport->message_bytes_wanted = bytes;
	return collector_new(dialect, settings, identity, transport, error, error_bytes);
}

static void check_collector(const struct dialect *dialect, const struct route *routes,
			    const struct export_settings *settings, struct export_check *check)
{
	char error[CHECK_TEXT_BYTES];
	const struct route *route = find_route(routes, settings, error, sizeof(error));

	if (!route || !wanted_message_bytes(dialect, settings, error, sizeof(error)))
		check_add_refusal(check, error);
	else
		route->type->check(settings, settings->target, route->default_port, check);
}

static void *create_ipfix(const struct export_settings *settings,
			  const struct export_identity *identity, char *error, size_t error_bytes)
{
	return create_collector(&dialect_ipfix, ipfix_routes, settings, identity, error,
				error_bytes);
}

static void check_ipfix(const struct export_settings *settings,
			const struct export_identity *identity, struct export_check *check)
{
	(void)identity;
	check_collector(&dialect_ipfix, ipfix_routes, settings, check);
}

static void *create_netflow9(const struct export_settings *settings,
			     const struct export_identity *identity, char *error,
			     size_t error_bytes)
{
	return create_collector(&dialect_netflow9, netflow_routes, settings, identity, error,
				error_bytes);
}

static void check_netflow9(const struct export_settings *settings,
			   const struct export_identity *identity, struct export_check *check)
{
	(void)identity;
	check_collector(&dialect_netflow9, netflow_routes, settings, check);
}

/* 0, or -1 with what is wrong in error. */
static int judge_netflow5_sampling(const struct export_identity *identity, char *error,
				   size_t error_bytes)
{
	if (identity->sampling_interval <= NETFLOW5_SAMPLING_MAX)
		return 0;
	snprintf(error, error_bytes,
		 "NetFlow v5 cannot say that one packet in %u is counted, only up to %u; use "
		 "netflow9 or ipfix, or a smaller --sampling",
		 identity->sampling_interval, NETFLOW5_SAMPLING_MAX);
	return -1;
}

static void *create_netflow5(const struct export_settings *settings,
			     const struct export_identity *identity, char *error,
			     size_t error_bytes)
{
	if (judge_netflow5_sampling(identity, error, error_bytes))
		return NULL;
	return create_collector(&dialect_netflow5, netflow_routes, settings, identity, error,
				error_bytes);
}

static void check_netflow5(const struct export_settings *settings,
			   const struct export_identity *identity, struct export_check *check)
{
	char error[CHECK_TEXT_BYTES];

	if (judge_netflow5_sampling(identity, error, sizeof(error)))
		check_add_refusal(check, error);
	else
		check_collector(&dialect_netflow5, netflow_routes, settings, check);
}

const struct export_driver export_driver_ipfix = {
	.kind = "ipfix",
	.create = create_ipfix,
	.check = check_ipfix,
	.send = collector_send,
	.flush = collector_flush,
	.next_ns = collector_next_ns,
	.tick = collector_tick,
	.destroy = collector_destroy,
};

const struct export_driver export_driver_netflow9 = {
	.kind = "netflow9",
	.create = create_netflow9,
	.check = check_netflow9,
	.send = collector_send,
	.flush = collector_flush,
	.next_ns = collector_next_ns,
	.tick = collector_tick,
	.destroy = collector_destroy,
};

const struct export_driver export_driver_netflow5 = {
	.kind = "netflow5",
	.create = create_netflow5,
	.check = check_netflow5,
	.send = collector_send,
	.flush = collector_flush,
	.next_ns = collector_next_ns,
	.tick = collector_tick,
	.destroy = collector_destroy,
};
