/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A session for the tests of the IPFIX decoder: messages are built one after another, and what the
 * decoder says of them is kept until a test compares it, to the letter, with what it expects.
 *
 * Every message is handed over in a block of exactly its size, so that the sanitizer sees an octet
 * read beyond it. What goes wrong fails the running cmocka test, and so does a violation that no
 * test asked for.
 */
#ifndef FLOWPROBE_TESTS_IPFIX_FIXTURE_H
#define FLOWPROBE_TESTS_IPFIX_FIXTURE_H

#include <stdint.h>

#include "ipfix_builder.h"
#include "ipfix_check.h"

#define IPFIX_FIXTURE_TIME 1700000000u /* Export Time of the first message, and its arrival */
#define IPFIX_FIXTURE_DOMAIN 7
#define IPFIX_FIXTURE_ENTERPRISE 32473 /* for documentation (RFC 5612) */
#define IPFIX_FIXTURE_SAMPLING 300 /* Options Template of ipfix_fixture_open */
#define IPFIX_FIXTURE_FLOW 256 /* Template of ipfix_fixture_put_flow_template */
#define IPFIX_FIXTURE_LINES 16
#define IPFIX_FIXTURE_LINE_BYTES 256
#define IPFIX_FIXTURE_SECOND_NS 1000000000ull

struct ipfix_fixture {
	struct ipfix_check *check;
	struct ipfix_builder builder;
	/* Of the next message; a test may change them. */
	uint32_t export_time;
	uint32_t sequence; /* goes on with ipfix_fixture_send */
	uint32_t domain;
	uint64_t arrival_ns;

	char lines[IPFIX_FIXTURE_LINES][IPFIX_FIXTURE_LINE_BYTES];
	unsigned int line_count;

	/* The records that were delivered: how many, and the numbers in the last one. */
	unsigned int record_count;
	struct ipfix_record last; /* without values */
	uint64_t last_numbers[IPFIX_FIXTURE_LINES];
};

/*
 * A decoder with an enterprise, for a session over UDP unless config says otherwise (NULL: the
 * usual one). ipfix_fixture_open has sent the first message already: samplingInterval, which every
 * session needs. Closing checks that there is nothing left to complain about.
 */
void ipfix_fixture_open_silent(struct ipfix_fixture *fixture,
			       const struct ipfix_check_config *config);
void ipfix_fixture_open(struct ipfix_fixture *fixture, const struct ipfix_check_config *config);
void ipfix_fixture_close(struct ipfix_fixture *fixture);

/* Begins a message in the builder, with the first Set. */
void ipfix_fixture_begin(struct ipfix_fixture *fixture, uint16_t set_id);

/* Ends the message and lets the decoder have it; so many records were in it. */
void ipfix_fixture_send(struct ipfix_fixture *fixture, uint32_t records);

/* The same, with the message as it is in the builder. */
void ipfix_fixture_send_raw(struct ipfix_fixture *fixture, uint32_t records);

/* Exactly these lines, up to NULL, were said since the last call. */
__attribute__((sentinel)) void ipfix_fixture_expect(struct ipfix_fixture *fixture, ...);

/* Into the open Set: the Options Template and a record for the sampling interval. */
void ipfix_fixture_put_sampling_template(struct ipfix_fixture *fixture);
void ipfix_fixture_put_sampling(struct ipfix_fixture *fixture, uint32_t interval);

/* The same for an IPv4 flow of 60 octets that ended at Export Time. */
void ipfix_fixture_put_flow_template(struct ipfix_fixture *fixture);
void ipfix_fixture_put_flow(struct ipfix_fixture *fixture);

#endif
