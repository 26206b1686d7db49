// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching, whatever the kind of hook: devices that go, and one flowprobe per hook, enforced by a
 * lock on the hook's name whose owners and squatters are other processes that are really killed.
 * See attach_fixture.h for where and how; test_attach_{tcx,clsact,xdp}.c have what is special to
 * one kind.
 */
#include "capture/attach.h"

#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach_fixture.h"
#include "capture/hook_list.h"
#include "child.h"
#include "lib/log.h"

#define NOBODY 65534

/* --- other processes --- */

/* Sits on the name of the ingress lock; with a backlog below 0 it does not even listen. */
static int squat(int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "flowprobe/%u/ingress", fixture.ifindex);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address,
		 offsetof(struct sockaddr_un, sun_path) + 1 + length))
		return -errno;
	if (backlog < 0)
		return 0;
	return listen(fd, backlog) ? -errno : 0;
}

static int become_nobody(void)
{
	return setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ? -errno : 0;
}

static int child_squat(void)
{
	int err = become_nobody();

	return err ? err : squat(8);
}

static int child_squat_without_listening(void)
{
	int err = become_nobody();

	return err ? err : squat(-1);
}

static int child_squat_with_a_full_queue(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "flowprobe/%u/ingress", fixture.ifindex);
	int err = become_nobody();

	if (!err)
		err = squat(0);
	if (err)
		return err;
	for (;;) {
		if (connect(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0),
			    (struct sockaddr *)&address,
			    offsetof(struct sockaddr_un, sun_path) + 1 + length))
			return errno == EAGAIN ? 0 : -errno;
	}
}

/* All capabilities, but only over a user namespace of its own. */
static int child_squat_from_a_user_namespace(void)
{
	int err = become_nobody();

	if (err)
		return err;
	if (unshare(CLONE_NEWUSER))
		return -errno;
	return squat(8);
}

/* A service that was given CAP_NET_ADMIN instead of root. */
static int child_own_with_net_admin(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{.effective = 1u << CAP_NET_ADMIN, .permitted = 1u << CAP_NET_ADMIN}};
	int err;

	if (prctl(PR_SET_KEEPCAPS, 1))
		return -errno;
	err = become_nobody();
	if (err)
		return err;
	if (syscall(SYS_capset, &header, data))
		return -errno;
	return squat(8);
}

/* --- devices that go --- */

static void hook_of_a_deleted_device_is_off(void **state)
{
	static const enum hook_kind kinds[] = {HOOK_TCX, HOOK_CLSACT, HOOK_XDP_NATIVE,
					       HOOK_XDP_GENERIC};
	struct hook hook = {};
	uint32_t ids[4];
	size_t i;

	(void)state;
	for (i = fixture.tcx ? 0 : 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(fixture_attach(&hook, kinds[i], FLOW_INGRESS, HOOK_HEAD), 0);
		assert_int_equal(hook_check(&hook), 1);
		fixture_run("ip link del va");
		assert_int_equal(hook_check(&hook), 0);
		hook_detach(&hook);
		assert_int_equal(hook.attached, 0);
		assert_int_equal(fixture_attach(&hook, kinds[i], FLOW_INGRESS, HOOK_HEAD), -ENODEV);
		assert_int_equal(hook.attached, 0);
		assert_true(hook_list_programs(fixture.ifindex, kinds[i], FLOW_INGRESS, ids, 4) <=
			    0);
		fixture_run("ip link add va type veth peer name vb");
		fixture.ifindex = if_nametoindex("va");
	}
}

/* --- one flowprobe per hook --- */

