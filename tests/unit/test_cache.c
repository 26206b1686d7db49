// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow cache: how deltas become flows and flows become records, who makes room when it is full,
 * flushing and new timeouts. When flows end by themselves is in test_cache_expiry.c, random
 * histories are in test_cache_model.c.
 */
#include "flow/cache.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cache_fixture.h"

/* --- making a cache */

static void cache_of_no_or_too_many_flows_is_refused(void **state)
{
	struct flow_cache_config config = {.max_flows = 0};

	(void)state;
	errno = 0;
	assert_null(flow_cache_new(&config, sink, NULL));
	assert_int_equal(errno, EINVAL);
	config.max_flows = UINT32_MAX;
	errno = 0;
	assert_null(flow_cache_new(&config, sink, NULL));
	assert_int_equal(errno, EINVAL);
	flow_cache_free(NULL);
}

static void cache_empty_does_nothing(void **state)
{
	(void)state;
	expire_at(START_NS);
	flush_at(0, START_NS);
	merge_at(NULL, 0, START_NS);
	expire_at(START_NS + 1000000 * S);
	assert_int_equal(record_count, 0);
	assert_int_equal(flows(), 0);
}

/* --- merge */

static void cache_record_has_every_field(void **state)
{
	struct flow_key key = make_key(1000, UDP, 0);
	struct flow_details details = {
		.created_ns = START_NS + 3,
		.source_mac = {1, 2, 3, 4, 5, 6},
		.destination_mac = {7, 8, 9, 10, 11, 12},
		.ingress_ifindex = 99,
		.flow_label = 0xabcde,
		.fragment_id = 0x12345678,
		.fragment_offset = 185,
		.inner_vlan_id = 4000,
		.tos = 0xb8,
		.ip_flags = 5,
	};
	struct flow_delta delta = {
		.key = &key,
		.details = &details,
		.packets = 5000000000,
		.octets = 7000000000000,
		.first_ns = START_NS,
		.last_ns = START_NS + S,
		.tcp_flags = 0x1ff,
		.ttl_min = 3,
		.ttl_max = 250,
	};
	struct flow_record expected = {
		.end_reason = FLOW_END_IDLE,
		.ttl_min = 3,
		.ttl_max = 250,
		.tos = 0xb8,
		.id = 1,
		.packets = 5000000000,
		.octets = 7000000000000,
		.start_ns = START_NS + 3 + OFFSET_NS,
		.end_ns = START_NS + S + OFFSET_NS,
		.flow_label = 0xabcde,
		.fragment_id = 0x12345678,
		.fragment_offset = 185,
		.inner_vlan_id = 4000,
		.tcp_flags = 0x1ff,
		.ip_flags = 5,
		.source_mac = {1, 2, 3, 4, 5, 6},
		.destination_mac = {7, 8, 9, 10, 11, 12},
		.ingress_ifindex = 3,
		.egress_ifindex = 0,
	};

	(void)state;
	key.vlan_id = 77;
	merge_at(&delta, 1, START_NS + S);
	expire_at(START_NS + 20 * S);
	assert_int_equal(record_count, 1);
	expected.key = key;
	assert_memory_equal(&records[0], &expected, sizeof(expected));

	/* As an egress flow, the interface it came in by is the details'. */
	key.kind |= FLOW_KEY_EGRESS;
	merge_at(&delta, 1, START_NS + S);
	expire_at(START_NS + 20 * S);
	assert_int_equal(record_count, 2);
	expected.key = key;
	expected.id = 2;
	expected.ingress_ifindex = 99;
	expected.egress_ifindex = 3;
	assert_memory_equal(&records[1], &expected, sizeof(expected));
}

