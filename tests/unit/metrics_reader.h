/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads metrics as strictly as the two formats are written down: Prometheus text 0.0.4 and
 * OpenMetrics 1.0. What is not exactly that fails the test, with the line.
 *
 * Every family has its HELP, then its TYPE, then all its samples together; counters and only they
 * end in _total; names and labels are of the letters they may have, label values are escaped UTF-8;
 * no series is there twice; the buckets of a histogram grow and end in +Inf, which is its count.
 */
#ifndef FLOWPROBE_METRICS_READER_H
#define FLOWPROBE_METRICS_READER_H

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERIES_MAX 512
#define FAMILIES_MAX 128
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_"

struct metrics {
	int openmetrics;
	char *text; /* a copy, cut into lines and series */
	size_t family_count;
	const char *families[FAMILIES_MAX];
	size_t series_count;
	const char *series[SERIES_MAX]; /* "name{labels}" */
	const char *values[SERIES_MAX];
	/* the family being read */
	char family[128], type[16];
	size_t samples;
	uint64_t bucket; /* latest */
	int has_last_bucket, has_sum, has_count;
};

#define REJECT(line, why) fail_msg("%s: %s", (why), (line))

static inline int has_suffix(const char *text, const char *suffix)
{
	size_t length = strlen(text), end = strlen(suffix);

	return length > end && strcmp(text + length - end, suffix) == 0;
}

static inline void end_family(const struct metrics *metrics)
{
	if (strcmp(metrics->type, "histogram") == 0 &&
	    (!metrics->has_last_bucket || !metrics->has_sum || !metrics->has_count))
		REJECT(metrics->family, "histogram without all its parts");
	if (metrics->family[0] && !metrics->type[0])
		REJECT(metrics->family, "family without a type");
}

static inline void read_help(struct metrics *metrics, const char *line)
{
	const char *name = line + strlen("# HELP "), *end = strchr(name, ' ');

	end_family(metrics);
	if (!end || !end[1] || strspn(name, NAME_CHARACTERS) != (size_t)(end - name))
		REJECT(line, "HELP");
	snprintf(metrics->family, sizeof(metrics->family), "%.*s", (int)(end - name), name);
	if (strchr(end, '\\') || end[strlen(end) - 1] != '.')
		REJECT(line, "help is a sentence that needs no escapes");
	for (size_t i = 0; i < metrics->family_count; i++) {
		if (strcmp(metrics->families[i], metrics->family) == 0)
			REJECT(line, "family twice");
	}
	assert_true(metrics->family_count < FAMILIES_MAX);
	metrics->families[metrics->family_count++] = strdup(metrics->family);
	metrics->type[0] = '\0';
	metrics->samples = 0;
	metrics->bucket = 0;
	metrics->has_last_bucket = metrics->has_sum = metrics->has_count = 0;
}

static inline void read_type(struct metrics *metrics, const char *line)
{
	int is_total = has_suffix(metrics->family, "_total");
	char name[128], rest;

	if (sscanf(line, "# TYPE %127s %15s%c", name, metrics->type, &rest) != 2 ||
	    strcmp(name, metrics->family) != 0 || metrics->samples)
		REJECT(line, "TYPE");
	if (strcmp(metrics->type, "counter") == 0) {
		if (is_total == metrics->openmetrics)
			REJECT(line, "a counter's family");
	} else if (strcmp(metrics->type, "gauge") != 0 && strcmp(metrics->type, "histogram") != 0) {
		REJECT(line, "unknown type");
	} else if (is_total) {
		REJECT(line, "no counter, and _total");
	}
}

static inline int is_utf8(const char *text, size_t bytes)
{
	iconv_t conversion = iconv_open("UCS-4", "UTF-8"); /* of the C library's own */
	char *from = (char *)text, codes[4096], *to = codes;
	size_t room = sizeof(codes), failed;

	assert_ptr_not_equal(conversion, (iconv_t)-1);
	failed = iconv(conversion, &from, &bytes, &to, &room);
	iconv_close(conversion);
	return failed != (size_t)-1;
}

/* Behind a label's value; *at is behind the opening quote. */
static inline const char *skip_value(const char *at, const char *line)
{
	const char *start = at;

	while (*at != '"') {
		if (!*at)
			REJECT(line, "value without an end");
		if (*at == '\\' && (!at[1] || !strchr("\\\"n", at[1])))
			REJECT(line, "escape");
		at += *at == '\\' ? 2 : 1;
	}
	if (!is_utf8(start, (size_t)(at - start)))
		REJECT(line, "not UTF-8");
	return at + 1;
}

