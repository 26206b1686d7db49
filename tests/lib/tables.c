// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The shipped object with each of its flow tables: see tables.h. */
#include "tables.h"

#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define TABLES_SLOTS 1024

struct tables_one tables[TABLES] = {
	[FLOW_TABLE_SLOTS] = {.name = "slots"},
	[FLOW_TABLE_HASH] = {.name = "hash"},
};

static void tables_collect(void *arg, const struct flow_delta *deltas, size_t count)
{
	struct tables_harvested *collected = arg;

	if (!collected->count && count) {
		collected->delta = deltas[0];
		collected->key = *deltas[0].key;
		collected->details = *deltas[0].details;
	}
	collected->count += count;
}

void tables_open_one(enum flow_table_kind table, uint32_t sampling)
{
	struct probe_config config = {.table = table, .slots = TABLES_SLOTS, .sampling = sampling};
	char error[512];

	tables[table].probe = probe_open(&config, error, sizeof(error));
	if (!tables[table].probe)
		fail_msg("%s: %s", tables[table].name, error);
	tables[table].harvester = harvester_new(tables[table].probe);
	assert_non_null(tables[table].harvester);
}

void tables_close_one(enum flow_table_kind table)
{
	harvester_free(tables[table].harvester);
	probe_close(tables[table].probe);
	tables[table].harvester = NULL;
	tables[table].probe = NULL;
}

int tables_open(void **state)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	cpu_set_t cpus;
	int fd;

	(void)state;
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &loopback), 0);
	close(fd);
	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	assert_int_equal(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
	loader_init();
	tables_open_one(FLOW_TABLE_SLOTS, 1);
	tables_open_one(FLOW_TABLE_HASH, 1);
	return 0;
}

int tables_close(void **state)
{
	(void)state;
	tables_close_one(FLOW_TABLE_SLOTS);
	tables_close_one(FLOW_TABLE_HASH);
	return 0;
}

void tables_harvest(enum flow_table_kind table, struct tables_harvested *collected,
		    struct harvest *harvest)
{
	memset(collected, 0, sizeof(*collected));
	assert_int_equal(
		harvester_harvest(tables[table].harvester, tables_collect, collected, harvest), 0);
}

void tables_add_test(struct CMUnitTest *test, struct tables_test *state,
		     const struct CMUnitTest *original)
{
	snprintf(state->name, sizeof(state->name), "%s %s", tables[state->table].name,
		 original->name);
	*test = *original;
	test->name = state->name;
	test->initial_state = state;
}
