/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How metrics are written: Prometheus text 0.0.4 and OpenMetrics 1.0. What is told is metrics.c's
 * business. */
#ifndef FLOWPROBE_METRICS_TEXT_H
#define FLOWPROBE_METRICS_TEXT_H

#include <stdint.h>
#include <stdio.h>

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_INFO, METRIC_HISTOGRAM };

struct metrics_writer {
	FILE *stream;
	int openmetrics;
};

/* HELP and TYPE; name is that of its samples. */
void metrics_put_family(const struct metrics_writer *writer, const char *name,
			enum metric_type type, const char *help);

/* Samples: without labels, with one, with two. */
void metrics_put_value(const struct metrics_writer *writer, const char *name, uint64_t value);
void metrics_put_labelled(const struct metrics_writer *writer, const char *name, const char *label,
			  const char *label_value, uint64_t value);
void metrics_put_labelled_twice(const struct metrics_writer *writer, const char *name,
				const char *label, const char *label_value, const char *second,
				const char *second_value, uint64_t value);

/* A family of one sample. */
void metrics_put_one(const struct metrics_writer *writer, const char *name, enum metric_type type,
		     const char *help, uint64_t value);

/* Parts of a sample: separator ("{", ",") and a label, its value escaped; name, or "}", and a time. */
void metrics_put_label(FILE *stream, const char *separator, const char *name, const char *value);
void metrics_put_seconds(const struct metrics_writer *writer, const char *name, uint64_t ns);

#endif
