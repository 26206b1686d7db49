// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: the three loops over a table of fields, see template.h. */
#include "encode/template.h"

#include "encode/source.h"
#include "encode/utf8.h"
#include "encode/wire.h"

#define ENTERPRISE_BIT 0x8000

/* U+FFFD in UTF-8: stands for a byte that is not. */
static const char replacement[] = {(char)0xef, (char)0xbf, (char)0xbd};

size_t template_record_bytes(const struct template *template)
{
	size_t bytes = 0;

	for (size_t i = 0; i < template->count; i++)
		bytes += template->fields[i].bytes == FIELD_VARIABLE ? 1
								     : template->fields[i].bytes;
	return bytes;
}

void template_put_ipfix(struct writer *writer, const struct template *template,
			uint32_t own_enterprise)
{
	wire_put_u16(writer, template->id);
	wire_put_u16(writer, template->count);
	if (template->scopes)
		wire_put_u16(writer, template->scopes);
	for (size_t i = 0; i < template->count; i++) {
		const struct field *field = &template->fields[i];

		if (field->owner == FIELD_IANA) {
			wire_put_u16(writer, field->element);
			wire_put_u16(writer, field->bytes);
			continue;
		}
		wire_put_u16(writer, field->element | ENTERPRISE_BIT);
		wire_put_u16(writer, field->bytes);
		wire_put_u32(writer,
			     field->owner == FIELD_OWN ? own_enterprise : REVERSE_ENTERPRISE);
	}
}

void template_put_netflow9(struct writer *writer, const struct template *template)
{
	const uint16_t specifier_bytes = 4;

	wire_put_u16(writer, template->id);
	if (template->scopes) {
		wire_put_u16(writer, template->scopes * specifier_bytes);
		wire_put_u16(writer, (template->count - template->scopes) * specifier_bytes);
	} else {
		wire_put_u16(writer, template->count);
	}
	for (size_t i = 0; i < template->count; i++) {
		wire_put_u16(writer, template->fields[i].element);
		wire_put_u16(writer, template->fields[i].bytes);
	}
}

/* Length of the longest beginning of text that takes at most FIELD_TEXT_BYTES_MAX on the wire. */
static size_t text_wire_bytes(const unsigned char *text)
{
	size_t bytes = 0;

	while (*text) {
		size_t length = utf8_length(text);
		size_t wire = length ? length : sizeof(replacement);

		if (bytes + wire > FIELD_TEXT_BYTES_MAX)
			break;
		bytes += wire;
		text += length ? length : 1;
	}
	return bytes;
}

static void put_text(struct writer *writer, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;
	size_t bytes = text_wire_bytes(text);

	wire_put_u8(writer, (uint8_t)bytes); /* below 255: one octet of length */
	while (bytes) {
		size_t length = utf8_length(text);

		if (length)
			writer_put(writer, text, length);
		else
			writer_put(writer, replacement, sizeof(replacement));
		bytes -= length ? length : sizeof(replacement);
		text += length ? length : 1;
	}
}

void template_put_data(struct writer *writer, const struct template *template,
		       const struct field_source *source)
{
	struct field_source reverse = *source;

	reverse.record = source->reverse;
	for (size_t i = 0; i < template->count; i++) {
		const struct field *field = &template->fields[i];
		char *place;

		if (field->bytes == FIELD_VARIABLE) {
			put_text(writer, field->text(source));
			continue;
		}
		place = writer_reserve(writer, field->bytes);
		if (place)
			field->put(place, field->owner == FIELD_REVERSE ? &reverse : source);
	}
}
