/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages to the service manager: the protocol that sd_notify(3) documents and guarantees, without
 * its library. Where no manager asked for them (NOTIFY_SOCKET is not set) nothing happens.
 */
#ifndef FLOWPROBE_NOTIFY_H
#define FLOWPROBE_NOTIFY_H

#include <stdint.h>

/*
 * Sends lines "NAME=value" joined by "\n", such as "READY=1\nSTATUS=capturing". 0, also without a
 * manager; or a negative errno, which can be ignored.
 */
int notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often the manager wants to hear WATCHDOG=1 at the least, ns; 0: it does not. */
uint64_t notify_watchdog_ns(void);

#endif
