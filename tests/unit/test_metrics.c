// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The metrics as text: its form in both formats, and every number in its place. */
#include "agent/metrics.h"

#include <inttypes.h>

#include "agent_state_fixture.h"
#include "capture/loader.h"
#include "lib/version.h"
#include "metrics_reader.h"

const char *__wrap_loader_libbpf_version(void);

const char *__wrap_loader_libbpf_version(void)
{
	return "v1.\"2\"";
}

static struct metrics read_state(const struct agent_state *state, int openmetrics)
{
	char *text = WRITTEN(metrics_write(stream_, state, openmetrics));
	struct metrics metrics = metrics_read(text, openmetrics);

	free(text);
	return metrics;
}

static void expect_sample(const struct metrics *metrics, const char *series, const char *value)
{
	const char *got = metrics_find(metrics, series);

	if (!got)
		fail_msg("there is no %s", series);
	assert_string_equal(got, value);
}

/* --- form --- */

static void metrics_are_well_formed(void **state)
{
	struct agent_state sample = make_sample_state();

	(void)state;
	for (int openmetrics = 0; openmetrics <= 1; openmetrics++) {
		struct metrics metrics = read_state(&sample, openmetrics);

		assert_int_equal(metrics.family_count, 52);
		metrics_free(&metrics);
	}
}

static void metrics_of_nothing_are_well_formed(void **state)
{
	const struct flow_cache_stats cache = {0};
	const struct balance balance = {0};
	const struct agent_state nothing = {.balance = &balance, .cache = &cache};

	(void)state;
	for (int openmetrics = 0; openmetrics <= 1; openmetrics++) {
		struct metrics metrics = read_state(&nothing, openmetrics);

		expect_sample(&metrics, "flowprobe_flow_cache_flows", "0");
		expect_sample(&metrics, "flowprobe_harvest_duration_seconds_sum", "0.000000000");
		metrics_free(&metrics);
	}
}

/* The numbers are the same ones, and so are their names. */
static void metrics_are_the_same_in_both_formats(void **state)
{
	struct agent_state sample = make_sample_state();
	struct metrics text = read_state(&sample, 0), open = read_state(&sample, 1);

	(void)state;
	assert_int_equal(text.series_count, open.series_count);
	for (size_t i = 0; i < text.series_count; i++) {
		assert_string_equal(text.series[i], open.series[i]);
		if (strncmp(text.series[i], "process_", 8) != 0)
			assert_string_equal(text.values[i], open.values[i]);
	}
	metrics_free(&text);
	metrics_free(&open);
}

static void metrics_biggest_numbers_are_whole(void **state)
{
	struct agent_state sample = make_sample_state();
	struct balance balance = {.errors = UINT64_MAX};
	struct metrics metrics;

	(void)state;
	sample.balance = &balance;
	sample.harvests.sum_ns = UINT64_MAX;
	metrics = read_state(&sample, 0);
	expect_sample(&metrics, "flowprobe_balance_errors_total", "18446744073709551615");
	expect_sample(&metrics, "flowprobe_harvest_duration_seconds_sum", "18446744073.709551615");
	metrics_free(&metrics);
}

/* --- numbers --- */

#define ODD_LABEL "a\\\"\\\\\x1b\xc3\xa4\\\\xff"

