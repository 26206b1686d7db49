/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The configured interfaces, looked up on this host: for the agent, which captures on them, and for
 * the doctor. */
#ifndef FLOWPROBE_SELECTION_H
#define FLOWPROBE_SELECTION_H

#include <stddef.h>

#include "capture/interfaces.h"
#include "config/config.h"

/*
 * Opens the host's interfaces with the configured selection; nothing is reported yet. A plain name
 * that no interface has is an error (a typing mistake), a glob without a match is not (its
 * interfaces may appear later). NULL with errno set and one line in error: what, why and the fix.
 */
struct interfaces *selection_open(const struct config *config,
				  const struct interface_events *events, char *error,
				  size_t error_bytes);

/*
 * For interfaces that are open already, and another selection than the current one: whether it would
 * have been accepted, but for names that the current one has, too, whose interfaces may just be away.
 * 0, or -1 with one line in error.
 */
int selection_check(const struct interfaces *interfaces, const struct config *current,
		    const struct config *fresh, char *error, size_t error_bytes);

/* Selects anew; interfaces_report tells the difference. 0 or a negative errno. */
int selection_apply(struct interfaces *interfaces, const struct config *config);

/* 1 if this interface was asked for by its plain name, and not only by a glob. */
int selection_has_name(const struct config *config, const char *name);

#endif
