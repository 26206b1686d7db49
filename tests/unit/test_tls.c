// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sessions over TLS: who is trusted, what is refused, and what counts as sent. */
#include "tls_fixture.h"

#include "lib/log.h"

static void tls_collector_of_our_authority_gets_everything(void **state)
{
	(void)state;
	start_collector(NULL);
	start("localhost");
	assert_int_equal(transport->has_address, 1);
	for (int i = 0; i < 50; i++)
		assert_int_equal(send_message(), 0);
	control.stopping = 1;
	control.last = 1;
	settle();
	assert_int_equal(sent_messages(), 50);
	assert_int_equal(lost_messages(), 0);
	expect_output(50);
}

static void tls_version_1_2_is_enough(void **state)
{
	(void)state;
	start_collector((const char *const[]){"-tls1_2", NULL});
	start("localhost");
	assert_int_equal(send_message(), 0);
	expect_output(1);
}

static void tls_version_1_1_is_refused(void **state)
{
	(void)state;
	start_collector((const char *const[]){"-tls1_1", "-cipher", "ALL@SECLEVEL=0", NULL});
	expect_refusal("localhost");
}

static void tls_unknown_authority_is_refused(void **state)
{
	(void)state;
	settings.ca_file = file("other-ca.pem");
	start_collector(NULL);
	expect_refusal("localhost");
}

static void tls_without_an_authority_the_systems_are_asked(void **state)
{
	(void)state;
	settings.ca_file = NULL;
	start_collector(NULL);
	expect_refusal("localhost");
}

static void tls_certificate_of_another_name_is_refused(void **state)
{
	(void)state;
	start_collector(NULL);
	expect_refusal("127.0.0.1");
}

static void ask_for_certificates(const char *version)
{
	start_collector((const char *const[]){"-CAfile", file("ca.pem"), "-Verify", "1",
					      "-verify_return_error", version, NULL});
}

static void tls_collector_that_asks_for_a_certificate_gets_ours(void **state)
{
	(void)state;
	settings.certificate_file = file("exporter.pem");
	settings.key_file = file("exporter.key");
	ask_for_certificates(NULL);
	start("localhost");
	assert_int_equal(send_message(), 0);
	expect_output(1);
}

static void tls_collector_that_misses_our_certificate_refuses(void **state)
{
	(void)state;
	ask_for_certificates("-tls1_2");
	expect_refusal("localhost");
}

/* In TLS 1.3 the refusal comes when the exporter takes the session for open. */
static void tls_refusal_after_the_handshake_ends_the_session(void **state)
{
	(void)state;
	ask_for_certificates("-tls1_3");
	start("localhost");
	while (transport->is_open)
		settle();
	assert_int_equal(sent_messages() + lost_messages(), 0);
}

/* The collector's host acknowledges what was sent before the refusal, and nobody reads it. */
static void tls_records_sent_before_a_refusal_are_lost(void **state)
{
	unsigned int taken;

	(void)state;
	ask_for_certificates("-tls1_3");
	start("localhost");
	taken = send_message() == 0; /* unless the refusal was faster */
	while (transport->is_open)
		settle();
	assert_int_equal(sent_messages(), 0);
	assert_int_equal(lost_messages(), taken);
}

/* By which time a refusal would have come. */
static void tls_nothing_counts_in_the_first_second(void **state)
{
	uint64_t before_ns = clock_monotonic_ns();

	(void)state;
	start_collector(NULL);
	start("localhost");
	assert_int_equal(send_message(), 0);
	while (!sent_messages())
		settle();
	assert_true(clock_monotonic_ns() - before_ns >= NS_PER_S);
	assert_int_equal(sent_messages(), 1);
	assert_int_equal(lost_messages(), 0);
	expect_output(1);
}

static void tls_files_that_cannot_be_read_are_named(void **state)
{
	static const char *const options[] = {"ca_file", "certificate_file", "key_file"};
	const char **const places[] = {&settings.ca_file, &settings.certificate_file,
				       &settings.key_file};
	char error[512], expected[512];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *missing = file("missing.pem");
		const char *saved = *places[i];

		*places[i] = missing;
		snprintf(expected, sizeof(expected),
			 "%s: cannot read %s: No such file or directory", options[i], missing);
		assert_null(transport_tls.create(&settings, "tls://localhost", 4740, error,
						 sizeof(error)));
		assert_string_equal(error, expected);
		*places[i] = saved;
	}
}

static void tls_file_that_is_no_certificate_is_refused(void **state)
{
	(void)state;
	settings.ca_file = "/dev/null";
	start_collector(NULL);
	expect_refusal("localhost");
}

static void tls_comes_from_the_configured_address(void **state)
{
	static const uint8_t own[16] = {[10] = 0xff, 0xff, 127, 0, 0, 2};

	(void)state;
	settings.source_address = "127.0.0.2";
	start_collector(NULL);
	start("localhost");
	assert_memory_equal(transport->address, own, sizeof(own));
}

/* Messages are sent when the collector's host has got them, not when our kernel has. */
static void tls_collector_that_stalls_costs_what_it_has_not_got(void **state)
{
	uint64_t taken = 0;

	(void)state;
	start_collector(NULL);
	start("localhost");
	assert_int_equal(send_message(), 0);
	taken++;
	while (sent_messages() < 1)
		settle();
	kill(collector, SIGSTOP);
	give_up();
	while (send_message() == 0)
		taken++;
	assert_int_equal(transport->is_open, 0);
	assert_in_range(sent_messages(), 1, taken - 1);
	assert_int_equal(sent_messages() + lost_messages(), taken);
}

