/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: the templates of flow records. One for each of IPv4 and IPv6, with ports or with ICMP type
 * and code; for IPFIX also as biflows, and with our own elements.
 */
#ifndef FLOWPROBE_FLOW_TEMPLATE_H
#define FLOWPROBE_FLOW_TEMPLATE_H

#include <stddef.h>
#include <stdint.h>

#include "encode/template.h"
#include "flow/record.h"

enum flow_kind { FLOW_IPV4, FLOW_IPV4_ICMP, FLOW_IPV6, FLOW_IPV6_ICMP, FLOW_KINDS };

#define FLOW_TEMPLATE_FIRST_ID 256
#define FLOW_TEMPLATE_FIELDS_MAX 48

/* A template of another shape has another id: FLOW_TEMPLATE_FIRST_ID + kind + these. */
#define FLOW_TEMPLATE_BIFLOW 4
#define FLOW_TEMPLATE_OWN 8

struct flow_template {
	struct template template; /* over fields: do not copy the struct */
	size_t bytes; /* of each record */
	struct field fields[FLOW_TEMPLATE_FIELDS_MAX];
};

/* variant: FLOW_TEMPLATE_BIFLOW and FLOW_TEMPLATE_OWN, or'ed. */
void flow_template_make_ipfix(struct flow_template *template, enum flow_kind kind, int variant);
void flow_template_make_netflow9(struct flow_template *template, enum flow_kind kind);

/* Which template a record needs. */
enum flow_kind flow_kind(const struct flow_key *key);

#endif
