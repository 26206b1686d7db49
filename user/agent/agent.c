// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The capture thread: one epoll loop over the harvest timer, the kernel programs' wake-up,
 * rtnetlink, signals and dead exporters. It harvests, merges into the flow cache, expires, and
 * hands finished records to the exporters, whose threads do all that can block.
 *
 * Order at the end matters: programs come off first; then one harvest whose grace period outlasts
 * every run still under way, and a second for what such a run put into the other generation; then
 * the flow cache is emptied, then the queues.
 *
 * An interface that went away leaves its last packets in the flow table: they are harvested before
 * its flows are ended.
 */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/parts.h"
#include "agent/selection.h"
#include "cmd/commands.h"
#include "lib/clock.h"

#define AGENT_CHECK_NS (10 * NS_PER_S) /* between looks whether our programs are still attached */
#define AGENT_DRAIN_NS (10 * NS_PER_S) /* for the exporters at the end */
#define AGENT_LAST_GENERATIONS 2

/* --- records ------------------------------------------------------------------------------- */

static void agent_name_interface(const struct agent *agent, uint32_t ifindex,
				 char name[FLOW_IF_NAME_BYTES])
{
	const struct interface *interface = ifindex ? interfaces_get(agent->interfaces, ifindex)
						    : NULL;

	if (interface)
		memcpy(name, interface->name, FLOW_IF_NAME_BYTES);
}

void agent_take_record(void *arg, const struct flow_record *record)
{
	struct agent *agent = arg;
	struct flow_record named = *record;

	agent_name_interface(agent, record->ingress_ifindex, named.ingress_if_name);
	agent_name_interface(agent, record->egress_ifindex, named.egress_if_name);
	exports_add(agent->exports, &named);
}

/* --- harvest ------------------------------------------------------------------------------- */

static void agent_take_deltas(void *arg, const struct flow_delta *deltas, size_t count)
{
	struct agent *agent = arg;

	flow_cache_merge(agent->cache, deltas, count, &agent->harvest.time);
	traffic_add(&agent->observer.traffic, deltas, count);
}

static void agent_end_gone(struct agent *agent)
{
	size_t known = agent->gone_count < AGENT_GONE_MAX ? agent->gone_count : AGENT_GONE_MAX;

	/* Ending the others' flows too only cuts them early, and nearly all interfaces are gone. */
	if (agent->gone_count > AGENT_GONE_MAX)
		flow_cache_flush(agent->cache, 0, &agent->harvest.time);
	else
		flow_cache_flush_interfaces(agent->cache, agent->gone, known, &agent->harvest.time);
	for (size_t i = 0; i < known; i++)
		traffic_forget(&agent->observer.traffic, agent->gone[i]);
	agent->gone_count = 0;
}

static int agent_harvest(struct agent *agent)
{
	int err = harvester_harvest(agent->harvester, agent_take_deltas, agent, &agent->harvest);

	if (err) {
		log_warning_limited(&agent->harvest_warning,
				    "harvest failed, will be tried again: %s", strerror(-err));
		observer_harvest_failed(&agent->observer);
		return err;
	}
	balance_add(&agent->balance, &agent->harvest, flow_cache_stats(agent->cache));
	observer_harvest_worked(&agent->observer, &agent->harvest, &agent->balance);
	reports_meter(&agent->reports, &agent->balance, flow_cache_stats(agent->cache));
	agent_end_gone(agent);
	flow_cache_expire(agent->cache, &agent->harvest.time);
	exports_push(agent->exports);
	return 0;
}

/* --- interfaces ---------------------------------------------------------------------------- */

void agent_interface_appeared(void *arg, const struct interface *interface)
{
	struct agent *agent = arg;
	int err = attachments_add(agent->attachments, interface);

	int is_named = selection_has_name(agent->config, interface->name);

	if (!err || err == -ENODEV) /* gone again: nothing to complain of */
		return;
	if (!agent->start_error || is_named > agent->start_error_is_named) {
		agent->start_error = err;
		agent->start_error_is_named = is_named;
	}
}

void agent_interface_disappeared(void *arg, const struct interface *interface, int gone)
{
	struct agent *agent = arg;

	if (!attachments_remove(agent->attachments, interface->ifindex))
		return;
	log_info("no longer capturing on %s: %s", interface->name,
		 gone ? "it is gone" : "not selected any more");
	if (agent->gone_count < AGENT_GONE_MAX)
		agent->gone[agent->gone_count] = interface->ifindex;
	agent->gone_count++;
}

/* --- state ---------------------------------------------------------------------------------- */

void agent_describe(void *arg, struct agent_state *state)
{
	struct agent *agent = arg;
	const struct probe_config *probe = probe_get_config(agent->probe);

	*state = (struct agent_state){
		.now_ns = clock_realtime_ns(),
		.start_ns = agent->identity.start_ns,
		.balance = &agent->balance,
		.cache = flow_cache_stats(agent->cache),
		.max_flows = agent->config->max_flows,
		.table = probe->table,
		.slots = probe->slots,
		.sampling_interval = probe->sampling,
		.reload = agent->reload,
	};
	for (; state->program_count < PROBE_PROGRAMS; state->program_count++) {
		enum probe_program program = (enum probe_program)state->program_count;

		state->programs[program] = (struct program_state){
			.name = probe_program_name(program),
			.runs = probe_program_runs(agent->probe, program),
		};
	}
	for (int event = 0; event < ATTACHMENT_EVENTS; event++)
		state->attachment_events[event] =
			attachments_events(agent->attachments, (enum attachment_event)event);
	observer_describe(&agent->observer, agent->attachments, agent->exports,
			  agent->config->harvest_interval_ns, state);
}

/* --- loop ---------------------------------------------------------------------------------- */

