/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A collector for the tests of the encoders: reads messages of IPFIX or NetFlow v9 by nothing but
 * what they say themselves, remembers the templates of each observation domain, and fails the test
 * at whatever RFC 7011 or RFC 3954 does not allow. It shares no code with the encoders.
 */
#ifndef FLOWPROBE_MESSAGE_READER_H
#define FLOWPROBE_MESSAGE_READER_H

#include "encode_fixture.h"

#define READER_TEMPLATES_MAX 64
#define READER_FIELDS_MAX 64
#define READER_SETS_MAX 1024
#define VARIABLE 0xffff

struct reader_field {
	uint16_t element;
	uint16_t bytes;
	uint32_t enterprise; /* 0: IANA's */
};

struct reader_template {
	uint32_t domain;
	uint16_t id;
	uint16_t scopes; /* 0: of flows */
	uint16_t count;
	struct reader_field fields[READER_FIELDS_MAX];
};

struct reader {
	uint16_t version; /* 9 or 10 */
	struct reader_template templates[READER_TEMPLATES_MAX];
	size_t template_count;
	/* of the latest message: */
	uint32_t uptime_ms; /* v9 */
	uint32_t export_s;
	uint32_t sequence;
	uint32_t domain;
	size_t template_records;
	size_t data_records; /* of options too */
	size_t padding;
	uint16_t set_ids[READER_SETS_MAX];
	size_t set_count;
	/* called for each data record, if it is there */
	void (*record)(const struct reader_template *template, const uint8_t *record, void *arg);
	void *arg;
};

static inline const struct reader_template *reader_find(const struct reader *reader, uint16_t id)
{
	for (size_t i = 0; i < reader->template_count; i++)
		if (reader->templates[i].domain == reader->domain && reader->templates[i].id == id)
			return &reader->templates[i];
	return NULL;
}

/* A template that is told again must be the same. */
static inline void reader_remember(struct reader *reader, const struct reader_template *template)
{
	const struct reader_template *known = reader_find(reader, template->id);

	assert_true(template->id >= 256);
	assert_true(template->count > 0); /* or it is a withdrawal */
	reader->template_records++;
	if (known) {
		assert_memory_equal(known, template, sizeof(*known));
		return;
	}
	assert_true(reader->template_count < READER_TEMPLATES_MAX);
	reader->templates[reader->template_count++] = *template;
}

/* Fills in the fields; returns where they end. */
static inline const uint8_t *reader_read_fields(const struct reader *reader,
						struct reader_template *template,
						const uint8_t *next, const uint8_t *end)
{
	assert_true(template->count <= READER_FIELDS_MAX);
	for (size_t i = 0; i < template->count; i++) {
		struct reader_field *field = &template->fields[i];

		assert_true(end - next >= 4);
		field->element = (uint16_t)read_uint(next, 2);
		field->bytes = (uint16_t)read_uint(next + 2, 2);
		next += 4;
		assert_true(field->bytes > 0);
		if (reader->version == 9 || !(field->element & 0x8000))
			continue;
		assert_true(end - next >= 4);
		field->element &= 0x7fff;
		field->enterprise = (uint32_t)read_uint(next, 4);
		assert_true(field->enterprise > 0);
		next += 4;
	}
	return next;
}

static inline void reader_read_templates(struct reader *reader, const uint8_t *next,
					 const uint8_t *end, int options)
{
	size_t records = 0;

	while (next < end && end - next >= 4) {
		struct reader_template template;

		memset(&template, 0, sizeof(template)); /* compared with memcmp */
		template.domain = reader->domain;
		template.id = (uint16_t)read_uint(next, 2);
		template.count = (uint16_t)read_uint(next + 2, 2);
		next += 4;
		if (options) {
			assert_true(end - next >= 2);
			template.scopes = (uint16_t)read_uint(next, 2);
			next += 2;
		}
		if (options && reader->version == 9) { /* octets of scopes, octets of the rest */
			uint16_t scope_bytes = template.count, bytes = template.scopes;

			assert_int_equal(scope_bytes % 4, 0);
			assert_int_equal(bytes % 4, 0);
			template.scopes = scope_bytes / 4;
			template.count = (uint16_t)(template.scopes + bytes / 4);
		}
		if (options) {
			assert_true(template.scopes > 0);
			assert_true(template.scopes < template.count);
		}
		next = reader_read_fields(reader, &template, next, end);
		reader_remember(reader, &template);
		records++;
	}
	assert_true(records > 0);
	if (options && reader->version == 10)
		assert_int_equal(records, 1); /* nfacctd takes more for malformed */
	reader->padding += (size_t)(end - next);
	for (; next < end; next++)
		assert_int_equal(*next, 0);
}

