/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* export: flow records to OpenObserve, as JSON over HTTP(S). */
#ifndef FLOWPROBE_OPENOBSERVE_H
#define FLOWPROBE_OPENOBSERVE_H

#include "export/driver.h"

extern const struct export_driver export_driver_openobserve; /* kind "openobserve" */

#endif