static inline const char *skip_labels(const char *at, const char *line)
{
	size_t length;

	if (*at != '{')
		return at;
	do {
		at++;
		length = strspn(at, NAME_CHARACTERS);
		if (!length || at[length] != '=' || at[length + 1] != '"')
			REJECT(line, "label");
		at = skip_value(at + length + 2, line);
	} while (*at == ',');
	if (*at != '}')
		REJECT(line, "labels without an end");
	return at + 1;
}

static inline void read_histogram(struct metrics *metrics, const char *series, const char *value)
{
	const char *part = series + strlen(metrics->family);
	uint64_t number = strtoull(value, NULL, 10);

	if (strncmp(part, "_bucket{le=\"", 12) == 0) {
		if (metrics->has_last_bucket || number < metrics->bucket)
			REJECT(series, "bucket");
		metrics->bucket = number;
		metrics->has_last_bucket = strcmp(part, "_bucket{le=\"+Inf\"}") == 0;
	} else if (strcmp(part, "_sum") == 0) {
		metrics->has_sum = 1;
	} else if (strcmp(part, "_count") == 0) {
		metrics->has_count = 1;
		assert_int_equal(number, metrics->bucket);
	} else {
		REJECT(series, "part of a histogram");
	}
}

static inline void read_sample(struct metrics *metrics, char *line)
{
	size_t name = strspn(line, NAME_CHARACTERS), family = strlen(metrics->family);
	char *end = (char *)skip_labels(line + name, line), *rest;
	int is_counter = strcmp(metrics->type, "counter") == 0;

	if (!metrics->type[0] || strncmp(line, metrics->family, family) != 0)
		REJECT(line, "of no family, or another");
	if (*end != ' ' || !strchr("0123456789", end[1]))
		REJECT(line, "value");
	strtod(end + 1, &rest);
	if (*rest)
		REJECT(line, "value");
	*end = '\0';
	if (strcmp(metrics->type, "histogram") == 0)
		read_histogram(metrics, line, end + 1);
	else if (is_counter && metrics->openmetrics
			 ? name != family + 6 || strncmp(line + family, "_total", 6) != 0
			 : name != family)
		REJECT(line, "name");
	for (size_t i = 0; i < metrics->series_count; i++) {
		if (strcmp(metrics->series[i], line) == 0)
			REJECT(line, "series twice");
	}
	assert_true(metrics->series_count < SERIES_MAX);
	metrics->series[metrics->series_count] = line;
	metrics->values[metrics->series_count++] = end + 1;
	metrics->samples++;
}

static inline struct metrics metrics_read(const char *text, int openmetrics)
{
	struct metrics metrics = {.openmetrics = openmetrics, .text = strdup(text)};
	int is_over = 0;
	char *end;

	for (char *line = metrics.text; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end || is_over)
			REJECT(line, "end");
		*end = '\0';
		if (strncmp(line, "# HELP ", 7) == 0)
			read_help(&metrics, line);
		else if (strncmp(line, "# TYPE ", 7) == 0)
			read_type(&metrics, line);
		else if (openmetrics && strcmp(line, "# EOF") == 0)
			is_over = 1;
		else
			read_sample(&metrics, line);
	}
	end_family(&metrics);
	assert_int_equal(is_over, openmetrics);
	return metrics;
}

static inline void metrics_free(struct metrics *metrics)
{
	for (size_t i = 0; i < metrics->family_count; i++)
		free((char *)metrics->families[i]);
	free(metrics->text);
}

/* NULL if there is no such series. */
static inline const char *metrics_find(const struct metrics *metrics, const char *series)
{
	for (size_t i = 0; i < metrics->series_count; i++) {
		if (strcmp(metrics->series[i], series) == 0)
			return metrics->values[i];
	}
	return NULL;
}

/* The sum of all series of a name, whose values are whole numbers. */
static inline uint64_t metrics_sum(const struct metrics *metrics, const char *name)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < metrics->series_count; i++) {
		if (strspn(metrics->series[i], NAME_CHARACTERS) == strlen(name) &&
		    strncmp(metrics->series[i], name, strlen(name)) == 0)
			sum += strtoull(metrics->values[i], NULL, 10);
	}
	return sum;
}

#endif
