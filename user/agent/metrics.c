// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See metrics.h. Names are those of the Prometheus conventions: a prefix, base units, _total for
 * what only grows; labels are few and bounded (interfaces, exporters, reasons), never per flow.
 *
 * The balance is among them, so that an alert can watch it: flowprobe_seen_packets_total is the sum
 * of what is in records, what is cached, and every reason of flowprobe_packets_skipped_total.
 */
#include "agent/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/metrics_text.h"
#include "flow/record.h"
#include "lib/clock.h"
#include "lib/version.h"

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the program --- */

static void put_build(const struct metrics_writer *writer)
{
	metrics_put_family(writer, "flowprobe_build_info", METRIC_INFO,
			   "Always 1; the labels say what this is.");
	fputs("flowprobe_build_info", writer->stream);
	metrics_put_label(writer->stream, "{", "version", version_number);
	metrics_put_label(writer->stream, ",", "revision", version_revision);
	metrics_put_label(writer->stream, ",", "libbpf", loader_libbpf_version());
	metrics_put_label(writer->stream, ",", "compiler", __VERSION__);
	fputs("} 1\n", writer->stream);
}

static uint64_t count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	uint64_t count = 0;

	if (!directory)
		return 0;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count > 3 ? count - 3 : 0; /* ".", ".." and the directory itself */
}

static void put_memory(const struct metrics_writer *writer)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), virtual = 0, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (statm) {
		if (fscanf(statm, "%" SCNu64 " %" SCNu64, &virtual, &resident) != 2)
			virtual = resident = 0;
		fclose(statm);
	}
	metrics_put_one(writer, "process_virtual_memory_bytes", METRIC_GAUGE,
			"Virtual memory size.", virtual * page);
	metrics_put_one(writer, "process_resident_memory_bytes", METRIC_GAUGE,
			"Resident memory size.", resident * page);
}

static void put_process(const struct metrics_writer *writer, const struct agent_state *state)
{
	struct rlimit files = {0};
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	getrlimit(RLIMIT_NOFILE, &files);
	metrics_put_family(writer, "process_cpu_seconds_total", METRIC_COUNTER,
			   "User and system processor time spent.");
	metrics_put_seconds(writer, "process_cpu_seconds_total",
			    (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
				    (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) *
					    NS_PER_US);
	put_memory(writer);
	metrics_put_one(writer, "process_open_fds", METRIC_GAUGE, "Open file descriptors.",
			count_descriptors());
	metrics_put_one(writer, "process_max_fds", METRIC_GAUGE,
			"Most file descriptors there may be.", files.rlim_cur);
	metrics_put_family(writer, "process_start_time_seconds", METRIC_GAUGE,
			   "When the process started.");
	metrics_put_seconds(writer, "process_start_time_seconds", state->start_ns);
	metrics_put_family(writer, "flowprobe_start_time_seconds", METRIC_GAUGE,
			   "When capturing started.");
	metrics_put_seconds(writer, "flowprobe_start_time_seconds", state->start_ns);
	metrics_put_one(writer, "flowprobe_healthy", METRIC_GAUGE,
			"1 if all loops are alive; a collector that is away does not matter.",
			(uint64_t)state->healthy);
}

static void put_log(const struct metrics_writer *writer)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};

	metrics_put_family(writer, "flowprobe_log_messages_total", METRIC_COUNTER,
			   "Messages by level, those not shown too.");
	for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
		metrics_put_labelled(writer, "flowprobe_log_messages_total", "level", levels[level],
				     log_count((enum log_level)level));
}

