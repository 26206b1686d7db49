/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers and addresses as text, put into a bounded writer. Nothing is NUL-terminated; each put is
 * whole or, on overflow, not there at all.
 */
#ifndef FLOWPROBE_TEXT_H
#define FLOWPROBE_TEXT_H

#include <stdint.h>

#include "encode/writer.h"

#define TEXT_DECIMAL_CHARS 20 /* most digits of a uint64_t */
#define TEXT_HEX64_CHARS 16
#define TEXT_MAC_CHARS 17
#define TEXT_IPV4_CHARS 15 /* most */
#define TEXT_IPV6_CHARS 39 /* most */

void text_put_decimal(struct writer *writer, uint64_t value);
/* All 16 digits, lower case. */
void text_put_hex64(struct writer *writer, uint64_t value);
/* aa:bb:cc:dd:ee:ff; address in wire order. */
void text_put_mac(struct writer *writer, const uint8_t address[static 6]);
/* Dotted decimal; address in network order. */
void text_put_ipv4(struct writer *writer, const uint8_t address[static 4]);
/* RFC 5952, v4-mapped addresses as ::ffff:a.b.c.d (section 5); address in network order. */
void text_put_ipv6(struct writer *writer, const uint8_t address[static 16]);

#endif
