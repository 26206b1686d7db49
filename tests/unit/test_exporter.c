// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The exporter's queue: order, what is dropped, how it is counted, and who delays whom. */
#include "exporter_fixture.h"

static struct exporter *start_kind(const char *type, char *error, size_t error_bytes)
{
	const struct export_settings settings = {.name = "pigeon", .type = type, .target = "-"};

	return exporter_start(&settings, &identity, 4, -1, error, error_bytes);
}

static void exporter_start_unknown_kind_names_all_kinds(void **state)
{
	char error[256] = "";

	(void)state;
	assert_null(start_kind("carrier", error, sizeof(error)));
	assert_string_equal(error, "export pigeon: unknown kind \"carrier\"; known are: json, "
				   "ipfix, netflow9, netflow5, openobserve");
	assert_null(start_kind("", error, sizeof(error)));
	assert_null(start_kind("jso", error, sizeof(error)));
	assert_null(start_kind("jsonl", error, sizeof(error)));
}

static void exporter_start_message_is_cut_to_its_size(void **state)
{
	char error[17];

	(void)state;
	memset(error, '#', sizeof(error));
	assert_null(start_kind("carrier", error, 16));
	assert_string_equal(error, "export pigeon: ");
	assert_int_equal(error[16], '#');
}

static void exporter_start_create_fails_passes_the_reason_on(void **state)
{
	const struct export_settings settings = {.name = "broken", .type = "fake", .target = "x"};
	char error[256] = "";

	(void)state;
	assert_null(exporter_start_driver(&fake_driver, &settings, &identity, 4, -1, error,
					  sizeof(error)));
	assert_string_equal(error, "export broken: no such fake; write fake:0");
}

static void exporter_all_batches_are_sent_in_order(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 64, -1);
	struct record_pool *pool = record_pool_new(64);

	(void)state;
	assert_string_equal(exporter_name(exporter), "fake zero");
	for (uint64_t i = 0; i < 50; i++)
		submit(exporter, pool, 1 + i * 10, 10);
	wait_for_queued(exporter, 0);
	expect_stats(exporter, 500, 500, 0, 0, 0);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 500, 500, 0, 0, 0);
	assert_int_equal(fakes[0].records, 500);
	assert_int_equal(fakes[0].last_id, 500);
	assert_int_equal(fakes[0].out_of_order, 0);
	assert_int_equal(fakes[0].destroys, 1);
	exporter_free(exporter);
	assert_int_equal(fakes[0].destroys, 1);
	record_pool_free(pool);
}

static void exporter_thread_blocks_signals_and_has_a_name(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE, SIGUSR1};
	struct exporter *exporter = start_fake(0, FAKE_SENDS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);
	sigset_t mine;

	(void)state;
	submit(exporter, pool, 1, 1);
	exporter_stop(exporter, far_deadline());
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		assert_int_equal(sigismember(&fakes[0].mask, signals[i]), 1);
	assert_string_equal(fakes[0].thread_name, "export-fake");
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	assert_int_equal(sigismember(&mine, SIGTERM), 0);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_full_queue_drops_the_oldest(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_SENDS, 0, 3, -1);
	struct record_pool *pool = record_pool_new(8);

	(void)state;
	submit(exporter, pool, 1, 1); /* with the driver, out of the queue's reach */
	wait_for_send(&fakes[0]);
	for (uint64_t i = 2; i <= 8; i++)
		submit(exporter, pool, i * 100, i);
	expect_stats(exporter, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8, 0, 2 + 3 + 4 + 5, 0, 1 + 6 + 7 + 8);
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 36, 22, 14, 0, 0);
	assert_int_equal(fakes[0].sends, 4);
	assert_int_equal(fakes[0].seen[0], 1);
	assert_int_equal(fakes[0].seen[1], 600);
	assert_int_equal(fakes[0].seen[2], 700);
	assert_int_equal(fakes[0].seen[3], 800);
	exporter_free(exporter);
	record_pool_free(pool);
}

/* Adds one record to the batch, and hands it over to both. */
static void submit_one(struct exporter *const exporters[FAKES], struct record_batch *batch,
		       uint64_t id)
{
	fill_batch(batch, id, 1);
	for (int e = 0; e < FAKES; e++)
		exporter_submit(exporters[e], batch);
	record_batch_handed(batch);
}

