// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Following real interfaces: what ip(8) does in a network namespace of each test's own, and the
 * exact sequence of reports it makes.
 *
 * Reports are compared as text: "+a" appeared, "-a" disappeared, "-a!" is gone. Notifications are
 * in the socket before ip(8) ends, or nearly so; each step waits until the expected text is
 * complete, and whatever comes too much shows up in the next one.
 */
#include "capture/interfaces.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/log.h"

#define WAIT_NS (5 * NS_PER_S)

struct fixture {
	struct interfaces *interfaces;
	char log[4096];
};

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static int test_setup(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	run("ip link set lo up");
	return 0;
}

static void fixture_log(struct fixture *fixture, const char *sign, const char *name,
			const char *more)
{
	size_t used = strlen(fixture->log);

	assert_true(used + 32 < sizeof(fixture->log));
	sprintf(fixture->log + used, "%s%s%s ", sign, name, more);
}

static void fixture_appeared(void *arg, const struct interface *interface)
{
	fixture_log(arg, "+", interface->name, "");
}

static void fixture_disappeared(void *arg, const struct interface *interface, int gone)
{
	fixture_log(arg, "-", interface->name, gone ? "!" : "");
}

/* include may be NULL; lo is excluded. */
static void fixture_open(struct fixture *fixture, const char *include)
{
	static const char *const lo[] = {"lo"};
	const struct interface_events events = {
		.appeared = fixture_appeared, .disappeared = fixture_disappeared, .arg = fixture};
	const struct interface_selection selection = {.include = &include,
						      .include_count = include != NULL,
						      .exclude = lo,
						      .exclude_count = 1};

	memset(fixture, 0, sizeof(*fixture));
	fixture->interfaces = interfaces_open(&selection, &events);
	assert_non_null(fixture->interfaces);
	assert_string_equal(fixture->log, "");
	interfaces_report(fixture->interfaces);
}

/* Processes news until the reports since the last call are exactly these. */
static void fixture_expect(struct fixture *fixture, const char *log)
{
	struct pollfd news = {.fd = interfaces_fd(fixture->interfaces), .events = POLLIN};
	uint64_t end_ns = clock_monotonic_ns() + WAIT_NS;

	assert_int_equal(interfaces_process(fixture->interfaces), 0);
	while (strcmp(fixture->log, log) != 0 && clock_monotonic_ns() < end_ns) {
		if (poll(&news, 1, 100) > 0)
			assert_int_equal(interfaces_process(fixture->interfaces), 0);
	}
	assert_string_equal(fixture->log, log);
	fixture->log[0] = '\0';
}

static void fixture_close(struct fixture *fixture)
{
	interfaces_close(fixture->interfaces);
}

static const struct interface *fixture_find(const struct fixture *fixture, const char *name)
{
	const struct interface *interface;
	size_t position = 0;

	while ((interface = interfaces_next(fixture->interfaces, &position)))
		if (strcmp(interface->name, name) == 0)
			return interface;
	return NULL;
}

static void interfaces_open_reads_what_is_there(void **state)
{
	const struct interface *interface;
	struct fixture fixture;

	(void)state;
	run("ip link add a0 mtu 1400 type veth peer name b0");
	run("ip link add t0 type vxlan external gpe dstport 4790");
	fixture_open(&fixture, "[abt]0");
	fixture_expect(&fixture, "+b0 +a0 +t0 ");
	interface = fixture_find(&fixture, "a0");
	assert_non_null(interface);
	assert_int_equal(interface->mtu, 1400);
	assert_int_equal(interface->flags & IFF_UP, 0);
	assert_int_equal(interface->hardware_type, ARPHRD_ETHER);
	assert_int_equal(interface->link_ifindex, fixture_find(&fixture, "b0")->ifindex);
	assert_int_equal(interface->selected, 1);
	assert_int_equal(interface->reported, 1);
	assert_int_equal(interface_link_layer(fixture_find(&fixture, "t0")), LINK_IP);
	interface = fixture_find(&fixture, "lo");
	assert_int_equal(interface->hardware_type, ARPHRD_LOOPBACK);
	assert_int_equal(interface->selected, 0);
	fixture_close(&fixture);
}

