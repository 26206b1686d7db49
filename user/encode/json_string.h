/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* encode: a text of anybody's as a JSON string on a stream. Records have a faster way, see json.c. */
#ifndef FLOWPROBE_JSON_STRING_H
#define FLOWPROBE_JSON_STRING_H

#include <stdio.h>

/* With its quotes. What is not UTF-8 becomes U+FFFD, what a terminal could obey is escaped. */
void json_string_write(FILE *stream, const char *string);

#endif
