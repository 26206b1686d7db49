// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: messages over a connection, TCP or TLS; see transport.h.
 *
 * A connection is a transport session. When one ends, the next is not attempted sooner than the
 * configured interval after the last attempt (a minute by default, RFC 7011 section 10.4.4); until
 * then records wait in the queue, and what the queue drops is counted there. An attempt that
 * fails waits longer each time, up to five intervals.
 *
 * A record counts as sent when the collector's host has acknowledged it, not when the kernel has
 * taken it: a connection that breaks takes up to megabytes with it. For each message under way we
 * remember up to which byte of the connection it reaches; what the peer has acknowledged is known
 * even after a reset. Bytes are those of TCP, so the same serves for TLS; only that a session there
 * has to last for a moment before anything counts, because it may yet be refused.
 *
 * A collector that does not read makes us wait; the queue is then what fills. If it has not read
 * anything for a minute, it is as good as gone.
 */
#include "export/transport.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "export/channel.h"
#include "export/check.h"
#include "lib/clock.h"
#include "lib/log.h"

#define ERROR_BYTES 384
#define BACKOFF_INTERVALS_MAX 5
#define SETTLE_NS (NS_PER_S / 4) /* between looks at what was acknowledged */
#define LOOK_NS (2 * NS_PER_S) /* between looks whether the collector is still there */
#define FINISH_CHECK_NS (10 * NS_PER_MS)
#define UNDER_WAY_MAX 4096 /* messages; a power of two */
#define SEND_BUFFER_BYTES (1 << 20)
#define USER_TIMEOUT_MS 60000 /* nothing acknowledged or read for so long: it is dead */

/* A message that the kernel has taken. */
struct mark {
	uint64_t end; /* position in the connection behind its last byte */
	struct export_count count;
};

struct stream {
	struct transport transport;
	const struct export_settings *settings;
	const struct channel_type *channel_type;
	struct endpoint endpoint;
	struct local_end local;
	struct channel *channel; /* NULL: no session */
	uint64_t next_attempt_ns;
	unsigned int failures; /* in a row */
	uint64_t trusted_ns; /* when the session has been accepted for certain */
	int tried_last; /* the attempt that is made while stopping */
	int given_up;
	struct log_limit warning;
	uint64_t first; /* marks[first % UNDER_WAY_MAX] is the oldest; first <= last */
	uint64_t last;
	struct mark marks[UNDER_WAY_MAX];
};

static struct stream *stream_of(struct transport *transport)
{
	return (struct stream *)transport; /* its first member */
}

/* --- under way --- */

/* 0 or -1, like the next. */
static int read_acknowledged(int fd, uint64_t *bytes)
{
	struct tcp_info info = {0};
	socklen_t info_bytes = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_bytes))
		return -1;
	*bytes = info.tcpi_bytes_acked;
	return 0;
}

/* How far the connection has been written, acknowledged or not. */
static int read_position(int fd, uint64_t *position)
{
	uint64_t before, after;
	int queued;

	do {
		if (read_acknowledged(fd, &before) || ioctl(fd, SIOCOUTQ, &queued) ||
		    read_acknowledged(fd, &after))
			return -1;
	} while (before != after);
	*position = after + (uint64_t)queued;
	return 0;
}

static void note_under_way(struct stream *stream, const struct export_count *count)
{
	struct mark *mark = &stream->marks[stream->last++ % UNDER_WAY_MAX];

	mark->count = *count;
	if (read_position(stream->channel_type->fd(stream->channel), &mark->end))
		mark->end = UINT64_MAX; /* never known to have arrived */
}

static void settle_acknowledged(struct stream *stream, struct export_control *control)
{
	uint64_t acknowledged;

	if (clock_monotonic_ns() < stream->trusted_ns)
		return;
	if (read_acknowledged(stream->channel_type->fd(stream->channel), &acknowledged))
		return;
	for (; stream->first < stream->last; stream->first++) {
		const struct mark *mark = &stream->marks[stream->first % UNDER_WAY_MAX];

		if (mark->end > acknowledged)
			break;
		export_count_add(&control->outcome.sent, &mark->count);
	}
}

