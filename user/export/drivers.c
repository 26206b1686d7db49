// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: the list of all kinds of destination, see driver.h. A new kind is one file with an
 * export_driver in it, and one line here.
 */
#include "export/driver.h"

#include <stddef.h>

#include "export/collector.h"
#include "export/file.h"
#include "export/openobserve.h"

const struct export_driver *const export_drivers[] = {
	&export_driver_json,	 &export_driver_ipfix,	     &export_driver_netflow9,
	&export_driver_netflow5, &export_driver_openobserve, NULL,
};
