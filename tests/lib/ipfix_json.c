// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * IPFIX decoder of the tests: Data Records as JSON, see ipfix_json.h.
 *
 * Tests of bursts print millions of values, so nothing here goes through printf that is in every
 * record, and the stream is locked once for a record.
 */
#include "ipfix_json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define REPLACEMENT "\\ufffd"
#define UTF8_BYTES_MAX 4 /* of a character */
#define DECIMAL_CHARS 20 /* most digits of a uint64_t */
#define IPV4_BYTES 4

static void write_literal(FILE *out, const char *text)
{
	fputs_unlocked(text, out);
}

static void write_unsigned(FILE *out, uint64_t value)
{
	char digits[DECIMAL_CHARS], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fwrite_unlocked(at, 1, (size_t)(digits + sizeof(digits) - at), out);
}

/* The octets at the start that stand for themselves in a JSON string. */
static size_t plain_length(const uint8_t *bytes, size_t size)
{
	size_t length = 0;

	while (length < size && bytes[length] >= 0x20 && bytes[length] < 0x7f &&
	       bytes[length] != '"' && bytes[length] != '\\')
		length++;
	return length;
}

/* Writes one character that does not; returns how many octets it has. */
static size_t write_special(FILE *out, const uint8_t *bytes, size_t size)
{
	size_t length;

	if (bytes[0] == '"' || bytes[0] == '\\') {
		fprintf(out, "\\%c", bytes[0]);
		return 1;
	}
	if (bytes[0] < 0x20) {
		fprintf(out, "\\u%04x", bytes[0]);
		return 1;
	}
	for (length = 1; length <= UTF8_BYTES_MAX && length <= size; length++) {
		if (!ipfix_is_utf8(bytes, length))
			continue;
		fwrite_unlocked(bytes, 1, length, out);
		return length;
	}
	write_literal(out, REPLACEMENT);
	return 1;
}

static void write_text(FILE *out, const uint8_t *bytes, size_t size)
{
	size_t length;

	while (size) {
		length = plain_length(bytes, size);
		if (length)
			fwrite_unlocked(bytes, 1, length, out);
		else
			length = write_special(out, bytes, size);
		bytes += length;
		size -= length;
	}
}

static void write_hex_digits(FILE *out, const uint8_t *bytes, size_t size, const char *separator)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	putc_unlocked('"', out);
	for (i = 0; i < size; i++) {
		if (i)
			write_literal(out, separator);
		putc_unlocked(digits[bytes[i] >> 4], out);
		putc_unlocked(digits[bytes[i] & 0xf], out);
	}
	putc_unlocked('"', out);
}

static void write_ipv4(FILE *out, const uint8_t *bytes)
{
	unsigned int i;

	putc_unlocked('"', out);
	for (i = 0; i < IPV4_BYTES; i++) {
		if (i)
			putc_unlocked('.', out);
		write_unsigned(out, bytes[i]);
	}
	putc_unlocked('"', out);
}

static void write_ipv6(FILE *out, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];

	putc_unlocked('"', out);
	if (inet_ntop(AF_INET6, bytes, text, sizeof(text)))
		write_literal(out, text);
	putc_unlocked('"', out);
}

static void write_float(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.17g", value);
	else
		write_literal(out, "null");
}

static void write_boolean(FILE *out, uint64_t value)
{
	if (value == 1 || value == 2)
		write_literal(out, value == 1 ? "true" : "false");
	else
		write_unsigned(out, value);
}

/* A value whose size its type can have. */
static void write_value(FILE *out, const struct ipfix_value *value)
{
	enum ipfix_type type = value->type;

	if (ipfix_type_is_unsigned(type) || type == IPFIX_DATE_TIME_SECONDS ||
	    type == IPFIX_DATE_TIME_MILLISECONDS) {
		write_unsigned(out, ipfix_value_unsigned(value));
	} else if (ipfix_type_is_signed(type)) {
		fprintf(out, "%" PRId64, ipfix_read_signed(value->bytes, value->size));
	} else if (ipfix_type_is_time(type)) {
		write_unsigned(out, ipfix_read_time_ns(type, value->bytes, value->size));
	} else if (type == IPFIX_FLOAT32 || type == IPFIX_FLOAT64) {
		write_float(out, ipfix_read_float(value->bytes, value->size));
	} else if (type == IPFIX_BOOLEAN) {
		write_boolean(out, ipfix_value_unsigned(value));
	} else if (type == IPFIX_MAC_ADDRESS) {
		write_hex_digits(out, value->bytes, value->size, ":");
	} else if (type == IPFIX_IPV4_ADDRESS) {
		write_ipv4(out, value->bytes);
	} else if (type == IPFIX_IPV6_ADDRESS) {
		write_ipv6(out, value->bytes);
	} else if (type == IPFIX_STRING) {
		putc_unlocked('"', out);
		write_text(out, value->bytes, value->size);
		putc_unlocked('"', out);
	} else {
		write_hex_digits(out, value->bytes, value->size, "");
	}
}

static void write_key(FILE *out, const struct ipfix_record *record, size_t index)
{
	const struct ipfix_value *value = &record->values[index];
	char buffer[IPFIX_NAME_BYTES];
	const char *name = ipfix_value_name(value, buffer);
	unsigned int occurrence = 1;
	size_t i;

	for (i = 0; i < index; i++)
		occurrence += record->values[i].id == value->id &&
			      record->values[i].enterprise == value->enterprise;
	write_literal(out, ",\"");
	write_text(out, (const uint8_t *)name, strlen(name));
	if (occurrence > 1)
		fprintf(out, "#%u", occurrence);
	write_literal(out, "\":");
}

void ipfix_json_write(FILE *out, const struct ipfix_record *record, const char *session)
{
	const struct ipfix_value *value;
	size_t i;

	flockfile(out);
	write_literal(out, "{\"_session\":\"");
	write_text(out, (const uint8_t *)session, strlen(session));
	fprintf(out, "\",\"_domain\":%u,\"_export_time\":%u,\"_template\":%u,\"_options\":%s",
		record->domain, record->export_time, record->template_id,
		record->is_options ? "true" : "false");
	for (i = 0; i < record->count; i++) {
		value = &record->values[i];
		write_key(out, record, i);
		if (ipfix_type_takes_length(value->type, (uint16_t)value->size))
			write_value(out, value);
		else
			write_hex_digits(out, value->bytes, value->size, "");
	}
	write_literal(out, "}\n");
	funlockfile(out);
}
