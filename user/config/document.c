// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: YAML nodes -> draft.
 *
 * The grammar is the part of YAML that people write by hand: one mapping of sections, each a
 * mapping of keys to scalars or lists; and the list of exporters, whose items are strings or
 * mappings of their own. A key may stand once. Which sections and keys there are, and what their
 * values look like, is the business of the option tables.
 *
 * Read by recursive descent: one function per level, each entered with the first node of what it
 * reads as the reader's current one, and left with the last. What does not fit is reported and
 * skipped as a whole, so that the next mistake is found as well.
 */
#include "config/document.h"

#include <stdlib.h>
#include <string.h>

#include "config/exporter_draft.h"
#include "config/yaml.h"

/* Longer than any key there is, so that a key cut to it matches none. */
#define KEY_BYTES (2 * CONFIG_KEY_BYTES)

struct document {
	struct config_draft *draft;
	struct yaml_reader *reader;
	const char *name; /* borrowed */
	size_t section_lines[CONFIG_OPTIONS]; /* where it stood, by its first option; 0: nowhere */
	size_t option_lines[CONFIG_OPTIONS];
};

struct key {
	char text[KEY_BYTES];
	struct yaml_place place;
};

/* Reports that the current node is not what it should be, and skips it. */
static void refuse(struct yaml_reader *reader, const char *what, const char *why)
{
	enum yaml_node node = yaml_reader_node(reader);

	if (node != NODE_ALIAS && node != NODE_NONE)
		yaml_reader_complain(reader, yaml_reader_place(reader), "%s %s", what, why);
	yaml_reader_skip(reader);
}

/* Steps over the value of the current key. */
static void skip_value(struct yaml_reader *reader)
{
	yaml_reader_next(reader);
	yaml_reader_skip(reader);
}

/* Steps to the next key of a mapping; 0 at its end. */
static int next_key(struct yaml_reader *reader, struct key *key)
{
	for (;;) {
		enum yaml_node node = yaml_reader_next(reader);
		const char *text = yaml_reader_text(reader);

		if (node == NODE_MAPPING_END || node == NODE_NONE)
			return 0;
		if (text && *text) {
			snprintf(key->text, sizeof(key->text), "%s", text);
			key->place = yaml_reader_place(reader);
			return 1;
		}
		refuse(reader, "a key", "must be a word");
		skip_value(reader);
	}
}

/* 1 if this key was there before, which is reported; else remembers it. */
static int is_duplicate(struct document *document, const struct key *key, size_t *line)
{
	if (*line) {
		yaml_reader_complain(document->reader, key->place,
				     "%s is there twice; the first is in line %zu", key->text,
				     *line);
		return 1;
	}
	*line = key->place.line;
	return 0;
}

static struct config_place to_place(const struct document *document, struct yaml_place place)
{
	return (struct config_place){
		.origin = CONFIG_ORIGIN_FILE,
		.file = document->name,
		.line = place.line,
		.column = place.column,
	};
}

/* Of the current node. */
static struct config_place current_place(const struct document *document)
{
	return to_place(document, yaml_reader_place(document->reader));
}

static void read_exporter(struct document *document)
{
	struct config_exporter_entry entry = {.place = current_place(document), .is_mapping = 1};
	struct yaml_reader *reader = document->reader;
	struct config_exporter_text *value;
	struct key key;

	while (next_key(reader, &key)) {
		value = config_exporter_entry_key(document->draft, &entry, key.text,
						  to_place(document, key.place));
		if (!value) {
			skip_value(reader);
			continue;
		}
		yaml_reader_next(reader);
		if (!yaml_reader_text(reader) || !*yaml_reader_text(reader)) {
			refuse(reader, key.text, "must be a single value");
			entry.refused = 1;
			continue;
		}
		value->place = current_place(document);
		value->text = strdup(yaml_reader_text(reader));
		if (!value->text)
			config_exporter_entry_no_memory(document->draft, &entry);
	}
	if (yaml_reader_node(reader) != NODE_MAPPING_END)
		entry.refused = 1;
	config_exporters_add(document->draft, &entry);
}

