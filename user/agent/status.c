// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See status.h. The text is for a glance at a terminal; what can be computed is in the JSON only. */
#include "agent/status.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "encode/json_string.h"
#include "encode/utf8.h"
#include "lib/clock.h"
#include "lib/version.h"

static const char *const directions[FLOW_DIRECTIONS] = {"ingress", "egress"};

static uint64_t lost_records(const struct exporter_stats *stats)
{
	return stats->dropped_queue.records + stats->dropped_error.records +
	       stats->dropped_refused.records + stats->dropped_spool.records;
}

static const char *exporter_reason(const struct exporter_stats *stats)
{
	if (stats->last_reason[0])
		return stats->last_reason;
	return stats->last_error ? strerror(-stats->last_error) : "";
}

static uint64_t seen_packets(const struct agent_state *state)
{
	return state->balance->seen[FLOW_INGRESS].packets +
	       state->balance->seen[FLOW_EGRESS].packets;
}

static uint64_t seen_octets(const struct agent_state *state)
{
	return state->balance->seen[FLOW_INGRESS].octets + state->balance->seen[FLOW_EGRESS].octets;
}

static uint64_t record_count(const struct flow_cache_stats *cache)
{
	uint64_t count = 0;

	for (int reason = 0; reason < FLOW_END_REASONS; reason++)
		count += cache->records[reason];
	return count;
}

/* --- text --- */

/* 1234567 as "1.23 M", for a unit to follow; 12 as "12 ". */
static const char *scale(double number, char text[static 16])
{
	static const char *const units[] = {" ", " k", " M", " G", " T"};
	size_t i = 0;

	/* what would be rounded to 1000 is 1.00 of the next */
	for (; number >= 999.5 && i < 4; i++)
		number /= 1000;
	snprintf(text, 16, "%.*f%s",
		 !i		  ? 0
		 : number < 9.995 ? 2
		 : number < 99.95 ? 1
				  : 0,
		 number, units[i]);
	return text;
}

/*
 * Names of interfaces, and what a destination has answered, can be anything; nothing of that is a
 * command to the terminal. Returns how many columns it took, as far as that can be told.
 */
static int put_clean(FILE *stream, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;
	int columns = 0;

	while (*text) {
		size_t length = utf8_length(text);
		int is_control = *text < 0x20 || *text == 0x7f || (*text == 0xc2 && text[1] < 0xa0);

		if (!length || is_control) {
			columns += fprintf(stream, "\\x%02x", *text++);
			continue;
		}
		fwrite(text, 1, length, stream);
		text += length;
		columns++;
	}
	return columns;
}

static void put_name(FILE *stream, const char *name)
{
	int columns;

	fputs("  ", stream);
	columns = put_clean(stream, name);
	fprintf(stream, "%*s", columns < 16 ? 16 - columns : 0, "");
}

static void put_uptime(FILE *stream, const struct agent_state *state)
{
	uint64_t seconds =
		state->now_ns > state->start_ns ? (state->now_ns - state->start_ns) / NS_PER_S : 0;

	if (seconds >= 86400)
		fprintf(stream, "%" PRIu64 " d %" PRIu64 " h", (uint64_t)(seconds / 86400),
			(uint64_t)(seconds / 3600 % 24));
	else if (seconds >= 3600)
		fprintf(stream, "%" PRIu64 " h %" PRIu64 " min", (uint64_t)(seconds / 3600),
			(uint64_t)(seconds / 60 % 60));
	else if (seconds >= 60)
		fprintf(stream, "%" PRIu64 " min %" PRIu64 " s", (uint64_t)(seconds / 60),
			(uint64_t)(seconds % 60));
	else
		fprintf(stream, "%" PRIu64 " s", seconds);
}

static void put_interface_line(FILE *stream, const struct interface_state *interface)
{
	char packets[16], octets[16];

	put_name(stream, interface->name);
	for (int way = 0; way < FLOW_DIRECTIONS; way++) {
		const struct flow_count *count = &interface->traffic.directions[way];

		if (interface->attached[way])
			fprintf(stream, "  %s %s: %spackets, %sB", way ? "out" : "in",
				hook_kind_name(interface->kinds[way]),
				scale((double)count->packets, packets),
				scale((double)count->octets, octets));
		else
			fprintf(stream, "  %s: not captured", way ? "out" : "in");
	}
	fputc('\n', stream);
}

