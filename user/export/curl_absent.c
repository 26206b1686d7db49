// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: takes the place of curl.c in a build without libcurl (make WITH_HTTP=0). */
#include "export/channel.h"

#include <errno.h>
#include <stdio.h>

static int tls_check(const struct export_settings *settings, char *error, size_t error_bytes)
{
	(void)settings;
	snprintf(error, error_bytes, "this flowprobe was built without TLS (WITH_HTTP=0)");
	return -EOPNOTSUPP;
}

const struct channel_type channel_tls = {.check = tls_check};
