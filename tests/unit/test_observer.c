// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the agent keeps in mind of its own work: rates, health, and what it tells of interfaces and
 * exporters. The test plays the clock, the attachments and the exporters.
 */
#include "agent/observer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/clock.h"

#define INTERFACES 100

static uint64_t now_ns;
static size_t interface_count;
static struct interface interfaces[INTERFACES];
static struct hook hooks[INTERFACES][FLOW_DIRECTIONS];
static size_t exporter_count;
static int stuck_for_s; /* the exporter's thread */
static struct export_settings settings[2] = {
	{.name = "one", .type = "ipfix", .target = "udp://192.0.2.1"},
	{.name = "two", .type = "json", .target = "-"},
};

uint64_t __wrap_clock_monotonic_ns(void);
const struct interface *__wrap_attachments_next(const struct attachments *attachments,
						size_t *position, const struct hook **found);
size_t __wrap_exports_count(const struct exports *exports);
const struct export_settings *__wrap_exports_get(const struct exports *exports, size_t i,
						 struct exporter_stats *stats);
int __wrap_exports_are_stuck(const struct exports *exports, uint64_t longest_ns);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return now_ns;
}

const struct interface *__wrap_attachments_next(const struct attachments *attachments,
						size_t *position, const struct hook **found)
{
	assert_ptr_equal(attachments, interfaces);
	if (*position == interface_count)
		return NULL;
	*found = hooks[*position];
	return &interfaces[(*position)++];
}

size_t __wrap_exports_count(const struct exports *exports)
{
	assert_ptr_equal(exports, settings);
	return exporter_count;
}

const struct export_settings *__wrap_exports_get(const struct exports *exports, size_t i,
						 struct exporter_stats *stats)
{
	assert_ptr_equal(exports, settings);
	assert_true(i < exporter_count);
	*stats = (struct exporter_stats){.errors = 100 + i};
	return &settings[i];
}

int __wrap_exports_are_stuck(const struct exports *exports, uint64_t longest_ns)
{
	assert_ptr_equal(exports, settings);
	return (uint64_t)stuck_for_s * NS_PER_S > longest_ns;
}

static int set_up(void **state)
{
	static struct observer observer;

	now_ns = 1000 * NS_PER_S;
	interface_count = exporter_count = 0;
	stuck_for_s = 0;
	observer_open(&observer);
	*state = &observer;
	return 0;
}

static int tear_down(void **state)
{
	observer_close(*state);
	observer_close(*state);
	return 0;
}

static struct agent_state look(struct observer *observer)
{
	struct agent_state told = {0};

	observer_describe(observer, (const struct attachments *)interfaces,
			  (const struct exports *)settings, NS_PER_S, &told);
	return told;
}

/* A harvest, after which so many packets of ten octets were seen in all. */
static void harvest(struct observer *observer, uint64_t in, uint64_t out)
{
	const struct harvest harvest = {.entries = in + out, .scan_ns = 3 * NS_PER_MS};
	const struct balance balance = {.seen = {{in, 10 * in}, {out, 10 * out}}};

	observer_harvest_worked(observer, &harvest, &balance);
}

static void expect_rate(struct observer *observer, uint64_t in, uint64_t out)
{
	struct agent_state told = look(observer);

	assert_int_equal(told.rate[FLOW_INGRESS].packets, in);
	assert_int_equal(told.rate[FLOW_INGRESS].octets, 10 * in);
	assert_int_equal(told.rate[FLOW_EGRESS].packets, out);
	assert_int_equal(told.rate[FLOW_EGRESS].octets, 10 * out);
}

static void observer_rate_is_over_five_seconds_or_more(void **state)
{
	struct observer *observer = *state;

	for (int second = 1; second <= 4; second++) {
		now_ns += NS_PER_S;
		harvest(observer, 1000u * (unsigned int)second, 0);
		expect_rate(observer, 0, 0);
	}
	now_ns += NS_PER_S;
	harvest(observer, 5000, 500);
	expect_rate(observer, 1000, 100);
	now_ns += 4 * NS_PER_S;
	harvest(observer, 50000, 500);
	expect_rate(observer, 1000, 100);
	now_ns += 4 * NS_PER_S; /* eight since the last time */
	harvest(observer, 85000, 500);
	expect_rate(observer, 10000, 0);
}

