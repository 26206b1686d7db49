// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See control.h. A handful of clients at most, each with its request and its answer in memory; an
 * epoll set of its own makes them one descriptor for the capture thread. A client that does not get
 * on makes room for the next one.
 */
#include "agent/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/clock.h"

#define CLIENTS_MAX 8
#define EVENTS_MAX (CLIENTS_MAX + 1)
#define SOCKET_MODE 0660
#define DIRECTORY_MODE 0755
#define ASK_TIMEOUT_MS 10000

struct client {
	int fd; /* -1: free */
	uint64_t since_ns;
	char request[CONTROL_REQUEST_BYTES];
	size_t request_bytes;
	char *answer; /* NULL: the request is not complete */
	size_t answer_bytes;
	size_t sent;
};

struct control {
	int listen_fd;
	int epoll_fd;
	int spare_fd; /* given up for a moment where there are no more descriptors */
	char *path; /* owned */
	control_answer *answer;
	void *arg;
	struct client clients[CLIENTS_MAX];
};

/* 0 or -ENAMETOOLONG. */
static int make_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

static void make_directory(const char *path)
{
	char *directory = strdup(path), *slash = directory ? strrchr(directory, '/') : NULL;

	if (slash && slash != directory) {
		*slash = '\0';
		mkdir(directory, DIRECTORY_MODE); /* if not, binding says why */
	}
	free(directory);
}

/* 1 if somebody listens there. */
static int is_in_use(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int used = fd >= 0 &&
		   (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		    errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return used;
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* What a dead process has left there; anything but a socket is somebody's, and stays. */
static void remove_socket(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
}

/* 0 or a negative errno. */
static int start_listening(struct control *control, const char *path)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = CLIENTS_MAX};
	struct sockaddr_un address;
	int err = make_address(&address, path);

	if (err)
		return err;
	make_directory(path);
	if (is_in_use(&address))
		return -EADDRINUSE;
	remove_socket(path);
	control->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	control->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	control->spare_fd = open_spare();
	if (control->listen_fd < 0 || control->epoll_fd < 0)
		return -errno;
	if (bind(control->listen_fd, (const struct sockaddr *)&address, sizeof(address)))
		return errno == EADDRINUSE ? -EEXIST : -errno;
	control->path = strdup(path); /* ours to remove from here on */
	if (!control->path)
		return -ENOMEM;
	if (chmod(path, SOCKET_MODE) || listen(control->listen_fd, CLIENTS_MAX) ||
	    epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, control->listen_fd, &event))
		return -errno;
	return 0;
}

struct control *control_open(const char *path, control_answer *answer, void *arg, char *error,
			     size_t error_bytes)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	control->listen_fd = control->epoll_fd = control->spare_fd = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	control->answer = answer;
	control->arg = arg;
	err = start_listening(control, path);
	if (!err)
		return control;
	snprintf(error, error_bytes, "%s: %s", path,
		 err == -EADDRINUSE ? "another flowprobe listens there" : strerror(-err));
	control_close(control);
	return NULL;
}

static void hang_up(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->answer);
	memset(client, 0, sizeof(*client));
	client->fd = -1;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		hang_up(&control->clients[i]);
	if (control->path)
		unlink(control->path);
	if (control->listen_fd >= 0)
		close(control->listen_fd);
	if (control->epoll_fd >= 0)
		close(control->epoll_fd);
	if (control->spare_fd >= 0)
		close(control->spare_fd);
	free(control->path);
	free(control);
}

int control_fd(const struct control *control)
{
	return control->epoll_fd;
}

/* A free place, or that of whoever has been there longest. */
static struct client *find_place(struct control *control)
{
	struct client *oldest = &control->clients[0];

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0)
			return &control->clients[i];
		if (control->clients[i].since_ns < oldest->since_ns)
			oldest = &control->clients[i];
	}
	hang_up(oldest);
	return oldest;
}

/* Who is not taken from the queue would wake us up again at once, and for ever. */
static void turn_away(struct control *control)
{
	int fd;

	if (control->spare_fd >= 0)
		close(control->spare_fd);
	fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	control->spare_fd = open_spare();
}

static void welcome(struct control *control)
{
	int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct epoll_event event = {.events = EPOLLIN};
	struct client *client;

	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE)
			turn_away(control);
		return;
	}
	client = find_place(control);
	client->fd = fd;
	client->since_ns = clock_monotonic_ns();
	event.data.u32 = (uint32_t)(client - control->clients);
	if (epoll_ctl(control->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		hang_up(client);
}

static void send_answer(struct control *control, struct client *client)
{
	struct epoll_event event = {.events = EPOLLOUT,
				    .data.u32 = (uint32_t)(client - control->clients)};
	ssize_t sent;

	while (client->sent < client->answer_bytes) {
		sent = send(client->fd, client->answer + client->sent,
			    client->answer_bytes - client->sent, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN) {
			if (epoll_ctl(control->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) == 0)
				return;
			break;
		}
		if (sent <= 0)
			break;
		client->sent += (size_t)sent;
	}
	hang_up(client);
}

static void make_answer(struct control *control, struct client *client)
{
	FILE *stream = open_memstream(&client->answer, &client->answer_bytes);

	if (!stream)
		return;
	control->answer(control->arg, client->request, stream);
	if (fclose(stream)) {
		free(client->answer);
		client->answer = NULL;
	}
}

static void read_request(struct control *control, struct client *client)
{
	size_t room = sizeof(client->request) - 1 - client->request_bytes;
	ssize_t got = recv(client->fd, client->request + client->request_bytes, room, 0);
	char *end;

	if (got < 0 && errno == EAGAIN)
		return;
	if (got > 0)
		client->request_bytes += (size_t)got;
	end = memchr(client->request, '\n', client->request_bytes);
	if (end) {
		*end = '\0';
		make_answer(control, client);
		if (client->answer) {
			send_answer(control, client);
			return;
		}
	}
	if (end || got <= 0 || (size_t)got == room)
		hang_up(client);
}

void control_run(struct control *control)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(control->epoll_fd, events, EVENTS_MAX, 0);

	for (int i = 0; i < count; i++) {
		struct client *client;

		if (events[i].data.u32 == CLIENTS_MAX) {
			welcome(control);
			continue;
		}
		client = &control->clients[events[i].data.u32];
		if (client->fd < 0)
			continue; /* its place was needed just now */
		if (client->answer)
			send_answer(control, client);
		else
			read_request(control, client);
	}
}

/* --- the other side --- */

static int copy_answer(int fd, FILE *stream)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char buffer[4096];
	size_t copied = 0;
	ssize_t got;

	for (;;) {
		if (poll(&wait, 1, ASK_TIMEOUT_MS) == 0)
			return -ETIMEDOUT;
		got = recv(fd, buffer, sizeof(buffer), 0);
		if (got < 0)
			return -errno;
		if (!got)
			return copied ? 0 : -ECONNRESET; /* others came, and we had to make room */
		if (fwrite(buffer, 1, (size_t)got, stream) != (size_t)got)
			return -EIO;
		copied += (size_t)got;
	}
}

int control_ask(const char *path, const char *request, FILE *stream)
{
	const struct timeval patience = {.tv_sec = ASK_TIMEOUT_MS / 1000};
	struct sockaddr_un address;
	int fd, err = make_address(&address, path);

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* Connecting waits where an agent does not get round to taking those who knock. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ||
	    dprintf(fd, "%s\n", request) < 0)
		err = -errno;
	else
		err = copy_answer(fd, stream);
	close(fd);
	return err;
}
