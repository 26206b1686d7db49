// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * export: the list of all kinds of destination, see exporter.h. A new kind is one file with an
 * export_driver in it, and one line here.
 */
#include "export/exporter.h"

#include <stddef.h>

#include "export/file.h"

const struct export_driver *const export_drivers[] = {
	&export_driver_json,
	NULL,
};