static void interfaces_included_come_and_go(void **state)
{
	struct fixture fixture;
	uint32_t ifindex;

	(void)state;
	fixture_open(&fixture, "v*");
	fixture_expect(&fixture, "");
	run("ip link add va type veth peer name wb");
	fixture_expect(&fixture, "+va ");
	run("ip link set va up && ip link set wb up && ip link set va down && ip link set wb down");
	fixture_expect(&fixture, "");
	run("ip link set wb name vb");
	fixture_expect(&fixture, "+vb ");
	run("ip link set va name wa");
	fixture_expect(&fixture, "-wa ");
	run("ip link set wa name va");
	fixture_expect(&fixture, "+va ");
	ifindex = fixture_find(&fixture, "va")->ifindex;
	run("ip link del va");
	fixture_expect(&fixture, "-va! -vb! ");
	assert_null(fixture_find(&fixture, "va"));
	assert_string_equal(interfaces_get(fixture.interfaces, ifindex)->name, "va");
	fixture_close(&fixture);
}

static void interfaces_same_index_again_is_gone_and_new(void **state)
{
	struct fixture fixture;

	(void)state;
	run("ip link add v0 index 77 type bridge");
	fixture_open(&fixture, "v*");
	fixture_expect(&fixture, "+v0 ");
	run("ip link del v0 && ip link add v2 index 77 type bridge");
	fixture_expect(&fixture, "-v0! +v2 ");
	assert_string_equal(interfaces_get(fixture.interfaces, 77)->name, "v2");
	fixture_close(&fixture);
}

static void interfaces_moved_to_another_namespace_is_gone(void **state)
{
	struct fixture fixture;
	char command[128];

	(void)state;
	run("ip link add va type veth peer name vb");
	fixture_open(&fixture, "v*");
	fixture_expect(&fixture, "+vb +va ");
	/* Into a namespace that ends with the command, and the pair with it. */
	snprintf(command, sizeof(command),
		 "unshare -n sh -c 'nsenter -t %d -n ip link set vb netns $$'", getpid());
	run(command);
	fixture_expect(&fixture, "-vb! -va! ");
	fixture_close(&fixture);
}

static void interfaces_bridge_port_leaving_is_not_gone(void **state)
{
	struct fixture fixture;

	(void)state;
	run("ip link add br0 type bridge && ip link add va type veth peer name wb");
	fixture_open(&fixture, "va");
	fixture_expect(&fixture, "+va ");
	run("ip link set va master br0 && ip link set va up && ip link set br0 up");
	run("ip link set va nomaster");
	fixture_expect(&fixture, "");
	run("ip link add vx type veth peer name vy && ip link del va");
	fixture_expect(&fixture, "-va! ");
	fixture_close(&fixture);
}

static void interfaces_without_default_route_are_those_up(void **state)
{
	struct fixture fixture;

	(void)state;
	run("ip link add a0 type veth peer name b0 && ip link set a0 up");
	fixture_open(&fixture, NULL);
	fixture_expect(&fixture, "+a0 ");
	run("ip link set b0 up");
	fixture_expect(&fixture, "+b0 ");
	run("ip link set a0 down && ip link set b0 down");
	fixture_expect(&fixture, "");
	run("ip link add c0 type veth peer name d0 && ip link set d0 up");
	fixture_expect(&fixture, "+d0 ");
	run("ip link del a0");
	fixture_expect(&fixture, "-a0! -b0! ");
	fixture_close(&fixture);
}

