// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Attaching among others: real hooks of a veth pair in a network namespace of each test's own.
 *
 * What is checked is what the kernel then says: programs and their order by id, filters and qdiscs
 * as tc(8) lists them, owners in other processes that are really killed. The programs do nothing
 * but pass, under the names that the shipped ones have, because a left-over filter is recognised by
 * its name. Processes are told to go on through pipes; nothing here waits for time to pass.
 */
#include "capture/attach.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/log.h"

#define TCX_INGRESS 46
#define TCX_EGRESS 47
#define NOBODY 65534
#define WAIT_MS 5000

struct program {
	int fd;
	uint32_t id;
};

static uint32_t ifindex; /* of va */
static struct program ours_ingress, ours_egress, ours_xdp, foreign[3], foreign_xdp;
static int tcx;

/* --- programs --- */

static struct program program_load(enum bpf_prog_type type, const char *name, int verdict)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct program program;

	program.fd = bpf_prog_load(type, name, "Dual BSD/GPL", code, 2, NULL);
	assert_true(program.fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(program.fd, &info, &size), 0);
	program.id = info.id;
	return program;
}

static int group_setup(void **state)
{
	(void)state;
	ours_ingress = program_load(BPF_PROG_TYPE_SCHED_CLS, "tc_ingress_l2", -1);
	ours_egress = program_load(BPF_PROG_TYPE_SCHED_CLS, "tc_egress_l2", -1);
	ours_xdp = program_load(BPF_PROG_TYPE_XDP, "xdp_ingress", XDP_PASS);
	foreign[0] = program_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_a", -1);
	foreign[1] = program_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_b", -1);
	foreign[2] = program_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_c", -1);
	foreign_xdp = program_load(BPF_PROG_TYPE_XDP, "foreign_xdp", XDP_PASS);
	tcx = hook_tcx_supported(ours_ingress.fd);
	return 0;
}

static int ours_fd(enum hook_kind kind, enum flow_direction direction)
{
	if (kind == HOOK_XDP_NATIVE || kind == HOOK_XDP_GENERIC)
		return ours_xdp.fd;
	return direction == FLOW_INGRESS ? ours_ingress.fd : ours_egress.fd;
}

static int attach(struct hook *hook, enum hook_kind kind, enum flow_direction direction,
		  enum hook_position position)
{
	return hook_attach(hook, kind, direction, position, ifindex, ours_fd(kind, direction),
			   NULL);
}

/* --- the network --- */

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

/* Every test starts with va and vb, a veth pair that is up, alone in the world. */
static int test_setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	run("ip link set lo up && ip link add va type veth peer name vb && ip link set va up && "
	    "ip link set vb up");
	ifindex = if_nametoindex("va");
	return 0;
}

/* The output of a command, without its last newline. */
static const char *output(const char *command)
{
	static char text[4096];
	FILE *pipe = popen(command, "r");
	size_t got;

	assert_non_null(pipe);
	got = fread(text, 1, sizeof(text) - 1, pipe);
	pclose(pipe);
	while (got && text[got - 1] == '\n')
		got--;
	text[got] = '\0';
	return text;
}

static const char *qdisc_kind(void)
{
	return output("tc qdisc show dev va | sed -n 's/^qdisc \\(clsact\\|ingress\\) .*/\\1/p'");
}

/* Asserts that exactly these programs are on the hook, in this order; 0 ends the list. */
static void expect_programs(enum hook_kind kind, enum flow_direction direction, ...)
{
	uint32_t ids[16], expected;
	va_list arguments;
	int count, i = 0;

	count = hook_list_programs(ifindex, kind, direction, ids, 16);
	assert_true(count >= 0);
	va_start(arguments, direction);
	while ((expected = va_arg(arguments, uint32_t))) {
		assert_true(i < count);
		assert_int_equal(ids[i], expected);
		i++;
	}
	va_end(arguments);
	assert_int_equal(count, i);
}

