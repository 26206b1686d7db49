// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: takes the place of openobserve.c in a build without libcurl (make WITH_HTTP=0). */
#include "export/openobserve.h"

#include <stdio.h>

#include "export/check.h"

#define ABSENT "this flowprobe was built without HTTP (WITH_HTTP=0)"

static void *openobserve_create(const struct export_settings *settings,
				const struct export_identity *identity, char *error,
				size_t error_bytes)
{
	(void)settings;
	(void)identity;
	snprintf(error, error_bytes, ABSENT);
	return NULL;
}

static void openobserve_check(const struct export_settings *settings,
			      const struct export_identity *identity, struct export_check *check)
{
	(void)identity;
	(void)settings;
	check_add(check, CHECK_WRONG,
		  "use a flowprobe that is built with HTTP, or an exporter of another type", "%s",
		  ABSENT);
}

const struct export_driver export_driver_openobserve = {
	.kind = "openobserve",
	.create = openobserve_create,
	.check = openobserve_check,
};
