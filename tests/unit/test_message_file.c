// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Messages into a file, a named pipe and standard output: whole ones only, old files put aside, and
 * a new session for every new reader. The last tests run the whole "ipfix" driver into a file and
 * read that.
 */
#include "export/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/collector.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "message_peek.h"
#include "process.h"

#define HANG_SECONDS 120
#define MESSAGE_BYTES 100
#define CHANGED_S 1700000000 /* 2023-11-14T22:13:20Z */
#define KEPT ".20231114T221320Z.000000042"

static char directory[64];
static char path[512];
static char kept[640]; /* where a file with that time is put aside */
static char target[640];
static char message[MESSAGE_BYTES];
static struct export_settings settings = {.name = "file", .type = "ipfix", .target = target};
static struct transport *transport;
static struct export_control control;

static int set_up(void **state)
{
	(void)state;
	memset(message, 'm', sizeof(message));
	strcpy(directory, "/tmp/flowprobe-test-message-file-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/flows.ipfix", directory);
	snprintf(kept, sizeof(kept), "%s%s", path, KEPT);
	snprintf(target, sizeof(target), "file:%s", path);
	control = (struct export_control){.wake_fd = -1};
	settings.template_refresh_ns = UINT64_MAX / 2;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	restore_standard_output();
	limit_file_size(RLIM_INFINITY);
	if (transport)
		transport_file.destroy(transport);
	transport = NULL;
	unlink(path);
	unlink(kept);
	return rmdir(directory);
}

static void open_file(void)
{
	char error[256] = "";

	transport = transport_file.create(&settings, target, 0, error, sizeof(error));
	if (!transport)
		fail_msg("%s", error);
	transport->message_bytes_wanted = 1234;
	assert_int_equal(transport->session, 0);
	assert_int_equal(transport_file.open(transport, &control), 0);
	assert_int_equal(transport->session, 1);
	assert_int_equal(transport->is_open, 1);
	assert_int_equal(transport->message_bytes, 1234);
}

/* Sends a message of one record. */
static int send_message(void)
{
	const struct export_count count = {1, 2, 3, 0};
	uint64_t sent = control.outcome.sent.records;
	int err = transport_file.send(transport, message, sizeof(message), &count, &control);

	assert_int_equal(control.outcome.sent.records, sent + !err);
	assert_int_equal(control.outcome.sent.octets, 3 * control.outcome.sent.records);
	assert_int_equal(control.outcome.lost.records, 0); /* they are still ours */
	return err;
}

static off_t file_bytes(const char *name)
{
	struct stat st;

	return stat(name, &st) ? -1 : st.st_size;
}

