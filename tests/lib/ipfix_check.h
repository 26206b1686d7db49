/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The strict IPFIX decoder of the tests: judges one Transport Session of one Exporting Process.
 *
 * In: the messages of the session, in the order in which they were sent, with the times of their
 * arrival. Out: a line of text for everything that is wrong with them, every decoded Data Record,
 * and at the end the sums with which a caller checks that nothing was lost. It judges by RFC 7011,
 * 5103, 5610, 5476 and 5477; by what IANA's registry says about values; by what goflow2 needs in
 * order not to lose or misread datagrams; and by some rules of our own where collectors are weaker
 * than the RFCs ("own rule").
 *
 * It trusts nothing: any octets are read within their bounds, and a session has at most
 * IPFIX_CHECK_DOMAINS_MAX domains, IPFIX_CHECK_TEMPLATES_MAX Templates with
 * IPFIX_CHECK_FIELDS_MAX fields and IPFIX_CHECK_DESCRIBED_MAX enterprise-specific elements; more
 * than that is a violation itself. Nothing is allocated per message or record.
 */
#ifndef FLOWPROBE_TESTS_IPFIX_CHECK_H
#define FLOWPROBE_TESTS_IPFIX_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "ipfix_types.h"

#define IPFIX_CHECK_DOMAINS_MAX 64
#define IPFIX_CHECK_TEMPLATES_MAX 512
#define IPFIX_CHECK_FIELDS_MAX 16384 /* also what fits in a message */
#define IPFIX_CHECK_DESCRIBED_MAX 256
#define IPFIX_NAME_BYTES 80
#define IPFIX_MESSAGE_BYTES_MAX 65535

enum ipfix_transport { IPFIX_OVER_UDP, IPFIX_OVER_TCP, IPFIX_IN_FILE };

/* One value of a Data Record. bytes are valid during the callback only. */
struct ipfix_value {
	uint32_t enterprise; /* 0: IANA's; IPFIX_REVERSE_ENTERPRISE: the other direction of one */
	uint16_t id;
	uint8_t type; /* enum ipfix_type */
	const char *name; /* of the element, of the forward one if reverse; NULL: not known */
	const uint8_t *bytes; /* as on the wire, without the length of a variable one */
	size_t size;
};

struct ipfix_record {
	uint32_t domain; /* Observation Domain ID */
	uint32_t export_time; /* of the message */
	uint16_t template_id;
	uint16_t scope_count; /* so many values at the start are the scope of an options record */
	int is_options;
	const struct ipfix_value *values;
	size_t count;
};

struct ipfix_check_config {
	enum ipfix_transport transport;
	uint32_t max_message_bytes; /* a longer one is a violation; 0: any */
	/*
	 * Over UDP: longest time between two transmissions of a Template whose data is sent (RFC
	 * 7011 8.4), and of the records of each Options Template (own rule: collectors restart).
	 * What the clocks and queues of a test add must be in it. 0: not checked.
	 */
	uint64_t template_refresh_ns;
	uint64_t options_refresh_ns;
	/*
	 * Not 0: the session may have been running already, so for this long after the first
	 * message Templates may be missing, and sequence numbers start anywhere.
	 */
	uint64_t late_start_ns;
	uint32_t enterprise; /* whose elements are expected, and must be described; 0: nobody's */
	int templates_once; /* own rule for streams: never send a Template again */
	void *arg; /* for the callbacks, any of which may be NULL */
	void (*violation)(void *arg, const char *line);
	void (*record)(void *arg, const struct ipfix_record *record);
};

/* What an Exporting Process says it has exported, RFC 7011 4.1; and what it really had. */
struct ipfix_exported {
	uint64_t messages;
	uint64_t flow_records;
	uint64_t octets; /* of messages */
};

struct ipfix_check_totals {
	uint64_t violations;
	uint64_t messages; /* with a header that is one */
	uint64_t octets_of_messages;
	uint64_t flow_records; /* described by Templates */
	uint64_t options_records; /* described by Options Templates */
	uint64_t template_records; /* of both kinds */
	/* Identical ones sent again: needed over UDP, and elsewhere no error (RFC 7011 8.1). */
	uint64_t template_retransmissions;
	uint64_t undecoded_sets; /* for want of their Template, at a late start only */
	uint64_t lost_records; /* that sequence numbers jumped over */

	/* Sums over flow records. */
	uint64_t octets; /* octetDeltaCount and so on */
	uint64_t packets;
	uint64_t reverse_octets;
	uint64_t reverse_packets;

	/* Last values in options records. */
	uint64_t ignored_packets; /* ignoredPacketTotalCount and so on */
	uint64_t ignored_octets;
	uint64_t not_sent_flows; /* notSentFlowTotalCount and so on */
	uint64_t not_sent_packets;
	uint64_t not_sent_octets;
	struct ipfix_exported reported; /* exportedMessageTotalCount and so on */
	struct ipfix_exported measured; /* in this session before that message */
};

struct ipfix_check;

/* Copies config. NULL: no memory. ipfix_check_free takes NULL too. */
struct ipfix_check *ipfix_check_new(const struct ipfix_check_config *config);
void ipfix_check_free(struct ipfix_check *check);

/*
 * One message, or what was sent as one; over UDP the whole payload of a datagram. In a File arrival
 * is ignored: messages arrive at their Export Time. Returns how many violations it added, each of
 * which went to config.violation as "message N octet O: what is wrong [by which rule]".
 */
uint64_t ipfix_check_message(struct ipfix_check *check, const uint8_t *bytes, size_t size,
			     uint64_t arrival_ns);

/* The end of the session: what could not be said before. No message may follow. */
uint64_t ipfix_check_finish(struct ipfix_check *check);

/* A violation that others than the decoder see, such as the reader of a stream. */
__attribute__((format(printf, 3, 4))) void
ipfix_check_note(struct ipfix_check *check, const char *rule, const char *format, ...);

const struct ipfix_check_totals *ipfix_check_totals(const struct ipfix_check *check);

/* Data Records of one (Options) Template ID so far, whatever Templates have had it. */
uint64_t ipfix_check_records(const struct ipfix_check *check, uint32_t domain,
			     uint16_t template_id);

/* The first value of the element in the record, or NULL. */
const struct ipfix_value *ipfix_record_find(const struct ipfix_record *record, uint32_t enterprise,
					    uint16_t id);

/* Of integers and what else is at most 8 octets; other values are 0. */
uint64_t ipfix_value_unsigned(const struct ipfix_value *value);

/*
 * IANA's name; "reverseOctetDeltaCount" as RFC 5103 section 6 and IANA spell it; the name that an
 * enterprise's element was described with; or "_ENTERPRISE_ID". In buffer or static.
 */
const char *ipfix_value_name(const struct ipfix_value *value, char buffer[IPFIX_NAME_BYTES]);

#endif
