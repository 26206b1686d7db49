// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names to addresses without waiting. The C library's resolver is played for names that end in
 * ".test": it has some addresses, or none, or takes as long as the test wants; literals and
 * localhost are the real one's.
 */
#include "export/resolver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"

#define HANG_SECONDS 120
#define PORT 4739
#define NEVER UINT64_MAX
#define MANY (RESOLVED_MAX + 2)

/* --- the resolver of the C library --- */

struct fake_answer {
	struct addrinfo info[MANY];
	struct sockaddr_in addresses[MANY];
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int questions; /* about names that end in .test */
	int answers;
	int held; /* questions wait */
	int thread_fails;
	int without_hosts; /* nobody knows localhost */
	sigset_t mask; /* of the thread that asked last */
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
void __real_freeaddrinfo(struct addrinfo *list);
void __wrap_freeaddrinfo(struct addrinfo *list);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
			  void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
			  void *arg);

static int ends_in_test(const char *host)
{
	size_t length = strlen(host);

	return length > 5 && strcmp(host + length - 5, ".test") == 0;
}

/* 192.0.2.1, 192.0.2.2, ... */
static struct addrinfo *make_answer(int count)
{
	struct fake_answer *answer = calloc(1, sizeof(*answer));

	for (int i = 0; i < count; i++) {
		answer->addresses[i].sin_family = AF_INET;
		answer->addresses[i].sin_port = htons(PORT);
		answer->addresses[i].sin_addr.s_addr = htonl(0xc0000201u + (unsigned int)i);
		answer->info[i].ai_addr = (struct sockaddr *)&answer->addresses[i];
		answer->info[i].ai_addrlen = sizeof(answer->addresses[i]);
		answer->info[i].ai_next = i + 1 < count ? &answer->info[i + 1] : NULL;
	}
	answer->info[0].ai_canonname = (char *)&fake; /* ours */
	return answer->info;
}

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	if (fake.without_hosts && host && strcmp(host, "localhost") == 0)
		return EAI_NONAME;
	if (!host || !ends_in_test(host) || hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, list);
	pthread_mutex_lock(&fake.lock);
	fake.questions++;
	pthread_sigmask(SIG_SETMASK, NULL, &fake.mask);
	pthread_cond_broadcast(&fake.changed);
	while (fake.held)
		pthread_cond_wait(&fake.changed, &fake.lock);
	fake.answers++;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
	if (strcmp(host, "none.test") == 0)
		return EAI_NONAME;
	*list = make_answer(strcmp(host, "many.test") == 0 ? MANY : 2);
	if (strcmp(host, "twice.test") == 0)
		memcpy((*list)->ai_next->ai_addr, (*list)->ai_addr, (*list)->ai_addrlen);
	return 0;
}

void __wrap_freeaddrinfo(struct addrinfo *list)
{
	if (list->ai_canonname == (char *)&fake)
		free(list); /* the first member of its block */
	else
		__real_freeaddrinfo(list);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
			  void *arg)
{
	return fake.thread_fails ? EAGAIN : __real_pthread_create(thread, attributes, run, arg);
}

static void hold(int held)
{
	pthread_mutex_lock(&fake.lock);
	fake.held = held;
	pthread_cond_broadcast(&fake.changed);
	pthread_mutex_unlock(&fake.lock);
}

static void wait_for_questions(int questions)
{
	pthread_mutex_lock(&fake.lock);
	while (fake.questions < questions)
		pthread_cond_wait(&fake.changed, &fake.lock);
	assert_int_equal(fake.questions, questions);
	pthread_mutex_unlock(&fake.lock);
}

/* --- tests --- */

static struct resolver *resolver;
static struct resolved list[RESOLVED_MAX];
static int files; /* open before a test */

