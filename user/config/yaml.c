// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: bytes -> YAML nodes, for document.c. The only file that knows libyaml.
 *
 * In come bytes that may be anything; out go scalars and the starts and ends of lists and mappings,
 * each with its place. Anchors, aliases, tags and further documents are reported here, on whatever
 * node they stand, so that the grammar above need not know of them. Scalars stay text, whatever
 * YAML would take them for: `no` or `010` mean what their option says and nothing else.
 *
 * libyaml's event interface gives each node as it is read, so a mistake far into the text does not
 * hide those before it; only what is no YAML at all ends the reading, as nobody knows where it
 * would go on. Skipping counts depth instead of recursing. Rejected: libyaml's document tree, which
 * resolves aliases and would have to be defended against them.
 */
#include "config/yaml.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <yaml.h>

/* A configuration needs three levels; libyaml takes quadratic time for thousands. */
#define DEPTH_MAX 16

struct yaml_reader {
	struct config_errors *errors;
	const char *name;
	const unsigned char *data;
	size_t size;
	yaml_parser_t parser;
	yaml_event_t event; /* the current one */
	size_t depth; /* of lists and mappings that have begun and not ended */
	int ended;
};

struct yaml_reader *yaml_reader_open(struct config_errors *errors, const char *name,
				     const unsigned char *data, size_t size)
{
	static const unsigned char byte_order_mark[] = {0xef, 0xbb, 0xbf};
	struct yaml_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	if (!yaml_parser_initialize(&reader->parser)) {
		free(reader);
		return NULL;
	}
	reader->errors = errors;
	reader->name = name;
	reader->data = data;
	reader->size = size;
	if (size >= sizeof(byte_order_mark) &&
	    memcmp(data, byte_order_mark, sizeof(byte_order_mark)) == 0) {
		reader->data += sizeof(byte_order_mark);
		reader->size -= sizeof(byte_order_mark);
	}
	/* Else libyaml would also take UTF-16, in which other offsets hold. */
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, reader->data, reader->size);
	return reader;
}

void yaml_reader_close(struct yaml_reader *reader)
{
	if (!reader)
		return;
	yaml_event_delete(&reader->event);
	yaml_parser_delete(&reader->parser);
	free(reader);
}

