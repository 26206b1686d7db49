/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: a connected byte stream, over TCP as it is or inside TLS; what stream.c sends messages
 * through.
 */
#ifndef FLOWPROBE_CHANNEL_H
#define FLOWPROBE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "export/driver.h"
#include "export/local_end.h"
#include "lib/endpoint.h"

struct channel;

struct channel_type {
	/*
	 * For how long a session that is open may turn out to have been refused: in TLS 1.3 a
	 * client sends before it knows whether its certificate is accepted. What the collector's
	 * host acknowledges in that time has not arrived yet.
	 */
	uint64_t trial_ns;

	/* 0, or a negative errno with what is wrong and the fix in error. */
	int (*check)(const struct export_settings *settings, char *error, size_t error_bytes);

	/*
	 * Connects, within settings->connect_timeout_ns and until control->over. NULL with the
	 * reason in error.
	 */
	struct channel *(*connect)(const struct export_settings *settings,
				   const struct endpoint *endpoint, const struct local_end *local,
				   struct export_control *control, char *error, size_t error_bytes);

	/* The connected socket, for waiting on and asking about. */
	int (*fd)(const struct channel *channel);

	/* Bytes written, or a negative errno; -EAGAIN: wait for POLLOUT. */
	ssize_t (*write)(struct channel *channel, const void *data, size_t bytes);

	/* Reads and forgets what a collector, which has nothing to say, may have sent. 1, or 0 when
	 * it has closed its end, or a negative errno. */
	int (*drain)(struct channel *channel);

	/* Why the latest call has failed, in more words than an errno has; "": there are none. NULL:
	 * there never are. */
	const char *(*reason)(const struct channel *channel);

	void (*close)(struct channel *channel);
};

extern const struct channel_type channel_tcp;
extern const struct channel_type channel_tls;

#endif
