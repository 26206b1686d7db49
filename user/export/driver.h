/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: what a kind of destination has to implement, and what it is given. A driver lives on its
 * exporter's thread and may block there; it waits with export_wait, so that a stop reaches it.
 */
#ifndef FLOWPROBE_DRIVER_H
#define FLOWPROBE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

#include "export/count.h"
#include "flow/record.h"

struct export_board;
struct export_check;

#define EXPORT_REASON_BYTES 192

/* Of one exporter, as configured. Texts may be NULL: not given. */
struct export_settings {
	const char *name; /* in messages; never NULL, like the next two */
	const char *type; /* export_driver.kind */
	const char *target;
	const char *source_address; /* an IP address to send from */
	uint16_t source_port; /* 0: any, but the same for as long as the exporter lives */
	size_t max_message_bytes; /* 0: what the path takes, within reason */
	uint64_t template_refresh_ns;
	uint64_t reconnect_interval_ns; /* least time between two attempts to connect */
	uint64_t connect_timeout_ns;
	uint32_t max_rate; /* messages per second; 0: spread over about a second */
	int biflow;
	uint32_t enterprise_number; /* 0: none */
	const char *ca_file;
	const char *certificate_file;
	const char *key_file;
	/* OpenObserve: */
	const char *organization;
	const char *stream;
	const char *user;
	const char *password_file;
	const char *token_file;
	const char *password; /* secret, like the next */
	const char *token;
	size_t batch_records;
	size_t batch_bytes; /* of JSON, before compression */
	uint64_t flush_interval_ns; /* longest wait of a record for others */
	uint64_t request_timeout_ns;
	int compress;
	int confirm; /* records that the server says nothing of are lost */
	uint64_t ingestion_window_ns; /* how old a record the server takes */
	const char *spool_directory; /* NULL: none */
	uint64_t spool_max_bytes;
	uint64_t spool_after_ns; /* how long the server is away before batches go to disk */
};

/* What every exporter may want to know about the host it runs on; fixed at start but for the atomic
 * ones, outlives the exporters. */
struct export_identity {
	char host[256]; /* host name */
	char sampler_address[46]; /* text; "" unknown */
	uint64_t instance; /* random per start; with flow_record.id unique for ever */
	uint64_t start_ns; /* CLOCK_REALTIME of the start */
	uint32_t process_id;
	uint32_t observation_domain_id;
	uint32_t sampling_interval; /* 1-in-N, 1: all packets */
	_Atomic uint64_t active_timeout_ns;
	_Atomic uint64_t idle_timeout_ns;
	struct export_board *board; /* what changes; NULL: nobody tells */
};

/*
 * What became of records in one call of a driver, of those that earlier calls left in its
 * buffers too. A record that was neither sent nor lost yet is still with the driver.
 */
struct export_outcome {
	struct export_count sent;
	struct export_count lost;
	struct export_count unsupported; /* cannot be expressed; no fault of the destination */
	struct export_count refused; /* the destination has said that it does not take them */
	struct export_count spool_full; /* they had to make room on disk for later ones */
	struct export_count recovered; /* an earlier process has left them on disk: now ours too */
	struct export_count kept; /* at the end: left on disk for the next process */
	uint64_t unknown_interfaces; /* numbers of some that were sent, but as unknown */
	uint64_t batches; /* messages, requests or writes taken, those without records too */
	uint64_t bytes; /* of them, as they were sent, without what the network adds */
	int error; /* why they are lost: negative errno, 0: nothing failed */
	char reason[EXPORT_REASON_BYTES]; /* the same for people, where errno cannot say it; "" */
	int dead; /* the destination is gone for good: no more calls but destroy */
};

/* What a driver knows of its destination now: for whoever looks, also while a call takes long. */
struct export_condition {
	int is_down; /* it takes nothing at the moment */
	char reason[EXPORT_REASON_BYTES]; /* why, or why it was the last time */
	struct export_count spooled; /* records that are on disk */
	uint64_t spool_bytes;
};

