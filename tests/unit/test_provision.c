// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Objects and streams on an OpenObserve server: found, made, changed, left alone and removed with
 * exactly the calls that this takes, and what the result is when any of them goes wrong.
 */
#include "provision/object.h"

#include "provision_fixture.h"
#include "provision/stream.h"

static const struct object_place place = {.organization = "org", .folder_id = "f1"};

static struct object_result ensure(const struct object_kind *kind, const char *body, int dry_run)
{
	struct object_result result;
	struct object_set set;

	memset(&result, 0xff, sizeof(result));
	if (object_set_open(&set, &api, kind, &place, &result) == 0)
		object_ensure(&set, body, dry_run, &result);
	object_set_close(&set);
	return result;
}

static struct object_result remove_named(const struct object_kind *kind, const char *name,
					 int dry_run)
{
	struct object_result result;
	struct object_set set;

	memset(&result, 0xff, sizeof(result));
	if (object_set_open(&set, &api, kind, &place, &result) == 0)
		object_delete(&set, name, dry_run, &result);
	object_set_close(&set);
	return result;
}

static void expect_result(const struct object_result *result, enum object_outcome outcome)
{
	expect_script_done();
	if (result->outcome != outcome)
		fail_msg("%s", result->message);
	assert_int_equal(result->verdict, O2_GOOD);
	assert_string_equal(result->message, "");
}

/* A part of the message has to do: the server's address is in it. */
static void expect_failure(const struct object_result *result, enum o2_verdict verdict,
			   const char *message)
{
	expect_script_done();
	assert_int_equal(result->outcome, OBJECT_FAILED);
	assert_int_equal(result->verdict, verdict);
	if (!strstr(result->message, message))
		fail_msg("\"%s\" is not in \"%s\"", message, result->message);
}

/* --- objects --- */

#define FUNCTION "{\"name\":\"geo\",\"function\":\".\",\"transType\":0}"

static void object_that_is_not_there_is_made(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/functions", "", 200, "{\"list\":[{\"name\":\"other\"}]}"},
		{"POST /api/org/functions", FUNCTION, 200,
		 "{\"code\":200,\"message\":\"Function saved successfully\"}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_function, FUNCTION, 0);
	expect_result(&result, OBJECT_CREATED);
	start_script(exchanges, 1);
	result = ensure(&object_function, FUNCTION, 1);
	expect_result(&result, OBJECT_CREATED);
}

static void object_that_is_right_is_left_alone(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/functions", "", 200,
		 "{\"list\":[{\"name\":\"geo\",\"function\":\".\",\"transType\":0,\"owner\":1}]}"},
	};
	struct object_result result;

	(void)state;
	for (int dry_run = 0; dry_run <= 1; dry_run++) {
		START_SCRIPT(exchanges);
		result = ensure(&object_function, FUNCTION, dry_run);
		expect_result(&result, OBJECT_UNCHANGED);
		assert_string_equal(result.id, "geo");
	}
}

static void object_that_is_old_is_changed(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/functions", "", 200,
		 "{\"list\":[{\"name\":\"geo\",\"function\":\"old\",\"transType\":0}]}"},
		{"PUT /api/org/functions/geo", FUNCTION, 200, "{}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_function, FUNCTION, 0);
	expect_result(&result, OBJECT_UPDATED);
	start_script(exchanges, 1);
	result = ensure(&object_function, FUNCTION, 1);
	expect_result(&result, OBJECT_UPDATED);
}

static void object_pipeline_is_changed_by_the_id_in_its_body(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/pipelines", "", 200,
		 "{\"list\":[{\"name\":\"p\",\"pipeline_id\":\"7\\\"3\",\"version\":4,\"org\":"
		 "\"x\"}]}"},
		{"PUT /api/org/pipelines",
		 "{\"version\":4,\"pipeline_id\":\"7\\\"3\",\"name\":\"p\",\"org\":\"org\"}", 200,
		 "{}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_pipeline, "{\"name\":\"p\",\"org\":\"org\"}", 0);
	expect_result(&result, OBJECT_UPDATED);
}

