// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * When flows end: every rule of expire.h by itself, through the flow cache and at its boundaries.
 * One nanosecond before a deadline nothing happens, at the deadline it does.
 */
#include "flow/expire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cache_fixture.h"

/* --- idle and active */

static void cache_idle_flow_ends_at_deadline(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS, 0);
	expire_at(START_NS + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
	assert_int_equal(flows(), 1);
	expire_at(START_NS + IDLE_NS);
	assert_int_equal(record_count, 1);
	assert_record(0, &key, FLOW_END_IDLE, 1, START_NS, START_NS);
	assert_int_equal(flows(), 0);
	expire_at(START_NS + 10 * IDLE_NS);
	assert_int_equal(record_count, 1);
}

static void cache_idle_counts_from_last_packet(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	uint64_t last_ns = START_NS;

	(void)state;
	open_cache(10, UINT64_MAX, IDLE_NS);
	for (unsigned int i = 0; i < 100; i++) {
		last_ns = START_NS + i * (IDLE_NS - 1);
		expire_at(last_ns);
		see(&key, last_ns, 0);
		expire_at(last_ns);
		assert_int_equal(record_count, 0);
	}
	expire_at(last_ns + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
	expire_at(last_ns + IDLE_NS);
	assert_record(0, &key, FLOW_END_IDLE, 100, START_NS, last_ns);
}

/* The last packet may be later than the harvest's idea of now: clocks are read at two moments. */
static void cache_packet_later_than_now_is_kept(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS + S, 0);
	expire_at(START_NS);
	expire_at(START_NS + S + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + S + IDLE_NS);
	assert_int_equal(record_count, 1);
}

static void cache_active_flow_is_reported_at_deadline_and_stays(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);
	uint64_t active_ns = active_ns_of(&key, ACTIVE_NS);
	uint64_t ns;

	(void)state;
	for (ns = START_NS; ns < START_NS + active_ns; ns += S) {
		see(&key, ns, SYN);
		expire_at(ns);
	}
	assert_int_equal(record_count, 0);
	expire_at(START_NS + active_ns - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + active_ns);
	assert_int_equal(record_count, 1);
	assert_record(0, &key, FLOW_END_ACTIVE, (ns - START_NS) / S, START_NS, ns - S);
	assert_int_equal(records[0].tcp_flags, SYN);
	assert_int_equal(flows(), 1);

	/* The next record has its own start, flags and active timeout. */
	see(&key, ns, ACK);
	assert_int_equal(flows(), 1);
	for (uint64_t more_ns = ns + S; more_ns < ns + active_ns; more_ns += S)
		see(&key, more_ns, ACK);
	expire_at(ns + active_ns - 1);
	assert_int_equal(record_count, 1);
	expire_at(ns + active_ns);
	assert_int_equal(record_count, 2);
	assert_int_equal(records[1].start_ns, ns + OFFSET_NS);
	assert_int_equal(records[1].tcp_flags, ACK);
	assert_int_equal(records[1].end_reason, FLOW_END_ACTIVE);
}

static void cache_flow_without_packets_leaves_no_record(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	uint64_t last_ns;

	(void)state;
	open_cache(10, ACTIVE_NS, 200 * S);
	see(&key, START_NS, 0);
	last_ns = START_NS + 50 * S;
	see(&key, last_ns, 0);
	expire_at(START_NS + active_ns_of(&key, ACTIVE_NS));
	assert_int_equal(record_count, 1);
	for (uint64_t ns = START_NS + 70 * S; ns < last_ns + 200 * S; ns += S)
		expire_at(ns);
	expire_at(last_ns + 200 * S - 1);
	assert_int_equal(flows(), 1);
	expire_at(last_ns + 200 * S);
	assert_int_equal(flows(), 0);
	assert_int_equal(record_count, 1);
}

static void cache_later_record_starts_with_its_first_delta(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_details details = {.created_ns = START_NS + 70 * S + 1, .tos = 4};
	struct flow_delta delta = {.key = &key,
				   .details = &details,
				   .packets = 1,
				   .octets = 1,
				   .first_ns = START_NS + 70 * S,
				   .last_ns = START_NS + 71 * S};

	(void)state;
	open_cache(10, ACTIVE_NS, 200 * S);
	see(&key, START_NS, 0);
	expire_at(START_NS + 65 * S);
	assert_int_equal(record_count, 1);
	merge_at(&delta, 1, START_NS + 72 * S);
	delta.first_ns = START_NS + 69 * S; /* from another CPU */
	delta.last_ns = START_NS + 70 * S;
	merge_at(&delta, 1, START_NS + 72 * S);
	flush_at(0, START_NS + 72 * S);
	assert_record(1, &key, FLOW_END_FORCED, 2, START_NS + 69 * S, START_NS + 71 * S);
	assert_int_equal(records[1].tos, 0); /* the flow's first packet's */
}

