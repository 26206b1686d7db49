/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The effective configuration of `flowprobe run`: what defaults, file, environment and flags add up
 * to. Plain data; how it comes about is in options.c (the one table), document.c (the file) and
 * config_load() here.
 */
#ifndef FLOWPROBE_CONFIG_H
#define FLOWPROBE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/log.h"

#define CONFIG_LIST_MAX 64

/* Read when --config is not given and it exists; packagers may compile in another path. */
#ifndef CONFIG_DEFAULT_PATH
#define CONFIG_DEFAULT_PATH "/etc/flowprobe/flowprobe.yaml"
#endif

enum config_hook { CONFIG_HOOK_AUTO, CONFIG_HOOK_TCX, CONFIG_HOOK_TC, CONFIG_HOOK_XDP };
enum config_direction { CONFIG_DIRECTION_BOTH, CONFIG_DIRECTION_INGRESS, CONFIG_DIRECTION_EGRESS };
enum config_table { CONFIG_TABLE_AUTO, CONFIG_TABLE_SLOTS, CONFIG_TABLE_HASH };
enum config_position { CONFIG_POSITION_HEAD, CONFIG_POSITION_TAIL };

struct config_list {
	size_t count;
	char *items[CONFIG_LIST_MAX]; /* owned */
};

struct config {
	struct config_list interfaces_include; /* globs; empty: those with a default route, else all
						  that are up */
	struct config_list interfaces_exclude; /* globs; default "lo", unless "lo" itself is
						  included */
	enum config_hook hook;
	enum config_direction direction;
	enum config_position ingress_position;
	enum config_position egress_position;
	uint32_t sampling;
	enum config_table table;
	uint32_t slots;
	uint64_t harvest_interval_ns;
	uint32_t max_flows;
	uint64_t active_timeout_ns;
	uint64_t idle_timeout_ns;
	uint32_t observation_domain_id;
	struct config_list exporters; /* "KIND:TARGET"; default "json:-"; never empty */
	uint64_t duration_ns; /* 0: until a signal; at most 100 years, so that a deadline fits */
	enum log_level log_level;
};

struct config_errors;

/* Where a configuration comes from; everything is borrowed for the duration of the call. */
struct config_sources {
	int argc; /* argv[0] is the subcommand's name */
	char **argv;
	char **environment; /* NULL-terminated "NAME=value" */
	const char *default_path; /* file to read without --config, if it exists; NULL: none */
};

/*
 * Builds *config from the defaults, the configuration file, FLOWPROBE_* variables and the flags of
 * argv (argv[0] is the subcommand's name), later ones winning. Every mistake is reported on stderr,
 * one line each. Returns 0, or the exit code: 64 (flags), 78 (file or environment), 1 (out of
 * memory), and then *config is empty and needs no config_free; *help is set instead of anything
 * else when --help was given. Uses getopt's globals: one thread at a time.
 */
int config_load(struct config *config, int argc, char **argv, char **environment, int *help);

/* The same with every source, and where mistakes go, as parameters. */
int config_load_sources(struct config *config, const struct config_sources *sources,
			struct config_errors *errors, int *help);

/* May be called again, and on a config that is all zero. */
void config_free(struct config *config);

/* Writes the option list of `run` for --help to stdout. */
void config_print_help(void);

#endif
