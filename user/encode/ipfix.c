// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * record -> encode: IPFIX messages (RFC 7011), see dialect.h.
 *
 * A message of flows has one set for each template that occurs in it. Records are sorted into sets
 * only when the message is made; until then it is enough to know how long it will be.
 *
 * Statistics of the processes go into observation domain 0, which stands for the exporter as a whole
 * (RFC 7011 section 3.1), everything else into the configured one. The two have sequence numbers of
 * their own. They may be the same domain; then there is one sequence.
 *
 * Order of a new session: what our own elements are, because libfixbuf looks them up when it meets
 * them in a template; then templates and options templates, before any other data; of that the
 * sampling rate first, because a collector that meets flows before it takes it for unknown, or for
 * 1. An options template has a set to itself: nfacctd 1.7.7 takes two in one set for malformed.
 */
#include "encode/dialect.h"

#include <assert.h>
#include <string.h>

#include "encode/options_template.h"
#include "encode/own_elements.h"
#include "encode/set.h"
#include "encode/source.h"
#include "lib/clock.h"

#define IPFIX_VERSION 10
#define HEADER_BYTES 16
#define TEMPLATE_SET 2
#define OPTIONS_TEMPLATE_SET 3
#define PROCESS_DOMAIN 0 /* of the exporter as a whole */

#define LENGTH_OFFSET 2

static void ipfix_make_templates(struct export_session *session)
{
	int variant = session->config.enterprise ? FLOW_TEMPLATE_OWN : 0;

	for (int kind = 0; kind < FLOW_KINDS; kind++) {
		flow_template_make_ipfix(&session->templates[kind], (enum flow_kind)kind, variant);
		flow_template_make_ipfix(&session->templates[FLOW_KINDS + kind],
					 (enum flow_kind)kind, variant | FLOW_TEMPLATE_BIFLOW);
	}
	session->template_count = session->config.biflow ? SESSION_TEMPLATES : FLOW_KINDS;
}

static void begin_message(const struct export_session *session, uint64_t realtime_ns,
			  uint32_t domain, struct message *message)
{
	struct writer *writer = &message->writer;

	message_begin(message, session, realtime_ns / NS_PER_MS);
	message->process_sequence = domain != session->config.observation_domain_id;
	wire_put_u16(writer, IPFIX_VERSION);
	wire_put_u16(writer, 0); /* the length */
	wire_put_u32(writer, (uint32_t)(message->export_ms / 1000));
	wire_put_u32(writer,
		     message->process_sequence ? session->process_sequence : session->sequence);
	wire_put_u32(writer, domain);
}

static void end_message(struct message *message)
{
	assert(!message->writer.overflow);
	wire_set_u16(&message->writer, LENGTH_OFFSET, (uint16_t)message->writer.used);
}

/* --- flows --- */

static int ipfix_plan(const struct export_session *session, struct message_plan *plan,
		      const struct flow_record *record, size_t limit)
{
	int half = session->config.biflow && record->biflow == FLOW_BIFLOW_FORWARD;
	unsigned int template = flow_kind(&record->key) + (half ? FLOW_KINDS : 0);
	size_t bytes = plan->bytes ? plan->bytes : HEADER_BYTES;

	if (plan->half && record->biflow == FLOW_BIFLOW_REVERSE) {
		plan->half = 0; /* counted together with its other half */
		return 1;
	}
	bytes += session->templates[template].bytes;
	if (!(plan->templates & 1u << template))
		bytes += SET_HEADER_BYTES;
	if (bytes > limit)
		return 0;
	plan->bytes = bytes;
	plan->templates |= 1u << template;
	plan->half = half;
	return 1;
}

/* Whether records[i] goes together with the next one. */
static int is_biflow(const struct export_session *session, const struct flow_record *records,
		     size_t count, size_t i)
{
	return session->config.biflow && records[i].biflow == FLOW_BIFLOW_FORWARD &&
	       i + 1 < count && records[i + 1].biflow == FLOW_BIFLOW_REVERSE;
}