static int count_files(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int set_up(void **state)
{
	(void)state;
	fake.questions = 0;
	fake.answers = 0;
	memset(list, 0, sizeof(list));
	files = count_files();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake.thread_fails = 0;
	fake.without_hosts = 0;
	hold(0);
	resolver_free(resolver);
	resolver = NULL;
	return 0;
}

static int is_readable(void)
{
	struct pollfd fd = {.fd = resolver_fd(resolver), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static int wait_and_take(void)
{
	struct pollfd fd = {.fd = resolver_fd(resolver), .events = POLLIN};

	assert_int_equal(poll(&fd, 1, -1), 1);
	return resolver_take(resolver, list);
}

static void make_resolver(const char *host, int family)
{
	resolver = resolver_new(host, PORT, family);
	assert_non_null(resolver);
}

static void expect_address(int index, const char *text)
{
	const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&list[index].address;
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&list[index].address;
	char found[INET6_ADDRSTRLEN];

	if (ipv4->sin_family == AF_INET) {
		assert_int_equal(list[index].bytes, sizeof(*ipv4));
		assert_int_equal(ipv4->sin_port, htons(PORT));
		inet_ntop(AF_INET, &ipv4->sin_addr, found, sizeof(found));
	} else {
		assert_int_equal(ipv6->sin6_family, AF_INET6);
		assert_int_equal(list[index].bytes, sizeof(*ipv6));
		assert_int_equal(ipv6->sin6_port, htons(PORT));
		inet_ntop(AF_INET6, &ipv6->sin6_addr, found, sizeof(found));
	}
	assert_string_equal(found, text);
}

static void resolver_answers_a_literal_at_once(void **state)
{
	static const char *const literals[] = {"192.0.2.7", "2001:db8::7"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		resolver_free(resolver);
		make_resolver(literals[i], AF_UNSPEC);
		assert_int_equal(resolver_take(resolver, list), 0); /* nothing was asked */
		resolver_ask(resolver);
		assert_int_equal(is_readable(), 1);
		assert_int_equal(resolver_take(resolver, list), 1);
		expect_address(0, literals[i]);
	}
}

static void resolver_literal_of_another_family_is_no_address(void **state)
{
	(void)state;
	make_resolver("192.0.2.7", AF_INET6);
	resolver_ask(resolver);
	assert_int_equal(resolver_take(resolver, list), EAI_ADDRFAMILY);
	resolver_free(resolver);
	make_resolver("2001:db8::7", AF_INET);
	resolver_ask(resolver);
	assert_int_equal(resolver_take(resolver, list), EAI_ADDRFAMILY);
	assert_int_equal(resolver_take(resolver, list), 0);
}

static void resolver_knows_localhost(void **state)
{
	(void)state;
	make_resolver("localhost", AF_INET);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), 1);
	expect_address(0, "127.0.0.1");
}

static void resolver_knows_localhost_where_nobody_else_does(void **state)
{
	fake.without_hosts = 1;
	resolver_knows_localhost(state);
}

static void resolver_gives_an_answer_once(void **state)
{
	(void)state;
	make_resolver("two.test", AF_UNSPEC);
	for (int i = 1; i <= 2; i++) {
		resolver_ask(resolver);
		assert_int_equal(wait_and_take(), 2);
		expect_address(0, "192.0.2.1");
		expect_address(1, "192.0.2.2");
		assert_int_equal(is_readable(), 0);
		assert_int_equal(resolver_take(resolver, list), 0);
		assert_int_equal(fake.questions, i);
	}
}

static void resolver_says_why_there_is_none(void **state)
{
	(void)state;
	make_resolver("none.test", AF_UNSPEC);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), EAI_NONAME);
}

static void resolver_takes_an_address_once(void **state)
{
	(void)state;
	make_resolver("twice.test", AF_UNSPEC);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), 1);
	expect_address(0, "192.0.2.1");
}

static void resolver_looks_at_so_many_addresses(void **state)
{
	(void)state;
	make_resolver("many.test", AF_UNSPEC);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), RESOLVED_MAX);
	expect_address(0, "192.0.2.1");
	expect_address(RESOLVED_MAX - 1, "192.0.2.8");
}

static void resolver_asks_once_while_it_waits(void **state)
{
	(void)state;
	hold(1);
	make_resolver("two.test", AF_UNSPEC);
	resolver_ask(resolver);
	wait_for_questions(1);
	resolver_ask(resolver);
	assert_int_equal(resolver_take(resolver, list), 0);
	assert_int_equal(is_readable(), 0);
	hold(0);
	assert_int_equal(wait_and_take(), 2);
	assert_int_equal(fake.questions, 1);
	assert_int_equal(sigismember(&fake.mask, SIGTERM), 1); /* signals are for others */
}

static void resolver_freed_does_not_wait_for_the_answer(void **state)
{
	(void)state;
	hold(1);
	make_resolver("two.test", AF_UNSPEC);
	resolver_ask(resolver);
	wait_for_questions(1);
	resolver_free(resolver);
	resolver = NULL;
	assert_int_equal(fake.answers, 0);
	hold(0);
	while (count_files() > files) /* the thread that asked tidies up */
		sched_yield();
	resolver_free(NULL);
}