/* A quiet host, of whose harvests each has one record, and whose destination is away. */
static void exporter_queue_holds_whole_batches_however_small_the_portions(void **state)
{
	struct exporter *const exporters[FAKES] = {start_fake(0, FAKE_SENDS, 0, 3, -1),
						   start_fake(1, FAKE_SENDS, 1, 3, -1)};
	struct record_pool *pool = record_pool_new(6);
	uint64_t id = 0, full = 4 * RECORD_BATCH_RECORDS;
	struct record_batch *batch = NULL;

	(void)state;
	for (int i = 0; i < 4; i++) {
		batch = record_pool_get(pool);
		assert_non_null(batch);
		for (int j = 0; j < RECORD_BATCH_RECORDS; j++) {
			submit_one(exporters, batch, ++id);
			if (id ==
			    1) /* the first one is with the driver, out of the queue's reach */
				wait_for_send(&fakes[0]);
			if (id == 3 * RECORD_BATCH_RECORDS)
				expect_stats(exporters[0], id, 0, 0, 0, id);
		}
		record_batch_put(batch);
	}
	expect_stats(exporters[0], full, 0, RECORD_BATCH_RECORDS - 1, 0,
		     full - RECORD_BATCH_RECORDS + 1);
	for (int e = 0; e < FAKES; e++) {
		permit(&fakes[e], PERMITS_UNLIMITED);
		exporter_stop(exporters[e], far_deadline());
		assert_int_equal(fakes[e].out_of_order, 0);
		assert_int_equal(fakes[e].last_id, full);
	}
	expect_stats(exporters[0], full, full - RECORD_BATCH_RECORDS + 1, RECORD_BATCH_RECORDS - 1,
		     0, 0);
	assert_int_equal(fakes[0].records, full - RECORD_BATCH_RECORDS + 1);
	assert_int_equal(fakes[0].sends, 4);
	assert_int_equal(fakes[0].seen[1], RECORD_BATCH_RECORDS + 1);
	for (int e = 0; e < FAKES; e++)
		exporter_free(exporters[e]);
	record_pool_free(pool); /* asserts that all are back */
}

/* What came while the driver had the batch follows it, once. */
static void exporter_batch_that_is_taken_goes_on_behind(void **state)
{
	struct exporter *const exporters[FAKES] = {
		start_fake(0, FAKE_SENDS, 0, 2, -1),
		start_fake(1, FAKE_SENDS, PERMITS_UNLIMITED, 2, -1)};
	struct record_pool *pool = record_pool_new(1);
	struct record_batch *batch = record_pool_get(pool);

	(void)state;
	submit_one(exporters, batch, 1);
	wait_for_send(&fakes[0]);
	for (uint64_t id = 2; id <= 9; id++)
		submit_one(exporters, batch, id);
	expect_stats(exporters[0], 9, 0, 0, 0, 9);
	exporter_submit(exporters[0], batch); /* nothing was added */
	expect_stats(exporters[0], 9, 0, 0, 0, 9);
	permit(&fakes[0], PERMITS_UNLIMITED);
	wait_for_queued(exporters[0], 0);
	assert_int_equal(fakes[0].sends, 2);
	assert_int_equal(fakes[0].seen[1], 2);
	submit_one(exporters, batch, 10);
	record_batch_put(batch);
	for (int e = 0; e < FAKES; e++) {
		exporter_stop(exporters[e], far_deadline());
		expect_stats(exporters[e], 10, 10, 0, 0, 0);
		assert_int_equal(fakes[e].records, 10);
		assert_int_equal(fakes[e].out_of_order, 0);
		exporter_free(exporters[e]);
	}
	record_pool_free(pool);
}

