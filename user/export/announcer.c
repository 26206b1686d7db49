// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: what a collector is told beside flows, see announcer.h.
 *
 * A new session is introduced: templates, sampling, interface names, statistics; over UDP twice, in
 * case one gets lost. The same is repeated at the refresh interval, and when the collector seems to
 * have been restarted; but where nothing gets lost templates are not, only what changes; and there,
 * no record goes before all of the introduction has. The totals are sent once more at the end.
 */
#include "export/announcer.h"

#include <errno.h>
#include <string.h>

#include "export/board.h"
#include "export/transport.h"
#include "lib/clock.h"

#define UNRELIABLE_INTRODUCTIONS 2
#define EVERYTHING (OPTIONS_TEMPLATES | OPTIONS_DATA | OPTIONS_INTERFACES)
#define NUDGE_NS (NS_PER_S / 2) /* between introductions of a collector that is not there */

/* --- messages --- */

/*
 * Hands over a message without flows. 0: it is done with; else as transport_type.send. Where nothing
 * gets lost it must not be given up: what comes next may need it. Elsewhere it is as if it had been
 * lost on its way.
 */
static int send_options_message(struct announcer *announcer, const struct message *message,
				struct export_control *control)
{
	static const struct export_count none;
	struct transport *transport = announcer->transport;
	int err = transport->type->send(transport, message->writer.data, message->writer.used,
					&none, control);

	if (err && (transport->type->reliable || err == -EMSGSIZE || err == -ENOTCONN ||
		    err == -ECANCELED))
		return err;
	transport->nudged |= err != 0;
	if (err) {
		export_session_give_up(announcer->session, message);
	} else {
		export_session_commit(announcer->session, message);
		export_count_batch(control, message->writer.used);
	}
	return 0;
}

/* As of now: the call under way may be one that has waited for the collector for hours. */
static void fill_report(const struct announcer *announcer, struct export_control *control,
			struct export_report *report)
{
	const struct export_identity *identity = announcer->identity;
	const struct transport *transport = announcer->transport;
	struct export_meter meter = {0};
	uint64_t halves;

	if (identity->board)
		export_board_get_meter(identity->board, &meter);
	export_update_lost(control);
	halves = announcer->settings->biflow ? control->lost.halves : 0;
	*report = (struct export_report){
		.process_id = identity->process_id,
		.sampling_interval = identity->sampling_interval,
		.start_ms = identity->start_ns / NS_PER_MS,
		.active_timeout_s = (uint16_t)(identity->active_timeout_ns / NS_PER_S),
		.idle_timeout_s = (uint16_t)(identity->idle_timeout_ns / NS_PER_S),
		.host = identity->host,
		.has_address = transport->has_address,
		.sent_messages = announcer->session->sent_messages,
		.sent_records = announcer->session->sent_records,
		.sent_octets = announcer->session->sent_octets,
		/* A pair is one record in what was sent, so it is one here. */
		.not_sent = {.flows = control->lost.records - halves,
			     .packets = control->lost.packets,
			     .octets = control->lost.octets,
			     .first_ms = control->first_lost_ns / NS_PER_MS,
			     .last_ms = control->last_lost_ns / NS_PER_MS},
		.observed_flows = meter.observed_flows,
		.ignored = meter.ignored,
	};
	memcpy(report->exporter_address, transport->address, sizeof(report->exporter_address));
}

/* Does the rest of the job. 0, or as transport_type.send: it can be gone on with. */
static int send_options(struct announcer *announcer, struct options_job *job,
			struct export_control *control)
{
	struct options_cursor next;
	struct export_report report;
	struct message message;
	int err = 0;

	if (!announcer->dialect->encode_options)
		return 0;
	while (!err) {
		fill_report(announcer, control, &report); /* totals have changed */
		report.interfaces = job->interfaces;
		report.interface_count = job->interface_count;
		writer_init(&message.writer, announcer->buffer,
			    announcer->transport->message_bytes);
		next = job->cursor;
		if (!announcer->dialect->encode_options(announcer->session, &report, job->wanted,
							&next, clock_realtime_ns(), &message))
			break;
		err = send_options_message(announcer, &message, control);
		if (!err)
			job->cursor = next;
		else if (err == -EMSGSIZE)
			err = 0;
	}
	return err;
}

static int is_same_interface(const struct report_interface *a, const struct report_interface *b)
{
	return a->ifindex == b->ifindex && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->description, b->description) == 0;
}

/* Sends those of the list that the collector does not know yet; both are sorted by ifindex. */
static int send_new_interfaces(struct announcer *announcer,
			       const struct board_interfaces *interfaces,
			       struct export_control *control)
{
	const struct board_interfaces *known = announcer->interfaces;
	size_t known_count = known ? known->count : 0, old = 0, i;
	int err = 0;