/* Ticks are coarse, creation times are exact. */
static void cache_creation_is_the_start_if_ticks_allow(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_details details = {.created_ns = START_NS + 20 * MS + 7};
	struct flow_delta delta = {.key = &key,
				   .details = &details,
				   .packets = 2,
				   .octets = 1,
				   .first_ns = START_NS + 4,
				   .last_ns = START_NS + 7};

	(void)state;
	merge_at(&delta, 1, START_NS + S);
	flush_at(0, START_NS + S);
	assert_record(0, &key, FLOW_END_FORCED, 2, START_NS + 20 * MS + 7, START_NS + 20 * MS + 7);
	details.created_ns++;
	merge_at(&delta, 1, START_NS + S);
	flush_at(0, START_NS + S);
	assert_record(1, &key, FLOW_END_FORCED, 2, START_NS + 4, START_NS + 7);
	details.created_ns = START_NS + 5;
	merge_at(&delta, 1, START_NS + S);
	flush_at(0, START_NS + S);
	assert_record(2, &key, FLOW_END_FORCED, 2, START_NS + 5, START_NS + 7);
}

static void cache_flow_of_one_packet_ends_where_it_starts(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_details details = {.created_ns = START_NS + 5};
	struct flow_delta delta = {.key = &key,
				   .details = &details,
				   .packets = 1,
				   .octets = 1,
				   .first_ns = START_NS + 4,
				   .last_ns = START_NS + 7};

	(void)state;
	merge_at(&delta, 1, START_NS + S);
	flush_at(0, START_NS + S);
	assert_record(0, &key, FLOW_END_FORCED, 1, START_NS + 5, START_NS + 5);
}

/* Three CPUs saw the flow; their entries come in any order. */
static void cache_order_of_deltas_does_not_matter(void **state)
{
	static const unsigned int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
						  {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct flow_key key = make_key(1, TCP, 0);
	struct flow_details details[3] = {
		{.created_ns = START_NS + 10 * S + 5, .tos = 10},
		{.created_ns = START_NS + 9 * S + 5, .tos = 9},
		{.created_ns = START_NS + 11 * S + 5, .tos = 11},
	};
	struct flow_delta deltas[3];

	(void)state;
	for (unsigned int order = 0; order < 6; order++) {
		for (unsigned int i = 0; i < 3; i++) {
			unsigned int which = orders[order][i];

			deltas[i] = (struct flow_delta){
				.key = &key,
				.details = &details[which],
				.packets = which + 2,
				.octets = 1000 * (which + 1),
				.first_ns = details[which].created_ns - 5,
				.last_ns = START_NS + (14 - which) * S,
				.tcp_flags = (uint16_t)(0x10 << which),
				.ttl_min = (uint8_t)(60 - which),
				.ttl_max = (uint8_t)(60 + which),
			};
		}
		merge_at(deltas, 3, START_NS + 15 * S);
		assert_int_equal(flows(), 1);
		flush_at(0, START_NS + 15 * S);
		assert_record(order, &key, FLOW_END_FORCED, 9, START_NS + 9 * S + 5,
			      START_NS + 14 * S);
		assert_int_equal(records[order].octets, 6000);
		assert_int_equal(records[order].tcp_flags, 0x70);
		assert_int_equal(records[order].ttl_min, 58);
		assert_int_equal(records[order].ttl_max, 62);
		assert_int_equal(records[order].tos, 9);
	}
}

static void cache_known_flow_does_not_read_details(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_delta delta = {.key = &key,
				   .packets = 1,
				   .octets = 50,
				   .first_ns = START_NS + S,
				   .last_ns = START_NS + S};

	(void)state;
	see(&key, START_NS, 0);
	merge_at(&delta, 1, START_NS + S); /* details is NULL */
	flush_at(0, START_NS + S);
	assert_record(0, &key, FLOW_END_FORCED, 2, START_NS, START_NS + S);
}

static void cache_delta_without_packets_is_ignored(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_delta delta = {
		.key = &key, .first_ns = START_NS, .last_ns = START_NS + 100 * S};

	(void)state;
	merge_at(&delta, 1, START_NS);
	assert_int_equal(flows(), 0);
}

static void cache_every_part_of_the_key_tells_flows_apart(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS, 0);
	for (size_t bit = 0; bit < sizeof(key) * 8; bit++) {
		struct flow_key other = key;

		((uint8_t *)&other)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		see(&other, START_NS, 0);
		see(&key, START_NS, 0);
		assert_int_equal(flows(), bit + 2);
	}
	flush_at(0, START_NS);
	assert_int_equal(record_count, 353);
}

