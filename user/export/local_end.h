/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: the end of a connection that is ours: the address and port it comes from. */
#ifndef FLOWPROBE_LOCAL_END_H
#define FLOWPROBE_LOCAL_END_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "export/driver.h"
#include "export/transport.h"

struct local_end {
	struct sockaddr_storage address; /* AF_UNSPEC: any */
	uint16_t port; /* host order; 0: any */
	int port_given; /* it was configured, not only remembered */
};

/* 0, or -EINVAL with what is wrong in error. */
int local_end_init(struct local_end *end, const struct export_settings *settings, char *error,
		   size_t error_bytes);

/* Of the configured address; AF_UNSPEC without one. */
int local_end_family(const struct local_end *end);

/*
 * Binds fd, a socket of that family, if there is anything to bind to. A port that was only
 * remembered, and that somebody else has taken since, is given up. 0 or a negative errno.
 */
int local_end_bind(const struct local_end *end, int fd, int family);

/* Notes the port that a connected socket has got, to use it again, and tells the transport its
 * address. */
void local_end_remember(struct local_end *end, int fd, struct transport *transport);

#endif
