/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* encode: what of a text is well-formed UTF-8 (RFC 3629). Interface names and aliases need not be. */
#ifndef FLOWPROBE_UTF8_H
#define FLOWPROBE_UTF8_H

#include <stddef.h>

/* Length of the UTF-8 sequence at text, which ends with a NUL; 0 if there is none. A NUL is a
 * sequence of one. */
size_t utf8_length(const unsigned char *text);

#endif
