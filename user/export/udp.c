// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: messages as UDP datagrams, see transport.h.
 *
 * UDP promises nothing, so what can be done for delivery is done here: datagrams are no longer than
 * the path takes (they are never fragmented), bursts are spaced out (pacer.h), and when the
 * collector's host answers that nobody listens, what comes next begins with the templates again.
 * "Sent" means that the kernel has taken the datagram.
 *
 * The socket is connected, which is how the kernel reports the path's MTU and refusals; what it
 * learns of one datagram it tells the next send, which then has sent nothing and is repeated. While
 * there is no way at all to the collector (no route, our address gone, interface down) messages
 * wait, and the socket is made anew, from the same port; the queue behind is the buffer.
 *
 * A name is looked up again every minute, without waiting for the answer. When its address has
 * changed, a new session begins there.
 *
 * Of several addresses the first one that does not refuse is taken: "localhost" is ::1 before it is
 * 127.0.0.1, where a collector may listen alone. Each address is tried once without delay. After
 * that, or when one that did listen refuses, it is given some time before the next one is tried: it
 * may just be restarted, and who finds nobody anywhere shall not begin session after session.
 */
#include "export/transport.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export/check.h"
#include "export/local_end.h"
#include "export/pacer.h"
#include "export/resolver.h"
#include "lib/clock.h"
#include "lib/endpoint.h"
#include "lib/log.h"

#define LOOK_UP_NS (60 * NS_PER_S)
#define RETRY_NS NS_PER_S
#define REFUSAL_NS (5 * NS_PER_S) /* a collector that has not refused for so long listens again */
#define HOLD_NS (10 * NS_PER_S) /* what an address gets before another one is tried */
#define UDP_HEADER_BYTES 8
#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define MESSAGE_BYTES_LEAST 512 /* fragmented, where the path takes less (RFC 7011 10.3.3) */
#define SEND_BUFFER_BYTES (1 << 20)
#define SEND_TRIES 3

struct udp {
	struct transport transport;
	const struct export_settings *settings;
	struct endpoint endpoint;
	struct local_end local;
	struct resolver *resolver;
	struct resolved list[RESOLVED_MAX]; /* the addresses of the name */
	int count; /* of them; 0: not known yet */
	int current; /* the one in use */
	int untried; /* others that may be tried without delay */
	uint64_t hold_until_ns; /* otherwise not before this */
	struct resolved session_peer; /* whom the session is with */
	uint64_t trial_ns; /* CLOCK_MONOTONIC of what was sent there first, or after a refusal; 0 */
	int has_listened; /* there was no refusal for long enough after that */
	int fd; /* -1: not connected */
	uint64_t look_up_ns; /* when to ask for the name again */
	int given_up;
	struct pacer pacer;
	uint64_t message_records; /* of the latest message that had some; 0: none yet */
	uint64_t refused_ns; /* CLOCK_MONOTONIC of the latest refusal; 0: none */
	struct log_limit warning;
};

static struct udp *udp_of(struct transport *transport)
{
	return (struct udp *)transport; /* its first member */
}

/* --- opening --- */

static void udp_close(struct udp *udp)
{
	if (udp->fd >= 0)
		close(udp->fd);
	udp->fd = -1;
	udp->transport.is_open = 0;
}

static void udp_destroy(struct transport *transport)
{
	struct udp *udp = udp_of(transport);

	udp_close(udp);
	resolver_free(udp->resolver);
	free(udp);
}

static struct transport *udp_create(const struct export_settings *settings, const char *target,
				    uint16_t default_port, char *error, size_t error_bytes)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	if (!udp) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	udp->transport.type = &transport_udp;
	udp->settings = settings;
	udp->fd = -1;
	udp->pacer.fixed_rate = settings->max_rate;
	if (transport_parse_target(&udp->endpoint, target, default_port, error, error_bytes) ||
	    local_end_init(&udp->local, settings, error, error_bytes)) {
		udp_destroy(&udp->transport);
		return NULL;
	}
	udp->resolver =
		resolver_new(udp->endpoint.host, udp->endpoint.port, local_end_family(&udp->local));
	if (!udp->resolver) {
		snprintf(error, error_bytes, "out of memory or files");
		udp_destroy(&udp->transport);
		return NULL;
	}
	return &udp->transport;
}

