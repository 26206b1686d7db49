// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: see resolver.h.
 *
 * A question is a detached thread that shares a reference-counted query with its resolver. If the
 * resolver goes first, the thread finds that nobody wants the answer, and frees the query.
 * getaddrinfo_a of glibc does the same, but its result cannot be waited for with poll, and a
 * request under way cannot be abandoned.
 */
#include "export/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/clock.h"

#define PORT_TEXT_BYTES 6
#define HOST_BYTES 256

struct query {
	_Atomic int references;
	int fd; /* eventfd: readable once the rest is filled in, until that is taken */
	int family;
	int result; /* as of resolver_take */
	struct resolved list[RESOLVED_MAX];
	char port[PORT_TEXT_BYTES];
	char host[HOST_BYTES];
};

struct resolver {
	struct query *query; /* of the question asked last */
	int asked;
	int family;
	uint16_t port;
	char host[HOST_BYTES];
};

static void query_put(struct query *query)
{
	if (!query || atomic_fetch_sub(&query->references, 1) != 1)
		return;
	close(query->fd);
	free(query);
}

static struct query *query_new(const struct resolver *resolver)
{
	struct query *query = calloc(1, sizeof(*query));

	if (!query)
		return NULL;
	query->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (query->fd < 0) {
		free(query);
		return NULL;
	}
	query->references = 1;
	query->family = resolver->family;
	memcpy(query->host, resolver->host, sizeof(query->host));
	snprintf(query->port, sizeof(query->port), "%u", resolver->port);
	return query;
}

/* Once only: for IPv4, glibc takes a "::1 localhost" in /etc/hosts for another 127.0.0.1. */
static void query_add(struct query *query, const struct addrinfo *info)
{
	struct resolved *resolved = &query->list[query->result];

	memcpy(&resolved->address, info->ai_addr, info->ai_addrlen);
	resolved->bytes = info->ai_addrlen;
	for (int i = 0; i < query->result; i++) {
		if (resolved_is_same(&query->list[i], resolved))
			return;
	}
	query->result++;
}

static void query_look_up(struct query *query, int flags)
{
	const struct addrinfo hints = {
		.ai_family = query->family,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = flags | AI_NUMERICSERV,
	};
	struct addrinfo *list = NULL;

	query->result = getaddrinfo(query->host, query->port, &hints, &list);
	/* RFC 6761, 6.3: we know where it is, also where /etc/hosts is missing. */
	if (query->result && !(flags & AI_NUMERICHOST) && !strcasecmp(query->host, "localhost"))
		query->result = getaddrinfo(NULL, query->port, &hints, &list);
	if (query->result)
		return;
	for (const struct addrinfo *i = list; i && query->result < RESOLVED_MAX; i = i->ai_next)
		query_add(query, i);
	freeaddrinfo(list);
}

static void query_answer(struct query *query)
{
	const uint64_t one = 1;

	while (write(query->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *query_run(void *arg)
{
	struct query *query = arg;

	query_look_up(query, 0);
	query_answer(query);
	query_put(query);
	return NULL;
}

static int query_start_thread(struct query *query)
{
	pthread_attr_t detached;
	sigset_t all, saved;
	pthread_t thread;
	int error;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	error = pthread_create(&thread, &detached, query_run, query);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	pthread_attr_destroy(&detached);
	return error;
}

static void query_start(struct query *query)
{
	query_look_up(query, AI_NUMERICHOST); /* a literal, maybe */
	if (query->result == EAI_NONAME) {
		atomic_fetch_add(&query->references, 1);
		if (query_start_thread(query) == 0)
			return;
		atomic_fetch_sub(&query->references, 1);
		query->result = EAI_AGAIN;
	}
	query_answer(query);
}

struct resolver *resolver_new(const char *host, uint16_t port, int family)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return NULL;
	snprintf(resolver->host, sizeof(resolver->host), "%s", host);
	resolver->port = port;
	resolver->family = family;
	resolver->query = query_new(resolver);
	if (!resolver->query) {
		free(resolver);
		return NULL;
	}
	return resolver;
}

void resolver_ask(struct resolver *resolver)
{
	struct query *query;

	if (resolver->asked)
		return;
	query = query_new(resolver);
	if (!query)
		return; /* the next time, then */
	query_put(resolver->query);
	resolver->query = query;
	resolver->asked = 1;
	query_start(query);
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->query->fd;
}

int resolver_take(struct resolver *resolver, struct resolved list[static RESOLVED_MAX])
{
	struct query *query = resolver->query;
	uint64_t answers;

	if (!resolver->asked || read(query->fd, &answers, sizeof(answers)) < 0)
		return 0;
	resolver->asked = 0;
	if (query->result > 0)
		memcpy(list, query->list, (size_t)query->result * sizeof(list[0]));
	return query->result;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	query_put(resolver->query);
	free(resolver);
}

int resolver_look_up(const char *host, uint16_t port, int family, uint64_t until_ns,
		     struct export_control *control, struct resolved list[static RESOLVED_MAX])
{
	struct resolver *resolver = resolver_new(host, port, family);
	int result = 0;

	if (!resolver)
		return EAI_MEMORY;
	resolver_ask(resolver);
	while (!result && clock_monotonic_ns() < until_ns && !control->over) {
		export_wait(control, resolver_fd(resolver), POLLIN, until_ns);
		result = resolver_take(resolver, list);
	}
	resolver_free(resolver);
	return result ? result : EAI_AGAIN;
}

int resolved_is_same(const struct resolved *a, const struct resolved *b)
{
	return a->bytes == b->bytes && memcmp(&a->address, &b->address, a->bytes) == 0;
}
