// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The address and port that a connection comes from, on sockets of the loopback interface. */
#include "export/local_end.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct local_end end;
static struct transport transport;
static int fds[2] = {-1, -1};

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
	memset(&transport, 0, sizeof(transport));
	return 0;
}

static void init(const char *address, uint16_t port)
{
	const struct export_settings settings = {.source_address = address, .source_port = port};
	char error[128] = "";

	assert_int_equal(local_end_init(&end, &settings, error, sizeof(error)), 0);
	assert_string_equal(error, "");
}

static int open_socket(int index, int family)
{
	if (fds[index] >= 0)
		close(fds[index]);
	fds[index] = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fds[index] >= 0);
	return fds[index];
}

/* The port the socket has; its address must be that text. */
static uint16_t own_port(int index, const char *address)
{
	struct sockaddr_storage own;
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&own;
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&own;
	int is_ipv4;
	socklen_t bytes = sizeof(own);
	char text[INET6_ADDRSTRLEN];

	assert_int_equal(getsockname(fds[index], (struct sockaddr *)&own, &bytes), 0);
	is_ipv4 = own.ss_family == AF_INET;
	inet_ntop(own.ss_family, is_ipv4 ? (const void *)&ipv4->sin_addr : &ipv6->sin6_addr, text,
		  sizeof(text));
	assert_string_equal(text, address);
	return ntohs(is_ipv4 ? ipv4->sin_port : ipv6->sin6_port);
}

static void connect_to_loopback(int index, int family)
{
	struct sockaddr_in6 ipv6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET,
				   .sin_port = htons(9),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (family == AF_INET)
		assert_int_equal(connect(fds[index], (struct sockaddr *)&ipv4, sizeof(ipv4)), 0);
	else
		assert_int_equal(connect(fds[index], (struct sockaddr *)&ipv6, sizeof(ipv6)), 0);
}

static void local_end_family_is_that_of_the_address(void **state)
{
	(void)state;
	init(NULL, 0);
	assert_int_equal(local_end_family(&end), AF_UNSPEC);
	init(NULL, 4739);
	assert_int_equal(local_end_family(&end), AF_UNSPEC);
	init("127.0.0.1", 0);
	assert_int_equal(local_end_family(&end), AF_INET);
	init("::1", 0);
	assert_int_equal(local_end_family(&end), AF_INET6);
}

static void local_end_refuses_what_is_no_address(void **state)
{
	static const char *const wrong[] = {"",	     "eth0",	  "localhost",
					    "1.2.3", "1.2.3.4.5", "::1%lo"};
	char error[128], expected[128];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct export_settings settings = {.source_address = wrong[i]};

		assert_int_equal(local_end_init(&end, &settings, error, sizeof(error)), -EINVAL);
		snprintf(expected, sizeof(expected),
			 "source_address \"%s\" is not an IPv4 or IPv6 address", wrong[i]);
		assert_string_equal(error, expected);
	}
}

static void local_end_without_settings_binds_nothing(void **state)
{
	(void)state;
	init(NULL, 0);
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), 0);
	assert_int_equal(own_port(0, "0.0.0.0"), 0);
}

static void local_end_address_is_bound_and_the_port_remembered(void **state)
{
	static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 127, 0, 0, 2};
	uint16_t port;

	(void)state;
	init("127.0.0.2", 0);
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), 0);
	connect_to_loopback(0, AF_INET);
	port = own_port(0, "127.0.0.2");
	local_end_remember(&end, fds[0], &transport);
	assert_int_equal(transport.has_address, 1);
	assert_memory_equal(transport.address, mapped, sizeof(mapped));
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), 0);
	assert_int_equal(own_port(0, "127.0.0.2"), port);
}

static void local_end_ipv6_is_bound_and_remembered(void **state)
{
	static const uint8_t loopback[16] = {[15] = 1};
	uint16_t port;

	(void)state;
	init("::1", 0);
	if (local_end_bind(&end, open_socket(0, AF_INET6), AF_INET6) == -EADDRNOTAVAIL) {
		print_message("# skip: kernel without IPv6 on the loopback interface\n");
		skip();
	}
	connect_to_loopback(0, AF_INET6);
	port = own_port(0, "::1");
	local_end_remember(&end, fds[0], &transport);
	assert_int_equal(transport.has_address, 1);
	assert_memory_equal(transport.address, loopback, sizeof(loopback));
	init(NULL, port); /* of any address */
	open_socket(0, AF_INET6);
	assert_int_equal(local_end_bind(&end, fds[0], AF_INET6), 0);
	assert_int_equal(own_port(0, "::"), port);
}

/* Makes fds[1] the owner of a port. */
static uint16_t occupy_port(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	open_socket(1, AF_INET);
	assert_int_equal(bind(fds[1], (struct sockaddr *)&any, sizeof(any)), 0);
	return own_port(1, "0.0.0.0");
}

static void local_end_remembered_port_that_is_taken_is_given_up(void **state)
{
	uint16_t port;

	(void)state;
	init(NULL, 0);
	end.port = occupy_port();
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), 0);
	port = own_port(0, "0.0.0.0");
	assert_int_not_equal(port, 0);
	assert_int_not_equal(port, end.port);
	connect_to_loopback(0, AF_INET);
	local_end_remember(&end, fds[0], &transport);
	assert_int_equal(end.port, port);
}

static void local_end_configured_port_that_is_taken_is_an_error(void **state)
{
	(void)state;
	init(NULL, occupy_port());
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), -EADDRINUSE);
}

static void local_end_address_of_another_host_is_an_error(void **state)
{
	(void)state;
	init("192.0.2.1", 0);
	assert_int_equal(local_end_bind(&end, open_socket(0, AF_INET), AF_INET), -EADDRNOTAVAIL);
}

static void local_end_of_no_socket_is_not_remembered(void **state)
{
	(void)state;
	init(NULL, 0);
	transport.has_address = 1;
	end.port = 7;
	local_end_remember(&end, -1, &transport);
	assert_int_equal(transport.has_address, 0);
	assert_int_equal(end.port, 7);
}

#define LOCAL_END_TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCAL_END_TEST(local_end_family_is_that_of_the_address),
		LOCAL_END_TEST(local_end_refuses_what_is_no_address),
		LOCAL_END_TEST(local_end_without_settings_binds_nothing),
		LOCAL_END_TEST(local_end_address_is_bound_and_the_port_remembered),
		LOCAL_END_TEST(local_end_ipv6_is_bound_and_remembered),
		LOCAL_END_TEST(local_end_remembered_port_that_is_taken_is_given_up),
		LOCAL_END_TEST(local_end_configured_port_that_is_taken_is_an_error),
		LOCAL_END_TEST(local_end_address_of_another_host_is_an_error),
		LOCAL_END_TEST(local_end_of_no_socket_is_not_remembered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