static void put_balance_lines(FILE *stream, const struct agent_state *state)
{
	const struct balance *balance = state->balance;

	fprintf(stream, "balance     %" PRIu64 " packets seen, %s:\n", seen_packets(state),
		balance->errors ? "NOT all accounted for (please report this as a bug)"
				: "all accounted for");
	fprintf(stream, "  %12" PRIu64 "  in %" PRIu64 " records\n",
		(uint64_t)(balance->outcomes[FLOW_ACCOUNTED].packets -
			   state->cache->cached.packets),
		record_count(state->cache));
	fprintf(stream, "  %12" PRIu64 "  in flows not exported yet\n",
		(uint64_t)state->cache->cached.packets);
	for (int outcome = FLOW_ACCOUNTED + 1; outcome < FLOW_OUTCOMES; outcome++)
		if (balance->outcomes[outcome].packets)
			fprintf(stream, "  %12" PRIu64 "  %s\n",
				(uint64_t)balance->outcomes[outcome].packets,
				balance_outcome_name((enum flow_outcome)outcome));
}

static void put_exporter_lines(FILE *stream, const struct exporter_state *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;
	char bytes[16];

	put_name(stream, exporter->name);
	fprintf(stream, " %s:", exporter->type);
	put_clean(stream, exporter->target);
	fputc('\n', stream);
	fprintf(stream,
		"  %-16s %s; records: %" PRIu64 " sent, %" PRIu64 " waiting, %" PRIu64 " lost", "",
		stats->dead	 ? "gone for good"
		: stats->is_down ? "DOWN"
				 : "up",
		stats->sent.records, stats->queued.records, lost_records(stats));
	if (stats->dropped_unsupported.records)
		fprintf(stream, ", %" PRIu64 " that it cannot carry",
			stats->dropped_unsupported.records);
	if (stats->spooled.records)
		fprintf(stream, "; %" PRIu64 " of those waiting on disk, %sB",
			stats->spooled.records, scale((double)stats->spool_bytes, bytes));
	if (stats->unknown_interfaces)
		fprintf(stream, "; %" PRIu64 " interfaces sent as unknown",
			stats->unknown_interfaces);
	fputc('\n', stream);
	if (exporter_reason(stats)[0]) {
		fprintf(stream, "  %-16s last error: ", "");
		put_clean(stream, exporter_reason(stats));
		fputc('\n', stream);
	}
}

void status_write_text(FILE *stream, const struct agent_state *state)
{
	const struct flow_count *rate = state->rate;
	char packets[16], bits[16];

	fprintf(stream, "flowprobe %s, process %d, up ", version_number, (int)getpid());
	put_uptime(stream, state);
	fprintf(stream, "%s\n", state->healthy ? "" : ", NOT HEALTHY: a loop is stuck");
	fprintf(stream, "traffic     %spackets/s, %sbit/s\n",
		scale((double)(rate[0].packets + rate[1].packets), packets),
		scale((double)(rate[0].octets + rate[1].octets) * 8, bits));
	fprintf(stream,
		"tables      %" PRIu64 " of %" PRIu32 " slots, %" PRIu32 " of %" PRIu32 " flows\n",
		state->table_entries, state->slots, state->cache->flows, state->max_flows);
	if (state->sampling_interval > 1)
		fprintf(stream, "sampling    one packet in %" PRIu32 "\n",
			state->sampling_interval);
	fputs("interfaces\n", stream);
	for (size_t i = 0; i < state->interface_count; i++)
		put_interface_line(stream, &state->interfaces[i]);
	if (!state->interface_count)
		fputs("  none\n", stream);
	put_balance_lines(stream, state);
	fputs("exporters\n", stream);
	for (size_t i = 0; i < state->exporter_count; i++)
		put_exporter_lines(stream, &state->exporters[i]);
	if (state->reload.last_failed)
		fputs("config      the last reload FAILED; an older configuration is in use\n",
		      stream);
}

/* --- JSON --- */

static void put_member(FILE *stream, const char *key, const char *string)
{
	fprintf(stream, ",\"%s\":", key);
	json_string_write(stream, string);
}

static void put_number(FILE *stream, const char *key, uint64_t number)
{
	fprintf(stream, ",\"%s\":%" PRIu64, key, number);
}

static void put_count(FILE *stream, const char *key, uint64_t packets, uint64_t octets)
{
	fprintf(stream, ",\"%s\":{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", key, packets,
		octets);
}

static void put_interface_object(FILE *stream, const struct interface_state *interface)
{
	fputs("{\"name\":", stream);
	json_string_write(stream, interface->name);
	put_number(stream, "index", interface->ifindex);
	for (int way = 0; way < FLOW_DIRECTIONS; way++) {
		const struct flow_count *count = &interface->traffic.directions[way];

		if (!interface->attached[way])
			continue;
		fprintf(stream, ",\"%s\":{\"hook\":", directions[way]);
		json_string_write(stream, hook_kind_name(interface->kinds[way]));
		put_number(stream, "packets", count->packets);
		put_number(stream, "bytes", count->octets);
		fputc('}', stream);
	}
	fputc('}', stream);
}

