/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What differs between the configuration that is in effect and one that was read again, for a
 * reload: which of it can take effect at once, and which needs a restart (options.h says).
 */
#ifndef FLOWPROBE_CONFIG_CHANGE_H
#define FLOWPROBE_CONFIG_CHANGE_H

#include "config/config.h"

enum config_effect { CONFIG_EFFECT_LIVE, CONFIG_EFFECT_RESTART };

/* Is told the key of an option, "capture.hook" or "exporters". */
typedef void config_change_sink(void *arg, const char *key);

/* Tells sink each option that has this effect and not the same value in both. */
void config_compare(const struct config *current, const struct config *fresh,
		    enum config_effect effect, config_change_sink *sink, void *arg);

/*
 * The same with RESTART; and lets the values of all such options change places, so that fresh has
 * those in effect, and is what is true once the rest of it has taken effect. What owns them changes
 * places too.
 */
void config_keep_fixed(struct config *current, struct config *fresh, config_change_sink *sink,
		       void *arg);

/* 1 if they have the same name, type, target and options. Files that an option only names are not
 * looked into. */
int config_exporter_equals(const struct config_exporter *a, const struct config_exporter *b);

#endif
