/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* OpenObserve's management interface: one call, one answer. */
#ifndef FLOWPROBE_O2_API_H
#define FLOWPROBE_O2_API_H

#include <stddef.h>

#include "export/http.h"
#include "lib/json_tree.h"

#define O2_MESSAGE_BYTES 1024

struct o2_connection;

struct o2_api {
	struct o2_connection *connection; /* owned */
	const char *base; /* borrowed, without a '/' at the end */
	char *authorization; /* owned; NULL: none */
};

enum o2_verdict {
	O2_GOOD,
	O2_REJECTED, /* this request; others may be good */
	O2_REFUSED, /* whoever asks */
	O2_UNAVAILABLE, /* no answer, none of OpenObserve's, or it is too busy */
};

struct o2_reply {
	enum o2_verdict verdict;
	int status; /* 0: there was no answer */
	struct json_value *json; /* NULL: the answer was none */
	char message[O2_MESSAGE_BYTES]; /* what is wrong, and the fix; "" if nothing is */
};

/* Borrows base, takes authorization. -1: no memory. To be closed in any case. */
int o2_api_open(struct o2_api *api, const struct http_settings *http, const char *base,
		char *authorization);

/* path starts with '/'; body is JSON, NULL: none. The reply is to be freed by o2_reply_free. */
void o2_api_call(const struct o2_api *api, const char *method, const char *path, const char *body,
		 struct o2_reply *reply);
void o2_reply_free(struct o2_reply *reply);
void o2_api_close(struct o2_api *api);

/* Copies what somebody else has written as one line that a terminal can be shown, cut to fit. */
void o2_copy_line(char *to, size_t bytes, const char *from);

#endif