static void hook_of_a_living_process_is_refused(void **state)
{
	struct hook hook = {}, egress = {};
	struct child child;
	int owner = 0, i;

	(void)state;
	child = child_start(fixture_attach_filter);
	assert_int_equal(hook_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD, fixture.ifindex,
				     fixture.ours_ingress.fd, &owner),
			 -EADDRINUSE);
	assert_int_equal(owner, child.pid);
	assert_int_equal(hook.attached, 0);
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD),
			 -EADDRINUSE);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	assert_int_equal(fixture_attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_HEAD), 0);
	hook_detach(&egress);
	child_kill(&child);

	/* Asking does not wear the lock out, as long as its owner looks after it. */
	assert_int_equal(fixture_attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	for (i = 0; i < 200; i++) {
		assert_int_equal(hook_attach(&egress, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD,
					     fixture.ifindex, fixture.ours_ingress.fd, &owner),
				 -EADDRINUSE);
		assert_int_equal(owner, getpid());
		assert_int_equal(hook_check(&hook), 1);
	}
	hook_detach(&hook);
}

static void hook_of_an_owner_with_net_admin_is_refused(void **state)
{
	struct child child = child_start(child_own_with_net_admin);
	struct hook hook = {};
	int owner = 0;

	(void)state;
	assert_int_equal(hook_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD, fixture.ifindex,
				     fixture.ours_ingress.fd, &owner),
			 -EADDRINUSE);
	assert_int_equal(owner, child.pid);
	child_kill(&child);
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
}

static void expect_squatter_is_ignored(int (*squatter)(void))
{
	struct child child = child_start(squatter);
	struct hook hook = {};

	log_set_level(LOG_ERROR);
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(hook.lock_fd, -1);
	assert_int_equal(hook_check(&hook), 1);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "");
	child_kill(&child);
	log_set_level(LOG_INFO);
}

static void hook_squatted_by_an_unprivileged_user_is_attached(void **state)
{
	(void)state;
	expect_squatter_is_ignored(child_squat);
	expect_squatter_is_ignored(child_squat_without_listening);
	expect_squatter_is_ignored(child_squat_with_a_full_queue);
}

/* Not in a chroot, and not where an administrator has switched them off. */
static int user_namespaces_are_allowed(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(become_nobody() || unshare(CLONE_NEWUSER));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void hook_squatted_from_a_user_namespace_is_attached(void **state)
{
	(void)state;
	if (!user_namespaces_are_allowed()) {
		puts("# skip: kernel refuses user namespaces here, as it does in a chroot");
		skip();
	}
	expect_squatter_is_ignored(child_squat_from_a_user_namespace);
}

static void hook_without_lock_leaves_the_filter_of_another(void **state)
{
	struct child child = child_start(child_squat);
	struct child first, second;
	struct hook hook = {};

	(void)state;
	log_set_level(LOG_ERROR);
	first = child_start(fixture_attach_filter);
	second = child_start(fixture_attach_filter);
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id,
				fixture.ours_ingress.id, fixture.ours_ingress.id, 0);
	hook_detach(&hook);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id,
				fixture.ours_ingress.id, 0);
	child_kill(&first);
	child_kill(&second);
	child_kill(&child);
	/* With the lock, both are known to be left over. */
	assert_int_equal(fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	fixture_expect_programs(HOOK_CLSACT, FLOW_INGRESS, fixture.ours_ingress.id, 0);
	hook_detach(&hook);
	assert_string_equal(fixture_qdisc_kind(), "");
	log_set_level(LOG_INFO);
}

static void hook_kind_name_of_each(void **state)
{
	(void)state;
	assert_string_equal(hook_kind_name(HOOK_TCX), "tcx");
	assert_string_equal(hook_kind_name(HOOK_CLSACT), "tc");
	assert_string_equal(hook_kind_name(HOOK_XDP_NATIVE), "xdp (native)");
	assert_string_equal(hook_kind_name(HOOK_XDP_GENERIC), "xdp (generic)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(hook_of_a_deleted_device_is_off),
		fixture_test(hook_of_a_living_process_is_refused),
		fixture_test(hook_of_an_owner_with_net_admin_is_refused),
		fixture_test(hook_squatted_by_an_unprivileged_user_is_attached),
		fixture_test(hook_squatted_from_a_user_namespace_is_attached),
		fixture_test(hook_without_lock_leaves_the_filter_of_another),
		cmocka_unit_test(hook_kind_name_of_each),
	};

	if (fixture_lacks_root())
		return 0;
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, fixture_setup_group, NULL);
}