/* An earlier start found later moves the active deadline forward. */
static void cache_earlier_start_expires_earlier(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	uint64_t active_ns = active_ns_of(&key, S);

	(void)state;
	open_cache(10, S, IDLE_NS);
	see(&key, START_NS + 10 * S, 0);
	see(&key, START_NS + 10 * S - S / 2, 0);
	expire_at(START_NS + 10 * S - S / 2 + active_ns - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + 10 * S - S / 2 + active_ns);
	assert_record(0, &key, FLOW_END_ACTIVE, 2, START_NS + 10 * S - S / 2, START_NS + 10 * S);
}

static void cache_idle_and_active_due_is_idle(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS, 0);
	see(&key, START_NS + 14 * S, 0);
	expire_at(START_NS + 1000 * S);
	assert_int_equal(record_count, 1);
	assert_record(0, &key, FLOW_END_IDLE, 2, START_NS, START_NS + 14 * S);
}

static void cache_active_timeouts_are_spread_over_a_tenth(void **state)
{
	static const unsigned int all = 10000;
	size_t quarter;

	(void)state;
	open_cache(all, ACTIVE_NS, UINT64_MAX);
	for (unsigned int i = 0; i < all; i++) {
		struct flow_key key = make_key((uint16_t)i, UDP, 0);

		see(&key, START_NS, 0);
	}
	expire_at(START_NS + 57 * S - 1);
	assert_int_equal(record_count, 0);
	for (unsigned int i = 1; i <= 4; i++) {
		quarter = record_count;
		expire_at(START_NS + 57 * S + i * 1500 * NS_PER_MS);
		assert_in_range(record_count - quarter, 2350, 2650);
	}
	assert_int_equal(record_count, all);
}

static void cache_jitter_is_within_bounds(void **state)
{
	struct expire_policy policy = {.active_ns = ACTIVE_NS};

	(void)state;
	assert_int_equal(expire_active_ns(&policy, 0), 57 * S);
	assert_int_equal(expire_active_ns(&policy, 0x80000000), 60 * S);
	assert_in_range(expire_active_ns(&policy, UINT32_MAX), 63 * S - 2, 63 * S - 1);
	policy.active_ns = 0;
	assert_int_equal(expire_active_ns(&policy, UINT32_MAX), 0);
	policy.active_ns = 1;
	assert_int_equal(expire_active_ns(&policy, UINT32_MAX), 1);
	policy.active_ns = UINT64_MAX;
	assert_true(expire_active_ns(&policy, UINT32_MAX) == UINT64_MAX);
	assert_true(expire_active_ns(&policy, 0) > UINT64_MAX / 100 * 94);
}

static void cache_timeout_of_never_is_never(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	open_cache(10, UINT64_MAX, UINT64_MAX);
	see(&key, START_NS, 0);
	expire_at(START_NS + 1000000000 * S);
	assert_int_equal(record_count, 0);
	assert_int_equal(flows(), 1);
}

/* Timeouts far beyond the wheel's 275 s, with expiry called every second for hours. */
static void cache_hours_are_exact(void **state)
{
	struct flow_key busy = make_key(1, UDP, 0);
	struct flow_key quiet = make_key(2, UDP, 0);
	uint64_t idle_ns = 10000 * S;
	uint64_t active_ns = active_ns_of(&busy, 7200 * S);

	(void)state;
	open_cache(10, 7200 * S, idle_ns);
	see(&quiet, START_NS, 0);
	expire_at(START_NS + 7600 * S);
	assert_int_equal(record_count, 1); /* its active timeout */
	see(&busy, START_NS + 8000 * S, 0);
	for (uint64_t ns = START_NS + 8000 * S; ns < START_NS + idle_ns; ns += S)
		expire_at(ns);
	expire_at(START_NS + idle_ns - 1);
	assert_int_equal(flows(), 2);
	expire_at(START_NS + idle_ns);
	assert_int_equal(flows(), 1);
	assert_int_equal(record_count, 1);
	for (uint64_t ns = 2001 * S; ns < active_ns; ns += S)
		expire_at(START_NS + 8000 * S + ns);
	expire_at(START_NS + 8000 * S + active_ns - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + 8000 * S + active_ns);
	assert_record(1, &busy, FLOW_END_ACTIVE, 1, START_NS + 8000 * S, START_NS + 8000 * S);
}

