// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The UDP transport: who it sends to, from where, how fast, and what it makes of each error. Errors
 * of send(), the answers of the resolver and the clock are played where the real ones cannot be
 * had at will; the rest is real, on the loopback interface. What needs other networks is in
 * test_udp_path.c.
 */
#include "udp_fixture.h"

#include <dirent.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>

#include "lib/log.h"

#define MINUTE_NS (60 * NS_PER_S)
#define ERRORS_MAX 8
#define ADDRESSES_MAX 4

/* --- what is played --- */

static struct {
	int errors[ERRORS_MAX]; /* of the next calls of send(); 0: it does its work */
	size_t count;
	int always; /* error of all later ones; 0: they do theirs */
	unsigned int calls;
} fake_send;

ssize_t __real_send(int fd, const void *data, size_t bytes, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t bytes, int flags);

ssize_t __wrap_send(int fd, const void *data, size_t bytes, int flags)
{
	unsigned int call = fake_send.calls++;
	int error = call < fake_send.count ? fake_send.errors[call] : fake_send.always;

	if (!error)
		return __real_send(fd, data, bytes, flags);
	errno = error;
	return -1;
}

static _Atomic uint64_t later_ns; /* than it really is */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + later_ns;
}

/* Of "collector.test"; all other names are real. */
static struct {
	const char *_Atomic addresses[ADDRESSES_MAX]; /* until NULL; none: it does not exist */
	_Atomic int questions;
	_Atomic int held;
} fake_name;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	struct addrinfo **end = list;

	if (!host || strcmp(host, "collector.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, list);
	fake_name.questions++;
	while (fake_name.held)
		sched_yield();
	for (int i = 0; fake_name.addresses[i]; i++, end = &(*end)->ai_next) {
		if (__real_getaddrinfo(fake_name.addresses[i], service, hints, end))
			abort();
	}
	return fake_name.addresses[0] ? 0 : EAI_NONAME;
}

static void fail_sends(size_t count, int error)
{
	for (size_t i = 0; i < count; i++)
		fake_send.errors[i] = error;
	fake_send.count = count;
	fake_send.calls = 0;
}

static _Atomic int opener_done;

static int set_up(void **state)
{
	memset(&fake_send, 0, sizeof(fake_send));
	for (int i = 0; i < ADDRESSES_MAX; i++)
		fake_name.addresses[i] = NULL;
	fake_name.questions = 0;
	opener_done = 0;
	later_ns = 0;
	return udp_set_up(state);
}

static int tear_down(void **state)
{
	fake_name.held = 0;
	return udp_tear_down(state);
}

/* --- sessions and addresses --- */

static void udp_opens_one_session(void **state)
{
	static const uint8_t loopback[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};

	(void)state;
	open_collector("127.0.0.1");
	create_transport();
	assert_int_equal(transport->session, 0);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 1);
	assert_int_equal(transport->is_open, 1);
	assert_int_equal(transport->nudged, 0);
	assert_int_equal(transport->message_bytes, WANTED_BYTES);
	assert_int_equal(transport->has_address, 1);
	assert_memory_equal(transport->address, loopback, sizeof(loopback));
}

static void udp_message_is_a_datagram(void **state)
{
	static const size_t sizes[] = {16, 512, WANTED_BYTES - 1, WANTED_BYTES};

	(void)state;
	start("127.0.0.1");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(send_message(sizes[i], 1), 0);
		expect_datagram((ssize_t)sizes[i]);
	}
	assert_int_equal(send_message(WANTED_BYTES + 1, 1), -EMSGSIZE);
	assert_int_equal(receive().bytes, -1);
}

static void udp_longest_message_is_what_ip_can_carry(void **state)
{
	(void)state;
	open_collector("127.0.0.1");
	create_transport();
	transport->message_bytes_wanted = TRANSPORT_BYTES_MAX;
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->message_bytes, 65507);
	assert_int_equal(send_message(65507, 1), 0);
	expect_datagram(65507);
}

static void udp_ipv6_is_the_same(void **state)
{
	static const uint8_t loopback[16] = {[15] = 1};
	int probe = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in6 own = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int missing = bind(probe, (const struct sockaddr *)&own, sizeof(own));

	(void)state;
	close(probe);
	if (missing) {
		print_message("# skip: kernel without IPv6 on the loopback interface\n");
		skip();
	}
	start("::1");
	assert_memory_equal(transport->address, loopback, sizeof(loopback));
	assert_int_equal(send_message(WANTED_BYTES, 1), 0);
	assert_int_equal(expect_datagram(WANTED_BYTES).ss_family, AF_INET6);
}