/* Folder, id and the hash of what is replaced go into the path. */
static void object_dashboard_is_changed_in_its_version(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/dashboards?folder=f1", "", 200,
		 "{\"dashboards\":[{\"title\":\"t\",\"dashboard_id\":\"d1\",\"hash\":\"h9\"}]}"},
		{"GET /api/org/dashboards/d1?folder=f1", "", 200,
		 "{\"v7\":null,\"v8\":{\"title\":\"t\",\"tabs\":[1]},\"hash\":\"h9\"}"},
		{"PUT /api/org/dashboards/d1?folder=f1&hash=h9", "{\"title\":\"t\",\"tabs\":[2]}",
		 200, "{}"},
	};
	struct object_result result;

	(void)state;
	start_script(exchanges, 2);
	result = ensure(&object_dashboard, "{\"title\":\"t\",\"tabs\":[1]}", 0);
	expect_result(&result, OBJECT_UNCHANGED);
	START_SCRIPT(exchanges);
	result = ensure(&object_dashboard, "{\"title\":\"t\",\"tabs\":[2]}", 0);
	expect_result(&result, OBJECT_UPDATED);
}

static void object_lists_may_be_the_whole_answer(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/alerts/destinations?module=alert", "", 200,
		 "[{\"name\":\"a\"},{\"name\":\"hook\",\"url\":\"u\"},7,{}]"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_destination, "{\"name\":\"hook\",\"url\":\"u\"}", 0);
	expect_result(&result, OBJECT_UNCHANGED);
}

static void object_folder_has_an_id_when_it_was_made(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/v2/org/folders/dashboards", "", 200,
		 "{\"list\":[{\"folderId\":\"default\",\"name\":\"default\"}]}"},
		{"POST /api/v2/org/folders/dashboards", "{\"name\":\"Flows\"}", 200,
		 "{\"folderId\":\"73\",\"name\":\"Flows\"}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_dashboard_folder, "{\"name\":\"Flows\"}", 0);
	expect_result(&result, OBJECT_CREATED);
	assert_string_equal(result.id, "73");
}

static void object_trouble_is_passed_on(void **state)
{
	static const struct exchange list[][1] = {
		{{"GET /api/org/functions", "", 401, "Unauthorized Access"}},
		{{"GET /api/org/functions", "", 500, "{\"code\":500,\"message\":\"b\\u001b[1m\"}"}},
	};
	static const struct exchange update[] = {
		{"GET /api/org/functions", "", 200, "{\"list\":[{\"name\":\"geo\"}]}"},
		{"PUT /api/org/functions/geo", FUNCTION, 409, "{\"message\":\"stale\"}"},
	};
	static const struct exchange create[] = {
		{"GET /api/org/functions", "", 200, "{\"list\":[]}"},
		{"POST /api/org/functions", FUNCTION, 400, "{\"message\":\"compile error\"}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(list[0]);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_REFUSED, "(HTTP 401: Unauthorized Access)");
	START_SCRIPT(list[1]);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_REJECTED, "b [1m");
	START_SCRIPT(update);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_REJECTED, "stale");
	START_SCRIPT(create);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_REJECTED, "compile error");
}

