/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: flow records to a collector, as IPFIX, NetFlow v9 or NetFlow v5. */
#ifndef FLOWPROBE_COLLECTOR_H
#define FLOWPROBE_COLLECTOR_H

#include "export/driver.h"

struct dialect;
struct transport;

extern const struct export_driver export_driver_ipfix; /* udp://, tcp://, tls://, file: */
extern const struct export_driver export_driver_netflow9; /* udp:// */
extern const struct export_driver export_driver_netflow5; /* udp:// */

/* What those have in common, see struct export_driver: */

/* Takes over transport, whose message_bytes_wanted is set, whatever comes of it. NULL with a line in
 * error. */
void *collector_new(const struct dialect *dialect, const struct export_settings *settings,
		    const struct export_identity *identity, struct transport *transport,
		    char *error, size_t error_bytes);
void collector_send(void *self, const struct flow_record *records, size_t count,
		    struct export_control *control);
void collector_flush(void *self, struct export_control *control);
uint64_t collector_next_ns(const void *self);
void collector_tick(void *self, struct export_control *control);
void collector_destroy(void *self);

#endif
