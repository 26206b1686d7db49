// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A short look at IPFIX messages: see message_peek.h and RFC 7011 section 3. */
#include "message_peek.h"

#include <string.h>

#define HEADER_BYTES 16
#define SET_HEADER_BYTES 4
#define VARIABLE 65535
#define ENTERPRISE_BIT 0x8000
#define SOURCE_IPV4_ADDRESS 8
#define INTERFACE_NAME 82

static uint16_t get_u16(const unsigned char *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static uint32_t get_u32(const unsigned char *data)
{
	return (uint32_t)get_u16(data) << 16 | get_u16(data + 2);
}

static void complain(struct peek *peek, const char *problem)
{
	if (!peek->problem)
		peek->problem = problem;
}

static struct peek_template *find_template(struct peek *peek, uint16_t id)
{
	for (size_t i = 0; i < peek->known_count; i++) {
		if (peek->known[i].id == id)
			return &peek->known[i];
	}
	return NULL;
}

/* The bytes of the (options) template record at the front of data; 0: it is not whole. */
static size_t look_at_template(struct peek *peek, const unsigned char *data, size_t bytes,
			       int options)
{
	size_t used = options ? 6 : 4;
	struct peek_template *template;

	if (bytes < used || get_u16(data) < 256 || get_u16(data + 2) > PEEK_FIELDS_MAX)
		return 0;
	template = find_template(peek, get_u16(data));
	if (!template) {
		if (peek->known_count == PEEK_TEMPLATES_MAX)
			return 0;
		template = &peek->known[peek->known_count++];
	}
	template->id = get_u16(data);
	template->count = get_u16(data + 2);
	template->scopes = options ? get_u16(data + 4) : 0;
	for (size_t i = 0; i < template->count; i++, used += 4) {
		if (bytes < used + 4)
			return 0;
		template->fields[i].element = get_u16(data + used);
		template->fields[i].bytes = get_u16(data + used + 2);
		if (template->fields[i].element & ENTERPRISE_BIT)
			used += 4;
	}
	peek->templates += !options;
	peek->options_templates += (size_t)options;
	return used <= bytes ? used : 0;
}

/* As look_at_template, for a data record. */
static size_t look_at_record(struct peek *peek, const struct peek_template *template,
			     const unsigned char *data, size_t bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < template->count; i++) {
		size_t length = template->fields[i].bytes;

		if (length == VARIABLE && used < bytes)
			length = 1 + (size_t)data[used];
		if (length > bytes - used)
			return 0;
		if (template->fields[i].element == SOURCE_IPV4_ADDRESS && !template->scopes)
			peek->ids[peek->flows % PEEK_FLOWS_MAX] = get_u32(data + used);
		peek->interfaces += template->fields[i].element == INTERFACE_NAME;
		used += length;
	}
	peek->flows += !template->scopes;
	peek->options += template->scopes != 0;
	return used;
}

/* Returns how many data records there are. */
static size_t look_at_set(struct peek *peek, uint16_t id, const unsigned char *data, size_t bytes)
{
	const struct peek_template *template = NULL;
	size_t records = 0, used, step;

	if (id >= 256)
		template = find_template(peek, id);
	if (id > 3 && !template)
		complain(peek, "data without a template");
	if (id < 2 || (id > 3 && !template))
		return 0;
	for (used = 0; used < bytes; used += step) {
		if (template)
			step = look_at_record(peek, template, data + used, bytes - used);
		else
			step = look_at_template(peek, data + used, bytes - used, id == 3);
		if (!step) {
			complain(peek, "a record is not whole");
			break;
		}
		records += template != NULL;
	}
	return records;
}

static void follow_sequence(struct peek *peek, uint32_t domain, uint32_t sequence, size_t records)
{
	size_t i;

	for (i = 0; i < peek->domain_count && peek->domains[i].id != domain; i++)
		;
	if (i == PEEK_DOMAINS_MAX) {
		complain(peek, "too many observation domains");
		return;
	}
	if (i == peek->domain_count) {
		peek->domain_count++;
		peek->domains[i].id = domain;
	}
	if (sequence != peek->domains[i].next) {
		peek->gaps++;
		peek->lost += sequence - peek->domains[i].next;
	}
	peek->domains[i].next = sequence + (uint32_t)records;
}

void peek_message(struct peek *peek, const unsigned char *data, size_t bytes)
{
	size_t used = HEADER_BYTES, length, records = 0;

	if (bytes < HEADER_BYTES || get_u16(data) != 10 || get_u16(data + 2) != bytes) {
		complain(peek, "not a message");
		return;
	}
	for (; used < bytes; used += length) {
		length = bytes - used < SET_HEADER_BYTES ? 0 : get_u16(data + used + 2);
		if (length < SET_HEADER_BYTES || length > bytes - used) {
			complain(peek, "a set is not whole");
			break;
		}
		records += look_at_set(peek, get_u16(data + used), data + used + SET_HEADER_BYTES,
				       length - SET_HEADER_BYTES);
	}
	follow_sequence(peek, get_u32(data + 12), get_u32(data + 8), records);
	peek->messages++;
	peek->bytes += bytes;
	if (bytes > peek->longest)
		peek->longest = bytes;
}

size_t peek_stream(struct peek *peek, const unsigned char *data, size_t bytes)
{
	size_t used = 0, length;

	while (bytes - used >= HEADER_BYTES) {
		length = get_u16(data + used + 2);
		if (length < HEADER_BYTES) {
			complain(peek, "not a message");
			break;
		}
		if (length > bytes - used)
			break;
		peek_message(peek, data + used, length);
		used += length;
	}
	return used;
}
