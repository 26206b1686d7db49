// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The state behind interfaces.c: interfaces, the rules, and the difference between what should be
 * captured on and what was last reported.
 *
 * Entries live in a hash table by index, so that their addresses stay and names are found for every
 * record; those that exist are also in an array in the order they came, which is the order of
 * walking and reporting. Changes are collected on a list and reported after a whole batch of news:
 * a device that is made, renamed and set up within one batch appears once, under its last name.
 * Only a disappearance cannot wait, because the index may be taken again by the next message.
 *
 * Without include globs a host without a default route is captured on everywhere, for want of
 * anything better, until one appears: what is captured on must not depend on whether the service or
 * DHCP was first.
 *
 * Gone interfaces keep their name for late records; the oldest are forgotten beyond
 * INTERFACES_GONE_MAX, since a busy container host makes new ones for ever.
 */
#include "capture/interface_table.h"

#include <assert.h>
#include <errno.h>
#include <linux/if.h>
#include <stdlib.h>
#include <string.h>

#include "capture/interface_rules.h"
#include "lib/log.h"

#define BUCKETS_MIN 64

struct entry {
	struct interface interface;
	struct entry *bucket_next;
	struct entry *changed_next; /* on the list of changes, if changed */
	struct entry *gone_next, *gone_previous; /* on the list of gone ones, unless it exists */
	uint32_t mark;
	int exists;
	int changed;
	int was_up; /* now or before */
	int warned;
};

struct interface_table {
	struct interface_events events;
	struct interface_rules rules;
	int decided; /* rules.by_default_route says how it is, not how it starts */
	uint32_t mark;

	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	size_t entry_count; /* in the buckets: existing and gone */

	struct entry **existing;
	size_t existing_count, existing_max;

	struct entry *changed_first, *changed_last;
	struct entry *gone_first, *gone_last; /* oldest first */
	size_t gone_count;
};

/* --- storage --- */

static struct entry **table_bucket(const struct interface_table *table, uint32_t ifindex)
{
	return &table->buckets[ifindex & (table->bucket_count - 1)];
}

static struct entry *table_find(const struct interface_table *table, uint32_t ifindex)
{
	struct entry *entry;

	for (entry = *table_bucket(table, ifindex); entry; entry = entry->bucket_next)
		if (entry->interface.ifindex == ifindex)
			return entry;
	return NULL;
}

static void table_link(struct interface_table *table, struct entry *entry)
{
	struct entry **bucket = table_bucket(table, entry->interface.ifindex);

	entry->bucket_next = *bucket;
	*bucket = entry;
}

/* Doubles the buckets; if there is no memory, chains just get longer. */
static void table_grow(struct interface_table *table)
{
	struct entry **old = table->buckets, *entry, *next;
	size_t old_count = table->bucket_count, i;
	struct entry **buckets;

	buckets = calloc(old_count * 2, sizeof(*buckets));
	if (!buckets)
		return;
	table->buckets = buckets;
	table->bucket_count = old_count * 2;
	for (i = 0; i < old_count; i++) {
		for (entry = old[i]; entry; entry = next) {
			next = entry->bucket_next;
			table_link(table, entry);
		}
	}
	free(old);
}

static void gone_push(struct interface_table *table, struct entry *entry)
{
	entry->gone_next = NULL;
	entry->gone_previous = table->gone_last;
	if (table->gone_last)
		table->gone_last->gone_next = entry;
	else
		table->gone_first = entry;
	table->gone_last = entry;
	table->gone_count++;
}

static void gone_unlink(struct interface_table *table, struct entry *entry)
{
	if (entry->gone_previous)
		entry->gone_previous->gone_next = entry->gone_next;
	else
		table->gone_first = entry->gone_next;
	if (entry->gone_next)
		entry->gone_next->gone_previous = entry->gone_previous;
	else
		table->gone_last = entry->gone_previous;
	table->gone_count--;
}

/* Only between reports: nothing on the list of changes may be freed. */
static void gone_forget(struct interface_table *table)
{
	struct entry *entry, **link;

	while (table->gone_count > INTERFACES_GONE_MAX) {
		entry = table->gone_first;
		assert(!entry->gone_previous);
		gone_unlink(table, entry);
		for (link = table_bucket(table, entry->interface.ifindex); *link != entry;)
			link = &(*link)->bucket_next;
		*link = entry->bucket_next;
		table->entry_count--;
		free(entry);
	}
}

