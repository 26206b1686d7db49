// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A stop while a name is being looked up, and the server for names does not answer: the resolver of
 * the C library cannot be interrupted, and would ask again after five seconds. In a network of its
 * own, where that server is a socket of the test.
 */
#include "export/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curlver.h>

#include "lib/clock.h"
#include "netns.h"

#define HANG_SECONDS 120
#define DNS_PORT 53

static struct export_control control;
static int dns = -1;

/* 0: we may not. */
static int enter_network(void)
{
	static const char *const up[] = {"ip", "link", "set", "dev", "lo", "up", NULL};

	return netns_enter() == 0 && unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && netns_command(up) == 0;
}

static void use_name_server(void)
{
	char path[] = "/tmp/flowprobe-test-resolver-XXXXXX";
	static const char text[] = "nameserver 127.0.0.1\n";
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	int fd = mkstemp(path);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	dns = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && dns >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL), 0);
	unlink(path);
	assert_int_equal(bind(dns, (struct sockaddr *)&address, sizeof(address)), 0);
}

/* The name is being looked up by now. */
static void *end_it(void *arg)
{
	unsigned int *questions = arg;
	uint64_t one = 1;
	char question[512];

	*questions = recv(dns, question, sizeof(question), 0) > 0;
	control.over = 1;
	if (write(control.wake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	return NULL;
}

static void http_request_is_over_while_a_name_is_looked_up(void **state)
{
	static const struct http_settings settings = {.connect_timeout_ns = 60 * NS_PER_S,
						      .timeout_ns = 60 * NS_PER_S};
	static const struct http_request request = {.method = "GET", .url = "http://slow.example/"};
	struct http_client *client = http_client_new(&settings);
	struct http_response response;
	unsigned int questions = 0;
	char question[512];
	pthread_t thread;

	(void)state;
	if (LIBCURL_VERSION_NUM < 0x075700) {
		puts("# skip: libcurl cannot leave its resolver alone before 7.87");
		http_client_free(client);
		skip();
	}
	if (!enter_network()) {
		puts("# skip: kernel refuses network or mount namespaces here");
		http_client_free(client);
		skip();
	}
	use_name_server();
	control.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(pthread_create(&thread, NULL, end_it, &questions), 0);
	assert_int_equal(http_client_request(client, &request, &control, &response), -ECANCELED);
	http_client_free(client);
	pthread_join(thread, NULL);
	/* For both families, but not a second time. */
	while (recv(dns, question, sizeof(question), MSG_DONTWAIT) > 0)
		questions++;
	assert_in_range(questions, 1, 2);
	close(dns);
	close(control.wake_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_request_is_over_while_a_name_is_looked_up),
	};

	unsetenv("http_proxy");
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
