// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Puts the agent together, and takes it apart: see parts.h. What can be wrong is found out before
 * any program is attached; each failure is one line in the log.
 */
#include "agent/parts.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "agent/leftovers.h"
#include "agent/selection.h"
#include "capture/kernel.h"
#include "lib/clock.h"

#define AGENT_LINGER_NS (2 * NS_PER_S) /* a flow's after its TCP end */
#define AGENT_ERROR_BYTES 512

static int agent_open_interfaces(struct agent *agent)
{
	const struct interface_events events = {
		.appeared = agent_interface_appeared,
		.disappeared = agent_interface_disappeared,
		.arg = agent,
	};
	char error[AGENT_ERROR_BYTES];

	agent->interfaces = selection_open(agent->config, &events, error, sizeof(error));
	if (agent->interfaces)
		return 0;
	log_error("%s", error);
	return -errno;
}

static int agent_open_probe(struct agent *agent)
{
	struct probe_config probe_config = {
		.slots = agent->config->slots,
		.sampling = agent->config->sampling,
	};
	const char *reason;
	struct kernel kernel;
	char error[AGENT_ERROR_BYTES];

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
		.biflow = exports_want_biflow(agent->config),
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
	char error[AGENT_ERROR_BYTES];
	int err = identity_read(&agent->identity, agent->config);

	if (err) {
		log_error("cannot tell who this host is: %s", strerror(-err));
		return err;
	}
	err = reports_open(&agent->reports);
	if (err) {
		log_error("%s", strerror(-err));
		return err;
	}
	reports_interfaces(&agent->reports, agent->interfaces);
	agent->identity.board = agent->reports.board;
	agent->exports = exports_start(agent->config, &agent->identity,
				       events_exporter_fd(&agent->events), error, sizeof(error));
	if (!agent->exports) {
		log_error("%s", error);
		return -EINVAL;
	}
	leftovers_report(agent->config, agent->sources->environment);
	return 0;
}

int agent_attach(struct agent *agent)
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
	    (agent->start_error_is_named || !attachments_count(agent->attachments)))
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

static int agent_open_reporting(struct agent *agent)
{
	struct events *events = &agent->events;
	uint64_t interval_ns;
	int err = 0;

	agent->reload.last_success_ns = clock_realtime_ns();
	agent->reporting = reporting_open(agent->config, agent_describe, agent);
	if (!agent->reporting)
		return -EINVAL;
	interval_ns = reporting_interval_ns(agent->reporting);
	err = events_start_timer(events, EVENT_TICK, interval_ns, interval_ns);
	if (!err && reporting_metrics_fd(agent->reporting) >= 0)
		err = events_watch(events, EVENT_METRICS, reporting_metrics_fd(agent->reporting));
	if (!err && reporting_control_fd(agent->reporting) >= 0)
		err = events_watch(events, EVENT_CONTROL, reporting_control_fd(agent->reporting));
	if (err)
		log_error("cannot set up the event loop: %s", strerror(-err));
	return err;
}

int agent_start(struct agent *agent)
{
	int err = events_open(&agent->events);

	if (err)
		log_error("cannot set up signals and events: %s", strerror(-err));
	observer_open(&agent->observer);
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
		err = agent_open_reporting(agent);
	return err;
}

void agent_close(struct agent *agent)
{
	reporting_close(agent->reporting);
	attachments_free(agent->attachments);
	interfaces_close(agent->interfaces);
	flow_cache_free(agent->cache);
	if (agent->exports)
		exports_stop(agent->exports, 0);
	exports_free(agent->exports);
	observer_close(&agent->observer);
	config_free(&agent->old_config);
	reports_close(&agent->reports);
	harvester_free(agent->harvester);
	probe_close(agent->probe);
	events_close(&agent->events);
}
