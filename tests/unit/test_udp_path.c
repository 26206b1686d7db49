// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The UDP transport on paths that get narrower, and that come and go, in a network namespace of the
 * test's own. Needs root.
 */
#include "udp_fixture.h"

#include <pthread.h>
#include <sched.h>

#include "export/collector.h"
#include "lib/log.h"
#include "message_peek.h"
#include "netns.h"

#define WORDS_MAX 12
#define MINUTE_NS (60 * NS_PER_S)
#define RECORDS 400
#define IP_UDP_HEADER_BYTES 28

static _Atomic uint64_t later_ns; /* than it really is */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + later_ns;
}

/* Runs ip(8) with these words. */
static void ip(const char *words)
{
	const char *arguments[WORDS_MAX + 2] = {"ip"};
	char copy[128], *next = copy;

	snprintf(copy, sizeof(copy), "%s", words);
	for (int i = 1; i <= WORDS_MAX && next; i++)
		arguments[i] = strsep(&next, " ");
	if (netns_command(arguments))
		fail_msg("ip %s", words);
}

static int set_up(void **state)
{
	later_ns = 0;
	ip("link set lo up mtu 1500");
	return udp_set_up(state);
}

static int tear_down(void **state)
{
	ip("address flush dev lo");
	ip("link set lo down"); /* with all routes */
	return udp_tear_down(state);
}

static void set_mtu(int mtu)
{
	char words[64];

	snprintf(words, sizeof(words), "link set lo mtu %d", mtu);
	ip(words);
}

static void path_is_measured_when_a_session_opens(void **state)
{
	(void)state;
	set_mtu(1000);
	start("127.0.0.1");
	assert_int_equal(transport->message_bytes, 1000 - IP_UDP_HEADER_BYTES);
	assert_int_equal(send_message(1000 - IP_UDP_HEADER_BYTES, 1), 0);
	expect_datagram(1000 - IP_UDP_HEADER_BYTES);
}

static void path_that_gets_narrower_is_noticed_by_a_message(void **state)
{
	(void)state;
	start("127.0.0.1");
	assert_int_equal(transport->message_bytes, WANTED_BYTES);
	assert_int_equal(send_message(WANTED_BYTES, 1), 0);
	expect_datagram(WANTED_BYTES);
	set_mtu(700);
	assert_int_equal(send_message(600, 1), 0); /* it fits */
	expect_datagram(600);
	assert_int_equal(transport->message_bytes, WANTED_BYTES);
	assert_int_equal(send_message(WANTED_BYTES, 1), -EMSGSIZE);
	assert_int_equal(transport->message_bytes, 700 - IP_UDP_HEADER_BYTES);
	assert_int_equal(receive().bytes, -1);
	assert_int_equal(send_message(700 - IP_UDP_HEADER_BYTES, 1), 0);
	expect_datagram(700 - IP_UDP_HEADER_BYTES);
	assert_int_equal(transport->session, 1);
}

static void path_too_narrow_for_a_message_gets_fragments(void **state)
{
	(void)state;
	set_mtu(300);
	start("127.0.0.1");
	assert_int_equal(transport->message_bytes, 512);
	assert_int_equal(send_message(512, 1), 0);
	expect_datagram(512);
}

static void path_that_gets_wider_is_noticed_within_a_minute(void **state)
{
	(void)state;
	set_mtu(300);
	start("127.0.0.1");
	set_mtu(1500);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->message_bytes, 512);
	later_ns = MINUTE_NS;
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->message_bytes, WANTED_BYTES);
	set_mtu(1000); /* not fragmented any more */
	assert_int_equal(send_message(WANTED_BYTES, 1), -EMSGSIZE);
}

/* --- paths that come and go --- */

static void *opener_run(void *arg)
{
	_Atomic int *done = arg;
	int result = open_transport();

	*done = 1;
	return (void *)(intptr_t)result;
}

/* Opens the transport, which has to wait until meanwhile() has been called. */
static int open_meanwhile(void (*meanwhile)(void))
{
	_Atomic int done = 0;
	pthread_t opener;
	void *result;

	assert_int_equal(pthread_create(&opener, NULL, opener_run, &done), 0);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	assert_int_equal(done, 0);
	meanwhile();
	while (!done) { /* rather than wait for a second */
		poke();
		sched_yield();
	}
	pthread_join(opener, &result);
	return (int)(intptr_t)result;
}

static void add_address(void)
{
	ip("address add 192.0.2.1/32 dev lo");
}

