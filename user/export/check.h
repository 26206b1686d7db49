/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: a look at a destination before anything is sent to it, for the doctor. Nothing is changed
 * by it: no file is made, truncated or put aside, no named pipe opened, no lock taken, and nothing
 * sent that a collector or server could take for a record, a template or a session.
 */
#ifndef FLOWPROBE_CHECK_H
#define FLOWPROBE_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "export/channel.h"
#include "export/driver.h"
#include "export/local_end.h"
#include "export/resolver.h"
#include "lib/endpoint.h"

#define CHECK_FINDINGS_MAX 4
#define CHECK_TEXT_BYTES 768
#define CHECK_FIX_BYTES 384

enum check_verdict {
	CHECK_OK,
	CHECK_NOTE, /* it works, but is worth knowing */
	CHECK_AWAY, /* the exporter would start, but records would not arrive now */
	CHECK_WRONG, /* the exporter would not start */
};

struct check_finding {
	enum check_verdict verdict;
	char text[CHECK_TEXT_BYTES]; /* may repeat what others have said, as it is */
	char fix[CHECK_FIX_BYTES]; /* "" with CHECK_OK */
};

/* Of one destination; as handed to export_driver.check, all 0 but for until_ns. */
struct export_check {
	uint64_t until_ns; /* CLOCK_MONOTONIC: to have given up by */
	size_t count;
	struct check_finding findings[CHECK_FINDINGS_MAX];
};

/*
 * Looks at the destination that the settings name, by the driver that an exporter would use; on any
 * thread, until check->until_ns.
 */
void check_destination(const struct export_settings *settings,
		       const struct export_identity *identity, struct export_check *check);

/* One more finding, if there is room. fix is NULL with CHECK_OK. */
void check_add(struct export_check *check, enum check_verdict verdict, const char *fix,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The exporter's own words for why it would not start, which name the fix themselves. */
void check_add_refusal(struct export_check *check, const char *error);

/* --- steps that several kinds of destination share --- */

#define CHECK_PEER_BYTES 384

/* "HOST (ADDRESS) port PORT", or "ADDRESS port PORT" where HOST is one; address may be NULL. */
void check_describe_peer(const struct endpoint *endpoint, const struct sockaddr_storage *address,
			 char text[static CHECK_PEER_BYTES]);

/* The same of what fd is connected to. */
void check_describe_connected(const struct endpoint *endpoint, int fd,
			      char text[static CHECK_PEER_BYTES]);

/* " from ADDRESS", where fd is connected; else "". */
void check_describe_source(int fd, char text[static CHECK_PEER_BYTES]);

/* Addresses, as resolver_look_up; 0: none, which has been noted. */
int check_look_up(struct export_check *check, const struct endpoint *endpoint, int family,
		  struct resolved list[static RESOLVED_MAX]);

/* The part of the time left that an attempt may take, so that there is some left to explain it. */
uint64_t check_attempt_ns(const struct export_check *check);

/*
 * Why a session inside TCP did not come about, when `reason` is all that is known: finds out how far
 * one gets (name, connection), and notes that. protocol is what goes on inside, NULL: nothing does.
 * settings are the exporter's.
 */
void check_explain(struct export_check *check, const struct export_settings *settings,
		   const struct endpoint *endpoint, const struct local_end *local,
		   const char *protocol, const char *reason);

/* --- kinds of destination --- */

/* As transport_type.check. */
void check_udp(const struct export_settings *settings, const char *target, uint16_t default_port,
	       struct export_check *check);
void check_stream(const struct export_settings *settings, const char *target, uint16_t default_port,
		  const struct channel_type *type, struct export_check *check);

/* A path, or "-" for standard output. put_aside: what is there already is renamed when it starts. */
void check_file(struct export_check *check, const char *kind, const char *path, int put_aside);

/* A directory of batches, see spool.h, that is not ours yet. */
void check_spool(struct export_check *check, const char *directory, uint64_t max_bytes);

/*
 * Who has the lock of flock(2) on the file with that device and inode, by the text of /proc/locks:
 * his process id, 0: nobody, -1: somebody who is not visible from here.
 */
int check_find_lock(const char *locks, uint64_t device, uint64_t inode);

/* As export_driver.check. */
void check_openobserve(const struct export_settings *settings,
		       const struct export_identity *identity, struct export_check *check);

#endif
