// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Biflows: which records come in pairs, in which order, and when. Last a long random run that knows
 * nothing of the rules but what must always hold: pairs are whole and of one conversation, and every
 * packet is in one record.
 */
#include <arpa/inet.h>

#include "cache_fixture.h"

#define ICMP 1
#define ICMPV6 58
#define RANDOM_STEPS 60000u
#define RANDOM_CONVERSATIONS 40u

static int set_up_biflow(void **state)
{
	setup(state);
	open_biflow_cache(1000, ACTIVE_NS, IDLE_NS);
	return 0;
}

static struct flow_key make_icmp_key(uint8_t protocol, uint16_t type, uint16_t code, int direction)
{
	struct flow_key key = make_key(1, protocol, direction);

	if (protocol == ICMPV6)
		key.kind |= FLOW_KEY_IPV6;
	key.source_port = htons(type);
	key.destination_port = htons(code);
	return key;
}

static void assert_pair(size_t index, const struct flow_key *forward,
			const struct flow_key *reverse)
{
	assert_true(index + 1 < record_count);
	assert_memory_equal(&records[index].key, forward, sizeof(*forward));
	assert_memory_equal(&records[index + 1].key, reverse, sizeof(*reverse));
	assert_int_equal(records[index].biflow, FLOW_BIFLOW_FORWARD);
	assert_int_equal(records[index + 1].biflow, FLOW_BIFLOW_REVERSE);
}

static void biflow_off_pairs_nothing(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	open_cache(1000, ACTIVE_NS, IDLE_NS);
	see(&in, START_NS, 0);
	see(&out, START_NS + MS, 0);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 2);
	assert_int_equal(records[0].biflow, FLOW_UNIFLOW);
	assert_int_equal(records[1].biflow, FLOW_UNIFLOW);
}

static void biflow_one_direction_only_is_a_uniflow(void **state)
{
	struct flow_key in = make_key(1, UDP, 0);

	(void)state;
	see(&in, START_NS, 0);
	expire_at(START_NS + IDLE_NS);
	assert_int_equal(record_count, 1);
	assert_record(0, &in, FLOW_END_IDLE, 1, START_NS, START_NS);
	assert_int_equal(records[0].biflow, FLOW_UNIFLOW);
	assert_int_equal(flows(), 0);
}

static void biflow_who_was_seen_first_is_forward(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&out, START_NS, 0);
	see(&in, START_NS + 5 * S, 0);
	expire_at(START_NS + 5 * S + IDLE_NS);
	assert_int_equal(record_count, 2);
	assert_pair(0, &out, &in);
	assert_record(0, &out, FLOW_END_IDLE, 1, START_NS, START_NS);
	assert_record(1, &in, FLOW_END_IDLE, 1, START_NS + 5 * S, START_NS + 5 * S);
	assert_int_equal(flows(), 0);
}

/* Deltas of one harvest come in any order; the exact start decides. */
static void biflow_in_one_harvest_the_earlier_start_is_forward(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&in, START_NS + 3, 0);
	see(&out, START_NS + 2, 0);
	flush_at(0, START_NS + S);
	assert_pair(0, &out, &in);
	see(&in, START_NS + 2 * S, 0);
	see(&out, START_NS + 2 * S + 1, 0);
	flush_at(0, START_NS + 3 * S);
	assert_pair(2, &in, &out);
}

static void biflow_direction_stays_over_active_timeouts(void **state)
{
	struct flow_key in = make_key(1, TCP, 0), out = make_key(1, TCP, 1);
	uint64_t ns = START_NS;

	(void)state;
	see(&out, ns, SYN);
	see(&in, ns + MS, SYN | ACK);
	for (int i = 0; i < 5; i++) {
		/* now this one, now that one is the first of a new record */
		see(i % 2 ? &in : &out, ns + 2 * MS, ACK);
		see(i % 2 ? &out : &in, ns + 10 * S, ACK);
		for (uint64_t step = 20; step < 60; step += 10) {
			see(&in, ns + step * S, ACK);
			see(&out, ns + step * S, ACK);
			expire_at(ns + step * S);
		}
		assert_int_equal(record_count, 2 * i);
		expire_at(ns + 64 * S); /* whatever the hash makes of a timeout of 60 s +-5 % */
		assert_int_equal(record_count, 2 * (i + 1));
		assert_pair(2 * (size_t)i, &out, &in);
		assert_int_equal(records[2 * i].end_reason, FLOW_END_ACTIVE);
		assert_int_equal(records[2 * i + 1].end_reason, FLOW_END_ACTIVE);
		ns += 70 * S;
	}
}

