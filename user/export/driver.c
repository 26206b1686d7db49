// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: what drivers share, see driver.h. */
#include "export/driver.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"

/* Time to wait, NULL for ever. */
static const struct timespec *time_left(uint64_t until_ns, struct timespec *left)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;

	if (until_ns == UINT64_MAX)
		return NULL;
	left->tv_sec = (time_t)(left_ns / NS_PER_S);
	left->tv_nsec = (long)(left_ns % NS_PER_S);
	return left;
}

void export_begin_waiting(struct export_control *control)
{
	control->busy_since_ns = 0;
}

void export_end_waiting(struct export_control *control)
{
	control->busy_since_ns = clock_monotonic_ns();
}

void export_update_lost(struct export_control *control)
{
	if (control->give_lost)
		control->give_lost(control);
}

static void tell(struct export_control *control)
{
	if (control->told)
		control->told(control);
}

void export_count_batch(struct export_control *control, uint64_t bytes)
{
	control->outcome.batches++;
	control->outcome.bytes += bytes;
}

void export_tell_up(struct export_control *control)
{
	if (!control->condition.is_down)
		return;
	control->condition.is_down = 0;
	tell(control);
}

void export_tell_down(struct export_control *control, const char *reason)
{
	struct export_condition *condition = &control->condition;

	if (condition->is_down && strncmp(condition->reason, reason, EXPORT_REASON_BYTES - 1) == 0)
		return;
	condition->is_down = 1;
	snprintf(condition->reason, sizeof(condition->reason), "%s", reason);
	tell(control);
}

void export_tell_spool(struct export_control *control, const struct export_count *count,
		       uint64_t bytes)
{
	struct export_condition *condition = &control->condition;

	if (condition->spool_bytes == bytes && condition->spooled.records == count->records)
		return;
	condition->spooled = *count;
	condition->spool_bytes = bytes;
	tell(control);
}

void export_woken(struct export_control *control)
{
	uint64_t count;

	/* Nothing to read: nobody has woken us. */
	if (control->wake_fd >= 0 && read(control->wake_fd, &count, sizeof(count)) < 0)
		return;
}

int export_wait(struct export_control *control, int fd, short events, uint64_t until_ns)
{
	struct pollfd fds[] = {
		{.fd = fd, .events = events},
		{.fd = control->wake_fd, .events = POLLIN},
	};
	struct timespec left;
	int ready;

	export_begin_waiting(control);
	do
		ready = ppoll(fds, 2, time_left(control->over ? 0 : until_ns, &left), NULL);
	while (ready < 0 && errno == EINTR);
	export_end_waiting(control);
	if (ready > 0 && fds[1].revents) /* once when stopping, and once when it is over */
		export_woken(control);
	return ready > 0 ? fds[0].revents : 0;
}