/* What DHCP and router advertisements do after the service has started. */
static void interfaces_first_default_route_ends_all_up(void **state)
{
	static const char *const routes[] = {
		"ip addr add 192.0.2.1/24 dev a0 && ip route add default via 192.0.2.9",
		"ip -6 addr add 2001:db8::1/64 dev a0 nodad && "
		"ip -6 route add default via 2001:db8::9 dev a0 proto ra",
	};
	struct fixture fixture;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		run("ip link add b0 type veth peer name a0 && ip link set a0 up && "
		    "ip link set b0 up");
		fixture_open(&fixture, NULL);
		assert_true(strcmp(fixture.log, "+a0 +b0 ") == 0);
		fixture.log[0] = '\0';
		run("ip addr add 198.51.100.1/24 dev b0 && "
		    "ip route add default via 198.51.100.9 table 100 && "
		    "ip route add unreachable default metric 4000");
		fixture_expect(&fixture, "");
		run(routes[i]);
		fixture_expect(&fixture, "-b0 ");
		assert_int_equal(fixture_find(&fixture, "b0")->selected, 0);
		run("ip route del unreachable default metric 4000");
		run("ip route add default via 198.51.100.9 metric 50");
		fixture_expect(&fixture, "+b0 ");
		run("ip link del a0");
		fixture_expect(&fixture, "-a0! -b0! ");
		run("ip link add c0 type veth peer name d0 && ip link set c0 up");
		fixture_expect(&fixture, "");
		run("ip link del c0");
		fixture_close(&fixture);
	}
}

static void interfaces_with_default_route_follow_it(void **state)
{
	struct fixture fixture;

	(void)state;
	run("for i in a0 b0 c0 d0 e0; do ip link add $i type veth peer name p$i && ip link set p$i "
	    "up "
	    "&& "
	    "ip link set $i up; done");
	run("ip addr add 192.0.2.1/24 dev a0 && ip addr add 198.51.100.1/24 dev b0 && "
	    "ip addr add 203.0.113.1/24 dev c0 && ip -6 addr add 2001:db8::1/64 dev d0 nodad && "
	    "ip addr add 10.0.0.1/24 dev e0");
	run("ip route add default via 192.0.2.9");
	fixture_open(&fixture, NULL);
	fixture_expect(&fixture, "+a0 ");
	assert_int_equal(fixture_find(&fixture, "a0")->default_route, 1);
	assert_int_equal(fixture_find(&fixture, "b0")->default_route, 0);
	/* Not default, not main, not leading anywhere. */
	run("ip route add 10.1.0.0/16 via 10.0.0.9 && ip route add default via 10.0.0.9 table 100 "
	    "&& "
	    "ip route add unreachable default metric 4000 && "
	    "ip route add blackhole default metric 4001");
	fixture_expect(&fixture, "");
	run("ip route add default metric 50 nexthop via 198.51.100.9 dev b0 "
	    "nexthop via 203.0.113.9 dev c0");
	fixture_expect(&fixture, "+b0 +c0 ");
	run("ip -6 route add default via 2001:db8::9 dev d0");
	fixture_expect(&fixture, "+d0 ");
	run("ip route del default metric 50 && ip route del default via 192.0.2.9 && "
	    "ip link set a0 down");
	fixture_expect(&fixture, "");
	run("ip route add default via 10.0.0.9");
	fixture_expect(&fixture, "+e0 ");
	fixture_close(&fixture);
}

static void interfaces_open_finds_multipath_and_ipv6_routes(void **state)
{
	struct fixture fixture;

	(void)state;
	run("for i in a0 b0 c0 d0; do ip link add $i type veth peer name p$i && ip link set p$i up "
	    "&& "
	    "ip link set $i up; done");
	run("ip addr add 198.51.100.1/24 dev a0 && ip addr add 203.0.113.1/24 dev b0 && "
	    "ip -6 addr add 2001:db8::1/64 dev c0 nodad && ip addr add 10.0.0.1/24 dev d0");
	run("ip route add default nexthop via 198.51.100.9 dev a0 nexthop via 203.0.113.9 dev b0 "
	    "&& "
	    "ip -6 route add default via 2001:db8::9 dev c0 && "
	    "ip route add default via 10.0.0.9 table 100");
	fixture_open(&fixture, NULL);
	fixture_expect(&fixture, "+a0 +b0 +c0 ");
	fixture_close(&fixture);
}

