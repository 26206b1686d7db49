// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the agent keeps in mind of its own work: see observer.h.
 *
 * Rates are over the last five seconds or more, always over whole harvests: what one brings was
 * counted before it.
 *
 * Healthy means that the loops get on: the capture thread's harvests succeed, and no exporter's
 * thread has been at work for a minute without waiting for anything. A collector that is away is no
 * illness: who waits for one is waiting.
 */
#include "agent/observer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"

#define RATE_NS (5 * NS_PER_S)
#define STUCK_NS (60 * NS_PER_S)

void observer_open(struct observer *observer)
{
	memset(observer, 0, sizeof(*observer));
	observer->harvested_ns = clock_monotonic_ns();
	observer->rate_base_ns = observer->harvested_ns;
}

void observer_close(struct observer *observer)
{
	traffic_free(&observer->traffic);
	free(observer->interfaces);
	observer->interfaces = NULL;
	observer->interfaces_allocated = 0;
}

/* --- harvests --- */

static uint64_t per_second(uint64_t count, uint64_t ns)
{
	return (uint64_t)((double)count * (double)NS_PER_S / (double)ns);
}

static void update_rate(struct observer *observer, const struct balance *balance, uint64_t now_ns)
{
	uint64_t ns = now_ns - observer->rate_base_ns;

	if (ns < RATE_NS)
		return;
	for (int way = 0; way < FLOW_DIRECTIONS; way++) {
		const struct flow_count *seen = &balance->seen[way];
		const struct flow_count *base = &observer->rate_base[way];

		observer->rate[way].packets = per_second(seen->packets - base->packets, ns);
		observer->rate[way].octets = per_second(seen->octets - base->octets, ns);
		observer->rate_base[way] = *seen;
	}
	observer->rate_base_ns = now_ns;
}

void observer_harvest_worked(struct observer *observer, const struct harvest *harvest,
			     const struct balance *balance)
{
	observer->harvested_ns = clock_monotonic_ns();
	observer->table_entries = harvest->entries;
	harvest_durations_add(&observer->harvests, harvest->scan_ns);
	update_rate(observer, balance, observer->harvested_ns);
}

void observer_harvest_failed(struct observer *observer)
{
	observer->harvest_failures++;
}

/* --- telling --- */

/* Room for one more behind so many; 0: there is no memory. */
static int make_room(struct observer *observer, size_t count)
{
	size_t allocated = count ? 2 * count : 16;
	struct interface_state *interfaces;

	if (count < observer->interfaces_allocated)
		return 1;
	interfaces = realloc(observer->interfaces, allocated * sizeof(*interfaces));
	if (!interfaces)
		return 0;
	observer->interfaces = interfaces;
	observer->interfaces_allocated = allocated;
	return 1;
}

static void describe_interfaces(struct observer *observer, const struct attachments *attachments,
				struct agent_state *state)
{
	size_t position = 0;
	const struct interface *interface;
	const struct hook *hooks;

	while ((interface = attachments_next(attachments, &position, &hooks))) {
		struct interface_state *told;

		if (!make_room(observer, state->interface_count))
			break;
		told = &observer->interfaces[state->interface_count++];
		*told = (struct interface_state){
			.name = interface->name,
			.ifindex = interface->ifindex,
			.traffic = traffic_get(&observer->traffic, interface->ifindex),
		};
		for (int way = 0; way < FLOW_DIRECTIONS; way++) {
			told->attached[way] = hooks[way].attached;
			told->kinds[way] = hooks[way].kind;
		}
	}
	state->interfaces = observer->interfaces;
}

static void describe_exporters(struct observer *observer, const struct exports *exports,
			       struct agent_state *state)
{
	state->exporters = observer->exporters;
	state->exporter_count = exports_count(exports);
	for (size_t i = 0; i < state->exporter_count; i++) {
		struct exporter_state *told = &observer->exporters[i];
		const struct export_settings *settings = exports_get(exports, i, &told->stats);

		told->name = settings->name;
		told->type = settings->type;
		told->target = settings->target;
	}
}

void observer_describe(struct observer *observer, const struct attachments *attachments,
		       const struct exports *exports, uint64_t harvest_interval_ns,
		       struct agent_state *state)
{
	uint64_t silent_ns = clock_monotonic_ns() - observer->harvested_ns;

	state->harvests = observer->harvests;
	state->harvest_failures = observer->harvest_failures;
	state->table_entries = observer->table_entries;
	memcpy(state->rate, observer->rate, sizeof(state->rate));
	describe_interfaces(observer, attachments, state);
	describe_exporters(observer, exports, state);
	state->healthy = silent_ns < STUCK_NS + 2 * harvest_interval_ns &&
			 !exports_are_stuck(exports, STUCK_NS);
}