static void udp_comes_from_the_configured_address(void **state)
{
	static const uint8_t own[16] = {[10] = 0xff, 0xff, 127, 0, 0, 2};
	struct sockaddr_storage from;

	(void)state;
	settings.source_address = "127.0.0.2";
	start("127.0.0.1");
	assert_int_equal(send_message(100, 1), 0);
	from = expect_datagram(100);
	assert_int_equal(((struct sockaddr_in *)&from)->sin_addr.s_addr, htonl(0x7f000002));
	assert_memory_equal(transport->address, own, sizeof(own));
}

static void udp_name_of_another_family_than_our_address_is_none(void **state)
{
	(void)state;
	settings.source_address = "::1";
	open_collector("127.0.0.1");
	create_transport();
	stop();
	assert_int_equal(open_transport(), -ECANCELED);
}

static void udp_keeps_its_port_when_the_socket_is_made_anew(void **state)
{
	struct sockaddr_storage first;
	uint16_t source_port;

	(void)state;
	start("127.0.0.1");
	assert_int_equal(send_message(100, 1), 0);
	first = expect_datagram(100);
	source_port = port_of(&first);
	for (int i = 0; i < 3; i++) {
		fail_sends(3, ENETDOWN);
		poke();
		assert_int_equal(send_message(100, 1), -ENOTCONN);
		assert_int_equal(transport->is_open, 0);
		transport->nudged = 0;
		assert_int_equal(open_transport(), 0);
		assert_int_equal(transport->session, 1);
		assert_int_equal(transport->nudged, 1);
		assert_int_equal(send_message(100, 1), 0);
		first = expect_datagram(100);
		assert_int_equal(port_of(&first), source_port);
	}
}

static void udp_comes_from_the_configured_port(void **state)
{
	struct sockaddr_storage from;
	struct sockaddr_in any = {.sin_family = AF_INET};
	socklen_t bytes = sizeof(any);
	int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(probe, (struct sockaddr *)&any, bytes), 0);
	assert_int_equal(getsockname(probe, (struct sockaddr *)&any, &bytes), 0);
	close(probe); /* it was free a moment ago */
	settings.source_port = ntohs(any.sin_port);
	start("127.0.0.1");
	assert_int_equal(send_message(100, 1), 0);
	from = expect_datagram(100);
	assert_int_equal(port_of(&from), settings.source_port);
}

/* --- names --- */

static void create_named(const char *first, const char *second)
{
	fake_name.addresses[0] = first;
	fake_name.addresses[1] = second;
	open_collector("127.0.0.1");
	snprintf(target, sizeof(target), "udp://collector.test:%u", port);
	create_transport();
}

static int threads_at_rest; /* of a program that looks up nothing */

static int count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	int count = 0;

	assert_non_null(tasks);
	while (readdir(tasks))
		count++;
	closedir(tasks);
	return count;
}

/* A minute later the name is looked up again, by a thread that ends when it has answered. That of the
 * answer before may not have ended yet. */
static void look_up_again(void)
{
	int questions = fake_name.questions;

	later_ns += MINUTE_NS;
	assert_int_equal(open_transport(), 0);
	while (fake_name.questions == questions || count_threads() > threads_at_rest)
		sched_yield();
	assert_int_equal(open_transport(), 0);
	assert_int_equal(fake_name.questions, questions + 1);
}

