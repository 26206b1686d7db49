// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: what looks at destinations share, see check.h. */
#include "export/check.h"

#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/clock.h"

#define RESERVE_NS (3 * NS_PER_S) /* for explaining what went wrong */

static void __attribute__((format(printf, 4, 0)))
add(struct export_check *check, enum check_verdict verdict, const char *fix, const char *format,
    va_list arguments)
{
	struct check_finding *finding;

	if (check->count == CHECK_FINDINGS_MAX)
		return;
	finding = &check->findings[check->count++];
	finding->verdict = verdict;
	vsnprintf(finding->text, sizeof(finding->text), format, arguments);
	snprintf(finding->fix, sizeof(finding->fix), "%s", fix ? fix : "");
}

void check_add(struct export_check *check, enum check_verdict verdict, const char *fix,
	       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(check, verdict, fix, format, arguments);
	va_end(arguments);
}

void check_add_refusal(struct export_check *check, const char *error)
{
	check_add(check, CHECK_WRONG,
		  "correct this option of the exporter (in the configuration file, or behind "
		  "--export)",
		  "%s", error);
}

void check_destination(const struct export_settings *settings,
		       const struct export_identity *identity, struct export_check *check)
{
	for (size_t i = 0; export_drivers[i]; i++) {
		if (strcmp(export_drivers[i]->kind, settings->type) == 0) {
			export_drivers[i]->check(settings, identity, check);
			return;
		}
	}
	check_add(check, CHECK_WRONG, "see `flowprobe run --help`",
		  "there is no exporter of type %s", settings->type);
}

static int format_address(const struct sockaddr *address, socklen_t bytes,
			  char text[static NI_MAXHOST])
{
	return getnameinfo(address, bytes, text, NI_MAXHOST, NULL, 0, NI_NUMERICHOST) == 0;
}

void check_describe_peer(const struct endpoint *endpoint, const struct sockaddr_storage *address,
			 char text[static CHECK_PEER_BYTES])
{
	char number[NI_MAXHOST] = "";
	int is_name = endpoint_address_family(endpoint->host) == AF_UNSPEC;

	if (address && is_name)
		format_address((const struct sockaddr *)address, sizeof(*address), number);
	snprintf(text, CHECK_PEER_BYTES, number[0] ? "%s (%.60s) port %u" : "%s%s port %u",
		 endpoint->host, number, endpoint->port);
}

void check_describe_connected(const struct endpoint *endpoint, int fd,
			      char text[static CHECK_PEER_BYTES])
{
	struct sockaddr_storage address = {0};
	socklen_t bytes = sizeof(address);
	int known = getpeername(fd, (struct sockaddr *)&address, &bytes) == 0;

	check_describe_peer(endpoint, known ? &address : NULL, text);
}

void check_describe_source(int fd, char text[static CHECK_PEER_BYTES])
{
	struct sockaddr_storage own;
	socklen_t bytes = sizeof(own);
	char number[NI_MAXHOST];

	text[0] = '\0';
	if (getsockname(fd, (struct sockaddr *)&own, &bytes) == 0 &&
	    format_address((const struct sockaddr *)&own, bytes, number))
		snprintf(text, CHECK_PEER_BYTES, " from %.60s", number);
}

static const char *look_up_fix(int error)
{
	switch (error) {
	case EAI_AGAIN:
		return "see that the name servers of /etc/resolv.conf answer, or write an address "
		       "instead of the name";
	case EAI_ADDRFAMILY:
		return "let source_address be of the same family, IPv4 or IPv6, as the address";
	default:
		return "correct the name, or write an address instead of it";
	}
}

int check_look_up(struct export_check *check, const struct endpoint *endpoint, int family,
		  struct resolved list[static RESOLVED_MAX])
{
	struct export_control control = {.wake_fd = -1};
	int count = resolver_look_up(endpoint->host, endpoint->port, family, check->until_ns,
				     &control, list);

	if (count > 0)
		return count;
	check_add(check, CHECK_AWAY, look_up_fix(count), "cannot look up %s: %s", endpoint->host,
		  gai_strerror(count));
	return 0;
}

uint64_t check_attempt_ns(const struct export_check *check)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = check->until_ns > now_ns ? check->until_ns - now_ns : 0;

	return left_ns > 2 * RESERVE_NS ? left_ns - RESERVE_NS : left_ns / 2;
}

/* 1: there is a way by TCP, to peer, which is the first address of several before; 0: there is none,
 * and that is noted. */
static int try_tcp(struct export_check *check, const struct export_settings *settings,
		   const struct endpoint *endpoint, const struct local_end *local,
		   char peer[static CHECK_PEER_BYTES])
{
	struct export_settings shorter = *settings;
	struct export_control control = {.wake_fd = -1};
	uint64_t now_ns = clock_monotonic_ns();
	struct channel *channel;
	char reason[CHECK_TEXT_BYTES];

	shorter.connect_timeout_ns = check->until_ns > now_ns ? check->until_ns - now_ns : 0;
	channel = channel_tcp.connect(&shorter, endpoint, local, &control, reason, sizeof(reason));
	if (!channel) {
		check_add(check, CHECK_AWAY,
			  "start what should listen there, correct host and port, or let the "
			  "firewalls between pass it",
			  "cannot connect to %s: %s", peer, reason);
		return 0;
	}
	check_describe_connected(endpoint, channel_tcp.fd(channel), peer);
	channel_tcp.close(channel);
	return 1;
}

void check_explain(struct export_check *check, const struct export_settings *settings,
		   const struct endpoint *endpoint, const struct local_end *local,
		   const char *protocol, const char *reason)
{
	struct resolved list[RESOLVED_MAX];
	char peer[CHECK_PEER_BYTES], fix[CHECK_FIX_BYTES];

	if (!check_look_up(check, endpoint, local_end_family(local), list))
		return;
	check_describe_peer(endpoint, &list[0].address, peer);
	if (!try_tcp(check, settings, endpoint, local, peer))
		return;
	if (!protocol) {
		check_add(check, CHECK_NOTE,
			  "see whether the collector or the network is overloaded",
			  "connected to %s only at the second attempt: %s", peer, reason);
		return;
	}
	if (strcmp(protocol, "TLS") == 0)
		snprintf(fix, sizeof(fix),
			 "let ca_file name the authority that has issued the server's certificate, "
			 "which must be for \"%.200s\"; the port must be one that speaks TLS",
			 endpoint->host);
	else
		snprintf(fix, sizeof(fix), "see that %s is what listens on this port", protocol);
	check_add(check, CHECK_AWAY, fix, "connected to %s, but not by %s: %s", peer, protocol,
		  reason);
}
