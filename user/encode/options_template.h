/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: the options templates: how packets were sampled, what interfaces are called, what the
 * metering and exporting processes have done and lost, and what our own elements mean.
 */
#ifndef FLOWPROBE_OPTIONS_TEMPLATE_H
#define FLOWPROBE_OPTIONS_TEMPLATE_H

#include "encode/template.h"

#define SELECTOR_ID 1 /* our one PSAMP Selector */

/* IPFIX. Of the observation domain that flows are in: */
extern const struct template ipfix_sampling; /* {observationDomainId; samplingInterval} */
extern const struct template ipfix_selector; /* RFC 5476 section 6.5.2 */
extern const struct template ipfix_interface;
extern const struct template ipfix_element; /* RFC 5610 */
extern const struct template ipfix_exporter; /* without an address that is known */
extern const struct template ipfix_exporter_ipv4;
extern const struct template ipfix_exporter_ipv6;
/* of observation domain 0, RFC 7011 section 4.1 to 4.3: */
extern const struct template ipfix_metering_statistics;
extern const struct template ipfix_metering_reliability;
extern const struct template ipfix_exporting_reliability;

/* NetFlow v9 */
extern const struct template netflow9_sampling;
extern const struct template netflow9_interval; /* the same, in the words of other readers */
extern const struct template netflow9_interface;

#endif
