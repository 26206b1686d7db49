/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What setup and teardown say: a row on setup->out for each object, and what went wrong on stderr. */
#ifndef FLOWPROBE_REPORT_H
#define FLOWPROBE_REPORT_H

#include "provision/object.h"
#include "provision/setup.h"

/* The row of an object, or of several if there is no name (""). */
void report_row(const struct setup *setup, const char *kind, const char *name, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* The row of what was done with an object, or the line of why it was not. */
enum setup_result report_result(const struct setup *setup, const char *kind, const char *name,
				const struct object_result *result);

/* 1: there is no point in going on. */
int report_is_final(enum setup_result result);

enum setup_result report_worse(enum setup_result a, enum setup_result b);

#endif
