/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the agent consists of, for those that put it together (start.c), change it (reload.c) and run
 * it (agent.c). All of it belongs to the capture thread.
 */
#ifndef FLOWPROBE_PARTS_H
#define FLOWPROBE_PARTS_H

#include "agent/attachments.h"
#include "agent/balance.h"
#include "agent/events.h"
#include "agent/exports.h"
#include "agent/identity.h"
#include "agent/observer.h"
#include "agent/reporting.h"
#include "agent/reports.h"
#include "capture/harvest.h"
#include "capture/interfaces.h"
#include "capture/loader.h"
#include "config/config.h"
#include "flow/cache.h"
#include "lib/log.h"

#define AGENT_GONE_MAX 256

struct agent {
	struct config *config; /* the caller's; a reload changes what is in it */
	const struct config_sources *sources; /* where it came from */
	struct config old_config; /* of before the last reload, until exports_are_settled */
	int reload_wanted;
	struct reload_state reload;
	struct export_identity identity;
	struct probe *probe;
	struct harvester *harvester;
	struct flow_cache *cache;
	struct interfaces *interfaces;
	struct attachments *attachments;
	struct exports *exports;
	struct reports reports;
	struct reporting *reporting;
	struct observer observer;
	struct balance balance;
	struct harvest harvest; /* the latest */
	uint32_t gone[AGENT_GONE_MAX]; /* interfaces whose flows end at the next harvest */
	size_t gone_count; /* more than AGENT_GONE_MAX: end the flows of all interfaces */
	uint64_t next_check_ns;
	struct log_limit harvest_warning;
	struct log_limit netlink_warning;
	int start_error; /* failure to attach, negative errno, ... */
	int start_error_is_named; /* ... of the first interface asked for by name, else of the first */
	int running;
	struct events events;
};

/*
 * Opens everything but the hooks. 0, or a negative errno after an error in the log; agent_close is
 * fine either way. start_error is set by the handlers below when they could not attach.
 */
int agent_start(struct agent *agent);

/* Attaches. 0, or a negative errno after an error in the log. */
int agent_attach(struct agent *agent);
void agent_close(struct agent *agent);

/* agent.c; what the parts call back. */
void agent_interface_appeared(void *arg, const struct interface *interface);
void agent_interface_disappeared(void *arg, const struct interface *interface, int gone);
void agent_take_record(void *arg, const struct flow_record *record);
void agent_describe(void *arg, struct agent_state *state);

/*
 * Reads the configuration again, and goes over to what is new in it if there is no mistake; what
 * cannot change without a restart is said. Only when exports_are_settled.
 */
void agent_reload(struct agent *agent);

#endif