/* The kernel may take a closed link off a moment later. */
static void wait_for_programs(enum hook_kind kind, enum flow_direction direction, int expected)
{
	uint32_t ids[16];
	int tries;

	for (tries = 0; tries < WAIT_MS; tries++) {
		if (hook_list_programs(ifindex, kind, direction, ids, 16) == expected)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("there never were %d programs on the hook", expected);
}

/* Others' filter on the hook; makes no qdisc. */
static void foreign_filter(int fd, enum bpf_tc_attach_point point, uint32_t priority,
			   uint32_t handle, uint32_t flags)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = fd, .priority = priority, .handle = handle,
		    .flags = flags);

	assert_int_equal(bpf_tc_attach(&hook, &options), 0);
}

/* --- other processes --- */

struct child {
	pid_t pid;
	int release; /* closing it lets the child end */
};

/* Runs ready() in another process, which then stays until it is killed or released. */
static struct child child_start(int (*ready)(void))
{
	int started[2], release[2], result;
	struct child child;

	assert_int_equal(pipe(started), 0);
	assert_int_equal(pipe(release), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(started[0]);
		close(release[1]);
		result = ready();
		if (write(started[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		_exit(read(release[0], &byte, 1) != 0);
	}
	close(started[1]);
	close(release[0]);
	child.release = release[1];
	assert_int_equal(read(started[0], &result, sizeof(result)), sizeof(result));
	close(started[0]);
	assert_int_equal(result, 0);
	return child;
}

static void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	close(child->release);
}

static int child_attach_tc(void)
{
	struct hook hook = {};

	return attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD);
}

static int child_attach_tc_egress(void)
{
	struct hook hook = {};

	return attach(&hook, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL);
}

static int child_attach_tcx(void)
{
	struct hook hook = {};

	return attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD);
}

/* Sits on the name of the ingress lock; with a backlog below 0 it does not even listen. */
static int squat(int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			      "flowprobe/%u/ingress", ifindex);
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
			      "flowprobe/%u/ingress", ifindex);
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

/* --- TCX --- */

/* 1 on a kernel without TCX, after a look at what is to be expected there. */
static int without_tcx(void)
{
	struct hook hook = {};

	if (tcx)
		return 0;
	assert_int_equal(attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), -EINVAL);
	assert_int_equal(hook.attached, 0);
	expect_programs(HOOK_TCX, FLOW_INGRESS, 0);
	return 1;
}

static int foreign_link(int fd, int type, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int link = bpf_link_create(fd, ifindex, type, &options);

	assert_true(link >= 0);
	return link;
}