static void put_configuration(const struct metrics_writer *writer, const struct agent_state *state)
{
	metrics_put_one(writer, "flowprobe_config_last_reload_successful", METRIC_GAUGE,
			"0 if the configuration in use is older than the last one that was asked "
			"for.",
			!state->reload.last_failed);
	metrics_put_family(writer, "flowprobe_config_last_reload_success_timestamp_seconds",
			   METRIC_GAUGE, "When the configuration in use was read.");
	metrics_put_seconds(writer, "flowprobe_config_last_reload_success_timestamp_seconds",
			    state->reload.last_success_ns);
	metrics_put_one(writer, "flowprobe_config_reloads_total", METRIC_COUNTER,
			"How often a new configuration was asked for.", state->reload.count);
	metrics_put_one(writer, "flowprobe_sampling_interval", METRIC_GAUGE,
			"One packet in so many is counted.", state->sampling_interval);
}

/* --- traffic --- */

static const char *const directions[FLOW_DIRECTIONS] = {"ingress", "egress"};

/* Counts are told twice, in families of their own. */
enum unit { PACKETS, BYTES };

static uint64_t count_in(enum unit unit, const struct flow_count *count)
{
	return unit == PACKETS ? count->packets : count->octets;
}

static void put_interfaces(const struct metrics_writer *writer, const struct agent_state *state,
			   const char *name, enum unit unit, const char *help)
{
	metrics_put_family(writer, name, METRIC_COUNTER, help);
	for (size_t i = 0; i < state->interface_count; i++) {
		const struct interface_state *interface = &state->interfaces[i];

		for (int way = 0; way < FLOW_DIRECTIONS; way++)
			if (interface->attached[way])
				metrics_put_labelled_twice(
					writer, name, "interface", interface->name, "direction",
					directions[way],
					count_in(unit, &interface->traffic.directions[way]));
	}
}

static void put_attached(const struct metrics_writer *writer, const struct agent_state *state)
{
	static const struct {
		enum hook_kind kind;
		const char *label;
	} kinds[] = {
		{HOOK_TCX, "tcx"},
		{HOOK_CLSACT, "tc"},
		{HOOK_XDP_NATIVE, "xdp"},
		{HOOK_XDP_GENERIC, "xdp_generic"},
	};

	metrics_put_family(writer, "flowprobe_interfaces_attached", METRIC_GAUGE,
			   "Interfaces that are captured on, by hook and direction.");
	for (size_t k = 0; k < ARRAY_COUNT(kinds); k++) {
		for (int way = 0; way < FLOW_DIRECTIONS; way++) {
			uint64_t count = 0;

			for (size_t i = 0; i < state->interface_count; i++)
				count += state->interfaces[i].attached[way] &&
					 state->interfaces[i].kinds[way] == kinds[k].kind;
			metrics_put_labelled_twice(writer, "flowprobe_interfaces_attached", "hook",
						   kinds[k].label, "direction", directions[way],
						   count);
		}
	}
}

static void put_events(const struct metrics_writer *writer, const struct agent_state *state)
{
	static const char *const types[ATTACHMENT_EVENTS] = {
		[ATTACHMENT_ATTACHED] = "attached",
		[ATTACHMENT_FAILED] = "failed",
		[ATTACHMENT_DETACHED] = "detached",
		[ATTACHMENT_TAKEN_OFF] = "taken_off",
	};

	metrics_put_family(writer, "flowprobe_interface_events_total", METRIC_COUNTER,
			   "Interfaces captured on, not captured on in spite of an attempt, let "
			   "go, and "
			   "those that somebody else took our program off.");
	for (int event = 0; event < ATTACHMENT_EVENTS; event++)
		metrics_put_labelled(writer, "flowprobe_interface_events_total", "type",
				     types[event], state->attachment_events[event]);
}

static void put_programs(const struct metrics_writer *writer, const struct agent_state *state)
{
	static const char count[] = "flowprobe_bpf_program_run_count_total",
			  time[] = "flowprobe_bpf_program_run_time_seconds_total";
	const struct program_state *program = state->programs,
				   *end = program + state->program_count;

	metrics_put_family(writer, count, METRIC_COUNTER,
			   "Runs of the programs, counted while kernel.bpf_stats_enabled is 1.");
	for (; program < end; program++)
		metrics_put_labelled(writer, count, "program", program->name, program->runs.count);
	metrics_put_family(writer, time, METRIC_COUNTER, "Time spent in these runs.");
	for (program = state->programs; program < end; program++) {
		fputs(time, writer->stream);
		metrics_put_label(writer->stream, "{", "program", program->name);
		metrics_put_seconds(writer, "}", program->runs.ns);
	}
}

