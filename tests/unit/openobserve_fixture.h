/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The OpenObserve driver between an exporter that keeps books and a server that keeps records.
 *
 *	give() -> driver -> real sockets -> server
 *	            \-> real directory
 *
 * The test is the exporter: it makes the driver's calls and adds up what comes of them, and after each
 * call the sum must be what was given. At the end every record is at the server, or on the disk, or
 * declared lost, and the losses are those that are missing, in records, packets and octets.
 */
#ifndef FLOWPROBE_OPENOBSERVE_FIXTURE_H
#define FLOWPROBE_OPENOBSERVE_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/openobserve.h"
#include "lib/log.h"
#include "openobserve_server.h"

#define HANG_SECONDS 120
#define BATCH 10 /* records */

/* --- the books --- */

static char root[64];
static char spool_path[96];
static char password_path[96];
static char target[64];
static struct export_settings settings;
static const struct export_driver *const driver = &export_driver_openobserve;
static const struct export_identity identity = {
	.host = "test", .instance = INSTANCE, .sampling_interval = 1};
static void *exporter; /* the driver's; NULL: none */
static struct export_control control;
static uint64_t next_id; /* of the next record */
static struct export_outcome sums; /* of all calls */
static struct export_count given;
static struct export_count queued;
static char last_reason[EXPORT_REASON_BYTES];

static inline void write_password(const char *text)
{
	FILE *file = fopen(password_path, "w");

	if (!file || fputs(text, file) < 0 || fchmod(fileno(file), 0600) || fclose(file))
		abort();
}

