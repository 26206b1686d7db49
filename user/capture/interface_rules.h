/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The rules by which interfaces are selected: struct interface_selection, kept. Pure. Who sets
 * by_default_route, and when, is in interface_table.h.
 */
#ifndef FLOWPROBE_INTERFACE_RULES_H
#define FLOWPROBE_INTERFACE_RULES_H

#include <stddef.h>

#include "capture/interfaces.h"

struct interface_globs {
	char **items; /* owned */
	size_t count;
};

/* Zero-initialised: no globs, all that are up. */
struct interface_rules {
	struct interface_globs include, exclude;
	int by_default_route; /* without include globs: those with a default route, not all up */
};

/* Copies the globs of selection in place of the old ones. 0, or -ENOMEM, then nothing changed. */
int interface_rules_set(struct interface_rules *rules, const struct interface_selection *selection);
void interface_rules_free(struct interface_rules *rules);

/* 1 if the rules select the interface, whatever its link layer; was_up: it is, or once was, up. */
int interface_rules_want(const struct interface_rules *rules, const struct interface *interface,
			 int was_up);

#endif
