/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One exporter as a string, "TYPE:TARGET[?KEY=VALUE[&KEY=VALUE]...]". */
#ifndef FLOWPROBE_CONFIG_EXPORTER_SPEC_H
#define FLOWPROBE_CONFIG_EXPORTER_SPEC_H

#include "config/draft.h"

/* Puts the exporter into the draft; mistakes are reported. */
void config_exporter_spec_load(struct config_draft *draft, struct config_place place,
			       const char *text);

#endif
