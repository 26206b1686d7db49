/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * encode -> export: how whole messages of IPFIX and NetFlow get to a collector. A transport says
 * when a new transport session has begun, and the exporter in front of it (collector.c) then
 * introduces itself anew; it takes messages, and reports what became of their records.
 */
#ifndef FLOWPROBE_TRANSPORT_H
#define FLOWPROBE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "export/driver.h"
#include "lib/endpoint.h"

#define TRANSPORT_BYTES_MAX 65535 /* longest message */

struct transport {
	const struct transport_type *type;
	/* Changed by the transport only, but that its owner resets nudged: */
	uint64_t session; /* counts up with each new transport session; 0: none yet */
	int is_open; /* that session can be sent in */
	size_t message_bytes; /* the longest message that may be sent now */
	int nudged; /* the collector may have missed what was said before (it was restarted) */
	uint8_t address[16]; /* our own end of the session; network order, IPv4 mapped */
	int has_address;
	/* Changed by its owner: */
	size_t message_bytes_wanted; /* message_bytes is at most this */
};

struct transport_type {
	const char *scheme; /* "udp" */
	/* What a session is sent once is known until it ends: templates must not be repeated. */
	int reliable;

	/* target is what follows "KIND:". NULL with what is wrong and the fix in error. Borrows
	 * settings. */
	struct transport *(*create)(const struct export_settings *settings, const char *target,
				    uint16_t default_port, char *error, size_t error_bytes);

	/* As export_driver.check. */
	void (*check)(const struct export_settings *settings, const char *target,
		      uint16_t default_port, struct export_check *check);

	/*
	 * Returns at once if a session is open, else when it has opened one, however long that
	 * takes. While control->stopping one last attempt is made. 0, or -ECANCELED: given up, and
	 * every later call will be too.
	 */
	int (*open)(struct transport *transport, struct export_control *control);

	/*
	 * Sends a message of count->records records. 0: the transport has taken it, and says in
	 * control->outcome, now or in a later call, whether it was sent or lost. Else nothing was
	 * sent, and the records are still the caller's:
	 * -EMSGSIZE: message_bytes has become less than bytes
	 * -ENOTCONN: the session is over; open a new one
	 * -ECANCELED: control->over
	 * any other: this message cannot be sent, the next one may
	 */
	int (*send)(struct transport *transport, const void *message, size_t bytes,
		    const struct export_count *count, struct export_control *control);

	/*
	 * Accounts for messages taken before. In the control->last call it waits until what is under
	 * way has arrived, as far as that can be known, and reports the rest lost. NULL: there is
	 * never anything under way.
	 */
	void (*settle)(struct transport *transport, struct export_control *control);

	/*
	 * Ends the session that is open, when what is under way has arrived, as far as that can be
	 * known; the next open begins another one. NULL: a session begins and ends by itself.
	 */
	void (*end)(struct transport *transport, struct export_control *control);

	/* CLOCK_MONOTONIC of when settle wants to be called; UINT64_MAX: not at all. NULL: never. */
	uint64_t (*next_ns)(const struct transport *transport);

	void (*destroy)(struct transport *transport);
};

/* Takes SCHEME://HOST[:PORT] apart. 0, or -EINVAL with what is wrong and the fix in error. */
int transport_parse_target(struct endpoint *endpoint, const char *target, uint16_t default_port,
			   char *error, size_t error_bytes);

extern const struct transport_type transport_udp;
extern const struct transport_type transport_tcp;
extern const struct transport_type transport_tls;
extern const struct transport_type transport_file;

#endif