static void read_list(struct document *document, const struct config_option *option)
{
	struct yaml_reader *reader = document->reader;
	struct config_place place = current_place(document);
	enum yaml_node node;
	size_t items = 0;

	for (;; items++) {
		node = yaml_reader_next(reader);
		if (node == NODE_LIST_END || node == NODE_NONE)
			break;
		if (yaml_reader_text(reader))
			config_draft_set(document->draft, option, current_place(document),
					 yaml_reader_text(reader));
		else if (node == NODE_MAPPING && option->kind == CONFIG_OPTION_EXPORTERS)
			read_exporter(document);
		else
			refuse(reader, option->key,
			       option->kind == CONFIG_OPTION_EXPORTERS
				       ? "must be a list of strings and mappings"
				       : "must be a list of single values");
	}
	if (node == NODE_LIST_END && items == 0)
		config_draft_set_empty(document->draft, option, place);
}

static void read_value(struct document *document, const struct config_option *option)
{
	struct yaml_reader *reader = document->reader;
	enum yaml_node node = yaml_reader_next(reader);

	if (yaml_reader_is_nothing(reader))
		refuse(reader, option->key, "has no value; give one or remove the key");
	else if (config_option_is_list(option) && node == NODE_LIST)
		read_list(document, option);
	else if (config_option_is_list(option))
		refuse(reader, option->key, "must be a list: [ITEM, ITEM]");
	else if (yaml_reader_text(reader))
		config_draft_set(document->draft, option, current_place(document),
				 yaml_reader_text(reader));
	else
		refuse(reader, option->key, "must be a single value");
}

/* key holds the full key, with its section. */
static void read_option(struct document *document, const struct key *key)
{
	const struct config_option *option = config_option_by_key(key->text);
	struct suggestion suggestion = {.word = key->text};

	if (!option) {
		config_option_suggest_key(&suggestion);
		yaml_reader_complain(document->reader, key->place, "unknown key %.*s%s",
				     CONFIG_QUOTE_CHARS, key->text,
				     suggest_question(&suggestion, ""));
		skip_value(document->reader);
	} else if (is_duplicate(document, key,
				&document->option_lines[config_option_index(option)])) {
		skip_value(document->reader);
	} else {
		read_value(document, option);
	}
}

static void read_section(struct document *document, const char *section)
{
	struct yaml_reader *reader = document->reader;
	enum yaml_node node = yaml_reader_next(reader);
	struct key key, full;

	if (yaml_reader_is_nothing(reader)) /* all its keys are commented out */
		return;
	if (node != NODE_MAPPING) {
		refuse(reader, section, "is a section; put \"key: value\" lines under it");
		return;
	}
	while (next_key(reader, &key)) {
		full.place = key.place;
		/* Cut short it matches no key either; asking for the result says that is known. */
		if (snprintf(full.text, sizeof(full.text), "%s.%s", section, key.text) < 0)
			full.text[0] = '\0';
		read_option(document, &full);
	}
}

static void read_root(struct document *document)
{
	const struct config_option *first;
	struct key key;

	while (next_key(document->reader, &key)) {
		first = config_option_by_section(key.text);
		if (!first && strchr(key.text, '.')) {
			yaml_reader_complain(document->reader, key.place,
					     "%.*s: write the section and, indented under it, the "
					     "key",
					     CONFIG_QUOTE_CHARS, key.text);
			skip_value(document->reader);
		} else if (!first) {
			read_option(document, &key);
		} else if (is_duplicate(document, &key,
					&document->section_lines[config_option_index(first)])) {
			skip_value(document->reader);
		} else {
			read_section(document, key.text);
		}
	}
}

void config_yaml_load_memory(struct config_draft *draft, const char *name,
			     const unsigned char *data, size_t size)
{
	struct document document = {.draft = draft, .name = name};

	document.reader = yaml_reader_open(draft->errors, name, data, size);
	if (!document.reader) {
		config_errors_add(draft->errors, EXIT_FAILURE, "%s: out of memory", name);
		return;
	}
	if (yaml_reader_next(document.reader) == NODE_MAPPING)
		read_root(&document);
	else if (!yaml_reader_is_nothing(document.reader))
		refuse(document.reader, "the file", "must consist of sections, such as capture:");
	yaml_reader_next(document.reader); /* whatever follows is a mistake */
	yaml_reader_close(document.reader);
}