static const struct resolved *peer_of(const struct udp *udp)
{
	return &udp->list[udp->current];
}

static void udp_measure_path(struct udp *udp)
{
	int ipv6 = peer_of(udp)->address.ss_family == AF_INET6, mtu = 0;
	int headers = UDP_HEADER_BYTES + (ipv6 ? IPV6_HEADER_BYTES : IPV4_HEADER_BYTES);
	size_t wanted = udp->transport.message_bytes_wanted, room = 0;
	socklen_t bytes = sizeof(mtu);
	int fragment;

	if (getsockopt(udp->fd, ipv6 ? IPPROTO_IPV6 : IPPROTO_IP, ipv6 ? IPV6_MTU : IP_MTU, &mtu,
		       &bytes) == 0 &&
	    mtu > headers)
		room = (size_t)(mtu - headers);
	fragment = room < MESSAGE_BYTES_LEAST;
	if (fragment)
		room = MESSAGE_BYTES_LEAST;
	if (ipv6)
		setsockopt(udp->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
			   &(int){fragment ? IPV6_PMTUDISC_DONT : IPV6_PMTUDISC_DO}, sizeof(int));
	else
		setsockopt(udp->fd, IPPROTO_IP, IP_MTU_DISCOVER,
			   &(int){fragment ? IP_PMTUDISC_DONT : IP_PMTUDISC_DO}, sizeof(int));
	udp->transport.message_bytes = room < wanted ? room : wanted;
}

/* 0, or a negative errno: then there is no way to the collector now. */
static int udp_connect(struct udp *udp)
{
	const struct sockaddr *peer = (const struct sockaddr *)&peer_of(udp)->address;
	int fd = socket(peer->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = 0;

	if (fd < 0)
		return -errno;
	/* If it is not granted, the default must do; sends then wait a little more often. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BUFFER_BYTES}, sizeof(int));
	err = local_end_bind(&udp->local, fd, peer->sa_family);
	if (!err && connect(fd, peer, peer_of(udp)->bytes))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	local_end_remember(&udp->local, fd, &udp->transport);
	udp->fd = fd;
	udp->transport.is_open = 1;
	if (resolved_is_same(peer_of(udp), &udp->session_peer)) {
		udp->transport.nudged = 1; /* our address may be another one */
	} else {
		udp->transport.session++;
		udp->has_listened = 0;
	}
	udp->trial_ns = 0;
	udp->session_peer = *peer_of(udp);
	udp_measure_path(udp);
	return 0;
}

static void udp_go_to_next_address(struct udp *udp)
{
	udp->current = (udp->current + 1) % udp->count;
}

/* As udp_connect, to the current address or the first one after it to which there is a way. */
static int udp_connect_any(struct udp *udp)
{
	int err = udp_connect(udp);

	for (int i = 1; i < udp->count && err; i++) {
		udp_go_to_next_address(udp);
		err = udp_connect(udp);
	}
	return err;
}

static void udp_say_waiting(struct udp *udp, const char *reason, struct export_control *control)
{
	export_tell_down(control, reason);
	log_warning_limited(&udp->warning, "export %s: cannot reach %s: %s; records wait",
			    udp->settings->name, udp->endpoint.host, reason);
}

/* Takes the answer of the resolver, if it has come: of a collector with several addresses the one
 * that we are connected to stays. A negative EAI_*: there is none. */
static int udp_take_answer(struct udp *udp)
{
	struct resolved list[RESOLVED_MAX];
	int count = resolver_take(udp->resolver, list);

	if (count)
		udp->look_up_ns = clock_monotonic_ns() + LOOK_UP_NS;
	if (count <= 0)
		return count;
	memcpy(udp->list, list, sizeof(list));
	udp->count = count;
	for (udp->current = 0; udp->current < count && udp->fd >= 0; udp->current++) {
		if (resolved_is_same(peer_of(udp), &udp->session_peer))
			return 0;
	}
	udp->current = 0;
	udp->untried = count - 1;
	return 0;
}