static void write_old_file(const char *text)
{
	const struct timespec times[] = {{CHANGED_S, 42}, {CHANGED_S, 42}};
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void expect_kept(const char *text)
{
	char found[64] = "";
	FILE *file = fopen(kept, "r");

	assert_non_null(file);
	assert_non_null(fgets(found, sizeof(found), file));
	fclose(file);
	assert_string_equal(found, text);
}

static void message_file_holds_the_messages_one_after_another(void **state)
{
	(void)state;
	open_file();
	assert_int_equal(send_message(), 0);
	assert_int_equal(send_message(), 0);
	assert_int_equal(file_bytes(path), 2 * MESSAGE_BYTES);
	assert_int_equal(transport_file.open(transport, &control), 0);
	assert_int_equal(transport->session, 1);
}

static void message_file_puts_an_old_one_aside(void **state)
{
	(void)state;
	write_old_file("an older session");
	open_file();
	assert_int_equal(file_bytes(path), 0);
	expect_kept("an older session");
	assert_int_equal(send_message(), 0);
	assert_int_equal(file_bytes(path), MESSAGE_BYTES);
}

static void message_file_that_is_empty_is_used(void **state)
{
	(void)state;
	write_old_file("");
	open_file();
	assert_int_equal(file_bytes(kept), -1);
}

static void message_file_behind_a_link_is_put_aside_where_it_is(void **state)
{
	char link_path[128];

	(void)state;
	write_old_file("an older session");
	snprintf(link_path, sizeof(link_path), "%s/link", directory);
	assert_int_equal(symlink(path, link_path), 0);
	snprintf(target, sizeof(target), "file:%s", link_path);
	open_file();
	unlink(link_path);
	expect_kept("an older session");
	assert_int_equal(send_message(), 0);
	assert_int_equal(file_bytes(path), MESSAGE_BYTES);
}

/* With the time, its name is longer than a name can be. */
static void message_file_that_cannot_be_put_aside_is_left_alone(void **state)
{
	char error[640] = "", expected[640], name[250];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	write_old_file("an older session");
	snprintf(target, sizeof(target), "file:%s", path);
	assert_null(transport_file.create(&settings, target, 0, error, sizeof(error)));
	snprintf(expected, sizeof(expected), "cannot put the old %s aside: File name too long",
		 path);
	assert_string_equal(error, expected);
	assert_int_equal(file_bytes(path), 16);
}

static void message_file_dash_is_no_file_of_that_name(void **state)
{
	int output = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(chdir(directory), 0);
	strcpy(path, "-");
	write_old_file("a file called -");
	strcpy(target, "file:-");
	set_standard_output(output);
	open_file();
	restore_standard_output();
	close(output);
	assert_int_equal(file_bytes("-"), 15);
	assert_int_equal(unlink("-"), 0);
	assert_int_equal(chdir("/"), 0);
}

static void message_file_out_of_space_keeps_whole_messages(void **state)
{
	(void)state;
	open_file();
	assert_int_equal(send_message(), 0);
	limit_file_size(MESSAGE_BYTES + MESSAGE_BYTES / 2);
	assert_int_equal(send_message(), -EFBIG);
	assert_int_equal(send_message(), -EFBIG);
	limit_file_size(RLIM_INFINITY);
	assert_int_equal(file_bytes(path), MESSAGE_BYTES);
	assert_int_equal(send_message(), 0);
	assert_int_equal(file_bytes(path), 2 * MESSAGE_BYTES);
	assert_int_equal(transport->session, 1);
	assert_int_equal(control.outcome.dead, 0);
}

static void message_file_full_device_begins_a_new_session(void **state)
{
	(void)state;
	strcpy(target, "file:/dev/full");
	open_file();
	assert_int_equal(send_message(), -ENOSPC);
	assert_int_equal(transport->session, 2);
	assert_int_equal(transport->is_open, 1);
}

static int open_named_pipe(void)
{
	int reader;

	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader >= 0);
	return reader;
}

static void expect_read(int reader, size_t bytes)
{
	char text[4 * MESSAGE_BYTES];

	assert_int_equal(read(reader, text, sizeof(text)), bytes);
}

