// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The flow cache against a model: a plain list of flows that is searched from the start for every
 * question and looks at every flow at every expiry. Same rules, nothing clever, no code shared but
 * the hash that decides a flow's jitter. After every one of many random steps both must have
 * emitted exactly the same records. Where the cache has to evict, the model cannot know whom; there
 * only the sums are compared.
 */
#include "flow/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "flow/hash.h"
#include "lib/clock.h"

#define KEYS 400u
#define STEPS 150000u
#define DELTAS_MAX 150u
#define RECORDS_MAX (KEYS * 4)
#define TICK_NS (4 * NS_PER_MS)
#define LINGER_NS (300 * NS_PER_MS)
#define TCP_FIN 0x01
#define TCP_RST 0x04

static const uint64_t hash_seed[2] = {0x1234, 0x5678};

struct model_flow {
	struct flow_key key;
	uint64_t packets;
	uint64_t octets;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t fin_ns;
	uint64_t end_ns;
	uint16_t tcp_flags;
	uint8_t ttl_min;
	uint8_t ttl_max;
	int had_record;
	int fin;
	int reset;
	int ended;
	int news; /* FIN or RST since the last expiry */
	struct flow_details details;
};

struct model {
	struct model_flow flows[KEYS];
	size_t count;
	uint64_t active_ns;
	uint64_t idle_ns;
	struct flow_count merged;
	struct flow_count exported[FLOW_END_REASONS];
	uint64_t record_counts[FLOW_END_REASONS];
};

struct records {
	struct flow_record list[RECORDS_MAX];
	size_t count;
	uint64_t last_id;
};

static struct model model;
static struct records expected;
static struct records emitted;
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % limit;
}

static void cache_sink(void *arg, const struct flow_record *record)
{
	struct records *records = arg;

	assert_int_equal(record->id, ++records->last_id);
	assert_true(record->start_ns <= record->end_ns);
	assert_true(record->packets > 0);
	assert_true(records->count < RECORDS_MAX);
	records->list[records->count] = *record;
	records->list[records->count++].id = 0;
}

static void model_emit(struct model_flow *flow, uint8_t reason, const struct flow_time *now)
{
	uint64_t offset_ns = now->realtime_ns - now->monotonic_ns;
	struct flow_record record;

	if (flow->packets) {
		memset(&record, 0, sizeof(record));
		record.key = flow->key;
		record.end_reason = reason;
		record.ttl_min = flow->ttl_min;
		record.ttl_max = flow->ttl_max;
		record.tos = flow->details.tos;
		record.packets = flow->packets;
		record.octets = flow->octets;
		record.start_ns = flow->first_ns + offset_ns;
		record.end_ns = flow->last_ns + offset_ns;
		record.flow_label = flow->details.flow_label;
		record.fragment_id = flow->details.fragment_id;
		record.fragment_offset = flow->details.fragment_offset;
		record.inner_vlan_id = flow->details.inner_vlan_id;
		record.tcp_flags = flow->tcp_flags;
		record.ip_flags = flow->details.ip_flags;
		memcpy(record.source_mac, flow->details.source_mac, 6);
		memcpy(record.destination_mac, flow->details.destination_mac, 6);
		if (flow->key.kind & FLOW_KEY_EGRESS) {
			record.ingress_ifindex = flow->details.ingress_ifindex;
			record.egress_ifindex = flow->key.ifindex;
		} else {
			record.ingress_ifindex = flow->key.ifindex;
		}
		assert_true(expected.count < RECORDS_MAX);
		expected.list[expected.count++] = record;
		model.exported[reason].packets += flow->packets;
		model.exported[reason].octets += flow->octets;
		model.record_counts[reason]++;
		flow->had_record = 1;
	}
	flow->packets = 0;
	flow->octets = 0;
	flow->tcp_flags = 0;
}

