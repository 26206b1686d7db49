// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which interfaces to capture on: asked by interface_table.c about every interface that is new or
 * has changed.
 *
 * In: globs and what is known of one interface. Out: yes or no. Exclude always wins; include takes
 * interfaces by name only. Without include globs what counts is sticky (having had a default route,
 * having been up): an interface that loses its route or goes down brings no traffic worth missing,
 * and detaching at every flap would cost flows. Loopback would show every local packet twice, so it
 * takes an include glob.
 */
#include "capture/interface_rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>

enum link_layer interface_link_layer(const struct interface *interface)
{
	switch (interface->hardware_type) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return LINK_ETHERNET;
	case ARPHRD_NONE:
	case ARPHRD_RAWIP:
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return LINK_IP;
	default:
		return LINK_UNSUPPORTED;
	}
}

static void globs_free(struct interface_globs *globs)
{
	size_t i;

	for (i = 0; i < globs->count; i++)
		free(globs->items[i]);
	free(globs->items);
	*globs = (struct interface_globs){};
}

static int globs_copy(struct interface_globs *globs, const char *const *items, size_t count)
{
	*globs = (struct interface_globs){};
	if (!count)
		return 0;
	globs->items = calloc(count, sizeof(*globs->items));
	if (!globs->items)
		return -ENOMEM;
	for (; globs->count < count; globs->count++) {
		globs->items[globs->count] = strdup(items[globs->count]);
		if (!globs->items[globs->count]) {
			globs_free(globs);
			return -ENOMEM;
		}
	}
	return 0;
}

static int globs_match(const struct interface_globs *globs, const char *name)
{
	size_t i;

	for (i = 0; i < globs->count; i++)
		if (fnmatch(globs->items[i], name, 0) == 0)
			return 1;
	return 0;
}

int interface_rules_set(struct interface_rules *rules, const struct interface_selection *selection)
{
	struct interface_globs include, exclude;

	if (globs_copy(&include, selection->include, selection->include_count))
		return -ENOMEM;
	if (globs_copy(&exclude, selection->exclude, selection->exclude_count)) {
		globs_free(&include);
		return -ENOMEM;
	}
	interface_rules_free(rules);
	rules->include = include;
	rules->exclude = exclude;
	return 0;
}

void interface_rules_free(struct interface_rules *rules)
{
	globs_free(&rules->include);
	globs_free(&rules->exclude);
}

int interface_rules_want(const struct interface_rules *rules, const struct interface *interface,
			 int was_up)
{
	if (globs_match(&rules->exclude, interface->name))
		return 0;
	if (rules->include.count)
		return globs_match(&rules->include, interface->name);
	if (interface->flags & IFF_LOOPBACK)
		return 0;
	return rules->by_default_route ? interface->default_route : was_up;
}