static int existing_push(struct interface_table *table, struct entry *entry)
{
	size_t max = table->existing_max ? table->existing_max * 2 : BUCKETS_MIN;
	struct entry **existing;

	if (table->existing_count == table->existing_max) {
		existing = realloc(table->existing, max * sizeof(*existing));
		if (!existing)
			return -ENOMEM;
		table->existing = existing;
		table->existing_max = max;
	}
	table->existing[table->existing_count++] = entry;
	return 0;
}

static void existing_remove(struct interface_table *table, const struct entry *entry)
{
	size_t i = 0;

	while (table->existing[i] != entry)
		i++;
	table->existing_count--;
	memmove(&table->existing[i], &table->existing[i + 1],
		(table->existing_count - i) * sizeof(*table->existing));
}

/* An entry for an index that does not exist yet: its old one, as good as new, or another. */
static struct entry *table_add(struct interface_table *table, uint32_t ifindex)
{
	struct entry *entry = table_find(table, ifindex), *added = NULL;

	if (!entry) {
		added = calloc(1, sizeof(*added));
		if (!added)
			return NULL;
		entry = added;
	}
	if (existing_push(table, entry)) {
		free(added);
		return NULL;
	}
	if (added) {
		if (table->entry_count >= table->bucket_count)
			table_grow(table);
		added->interface.ifindex = ifindex;
		table_link(table, added);
		table->entry_count++;
	} else {
		gone_unlink(table, entry);
		entry->interface = (struct interface){.ifindex = ifindex};
		entry->was_up = 0;
		entry->warned = 0;
	}
	entry->exists = 1;
	return entry;
}

struct interface_table *interface_table_new(const struct interface_selection *selection,
					    const struct interface_events *events)
{
	struct interface_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	if (events)
		table->events = *events;
	table->bucket_count = BUCKETS_MIN;
	table->buckets = calloc(table->bucket_count, sizeof(*table->buckets));
	if (!table->buckets || interface_table_select(table, selection)) {
		interface_table_free(table);
		errno = ENOMEM;
		return NULL;
	}
	return table;
}

void interface_table_free(struct interface_table *table)
{
	struct entry *entry, *next;
	size_t i;

	if (!table)
		return;
	for (i = 0; table->buckets && i < table->bucket_count; i++) {
		for (entry = table->buckets[i]; entry; entry = next) {
			next = entry->bucket_next;
			free(entry);
		}
	}
	interface_rules_free(&table->rules);
	free(table->buckets);
	free(table->existing);
	free(table);
}

/* --- news --- */

static void entry_changed(struct interface_table *table, struct entry *entry)
{
	if (entry->changed)
		return;
	entry->changed = 1;
	entry->changed_next = NULL;
	if (table->changed_last)
		table->changed_last->changed_next = entry;
	else
		table->changed_first = entry;
	table->changed_last = entry;
}

static void entry_disappeared(struct interface_table *table, struct entry *entry, int gone)
{
	if (!entry->interface.reported)
		return;
	entry->interface.reported = 0;
	if (table->events.disappeared)
		table->events.disappeared(table->events.arg, &entry->interface, gone);
}

int interface_table_set(struct interface_table *table, const struct rtnetlink_link *link)
{
	struct entry *entry = table_find(table, link->ifindex);
	struct interface now;

	if (!entry || !entry->exists) {
		entry = table_add(table, link->ifindex);
		if (!entry)
			return -ENOMEM;
	}
	now = entry->interface;
	memcpy(now.name, link->name, sizeof(now.name));
	memcpy(now.alias, link->alias, sizeof(now.alias));
	now.flags = link->flags;
	now.hardware_type = link->hardware_type;
	now.mtu = link->mtu;
	now.link_ifindex = link->link_ifindex;
	if (interface_link_layer(&now) != interface_link_layer(&entry->interface)) {
		entry_disappeared(table, entry, 0);
		entry->warned = 0;
	}
	now.reported = entry->interface.reported;
	entry->interface = now;
	entry->mark = table->mark;
	if (link->flags & IFF_UP)
		entry->was_up = 1;
	entry_changed(table, entry);
	return 0;
}

