// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: the option table and the look-ups in it.
 *
 * One row per option. Everything that is known about an option stands in its row, and everything
 * that deals with options walks the rows: flags.c, environment.c, document.c and draft.c (defaults)
 * to read them, help.c, man.c, example.c, show.c and cmd/completion.c to write about them. So an
 * option cannot exist in one of these and be missing in another. A default is written as an
 * operator would write it and goes through the same check as a given value. The name of the
 * variable is derived from the key instead of being stored, so these two cannot drift apart either.
 *
 * Rejected: an X-macro, which would also generate struct config, but hides the table from debugger,
 * editor and reader; offsets do the same in plain C.
 */
#include "config/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "config/config.h"
#include "lib/clock.h"

#define NS_PER_HOUR (3600 * NS_PER_S)
#define HOURS_PER_CENTURY 876000ull

/* What fits in an address of a unix socket, see unix(7). */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

#define FIELD(name) offsetof(struct config, name)

/* config_field_set() writes every enum as an unsigned int. */
_Static_assert(sizeof(enum config_hook) == sizeof(unsigned int), "size of enums");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned int), "size of enums");

static const char *const hooks[] = {
	[CONFIG_HOOK_AUTO] = "auto",
	[CONFIG_HOOK_TCX] = "tcx",
	[CONFIG_HOOK_TC] = "tc",
	[CONFIG_HOOK_XDP] = "xdp",
	NULL,
};

static const char *const directions[] = {
	[CONFIG_DIRECTION_BOTH] = "both",
	[CONFIG_DIRECTION_INGRESS] = "ingress",
	[CONFIG_DIRECTION_EGRESS] = "egress",
	NULL,
};

static const char *const positions[] = {
	[CONFIG_POSITION_HEAD] = "head",
	[CONFIG_POSITION_TAIL] = "tail",
	NULL,
};

static const char *const tables[] = {
	[CONFIG_TABLE_AUTO] = "auto",
	[CONFIG_TABLE_SLOTS] = "slots",
	[CONFIG_TABLE_HASH] = "hash",
	NULL,
};

static const char *const log_levels[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
	NULL,
};