/* A captive portal, or another server: it would have "created" everything. */
static void object_answer_that_is_no_list_is_trouble(void **state)
{
	static const struct {
		const char *answer;
		enum o2_verdict verdict;
		const char *message;
	} table[] = {
		{"<html>Welcome</html>", O2_UNAVAILABLE, "answers, but not as OpenObserve does"},
		{"", O2_UNAVAILABLE, "answers, but not as OpenObserve does"},
		{"7", O2_UNAVAILABLE, "answers, but not as OpenObserve does"},
		{"{}", O2_REJECTED, "the server's list of them is none"},
		{"[{\"name\":\"p\"}]", O2_REJECTED, "the server's list of them is none"},
		{"{\"list\":{\"name\":\"p\"}}", O2_REJECTED, "the server's list of them is none"},
		{"{\"list\":[{\"name\":\"p\"}]}", O2_REJECTED,
		 "the server has not said what its id is"},
		{"{\"list\":[{\"name\":\"p\",\"pipeline_id\":\"\"}]}", O2_REJECTED,
		 "the server has not said what its id is"},
	};
	struct object_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct exchange exchanges[] = {
			{"GET /api/org/pipelines", "", 200, table[i].answer}};

		START_SCRIPT(exchanges);
		result = ensure(&object_pipeline, "{\"name\":\"p\",\"x\":1}", 0);
		expect_failure(&result, table[i].verdict, table[i].message);
		START_SCRIPT(exchanges);
		result = remove_named(&object_pipeline, "p", 0);
		expect_failure(&result, table[i].verdict, table[i].message);
	}
}

/* What the whole server is told by: nothing else is worth a try then. */
static void object_status_tells_whether_to_go_on(void **state)
{
	static const struct {
		int status;
		const char *answer;
		enum o2_verdict verdict;
	} table[] = {
		{302, "", O2_UNAVAILABLE},   {308, "{}", O2_UNAVAILABLE},
		{400, "", O2_REJECTED},	     {401, "{}", O2_REFUSED},
		{403, "", O2_REFUSED},	     {404, "", O2_UNAVAILABLE},
		{404, "{}", O2_REJECTED},    {405, "", O2_REJECTED},
		{408, "", O2_UNAVAILABLE},   {409, "", O2_REJECTED},
		{422, "", O2_REJECTED},	     {429, "", O2_UNAVAILABLE},
		{500, "", O2_REJECTED},	     {502, "<html>", O2_UNAVAILABLE},
		{503, "{}", O2_UNAVAILABLE}, {504, "", O2_UNAVAILABLE},
	};
	struct object_result result;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct exchange exchanges[] = {
			{"GET /api/org/functions", "", table[i].status, table[i].answer}};
		char words[32];

		START_SCRIPT(exchanges);
		result = ensure(&object_function, FUNCTION, 0);
		snprintf(words, sizeof(words), "HTTP %d", table[i].status);
		expect_failure(&result, table[i].verdict, words);
		assert_null(strchr(result.message, '<'));
	}
}

static void object_server_that_is_away_is_unavailable(void **state)
{
	struct object_result result;

	(void)state;
	http_server_go_away(server);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_UNAVAILABLE, "no answer from http://127.0.0.1:");
}

