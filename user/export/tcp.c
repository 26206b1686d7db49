// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: a channel over plain TCP, see channel.h. */
#include "export/channel.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export/resolver.h"
#include "lib/clock.h"

#define DRAIN_BYTES 512
#define DRAIN_READS 16 /* at most at a time: whoever talks without end must not hold us up */

struct channel {
	int fd;
};

static int tcp_check(const struct export_settings *settings, char *error, size_t error_bytes)
{
	(void)settings;
	(void)error;
	(void)error_bytes;
	return 0;
}

/* 0 or a negative errno. */
static int tcp_await(int fd, uint64_t until_ns, struct export_control *control)
{
	socklen_t bytes = sizeof(int);
	int error = 0;

	while (!export_wait(control, fd, POLLOUT, until_ns)) {
		if (control->over)
			return -ECANCELED;
		if (clock_monotonic_ns() >= until_ns)
			return -ETIMEDOUT;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes))
		return -errno;
	return -error;
}

static int tcp_connect_socket(int fd, const struct resolved *peer, const struct local_end *local,
			      uint64_t until_ns, struct export_control *control)
{
	int err = local_end_bind(local, fd, peer->address.ss_family);

	if (err)
		return err;
	if (connect(fd, (const struct sockaddr *)&peer->address, peer->bytes) == 0)
		return 0;
	return errno == EINPROGRESS ? tcp_await(fd, until_ns, control) : -errno;
}

/* A connected socket or a negative errno. */
static int tcp_open(const struct resolved *peer, const struct local_end *local, uint64_t until_ns,
		    struct export_control *control)
{
	int fd = socket(peer->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = tcp_connect_socket(fd, peer, local, until_ns, control);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* As tcp_open, to the first of the addresses that answers; each gets a fair share of the time. */
static int tcp_open_any(const struct resolved *list, int count, const struct local_end *local,
			uint64_t until_ns, struct export_control *control)
{
	int fd = -ECANCELED;

	for (int i = 0; i < count && !control->over; i++) {
		uint64_t now_ns = clock_monotonic_ns();
		uint64_t left_ns = now_ns < until_ns ? until_ns - now_ns : 0;

		fd = tcp_open(&list[i], local, now_ns + left_ns / (uint64_t)(count - i), control);
		if (fd >= 0)
			break;
	}
	return fd;
}

static struct channel *tcp_connect(const struct export_settings *settings,
				   const struct endpoint *endpoint, const struct local_end *local,
				   struct export_control *control, char *error, size_t error_bytes)
{
	uint64_t until_ns = clock_monotonic_ns() + settings->connect_timeout_ns;
	struct channel *channel = calloc(1, sizeof(*channel));
	struct resolved list[RESOLVED_MAX];
	int count;

	if (!channel) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	count = resolver_look_up(endpoint->host, endpoint->port, local_end_family(local), until_ns,
				 control, list);
	if (count < 0) {
		snprintf(error, error_bytes, "%s", gai_strerror(count));
		free(channel);
		return NULL;
	}
	channel->fd = tcp_open_any(list, count, local, until_ns, control);
	if (channel->fd < 0) {
		snprintf(error, error_bytes, "%s", strerror(-channel->fd));
		free(channel);
		return NULL;
	}
	return channel;
}

static int tcp_fd(const struct channel *channel)
{
	return channel->fd;
}

static ssize_t tcp_write(struct channel *channel, const void *data, size_t bytes)
{
	ssize_t written;

	do
		written = send(channel->fd, data, bytes, MSG_NOSIGNAL);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : written;
}

static int tcp_drain(struct channel *channel)
{
	char unwanted[DRAIN_BYTES];
	ssize_t got;

	for (int i = 0; i < DRAIN_READS; i++) {
		got = recv(channel->fd, unwanted, sizeof(unwanted), 0);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return errno == EAGAIN ? 1 : -errno;
	}
	return 1;
}

static void tcp_close(struct channel *channel)
{
	close(channel->fd);
	free(channel);
}

const struct channel_type channel_tcp = {
	.check = tcp_check,
	.connect = tcp_connect,
	.fd = tcp_fd,
	.write = tcp_write,
	.drain = tcp_drain,
	.close = tcp_close,
};
