// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: what the protocols of dialect.h do alike. */
#include "encode/dialect.h"

#include <string.h>

#define STEP_MS 2000 /* one second, and as much as NetFlow v9 rounds up */

void export_session_start(struct export_session *session, const struct dialect *dialect,
			  const struct dialect_config *config)
{
	memset(session, 0, sizeof(*session));
	session->config = *config;
	if (dialect->make_templates)
		dialect->make_templates(session);
}

void export_session_restart(struct export_session *session)
{
	session->sequence = 0;
	session->process_sequence = 0;
}

int export_session_follow_clock(struct export_session *session, uint64_t now_ms)
{
	if (session->export_ms <= now_ms + STEP_MS)
		return 0;
	session->export_ms = 0;
	return 1;
}

void export_session_give_up(struct export_session *session, const struct message *message)
{
	if (message->process_sequence)
		session->process_sequence += message->sequence_step;
	else
		session->sequence += message->sequence_step;
	session->export_ms = message->export_ms;
}

void export_session_commit(struct export_session *session, const struct message *message)
{
	export_session_give_up(session, message);
	session->sent_messages++;
	session->sent_records += message->flow_records;
	session->sent_octets += message->writer.used;
	session->unknown_interfaces += message->unknown_interfaces;
}

void message_begin(struct message *message, const struct export_session *session, uint64_t now_ms)
{
	message->sequence_step = 0;
	message->flow_records = 0;
	message->unknown_interfaces = 0;
	message->process_sequence = 0;
	message->export_ms = now_ms > session->export_ms ? now_ms : session->export_ms;
}

int options_find(struct options_cursor *cursor, const struct export_session *session,
		 const struct export_report *report, unsigned int wanted, unsigned int steps,
		 options_count *count)
{
	for (; cursor->step < steps; cursor->step++, cursor->item = 0) {
		if (cursor->item < count(session, report, wanted, cursor->step))
			return 1;
	}
	return 0;
}
