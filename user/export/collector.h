/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: flow records to a collector, as IPFIX, NetFlow v9 or NetFlow v5. */
#ifndef FLOWPROBE_COLLECTOR_H
#define FLOWPROBE_COLLECTOR_H

#include "export/driver.h"

extern const struct export_driver export_driver_ipfix; /* udp://, tcp://, tls://, file: */
extern const struct export_driver export_driver_netflow9; /* udp:// */
extern const struct export_driver export_driver_netflow5; /* udp:// */

#endif
