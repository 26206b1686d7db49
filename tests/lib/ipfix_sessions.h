/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPFIX decoder of the tests: the Transport Sessions in a capture file, or the one that an IPFIX
 * File is, each with a decoder of its own.
 *
 *	capture ─▶ pcap_reader ─▶ ip_segment ─┬▶ UDP ───────────────────────────▶ ipfix_check
 *	                                      └▶ TCP ─▶ tcp_assembly ┐
 *	IPFIX File ──────────────────────────────────────────────────┴▶ ipfix_stream ─▶ ipfix_check
 *
 * A session is named "udp 192.0.2.1:4711 > 192.0.2.2:4739", "tcp [2001:db8::1]:4711 > ..." or
 * "file". What is wrong with the capture itself belongs to no session, but counts: its name is
 * "capture".
 */
#ifndef FLOWPROBE_TESTS_IPFIX_SESSIONS_H
#define FLOWPROBE_TESTS_IPFIX_SESSIONS_H

#include <stddef.h>
#include <stdint.h>

#include "ipfix_check.h"

#define IPFIX_SESSIONS_MAX 256

struct ipfix_sessions_config {
	struct ipfix_check_config check; /* but for transport and callbacks */
	uint16_t port; /* of collectors: only what is sent to it is looked at */
	void *arg; /* for the callbacks, any of which may be NULL */
	void (*violation)(void *arg, const char *session, const char *line);
	void (*record)(void *arg, const char *session, const struct ipfix_record *record);
};

struct ipfix_sessions;

/* NULL: no memory. ipfix_sessions_free takes NULL too. */
struct ipfix_sessions *ipfix_sessions_new(const struct ipfix_sessions_config *config);
void ipfix_sessions_free(struct ipfix_sessions *sessions);

/* All packets of a capture file. 0, or -EINVAL: that is not what it is. */
int ipfix_sessions_read_capture(struct ipfix_sessions *sessions, const uint8_t *bytes, size_t size);

/* All messages of a stream. */
void ipfix_sessions_read_file(struct ipfix_sessions *sessions, const uint8_t *bytes, size_t size);

/* Ends all sessions. Nothing may be read afterwards. */
void ipfix_sessions_finish(struct ipfix_sessions *sessions);

size_t ipfix_sessions_count(const struct ipfix_sessions *sessions);
const char *ipfix_sessions_name(const struct ipfix_sessions *sessions, size_t index);
const struct ipfix_check_totals *ipfix_sessions_totals(const struct ipfix_sessions *sessions,
						       size_t index);

/* Over all sessions; violations of the capture itself are in it. */
struct ipfix_check_totals ipfix_sessions_sum(const struct ipfix_sessions *sessions);

#endif
