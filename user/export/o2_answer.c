// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: see o2_answer.h. */
#include "export/o2_answer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/json_tree.h"

/* As much of text as fits, on one line, without what could harm a terminal. */
static void set_message(struct o2_answer *answer, const char *text, size_t bytes)
{
	size_t used = 0;

	for (size_t i = 0; i < bytes && used < O2_MESSAGE_BYTES - 1; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (isspace(byte) && (!used || answer->message[used - 1] == ' '))
			continue;
		answer->message[used++] = isspace(byte) ? ' ' : isprint(byte) ? (char)byte : '?';
	}
	answer->message[used] = '\0';
}

/* {"code":…,"message":"…"}, or whatever text there is. */
static void read_message(struct o2_answer *answer, const char *body, size_t bytes)
{
	char error[JSON_TREE_ERROR_BYTES];
	struct json_value *root = json_tree_parse(body, bytes, error);
	const char *message = json_tree_text(json_tree_member(root, "message"));

	if (message)
		set_message(answer, message, strlen(message));
	else
		set_message(answer, body, bytes);
	json_tree_free(root);
}

static int is_about_time(const char *error)
{
	return error && (strstr(error, "Too old data") || strstr(error, "Too far data"));
}

/* The member's number, but not more than `most`: so sums do not overflow. */
static uint64_t read_number(const struct json_value *object, const char *name, uint64_t most)
{
	uint64_t number;

	if (!json_tree_number(json_tree_member(object, name), &number))
		return 0;
	return number < most ? number : most;
}

/* The sums over {"status":[{"successful":…,"failed":…,"error":"…"}]}. 0: there are none. */
static int read_status(struct o2_answer *answer, const struct json_value *root, uint64_t sent)
{
	const struct json_value *list = json_tree_member(root, "status");
	uint64_t accepted = 0, refused = 0;
	const char *error = NULL;

	if (!json_tree_is_array(list))
		return 0;
	for (size_t i = 0; i < json_tree_length(list); i++) {
		const struct json_value *status = json_tree_item(list, i);
		const char *text = json_tree_text(json_tree_member(status, "error"));

		accepted += read_number(status, "successful", sent);
		refused += read_number(status, "failed", sent);
		error = text ? text : error;
	}
	if (error)
		set_message(answer, error, strlen(error));
	/* A pipeline of the server's may make more of our records, but not of a loss. */
	answer->refused = refused < sent ? refused : sent;
	accepted = accepted < sent - answer->refused ? accepted : sent - answer->refused;
	answer->unconfirmed = sent - answer->refused - accepted;
	if (answer->refused == sent && is_about_time(error))
		answer->verdict = O2_TOO_OLD;
	return 1;
}

static void read_success(struct o2_answer *answer, const char *body, size_t bytes, uint64_t sent)
{
	char error[JSON_TREE_ERROR_BYTES], message[O2_MESSAGE_BYTES];
	struct json_value *root = json_tree_parse(body, bytes, error);

	answer->verdict = O2_ACCEPTED;
	if (!json_tree_is_object(root) || !read_status(answer, root, sent)) {
		/* A proxy, or no OpenObserve at all: nobody has said that he took anything. */
		answer->verdict = O2_RETRY;
		snprintf(message, sizeof(message),
			 "the answer is not OpenObserve's: %.60s; is the URL right?",
			 root ? "it has no status" : error);
		set_message(answer, message, strlen(message)); /* error quotes the body */
	}
	json_tree_free(root);
}

static enum o2_verdict judge_status(int status)
{
	switch (status) {
	case 401:
	case 403:
		return O2_CREDENTIAL;
	case 404:
	case 405:
	case 407:
		return O2_CONFIGURATION;
	case 408:
	case 425:
	case 429:
		return O2_RETRY;
	case 413:
		return O2_TOO_LARGE;
	case 415:
		return O2_ENCODING;
	default:
		/* Redirects are not followed: a credential goes where it was meant to, or nowhere. */
		if (status >= 300 && status < 400)
			return O2_CONFIGURATION;
		return status >= 500 ? O2_RETRY : O2_RETRY_FEW;
	}
}

void o2_answer_read(struct o2_answer *answer, int status, const char *body, size_t bytes,
		    uint64_t sent)
{
	memset(answer, 0, sizeof(*answer));
	if (status >= 200 && status < 300) {
		read_success(answer, body, bytes, sent);
		return;
	}
	answer->verdict = judge_status(status);
	read_message(answer, body, bytes);
}