/* How a driver and its exporter talk. */
struct export_control {
	_Atomic int stopping; /* no more records will come: get done with what is there */
	_Atomic int over; /* the deadline has passed: give up */
	_Atomic int renew; /* read files again that the settings name; the driver makes it 0 */
	int wake_fd; /* eventfd: one of these has changed; -1: they never do */
	/* before each call: */
	int last; /* the driver's last but destroy */
	uint64_t backlog; /* records in the queue behind those of this call */
	/* before each call, and by export_update_lost: */
	struct export_count lost; /* so far, whatever the reason */
	uint64_t first_lost_ns; /* CLOCK_REALTIME; 0: none was */
	uint64_t last_lost_ns;
	void (*give_lost)(struct export_control *control); /* NULL: nobody knows better */
	/* during a call, by the driver: */
	struct export_outcome outcome;
	/* by export_tell_*: */
	struct export_condition condition;
	void (*told)(struct export_control *control); /* NULL: nobody listens */
	_Atomic uint64_t
		busy_since_ns; /* at work, and not waiting, since; CLOCK_MONOTONIC, 0: not */
};

/*
 * Waits until one of `events` (POLLIN, POLLOUT) or an error shows on fd (-1: none), or it is
 * until_ns (CLOCK_MONOTONIC, UINT64_MAX: never), or stopping or over becomes true. Returns the
 * events, 0 when it was one of the latter; the caller looks which. When it is over already, fd is
 * looked at without waiting.
 */
int export_wait(struct export_control *control, int fd, short events, uint64_t until_ns);

/* For those who wait on control->wake_fd themselves: around the waiting, and when it is readable,
 * to make it quiet again. */
void export_begin_waiting(struct export_control *control);
void export_end_waiting(struct export_control *control);
void export_woken(struct export_control *control);

/* Brings what was lost up to date: by a full queue during the call, and by the call itself. */
void export_update_lost(struct export_control *control);

/* The destination has taken one more batch of so many bytes. */
void export_count_batch(struct export_control *control, uint64_t bytes);

/* The destination takes records (again), or does not; what the spool holds has changed. Cheap if it
 * is no news. */
void export_tell_up(struct export_control *control);
void export_tell_down(struct export_control *control, const char *reason);
void export_tell_spool(struct export_control *control, const struct export_count *count,
		       uint64_t bytes);

/*
 * One kind of destination. All but create and check are called on the exporter's thread.
 *
 * create: parses settings->target and checks what can be checked at once. NULL on failure, with
 *	what is wrong and the fix in error. Borrows settings and identity.
 * check: instead of all others, on any thread: looks whether create would succeed, and records would
 *	arrive, without changing anything anywhere (check.h).
 * send: takes count records (copies what it keeps of them), encodes and writes them or some of
 *	them, and adds to control->outcome. May block for as long as it must, but returns soon after
 *	control->over becomes true.
 * flush: nothing more is queued right now: push out what was buffered. When it is control->last,
 *	everything must be sent or lost when it returns. That it is stopping does not mean so yet: a
 *	stop may come during any call, with records in the queue behind.
 * next_ns: CLOCK_MONOTONIC of when tick wants to be called though nothing is queued; UINT64_MAX:
 *	not at all. NULL: never.
 * tick: the time has come. As send. Need not be there without next_ns.
 * destroy: what is still buffered is lost.
 */
struct export_driver {
	const char *kind; /* "json" */
	void *(*create)(const struct export_settings *settings,
			const struct export_identity *identity, char *error, size_t error_bytes);
	void (*check)(const struct export_settings *settings,
		      const struct export_identity *identity, struct export_check *check);
	void (*send)(void *self, const struct flow_record *records, size_t count,
		     struct export_control *control);
	void (*flush)(void *self, struct export_control *control);
	uint64_t (*next_ns)(const void *self);
	void (*tick)(void *self, struct export_control *control);
	void (*destroy)(void *self);
};

/* All kinds there are, NULL-terminated; defined in drivers.c. */
extern const struct export_driver *const export_drivers[];

#endif