/* All there are but those of the process, in any order. */
static const char *const expected[][2] = {
	{"flowprobe_start_time_seconds", "1700000000.000000007"},
	{"flowprobe_healthy", "1"},
	{"flowprobe_log_messages_total{level=\"error\"}", "0"},
	{"flowprobe_log_messages_total{level=\"warning\"}", "0"},
	{"flowprobe_log_messages_total{level=\"info\"}", "0"},
	{"flowprobe_log_messages_total{level=\"debug\"}", "0"},
	{"flowprobe_config_last_reload_successful", "1"},
	{"flowprobe_config_last_reload_success_timestamp_seconds", "1700000100.000000000"},
	{"flowprobe_config_reloads_total", "91"},
	{"flowprobe_sampling_interval", "1"},
	{"flowprobe_packets_total{interface=\"eth0\",direction=\"ingress\"}", "301"},
	{"flowprobe_packets_total{interface=\"eth0\",direction=\"egress\"}", "402"},
	{"flowprobe_packets_total{interface=\"" ODD_LABEL "\",direction=\"ingress\"}", "47"},
	{"flowprobe_bytes_total{interface=\"eth0\",direction=\"ingress\"}", "30100"},
	{"flowprobe_bytes_total{interface=\"eth0\",direction=\"egress\"}", "40200"},
	{"flowprobe_bytes_total{interface=\"" ODD_LABEL "\",direction=\"ingress\"}", "4700"},
	{"flowprobe_interfaces_attached{hook=\"tcx\",direction=\"ingress\"}", "1"},
	{"flowprobe_interfaces_attached{hook=\"tcx\",direction=\"egress\"}", "0"},
	{"flowprobe_interfaces_attached{hook=\"tc\",direction=\"ingress\"}", "0"},
	{"flowprobe_interfaces_attached{hook=\"tc\",direction=\"egress\"}", "1"},
	{"flowprobe_interfaces_attached{hook=\"xdp\",direction=\"ingress\"}", "0"},
	{"flowprobe_interfaces_attached{hook=\"xdp\",direction=\"egress\"}", "0"},
	{"flowprobe_interfaces_attached{hook=\"xdp_generic\",direction=\"ingress\"}", "1"},
	{"flowprobe_interfaces_attached{hook=\"xdp_generic\",direction=\"egress\"}", "0"},
	{"flowprobe_interface_events_total{type=\"attached\"}", "21"},
	{"flowprobe_interface_events_total{type=\"failed\"}", "22"},
	{"flowprobe_interface_events_total{type=\"detached\"}", "23"},
	{"flowprobe_interface_events_total{type=\"taken_off\"}", "24"},
	{"flowprobe_bpf_program_run_count_total{program=\"a\"}", "11"},
	{"flowprobe_bpf_program_run_count_total{program=\"b\"}", "12"},
	{"flowprobe_bpf_program_run_count_total{program=\"c\"}", "13"},
	{"flowprobe_bpf_program_run_count_total{program=\"d\"}", "14"},
	{"flowprobe_bpf_program_run_count_total{program=\"e\"}", "15"},
	{"flowprobe_bpf_program_run_time_seconds_total{program=\"a\"}", "0.000001100"},
	{"flowprobe_bpf_program_run_time_seconds_total{program=\"b\"}", "2.000000000"},
	{"flowprobe_bpf_program_run_time_seconds_total{program=\"c\"}", "0.000001300"},
	{"flowprobe_bpf_program_run_time_seconds_total{program=\"d\"}", "0.000001400"},
	{"flowprobe_bpf_program_run_time_seconds_total{program=\"e\"}", "0.000001500"},
	{"flowprobe_seen_packets_total{direction=\"ingress\"}", "400"},
	{"flowprobe_seen_packets_total{direction=\"egress\"}", "600"},
	{"flowprobe_seen_bytes_total{direction=\"ingress\"}", "40000"},
	{"flowprobe_seen_bytes_total{direction=\"egress\"}", "60000"},
	{"flowprobe_packets_skipped_total{reason=\"not_ip\"}", "1"},
	{"flowprobe_packets_skipped_total{reason=\"malformed\"}", "2"},
	{"flowprobe_packets_skipped_total{reason=\"truncated\"}", "4"},
	{"flowprobe_packets_skipped_total{reason=\"too_deep\"}", "8"},
	{"flowprobe_packets_skipped_total{reason=\"table_full\"}", "16"},
	{"flowprobe_packets_skipped_total{reason=\"table_busy\"}", "32"},
	{"flowprobe_packets_skipped_total{reason=\"sampled_out\"}", "187"},
	{"flowprobe_bytes_skipped_total{reason=\"not_ip\"}", "100"},
	{"flowprobe_bytes_skipped_total{reason=\"malformed\"}", "200"},
	{"flowprobe_bytes_skipped_total{reason=\"truncated\"}", "400"},
	{"flowprobe_bytes_skipped_total{reason=\"too_deep\"}", "800"},
	{"flowprobe_bytes_skipped_total{reason=\"table_full\"}", "1600"},
	{"flowprobe_bytes_skipped_total{reason=\"table_busy\"}", "3200"},
	{"flowprobe_bytes_skipped_total{reason=\"sampled_out\"}", "18700"},
	{"flowprobe_balance_errors_total", "0"},
	{"flowprobe_fragments_joined_total", "41"},
	{"flowprobe_fragments_orphaned_total", "42"},
	{"flowprobe_flow_table_entries", "61"},
	{"flowprobe_flow_table_capacity", "32768"},
	{"flowprobe_flow_cache_flows", "51"},
	{"flowprobe_flow_cache_capacity", "65536"},
	{"flowprobe_flow_cache_packets", "150"},
	{"flowprobe_flow_cache_bytes", "15000"},
	{"flowprobe_flows_created_total", "5200"},
	{"flowprobe_flows_total{end_reason=\"idle\"}", "31"},
	{"flowprobe_flows_total{end_reason=\"active\"}", "12"},
	{"flowprobe_flows_total{end_reason=\"end\"}", "9"},
	{"flowprobe_flows_total{end_reason=\"forced\"}", "5"},
	{"flowprobe_flows_total{end_reason=\"resources\"}", "3"},
	{"flowprobe_flow_packets_total{end_reason=\"idle\"}", "310"},
	{"flowprobe_flow_packets_total{end_reason=\"active\"}", "120"},
	{"flowprobe_flow_packets_total{end_reason=\"end\"}", "90"},
	{"flowprobe_flow_packets_total{end_reason=\"forced\"}", "50"},
	{"flowprobe_flow_packets_total{end_reason=\"resources\"}", "30"},
	{"flowprobe_flow_bytes_total{end_reason=\"idle\"}", "31000"},
	{"flowprobe_flow_bytes_total{end_reason=\"active\"}", "12000"},
	{"flowprobe_flow_bytes_total{end_reason=\"end\"}", "9000"},
	{"flowprobe_flow_bytes_total{end_reason=\"forced\"}", "5000"},
	{"flowprobe_flow_bytes_total{end_reason=\"resources\"}", "3000"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.00025\"}", "1"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.0005\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.001\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.002\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.005\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.01\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.025\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.05\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.1\"}", "2"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"0.25\"}", "3"},
	{"flowprobe_harvest_duration_seconds_bucket{le=\"+Inf\"}", "4"},
	{"flowprobe_harvest_duration_seconds_sum", "2.000000345"},
	{"flowprobe_harvest_duration_seconds_count", "4"},
	{"flowprobe_harvest_failures_total", "71"},
	{"flowprobe_exporter_submitted_records_total{exporter=\"collector\"}", "9001"},
	{"flowprobe_exporter_submitted_records_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_recovered_records_total{exporter=\"collector\"}", "17"},
	{"flowprobe_exporter_recovered_records_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_records_total{exporter=\"collector\"}", "8001"},
	{"flowprobe_exporter_records_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"collector\",reason=\"queue_full\"}",
	 "101"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"collector\",reason=\"failed\"}", "10"
											       "2"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"collector\",reason=\"unsupported\"}",
	 "103"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"collector\",reason=\"refused\"}",
	 "104"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"collector\",reason=\"spool_full\"}",
	 "105"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"o2\",reason=\"queue_full\"}", "0"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"o2\",reason=\"failed\"}", "0"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"o2\",reason=\"unsupported\"}", "0"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"o2\",reason=\"refused\"}", "0"},
	{"flowprobe_exporter_records_dropped_total{exporter=\"o2\",reason=\"spool_full\"}", "0"},
	{"flowprobe_exporter_batches_total{exporter=\"collector\"}", "78"},
	{"flowprobe_exporter_batches_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_bytes_total{exporter=\"collector\"}", "79000"},
	{"flowprobe_exporter_bytes_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_queue_records{exporter=\"collector\"}", "502"},
	{"flowprobe_exporter_queue_records{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_spool_records{exporter=\"collector\"}", "203"},
	{"flowprobe_exporter_spool_records{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_spool_bytes{exporter=\"collector\"}", "70001"},
	{"flowprobe_exporter_spool_bytes{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_unknown_interfaces_total{exporter=\"collector\"}", "77"},
	{"flowprobe_exporter_unknown_interfaces_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_errors_total{exporter=\"collector\"}", "19"},
	{"flowprobe_exporter_errors_total{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_up{exporter=\"collector\"}", "1"},
	{"flowprobe_exporter_up{exporter=\"o2\"}", "0"},
	{"flowprobe_exporter_last_success_timestamp_seconds{exporter=\"collector\"}", "1700000123."
										      "000000005"},
	{"flowprobe_exporter_last_success_timestamp_seconds{exporter=\"o2\"}", "0.000000000"},
};

