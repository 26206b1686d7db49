// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * How sessions over TCP begin: when an attempt is made and when not, what an exporter that is being
 * stopped still tries, and that a session that broke costs no record twice.
 */
#include "stream_fixture.h"

#include "export/collector.h"
#include "export/exporter.h"
#include "lib/log.h"
#include "message_peek.h"

#define QUEUE_BATCHES 64
#define RECORDS 5000
#define MANY_RECORDS (60 * RECORD_BATCH_RECORDS) /* more than fits into the socket's buffers */

struct opener {
	pthread_t thread;
	_Atomic int done;
	int result;
};

static void *opener_run(void *arg)
{
	struct opener *opener = arg;

	opener->result = open_transport();
	opener->done = 1;
	return NULL;
}

static void begin_open(struct opener *opener)
{
	opener->done = 0;
	assert_int_equal(pthread_create(&opener->thread, NULL, opener_run, opener), 0);
}

static int end_open(struct opener *opener)
{
	pthread_join(opener->thread, NULL);
	return opener->result;
}

static void wait_for_connects(int count)
{
	while (connects < count)
		sched_yield();
	assert_int_equal(connects, count);
}

/* Whoever opens the transport is done with the attempt before, and has looked at the time since: an
 * attempt that is refused waits once, for that. */
static void wait_for_opener(void)
{
	struct pollfd wake = {.fd = control.wake_fd, .events = POLLIN};

	for (int waits = 0; waits < 2; waits++) {
		poke();
		while (poll(&wake, 1, 0) == 1)
			sched_yield();
	}
}

/* So much later there is another attempt, and a second before that there is none. */
static void expect_attempt_in(uint64_t ns)
{
	int before = connects;

	wait_for_opener();
	later_ns += ns - NS_PER_S;
	wait_for_opener();
	assert_int_equal(connects, before);
	later_ns += NS_PER_S;
	poke();
	wait_for_connects(before + 1);
}

static void open_attempts_are_spaced_more_and_more(void **state)
{
	static const uint64_t intervals[] = {1, 2, 3, 4, 5, 5, 5};
	struct opener opener;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	close_fd(&listener); /* nobody is there now */
	create_transport();
	begin_open(&opener);
	wait_for_connects(1);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++)
		expect_attempt_in(intervals[i] * HOUR_NS);
	listen_on("127.0.0.1", 0, 16);
	expect_attempt_in(5 * HOUR_NS);
	assert_int_equal(end_open(&opener), 0);
	assert_int_equal(transport->session, 1);

	/* after a success it begins again, an interval after the attempt */
	accept_peer();
	close_fd(&peer);
	close_fd(&listener);
	while (transport->is_open)
		transport->type->settle(transport, &control);
	begin_open(&opener);
	expect_attempt_in(HOUR_NS);
	expect_attempt_in(HOUR_NS);
	expect_attempt_in(2 * HOUR_NS);
	give_up();
	assert_int_equal(end_open(&opener), -ECANCELED);
}

static void open_collector_that_closes_at_once_is_tried_once_an_interval(void **state)
{
	struct opener opener;

	(void)state;
	start(0);
	for (uint64_t i = 1; i < 5; i++) {
		assert_int_equal(transport->session, i);
		close_fd(&peer);
		while (transport->is_open)
			transport->type->settle(transport, &control);
		begin_open(&opener);
		expect_attempt_in(HOUR_NS);
		assert_int_equal(end_open(&opener), 0);
		accept_peer();
	}
}

static void open_time_of_the_next_attempt_is_told(void **state)
{
	uint64_t before_ns, after_ns;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	create_transport();
	assert_int_equal(transport->type->next_ns(transport), 0); /* at once */
	before_ns = clock_monotonic_ns();
	assert_int_equal(open_transport(), 0);
	after_ns = clock_monotonic_ns();
	accept_peer();
	assert_in_range(transport->type->next_ns(transport), before_ns, after_ns + 3 * NS_PER_S);
	close_fd(&peer);
	while (transport->is_open)
		transport->type->settle(transport, &control);
	assert_in_range(transport->type->next_ns(transport), before_ns + HOUR_NS,
			after_ns + HOUR_NS);
}

/* Makes the listener's queue full: further connections get no answer. */
static void fill_backlog(int fds[static 2])
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		__real_connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
}

