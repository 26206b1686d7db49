// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * See steps.h: places for addresses. Two things can be in the way, and neither is a failure, since
 * everything else works without places. The server may have no MaxMind tables, which it needs to
 * compile the function. And a stream has one pipeline: whoever has followed OpenObserve's article on
 * NetFlow has made one already, with a function of his own, and it is not ours to change.
 */
#include "provision/steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provision/part.h"
#include "provision/report.h"

#define NAME_BYTES 128

/* The words are the compiler's, and not always the same. */
static int is_about_tables(const struct object_result *result)
{
	return result->outcome == OBJECT_FAILED && result->verdict == O2_REJECTED &&
	       (strstr(result->message, "maxmind") || strstr(result->message, "enrichment"));
}

/* Has the server compile the function without saving it, so that a dry run knows. */
static void try_function(const struct setup *setup, const char *body, struct object_result *result)
{
	char error[JSON_TREE_ERROR_BYTES], path[OBJECT_PATH_BYTES];
	const struct object_place place = part_place(setup, NULL);
	struct json_value *function = json_tree_parse(body, strlen(body), error);
	char *code = json_tree_dump(json_tree_member(function, "function")), *request = NULL;
	struct o2_reply reply;

	object_path(path, "/api/{org}/functions/test", &place, NULL, NULL);
	if (!code ||
	    asprintf(&request, "{\"function\":%s,\"events\":[],\"trans_type\":0}", code) < 0) {
		object_fail_locally(result, "out of memory");
	} else {
		o2_api_call(&setup->api, "POST", path, request, &reply);
		if (reply.verdict != O2_GOOD)
			object_fail(result, &reply);
		o2_reply_free(&reply);
		free(request);
	}
	free(code);
	json_tree_free(function);
}

static void ensure_function(const struct setup *setup, struct object_result *result)
{
	char *body = part_body(setup, part_asset(ASSET_FUNCTION));
	struct object_set set;

	if (part_set_open(setup, &object_function, &set, result) == 0 && body) {
		object_ensure(&set, body, setup->dry_run, result);
		if (setup->dry_run &&
		    (result->outcome == OBJECT_CREATED || result->outcome == OBJECT_UPDATED))
			try_function(setup, body, result);
	}
	if (!body)
		object_fail_locally(result, "out of memory");
	object_set_close(&set);
	free(body);
}

/* *is_there says whether a pipeline can name it. */
static enum setup_result install_function(const struct setup *setup, int *is_there)
{
	struct object_result result;

	ensure_function(setup, &result);
	*is_there = result.outcome != OBJECT_FAILED;
	if (!is_about_tables(&result))
		return report_result(setup, object_function.title, setup->names.function, &result);
	report_row(setup, object_function.title, setup->names.function,
		   "%s: the server has no MaxMind tables, so flows have no places; it downloads "
		   "them when it starts, unless ZO_MMDB_DISABLE_DOWNLOAD=true. Run this again when "
		   "it has them",
		   result.id[0] ? "stays as it is" : "left out");
	return SETUP_OK;
}

static int has_text(const struct json_value *object, const char *member, const char *wanted)
{
	const char *text = json_tree_text(json_tree_member(object, member));

	return text && strcmp(text, wanted) == 0;
}

/* The name of another pipeline that takes the stream, "" if there is none. */
static void find_rival(const struct setup *setup, const struct object_set *pipelines,
		       char name[static NAME_BYTES])
{
	name[0] = '\0';
	for (size_t i = 0; i < json_tree_length(pipelines->list); i++) {
		const struct json_value *pipeline = json_tree_item(pipelines->list, i);
		const struct json_value *source = json_tree_member(pipeline, "source");
		const char *text = json_tree_text(json_tree_member(pipeline, "name"));

		if (text && has_text(source, "source_type", "realtime") &&
		    has_text(source, "stream_type", "logs") &&
		    has_text(source, "stream_name", setup->names.stream))
			o2_copy_line(name, NAME_BYTES, text);
	}
}

static enum setup_result install_pipeline(const struct setup *setup)
{
	const char *title = object_pipeline.title, *name = setup->names.pipeline;
	enum setup_result said = SETUP_OK;
	struct object_result listed;
	struct object_set set;
	char rival[NAME_BYTES];

	if (part_set_open(setup, &object_pipeline, &set, &listed)) {
		said = report_result(setup, title, name, &listed);
		object_set_close(&set);
		return said;
	}
	find_rival(setup, &set, rival);
	if (!rival[0] || object_find(&set, name))
		said = part_install_in(setup, &set, part_asset(ASSET_PIPELINE), NULL);
	else
		report_row(setup, title, name,
			   "left out: %s takes the stream already; add function %s to that one, or "
			   "delete it and run this again",
			   rival, setup->names.function);
	object_set_close(&set);
	return said;
}

enum setup_result steps_install_geo(const struct setup *setup)
{
	enum setup_result result;
	int is_there;

	if (!setup->geo) {
		report_row(setup, object_function.title, setup->names.function,
			   "left out: --no-geo");
		return SETUP_OK;
	}
	result = install_function(setup, &is_there);
	return is_there ? install_pipeline(setup) : result;
}