static void put_seen(const struct metrics_writer *writer, const struct balance *balance,
		     const char *name, enum unit unit, const char *help)
{
	metrics_put_family(writer, name, METRIC_COUNTER, help);
	for (int way = 0; way < FLOW_DIRECTIONS; way++)
		metrics_put_labelled(writer, name, "direction", directions[way],
				     count_in(unit, &balance->seen[way]));
}

static void put_skipped(const struct metrics_writer *writer, const struct balance *balance,
			const char *name, enum unit unit, const char *help)
{
	metrics_put_family(writer, name, METRIC_COUNTER, help);
	for (int outcome = FLOW_ACCOUNTED + 1; outcome < FLOW_OUTCOMES; outcome++)
		metrics_put_labelled(writer, name, "reason",
				     balance_outcome_label((enum flow_outcome)outcome),
				     count_in(unit, &balance->outcomes[outcome]));
}

static void put_balance(const struct metrics_writer *writer, const struct balance *balance)
{
	put_seen(writer, balance, "flowprobe_seen_packets_total", PACKETS,
		 "Packets that the hooks have seen: the sum of those in records, in the flow "
		 "cache, and skipped.");
	put_seen(writer, balance, "flowprobe_seen_bytes_total", BYTES,
		 "IP bytes of the packets that the hooks have seen.");
	put_skipped(writer, balance, "flowprobe_packets_skipped_total", PACKETS,
		    "Packets that are in no flow, by reason.");
	put_skipped(writer, balance, "flowprobe_bytes_skipped_total", BYTES,
		    "IP bytes that are in no flow, by reason.");
	metrics_put_one(writer, "flowprobe_balance_errors_total", METRIC_COUNTER,
			"Harvests after which the sums did not agree; anything but 0 is a bug.",
			balance->errors);
	metrics_put_one(writer, "flowprobe_fragments_joined_total", METRIC_COUNTER,
			"Later fragments counted in the flow of their first one.",
			balance->fragments_joined);
	metrics_put_one(writer, "flowprobe_fragments_orphaned_total", METRIC_COUNTER,
			"Later fragments counted without ports: their first one was not seen "
			"before.",
			balance->fragments_orphaned);
}

/* --- flows --- */

static const char *const end_reasons[FLOW_END_REASONS] = {
	[FLOW_END_IDLE] = "idle",	    [FLOW_END_ACTIVE] = "active",
	[FLOW_END_DETECTED] = "end",	    [FLOW_END_FORCED] = "forced",
	[FLOW_END_RESOURCES] = "resources",
};

static void put_exported(const struct metrics_writer *writer, const struct flow_cache_stats *cache,
			 const char *name, enum unit unit, const char *help)
{
	metrics_put_family(writer, name, METRIC_COUNTER, help);
	for (int reason = FLOW_END_IDLE; reason < FLOW_END_REASONS; reason++)
		metrics_put_labelled(writer, name, "end_reason", end_reasons[reason],
				     count_in(unit, &cache->exported[reason]));
}