const struct config_option config_options[] = {
	{
		.group = "Interfaces",
		.flag = "interface",
		.letter = 'i',
		.argument = "GLOB",
		.key = "interfaces.include",
		.field = {.type = CONFIG_FIELD_GLOBS, .offset = FIELD(interfaces_include)},
		.shown_default = "those with a default route, else all that are up but lo",
		.example = "eth0",
		.help = "capture on the interfaces that match",
	},
	{
		.group = "Interfaces",
		.flag = "exclude-interface",
		.argument = "GLOB",
		.key = "interfaces.exclude",
		.field = {.type = CONFIG_FIELD_GLOBS, .offset = FIELD(interfaces_exclude)},
		.initial = "lo",
		.help = "never capture on these",
	},
	{
		.group = "Capture",
		.flag = "hook",
		.key = "capture.hook",
		.field = {.type = CONFIG_FIELD_CHOICE, .offset = FIELD(hook), .choices = hooks},
		.initial = "auto",
		.restart = 1,
		.help = "where packets are seen; auto is tcx if the kernel has it, else tc",
	},
	{
		.group = "Capture",
		.flag = "direction",
		.key = "capture.direction",
		.field = {.type = CONFIG_FIELD_CHOICE,
			  .offset = FIELD(direction),
			  .choices = directions},
		.initial = "both",
		.restart = 1,
		.help = "which packets of an interface to count",
	},
	{
		.group = "Capture",
		.flag = "ingress-position",
		.key = "capture.ingress_position",
		.field = {.type = CONFIG_FIELD_CHOICE,
			  .offset = FIELD(ingress_position),
			  .choices = positions},
		.initial = "head",
		.restart = 1,
		.help = "before or after other programs on ingress",
	},
	{
		.group = "Capture",
		.flag = "egress-position",
		.key = "capture.egress_position",
		.field = {.type = CONFIG_FIELD_CHOICE,
			  .offset = FIELD(egress_position),
			  .choices = positions},
		.initial = "tail",
		.restart = 1,
		.help = "before or after other programs on egress",
	},
	{
		.group = "Capture",
		.flag = "sampling",
		.argument = "N",
		.key = "capture.sampling",
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(sampling),
			  .min = 1,
			  .max = 16777216},
		.initial = "1",
		.restart = 1,
		.help = "count one packet in N",
	},
	{
		.group = "Capture",
		.flag = "table",
		.key = "capture.table",
		.field = {.type = CONFIG_FIELD_CHOICE, .offset = FIELD(table), .choices = tables},
		.initial = "auto",
		.restart = 1,
		.help = "flow table in the kernel; auto is slots unless the kernel needs hash",
	},
	{
		.group = "Capture",
		.flag = "slots",
		.argument = "N",
		.key = "capture.slots",
		.field = {.type = CONFIG_FIELD_POWER_OF_TWO,
			  .offset = FIELD(slots),
			  .min = 1024,
			  .max = 4194304},
		.initial = "131072",
		.restart = 1,
		.help = "size of the flow table, in flows per harvest; a power of two",
	},
	{
		.group = "Capture",
		.flag = "harvest-interval",
		.argument = "T",
		.key = "capture.harvest_interval",
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(harvest_interval_ns),
			  .min = 100 * NS_PER_MS,
			  .max = 30 * NS_PER_S},
		.initial = "1s",
		.restart = 1,
		.help = "how often the flow table is emptied into the flow cache",
	},
	{
		.group = "Flows",
		.flag = "max-flows",
		.argument = "N",
		.key = "flows.max_flows",
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(max_flows),
			  .min = 1024,
			  .max = 16777216},
		.initial = "262144",
		.restart = 1,
		.help = "size of the flow cache; beyond it flows are cut early",
	},
	{
		.group = "Flows",
		.flag = "active-timeout",
		.argument = "T",
		.key = "flows.active_timeout",
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(active_timeout_ns),
			  .min = NS_PER_S,
			  .max = NS_PER_HOUR},
		.initial = "60s",
		.help = "write a record of a flow that goes on at least this often",
	},
	{
		.group = "Flows",
		.flag = "idle-timeout",
		.argument = "T",
		.key = "flows.idle_timeout",
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(idle_timeout_ns),
			  .min = NS_PER_S,
			  .max = NS_PER_HOUR},
		.initial = "15s",
		.help = "a flow without packets for this long has ended",
	},
	{
		.group = "Export",
		.flag = "export",
		.argument = "TYPE:TARGET",
		.key = "exporters",
		.kind = CONFIG_OPTION_EXPORTERS,
		.initial = "json:-",
		.help = "where records go, and how: see below",
	},
	{
		.group = "Export",
		.flag = "observation-domain",
		.argument = "N",
		.key = "export.observation_domain_id",
		.field = {.type = CONFIG_FIELD_NUMBER,
			  .offset = FIELD(observation_domain_id),
			  .max = UINT32_MAX},
		.initial = "0", /* else nfacctd 1.7.7 does not find the sampling rate of IPFIX */
		.restart = 1,
		.help = "number that tells this probe from others at the collector",
	},
	{
		.group = "Watching",
		.flag = "metrics",
		.argument = "ADDR:PORT",
		.key = "metrics.listen",
		.field = {.type = CONFIG_FIELD_LISTEN,
			  .offset = FIELD(metrics_listen),
			  .or_none = 1},
		.initial = CONFIG_NONE,
		.restart = 1,
		.example = "127.0.0.1:9991",
		.help = "serve metrics for Prometheus, and health, over HTTP here",
	},
	{
		.group = "Watching",
		.flag = "metrics-textfile",
		.argument = "PATH",
		.key = "metrics.textfile",
		.field = {.type = CONFIG_FIELD_PATH,
			  .offset = FIELD(metrics_textfile),
			  .or_none = 1},
		.initial = CONFIG_NONE,
		.example = "/var/lib/prometheus/node-exporter/flowprobe.prom",
		.help = "write metrics to this file, for node_exporter",
	},
	{
		.group = "Watching",
		.flag = "control-socket",
		.argument = "PATH",
		.key = "control.socket",
		.field = {.type = CONFIG_FIELD_PATH,
			  .offset = FIELD(control_socket),
			  .max = SOCKET_PATH_MAX,
			  .or_none = 1},
		.initial = CONFIG_CONTROL_SOCKET,
		.restart = 1,
		.help = "socket that flowprobe status asks",
	},
	{
		.group = "Running",
		.flag = "duration",
		.argument = "T",
		.key = "run.duration",
		.field = {.type = CONFIG_FIELD_DURATION,
			  .offset = FIELD(duration_ns),
			  .max = HOURS_PER_CENTURY * NS_PER_HOUR},
		.initial = "0s",
		.shown_default = "until a signal",
		.restart = 1,
		.help = "stop after this time, with all records written",
	},
	{
		.group = "Running",
		.flag = "log-level",
		.key = "log.level",
		.field = {.type = CONFIG_FIELD_CHOICE,
			  .offset = FIELD(log_level),
			  .choices = log_levels},
		.initial = "info",
		.help = "which messages to write to stderr",
	},
	{
		.group = "Running",
		.flag = "verbose",
		.letter = 'v',
		.kind = CONFIG_OPTION_PRESET,
		.preset_key = "log.level",
		.initial = "debug",
		.help = "short for --log-level debug",
	},
	{
		.group = "Running",
		.flag = "quiet",
		.letter = 'q',
		.kind = CONFIG_OPTION_PRESET,
		.preset_key = "log.level",
		.initial = "warning",
		.help = "short for --log-level warning",
	},
	{
		.group = "Running",
		.flag = "config",
		.letter = 'c',
		.argument = "FILE",
		.kind = CONFIG_OPTION_FILE,
		.shown_default = CONFIG_DEFAULT_PATH " if it exists",
		.help = "configuration file, in YAML; then every *.yaml in conf.d beside it",
	},
	{
		.group = "Running",
		.flag = "help",
		.letter = 'h',
		.kind = CONFIG_OPTION_HELP,
		.help = "show this",
	},
};