static void open_without_an_answer_ends_at_the_timeout(void **state)
{
	uint64_t begin_ns;
	int fds[2];

	(void)state;
	listen_on("127.0.0.1", 0, 0);
	fill_backlog(fds);
	settings.connect_timeout_ns = 20 * NS_PER_MS;
	create_transport();
	stop(); /* an attempt, and no other */
	begin_ns = clock_monotonic_ns();
	assert_int_equal(open_transport(), -ECANCELED);
	assert_true(clock_monotonic_ns() - begin_ns >= 20 * NS_PER_MS);
	assert_int_equal(connects, 1);
	close(fds[0]);
	close(fds[1]);
}

static void open_without_an_answer_does_not_outlast_the_end(void **state)
{
	struct opener opener;
	int fds[2];

	(void)state;
	listen_on("127.0.0.1", 0, 0);
	fill_backlog(fds);
	create_transport();
	begin_open(&opener);
	wait_for_connects(1);
	give_up();
	assert_int_equal(end_open(&opener), -ECANCELED);
	close(fds[0]);
	close(fds[1]);
}

static void open_stop_while_it_waits_makes_one_last_attempt(void **state)
{
	struct opener opener;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	close_fd(&listener);
	create_transport();
	begin_open(&opener);
	wait_for_connects(1);
	stop();
	assert_int_equal(end_open(&opener), -ECANCELED);
	assert_int_equal(connects, 2);
	assert_int_equal(open_transport(), -ECANCELED);
	assert_int_equal(connects, 2);
}

/* The stop is told while it waits for an answer; it must not be forgotten when there is none. */
static void open_stop_during_an_attempt_makes_one_last_attempt(void **state)
{
	struct opener opener;
	int fds[2];

	(void)state;
	listen_on("127.0.0.1", 0, 0);
	fill_backlog(fds);
	settings.connect_timeout_ns = 50 * NS_PER_MS;
	create_transport();
	begin_open(&opener);
	wait_for_connects(1);
	stop();
	assert_int_equal(end_open(&opener), -ECANCELED);
	assert_int_equal(connects, 2);
	close(fds[0]);
	close(fds[1]);
}

static void open_stop_with_a_collector_that_closes_at_once_is_the_end(void **state)
{
	(void)state;
	start(0);
	stop();
	close_fd(&peer);
	while (transport->is_open)
		transport->type->settle(transport, &control);
	assert_int_equal(open_transport(), 0); /* the last attempt */
	accept_peer();
	close_fd(&peer);
	while (send_message() == 0)
		;
	assert_int_equal(open_transport(), -ECANCELED);
	assert_int_equal(connects, 2);
}

static void open_tries_all_addresses_of_a_name(void **state)
{
	(void)state;
	listen_on("127.0.0.2", 0, 16); /* not on the first one */
	snprintf(target, sizeof(target), "tcp://two.test:%u", port);
	create_transport();
	assert_int_equal(open_transport(), 0);
	assert_int_equal(connects, 2);
	accept_peer();
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
}

static void open_name_that_does_not_exist_is_no_session(void **state)
{
	(void)state;
	strcpy(target, "tcp://flowprobe.invalid:1");
	settings.source_address = "127.0.0.1";
	create_transport();
	stop();
	assert_int_equal(open_transport(), -ECANCELED);
	assert_int_equal(connects, 0);
}

static void open_ipv6_is_the_same(void **state)
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
	listen_on("::1", 0, 16);
	create_transport();
	assert_int_equal(open_transport(), 0);
	assert_int_equal(accept_peer().ss_family, AF_INET6);
	assert_memory_equal(transport->address, loopback, sizeof(loopback));
	assert_int_equal(send_message(), 0);
	wait_for_sent(1);
}

static void open_comes_from_the_configured_address_and_port(void **state)
{
	struct sockaddr_storage from;
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&from;

	(void)state;
	listen_on("127.0.0.1", 0, 16); /* for a port that is free */
	settings.source_port = port;
	close_fd(&listener);
	port = 0;
	listen_on("127.0.0.1", 0, 16);
	settings.source_address = "127.0.0.3";
	create_transport();
	stop(); /* should somebody else have taken that port, this fails rather than wait */
	assert_int_equal(open_transport(), 0);
	from = accept_peer();
	assert_int_equal(ipv4->sin_addr.s_addr, htonl(0x7f000003));
	assert_int_equal(ntohs(ipv4->sin_port), settings.source_port);
	reset_peer(); /* so that the port is free at once */
}