static void tls_collector_that_is_killed_costs_what_was_under_way(void **state)
{
	uint64_t taken = 0;

	(void)state;
	start_collector(NULL);
	start("localhost");
	kill(collector, SIGSTOP);
	while (taken < 300) {
		assert_int_equal(send_message(), 0);
		taken++;
	}
	end_collector();
	while (transport->is_open)
		settle();
	assert_int_equal(sent_messages() + lost_messages(), taken);
	assert_in_range(lost_messages(), 1, taken);
	assert_int_equal(control.outcome.error, -ECONNRESET);
}

/* Something that listens and is no TLS. */
static int listen_in_plain(void)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t bytes = sizeof(own);

	assert_int_equal(bind(fd, (struct sockaddr *)&own, bytes), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &bytes), 0);
	port = ntohs(own.sin_port);
	return fd;
}

static void tls_handshake_without_an_answer_ends_at_the_timeout(void **state)
{
	int fd = listen_in_plain();
	uint64_t begin_ns = clock_monotonic_ns();

	(void)state;
	settings.connect_timeout_ns = 50 * NS_PER_MS;
	expect_refusal("localhost");
	assert_true(clock_monotonic_ns() - begin_ns >= 50 * NS_PER_MS);
	close(fd);
}

static void *opener_run(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)open_transport();
}

static void tls_handshake_without_an_answer_does_not_outlast_the_end(void **state)
{
	int fd = listen_in_plain(), accepted;
	pthread_t opener;
	void *result;

	(void)state;
	create_transport("localhost");
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	accepted = accept(fd, NULL, NULL);
	give_up();
	pthread_join(opener, &result);
	assert_int_equal((intptr_t)result, -ECANCELED);
	close(accepted);
	close(fd);
}

/* A connection may take longer than a thread may be at work: it is waiting. */
static void tls_handshake_without_an_answer_is_no_work(void **state)
{
	int fd = listen_in_plain(), accepted;
	uint64_t since_ns;
	pthread_t opener;

	(void)state;
	export_end_waiting(&control); /* as the exporter does before it calls a driver */
	create_transport("127.0.0.1");
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	accepted = accept(fd, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		since_ns = control.busy_since_ns;
		while (control.busy_since_ns == since_ns)
			sched_yield();
	}
	give_up();
	pthread_join(opener, NULL);
	close(accepted);
	close(fd);
}

static void tls_name_that_is_looked_up_does_not_outlast_the_end(void **state)
{
	pthread_t opener;
	void *result;

	(void)state;
	held = 1;
	port = 4740;
	create_transport("slow.test");
	assert_int_equal(pthread_create(&opener, NULL, opener_run, NULL), 0);
	while (!questions)
		sched_yield();
	give_up();
	pthread_join(opener, &result);
	assert_int_equal((intptr_t)result, -ECANCELED);
}

static void tls_name_is_that_of_the_certificate(void **state)
{
	(void)state;
	start_collector(NULL);
	start("slow.test");
	assert_int_equal(questions, 1);
	assert_int_equal(send_message(), 0);
	expect_output(1);
}

#define TLS_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TLS_TEST(tls_collector_of_our_authority_gets_everything),
		TLS_TEST(tls_version_1_2_is_enough),
		TLS_TEST(tls_version_1_1_is_refused),
		TLS_TEST(tls_unknown_authority_is_refused),
		TLS_TEST(tls_without_an_authority_the_systems_are_asked),
		TLS_TEST(tls_certificate_of_another_name_is_refused),
		TLS_TEST(tls_collector_that_asks_for_a_certificate_gets_ours),
		TLS_TEST(tls_collector_that_misses_our_certificate_refuses),
		TLS_TEST(tls_refusal_after_the_handshake_ends_the_session),
		TLS_TEST(tls_records_sent_before_a_refusal_are_lost),
		TLS_TEST(tls_nothing_counts_in_the_first_second),
		TLS_TEST(tls_files_that_cannot_be_read_are_named),
		TLS_TEST(tls_file_that_is_no_certificate_is_refused),
		TLS_TEST(tls_comes_from_the_configured_address),
		TLS_TEST(tls_collector_that_stalls_costs_what_it_has_not_got),
		TLS_TEST(tls_collector_that_is_killed_costs_what_was_under_way),
		TLS_TEST(tls_handshake_without_an_answer_ends_at_the_timeout),
		TLS_TEST(tls_handshake_without_an_answer_does_not_outlast_the_end),
		TLS_TEST(tls_handshake_without_an_answer_is_no_work),
		TLS_TEST(tls_name_that_is_looked_up_does_not_outlast_the_end),
		TLS_TEST(tls_name_is_that_of_the_certificate),
	};
	const struct export_settings none = {0};
	char error[128];
	struct transport *probe;
	int result;

	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	signal(SIGPIPE, SIG_IGN); /* as main() does */
	probe = transport_tls.create(&none, "tls://localhost", 4740, error, sizeof(error));
	if (!probe) {
		printf("1..0 # SKIP %s\n", error);
		return 0;
	}
	transport_tls.destroy(probe);
	if (make_certificates()) {
		printf("1..0 # SKIP openssl 3 is not there to make certificates\n");
		remove_certificates();
		return 0;
	}
	cmocka_set_message_output(CM_OUTPUT_TAP);
	result = cmocka_run_group_tests(tests, NULL, NULL);
	remove_certificates();
	return result;
}
