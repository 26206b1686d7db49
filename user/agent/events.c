// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the capture thread waits for: see events.h. Signals come as reads from a signalfd, so
 * nothing ever runs in a signal handler.
 */
#include "agent/events.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/clock.h"

static int events_own(struct events *events, enum event_source source, int fd)
{
	if (fd < 0)
		return -errno;
	events->owned_fd[source] = fd;
	return events_watch(events, source, fd);
}

int events_open(struct events *events)
{
	sigset_t signals;
	int i, err;

	for (i = 0; i < EVENT_SOURCES; i++)
		events->owned_fd[i] = -1;
	events->has_terminal = isatty(STDERR_FILENO);
	events->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (events->epoll_fd < 0)
		return -errno;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	err = events_own(events, EVENT_SIGNAL, signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
	if (!err)
		err = events_own(events, EVENT_EXPORTER, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	return err;
}

void events_close(struct events *events)
{
	int i;

	for (i = 0; i < EVENT_SOURCES; i++) {
		if (events->owned_fd[i] >= 0)
			close(events->owned_fd[i]);
		events->owned_fd[i] = -1;
	}
	if (events->epoll_fd >= 0)
		close(events->epoll_fd);
	events->epoll_fd = -1;
}

int events_watch(struct events *events, enum event_source source, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return epoll_ctl(events->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int events_start_timer(struct events *events, enum event_source source, uint64_t first_ns,
		       uint64_t interval_ns)
{
	const struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(first_ns / NS_PER_S),
			     .tv_nsec = (long)(first_ns % NS_PER_S)},
		.it_interval = {.tv_sec = (time_t)(interval_ns / NS_PER_S),
				.tv_nsec = (long)(interval_ns % NS_PER_S)},
	};
	int err = events_own(events, source,
			     timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));

	if (!err && timerfd_settime(events->owned_fd[source], 0, &when, NULL))
		err = -errno;
	return err;
}

int events_exporter_fd(const struct events *events)
{
	return events->owned_fd[EVENT_EXPORTER];
}

int events_wait(const struct events *events, enum event_source sources[EVENT_SOURCES])
{
	struct epoll_event ready[EVENT_SOURCES];
	int i, count = epoll_wait(events->epoll_fd, ready, EVENT_SOURCES, -1);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	for (i = 0; i < count; i++)
		sources[i] = ready[i].data.u32;
	return count;
}

int events_take(const struct events *events, enum event_source source)
{
	uint64_t count;

	return read(events->owned_fd[source], &count, sizeof(count)) == sizeof(count);
}

int events_take_signal(const struct events *events)
{
	struct signalfd_siginfo info;

	if (read(events->owned_fd[EVENT_SIGNAL], &info, sizeof(info)) != sizeof(info))
		return 0;
	/* From the kernel; or from a shell that was told, and tells its children. */
	if (info.ssi_signo == SIGHUP &&
	    (info.ssi_code == SI_KERNEL || (events->has_terminal && !isatty(STDERR_FILENO))))
		return SIGTERM;
	return (int)info.ssi_signo;
}