static void path_without_a_route_is_waited_for(void **state)
{
	(void)state;
	port = 4739;
	strcpy(target, "udp://192.0.2.1:4739");
	create_transport();
	assert_int_equal(open_meanwhile(add_address), 0);
	assert_int_equal(transport->session, 1);
	open_collector("192.0.2.1");
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void path_without_a_route_does_not_outlast_a_stop(void **state)
{
	static const char *const routes[] = {
		NULL,
		"route add unreachable 192.0.2.1",
		"route add prohibit 192.0.2.1",
		"route add blackhole 192.0.2.1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i])
			ip(routes[i]);
		strcpy(target, "udp://192.0.2.1:4739");
		create_transport();
		assert_int_equal(open_meanwhile(stop), -ECANCELED);
		transport_udp.destroy(transport);
		transport = NULL;
		reset_control();
		if (routes[i])
			ip("route flush 192.0.2.1");
	}
}

static void path_that_goes_away_comes_back_in_the_same_session(void **state)
{
	struct sockaddr_storage from;
	uint16_t source_port;

	(void)state;
	add_address();
	settings.source_address = "127.0.0.1";
	start("192.0.2.1");
	assert_int_equal(send_message(100, 1), 0);
	from = expect_datagram(100);
	source_port = port_of(&from);
	ip("address del 192.0.2.1/32 dev lo");
	poke();
	assert_int_equal(send_message(100, 1), -ENOTCONN);
	assert_int_equal(open_meanwhile(add_address), 0);
	assert_int_equal(transport->session, 1);
	assert_int_equal(transport->nudged, 1);
	assert_int_equal(send_message(100, 1), 0);
	from = expect_datagram(100);
	assert_int_equal(port_of(&from), source_port);
}

static void path_from_an_address_that_goes_waits_for_it(void **state)
{
	(void)state;
	add_address();
	settings.source_address = "192.0.2.1";
	start("127.0.0.1");
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
	ip("address del 192.0.2.1/32 dev lo");
	poke();
	assert_int_equal(send_message(100, 1), -ENOTCONN);
	assert_int_equal(open_meanwhile(add_address), 0);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

/* --- the whole driver --- */

static const struct export_identity identity = {.host = "test", .sampling_interval = 1};
static struct peek peek;

static void send_records(void *driver, uint32_t first, uint32_t count)
{
	for (uint32_t id = first; id < first + count; id++) {
		struct flow_record record = {.packets = 1, .octets = 100};
		uint32_t address = htonl(id);

		memset(record.key.source_address + 10, 0xff, 2);
		memcpy(record.key.source_address + 12, &address, sizeof(address));
		record.key.protocol = IPPROTO_UDP;
		export_driver_ipfix.send(driver, &record, 1, &control);
	}
}

static void path_narrower_costs_no_record(void **state)
{
	char error[256] = "";
	void *driver;

	(void)state;
	open_collector("127.0.0.1");
	settings.name = "udp";
	settings.target = target;
	settings.template_refresh_ns = UINT64_MAX / 2;
	driver = export_driver_ipfix.create(&settings, &identity, error, sizeof(error));
	assert_non_null(driver);
	send_records(driver, 0, RECORDS / 2);
	set_mtu(600);
	send_records(driver, RECORDS / 2, RECORDS / 2);
	control.last = 1;
	export_driver_ipfix.flush(driver, &control);
	export_driver_ipfix.destroy(driver);
	assert_int_equal(control.outcome.sent.records, RECORDS);
	assert_int_equal(control.outcome.lost.records, 0);
	for (struct datagram datagram; (datagram = receive()).bytes >= 0;)
		peek_message(&peek, received, (size_t)datagram.bytes);
	assert_null(peek.problem);
	assert_int_equal(peek.gaps, 0);
	assert_int_equal(peek.templates, 8); /* twice */
	assert_int_equal(peek.flows, RECORDS);
	for (uint32_t i = 0; i < RECORDS; i++)
		assert_int_equal(peek.ids[i], i);
	assert_in_range(peek.longest, WANTED_BYTES - 100, WANTED_BYTES);
}

#define PATH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PATH_TEST(path_is_measured_when_a_session_opens),
		PATH_TEST(path_that_gets_narrower_is_noticed_by_a_message),
		PATH_TEST(path_too_narrow_for_a_message_gets_fragments),
		PATH_TEST(path_that_gets_wider_is_noticed_within_a_minute),
		PATH_TEST(path_without_a_route_is_waited_for),
		PATH_TEST(path_without_a_route_does_not_outlast_a_stop),
		PATH_TEST(path_that_goes_away_comes_back_in_the_same_session),
		PATH_TEST(path_from_an_address_that_goes_waits_for_it),
		PATH_TEST(path_narrower_costs_no_record),
	};
	int err = netns_enter();

	if (err) {
		printf("1..0 # SKIP no network namespace: %s\n", strerror(-err));
		return 0;
	}
	if (!kernel_tells_arrival())
		return 0;
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
