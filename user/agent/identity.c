// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Who this host is: see identity.h. The sampler address is the one this host would send from
 * towards the default route: a datagram socket is connected to a documentation address (RFC 5737,
 * RFC 3849), which sends nothing, and asked for its own end.
 */
#include "agent/identity.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"

#define IDENTITY_ANY_PORT 9 /* discard */

static int identity_source_towards(const struct sockaddr *peer, socklen_t bytes, char *text)
{
	struct sockaddr_storage own;
	const void *address = &((struct sockaddr_in *)&own)->sin_addr;
	socklen_t own_bytes = sizeof(own);
	int fd = socket(peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int found;

	if (fd < 0)
		return 0;
	found = connect(fd, peer, bytes) == 0 &&
		getsockname(fd, (struct sockaddr *)&own, &own_bytes) == 0;
	close(fd);
	if (peer->sa_family == AF_INET6)
		address = &((struct sockaddr_in6 *)&own)->sin6_addr;
	return found && inet_ntop(peer->sa_family, address, text, INET6_ADDRSTRLEN);
}

static void identity_read_address(char *text)
{
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(IDENTITY_ANY_PORT)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(IDENTITY_ANY_PORT)};

	inet_pton(AF_INET, "192.0.2.1", &ipv4.sin_addr);
	inet_pton(AF_INET6, "2001:db8::1", &ipv6.sin6_addr);
	if (!identity_source_towards((const struct sockaddr *)&ipv4, sizeof(ipv4), text) &&
	    !identity_source_towards((const struct sockaddr *)&ipv6, sizeof(ipv6), text))
		text[0] = '\0';
}

int identity_read(struct export_identity *identity, const struct config *config)
{
	memset(identity, 0, sizeof(*identity));
	if (gethostname(identity->host, sizeof(identity->host) - 1) < 0)
		return -errno;
	if (getrandom(&identity->instance, sizeof(identity->instance), 0) !=
	    sizeof(identity->instance))
		return -errno;
	identity_read_address(identity->sampler_address);
	identity->start_ns = clock_realtime_ns();
	identity->process_id = (uint32_t)getpid();
	identity->active_timeout_ns = config->active_timeout_ns;
	identity->idle_timeout_ns = config->idle_timeout_ns;
	identity->observation_domain_id = config->observation_domain_id;
	identity->sampling_interval = config->sampling;
	return 0;
}