static void message_file_named_pipe_begins_a_session_for_each_reader(void **state)
{
	int reader = open_named_pipe();
	uint64_t session;

	(void)state;
	open_file();
	assert_int_equal(send_message(), 0);
	assert_int_equal(send_message(), 0);
	expect_read(reader, 2 * MESSAGE_BYTES);
	assert_int_equal(send_message(), 0);
	close(reader);
	assert_int_equal(send_message(), -EPIPE);
	assert_int_equal(send_message(), -EPIPE);
	session = transport->session;
	assert_true(session > 1);
	assert_int_equal(control.outcome.dead, 0);
	assert_int_equal(transport_file.open(transport, &control), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(send_message(), 0);
	expect_read(reader, MESSAGE_BYTES);
	assert_int_equal(transport->session, session);
	close(reader);
}

static void message_file_stalled_pipe_does_not_outlast_the_end(void **state)
{
	int reader = open_named_pipe();

	(void)state;
	assert_true(fcntl(reader, F_SETPIPE_SZ, 4096) >= 4096);
	open_file();
	control.over = 1;
	for (int i = 0; i < 4096 / MESSAGE_BYTES; i++)
		assert_int_equal(send_message(), 0);
	assert_int_equal(send_message(), -ECANCELED);
	close(reader);
}

static void message_file_standard_output_without_reader_is_dead(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	set_standard_output(fds[1]);
	close(fds[1]);
	strcpy(target, "file:-");
	open_file();
	assert_int_equal(send_message(), 0);
	expect_read(fds[0], MESSAGE_BYTES);
	close(fds[0]);
	assert_int_equal(send_message(), -ECANCELED);
	restore_standard_output();
	assert_int_equal(control.outcome.dead, 1);
}

/* --- the whole driver --- */

#define RECORDS 100

static const struct export_identity identity = {
	.host = "test",
	.sampling_interval = 1,
	.instance = 1,
	.observation_domain_id = 7,
};
static struct peek peek;
static void *driver;

static void create_driver(void)
{
	char error[256] = "";

	driver = export_driver_ipfix.create(&settings, &identity, error, sizeof(error));
	if (!driver)
		fail_msg("%s", error);
}

/* Sends a record with that id. */
static struct export_outcome send_record(uint32_t id)
{
	struct export_control call = {.wake_fd = -1};
	struct flow_record record = {.packets = 1, .octets = 100};

	memset(record.key.source_address + 10, 0xff, 2);
	id = htonl(id);
	memcpy(record.key.source_address + 12, &id, sizeof(id));
	record.key.protocol = IPPROTO_UDP;
	export_driver_ipfix.send(driver, &record, 1, &call);
	export_driver_ipfix.flush(driver, &call);
	assert_int_equal(call.outcome.sent.records + call.outcome.lost.records, 1);
	return call.outcome;
}

/* All of the file is whole messages. */
static void peek_file(void)
{
	static unsigned char data[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t bytes = read(fd, data, sizeof(data));

	close(fd);
	memset(&peek, 0, sizeof(peek));
	assert_int_equal(peek_stream(&peek, data, bytes), bytes);
	assert_null(peek.problem);
}

static void driver_out_of_space_leaves_a_readable_session(void **state)
{
	uint32_t sent[RECORDS], count = 0;
	struct export_outcome outcome;

	(void)state;
	create_driver();
	for (uint32_t id = 1; id <= RECORDS; id++) {
		/* there is room for about half of them before, and again in the end */
		if (id == RECORDS / 2)
			limit_file_size(file_bytes(path) + 150);
		if (id == RECORDS * 3 / 4)
			limit_file_size(RLIM_INFINITY);
		outcome = send_record(id);
		if (outcome.sent.records)
			sent[count++] = id;
		else
			assert_int_equal(outcome.error, -EFBIG);
	}
	export_driver_ipfix.destroy(driver);
	assert_in_range(count, RECORDS * 3 / 4, RECORDS - 20);
	peek_file();
	assert_int_equal(peek.flows, count);
	assert_memory_equal(peek.ids, sent, count * sizeof(sent[0]));
	assert_int_equal(peek.gaps, 1);
	assert_int_equal(peek.lost, RECORDS - count);
}

/* Wherever space runs out while the session is introduced: no data before its template. */
static void driver_out_of_space_in_its_introduction_goes_on_with_it(void **state)
{
	struct export_outcome outcome;
	off_t introduction;

	(void)state;
	create_driver();
	send_record(1);
	export_driver_ipfix.destroy(driver);
	introduction = file_bytes(path);
	assert_in_range(introduction, 500, 5000);
	for (off_t limit = 0; limit < introduction; limit += 101) {
		unlink(path);
		limit_file_size(limit);
		create_driver();
		outcome = send_record(1);
		assert_int_equal(outcome.lost.records, 1);
		assert_int_equal(outcome.error, -EFBIG);
		limit_file_size(RLIM_INFINITY);
		outcome = send_record(2);
		assert_int_equal(outcome.sent.records, 1);
		export_driver_ipfix.destroy(driver);
		peek_file();
		assert_int_equal(peek.flows, 1);
		assert_int_equal(peek.ids[0], 2);
		assert_int_equal(peek.templates, 4);
	}
}

#define MESSAGE_FILE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MESSAGE_FILE_TEST(message_file_holds_the_messages_one_after_another),
		MESSAGE_FILE_TEST(message_file_puts_an_old_one_aside),
		MESSAGE_FILE_TEST(message_file_that_is_empty_is_used),
		MESSAGE_FILE_TEST(message_file_behind_a_link_is_put_aside_where_it_is),
		MESSAGE_FILE_TEST(message_file_that_cannot_be_put_aside_is_left_alone),
		MESSAGE_FILE_TEST(message_file_dash_is_no_file_of_that_name),
		MESSAGE_FILE_TEST(message_file_out_of_space_keeps_whole_messages),
		MESSAGE_FILE_TEST(message_file_full_device_begins_a_new_session),
		MESSAGE_FILE_TEST(message_file_named_pipe_begins_a_session_for_each_reader),
		MESSAGE_FILE_TEST(message_file_stalled_pipe_does_not_outlast_the_end),
		MESSAGE_FILE_TEST(message_file_standard_output_without_reader_is_dead),
		MESSAGE_FILE_TEST(driver_out_of_space_leaves_a_readable_session),
		MESSAGE_FILE_TEST(driver_out_of_space_in_its_introduction_goes_on_with_it),
	};

	signal(SIGPIPE, SIG_IGN); /* as main() does */
	signal(SIGXFSZ, SIG_IGN);
	log_set_level(LOG_ERROR);
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
