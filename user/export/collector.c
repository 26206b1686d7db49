// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * encode -> export: the driver between records and a collector. What messages look like is a
 * dialect's business (encode/dialect.h), how they travel a transport's (transport.h); here is what
 * is sent when. Which protocols there are, and over what they go, is in collector_kinds.c.
 *
 * Records are collected until a message is full, or nothing more is queued; only then is the
 * message made. So if the session ends, or the path turns out to be narrower, while a message is
 * being sent, nothing is lost: it is made anew from the same records.
 *
 * Before any of its records a new session is introduced: templates, sampling, interface names,
 * statistics; over UDP twice, in case one gets lost. The same is repeated at the refresh interval,
 * and when the collector seems to have been restarted; but where nothing gets lost templates are
 * not, only what changes; and there, no record goes before all of the introduction has. The totals
 * are sent once more at the end.
 */
#include "export/collector.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/dialect.h"
#include "export/board.h"
#include "export/transport.h"
#include "lib/clock.h"
#include "lib/log.h"

#define RECORD_BYTES_MIN 48 /* shorter than any on the wire */
#define UNRELIABLE_INTRODUCTIONS 2
#define EVERYTHING (OPTIONS_TEMPLATES | OPTIONS_DATA | OPTIONS_INTERFACES)
#define NUDGE_NS (NS_PER_S / 2) /* between introductions of a collector that is not there */

/* Messages beside those of flows that are to be sent, and how far that has got. */
struct options_job {
	unsigned int wanted; /* OPTIONS_* */
	const struct report_interface *interfaces;
	size_t interface_count;
	struct options_cursor cursor;
};

struct collector {
	const struct dialect *dialect;
	const struct export_settings *settings;
	const struct export_identity *identity;
	struct transport *transport;
	struct export_session session;
	uint64_t begun; /* the transport's session that the sequence numbers are of */
	uint64_t introduced; /* that session, once it knows our templates */
	struct options_job introduction; /* of it */
	uint64_t refresh_ns; /* when to repeat them, CLOCK_MONOTONIC */
	uint64_t nudge_ns; /* not before this because of a nudge */
	int over; /* the transport has given up */
	int warned_unsupported;
	struct board_interfaces *interfaces; /* that the collector knows; NULL: none */

	/* Records of the next message: */
	struct message_plan plan;
	size_t count;
	size_t capacity;
	struct flow_record *records;
	unsigned char *parts; /* 1: the record is one of the exporter's; 0: a further part of one */

	char buffer[TRANSPORT_BYTES_MAX];
};

/* --- messages --- */

static void begin_message(struct collector *collector, struct message *message)
{
	writer_init(&message->writer, collector->buffer, collector->transport->message_bytes);
}

/* Hands the message over. 0: it is done with, sent or given up. Else as transport_type.send: it was
 * not sent, and must be made anew if it is still wanted. */
static int send_message(struct collector *collector, const struct message *message,
			const struct export_count *count, struct export_control *control)
{
	struct transport *transport = collector->transport;
	int err = transport->type->send(transport, message->writer.data, message->writer.used,
					count, control);

	if (err == -EMSGSIZE || err == -ENOTCONN || err == -ECANCELED)
		return err;
	if (err) {
		export_session_give_up(&collector->session, message);
		export_count_add(&control->outcome.lost, count);
		control->outcome.error = err;
	} else {
		export_session_commit(&collector->session, message);
	}
	return 0;
}

/*
 * As send_message, for a message without flows. Where nothing gets lost it must not be given up:
 * what comes next may need it. Elsewhere it is as if it had been lost on its way.
 */
static int send_options_message(struct collector *collector, const struct message *message,
				struct export_control *control)
{
	static const struct export_count none;
	struct transport *transport = collector->transport;
	int err = transport->type->send(transport, message->writer.data, message->writer.used,
					&none, control);

	if (err && (transport->type->reliable || err == -EMSGSIZE || err == -ENOTCONN ||
		    err == -ECANCELED))
		return err;
	transport->nudged |= err != 0;
	if (err)
		export_session_give_up(&collector->session, message);
	else
		export_session_commit(&collector->session, message);
	return 0;
}

