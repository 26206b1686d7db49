// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A new configuration for the running agent: see agent_reload in parts.h.
 *
 * Everything is read and checked first, and the exporters, which can fail to start, go first; so
 * either all of it holds afterwards or nothing has changed. What the kernel programs were loaded
 * with, or a table's size, stays as it is until a restart: those values are taken over from the old
 * configuration into the new one, with a warning for each that somebody wanted to change.
 */
#include "agent/parts.h"

#include <stdio.h>
#include <string.h>

#include "agent/selection.h"
#include "config/change.h"
#include "config/errors.h"
#include "lib/clock.h"

#define ERROR_BYTES 512
#define KEYS_BYTES 1024

/* The interfaces as selected now; those that are not any more are let go, the others attached. */
static void apply_interfaces(struct agent *agent)
{
	int err = selection_apply(agent->interfaces, agent->config);

	if (err) {
		log_error("the old selection of interfaces stays: %s", strerror(-err));
		return;
	}
	interfaces_report(agent->interfaces);
	reports_interfaces(&agent->reports, agent->interfaces);
}

static void apply(struct agent *agent)
{
	const struct config *config = agent->config;

	log_set_level(config->log_level);
	flow_cache_set_timeouts(agent->cache, config->active_timeout_ns, config->idle_timeout_ns);
	flow_cache_set_biflow(agent->cache, exports_want_biflow(config));
	agent->identity.active_timeout_ns = config->active_timeout_ns;
	agent->identity.idle_timeout_ns = config->idle_timeout_ns;
	if (reporting_set_textfile(agent->reporting, config->metrics_textfile))
		log_error("out of memory: the old metrics file stays");
	apply_interfaces(agent);
}

/* A list of options, as config_compare tells them. */
struct key_list {
	char text[KEYS_BYTES];
	size_t used;
};

static void list_key(void *arg, const char *key)
{
	struct key_list *list = arg;

	if (list->used < KEYS_BYTES)
		list->used += (size_t)snprintf(list->text + list->used, KEYS_BYTES - list->used,
					       "%s%s", list->used ? ", " : "", key);
}

/* 0, or -1 after an error in the log: nothing has changed. *fresh is taken. */
static int adopt(struct agent *agent, struct config *fresh)
{
	struct key_list live = {0}, fixed = {0}, restored = {0};
	char error[ERROR_BYTES];

	config_compare(agent->config, fresh, CONFIG_EFFECT_LIVE, list_key, &live);
	config_keep_fixed(agent->config, fresh, list_key, &fixed);
	if (selection_check(agent->interfaces, agent->config, fresh, error, sizeof(error)) ||
	    exports_reload(agent->exports, &agent->config->exporters, &fresh->exporters, error,
			   sizeof(error))) {
		log_error("%s", error);
		config_keep_fixed(agent->config, fresh, list_key, &restored); /* change back */
		config_free(fresh);
		return -1;
	}
	agent->old_config = *agent->config;
	*agent->config = *fresh;
	apply(agent);
	log_info("the configuration was reloaded%s%s", live.used ? "; new: " : ", nothing new",
		 live.text);
	if (fixed.used)
		log_warning("changed, but in effect only after a restart: %s", fixed.text);
	return 0;
}

void agent_reload(struct agent *agent)
{
	struct config_errors errors = {.logged = 1};
	struct config_sources sources = *agent->sources;
	struct config fresh;
	int help, err; /* help was not asked for, or we would not run */

	sources.previous = agent->config;
	reporting_reloading();
	agent->reload_wanted = 0;
	agent->reload.count++;
	err = config_load_sources(&fresh, &sources, &errors, &help);
	if (!err)
		err = adopt(agent, &fresh);
	agent->reload.last_failed = err != 0;
	if (err)
		log_error("the configuration was not reloaded: the old one stays in use");
	else
		agent->reload.last_success_ns = clock_realtime_ns();
	reporting_ready(agent->reporting);
}
