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
 * Before any of its records a new session is introduced, which is announcer.c's business.
 *
 * When the clock is set back by more than a moment, export times go back with it, or they would
 * stand still until the clock has caught up. In a stream they must not, so another session begins;
 * elsewhere what was said before the flows is said again. An IPFIX File is one session, whose times
 * ascend (RFC 5655): there they do stand still.
 */
#include "export/collector.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encode/dialect.h"
#include "export/announcer.h"
#include "export/transport.h"
#include "lib/clock.h"
#include "lib/log.h"

#define RECORD_BYTES_MIN 48 /* shorter than any on the wire */

struct collector {
	const struct dialect *dialect;
	const struct export_settings *settings;
	struct transport *transport;
	struct export_session session;
	struct announcer announcer;
	int over; /* the transport has given up */
	int warned_unsupported;
	int warned_interfaces;

	/* Records of the next message: */
	struct message_plan plan;
	size_t count;
	size_t capacity;
	struct flow_record *records;
	unsigned char *parts; /* 1: the record is one of the exporter's; 0: a further part of one */

	char buffer[TRANSPORT_BYTES_MAX];
};

/* --- messages --- */

static void note_unknown_interfaces(struct collector *collector, const struct message *message,
				    struct export_control *control)
{
	control->outcome.unknown_interfaces += message->unknown_interfaces;
	if (message->unknown_interfaces && !collector->warned_interfaces) {
		log_warning("export %s: %s cannot carry interface numbers above 65535; they are "
			    "sent as 0, unknown; use netflow9 or ipfix to have them",
			    collector->settings->name, collector->dialect->name);
		collector->warned_interfaces = 1;
	}
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
		export_count_batch(control, message->writer.used);
		note_unknown_interfaces(collector, message, control);
	}
	return 0;
}

/* 0; or -ENOTCONN: the session is over, because time has gone back. */
static int follow_clock(struct collector *collector, struct export_control *control)
{
	struct transport *transport = collector->transport;
	const struct transport_type *type = transport->type;
	int has_begun = collector->announcer.begun == transport->session;

	if (has_begun && type->reliable && !type->end)
		return 0;
	if (!export_session_follow_clock(&collector->session, clock_realtime_ns() / NS_PER_MS) ||
	    !has_begun)
		return 0;
	log_info("export %s: the clock was set back; templates are sent again",
		 collector->settings->name);
	if (!type->reliable) {
		announcer_repeat(&collector->announcer);
		return 0;
	}
	type->end(transport, control);
	return -ENOTCONN;
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
			err = follow_clock(collector, control);
		if (!err)
			err = announcer_say_what_is_due(&collector->announcer, control);
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
		sum.halves += collector->parts[i] &&
			      collector->records[i].biflow == FLOW_BIFLOW_REVERSE;
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
		writer_init(&message.writer, collector->buffer,
			    collector->transport->message_bytes);
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
	struct collector *collector = self;

	deliver(collector, control);
	if (control->last && !collector->over)
		announcer_say_totals(&collector->announcer, control);
	settle(collector, control);
}

uint64_t collector_next_ns(const void *self)
{
	const struct collector *collector = self;
	const struct transport *transport = collector->transport;
	uint64_t next_ns = collector->announcer.refresh_ns, transport_ns = UINT64_MAX;

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
	announcer_close(&collector->announcer);
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
	collector->transport = transport;
	collector->announcer = (struct announcer){
		.dialect = dialect,
		.settings = settings,
		.identity = identity,
		.transport = transport,
		.session = &collector->session,
		.buffer = collector->buffer,
	};
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
