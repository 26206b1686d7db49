// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transport of rtnetlink: one question, all of its answer, one socket per question.
 *
 * Dumps never share a socket with notifications, so no answer has to be told from news, and a dump
 * that is abandoned in the middle leaves nothing behind. A socket costs two system calls, which is
 * nothing beside a dump. Strict checking lets the kernel do the filtering (one routing table of
 * many) and is asked for without insisting: every reader filters again.
 *
 * By hand rather than with libmnl or libnl: this file is all that would be used of them.
 */
#include "capture/rtnetlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

struct request_state {
	uint32_t sequence;
	rtnetlink_handler *handler;
	void *arg;
	int interrupted;
	int result; /* the kernel's own, valid once done */
	int done;
};

int rtnetlink_walk(const void *data, size_t length, rtnetlink_handler *handler, void *arg)
{
	const unsigned char *next = data;
	const struct nlmsghdr *message;
	size_t step;
	int err;

	while (length >= sizeof(*message)) {
		message = (const struct nlmsghdr *)next;
		if (message->nlmsg_len < sizeof(*message) || message->nlmsg_len > length)
			return -EBADMSG;
		err = handler(arg, message);
		if (err)
			return err;
		step = NLMSG_ALIGN((size_t)message->nlmsg_len);
		if (step >= length)
			return 0;
		next += step;
		length -= step;
	}
	return length ? -EBADMSG : 0;
}

int rtnetlink_receive(int fd, void *buffer, size_t size, int flags)
{
	struct iovec data = {.iov_base = buffer, .iov_len = size};
	struct sockaddr_nl sender = {};
	struct msghdr header = {
		.msg_name = &sender,
		.msg_namelen = sizeof(sender),
		.msg_iov = &data,
		.msg_iovlen = 1,
	};
	ssize_t got;

	do
		got = recvmsg(fd, &header, flags);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (sender.nl_pid != 0)
		return 0;
	return header.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
}

static int request_answer(void *arg, const struct nlmsghdr *message)
{
	struct request_state *state = arg;
	const int *code = (const int *)(message + 1);

	if (message->nlmsg_seq != state->sequence || state->done)
		return 0;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		state->interrupted = 1;
	if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
		state->done = 1;
		if (message->nlmsg_len >= sizeof(*message) + sizeof(*code))
			state->result = *code;
		else if (message->nlmsg_type == NLMSG_ERROR)
			return -EBADMSG;
		return 0;
	}
	if (message->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	return state->handler(state->arg, message);
}

static int request_receive(int fd, struct request_state *state)
{
	unsigned char buffer[RTNETLINK_DATAGRAM_BYTES] __attribute__((aligned(8)));
	int err, got;

	while (!state->done) {
		got = rtnetlink_receive(fd, buffer, sizeof(buffer), 0);
		if (got < 0)
			return got;
		err = rtnetlink_walk(buffer, got, request_answer, state);
		if (err)
			return err;
	}
	if (state->result < 0)
		return state->result;
	return state->interrupted ? -EAGAIN : 0;
}

int rtnetlink_request_of(int family, struct nlmsghdr *request, rtnetlink_handler *handler,
			 void *arg)
{
	struct request_state state = {.sequence = 1, .handler = handler, .arg = arg};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int fd, one = 1, err;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	request->nlmsg_flags |= NLM_F_REQUEST;
	request->nlmsg_seq = state.sequence;
	request->nlmsg_pid = 0;
	if (sendto(fd, request, request->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) <
	    0)
		err = -errno;
	else
		err = request_receive(fd, &state);
	close(fd);
	return err;
}

int rtnetlink_request(struct nlmsghdr *request, rtnetlink_handler *handler, void *arg)
{
	return rtnetlink_request_of(NETLINK_ROUTE, request, handler, arg);
}