void yaml_reader_complain(struct yaml_reader *reader, struct yaml_place place, const char *format,
			  ...)
{
	char message[CONFIG_MESSAGE_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	config_errors_add(reader->errors, EX_CONFIG, "%s:%zu:%zu: %s", reader->name, place.line,
			  place.column, message);
}

void yaml_reader_no_memory(struct yaml_reader *reader)
{
	config_errors_add(reader->errors, EXIT_FAILURE, "%s: out of memory", reader->name);
	reader->ended = 1;
}

static struct yaml_place place_of_mark(yaml_mark_t mark)
{
	return (struct yaml_place){.line = mark.line + 1, .column = mark.column + 1};
}

/* libyaml gives bytes that are no text an offset, but no mark. */
static struct yaml_place place_of_byte(const struct yaml_reader *reader, size_t offset)
{
	struct yaml_place place = {.line = 1, .column = 1};

	for (size_t i = 0; i < offset && i < reader->size; i++) {
		if (reader->data[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if ((reader->data[i] & 0xc0) != 0x80) {
			place.column++;
		}
	}
	return place;
}

/* 1 if the character with this number is a tab. */
static int is_tab(const struct yaml_reader *reader, size_t index)
{
	for (size_t i = 0; i < reader->size; i++) {
		if ((reader->data[i] & 0xc0) == 0x80)
			continue;
		if (index-- == 0)
			return reader->data[i] == '\t';
	}
	return 0;
}

static void report_failure(struct yaml_reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;

	switch (parser->error) {
	case YAML_MEMORY_ERROR:
		yaml_reader_no_memory(reader);
		return;
	case YAML_READER_ERROR:
		yaml_reader_complain(reader, place_of_byte(reader, parser->problem_offset),
				     "not UTF-8 text: %s (byte 0x%02x)", parser->problem,
				     parser->problem_offset < reader->size
					     ? reader->data[parser->problem_offset]
					     : 0);
		return;
	default:
		yaml_reader_complain(reader, place_of_mark(parser->problem_mark), "%s%s%s%s",
				     parser->problem, parser->context ? " " : "",
				     parser->context ? parser->context : "",
				     is_tab(reader, parser->problem_mark.index)
					     ? "; indent with blanks, not with tabs"
					     : "");
	}
}

/* Makes the next event of libyaml the current one. */
static void step(struct yaml_reader *reader)
{
	yaml_event_delete(&reader->event); /* leaves YAML_NO_EVENT */
	if (reader->ended)
		return;
	if (yaml_parser_parse(&reader->parser, &reader->event))
		return;
	memset(&reader->event, 0, sizeof(reader->event));
	report_failure(reader);
	reader->ended = 1;
}

/* No names: they may be a password that somebody has left without quotes. */
static void check_properties(struct yaml_reader *reader, const yaml_char_t *anchor,
			     const yaml_char_t *tag)
{
	struct yaml_place place = yaml_reader_place(reader);

	if (anchor)
		yaml_reader_complain(reader, place,
				     "anchors (&NAME) are not supported; leave it out, or put what "
				     "starts with & in quotes");
	if (tag)
		yaml_reader_complain(reader, place,
				     "tags (!NAME) are not supported; leave it out, or put what "
				     "starts with ! in quotes");
}

static void check_event(struct yaml_reader *reader)
{
	const yaml_event_t *event = &reader->event;
	struct yaml_place place = yaml_reader_place(reader);

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		check_properties(reader, event->data.scalar.anchor, event->data.scalar.tag);
		break;
	case YAML_SEQUENCE_START_EVENT:
		check_properties(reader, event->data.sequence_start.anchor,
				 event->data.sequence_start.tag);
		break;
	case YAML_MAPPING_START_EVENT:
		check_properties(reader, event->data.mapping_start.anchor,
				 event->data.mapping_start.tag);
		break;
	case YAML_ALIAS_EVENT:
		yaml_reader_complain(reader, place,
				     "aliases (*NAME) are not supported; repeat the value, or put "
				     "what starts with * in quotes");
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
			yaml_reader_complain(reader, place, "%%TAG is not supported; leave it out");
		break;
	default:
		break;
	}
}

static void count_depth(struct yaml_reader *reader)
{
	enum yaml_node node = yaml_reader_node(reader);

	if (node == NODE_LIST_END || node == NODE_MAPPING_END)
		reader->depth--;
	if (node != NODE_LIST && node != NODE_MAPPING)
		return;
	reader->depth++;
	if (reader->depth <= DEPTH_MAX)
		return;
	yaml_reader_complain(reader, yaml_reader_place(reader),
			     "nested more than %d levels deep; is it a configuration file?",
			     DEPTH_MAX);
	yaml_event_delete(&reader->event);
	reader->ended = 1;
}

enum yaml_node yaml_reader_next(struct yaml_reader *reader)
{
	step(reader);
	if (reader->event.type == YAML_STREAM_START_EVENT)
		step(reader);
	if (reader->event.type == YAML_DOCUMENT_START_EVENT) {
		check_event(reader);
		step(reader);
	} else if (reader->event.type == YAML_DOCUMENT_END_EVENT) {
		step(reader);
		if (reader->event.type == YAML_DOCUMENT_START_EVENT)
			yaml_reader_complain(reader, yaml_reader_place(reader),
					     "a second document is not supported; put all in one");
		reader->ended = 1;
		return NODE_NONE;
	}
	check_event(reader);
	count_depth(reader);
	return yaml_reader_node(reader);
}

enum yaml_node yaml_reader_node(const struct yaml_reader *reader)
{
	switch (reader->event.type) {
	case YAML_SCALAR_EVENT:
		return NODE_SCALAR;
	case YAML_SEQUENCE_START_EVENT:
		return NODE_LIST;
	case YAML_SEQUENCE_END_EVENT:
		return NODE_LIST_END;
	case YAML_MAPPING_START_EVENT:
		return NODE_MAPPING;
	case YAML_MAPPING_END_EVENT:
		return NODE_MAPPING_END;
	case YAML_ALIAS_EVENT:
		return NODE_ALIAS;
	default:
		return NODE_NONE;
	}
}

struct yaml_place yaml_reader_place(const struct yaml_reader *reader)
{
	return place_of_mark(reader->event.start_mark);
}

const char *yaml_reader_text(const struct yaml_reader *reader)
{
	const yaml_event_t *event = &reader->event;

	if (event->type != YAML_SCALAR_EVENT ||
	    memchr(event->data.scalar.value, '\0', event->data.scalar.length))
		return NULL;
	return (const char *)event->data.scalar.value;
}

int yaml_reader_is_nothing(const struct yaml_reader *reader)
{
	return reader->event.type == YAML_SCALAR_EVENT && reader->event.data.scalar.length == 0 &&
	       reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

void yaml_reader_skip(struct yaml_reader *reader)
{
	enum yaml_node node = yaml_reader_node(reader);
	size_t depth = 0;

	for (;;) {
		if (node == NODE_LIST || node == NODE_MAPPING)
			depth++;
		else if (node == NODE_LIST_END || node == NODE_MAPPING_END)
			depth--;
		if (depth == 0 || node == NODE_NONE)
			return;
		node = yaml_reader_next(reader);
	}
}
