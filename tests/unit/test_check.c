// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Looking at destinations: what is said of each, word by word, and that nothing has changed after.
 * Collectors are sockets on the loopback interface, files are in a folder of our own.
 */
#include "export/check.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/clock.h"

#define HANG_SECONDS 120
#define PATIENCE_NS (20 * NS_PER_S)
#define TEXT_BYTES 512

static char root[64];
static struct export_check check;
static struct export_settings settings;
static struct export_identity identity;
static int collector = -1;
static uint16_t port;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);

/* two.test is at 127.0.0.9, where nobody listens, and at 127.0.0.1. */
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	int error;

	if (!host || strcmp(host, "two.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, list);
	error = __real_getaddrinfo("127.0.0.9", service, hints, list);
	return error ? error : __real_getaddrinfo("127.0.0.1", service, hints, &(*list)->ai_next);
}

static int set_up(void **state)
{
	(void)state;
	alarm(HANG_SECONDS);
	check = (struct export_check){.until_ns = clock_monotonic_ns() + PATIENCE_NS};
	settings = (struct export_settings){.name = "test",
					    .connect_timeout_ns = 5 * NS_PER_S,
					    .request_timeout_ns = 5 * NS_PER_S};
	identity = (struct export_identity){.host = "test", .sampling_interval = 1};
	strcpy(root, "/tmp/flowprobe-test-check-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	if (collector >= 0)
		close(collector);
	collector = -1;
	return nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A path in our folder; the next call takes the place of the last but three. */
static const char *path(const char *name)
{
	static char paths[4][128];
	static unsigned int next;
	char *text = paths[next++ % 4];

	snprintf(text, sizeof(paths[0]), "%s%s", root, name);
	return text;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void expect_entries(const char *name, int wanted)
{
	DIR *directory = opendir(path(name));
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	assert_int_equal(count - 2, wanted); /* . and .. */
}

/* The finding with that number is this. */
__attribute__((format(printf, 4, 5))) static void
expect_finding(size_t i, enum check_verdict verdict, const char *fix, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_true(i < check.count);
	assert_string_equal(check.findings[i].text, text);
	assert_int_equal(check.findings[i].verdict, verdict);
	assert_string_equal(check.findings[i].fix, fix);
}

static void look(const char *type, const char *target)
{
	settings.type = type;
	settings.target = target;
	check.count = 0;
	check_destination(&settings, &identity, &check);
}

/* --- findings --- */

static void check_findings_beyond_the_last_are_left_out(void **state)
{
	(void)state;
	for (int i = 0; i <= CHECK_FINDINGS_MAX; i++)
		check_add(&check, CHECK_NOTE, "do", "number %d", i);
	assert_int_equal(check.count, CHECK_FINDINGS_MAX);
	expect_finding(CHECK_FINDINGS_MAX - 1, CHECK_NOTE, "do", "number %d",
		       CHECK_FINDINGS_MAX - 1);
}

static void check_unknown_type_is_refused(void **state)
{
	(void)state;
	look("carrier-pigeon", "-");
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_WRONG, "see `flowprobe run --help`",
		       "there is no exporter of type carrier-pigeon");
}

/* --- files --- */

static void check_file_that_can_be_made_is_not(void **state)
{
	(void)state;
	look("json", path("/flows.json"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "%s/flows.json can be made", root);
	expect_entries("", 0);
}

static void check_file_that_is_there_stays_as_it_is(void **state)
{
	struct stat before, after;
	char target[160];

	(void)state;
	write_file("/flows", "precious\n");
	assert_int_equal(stat(path("/flows"), &before), 0);
	look("json", path("/flows"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "%s/flows can be written to", root);
	snprintf(target, sizeof(target), "file:%s", path("/flows"));
	look("ipfix", target);
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "%s/flows is there already: it will be renamed, and kept",
		       root);
	assert_int_equal(stat(path("/flows"), &after), 0);
	assert_int_equal(after.st_size, before.st_size);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	expect_entries("", 1);
}

static void check_file_without_its_directory_is_wrong(void **state)
{
	(void)state;
	look("json", path("/none/flows"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_WRONG, "create this directory first",
		       "%s/none: No such file or directory", root);
	look("json", root);
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_WRONG, "name a file in it", "%s is a directory", root);
}

/* A reader would find the pipe's end when we have opened it and left again. */
static void check_named_pipe_is_not_opened(void **state)
{
	struct pollfd reader = {.events = POLLIN};

	(void)state;
	assert_int_equal(mkfifo(path("/pipe"), 0600), 0);
	reader.fd = open(path("/pipe"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(reader.fd >= 0);
	look("json", path("/pipe"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_NOTE, "start its reader before flowprobe",
		       "%s/pipe is a named pipe; whether somebody reads it was not tried", root);
	assert_int_equal(poll(&reader, 1, 0), 0); /* POLLHUP: somebody was there, and has left */
	close(reader.fd);
}

static void check_file_without_blocks_is_not_judged_by_its_room(void **state)
{
	(void)state;
	look("json", "/proc/self/comm");
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "/proc/self/comm can be written to");
}

/* --- spools --- */

static void check_spool_that_can_be_made_is_not(void **state)
{
	(void)state;
	check_spool(&check, path("/a/b/c"), 1);
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "the spool %s/a/b/c can be made", root);
	expect_entries("", 0);
}

static void check_spool_that_is_there_is_not_locked(void **state)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	check_spool(&check, root, 1);
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "the spool %s can be used", root);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	check.count = 0;
	check_spool(&check, root, 1);
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_NOTE,
		       "nothing, if that is the flowprobe that shall run; a second one needs a "
		       "spool_directory of its own",
		       "the spool %s is in use by process %d", root, (int)getpid());
	close(fd);
	expect_entries("", 0);
}

static void check_spool_that_cannot_be_is_wrong(void **state)
{
	(void)state;
	write_file("/file", "");
	check_spool(&check, path("/file"), 1);
	check_spool(&check, path("/file/below"), 1);
	assert_int_equal(check.count, 2);
	for (size_t i = 0; i < 2; i++)
		expect_finding(i, CHECK_WRONG,
			       "give the user flowprobe runs as write access to it, or choose "
			       "another spool_directory",
			       "cannot use the spool: %s/file%s: Not a directory", root,
			       i ? "/below" : "");
}

static void check_spool_larger_than_the_disk_is_noted(void **state)
{
	(void)state;
	check_spool(&check, root, UINT64_MAX - 1);
	assert_int_equal(check.count, 1);
	assert_int_equal(check.findings[0].verdict, CHECK_NOTE);
	assert_string_equal(check.findings[0].fix, "make room, or lower spool_max_bytes");
}

static void check_lock_is_found_by_device_and_inode(void **state)
{
	static const char locks[] = "1: POSIX  ADVISORY  WRITE 10 fd:01:77 0 EOF\n"
				    "2: FLOCK  ADVISORY  WRITE 11 fd:01:78 0 EOF\n"
				    "2: -> FLOCK  ADVISORY  WRITE 12 fd:01:79 0 EOF\n"
				    "3: FLOCK  ADVISORY  WRITE 0 00:1a:77 0 EOF\n"
				    "nonsense\n"
				    "4: FLOCK  ADVISORY  WRITE 13 fd:01:77 0 EOF";

	(void)state;
	assert_int_equal(check_find_lock(locks, makedev(0xfd, 1), 77), 13);
	assert_int_equal(check_find_lock(locks, makedev(0xfd, 1), 78), 11);
	assert_int_equal(check_find_lock(locks, makedev(0xfd, 1), 79), 0); /* only waits */
	assert_int_equal(check_find_lock(locks, makedev(0, 0x1a), 77), -1);
	assert_int_equal(check_find_lock(locks, makedev(0, 0x1a), 78), 0);
	assert_int_equal(check_find_lock("", makedev(0xfd, 1), 77), 0);
}

/* --- collectors --- */

/* A socket of that kind, bound to a port that nobody listens on yet. */
static void bind_collector(int kind)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);

	collector = socket(AF_INET, kind | SOCK_CLOEXEC, 0);
	assert_true(collector >= 0);
	assert_int_equal(bind(collector, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(collector, (struct sockaddr *)&address, &bytes), 0);
	port = ntohs(address.sin_port);
}

static const char *url(const char *scheme, const char *host)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s://%s:%u", scheme, host, port);
	return text;
}

