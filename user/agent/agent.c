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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "agent/attachments.h"
#include "agent/balance.h"
#include "agent/events.h"
#include "agent/exports.h"
#include "agent/identity.h"
#include "agent/selection.h"
#include "capture/harvest.h"
#include "capture/interfaces.h"
#include "capture/kernel.h"
#include "capture/loader.h"
#include "cmd/commands.h"
#include "flow/cache.h"
#include "lib/clock.h"
#include "lib/log.h"

#define AGENT_LINGER_NS (2 * NS_PER_S) /* a flow's after its TCP end */
#define AGENT_CHECK_NS (10 * NS_PER_S) /* between looks whether our programs are still attached */
#define AGENT_DRAIN_NS (10 * NS_PER_S) /* for the exporters at the end */
#define AGENT_LAST_GENERATIONS 2
#define AGENT_GONE_MAX 256

struct agent {
	const struct config *config;
	struct export_identity identity;
	struct probe *probe;
	struct harvester *harvester;
	struct flow_cache *cache;
	struct interfaces *interfaces;
	struct attachments *attachments;
	struct exports *exports;
	struct balance balance;
	struct harvest harvest; /* the latest */
	uint32_t gone[AGENT_GONE_MAX]; /* interfaces whose flows end at the next harvest */
	size_t gone_count; /* more than AGENT_GONE_MAX: end the flows of all interfaces */
	uint64_t next_check_ns;
	struct log_limit harvest_warning;
	struct log_limit netlink_warning;
	int start_error; /* first failure to attach, negative errno */
	int running;
	struct events events;
};

/* --- records ------------------------------------------------------------------------------- */

static void agent_name_interface(const struct agent *agent, uint32_t ifindex,
				 char name[FLOW_IF_NAME_BYTES])
{
	const struct interface *interface = ifindex ? interfaces_get(agent->interfaces, ifindex)
						    : NULL;

	if (interface)
		memcpy(name, interface->name, FLOW_IF_NAME_BYTES);
}

static void agent_take_record(void *arg, const struct flow_record *record)
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
}

static void agent_end_gone(struct agent *agent)
{
	size_t i;

	/* Ending the others' flows too only cuts them early, and nearly all interfaces are gone. */
	if (agent->gone_count > AGENT_GONE_MAX)
		flow_cache_flush(agent->cache, 0, &agent->harvest.time);
	else
		for (i = 0; i < agent->gone_count; i++)
			flow_cache_flush(agent->cache, agent->gone[i], &agent->harvest.time);
	agent->gone_count = 0;
}

static int agent_harvest(struct agent *agent)
{
	int err = harvester_harvest(agent->harvester, agent_take_deltas, agent, &agent->harvest);

	if (err) {
		log_warning_limited(&agent->harvest_warning,
				    "harvest failed, will be tried again: %s", strerror(-err));
		return err;
	}
	balance_add(&agent->balance, &agent->harvest, flow_cache_stats(agent->cache));
	agent_end_gone(agent);
	flow_cache_expire(agent->cache, &agent->harvest.time);
	exports_push(agent->exports);
	return 0;
}

/* --- interfaces ---------------------------------------------------------------------------- */

static void agent_interface_appeared(void *arg, const struct interface *interface)
{
	struct agent *agent = arg;
	int err = attachments_add(agent->attachments, interface);

	if (err && !agent->start_error)
		agent->start_error = err;
}

static void agent_interface_disappeared(void *arg, const struct interface *interface, int gone)
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

static int agent_open_interfaces(struct agent *agent)
{
	const struct interface_events events = {
		.appeared = agent_interface_appeared,
		.disappeared = agent_interface_disappeared,
		.arg = agent,
	};
	char error[512];

	agent->interfaces = selection_open(agent->config, &events, error, sizeof(error));
	if (agent->interfaces)
		return 0;
	log_error("%s", error);
	return -errno;
}

/* --- start --------------------------------------------------------------------------------- */

static int agent_exit_code(int err)
{
	return err == -EPERM || err == -EACCES ? EXIT_CODE_PRIVILEGE : EXIT_CODE_RUNTIME;
}