static struct model_flow *model_find(const struct flow_key *key)
{
	for (size_t i = 0; i < model.count; i++) {
		if (memcmp(&model.flows[i].key, key, sizeof(*key)) == 0)
			return &model.flows[i];
	}
	return NULL;
}

static struct model_flow *model_find_reverse(const struct model_flow *flow)
{
	struct flow_key key = flow->key;

	memcpy(key.source_address, flow->key.destination_address, 16);
	memcpy(key.destination_address, flow->key.source_address, 16);
	key.source_port = flow->key.destination_port;
	key.destination_port = flow->key.source_port;
	key.kind ^= FLOW_KEY_EGRESS;
	return model_find(&key);
}

static void model_merge(const struct flow_delta *delta)
{
	struct model_flow *flow = model_find(delta->key);
	uint64_t start_ns = delta->first_ns;
	int created = !flow;

	model.merged.packets += delta->packets;
	model.merged.octets += delta->octets;
	if (!flow) {
		flow = &model.flows[model.count++];
		memset(flow, 0, sizeof(*flow));
		flow->key = *delta->key;
		flow->details = *delta->details;
	}
	/* A cold look at the details is allowed only if the delta starts before the flow. */
	if (!flow->had_record && (!flow->packets || delta->first_ns < flow->first_ns)) {
		if (delta->details->created_ns <= delta->last_ns + 20 * NS_PER_MS)
			start_ns = delta->details->created_ns;
		if (delta->details->created_ns < flow->details.created_ns)
			flow->details = *delta->details;
	}
	if (!flow->packets) {
		flow->first_ns = start_ns;
		flow->ttl_min = delta->ttl_min;
		flow->ttl_max = delta->ttl_max;
	}
	if (start_ns < flow->first_ns)
		flow->first_ns = start_ns;
	if (delta->last_ns > flow->last_ns)
		flow->last_ns = delta->last_ns;
	if (flow->last_ns < flow->first_ns || (created && delta->packets == 1))
		flow->last_ns = flow->first_ns;
	if (delta->ttl_min < flow->ttl_min)
		flow->ttl_min = delta->ttl_min;
	if (delta->ttl_max > flow->ttl_max)
		flow->ttl_max = delta->ttl_max;
	flow->packets += delta->packets;
	flow->octets += delta->octets;
	flow->tcp_flags |= delta->tcp_flags;
	if (flow->key.protocol != 6 || flow->ended)
		return;
	if (delta->tcp_flags & TCP_RST) {
		flow->reset = flow->ended = flow->news = 1;
		flow->end_ns = delta->last_ns;
	} else if (delta->tcp_flags & TCP_FIN && !flow->fin) {
		flow->fin = flow->news = 1;
		flow->fin_ns = delta->last_ns;
	}
}

static void model_end_tcp(struct model_flow *flow, uint64_t end_ns)
{
	if (!flow->ended)
		flow->end_ns = end_ns;
	flow->ended = 1;
}

static void model_pair(void)
{
	for (size_t i = 0; i < model.count; i++) {
		struct model_flow *flow = &model.flows[i];
		struct model_flow *reverse = flow->news ? model_find_reverse(flow) : NULL;
		uint64_t end_ns;
		uint64_t other_ns;

		flow->news = 0;
		if (!reverse)
			continue;
		if (flow->reset)
			model_end_tcp(reverse, flow->end_ns);
		if (reverse->reset)
			model_end_tcp(flow, reverse->end_ns);
		if (flow->fin && reverse->fin) {
			end_ns = flow->ended ? flow->end_ns : flow->fin_ns;
			other_ns = reverse->ended ? reverse->end_ns : reverse->fin_ns;
			if (other_ns > end_ns)
				end_ns = other_ns;
			model_end_tcp(flow, end_ns);
			model_end_tcp(reverse, end_ns);
		}
	}
}

