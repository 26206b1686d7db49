// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the doctor writes: every line and every JSON text is compared whole. */
#include "doctor/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t text_bytes;
static FILE *stream;
static struct findings *findings;

static void begin(int json)
{
	stream = open_memstream(&text, &text_bytes);
	assert_non_null(stream);
	findings = findings_new(stream, json);
	assert_non_null(findings);
}

/* All that was written is this. */
static void expect_written(const char *wanted)
{
	findings_free(findings);
	findings = NULL;
	fclose(stream);
	assert_string_equal(text, wanted);
	free(text);
	text = NULL;
}

static void findings_good_ones_end_with_the_good_word(void **state)
{
	(void)state;
	begin(0);
	findings_ok(findings, FINDING_JIT, "on");
	findings_ok(findings, FINDING_CAPABILITY, "%s is there", "CAP_BPF");
	findings_conclude(findings, "All is well.");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_OK);
	expect_written("ok    jit         on\n"
		       "ok    capability  CAP_BPF is there\n"
		       "\n"
		       "All is well.\n");
}

static void findings_notes_have_their_fix_and_change_nothing(void **state)
{
	(void)state;
	begin(0);
	findings_note(findings, FINDING_CLOCK, "run chrony", "nobody sets it");
	findings_note(findings, FINDING_HOOK, "nothing", "a0: beside %d", 3);
	findings_conclude(findings, "All is well.");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_OK);
	expect_written("note  clock       nobody sets it\n"
		       "                  fix: run chrony\n"
		       "note  hook        a0: beside 3\n"
		       "                  fix: nothing\n"
		       "\n"
		       "All is well. 2 notes.\n");
}

static void findings_unreachable_collector_is_not_a_run_that_fails(void **state)
{
	(void)state;
	begin(0);
	findings_fail(findings, FINDING_EXPORTER, EXIT_CODE_UNREACHABLE, "start it", "a: away");
	findings_note(findings, FINDING_CLOCK, "run chrony", "nobody sets it");
	findings_conclude(findings, "All is well.");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_UNREACHABLE);
	expect_written("FAIL  exporter    a: away\n"
		       "                  fix: start it\n"
		       "note  clock       nobody sets it\n"
		       "                  fix: run chrony\n"
		       "\n"
		       "`flowprobe run` would work here, but not all of its records would arrive. "
		       "1 failure, 1 note.\n"
		       "The worst is: exporter: a: away\n"
		       "         fix: start it\n");
}

/* Privilege, before what run needs, before what only keeps records from arriving; of two alike the
 * first. */
static void findings_worst_one_is_repeated(void **state)
{
	(void)state;
	begin(0);
	findings_fail(findings, FINDING_EXPORTER, EXIT_CODE_UNREACHABLE, "start it", "a: away");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_UNREACHABLE);
	findings_fail(findings, FINDING_INTERFACE, EXIT_CODE_RUNTIME, "correct it", "no etho0");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_RUNTIME);
	findings_fail(findings, FINDING_CAPABILITY, EXIT_CODE_PRIVILEGE, "be root", "no CAP_BPF");
	findings_fail(findings, FINDING_CAPABILITY, EXIT_CODE_PRIVILEGE, "be him", "no CAP_X");
	findings_fail(findings, FINDING_MEMORY, EXIT_CODE_RUNTIME, "buy some", "too little");
	findings_conclude(findings, "All is well.");
	assert_int_equal(findings_exit_code(findings), EXIT_CODE_PRIVILEGE);
	expect_written("FAIL  exporter    a: away\n"
		       "                  fix: start it\n"
		       "FAIL  interface   no etho0\n"
		       "                  fix: correct it\n"
		       "FAIL  capability  no CAP_BPF\n"
		       "                  fix: be root\n"
		       "FAIL  capability  no CAP_X\n"
		       "                  fix: be him\n"
		       "FAIL  memory      too little\n"
		       "                  fix: buy some\n"
		       "\n"
		       "`flowprobe run` would not work here. 5 failures.\n"
		       "The worst is: capability: no CAP_BPF\n"
		       "         fix: be root\n");
}

