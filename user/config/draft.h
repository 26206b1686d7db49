/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A configuration while its sources are being laid over each other, lowest first: defaults, file,
 * environment, flags.
 */
#ifndef FLOWPROBE_CONFIG_DRAFT_H
#define FLOWPROBE_CONFIG_DRAFT_H

#include "config/config.h"
#include "config/errors.h"
#include "config/options.h"

enum config_origin {
	CONFIG_ORIGIN_NONE = 0,
	CONFIG_ORIGIN_DEFAULT,
	CONFIG_ORIGIN_FILE,
	CONFIG_ORIGIN_ENVIRONMENT,
	CONFIG_ORIGIN_FLAG,
};

struct config_draft {
	struct config *config; /* borrowed */
	struct config_errors *errors; /* borrowed */
	enum config_origin origins[CONFIG_OPTIONS]; /* who set the option last */
};

/* Empties *config and gives every option its default. 0 or -ENOMEM. */
int config_draft_init(struct config_draft *draft, struct config *config,
		      struct config_errors *errors);

/*
 * Lays one value over what lower sources said. The first item of a list from a source replaces the
 * list of the source below, the next ones are appended. Returns as config_value_set() does.
 */
int config_draft_set(struct config_draft *draft, const struct config_option *option,
		     enum config_origin origin, const char *text, char error[CONFIG_MESSAGE_BYTES]);

/* Lays an empty list over what lower sources said. 0, or -EINVAL if the option needs items. */
int config_draft_set_empty(struct config_draft *draft, const struct config_option *option,
			   enum config_origin origin, char error[CONFIG_MESSAGE_BYTES]);

/* Naming an interface that is excluded by default includes it. Call after the last source. */
void config_draft_finish(struct config_draft *draft);

#endif