static void interfaces_select_reports_the_difference(void **state)
{
	static const char *const b[] = {"b0"};
	const struct interface_selection selection = {.include = b, .include_count = 1};
	struct fixture fixture;

	(void)state;
	run("ip link add a0 type veth peer name b0 && ip link set a0 up");
	fixture_open(&fixture, "a0");
	fixture_expect(&fixture, "+a0 ");
	assert_int_equal(interfaces_select(fixture.interfaces, &selection), 0);
	fixture_expect(&fixture, "");
	interfaces_report(fixture.interfaces);
	assert_true(strcmp(fixture.log, "-a0 +b0 ") == 0 || strcmp(fixture.log, "+b0 -a0 ") == 0);
	fixture_close(&fixture);
}

/* The socket's queue holds some thousand notifications at most. */
static void interfaces_lost_notifications_cost_no_state(void **state)
{
	struct fixture fixture;
	int small = 4096;

	(void)state;
	run("ip link add old type veth peer name pold && ip link add kept type veth peer name "
	    "pkept");
	fixture_open(&fixture, NULL);
	fixture_expect(&fixture, "");
	run("ip link set old up && ip link set kept up");
	fixture_expect(&fixture, "+old +kept ");
	assert_int_equal(setsockopt(interfaces_fd(fixture.interfaces), SOL_SOCKET, SO_RCVBUF,
				    &small, sizeof(small)),
			 0);
	run("for i in $(seq 40); do ip link set kept mtu $((1300 + i)); done");
	run("ip link del old && ip link add new type veth peer name pnew && ip link set new up");
	fixture_expect(&fixture, "-old! +new ");
	assert_int_equal(fixture_find(&fixture, "kept")->mtu, 1340);
	assert_null(fixture_find(&fixture, "pold"));
	fixture_close(&fixture);
}

