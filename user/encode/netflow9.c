// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode: NetFlow v9 packets (RFC 3954), see dialect.h.
 *
 * The same templates as IPFIX, less what v9 has no words for: biflows, elements of our own,
 * statistics. Other than IPFIX's, its sequence number counts packets, its header counts records
 * (templates too), and times are relative to a boot time that the collector works out of the header:
 * UNIX Secs - sysUpTime. UNIX Secs are whole seconds, so sysUpTime is made to match them and not
 * the clock; otherwise every time would be off by the fraction that was dropped. They are rounded
 * up, so that no flow ends after the packet that tells of it.
 */
#include "encode/dialect.h"

#include <assert.h>
#include <string.h>

#include "encode/options_template.h"
#include "encode/set.h"
#include "encode/source.h"
#include "encode/uptime.h"
#include "lib/clock.h"

#define NETFLOW9_VERSION 9
#define HEADER_BYTES 20
#define SET_ALIGNMENT 4
#define TEMPLATE_SET 0
#define OPTIONS_TEMPLATE_SET 1

#define COUNT_OFFSET 2

static void netflow9_make_templates(struct export_session *session)
{
	session->template_count = FLOW_KINDS;
	for (int kind = 0; kind < FLOW_KINDS; kind++)
		flow_template_make_netflow9(&session->templates[kind], (enum flow_kind)kind);
}

/* --- packets and FlowSets --- */

static uint64_t boot_ms(const struct export_session *session, const struct message *message)
{
	return uptime_boot_ms(session->config.start_ms, message->export_ms);
}

static void begin_packet(const struct export_session *session, uint64_t realtime_ns,
			 struct message *message)
{
	struct writer *writer = &message->writer;

	message_begin(message, session, (realtime_ns + NS_PER_S - 1) / NS_PER_S * 1000);
	message->sequence_step = 1;
	wire_put_u16(writer, NETFLOW9_VERSION);
	wire_put_u16(writer, 0); /* the number of records */
	wire_put_u32(writer, (uint32_t)(message->export_ms - boot_ms(session, message)));
	wire_put_u32(writer, (uint32_t)(message->export_ms / 1000));
	wire_put_u32(writer, session->sequence);
	wire_put_u32(writer, session->config.observation_domain_id);
}

static void end_packet(struct message *message, size_t records)
{
	assert(!message->writer.overflow);
	wire_set_u16(&message->writer, COUNT_OFFSET, (uint16_t)records);
}

/* Sets are padded to whole 32-bit words (RFC 3954 section 5.3). */
static void end_padded_set(struct writer *writer, size_t begin)
{
	static const char zeros[SET_ALIGNMENT];

	writer_put(writer, zeros, -(writer->used - begin) % SET_ALIGNMENT);
	set_end(writer, begin);
}

/* --- flows --- */

static int netflow9_plan(const struct export_session *session, struct message_plan *plan,
			 const struct flow_record *record, size_t limit)
{
	enum flow_kind kind = flow_kind(&record->key);
	size_t bytes = plan->bytes ? plan->bytes : HEADER_BYTES;

	bytes += session->templates[kind].bytes;
	if (!(plan->templates & 1u << kind)) /* as if all padding there may be were needed */
		bytes += SET_HEADER_BYTES + SET_ALIGNMENT - 1;
	if (bytes > limit)
		return 0;
	plan->bytes = bytes;
	plan->templates |= 1u << kind;
	return 1;
}

static size_t encode_set(const struct export_session *session, const struct flow_record *records,
			 size_t count, enum flow_kind kind, struct message *message)
{
	const struct template *template = &session->templates[kind].template;
	struct field_source source = {.boot_ms = boot_ms(session, message)};
	size_t begin = 0, flows = 0;

	for (size_t i = 0; i < count; i++) {
		if (flow_kind(&records[i].key) != kind)
			continue;
		if (!flows++)
			begin = set_begin(&message->writer, template->id);
		source.record = &records[i];
		template_put_data(&message->writer, template, &source);
	}
	if (flows)
		end_padded_set(&message->writer, begin);
	return flows;
}

