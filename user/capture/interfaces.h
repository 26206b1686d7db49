/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's interfaces as rtnetlink tells of them, now and from now on, and which of them to
 * capture on.
 *
 * One netlink socket, to be polled by the event loop. What is reported is the difference between
 * what should be captured on and what was last reported, so a lost notification costs one full
 * dump, not a wrong state.
 */
#ifndef FLOWPROBE_INTERFACES_H
#define FLOWPROBE_INTERFACES_H

#include <stddef.h>
#include <stdint.h>

/* Gone interfaces whose names are kept; beyond that the longest gone is forgotten. */
#define INTERFACES_GONE_MAX 4096

#define INTERFACE_ALIAS_BYTES 256 /* IFALIASZ */

enum link_layer {
	LINK_ETHERNET, /* packets start with an Ethernet header (ARPHRD_ETHER, ARPHRD_LOOPBACK) */
	LINK_IP, /* packets start with the IP header: tun, WireGuard, ppp, ipip, sit, gre, ... */
	LINK_UNSUPPORTED,
};

struct interface {
	uint32_t ifindex;
	char name[16];
	char alias[INTERFACE_ALIAS_BYTES]; /* what the administrator calls it; "": nothing */
	unsigned int flags; /* IFF_* */
	uint16_t hardware_type; /* ARPHRD_* */
	uint32_t mtu;
	uint32_t link_ifindex; /* IFLA_LINK, 0: none */
	int default_route; /* carries, or once carried, a default route of the main table */
	int selected; /* should be captured on */
	int reported; /* appeared() was called for it */
};

enum link_layer interface_link_layer(const struct interface *interface);

/*
 * Exclude always wins. Without include globs, but never loopback:
 * - as long as there has been no default route, the interfaces that are up (and those that come up
 *   later);
 * - with the first default route, wherever it leads and however late it comes (a service may start
 *   before DHCP), those that have one (and those that get one later) instead. There is no way back
 *   other than include globs that come and go (interfaces_select).
 * An interface stays selected when it goes down or loses its route. Interfaces whose link layer is
 * unsupported are never selected; one warning says so if they else would be (not for "all up").
 */
struct interface_selection {
	const char *const *include; /* globs (fnmatch); match interfaces up or down */
	size_t include_count;
	const char *const *exclude;
	size_t exclude_count;
};

struct interface_events {
	/* To be captured on from now on. The interface is borrowed. */
	void (*appeared)(void *arg, const struct interface *interface);
	/* No longer: it is gone (gone != 0), or no longer selected (renamed, excluded, or others
	 * have the first default route), or its link layer changed (appeared() follows if the new
	 * one is supported). */
	void (*disappeared)(void *arg, const struct interface *interface, int gone);
	void *arg;
};

struct interfaces;

/* Opens the socket and reads all interfaces and default routes; reports nothing yet, but "selected"
 * is set. Copies its arguments; events may be NULL. The handlers must not change *interfaces. NULL
 * with errno set. */
struct interfaces *interfaces_open(const struct interface_selection *selection,
				   const struct interface_events *events);
void interfaces_close(struct interfaces *interfaces);

int interfaces_fd(const struct interfaces *interfaces);

/* Reports all that is selected but not reported yet, and the reverse. Call once after open. */
void interfaces_report(struct interfaces *interfaces);

/*
 * Reads what has arrived on the socket, without blocking, and reports the difference that all of it
 * makes together, but each interface that is gone by itself. 0 or a negative errno: not all could
 * be read, and the next call tries again.
 *
 * To be called when the socket is readable, and every few seconds anyway: after a loss only a full
 * dump makes the state right, and if that did not succeed, maybe no news will ever come to try
 * again on. If nothing is wrong and nothing arrived, it costs one system call. The amount read by
 * one call is bounded; the socket stays readable if there is more.
 */
int interfaces_process(struct interfaces *interfaces);

/* The interface with this index, also after it is gone (its name is kept until the index is used
 * again, or INTERFACES_GONE_MAX others are gone); or NULL. */
const struct interface *interfaces_get(const struct interfaces *interfaces, uint32_t ifindex);
/* Walks all that exist now: *position starts at 0. NULL at the end. */
const struct interface *interfaces_next(const struct interfaces *interfaces, size_t *position);

/* New rules; report the difference with interfaces_report. Copies them. 0 or -ENOMEM, then nothing
 * changed. */
int interfaces_select(struct interfaces *interfaces, const struct interface_selection *selection);

#endif
