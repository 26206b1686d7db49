/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* encode: what the fields of a template are filled from. Each table names the parts it needs. */
#ifndef FLOWPROBE_SOURCE_H
#define FLOWPROBE_SOURCE_H

#include <stdint.h>

#include "encode/report.h"
#include "flow/record.h"

struct own_element;

struct field_source {
	const struct flow_record
		*record; /* flows; in the reverse fields of a biflow, its reverse */
	const struct flow_record *reverse; /* biflows */
	uint64_t instance; /* own elements; see struct export_identity */
	uint64_t boot_ms; /* NetFlow v9: CLOCK_REALTIME at sysUpTime 0 */
	const struct export_report *report; /* options, like all below */
	const struct report_interface *interface;
	const struct own_element *element;
	uint32_t scope;
};

#endif
