// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The test bed of the exactness tests: see bed.h. */
#include "bed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BED_LOOPBACK_IFINDEX 1 /* what test runs say their packets came in by */

void bed_close(struct bed *bed)
{
	truth_free(&bed->truth);
	traffic_close(&bed->traffic);
	harvester_free(bed->harvester);
	probe_close(bed->probe);
	memset(bed, 0, sizeof(*bed));
}

static enum probe_program bed_program(enum traffic_program program)
{
	return program == TRAFFIC_XDP ? PROBE_XDP_INGRESS : PROBE_TC_INGRESS_L2;
}

int bed_open(struct bed *bed, const struct bed_config *config)
{
	const struct probe_config probe = {
		.table = config->table, .slots = config->slots, .sampling = 1};
	char error[512] = "";
	int err;

	memset(bed, 0, sizeof(*bed));
	bed->probe = probe_open(&probe, error, sizeof(error));
	if (!bed->probe) {
		err = -errno;
		fprintf(stderr, "%s\n", error);
		return err;
	}
	bed->harvester = harvester_new(bed->probe);
	if (!bed->harvester) {
		err = -errno;
		fprintf(stderr, "cannot start harvesting: %s\n", strerror(-err));
		return err;
	}
	err = traffic_open(&bed->traffic, &config->traffic);
	if (!err && config->program != TRAFFIC_LIVE)
		err = traffic_set_target(
			&bed->traffic, config->program,
			probe_program_fd(bed->probe, bed_program(config->program)));
	if (!err && config->traffic.keeps_truth)
		err = truth_init(&bed->truth, config->traffic.flows, config->traffic.is_ipv6,
				 config->traffic.with_tcp,
				 config->ifindex ? config->ifindex : BED_LOOPBACK_IFINDEX);
	if (err)
		fprintf(stderr, "cannot set up the traffic driver: %s\n", strerror(-err));
	return err;
}

int bed_harvest(struct bed *bed)
{
	struct harvest harvest;
	int err = harvester_harvest(bed->harvester, truth_sink, &bed->truth, &harvest);

	if (!err)
		truth_add_harvest(&bed->truth, &harvest);
	return err;
}

int bed_harvest_rest(struct bed *bed)
{
	int err = bed_harvest(bed);

	return err ? err : bed_harvest(bed);
}

int bed_harvest_flat_out(struct bed *bed, struct traffic_team *team)
{
	int err = 0, joined;

	while (!err && traffic_team_running(team))
		err = bed_harvest(bed);
	joined = traffic_team_join(team);
	if (!err)
		err = joined;
	return err ? err : bed_harvest_rest(bed);
}
