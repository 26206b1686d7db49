// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the tests of attaching share: see attach_fixture.h. */
#include "attach_fixture.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/hook_list.h"

#define WAIT_MS 5000

struct attach_fixture fixture;

static struct fixture_program fixture_load(enum bpf_prog_type type, const char *name, int verdict)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	struct fixture_program program;

	program.fd = bpf_prog_load(type, name, "Dual BSD/GPL", code, 2, NULL);
	assert_true(program.fd >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(program.fd, &info, &size), 0);
	program.id = info.id;
	return program;
}

int fixture_setup_group(void **state)
{
	(void)state;
	fixture.ours_ingress = fixture_load(BPF_PROG_TYPE_SCHED_CLS, "tc_ingress_l2", -1);
	fixture.ours_egress = fixture_load(BPF_PROG_TYPE_SCHED_CLS, "tc_egress_l2", -1);
	fixture.ours_xdp = fixture_load(BPF_PROG_TYPE_XDP, "xdp_ingress", XDP_PASS);
	fixture.foreign[0] = fixture_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_a", -1);
	fixture.foreign[1] = fixture_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_b", -1);
	fixture.foreign[2] = fixture_load(BPF_PROG_TYPE_SCHED_CLS, "foreign_c", -1);
	fixture.foreign_xdp = fixture_load(BPF_PROG_TYPE_XDP, "foreign_xdp", XDP_PASS);
	fixture.tcx = hook_tcx_supported(fixture.ours_ingress.fd);
	return 0;
}

static int fixture_program_fd(enum hook_kind kind, enum flow_direction direction)
{
	if (kind == HOOK_XDP_NATIVE || kind == HOOK_XDP_GENERIC)
		return fixture.ours_xdp.fd;
	return direction == FLOW_INGRESS ? fixture.ours_ingress.fd : fixture.ours_egress.fd;
}

int fixture_attach(struct hook *hook, enum hook_kind kind, enum flow_direction direction,
		   enum hook_position position)
{
	return hook_attach(hook, kind, direction, position, fixture.ifindex,
			   fixture_program_fd(kind, direction), NULL);
}

void fixture_run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

int fixture_setup_test(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	fixture_run("ip link set lo up && ip link add va type veth peer name vb && "
		    "ip link set va up && ip link set vb up");
	fixture.ifindex = if_nametoindex("va");
	return 0;
}

const char *fixture_output(const char *command)
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

const char *fixture_qdisc_kind(void)
{
	return fixture_output("tc qdisc show dev va | "
			      "sed -n 's/^qdisc \\(clsact\\|ingress\\) .*/\\1/p'");
}

void fixture_expect_programs(enum hook_kind kind, enum flow_direction direction, ...)
{
	uint32_t ids[16], expected;
	va_list arguments;
	int count, i = 0;

	count = hook_list_programs(fixture.ifindex, kind, direction, ids, 16);
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

void fixture_await_programs(enum hook_kind kind, enum flow_direction direction, int expected)
{
	uint32_t ids[16];
	int tries;

	for (tries = 0; tries < WAIT_MS; tries++) {
		if (hook_list_programs(fixture.ifindex, kind, direction, ids, 16) == expected)
			return;
		poll(NULL, 0, 1);
	}
	fail_msg("there never were %d programs on the hook", expected);
}

void fixture_foreign_filter(int fd, enum bpf_tc_attach_point point, uint32_t priority,
			    uint32_t handle, uint32_t flags)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = fixture.ifindex, .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = fd, .priority = priority, .handle = handle,
		    .flags = flags);

	assert_int_equal(bpf_tc_attach(&hook, &options), 0);
}

int fixture_foreign_link(int fd, int type, uint32_t flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = flags);
	int link = bpf_link_create(fd, fixture.ifindex, type, &options);

	assert_true(link >= 0);
	return link;
}

int fixture_attach_filter(void)
{
	struct hook hook = {};

	return fixture_attach(&hook, HOOK_CLSACT, FLOW_INGRESS, HOOK_HEAD);
}

int fixture_lacks_root(void)
{
	if (geteuid() == 0)
		return 0;
	printf("1..1\nok 1 # SKIP needs root\n");
	return 1;
}
