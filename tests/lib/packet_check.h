/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compares what a harvest delivered after one program saw one packet with what the packet's case
 * expects. A difference fails the running cmocka test, which then says which program and what.
 */
#ifndef FLOWPROBE_TESTS_PACKET_CHECK_H
#define FLOWPROBE_TESTS_PACKET_CHECK_H

#include <stdint.h>

#include "capture/harvest.h"
#include "capture/loader.h"
#include "packet_cases.h"
#include "tables.h"

#define PACKET_CHECK_INGRESS_IFINDEX 77 /* what packets on egress must be said to come from */

enum flow_direction packet_check_direction(enum probe_program program);

void packet_check_number(enum probe_program program, const char *what, uint64_t is,
			 uint64_t expected);

/* That one packet (or what it is segmented into) has the expected outcome, and nothing else is. */
void packet_check_counters(enum probe_program program, const struct packet_case *expected,
			   const struct flow_counters *counters);

/* The whole key, which must name TABLES_IFINDEX, and the counters of the flow. */
void packet_check_flow(enum probe_program program, const struct packet_case *expected,
		       const struct tables_harvested *collected);

/* Everything in the details but the time of creation. */
void packet_check_details(enum probe_program program, const struct packet_case *expected,
			  const struct flow_details *details);

#endif
