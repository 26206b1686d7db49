// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The pacer under a clock of the test's own: what may go at once, how fast it goes on, and that
 * nothing ever goes sooner than a bucket of PACER_BURST tokens, filled at the rate, would let it.
 */
#include "export/pacer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/clock.h"

#define START_NS (UINT64_C(1000000) * NS_PER_S) /* some monotonic time */
#define TOKEN NS_PER_S /* tokens are counted in billionths, so that a rate fills them exactly */
#define FULL (PACER_BURST * TOKEN)
#define DAY_NS (86400 * NS_PER_S)

static uint64_t random_state = 88172645463325252u;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

/* Sends one message as soon as it may go; returns when that was. */
static uint64_t send_one(struct pacer *pacer, uint64_t waiting, uint64_t now_ns)
{
	uint64_t next_ns = pacer_next_ns(pacer, waiting, now_ns);

	assert_true(next_ns >= now_ns);
	assert_int_equal(pacer_next_ns(pacer, waiting, next_ns), next_ns); /* then it may */
	pacer_count(pacer, next_ns);
	return next_ns;
}

/* As many as may go now; returns how many, and leaves *next_ns at when the next may. */
static size_t send_burst(struct pacer *pacer, uint64_t waiting, uint64_t now_ns, uint64_t *next_ns)
{
	size_t count = 0;

	while ((*next_ns = pacer_next_ns(pacer, waiting, now_ns)) == now_ns) {
		pacer_count(pacer, now_ns);
		assert_true(++count <= PACER_BURST);
	}
	return count;
}

static void pacer_lets_a_burst_go_at_once(void **state)
{
	struct pacer pacer = {0};
	uint64_t next_ns;

	(void)state;
	assert_int_equal(send_burst(&pacer, 0, START_NS, &next_ns), 32);
	assert_int_equal(next_ns, START_NS + NS_PER_S / 2000);
}

static void pacer_spaces_what_follows_evenly(void **state)
{
	struct pacer pacer = {.fixed_rate = 1000};
	uint64_t now_ns;

	(void)state;
	assert_int_equal(send_burst(&pacer, 500, START_NS, &now_ns), 32);
	for (uint64_t i = 1; i <= 5000; i++) {
		assert_int_equal(now_ns, START_NS + i * NS_PER_MS);
		pacer_count(&pacer, now_ns);
		now_ns = pacer_next_ns(&pacer, 500, now_ns);
	}
}

/* However long nothing went, no more than one burst may go at once. */
static void pacer_does_not_save_up(void **state)
{
	static const uint64_t pauses_ns[] = {32 * NS_PER_S / 2000, NS_PER_S, 400 * DAY_NS,
					     40000 * DAY_NS};
	struct pacer pacer = {0};
	uint64_t now_ns = START_NS, next_ns;

	(void)state;
	send_burst(&pacer, 0, now_ns, &next_ns);
	for (size_t i = 0; i < sizeof(pauses_ns) / sizeof(*pauses_ns); i++) {
		now_ns += pauses_ns[i];
		assert_int_equal(send_burst(&pacer, 0, now_ns, &next_ns), 32);
	}
	/* half a pause, half a burst */
	now_ns += 16 * NS_PER_S / 2000;
	assert_int_equal(send_burst(&pacer, 0, now_ns, &next_ns), 16);
}

/* What waits goes within a second, and the rate does not fall on the way. */
static void pacer_spreads_what_waits_over_a_second(void **state)
{
	const uint64_t messages = 100000;
	struct pacer pacer = {0};
	uint64_t now_ns = START_NS;

	(void)state;
	for (uint64_t waiting = messages; waiting; waiting--)
		now_ns = send_one(&pacer, waiting, now_ns);
	assert_int_equal(now_ns, START_NS + (messages - 32) * (NS_PER_S / messages));
}

static void pacer_is_never_slower_than_2000_a_second(void **state)
{
	struct pacer pacer = {0};
	uint64_t now_ns = START_NS;

	(void)state;
	for (int i = 0; i < 2032; i++)
		now_ns = send_one(&pacer, 1, now_ns);
	assert_int_equal(now_ns, START_NS + NS_PER_S);
}

static void pacer_falls_back_when_nothing_waits(void **state)
{
	struct pacer pacer = {0};
	uint64_t now_ns, next_ns;

	(void)state;
	send_burst(&pacer, 50000, START_NS, &now_ns);
	assert_int_equal(now_ns, START_NS + NS_PER_S / 50000);
	pacer_count(&pacer, now_ns);
	next_ns = pacer_next_ns(&pacer, 20, now_ns); /* fewer, but some */
	assert_int_equal(next_ns, now_ns + NS_PER_S / 50000);
	pacer_count(&pacer, next_ns);
	now_ns = next_ns;
	assert_int_equal(pacer_next_ns(&pacer, 0, now_ns), now_ns + NS_PER_S / 2000);
	/* and rises no further than what waits next */
	assert_int_equal(pacer_next_ns(&pacer, 4000, now_ns), now_ns + NS_PER_S / 4000);
}

/* A burst that went at a high rate has still gone when the rate is low again. */
static void pacer_has_no_second_burst_after_falling_back(void **state)
{
	struct pacer pacer = {0};
	uint64_t now_ns, next_ns;

	(void)state;
	assert_int_equal(send_burst(&pacer, 100000, START_NS, &now_ns), 32);
	assert_int_equal(send_burst(&pacer, 0, START_NS, &next_ns), 0);
	assert_int_equal(next_ns, START_NS + NS_PER_S / 2000);
}

