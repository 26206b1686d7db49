// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See part.h. */
#include "provision/part.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/report.h"

struct object_place part_place(const struct setup *setup, const char *folder_id)
{
	return (struct object_place){
		.organization = setup->names.organization,
		.folder_id = folder_id,
	};
}

const struct asset *part_asset(enum asset_kind kind)
{
	const struct asset *asset = assets;

	while (asset->path && asset->kind != kind)
		asset++;
	return asset;
}

/* The function is no JSON, so it is quoted here. The server cuts blanks from both ends, and what it
 * has would never be the same if we did not. */
static char *make_function_body(const struct setup *setup, char *text)
{
	size_t length = text ? strlen(text) : 0;
	char *quoted, *body = NULL;

	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	quoted = text ? json_tree_quote(text) : NULL;
	if (quoted &&
	    asprintf(&body, "{\"name\":\"%s\",\"function\":%s,\"params\":\"row\",\"transType\":0}",
		     setup->names.function, quoted) < 0)
		body = NULL;
	free(quoted);
	free(text);
	return body;
}

char *part_body(const struct setup *setup, const struct asset *asset)
{
	char *text = asset_fill(asset, &setup->names);

	return asset->kind == ASSET_FUNCTION ? make_function_body(setup, text) : text;
}

char *part_name(const struct setup *setup, const struct object_kind *kind,
		const struct asset *asset)
{
	char *body = part_body(setup, asset);
	char *name = body ? object_name(kind, body) : NULL;

	free(body);
	return name;
}

int part_set_open(const struct setup *setup, const struct object_kind *kind, struct object_set *set,
		  struct object_result *result)
{
	const struct object_place place = part_place(setup, NULL);

	return object_set_open(set, &setup->api, kind, &place, result);
}

enum setup_result part_install_in(const struct setup *setup, const struct object_set *set,
				  const struct asset *asset, struct object_result *result)
{
	char *body = part_body(setup, asset);
	char *name = body ? object_name(set->kind, body) : NULL;
	struct object_result unused;
	enum setup_result said;

	if (!result)
		result = &unused;
	memset(result, 0, sizeof(*result));
	if (name)
		object_ensure(set, body, setup->dry_run, result);
	else
		object_fail_locally(result, "out of memory");
	said = report_result(setup, set->kind->title, name ? name : asset->path, result);
	free(name);
	free(body);
	return said;
}

enum setup_result part_install(const struct setup *setup, const struct object_kind *kind,
			       enum asset_kind asset_kind, struct object_result *result)
{
	const struct asset *asset = part_asset(asset_kind);
	struct object_result listed;
	struct object_set set;
	enum setup_result said;

	if (part_set_open(setup, kind, &set, &listed))
		said = report_result(setup, kind->title, asset->path, &listed);
	else
		said = part_install_in(setup, &set, asset, result);
	object_set_close(&set);
	return said;
}

static enum setup_result install_all(const struct setup *setup, const struct object_set *set,
				     enum asset_kind asset_kind)
{
	enum setup_result result = SETUP_OK;

	for (const struct asset *asset = assets; asset->path && !report_is_final(result); asset++)
		if (asset->kind == asset_kind)
			result = report_worse(result, part_install_in(setup, set, asset, NULL));
	return result;
}

enum setup_result part_install_folder(const struct setup *setup,
				      const struct object_kind *folder_kind,
				      const struct object_kind *kind, enum asset_kind asset_kind)
{
	struct object_result folder = {0}, listed;
	enum setup_result result = part_install(setup, folder_kind, ASSET_FOLDER, &folder);
	const struct object_place place = part_place(setup, folder.id);
	/* In a dry run there may be no folder to look into yet, and then nothing is in it. */
	struct object_set set = {.api = &setup->api, .kind = kind, .place = place};

	if (result != SETUP_OK)
		return result;
	if (!folder.id[0] && !setup->dry_run) {
		object_fail_locally(&folder, "the server has not said what its id is");
		return report_result(setup, folder_kind->title, setup->names.folder, &folder);
	}
	if (folder.id[0] && object_set_open(&set, &setup->api, kind, &place, &listed))
		result = report_result(setup, kind->title, "list", &listed);
	else
		result = install_all(setup, &set, asset_kind);
	object_set_close(&set);
	return result;
}
