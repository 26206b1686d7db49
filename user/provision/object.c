// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See object.h. Kinds differ in where they are, and in how their lists look; what is done with them
 * does not, so it is written once and the differences are rows of a table.
 *
 * An object is "unchanged" if what the server has covers what it should have: servers add members of
 * their own (owners, times, defaults).
 */
#include "provision/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct object_kind object_function = {
	.title = "function",
	.name_member = "name",
	.list_path = "/api/{org}/functions",
	.list_member = "list",
	.create_path = "/api/{org}/functions",
	.update_path = "/api/{org}/functions/{id}",
	.delete_path = "/api/{org}/functions/{id}",
};

const struct object_kind object_pipeline = {
	.title = "pipeline",
	.name_member = "name",
	.list_path = "/api/{org}/pipelines",
	.list_member = "list",
	.id_member = "pipeline_id",
	.create_path = "/api/{org}/pipelines",
	.update_path = "/api/{org}/pipelines",
	.update_members = {"pipeline_id", "version"},
	.delete_path = "/api/{org}/pipelines/{id}",
};

const struct object_kind object_dashboard_folder = {
	.title = "folder",
	.name_member = "name",
	.list_path = "/api/v2/{org}/folders/dashboards",
	.list_member = "list",
	.id_member = "folderId",
	.create_path = "/api/v2/{org}/folders/dashboards",
	.delete_path = "/api/v2/{org}/folders/dashboards/{id}",
};

const struct object_kind object_alert_folder = {
	.title = "alert folder",
	.name_member = "name",
	.list_path = "/api/v2/{org}/folders/alerts",
	.list_member = "list",
	.id_member = "folderId",
	.create_path = "/api/v2/{org}/folders/alerts",
	.delete_path = "/api/v2/{org}/folders/alerts/{id}",
};

const struct object_kind object_dashboard = {
	.title = "dashboard",
	.name_member = "title",
	.list_path = "/api/{org}/dashboards?folder={folder}",
	.list_member = "dashboards",
	.id_member = "dashboard_id",
	.get_path = "/api/{org}/dashboards/{id}?folder={folder}",
	.get_member = "v8",
	.create_path = "/api/{org}/dashboards?folder={folder}",
	.update_path = "/api/{org}/dashboards/{id}?folder={folder}&hash={hash}",
	.delete_path = "/api/{org}/dashboards/{id}?folder={folder}",
};

const struct object_kind object_template = {
	.title = "template",
	.name_member = "name",
	.list_path = "/api/{org}/alerts/templates",
	.create_path = "/api/{org}/alerts/templates",
	.update_path = "/api/{org}/alerts/templates/{id}",
	.delete_path = "/api/{org}/alerts/templates/{id}",
};

const struct object_kind object_destination = {
	.title = "destination",
	.name_member = "name",
	.list_path = "/api/{org}/alerts/destinations?module=alert",
	.create_path = "/api/{org}/alerts/destinations?module=alert",
	.update_path = "/api/{org}/alerts/destinations/{id}?module=alert",
	.delete_path = "/api/{org}/alerts/destinations/{id}",
};

const struct object_kind object_alert = {
	.title = "alert",
	.name_member = "name",
	.list_path = "/api/v2/{org}/alerts?folder={folder}",
	.list_member = "list",
	.id_member = "alert_id",
	.get_path = "/api/v2/{org}/alerts/{id}?folder={folder}",
	.create_path = "/api/v2/{org}/alerts?folder={folder}",
	.update_path = "/api/v2/{org}/alerts/{id}?folder={folder}",
	.delete_path = "/api/v2/{org}/alerts/{id}?folder={folder}",
};

/* --- paths --- */

