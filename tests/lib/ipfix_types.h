/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPFIX decoder of the tests: the abstract data types (RFC 7012) and how they are on the wire (RFC
 * 7011 section 6).
 *
 * The decoder shares nothing with the encoders it judges, so it includes nothing of user/; it is
 * written from the RFCs alone.
 */
#ifndef FLOWPROBE_TESTS_IPFIX_TYPES_H
#define FLOWPROBE_TESTS_IPFIX_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define IPFIX_VARIABLE 65535 /* length in a Field Specifier: is in the record (RFC 7011 7) */

/* Values of informationElementDataType (RFC 5610 section 3.1, RFC 6313 section 11.1). */
enum ipfix_type {
	IPFIX_OCTET_ARRAY,
	IPFIX_UNSIGNED8,
	IPFIX_UNSIGNED16,
	IPFIX_UNSIGNED32,
	IPFIX_UNSIGNED64,
	IPFIX_SIGNED8,
	IPFIX_SIGNED16,
	IPFIX_SIGNED32,
	IPFIX_SIGNED64,
	IPFIX_FLOAT32,
	IPFIX_FLOAT64,
	IPFIX_BOOLEAN,
	IPFIX_MAC_ADDRESS,
	IPFIX_STRING,
	IPFIX_DATE_TIME_SECONDS,
	IPFIX_DATE_TIME_MILLISECONDS,
	IPFIX_DATE_TIME_MICROSECONDS,
	IPFIX_DATE_TIME_NANOSECONDS,
	IPFIX_IPV4_ADDRESS,
	IPFIX_IPV6_ADDRESS,
	IPFIX_BASIC_LIST,
	IPFIX_SUB_TEMPLATE_LIST,
	IPFIX_SUB_TEMPLATE_MULTI_LIST,
	IPFIX_TYPES,
	IPFIX_UNKNOWN_TYPE = IPFIX_TYPES, /* of an element that nothing has described yet */
};

/* As the RFCs spell it; "unknown" for IPFIX_UNKNOWN_TYPE. */
const char *ipfix_type_name(enum ipfix_type type);

int ipfix_type_is_unsigned(enum ipfix_type type);
int ipfix_type_is_signed(enum ipfix_type type);
int ipfix_type_is_time(enum ipfix_type type);

/*
 * May a Field Specifier have this length for an element of this type? RFC 7011: integers but those
 * of one octet may be shorter, float64 may be float32 (6.2), octetArray, string and lists have any
 * length or a variable one (7), everything else has exactly one. An unknown type takes all.
 */
int ipfix_type_takes_length(enum ipfix_type type, uint16_t length);

/* Network order, at most 8 octets; longer ones are no integers and read as 0. */
uint64_t ipfix_read_unsigned(const uint8_t *bytes, size_t size);

/* The same for a two's complement, whose sign is that of its first octet. */
int64_t ipfix_read_signed(const uint8_t *bytes, size_t size);

/* IEEE 754 of 4 or 8 octets (RFC 7011 6.1.3, 6.1.4); other sizes are 0. */
double ipfix_read_float(const uint8_t *bytes, size_t size);

/*
 * Any of the four times as nanoseconds since 1970. The two NTP formats are rounded to the nearest
 * nanosecond, and of their eras the one that is in 1970 to 2106 is taken (RFC 7011 5.2). What does
 * not fit is UINT64_MAX; a size that the type does not have is 0.
 */
uint64_t ipfix_read_time_ns(enum ipfix_type type, const uint8_t *bytes, size_t size);

/* Well-formed UTF-8 (RFC 3629), from end to end; nothing at all is well-formed too. */
int ipfix_is_utf8(const uint8_t *bytes, size_t size);

#endif