/* Makes the next dump fail, for want of a descriptor. */
static void descriptors_limit(struct rlimit *before)
{
	struct rlimit none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	none = *before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

/* Loses notifications, and then cannot read it all again either. */
static void fixture_make_stale(struct fixture *fixture)
{
	int small = 4096, big = 1 << 20, fd = interfaces_fd(fixture->interfaces);
	struct pollfd news = {.fd = fd, .events = POLLIN};
	struct rlimit limit;

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	run("for i in $(seq 40); do ip link set kept mtu $((1300 + i)); done");
	run("ip link del old && ip link add new type veth peer name pnew && ip link set new up");
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big)), 0);
	descriptors_limit(&limit);
	assert_int_equal(interfaces_process(fixture->interfaces), -EMFILE);
	/* Until the kernel has nothing more to say about the links. */
	while (poll(&news, 1, 200) > 0)
		assert_int_equal(interfaces_process(fixture->interfaces), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void fixture_open_old_and_kept(struct fixture *fixture)
{
	run("echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
	run("ip link add old type veth peer name pold && ip link add kept type veth peer name "
	    "pkept");
	fixture_open(fixture, NULL);
	fixture_expect(fixture, "");
	run("ip link set old up && ip link set kept up");
	fixture_expect(fixture, "+old +kept ");
}

static void interfaces_process_tries_a_failed_dump_again(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_open_old_and_kept(&fixture);
	fixture_make_stale(&fixture);
	fixture.log[0] = '\0';
	/* Nothing has come since, and nothing has to. */
	assert_int_equal(interfaces_process(fixture.interfaces), 0);
	assert_null(fixture_find(&fixture, "old"));
	assert_non_null(fixture_find(&fixture, "new"));
	assert_int_equal(fixture_find(&fixture, "kept")->mtu, 1340);
	fixture_close(&fixture);
}

static void interfaces_process_reads_a_bounded_number_when_stale(void **state)
{
	struct fixture fixture;
	struct pollfd news = {.events = POLLIN};
	int big = 16 << 20, calls = 0;

	(void)state;
	fixture_open_old_and_kept(&fixture);
	fixture_make_stale(&fixture);
	news.fd = interfaces_fd(fixture.interfaces);
	assert_int_equal(setsockopt(news.fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big)), 0);
	run("for i in $(seq 2500); do echo route add default dev kept metric $i; done | "
	    "ip -batch -");
	/* What is older than a dump must not come after it: no dump before the queue is empty. */
	while (poll(&news, 1, 0) > 0) {
		assert_null(fixture_find(&fixture, "new"));
		assert_int_equal(interfaces_process(fixture.interfaces), 0);
		calls++;
	}
	assert_int_equal(calls, 3);
	assert_non_null(fixture_find(&fixture, "new"));
	fixture_close(&fixture);
}

/* Other routes do not even wake us. */
static void interfaces_other_routes_make_no_news(void **state)
{
	struct pollfd news = {.events = POLLIN};
	struct fixture fixture;

	(void)state;
	run("ip link add a0 type veth peer name b0 && ip link set a0 up && ip link set b0 up && "
	    "ip addr add 192.0.2.1/24 dev a0");
	fixture_open(&fixture, "c0");
	/* Until IPv6 has nothing more to say about the link. */
	news.fd = interfaces_fd(fixture.interfaces);
	while (poll(&news, 1, 200) > 0)
		assert_int_equal(interfaces_process(fixture.interfaces), 0);
	run("ip route add 10.1.0.0/16 via 192.0.2.9 && ip route del 10.1.0.0/16");
	assert_int_equal(poll(&news, 1, 0), 0);
	run("ip route add default via 192.0.2.9");
	assert_int_equal(poll(&news, 1, 0), 1);
	fixture_expect(&fixture, "");
	assert_int_equal(fixture_find(&fixture, "a0")->default_route, 1);
	run("ip route del default");
	assert_int_equal(poll(&news, 1, 0), 0);
	fixture_close(&fixture);
}

static void interfaces_hundreds_at_once(void **state)
{
	struct fixture fixture;
	size_t position = 0, count = 0;

	(void)state;
	fixture_open(&fixture, "last");
	run("(for i in $(seq 100); do echo link add x$i type veth peer name y$i; done; "
	    "echo link add last type veth peer name plast) | ip -batch -");
	fixture_expect(&fixture, "+last ");
	while (interfaces_next(fixture.interfaces, &position))
		count++;
	assert_int_equal(count, 203);
	run("for i in $(seq 100); do echo link del x$i; done | ip -batch -");
	run("ip link del last");
	fixture_expect(&fixture, "-last! ");
	for (position = count = 0; interfaces_next(fixture.interfaces, &position);)
		count++;
	assert_int_equal(count, 1);
	fixture_close(&fixture);
}

#define netns_test(function) cmocka_unit_test_setup(function, test_setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		netns_test(interfaces_open_reads_what_is_there),
		netns_test(interfaces_included_come_and_go),
		netns_test(interfaces_same_index_again_is_gone_and_new),
		netns_test(interfaces_moved_to_another_namespace_is_gone),
		netns_test(interfaces_bridge_port_leaving_is_not_gone),
		netns_test(interfaces_without_default_route_are_those_up),
		netns_test(interfaces_first_default_route_ends_all_up),
		netns_test(interfaces_with_default_route_follow_it),
		netns_test(interfaces_open_finds_multipath_and_ipv6_routes),
		netns_test(interfaces_select_reports_the_difference),
		netns_test(interfaces_lost_notifications_cost_no_state),
		netns_test(interfaces_process_tries_a_failed_dump_again),
		netns_test(interfaces_process_reads_a_bounded_number_when_stale),
		netns_test(interfaces_other_routes_make_no_news),
		netns_test(interfaces_hundreds_at_once),
	};

	if (geteuid() != 0) {
		printf("1..1\nok 1 # SKIP needs root\n");
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
