// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see local_end.h. Collectors know an exporter by its address and port, so these stay the
 * same as long as that is possible.
 */
#include "export/local_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/endpoint.h"

int local_end_init(struct local_end *end, const struct export_settings *settings, char *error,
		   size_t error_bytes)
{
	const char *text = settings->source_address;
	struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&end->address;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&end->address;

	memset(end, 0, sizeof(*end));
	end->port = settings->source_port;
	end->port_given = settings->source_port != 0;
	if (!text)
		return 0;
	if (inet_pton(AF_INET, text, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
	} else if (inet_pton(AF_INET6, text, &ipv6->sin6_addr) == 1) {
		ipv6->sin6_family = AF_INET6;
	} else {
		snprintf(error, error_bytes, "source_address \"%s\" is not an IPv4 or IPv6 address",
			 text);
		return -EINVAL;
	}
	return 0;
}

int local_end_family(const struct local_end *end)
{
	return end->address.ss_family;
}

static int bind_to(const struct local_end *end, int fd, int family, uint16_t port)
{
	struct sockaddr_storage address = end->address;
	socklen_t bytes = family == AF_INET6 ? sizeof(struct sockaddr_in6)
					     : sizeof(struct sockaddr_in);

	address.ss_family = (sa_family_t)family;
	if (family == AF_INET6)
		((struct sockaddr_in6 *)&address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&address)->sin_port = htons(port);
	return bind(fd, (const struct sockaddr *)&address, bytes) ? -errno : 0;
}

int local_end_bind(const struct local_end *end, int fd, int family)
{
	int err;

	if (!end->port && local_end_family(end) == AF_UNSPEC)
		return 0;
	err = bind_to(end, fd, family, end->port);
	if (err == -EADDRINUSE && end->port && !end->port_given)
		err = bind_to(end, fd, family, 0);
	return err;
}

void local_end_remember(struct local_end *end, int fd, struct transport *transport)
{
	struct sockaddr_storage own;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&own;
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&own;
	socklen_t bytes = sizeof(own);

	memset(&own, 0, sizeof(own));
	transport->has_address = 0;
	if (getsockname(fd, (struct sockaddr *)&own, &bytes))
		return;
	transport->has_address = 1;
	if (own.ss_family == AF_INET6) {
		end->port = ntohs(ipv6->sin6_port);
		memcpy(transport->address, &ipv6->sin6_addr, 16);
	} else {
		end->port = ntohs(ipv4->sin_port);
		memset(transport->address, 0, 10);
		memset(transport->address + 10, 0xff, 2);
		memcpy(transport->address + 12, &ipv4->sin_addr, 4);
	}
}