/* --- end of TCP */

static void cache_fin_from_one_side_does_not_end(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);
	struct flow_key reverse = make_key(1, TCP, 1);

	(void)state;
	see(&key, START_NS, FIN | ACK);
	see(&reverse, START_NS, ACK);
	expire_at(START_NS + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + IDLE_NS);
	assert_int_equal(record_count, 2);
	assert_int_equal(records[0].end_reason, FLOW_END_IDLE);
	assert_int_equal(records[1].end_reason, FLOW_END_IDLE);
}

static void cache_fin_from_both_sides_ends_both_after_linger(void **state)
{
	(void)state;
	for (int first = 0; first < 2; first++) {
		for (int same_harvest = 0; same_harvest < 2; same_harvest++) {
			struct flow_key key = make_key(1, TCP, first);
			struct flow_key reverse = make_key(1, TCP, !first);

			open_cache(10, ACTIVE_NS, IDLE_NS);
			see(&key, START_NS, FIN | ACK);
			if (!same_harvest)
				expire_at(START_NS);
			see(&reverse, START_NS + S, FIN | ACK);
			expire_at(START_NS + S);
			see(&key, START_NS + 2 * S, ACK); /* later packets count, and move nothing
							   */
			expire_at(START_NS + S + LINGER_NS - 1);
			assert_int_equal(record_count, 0);
			expire_at(START_NS + S + LINGER_NS);
			assert_int_equal(record_count, 2);
			assert_int_equal(records[0].end_reason, FLOW_END_DETECTED);
			assert_int_equal(records[1].end_reason, FLOW_END_DETECTED);
			assert_int_equal(records[0].packets + records[1].packets, 3);
			assert_int_equal(flows(), 0);
		}
	}
}

/* Whichever direction's delta comes first, the linger counts from the later FIN. */
static void cache_linger_counts_from_the_later_fin(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);
	struct flow_key reverse = make_key(1, TCP, 1);

	(void)state;
	see(&key, START_NS + S, FIN);
	see(&reverse, START_NS, FIN);
	expire_at(START_NS + S + LINGER_NS - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + S + LINGER_NS);
	assert_int_equal(record_count, 2);
}

static void cache_fin_is_remembered_across_records(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);
	struct flow_key reverse = make_key(1, TCP, 1);

	(void)state;
	open_cache(10, ACTIVE_NS, 200 * S);
	see(&key, START_NS, FIN);
	expire_at(START_NS + 70 * S); /* active timeout */
	assert_int_equal(record_count, 1);
	see(&key, START_NS + 71 * S, ACK);
	see(&reverse, START_NS + 72 * S, FIN);
	expire_at(START_NS + 72 * S + LINGER_NS - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + 72 * S + LINGER_NS);
	assert_int_equal(record_count, 3);
	for (size_t i = 1; i < 3; i++) {
		assert_int_equal(records[i].end_reason, FLOW_END_DETECTED);
		assert_int_equal(records[i].tcp_flags, records[i].key.kind ? FIN : ACK);
	}
}

static void cache_rst_ends_both_after_linger(void **state)
{
	(void)state;
	/* The other direction came before, in the same harvest before or after, or never. */
	for (int when = 0; when < 4; when++) {
		struct flow_key key = make_key(1, TCP, 1);
		struct flow_key reverse = make_key(1, TCP, 0);

		open_cache(10, ACTIVE_NS, IDLE_NS);
		if (when < 2)
			see(&reverse, START_NS, SYN);
		if (when == 0)
			expire_at(START_NS);
		see(&key, START_NS + S, RST);
		if (when == 2)
			see(&reverse, START_NS, SYN);
		expire_at(START_NS + S);
		expire_at(START_NS + S + LINGER_NS - 1);
		assert_int_equal(record_count, 0);
		expire_at(START_NS + S + LINGER_NS);
		assert_int_equal(record_count, when < 3 ? 2 : 1);
		for (size_t i = 0; i < record_count; i++)
			assert_int_equal(records[i].end_reason, FLOW_END_DETECTED);
		assert_int_equal(flows(), 0);
	}
}