static void object_without_name_is_refused(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/functions", "", 200, "{\"list\":[]}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_function, "{}", 0);
	expect_failure(&result, O2_REJECTED, "it has no name");
	START_SCRIPT(exchanges);
	result = ensure(&object_function, "[", 0);
	expect_failure(&result, O2_REJECTED, "line 1");
}

/* Over a connection on which others have been: it may be dead, but it may have been done, too. */
static void object_change_is_not_sent_twice(void **state)
{
	static const struct exchange exchanges[] = {
		{"GET /api/org/functions", "", 200, "{\"list\":[]}"},
		{"POST /api/org/functions", FUNCTION, 0, NULL},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(exchanges);
	result = ensure(&object_function, FUNCTION, 0);
	expect_failure(&result, O2_UNAVAILABLE, "no answer from http://127.0.0.1:");
}

static void object_is_removed_if_it_is_there(void **state)
{
	static const struct exchange there[] = {
		{"GET /api/v2/org/alerts?folder=f1", "", 200,
		 "{\"list\":[{\"name\":\"a\",\"alert_id\":\"17\"}]}"},
		{"DELETE /api/v2/org/alerts/17?folder=f1", "", 200, "{}"},
	};
	static const struct exchange absent[] = {
		{"GET /api/v2/org/alerts?folder=f1", "", 200, "{\"list\":[]}"},
	};
	static const struct exchange used[] = {
		{"GET /api/v2/org/alerts?folder=f1", "", 200,
		 "{\"list\":[{\"name\":\"a\",\"alert_id\":\"17\"}]}"},
		{"DELETE /api/v2/org/alerts/17?folder=f1", "", 409, "{\"message\":\"b uses it\"}"},
	};
	static const struct exchange refused[] = {
		{"GET /api/v2/org/alerts?folder=f1", "", 200,
		 "{\"list\":[{\"name\":\"a\",\"alert_id\":\"17\"}]}"},
		{"DELETE /api/v2/org/alerts/17?folder=f1", "", 403, "no"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(there);
	result = remove_named(&object_alert, "a", 0);
	expect_result(&result, OBJECT_DELETED);
	start_script(there, 1);
	result = remove_named(&object_alert, "a", 1);
	expect_result(&result, OBJECT_DELETED);
	START_SCRIPT(absent);
	result = remove_named(&object_alert, "a", 0);
	expect_result(&result, OBJECT_ABSENT);
	START_SCRIPT(used);
	result = remove_named(&object_alert, "a", 0);
	expect_script_done();
	assert_int_equal(result.outcome, OBJECT_IN_USE);
	assert_string_equal(result.message, "b uses it");
	START_SCRIPT(refused);
	result = remove_named(&object_alert, "a", 0);
	expect_failure(&result, O2_REFUSED, "does not let this user do it (HTTP 403: no)");
}

/* --- streams --- */

#define SCHEMA "GET /api/org/streams/flows/schema?type=logs"
#define WANTED                                                                              \
	"{\"fields\":[{\"name\":\"bytes\",\"type\":\"Int64\"},"                             \
	"{\"name\":\"host\",\"type\":\"Utf8\"}],\"settings\":{\"index_fields\":[\"host\"]," \
	"\"bloom_filter_fields\":[\"host\"]}}"

static struct object_result ensure_stream(int dry_run)
{
	struct object_result result;

	memset(&result, 0xff, sizeof(result));
	stream_ensure(&api, &place, "flows", WANTED, dry_run, &result);
	return result;
}

static void stream_that_is_not_there_is_made(void **state)
{
	static const struct exchange exchanges[] = {
		{SCHEMA, "", 404, "{\"code\":404,\"message\":\"stream not found\"}"},
		{"POST /api/org/streams/flows?type=logs", WANTED, 200,
		 "{\"code\":200,\"message\":\"stream created\"}"},
		{SCHEMA, "", 400, "{\"code\":400}"}, /* another version */
		{"POST /api/org/streams/flows?type=logs", WANTED, 400,
		 "{\"code\":400,\"message\":\"stream already exists\"}"},
	};
	struct object_result result;

	(void)state;
	start_script(exchanges, 2);
	result = ensure_stream(0);
	expect_result(&result, OBJECT_CREATED);
	start_script(exchanges, 1);
	result = ensure_stream(1);
	expect_result(&result, OBJECT_CREATED);
	start_script(exchanges + 2, 2);
	result = ensure_stream(0);
	expect_failure(&result, O2_REJECTED, "stream already exists");
}

static void stream_gets_what_it_lacks(void **state)
{
	static const struct exchange some[] = {
		{SCHEMA, "", 200,
		 "{\"name\":\"flows\",\"schema\":[{\"name\":\"bytes\",\"type\":\"Int64\"},"
		 "{\"name\":\"_timestamp\",\"type\":\"Int64\"}],\"settings\":{}}"},
		{"PUT /api/org/streams/flows/settings?type=logs",
		 "{\"fields\":{\"add\":[{\"name\":\"host\",\"type\":\"Utf8\"}],\"remove\":[]},"
		 "\"index_fields\":{\"add\":[\"host\"],\"remove\":[]},"
		 "\"bloom_filter_fields\":{\"add\":[\"host\"],\"remove\":[]}}",
		 200, "{\"code\":200,\"message\":\"\"}"},
	};
	static const struct exchange all[] = {
		{SCHEMA, "", 200,
		 "{\"schema\":[{\"name\":\"host\",\"type\":\"Utf8\"},{\"name\":\"bytes\","
		 "\"type\":\"Int64\"}],\"settings\":{\"index_fields\":[\"x\",\"host\"],"
		 "\"bloom_filter_fields\":[\"host\"]}}"},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(some);
	result = ensure_stream(0);
	expect_result(&result, OBJECT_UPDATED);
	start_script(some, 1);
	result = ensure_stream(1);
	expect_result(&result, OBJECT_UPDATED);
	START_SCRIPT(all);
	result = ensure_stream(0);
	expect_result(&result, OBJECT_UNCHANGED);
}

static void stream_answer_that_is_no_schema_is_trouble(void **state)
{
	static const struct exchange answers[][1] = {
		{{SCHEMA, "", 200, "<html>Welcome</html>"}},
		{{SCHEMA, "", 200, "{}"}},
		{{SCHEMA, "", 200, "{\"schema\":{}}"}},
	};
	struct object_result result;

	(void)state;
	START_SCRIPT(answers[0]);
	result = ensure_stream(0);
	expect_failure(&result, O2_UNAVAILABLE, "answers, but not as OpenObserve does");
	for (size_t i = 1; i < sizeof(answers) / sizeof(answers[0]); i++) {
		START_SCRIPT(answers[i]);
		result = ensure_stream(0);
		expect_failure(&result, O2_REJECTED, "the server's answer has no schema");
	}
}

static void stream_is_removed_if_it_is_there(void **state)
{
	static const struct exchange exchanges[] = {
		{SCHEMA, "", 200, "{}"},
		{"DELETE /api/org/streams/flows?type=logs", "", 200, "{}"},
		{SCHEMA, "", 404, "{}"},
		{SCHEMA, "", 503, "busy"},
	};
	struct object_result result;

	(void)state;
	start_script(exchanges, 2);
	stream_delete(&api, &place, "flows", 0, &result);
	expect_result(&result, OBJECT_DELETED);
	start_script(exchanges, 1);
	stream_delete(&api, &place, "flows", 1, &result);
	expect_result(&result, OBJECT_DELETED);
	start_script(exchanges + 2, 1);
	stream_delete(&api, &place, "flows", 0, &result);
	expect_result(&result, OBJECT_ABSENT);
	start_script(exchanges + 3, 1);
	stream_delete(&api, &place, "flows", 0, &result);
	expect_failure(&result, O2_UNAVAILABLE, "cannot do it now (HTTP 503: busy)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROVISION_TEST(object_that_is_not_there_is_made),
		PROVISION_TEST(object_that_is_right_is_left_alone),
		PROVISION_TEST(object_that_is_old_is_changed),
		PROVISION_TEST(object_pipeline_is_changed_by_the_id_in_its_body),
		PROVISION_TEST(object_dashboard_is_changed_in_its_version),
		PROVISION_TEST(object_lists_may_be_the_whole_answer),
		PROVISION_TEST(object_folder_has_an_id_when_it_was_made),
		PROVISION_TEST(object_trouble_is_passed_on),
		PROVISION_TEST(object_answer_that_is_no_list_is_trouble),
		PROVISION_TEST(object_status_tells_whether_to_go_on),
		PROVISION_TEST(object_server_that_is_away_is_unavailable),
		PROVISION_TEST(object_without_name_is_refused),
		PROVISION_TEST(object_change_is_not_sent_twice),
		PROVISION_TEST(object_is_removed_if_it_is_there),
		PROVISION_TEST(stream_that_is_not_there_is_made),
		PROVISION_TEST(stream_gets_what_it_lacks),
		PROVISION_TEST(stream_answer_that_is_no_schema_is_trouble),
		PROVISION_TEST(stream_is_removed_if_it_is_there),
	};

	unsetenv("http_proxy");
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