static void agent_on_netlink(struct agent *agent)
{
	int err = interfaces_process(agent->interfaces);

	if (err)
		log_warning_limited(&agent->netlink_warning, "rtnetlink: %s", strerror(-err));
	reports_interfaces(&agent->reports, agent->interfaces);
	if (agent->gone_count)
		agent_harvest(agent);
}

static void agent_on_timer(struct agent *agent)
{
	uint64_t now = clock_monotonic_ns();

	if (!events_take(&agent->events, EVENT_HARVEST))
		return;
	agent_harvest(agent);
	if (now >= agent->next_check_ns) {
		attachments_check(agent->attachments);
		agent_on_netlink(agent); /* a dump that failed before is tried again */
		agent->next_check_ns = now + AGENT_CHECK_NS;
	}
}

static void agent_on_wakeup(struct agent *agent)
{
	harvester_wakeups_clear(agent->harvester);
	if (harvester_is_early(agent->harvester))
		agent_harvest(agent);
}

static void agent_log_balance(const struct agent *agent)
{
	balance_log(&agent->balance, flow_cache_stats(agent->cache));
	exports_log(agent->exports);
}

/* One at a time: what the last one replaced may still be busy. */
static void agent_reload_if_wanted(struct agent *agent)
{
	if (!exports_are_settled(agent->exports))
		return;
	config_free(&agent->old_config);
	if (agent->reload_wanted)
		agent_reload(agent);
	if (agent->gone_count)
		agent_harvest(agent);
}

static void agent_on_signal(struct agent *agent)
{
	int signal = events_take_signal(&agent->events);

	if (signal == SIGUSR1) {
		agent_harvest(agent);
		agent_log_balance(agent);
	} else if (signal == SIGHUP) {
		agent->reload_wanted = 1;
		agent_reload_if_wanted(agent);
	} else if (signal) {
		log_debug("signal %d: stopping", signal);
		agent->running = 0;
	}
}

static void agent_on_exporter(struct agent *agent)
{
	events_take(&agent->events, EVENT_EXPORTER);
	exports_reap(agent->exports);
	agent_reload_if_wanted(agent);
	if (exports_are_dead(agent->exports)) {
		log_info("nobody reads the records any more: stopping");
		agent->running = 0;
	}
}

static void agent_on_tick(struct agent *agent)
{
	events_take(&agent->events, EVENT_TICK);
	exports_reap(agent->exports);
	agent_reload_if_wanted(agent);
	reporting_tick(agent->reporting);
}

static void agent_dispatch(struct agent *agent, enum event_source source)
{
	switch (source) {
	case EVENT_HARVEST:
		agent_on_timer(agent);
		break;
	case EVENT_WAKEUP:
		agent_on_wakeup(agent);
		break;
	case EVENT_NETLINK:
		agent_on_netlink(agent);
		break;
	case EVENT_SIGNAL:
		agent_on_signal(agent);
		break;
	case EVENT_EXPORTER:
		agent_on_exporter(agent);
		break;
	case EVENT_TICK:
		agent_on_tick(agent);
		break;
	case EVENT_METRICS:
	case EVENT_CONTROL:
		reporting_serve(agent->reporting);
		break;
	case EVENT_DURATION:
	case EVENT_SOURCES:
		agent->running = 0;
		break;
	}
}

static int agent_loop(struct agent *agent)
{
	enum event_source sources[EVENT_SOURCES];
	int i, count;

	agent->running = 1;
	reporting_ready(agent->reporting);
	agent->next_check_ns = clock_monotonic_ns() + AGENT_CHECK_NS;
	while (agent->running) {
		count = events_wait(&agent->events, sources);
		if (count < 0) {
			log_error("cannot wait for events: %s", strerror(-count));
			return count;
		}
		for (i = 0; i < count; i++)
			agent_dispatch(agent, sources[i]);
	}
	return 0;
}

/* --- end ----------------------------------------------------------------------------------- */

/*
 * Takes out what the programs have left behind: two whole generations closed after the programs
 * came off. One that was begun before may have to be finished first.
 */
static void agent_harvest_rest(struct agent *agent)
{
	uint64_t deadline_ns = clock_monotonic_ns() + AGENT_DRAIN_NS;
	const struct timespec pause = {.tv_nsec = 100 * NS_PER_MS};
	int left = AGENT_LAST_GENERATIONS + harvester_is_unfinished(agent->harvester);

	while (left && clock_monotonic_ns() < deadline_ns) {
		if (agent_harvest(agent))
			nanosleep(&pause, NULL);
		else
			left--;
	}
	if (left)
		balance_give_up(&agent->balance);
}

static void agent_finish(struct agent *agent)
{
	reporting_stopping();
	attachments_remove_all(agent->attachments);
	agent_harvest_rest(agent);
	flow_cache_flush(agent->cache, 0, &agent->harvest.time);
	exports_stop(agent->exports, clock_monotonic_ns() + AGENT_DRAIN_NS);
	agent_log_balance(agent);
}

static int agent_exit_code(int err)
{
	return err == -EPERM || err == -EACCES ? EXIT_CODE_PRIVILEGE : EXIT_CODE_RUNTIME;
}

int agent_run(struct config *config, const struct config_sources *sources)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int err;

	if (!agent) {
		log_error("no memory");
		return EXIT_CODE_RUNTIME;
	}
	agent->config = config;
	agent->sources = sources;
	err = agent_start(agent);
	if (!err)
		err = agent_attach(agent);
	if (!err) {
		err = agent_loop(agent);
		agent_finish(agent);
	}
	if (!err && (agent->balance.errors || exports_lost(agent->exports)))
		err = -EIO;
	agent_close(agent);
	free(agent);
	return err ? agent_exit_code(err) : EXIT_CODE_OK;
}
