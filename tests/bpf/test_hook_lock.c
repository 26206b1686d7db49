// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Asking who has the lock of a hook: by name only, so the interfaces need not exist. What taking it
 * means for attaching, and who is believed to be its owner, is in test_attach.c.
 */
#include "capture/hook_lock.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "child.h"

#define NOBODY 65534
#define IFINDEX 7

static int child_take(void)
{
	int fd;

	return hook_lock_take(IFINDEX, FLOW_INGRESS, &fd, NULL);
}

static int child_take_as_nobody(void)
{
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return -errno;
	return child_take();
}

static int test_setup(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET);
}

static void hook_lock_query_names_the_owner(void **state)
{
	struct child owner = child_start(child_take);
	int pid = -1;

	(void)state;
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, &pid), -EADDRINUSE);
	assert_int_equal(pid, owner.pid);
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, NULL), -EADDRINUSE);
	pid = -1;
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_EGRESS, &pid), 0);
	assert_int_equal(hook_lock_query(IFINDEX + 1, FLOW_INGRESS, &pid), 0);
	child_kill(&owner);
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, &pid), 0);
	assert_int_equal(pid, -1);
}

static void hook_lock_query_ignores_those_who_may_not_attach(void **state)
{
	struct child squatter = child_start(child_take_as_nobody);
	int pid = -1;

	(void)state;
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, &pid), 0);
	assert_int_equal(pid, -1);
	child_kill(&squatter);
}

/* Whoever asks has nothing: no descriptor stays, and the next one gets the lock at once. */
static void hook_lock_query_takes_nothing(void **state)
{
	int before = dup(0), after, fd = -1;

	(void)state;
	close(before);
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, NULL), 0);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
	assert_int_equal(hook_lock_take(IFINDEX, FLOW_INGRESS, &fd, NULL), 0);
	assert_int_equal(hook_lock_query(IFINDEX, FLOW_INGRESS, &after), -EADDRINUSE);
	assert_int_equal(after, getpid());
	close(fd);
}

#define netns_test(function) cmocka_unit_test_setup(function, test_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(hook_lock_query_names_the_owner),
		netns_test(hook_lock_query_ignores_those_who_may_not_attach),
		netns_test(hook_lock_query_takes_nothing),
	};

	if (geteuid() != 0) {
		printf("1..1\nok 1 # SKIP needs root\n");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
