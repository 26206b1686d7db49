/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* YAML as a row of nodes with their places, less what a configuration must not use. */
#ifndef FLOWPROBE_CONFIG_YAML_H
#define FLOWPROBE_CONFIG_YAML_H

#include <stddef.h>

#include "config/errors.h"

enum yaml_node {
	NODE_NONE, /* no more: end of the document, no YAML, or out of memory */
	NODE_SCALAR,
	NODE_LIST,
	NODE_LIST_END,
	NODE_MAPPING, /* keys and values follow in turn */
	NODE_MAPPING_END,
	NODE_ALIAS, /* already reported; to be passed over in silence */
};

/* Both from 1; the column in characters. */
struct yaml_place {
	size_t line;
	size_t column;
};

struct yaml_reader;

/* Starts before the first node. name and data are borrowed until close; data need not be text.
 * NULL: out of memory. */
struct yaml_reader *yaml_reader_open(struct config_errors *errors, const char *name,
				     const unsigned char *data, size_t size);
void yaml_reader_close(struct yaml_reader *reader);

/*
 * Steps to the next node and returns it. Reports with EX_CONFIG text that is no YAML or nested
 * absurdly deep (after which there are no nodes), anchors, aliases, tags and second documents.
 */
enum yaml_node yaml_reader_next(struct yaml_reader *reader);

/* The node stepped to last. */
enum yaml_node yaml_reader_node(const struct yaml_reader *reader);
struct yaml_place yaml_reader_place(const struct yaml_reader *reader);

/* Text of the node if it is a scalar without NUL bytes, else NULL; valid until the next step. */
const char *yaml_reader_text(const struct yaml_reader *reader);

/* 1 if there is nothing where a value could be: "key:" and no more. */
int yaml_reader_is_nothing(const struct yaml_reader *reader);

/* Steps to the end of a list or mapping the reader is at the start of; else does nothing. */
void yaml_reader_skip(struct yaml_reader *reader);

/* Reports a mistake with EX_CONFIG: "name:line:column: message". */
void yaml_reader_complain(struct yaml_reader *reader, struct yaml_place place, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));

/* Reports it; there are no more nodes after this. */
void yaml_reader_no_memory(struct yaml_reader *reader);

#endif