	for (i = 0; i < interfaces->count && !err; i++) {
		const struct report_interface *item = &interfaces->items[i];
		struct options_job job = {
			.wanted = OPTIONS_INTERFACES,
			.interfaces = item,
			.interface_count = 1,
		};

		while (old < known_count && known->items[old].ifindex < item->ifindex)
			old++;
		if (old < known_count && is_same_interface(&known->items[old], item))
			continue;
		err = send_options(announcer, &job, control);
	}
	return err;
}

/* With a reference; NULL: none are known. */
static struct board_interfaces *get_interfaces(const struct announcer *announcer)
{
	struct export_board *board = announcer->identity->board;

	return board ? export_board_get_interfaces(board) : NULL;
}

/* Takes over the reference. */
static void remember_interfaces(struct announcer *announcer, struct board_interfaces *interfaces)
{
	board_interfaces_put(announcer->interfaces);
	announcer->interfaces = interfaces;
}

/* If the list of interfaces has changed, sends what has. */
static int follow_interfaces(struct announcer *announcer, struct export_control *control)
{
	struct board_interfaces *interfaces = get_interfaces(announcer);
	int err = 0;

	if (!interfaces || interfaces == announcer->interfaces) {
		board_interfaces_put(interfaces);
		return 0;
	}
	err = send_new_interfaces(announcer, interfaces, control);
	if (err)
		board_interfaces_put(interfaces);
	else
		remember_interfaces(announcer, interfaces);
	return err;
}

/* Everything of `wanted`, and all interfaces that announcer->interfaces has. */
static struct options_job make_job(const struct announcer *announcer, unsigned int wanted)
{
	const struct board_interfaces *interfaces = announcer->interfaces;

	return (struct options_job){
		.wanted = wanted,
		.interfaces = interfaces ? interfaces->items : NULL,
		.interface_count = interfaces ? interfaces->count : 0,
	};
}

/*
 * Of a session that has just begun; or, if that failed the last time, goes on: where nothing gets
 * lost nothing must be repeated, elsewhere all of it may be.
 */
static int introduce_session(struct announcer *announcer, struct export_control *control)
{
	struct transport *transport = announcer->transport;
	int reliable = transport->type->reliable, err = 0;
	uint64_t session = transport->session;

	if (session != announcer->begun) {
		export_session_restart(announcer->session);
		remember_interfaces(announcer, get_interfaces(announcer));
		announcer->introduction = make_job(announcer, EVERYTHING);
		announcer->begun = session;
	}
	transport->nudged = 0;
	for (int i = 0; i < (reliable ? 1 : UNRELIABLE_INTRODUCTIONS) && !err; i++) {
		if (!reliable)
			announcer->introduction = make_job(announcer, EVERYTHING);
		err = send_options(announcer, &announcer->introduction, control);
	}
	if (!err)
		announcer->introduced = session;
	return err;
}

static int is_refresh_due(const struct announcer *announcer)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= announcer->refresh_ns ||
	       (announcer->transport->nudged && now_ns >= announcer->nudge_ns);
}

static int refresh(struct announcer *announcer, struct export_control *control)
{
	struct transport *transport = announcer->transport;
	struct options_job job;

	transport->nudged = 0;
	remember_interfaces(announcer, get_interfaces(announcer));
	job = make_job(announcer,
		       transport->type->reliable ? OPTIONS_DATA | OPTIONS_INTERFACES : EVERYTHING);
	return send_options(announcer, &job, control);
}

int announcer_say_what_is_due(struct announcer *announcer, struct export_control *control)
{
	uint64_t now_ns = clock_monotonic_ns();
	int introducing = announcer->transport->session != announcer->introduced, err;

	if (!introducing && !is_refresh_due(announcer)) {
		err = follow_interfaces(announcer, control);
	} else {
		err = introducing ? introduce_session(announcer, control)
				  : refresh(announcer, control);
		announcer->refresh_ns = now_ns + announcer->settings->template_refresh_ns;
		announcer->nudge_ns = now_ns + NUDGE_NS;
	}
	return introducing || err == -ENOTCONN || err == -ECANCELED ? err : 0;
}

void announcer_repeat(struct announcer *announcer)
{
	announcer->refresh_ns = 0;
}

void announcer_say_totals(struct announcer *announcer, struct export_control *control)
{
	struct options_job totals = {.wanted = OPTIONS_DATA};
	const struct transport *transport = announcer->transport;

	if (transport->is_open && transport->session == announcer->introduced)
		send_options(announcer, &totals, control);
}

void announcer_close(struct announcer *announcer)
{
	remember_interfaces(announcer, NULL);
}
