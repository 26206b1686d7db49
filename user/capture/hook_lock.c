// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The lock behind hook_attach: an abstract unix socket that is bound and listens. Abstract names
 * belong to the network namespace, as interface indices do, need no directory that may be written
 * to, and cannot outlive the process. Lock files have none of the three.
 *
 * But anybody in the network namespace can bind a name. So whoever finds it taken connects, and the
 * kernel says who listens (SO_PEERCRED, fixed at the time of listen()). Root, ourselves, and those
 * with CAP_NET_ADMIN are believed to be another flowprobe. Anybody else could not attach a program
 * and only means to keep us from it: we go on without the lock. Then clsact.c does not know which
 * filters of ours are left over and touches none, so two at once are still harmless.
 *
 * Capabilities only count in our own user namespace: in one of his own everybody has them all.
 */
#include "capture/hook_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#define LOCK_BACKLOG 64
#define LOCK_ATTEMPTS 5
#define LOCK_RETRY_NS (2 * NS_PER_MS)
#define PROC_FILE_BYTES 4096

static socklen_t lock_address(struct sockaddr_un *address, uint32_t ifindex,
			      enum flow_direction direction)
{
	int length;

	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	length = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "flowprobe/%u/%s",
			  ifindex, direction == FLOW_INGRESS ? "ingress" : "egress");
	return offsetof(struct sockaddr_un, sun_path) + 1 + length;
}

/* As a string, "" if it cannot be read. */
static void proc_read(int pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	text[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	got = read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

/* The link ns/user would say it better, but needs CAP_SYS_PTRACE to look at. */
static int shares_user_namespace(int pid)
{
	char theirs[PROC_FILE_BYTES], ours[PROC_FILE_BYTES];

	proc_read(pid, "uid_map", theirs, sizeof(theirs));
	proc_read(getpid(), "uid_map", ours, sizeof(ours));
	return ours[0] && strcmp(ours, theirs) == 0;
}

static int may_attach(const struct ucred *peer)
{
	char status[PROC_FILE_BYTES];
	unsigned long long effective;
	const char *line;

	if (peer->uid == 0 || peer->uid == geteuid())
		return 1;
	if (peer->pid <= 0 || !shares_user_namespace(peer->pid))
		return 0;
	proc_read(peer->pid, "status", status, sizeof(status));
	line = strstr(status, "\nCapEff:");
	return line && sscanf(line, "\nCapEff: %llx", &effective) == 1 &&
	       (effective >> CAP_NET_ADMIN & 1);
}

/* 0 and *peer; -ECONNREFUSED: nobody listens (yet, or any more); other errors. */
static int lock_owner(const struct sockaddr_un *address, socklen_t length, struct ucred *peer)
{
	socklen_t size = sizeof(*peer);
	int err = 0, fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, length) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &size))
		err = -errno;
	close(fd);
	return err;
}

/* 0 and *fd; -EADDRINUSE; other errors. */
static int lock_bind(const struct sockaddr_un *address, socklen_t length, int *fd)
{
	int err, bound = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bound < 0)
		return -errno;
	if (bind(bound, (const struct sockaddr *)address, length) || listen(bound, LOCK_BACKLOG)) {
		err = -errno;
		close(bound);
		return err;
	}
	*fd = bound;
	return 0;
}

int hook_lock_take(uint32_t ifindex, enum flow_direction direction, int *fd, int *owner_pid)
{
	const struct timespec pause = {.tv_nsec = LOCK_RETRY_NS};
	static struct log_limit squatted;
	struct ucred peer = {};
	struct sockaddr_un address;
	socklen_t length;
	int attempt, err;

	length = lock_address(&address, ifindex, direction);
	for (attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
		err = lock_bind(&address, length, fd);
		if (err != -EADDRINUSE)
			return err;
		err = lock_owner(&address, length, &peer);
		if (err != -ECONNREFUSED)
			break;
		/* Bound and not listening yet, or just gone. */
		nanosleep(&pause, NULL);
	}
	if (!err && may_attach(&peer)) {
		if (owner_pid)
			*owner_pid = peer.pid;
		return -EADDRINUSE;
	}
	if (err && err != -ECONNREFUSED && err != -EAGAIN && err != -EPERM && err != -EACCES)
		return err;
	/* No peer: it never listens, or has let its queue fill up (see hook_lock_answer). */
	if (err)
		log_warning_limited(&squatted,
				    "interface %u: somebody has taken the lock of this hook and "
				    "does not answer (%s); going on without the lock",
				    ifindex, strerror(-err));
	else
		log_warning_limited(&squatted,
				    "interface %u: process %d of user %u has taken the lock of "
				    "this hook, but may not attach programs; going on without the "
				    "lock",
				    ifindex, peer.pid, peer.uid);
	*fd = -1;
	return 0;
}

int hook_lock_query(uint32_t ifindex, enum flow_direction direction, int *owner_pid)
{
	struct ucred peer = {};
	struct sockaddr_un address;
	socklen_t length;

	length = lock_address(&address, ifindex, direction);
	if (lock_owner(&address, length, &peer) || !may_attach(&peer))
		return 0;
	if (owner_pid)
		*owner_pid = peer.pid;
	return -EADDRINUSE;
}

void hook_lock_answer(int fd)
{
	int asking, i;

	if (fd < 0)
		return;
	for (i = 0; i <= LOCK_BACKLOG; i++) {
		asking = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (asking < 0)
			return;
		close(asking);
	}
}
