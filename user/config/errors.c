// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Configuration: the collector of mistakes.
 *
 * In come finished sentences from the flag, environment and file readers; out go lines on a stream
 * and one exit code. Lines are written at once and not stored, so that running out of memory can be
 * reported too. The stream is a parameter rather than stderr because tests read it back. What goes
 * to the journal, or is found at a reload, is logged instead. Values quoted in a message come from
 * outside: control characters are replaced here, in one place, so that a message stays one line and
 * cannot drive the operator's terminal.
 */
#include "config/errors.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sysexits.h>

#include "lib/log.h"

static int errors_rank(int code)
{
	if (code == EXIT_FAILURE)
		return 3;
	if (code == EX_USAGE)
		return 2;
	return code ? 1 : 0;
}

void config_errors_add(struct config_errors *errors, int code, const char *format, ...)
{
	char line[CONFIG_LINE_BYTES];
	va_list arguments;

	errors->count++;
	if (errors_rank(code) > errors_rank(errors->exit_code))
		errors->exit_code = code;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	if (errors->logged)
		log_error("%s", line);
	if (errors->stream)
		fprintf(errors->stream, "flowprobe: %s\n", line);
}