static void pacer_fixed_rate_is_kept_whatever_waits(void **state)
{
	static const uint32_t rates[] = {1, 2, 10, 100, 2000, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct pacer pacer = {.fixed_rate = rates[i]};
		uint64_t now_ns = START_NS;

		for (int count = 0; count < 132; count++)
			now_ns = send_one(&pacer, random_below(1000000), now_ns);
		assert_int_equal(now_ns, START_NS + 100 * (NS_PER_S / rates[i]));
	}
}

/* Also where a second does not divide into so many nanoseconds. */
static void pacer_fixed_rate_is_never_exceeded(void **state)
{
	static const uint32_t rates[] = {3, 7, 600, 6007, 999983, 4294967295};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
		struct pacer pacer = {.fixed_rate = rates[i]};
		uint64_t now_ns = START_NS;

		for (uint64_t count = 1; count <= 200000; count++) {
			uint64_t least_ns = 0;

			now_ns = send_one(&pacer, 0, now_ns);
			if (count > PACER_BURST) /* rounded up */
				least_ns = ((count - PACER_BURST) * NS_PER_S - 1) / rates[i] + 1;
			assert_true(now_ns - START_NS >= least_ns);
			assert_true(now_ns - START_NS <= least_ns + 1);
		}
	}
}

/* --- against a bucket --- */

struct bucket {
	uint64_t rate;
	uint64_t tokens;
	uint64_t filled_ns;
};

static void bucket_fill(struct bucket *bucket, uint64_t now_ns)
{
	uint64_t missing = FULL - bucket->tokens;
	uint64_t elapsed_ns = now_ns - bucket->filled_ns;

	if (bucket->rate && elapsed_ns > missing / bucket->rate)
		bucket->tokens = FULL;
	else
		bucket->tokens += elapsed_ns * bucket->rate;
	bucket->filled_ns = now_ns;
}

static void bucket_set_rate(struct bucket *bucket, uint32_t fixed_rate, uint64_t waiting)
{
	if (!waiting || !bucket->rate)
		bucket->rate = PACER_RATE_MIN;
	if (waiting > bucket->rate)
		bucket->rate = waiting;
	if (fixed_rate)
		bucket->rate = fixed_rate;
}

/* When there will be a whole token. */
static uint64_t bucket_next_ns(const struct bucket *bucket)
{
	uint64_t missing = bucket->tokens < TOKEN ? TOKEN - bucket->tokens : 0;

	return bucket->filled_ns + (missing + bucket->rate - 1) / bucket->rate;
}

/* How a harvest looks to an exporter: much is queued, and sent; then a little, or nothing. */
static uint64_t next_waiting(uint64_t waiting)
{
	if (random_below(50) == 0)
		return random_below(5) ? random_below(300) : random_below(200000);
	return waiting ? waiting - 1 : 0;
}

/* The exporter often comes late, rarely much too late. */
static uint64_t random_delay_ns(void)
{
	switch (random_below(8)) {
	case 0:
		return random_below(NS_PER_MS);
	case 1:
		return random_below(100) ? 0 : random_below(NS_PER_S);
	default:
		return 0;
	}
}

static void expect_bucket(uint32_t fixed_rate)
{
	struct pacer pacer = {.fixed_rate = fixed_rate};
	struct bucket bucket = {.tokens = FULL, .filled_ns = START_NS};
	uint64_t now_ns = START_NS, waiting = 0;

	for (int step = 0; step < 200000; step++) {
		uint64_t next_ns, earliest_ns;

		waiting = next_waiting(waiting);
		bucket_fill(&bucket, now_ns);
		bucket_set_rate(&bucket, fixed_rate, waiting);
		earliest_ns = bucket_next_ns(&bucket);
		next_ns = pacer_next_ns(&pacer, waiting, now_ns);
		assert_true(next_ns >= earliest_ns); /* never faster, */
		assert_true(next_ns <= earliest_ns + 1); /* nor needlessly slower */
		now_ns = next_ns + random_delay_ns();
		bucket_fill(&bucket, now_ns);
		bucket.tokens -= TOKEN;
		pacer_count(&pacer, now_ns);
	}
}

static void pacer_is_never_faster_than_its_bucket(void **state)
{
	static const uint32_t rates[] = {0, 1, 7, 999, 2000, 12345};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(*rates); i++)
		expect_bucket(rates[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pacer_lets_a_burst_go_at_once),
		cmocka_unit_test(pacer_spaces_what_follows_evenly),
		cmocka_unit_test(pacer_does_not_save_up),
		cmocka_unit_test(pacer_spreads_what_waits_over_a_second),
		cmocka_unit_test(pacer_is_never_slower_than_2000_a_second),
		cmocka_unit_test(pacer_falls_back_when_nothing_waits),
		cmocka_unit_test(pacer_has_no_second_burst_after_falling_back),
		cmocka_unit_test(pacer_fixed_rate_is_kept_whatever_waits),
		cmocka_unit_test(pacer_fixed_rate_is_never_exceeded),
		cmocka_unit_test(pacer_is_never_faster_than_its_bucket),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
