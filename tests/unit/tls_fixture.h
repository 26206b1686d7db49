/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The TLS transport in front of a collector that is another process (openssl s_server), with
 * certificates made for the occasion.
 */
#ifndef FLOWPROBE_TLS_FIXTURE_H
#define FLOWPROBE_TLS_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/transport.h"
#include "lib/clock.h"
#include "netns.h"

#define HANG_SECONDS 120
#define MESSAGE_BYTES 1000
#define MESSAGE_BYTE '\1' /* of no text */
#define MESSAGE_RECORDS 10
#define PATH_BYTES 128

/* --- the collector and its certificates --- */

static char directory[64];
static pid_t collector;
static int input = -1; /* of the collector */
static int output = -1;
static unsigned int port;
static char paths[8][PATH_BYTES];

/* The path of a file of ours; a few are valid at the same time. */
static inline const char *file(const char *name)
{
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_BYTES, "%s/%s", directory, name);
	return path;
}

/* Makes NAME.pem and NAME.key: of an authority if issuer is NULL, else for another name. */
static inline int make_certificate(const char *name, const char *issuer, const char *other_name)
{
	char subject[64], certificate[64], key[64], ca[64], ca_key[64];
	const char *arguments[32] = {
		"openssl",
		"req",
		"-x509",
		"-newkey",
		"ec",
		"-pkeyopt",
		"ec_paramgen_curve:P-256",
		"-nodes",
		"-days",
		"2",
		"-subj",
		subject,
	};
	size_t count = 12;

	snprintf(subject, sizeof(subject), "/CN=%s", name);
	snprintf(certificate, sizeof(certificate), "%s.pem", name);
	snprintf(key, sizeof(key), "%s.key", name);
	arguments[count++] = "-keyout";
	arguments[count++] = file(key);
	arguments[count++] = "-out";
	arguments[count++] = file(certificate);
	if (issuer) {
		snprintf(ca, sizeof(ca), "%s.pem", issuer);
		snprintf(ca_key, sizeof(ca_key), "%s.key", issuer);
		arguments[count++] = "-CA";
		arguments[count++] = file(ca);
		arguments[count++] = "-CAkey";
		arguments[count++] = file(ca_key);
		arguments[count++] = "-addext";
		arguments[count++] = other_name;
	}
	return netns_command(arguments);
}

static inline int make_certificates(void)
{
	strcpy(directory, "/tmp/flowprobe-test-tls-XXXXXX");
	return !mkdtemp(directory) || make_certificate("ca", NULL, NULL) ||
	       make_certificate("other-ca", NULL, NULL) ||
	       make_certificate("collector", "ca", "subjectAltName=DNS:localhost,DNS:slow.test") ||
	       make_certificate("exporter", "ca", "subjectAltName=DNS:exporter");
}

static inline void remove_certificates(void)
{
	const char *const command[] = {"rm", "-rf", directory, NULL};

	netns_command(command);
}

/* Reads what the collector says until a line that begins so; the rest of it goes to line. */
static inline void read_line(const char *beginning, char *line, size_t line_bytes)
{
	size_t length = strlen(beginning), used;

	do {
		used = 0;
		while (used < line_bytes - 1 && read(output, line + used, 1) == 1 &&
		       line[used] != '\n')
			used++;
		assert_int_not_equal(used, 0);
		line[used] = '\0';
	} while (strncmp(line, beginning, length) != 0);
	memmove(line, line + length, used + 1 - length);
}

/*
 * Starts a collector with these further options of openssl s_server. It ends with its input or with
 * us, and prints what it is sent among other things.
 */