/* Ends the session, with 0 if it was time to; what was not acknowledged is lost. */
static void disconnect(struct stream *stream, int error, struct export_control *control)
{
	const struct channel_type *type = stream->channel_type;
	const char *reason = type->reason ? type->reason(stream->channel) : "";
	struct export_count lost = {0};

	settle_acknowledged(stream, control);
	for (; stream->first < stream->last; stream->first++)
		export_count_add(&lost, &stream->marks[stream->first % UNDER_WAY_MAX].count);
	export_count_add(&control->outcome.lost, &lost);
	if (lost.records)
		control->outcome.error = error;
	if (!reason[0])
		reason = strerror(-error);
	if (error) {
		log_warning_limited(&stream->warning,
				    "export %s: the connection to %s broke (%s); %llu records were "
				    "under way and are lost",
				    stream->settings->name, stream->endpoint.host, reason,
				    (unsigned long long)lost.records);
		export_tell_down(control, reason);
	}
	type->close(stream->channel);
	stream->channel = NULL;
	stream->transport.is_open = 0;
}

/* --- opening --- */

static void stream_destroy(struct transport *transport)
{
	struct stream *stream = stream_of(transport);

	if (stream->channel)
		stream->channel_type->close(stream->channel);
	free(stream);
}

static struct transport *stream_create(const struct transport_type *type,
				       const struct channel_type *channel_type,
				       const struct export_settings *settings, const char *target,
				       uint16_t default_port, char *error, size_t error_bytes)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	stream->transport.type = type;
	stream->channel_type = channel_type;
	stream->settings = settings;
	if (transport_parse_target(&stream->endpoint, target, default_port, error, error_bytes) ||
	    local_end_init(&stream->local, settings, error, error_bytes) ||
	    channel_type->check(settings, error, error_bytes)) {
		free(stream);
		return NULL;
	}
	return &stream->transport;
}

static struct transport *tcp_create(const struct export_settings *settings, const char *target,
				    uint16_t default_port, char *error, size_t error_bytes)
{
	return stream_create(&transport_tcp, &channel_tcp, settings, target, default_port, error,
			     error_bytes);
}

static struct transport *tls_create(const struct export_settings *settings, const char *target,
				    uint16_t default_port, char *error, size_t error_bytes)
{
	return stream_create(&transport_tls, &channel_tls, settings, target, default_port, error,
			     error_bytes);
}

static void tcp_check(const struct export_settings *settings, const char *target,
		      uint16_t default_port, struct export_check *check)
{
	check_stream(settings, target, default_port, &channel_tcp, check);
}

static void tls_check(const struct export_settings *settings, const char *target,
		      uint16_t default_port, struct export_check *check)
{
	check_stream(settings, target, default_port, &channel_tls, check);
}

static uint64_t backoff_ns(const struct stream *stream)
{
	unsigned int intervals = stream->failures < BACKOFF_INTERVALS_MAX ? stream->failures
									  : BACKOFF_INTERVALS_MAX;

	return (intervals ? intervals : 1) * stream->settings->reconnect_interval_ns;
}

static void begin_session(struct stream *stream)
{
	int fd = stream->channel_type->fd(stream->channel);

	/* None of these is needed to work at all. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BUFFER_BYTES}, sizeof(int));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){1}, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &(int){USER_TIMEOUT_MS}, sizeof(int));
	local_end_remember(&stream->local, fd, &stream->transport);
	if (!stream->local.port_given)
		stream->local.port = 0; /* a new connection from the same port may be refused */
	stream->transport.message_bytes = stream->transport.message_bytes_wanted;
	stream->transport.session++;
	stream->transport.is_open = 1;
	stream->trusted_ns = clock_monotonic_ns() + stream->channel_type->trial_ns;
	log_info("export %s: connected to %s port %u", stream->settings->name,
		 stream->endpoint.host, stream->endpoint.port);
}

/* One attempt. If it succeeds there is a channel. */
static void attempt(struct stream *stream, struct export_control *control)
{
	char error[ERROR_BYTES];

	stream->channel = stream->channel_type->connect(
		stream->settings, &stream->endpoint, &stream->local, control, error, sizeof(error));
	stream->failures = stream->channel ? 0 : stream->failures + 1;
	stream->next_attempt_ns = clock_monotonic_ns() + backoff_ns(stream);
	if (stream->channel) {
		begin_session(stream);
		export_tell_up(control);
	} else {
		export_tell_down(control, error);
		log_warning_limited(&stream->warning,
				    "export %s: cannot connect to %s port %u: %s; records wait",
				    stream->settings->name, stream->endpoint.host,
				    stream->endpoint.port, error);
	}
}