static void findings_as_json_are_one_object(void **state)
{
	(void)state;
	begin(1);
	findings_ok(findings, FINDING_JIT, "on");
	findings_note(findings, FINDING_CLOCK, "run chrony", "nobody sets it");
	findings_fail(findings, FINDING_XDP, EXIT_CODE_RUNTIME, "use --hook auto", "a0: TAKEN");
	assert_int_equal(fflush(stream), 0);
	assert_int_equal(text_bytes, 0); /* nothing before the verdict on the whole */
	findings_conclude(findings, "All is well.");
	expect_written("{\"verdict\":\"fail\",\"exit_code\":1,\"conclusion\":"
		       "\"`flowprobe run` would not work here.\",\"findings\":[\n"
		       "{\"verdict\":\"ok\",\"topic\":\"jit\",\"text\":\"on\",\"fix\":\"\"},\n"
		       "{\"verdict\":\"note\",\"topic\":\"clock\",\"text\":\"nobody sets it\","
		       "\"fix\":\"run chrony\"},\n"
		       "{\"verdict\":\"fail\",\"topic\":\"xdp\",\"text\":\"a0: TAKEN\","
		       "\"fix\":\"use --hook auto\"}]}\n");
}

static void findings_none_as_json_are_an_empty_list(void **state)
{
	(void)state;
	begin(1);
	findings_conclude(findings, "All is well.");
	expect_written("{\"verdict\":\"ok\",\"exit_code\":0,\"conclusion\":\"All is well.\","
		       "\"findings\":[]}\n");
}

/* What others have chosen or answered: quotes, controls of both kinds, broken UTF-8, and good. */
#define NASTY "\"\\\x1b[31m\x7f\xc2\x9b\xff\xc3\xa9"

static void findings_nasty_text_harms_no_terminal(void **state)
{
	(void)state;
	begin(0);
	findings_fail(findings, FINDING_EXPORTER, EXIT_CODE_RUNTIME, NASTY, "%s", NASTY);
	findings_conclude(findings, "");
	expect_written("FAIL  exporter    \"\\?[31m???\xc3\xa9\n"
		       "                  fix: \"\\?[31m???\xc3\xa9\n"
		       "\n"
		       "`flowprobe run` would not work here. 1 failure.\n"
		       "The worst is: exporter: \"\\?[31m???\xc3\xa9\n"
		       "         fix: \"\\?[31m???\xc3\xa9\n");
}

static void findings_nasty_text_breaks_no_json(void **state)
{
	(void)state;
	begin(1);
	findings_note(findings, FINDING_EXPORTER, NASTY, "%s", NASTY);
	findings_conclude(findings, "");
	expect_written("{\"verdict\":\"note\",\"exit_code\":0,\"conclusion\":\"\",\"findings\":[\n"
		       "{\"verdict\":\"note\",\"topic\":\"exporter\",\"text\":"
		       "\"\\\"\\\\\\u001b[31m\\u007f\xc2\x9b\\ufffd\xc3\xa9\",\"fix\":"
		       "\"\\\"\\\\\\u001b[31m\\u007f\xc2\x9b\\ufffd\xc3\xa9\"}]}\n");
}

/* Cut where there is room for 1023 bytes, which may be within a character. */
static void findings_long_text_is_cut(void **state)
{
	char long_text[2000], wanted[1200];

	(void)state;
	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text + 1022, "\xc3\xa9", 2);
	long_text[sizeof(long_text) - 1] = '\0';
	snprintf(wanted, sizeof(wanted), "ok    kernel      %.1022s?\n\nGood.\n", long_text);
	begin(0);
	findings_ok(findings, FINDING_KERNEL, "%s", long_text);
	findings_conclude(findings, "Good.");
	expect_written(wanted);
}

static void findings_topics_have_names_of_their_own(void **state)
{
	(void)state;
	for (int i = 0; i < FINDING_TOPICS; i++) {
		assert_non_null(finding_topic_name((enum finding_topic)i));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(finding_topic_name((enum finding_topic)i),
						finding_topic_name((enum finding_topic)j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(findings_good_ones_end_with_the_good_word),
		cmocka_unit_test(findings_notes_have_their_fix_and_change_nothing),
		cmocka_unit_test(findings_unreachable_collector_is_not_a_run_that_fails),
		cmocka_unit_test(findings_worst_one_is_repeated),
		cmocka_unit_test(findings_as_json_are_one_object),
		cmocka_unit_test(findings_none_as_json_are_an_empty_list),
		cmocka_unit_test(findings_nasty_text_harms_no_terminal),
		cmocka_unit_test(findings_nasty_text_breaks_no_json),
		cmocka_unit_test(findings_long_text_is_cut),
		cmocka_unit_test(findings_topics_have_names_of_their_own),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
