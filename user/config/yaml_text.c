// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: text -> YAML scalars and comments.
 *
 * Most values of a configuration are words, numbers, paths and URLs, which need no quotes; anything
 * else gets double quotes, the only kind in which every character can be said. libyaml could emit
 * too, but not comments, and these are half of what is to be written.
 */
#include "config/yaml_text.h"

#include <ctype.h>
#include <string.h>

/* 1 if text means itself without quotes, in a list too. */
static int is_plain(const char *text)
{
	size_t length = strlen(text);

	if (!isalnum((unsigned char)text[0]) && !strchr("/_", text[0]))
		return 0;
	for (const char *c = text; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr("/_.-+:@", *c))
			return 0;
	}
	return length > 0 && text[length - 1] != ':';
}

/*
 * Length of the character at text if it must be written as an escape, which comes out in code; 0:
 * it is no such character. Those are quotes and backslashes, controls, line and paragraph
 * separators and byte order marks.
 */
static size_t escape_of(const char *text, unsigned int *code)
{
	const unsigned char *c = (const unsigned char *)text;

	*code = c[0];
	if (c[0] < ' ' || c[0] == 0x7f || c[0] == '"' || c[0] == '\\')
		return 1;
	if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) {
		*code = c[1];
		return 2;
	}
	if (c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9)) {
		*code = c[2] == 0xa8 ? 0x2028 : 0x2029;
		return 3;
	}
	if (c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf) {
		*code = 0xfeff;
		return 3;
	}
	return 0;
}

void yaml_write_scalar(FILE *stream, const char *text)
{
	unsigned int code;

	if (is_plain(text)) {
		fputs(text, stream);
		return;
	}
	fputc('"', stream);
	while (*text) {
		size_t length = escape_of(text, &code);

		if (length == 0)
			fputc(*text++, stream);
		else if (code == '"' || code == '\\')
			fprintf(stream, "\\%c", (int)code);
		else if (code <= 0xff)
			fprintf(stream, "\\x%02x", code);
		else
			fprintf(stream, "\\u%04x", code);
		text += length;
	}
	fputc('"', stream);
}

void yaml_write_comment(FILE *stream, const char *text)
{
	unsigned int code;

	while (*text) {
		size_t length = escape_of(text, &code);

		if (length == 0 || code == '"' || code == '\\') {
			fputc(*text++, stream);
		} else {
			fputc('?', stream);
			text += length;
		}
	}
}