static void model_expire(const struct flow_time *now)
{
	struct flow_hash_secret secret = flow_hash_make_secret(hash_seed);
	uint64_t now_ns = now->monotonic_ns;

	model_pair();
	for (size_t i = 0; i < model.count; i++) {
		struct model_flow *flow = &model.flows[i];
		uint64_t jitter_ns = (uint64_t)((unsigned __int128)(model.active_ns / 10) *
							flow_hash(&flow->key, &secret) >>
						32);
		uint64_t active_ns = model.active_ns - model.active_ns / 20 + jitter_ns;
		uint8_t reason = 0;

		if (flow->ended && now_ns >= flow->end_ns + LINGER_NS)
			reason = FLOW_END_DETECTED;
		else if (now_ns >= flow->last_ns + model.idle_ns)
			reason = FLOW_END_IDLE;
		else if (flow->packets && now_ns >= flow->first_ns + active_ns)
			reason = FLOW_END_ACTIVE;
		if (!reason)
			continue;
		model_emit(flow, reason, now);
		if (reason != FLOW_END_ACTIVE)
			model.flows[i--] = model.flows[--model.count];
	}
}

static void model_flush(uint32_t ifindex, const struct flow_time *now)
{
	for (size_t i = 0; i < model.count; i++) {
		if (ifindex && model.flows[i].key.ifindex != ifindex)
			continue;
		model_emit(&model.flows[i], FLOW_END_FORCED, now);
		model.flows[i--] = model.flows[--model.count];
	}
}

static int records_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_record));
}

static void assert_balance(const struct flow_cache *cache)
{
	const struct flow_cache_stats *stats = flow_cache_stats(cache);
	struct flow_count sum = stats->cached;

	for (size_t i = 0; i < FLOW_END_REASONS; i++) {
		sum.packets += stats->exported[i].packets;
		sum.octets += stats->exported[i].octets;
	}
	assert_int_equal(sum.packets, model.merged.packets);
	assert_int_equal(sum.octets, model.merged.octets);
}

static void assert_same(const struct flow_cache *cache)
{
	const struct flow_cache_stats *stats = flow_cache_stats(cache);

	assert_int_equal(emitted.count, expected.count);
	qsort(emitted.list, emitted.count, sizeof(emitted.list[0]), records_compare);
	qsort(expected.list, expected.count, sizeof(expected.list[0]), records_compare);
	assert_memory_equal(emitted.list, expected.list, emitted.count * sizeof(emitted.list[0]));
	assert_int_equal(stats->flows, model.count);
	assert_memory_equal(stats->exported, model.exported, sizeof(model.exported));
	assert_memory_equal(stats->records, model.record_counts, sizeof(model.record_counts));
	assert_balance(cache);
	emitted.count = 0;
	expected.count = 0;
}

/* Conversations in both directions, TCP and UDP, on two interfaces. */
static void make_key(struct flow_key *key, uint32_t number)
{
	uint32_t conversation = number / 2;

	memset(key, 0, sizeof(*key));
	key->protocol = conversation % 4 ? 6 : 17;
	key->kind = number % 2 ? FLOW_KEY_EGRESS : 0;
	key->ifindex = 2 + conversation % 2;
	key->vlan_id = (uint16_t)(conversation % 3);
	memset(key->source_address, number % 2 ? 0x22 : 0x11, 16);
	memset(key->destination_address, number % 2 ? 0x11 : 0x22, 16);
	key->source_port = (uint16_t)(number % 2 ? 80 : conversation);
	key->destination_port = (uint16_t)(number % 2 ? conversation : 80);
}

struct harvest {
	struct flow_key keys[DELTAS_MAX];
	struct flow_details details[DELTAS_MAX];
	struct flow_delta deltas[DELTAS_MAX];
	size_t count;
};

