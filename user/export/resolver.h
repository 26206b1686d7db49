/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: names to addresses without waiting for them. getaddrinfo blocks for as long as the name
 * servers are silent, and cannot be interrupted; so it runs on a thread of its own, and whoever
 * wants the answer waits for a descriptor, or does not wait at all.
 */
#ifndef FLOWPROBE_RESOLVER_H
#define FLOWPROBE_RESOLVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "export/driver.h"

#define RESOLVED_MAX 8 /* addresses of a name that are looked at */

struct resolver;

struct resolved {
	struct sockaddr_storage address;
	socklen_t bytes;
};

/*
 * family: AF_UNSPEC, or AF_INET or AF_INET6 for addresses of that one only. Copies host, a name or a
 * literal. NULL when memory or files are short.
 */
struct resolver *resolver_new(const char *host, uint16_t port, int family);

/* Asks, unless an answer is still awaited. A literal is answered at once. */
void resolver_ask(struct resolver *resolver);

/* Readable from when the answer has come until it is taken. Another one after each question. */
int resolver_fd(const struct resolver *resolver);

/*
 * How many addresses there are (RESOLVED_MAX at most), best first, 0: no answer yet, or a negative
 * EAI_* of why there is none (a literal of another family: EAI_ADDRFAMILY). The answer is given
 * once.
 */
int resolver_take(struct resolver *resolver, struct resolved list[static RESOLVED_MAX]);

/* Does not wait for an answer still awaited. */
void resolver_free(struct resolver *resolver);

/* All of it at once: waits for the answer until until_ns (CLOCK_MONOTONIC) or control->over. As
 * resolver_take, but no answer is EAI_AGAIN. */
int resolver_look_up(const char *host, uint16_t port, int family, uint64_t until_ns,
		     struct export_control *control, struct resolved list[static RESOLVED_MAX]);

int resolved_is_same(const struct resolved *a, const struct resolved *b);

#endif
