/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A network of its own for one test program.
 *
 * The namespace has no name: it, its interfaces, filters and links are gone when the process is,
 * however that ends.
 */
#ifndef FLOWPROBE_TESTS_NETNS_H
#define FLOWPROBE_TESTS_NETNS_H

/*
 * Moves the calling thread, and those it starts from now on, into a new network namespace where no
 * interface sends anything by itself (IPv6 is off). 0 or a negative errno.
 */
int netns_enter(void);

/* Runs a command and waits for it. Its exit status, or a negative errno if it could not be run. */
int netns_command(const char *const *arguments);

/*
 * Makes two connected veth interfaces, up, with so many queues each and GRO on, which makes them
 * receive through NAPI and take XDP frames. Their indices go to the last two. 0, or -1 after saying
 * why on stderr.
 */
int netns_make_veth(const char *name, const char *peer, unsigned int queues, unsigned int *ifindex,
		    unsigned int *peer_ifindex);

/* Takes it down: on return no packet is being received on it any more. */
int netns_set_down(const char *name);
int netns_delete(const char *name);

#endif
