/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Asking the kernel over rtnetlink, and walking what it answers or tells by itself. What the
 * messages mean is in rtnetlink_parse.h.
 */
#ifndef FLOWPROBE_RTNETLINK_H
#define FLOWPROBE_RTNETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

/* More than the kernel puts into one datagram: dumps are cut at 32 KiB, notifications are smaller.
 */
#define RTNETLINK_DATAGRAM_BYTES 32768

/* Gets one message; it lies entirely inside the datagram and is borrowed. Nonzero ends the walk. */
typedef int rtnetlink_handler(void *arg, const struct nlmsghdr *message);

/*
 * Calls the handler for each message of a datagram. Returns 0, what the handler ended with, or
 * -EBADMSG where a message claims to be longer than the datagram or shorter than its header.
 * data is aligned to 4 bytes.
 */
int rtnetlink_walk(const void *data, size_t length, rtnetlink_handler *handler, void *arg);

/*
 * Sends one request on a socket of its own and calls the handler for each message of the answer.
 * nlmsg_flags says whether it is a dump (NLM_F_DUMP) or a single question (NLM_F_ACK, and for
 * qdiscs NLM_F_ECHO too: the answer else goes to subscribers only); the sequence number is set
 * here. Returns 0; -EAGAIN if the kernel says that things changed during the dump, so that it may
 * be incomplete; what the handler ended with; the kernel's or the socket's negative errno.
 */
int rtnetlink_request(struct nlmsghdr *request, rtnetlink_handler *handler, void *arg);

/* The same of another family than rtnetlink, NETLINK_GENERIC say. */
int rtnetlink_request_of(int family, struct nlmsghdr *request, rtnetlink_handler *handler,
			 void *arg);

/*
 * Receives one datagram that the kernel sent. Returns its length, 0 for one that somebody else
 * sent, -EMSGSIZE for one that did not fit, or the socket's negative errno (-EAGAIN, -ENOBUFS).
 */
int rtnetlink_receive(int fd, void *buffer, size_t size, int flags);

#endif
