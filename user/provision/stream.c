// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See stream.h. A stream is made with a type for every field, because otherwise the first record
 * decides, and because panels fail on columns that no record has had yet. One that is there already,
 * since goflow2 wrote to it before, gets what it lacks.
 */
#include "provision/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows. */
struct text {
	FILE *stream;
	char *bytes;
	size_t size;
};

static int text_open(struct text *text)
{
	text->bytes = NULL;
	text->stream = open_memstream(&text->bytes, &text->size);
	return text->stream ? 0 : -1;
}

static void stream_path(char path[static OBJECT_PATH_BYTES], const struct object_place *place,
			const char *name, const char *end)
{
	snprintf(path, OBJECT_PATH_BYTES, "/api/%s/streams/%s%s?type=logs", place->organization,
		 name, end);
}

/* The member of the list whose name is that. */
static const struct json_value *find_field(const struct json_value *fields, const char *name)
{
	for (size_t i = 0; i < json_tree_length(fields); i++) {
		const struct json_value *field = json_tree_item(fields, i);
		const char *text = json_tree_text(json_tree_member(field, "name"));

		if (text && strcmp(text, name) == 0)
			return field;
	}
	return NULL;
}

/* Sums are the same over signed and unsigned integers. */
static int is_compatible(const char *actual, const char *wanted)
{
	return strcmp(actual, wanted) == 0 ||
	       (strcmp(wanted, "Int64") == 0 && strcmp(actual, "UInt64") == 0);
}

static int has_text(const struct json_value *list, const char *wanted)
{
	for (size_t i = 0; i < json_tree_length(list); i++) {
		const char *text = json_tree_text(json_tree_item(list, i));

		if (text && strcmp(text, wanted) == 0)
			return 1;
	}
	return 0;
}

/* Puts the fields that the server lacks, each behind a comma; returns how many, or -1: some have
 * another type. */
static int put_missing_fields(FILE *out, const struct json_value *wanted,
			      const struct json_value *actual, struct object_result *result)
{
	int count = 0, clashes = 0;
	size_t used = 0;

	for (size_t i = 0; i < json_tree_length(wanted); i++) {
		const struct json_value *field = json_tree_item(wanted, i), *there;
		const char *name = json_tree_text(json_tree_member(field, "name"));
		const char *type = json_tree_text(json_tree_member(field, "type")), *actual_type;

		there = find_field(actual, name);
		actual_type = json_tree_text(json_tree_member(there, "type"));
		if (!there)
			fprintf(out, "%s{\"name\":\"%s\",\"type\":\"%s\"}", count++ ? "," : "",
				name, type);
		else if (actual_type && !is_compatible(actual_type, type) && !clashes++)
			used = (size_t)snprintf(result->message, sizeof(result->message),
						"its field %.60s is %.20s and should be %s", name,
						actual_type, type);
	}
	if (!clashes)
		return count;
	if (clashes > 1)
		used += (size_t)snprintf(result->message + used, sizeof(result->message) - used,
					 ", and %d more are of the wrong type", clashes - 1);
	snprintf(result->message + used, sizeof(result->message) - used,
		 "; choose another with --stream, or delete this one and its records with "
		 "teardown --delete-stream");
	result->outcome = OBJECT_FAILED;
	result->verdict = O2_REJECTED;
	return -1;
}

/* Whether it is a partition key: {"L0": {"field": …}, "L1": …}. */
static int is_partition_key(const struct json_value *settings, const char *field)
{
	const struct json_value *keys = json_tree_member(settings, "partition_keys"), *key;
	char level[16];

	for (int i = 0;; i++) {
		const char *name;

		snprintf(level, sizeof(level), "L%d", i);
		key = json_tree_member(keys, level);
		if (!key)
			return 0;
		name = json_tree_text(json_tree_member(key, "field"));
		if (name && strcmp(name, field) == 0)
			return 1;
	}
}

/* Puts what the server's list of indexed fields lacks; returns how many. A field that somebody has
 * chosen for partitions or for full text search cannot be indexed too, and stays what it is. */
static int put_missing_indexes(FILE *out, const struct json_value *wanted,
			       const struct json_value *settings, const char *list)
{
	const struct json_value *searched = json_tree_member(settings, "full_text_search_keys");
	int count = 0;

	for (size_t i = 0; i < json_tree_length(wanted); i++) {
		const char *field = json_tree_text(json_tree_item(wanted, i));

		if (field && !has_text(json_tree_member(settings, list), field) &&
		    !has_text(searched, field) && !is_partition_key(settings, field))
			fprintf(out, "%s\"%s\"", count++ ? "," : "", field);
	}
	return count;
}

/* Puts "name":{"add":[…],"remove":[]} if there is anything to add: the server does not take a
 * change that changes nothing. */
static void put_change(FILE *out, const char *name, const struct text *added, int count, int *total)
{
	if (count <= 0)
		return;
	fprintf(out, "%s\"%s\":{\"add\":[%s],\"remove\":[]}", *total ? "," : "", name,
		added->bytes);
	*total += count;
}

