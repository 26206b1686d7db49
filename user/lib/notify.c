// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See notify.h. */
#include "lib/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"

#define MESSAGE_BYTES 512

/* A path, or '@' and the name of an abstract socket. Returns the length of the address; 0: no
 * manager, or no address. */
static socklen_t read_address(struct sockaddr_un *address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || (path[0] != '/' && path[0] != '@') || length >= sizeof(address->sun_path))
		return 0;
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, length);
	if (path[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

int notify_send(const char *format, ...)
{
	struct sockaddr_un address;
	socklen_t address_bytes = read_address(&address);
	char message[MESSAGE_BYTES];
	va_list arguments;
	int fd, length, err = 0;

	if (!address_bytes)
		return 0;
	va_start(arguments, format);
	length = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (length < 0)
		return -EINVAL;
	if ((size_t)length >= sizeof(message))
		length = sizeof(message) - 1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, message, (size_t)length, MSG_NOSIGNAL, (const struct sockaddr *)&address,
		   address_bytes) < 0)
		err = -errno;
	close(fd);
	return err;
}

uint64_t notify_watchdog_ns(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && strtoull(pid, NULL, 10) != (unsigned long long)getpid()))
		return 0;
	return strtoull(usec, NULL, 10) * NS_PER_US;
}