static void udp_name_is_looked_up_every_minute(void **state)
{
	(void)state;
	create_named("127.0.0.1", NULL);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(fake_name.questions, 1);
	assert_int_equal(open_transport(), 0);
	later_ns = MINUTE_NS / 2;
	assert_int_equal(open_transport(), 0);
	assert_int_equal(fake_name.questions, 1);
	look_up_again();
	assert_int_equal(fake_name.questions, 2);
	assert_int_equal(transport->session, 1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_name_with_a_new_address_begins_a_new_session(void **state)
{
	(void)state;
	create_named("127.0.0.1", NULL);
	assert_int_equal(open_transport(), 0);
	close_collector();
	open_collector("127.0.0.2");
	fake_name.addresses[0] = "127.0.0.2";
	look_up_again();
	assert_int_equal(transport->session, 2);
	assert_int_equal(transport->nudged, 0);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_name_with_more_addresses_stays_with_its_own(void **state)
{
	(void)state;
	create_named("127.0.0.1", NULL);
	assert_int_equal(open_transport(), 0);
	fake_name.addresses[0] = "127.0.0.2";
	fake_name.addresses[1] = "127.0.0.1";
	look_up_again();
	assert_int_equal(transport->session, 1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

/* As "localhost" is ::1 first, for a collector that listens on 127.0.0.1 only. */
static void udp_name_whose_first_address_refuses_goes_to_the_next(void **state)
{
	(void)state;
	create_named("127.0.0.9", "127.0.0.1");
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 1);
	assert_int_equal(send_message(100, 1), 0); /* nobody has said anything yet */
	assert_int_equal(send_message(101, 1), -ENOTCONN);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 2);
	assert_int_equal(control.condition.is_down, 0);
	assert_int_equal(send_message(102, 1), 0);
	expect_datagram(102);
	look_up_again(); /* the list is the same */
	assert_int_equal(transport->session, 2);
	assert_int_equal(send_message(103, 1), 0);
	expect_datagram(103);
}

/* Known before the next message is made, so none is lost. */
static void udp_name_whose_first_address_has_refused_opens_the_next(void **state)
{
	(void)state;
	create_named("127.0.0.9", "127.0.0.1");
	assert_int_equal(open_transport(), 0);
	assert_int_equal(send_message(100, 1), 0);
	later_ns = 20 * NS_PER_S; /* a quiet host has nothing to say in between */
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 2);
	assert_int_equal(send_message(101, 1), 0);
	expect_datagram(101);
}

/* Sends some that are refused. */
static void send_in_vain(void)
{
	for (int i = 0; i < 20; i++) {
		assert_int_equal(open_transport(), 0);
		assert_int_equal(send_message(100, 1), 0);
	}
}

static void udp_name_whose_addresses_all_refuse_is_not_hurried_through(void **state)
{
	(void)state;
	create_named("127.0.0.9", "127.0.0.8");
	assert_int_equal(open_transport(), 0);
	assert_int_equal(send_message(100, 1), 0);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 2);
	send_in_vain();
	assert_int_equal(transport->session, 2);
	assert_int_equal(control.condition.is_down, 1);
	for (uint64_t session = 3; session < 6; session++) {
		later_ns += 9 * NS_PER_S;
		send_in_vain();
		assert_int_equal(transport->session, session - 1);
		later_ns += 2 * NS_PER_S;
		assert_int_equal(open_transport(), 0);
		send_in_vain();
		assert_int_equal(transport->session, session);
	}
}

static void udp_name_whose_collector_is_restarted_stays_with_its_address(void **state)
{
	(void)state;
	create_named("127.0.0.1", "127.0.0.9");
	assert_int_equal(open_transport(), 0);
	assert_int_equal(send_message(100, 1), 0);
	later_ns = 6 * NS_PER_S;
	assert_int_equal(send_message(100, 1), 0); /* so it has listened */
	close_collector();
	send_in_vain();
	later_ns += 9 * NS_PER_S;
	send_in_vain();
	assert_int_equal(transport->session, 1);
	assert_int_equal(open_transport(), 0); /* takes the last refusal */
	open_collector("127.0.0.1");
	assert_int_equal(send_message(101, 1), 0);
	expect_datagram(101);
	close_collector();
	send_in_vain();
	later_ns += 2 * NS_PER_S; /* that took too long */
	send_in_vain();
	assert_int_equal(transport->session, 2);
	later_ns += 11 * NS_PER_S; /* nobody there either */
	send_in_vain();
	assert_int_equal(transport->session, 3);
}

static void udp_name_whose_first_address_has_no_way_goes_to_the_next(void **state)
{
	(void)state;
	create_named("127.0.0.9", "127.0.0.1");
	assert_int_equal(open_transport(), 0);
	fail_sends(3, EHOSTUNREACH);
	assert_int_equal(send_message(100, 1), -ENOTCONN);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 2);
	assert_int_equal(send_message(101, 1), 0);
	expect_datagram(101);
}