/* The request that adds what is missing, to be freed; *total says how much that is. NULL: failed. */
static char *make_additions(const struct json_value *wanted, const struct json_value *actual,
			    int *total, struct object_result *result)
{
	static const char *const names[] = {"fields", "index_fields", "bloom_filter_fields"};
	const struct json_value *settings = json_tree_member(wanted, "settings");
	const struct json_value *actual_settings = json_tree_member(actual, "settings");
	struct text request, added;
	int failed = text_open(&request);

	*total = 0;
	if (!failed)
		fputc('{', request.stream);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !failed; i++) {
		int count;

		failed = text_open(&added);
		if (failed)
			break;
		if (i == 0)
			count = put_missing_fields(added.stream, json_tree_member(wanted, names[i]),
						   json_tree_member(actual, "schema"), result);
		else
			count = put_missing_indexes(added.stream,
						    json_tree_member(settings, names[i]),
						    actual_settings, names[i]);
		failed = fclose(added.stream) || count < 0;
		if (!failed)
			put_change(request.stream, names[i], &added, count, total);
		free(added.bytes);
	}
	if (request.stream)
		fputc('}', request.stream);
	if ((request.stream && fclose(request.stream)) || failed) {
		free(request.bytes);
		return NULL;
	}
	return request.bytes;
}

static void add_to(const struct o2_api *api, const struct object_place *place, const char *name,
		   const struct json_value *wanted, const struct json_value *actual, int dry_run,
		   struct object_result *result)
{
	char path[OBJECT_PATH_BYTES];
	struct o2_reply reply = {0};
	int count = 0;
	char *body = make_additions(wanted, actual, &count, result);

	if (!body) {
		result->outcome = OBJECT_FAILED;
		if (!result->message[0])
			snprintf(result->message, sizeof(result->message), "out of memory");
		return;
	}
	result->outcome = count ? OBJECT_UPDATED : OBJECT_UNCHANGED;
	if (count && !dry_run) {
		stream_path(path, place, name, "/settings");
		o2_api_call(api, "PUT", path, body, &reply);
		if (reply.verdict != O2_GOOD)
			object_fail(result, &reply);
		o2_reply_free(&reply);
	}
	free(body);
}

static void create(const struct o2_api *api, const struct object_place *place, const char *name,
		   const char *body, int dry_run, struct object_result *result)
{
	char path[OBJECT_PATH_BYTES];
	struct o2_reply reply;

	result->outcome = OBJECT_CREATED;
	if (dry_run)
		return;
	stream_path(path, place, name, "");
	o2_api_call(api, "POST", path, body, &reply);
	if (reply.verdict != O2_GOOD)
		object_fail(result, &reply);
	o2_reply_free(&reply);
}

/* Asks for the schema. 1: the stream is there; 0: it is not; -1: failed. */
static int look_up(const struct o2_api *api, const struct object_place *place, const char *name,
		   struct o2_reply *reply, struct object_result *result)
{
	char path[OBJECT_PATH_BYTES];

	memset(result, 0, sizeof(*result));
	stream_path(path, place, name, "/schema");
	o2_api_call(api, "GET", path, NULL, reply);
	if (reply->verdict == O2_GOOD)
		return 1;
	/* Which one depends on the version. */
	if ((reply->status == 404 || reply->status == 400) && reply->json)
		return 0;
	object_fail(result, reply);
	return -1;
}

void stream_ensure(const struct o2_api *api, const struct object_place *place, const char *name,
		   const char *body, int dry_run, struct object_result *result)
{
	char error[JSON_TREE_ERROR_BYTES];
	struct json_value *wanted = json_tree_parse(body, strlen(body), error);
	struct o2_reply reply;
	int is_there = look_up(api, place, name, &reply, result);

	if (is_there > 0 && !json_tree_is_array(json_tree_member(reply.json, "schema")))
		object_fail_locally(result, "the server's answer has no schema");
	else if (is_there > 0)
		add_to(api, place, name, wanted, reply.json, dry_run, result);
	else if (!is_there)
		create(api, place, name, body, dry_run, result);
	o2_reply_free(&reply);
	json_tree_free(wanted);
}

void stream_delete(const struct o2_api *api, const struct object_place *place, const char *name,
		   int dry_run, struct object_result *result)
{
	char path[OBJECT_PATH_BYTES];
	struct o2_reply reply;
	int is_there = look_up(api, place, name, &reply, result);

	o2_reply_free(&reply);
	if (is_there < 0)
		return;
	result->outcome = is_there ? OBJECT_DELETED : OBJECT_ABSENT;
	if (!is_there || dry_run)
		return;
	stream_path(path, place, name, "");
	o2_api_call(api, "DELETE", path, NULL, &reply);
	if (reply.verdict != O2_GOOD)
		object_fail(result, &reply);
	o2_reply_free(&reply);
}
