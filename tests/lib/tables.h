/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The shipped object, loaded twice: with table "slots" and with table "hash"; and the cmocka tests
 * that are run with one and with the other.
 *
 * All of it is in a network namespace of its own and on one CPU, because table "slots" has one
 * entry per flow and CPU. What goes wrong fails the running test.
 */
#ifndef FLOWPROBE_TESTS_TABLES_H
#define FLOWPROBE_TESTS_TABLES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/harvest.h"
#include "capture/loader.h"
#include "packet_cases.h"

#define TABLES 2
#define TABLES_IFINDEX 1 /* loopback, which is up; every network namespace has it */
#define TABLES_TEST_NAME_BYTES 96

struct tables_one {
	const char *name;
	struct probe *probe;
	struct harvester *harvester;
};

extern struct tables_one tables[TABLES]; /* by enum flow_table_kind */

/* Setup and teardown of the group: both tables, without sampling. */
int tables_open(void **state);
int tables_close(void **state);

/* sampling: by chance one packet of so many is accounted; 1: all are. */
void tables_open_one(enum flow_table_kind table, uint32_t sampling);
void tables_close_one(enum flow_table_kind table);

/* What a harvest delivered: the number of flows, and the first of them. */
struct tables_harvested {
	struct flow_delta delta; /* its pointers are dead; see key and details */
	struct flow_key key;
	struct flow_details details;
	size_t count;
};

void tables_harvest(enum flow_table_kind table, struct tables_harvested *collected,
		    struct harvest *harvest);

/* The state of one test. */
struct tables_test {
	enum flow_table_kind table;
	const struct packet_case *packet_case; /* NULL: a test of its own */
	char name[TABLES_TEST_NAME_BYTES];
};

/*
 * Makes test a copy of original, with state, whose table is set, as its state and with the name of
 * the table before its own. state must outlive test.
 */
void tables_add_test(struct CMUnitTest *test, struct tables_test *state,
		     const struct CMUnitTest *original);

#endif