static void entry_remove(struct interface_table *table, struct entry *entry)
{
	entry->interface.selected = 0;
	entry_disappeared(table, entry, 1);
	entry->exists = 0;
	existing_remove(table, entry);
	gone_push(table, entry);
}

void interface_table_remove(struct interface_table *table, uint32_t ifindex)
{
	struct entry *entry = table_find(table, ifindex);

	if (entry && entry->exists)
		entry_remove(table, entry);
}

static void table_changed(struct interface_table *table)
{
	size_t i;

	for (i = 0; i < table->existing_count; i++)
		entry_changed(table, table->existing[i]);
}

void interface_table_default_route(struct interface_table *table, uint32_t ifindex)
{
	struct entry *entry = table_find(table, ifindex);

	if (!entry || !entry->exists || entry->interface.default_route)
		return;
	entry->interface.default_route = 1;
	entry_changed(table, entry);
	if (!table->decided || table->rules.include.count || table->rules.by_default_route)
		return;
	log_info("%s has the first default route: selecting the interfaces that have one, no "
		 "longer all that are up",
		 entry->interface.name);
	table->rules.by_default_route = 1;
	table_changed(table);
}

void interface_table_mark(struct interface_table *table)
{
	table->mark++;
}

void interface_table_sweep(struct interface_table *table)
{
	struct entry *entry;
	size_t i = 0;

	while (i < table->existing_count) {
		entry = table->existing[i];
		if (entry->mark == table->mark)
			i++;
		else
			entry_remove(table, entry);
	}
}

/* --- rules --- */

void interface_table_decide(struct interface_table *table)
{
	size_t i;

	table->decided = 1;
	table->rules.by_default_route = 0;
	for (i = 0; i < table->existing_count; i++)
		if (table->existing[i]->interface.default_route)
			table->rules.by_default_route = 1;
}

int interface_table_select(struct interface_table *table,
			   const struct interface_selection *selection)
{
	int had_include = table->rules.include.count > 0;
	int err;

	err = interface_rules_set(&table->rules, selection);
	if (!err && had_include && !table->rules.include.count)
		interface_table_decide(table);
	return err;
}

static int table_wants(const struct interface_table *table, struct entry *entry)
{
	const struct interface *interface = &entry->interface;
	int wanted = interface_rules_want(&table->rules, interface, entry->was_up);

	if (!wanted || interface_link_layer(interface) != LINK_UNSUPPORTED)
		return wanted;
	/* That some device is up does not mean that anybody expects it to be captured on. */
	if (!entry->warned && (table->rules.include.count || table->rules.by_default_route)) {
		log_warning("%s: cannot capture here: its link layer (ARPHRD type %u) is neither "
			    "Ethernet nor plain IP",
			    interface->name, interface->hardware_type);
		entry->warned = 1;
	}
	return 0;
}

/* --- reports --- */

static void entry_report(struct interface_table *table, struct entry *entry)
{
	entry->interface.selected = table_wants(table, entry);
	if (!entry->interface.selected) {
		entry_disappeared(table, entry, 0);
	} else if (!entry->interface.reported) {
		entry->interface.reported = 1;
		if (table->events.appeared)
			table->events.appeared(table->events.arg, &entry->interface);
	}
}

void interface_table_evaluate(struct interface_table *table)
{
	size_t i;

	for (i = 0; i < table->existing_count; i++)
		table->existing[i]->interface.selected = table_wants(table, table->existing[i]);
}

void interface_table_report(struct interface_table *table)
{
	struct entry *entry;

	while ((entry = table->changed_first)) {
		table->changed_first = entry->changed_next;
		if (!table->changed_first)
			table->changed_last = NULL;
		entry->changed = 0;
		if (entry->exists)
			entry_report(table, entry);
	}
	gone_forget(table);
}

void interface_table_report_all(struct interface_table *table)
{
	table_changed(table);
	interface_table_report(table);
}

const struct interface *interface_table_get(const struct interface_table *table, uint32_t ifindex)
{
	const struct entry *entry = table_find(table, ifindex);

	return entry ? &entry->interface : NULL;
}

const struct interface *interface_table_next(const struct interface_table *table, size_t *position)
{
	if (*position >= table->existing_count)
		return NULL;
	return &table->existing[(*position)++]->interface;
}