static void hook_tcx_head_and_tail_among_foreign_programs(void **state)
{
	struct hook head = {}, tail = {};
	int links[3];

	(void)state;
	if (without_tcx())
		return;
	links[0] = foreign_link(foreign[0].fd, TCX_INGRESS, 0);
	assert_int_equal(attach(&head, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_TCX, FLOW_INGRESS, ours_ingress.id, foreign[0].id, 0);
	links[1] = foreign_link(foreign[1].fd, TCX_INGRESS, 0);
	links[2] = foreign_link(foreign[2].fd, TCX_INGRESS, 1 << 3);
	expect_programs(HOOK_TCX, FLOW_INGRESS, foreign[2].id, ours_ingress.id, foreign[0].id,
			foreign[1].id, 0);
	assert_int_equal(hook_check(&head), 1);
	hook_detach(&head);
	wait_for_programs(HOOK_TCX, FLOW_INGRESS, 3);
	expect_programs(HOOK_TCX, FLOW_INGRESS, foreign[2].id, foreign[0].id, foreign[1].id, 0);
	close(links[0]);
	close(links[1]);
	close(links[2]);

	links[0] = foreign_link(foreign[0].fd, TCX_EGRESS, 0);
	links[1] = foreign_link(foreign[1].fd, TCX_EGRESS, 0);
	assert_int_equal(attach(&tail, HOOK_TCX, FLOW_EGRESS, HOOK_TAIL), 0);
	expect_programs(HOOK_TCX, FLOW_EGRESS, foreign[0].id, foreign[1].id, ours_egress.id, 0);
	hook_detach(&tail);
	hook_detach(&tail);
	wait_for_programs(HOOK_TCX, FLOW_EGRESS, 2);
	expect_programs(HOOK_TCX, FLOW_EGRESS, foreign[0].id, foreign[1].id, 0);
	close(links[0]);
	close(links[1]);
}

static void hook_tcx_taken_off_by_force_is_noticed(void **state)
{
	struct hook hook = {};

	(void)state;
	if (without_tcx())
		return;
	assert_int_equal(hook_check(&hook), 0);
	assert_int_equal(attach(&hook, HOOK_TCX, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(hook_check(&hook), 1);
	assert_int_equal(bpf_link_detach(hook.link_fd), 0);
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
}

static void hook_tcx_ends_with_its_process(void **state)
{
	struct child child;

	(void)state;
	if (without_tcx())
		return;
	child = child_start(child_attach_tcx);
	expect_programs(HOOK_TCX, FLOW_INGRESS, ours_ingress.id, 0);
	child_kill(&child);
	wait_for_programs(HOOK_TCX, FLOW_INGRESS, 0);
}

static void hook_tcx_supported_attaches_nothing(void **state)
{
	uint32_t ids[4];

	(void)state;
	ifindex = 1;
	assert_int_equal(hook_tcx_supported(ours_ingress.fd), tcx);
	assert_int_equal(hook_list_programs(1, HOOK_TCX, FLOW_INGRESS, ids, 4), 0);
	assert_int_equal(hook_tcx_supported(ours_xdp.fd), 0);
	assert_int_equal(hook_tcx_supported(-1), 0);
}

/* --- clsact --- */

static void hook_clsact_alone_leaves_nothing_behind(void **state)
{
	struct hook ingress = {}, egress = {};

	(void)state;
	assert_int_equal(attach(&ingress, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_string_equal(qdisc_kind(), "clsact");
	assert_int_equal(ingress.priority, 1);
	assert_int_equal(egress.priority, 0xfffe);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, 0);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, ours_egress.id, 0);
	assert_int_equal(hook_check(&ingress), 1);
	/* The first to come made the qdisc, the last to go removes it. */
	hook_detach(&ingress);
	hook_detach(&ingress);
	assert_int_equal(hook_check(&ingress), 0);
	assert_string_equal(qdisc_kind(), "clsact");
	assert_int_equal(hook_check(&egress), 1);
	hook_detach(&egress);
	assert_string_equal(qdisc_kind(), "");
}

static void hook_clsact_of_others_stays(void **state)
{
	struct hook hook = {};

	(void)state;
	run("tc qdisc add dev va clsact");
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
	assert_string_equal(qdisc_kind(), "clsact");
	assert_string_equal(output("tc filter show dev va ingress"), "");
}

static void hook_clsact_of_ours_stays_for_others(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	foreign_filter(foreign[0].fd, BPF_TC_EGRESS, 7, 1, 0);
	hook_detach(&hook);
	assert_string_equal(qdisc_kind(), "clsact");
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, 0);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, foreign[0].id, 0);
}

static void hook_clsact_head_and_tail_among_foreign_filters(void **state)
{
	struct hook head = {}, tail = {};

	(void)state;
	run("tc qdisc add dev va clsact");
	foreign_filter(foreign[0].fd, BPF_TC_INGRESS, 1, 1, 0);
	foreign_filter(foreign[1].fd, BPF_TC_INGRESS, 0xfffe, 1, 0);
	assert_int_equal(attach(&head, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, foreign[0].id, foreign[1].id,
			0);
	hook_detach(&head);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, foreign[0].id, foreign[1].id, 0);

	foreign_filter(foreign[0].fd, BPF_TC_EGRESS, 1, 1, 0);
	foreign_filter(foreign[1].fd, BPF_TC_EGRESS, 0xc000, 1, 0);
	assert_int_equal(attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, foreign[0].id, foreign[1].id, ours_egress.id, 0);
	hook_detach(&tail);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, foreign[0].id, foreign[1].id, 0);
}

