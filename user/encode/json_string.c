// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: see json_string.h. */
#include "encode/json_string.h"

#include "encode/utf8.h"

void json_string_write(FILE *stream, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	fputc('"', stream);
	while (*text) {
		size_t length = utf8_length(text);

		if (!length)
			fputs("\\ufffd", stream);
		else if (*text < 0x20 || *text == 0x7f)
			fprintf(stream, "\\u%04x", *text);
		else if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else
			fwrite(text, 1, length, stream);
		text += length ? length : 1;
	}
	fputc('"', stream);
}
