/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An OpenObserve that takes records, or does whatever else a script says; and the time it lives in.
 *
 * What arrived is kept by the number in flow_id, which also says what else must be in the record.
 * Bodies are taken apart by zlib and jansson themselves.
 *
 * Time is the test's: a wait of the driver's is over at once and the clock has moved on. So hours of
 * an outage take no time, and how long each wait was can be compared.
 */
#ifndef FLOWPROBE_OPENOBSERVE_SERVER_H
#define FLOWPROBE_OPENOBSERVE_SERVER_H

#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <zlib.h>

#include "export/driver.h"
#include "http_server.h"
#include "lib/clock.h"

#define IDS_MAX 8192
#define WAITS_MAX 256
#define START_NS (1787300000 * NS_PER_S) /* of the wall clock */
#define INSTANCE 0x0123456789abcdefull
#define AUTHORIZATION "Basic bWU6Zmlyc3Q=" /* me:first */
#define NEW_AUTHORIZATION "Basic bWU6c2Vjb25k" /* me:second */

/* --- time --- */

static _Atomic uint64_t skipped_ns; /* that nobody has waited for */
static int64_t wall_shift_ns; /* of our wall clock alone */
static uint64_t waits_ns[WAITS_MAX]; /* how long each was, or would have been */
static unsigned int wait_count;
static void (*on_wait)(struct export_control *control); /* before each; NULL: nothing */
static void (*on_request)(void); /* the same, on the server's thread */
static void (*on_hang)(void); /* again and again, while it hangs */
static int is_real; /* time is */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);
uint64_t __wrap_clock_realtime_ns(void);
int __real_export_wait(struct export_control *control, int fd, short events, uint64_t until_ns);
int __wrap_export_wait(struct export_control *control, int fd, short events, uint64_t until_ns);
ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned int flags);

/* It stands still while nobody waits, so that no time of day changes what is expected. */
uint64_t __wrap_clock_monotonic_ns(void)
{
	return is_real ? __real_clock_monotonic_ns() : NS_PER_S + skipped_ns;
}

uint64_t __wrap_clock_realtime_ns(void)
{
	return START_NS + (is_real ? __real_clock_monotonic_ns() : skipped_ns) +
	       (uint64_t)wall_shift_ns;
}

/* The most there is: every wait at its longest. */
ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned int flags)
{
	(void)flags;
	memset(buffer, 0xff, bytes);
	return (ssize_t)bytes;
}

int __wrap_export_wait(struct export_control *control, int fd, short events, uint64_t until_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (is_real) {
		if (on_wait)
			on_wait(control);
		return __real_export_wait(control, fd, events, until_ns);
	}
	if (until_ns == UINT64_MAX || wait_count == WAITS_MAX)
		abort(); /* it would be for ever */
	waits_ns[wait_count++] = until_ns > now_ns ? until_ns - now_ns : 0;
	if (on_wait)
		on_wait(control);
	if (!control->over && until_ns > now_ns)
		skipped_ns += until_ns - now_ns;
	return 0;
}

static inline void pass_time(uint64_t ns)
{
	skipped_ns += ns;
}

/* --- the server --- */

enum deed {
	STORES, /* as it should be */
	STORES_AND_CLOSES, /* takes the records, and is gone before it has said so */
	STORES_AND_CUTS, /* the answer in the middle */
	CLOSES,
	ANSWERS, /* with status, headers and body, and takes nothing */
	STORES_AND_ANSWERS, /* the same, but takes the records */
	FORGETS_LAST, /* says that it has taken all but the last, without a word of that */
	REFUSES_LAST, /* says so */
	HANGS,
};

struct step {
	enum deed deed;
	int status;
	const char *headers;
	const char *body;
};

struct arrival {
	uint64_t id;
	uint64_t timestamp_us;
};