static void encode_set(const struct export_session *session, const struct flow_record *records,
		       size_t count, unsigned int template, struct message *message)
{
	const struct template *fields = &session->templates[template].template;
	struct field_source source = {.instance = session->config.instance};
	size_t begin = 0, flows = 0;

	for (size_t i = 0; i < count; i++) {
		int biflow = is_biflow(session, records, count, i);

		if (flow_kind(&records[i].key) + (biflow ? FLOW_KINDS : 0) == template) {
			if (!flows)
				begin = set_begin(&message->writer, fields->id);
			source.record = &records[i];
			source.reverse = biflow ? &records[i + 1] : NULL;
			template_put_data(&message->writer, fields, &source);
			flows++;
		}
		i += (size_t)biflow;
	}
	if (flows)
		set_end(&message->writer, begin);
	message->sequence_step += (uint32_t)flows;
	message->flow_records += (uint32_t)flows;
}

static void ipfix_encode_flows(const struct export_session *session,
			       const struct flow_record *records, size_t count,
			       uint64_t realtime_ns, struct message *message)
{
	begin_message(session, realtime_ns, session->config.observation_domain_id, message);
	for (unsigned int i = 0; i < session->template_count; i++)
		encode_set(session, records, count, i, message);
	end_message(message);
}

/* --- options --- */

/* What a step puts into a message: one set of one record, but for flow templates and interfaces,
 * of which there are several. */
enum options_step {
	STEP_ELEMENT_TEMPLATE,
	STEP_ELEMENTS,
	STEP_FLOW_TEMPLATES,
	STEP_OPTIONS_TEMPLATES,
	STEP_SAMPLING,
	STEP_SELECTOR,
	STEP_EXPORTER,
	STEP_INTERFACES,
	/* in domain 0: */
	STEP_PROCESS_TEMPLATES,
	STEP_METERING_STATISTICS,
	STEP_METERING_RELIABILITY,
	STEP_EXPORTING_RELIABILITY,
	STEPS
};

static const struct template *const flow_options[] = {
	&ipfix_sampling, &ipfix_selector,      &ipfix_interface,
	&ipfix_exporter, &ipfix_exporter_ipv4, &ipfix_exporter_ipv6,
};

static const struct template *const process_options[] = {
	&ipfix_metering_statistics,
	&ipfix_metering_reliability,
	&ipfix_exporting_reliability,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static size_t count_items(const struct export_session *session, const struct export_report *report,
			  unsigned int wanted, unsigned int step)
{
	int own = session->config.enterprise != 0;

	switch ((enum options_step)step) {
	case STEP_ELEMENT_TEMPLATE:
		return wanted & OPTIONS_TEMPLATES && own ? 1 : 0;
	case STEP_FLOW_TEMPLATES:
		return wanted & OPTIONS_TEMPLATES ? session->template_count : 0;
	case STEP_OPTIONS_TEMPLATES:
		return wanted & OPTIONS_TEMPLATES ? COUNT(flow_options) : 0;
	case STEP_PROCESS_TEMPLATES:
		return wanted & OPTIONS_TEMPLATES ? COUNT(process_options) : 0;
	case STEP_ELEMENTS:
		return wanted & OPTIONS_DATA && own ? OWN_ELEMENTS : 0;
	case STEP_INTERFACES:
		return wanted & OPTIONS_INTERFACES ? report->interface_count : 0;
	case STEP_SAMPLING:
	case STEP_SELECTOR:
	case STEP_EXPORTER:
	case STEP_METERING_STATISTICS:
	case STEP_METERING_RELIABILITY:
	case STEP_EXPORTING_RELIABILITY:
		return wanted & OPTIONS_DATA ? 1 : 0;
	case STEPS:
		break;
	}
	return 0;
}

static const struct template *exporter_template(const struct export_report *report)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!report->has_address)
		return &ipfix_exporter;
	return memcmp(report->exporter_address, mapped, sizeof(mapped)) ? &ipfix_exporter_ipv6
									: &ipfix_exporter_ipv4;
}

static const struct template *data_template(const struct export_report *report,
					    enum options_step step)
{
	static const struct template *const templates[STEPS] = {
		[STEP_SAMPLING] = &ipfix_sampling,
		[STEP_SELECTOR] = &ipfix_selector,
		[STEP_ELEMENTS] = &ipfix_element,
		[STEP_INTERFACES] = &ipfix_interface,
		[STEP_METERING_STATISTICS] = &ipfix_metering_statistics,
		[STEP_METERING_RELIABILITY] = &ipfix_metering_reliability,
		[STEP_EXPORTING_RELIABILITY] = &ipfix_exporting_reliability,
	};