static inline void start_collector(const char *const options[])
{
	const char *arguments[32] = {"openssl", "s_server",
				     "-accept", "127.0.0.1:0",
				     "-cert",	file("collector.pem"),
				     "-key",	file("collector.key")};
	int out[2], in[2];
	char line[128];

	for (size_t i = 0; options && options[i]; i++)
		arguments[8 + i] = options[i];
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	collector = fork();
	assert_true(collector >= 0);
	if (collector == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		execvp(arguments[0], (char *const *)arguments);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	input = in[1];
	output = out[0];
	read_line("ACCEPT 127.0.0.1:", line, sizeof(line));
	port = (unsigned int)strtoul(line, NULL, 10);
	assert_int_not_equal(port, 0);
}

static inline void end_collector(void)
{
	if (collector > 0) {
		kill(collector, SIGKILL);
		waitpid(collector, NULL, 0);
	}
	collector = 0;
}

/* Waits until the collector has printed so many messages, and nothing of another one. */
static inline void expect_output(size_t messages)
{
	size_t found = 0;
	char byte;

	while (found < messages * MESSAGE_BYTES) {
		assert_int_equal(read(output, &byte, 1), 1);
		found += byte == MESSAGE_BYTE;
	}
}

/* --- the transport --- */

static struct export_settings settings;
static struct transport *transport;
static struct export_control control;
static char target[64];
static char message[MESSAGE_BYTES];

/* "slow.test" is looked up as long as the test wants. */
static _Atomic int held;
static _Atomic int questions;

int __real_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);
int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list);

int __wrap_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		       struct addrinfo **list)
{
	if (!host || strcmp(host, "slow.test") != 0 || hints->ai_flags & AI_NUMERICHOST)
		return __real_getaddrinfo(host, service, hints, list);
	questions++;
	while (held)
		sched_yield();
	return __real_getaddrinfo("127.0.0.1", service, hints, list);
}

static inline int set_up(void **state)
{
	(void)state;
	memset(message, MESSAGE_BYTE, sizeof(message));
	settings = (struct export_settings){
		.name = "tls",
		.type = "ipfix",
		.target = target,
		.reconnect_interval_ns = 3600 * NS_PER_S,
		.connect_timeout_ns = HANG_SECONDS * NS_PER_S,
		.ca_file = file("ca.pem"),
	};
	control = (struct export_control){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	held = 0;
	questions = 0;
	return control.wake_fd < 0;
}

static inline int tear_down(void **state)
{
	(void)state;
	held = 0;
	if (transport)
		transport->type->destroy(transport);
	transport = NULL;
	end_collector();
	if (output >= 0) {
		close(output);
		close(input);
	}
	output = -1;
	return close(control.wake_fd);
}

static inline void give_up(void)
{
	const uint64_t one = 1;

	control.stopping = 1;
	control.over = 1;
	assert_int_equal(write(control.wake_fd, &one, sizeof(one)), sizeof(one));
}

static inline void create_transport(const char *host)
{
	char error[256] = "";

	snprintf(target, sizeof(target), "tls://%s:%u", host, port);
	transport = transport_tls.create(&settings, target, 4740, error, sizeof(error));
	if (!transport)
		fail_msg("%s", error);
	transport->message_bytes_wanted = MESSAGE_BYTES;
}

static inline int open_transport(void)
{
	return transport->type->open(transport, &control);
}

static inline void start(const char *host)
{
	create_transport(host);
	assert_int_equal(open_transport(), 0);
	assert_int_equal(transport->session, 1);
	assert_int_equal(transport->is_open, 1);
}

/* One attempt is made, and fails. */
static inline void expect_refusal(const char *host)
{
	create_transport(host);
	control.stopping = 1;
	assert_int_equal(open_transport(), -ECANCELED);
	assert_int_equal(transport->session, 0);
}

static inline int send_message(void)
{
	const struct export_count count = {MESSAGE_RECORDS, 0, 0, 0};

	return transport->type->send(transport, message, sizeof(message), &count, &control);
}

static inline void settle(void)
{
	transport->type->settle(transport, &control);
}

static inline uint64_t sent_messages(void)
{
	return control.outcome.sent.records / MESSAGE_RECORDS;
}

static inline uint64_t lost_messages(void)
{
	return control.outcome.lost.records / MESSAGE_RECORDS;
}

#endif