static struct http_server *server;
static const struct step *script; /* of the next requests; after them it does as it should */
static size_t script_length;
static const struct step *always; /* instead, and for ever */
static size_t most_records; /* more are 413; 0: any number */
static const char *authorization; /* that is good */
static int takes_gzip;
static int64_t server_shift_ns; /* of the server's clock */
static int has_window; /* it refuses what is too old or too far ahead */
static unsigned int requests;
static uint64_t request_bytes; /* their bodies */
static size_t request_records[1024]; /* of each request, also of those in vain */
static char last_encoding[32];
static char last_target[1024];
static struct arrival arrivals[4 * IDS_MAX]; /* in their order, each time */
static size_t arrival_count;
static unsigned int times_arrived[IDS_MAX];
static char trouble[256]; /* the first thing that should not have been */

static inline void note_trouble(const char *what)
{
	if (!trouble[0])
		snprintf(trouble, sizeof(trouble), "%s", what);
}

/* To be freed. NULL: that is no gzip. */
static inline char *gunzip(const char *packed, size_t packed_bytes, size_t *bytes)
{
	z_stream stream = {.next_in = (unsigned char *)(uintptr_t)packed,
			   .avail_in = (unsigned int)packed_bytes};
	size_t room = 1 << 20;
	char *text = malloc(room);
	int result;

	if (!text || inflateInit2(&stream, 31) != Z_OK)
		abort();
	stream.next_out = (unsigned char *)text;
	stream.avail_out = (unsigned int)room;
	result = inflate(&stream, Z_FINISH);
	*bytes = room - stream.avail_out;
	inflateEnd(&stream);
	if (result == Z_STREAM_END && !stream.avail_in)
		return text;
	free(text);
	return NULL;
}

/* The records of a request. NULL: there is something wrong with it. */
static inline json_t *parse_request(struct http_call *call)
{
	const char *encoding = http_call_header(call, "Content-Encoding");
	size_t bytes = call->body_bytes;
	char *text = NULL;
	json_t *array;

	snprintf(last_encoding, sizeof(last_encoding), "%s", encoding ? encoding : "");
	snprintf(last_target, sizeof(last_target), "%s", call->target);
	if (encoding)
		text = gunzip(call->body, call->body_bytes, &bytes);
	array = json_loadb(text ? text : call->body, bytes, JSON_REJECT_DUPLICATES, NULL);
	if ((encoding && (strcmp(encoding, "gzip") != 0 || !text)) || !json_is_array(array) ||
	    !json_array_size(array))
		note_trouble("a body that is no array of records");
	free(text);
	return array;
}

static inline uint64_t integer_of(json_t *record, const char *name)
{
	json_t *value = json_object_get(record, name);

	if (!json_is_integer(value))
		note_trouble(name);
	return (uint64_t)json_integer_value(value);
}

/* The number of a record that we gave. */
static inline uint64_t id_of(const char *flow_id)
{
	uint64_t instance, id;

	if (!flow_id || sscanf(flow_id, "%16" SCNx64 "-%" SCNu64, &instance, &id) != 2 ||
	    instance != INSTANCE || !id || id >= IDS_MAX) {
		note_trouble("a record that is not ours");
		return 0;
	}
	return id;
}

static inline uint64_t packets_of(uint64_t id)
{
	return 1 + id % 7;
}

static inline uint64_t octets_of(uint64_t id)
{
	return 100 + id * id;
}

static inline void store(json_t *record)
{
	uint64_t id = id_of(json_string_value(json_object_get(record, "flow_id")));

	if (integer_of(record, "packets") != packets_of(id) ||
	    integer_of(record, "bytes") != octets_of(id))
		note_trouble("a record with other numbers");
	times_arrived[id]++;
	arrivals[arrival_count++] = (struct arrival){
		.id = id,
		.timestamp_us = integer_of(record, "_timestamp"),
	};
}

static inline uint64_t server_ns(void)
{
	return START_NS + skipped_ns + (uint64_t)server_shift_ns;
}

static inline int is_in_window(json_t *record)
{
	uint64_t time_ns = integer_of(record, "_timestamp") * NS_PER_US, now_ns = server_ns();

	return !has_window || (time_ns + 5 * 3600 * NS_PER_S >= now_ns &&
			       time_ns <= now_ns + 24 * 3600 * NS_PER_S);
}