/* Deltas of packets seen from since_ns to now_ns, in any order, keys repeating. */
static void make_harvest(struct harvest *harvest, uint64_t since_ns, uint64_t now_ns)
{
	uint32_t hot = (uint32_t)random_below(KEYS);

	harvest->count = random_below(8) ? random_below(12) : random_below(DELTAS_MAX);
	for (size_t i = 0; i < harvest->count; i++) {
		struct flow_delta *delta = &harvest->deltas[i];
		struct flow_details *details = &harvest->details[i];
		uint64_t length_ns = now_ns - since_ns;
		uint64_t a = since_ns + random_below(length_ns + 1);
		uint64_t b = since_ns + random_below(length_ns + 1);
		uint32_t number = random_below(3) ? hot + (uint32_t)random_below(6)
						  : (uint32_t)random_below(KEYS);

		memset(details, 0, sizeof(*details));
		make_key(&harvest->keys[i], number % KEYS);
		details->created_ns = a < b ? a : b;
		memset(details->source_mac, (int)random_below(256), 6);
		memset(details->destination_mac, (int)random_below(256), 6);
		details->ingress_ifindex = (uint32_t)random_below(4);
		details->flow_label = (uint32_t)random_below(1 << 20);
		details->fragment_id = (uint32_t)random_below(65536);
		details->fragment_offset = (uint16_t)random_below(8192);
		details->inner_vlan_id = (uint16_t)random_below(4096);
		details->tos = (uint8_t)random_below(256);
		details->ip_flags = (uint8_t)random_below(8);
		delta->key = &harvest->keys[i];
		delta->details = details;
		delta->packets = 1 + random_below(1000);
		delta->octets = delta->packets * (40 + random_below(1460));
		delta->first_ns = (a < b ? a : b) / TICK_NS * TICK_NS;
		delta->last_ns = (a < b ? b : a) / TICK_NS * TICK_NS;
		delta->ttl_min = (uint8_t)(1 + random_below(128));
		delta->ttl_max = (uint8_t)(delta->ttl_min + random_below(64));
		delta->tcp_flags = (uint16_t)random_below(4096) & 0x1f8;
		if (!random_below(6))
			delta->tcp_flags |= TCP_FIN;
		if (!random_below(40))
			delta->tcp_flags |= TCP_RST;
	}
}

/* Mostly a harvest interval; sometimes nothing, a long pause, or one beyond the wheel. */
static uint64_t random_pause_ns(void)
{
	switch (random_below(2000)) {
	case 0:
		return random_below(900 * NS_PER_S);
	case 1 ... 10:
		return random_below(20 * NS_PER_S);
	case 11 ... 100:
		return 0;
	default:
		return random_below(400 * NS_PER_MS);
	}
}

static struct flow_cache *start(uint32_t max_flows)
{
	struct flow_cache_config config = {
		.max_flows = max_flows,
		.active_timeout_ns = 5 * NS_PER_S,
		.idle_timeout_ns = 1500 * NS_PER_MS,
		.linger_ns = LINGER_NS,
		.hash_seed = {hash_seed[0], hash_seed[1]},
	};
	struct flow_cache *cache = flow_cache_new(&config, cache_sink, &emitted);

	assert_non_null(cache);
	memset(&model, 0, sizeof(model));
	memset(&expected, 0, sizeof(expected));
	memset(&emitted, 0, sizeof(emitted));
	random_state = 0x9e3779b97f4a7c15u;
	model.active_ns = config.active_timeout_ns;
	model.idle_ns = config.idle_timeout_ns;
	return cache;
}

static void random_timeouts(struct flow_cache *cache)
{
	model.active_ns = random_below(2) ? 5 * NS_PER_S : random_below(8 * NS_PER_S);
	model.idle_ns = random_below(2) ? 1500 * NS_PER_MS : random_below(8 * NS_PER_S);
	flow_cache_set_timeouts(cache, model.active_ns, model.idle_ns);
}