static int stream_open(struct transport *transport, struct export_control *control)
{
	struct stream *stream = stream_of(transport);

	if (stream->given_up)
		return -ECANCELED;
	while (!stream->channel) {
		int stopping = control->stopping;

		if (control->over || stream->tried_last) {
			stream->given_up = 1;
			return -ECANCELED;
		}
		if (stopping || clock_monotonic_ns() >= stream->next_attempt_ns) {
			stream->tried_last = stopping;
			attempt(stream, control);
		} else {
			export_wait(control, -1, 0, stream->next_attempt_ns);
		}
	}
	return 0;
}

/* --- sending --- */

/* Whether the collector has hung up. 0 or a negative errno. */
static int check_peer(struct stream *stream)
{
	int result = stream->channel_type->drain(stream->channel);

	return result > 0 ? 0 : result ? result : -ECONNRESET;
}

/* 0 or a negative errno; -ECANCELED with the message in part or not at all written. */
static int write_all(struct stream *stream, const char *message, size_t bytes,
		     struct export_control *control)
{
	int fd = stream->channel_type->fd(stream->channel), err;

	while (bytes) {
		ssize_t written = stream->channel_type->write(stream->channel, message, bytes);

		if (written >= 0) {
			message += written;
			bytes -= (size_t)written;
			continue;
		}
		if (written != -EAGAIN)
			return (int)written;
		if (control->over)
			return -ECANCELED;
		if (export_wait(control, fd, POLLOUT | POLLIN | POLLRDHUP, UINT64_MAX) & ~POLLOUT) {
			err = check_peer(stream);
			if (err)
				return err;
		}
	}
	return 0;
}

static int stream_send(struct transport *transport, const void *message, size_t bytes,
		       const struct export_count *count, struct export_control *control)
{
	struct stream *stream = stream_of(transport);
	int err = check_peer(stream);

	if (!err)
		err = write_all(stream, message, bytes, control);
	if (err) {
		disconnect(stream, err, control);
		return err == -ECANCELED ? err : -ENOTCONN;
	}
	note_under_way(stream, count);
	if (stream->last - stream->first >= UNDER_WAY_MAX / 2)
		settle_acknowledged(stream, control);
	/* Small messages into a large window: rather than lose count, wait for the peer. */
	while (stream->last - stream->first == UNDER_WAY_MAX) {
		if (control->over || check_peer(stream)) {
			disconnect(stream, -ECONNRESET, control);
			return 0;
		}
		export_wait(control, -1, 0, clock_monotonic_ns() + FINISH_CHECK_NS);
		settle_acknowledged(stream, control);
	}
	return 0;
}

/* Waits until all is acknowledged, or the collector has hung up, or it is over. What is unread then
 * would make the kernel end the connection with a reset. */
static void finish(struct stream *stream, struct export_control *control)
{
	int broken = 0;

	while (!control->over && !broken) {
		broken = stream->channel_type->drain(stream->channel) < 0;
		settle_acknowledged(stream, control);
		if (stream->first == stream->last)
			break;
		export_wait(control, -1, 0, clock_monotonic_ns() + FINISH_CHECK_NS);
	}
	if (stream->first == stream->last)
		disconnect(stream, 0, control);
	else
		disconnect(stream, control->over ? -ETIMEDOUT : -ECONNRESET, control);
}

static void stream_end(struct transport *transport, struct export_control *control)
{
	struct stream *stream = stream_of(transport);

	if (stream->channel)
		finish(stream, control);
}

static void stream_settle(struct transport *transport, struct export_control *control)
{
	struct stream *stream = stream_of(transport);
	int err;

	if (!stream->channel)
		return;
	if (control->last) {
		finish(stream, control);
		stream->given_up = 1;
		return;
	}
	settle_acknowledged(stream, control);
	err = check_peer(stream);
	if (err)
		disconnect(stream, err, control);
}

static uint64_t stream_next_ns(const struct transport *transport)
{
	const struct stream *stream = (const struct stream *)transport;

	if (!stream->channel)
		return stream->next_attempt_ns;
	return clock_monotonic_ns() + (stream->first < stream->last ? SETTLE_NS : LOOK_NS);
}

const struct transport_type transport_tcp = {
	.scheme = "tcp",
	.reliable = 1,
	.create = tcp_create,
	.check = tcp_check,
	.open = stream_open,
	.send = stream_send,
	.settle = stream_settle,
	.end = stream_end,
	.next_ns = stream_next_ns,
	.destroy = stream_destroy,
};

const struct transport_type transport_tls = {
	.scheme = "tls",
	.reliable = 1,
	.create = tls_create,
	.check = tls_check,
	.open = stream_open,
	.send = stream_send,
	.settle = stream_settle,
	.end = stream_end,
	.next_ns = stream_next_ns,
	.destroy = stream_destroy,
};
