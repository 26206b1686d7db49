// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode: numbers and addresses as text, see text.h.
 *
 * Two thirds of a JSON record's values are numbers, so decimal is the hot path: the number of
 * digits is computed first (from the position of the top bit and one comparison), the place for
 * them is claimed from the writer, and they are written from the back, two per division. Addresses
 * are composed in a local buffer of their maximum size and put at once.
 *
 * snprintf and inet_ntop were rejected: each call costs as much as ten fields here, and inet_ntop
 * prints some addresses with an embedded IPv4 address where RFC 5952 and goflow2 do not.
 */
#include "encode/text.h"

#include <string.h>

static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

static const char hex_digits[] = "0123456789abcdef";

static unsigned int count_digits(uint64_t value)
{
	static const uint64_t powers[] = {
		0,
		10ull,
		100ull,
		1000ull,
		10000ull,
		100000ull,
		1000000ull,
		10000000ull,
		100000000ull,
		1000000000ull,
		10000000000ull,
		100000000000ull,
		1000000000000ull,
		10000000000000ull,
		100000000000000ull,
		1000000000000000ull,
		10000000000000000ull,
		100000000000000000ull,
		1000000000000000000ull,
		10000000000000000000ull,
	};
	unsigned int bits = 64 - __builtin_clzll(value | 1);
	unsigned int estimate = bits * 1233 >> 12; /* bits * log10(2): right, or one too low */

	return estimate + (value >= powers[estimate]);
}

/* Writes the digits of value so that they end before end. */
static void write_digits(char *end, uint64_t value)
{
	while (value >= 100) {
		end -= 2;
		memcpy(end, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10)
		memcpy(end - 2, digit_pairs + value * 2, 2);
	else
		end[-1] = (char)('0' + value);
}

void text_put_decimal(struct writer *writer, uint64_t value)
{
	unsigned int digits = count_digits(value);
	char *place = writer_reserve(writer, digits);

	if (place)
		write_digits(place + digits, value);
}

void text_put_hex64(struct writer *writer, uint64_t value)
{
	char *place = writer_reserve(writer, TEXT_HEX64_CHARS);

	if (!place)
		return;
	for (int i = TEXT_HEX64_CHARS - 1; i >= 0; i--, value >>= 4)
		place[i] = hex_digits[value & 15];
}

void text_put_mac(struct writer *writer, const uint8_t address[static 6])
{
	char *place = writer_reserve(writer, TEXT_MAC_CHARS);

	if (!place)
		return;
	for (int i = 0; i < 6; i++) {
		if (i)
			*place++ = ':';
		*place++ = hex_digits[address[i] >> 4];
		*place++ = hex_digits[address[i] & 15];
	}
}

/* Returns the end of what it wrote, at most TEXT_IPV4_CHARS after place. */
static char *write_ipv4(char *place, const uint8_t address[static 4])
{
	for (int i = 0; i < 4; i++) {
		unsigned int digits = 1 + (address[i] >= 10) + (address[i] >= 100);

		if (i)
			*place++ = '.';
		place += digits;
		write_digits(place, address[i]);
	}
	return place;
}

void text_put_ipv4(struct writer *writer, const uint8_t address[static 4])
{
	char text[TEXT_IPV4_CHARS];

	writer_put(writer, text, write_ipv4(text, address) - text);
}

/* Without leading zeros (RFC 5952 section 4.1). */
static char *write_group(char *place, unsigned int group)
{
	int shift = group >= 0x1000 ? 12 : group >= 0x100 ? 8 : group >= 0x10 ? 4 : 0;

	for (; shift >= 0; shift -= 4)
		*place++ = hex_digits[group >> shift & 15];
	return place;
}

void text_put_ipv6(struct writer *writer, const uint8_t address[static 16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	int run_start = 0, run_length = 1; /* only runs longer than one group (section 4.2.2) */
	char text[TEXT_IPV6_CHARS], *place = text;
	unsigned int groups[8];

	if (!memcmp(address, mapped, sizeof(mapped))) {
		memcpy(text, "::ffff:", 7);
		place = write_ipv4(text + 7, address + 12);
		writer_put(writer, text, place - text);
		return;
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned int)address[2 * i] << 8 | address[2 * i + 1];
	for (int start = 0, end; start < 8; start = end + 1) {
		for (end = start; end < 8 && !groups[end]; end++)
			;
		if (end - start > run_length) { /* the first of equals (section 4.2.3) */
			run_start = start;
			run_length = end - start;
		}
	}
	for (int i = 0; i < 8; i++) {
		if (run_length > 1 && i == run_start) {
			*place++ = ':';
			i += run_length - 1;
			if (i == 7)
				*place++ = ':';
			continue;
		}
		if (i)
			*place++ = ':';
		place = write_group(place, groups[i]);
	}
	writer_put(writer, text, place - text);
}