static void put_exporter_object(FILE *stream, const struct exporter_state *exporter)
{
	const struct exporter_stats *stats = &exporter->stats;

	fputs("{\"name\":", stream);
	json_string_write(stream, exporter->name);
	put_member(stream, "type", exporter->type);
	put_member(stream, "target", exporter->target);
	fprintf(stream, ",\"up\":%s", stats->is_down || stats->dead ? "false" : "true");
	fputs(",\"records\":{\"submitted\":", stream);
	fprintf(stream, "%" PRIu64, stats->submitted.records);
	put_number(stream, "recovered", stats->recovered.records);
	put_number(stream, "sent", stats->sent.records);
	put_number(stream, "queued", stats->queued.records);
	put_number(stream, "spooled", stats->spooled.records);
	put_number(stream, "lost_queue_full", stats->dropped_queue.records);
	put_number(stream, "lost_failed", stats->dropped_error.records);
	put_number(stream, "lost_refused", stats->dropped_refused.records);
	put_number(stream, "lost_spool_full", stats->dropped_spool.records);
	put_number(stream, "unsupported", stats->dropped_unsupported.records);
	fputc('}', stream);
	put_number(stream, "spool_bytes", stats->spool_bytes);
	put_number(stream, "unknown_interfaces", stats->unknown_interfaces);
	put_number(stream, "last_success", stats->last_success_ns / NS_PER_S);
	put_member(stream, "last_error", exporter_reason(stats));
	fputc('}', stream);
}

static void put_balance_object(FILE *stream, const struct agent_state *state)
{
	const struct balance *balance = state->balance;
	struct flow_count records = {0};

	for (int reason = 0; reason < FLOW_END_REASONS; reason++) {
		records.packets += state->cache->exported[reason].packets;
		records.octets += state->cache->exported[reason].octets;
	}
	fprintf(stream, ",\"balance\":{\"holds\":%s", balance->errors ? "false" : "true");
	put_count(stream, "seen", seen_packets(state), seen_octets(state));
	put_count(stream, "records", records.packets, records.octets);
	put_count(stream, "cached", state->cache->cached.packets, state->cache->cached.octets);
	for (int outcome = FLOW_ACCOUNTED + 1; outcome < FLOW_OUTCOMES; outcome++)
		put_count(stream, balance_outcome_label((enum flow_outcome)outcome),
			  balance->outcomes[outcome].packets, balance->outcomes[outcome].octets);
	fputc('}', stream);
}

void status_write_json(FILE *stream, const struct agent_state *state)
{
	fputs("{\"version\":", stream);
	json_string_write(stream, version_number);
	put_number(stream, "pid", (uint64_t)getpid());
	put_number(stream, "start", state->start_ns / NS_PER_S);
	put_number(stream, "now", state->now_ns / NS_PER_S);
	fprintf(stream, ",\"healthy\":%s", state->healthy ? "true" : "false");
	fprintf(stream, ",\"config_is_current\":%s", state->reload.last_failed ? "false" : "true");
	put_number(stream, "sampling", state->sampling_interval);
	fputs(",\"rate\":{\"unit\":\"per second\"", stream);
	for (int way = 0; way < FLOW_DIRECTIONS; way++)
		put_count(stream, directions[way], state->rate[way].packets,
			  state->rate[way].octets);
	fputs("},\"flow_table\":{\"kind\":", stream);
	json_string_write(stream, state->table == FLOW_TABLE_HASH ? "hash" : "slots");
	put_number(stream, "entries", state->table_entries);
	put_number(stream, "capacity", state->slots);
	fputs("},\"flow_cache\":{\"flows\":", stream);
	fprintf(stream, "%" PRIu32, state->cache->flows);
	put_number(stream, "capacity", state->max_flows);
	put_number(stream, "created", state->cache->created);
	put_number(stream, "records", record_count(state->cache));
	fputc('}', stream);
	put_balance_object(stream, state);
	fputs(",\"interfaces\":[", stream);
	for (size_t i = 0; i < state->interface_count; i++) {
		fputs(i ? "," : "", stream);
		put_interface_object(stream, &state->interfaces[i]);
	}
	fputs("],\"exporters\":[", stream);
	for (size_t i = 0; i < state->exporter_count; i++) {
		fputs(i ? "," : "", stream);
		put_exporter_object(stream, &state->exporters[i]);
	}
	fputs("]}\n", stream);
}