static void check_udp_sends_nothing_but_an_empty_datagram(void **state)
{
	char byte;

	(void)state;
	bind_collector(SOCK_DGRAM);
	look("ipfix", url("udp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "",
		       "udp 127.0.0.1 port %u from 127.0.0.1: no refusal (UDP does not tell more)",
		       port);
	assert_int_equal(recv(collector, &byte, 1, MSG_DONTWAIT), 0);
	assert_int_equal(recv(collector, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void check_udp_refused_is_away(void **state)
{
	(void)state;
	bind_collector(SOCK_DGRAM);
	close(collector);
	collector = -1;
	look("netflow9", url("udp", "localhost"));
	assert_int_equal(check.count, 1);
	assert_int_equal(check.findings[0].verdict, CHECK_AWAY);
	assert_string_equal(check.findings[0].fix, "start the collector, or correct host and port");
	look("netflow9", url("udp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_AWAY, "start the collector, or correct host and port",
		       "nobody listens at udp 127.0.0.1 port %u", port);
}

static void check_udp_refused_at_the_first_address_looks_at_the_next(void **state)
{
	(void)state;
	bind_collector(SOCK_DGRAM);
	look("ipfix", url("udp", "two.test"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "",
		       "udp two.test (127.0.0.1) port %u from 127.0.0.1: no refusal (UDP does not "
		       "tell more)",
		       port);
	close(collector);
	collector = -1;
	look("ipfix", url("udp", "two.test"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_AWAY, "start the collector, or correct host and port",
		       "nobody listens at udp two.test (127.0.0.9) port %u", port);
}

static void check_udp_from_a_port_in_use_is_tried_from_another(void **state)
{
	(void)state;
	bind_collector(SOCK_DGRAM);
	settings.source_port = port; /* the collector itself has it */
	settings.source_address = "127.0.0.1";
	look("ipfix", url("udp", "127.0.0.1"));
	assert_int_equal(check.count, 2);
	expect_finding(0, CHECK_NOTE,
		       "if that is not the flowprobe that runs already, choose another source_port",
		       "udp port %u of this host (source_port) is in use; tried from another one",
		       port);
	expect_finding(1, CHECK_OK, "",
		       "udp 127.0.0.1 port %u from 127.0.0.1: no refusal (UDP does not tell more)",
		       port);
}

static void check_udp_from_a_foreign_address_has_no_way(void **state)
{
	(void)state;
	bind_collector(SOCK_DGRAM);
	settings.source_address = "192.0.2.77";
	look("ipfix", url("udp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_AWAY,
		       "let source_address be an address of this host, or leave it out",
		       "no way to udp 127.0.0.1 port %u: Cannot assign requested address", port);
}

static void check_tcp_connects_and_says_nothing(void **state)
{
	char byte;
	int peer;

	(void)state;
	bind_collector(SOCK_STREAM);
	assert_int_equal(listen(collector, 4), 0);
	look("ipfix", url("tcp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_OK, "", "tcp 127.0.0.1 port %u from 127.0.0.1: connected", port);
	peer = accept4(collector, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	assert_int_equal(read(peer, &byte, 1), 0);
	close(peer);
}

static void check_tcp_refused_is_away(void **state)
{
	(void)state;
	bind_collector(SOCK_STREAM); /* and does not listen */
	look("ipfix", url("tcp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_AWAY,
		       "start what should listen there, correct host and port, or let the "
		       "firewalls "
		       "between pass it",
		       "cannot connect to 127.0.0.1 port %u: Connection refused", port);
}

static void check_tells_which_of_several_addresses_answered(void **state)
{
	char expected[TEXT_BYTES];

	(void)state;
	bind_collector(SOCK_STREAM);
	assert_int_equal(listen(collector, 4), 0);
	settings.connect_timeout_ns = 200 * NS_PER_MS; /* it does not speak TLS */
	look("ipfix", url("tls", "two.test"));
	if (strstr(check.findings[0].text, "built without TLS")) {
		print_message("# skip: %s\n", check.findings[0].text);
		skip();
	}
	assert_int_equal(check.count, 1);
	assert_int_equal(check.findings[0].verdict, CHECK_AWAY);
	snprintf(expected, sizeof(expected),
		 "connected to two.test (127.0.0.1) port %u, but not by TLS: ", port);
	assert_memory_equal(check.findings[0].text, expected, strlen(expected));
}

static void check_address_of_another_family_is_not_looked_up(void **state)
{
	(void)state;
	bind_collector(SOCK_DGRAM);
	settings.source_address = "::1";
	look("ipfix", url("udp", "127.0.0.1"));
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_AWAY,
		       "let source_address be of the same family, IPv4 or IPv6, as the address",
		       "cannot look up 127.0.0.1: Address family for hostname not supported");
}

/* --- what would keep an exporter from starting --- */

#define CORRECT_FIX \
	"correct this option of the exporter (in the configuration file, or behind --export)"

static void check_options_that_do_not_do_are_refused(void **state)
{
	(void)state;
	look("netflow9", "tcp://127.0.0.1:1");
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_WRONG, CORRECT_FIX,
		       "\"tcp://127.0.0.1:1\" is no target for netflow9; it must begin with one "
		       "of: "
		       "udp:");
	settings.max_message_bytes = 99;
	look("ipfix", "udp://127.0.0.1:1");
	assert_int_equal(check.count, 1);
	assert_int_equal(check.findings[0].verdict, CHECK_WRONG);
	assert_non_null(strstr(check.findings[0].text, "max_message_bytes is 99; it must be from"));
	settings.max_message_bytes = 0;
	identity.sampling_interval = 16384;
	look("netflow5", "udp://127.0.0.1:1");
	assert_int_equal(check.count, 1);
	expect_finding(0, CHECK_WRONG, CORRECT_FIX,
		       "NetFlow v5 cannot say that one packet in 16384 is counted, only up to "
		       "16383; use netflow9 or ipfix, or a smaller --sampling");
}

#define CHECK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK_TEST(check_findings_beyond_the_last_are_left_out),
		CHECK_TEST(check_unknown_type_is_refused),
		CHECK_TEST(check_file_that_can_be_made_is_not),
		CHECK_TEST(check_file_that_is_there_stays_as_it_is),
		CHECK_TEST(check_file_without_its_directory_is_wrong),
		CHECK_TEST(check_named_pipe_is_not_opened),
		CHECK_TEST(check_file_without_blocks_is_not_judged_by_its_room),
		CHECK_TEST(check_spool_that_can_be_made_is_not),
		CHECK_TEST(check_spool_that_is_there_is_not_locked),
		CHECK_TEST(check_spool_that_cannot_be_is_wrong),
		CHECK_TEST(check_spool_larger_than_the_disk_is_noted),
		CHECK_TEST(check_lock_is_found_by_device_and_inode),
		CHECK_TEST(check_udp_sends_nothing_but_an_empty_datagram),
		CHECK_TEST(check_udp_refused_is_away),
		CHECK_TEST(check_udp_refused_at_the_first_address_looks_at_the_next),
		CHECK_TEST(check_udp_from_a_port_in_use_is_tried_from_another),
		CHECK_TEST(check_udp_from_a_foreign_address_has_no_way),
		CHECK_TEST(check_tcp_connects_and_says_nothing),
		CHECK_TEST(check_tcp_refused_is_away),
		CHECK_TEST(check_tells_which_of_several_addresses_answered),
		CHECK_TEST(check_address_of_another_family_is_not_looked_up),
		CHECK_TEST(check_options_that_do_not_do_are_refused),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
