// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: what was found, see findings.h.
 *
 * For people, each finding is a line with its fix below. The worst one is repeated at the end, where
 * one looks first. JSON is collected meanwhile, because the verdict on the whole comes first.
 */
#include "doctor/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "encode/json_string.h"
#include "encode/utf8.h"

#define TEXT_BYTES 1024

enum verdict { VERDICT_OK, VERDICT_NOTE, VERDICT_FAIL, VERDICTS };

struct finding {
	enum verdict verdict;
	enum finding_topic topic;
	enum exit_code exit_code;
	const char *fix; /* "": none */
};

struct findings {
	FILE *stream;
	FILE *json; /* over text; NULL: for people */
	char *text;
	size_t text_bytes;
	size_t counts[VERDICTS];
	enum exit_code exit_code;
	enum finding_topic worst_topic; /* of the failure that exit_code is of, like the next two */
	char worst[TEXT_BYTES];
	char worst_fix[TEXT_BYTES];
};

static const char *const topic_names[FINDING_TOPICS] = {
	[FINDING_KERNEL] = "kernel",	 [FINDING_CAPABILITY] = "capability",
	[FINDING_LOCKDOWN] = "lockdown", [FINDING_JIT] = "jit",
	[FINDING_CLOCK] = "clock",	 [FINDING_PROGRAM] = "program",
	[FINDING_TABLE] = "table",	 [FINDING_MEMORY] = "memory",
	[FINDING_AGENT] = "agent",	 [FINDING_INTERFACE] = "interface",
	[FINDING_HOOK] = "hook",	 [FINDING_XDP] = "xdp",
	[FINDING_OFFLOAD] = "offload",	 [FINDING_EXPORTER] = "exporter",
};

const char *finding_topic_name(enum finding_topic topic)
{
	return topic_names[topic];
}

struct findings *findings_new(FILE *stream, int json)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (!findings)
		return NULL;
	findings->stream = stream;
	if (!json)
		return findings;
	findings->json = open_memstream(&findings->text, &findings->text_bytes);
	if (findings->json)
		return findings;
	free(findings);
	return NULL;
}

void findings_free(struct findings *findings)
{
	if (!findings)
		return;
	if (findings->json)
		fclose(findings->json);
	free(findings->text);
	free(findings);
}

/* --- writing --- */

/* A control character, of ASCII or of those that UTF-8 spells C2 80 to C2 9F. */
static int is_control(const unsigned char *text, size_t length)
{
	return *text < 0x20 || *text == 0x7f || (length == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

static void put_plain(FILE *stream, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	while (*text) {
		size_t length = utf8_length(text);

		if (!length || is_control(text, length))
			fputc('?', stream);
		else
			fwrite(text, 1, length, stream);
		text += length ? length : 1;
	}
}

static void write_line(FILE *stream, const struct finding *finding, const char *text)
{
	static const char *const names[VERDICTS] = {"ok", "note", "FAIL"};

	fprintf(stream, "%-5s %-11s ", names[finding->verdict], topic_names[finding->topic]);
	put_plain(stream, text);
	if (finding->fix[0]) {
		fprintf(stream, "\n%-17s fix: ", "");
		put_plain(stream, finding->fix);
	}
	fputc('\n', stream);
}

static const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICTS] = {"ok", "note", "fail"};

	return names[verdict];
}

static void write_object(struct findings *findings, const struct finding *finding, const char *text)
{
	fprintf(findings->json, "%s\n{\"verdict\":\"%s\",\"topic\":\"%s\",\"text\":",
		fflush(findings->json) == 0 && findings->text_bytes ? "," : "",
		verdict_name(finding->verdict), topic_names[finding->topic]);
	json_string_write(findings->json, text);
	fputs(",\"fix\":", findings->json);
	json_string_write(findings->json, finding->fix);
	fputc('}', findings->json);
}

/* --- findings --- */

static int severity(enum exit_code exit_code)
{
	switch (exit_code) {
	case EXIT_CODE_OK:
		return 0;
	case EXIT_CODE_UNREACHABLE:
		return 1;
	case EXIT_CODE_PRIVILEGE:
		return 3;
	default:
		return 2;
	}
}