static void hook_clsact_priority_of_another_classifier_is_passed_over(void **state)
{
	struct hook head = {}, tail = {};

	(void)state;
	run("tc qdisc add dev va clsact");
	run("tc filter add dev va ingress pref 1 protocol all u32 match u32 0 0");
	run("tc filter add dev va ingress pref 2 protocol ip bpf bytecode '1,6 0 0 0'");
	run("tc filter add dev va egress pref 65534 protocol all u32 match u32 0 0");
	assert_int_equal(attach(&head, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_int_equal(head.priority, 3);
	assert_int_equal(attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_int_equal(tail.priority, 0xffff);
	hook_detach(&tail);
	run("tc filter add dev va egress pref 65535 protocol all u32 match u32 0 0");
	assert_int_equal(attach(&tail, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	assert_int_equal(tail.priority, 0xfffd);
	hook_detach(&tail);
	hook_detach(&head);
	assert_string_equal(
		output("tc filter show dev va ingress | grep -c 'pref 1 u32.*ht divisor'"), "1");
	assert_string_equal(
		output("tc filter show dev va ingress | grep -c 'pref 2 bpf.*handle 0x1'"), "1");
	assert_string_equal(output("tc filter show dev va egress | grep -c 'u32.*ht divisor'"),
			    "2");
}

static void hook_clsact_on_a_qdisc_of_kind_ingress(void **state)
{
	struct hook hook = {};

	(void)state;
	run("tc qdisc add dev va ingress");
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), -EEXIST);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, 0);
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, 0);
	hook_detach(&hook);
	assert_string_equal(qdisc_kind(), "ingress");
}

static void hook_clsact_removed_by_others_is_noticed(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	run("tc filter del dev va ingress");
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	run("tc qdisc del dev va clsact");

	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	run("tc qdisc del dev va clsact");
	assert_int_equal(hook_check(&hook), 0);
	/* What they make instead is theirs, even if it is empty. */
	run("tc qdisc add dev va clsact");
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	assert_string_equal(qdisc_kind(), "clsact");
}

static void hook_clsact_replaced_by_others_is_left_to_them(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	foreign_filter(foreign[0].fd, BPF_TC_INGRESS, hook.priority, hook.handle, BPF_TC_F_REPLACE);
	assert_int_equal(hook_check(&hook), 0);
	hook_detach(&hook);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, foreign[0].id, 0);
}

static void hook_clsact_of_a_killed_process_is_replaced(void **state)
{
	struct hook hook = {}, other = {};
	struct child child;

	(void)state;
	child = child_start(child_attach_tc);
	child_kill(&child);
	child = child_start(child_attach_tc_egress);
	child_kill(&child);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, 0);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, ours_egress.id, 0);
	/* Others use our handle, or our name, but never both. */
	foreign_filter(foreign[0].fd, BPF_TC_INGRESS, 1, 0xf10b0fff, 0);
	foreign_filter(ours_ingress.fd, BPF_TC_INGRESS, 5, 1, 0);

	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_TAIL), 0);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, foreign[0].id, ours_ingress.id, ours_ingress.id,
			0);
	assert_int_equal(hook.priority, 0xfffe);
	assert_int_equal(attach(&other, HOOK_CLSACT, FLOW_EGRESS, HOOK_TAIL), 0);
	expect_programs(HOOK_CLSACT, FLOW_EGRESS, ours_egress.id, 0);
	run("tc filter del dev va ingress pref 1");
	run("tc filter del dev va ingress pref 5");
	/* The dead one had made the qdisc: its successor removes it. */
	hook_detach(&hook);
	hook_detach(&other);
	assert_string_equal(qdisc_kind(), "");
}