const char *config_option_default(const struct config_option *option)
{
	return option->shown_default ? option->shown_default : option->initial;
}

size_t config_option_index(const struct config_option *option)
{
	return (size_t)(option - config_options);
}

int config_option_is_list(const struct config_option *option)
{
	return option->kind == CONFIG_OPTION_EXPORTERS ||
	       (option->kind == CONFIG_OPTION_VALUE && option->field.type == CONFIG_FIELD_GLOBS);
}

int config_option_takes_value(const struct config_option *option)
{
	return option->kind != CONFIG_OPTION_PRESET && option->kind != CONFIG_OPTION_HELP;
}

void config_option_variable(const struct config_option *option, char name[CONFIG_VARIABLE_BYTES])
{
	snprintf(name, CONFIG_VARIABLE_BYTES, CONFIG_VARIABLE_PREFIX "%s", option->key);
	for (char *c = name; *c; c++)
		*c = *c == '.' ? '_' : (char)toupper((unsigned char)*c);
}

const struct config_option *config_option_by_key(const char *key)
{
	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (config_options[i].key && strcmp(config_options[i].key, key) == 0)
			return &config_options[i];
	}
	return NULL;
}

const struct config_option *config_option_by_variable(const char *name)
{
	char variable[CONFIG_VARIABLE_BYTES];

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (!config_options[i].key)
			continue;
		config_option_variable(&config_options[i], variable);
		if (strcmp(variable, name) == 0)
			return &config_options[i];
	}
	return NULL;
}

const struct config_option *config_option_by_section(const char *section)
{
	size_t length = strlen(section);

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const char *key = config_options[i].key;

		if (key && strncmp(key, section, length) == 0 && key[length] == '.')
			return &config_options[i];
	}
	return NULL;
}

void config_option_suggest_key(struct suggestion *suggestion)
{
	const char *dot = strchr(suggestion->word, '.');
	const char *name = dot ? dot + 1 : suggestion->word;
	char candidate[CONFIG_KEY_BYTES];

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		const char *key = config_options[i].key;
		const char *key_dot = key ? strchr(key, '.') : NULL;

		if (!key)
			continue;
		/* At the top level stand sections and the keys without one. */
		snprintf(candidate, sizeof(candidate), "%.*s",
			 (int)(key_dot && !dot ? key_dot - key : (ptrdiff_t)strlen(key)), key);
		suggest_offer(suggestion, candidate);
		/* The right name in the wrong section, or without one, is no typing mistake. */
		if (key_dot && strcmp(key_dot + 1, name) == 0) {
			snprintf(suggestion->best, sizeof(suggestion->best), "%s", key);
			suggestion->distance = 0;
		}
	}
}

void config_option_suggest_flag(struct suggestion *suggestion)
{
	for (size_t i = 0; i < CONFIG_OPTIONS; i++)
		suggest_offer(suggestion, config_options[i].flag);
}

void config_option_suggest_variable(struct suggestion *suggestion)
{
	char variable[CONFIG_VARIABLE_BYTES];

	for (size_t i = 0; i < CONFIG_OPTIONS; i++) {
		if (!config_options[i].key)
			continue;
		config_option_variable(&config_options[i], variable);
		suggest_offer(suggestion, variable + sizeof(CONFIG_VARIABLE_PREFIX) - 1);
	}
}
