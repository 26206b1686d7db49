// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See report.h. Rows are what was asked for, so they go to stdout; a failure takes the place of its
 * object's row, on stderr. What is wrong with the whole server is said without an object.
 */
#include "provision/report.h"

#include <stdarg.h>
#include <stdio.h>

#define KIND_COLUMNS 12
#define NAME_COLUMNS 28

void report_row(const struct setup *setup, const char *kind, const char *name, const char *format,
		...)
{
	va_list arguments;

	fprintf(setup->out, "%-*s %-*s ", KIND_COLUMNS, kind, NAME_COLUMNS, name);
	va_start(arguments, format);
	vfprintf(setup->out, format, arguments);
	va_end(arguments);
	putc('\n', setup->out);
}

static const char *outcome_word(enum object_outcome outcome, int dry_run)
{
	switch (outcome) {
	case OBJECT_CREATED:
		return dry_run ? "would be created" : "created";
	case OBJECT_UPDATED:
		return dry_run ? "would be updated" : "updated";
	case OBJECT_UNCHANGED:
		return "is there";
	case OBJECT_DELETED:
		return dry_run ? "would be deleted" : "deleted";
	case OBJECT_ABSENT:
		return "is not there";
	case OBJECT_IN_USE:
	case OBJECT_FAILED:
		break;
	}
	return "";
}

static enum setup_result report_failure(const struct setup *setup, const char *kind,
					const char *name, const struct object_result *result)
{
	fflush(setup->out); /* the lines stay in order where both go to the same place */
	if (result->verdict == O2_UNAVAILABLE || result->verdict == O2_REFUSED)
		fprintf(stderr, "flowprobe: %s\n", result->message);
	else
		fprintf(stderr, "flowprobe: %s %s: %s\n", kind, name, result->message);
	if (result->verdict == O2_UNAVAILABLE)
		return SETUP_UNAVAILABLE;
	return result->verdict == O2_REFUSED ? SETUP_REFUSED : SETUP_FAILED;
}

enum setup_result report_result(const struct setup *setup, const char *kind, const char *name,
				const struct object_result *result)
{
	if (result->outcome == OBJECT_FAILED)
		return report_failure(setup, kind, name, result);
	if (result->outcome == OBJECT_IN_USE)
		report_row(setup, kind, name, "stays: %s", result->message);
	else
		report_row(setup, kind, name, "%s", outcome_word(result->outcome, setup->dry_run));
	return SETUP_OK;
}

int report_is_final(enum setup_result result)
{
	return result == SETUP_UNAVAILABLE || result == SETUP_REFUSED;
}

enum setup_result report_worse(enum setup_result a, enum setup_result b)
{
	return a > b ? a : b;
}