static void exporter_flushes_when_the_queue_runs_empty(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_KEEPS_UNTIL_FLUSH, 0, 4, -1);
	struct record_pool *pool = record_pool_new(4);

	(void)state;
	submit(exporter, pool, 1, 2);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 3, 2);
	submit(exporter, pool, 5, 2);
	permit(&fakes[0], 2); /* the third send waits: two are done, nothing was flushed */
	pthread_mutex_lock(&fakes[0].lock);
	while (fakes[0].sends < 2 || !fakes[0].in_send)
		pthread_cond_wait(&fakes[0].changed, &fakes[0].lock);
	assert_int_equal(fakes[0].flushes, 0);
	pthread_mutex_unlock(&fakes[0].lock);
	expect_stats(exporter, 6, 0, 0, 0, 6); /* what the driver keeps is queued */
	permit(&fakes[0], PERMITS_UNLIMITED);
	wait_for_flushes(&fakes[0], 1);
	wait_for_queued(exporter, 0);
	expect_stats(exporter, 6, 6, 0, 0, 0);
	submit(exporter, pool, 7, 1);
	wait_for_flushes(&fakes[0], 2);
	wait_for_queued(exporter, 0);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 7, 7, 0, 0, 0);
	assert_int_equal(fakes[0].sends, 4);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_failed_records_are_counted_and_it_goes_on(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_FAILS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);
	struct exporter_stats stats;

	(void)state;
	exporter_get_stats(exporter, &stats);
	assert_int_equal(stats.last_error, 0);
	submit(exporter, pool, 1, 3);
	wait_for_queued(exporter, 0);
	exporter_get_stats(exporter, &stats);
	assert_int_equal(stats.dropped_error.records, 3);
	assert_int_equal(stats.last_error, -EIO);
	assert_int_equal(stats.dead, 0);
	pthread_mutex_lock(&fakes[0].lock);
	fakes[0].behaviour = FAKE_SENDS;
	pthread_mutex_unlock(&fakes[0].lock);
	submit(exporter, pool, 4, 5);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 8, 5, 0, 3, 0);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_stop_counts_what_the_driver_kept_as_lost(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_KEEPS_FOR_EVER, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);

	(void)state;
	submit(exporter, pool, 1, 3);
	submit(exporter, pool, 4, 4);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 7, 0, 0, 7, 0);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_stop_past_deadline_drops_the_rest(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_STALLS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);
	struct exporter_stats stats;

	(void)state;
	submit(exporter, pool, 1, 1);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 2, 10);
	submit(exporter, pool, 12, 20);
	exporter_stop(exporter, 0);
	expect_stats(exporter, 31, 0, 30, 1, 0);
	exporter_get_stats(exporter, &stats);
	assert_int_equal(stats.last_error, -ECANCELED);
	assert_int_equal(fakes[0].sends, 1);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_stop_past_deadline_flushes_what_was_kept(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_STALLS_AND_KEEPS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);

	(void)state;
	submit(exporter, pool, 1, 3);
	wait_for_send(&fakes[0]);
	submit(exporter, pool, 4, 10);
	exporter_stop(exporter, 0);
	expect_stats(exporter, 13, 3, 10, 0, 0);
	assert_int_equal(fakes[0].flushes, 1);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_stop_waits_for_a_stalled_driver_until_the_deadline(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_STALLS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);
	uint64_t deadline_ns = clock_monotonic_ns() + 30 * NS_PER_MS;

	(void)state;
	submit(exporter, pool, 1, 1);
	exporter_stop(exporter, deadline_ns);
	assert_true(clock_monotonic_ns() >= deadline_ns);
	expect_stats(exporter, 1, 0, 0, 1, 0);
	exporter_free(exporter);
	record_pool_free(pool);
}

static void exporter_free_without_stop_gives_batches_back(void **state)
{
	struct exporter *exporter = start_fake(0, FAKE_STALLS, PERMITS_UNLIMITED, 4, -1);
	struct record_pool *pool = record_pool_new(4);

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		submit(exporter, pool, 1 + i, 1);
	exporter_free(exporter);
	assert_int_equal(fakes[0].destroys, 1);
	record_pool_free(pool); /* asserts that all are back */
	exporter_free(NULL);
}

static void exporter_dead_wakes_owner_and_counts_later_batches(void **state)
{
	int wake_fd = eventfd(0, EFD_CLOEXEC);
	struct exporter *exporter = start_fake(0, FAKE_DIES, PERMITS_UNLIMITED, 4, wake_fd);
	struct record_pool *pool = record_pool_new(4);
	struct exporter_stats stats;
	uint64_t wakes;

	(void)state;
	submit(exporter, pool, 1, 3);
	assert_int_equal(read(wake_fd, &wakes, sizeof(wakes)), sizeof(wakes));
	assert_int_equal(wakes, 1);
	exporter_get_stats(exporter, &stats);
	assert_int_equal(stats.dead, 1);
	assert_int_equal(stats.last_error, -EPIPE);
	submit(exporter, pool, 4, 4);
	exporter_stop(exporter, far_deadline());
	expect_stats(exporter, 7, 0, 0, 7, 0);
	assert_int_equal(fakes[0].sends, 1);
	assert_int_equal(fakes[0].flushes, 0);
	exporter_free(exporter);
	record_pool_free(pool);
	close(wake_fd);
}