static inline int set_up(void **state)
{
	(void)state;
	next_id = 1;
	memset(&sums, 0, sizeof(sums));
	memset(&control, 0, sizeof(control));
	control.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	given = queued = (struct export_count){0};
	last_reason[0] = '\0';

	strcpy(root, "/tmp/flowprobe-test-openobserve-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(spool_path, sizeof(spool_path), "%s/spool", root);
	snprintf(password_path, sizeof(password_path), "%s/password", root);
	write_password("first");
	start_server();
	snprintf(target, sizeof(target), "http://127.0.0.1:%u/api/default/netflow1/_json",
		 http_server_port(server));
	settings = (struct export_settings){
		.name = "o2",
		.type = "openobserve",
		.target = target,
		.user = "me",
		.password_file = password_path,
		.connect_timeout_ns = 60 * NS_PER_S,
		.request_timeout_ns = 60 * NS_PER_S,
		.batch_records = BATCH,
		.batch_bytes = 1 << 20,
		.flush_interval_ns = 5 * NS_PER_S,
		.compress = 1,
		.confirm = 1,
		.ingestion_window_ns = 5 * 3600 * NS_PER_S,
		.spool_max_bytes = 1 << 20,
		.spool_after_ns = 30 * NS_PER_S,
	};
	return 0;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
{
	(void)state;
	if (exporter)
		driver->destroy(exporter);
	exporter = NULL;
	http_server_stop(server);
	close(control.wake_fd);
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void start(void)
{
	char error[512] = "";

	exporter = driver->create(&settings, &identity, error, sizeof(error));
	if (!exporter)
		fail_msg("%s", error);
	control.stopping = control.over = 0;
}

static inline void move_count(struct export_count *to, const struct export_count *count)
{
	assert_true(count->records <= queued.records);
	if (!count->records)
		assert_int_equal(count->packets + count->octets, 0);
	export_count_subtract(&queued, count);
	export_count_add(to, count);
}

/* After each call: the exporter's law. */
static inline void take_outcome(void)
{
	const struct export_outcome *outcome = &control.outcome;

	http_server_sync(server); /* what it has noted is ours to read now */
	if (trouble[0])
		fail_msg("%s", trouble);
	export_count_add(&sums.recovered, &outcome->recovered);
	export_count_add(&queued, &outcome->recovered);
	move_count(&sums.sent, &outcome->sent);
	move_count(&sums.lost, &outcome->lost);
	move_count(&sums.refused, &outcome->refused);
	move_count(&sums.spool_full, &outcome->spool_full);
	move_count(&sums.kept, &outcome->kept);
	sums.batches += outcome->batches;
	sums.bytes += outcome->bytes;
	assert_int_equal(outcome->unsupported.records, 0);
	assert_int_equal(outcome->dead, 0);
	if (outcome->error)
		strcpy(last_reason, outcome->reason);
	else
		assert_int_equal(outcome->lost.records + outcome->refused.records +
					 outcome->spool_full.records,
				 0);
}

static inline void give(size_t count)
{
	struct flow_record records[512];

	while (count) {
		size_t now = count < 512 ? count : 512;

		memset(records, 0, sizeof(records));
		for (size_t i = 0; i < now; i++, next_id++) {
			records[i].id = next_id;
			records[i].packets = packets_of(next_id);
			records[i].octets = octets_of(next_id);
			records[i].end_ns = clock_realtime_ns();
			export_count_record(&given, &records[i]);
			export_count_record(&queued, &records[i]);
		}
		control.outcome = (struct export_outcome){0};
		http_server_sync(server);
		driver->send(exporter, records, now, &control);
		take_outcome();
		count -= now;
	}
}

static inline void flush(void)
{
	control.outcome = (struct export_outcome){0};
	http_server_sync(server);
	driver->flush(exporter, &control);
	take_outcome();
}

static inline void tick(void)
{
	control.outcome = (struct export_outcome){0};
	http_server_sync(server);
	driver->tick(exporter, &control);
	take_outcome();
}

/* As the exporter does, with nothing queued, for so long. */
static inline void idle(uint64_t ns)
{
	uint64_t end_ns = clock_monotonic_ns() + ns, next_ns;
	unsigned int ticks = 0;

	while (!control.stopping && (next_ns = driver->next_ns(exporter)) < end_ns) {
		if (next_ns > clock_monotonic_ns())
			skipped_ns += next_ns - clock_monotonic_ns();
		assert_true(ticks++ < 1000); /* else it would never rest */
		tick();
	}
	if (end_ns > clock_monotonic_ns())
		skipped_ns += end_ns - clock_monotonic_ns();
}

/* The last call, and destroy. */
static inline void finish(void)
{
	control.stopping = 1;
	control.last = 1;
	flush();
	control.last = 0;
	http_server_settle(server);
	assert_int_equal(queued.records, 0);
	assert_int_equal(queued.packets, 0);
	assert_int_equal(queued.octets, 0);
	driver->destroy(exporter);
	exporter = NULL;
}

/* --- at the end --- */

static inline int is_spool_file(const struct dirent *entry)
{
	return strstr(entry->d_name, ".batch") != NULL;
}

static inline int count_spool_files(void)
{
	struct dirent **entries;
	int count = scandir(spool_path, &entries, is_spool_file, alphasort);

	for (int i = 0; i < count; i++)
		free(entries[i]);
	if (count >= 0)
		free(entries);
	return count;
}

/* Path of the oldest but `index`. */
static inline void name_spool_file(int index, char path[static 512])
{
	struct dirent **entries;
	int count = scandir(spool_path, &entries, is_spool_file, alphasort);

	assert_true(index < count);
	snprintf(path, 512, "%s/%s", spool_path, entries[index]->d_name);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
}

static inline void damage_spool_file(int index)
{
	char path[512];
	int fd;

	name_spool_file(index, path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "torn", 4, 100), 4);
	close(fd);
}

/* What is in the files of the spool, by flow_id. */
static inline void read_spool(unsigned char is_spooled[static IDS_MAX])
{
	static const char key[] = "\"flow_id\":\"";
	DIR *stream = settings.spool_directory ? opendir(settings.spool_directory) : NULL;
	struct dirent *entry;

	memset(is_spooled, 0, IDS_MAX);
	while (stream && (entry = readdir(stream))) {
		static char packed[1 << 20];
		size_t packed_bytes, bytes;
		char *text;
		FILE *file;
		int fd;

		if (!strstr(entry->d_name, ".batch"))
			continue;
		fd = openat(dirfd(stream), entry->d_name, O_RDONLY | O_CLOEXEC);
		file = fdopen(fd, "r");
		assert_non_null(file);
		packed_bytes = fread(packed, 1, sizeof(packed), file);
		fclose(file);
		text = gunzip(packed, packed_bytes, &bytes);
		if (!text)
			continue; /* damaged: nobody can read it */
		for (char *at = text;
		     (at = memmem(at, bytes - (size_t)(at - text), key, strlen(key))); at++)
			is_spooled[id_of(at + strlen(key))] = 1;
		free(text);
	}
	if (stream)
		closedir(stream);
}

/*
 * Of the records given, those that are neither at the server nor in the spool are as many as the
 * driver has declared lost, and stand for the same; with is_exact 0 which ones they are was not
 * known, and packets and octets are shared out. `unknown` is how many may have arrived though they
 * were declared lost, because nobody waited for the answer.
 */
static inline void expect_losses(int is_exact, uint64_t unknown)
{
	static unsigned char is_spooled[IDS_MAX];
	struct export_count missing = {0}, declared = sums.lost;

	export_count_add(&declared, &sums.refused);
	export_count_add(&declared, &sums.spool_full);
	read_spool(is_spooled);
	for (uint64_t id = 1; id < next_id; id++) {
		if (times_arrived[id] || is_spooled[id])
			continue;
		missing.records++;
		missing.packets += packets_of(id);
		missing.octets += octets_of(id);
	}
	assert_in_range(declared.records, missing.records, missing.records + unknown);
	if (is_exact) {
		assert_int_equal(missing.packets, declared.packets);
		assert_int_equal(missing.octets, declared.octets);
	}
}

static inline void expect_no_other_loss(int is_exact)
{
	expect_losses(is_exact, 0);
}

static inline size_t count_arrived(void)
{
	size_t count = 0;

	for (uint64_t id = 1; id < next_id; id++)
		count += times_arrived[id] > 0;
	return count;
}

/* Each record once at the server, and no other way. */
static inline void expect_all_arrived_once(void)
{
	for (size_t i = 0; i < arrival_count; i++)
		assert_int_equal(arrivals[i].id, i + 1);
	assert_int_equal(arrival_count, next_id - 1);
	assert_int_equal(sums.lost.records + sums.refused.records + sums.spool_full.records +
				 sums.kept.records,
			 0);
	assert_int_equal(sums.sent.records, given.records + sums.recovered.records);
	assert_int_equal(sums.sent.packets, given.packets + sums.recovered.packets);
	assert_int_equal(sums.sent.octets, given.octets + sums.recovered.octets);
}

/* Records came in the order in which they were given, whatever came twice or not at all. */
static inline void expect_order(void)
{
	static unsigned char seen[IDS_MAX];
	uint64_t last = 0;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < arrival_count; i++) {
		if (!seen[arrivals[i].id])
			assert_true(arrivals[i].id > last);
		last = arrivals[i].id > last ? arrivals[i].id : last;
		seen[arrivals[i].id] = 1;
	}
}

static inline void expect_waits(const double *seconds, size_t count)
{
	assert_int_equal(wait_count, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(waits_ns[i], (uint64_t)(seconds[i] * NS_PER_S));
}

#define EXPECT_WAITS(...)                                                    \
	do {                                                                 \
		const double seconds[] = {__VA_ARGS__};                      \
		expect_waits(seconds, sizeof(seconds) / sizeof(seconds[0])); \
	} while (0)

static inline void expect_requests(const size_t *records, size_t count)
{
	assert_int_equal(requests, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(request_records[i], records[i]);
}

#define EXPECT_REQUESTS(...)                                                    \
	do {                                                                    \
		const size_t records[] = {__VA_ARGS__};                         \
		expect_requests(records, sizeof(records) / sizeof(records[0])); \
	} while (0)

#define OPENOBSERVE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

static inline void prepare_run(void)
{
	unsetenv("http_proxy");
	unsetenv("CREDENTIALS_DIRECTORY");
	log_set_level(LOG_ERROR);
	signal(SIGPIPE, SIG_IGN);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
}

#endif
