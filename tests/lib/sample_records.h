/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many different flow records, the same in every run, for measuring what is done with records. */
#ifndef FLOWPROBE_TESTS_SAMPLE_RECORDS_H
#define FLOWPROBE_TESTS_SAMPLE_RECORDS_H

#include <stddef.h>

#include "flow/record.h"

enum sample_kind { SAMPLE_IPV4_TCP, SAMPLE_IPV6_UDP, SAMPLE_KINDS };

extern const char *const sample_kind_names[SAMPLE_KINDS];

void sample_records_fill(struct flow_record *records, size_t count, enum sample_kind kind);

#endif
