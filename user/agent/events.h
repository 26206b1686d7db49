/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the capture thread waits for: one epoll set over signals, timers, and descriptors of others.
 */
#ifndef FLOWPROBE_EVENTS_H
#define FLOWPROBE_EVENTS_H

#include <stddef.h>
#include <stdint.h>

enum event_source {
	EVENT_HARVEST, /* the timer */
	EVENT_WAKEUP, /* the kernel programs: the table fills */
	EVENT_NETLINK,
	EVENT_SIGNAL,
	EVENT_DURATION, /* the time to run is over */
	EVENT_EXPORTER, /* one has died, or is done */
	EVENT_TICK, /* the timer of what is done now and then */
	EVENT_METRICS,
	EVENT_CONTROL,
	EVENT_SOURCES
};

struct events {
	int epoll_fd;
	int owned_fd[EVENT_SOURCES]; /* -1: not there, or somebody else's */
	int has_terminal; /* stderr was one at the start */
};

/*
 * Blocks the signals that end or question the agent; call it before any thread is started, so that
 * all inherit that. 0 or a negative errno; events_close is fine either way.
 */
int events_open(struct events *events);
void events_close(struct events *events);

/* Waits for fd, which stays the caller's, to become readable. 0 or a negative errno. */
int events_watch(struct events *events, enum event_source source, int fd);

/* Fires after first_ns, then every interval_ns (0: only once). 0 or a negative errno. */
int events_start_timer(struct events *events, enum event_source source, uint64_t first_ns,
		       uint64_t interval_ns);

/* An eventfd for other threads to write to. */
int events_exporter_fd(const struct events *events);

/* Waits. Fills sources with what has happened and returns how many, or a negative errno. */
int events_wait(const struct events *events, enum event_source sources[EVENT_SOURCES]);

/* Makes a timer or the eventfd quiet again. 1 if it had fired, else 0. */
int events_take(const struct events *events, enum event_source source);

/* The next signal, 0 if there is none. A SIGHUP that says that the terminal is gone comes as
 * SIGTERM. */
int events_take_signal(const struct events *events);

#endif