static void metrics_every_number_is_in_its_place(void **state)
{
	const size_t count = sizeof(expected) / sizeof(expected[0]);
	struct agent_state sample = make_sample_state();
	struct metrics metrics = read_state(&sample, 0);
	size_t others = 0;
	char build[512];

	(void)state;
	for (size_t i = 0; i < count; i++)
		expect_sample(&metrics, expected[i][0], expected[i][1]);
	snprintf(build, sizeof(build),
		 "flowprobe_build_info{version=\"%s\",revision=\"%s\",libbpf=\"v1.\\\"2\\\"\","
		 "compiler=\"%s\"}",
		 version_number, version_revision, __VERSION__);
	expect_sample(&metrics, build, "1");
	for (size_t i = 0; i < metrics.series_count; i++)
		others += strncmp(metrics.series[i], "process_", 8) == 0;
	assert_int_equal(others, 6);
	assert_int_equal(metrics.series_count, count + 1 + others);
	metrics_free(&metrics);
}

static void metrics_balance_adds_up(void **state)
{
	struct agent_state sample = make_sample_state();
	struct metrics metrics = read_state(&sample, 0);

	(void)state;
	assert_int_equal(metrics_sum(&metrics, "flowprobe_seen_packets_total"), 1000);
	assert_int_equal(metrics_sum(&metrics, "flowprobe_flow_packets_total") +
				 metrics_sum(&metrics, "flowprobe_flow_cache_packets") +
				 metrics_sum(&metrics, "flowprobe_packets_skipped_total"),
			 1000);
	assert_int_equal(metrics_sum(&metrics, "flowprobe_seen_bytes_total"), 100000);
	assert_int_equal(metrics_sum(&metrics, "flowprobe_flow_bytes_total") +
				 metrics_sum(&metrics, "flowprobe_flow_cache_bytes") +
				 metrics_sum(&metrics, "flowprobe_bytes_skipped_total"),
			 100000);
	metrics_free(&metrics);
}