static void cache_large_merge_with_repeated_keys_adds_up(void **state)
{
	static struct flow_key keys[1000];
	static struct flow_delta deltas[1000];
	struct flow_details details = {.created_ns = START_NS};

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		keys[i] = make_key((uint16_t)(i % 300), UDP, 0);
		deltas[i] = (struct flow_delta){.key = &keys[i],
						.details = &details,
						.packets = 1,
						.octets = i,
						.first_ns = START_NS,
						.last_ns = START_NS};
	}
	merge_at(deltas, 1000, START_NS);
	assert_int_equal(flows(), 300);
	flush_at(0, START_NS);
	assert_int_equal(record_count, 300);
	for (size_t i = 0; i < 300; i++) {
		uint64_t port = records[i].key.source_port;

		assert_int_equal(records[i].packets, port < 100 ? 4 : 3);
		assert_int_equal(records[i].octets, port < 100 ? 4 * port + 1800 : 3 * port + 900);
	}
}

static void cache_churn_keeps_every_flow_findable(void **state)
{
	(void)state;
	open_cache(3000, ACTIVE_NS, IDLE_NS);
	for (unsigned int round = 0; round < 10; round++) {
		uint64_t now_ns = START_NS + round * 5 * S;

		for (unsigned int i = 0; i < 1000; i++) {
			struct flow_key key = make_key((uint16_t)(round * 500 + i), UDP, 0);

			see(&key, now_ns, 0);
		}
		expire_at(now_ns);
	}
	expire_at(START_NS + 1000 * S);
	assert_int_equal(flows(), 0);
	/* Each round shares half of its flows with the next: none was split. */
	assert_int_equal(record_count, 500 * 11);
	assert_int_equal(flow_cache_stats(cache)->records[FLOW_END_IDLE], 5500);
}

/* --- wall clock */

static void cache_stepped_clock_moves_both_ends(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_time now = at(START_NS + 70 * S);

	(void)state;
	open_cache(10, ACTIVE_NS, 200 * S);
	see(&key, START_NS, 0);
	see(&key, START_NS + 50 * S, 0);
	now.realtime_ns -= 3600 * S;
	flow_cache_expire(cache, &now);
	assert_record(0, &key, FLOW_END_ACTIVE, 2, START_NS - 3600 * S,
		      START_NS + 50 * S - 3600 * S);
	see(&key, START_NS + 71 * S, 0);
	now = at(START_NS + 72 * S);
	now.realtime_ns += 86400 * S;
	flow_cache_flush(cache, 0, &now);
	assert_record(1, &key, FLOW_END_FORCED, 1, START_NS + 71 * S + 86400 * S,
		      START_NS + 71 * S + 86400 * S);
	assert_balance();
}

static void cache_clock_of_1970_gives_no_time_before_it(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_time now = {.monotonic_ns = START_NS + 10 * S, .realtime_ns = 4 * S};

	(void)state;
	see(&key, START_NS, 0);
	see(&key, START_NS + 8 * S, 0);
	flow_cache_flush(cache, 0, &now);
	assert_int_equal(record_count, 1);
	assert_int_equal(records[0].start_ns, 0);
	assert_int_equal(records[0].end_ns, 2 * S);
}

static void cache_flush_of_interfaces_ends_theirs_alone(void **state)
{
	uint32_t gone[] = {9, 2, 5};
	struct flow_time now = at(START_NS + S);

	(void)state;
	for (uint32_t ifindex = 1; ifindex <= 10; ifindex++) {
		struct flow_key key = make_key((uint16_t)ifindex, UDP, 0);

		key.ifindex = ifindex;
		see(&key, START_NS, 0);
	}
	flow_cache_flush_interfaces(cache, gone, 0, &now);
	assert_int_equal(record_count, 0);
	flow_cache_flush_interfaces(cache, gone, 3, &now);
	assert_balance();
	assert_int_equal(record_count, 3);
	assert_int_equal(flows(), 7);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(records[i].end_reason, FLOW_END_FORCED);
		assert_true(records[i].key.ifindex == 2 || records[i].key.ifindex == 5 ||
			    records[i].key.ifindex == 9);
	}
}