static void put_flows(const struct metrics_writer *writer, const struct agent_state *state)
{
	const struct flow_cache_stats *cache = state->cache;

	metrics_put_one(writer, "flowprobe_flow_table_entries", METRIC_GAUGE,
			"Entries of the kernel's flow table at the latest harvest.",
			state->table_entries);
	metrics_put_one(writer, "flowprobe_flow_table_capacity", METRIC_GAUGE,
			"Entries that the kernel's flow table has room for.", state->slots);
	metrics_put_one(writer, "flowprobe_flow_cache_flows", METRIC_GAUGE,
			"Flows in the flow cache.", cache->flows);
	metrics_put_one(writer, "flowprobe_flow_cache_capacity", METRIC_GAUGE,
			"Flows that the flow cache has room for.", state->max_flows);
	metrics_put_one(writer, "flowprobe_flow_cache_packets", METRIC_GAUGE,
			"Packets in the flow cache that are in no record yet.",
			cache->cached.packets);
	metrics_put_one(writer, "flowprobe_flow_cache_bytes", METRIC_GAUGE,
			"IP bytes in the flow cache that are in no record yet.",
			cache->cached.octets);
	metrics_put_one(writer, "flowprobe_flows_created_total", METRIC_COUNTER,
			"Flows that began.", cache->created);
	metrics_put_family(writer, "flowprobe_flows_total", METRIC_COUNTER,
			   "Flow records, by end reason.");
	for (int reason = FLOW_END_IDLE; reason < FLOW_END_REASONS; reason++)
		metrics_put_labelled(writer, "flowprobe_flows_total", "end_reason",
				     end_reasons[reason], cache->records[reason]);
	put_exported(writer, cache, "flowprobe_flow_packets_total", PACKETS,
		     "Packets in flow records, by end reason.");
	put_exported(writer, cache, "flowprobe_flow_bytes_total", BYTES,
		     "IP bytes in flow records, by end reason.");
}

static void put_harvests(const struct metrics_writer *writer, const struct agent_state *state)
{
	const char *name = "flowprobe_harvest_duration_seconds";
	const struct harvest_durations *harvests = &state->harvests;

	metrics_put_family(writer, name, METRIC_HISTOGRAM,
			   "How long it took to empty the flow table, the grace period left out.");
	for (size_t i = 0; i < HARVEST_BUCKETS; i++)
		fprintf(writer->stream, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
			(double)harvest_bucket_ns[i] / (double)NS_PER_S, harvests->counts[i]);
	fprintf(writer->stream, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name,
		harvests->counts[HARVEST_BUCKETS]);
	fprintf(writer->stream, "%s_sum %" PRIu64 ".%09" PRIu64 "\n", name,
		(uint64_t)(harvests->sum_ns / NS_PER_S), (uint64_t)(harvests->sum_ns % NS_PER_S));
	fprintf(writer->stream, "%s_count %" PRIu64 "\n", name, harvests->counts[HARVEST_BUCKETS]);
	metrics_put_one(writer, "flowprobe_harvest_failures_total", METRIC_COUNTER,
			"Harvests that failed and were tried again.", state->harvest_failures);
}

/* --- exporters --- */

#define STAT(member) offsetof(struct exporter_stats, member)

/* What exporter_stats has as a number, by name. */
struct exporter_number {
	const char *name;
	enum metric_type type; /* of a family; a loss has none of its own */
	const char *help;
	size_t offset;
};

static const struct exporter_number exporter_families[] = {
	{"flowprobe_exporter_submitted_records_total", METRIC_COUNTER,
	 "Flow records given to the exporter.", STAT(submitted.records)},
	{"flowprobe_exporter_recovered_records_total", METRIC_COUNTER,
	 "Flow records that an earlier run had left in the spool.", STAT(recovered.records)},
	{"flowprobe_exporter_records_total", METRIC_COUNTER,
	 "Flow records delivered, as far as the destination can tell.", STAT(sent.records)},
	{"flowprobe_exporter_batches_total", METRIC_COUNTER,
	 "Messages, requests or writes that the destination took, those without records too.",
	 STAT(batches)},
	{"flowprobe_exporter_bytes_total", METRIC_COUNTER,
	 "Bytes of them as they were sent, without what the network adds.", STAT(bytes)},
	{"flowprobe_exporter_queue_records", METRIC_GAUGE,
	 "Flow records that wait, in memory or on disk.", STAT(queued.records)},
	{"flowprobe_exporter_spool_records", METRIC_GAUGE, "Flow records that wait on disk.",
	 STAT(spooled.records)},
	{"flowprobe_exporter_spool_bytes", METRIC_GAUGE, "Bytes on disk.", STAT(spool_bytes)},
	{"flowprobe_exporter_unknown_interfaces_total", METRIC_COUNTER,
	 "Interface numbers sent as unknown, because NetFlow v5 has no room for them.",
	 STAT(unknown_interfaces)},
	{"flowprobe_exporter_errors_total", METRIC_COUNTER,
	 "Times that something went wrong with the destination.", STAT(errors)},
};