static void netflow9_encode_flows(const struct export_session *session,
				  const struct flow_record *records, size_t count,
				  uint64_t realtime_ns, struct message *message)
{
	begin_packet(session, realtime_ns, message);
	for (int kind = 0; kind < FLOW_KINDS; kind++)
		message->flow_records += (uint32_t)encode_set(session, records, count,
							      (enum flow_kind)kind, message);
	end_packet(message, message->flow_records);
}

/* --- options --- */

enum options_step {
	STEP_FLOW_TEMPLATES,
	STEP_OPTIONS_TEMPLATES,
	STEP_SAMPLING,
	STEP_INTERFACES,
	STEPS
};

static const struct template *const sampling_options[] = {&netflow9_sampling, &netflow9_interval};

static const struct template *const options[] = {
	&netflow9_sampling,
	&netflow9_interval,
	&netflow9_interface,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t count_items(const struct export_session *session, const struct export_report *report,
			  unsigned int wanted, unsigned int step)
{
	switch (step) {
	case STEP_FLOW_TEMPLATES:
		return wanted & OPTIONS_TEMPLATES ? session->template_count : 0;
	case STEP_OPTIONS_TEMPLATES:
		return wanted & OPTIONS_TEMPLATES ? COUNT(options) : 0;
	case STEP_SAMPLING:
		return wanted & OPTIONS_DATA ? COUNT(sampling_options) : 0;
	case STEP_INTERFACES:
		return wanted & OPTIONS_INTERFACES ? report->interface_count : 0;
	default:
		return 0;
	}
}

static void put_set(const struct export_session *session, const struct export_report *report,
		    const struct options_cursor *cursor, struct writer *writer)
{
	struct field_source source = {
		.report = report,
		.scope = session->config.observation_domain_id,
	};
	size_t begin;

	if (cursor->step == STEP_FLOW_TEMPLATES) {
		begin = set_begin(writer, TEMPLATE_SET);
		template_put_netflow9(writer, &session->templates[cursor->item].template);
	} else if (cursor->step == STEP_OPTIONS_TEMPLATES) {
		begin = set_begin(writer, OPTIONS_TEMPLATE_SET);
		template_put_netflow9(writer, options[cursor->item]);
	} else if (cursor->step == STEP_SAMPLING) {
		begin = set_begin(writer, sampling_options[cursor->item]->id);
		template_put_data(writer, sampling_options[cursor->item], &source);
	} else {
		source.interface = &report->interfaces[cursor->item];
		begin = set_begin(writer, netflow9_interface.id);
		template_put_data(writer, &netflow9_interface, &source);
	}
	end_padded_set(writer, begin);
}

/* Every template and every record of options_template.has a FlowSet to itself. */
static int netflow9_encode_options(const struct export_session *session,
				   const struct export_report *report, unsigned int wanted,
				   struct options_cursor *cursor, uint64_t realtime_ns,
				   struct message *message)
{
	struct writer *writer = &message->writer;
	size_t records = 0;

	if (!options_find(cursor, session, report, wanted, STEPS, count_items))
		return 0;
	begin_packet(session, realtime_ns, message);
	for (; options_find(cursor, session, report, wanted, STEPS, count_items);
	     cursor->item++, records++) {
		size_t used = writer->used;

		put_set(session, report, cursor, writer);
		if (writer->overflow) {
			writer->overflow = 0;
			writer->used = used;
			break;
		}
	}
	assert(records); /* an item that fits into no packet would be asked for forever */
	end_packet(message, records);
	return 1;
}

const struct dialect dialect_netflow9 = {
	.name = "NetFlow v9",
	.message_bytes = 1452, /* 1500 less the headers of IPv6 and UDP */
	.make_templates = netflow9_make_templates,
	.plan = netflow9_plan,
	.encode_flows = netflow9_encode_flows,
	.encode_options = netflow9_encode_options,
};
