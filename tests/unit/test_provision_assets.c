// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The files for OpenObserve that are built in: all there, every placeholder filled, every one JSON. */
#include "provision/assets.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/json_tree.h"

static const struct placeholders values = {
	.stream = "a_stream",
	.organization = "an_organization",
	.folder = "A-Folder",
	.function = "a_function",
	.pipeline = "a_pipeline",
	.destination = "a_destination",
	.destination_url = "https://hook.example/x?y=1&z=@",
};

/* "@NAME@" anywhere in the text. */
static int has_placeholder(const char *text)
{
	for (const char *at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		const char *end = at + 1;

		while (isupper((unsigned char)*end) || *end == '_')
			end++;
		if (end > at + 1 && *end == '@')
			return 1;
	}
	return 0;
}

static void assets_have_every_placeholder_filled(void **state)
{
	unsigned int with = 0;

	(void)state;
	for (const struct asset *asset = assets; asset->path; asset++) {
		char *text = asset_fill(asset, &values);

		assert_non_null(text);
		with += has_placeholder(asset->text);
		if (has_placeholder(text))
			fail_msg("%s has a placeholder left", asset->path);
		free(text);
	}
	assert_true(with > 10);
}

static void assets_are_json_when_filled(void **state)
{
	char error[JSON_TREE_ERROR_BYTES];

	(void)state;
	for (const struct asset *asset = assets; asset->path; asset++) {
		char *text = asset_fill(asset, &values);
		struct json_value *root;

		if (asset->kind != ASSET_FUNCTION) {
			root = json_tree_parse(text, strlen(text), error);
			if (!root)
				fail_msg("%s: %s", asset->path, error);
			assert_true(json_tree_is_object(root));
			json_tree_free(root);
		}
		free(text);
	}
}

/* Whatever the values are: longer than the placeholder, or nothing at all. */
static void asset_fill_replaces_all_and_nothing_else(void **state)
{
	static const struct asset asset = {
		.kind = ASSET_FOLDER,
		.path = "x",
		.text = "@STREAM@@ORG@ @ @STREAM @stream@ @DESTINATION@ @DESTINATION_URL@@@FOLDER@"
			"@FUNCTION@.@PIPELINE@@",
	};
	const struct placeholders empty = {"", "", "", "", "", "", ""};
	char *text = asset_fill(&asset, &values);

	(void)state;
	assert_string_equal(text, "a_streaman_organization @ @STREAM @stream@ a_destination "
				  "https://hook.example/x?y=1&z=@@A-Foldera_function.a_pipeline@");
	free(text);
	text = asset_fill(&asset, &empty);
	assert_string_equal(text, " @ @STREAM @stream@  @.@");
	free(text);
}

static void assets_name_things_as_told(void **state)
{
	static const struct {
		const char *path;
		const char *member;
		const char *value;
	} table[] = {
		{"folder.json", "name", "A-Folder"},
		{"pipeline.json", "name", "a_pipeline"},
		{"alert-destination.json", "name", "a_destination"},
		{"alert-destination.json", "url", "https://hook.example/x?y=1&z=@"},
		{"alerts/port-scan.json", "stream_name", "a_stream"},
	};
	char error[JSON_TREE_ERROR_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct asset *asset = assets;
		struct json_value *root;
		char *text;

		while (asset->path && strcmp(asset->path, table[i].path) != 0)
			asset++;
		assert_non_null(asset->path);
		text = asset_fill(asset, &values);
		root = json_tree_parse(text, strlen(text), error);
		assert_string_equal(json_tree_text(json_tree_member(root, table[i].member)),
				    table[i].value);
		json_tree_free(root);
		free(text);
	}
}

/* One of each kind that setup looks for by kind alone. */
static void assets_of_each_kind_are_there(void **state)
{
	unsigned int counts[ASSET_ALERT + 1] = {0};

	(void)state;
	for (const struct asset *asset = assets; asset->path; asset++)
		counts[asset->kind]++;
	assert_int_equal(counts[ASSET_STREAM], 1);
	assert_int_equal(counts[ASSET_FUNCTION], 1);
	assert_int_equal(counts[ASSET_PIPELINE], 1);
	assert_int_equal(counts[ASSET_FOLDER], 1);
	assert_int_equal(counts[ASSET_DASHBOARD], 5);
	assert_int_equal(counts[ASSET_TEMPLATE], 1);
	assert_int_equal(counts[ASSET_DESTINATION], 1);
	assert_int_equal(counts[ASSET_ALERT], 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assets_have_every_placeholder_filled),
		cmocka_unit_test(assets_are_json_when_filled),
		cmocka_unit_test(asset_fill_replaces_all_and_nothing_else),
		cmocka_unit_test(assets_name_things_as_told),
		cmocka_unit_test(assets_of_each_kind_are_there),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