static void hook_list_has_tcx_before_clsact(void **state)
{
	struct hook hook = {};
	uint32_t ids[2];
	int link;

	(void)state;
	if (without_tcx())
		return;
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	link = foreign_link(foreign[0].fd, TCX_INGRESS, 0);
	close(foreign_link(foreign[1].fd, TCX_EGRESS, 0));
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, foreign[0].id, ours_ingress.id, 0);
	expect_programs(HOOK_TCX, FLOW_INGRESS, foreign[0].id, ours_ingress.id, 0);
	assert_int_equal(hook_list_programs(ifindex, HOOK_TCX, FLOW_INGRESS, ids, 1), 1);
	assert_int_equal(ids[0], foreign[0].id);
	close(link);
	hook_detach(&hook);
}

/* --- XDP --- */

static void hook_xdp_native_on_veth(void **state)
{
	struct hook hook = {};

	(void)state;
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, ours_xdp.id, 0);
	assert_string_equal(output("ip link show dev va | grep -c ' xdp '"), "1");
	assert_int_equal(hook_check(&hook), 1);
	hook_detach(&hook);
	wait_for_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, 0);
}

static void hook_xdp_generic_where_the_driver_has_none(void **state)
{
	struct hook hook = {};

	(void)state;
	run("ip link add br0 type bridge && ip link set br0 up");
	ifindex = if_nametoindex("br0");
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EOPNOTSUPP);
	assert_int_equal(attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), 0);
	assert_string_equal(output("ip link show dev br0 | grep -c ' xdpgeneric '"), "1");
	expect_programs(HOOK_XDP_GENERIC, FLOW_INGRESS, ours_xdp.id, 0);
	assert_int_equal(hook_check(&hook), 1);
	hook_detach(&hook);
}

static void hook_xdp_of_others_is_busy(void **state)
{
	struct hook hook = {};
	int link;

	(void)state;
	assert_int_equal(bpf_xdp_attach(ifindex, foreign_xdp.fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	assert_int_equal(attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, foreign_xdp.id, 0);
	assert_int_equal(bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL), 0);
	link = foreign_link(foreign_xdp.fd, BPF_XDP, XDP_FLAGS_SKB_MODE);
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	assert_int_equal(attach(&hook, HOOK_XDP_GENERIC, FLOW_INGRESS, HOOK_HEAD), -EBUSY);
	expect_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, foreign_xdp.id, 0);
	close(link);
	wait_for_programs(HOOK_XDP_NATIVE, FLOW_INGRESS, 0);
	/* The lock was given back every time. */
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_EGRESS, HOOK_HEAD), -EINVAL);
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
	for (i = tcx ? 0 : 1; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		assert_int_equal(attach(&hook, kinds[i], FLOW_INGRESS, HOOK_HEAD), 0);
		assert_int_equal(hook_check(&hook), 1);
		run("ip link del va");
		assert_int_equal(hook_check(&hook), 0);
		hook_detach(&hook);
		assert_int_equal(hook.attached, 0);
		assert_int_equal(attach(&hook, kinds[i], FLOW_INGRESS, HOOK_HEAD), -ENODEV);
		assert_int_equal(hook.attached, 0);
		assert_true(hook_list_programs(ifindex, kinds[i], FLOW_INGRESS, ids, 4) <= 0);
		run("ip link add va type veth peer name vb");
		ifindex = if_nametoindex("va");
	}
}

/* --- one flowprobe per hook --- */

static void hook_of_a_living_process_is_refused(void **state)
{
	struct hook hook = {}, egress = {};
	struct child child;
	int owner = 0, i;

	(void)state;
	child = child_start(child_attach_tc);
	assert_int_equal(hook_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD, ifindex,
				     ours_ingress.fd, &owner),
			 -EADDRINUSE);
	assert_int_equal(owner, child.pid);
	assert_int_equal(hook.attached, 0);
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), -EADDRINUSE);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, 0);
	assert_int_equal(attach(&egress, HOOK_CLSACT, FLOW_EGRESS, HOOK_HEAD), 0);
	hook_detach(&egress);
	child_kill(&child);

	/* Asking does not wear the lock out, as long as its owner looks after it. */
	assert_int_equal(attach(&hook, HOOK_XDP_NATIVE, FLOW_INGRESS, HOOK_HEAD), 0);
	for (i = 0; i < 200; i++) {
		assert_int_equal(hook_attach(&egress, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD, ifindex,
					     ours_ingress.fd, &owner),
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
	assert_int_equal(hook_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD, ifindex,
				     ours_ingress.fd, &owner),
			 -EADDRINUSE);
	assert_int_equal(owner, child.pid);
	child_kill(&child);
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	hook_detach(&hook);
}