static void observer_rate_of_a_busy_year_is_right(void **state)
{
	struct observer *observer = *state;
	const uint64_t before = 1ull << 50;

	now_ns += 5 * NS_PER_S;
	harvest(observer, before, 0);
	now_ns += 5 * NS_PER_S;
	harvest(observer, before + 50000000, 0);
	expect_rate(observer, 10000000, 0);
}

static void observer_tells_of_harvests(void **state)
{
	struct observer *observer = *state;
	struct agent_state told;

	harvest(observer, 20, 1);
	harvest(observer, 30, 1);
	observer_harvest_failed(observer);
	told = look(observer);
	assert_int_equal(told.table_entries, 31);
	assert_int_equal(told.harvest_failures, 1);
	assert_int_equal(told.harvests.counts[HARVEST_BUCKETS], 2);
	assert_int_equal(told.harvests.sum_ns, 6 * NS_PER_MS);
}

/* One of a second, and more than a minute later than it should be. */
static void observer_without_harvests_is_not_healthy(void **state)
{
	struct observer *observer = *state;

	assert_true(look(observer).healthy);
	now_ns += 62 * NS_PER_S - 1;
	assert_true(look(observer).healthy);
	now_ns++;
	assert_false(look(observer).healthy);
	observer_harvest_failed(observer);
	assert_false(look(observer).healthy);
	harvest(observer, 0, 0);
	assert_true(look(observer).healthy);
}

static void observer_with_a_stuck_exporter_is_not_healthy(void **state)
{
	struct observer *observer = *state;

	stuck_for_s = 60;
	assert_true(look(observer).healthy);
	stuck_for_s = 61;
	assert_false(look(observer).healthy);
	stuck_for_s = 0;
	assert_true(look(observer).healthy);
}

static void observer_tells_of_all_interfaces(void **state)
{
	struct observer *observer = *state;

	for (uint32_t i = 0; i < INTERFACES; i++) {
		const struct flow_key key = {.ifindex = i + 1, .kind = FLOW_KEY_EGRESS};
		const struct flow_delta delta = {.key = &key, .packets = i, .octets = 10 * i};

		interfaces[i].ifindex = i + 1;
		snprintf(interfaces[i].name, sizeof(interfaces[i].name), "if%u", i);
		hooks[i][FLOW_EGRESS] = (struct hook){.attached = 1, .kind = HOOK_CLSACT};
		traffic_add(&observer->traffic, &delta, 1);
	}
	for (size_t count = 0; count <= INTERFACES; count += 20) {
		struct agent_state told;

		interface_count = count;
		told = look(observer);
		assert_int_equal(told.interface_count, count);
		for (uint32_t i = 0; i < count; i++) {
			const struct interface_state *interface = &told.interfaces[i];

			assert_ptr_equal(interface->name, interfaces[i].name);
			assert_int_equal(interface->ifindex, i + 1);
			assert_false(interface->attached[FLOW_INGRESS]);
			assert_true(interface->attached[FLOW_EGRESS]);
			assert_int_equal(interface->kinds[FLOW_EGRESS], HOOK_CLSACT);
			assert_int_equal(interface->traffic.directions[FLOW_EGRESS].packets, i);
			assert_int_equal(interface->traffic.directions[FLOW_EGRESS].octets, 10 * i);
		}
	}
}

static void observer_tells_of_all_exporters(void **state)
{
	struct agent_state told;

	exporter_count = 2;
	told = look(*state);
	assert_int_equal(told.exporter_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(told.exporters[i].name, settings[i].name);
		assert_string_equal(told.exporters[i].type, settings[i].type);
		assert_string_equal(told.exporters[i].target, settings[i].target);
		assert_int_equal(told.exporters[i].stats.errors, 100 + i);
	}
}

#define OBSERVER_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OBSERVER_TEST(observer_rate_is_over_five_seconds_or_more),
		OBSERVER_TEST(observer_rate_of_a_busy_year_is_right),
		OBSERVER_TEST(observer_tells_of_harvests),
		OBSERVER_TEST(observer_without_harvests_is_not_healthy),
		OBSERVER_TEST(observer_with_a_stuck_exporter_is_not_healthy),
		OBSERVER_TEST(observer_tells_of_all_interfaces),
		OBSERVER_TEST(observer_tells_of_all_exporters),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