/* --- what is not flows --- */

static void fill_report(const struct collector *collector, const struct export_control *control,
			struct export_report *report)
{
	const struct export_identity *identity = collector->identity;
	const struct transport *transport = collector->transport;
	struct export_meter meter = {0};

	if (identity->board)
		export_board_get_meter(identity->board, &meter);
	*report = (struct export_report){
		.process_id = identity->process_id,
		.sampling_interval = identity->sampling_interval,
		.start_ms = identity->start_ns / NS_PER_MS,
		.active_timeout_s = (uint16_t)(identity->active_timeout_ns / NS_PER_S),
		.idle_timeout_s = (uint16_t)(identity->idle_timeout_ns / NS_PER_S),
		.host = identity->host,
		.has_address = transport->has_address,
		.sent_messages = collector->session.sent_messages,
		.sent_records = collector->session.sent_records,
		.sent_octets = collector->session.sent_octets,
		.not_sent = {.flows = control->lost.records,
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
static int send_options(struct collector *collector, struct options_job *job,
			struct export_control *control)
{
	struct options_cursor next;
	struct export_report report;
	struct message message;
	int err = 0;

	if (!collector->dialect->encode_options)
		return 0;
	while (!err) {
		fill_report(collector, control, &report); /* totals have changed */
		report.interfaces = job->interfaces;
		report.interface_count = job->interface_count;
		begin_message(collector, &message);
		next = job->cursor;
		if (!collector->dialect->encode_options(&collector->session, &report, job->wanted,
							&next, clock_realtime_ns(), &message))
			break;
		err = send_options_message(collector, &message, control);
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
static int send_new_interfaces(struct collector *collector,
			       const struct board_interfaces *interfaces,
			       struct export_control *control)
{
	const struct board_interfaces *known = collector->interfaces;
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
		err = send_options(collector, &job, control);
	}
	return err;
}

/* With a reference; NULL: none are known. */
static struct board_interfaces *get_interfaces(const struct collector *collector)
{
	struct export_board *board = collector->identity->board;

	return board ? export_board_get_interfaces(board) : NULL;
}

/* Takes over the reference. */
static void remember_interfaces(struct collector *collector, struct board_interfaces *interfaces)
{
	board_interfaces_put(collector->interfaces);
	collector->interfaces = interfaces;
}

/* If the list of interfaces has changed, sends what has. */
static int follow_interfaces(struct collector *collector, struct export_control *control)
{
	struct board_interfaces *interfaces = get_interfaces(collector);
	int err = 0;

	if (!interfaces || interfaces == collector->interfaces) {
		board_interfaces_put(interfaces);
		return 0;
	}
	err = send_new_interfaces(collector, interfaces, control);
	if (err)
		board_interfaces_put(interfaces);
	else
		remember_interfaces(collector, interfaces);
	return err;
}

/* Everything of `wanted`, and all interfaces that collector->interfaces has. */
static struct options_job make_job(const struct collector *collector, unsigned int wanted)
{
	const struct board_interfaces *interfaces = collector->interfaces;

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
static int introduce_session(struct collector *collector, struct export_control *control)
{
	struct transport *transport = collector->transport;
	int reliable = transport->type->reliable, err = 0;
	uint64_t session = transport->session;

	if (session != collector->begun) {
		export_session_restart(&collector->session);
		remember_interfaces(collector, get_interfaces(collector));
		collector->introduction = make_job(collector, EVERYTHING);
		collector->begun = session;
	}
	transport->nudged = 0;
	for (int i = 0; i < (reliable ? 1 : UNRELIABLE_INTRODUCTIONS) && !err; i++) {
		if (!reliable)
			collector->introduction = make_job(collector, EVERYTHING);
		err = send_options(collector, &collector->introduction, control);
	}
	if (!err)
		collector->introduced = session;
	return err;
}

static int is_refresh_due(const struct collector *collector)
{
	uint64_t now_ns = clock_monotonic_ns();

	return now_ns >= collector->refresh_ns ||
	       (collector->transport->nudged && now_ns >= collector->nudge_ns);
}

static int refresh(struct collector *collector, struct export_control *control)
{
	struct transport *transport = collector->transport;
	struct options_job job;

	transport->nudged = 0;
	remember_interfaces(collector, get_interfaces(collector));
	job = make_job(collector,
		       transport->type->reliable ? OPTIONS_DATA | OPTIONS_INTERFACES : EVERYTHING);
	return send_options(collector, &job, control);
}

/* Says what is due in the session that is open. 0, or as transport_type.send: without that, no flow
 * must be sent. */
static int say_what_is_due(struct collector *collector, struct export_control *control)
{
	uint64_t now_ns = clock_monotonic_ns();
	int introducing = collector->transport->session != collector->introduced, err;

	if (!introducing && !is_refresh_due(collector)) {
		err = follow_interfaces(collector, control);
	} else {
		err = introducing ? introduce_session(collector, control)
				  : refresh(collector, control);
		collector->refresh_ns = now_ns + collector->settings->template_refresh_ns;
		collector->nudge_ns = now_ns + NUDGE_NS;
	}
	return introducing || err == -ENOTCONN || err == -ECANCELED ? err : 0;
}

/* Opens a session if there is none, and says in it what is due. 0; -ECANCELED: there will be no
 * session any more; another negative errno: no flow can be sent in it now. */
static int make_ready(struct collector *collector, struct export_control *control)
{
	struct transport *transport = collector->transport;
	int err;

	do {
		err = collector->over ? -ECANCELED : transport->type->open(transport, control);
		if (!err)
			err = say_what_is_due(collector, control);
		collector->over |= err == -ECANCELED;
	} while (err == -ENOTCONN);
	return err;
}

/* --- flows --- */

static struct export_count count_records(const struct collector *collector, size_t count)
{
	struct export_count sum = {0};

	for (size_t i = 0; i < count; i++) {
		sum.records += collector->parts[i];
		sum.packets += collector->records[i].packets;
		sum.octets += collector->records[i].octets;
	}
	return sum;
}

static void forget_records(struct collector *collector, size_t count)
{
	collector->count -= count;
	memmove(collector->records, collector->records + count,
		collector->count * sizeof(collector->records[0]));
	memmove(collector->parts, collector->parts + count, collector->count);
}

/* How many of the records fit into one message as long as the transport takes now. */
static size_t plan_message(const struct collector *collector)
{
	struct message_plan plan = {0};
	size_t count = 0;

	while (count < collector->count &&
	       collector->dialect->plan(&collector->session, &plan, &collector->records[count],
					collector->transport->message_bytes))
		count++;
	assert(count || !collector->count);
	return count;
}

/* Sends all records that were collected, or loses them. */
static void deliver(struct collector *collector, struct export_control *control)
{
	struct export_count count;
	struct message message;
	size_t planned;
	int err = 0;

	while (collector->count && !err) {
		err = make_ready(collector, control);
		if (err)
			break;
		planned = plan_message(collector);
		count = count_records(collector, planned);
		begin_message(collector, &message);
		collector->dialect->encode_flows(&collector->session, collector->records, planned,
						 clock_realtime_ns(), &message);
		err = send_message(collector, &message, &count, control);
		if (!err)
			forget_records(collector, planned);
		else if (err != -ECANCELED)
			err = 0; /* another message, or another session */
	}
	if (collector->count) {
		count = count_records(collector, collector->count);
		export_count_add(&control->outcome.lost, &count);
		control->outcome.error = collector->transport->is_open ? err : -ENOTCONN;
		collector->count = 0;
	}
	collector->plan = (struct message_plan){0};
}

static size_t message_bytes(const struct collector *collector)
{
	const struct transport *transport = collector->transport;

	return transport->session ? transport->message_bytes : transport->message_bytes_wanted;
}

static void add_record(struct collector *collector, const struct flow_record *record,
		       struct export_control *control)
{
	const struct dialect *dialect = collector->dialect;

	if (!dialect->plan(&collector->session, &collector->plan, record,
			   message_bytes(collector))) {
		deliver(collector, control);
		dialect->plan(&collector->session, &collector->plan, record,
			      message_bytes(collector));
	}
	assert(collector->count < collector->capacity);
	collector->parts[collector->count] = 1;
	collector->records[collector->count++] = *record;
}

/* A record that the dialect can only say in several. */
static void add_parts(struct collector *collector, const struct flow_record *record, size_t parts,
		      struct export_control *control)
{
	for (size_t i = 0; i < parts; i++) {
		struct flow_record part = *record;

		collector->dialect->cut(&part, i, parts);
		add_record(collector, &part, control);
		collector->parts[collector->count - 1] = i == 0;
	}
}

static void add_unsupported(struct collector *collector, const struct flow_record *record,
			    struct export_control *control)
{
	export_count_record(&control->outcome.unsupported, record);
	if (!collector->warned_unsupported)
		log_warning("export %s: %s cannot carry IPv6; flows of it are left out",
			    collector->settings->name, collector->dialect->name);
	collector->warned_unsupported = 1;
}

/* --- the driver --- */

void collector_send(void *self, const struct flow_record *records, size_t count,
		    struct export_control *control)
{
	struct collector *collector = self;

	for (size_t i = 0; i < count; i++) {
		size_t parts = collector->dialect->parts ? collector->dialect->parts(&records[i])
							 : 1;

		if (parts == 1)
			add_record(collector, &records[i], control);
		else if (parts)
			add_parts(collector, &records[i], parts, control);
		else
			add_unsupported(collector, &records[i], control);
	}
}

static void settle(struct collector *collector, struct export_control *control)
{
	struct transport *transport = collector->transport;

	if (transport->type->settle)
		transport->type->settle(transport, control);
}

void collector_flush(void *self, struct export_control *control)
{
	struct options_job totals = {.wanted = OPTIONS_DATA};
	struct collector *collector = self;
	struct transport *transport = collector->transport;

	deliver(collector, control);
	if (control->last && transport->is_open && transport->session == collector->introduced &&
	    !collector->over)
		send_options(collector, &totals, control);
	settle(collector, control);
}

uint64_t collector_next_ns(const void *self)
{
	const struct collector *collector = self;
	const struct transport *transport = collector->transport;
	uint64_t next_ns = collector->refresh_ns, transport_ns = UINT64_MAX;

	if (collector->over)
		return UINT64_MAX;
	if (transport->type->next_ns)
		transport_ns = transport->type->next_ns(transport);
	return transport_ns < next_ns ? transport_ns : next_ns;
}

void collector_tick(void *self, struct export_control *control)
{
	struct collector *collector = self;

	settle(collector, control);
	make_ready(collector, control);
}

void collector_destroy(void *self)
{
	struct collector *collector = self;

	if (collector->transport)
		collector->transport->type->destroy(collector->transport);
	board_interfaces_put(collector->interfaces);
	free(collector->records);
	free(collector->parts);
	free(collector);
}

void *collector_new(const struct dialect *dialect, const struct export_settings *settings,
		    const struct export_identity *identity, struct transport *transport,
		    char *error, size_t error_bytes)
{
	const struct dialect_config config = {
		.observation_domain_id = identity->observation_domain_id,
		.enterprise = settings->enterprise_number,
		.biflow = settings->biflow,
		.sampling_interval = identity->sampling_interval,
		.instance = identity->instance,
		.start_ms = identity->start_ns / NS_PER_MS,
	};
	struct collector *collector = calloc(1, sizeof(*collector));

	if (!collector) {
		snprintf(error, error_bytes, "out of memory");
		transport->type->destroy(transport);
		return NULL;
	}
	collector->dialect = dialect;
	collector->settings = settings;
	collector->identity = identity;
	collector->transport = transport;
	/* The reverse half of a biflow takes no room on the wire. */
	collector->capacity = 2 * (transport->message_bytes_wanted / RECORD_BYTES_MIN + 1);
	collector->records = calloc(collector->capacity, sizeof(collector->records[0]));
	collector->parts = calloc(collector->capacity, 1);
	if (!collector->records || !collector->parts) {
		snprintf(error, error_bytes, "out of memory");
		collector_destroy(collector);
		return NULL;
	}
	export_session_start(&collector->session, dialect, &config);
	return collector;
}
