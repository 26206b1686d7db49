/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the tests of attaching share: programs to attach, ours and foreign ones, and for each test a
 * network namespace of its own with a veth pair.
 *
 * What is checked is what the kernel then says: programs and their order by id, filters and qdiscs
 * as tc(8) lists them. The programs do nothing but pass, under the names that the shipped ones
 * have, because a left-over filter is recognised by its name. What goes wrong fails the running
 * cmocka test.
 */
#ifndef FLOWPROBE_TESTS_ATTACH_FIXTURE_H
#define FLOWPROBE_TESTS_ATTACH_FIXTURE_H

#include <bpf/libbpf.h>
#include <stdint.h>

#include "capture/attach.h"

struct fixture_program {
	int fd;
	uint32_t id;
};

struct attach_fixture {
	uint32_t ifindex; /* of va */
	struct fixture_program ours_ingress, ours_egress, ours_xdp;
	struct fixture_program foreign[3], foreign_xdp;
	int tcx; /* whether the kernel has TCX */
};

extern struct attach_fixture fixture;

/* Prints the plan of a program that is skipped and returns 1 unless this is root. */
int fixture_lacks_root(void);

/* Loads the programs. */
int fixture_setup_group(void **state);

/* Every test starts with va and vb, a veth pair that is up, alone in the world. */
int fixture_setup_test(void **state);
#define fixture_test(function) cmocka_unit_test_setup(function, fixture_setup_test)

/* hook_attach() of our program for this kind and direction to the interface of the fixture. */
int fixture_attach(struct hook *hook, enum hook_kind kind, enum flow_direction direction,
		   enum hook_position position);

/* For child_start(): attaches our filter at the head of ingress. */
int fixture_attach_filter(void);

/* Others' filter on the hook; makes no qdisc. */
void fixture_foreign_filter(int fd, enum bpf_tc_attach_point point, uint32_t priority,
			    uint32_t handle, uint32_t flags);

/* Others' TCX or XDP link; the caller closes it. */
int fixture_foreign_link(int fd, int type, uint32_t flags);

/* Runs a shell command, which must succeed. */
void fixture_run(const char *command);

/* The output of a shell command, without its last newline; good until the next call. */
const char *fixture_output(const char *command);

/* "clsact" or "ingress" if va has such a qdisc, or "". */
const char *fixture_qdisc_kind(void);

/* Asserts that exactly the programs of these ids are on the hook, in this order; 0 ends them. */
void fixture_expect_programs(enum hook_kind kind, enum flow_direction direction, ...);

/* Waits until so many are: the kernel may take a closed link off a moment later. */
void fixture_await_programs(enum hook_kind kind, enum flow_direction direction, int expected);

#endif
