/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The option table of `flowprobe run`: the one place that says which options exist. Flags, keys of
 * the configuration file, FLOWPROBE_* variables, defaults, ranges, --help, the example file, what
 * `config show` writes, the manual and completion are all walks over it.
 */
#ifndef FLOWPROBE_CONFIG_OPTIONS_H
#define FLOWPROBE_CONFIG_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "config/suggest.h"
#include "config/value.h"

#define CONFIG_OPTIONS 24
#define CONFIG_KEY_BYTES 64 /* longest key, with the NUL */
#define CONFIG_VARIABLE_PREFIX "FLOWPROBE_"
#define CONFIG_VARIABLE_BYTES (sizeof(CONFIG_VARIABLE_PREFIX) + CONFIG_KEY_BYTES)

enum config_option_kind {
	CONFIG_OPTION_VALUE, /* a field of struct config */
	CONFIG_OPTION_EXPORTERS, /* the list of them, see exporters.h */
	/* flags only, without a key */
	CONFIG_OPTION_PRESET, /* short for giving preset_key the value initial */
	CONFIG_OPTION_FILE, /* the configuration file */
	CONFIG_OPTION_HELP,
};

struct config_option {
	const char
		*group; /* heading in --help; rows of a group, and of a section, are neighbours */
	const char *flag; /* long option without "--" */
	char letter; /* short option, 0: none */
	const char *argument; /* what stands for the value in --help; NULL: choices, or none */
	const char *key; /* "section.name", or "name" at the top level; NULL: flag only */
	enum config_option_kind kind;
	struct config_field field; /* VALUE only: in struct config */
	const char *initial; /* the default, as one would write it; NULL: an empty list */
	const char *shown_default; /* what --help says instead of initial; NULL: initial */
	const char *example; /* what the example file shows instead of initial; NULL: initial */
	const char *preset_key;
	int restart; /* a new value takes effect only when flowprobe starts anew, not by a reload */
	const char *help; /* one line */
};

extern const struct config_option config_options[CONFIG_OPTIONS];

/* The default in words; NULL: none. */
const char *config_option_default(const struct config_option *option);

/* Row number of an option of the table. */
size_t config_option_index(const struct config_option *option);

/* 1 if several values can be given: globs, exporters. */
int config_option_is_list(const struct config_option *option);

/* 1 if the flag is followed by a value. */
int config_option_takes_value(const struct config_option *option);

/* Writes the name of the variable of an option with a key: capture.hook is
 * FLOWPROBE_CAPTURE_HOOK. */
void config_option_variable(const struct config_option *option, char name[CONFIG_VARIABLE_BYTES]);

/* The option with this key or variable; NULL: none. */
const struct config_option *config_option_by_key(const char *key);
const struct config_option *config_option_by_variable(const char *name);

/* The first option of a section of the file ("capture"); NULL: no such section. */
const struct config_option *config_option_by_section(const char *section);

/*
 * Offers to suggestion, whose word is an unknown key, flag (without dashes) or variable, all that
 * could be meant. A word for a variable, and the suggested one, go without the prefix, which all
 * variables have in common.
 */
void config_option_suggest_key(struct suggestion *suggestion);
void config_option_suggest_flag(struct suggestion *suggestion);
void config_option_suggest_variable(struct suggestion *suggestion);

#endif
