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
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "agent/attachments.h"
#include "agent/balance.h"
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
#define AGENT_EVENTS 8
#define AGENT_GONE_MAX 256

enum agent_source {
	AGENT_TIMER,
	AGENT_WAKEUP,
	AGENT_NETLINK,
	AGENT_SIGNAL,
	AGENT_DURATION,
	AGENT_EXPORTER
};

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
	int epoll_fd;
	int timer_fd;
	int signal_fd;
	int duration_fd;
	int exporter_fd;
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
	agent->exports = exports_start(agent->config, &agent->identity, agent->exporter_fd, error,
				       sizeof(error));
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

static int agent_timer(uint64_t first_ns, uint64_t interval_ns)
{
	struct itimerspec when = {
		.it_value = {.tv_sec = (time_t)(first_ns / NS_PER_S),
			     .tv_nsec = (long)(first_ns % NS_PER_S)},
		.it_interval = {.tv_sec = (time_t)(interval_ns / NS_PER_S),
				.tv_nsec = (long)(interval_ns % NS_PER_S)},
	};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (fd >= 0)
		timerfd_settime(fd, 0, &when, NULL); /* cannot fail: the values are in range */
	return fd;
}

static int agent_watch(struct agent *agent, int fd, enum agent_source source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return fd < 0 || epoll_ctl(agent->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Signals must be blocked before any thread starts, so that all of them inherit it. */
static int agent_open_signals(struct agent *agent)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &signals, NULL))
		return -errno;
	agent->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	agent->exporter_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	agent->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return agent->signal_fd < 0 || agent->exporter_fd < 0 || agent->epoll_fd < 0 ? -errno : 0;
}

static int agent_open_loop(struct agent *agent)
{
	int err;

	agent->timer_fd =
		agent_timer(agent->config->harvest_interval_ns, agent->config->harvest_interval_ns);
	err = agent_watch(agent, agent->timer_fd, AGENT_TIMER);
	if (!err)
		err = agent_watch(agent, harvester_wakeups_fd(agent->harvester), AGENT_WAKEUP);
	if (!err)
		err = agent_watch(agent, interfaces_fd(agent->interfaces), AGENT_NETLINK);
	if (!err)
		err = agent_watch(agent, agent->signal_fd, AGENT_SIGNAL);
	if (!err)
		err = agent_watch(agent, agent->exporter_fd, AGENT_EXPORTER);
	if (!err && agent->config->duration_ns) {
		agent->duration_fd = agent_timer(agent->config->duration_ns, 0);
		err = agent_watch(agent, agent->duration_fd, AGENT_DURATION);
	}
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
	uint64_t expirations, now = clock_monotonic_ns();

	if (read(agent->timer_fd, &expirations, sizeof(expirations)) < 0)
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
	struct signalfd_siginfo info;

	if (read(agent->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGUSR1) {
		agent_harvest(agent);
		agent_log_balance(agent);
		return;
	}
	log_debug("signal %u: stopping", info.ssi_signo);
	agent->running = 0;
}

static void agent_on_exporter(struct agent *agent)
{
	uint64_t count;

	if (read(agent->exporter_fd, &count, sizeof(count)) != sizeof(count))
		return;
	exports_report_dead(agent->exports);
	if (exports_are_dead(agent->exports)) {
		log_info("nobody reads the records any more: stopping");
		agent->running = 0;
	}
}

static void agent_dispatch(struct agent *agent, enum agent_source source)
{
	switch (source) {
	case AGENT_TIMER:
		agent_on_timer(agent);
		break;
	case AGENT_WAKEUP:
		agent_on_wakeup(agent);
		break;
	case AGENT_NETLINK:
		agent_on_netlink(agent);
		break;
	case AGENT_SIGNAL:
		agent_on_signal(agent);
		break;
	case AGENT_DURATION:
		agent->running = 0;
		break;
	case AGENT_EXPORTER:
		agent_on_exporter(agent);
		break;
	}
}

static int agent_loop(struct agent *agent)
{
	struct epoll_event events[AGENT_EVENTS];
	int i, count;

	agent->running = 1;
	agent->next_check_ns = clock_monotonic_ns() + AGENT_CHECK_NS;
	while (agent->running) {
		count = epoll_wait(agent->epoll_fd, events, AGENT_EVENTS, -1);
		if (count < 0 && errno != EINTR) {
			log_error("epoll_wait: %s", strerror(errno));
			return -errno;
		}
		for (i = 0; i < count; i++)
			agent_dispatch(agent, events[i].data.u32);
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

static void agent_close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
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
	agent_close_fd(agent->timer_fd);
	agent_close_fd(agent->duration_fd);
	agent_close_fd(agent->signal_fd);
	agent_close_fd(agent->exporter_fd);
	agent_close_fd(agent->epoll_fd);
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
	agent->timer_fd = agent->signal_fd = agent->duration_fd = agent->exporter_fd =
		agent->epoll_fd = -1;

	err = agent_open_signals(agent);
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