static inline void format_date(char *header, size_t bytes)
{
	time_t now = (time_t)(server_ns() / NS_PER_S);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(header, bytes, "Date: %a, %d %b %Y %T GMT\r\n", &utc);
}

static inline void answer_counts(struct http_call *call, size_t successful, size_t failed,
				 const char *error)
{
	char body[512], header[64];

	snprintf(body, sizeof(body),
		 "{\"code\":200,\"status\":[{\"name\":\"netflow1\",\"successful\":%zu,"
		 "\"failed\":%zu%s%s%s}]}",
		 successful, failed, error ? ",\"error\":\"" : "", error ? error : "",
		 error ? "\"" : "");
	format_date(header, sizeof(header));
	http_call_reply(call, 200, header, body);
}

static inline void answer_step(struct http_call *call, const struct step *step, json_t *array)
{
	size_t count = json_array_size(array), stored = 0;
	char header[64];

	for (size_t i = 0; step->deed <= STORES_AND_CUTS && i < count; i++) {
		if (!is_in_window(json_array_get(array, i)))
			continue;
		store(json_array_get(array, i));
		stored++;
	}
	if (step->deed >= STORES_AND_ANSWERS && step->deed <= REFUSES_LAST)
		for (size_t i = 0; i < count - (step->deed != STORES_AND_ANSWERS); i++)
			store(json_array_get(array, i));
	switch (step->deed) {
	case STORES:
		answer_counts(call, stored, count - stored,
			      stored < count ? "Too old data, only last 5 hours data can be "
					       "ingested. Data discarded."
					     : NULL);
		break;
	case STORES_AND_CUTS:
		http_call_print(call, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n"
				      "{\"code\":200,\"status\":[{");
		http_call_close(call);
		break;
	case STORES_AND_CLOSES:
	case CLOSES:
		http_call_close(call);
		break;
	case ANSWERS:
	case STORES_AND_ANSWERS:
		format_date(header, sizeof(header));
		http_call_print(call, "HTTP/1.1 %d Because\r\n%s%sContent-Length: %zu\r\n\r\n%s",
				step->status, header, step->headers, strlen(step->body),
				step->body);
		break;
	case FORGETS_LAST:
		answer_counts(call, count - 1, 0, NULL);
		break;
	case REFUSES_LAST:
		answer_counts(call, count - 1, 1, "Failed to cast");
		break;
	case HANGS:
		while (on_hang && http_call_is_waited_for(call))
			on_hang();
		http_call_hang(call);
		break;
	}
}

static inline void answer_request(struct http_call *call, void *arg)
{
	static const struct step as_it_should = {.deed = STORES};
	const char *given = http_call_header(call, "Authorization");
	int is_authorized = given && strcmp(given, authorization) == 0;
	json_t *array = parse_request(call);
	size_t count = json_array_size(array);

	(void)arg;
	request_records[requests++ % 1024] = count;
	request_bytes += call->body_bytes;
	if (on_request)
		on_request();
	if (!is_authorized)
		http_call_reply(call, 401, "", "Unauthorized Access");
	else if (most_records && count > most_records)
		http_call_reply(call, 413, "", "length limit exceeded");
	else if (!takes_gzip && last_encoding[0])
		http_call_reply(call, 415, "", "");
	else if (always)
		answer_step(call, always, array);
	else if (script_length)
		answer_step(call, (script_length--, script++), array);
	else
		answer_step(call, &as_it_should, array);
	json_decref(array);
}

#define START_SCRIPT(steps) (script = (steps), script_length = sizeof(steps) / sizeof((steps)[0]))

static inline void start_server(void)
{
	skipped_ns = 0;
	wall_shift_ns = server_shift_ns = 0;
	wait_count = 0;
	on_wait = NULL;
	on_request = NULL;
	on_hang = NULL;
	is_real = 0;
	script_length = 0;
	always = NULL;
	most_records = 0;
	authorization = AUTHORIZATION;
	takes_gzip = 1;
	has_window = 0;
	requests = 0;
	request_bytes = 0;
	arrival_count = 0;
	memset(times_arrived, 0, sizeof(times_arrived));
	trouble[0] = '\0';
	server = http_server_start(answer_request, NULL);
}

#endif
