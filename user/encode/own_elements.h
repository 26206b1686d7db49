/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: information elements of our own, for what IANA has none. They are exported only under an
 * enterprise number that the operator has configured, and then described by type records
 * (RFC 5610), which this table is the source of.
 */
#ifndef FLOWPROBE_OWN_ELEMENTS_H
#define FLOWPROBE_OWN_ELEMENTS_H

#include <stdint.h>

enum own_element_id {
	OWN_COMMUNITY_ID = 1,
	OWN_AGENT_INSTANCE_ID = 2,
	OWN_FLOW_RECORD_ID = 3,
	OWN_REVERSE_FLOW_RECORD_ID = 4,
};

#define OWN_ELEMENTS 4

struct own_element {
	uint16_t id;
	uint8_t data_type; /* IANA: IPFIX information element data types */
	uint8_t semantics; /* IANA: IPFIX information element semantics */
	const char *name;
	const char *description;
};

extern const struct own_element own_elements[OWN_ELEMENTS];

#endif
