// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * IPFIX decoder of the tests: abstract data types, see ipfix_types.h.
 *
 * One row per type says what RFC 7011 section 6.1 says: how many octets, and whether fewer or any
 * number of them will do.
 */
#include "ipfix_types.h"

#include <string.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull
#define NTP_TO_UNIX_S 2208988800u /* from 1900 to 1970 (RFC 5905 figure 4) */

enum length_rule {
	LENGTH_EXACT,
	LENGTH_UP_TO, /* reduced-size encoding */
	LENGTH_HALF, /* float64 as float32 */
	LENGTH_ANY,
};

struct type_row {
	const char *name;
	uint8_t size;
	uint8_t rule;
};

static const struct type_row types[IPFIX_TYPES] = {
	[IPFIX_OCTET_ARRAY] = {"octetArray", 0, LENGTH_ANY},
	[IPFIX_UNSIGNED8] = {"unsigned8", 1, LENGTH_EXACT},
	[IPFIX_UNSIGNED16] = {"unsigned16", 2, LENGTH_UP_TO},
	[IPFIX_UNSIGNED32] = {"unsigned32", 4, LENGTH_UP_TO},
	[IPFIX_UNSIGNED64] = {"unsigned64", 8, LENGTH_UP_TO},
	[IPFIX_SIGNED8] = {"signed8", 1, LENGTH_EXACT},
	[IPFIX_SIGNED16] = {"signed16", 2, LENGTH_UP_TO},
	[IPFIX_SIGNED32] = {"signed32", 4, LENGTH_UP_TO},
	[IPFIX_SIGNED64] = {"signed64", 8, LENGTH_UP_TO},
	[IPFIX_FLOAT32] = {"float32", 4, LENGTH_EXACT},
	[IPFIX_FLOAT64] = {"float64", 8, LENGTH_HALF},
	[IPFIX_BOOLEAN] = {"boolean", 1, LENGTH_EXACT},
	[IPFIX_MAC_ADDRESS] = {"macAddress", 6, LENGTH_EXACT},
	[IPFIX_STRING] = {"string", 0, LENGTH_ANY},
	[IPFIX_DATE_TIME_SECONDS] = {"dateTimeSeconds", 4, LENGTH_EXACT},
	[IPFIX_DATE_TIME_MILLISECONDS] = {"dateTimeMilliseconds", 8, LENGTH_EXACT},
	[IPFIX_DATE_TIME_MICROSECONDS] = {"dateTimeMicroseconds", 8, LENGTH_EXACT},
	[IPFIX_DATE_TIME_NANOSECONDS] = {"dateTimeNanoseconds", 8, LENGTH_EXACT},
	[IPFIX_IPV4_ADDRESS] = {"ipv4Address", 4, LENGTH_EXACT},
	[IPFIX_IPV6_ADDRESS] = {"ipv6Address", 16, LENGTH_EXACT},
	[IPFIX_BASIC_LIST] = {"basicList", 0, LENGTH_ANY},
	[IPFIX_SUB_TEMPLATE_LIST] = {"subTemplateList", 0, LENGTH_ANY},
	[IPFIX_SUB_TEMPLATE_MULTI_LIST] = {"subTemplateMultiList", 0, LENGTH_ANY},
};

const char *ipfix_type_name(enum ipfix_type type)
{
	return type < IPFIX_TYPES ? types[type].name : "unknown";
}

int ipfix_type_is_unsigned(enum ipfix_type type)
{
	return type >= IPFIX_UNSIGNED8 && type <= IPFIX_UNSIGNED64;
}

int ipfix_type_is_signed(enum ipfix_type type)
{
	return type >= IPFIX_SIGNED8 && type <= IPFIX_SIGNED64;
}

int ipfix_type_is_time(enum ipfix_type type)
{
	return type >= IPFIX_DATE_TIME_SECONDS && type <= IPFIX_DATE_TIME_NANOSECONDS;
}

int ipfix_type_takes_length(enum ipfix_type type, uint16_t length)
{
	if (type >= IPFIX_TYPES)
		return 1;
	switch (types[type].rule) {
	case LENGTH_UP_TO:
		return length >= 1 && length <= types[type].size;
	case LENGTH_HALF:
		return length == types[type].size || length == types[type].size / 2;
	case LENGTH_ANY:
		return 1;
	default:
		return length == types[type].size;
	}
}

uint64_t ipfix_read_unsigned(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;
	size_t i;

	if (size > sizeof(value))
		return 0;
	for (i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

int64_t ipfix_read_signed(const uint8_t *bytes, size_t size)
{
	uint64_t value = ipfix_read_unsigned(bytes, size);

	if (size >= 1 && size < sizeof(value) && bytes[0] & 0x80)
		value |= ~0ull << (8 * size);
	return (int64_t)value;
}

double ipfix_read_float(const uint8_t *bytes, size_t size)
{
	uint64_t bits = ipfix_read_unsigned(bytes, size);
	uint32_t half_bits = (uint32_t)bits;
	double value = 0;
	float half;

	if (size == sizeof(half)) {
		memcpy(&half, &half_bits, sizeof(half));
		value = half;
	} else if (size == sizeof(value)) {
		memcpy(&value, &bits, sizeof(value));
	}
	return value;
}

static uint64_t read_ntp_ns(uint64_t ntp)
{
	uint32_t seconds = (uint32_t)(ntp >> 32) - NTP_TO_UNIX_S;
	uint64_t fraction = ntp & 0xffffffff;

	return seconds * NS_PER_S + ((fraction * NS_PER_S + (1ull << 31)) >> 32);
}

uint64_t ipfix_read_time_ns(enum ipfix_type type, const uint8_t *bytes, size_t size)
{
	uint64_t value = ipfix_read_unsigned(bytes, size);

	if (!ipfix_type_is_time(type) || size != types[type].size)
		return 0;
	if (type == IPFIX_DATE_TIME_SECONDS)
		return value * NS_PER_S;
	if (type == IPFIX_DATE_TIME_MILLISECONDS)
		return value > UINT64_MAX / NS_PER_MS ? UINT64_MAX : value * NS_PER_MS;
	return read_ntp_ns(value);
}

/* Octets of the sequence that starts here; 0: there is none (RFC 3629 section 4). */
static size_t utf8_sequence(const uint8_t *bytes, size_t size)
{
	uint32_t code;
	size_t length, i;

	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] >= 0xc0 && bytes[0] < 0xe0)
		length = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] < 0xf0)
		length = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] < 0xf8)
		length = 4;
	else
		return 0;
	if (length > size)
		return 0;
	code = bytes[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < (length == 2 ? 0x80u : length == 3 ? 0x800u : 0x10000u)) /* overlong */
		return 0;
	if (code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff)) /* surrogates are no characters */
		return 0;
	return length;
}

int ipfix_is_utf8(const uint8_t *bytes, size_t size)
{
	size_t at = 0, length;

	while (at < size) {
		length = utf8_sequence(bytes + at, size - at);
		if (!length)
			return 0;
		at += length;
	}
	return 1;
}
