// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See metrics_text.h. */
#include "agent/metrics_text.h"

#include <inttypes.h>
#include <string.h>

#include "encode/utf8.h"
#include "lib/clock.h"

/* In OpenMetrics the family of a counter is called without its _total. */
void metrics_put_family(const struct metrics_writer *writer, const char *name,
			enum metric_type type, const char *help)
{
	static const char *const types[] = {"counter", "gauge", "gauge", "histogram"};
	size_t length = strlen(name);

	if (writer->openmetrics && type == METRIC_COUNTER)
		length -= strlen("_total");
	fprintf(writer->stream, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)length, name, help,
		(int)length, name, types[type]);
}

/*
 * A label's value, with what the format wants escaped. An interface may have a name that is no UTF-8,
 * and a scrape with one such octet in it would be refused as a whole: it is shown as \xHH.
 */
static void put_escaped(FILE *stream, const char *value)
{
	const unsigned char *text = (const unsigned char *)value;
	size_t length;

	for (; *text; text += length ? length : 1) {
		length = utf8_length(text);
		if (!length)
			fprintf(stream, "\\\\x%02x", *text);
		else if (*text == '\n')
			fputs("\\n", stream);
		else if (*text == '"' || *text == '\\')
			fprintf(stream, "\\%c", *text);
		else
			fwrite(text, 1, length, stream);
	}
}

void metrics_put_label(FILE *stream, const char *separator, const char *name, const char *value)
{
	fprintf(stream, "%s%s=\"", separator, name);
	put_escaped(stream, value);
	fputc('"', stream);
}

void metrics_put_value(const struct metrics_writer *writer, const char *name, uint64_t value)
{
	fprintf(writer->stream, "%s %" PRIu64 "\n", name, value);
}

void metrics_put_labelled(const struct metrics_writer *writer, const char *name, const char *label,
			  const char *label_value, uint64_t value)
{
	fputs(name, writer->stream);
	metrics_put_label(writer->stream, "{", label, label_value);
	fprintf(writer->stream, "} %" PRIu64 "\n", value);
}

void metrics_put_labelled_twice(const struct metrics_writer *writer, const char *name,
				const char *label, const char *label_value, const char *second,
				const char *second_value, uint64_t value)
{
	fputs(name, writer->stream);
	metrics_put_label(writer->stream, "{", label, label_value);
	metrics_put_label(writer->stream, ",", second, second_value);
	fprintf(writer->stream, "} %" PRIu64 "\n", value);
}

void metrics_put_seconds(const struct metrics_writer *writer, const char *name, uint64_t ns)
{
	fprintf(writer->stream, "%s %" PRIu64 ".%09" PRIu64 "\n", name, (uint64_t)(ns / NS_PER_S),
		(uint64_t)(ns % NS_PER_S));
}

void metrics_put_one(const struct metrics_writer *writer, const char *name, enum metric_type type,
		     const char *help, uint64_t value)
{
	metrics_put_family(writer, name, type, help);
	metrics_put_value(writer, name, value);
}
