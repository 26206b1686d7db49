// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Messages to the operator: see log.h. Each is formatted into one buffer and written with one call,
 * so that lines of several threads never mix.
 */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"

#define LOG_LINE_BYTES 2048
#define LOG_LIMIT_NS (10 * NS_PER_S)

static _Atomic enum log_level log_level = LOG_INFO;
static int log_journal;
static _Atomic uint64_t log_counts[LOG_DEBUG + 1];

void log_set_level(enum log_level level)
{
	log_level = level;
}

enum log_level log_get_level(void)
{
	return log_level;
}

uint64_t log_count(enum log_level level)
{
	return log_counts[level];
}

void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	log_journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		      fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

int log_goes_to_journal(void)
{
	return log_journal;
}

__attribute__((format(printf, 3, 0))) static void
log_write(enum log_level level, const char *suffix, const char *format, va_list arguments)
{
	static const char *const journal[] = {"<3>", "<4>", "<6>", "<7>"};
	static const char *const plain[] = {
		"flowprobe: error: ", "flowprobe: warning: ", "flowprobe: ", "flowprobe: debug: "};
	char line[LOG_LINE_BYTES];
	int saved = errno, used, more;
	ssize_t written;

	used = snprintf(line, sizeof(line), "%s", log_journal ? journal[level] : plain[level]);
	more = vsnprintf(line + used, sizeof(line) - used, format, arguments);
	used += more < 0 ? 0 : more;
	if (used < (int)sizeof(line))
		used += snprintf(line + used, sizeof(line) - used, "%s\n", suffix);
	if (used >= (int)sizeof(line)) {
		used = sizeof(line) - 1;
		line[used - 1] = '\n';
	}
	do
		written = write(STDERR_FILENO, line, used);
	while (written < 0 && errno == EINTR);
	errno = saved;
}

#define LOG_FUNCTION(name, level)                        \
	void name(const char *format, ...)               \
	{                                                \
		va_list arguments;                       \
                                                         \
		log_counts[level]++;                     \
		if (level > log_level)                   \
			return;                          \
		va_start(arguments, format);             \
		log_write(level, "", format, arguments); \
		va_end(arguments);                       \
	}

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warning, LOG_WARNING)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

void log_warning_limited(struct log_limit *limit, const char *format, ...)
{
	uint64_t now = clock_monotonic_ns();
	char suffix[64] = "";
	va_list arguments;

	log_counts[LOG_WARNING]++;
	if (now < limit->next_ns) {
		limit->suppressed++;
		return;
	}
	if (limit->suppressed)
		snprintf(suffix, sizeof(suffix), " (and %llu more such messages)",
			 (unsigned long long)limit->suppressed);
	limit->suppressed = 0;
	limit->next_ns = now + LOG_LIMIT_NS;
	if (LOG_WARNING > log_level)
		return;
	va_start(arguments, format);
	log_write(LOG_WARNING, suffix, format, arguments);
	va_end(arguments);
}