static int agent_open_probe(struct agent *agent)
{
	struct probe_config probe_config = {
		.slots = agent->config->slots,
		.sampling = agent->config->sampling,
	};
	const char *reason;
	struct kernel kernel;
	char error[512];

	kernel_read(&kernel);
	probe_config.counters_atomic = kernel_runs_interleave(&kernel);
	probe_config.table = kernel_choose_table(&kernel, &reason);
	if (agent->config->table == CONFIG_TABLE_AUTO) {
		if (reason)
			log_info("using --table hash: %s", reason);
	} else {
		probe_config.table = agent->config->table == CONFIG_TABLE_HASH ? FLOW_TABLE_HASH
									       : FLOW_TABLE_SLOTS;
		if (reason && probe_config.table == FLOW_TABLE_SLOTS)
			log_warning("--table slots may lose packets on this kernel: %s", reason);
	}
	agent->probe = probe_open(&probe_config, error, sizeof(error));
	if (!agent->probe) {
		int err = -errno;

		if (kernel.version && kernel.version < KERNEL_OLDEST)
			log_error("kernel %s is too old: flowprobe needs 5.15 or later (%s)",
				  kernel.release, error);
		else
			log_error("%s", error);
		return err;
	}
	agent->harvester = harvester_new(agent->probe);
	if (!agent->harvester) {
		log_error("cannot start harvesting: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

static int agent_open_cache(struct agent *agent)
{
	struct flow_cache_config cache_config = {
		.max_flows = agent->config->max_flows,
		.active_timeout_ns = agent->config->active_timeout_ns,
		.idle_timeout_ns = agent->config->idle_timeout_ns,
		.linger_ns = AGENT_LINGER_NS,
	};

	if (getrandom(cache_config.hash_seed, sizeof(cache_config.hash_seed), 0) < 0) {
		log_error("no random numbers: %s", strerror(errno));
		return -errno;
	}
	agent->cache = flow_cache_new(&cache_config, agent_take_record, agent);
	if (!agent->cache) {
		log_error("no memory for %u flows: try a smaller --max-flows",
			  agent->config->max_flows);
		return -ENOMEM;
	}
	return 0;
}

static int agent_open_exports(struct agent *agent)
{
	char error[512];
	int err = identity_read(&agent->identity, agent->config);

	if (err) {
		log_error("cannot tell who this host is: %s", strerror(-err));
		return err;
	}
	agent->exports = exports_start(agent->config, &agent->identity,
				       events_exporter_fd(&agent->events), error, sizeof(error));
	if (!agent->exports) {
		log_error("%s", error);
		return -EINVAL;
	}
	return 0;
}

static int agent_attach(struct agent *agent)
{
	agent->attachments = attachments_new(agent->probe, agent->config);
	if (!agent->attachments) {
		int err = -errno;

		log_error("%s", err == -EOPNOTSUPP ? "this kernel has no TCX, which is in Linux "
						     "6.6 and later: use --hook "
						     "auto or --hook tc"
						   : strerror(-err));
		return err;
	}
	interfaces_report(agent->interfaces);
	/* A name given must work; of those that only match, some may be in a state of their own. */
	if (agent->start_error &&
	    (selection_has_names(agent->config) || !attachments_count(agent->attachments)))
		return agent->start_error;
	if (!attachments_count(agent->attachments))
		log_warning("no interface to capture on yet; waiting for one to appear");
	log_info("a flow is reported when it ends, after %g s without packets, or every %g s",
		 (double)agent->config->idle_timeout_ns / (double)NS_PER_S,
		 (double)agent->config->active_timeout_ns / (double)NS_PER_S);
	return 0;
}

static int agent_open_loop(struct agent *agent)
{
	const struct config *config = agent->config;
	struct events *events = &agent->events;
	int err;

	err = events_start_timer(events, EVENT_HARVEST, config->harvest_interval_ns,
				 config->harvest_interval_ns);
	if (!err && config->duration_ns)
		err = events_start_timer(events, EVENT_DURATION, config->duration_ns, 0);
	if (!err)
		err = events_watch(events, EVENT_WAKEUP, harvester_wakeups_fd(agent->harvester));
	if (!err)
		err = events_watch(events, EVENT_NETLINK, interfaces_fd(agent->interfaces));
	if (err)
		log_error("cannot set up the event loop: %s", strerror(-err));
	return err;
}

/* --- loop ---------------------------------------------------------------------------------- */

static void agent_on_netlink(struct agent *agent)
{
	int err = interfaces_process(agent->interfaces);

	if (err)
		log_warning_limited(&agent->netlink_warning, "rtnetlink: %s", strerror(-err));
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

static void agent_on_signal(struct agent *agent)
{
	int signal = events_take_signal(&agent->events);

	if (signal == SIGUSR1) {
		agent_harvest(agent);
		agent_log_balance(agent);
	} else if (signal) {
		log_debug("signal %d: stopping", signal);
		agent->running = 0;
	}
}

static void agent_on_exporter(struct agent *agent)
{
	events_take(&agent->events, EVENT_EXPORTER);
	exports_report_dead(agent->exports);
	if (exports_are_dead(agent->exports)) {
		log_info("nobody reads the records any more: stopping");
		agent->running = 0;
	}
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
	attachments_remove_all(agent->attachments);
	agent_harvest_rest(agent);
	flow_cache_flush(agent->cache, 0, &agent->harvest.time);
	exports_stop(agent->exports, clock_monotonic_ns() + AGENT_DRAIN_NS);
	agent_log_balance(agent);
}

static void agent_close(struct agent *agent)
{
	attachments_free(agent->attachments);
	interfaces_close(agent->interfaces);
	flow_cache_free(agent->cache);
	if (agent->exports)
		exports_stop(agent->exports, 0);
	exports_free(agent->exports);
	harvester_free(agent->harvester);
	probe_close(agent->probe);
	events_close(&agent->events);
}

int agent_run(const struct config *config)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	int err;

	if (!agent) {
		log_error("no memory");
		return EXIT_CODE_RUNTIME;
	}
	agent->config = config;
	err = events_open(&agent->events);
	if (err)
		log_error("cannot set up signals and events: %s", strerror(-err));
	if (!err)
		err = agent_open_interfaces(agent);
	if (!err)
		err = agent_open_probe(agent);
	if (!err)
		err = agent_open_cache(agent);
	if (!err)
		err = agent_open_exports(agent);
	if (!err)
		err = agent_open_loop(agent);
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
