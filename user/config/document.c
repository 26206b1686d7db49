// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: YAML nodes -> draft.
 *
 * The grammar is the part of YAML that people write by hand: one mapping of sections, each a
 * mapping of keys to scalars or lists; and the list of exporters, whose items are "KIND:TARGET" or
 * mappings of name, type and url. A key may stand once. Which sections and keys there are, and what
 * their values look like, is the option table's business.
 *
 * Read by recursive descent: one function per level, each entered with the first node of what it
 * reads as the reader's current one, and left with the last. What does not fit is reported and
 * skipped as a whole, so that the next mistake is found as well.
 */
#include "config/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

/* Longer than any key there is, so that a key cut to it matches none. */
#define KEY_BYTES (2 * CONFIG_KEY_BYTES)

enum exporter_field { EXPORTER_NAME, EXPORTER_TYPE, EXPORTER_URL, EXPORTER_FIELDS };

static const char *const exporter_fields[EXPORTER_FIELDS] = {"name", "type", "url"};

struct document {
	struct config_draft *draft;
	struct yaml_reader *reader;
	size_t section_lines[CONFIG_OPTIONS]; /* where it stood, by its first option; 0: nowhere */
	size_t option_lines[CONFIG_OPTIONS];
	char *exporter_names[CONFIG_LIST_MAX]; /* owned */
	size_t exporter_name_count;
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

static void set_option(struct document *document, const struct config_option *option,
		       const char *text, struct yaml_place place)
{
	char error[CONFIG_MESSAGE_BYTES];
	int err = config_draft_set(document->draft, option, CONFIG_ORIGIN_FILE, text, error);

	if (err == -ENOMEM)
		yaml_reader_no_memory(document->reader);
	else if (err)
		yaml_reader_complain(document->reader, place, "%s: %s", option->key, error);
}

/* A name belongs to one exporter. Takes it. */
static void read_exporter_name(struct document *document, char *name, struct yaml_place place)
{
	for (size_t i = 0; i < document->exporter_name_count; i++) {
		if (strcmp(document->exporter_names[i], name) != 0)
			continue;
		yaml_reader_complain(document->reader, place, "exporters: two are named \"%.*s\"",
				     CONFIG_QUOTE_CHARS, name);
		free(name);
		return;
	}
	if (document->exporter_name_count < CONFIG_LIST_MAX)
		document->exporter_names[document->exporter_name_count++] = name;
	else /* one item too many, which is reported */
		free(name);
}

/* Fills values (owned by the caller) with the fields of the mapping; 0 if any was wrong. */
static int read_exporter_fields(struct document *document, char *values[EXPORTER_FIELDS])
{
	struct yaml_reader *reader = document->reader;
	struct key key;
	int good = 1;

	while (next_key(reader, &key)) {
		struct suggestion suggestion = {.word = key.text};
		size_t field = 0;

		while (field < EXPORTER_FIELDS && strcmp(exporter_fields[field], key.text) != 0)
			suggest_offer(&suggestion, exporter_fields[field++]);
		if (field == EXPORTER_FIELDS) {
			yaml_reader_complain(reader, key.place,
					     "exporters: unknown key %.*s%s (known: name, type, "
					     "url)",
					     CONFIG_QUOTE_CHARS, key.text,
					     suggest_question(&suggestion, ""));
			skip_value(reader);
			good = 0;
			continue;
		}
		yaml_reader_next(reader);
		if (values[field]) {
			yaml_reader_complain(reader, key.place, "exporters: %s is there twice",
					     key.text);
			yaml_reader_skip(reader);
			good = 0;
		} else if (!yaml_reader_text(reader) || !*yaml_reader_text(reader)) {
			refuse(reader, key.text, "must be a single value");
			good = 0;
		} else {
			values[field] = strdup(yaml_reader_text(reader));
			if (!values[field]) {
				yaml_reader_no_memory(reader);
				good = 0;
			}
		}
	}
	return good && yaml_reader_node(reader) == NODE_MAPPING_END;
}

static void read_exporter(struct document *document, const struct config_option *option)
{
	struct yaml_place place = yaml_reader_place(document->reader);
	char *values[EXPORTER_FIELDS] = {NULL};
	char *spec;

	if (!read_exporter_fields(document, values))
		goto out;
	if (!values[EXPORTER_TYPE] || !values[EXPORTER_URL]) {
		yaml_reader_complain(document->reader, place, "exporters: %s is missing",
				     values[EXPORTER_TYPE] ? "url" : "type");
		goto out;
	}
	if (strchr(values[EXPORTER_TYPE], ':')) {
		yaml_reader_complain(document->reader, place,
				     "exporters: type must be one word, such as json");
		goto out;
	}
	if (asprintf(&spec, "%s:%s", values[EXPORTER_TYPE], values[EXPORTER_URL]) < 0) {
		yaml_reader_no_memory(document->reader);
		goto out;
	}
	set_option(document, option, spec, place);
	free(spec);
	if (values[EXPORTER_NAME])
		read_exporter_name(document, values[EXPORTER_NAME], place);
	values[EXPORTER_NAME] = NULL;
out:
	for (size_t i = 0; i < EXPORTER_FIELDS; i++)
		free(values[i]);
}

static void read_list(struct document *document, const struct config_option *option)
{
	struct yaml_reader *reader = document->reader;
	struct yaml_place place = yaml_reader_place(reader);
	char error[CONFIG_MESSAGE_BYTES];
	enum yaml_node node;
	size_t items = 0;

	for (;; items++) {
		node = yaml_reader_next(reader);
		if (node == NODE_LIST_END || node == NODE_NONE)
			break;
		if (yaml_reader_text(reader))
			set_option(document, option, yaml_reader_text(reader),
				   yaml_reader_place(reader));
		else if (node == NODE_MAPPING && option->type == CONFIG_OPTION_EXPORTERS)
			read_exporter(document, option);
		else
			refuse(reader, option->key, "must be a list of single values");
	}
	if (node == NODE_LIST_END && items == 0 &&
	    config_draft_set_empty(document->draft, option, CONFIG_ORIGIN_FILE, error))
		yaml_reader_complain(reader, place, "%s: %s", option->key, error);
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
		set_option(document, option, yaml_reader_text(reader), yaml_reader_place(reader));
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
	struct document document = {.draft = draft};

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
	for (size_t i = 0; i < document.exporter_name_count; i++)
		free(document.exporter_names[i]);
}
