/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: what a collector is told beside flows, and when: templates, sampling, interface names,
 * statistics. */
#ifndef FLOWPROBE_ANNOUNCER_H
#define FLOWPROBE_ANNOUNCER_H

#include <stddef.h>
#include <stdint.h>

#include "encode/dialect.h"
#include "export/driver.h"

struct board_interfaces;
struct transport;

/* Messages beside those of flows that are to be sent, and how far that has got. */
struct options_job {
	unsigned int wanted; /* OPTIONS_* */
	const struct report_interface *interfaces;
	size_t interface_count;
	struct options_cursor cursor;
};

struct announcer {
	/* Borrowed, and set by its owner; all else begins as 0: */
	const struct dialect *dialect;
	const struct export_settings *settings;
	const struct export_identity *identity;
	struct transport *transport;
	struct export_session *session;
	char *buffer; /* of TRANSPORT_BYTES_MAX, for one message */

	uint64_t begun; /* the transport's session that the sequence numbers are of */
	uint64_t introduced; /* that session, once it knows our templates */
	struct options_job introduction; /* of it */
	uint64_t refresh_ns; /* when to repeat them, CLOCK_MONOTONIC */
	uint64_t nudge_ns; /* not before this because of a nudge */
	struct board_interfaces *interfaces; /* that the collector knows; NULL: none */
};

/* Says what is due in the session that is open. 0, or as transport_type.send: without that, no flow
 * must be sent. */
int announcer_say_what_is_due(struct announcer *announcer, struct export_control *control);

/* What was said before is due again. */
void announcer_repeat(struct announcer *announcer);

/* Says the statistics once more, if the session has been introduced. */
void announcer_say_totals(struct announcer *announcer, struct export_control *control);

/* Lets go of what it holds. */
void announcer_close(struct announcer *announcer);

#endif