	return step == STEP_EXPORTER ? exporter_template(report) : templates[step];
}

/* Puts a set with one item of a step; behind the open set if that has the same id. */
struct options_set {
	size_t begin;
	uint16_t id; /* 0: none is open */
};

static int is_template_step(enum options_step step)
{
	return step == STEP_ELEMENT_TEMPLATE || step == STEP_FLOW_TEMPLATES ||
	       step == STEP_OPTIONS_TEMPLATES || step == STEP_PROCESS_TEMPLATES;
}

static const struct template *find_template(const struct export_session *session,
					    enum options_step step, size_t item)
{
	if (step == STEP_FLOW_TEMPLATES)
		return &session->templates[item].template;
	if (step == STEP_ELEMENT_TEMPLATE)
		return &ipfix_element;
	return step == STEP_OPTIONS_TEMPLATES ? flow_options[item] : process_options[item];
}

static void put_template(const struct export_session *session, enum options_step step, size_t item,
			 struct writer *writer, struct options_set *open)
{
	const struct template *template = find_template(session, step, item);
	uint16_t id = template->scopes ? OPTIONS_TEMPLATE_SET : TEMPLATE_SET;

	if (id == OPTIONS_TEMPLATE_SET || open->id != id) {
		open->begin = set_begin(writer, id);
		open->id = id;
	}
	template_put_ipfix(writer, template, session->config.enterprise);
}

static void put_options(const struct export_session *session, const struct export_report *report,
			enum options_step step, size_t item, struct writer *writer,
			struct options_set *open)
{
	const struct template *template = data_template(report, step);
	struct field_source source = {
		.report = report,
		.scope = session->config.observation_domain_id,
	};

	if (step == STEP_ELEMENTS) {
		source.element = &own_elements[item];
		source.scope = session->config.enterprise;
	} else if (step == STEP_INTERFACES) {
		source.interface = &report->interfaces[item];
	}
	if (open->id != template->id) {
		open->begin = set_begin(writer, template->id);
		open->id = template->id;
	}
	template_put_data(writer, template, &source);
}

/* Puts one item; 0, and the message is as before, if there was no room for it. */
static int put_item(const struct export_session *session, const struct export_report *report,
		    enum options_step step, size_t item, struct message *message,
		    struct options_set *open)
{
	struct writer *writer = &message->writer;
	size_t used = writer->used;
	struct options_set before = *open;

	if (is_template_step(step))
		put_template(session, step, item, writer, open);
	else
		put_options(session, report, step, item, writer, open);
	if (writer->overflow) {
		writer->overflow = 0;
		writer->used = used;
		*open = before;
		return 0;
	}
	set_end(writer, open->begin);
	message->sequence_step += !is_template_step(step);
	return 1;
}

static uint32_t step_domain(const struct export_session *session, unsigned int step)
{
	return step < STEP_PROCESS_TEMPLATES ? session->config.observation_domain_id
					     : PROCESS_DOMAIN;
}

static int ipfix_encode_options(const struct export_session *session,
				const struct export_report *report, unsigned int wanted,
				struct options_cursor *cursor, uint64_t realtime_ns,
				struct message *message)
{
	struct options_set open = {0};
	uint32_t domain;

	if (!options_find(cursor, session, report, wanted, STEPS, count_items))
		return 0;
	domain = step_domain(session, cursor->step);
	begin_message(session, realtime_ns, domain, message);
	while (options_find(cursor, session, report, wanted, STEPS, count_items) &&
	       step_domain(session, cursor->step) == domain &&
	       put_item(session, report, (enum options_step)cursor->step, cursor->item, message,
			&open))
		cursor->item++;
	assert(open.id); /* an item that fits into no message would be asked for forever */
	end_message(message);
	return 1;
}

const struct dialect dialect_ipfix = {
	.name = "IPFIX",
	.message_bytes = 1452, /* 1500 less the headers of IPv6 and UDP */
	.make_templates = ipfix_make_templates,
	.plan = ipfix_plan,
	.encode_flows = ipfix_encode_flows,
	.encode_options = ipfix_encode_options,
};