/* One side ends and begins again while the other goes on. */
static void biflow_direction_stays_when_one_side_pauses(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	open_biflow_cache(2, ACTIVE_NS, IDLE_NS);
	see(&out, START_NS, 0);
	see(&in, START_NS + S, 0);
	see(&in, START_NS + 2 * S, 0);
	{ /* evicts the longest idle: the initiator's flow */
		struct flow_key other = make_key(2, UDP, 0);

		see(&other, START_NS + 3 * S, 0);
	}
	assert_pair(0, &out, &in);
	assert_int_equal(records[0].end_reason, FLOW_END_RESOURCES);
	assert_int_equal(records[1].end_reason, FLOW_END_ACTIVE);
	see(&in, START_NS + 4 * S, 0);
	see(&out, START_NS + 5 * S, 0); /* evicts the other conversation */
	flush_at(0, START_NS + 6 * S);
	assert_int_equal(record_count, 5);
	assert_pair(3, &out, &in);
}

static void biflow_is_idle_when_both_are(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&out, START_NS, 0);
	see(&in, START_NS + 10 * S, 0);
	expire_at(START_NS + IDLE_NS); /* the first is idle, but not both */
	assert_int_equal(record_count, 0);
	expire_at(START_NS + 10 * S + IDLE_NS - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + 10 * S + IDLE_NS);
	assert_int_equal(record_count, 2);
	assert_pair(0, &out, &in);
	assert_int_equal(records[0].end_reason, FLOW_END_IDLE);
	assert_int_equal(records[1].end_reason, FLOW_END_IDLE);
	assert_int_equal(flows(), 0);
}

/* The silent side's packets are not held back for longer than the active timeout. */
static void biflow_silent_side_is_reported_by_the_active_timeout(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);
	uint64_t longest_ns = ACTIVE_NS + ACTIVE_NS / 20 + S;

	(void)state;
	see(&out, START_NS, 0);
	for (uint64_t ns = START_NS; ns <= START_NS + longest_ns; ns += S) {
		see(&in, ns, 0);
		expire_at(ns);
	}
	assert_true(record_count >= 2);
	assert_pair(0, &out, &in);
	assert_int_equal(records[0].end_reason, FLOW_END_ACTIVE);
	assert_int_equal(records[0].packets, 1);
	assert_int_equal(flows(), 2);
}

static void biflow_after_its_record_a_silent_side_is_no_half(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&out, START_NS, 0);
	see(&in, START_NS + MS, 0);
	for (uint64_t ns = START_NS; ns <= START_NS + 3 * ACTIVE_NS; ns += S) {
		see(&in, ns, 0);
		expire_at(ns);
	}
	assert_true(record_count >= 3);
	assert_pair(0, &out, &in);
	for (size_t i = 2; i < record_count; i++) {
		assert_memory_equal(&records[i].key, &in, sizeof(in));
		assert_int_equal(records[i].biflow, FLOW_UNIFLOW);
	}
}

static void biflow_tcp_end_ends_both(void **state)
{
	struct flow_key in = make_key(1, TCP, 0), out = make_key(1, TCP, 1);

	(void)state;
	see(&out, START_NS, SYN);
	see(&in, START_NS + MS, SYN | ACK);
	see(&out, START_NS + 2 * MS, FIN | ACK);
	see(&in, START_NS + 3 * MS, FIN | ACK);
	expire_at(START_NS + 4 * MS);
	expire_at(START_NS + 3 * MS + LINGER_NS);
	assert_int_equal(record_count, 2);
	assert_pair(0, &out, &in);
	assert_int_equal(records[0].end_reason, FLOW_END_DETECTED);
	assert_int_equal(records[1].end_reason, FLOW_END_DETECTED);
	assert_int_equal(flows(), 0);
}

static void biflow_flush_forces_both(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&in, START_NS, 0);
	see(&out, START_NS + MS, 0);
	flush_at(3, START_NS + S);
	assert_int_equal(record_count, 2);
	assert_pair(0, &in, &out);
	assert_int_equal(records[0].end_reason, FLOW_END_FORCED);
	assert_int_equal(records[1].end_reason, FLOW_END_FORCED);
}

static void biflow_icmp_pairs_questions_with_answers(void **state)
{
	static const struct {
		uint8_t protocol;
		uint16_t question;
		uint16_t answer;
	} pairs[] = {
		{ICMP, 8, 0}, {ICMP, 13, 14}, {ICMP, 15, 16}, {ICMP, 17, 18}, {ICMPV6, 128, 129}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct flow_key question =
			make_icmp_key(pairs[i].protocol, pairs[i].question, 0, 1);
		struct flow_key answer = make_icmp_key(pairs[i].protocol, pairs[i].answer, 0, 0);

		record_count = 0;
		see(&question, START_NS + i * S, 0);
		see(&answer, START_NS + i * S + MS, 0);
		flush_at(0, START_NS + i * S + 2 * MS);
		assert_int_equal(record_count, 2);
		assert_pair(0, &question, &answer);
	}
}

static void biflow_icmp_errors_are_uniflows(void **state)
{
	struct flow_key unreachable = make_icmp_key(ICMP, 3, 3, 1);
	struct flow_key swapped = make_icmp_key(ICMP, 3, 3, 0);
	struct flow_key mirrored = make_icmp_key(ICMP, 0, 8, 0); /* a reply with code 8 */
	struct flow_key request = make_icmp_key(ICMP, 8, 0, 1);

	(void)state;
	see(&unreachable, START_NS, 0);
	see(&swapped, START_NS, 0);
	see(&mirrored, START_NS, 0);
	see(&request, START_NS, 0);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 4);
	for (size_t i = 0; i < record_count; i++)
		assert_int_equal(records[i].biflow, FLOW_UNIFLOW);
}

