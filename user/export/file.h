/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: JSON lines to standard output ("-"), a file, or a named pipe. */
#ifndef FLOWPROBE_FILE_H
#define FLOWPROBE_FILE_H

#include "export/driver.h"

extern const struct export_driver export_driver_json; /* kind "json" */

#endif
