/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: what an exporter says of itself and of its host beside flow records, in IPFIX's and
 * NetFlow v9's options. Plain data, filled in by the exporter before it encodes; all texts are
 * borrowed.
 */
#ifndef FLOWPROBE_REPORT_H
#define FLOWPROBE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "flow/record.h"

#define REPORT_DESCRIPTION_BYTES 256 /* IFALIASZ */

struct report_interface {
	uint32_t ifindex;
	char name[FLOW_IF_NAME_BYTES];
	char description
		[REPORT_DESCRIPTION_BYTES]; /* the administrator's alias, or the name again */
};

/* Something that was lost, or never looked at, since the start: how much and when. */
struct report_loss {
	uint64_t flows;
	uint64_t packets;
	uint64_t octets;
	uint64_t first_ms; /* CLOCK_REALTIME of the first and last loss; 0: there was none */
	uint64_t last_ms;
};

struct export_report {
	/* fixed at start */
	uint32_t process_id;
	uint32_t sampling_interval; /* 1-in-N, 1: all packets */
	uint64_t start_ms; /* CLOCK_REALTIME of the agent's start */
	uint16_t active_timeout_s;
	uint16_t idle_timeout_s;
	const char *host;

	/* of this exporter and its collector */
	uint8_t exporter_address[16]; /* network order, IPv4 mapped */
	int has_address;
	uint64_t sent_messages;
	uint64_t sent_records; /* flow records, not options */
	uint64_t sent_octets; /* of messages */
	struct report_loss not_sent;

	/* of the metering process */
	uint64_t observed_flows;
	struct report_loss ignored; /* IP packets seen but in no flow; flows is 0 */

	const struct report_interface *interfaces;
	size_t interface_count;
};

#endif