static void cache_rst_of_both_sides_keeps_each_ones_time(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);
	struct flow_key reverse = make_key(1, TCP, 1);

	(void)state;
	see(&key, START_NS, RST);
	see(&reverse, START_NS + S, RST);
	expire_at(START_NS + LINGER_NS);
	assert_record(0, &key, FLOW_END_DETECTED, 1, START_NS, START_NS);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + S + LINGER_NS - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + S + LINGER_NS);
	assert_record(1, &reverse, FLOW_END_DETECTED, 1, START_NS + S, START_NS + S);
}

static void cache_packets_in_linger_do_not_prolong_it(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);

	(void)state;
	see(&key, START_NS, RST);
	for (unsigned int i = 1; i < 20; i++) {
		see(&key, START_NS + i * S / 10, i % 2 ? RST : FIN);
		expire_at(START_NS + i * S / 10);
	}
	assert_int_equal(record_count, 0);
	expire_at(START_NS + LINGER_NS);
	assert_record(0, &key, FLOW_END_DETECTED, 20, START_NS, START_NS + 19 * S / 10);
}

static void cache_reverse_must_match_in_everything(void **state)
{
	(void)state;
	for (int what = 0; what < 6; what++) {
		struct flow_key key = make_key(1, TCP, 0);
		struct flow_key other = make_key(1, TCP, 1);

		switch (what) {
		case 0:
			other.ifindex++;
			break;
		case 1:
			other.vlan_id++;
			break;
		case 2:
			other.kind ^= FLOW_KEY_EGRESS;
			break;
		case 3:
			other.source_port++;
			break;
		case 4:
			other.destination_address[15]++;
			break;
		case 5:
			other.kind |= FLOW_KEY_IPV6;
			break;
		}
		open_cache(10, ACTIVE_NS, IDLE_NS);
		see(&key, START_NS, FIN);
		see(&other, START_NS, FIN);
		expire_at(START_NS + IDLE_NS - 1);
		assert_int_equal(record_count, 0);
	}
}

static void cache_flags_of_other_protocols_mean_nothing(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS, RST | FIN);
	expire_at(START_NS + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
}

static void cache_end_goes_before_idle(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);

	(void)state;
	see(&key, START_NS, RST);
	expire_at(START_NS + 1000 * S);
	assert_record(0, &key, FLOW_END_DETECTED, 1, START_NS, START_NS);
	assert_int_equal(record_count, 1);
}

static void cache_same_ports_after_the_end_are_a_new_flow(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);

	(void)state;
	see(&key, START_NS, RST);
	expire_at(START_NS + LINGER_NS);
	see(&key, START_NS + 3 * S, SYN);
	expire_at(START_NS + 3 * S + IDLE_NS - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + 3 * S + IDLE_NS);
	assert_record(1, &key, FLOW_END_IDLE, 1, START_NS + 3 * S, START_NS + 3 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(cache_idle_flow_ends_at_deadline),
		TEST(cache_idle_counts_from_last_packet),
		TEST(cache_packet_later_than_now_is_kept),
		TEST(cache_active_flow_is_reported_at_deadline_and_stays),
		TEST(cache_flow_without_packets_leaves_no_record),
		TEST(cache_later_record_starts_with_its_first_delta),
		TEST(cache_earlier_start_expires_earlier),
		TEST(cache_idle_and_active_due_is_idle),
		TEST(cache_active_timeouts_are_spread_over_a_tenth),
		TEST(cache_jitter_is_within_bounds),
		TEST(cache_timeout_of_never_is_never),
		TEST(cache_hours_are_exact),
		TEST(cache_fin_from_one_side_does_not_end),
		TEST(cache_fin_from_both_sides_ends_both_after_linger),
		TEST(cache_linger_counts_from_the_later_fin),
		TEST(cache_fin_is_remembered_across_records),
		TEST(cache_rst_ends_both_after_linger),
		TEST(cache_rst_of_both_sides_keeps_each_ones_time),
		TEST(cache_packets_in_linger_do_not_prolong_it),
		TEST(cache_reverse_must_match_in_everything),
		TEST(cache_flags_of_other_protocols_mean_nothing),
		TEST(cache_end_goes_before_idle),
		TEST(cache_same_ports_after_the_end_are_a_new_flow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
