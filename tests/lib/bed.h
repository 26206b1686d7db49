/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The test bed of the exactness tests: the shipped object behind the traffic driver, harvested into
 * the truth.
 *
 * Everything that returns an int returns 0 or a negative errno.
 */
#ifndef FLOWPROBE_TESTS_BED_H
#define FLOWPROBE_TESTS_BED_H

#include <stdint.h>

#include "capture/harvest.h"
#include "lib/clock.h" /* all that use a bed measure or wait */
#include "traffic.h"
#include "truth.h"

struct bed_config {
	enum flow_table_kind table;
	uint32_t slots;
	enum traffic_program program;
	struct traffic_config traffic;
	uint32_t ifindex; /* where packets come in; 0: test runs */
};

/* Zero-initialised; closing is idempotent. */
struct bed {
	struct probe *probe;
	struct harvester *harvester;
	struct traffic traffic;
	struct truth truth; /* only if the traffic keeps truth */
};

/* An error is explained on stderr; what was opened is left to bed_close. */
int bed_open(struct bed *bed, const struct bed_config *config);
void bed_close(struct bed *bed);

/* One harvest into the truth. */
int bed_harvest(struct bed *bed);

/* Both generations, once nothing is driven any more. */
int bed_harvest_rest(struct bed *bed);

/* Harvests one after another for as long as the team works, then the rest. Joins the team. */
int bed_harvest_flat_out(struct bed *bed, struct traffic_team *team);

#endif