static void metrics_what_is_wrong_shows(void **state)
{
	struct agent_state sample = make_sample_state();
	struct exporter_state exporter = {.name = "x", .stats = {.dead = 1}};
	struct metrics metrics;

	(void)state;
	sample.healthy = 0;
	sample.reload.last_failed = 1;
	sample.exporters = &exporter;
	sample.exporter_count = 1;
	metrics = read_state(&sample, 0);
	expect_sample(&metrics, "flowprobe_healthy", "0");
	expect_sample(&metrics, "flowprobe_config_last_reload_successful", "0");
	expect_sample(&metrics, "flowprobe_exporter_up{exporter=\"x\"}", "0");
	metrics_free(&metrics);
}

static void metrics_of_the_process_are_true(void **state)
{
	struct agent_state sample = make_sample_state();
	struct metrics before = read_state(&sample, 0), after;
	FILE *file = fopen("/dev/null", "r");
	uint64_t open_files, more;

	(void)state;
	after = read_state(&sample, 0);
	fclose(file);
	open_files = strtoull(metrics_find(&before, "process_open_fds"), NULL, 10);
	more = strtoull(metrics_find(&after, "process_open_fds"), NULL, 10);
	assert_int_equal(more, open_files + 1);
	expect_sample(&before, "process_start_time_seconds", "1700000000.000000007");
	assert_true(strtod(metrics_find(&before, "process_cpu_seconds_total"), NULL) <=
		    strtod(metrics_find(&after, "process_cpu_seconds_total"), NULL));
	assert_true(strtoull(metrics_find(&before, "process_resident_memory_bytes"), NULL, 10) <
		    strtoull(metrics_find(&before, "process_virtual_memory_bytes"), NULL, 10));
	metrics_free(&before);
	metrics_free(&after);
}

/* --- the histogram --- */

static void harvest_durations_fall_into_all_buckets_they_fit(void **state)
{
	struct harvest_durations durations = {0};
	const uint64_t counts[HARVEST_BUCKETS + 1] = {2, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5};

	(void)state;
	harvest_durations_add(&durations, 0);
	harvest_durations_add(&durations, NS_PER_MS / 4);
	harvest_durations_add(&durations, NS_PER_MS / 4 + 1);
	harvest_durations_add(&durations, 250 * NS_PER_MS);
	harvest_durations_add(&durations, 250 * NS_PER_MS + 1);
	for (size_t i = 0; i <= HARVEST_BUCKETS; i++)
		assert_int_equal(durations.counts[i], counts[i]);
	assert_int_equal(durations.sum_ns, 500 * NS_PER_MS + NS_PER_MS / 2 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_well_formed),
		cmocka_unit_test(metrics_of_nothing_are_well_formed),
		cmocka_unit_test(metrics_are_the_same_in_both_formats),
		cmocka_unit_test(metrics_biggest_numbers_are_whole),
		cmocka_unit_test(metrics_every_number_is_in_its_place),
		cmocka_unit_test(metrics_balance_adds_up),
		cmocka_unit_test(metrics_what_is_wrong_shows),
		cmocka_unit_test(metrics_of_the_process_are_true),
		cmocka_unit_test(harvest_durations_fall_into_all_buckets_they_fit),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
