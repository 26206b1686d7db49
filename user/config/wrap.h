/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines that fit a terminal. */
#ifndef FLOWPROBE_CONFIG_WRAP_H
#define FLOWPROBE_CONFIG_WRAP_H

#include <stdio.h>

#define CONFIG_COLUMNS 96 /* no line is longer, unless one word is */

/*
 * Writes text and a line end, with line breaks between words. The stream is where the first line's
 * text begins, behind prefix or something as wide; each further line begins with prefix.
 */
void config_wrap(FILE *stream, const char *prefix, const char *text);

#endif