/* The current address does not take what is sent there. 1: another one is the current one now, and
 * the socket is closed. */
static int udp_turn_away(struct udp *udp)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (udp->has_listened) {
		udp->untried = 0;
		udp->hold_until_ns = now_ns + HOLD_NS;
	}
	udp->has_listened = 0;
	udp->trial_ns = 0;
	if (udp->count < 2 || (!udp->untried && now_ns < udp->hold_until_ns))
		return 0;
	udp->untried -= udp->untried > 0;
	udp->hold_until_ns = now_ns + HOLD_NS;
	udp_go_to_next_address(udp);
	udp_close(udp);
	return 1;
}

static void udp_note_refusal(struct udp *udp, struct export_control *control)
{
	int is_first_round = udp->untried > 0;

	udp->transport.nudged = 1;
	if (udp_turn_away(udp) && is_first_round) {
		log_info("export %s: nobody listens on one of the addresses of %s; trying another",
			 udp->settings->name, udp->endpoint.host);
		return;
	}
	udp->refused_ns = clock_monotonic_ns();
	export_tell_down(control, "nobody listens there");
	log_warning_limited(&udp->warning,
			    "export %s: nobody listens on %s port %u: start the collector; records "
			    "sent there are lost",
			    udp->settings->name, udp->endpoint.host, udp->endpoint.port);
}

/* What the network has to say of datagrams sent before. Asked before a message is made, or those that
 * a restarted collector gets first would come without the templates that it has not got. */
static void udp_take_error(struct udp *udp, struct export_control *control)
{
	socklen_t bytes = sizeof(int);
	int error = 0;

	if (getsockopt(udp->fd, SOL_SOCKET, SO_ERROR, &error, &bytes))
		return;
	if (error == ECONNREFUSED)
		udp_note_refusal(udp, control);
	else if (error == EMSGSIZE)
		udp_measure_path(udp);
}

/* Has a datagram bounced? And once a minute: has the name another address now, or the path another
 * MTU? */
static void udp_look_around(struct udp *udp, struct export_control *control)
{
	uint64_t now_ns = clock_monotonic_ns();

	udp_take_error(udp, control);
	if (udp->fd < 0)
		return;
	if (now_ns >= udp->look_up_ns) {
		udp->look_up_ns = now_ns + LOOK_UP_NS;
		resolver_ask(udp->resolver);
		udp_measure_path(udp);
	}
	udp_take_answer(udp); /* if there is none, the old one goes on */
	if (resolved_is_same(peer_of(udp), &udp->session_peer))
		return;
	log_info("export %s: %s has a new address", udp->settings->name, udp->endpoint.host);
	udp_close(udp);
}

/* Before trying again; but whoever is being stopped does not try again. */
static void udp_rest(struct export_control *control)
{
	if (!control->stopping)
		export_wait(control, -1, 0, clock_monotonic_ns() + RETRY_NS);
}

/* Tries to connect, asks for the address, and waits before the next attempt. */
static int udp_attempt(struct udp *udp, struct export_control *control)
{
	int stopping = control->stopping, err = 0;

	if (udp->count) {
		err = udp_connect_any(udp);
		if (!err)
			return 0;
		udp_say_waiting(udp, strerror(-err), control);
	}
	if (!control->over && !(stopping && err)) {
		resolver_ask(udp->resolver);
		export_wait(control, udp->count ? -1 : resolver_fd(udp->resolver), POLLIN,
			    clock_monotonic_ns() + RETRY_NS);
		err = udp_take_answer(udp);
		if (!err)
			return 0;
		udp_say_waiting(udp, gai_strerror(err), control);
		udp_rest(control);
		if (!stopping)
			return 0;
	}
	udp->given_up = 1;
	return -ECANCELED;
}

static int udp_open(struct transport *transport, struct export_control *control)
{
	struct udp *udp = udp_of(transport);

	if (udp->given_up)
		return -ECANCELED;
	if (udp->fd >= 0)
		udp_look_around(udp, control);
	while (udp->fd < 0) {
		if (udp_attempt(udp, control))
			return -ECANCELED;
	}
	return 0;
}

/* --- sending --- */