/* --- room */

static void cache_full_evicts_longest_idle_first(void **state)
{
	(void)state;
	open_cache(4, ACTIVE_NS, IDLE_NS);
	for (uint16_t i = 0; i < 12; i++) {
		struct flow_key key = make_key(i, UDP, 0);

		see(&key, START_NS + i * S / 2, 0);
	}
	assert_int_equal(flows(), 4);
	assert_int_equal(record_count, 8);
	for (uint16_t i = 0; i < 8; i++) {
		struct flow_key key = make_key(i, UDP, 0);

		assert_record(i, &key, FLOW_END_RESOURCES, 1, START_NS + i * S / 2,
			      START_NS + i * S / 2);
	}
}

static void cache_eviction_spares_flows_seen_since(void **state)
{
	(void)state;
	open_cache(5, ACTIVE_NS, IDLE_NS);
	for (uint16_t i = 0; i < 5; i++) {
		struct flow_key key = make_key(i, UDP, 0);

		see(&key, START_NS + i * S, 0);
	}
	for (uint16_t i = 0; i < 3; i++) { /* the oldest three are busy again, in this order */
		struct flow_key key = make_key(i, UDP, 0);

		see(&key, START_NS + (5 + i) * S, 0);
	}
	for (uint16_t i = 0; i < 5; i++) {
		static const uint16_t order[] = {3, 4, 0, 1, 2};
		struct flow_key key = make_key((uint16_t)(100 + i), UDP, 0);

		see(&key, START_NS + (8 + i) * S, 0);
		assert_int_equal(record_count, i + 1);
		assert_int_equal(records[i].key.source_port, order[i]);
		assert_int_equal(records[i].end_reason, FLOW_END_RESOURCES);
	}
}

static void cache_evicted_flow_without_packets_leaves_no_record(void **state)
{
	struct flow_key old = make_key(1, UDP, 0);
	struct flow_key new = make_key(2, UDP, 0);

	(void)state;
	open_cache(1, ACTIVE_NS, 200 * S);
	see(&old, START_NS, 0);
	expire_at(START_NS + 70 * S);
	assert_int_equal(record_count, 1);
	see(&new, START_NS + 71 * S, 0);
	assert_int_equal(flows(), 1);
	assert_int_equal(record_count, 1);
	flush_at(0, START_NS + 71 * S);
	assert_record(1, &new, FLOW_END_FORCED, 1, START_NS + 71 * S, START_NS + 71 * S);
}

static void cache_of_one_flow_works(void **state)
{
	(void)state;
	open_cache(1, ACTIVE_NS, IDLE_NS);
	for (uint16_t i = 0; i < 100; i++) {
		struct flow_key key = make_key(i / 2, TCP, 0);

		see(&key, START_NS + i, i % 3 ? ACK : RST);
		assert_int_equal(flows(), 1);
		assert_int_equal(record_count, i / 2);
	}
	expire_at(START_NS + 100 * S);
	assert_int_equal(record_count, 50);
	for (uint16_t i = 0; i < 50; i++)
		assert_int_equal(records[i].packets, 2);
}

/* No flow waits to become idle when the active timeout is shorter: the oldest still go first. */
static void cache_full_of_active_flows_evicts_oldest(void **state)
{
	(void)state;
	open_cache(4, 20 * S, 300 * S);
	for (uint16_t i = 0; i < 8; i++) {
		struct flow_key key = make_key(i, UDP, 0);

		see(&key, START_NS + i * 3 * S, 0);
	}
	assert_int_equal(record_count, 4);
	for (uint16_t i = 0; i < 4; i++)
		assert_int_equal(records[i].key.source_port, i);
}