static void resolver_without_a_thread_says_try_again(void **state)
{
	(void)state;
	make_resolver("two.test", AF_UNSPEC);
	fake.thread_fails = 1;
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), EAI_AGAIN);
	fake.thread_fails = 0;
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), 2);
}

static void limit_files(rlim_t limit)
{
	struct rlimit files_limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files_limit), 0);
	files_limit.rlim_cur = limit ? limit : files_limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files_limit), 0);
}

/* Whoever waits for the answer to a question that could not be asked must not spin. */
static void resolver_without_files_asks_another_time(void **state)
{
	(void)state;
	make_resolver("two.test", AF_UNSPEC);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), 2);
	limit_files(3);
	resolver_ask(resolver);
	assert_null(resolver_new("two.test", PORT, AF_UNSPEC));
	limit_files(0);
	assert_int_equal(is_readable(), 0);
	assert_int_equal(resolver_take(resolver, list), 0);
	resolver_ask(resolver);
	assert_int_equal(wait_and_take(), 2);
}

static void look_up_waits_for_the_answer(void **state)
{
	struct export_control control = {.wake_fd = -1};

	(void)state;
	assert_int_equal(resolver_look_up("two.test", PORT, AF_UNSPEC, NEVER, &control, list), 2);
	expect_address(1, "192.0.2.2");
	assert_int_equal(resolver_look_up("none.test", PORT, AF_UNSPEC, NEVER, &control, list),
			 EAI_NONAME);
	while (count_files() > files)
		sched_yield();
}

static void look_up_ends_at_its_time_or_when_it_is_over(void **state)
{
	struct export_control control = {.wake_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)};
	uint64_t until_ns = clock_monotonic_ns() + 10 * NS_PER_MS;

	(void)state;
	hold(1);
	assert_int_equal(resolver_look_up("two.test", PORT, AF_UNSPEC, until_ns, &control, list),
			 EAI_AGAIN);
	assert_true(clock_monotonic_ns() >= until_ns); /* a stop does not end it */
	control.over = 1;
	assert_int_equal(resolver_look_up("two.test", PORT, AF_UNSPEC, NEVER, &control, list),
			 EAI_AGAIN);
	hold(0);
	close(control.wake_fd);
	while (count_files() > files)
		sched_yield();
}

static void resolved_is_same_compares_address_and_port(void **state)
{
	struct resolved one[RESOLVED_MAX];
	struct export_control control = {.wake_fd = -1};

	(void)state;
	resolver_look_up("192.0.2.7", PORT, AF_UNSPEC, NEVER, &control, list);
	resolver_look_up("192.0.2.7", PORT, AF_UNSPEC, NEVER, &control, one);
	assert_int_equal(resolved_is_same(&list[0], &one[0]), 1);
	resolver_look_up("192.0.2.7", PORT + 1, AF_UNSPEC, NEVER, &control, one);
	assert_int_equal(resolved_is_same(&list[0], &one[0]), 0);
	resolver_look_up("192.0.2.8", PORT, AF_UNSPEC, NEVER, &control, one);
	assert_int_equal(resolved_is_same(&list[0], &one[0]), 0);
	one[0].bytes = 0;
	assert_int_equal(resolved_is_same(&list[0], &one[0]), 0);
}

#define RESOLVER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOLVER_TEST(resolver_answers_a_literal_at_once),
		RESOLVER_TEST(resolver_literal_of_another_family_is_no_address),
		RESOLVER_TEST(resolver_knows_localhost),
		RESOLVER_TEST(resolver_knows_localhost_where_nobody_else_does),
		RESOLVER_TEST(resolver_gives_an_answer_once),
		RESOLVER_TEST(resolver_says_why_there_is_none),
		RESOLVER_TEST(resolver_takes_an_address_once),
		RESOLVER_TEST(resolver_looks_at_so_many_addresses),
		RESOLVER_TEST(resolver_asks_once_while_it_waits),
		RESOLVER_TEST(resolver_freed_does_not_wait_for_the_answer),
		RESOLVER_TEST(resolver_without_a_thread_says_try_again),
		RESOLVER_TEST(resolver_without_files_asks_another_time),
		RESOLVER_TEST(look_up_waits_for_the_answer),
		RESOLVER_TEST(look_up_ends_at_its_time_or_when_it_is_over),
		RESOLVER_TEST(resolved_is_same_compares_address_and_port),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
