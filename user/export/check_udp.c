// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: a look at a collector over UDP, see check.h.
 *
 * Whether anybody listens shows only when something is sent. An empty datagram carries nothing that
 * a collector could take for a message or for the beginning of a session, whatever it speaks; at the
 * worst it counts one that it cannot read. A refusal comes back within a round trip, if the host is up
 * and no firewall swallows it; silence is no news. Of several addresses the exporter takes the first
 * one that does not refuse, so what is said here is of that one; if all do, of the first.
 */
#include "export/check.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export/transport.h"
#include "lib/clock.h"

#define REFUSAL_NS NS_PER_S

struct udp_look {
	struct export_check *check;
	const struct resolved *resolved;
	char peer[CHECK_PEER_BYTES];
};

static void note_no_way(const struct udp_look *look, int error)
{
	const char *fix = "see `ip route get` for this address, and the local firewall";

	if (error == EADDRNOTAVAIL || error == EINVAL)
		fix = "let source_address be an address of this host, or leave it out";
	else if (error == ECONNREFUSED)
		fix = "start the collector, or correct host and port";
	if (error == ECONNREFUSED)
		check_add(look->check, CHECK_AWAY, fix, "nobody listens at udp %s", look->peer);
	else
		check_add(look->check, CHECK_AWAY, fix, "no way to udp %s: %s", look->peer,
			  strerror(error));
}

/* Binds as the exporter would. 0 or an errno; that a running flowprobe has the port is no obstacle,
 * but noted. */
static int bind_local(const struct udp_look *look, struct local_end *local, int fd, int family)
{
	int err = local_end_bind(local, fd, family);

	if (err != -EADDRINUSE)
		return -err;
	check_add(look->check, CHECK_NOTE,
		  "if that is not the flowprobe that runs already, choose another source_port",
		  "udp port %u of this host (source_port) is in use; tried from another one",
		  local->port);
	local->port = 0;
	return -local_end_bind(local, fd, family);
}

/* 0, or what came back. */
static int await_refusal(int fd, uint64_t until_ns)
{
	struct export_control control = {.wake_fd = -1};
	socklen_t bytes = sizeof(int);
	int error = 0;

	if (send(fd, "", 0, 0) < 0)
		return errno;
	/* No events are asked for: what shows is an error. */
	export_wait(&control, fd, 0, until_ns);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) ? errno : error;
}

/* 0 or an errno. */
static int reach(const struct udp_look *look, struct local_end *local, int fd)
{
	const struct sockaddr *address = (const struct sockaddr *)&look->resolved->address;
	uint64_t until_ns = clock_monotonic_ns() + REFUSAL_NS;
	int ipv6 = address->sa_family == AF_INET6, error;

	/* Not only refusals, but also that the host cannot be reached. */
	setsockopt(fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_RECVERR : IP_RECVERR,
		   &(int){1}, sizeof(int));
	error = bind_local(look, local, fd, address->sa_family);
	if (error)
		return error;
	if (connect(fd, address, look->resolved->bytes))
		return errno;
	return await_refusal(fd,
			     until_ns < look->check->until_ns ? until_ns : look->check->until_ns);
}

/* Looks at one of the addresses. 0, and source says from where; or an errno. */
static int look_at(struct udp_look *look, const struct endpoint *endpoint, struct local_end *local,
		   const struct resolved *resolved, char source[static CHECK_PEER_BYTES])
{
	int fd = socket(resolved->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int failure;

	look->resolved = resolved;
	check_describe_peer(endpoint, &resolved->address, look->peer);
	if (fd < 0)
		return errno;
	failure = reach(look, local, fd);
	check_describe_source(fd, source);
	close(fd);
	return failure;
}

void check_udp(const struct export_settings *settings, const char *target, uint16_t default_port,
	       struct export_check *check)
{
	char error[ENDPOINT_ERROR_BYTES], source[CHECK_PEER_BYTES];
	struct udp_look look = {.check = check};
	struct resolved list[RESOLVED_MAX];
	struct endpoint endpoint;
	struct local_end local;
	int count, failure, first_failure = 0;

	if (transport_parse_target(&endpoint, target, default_port, error, sizeof(error)) ||
	    local_end_init(&local, settings, error, sizeof(error))) {
		check_add_refusal(check, error);
		return;
	}
	count = check_look_up(check, &endpoint, local_end_family(&local), list);
	for (int i = 0; i < count; i++) {
		failure = look_at(&look, &endpoint, &local, &list[i], source);
		if (!failure) {
			check_add(check, CHECK_OK, NULL,
				  "udp %s%s: no refusal (UDP does not tell more)", look.peer,
				  source);
			return;
		}
		if (i == 0)
			first_failure = failure;
	}
	if (count) {
		check_describe_peer(&endpoint, &list[0].address, look.peer);
		note_no_way(&look, first_failure);
	}
}