static void __attribute__((format(printf, 3, 0)))
add(struct findings *findings, const struct finding *finding, const char *format, va_list arguments)
{
	char text[TEXT_BYTES];

	vsnprintf(text, sizeof(text), format, arguments);
	findings->counts[finding->verdict]++;
	if (severity(finding->exit_code) > severity(findings->exit_code)) {
		findings->exit_code = finding->exit_code;
		findings->worst_topic = finding->topic;
		snprintf(findings->worst, sizeof(findings->worst), "%s", text);
		snprintf(findings->worst_fix, sizeof(findings->worst_fix), "%s", finding->fix);
	}
	if (findings->json)
		write_object(findings, finding, text);
	else
		write_line(findings->stream, finding, text);
}

void findings_ok(struct findings *findings, enum finding_topic topic, const char *format, ...)
{
	const struct finding finding = {.verdict = VERDICT_OK, .topic = topic, .fix = ""};
	va_list arguments;

	va_start(arguments, format);
	add(findings, &finding, format, arguments);
	va_end(arguments);
}

void findings_note(struct findings *findings, enum finding_topic topic, const char *fix,
		   const char *format, ...)
{
	const struct finding finding = {.verdict = VERDICT_NOTE, .topic = topic, .fix = fix};
	va_list arguments;

	va_start(arguments, format);
	add(findings, &finding, format, arguments);
	va_end(arguments);
}

void findings_fail(struct findings *findings, enum finding_topic topic, enum exit_code exit_code,
		   const char *fix, const char *format, ...)
{
	const struct finding finding = {
		.verdict = VERDICT_FAIL, .topic = topic, .exit_code = exit_code, .fix = fix};
	va_list arguments;

	va_start(arguments, format);
	add(findings, &finding, format, arguments);
	va_end(arguments);
}

enum exit_code findings_exit_code(const struct findings *findings)
{
	return findings->exit_code;
}

/* --- the last word --- */

static const char *conclusion(const struct findings *findings, const char *good)
{
	switch (findings->exit_code) {
	case EXIT_CODE_OK:
		return good;
	case EXIT_CODE_UNREACHABLE:
		return "`flowprobe run` would work here, but not all of its records would arrive.";
	default:
		return "`flowprobe run` would not work here.";
	}
}

static enum verdict overall(const struct findings *findings)
{
	if (findings->counts[VERDICT_FAIL])
		return VERDICT_FAIL;
	return findings->counts[VERDICT_NOTE] ? VERDICT_NOTE : VERDICT_OK;
}

static void conclude_json(struct findings *findings, const char *good)
{
	fprintf(findings->stream, "{\"verdict\":\"%s\",\"exit_code\":%d,\"conclusion\":",
		verdict_name(overall(findings)), findings->exit_code);
	json_string_write(findings->stream, conclusion(findings, good));
	fflush(findings->json);
	fprintf(findings->stream, ",\"findings\":[%s]}\n", findings->text);
}

void findings_conclude(struct findings *findings, const char *good)
{
	size_t fails = findings->counts[VERDICT_FAIL], notes = findings->counts[VERDICT_NOTE];

	if (findings->json) {
		conclude_json(findings, good);
		return;
	}
	fprintf(findings->stream, "\n%s", conclusion(findings, good));
	if (fails)
		fprintf(findings->stream, " %zu failure%s", fails, fails > 1 ? "s" : "");
	if (notes)
		fprintf(findings->stream, "%s %zu note%s", fails ? "," : "", notes,
			notes > 1 ? "s" : "");
	fputs(fails || notes ? ".\n" : "\n", findings->stream);
	if (!fails)
		return;
	fprintf(findings->stream, "The worst is: %s: ", topic_names[findings->worst_topic]);
	put_plain(findings->stream, findings->worst);
	fputs("\n         fix: ", findings->stream);
	put_plain(findings->stream, findings->worst_fix);
	fputc('\n', findings->stream);
}
