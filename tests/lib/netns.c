// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A network of its own for one test program: see netns.h. Interfaces are made by ip(8). */
#include "netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NETNS_NO_IPV6 "/proc/sys/net/ipv6/conf/default/disable_ipv6"

extern char **environ;

int netns_enter(void)
{
	int fd, err = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = open(NETNS_NO_IPV6, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, "1", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

int netns_command(const char *const *arguments)
{
	int err, status;
	pid_t pid;

	/* posix_spawn promises not to write to them */
	err = posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)arguments, environ);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}

static int netns_turn_on_gro(const char *name)
{
	struct ethtool_value value = {.cmd = ETHTOOL_SGRO, .data = 1};
	struct ifreq request = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(fd, SIOCETHTOOL, &request))
		err = -errno;
	close(fd);
	return err;
}

static int netns_set_up(const char *name)
{
	const char *const command[] = {"ip", "link", "set", "dev", name, "up", NULL};

	return netns_command(command);
}

int netns_make_veth(const char *name, const char *peer, unsigned int queues, unsigned int *ifindex,
		    unsigned int *peer_ifindex)
{
	char count[16];
	const char *const add[] = {
		"ip",	"link", "add",	name, "numtxqueues", count, "numrxqueues", count, "type",
		"veth", "peer", "name", peer, "numtxqueues", count, "numrxqueues", count, NULL};
	int err;

	snprintf(count, sizeof(count), "%u", queues);
	err = netns_command(add);
	/* First GRO on both: whether frames can be sent is decided when an interface comes up. */
	if (!err)
		err = netns_turn_on_gro(name);
	if (!err)
		err = netns_turn_on_gro(peer);
	if (!err)
		err = netns_set_up(name);
	if (!err)
		err = netns_set_up(peer);
	if (err) {
		fprintf(stderr, "cannot make the veth pair %s, %s: %s\n", name, peer,
			err < 0 ? strerror(-err) : "ip(8) says why");
		return -1;
	}
	*ifindex = if_nametoindex(name);
	*peer_ifindex = if_nametoindex(peer);
	return 0;
}

int netns_set_down(const char *name)
{
	const char *const command[] = {"ip", "link", "set", "dev", name, "down", NULL};

	return netns_command(command);
}

int netns_delete(const char *name)
{
	const char *const command[] = {"ip", "link", "del", "dev", name, NULL};

	return netns_command(command);
}
