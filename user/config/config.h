/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The effective configuration of `flowprobe run`: what defaults, file, environment and flags add up
 * to. Plain data; how it comes about is in options.c and exporters.c (the tables), document.c (the
 * file) and config_load() here.
 */
#ifndef FLOWPROBE_CONFIG_H
#define FLOWPROBE_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/endpoint.h"
#include "lib/log.h"

#define CONFIG_LIST_MAX 64

/* Read when --config is not given and it exists; packagers may compile in another path. */
#ifndef CONFIG_DEFAULT_PATH
#define CONFIG_DEFAULT_PATH "/etc/flowprobe/flowprobe.yaml"
#endif

/* Where the control socket is unless told otherwise; the same. */
#ifndef CONFIG_CONTROL_SOCKET
#define CONFIG_CONTROL_SOCKET "/run/flowprobe/control.sock"
#endif

enum config_hook { CONFIG_HOOK_AUTO, CONFIG_HOOK_TCX, CONFIG_HOOK_TC, CONFIG_HOOK_XDP };
enum config_direction { CONFIG_DIRECTION_BOTH, CONFIG_DIRECTION_INGRESS, CONFIG_DIRECTION_EGRESS };
enum config_table { CONFIG_TABLE_AUTO, CONFIG_TABLE_SLOTS, CONFIG_TABLE_HASH };
enum config_position { CONFIG_POSITION_HEAD, CONFIG_POSITION_TAIL };

struct config_list {
	size_t count;
	char *items[CONFIG_LIST_MAX]; /* owned */
};

enum config_transport {
	CONFIG_TRANSPORT_FILE,
	CONFIG_TRANSPORT_UDP,
	CONFIG_TRANSPORT_TCP,
	CONFIG_TRANSPORT_TLS,
	CONFIG_TRANSPORT_HTTP,
	CONFIG_TRANSPORT_HTTPS,
};

/*
 * One destination of records. What follows endpoint are the options of exporters.c; those that the
 * type or the transport does not take are 0 and NULL. All texts are owned unless it says otherwise.
 */
struct config_exporter {
	char *name; /* no two are the same */
	const char *type; /* "json"; static */
	char *target; /* what stood behind "TYPE:", whole */
	enum config_transport transport;
	const char *path; /* of FILE: the part of target that is one; json: "-" is stdout */
	struct endpoint endpoint; /* of all others */
	char *source_address; /* numeric; NULL: what the kernel chooses */
	uint32_t source_port; /* 0: any */
	uint32_t max_message_bytes; /* 0: the path MTU, at most 1452 */
	uint64_t template_refresh_ns;
	uint64_t reconnect_interval_ns;
	uint64_t connect_timeout_ns;
	uint32_t max_rate; /* messages per second; 0: spread over a second */
	int biflow;
	uint32_t enterprise_number; /* 0: no elements of our own */
	char *ca_file; /* NULL: the system's */
	char *certificate_file; /* NULL: none, and then no key_file either */
	char *key_file;
	/* OpenObserve: */
	char *organization; /* NULL: of the URL, else lib/o2_url.h's; the same for the next */
	char *stream;
	char *user;
	char *password_file; /* of this and the next three at most one is there */
	char *token_file;
	char *password; /* secret, like the next */
	char *token;
	uint32_t batch_records;
	uint64_t batch_bytes;
	uint64_t flush_interval_ns;
	uint64_t request_timeout_ns;
	int compression;
	int confirm;
	uint64_t ingestion_window_ns;
	char *spool_directory; /* NULL: none */
	uint64_t spool_max_bytes; /* 0: no spool */
	uint64_t spool_after_ns;
};

struct config_exporters {
	size_t count;
	struct config_exporter items[CONFIG_LIST_MAX];
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
	struct config_exporters exporters; /* default "json:-"; none if a file says so */
	char *metrics_listen; /* owned, "ADDRESS:PORT"; NULL: nowhere, like the next two */
	char *metrics_textfile; /* owned */
	char *control_socket; /* owned */
	uint64_t duration_ns; /* 0: until a signal; at most 100 years, so that a deadline fits */
	enum log_level log_level;
	int has_file; /* a configuration file was there, those of conf.d apart */
};

struct config_errors;

/* Where a configuration comes from; everything is borrowed for the duration of the call. */
struct config_sources {
	int argc; /* argv[0] is the subcommand's name */
	char **argv;
	char **environment; /* NULL-terminated "NAME=value" */
	const char *default_path; /* file to read without --config, if it exists; NULL: none */
	/* Of a reload: the configuration in use. If it had a file, that must still be there, or a
	 * file that is just being replaced would mean that all is to be as by default. NULL: the
	 * first time. */
	const struct config *previous;
};

/*
 * Builds *config from the defaults, the configuration file, those in conf.d beside it, FLOWPROBE_*
 * variables and the flags of argv (argv[0] is the subcommand's name), later ones winning. Every
 * mistake is reported on stderr, one line each. Returns 0, or the exit code: 64 (flags), 78 (file
 * or environment), 1 (out of memory), and then *config is empty and needs no config_free; *help is
 * set instead of anything else when --help was given. Uses getopt's globals: one thread at a time.
 */
int config_load(struct config *config, int argc, char **argv, char **environment, int *help);

/* The same with every source, and where mistakes go, as parameters. May be called again with the
 * same sources, for a reload; change.h tells what is new then. */
int config_load_sources(struct config *config, const struct config_sources *sources,
			struct config_errors *errors, int *help);

/* The first of the directories that systemd has made for us to keep something in, not terminated: of
 * *length. Exporters have their spools below spool/ there. NULL: none. */
const char *config_state_directory(char *const *environment, int *length);

/* May be called again, and on a config that is all zero. */
void config_free(struct config *config);

/* Writes the option list of `run` for --help to stdout. */
void config_print_help(void);

#endif