/* Waits until the pacer lets a message go. 0 or -ECANCELED. */
static int udp_pace(struct udp *udp, const struct export_count *count,
		    struct export_control *control)
{
	uint64_t waiting = 0;

	if (count->records)
		udp->message_records = count->records;
	if (udp->message_records)
		waiting = control->backlog / udp->message_records;
	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t next_ns = pacer_next_ns(&udp->pacer, waiting, now_ns);

		if (next_ns <= now_ns)
			return 0;
		if (control->over)
			return -ECANCELED;
		export_wait(control, -1, 0, next_ns);
	}
}

/* EHOSTUNREACH and EACCES are those of routes that are there to say no; EINVAL: our address is not
 * ours any more. */
static int is_no_way(int error)
{
	return error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES ||
	       error == ENETDOWN || error == ENODEV || error == EADDRNOTAVAIL || error == EINVAL;
}

/* Sends. 0 or an errno, which is only believed when it comes again and again: it may have been
 * meant for a datagram before. After a refusal the socket may be closed. */
static int udp_try(struct udp *udp, const void *message, size_t bytes,
		   struct export_control *control)
{
	int error = 0;

	for (int i = 0; i < SEND_TRIES && error != EAGAIN; i++) {
		if (send(udp->fd, message, bytes, 0) >= 0)
			return 0;
		error = errno;
		if (error == ECONNREFUSED)
			udp_note_refusal(udp, control);
		if (udp->fd < 0)
			break;
	}
	return error;
}

/* The path takes less than `bytes`. Always makes message_bytes less, or it is no use to try again:
 * a tunnel may take less than its route says. 0 or -EMSGSIZE. */
static int udp_shrink(struct udp *udp, size_t bytes)
{
	udp_measure_path(udp);
	if (udp->transport.message_bytes >= bytes)
		udp->transport.message_bytes = MESSAGE_BYTES_LEAST;
	return udp->transport.message_bytes < bytes ? -EMSGSIZE : 0;
}

/* Of what was sent before, no refusal has come back until now. */
static void udp_note_sent(struct udp *udp, struct export_control *control)
{
	uint64_t now_ns = clock_monotonic_ns();

	pacer_count(&udp->pacer, now_ns);
	if (!udp->trial_ns)
		udp->trial_ns = now_ns;
	udp->has_listened |= now_ns - udp->trial_ns > REFUSAL_NS;
	if (now_ns - udp->refused_ns > REFUSAL_NS)
		export_tell_up(control);
}

static int udp_send(struct transport *transport, const void *message, size_t bytes,
		    const struct export_count *count, struct export_control *control)
{
	struct udp *udp = udp_of(transport);
	int error;

	if (bytes > transport->message_bytes)
		return -EMSGSIZE;
	if (udp_pace(udp, count, control))
		return -ECANCELED;
	while ((error = udp_try(udp, message, bytes, control)) != 0) {
		if (udp->fd < 0)
			return -ENOTCONN;
		if (error == EMSGSIZE && udp_shrink(udp, bytes))
			return -EMSGSIZE;
		if (is_no_way(error)) {
			udp_say_waiting(udp, strerror(error), control);
			if (udp_turn_away(udp))
				return -ENOTCONN;
			udp->given_up |= control->stopping;
			udp_rest(control);
			udp_close(udp);
			return -ENOTCONN;
		}
		if (error != EAGAIN && error != ENOBUFS) {
			log_warning_limited(&udp->warning, "export %s: cannot send to %s: %s",
					    udp->settings->name, udp->endpoint.host,
					    strerror(error));
			return error == EMSGSIZE ? -EIO : -error;
		}
		if (control->over)
			return -ECANCELED;
		/* A full queue of the device does not show in poll: try again soon. */
		export_wait(control, error == EAGAIN ? udp->fd : -1, POLLOUT,
			    clock_monotonic_ns() + NS_PER_MS);
	}
	export_count_add(&control->outcome.sent, count);
	udp_note_sent(udp, control);
	return 0;
}

const struct transport_type transport_udp = {
	.scheme = "udp",
	.create = udp_create,
	.check = check_udp,
	.open = udp_open,
	.send = udp_send,
	.destroy = udp_destroy,
};
