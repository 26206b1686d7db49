/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode: what IPFIX, NetFlow v9 and NetFlow v5 have in common, so that one exporter serves all
 * three.
 *
 * A session is the state of one exporting towards one collector: templates, sequence numbers,
 * totals. The functions are pure: records and the time go in, one message comes out in a bounded
 * writer, and nothing in the session changes until the message is committed, which is done when it
 * was sent, or when it was given up: the gap in the sequence then tells the collector. A message
 * that must be made anew, because the path turned out to be narrower or the connection was lost, is
 * simply not committed.
 */
#ifndef FLOWPROBE_DIALECT_H
#define FLOWPROBE_DIALECT_H

#include <stddef.h>
#include <stdint.h>

#include "encode/flow_template.h"
#include "encode/report.h"
#include "encode/writer.h"
#include "flow/record.h"

/* What messages and sessions are made with; fixed as long as the exporter lives. */
struct dialect_config {
	uint32_t observation_domain_id;
	uint32_t enterprise; /* IPFIX: number of our own elements; 0: none are exported */
	int biflow; /* IPFIX: pairs of records become one */
	uint32_t sampling_interval;
	uint64_t instance;
	uint64_t start_ms; /* CLOCK_REALTIME of the agent's start */
};

#define SESSION_TEMPLATES (2 * FLOW_KINDS) /* uniflows, biflows */

struct export_session {
	struct dialect_config config;
	struct flow_template templates[SESSION_TEMPLATES];
	size_t template_count;
	uint32_t sequence; /* of the next message; IPFIX: in the observation domain of flows */
	uint32_t process_sequence; /* IPFIX: in observation domain 0, if that is another one */
	uint64_t export_ms; /* CLOCK_REALTIME of the latest message; the next has no earlier one */
	uint64_t sent_messages;
	uint64_t sent_records; /* flow records */
	uint64_t sent_octets; /* of messages */
	uint64_t unknown_interfaces; /* NetFlow v5: interface indexes that did not fit */
};

/* How far a message is filled with records that were not encoded yet; zero: empty. */
struct message_plan {
	size_t bytes;
	unsigned int templates; /* bit i: templates[i] has a set of its own */
	int half; /* the record planned last is the forward half of a biflow */
};

struct message {
	struct writer writer; /* initialised by the caller; then holds the whole message */
	uint32_t sequence_step; /* what it adds to the sequence number */
	uint32_t flow_records;
	uint32_t unknown_interfaces;
	int process_sequence; /* it is counted by that sequence */
	uint64_t export_ms;
};

/* Which messages beside those of flows are wanted. */
#define OPTIONS_TEMPLATES 1 /* templates and options templates */
#define OPTIONS_DATA 2 /* what the options templates are for, but interfaces */
#define OPTIONS_INTERFACES 4

/* Where encode_options has got to; zero to begin with. */
struct options_cursor {
	unsigned int step;
	size_t item;
};

/* Every flow record and every item of options fits into a message of this size. */
#define MESSAGE_BYTES_MIN 512

struct dialect {
	const char *name;
	size_t message_bytes; /* the most that makes sense where nothing else limits it */

	/* Fills in session->templates. NULL: there are none. */
	void (*make_templates)(struct export_session *session);

	/* Into how many records a record must be cut; 0: this protocol cannot say it at all. NULL:
	 * 1. */
	size_t (*parts)(const struct flow_record *record);
	/* Makes part number `part` of `parts` of the record out of the record. */
	void (*cut)(struct flow_record *record, size_t part, size_t parts);

	/* 1, and the plan changes, if the record fits into a message of at most `limit` bytes with
	 * what is planned already; else 0. */
	int (*plan)(const struct export_session *session, struct message_plan *plan,
		    const struct flow_record *record, size_t limit);

	/* Makes a message of records that were all planned, in that order, into an empty writer
	 * with room for what was planned. */
	void (*encode_flows)(const struct export_session *session,
			     const struct flow_record *records, size_t count, uint64_t realtime_ns,
			     struct message *message);

	/*
	 * Makes the next of the messages that `wanted` (OPTIONS_*) takes, as full as the empty
	 * writer allows, and returns 1; or 0: there are no more. NULL: there are none.
	 */
	int (*encode_options)(const struct export_session *session,
			      const struct export_report *report, unsigned int wanted,
			      struct options_cursor *cursor, uint64_t realtime_ns,
			      struct message *message);
};

extern const struct dialect dialect_ipfix;
extern const struct dialect dialect_netflow9;
extern const struct dialect dialect_netflow5;

/* The session must stay where it is: its templates point into it. */
void export_session_start(struct export_session *session, const struct dialect *dialect,
			  const struct dialect_config *config);

/* A new transport session with the same collector: the sequence begins again, totals go on. */
void export_session_restart(struct export_session *session);

/*
 * 1: the clock was set back, to now_ms, by more than is worth holding the export time for, and the
 * session follows it. What the collector knows it knows of a later time: templates must be sent
 * again before data (RFC 7011 section 8.2), or in a transport session of their own.
 */
int export_session_follow_clock(struct export_session *session, uint64_t now_ms);

/* The message was sent. */
void export_session_commit(struct export_session *session, const struct message *message);

/* The message was given up: it is in no total, but the gap in the sequence tells the collector. */
void export_session_give_up(struct export_session *session, const struct message *message);

/* --- for the dialects --- */

/* Resets everything but the writer, and decides on the export time. */
void message_begin(struct message *message, const struct export_session *session, uint64_t now_ms);

/* How many items a step of encode_options has. */
typedef size_t options_count(const struct export_session *session,
			     const struct export_report *report, unsigned int wanted,
			     unsigned int step);

/* Moves the cursor on to the next item there is, if it is not at one; 0: there is none. */
int options_find(struct options_cursor *cursor, const struct export_session *session,
		 const struct export_report *report, unsigned int wanted, unsigned int steps,
		 options_count *count);

#endif