/* Nobody may connect to the first one. */
static void udp_name_with_more_addresses_takes_one_that_works(void **state)
{
	(void)state;
	create_named("255.255.255.255", "127.0.0.1");
	assert_int_equal(open_transport(), 0);
	assert_int_equal(fake_name.questions, 1);
	assert_int_equal(transport->session, 1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void *opener_run(void *arg)
{
	int result = open_transport();

	(void)arg;
	opener_done = 1;
	return (void *)(intptr_t)result;
}

/* Nobody may connect to the first one. */
static void udp_name_that_gets_an_address_that_works_is_asked_again(void **state)
{
	pthread_t opener;
	void *result;

	(void)state;
	create_named("255.255.255.255", NULL);
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	while (fake_name.questions < 2) {
		poke();
		sched_yield();
	}
	fake_name.addresses[0] = "127.0.0.1";
	while (!opener_done) {
		poke();
		sched_yield();
	}
	pthread_join(opener, &result);
	assert_int_equal((intptr_t)result, 0);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_name_that_is_gone_leaves_the_session_alone(void **state)
{
	(void)state;
	create_named("127.0.0.1", NULL);
	assert_int_equal(open_transport(), 0);
	fake_name.addresses[0] = NULL;
	look_up_again();
	assert_int_equal(transport->session, 1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_name_that_does_not_exist_is_asked_for_until_it_does(void **state)
{
	pthread_t opener;
	void *result;

	(void)state;
	create_named(NULL, NULL);
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	while (fake_name.questions < 3) {
		poke(); /* rather than wait for seconds */
		sched_yield();
	}
	fake_name.addresses[0] = "127.0.0.1";
	poke();
	pthread_join(opener, &result);
	assert_int_equal((intptr_t)result, 0);
	assert_int_equal(transport->session, 1);
}

/* --- stops --- */

static void udp_is_told_that_it_is_over_while_a_name_is_looked_up(void **state)
{
	pthread_t opener;
	void *result;

	(void)state;
	fake_name.held = 1;
	create_named("127.0.0.1", NULL);
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	while (!fake_name.questions)
		sched_yield();
	give_up();
	pthread_join(opener, &result);
	assert_int_equal((intptr_t)result, -ECANCELED);
}

static void udp_stop_without_an_address_is_quick(void **state)
{
	uint64_t begin_ns = clock_monotonic_ns();

	(void)state;
	create_named(NULL, NULL);
	stop();
	assert_int_equal(open_transport(), -ECANCELED);
	assert_true(clock_monotonic_ns() - begin_ns < NS_PER_S); /* which is between attempts */
}

static void udp_stop_still_opens_a_session(void **state)
{
	(void)state;
	open_collector("127.0.0.1");
	create_transport();
	stop();
	assert_int_equal(open_transport(), 0);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

/* --- errors --- */

static void udp_refusal_nudges_and_the_message_is_sent_again_once(void **state)
{
	(void)state;
	start("127.0.0.1");
	close_collector();
	assert_int_equal(send_message(100, 1), 0); /* nobody has said anything yet */
	assert_int_equal(transport->nudged, 0);
	open_collector("127.0.0.1");
	assert_int_equal(send_message(101, 1), 0);
	assert_int_equal(transport->nudged, 1);
	assert_int_equal(transport->session, 1);
	expect_datagram(101);
	transport->nudged = 0;
	assert_int_equal(send_message(102, 1), 0);
	assert_int_equal(transport->nudged, 0);
	expect_datagram(102);
}

/* So that what a restarted collector gets first are the templates. */
static void udp_refusal_is_known_before_the_next_message(void **state)
{
	(void)state;
	start("127.0.0.1");
	close_collector();
	assert_int_equal(send_message(100, 1), 0);
	assert_int_equal(transport->nudged, 0);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->nudged, 1);
	assert_int_equal(transport->session, 1);
}

static void udp_absent_collector_does_not_stop_the_sending(void **state)
{
	(void)state;
	start("127.0.0.1");
	close_collector();
	for (int i = 0; i < 20; i++)
		assert_int_equal(send_message(100, 1), 0);
	assert_int_equal(transport->nudged, 1);
	assert_int_equal(transport->is_open, 1);
}

static void udp_error_of_an_earlier_datagram_is_not_ours(void **state)
{
	static const int errors[] = {EHOSTUNREACH, ENETUNREACH, ENOPROTOOPT, EPROTO,
				     EACCES,	   EHOSTDOWN,	EMSGSIZE,    EINTR};

	(void)state;
	start("127.0.0.1");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_sends(1, errors[i]);
		assert_int_equal(send_message(100 + i, 1), 0);
		expect_datagram((ssize_t)(100 + i));
		assert_int_equal(fake_send.calls, 2);
	}
	assert_int_equal(transport->is_open, 1);
	assert_int_equal(transport->nudged, 0);
}

static void udp_no_way_to_the_collector_ends_the_connection(void **state)
{
	static const int errors[] = {ENETUNREACH, EHOSTUNREACH, ENETDOWN, EADDRNOTAVAIL,
				     ENODEV,	  EINVAL,	EACCES};

	(void)state;
	start("127.0.0.1");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_sends(3, errors[i]);
		poke();
		assert_int_equal(send_message(100, 1), -ENOTCONN);
		assert_int_equal(transport->is_open, 0);
		assert_int_equal(open_transport(), 0);
	}
	assert_int_equal(receive().bytes, -1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_no_way_when_stopping_is_the_end(void **state)
{
	uint64_t begin_ns = clock_monotonic_ns();

	(void)state;
	start("127.0.0.1");
	control.stopping = 1; /* of which it was told before */
	fail_sends(3, ENETUNREACH);
	assert_int_equal(send_message(100, 1), -ENOTCONN);
	assert_int_equal(open_transport(), -ECANCELED);
	assert_true(clock_monotonic_ns() - begin_ns < NS_PER_S);
}

static void udp_other_errors_cost_the_message(void **state)
{
	static const int errors[] = {EPERM, ENOMEM, EIO, ECONNREFUSED};

	(void)state;
	start("127.0.0.1");
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fail_sends(3, errors[i]);
		assert_int_equal(send_message(100, 1), -errors[i]);
		assert_int_equal(transport->is_open, 1);
	}
	assert_int_equal(receive().bytes, -1);
	assert_int_equal(send_message(100, 1), 0);
	expect_datagram(100);
}

static void udp_full_buffers_are_waited_for(void **state)
{
	static const int errors[] = {EAGAIN, ENOBUFS};

	(void)state;
	start("127.0.0.1");
	for (size_t i = 0; i < 2; i++) {
		fail_sends(6, errors[i]);
		assert_int_equal(send_message(100, 1), 0);
		expect_datagram(100);
		fake_send.always = errors[i];
		give_up();
		assert_int_equal(send_message(100, 1), -ECANCELED);
		fake_send.always = 0;
		reset_control();
	}
	assert_int_equal(receive().bytes, -1);
}

static void udp_path_narrower_than_it_says_gets_short_messages(void **state)
{
	(void)state;
	start("127.0.0.1");
	fake_send.always = EMSGSIZE;
	assert_int_equal(send_message(WANTED_BYTES, 1), -EMSGSIZE);
	assert_int_equal(transport->message_bytes, 512);
	assert_int_equal(send_message(512, 1), -EIO); /* there is nothing shorter */
	fake_send.always = 0;
	assert_int_equal(send_message(512, 1), 0);
	expect_datagram(512);
}

#define UDP_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UDP_TEST(udp_opens_one_session),
		UDP_TEST(udp_message_is_a_datagram),
		UDP_TEST(udp_longest_message_is_what_ip_can_carry),
		UDP_TEST(udp_ipv6_is_the_same),
		UDP_TEST(udp_comes_from_the_configured_address),
		UDP_TEST(udp_name_of_another_family_than_our_address_is_none),
		UDP_TEST(udp_keeps_its_port_when_the_socket_is_made_anew),
		UDP_TEST(udp_comes_from_the_configured_port),
		UDP_TEST(udp_name_is_looked_up_every_minute),
		UDP_TEST(udp_name_with_a_new_address_begins_a_new_session),
		UDP_TEST(udp_name_with_more_addresses_stays_with_its_own),
		UDP_TEST(udp_name_with_more_addresses_takes_one_that_works),
		UDP_TEST(udp_name_whose_first_address_refuses_goes_to_the_next),
		UDP_TEST(udp_name_whose_first_address_has_refused_opens_the_next),
		UDP_TEST(udp_name_whose_addresses_all_refuse_is_not_hurried_through),
		UDP_TEST(udp_name_whose_collector_is_restarted_stays_with_its_address),
		UDP_TEST(udp_name_whose_first_address_has_no_way_goes_to_the_next),
		UDP_TEST(udp_name_that_gets_an_address_that_works_is_asked_again),
		UDP_TEST(udp_name_that_is_gone_leaves_the_session_alone),
		UDP_TEST(udp_name_that_does_not_exist_is_asked_for_until_it_does),
		UDP_TEST(udp_is_told_that_it_is_over_while_a_name_is_looked_up),
		UDP_TEST(udp_stop_without_an_address_is_quick),
		UDP_TEST(udp_stop_still_opens_a_session),
		UDP_TEST(udp_refusal_nudges_and_the_message_is_sent_again_once),
		UDP_TEST(udp_refusal_is_known_before_the_next_message),
		UDP_TEST(udp_absent_collector_does_not_stop_the_sending),
		UDP_TEST(udp_error_of_an_earlier_datagram_is_not_ours),
		UDP_TEST(udp_no_way_to_the_collector_ends_the_connection),
		UDP_TEST(udp_no_way_when_stopping_is_the_end),
		UDP_TEST(udp_other_errors_cost_the_message),
		UDP_TEST(udp_full_buffers_are_waited_for),
		UDP_TEST(udp_path_narrower_than_it_says_gets_short_messages),
	};

	if (!kernel_tells_arrival())
		return 0;
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	threads_at_rest = count_threads();
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
