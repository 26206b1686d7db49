/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* encode: NetFlow's clock, milliseconds since a boot that is the exporter's to choose. */
#ifndef FLOWPROBE_UPTIME_H
#define FLOWPROBE_UPTIME_H

#include <stdint.h>

/* How long before the agent's start a flow may have begun. */
#define UPTIME_MARGIN_MS (24 * 3600 * 1000ull)

/*
 * CLOCK_REALTIME in ms that sysUpTime counts from, in a packet made at now_ms: a day before the
 * agent's start, and 2^31 ms later each time that so many have passed. So times of up to a day ago
 * can be said, and sysUpTime (32 bits) does not wrap. Each packet is complete in itself: a collector
 * adds sysUpTime to a boot time that it takes from the same header.
 */
uint64_t uptime_boot_ms(uint64_t start_ms, uint64_t now_ms);

#endif