static const struct exporter_number exporter_losses[] = {
	{.name = "queue_full", .offset = STAT(dropped_queue.records)},
	{.name = "failed", .offset = STAT(dropped_error.records)},
	{.name = "unsupported", .offset = STAT(dropped_unsupported.records)},
	{.name = "refused", .offset = STAT(dropped_refused.records)},
	{.name = "spool_full", .offset = STAT(dropped_spool.records)},
};

static uint64_t read_number(const struct exporter_state *exporter,
			    const struct exporter_number *number)
{
	uint64_t value;

	memcpy(&value, (const char *)&exporter->stats + number->offset, sizeof(value));
	return value;
}

static void put_losses(const struct metrics_writer *writer, const struct agent_state *state)
{
	const char *name = "flowprobe_exporter_records_dropped_total";

	metrics_put_family(writer, name, METRIC_COUNTER,
			   "Flow records lost on their way out, by reason.");
	for (size_t i = 0; i < state->exporter_count; i++)
		for (size_t l = 0; l < ARRAY_COUNT(exporter_losses); l++)
			metrics_put_labelled_twice(
				writer, name, "exporter", state->exporters[i].name, "reason",
				exporter_losses[l].name,
				read_number(&state->exporters[i], &exporter_losses[l]));
}

static void put_exporters(const struct metrics_writer *writer, const struct agent_state *state)
{
	const struct exporter_state *exporters = state->exporters;
	size_t count = state->exporter_count, i;

	for (size_t f = 0; f < ARRAY_COUNT(exporter_families); f++) {
		const struct exporter_number *family = &exporter_families[f];

		metrics_put_family(writer, family->name, family->type, family->help);
		for (i = 0; i < count; i++)
			metrics_put_labelled(writer, family->name, "exporter", exporters[i].name,
					     read_number(&exporters[i], family));
	}
	put_losses(writer, state);
	metrics_put_family(writer, "flowprobe_exporter_up", METRIC_GAUGE,
			   "0 while the destination does not take records.");
	for (i = 0; i < count; i++)
		metrics_put_labelled(writer, "flowprobe_exporter_up", "exporter", exporters[i].name,
				     !exporters[i].stats.is_down && !exporters[i].stats.dead);
	metrics_put_family(writer, "flowprobe_exporter_last_success_timestamp_seconds",
			   METRIC_GAUGE, "When records were last delivered; 0: never yet.");
	for (i = 0; i < count; i++) {
		fputs("flowprobe_exporter_last_success_timestamp_seconds", writer->stream);
		metrics_put_label(writer->stream, "{", "exporter", exporters[i].name);
		metrics_put_seconds(writer, "}", exporters[i].stats.last_success_ns);
	}
}

void metrics_write(FILE *stream, const struct agent_state *state, int openmetrics)
{
	const struct metrics_writer writer = {.stream = stream, .openmetrics = openmetrics};

	put_build(&writer);
	put_process(&writer, state);
	put_log(&writer);
	put_configuration(&writer, state);
	put_interfaces(&writer, state, "flowprobe_packets_total", PACKETS,
		       "Packets counted into flows, as on the wire, by interface.");
	put_interfaces(&writer, state, "flowprobe_bytes_total", BYTES,
		       "IP bytes counted into flows, by interface.");
	put_attached(&writer, state);
	put_events(&writer, state);
	put_programs(&writer, state);
	put_balance(&writer, state->balance);
	put_flows(&writer, state);
	put_harvests(&writer, state);
	put_exporters(&writer, state);
	if (openmetrics)
		fputs("# EOF\n", stream);
}