static void cache_full_of_ended_flows_makes_room(void **state)
{
	(void)state;
	open_cache(4, ACTIVE_NS, IDLE_NS);
	for (uint16_t i = 0; i < 8; i++) {
		struct flow_key key = make_key(i, TCP, 0);

		see(&key, START_NS + i, RST);
	}
	assert_int_equal(flows(), 4);
	assert_int_equal(record_count, 4);
	expire_at(START_NS + 8 + LINGER_NS);
	assert_int_equal(record_count, 8);
	assert_int_equal(flow_cache_stats(cache)->records[FLOW_END_RESOURCES], 4);
	assert_int_equal(flow_cache_stats(cache)->records[FLOW_END_DETECTED], 4);
}

/* Deltas come in any order: the one merged first is not the one idle longest. */
static void cache_eviction_goes_by_time_not_by_order(void **state)
{
	struct flow_key later = make_key(1, UDP, 0);
	struct flow_key earlier = make_key(2, UDP, 0);
	struct flow_key new = make_key(3, UDP, 0);

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		if (tcp)
			later.protocol = earlier.protocol = new.protocol = TCP;
		open_cache(2, ACTIVE_NS, IDLE_NS);
		see(&later, START_NS + 10 * S, RST);
		see(&earlier, START_NS + S, RST);
		see(&new, START_NS + 11 * S, RST);
		assert_int_equal(record_count, 1);
		assert_record(0, &earlier, FLOW_END_RESOURCES, 1, START_NS + S, START_NS + S);
	}
}

static void cache_evicted_flow_leaves_nothing_to_the_next(void **state)
{
	struct flow_key old = make_key(1, TCP, 0);
	struct flow_key new = make_key(2, TCP, 0);

	(void)state;
	open_cache(1, ACTIVE_NS, IDLE_NS);
	see(&old, START_NS + S, RST);
	see(&new, START_NS, ACK);
	expire_at(START_NS + IDLE_NS - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + IDLE_NS);
	assert_record(1, &new, FLOW_END_IDLE, 1, START_NS, START_NS);
	assert_int_equal(records[1].tcp_flags, ACK);
}

/* Busy flows that are harvested every second survive a flood that fills the cache many times. */
static void cache_flood_leaves_busy_flows_alone(void **state)
{
	static struct flow_key keys[500];
	static struct flow_delta deltas[500];
	struct flow_details details = {.created_ns = START_NS};
	uint32_t flood = 0;

	(void)state;
	open_cache(1000, 100000 * S, IDLE_NS);
	for (unsigned int second = 0; second < 60; second++) {
		uint64_t now_ns = START_NS + second * S;

		for (uint16_t i = 0; i < 60; i++) {
			struct flow_key key = make_key(i, UDP, 0);

			see(&key, now_ns, 0);
		}
		details.created_ns = now_ns;
		for (unsigned int i = 0; i < 500; i++) {
			keys[i] = make_key(7, UDP, 1);
			memcpy(keys[i].source_address, &flood, sizeof(flood));
			flood++;
			deltas[i] = (struct flow_delta){.key = &keys[i],
							.details = &details,
							.packets = 1,
							.octets = 40,
							.first_ns = now_ns,
							.last_ns = now_ns};
		}
		merge_at(deltas, 500, now_ns);
		expire_at(now_ns);
	}
	assert_int_equal(flow_cache_stats(cache)->records[FLOW_END_RESOURCES], 30000 - 940);
	assert_int_equal(record_count, 29060);
	for (size_t i = 0; i < record_count; i++)
		assert_int_equal(records[i].key.kind, FLOW_KEY_EGRESS);
}

/* --- flush and reconfiguration */

static void cache_flush_ends_flows_of_one_interface(void **state)
{
	struct flow_key keys[4];

	(void)state;
	for (uint16_t i = 0; i < 4; i++) {
		keys[i] = make_key(i, TCP, 0);
		keys[i].ifindex = i % 2 ? 5 : 6;
		see(&keys[i], START_NS, i == 3 ? RST : 0);
	}
	flush_at(7, START_NS);
	assert_int_equal(record_count, 0);
	flush_at(5, START_NS);
	assert_int_equal(record_count, 2);
	assert_record(0, &keys[1], FLOW_END_FORCED, 1, START_NS, START_NS);
	assert_record(1, &keys[3], FLOW_END_FORCED, 1, START_NS, START_NS);
	expire_at(START_NS + IDLE_NS);
	assert_int_equal(record_count, 4);
	assert_int_equal(flows(), 0);
}

