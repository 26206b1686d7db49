/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of exporters: which types there are and what their targets look like, and which
 * options of its own an exporter has. `--export` strings, items of the file's list, variables of
 * single exporters, defaults, ranges and all that is written of them are walks over these tables,
 * as over options.h.
 */
#ifndef FLOWPROBE_CONFIG_EXPORTERS_H
#define FLOWPROBE_CONFIG_EXPORTERS_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/options.h"
#include "config/value.h"

#define CONFIG_EXPORTER_OPTIONS 29
#define CONFIG_EXPORTER_TARGETS 4 /* most forms that the target of a type has */
#define CONFIG_EXPORTER_NAME_CHARS 32 /* longest name */
#define CONFIG_EXPORTER_VARIABLE_PREFIX CONFIG_VARIABLE_PREFIX "EXPORTER_"
#define CONFIG_EXPORTER_VARIABLE_BYTES \
	(sizeof(CONFIG_EXPORTER_VARIABLE_PREFIX) + CONFIG_EXPORTER_NAME_CHARS + CONFIG_KEY_BYTES)

enum config_exporter_type_index {
	CONFIG_EXPORTER_JSON,
	CONFIG_EXPORTER_IPFIX,
	CONFIG_EXPORTER_NETFLOW9,
	CONFIG_EXPORTER_NETFLOW5,
	CONFIG_EXPORTER_OPENOBSERVE,
	CONFIG_EXPORTER_TYPES
};

struct config_exporter_target {
	const char *prefix; /* what the target starts with; NULL: no such form */
	enum config_transport transport;
	uint16_t default_port; /* FILE: 0, and a path follows the prefix */
	const char *example; /* such a target */
};

struct config_exporter_type {
	const char *name; /* "ipfix" */
	struct config_exporter_target targets[CONFIG_EXPORTER_TARGETS];
	const char *help; /* one line */
};

struct config_exporter_option {
	const char *key; /* "source_port" */
	const char *argument; /* what stands for the value in --help */
	/* who takes it: for each type a bit 1 << TRANSPORT for each of its transports that does */
	unsigned int takers[CONFIG_EXPORTER_TYPES];
	struct config_field field; /* in struct config_exporter */
	const char *initial; /* the default, as one would write it; NULL: NULL */
	const char *shown_default; /* what --help says instead of initial; NULL: initial */
	const char *example; /* as in struct config_option */
	const char *help; /* one line */
};

extern const struct config_exporter_type config_exporter_types[CONFIG_EXPORTER_TYPES];
extern const struct config_exporter_option config_exporter_options[CONFIG_EXPORTER_OPTIONS];

/* 1 if the target is a URL. */
int config_transport_is_http(enum config_transport transport);

/* The type of this name; NULL: none. */
const struct config_exporter_type *config_exporter_type_by_name(const char *name);

/* The form of target that this text has; NULL: none of the type's. */
const struct config_exporter_target *
config_exporter_target_of(const struct config_exporter_type *type, const char *text);

/* The option with this key; NULL: none. */
const struct config_exporter_option *config_exporter_option_by_key(const char *key);

/* The default in words. */
const char *config_exporter_option_default(const struct config_exporter_option *option);

/* Row number of an option of the table. */
size_t config_exporter_option_index(const struct config_exporter_option *option);

/* 1 if an exporter of this type takes the option over one of these transports (bits 1 <<
 * TRANSPORT). */
int config_exporter_takes(const struct config_exporter_type *type, unsigned int transports,
			  const struct config_exporter_option *option);

/* 1 if this exporter takes the option. */
int config_exporter_has(const struct config_exporter *exporter,
			const struct config_exporter_option *option);

/* Writes the name of the variable for one option of the exporter of this name: source_port of
 * my-ipfix is FLOWPROBE_EXPORTER_MY_IPFIX_SOURCE_PORT. */
void config_exporter_variable(const char *name, const struct config_exporter_option *option,
			      char variable[CONFIG_EXPORTER_VARIABLE_BYTES]);

/* Frees what the exporter owns, and leaves it all zero. */
void config_exporter_clear(struct config_exporter *exporter);
void config_exporters_clear(struct config_exporters *exporters);

#endif