/* --- the whole exporter --- */

static const struct export_identity identity = {.host = "test", .sampling_interval = 1};
static struct record_pool *pool;
static struct exporter *exporter;

static void start_exporter(void)
{
	char error[256] = "";

	settings.target = target;
	pool = record_pool_new(QUEUE_BATCHES + 2);
	exporter = exporter_start(&settings, &identity, QUEUE_BATCHES, -1, error, sizeof(error));
	if (!exporter)
		fail_msg("%s", error);
}

static void submit(uint32_t first, uint32_t count)
{
	struct record_batch *batch = record_pool_get(pool);

	assert_non_null(batch);
	for (uint32_t id = first; id < first + count; id++) {
		struct flow_record record = {.packets = 2, .octets = 100};
		uint32_t address = htonl(id);

		memset(record.key.source_address + 10, 0xff, 2);
		memcpy(record.key.source_address + 12, &address, sizeof(address));
		record.key.protocol = IPPROTO_UDP;
		record_batch_add(batch, &record);
	}
	exporter_submit(exporter, batch);
	record_batch_put(batch);
}

/* One connection, read to its end by a thread. */
struct session {
	pthread_t thread;
	int fd;
	size_t most; /* bytes after which it is reset */
	struct peek *peek;
};

static void *session_run(void *arg)
{
	static const struct linger at_once = {.l_onoff = 1};
	struct session *session = arg;
	unsigned char *data = malloc(1 << 22);
	size_t bytes = 0;
	ssize_t got;

	while (bytes < session->most &&
	       (got = read(session->fd, data + bytes, session->most - bytes)) > 0)
		bytes += (size_t)got;
	if (bytes == session->most)
		setsockopt(session->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(session->fd);
	peek_stream(session->peek, data, bytes);
	free(data);
	return NULL;
}

static void begin_session(struct session *session, size_t most)
{
	accept_peer();
	session->fd = peer;
	peer = -1;
	session->most = most;
	session->peek = calloc(1, sizeof(*session->peek));
	assert_int_equal(pthread_create(&session->thread, NULL, session_run, session), 0);
}

static void end_session(struct session *session)
{
	pthread_join(session->thread, NULL);
	assert_null(session->peek->problem);
	assert_int_equal(session->peek->templates, 4);
	assert_int_equal(session->peek->gaps, 0);
}

static struct exporter_stats stop_exporter(uint64_t timeout_ns)
{
	struct exporter_stats stats;

	exporter_stop(exporter, clock_monotonic_ns() + timeout_ns);
	exporter_get_stats(exporter, &stats);
	exporter_free(exporter);
	record_pool_free(pool);
	assert_int_equal(stats.queued.records, 0);
	assert_int_equal(stats.sent.records + stats.dropped_queue.records +
				 stats.dropped_error.records,
			 stats.submitted.records);
	assert_int_equal(stats.sent.packets, 2 * stats.sent.records);
	return stats;
}

static void exporter_session_has_templates_once_and_every_record(void **state)
{
	struct exporter_stats stats;
	struct session session;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	start_exporter();
	begin_session(&session, 1 << 22);
	for (uint32_t id = 0; id < RECORDS; id += 500)
		submit(id, 500);
	stats = stop_exporter(HANG_SECONDS * NS_PER_S);
	end_session(&session);
	assert_int_equal(stats.sent.records, RECORDS);
	assert_int_equal(session.peek->flows, RECORDS);
	for (uint32_t id = 0; id < RECORDS; id++)
		assert_int_equal(session.peek->ids[id], id);
	free(session.peek);
}

/* What the first collector has read for sure is not sent to the second; what neither got was lost. */
static void exporter_session_that_breaks_costs_what_was_under_way(void **state)
{
	struct session first, second;
	struct exporter_stats stats;
	unsigned char *seen = calloc(1, MANY_RECORDS);

	(void)state;
	settings.reconnect_interval_ns = 1;
	listen_on("127.0.0.1", SMALL_BUFFER_BYTES, 16);
	start_exporter();
	begin_session(&first, 50000);
	for (uint32_t id = 0; id < MANY_RECORDS; id += RECORD_BATCH_RECORDS)
		submit(id, RECORD_BATCH_RECORDS);
	begin_session(&second, 1 << 22);
	stats = stop_exporter(HANG_SECONDS * NS_PER_S);
	end_session(&first);
	end_session(&second);
	assert_int_equal(stats.submitted.records, MANY_RECORDS);
	for (size_t i = 0; i < first.peek->flows; i++)
		assert_int_equal(seen[first.peek->ids[i]]++, 0);
	for (size_t i = 0; i < second.peek->flows; i++)
		assert_int_equal(seen[second.peek->ids[i]]++, 0);
	/* acknowledged may be more than was read, never less */
	assert_true(stats.sent.records >= first.peek->flows + second.peek->flows);
	assert_true(second.peek->flows > 0);
	free(first.peek);
	free(second.peek);
	free(seen);
}

/*
 * The collector comes back while the exporter is being stopped: the flush that waited for it must
 * not take that for the end, there are records behind.
 */
static void exporter_last_attempt_delivers_the_whole_queue(void **state)
{
	struct exporter_stats stats;
	struct session session;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	close_fd(&listener);
	start_exporter();
	wait_for_connects(1);
	submit(0, 10);
	do {
		sched_yield();
		exporter_get_stats(exporter, &stats);
	} while (stats.queued.records != 10);
	submit(10, 500);
	submit(510, 500);
	listen_on("127.0.0.1", 0, 16);
	exporter_begin_stop(exporter);
	begin_session(&session, 1 << 22);
	stats = stop_exporter(HANG_SECONDS * NS_PER_S);
	end_session(&session);
	assert_int_equal(stats.sent.records, 1010);
	assert_int_equal(session.peek->flows, 1010);
	assert_int_equal(connects, 2);
	free(session.peek);
}

static void exporter_with_a_collector_that_stalls_stops_at_the_deadline(void **state)
{
	struct exporter_stats stats;

	(void)state;
	listen_on("127.0.0.1", SMALL_BUFFER_BYTES, 16);
	start_exporter();
	accept_peer();
	for (uint32_t id = 0; id < MANY_RECORDS; id += RECORD_BATCH_RECORDS)
		submit(id, RECORD_BATCH_RECORDS);
	stats = stop_exporter(20 * NS_PER_MS);
	assert_int_equal(stats.submitted.records, MANY_RECORDS);
	assert_true(stats.sent.records < stats.submitted.records);
}

static void exporter_without_a_collector_loses_and_counts(void **state)
{
	struct exporter_stats stats;

	(void)state;
	listen_on("127.0.0.1", 0, 16);
	close_fd(&listener);
	start_exporter();
	submit(0, 100);
	submit(100, 100);
	stats = stop_exporter(HANG_SECONDS * NS_PER_S);
	assert_int_equal(stats.sent.records, 0);
	assert_int_equal(stats.dropped_error.records, 200);
	assert_int_equal(stats.last_error, -ENOTCONN);
}

#define OPEN_TEST(function) \
	cmocka_unit_test_setup_teardown(function, stream_set_up, stream_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPEN_TEST(open_attempts_are_spaced_more_and_more),
		OPEN_TEST(open_collector_that_closes_at_once_is_tried_once_an_interval),
		OPEN_TEST(open_time_of_the_next_attempt_is_told),
		OPEN_TEST(open_without_an_answer_ends_at_the_timeout),
		OPEN_TEST(open_without_an_answer_does_not_outlast_the_end),
		OPEN_TEST(open_stop_while_it_waits_makes_one_last_attempt),
		OPEN_TEST(open_stop_during_an_attempt_makes_one_last_attempt),
		OPEN_TEST(open_stop_with_a_collector_that_closes_at_once_is_the_end),
		OPEN_TEST(open_tries_all_addresses_of_a_name),
		OPEN_TEST(open_name_that_does_not_exist_is_no_session),
		OPEN_TEST(open_ipv6_is_the_same),
		OPEN_TEST(open_comes_from_the_configured_address_and_port),
		OPEN_TEST(exporter_session_has_templates_once_and_every_record),
		OPEN_TEST(exporter_session_that_breaks_costs_what_was_under_way),
		OPEN_TEST(exporter_last_attempt_delivers_the_whole_queue),
		OPEN_TEST(exporter_with_a_collector_that_stalls_stops_at_the_deadline),
		OPEN_TEST(exporter_without_a_collector_loses_and_counts),
	};

	if (!kernel_tells_acknowledged())
		return 0;
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
