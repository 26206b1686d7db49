// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Configuration: see wrap.h. For --help and the example file, whose texts come out of tables. */
#include "config/wrap.h"

#include <string.h>

void config_wrap(FILE *stream, const char *prefix, const char *text)
{
	size_t indent = strlen(prefix), column = indent;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column > indent && column + 1 + word > CONFIG_COLUMNS) {
			fprintf(stream, "\n%s", prefix);
			column = indent;
		} else if (column > indent) {
			fputc(' ', stream);
			column++;
		}
		fwrite(text, 1, word, stream);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', stream);
}
