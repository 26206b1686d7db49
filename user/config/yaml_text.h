/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text -> YAML that yaml.c reads back as the same text. */
#ifndef FLOWPROBE_CONFIG_YAML_TEXT_H
#define FLOWPROBE_CONFIG_YAML_TEXT_H

#include <stdio.h>

/*
 * Writes text as a scalar on one line, in quotes if it needs them. What is not UTF-8 is written as
 * it is, and refused by who reads it, because YAML has no way to say it.
 */
void yaml_write_scalar(FILE *stream, const char *text);

/* Writes text, as part of a comment: what could end the line or drive a terminal becomes '?'. */
void yaml_write_comment(FILE *stream, const char *text);

#endif