static void hook_squatted_by_an_unprivileged_user_is_attached(void **state)
{
	int (*const squatters[])(void) = {
		child_squat,
		child_squat_without_listening,
		child_squat_with_a_full_queue,
		child_squat_from_a_user_namespace,
	};
	struct child child;
	struct hook hook = {};
	size_t i;

	(void)state;
	log_set_level(LOG_ERROR);
	for (i = 0; i < sizeof(squatters) / sizeof(squatters[0]); i++) {
		child = child_start(squatters[i]);
		assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
		assert_int_equal(hook.lock_fd, -1);
		assert_int_equal(hook_check(&hook), 1);
		hook_detach(&hook);
		assert_string_equal(qdisc_kind(), "");
		child_kill(&child);
	}
	log_set_level(LOG_INFO);
}

static void hook_without_lock_leaves_the_filter_of_another(void **state)
{
	struct child child = child_start(child_squat);
	struct child first, second;
	struct hook hook = {};

	(void)state;
	log_set_level(LOG_ERROR);
	first = child_start(child_attach_tc);
	second = child_start(child_attach_tc);
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, ours_ingress.id,
			ours_ingress.id, 0);
	hook_detach(&hook);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, ours_ingress.id, 0);
	child_kill(&first);
	child_kill(&second);
	child_kill(&child);
	/* With the lock, both are known to be left over. */
	assert_int_equal(attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD), 0);
	expect_programs(HOOK_CLSACT, FLOW_INGRESS, ours_ingress.id, 0);
	hook_detach(&hook);
	assert_string_equal(qdisc_kind(), "");
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

#define netns_test(function) cmocka_unit_test_setup(function, test_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(hook_tcx_head_and_tail_among_foreign_programs),
		netns_test(hook_tcx_taken_off_by_force_is_noticed),
		netns_test(hook_tcx_ends_with_its_process),
		netns_test(hook_tcx_supported_attaches_nothing),
		netns_test(hook_clsact_alone_leaves_nothing_behind),
		netns_test(hook_clsact_of_others_stays),
		netns_test(hook_clsact_of_ours_stays_for_others),
		netns_test(hook_clsact_head_and_tail_among_foreign_filters),
		netns_test(hook_clsact_priority_of_another_classifier_is_passed_over),
		netns_test(hook_clsact_on_a_qdisc_of_kind_ingress),
		netns_test(hook_clsact_removed_by_others_is_noticed),
		netns_test(hook_clsact_replaced_by_others_is_left_to_them),
		netns_test(hook_clsact_of_a_killed_process_is_replaced),
		netns_test(hook_list_has_tcx_before_clsact),
		netns_test(hook_xdp_native_on_veth),
		netns_test(hook_xdp_generic_where_the_driver_has_none),
		netns_test(hook_xdp_of_others_is_busy),
		netns_test(hook_of_a_deleted_device_is_off),
		netns_test(hook_of_a_living_process_is_refused),
		netns_test(hook_of_an_owner_with_net_admin_is_refused),
		netns_test(hook_squatted_by_an_unprivileged_user_is_attached),
		netns_test(hook_without_lock_leaves_the_filter_of_another),
		cmocka_unit_test(hook_kind_name_of_each),
	};

	if (geteuid() != 0) {
		printf("1..1\nok 1 # SKIP needs root\n");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, group_setup, NULL);
}
