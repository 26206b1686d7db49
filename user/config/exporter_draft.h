/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Exporters while the configuration's sources are being laid over each other: from the texts that
 * one item of a list consists of to a checked struct config_exporter.
 */
#ifndef FLOWPROBE_CONFIG_EXPORTER_DRAFT_H
#define FLOWPROBE_CONFIG_EXPORTER_DRAFT_H

#include <stddef.h>

#include "config/draft.h"
#include "config/exporters.h"

/* What an item says about one key. */
struct config_exporter_text {
	struct config_place place; /* origin NONE: the key is not there */
	char *text; /* owned; NULL: not there, or not usable, which was reported */
};

/* One item of a list of exporters, as read; all zero but place and is_mapping at first. */
struct config_exporter_entry {
	struct config_place place; /* of its beginning */
	int is_mapping; /* else a string, which has type and url in front of its options */
	int refused; /* a mistake in it was reported */
	struct config_exporter_text name, type, url;
	struct config_exporter_text options[CONFIG_EXPORTER_OPTIONS];
};

/* Reports a mistake in the entry. */
void config_exporter_entry_refuse(struct config_draft *draft, struct config_exporter_entry *entry,
				  struct config_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void config_exporter_entry_no_memory(struct config_draft *draft,
				     struct config_exporter_entry *entry);

/*
 * Where the text of a key that stands at place goes; its place is set. NULL, and reported, if there
 * is no such key or it was there before.
 */
struct config_exporter_text *config_exporter_entry_key(struct config_draft *draft,
						       struct config_exporter_entry *entry,
						       const char *key, struct config_place place);

/*
 * Checks all of the entry, reports every mistake, and puts the exporter into the draft if there is
 * none: in place of the list of a lower source, or of the exporter of this name in an earlier file,
 * else behind those that are there. Frees the entry's texts.
 */
void config_exporters_add(struct config_draft *draft, struct config_exporter_entry *entry);

/* Says that a list at place has no items: those of lower sources, and the default, are gone. */
void config_exporters_add_none(struct config_draft *draft, struct config_place place);

/* Gives those without a name their type for one, with a number if it is taken. Call after each file
 * and after the last source of lists. */
void config_exporters_name(struct config_draft *draft);

/*
 * Lays the value of a variable over an option of an exporter, unless a flag set it; it is checked
 * in any case. 0; -EINVAL with what is expected in error; or -ENOMEM.
 */
int config_exporters_set(struct config_draft *draft, size_t exporter,
			 const struct config_exporter_option *option, const char *text,
			 char error[CONFIG_MESSAGE_BYTES]);

#endif
