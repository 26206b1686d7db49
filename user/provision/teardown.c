// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See setup.h: the end of what setup.c makes. What another object names goes after it. What somebody
 * else has come to use stays, and that is no failure: a folder with his dashboards in it, the
 * destination of another stream's alerts.
 */
#include "provision/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/part.h"
#include "provision/report.h"
#include "provision/steps.h"
#include "provision/stream.h"

/* The object of an asset, in the set. */
static enum setup_result remove_in(const struct setup *setup, const struct object_set *set,
				   const struct asset *asset)
{
	char *name = part_name(setup, set->kind, asset);
	struct object_result result;
	enum setup_result said;

	memset(&result, 0, sizeof(result));
	if (name)
		object_delete(set, name, setup->dry_run, &result);
	else
		object_fail_locally(&result, "out of memory");
	said = report_result(setup, set->kind->title, name ? name : asset->path, &result);
	free(name);
	return said;
}

/* Asks for the set, and removes the object of the first asset of the kind. */
static enum setup_result remove_one(const struct setup *setup, const struct object_kind *kind,
				    enum asset_kind asset_kind)
{
	const struct asset *asset = part_asset(asset_kind);
	struct object_result listed;
	struct object_set set;
	enum setup_result said;

	if (part_set_open(setup, kind, &set, &listed))
		said = report_result(setup, kind->title, asset->path, &listed);
	else
		said = remove_in(setup, &set, asset);
	object_set_close(&set);
	return said;
}

/* How many in the set are not ours. */
static size_t count_others(const struct setup *setup, const struct object_set *set,
			   enum asset_kind asset_kind)
{
	size_t count = json_tree_length(set->list);

	for (const struct asset *asset = assets; asset->path; asset++) {
		char *name = asset->kind == asset_kind ? part_name(setup, set->kind, asset) : NULL;

		if (name && object_find(set, name))
			count--;
		free(name);
	}
	return count;
}

/* All objects of a kind in the folder; *others is how many stay. */
static enum setup_result empty_folder(const struct setup *setup, const struct object_kind *kind,
				      enum asset_kind asset_kind, const char *folder_id,
				      size_t *others)
{
	const struct object_place place = part_place(setup, folder_id);
	enum setup_result result = SETUP_OK;
	struct object_result listed;
	struct object_set set;

	if (object_set_open(&set, &setup->api, kind, &place, &listed))
		result = report_result(setup, kind->title, "list", &listed);
	for (const struct asset *asset = assets;
	     asset->path && set.list && !report_is_final(result); asset++)
		if (asset->kind == asset_kind)
			result = report_worse(result, remove_in(setup, &set, asset));
	*others = count_others(setup, &set, asset_kind);
	object_set_close(&set);
	return result;
}

/* The folder, of those in the set, and before it all objects of a kind in it. */
static enum setup_result remove_folder_in(const struct setup *setup,
					  const struct object_set *folders,
					  const struct object_kind *kind,
					  enum asset_kind asset_kind)
{
	const char *name = setup->names.folder, *title = folders->kind->title;
	struct object_result folder;
	enum setup_result result;
	size_t others;

	object_look(folders, name, &folder);
	if (folder.outcome != OBJECT_UNCHANGED)
		return report_result(setup, title, name, &folder);
	result = empty_folder(setup, kind, asset_kind, folder.id, &others);
	if (result != SETUP_OK)
		return result;
	if (!others)
		return remove_in(setup, folders, part_asset(ASSET_FOLDER));
	report_row(setup, title, name, "stays, with %zu %s%s not of our making", others,
		   kind->title, others > 1 ? "s" : "");
	return SETUP_OK;
}

static enum setup_result remove_folder(const struct setup *setup,
				       const struct object_kind *folder_kind,
				       const struct object_kind *kind, enum asset_kind asset_kind)
{
	struct object_result listed;
	enum setup_result said;
	struct object_set set;

	if (part_set_open(setup, folder_kind, &set, &listed))
		said = report_result(setup, folder_kind->title, setup->names.folder, &listed);
	else
		said = remove_folder_in(setup, &set, kind, asset_kind);
	object_set_close(&set);
	return said;
}

static enum setup_result remove_alerts(const struct setup *setup)
{
	return remove_folder(setup, &object_alert_folder, &object_alert, ASSET_ALERT);
}

static enum setup_result remove_destination(const struct setup *setup)
{
	const char *name = setup->names.destination, *title = object_destination.title;
	enum setup_result said = SETUP_OK;
	struct object_result listed;
	struct object_set set;

	if (part_set_open(setup, &object_destination, &set, &listed))
		said = report_result(setup, title, name, &listed);
	else if (steps_destination_owner(setup, &set) != DESTINATION_OTHERS)
		said = remove_in(setup, &set, part_asset(ASSET_DESTINATION));
	else
		report_row(setup, title, name, "stays: it is not of our making");
	object_set_close(&set);
	return said;
}

static enum setup_result remove_template(const struct setup *setup)
{
	return remove_one(setup, &object_template, ASSET_TEMPLATE);
}

static enum setup_result remove_dashboards(const struct setup *setup)
{
	return remove_folder(setup, &object_dashboard_folder, &object_dashboard, ASSET_DASHBOARD);
}

static enum setup_result remove_pipeline(const struct setup *setup)
{
	return remove_one(setup, &object_pipeline, ASSET_PIPELINE);
}

static enum setup_result remove_function(const struct setup *setup)
{
	return remove_one(setup, &object_function, ASSET_FUNCTION);
}

static enum setup_result remove_stream(const struct setup *setup)
{
	const struct object_place place = part_place(setup, NULL);
	int only_look = setup->dry_run || !setup->delete_stream;
	struct object_result result;

	stream_delete(&setup->api, &place, setup->names.stream, only_look, &result);
	if (result.outcome != OBJECT_DELETED || setup->delete_stream)
		return report_result(setup, "stream", setup->names.stream, &result);
	report_row(setup, "stream", setup->names.stream,
		   "stays, with its records; --delete-stream removes both");
	return SETUP_OK;
}

enum setup_result setup_remove(const struct setup *setup)
{
	enum setup_result (*const steps[])(const struct setup *setup) = {
		remove_alerts,	 remove_destination, remove_template, remove_dashboards,
		remove_pipeline, remove_function,    remove_stream,
	};
	enum setup_result result = SETUP_OK;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !report_is_final(result); i++)
		result = report_worse(result, steps[i](setup));
	return result;
}
