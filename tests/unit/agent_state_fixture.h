/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The state of an agent in which no two numbers are the same, so that none can stand in another's
 * place unnoticed; but for the balance, which adds up: 1000 packets seen are 600 in records, 150
 * cached and 250 skipped, and octets are 100 times as many.
 */
#ifndef FLOWPROBE_AGENT_STATE_FIXTURE_H
#define FLOWPROBE_AGENT_STATE_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/state.h"
#include "lib/clock.h"

/* A name as the kernel lets an interface have it: with what every format has to escape, a letter of
 * two octets, and one that is no UTF-8. */
#define ODD_NAME "a\"\\\x1b\xc3\xa4\xff"

#define COUNT(n)                                       \
	{                                              \
		.packets = (n), .octets = 100ull * (n) \
	}
#define RECORDS(n)                                                              \
	{                                                                       \
		.records = (n), .packets = 10ull * (n), .octets = 1000ull * (n) \
	}

static struct balance sample_balance = {
	.seen = {COUNT(400), COUNT(600)},
	.outcomes = {COUNT(750), COUNT(1), COUNT(2), COUNT(4), COUNT(8), COUNT(16), COUNT(32),
		     COUNT(187)},
	.harvested = COUNT(750),
	.fragments_joined = 41,
	.fragments_orphaned = 42,
};

static struct flow_cache_stats sample_cache = {
	.flows = 51,
	.created = 5200,
	.cached = COUNT(150),
	.exported =
		{
			[FLOW_END_IDLE] = COUNT(310),
			[FLOW_END_ACTIVE] = COUNT(120),
			[FLOW_END_DETECTED] = COUNT(90),
			[FLOW_END_FORCED] = COUNT(50),
			[FLOW_END_RESOURCES] = COUNT(30),
		},
	.records =
		{
			[FLOW_END_IDLE] = 31,
			[FLOW_END_ACTIVE] = 12,
			[FLOW_END_DETECTED] = 9,
			[FLOW_END_FORCED] = 5,
			[FLOW_END_RESOURCES] = 3,
		},
};

static struct interface_state sample_interfaces[] = {
	{
		.name = "eth0",
		.ifindex = 2,
		.attached = {1, 1},
		.kinds = {HOOK_TCX, HOOK_CLSACT},
		.traffic = {.ifindex = 2, .directions = {COUNT(301), COUNT(402)}},
	},
	{
		.name = ODD_NAME,
		.ifindex = 7,
		.attached = {1, 0},
		.kinds = {HOOK_XDP_GENERIC, HOOK_TCX},
		.traffic = {.ifindex = 7, .directions = {COUNT(47), COUNT(0)}},
	},
};

static struct exporter_state sample_exporters[] = {
	{
		.name = "collector",
		.type = "ipfix",
		.target = "udp://192.0.2.1:4739",
		.stats =
			{
				.submitted = RECORDS(9001),
				.recovered = RECORDS(17),
				.sent = RECORDS(8001),
				.dropped_queue = RECORDS(101),
				.dropped_error = RECORDS(102),
				.dropped_unsupported = RECORDS(103),
				.dropped_refused = RECORDS(104),
				.dropped_spool = RECORDS(105),
				.queued = RECORDS(502),
				.spooled = RECORDS(203),
				.spool_bytes = 70001,
				.unknown_interfaces = 77,
				.batches = 78,
				.bytes = 79000,
				.last_success_ns = 1700000123ull * NS_PER_S + 5,
				.errors = 19,
				.last_error = -ECONNREFUSED,
			},
	},
	{
		.name = "o2",
		.type = "openobserve",
		.target = "https://o2.example",
		.stats =
			{
				.is_down = 1,
				.last_error = -EIO,
				.last_reason = "500: \"no\xffway\x1b[2J\"",
			},
	},
};

static struct agent_state make_sample_state(void)
{
	return (struct agent_state){
		.now_ns = 1700000200ull * NS_PER_S,
		.start_ns = 1700000000ull * NS_PER_S + 7,
		.balance = &sample_balance,
		.cache = &sample_cache,
		.max_flows = 65536,
		.table = FLOW_TABLE_HASH,
		.slots = 32768,
		.table_entries = 61,
		.sampling_interval = 1,
		.harvests =
			{
				.counts = {1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4},
				.sum_ns = 2 * NS_PER_S + 345,
			},
		.harvest_failures = 71,
		.rate = {COUNT(81), COUNT(1019)},
		.programs = {{"a", {11, 1100}},
			     {"b", {12, 2 * NS_PER_S}},
			     {"c", {13, 1300}},
			     {"d", {14, 1400}},
			     {"e", {15, 1500}}},
		.program_count = 5,
		.attachment_events = {21, 22, 23, 24},
		.reload = {.count = 91,
			   .last_failed = 0,
			   .last_success_ns = 1700000100ull * NS_PER_S},
		.interfaces = sample_interfaces,
		.interface_count = sizeof(sample_interfaces) / sizeof(sample_interfaces[0]),
		.exporters = sample_exporters,
		.exporter_count = sizeof(sample_exporters) / sizeof(sample_exporters[0]),
		.healthy = 1,
	};
}

/* What write writes, to be freed. */
#define WRITTEN(...)                                             \
	({                                                       \
		char *text_ = NULL;                              \
		size_t bytes_ = 0;                               \
		FILE *stream_ = open_memstream(&text_, &bytes_); \
                                                                 \
		assert_non_null(stream_);                        \
		__VA_ARGS__;                                     \
		assert_int_equal(fclose(stream_), 0);            \
		text_;                                           \
	})

#endif
