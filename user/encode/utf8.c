// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: the shape of UTF-8 sequences, see utf8.h. */
#include "encode/utf8.h"

size_t utf8_length(const unsigned char *text)
{
	unsigned char least = 0x80, most = 0xbf; /* of the second byte */
	size_t length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		least = 0xa0; /* else overlong */
	else if (text[0] == 0xed)
		most = 0x9f; /* else a surrogate */
	else if (text[0] == 0xf0)
		least = 0x90; /* else overlong */
	else if (text[0] == 0xf4)
		most = 0x8f; /* else above U+10FFFF */
	if (text[1] < least || text[1] > most)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	return length;
}