static void cache_shorter_timeouts_apply_to_kept_flows(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);
	struct flow_key other = make_key(2, UDP, 0);

	(void)state;
	open_cache(10, 3600 * S, 1800 * S);
	see(&key, START_NS, 0);
	see(&other, START_NS + 5 * S, 0);
	expire_at(START_NS + 5 * S);
	flow_cache_set_timeouts(cache, 3600 * S, 10 * S);
	expire_at(START_NS + 10 * S - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + 10 * S);
	assert_record(0, &key, FLOW_END_IDLE, 1, START_NS, START_NS);
	flow_cache_set_timeouts(cache, 6 * S, 1800 * S);
	expire_at(START_NS + 5 * S + active_ns_of(&other, 6 * S) - 1);
	assert_int_equal(record_count, 1);
	expire_at(START_NS + 5 * S + active_ns_of(&other, 6 * S));
	assert_record(1, &other, FLOW_END_ACTIVE, 1, START_NS + 5 * S, START_NS + 5 * S);
}

static void cache_longer_timeouts_apply_to_kept_flows(void **state)
{
	struct flow_key key = make_key(1, UDP, 0);

	(void)state;
	see(&key, START_NS, 0);
	flow_cache_set_timeouts(cache, 3600 * S, 100 * S);
	expire_at(START_NS + 100 * S - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + 100 * S);
	assert_record(0, &key, FLOW_END_IDLE, 1, START_NS, START_NS);
}

static void cache_timeouts_changed_before_pairing_are_kept(void **state)
{
	struct flow_key key = make_key(1, TCP, 0);

	(void)state;
	see(&key, START_NS, FIN);
	flow_cache_set_timeouts(cache, ACTIVE_NS, S);
	expire_at(START_NS + S - 1);
	assert_int_equal(record_count, 0);
	expire_at(START_NS + S);
	assert_record(0, &key, FLOW_END_IDLE, 1, START_NS, START_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(cache_of_no_or_too_many_flows_is_refused),
		TEST(cache_empty_does_nothing),
		TEST(cache_record_has_every_field),
		TEST(cache_creation_is_the_start_if_ticks_allow),
		TEST(cache_flow_of_one_packet_ends_where_it_starts),
		TEST(cache_order_of_deltas_does_not_matter),
		TEST(cache_known_flow_does_not_read_details),
		TEST(cache_delta_without_packets_is_ignored),
		TEST(cache_every_part_of_the_key_tells_flows_apart),
		TEST(cache_large_merge_with_repeated_keys_adds_up),
		TEST(cache_churn_keeps_every_flow_findable),
		TEST(cache_stepped_clock_moves_both_ends),
		TEST(cache_clock_of_1970_gives_no_time_before_it),
		TEST(cache_flush_of_interfaces_ends_theirs_alone),
		TEST(cache_full_evicts_longest_idle_first),
		TEST(cache_eviction_spares_flows_seen_since),
		TEST(cache_evicted_flow_without_packets_leaves_no_record),
		TEST(cache_of_one_flow_works),
		TEST(cache_full_of_active_flows_evicts_oldest),
		TEST(cache_full_of_ended_flows_makes_room),
		TEST(cache_eviction_goes_by_time_not_by_order),
		TEST(cache_evicted_flow_leaves_nothing_to_the_next),
		TEST(cache_flood_leaves_busy_flows_alone),
		TEST(cache_flush_ends_flows_of_one_interface),
		TEST(cache_shorter_timeouts_apply_to_kept_flows),
		TEST(cache_longer_timeouts_apply_to_kept_flows),
		TEST(cache_timeouts_changed_before_pairing_are_kept),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