void object_path(char path[static OBJECT_PATH_BYTES], const char *pattern,
		 const struct object_place *place, const char *id, const char *hash)
{
	const struct {
		const char *name;
		const char *value;
	} parts[] = {
		{"{org}", place->organization},
		{"{folder}", place->folder_id},
		{"{id}", id},
		{"{hash}", hash},
	};
	size_t used = 0;

	while (*pattern && used < OBJECT_PATH_BYTES - 1) {
		size_t i = 0;

		while (i < 4 && strncmp(pattern, parts[i].name, strlen(parts[i].name)) != 0)
			i++;
		if (i == 4) {
			path[used++] = *pattern++;
			continue;
		}
		used += (size_t)snprintf(path + used, OBJECT_PATH_BYTES - used, "%s",
					 parts[i].value ? parts[i].value : "");
		if (used > OBJECT_PATH_BYTES - 1)
			used = OBJECT_PATH_BYTES - 1;
		pattern += strlen(parts[i].name);
	}
	path[used] = '\0';
}

void object_fail(struct object_result *result, const struct o2_reply *reply)
{
	result->outcome = OBJECT_FAILED;
	result->verdict = reply->verdict;
	snprintf(result->message, sizeof(result->message), "%s", reply->message);
}

void object_fail_locally(struct object_result *result, const char *message)
{
	result->outcome = OBJECT_FAILED;
	result->verdict = O2_REJECTED;
	snprintf(result->message, sizeof(result->message), "%s", message);
}

static void call(const struct object_set *set, const char *method, const char *pattern,
		 const char *id, const char *hash, const char *body, struct o2_reply *reply)
{
	char path[OBJECT_PATH_BYTES];

	object_path(path, pattern, &set->place, id, hash);
	o2_api_call(set->api, method, path, body, reply);
}

/* --- looking --- */

static const char no_id[] = "the server has not said what its id is";

int object_set_open(struct object_set *set, const struct o2_api *api,
		    const struct object_kind *kind, const struct object_place *place,
		    struct object_result *result)
{
	const struct json_value *answer;

	memset(result, 0, sizeof(*result));
	*set = (struct object_set){.api = api, .kind = kind, .place = *place};
	call(set, "GET", kind->list_path, NULL, NULL, NULL, &set->reply);
	answer = set->reply.json;
	if (set->reply.verdict != O2_GOOD) {
		object_fail(result, &set->reply);
		return -1;
	}
	set->list = kind->list_member ? json_tree_member(answer, kind->list_member) : answer;
	if (json_tree_is_array(set->list))
		return 0;
	object_fail_locally(result, "the server's list of them is none");
	return -1;
}

void object_set_close(struct object_set *set)
{
	o2_reply_free(&set->reply);
	set->list = NULL;
}

const struct json_value *object_find(const struct object_set *set, const char *name)
{
	for (size_t i = 0; i < json_tree_length(set->list); i++) {
		const struct json_value *item = json_tree_item(set->list, i);
		const char *text = json_tree_text(json_tree_member(item, set->kind->name_member));

		if (text && strcmp(text, name) == 0)
			return item;
	}
	return NULL;
}

static void copy_id(const struct object_kind *kind, const struct json_value *object,
		    struct object_result *result)
{
	const char *member = kind->id_member ? kind->id_member : kind->name_member;
	const char *id = json_tree_text(json_tree_member(object, member));

	snprintf(result->id, sizeof(result->id), "%s", id ? id : "");
}

void object_look(const struct object_set *set, const char *name, struct object_result *result)
{
	const struct json_value *item = object_find(set, name);

	memset(result, 0, sizeof(*result));
	result->outcome = item ? OBJECT_UNCHANGED : OBJECT_ABSENT;
	copy_id(set->kind, item, result);
	if (item && !result->id[0])
		object_fail_locally(result, no_id);
}

/* Whether the object is what it should be: OBJECT_UNCHANGED, OBJECT_UPDATED if not, OBJECT_FAILED. */
static void compare(const struct object_set *set, const struct json_value *item,
		    const struct json_value *wanted, struct object_result *result)
{
	const struct object_kind *kind = set->kind;
	const struct json_value *object = item;
	struct o2_reply reply = {0};

	if (kind->get_path) {
		call(set, "GET", kind->get_path, result->id, NULL, NULL, &reply);
		object = kind->get_member ? json_tree_member(reply.json, kind->get_member)
					  : reply.json;
	}
	if (reply.verdict != O2_GOOD)
		object_fail(result, &reply);
	else
		result->outcome = json_tree_covers(object, wanted) ? OBJECT_UNCHANGED
								   : OBJECT_UPDATED;
	o2_reply_free(&reply);
}

