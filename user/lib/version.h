/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which flowprobe this is. */
#ifndef FLOWPROBE_VERSION_H
#define FLOWPROBE_VERSION_H

extern const char *const version_number; /* "0.1.0" */
extern const char *const version_revision; /* of the source, "" if that is not known */
extern const char *const version_user_agent; /* "flowprobe/0.1.0" */

#endif
