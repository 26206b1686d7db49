/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names of IP protocols, as goflow2 v101 prints them: mostly IANA's keywords. */
#ifndef FLOWPROBE_PROTOCOL_H
#define FLOWPROBE_PROTOCOL_H

#include <stdint.h>

#define PROTOCOL_NAME_CHARS 29 /* of the longest one */

/* Never NULL: numbers without a name are "unassigned", "experimental" or "reserved". */
const char *protocol_name(uint8_t protocol);

#endif