static void cache_random_history_equals_model(void **state)
{
	static struct harvest harvest;
	struct flow_cache *cache = start(KEYS);
	struct flow_time now = {.monotonic_ns = 77777 * NS_PER_S};
	uint64_t last_ns = now.monotonic_ns;

	(void)state;
	for (uint32_t step = 0; step < STEPS; step++) {
		now.monotonic_ns += random_pause_ns();
		now.realtime_ns = now.monotonic_ns + 1700000000 * NS_PER_S;
		now.realtime_ns += random_below(100) * NS_PER_S; /* steps, forth and back */
		if (random_below(20)) {
			make_harvest(&harvest, last_ns, now.monotonic_ns);
			last_ns = now.monotonic_ns;
			flow_cache_merge(cache, harvest.deltas, harvest.count, &now);
			for (size_t i = 0; i < harvest.count; i++)
				model_merge(&harvest.deltas[i]);
			assert_same(cache);
		}
		if (random_below(10)) {
			flow_cache_expire(cache, &now);
			model_expire(&now);
			assert_same(cache);
		}
		if (!random_below(500)) {
			uint32_t ifindex = (uint32_t)random_below(4);

			flow_cache_flush(cache, ifindex, &now);
			model_flush(ifindex, &now);
			assert_same(cache);
		}
		if (!random_below(300))
			random_timeouts(cache);
	}
	flow_cache_flush(cache, 0, &now);
	model_flush(0, &now);
	assert_same(cache);
	for (enum flow_end_reason reason = FLOW_END_IDLE; reason <= FLOW_END_FORCED; reason++)
		assert_true(flow_cache_stats(cache)->records[reason] > 1000);
	assert_int_equal(flow_cache_stats(cache)->records[FLOW_END_RESOURCES], 0);
	flow_cache_free(cache);
}

static void check_sums(uint32_t max_flows, uint32_t steps)
{
	static struct harvest harvest;
	struct flow_cache *cache = start(max_flows);
	struct flow_time now = {.monotonic_ns = 77777 * NS_PER_S};
	struct flow_count seen = {0, 0};
	uint64_t last_ns = now.monotonic_ns;

	for (uint32_t step = 0; step < steps; step++) {
		now.monotonic_ns += random_pause_ns();
		now.realtime_ns = now.monotonic_ns;
		make_harvest(&harvest, last_ns, now.monotonic_ns);
		last_ns = now.monotonic_ns;
		for (size_t i = 0; i < harvest.count; i++) {
			model.merged.packets += harvest.deltas[i].packets;
			model.merged.octets += harvest.deltas[i].octets;
		}
		flow_cache_merge(cache, harvest.deltas, harvest.count, &now);
		assert_balance(cache);
		assert_true(flow_cache_stats(cache)->flows <= max_flows);
		if (random_below(3))
			flow_cache_expire(cache, &now);
		if (!random_below(1000))
			flow_cache_flush(cache, (uint32_t)random_below(4), &now);
		if (!random_below(300))
			random_timeouts(cache);
		assert_balance(cache);
		for (size_t i = 0; i < emitted.count; i++) {
			seen.packets += emitted.list[i].packets;
			seen.octets += emitted.list[i].octets;
		}
		emitted.count = 0;
	}
	assert_true(flow_cache_stats(cache)->records[FLOW_END_RESOURCES] > 1000);
	flow_cache_flush(cache, 0, &now);
	for (size_t i = 0; i < emitted.count; i++) {
		seen.packets += emitted.list[i].packets;
		seen.octets += emitted.list[i].octets;
	}
	assert_int_equal(flow_cache_stats(cache)->flows, 0);
	assert_int_equal(flow_cache_stats(cache)->cached.packets, 0);
	assert_int_equal(flow_cache_stats(cache)->cached.octets, 0);
	assert_int_equal(seen.packets, model.merged.packets);
	assert_int_equal(seen.octets, model.merged.octets);
	flow_cache_free(cache);
}

static void cache_random_history_with_evictions_keeps_sums(void **state)
{
	(void)state;
	check_sums(1, 10000);
	check_sums(2, 10000);
	check_sums(7, 20000);
	check_sums(64, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cache_random_history_equals_model),
		cmocka_unit_test(cache_random_history_with_evictions_keeps_sums),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