static void exporter_stalled_does_not_delay_another(void **state)
{
	struct exporter *stalled = start_fake(0, FAKE_SENDS, 0, 2, -1);
	struct exporter *quick = start_fake(1, FAKE_SENDS, PERMITS_UNLIMITED, 2, -1);
	struct record_pool *pool = record_pool_new(8);
	struct record_batch *batch;

	(void)state;
	for (uint64_t i = 0; i < 20; i++) {
		batch = make_batch(pool, 1 + i, 1);
		exporter_submit(stalled, batch);
		if (i == 0)
			wait_for_send(&fakes[0]);
		exporter_submit(quick, batch);
		record_batch_put(batch);
		wait_for_queued(quick, 0);
	}
	expect_stats(stalled, 20, 0, 17, 0, 3);
	expect_stats(quick, 20, 20, 0, 0, 0);
	permit(&fakes[0], PERMITS_UNLIMITED);
	exporter_stop(stalled, far_deadline());
	exporter_stop(quick, far_deadline());
	expect_stats(stalled, 20, 3, 17, 0, 0);
	assert_int_equal(fakes[0].seen[0], 1);
	assert_int_equal(fakes[0].seen[1], 19);
	assert_int_equal(fakes[0].seen[2], 20);
	exporter_free(stalled);
	exporter_free(quick);
	record_pool_free(pool);
}

static void expect_balance(struct exporter *exporter)
{
	struct exporter_stats stats;
	struct export_count sum;

	exporter_get_stats(exporter, &stats);
	sum = stats.sent;
	export_count_add(&sum, &stats.dropped_queue);
	export_count_add(&sum, &stats.dropped_error);
	export_count_add(&sum, &stats.dropped_unsupported);
	export_count_add(&sum, &stats.queued);
	assert_memory_equal(&stats.submitted, &sum, sizeof(sum));
}

static void exporter_stress_two_share_batches_and_balance(void **state)
{
	const enum fake_behaviour behaviours[FAKES] = {FAKE_SENDS, FAKE_KEEPS_UNTIL_FLUSH};
	struct record_pool *pool = record_pool_new(10); /* fewer than two queues can hold */
	struct exporter *exporters[FAKES];
	uint64_t id = 1, submitted = 0;
	struct exporter_stats stats;
	struct record_batch *batch;
	unsigned int exhausted = 0;

	(void)state;
	for (int e = 0; e < FAKES; e++)
		exporters[e] = start_fake(e, behaviours[e], PERMITS_UNLIMITED, 8, -1);
	for (int i = 0; i < 20000; i++) {
		batch = record_pool_get(pool);
		if (!batch) {
			exhausted++;
			sched_yield();
			continue;
		}
		fill_batch(batch, id, 1 + i % 7);
		id += batch->count.records;
		submitted += batch->count.records;
		for (int e = 0; e < FAKES; e++) {
			exporter_submit(exporters[e], batch);
			expect_balance(exporters[e]);
		}
		record_batch_put(batch);
	}
	for (int e = 0; e < FAKES; e++) {
		exporter_stop(exporters[e], far_deadline());
		expect_balance(exporters[e]);
		exporter_get_stats(exporters[e], &stats);
		assert_int_equal(stats.submitted.records, submitted);
		assert_int_equal(stats.queued.records, 0);
		assert_int_equal(stats.dropped_error.records, 0);
		assert_int_equal(stats.sent.records, fakes[e].records);
		assert_int_equal(fakes[e].out_of_order, 0);
		exporter_free(exporters[e]);
	}
	assert_int_equal(id - 1, submitted);
	assert_true(exhausted < 20000);
	record_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exporter_start_unknown_kind_names_all_kinds),
		cmocka_unit_test(exporter_start_message_is_cut_to_its_size),
		cmocka_unit_test(exporter_start_create_fails_passes_the_reason_on),
		cmocka_unit_test(exporter_all_batches_are_sent_in_order),
		cmocka_unit_test(exporter_thread_blocks_signals_and_has_a_name),
		cmocka_unit_test(exporter_full_queue_drops_the_oldest),
		cmocka_unit_test(exporter_queue_holds_whole_batches_however_small_the_portions),
		cmocka_unit_test(exporter_batch_that_is_taken_goes_on_behind),
		cmocka_unit_test(exporter_flushes_when_the_queue_runs_empty),
		cmocka_unit_test(exporter_failed_records_are_counted_and_it_goes_on),
		cmocka_unit_test(exporter_stop_counts_what_the_driver_kept_as_lost),
		cmocka_unit_test(exporter_stop_past_deadline_drops_the_rest),
		cmocka_unit_test(exporter_stop_past_deadline_flushes_what_was_kept),
		cmocka_unit_test(exporter_stop_waits_for_a_stalled_driver_until_the_deadline),
		cmocka_unit_test(exporter_free_without_stop_gives_batches_back),
		cmocka_unit_test(exporter_dead_wakes_owner_and_counts_later_batches),
		cmocka_unit_test(exporter_stalled_does_not_delay_another),
		cmocka_unit_test(exporter_stress_two_share_batches_and_balance),
	};

	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