/* The bytes of field `index` of a record, and how many there are. */
static inline const uint8_t *reader_field(const struct reader_template *template,
					  const uint8_t *record, size_t index, size_t *bytes)
{
	for (size_t i = 0;; i++) {
		*bytes = template->fields[i].bytes;
		if (template->fields[i].bytes == VARIABLE) {
			*bytes = *record++;
			if (*bytes == 255) {
				*bytes = read_uint(record, 2);
				record += 2;
			}
		}
		if (i == index)
			return record;
		record += *bytes;
	}
}

/* Index of IANA's element in the template, -1: it is not there. */
static inline int reader_index(const struct reader_template *template, uint16_t element)
{
	for (int i = 0; i < template->count; i++)
		if (template->fields[i].element == element && !template->fields[i].enterprise)
			return i;
	return -1;
}

/* The value of an element that must be there, and be a number. */
static inline uint64_t reader_uint(const struct reader_template *template, const uint8_t *record,
				   uint16_t element)
{
	int index = reader_index(template, element);
	const uint8_t *place;
	size_t bytes;

	assert_true(index >= 0);
	place = reader_field(template, record, (size_t)index, &bytes);
	assert_true(bytes <= 8);
	return read_uint(place, bytes);
}

static inline size_t reader_record_bytes(const struct reader_template *template,
					 const uint8_t *record)
{
	size_t bytes;
	const uint8_t *place = reader_field(template, record, template->count - 1u, &bytes);

	return (size_t)(place - record) + bytes;
}

static inline size_t reader_shortest(const struct reader_template *template)
{
	size_t bytes = 0;

	for (size_t i = 0; i < template->count; i++)
		bytes += template->fields[i].bytes == VARIABLE ? 1 : template->fields[i].bytes;
	return bytes;
}

static inline void reader_read_data(struct reader *reader, uint16_t id, const uint8_t *next,
				    const uint8_t *end)
{
	const struct reader_template *template = reader_find(reader, id);
	size_t records = 0;

	assert_non_null(template); /* or a collector would drop it, or the whole message */
	for (; (size_t)(end - next) >= reader_shortest(template); records++) {
		size_t bytes = reader_record_bytes(template, next);

		assert_true(bytes <= (size_t)(end - next));
		if (reader->record)
			reader->record(template, next, reader->arg);
		next += bytes;
	}
	assert_true(records > 0);
	reader->data_records += records;
	reader->padding += (size_t)(end - next);
	for (; next < end; next++)
		assert_int_equal(*next, 0);
}

static inline void reader_read_set(struct reader *reader, uint16_t id, const uint8_t *next,
				   const uint8_t *end)
{
	uint16_t templates = reader->version == 9 ? 0 : 2;
	size_t padding = reader->padding;

	assert_true(reader->set_count < READER_SETS_MAX);
	reader->set_ids[reader->set_count++] = id;
	if (id == templates || id == templates + 1) {
		reader_read_templates(reader, next, end, id != templates);
	} else {
		assert_true(id >= 256);
		reader_read_data(reader, id, next, end);
	}
	if (reader->version == 9) {
		assert_true(reader->padding - padding < 4);
		assert_int_equal((end - next) % 4, 0);
	} else {
		assert_int_equal(reader->padding, padding); /* allowed, but we have no use for it */
	}
}

/* Reads one message that must fill all `count` bytes. */
static inline void reader_read(struct reader *reader, const void *bytes, size_t count)
{
	const uint8_t *message = bytes, *end = message + count;
	size_t header = reader->version == 9 ? 20 : 16;
	uint16_t number;

	assert_true(count > header);
	assert_int_equal(read_uint(message, 2), reader->version);
	number = (uint16_t)read_uint(message + 2, 2);
	reader->uptime_ms = reader->version == 9 ? (uint32_t)read_uint(message + 4, 4) : 0;
	reader->export_s = (uint32_t)read_uint(message + header - 12, 4);
	reader->sequence = (uint32_t)read_uint(message + header - 8, 4);
	reader->domain = (uint32_t)read_uint(message + header - 4, 4);
	reader->template_records = reader->data_records = reader->padding = reader->set_count = 0;
	for (message += header; message < end;) {
		size_t length;

		assert_true(end - message > 4);
		length = read_uint(message + 2, 2);
		assert_true(length > 4);
		assert_true(length <= (size_t)(end - message));
		reader_read_set(reader, (uint16_t)read_uint(message, 2), message + 4,
				message + length);
		message += length;
	}
	if (reader->version == 10)
		assert_int_equal(number, count);
	else
		assert_int_equal(number, reader->template_records + reader->data_records);
}

#endif
