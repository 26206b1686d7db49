// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See version.h. The Makefile gives both macros to this file alone, so that a commit rebuilds nothing
 * else. */
#include "lib/version.h"

const char *const version_number = FLOWPROBE_VERSION;
const char *const version_revision = FLOWPROBE_REVISION;
const char *const version_user_agent = "flowprobe/" FLOWPROBE_VERSION;