/* --- changing --- */

/* Takes body, and returns it with one more member at its beginning. NULL: no memory. */
static char *add_member(char *body, const char *member, const struct json_value *value)
{
	const char *rest = body ? strchr(body, '{') : NULL;
	char *text = json_tree_dump(value), *longer = NULL;

	if (rest && text && asprintf(&longer, "{\"%s\":%s,%s", member, text, rest + 1) < 0)
		longer = NULL;
	free(text);
	free(body);
	return longer;
}

static void update(const struct object_set *set, const struct json_value *item, const char *body,
		   struct object_result *result)
{
	const char *hash = json_tree_text(json_tree_member(item, "hash"));
	char *longer = strdup(body);
	struct o2_reply reply;

	for (const char *const *member = set->kind->update_members; *member; member++)
		longer = add_member(longer, *member, json_tree_member(item, *member));
	if (!longer) {
		object_fail_locally(result, "out of memory");
		return;
	}
	call(set, "PUT", set->kind->update_path, result->id, hash, longer, &reply);
	if (reply.verdict != O2_GOOD)
		object_fail(result, &reply);
	o2_reply_free(&reply);
	free(longer);
}

static void create(const struct object_set *set, const char *body, struct object_result *result)
{
	struct o2_reply reply;

	call(set, "POST", set->kind->create_path, NULL, NULL, body, &reply);
	if (reply.verdict == O2_GOOD)
		copy_id(set->kind, reply.json, result);
	else
		object_fail(result, &reply);
	o2_reply_free(&reply);
}

void object_ensure(const struct object_set *set, const char *body, int dry_run,
		   struct object_result *result)
{
	char error[JSON_TREE_ERROR_BYTES];
	struct json_value *wanted = json_tree_parse(body, strlen(body), error);
	const char *name = json_tree_text(json_tree_member(wanted, set->kind->name_member));
	const struct json_value *item = name ? object_find(set, name) : NULL;

	memset(result, 0, sizeof(*result));
	copy_id(set->kind, item, result);
	if (!name) {
		object_fail_locally(result, wanted ? "it has no name" : error);
	} else if (item && !result->id[0]) {
		object_fail_locally(result, no_id);
	} else if (!item) {
		result->outcome = OBJECT_CREATED;
		if (!dry_run)
			create(set, body, result);
	} else {
		result->outcome = OBJECT_UNCHANGED;
		if (set->kind->update_path)
			compare(set, item, wanted, result);
		if (result->outcome == OBJECT_UPDATED && !dry_run)
			update(set, item, body, result);
	}
	json_tree_free(wanted);
}

void object_delete(const struct object_set *set, const char *name, int dry_run,
		   struct object_result *result)
{
	struct o2_reply reply;

	object_look(set, name, result);
	if (result->outcome != OBJECT_UNCHANGED)
		return;
	result->outcome = OBJECT_DELETED;
	if (dry_run)
		return;
	call(set, "DELETE", set->kind->delete_path, result->id, NULL, NULL, &reply);
	if (reply.verdict != O2_GOOD)
		object_fail(result, &reply);
	if (reply.status == 409)
		result->outcome = OBJECT_IN_USE;
	o2_reply_free(&reply);
}

char *object_name(const struct object_kind *kind, const char *body)
{
	char error[JSON_TREE_ERROR_BYTES];
	struct json_value *object = json_tree_parse(body, strlen(body), error);
	const char *name = json_tree_text(json_tree_member(object, kind->name_member));
	char *copy = name ? strdup(name) : NULL;

	json_tree_free(object);
	return copy;
}