static void biflow_other_interface_or_vlan_is_another_conversation(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);
	struct flow_key tagged = out;

	(void)state;
	out.ifindex = 4;
	tagged.vlan_id = 7;
	see(&in, START_NS, 0);
	see(&out, START_NS, 0);
	see(&tagged, START_NS, 0);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 3);
	for (size_t i = 0; i < record_count; i++)
		assert_int_equal(records[i].biflow, FLOW_UNIFLOW);
}

/* Timeouts are short against the steps, so that everything happens often. */
static void biflow_turned_on_pairs_what_is_under_way(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	open_cache(1000, ACTIVE_NS, IDLE_NS);
	see(&out, START_NS + MS, 0);
	see(&in, START_NS, 0);
	flow_cache_set_biflow(cache, 1);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 2);
	assert_pair(0, &in, &out);
}

static void biflow_turned_on_knows_who_answers_later(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	open_cache(1000, ACTIVE_NS, IDLE_NS);
	see(&in, START_NS, 0);
	flow_cache_set_biflow(cache, 1);
	see(&out, START_NS + MS, 0);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 2);
	assert_pair(0, &in, &out);
}

static void biflow_turned_off_pairs_nothing(void **state)
{
	struct flow_key in = make_key(1, UDP, 0), out = make_key(1, UDP, 1);

	(void)state;
	see(&in, START_NS, 0);
	see(&out, START_NS + MS, 0);
	flow_cache_set_biflow(cache, 0);
	flush_at(0, START_NS + S);
	assert_int_equal(record_count, 2);
	assert_int_equal(records[0].biflow, FLOW_UNIFLOW);
	assert_int_equal(records[1].biflow, FLOW_UNIFLOW);
}

static void biflow_random_traffic_keeps_what_must_hold(void **state)
{
	uint64_t ns = START_NS, random = 88172645463325252ull, pairs = 0;

	(void)state;
	open_biflow_cache(60, 3 * S, S);
	for (unsigned int step = 0; step < RANDOM_STEPS; step++) {
		unsigned int conversation;
		struct flow_key key;
		uint16_t flags;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		conversation = random % RANDOM_CONVERSATIONS;
		flags = random >> 20 & 63 ? ACK : random >> 30 & 1 ? FIN : RST;
		key = make_key((uint16_t)conversation, conversation % 2 ? TCP : UDP,
			       random >> 40 & 1);
		see(&key, ns, flags);
		ns += random >> 50 & 31 ? 20 * MS : 700 * MS;
		if (random >> 56 & 3)
			expire_at(ns);
		for (size_t i = 0; i < record_count; i++) {
			const struct flow_record *record = &records[i];
			struct flow_key reverse;

			assert_true(record->biflow != FLOW_BIFLOW_REVERSE);
			if (record->biflow == FLOW_UNIFLOW)
				continue;
			assert_true(++i < record_count);
			assert_int_equal(records[i].biflow, FLOW_BIFLOW_REVERSE);
			assert_true(expire_reverse_key(&record->key, &reverse));
			assert_memory_equal(&records[i].key, &reverse, sizeof(reverse));
			pairs++;
		}
		record_count = 0;
	}
	flush_at(0, ns);
	assert_int_equal(flows(), 0);
	assert_true(pairs > 1000);
}

#define BIFLOW_TEST(function) cmocka_unit_test_setup_teardown(function, set_up_biflow, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BIFLOW_TEST(biflow_off_pairs_nothing),
		BIFLOW_TEST(biflow_one_direction_only_is_a_uniflow),
		BIFLOW_TEST(biflow_who_was_seen_first_is_forward),
		BIFLOW_TEST(biflow_in_one_harvest_the_earlier_start_is_forward),
		BIFLOW_TEST(biflow_direction_stays_over_active_timeouts),
		BIFLOW_TEST(biflow_direction_stays_when_one_side_pauses),
		BIFLOW_TEST(biflow_is_idle_when_both_are),
		BIFLOW_TEST(biflow_silent_side_is_reported_by_the_active_timeout),
		BIFLOW_TEST(biflow_after_its_record_a_silent_side_is_no_half),
		BIFLOW_TEST(biflow_tcp_end_ends_both),
		BIFLOW_TEST(biflow_flush_forces_both),
		BIFLOW_TEST(biflow_icmp_pairs_questions_with_answers),
		BIFLOW_TEST(biflow_icmp_errors_are_uniflows),
		BIFLOW_TEST(biflow_other_interface_or_vlan_is_another_conversation),
		BIFLOW_TEST(biflow_turned_on_pairs_what_is_under_way),
		BIFLOW_TEST(biflow_turned_on_knows_who_answers_later),
		BIFLOW_TEST(biflow_turned_off_pairs_nothing),
		BIFLOW_TEST(biflow_random_traffic_keeps_what_must_hold),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
