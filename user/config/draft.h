/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A configuration while its sources are being laid over each other, lowest first: defaults, file,
 * files in its conf.d, environment, flags.
 */
#ifndef FLOWPROBE_CONFIG_DRAFT_H
#define FLOWPROBE_CONFIG_DRAFT_H

#include "config/config.h"
#include "config/errors.h"
#include "config/exporters.h"
#include "config/options.h"

/* The configuration file and those in its conf.d. */
#define CONFIG_FILES_MAX 129

enum config_origin {
	CONFIG_ORIGIN_NONE = 0,
	CONFIG_ORIGIN_DEFAULT,
	CONFIG_ORIGIN_FILE,
	CONFIG_ORIGIN_ENVIRONMENT,
	CONFIG_ORIGIN_EXPORTER_VARIABLE, /* one for an option of a single exporter */
	CONFIG_ORIGIN_FLAG,
};

/* Where a value stood; the names of flags and variables follow from their option. */
struct config_place {
	enum config_origin origin;
	/* ORIGIN_FILE: its name (borrowed, lives as long as the draft; one pointer for each file),
	 * line and column from 1 */
	const char *file;
	size_t line;
	size_t column;
};

/* Who said what about one exporter. */
struct config_exporter_origins {
	struct config_place place; /* of the list's item */
	struct config_place options[CONFIG_EXPORTER_OPTIONS]; /* NONE: the default */
	int is_named; /* not after its place in the list */
	int refused; /* a variable's value was wrong and is not there */
};

struct config_draft {
	struct config *config; /* borrowed */
	struct config_errors *errors; /* borrowed */
	struct config_place
		places[CONFIG_OPTIONS]; /* who set the option; of a list, the first item */
	struct config_exporter_origins exporters[CONFIG_LIST_MAX]; /* of config's */
	int exporters_refused; /* some of their list were wrong, or in a file that cannot be read,
				* and are not there */
	char *files[CONFIG_FILES_MAX]; /* names of those that were read; owned */
	size_t file_count;
	int file_is_public; /* everybody can read the file that is being read */
};

/* Empties *config and gives every option its default. */
void config_draft_init(struct config_draft *draft, struct config *config,
		       struct config_errors *errors);

/* Frees what the draft owns, the names in its places too; config stays. */
void config_draft_free(struct config_draft *draft);

/* A copy of the name of a file that is about to be read, for places in it. NULL, which is reported:
 * these are too many, or out of memory. */
const char *config_draft_add_file(struct config_draft *draft, const char *name);

/* 1 if both are from one source, whose values do not replace but complete each other. */
int config_places_are_together(const struct config_place *a, const struct config_place *b);

/*
 * Lays one value over what lower sources said. The first item of a list from a source replaces the
 * list of the source below, the next ones are appended. A mistake is reported.
 */
void config_draft_set(struct config_draft *draft, const struct config_option *option,
		      struct config_place place, const char *text);

/* Lays an empty list over what lower sources said. Only a file can say that there be no exporters:
 * in a variable it is a mistake, and reported. */
void config_draft_set_empty(struct config_draft *draft, const struct config_option *option,
			    struct config_place place);

/*
 * Reports a mistake in the value of the option that stood at place: "--slots: message",
 * "FLOWPROBE_CAPTURE_SLOTS: message" or "file:line:column: capture.slots: message"; with EX_USAGE
 * if it was a flag, else EX_CONFIG.
 */
void config_draft_complain(struct config_draft *draft, const struct config_option *option,
			   struct config_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same for want of memory, with EXIT_FAILURE. */
void config_draft_no_memory(struct config_draft *draft, const struct config_option *option,
			    struct config_place place);

/*
 * config_load_sources(), but the draft stays, to be freed, and tells where everything comes from.
 * It is all zero when *help is set.
 */
int config_load_draft(struct config_draft *draft, struct config *config,
		      const struct config_sources *sources, struct config_errors *errors,
		      int *help);

/*
 * What shows only when all sources have been read: naming an interface that is excluded by default
 * includes it, exporters get the defaults that depend on the NULL-terminated environment, and
 * options of theirs that do not go together are reported.
 */
void config_draft_finish(struct config_draft *draft, char *const *environment);

#endif
