/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The drivers of collector.c over a transport of the test's: one that forgets ("udp:") and one that
 * does not ("tcp:"). It takes messages, or answers as it is told, and what it took is looked at as a
 * collector would, each session by itself. The clock can be moved on.
 *
 * It takes the place of the real transports in the program, which are therefore not linked.
 */
#ifndef FLOWPROBE_COLLECTOR_FIXTURE_H
#define FLOWPROBE_COLLECTOR_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "export/board.h"
#include "export/collector.h"
#include "export/transport.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "message_peek.h"

#define HANG_SECONDS 120
#define SESSIONS_MAX 4
#define ERRORS_MAX 256
#define PLAIN_MAX 64 /* messages kept as they are */
#define IDS_MAX 4096
#define REFRESH_NS (60 * NS_PER_S)

/* --- the clock --- */

static uint64_t later_ns; /* than it really is */

uint64_t __real_clock_monotonic_ns(void);
uint64_t __wrap_clock_monotonic_ns(void);

uint64_t __wrap_clock_monotonic_ns(void)
{
	return __real_clock_monotonic_ns() + later_ns;
}

/* --- the transport --- */

static struct {
	struct transport *transport; /* the one there is */
	int creates, destroys, opens, sends, settles, ends;
	int open_error; /* what open answers; 0: it opens */
	_Atomic int holds_open; /* open does not answer yet */
	_Atomic int in_open;
	int errors[ERRORS_MAX]; /* what send answers to its calls, by number */
	size_t shrink; /* to so many bytes the path shrinks with -EMSGSIZE */
	int refuses; /* create fails */
	uint64_t next_ns;
	struct peek sessions[SESSIONS_MAX]; /* by session - 1 */
	struct export_count taken;
	uint64_t batches, bytes; /* of all that was taken */
	uint64_t session_of[PLAIN_MAX];
	size_t lengths[PLAIN_MAX];
	unsigned char plain[PLAIN_MAX][2048]; /* the first messages */
	size_t messages;
} fake;

static inline struct transport *fake_create(const struct transport_type *type, char *error,
					    size_t error_bytes)
{
	struct transport *transport = fake.refuses ? NULL : calloc(1, sizeof(*transport));

	if (!transport) {
		snprintf(error, error_bytes, fake.refuses ? "no such place" : "out of memory");
		return NULL;
	}
	fake.creates++;
	fake.transport = transport;
	transport->type = type;
	return transport;
}

static inline int fake_open(struct transport *transport, struct export_control *control)
{
	(void)control;
	fake.opens++;
	fake.in_open = 1;
	while (fake.holds_open)
		sched_yield();
	fake.in_open = 0;
	if (fake.open_error)
		return fake.open_error;
	if (transport->is_open)
		return 0;
	if (transport->type->reliable || !transport->session)
		transport->session++;
	else
		transport->nudged = 1;
	transport->is_open = 1;
	transport->message_bytes = transport->message_bytes_wanted;
	return 0;
}

static inline void fake_take(struct transport *transport, const void *message, size_t bytes,
			     const struct export_count *count, struct export_control *control)
{
	const unsigned char *data = message;

	if (data[1] == 10)
		peek_message(&fake.sessions[transport->session - 1], data, bytes);
	if (fake.messages < PLAIN_MAX && bytes <= sizeof(fake.plain[0])) {
		memcpy(fake.plain[fake.messages], data, bytes);
		fake.lengths[fake.messages] = bytes;
		fake.session_of[fake.messages] = transport->session;
	}
	fake.messages++;
	fake.batches++;
	fake.bytes += bytes;
	export_count_add(&fake.taken, count);
	export_count_add(&control->outcome.sent, count);
}

static inline int fake_send(struct transport *transport, const void *message, size_t bytes,
			    const struct export_count *count, struct export_control *control)
{
	int call = fake.sends++, error = call < ERRORS_MAX ? fake.errors[call] : 0;

	assert_int_equal(transport->is_open, 1);
	if (bytes > transport->message_bytes)
		return -EMSGSIZE;
	if (error == -EMSGSIZE && fake.shrink < bytes)
		transport->message_bytes = fake.shrink;
	else if (error == -EMSGSIZE)
		error = 0;
	if (error == -ENOTCONN)
		transport->is_open = 0;
	if (!error)
		fake_take(transport, message, bytes, count, control);
	return error;
}

static inline void fake_settle(struct transport *transport, struct export_control *control)
{
	(void)transport;
	(void)control;
	fake.settles++;
}

static inline void fake_end(struct transport *transport, struct export_control *control)
{
	(void)control;
	fake.ends++;
	transport->is_open = 0;
}

static inline uint64_t fake_next_ns(const struct transport *transport)
{
	(void)transport;
	return fake.next_ns;
}

static inline void fake_destroy(struct transport *transport)
{
	fake.destroys++;
	free(transport);
}

static inline struct transport *create_unreliable(const struct export_settings *settings,
						  const char *target, uint16_t default_port,
						  char *error, size_t error_bytes)
{
	(void)settings;
	(void)target;
	(void)default_port;
	return fake_create(&transport_udp, error, error_bytes);
}

static inline struct transport *create_reliable(const struct export_settings *settings,
						const char *target, uint16_t default_port,
						char *error, size_t error_bytes)
{
	(void)settings;
	(void)target;
	(void)default_port;
	return fake_create(&transport_tcp, error, error_bytes);
}

const struct transport_type transport_udp = {
	.scheme = "udp",
	.create = create_unreliable,
	.open = fake_open,
	.send = fake_send,
	.destroy = fake_destroy,
};

const struct transport_type transport_tcp = {
	.scheme = "tcp",
	.reliable = 1,
	.create = create_reliable,
	.open = fake_open,
	.send = fake_send,
	.settle = fake_settle,
	.end = fake_end,
	.next_ns = fake_next_ns,
	.destroy = fake_destroy,
};

const struct transport_type transport_tls = {.scheme = "tls"};
const struct transport_type transport_file = {.scheme = "file"};

/* --- the driver --- */

static struct export_settings settings;
static struct export_identity identity;
static struct export_control control;
static const struct export_driver *driver;
static void *self;

static inline int collector_set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.next_ns = UINT64_MAX;
	later_ns = 0;
	settings = (struct export_settings){
		.name = "fake",
		.template_refresh_ns = REFRESH_NS,
	};
	identity = (struct export_identity){
		.host = "test",
		.sampling_interval = 1,
		.observation_domain_id = 7,
	};
	control = (struct export_control){.wake_fd = -1};
	driver = &export_driver_ipfix;
	return 0;
}

static inline void destroy(void)
{
	if (self)
		driver->destroy(self);
	self = NULL;
}

/* Of who has run the driver by an exporter, which has a control of its own. */
static inline int collector_tear_down_exporter(void **state)
{
	(void)state;
	destroy();
	export_board_free(identity.board);
	assert_int_equal(fake.destroys, fake.creates);
	return 0;
}

static inline int collector_tear_down(void **state)
{
	assert_int_equal(control.outcome.batches, fake.batches);
	assert_int_equal(control.outcome.bytes, fake.bytes);
	return collector_tear_down_exporter(state);
}

static inline void create(const char *target)
{
	char error[256] = "";

	settings.type = driver->kind;
	settings.target = target;
	self = driver->create(&settings, &identity, error, sizeof(error));
	if (!self)
		fail_msg("%s", error);
}

static inline void expect_create_fails(const char *target, const char *expected)
{
	char error[256] = "";

	settings.type = driver->kind;
	settings.target = target;
	assert_null(driver->create(&settings, &identity, error, sizeof(error)));
	assert_string_equal(error, expected);
	assert_int_equal(fake.destroys, fake.creates);
}

static inline uint32_t get_u32(const unsigned char *data)
{
	return (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
}

/* UDP over IPv4, from an address that is the id. */
static inline struct flow_record make_record(uint32_t id)
{
	struct flow_record record = {.packets = 2, .octets = 100};
	uint32_t address = htonl(id);

	memset(record.key.source_address + 10, 0xff, 2);
	memcpy(record.key.source_address + 12, &address, sizeof(address));
	memset(record.key.destination_address + 10, 0xff, 2);
	record.key.protocol = IPPROTO_UDP;
	return record;
}

static inline void send_record(const struct flow_record *record)
{
	driver->send(self, record, 1, &control);
}

static inline void send_records(uint32_t first, uint32_t count)
{
	for (uint32_t id = first; id < first + count; id++) {
		struct flow_record record = make_record(id);

		send_record(&record);
	}
}

static inline void flush(void)
{
	driver->flush(self, &control);
}

static inline void flush_last(void)
{
	control.stopping = 1;
	control.last = 1;
	flush();
}

static inline void tick(void)
{
	driver->tick(self, &control);
}

static inline struct peek *session(unsigned int number)
{
	return &fake.sessions[number - 1];
}

/* What was sent and lost, of records as make_record makes them. */
static inline void expect_outcome(uint64_t sent, uint64_t lost)
{
	const struct export_outcome *outcome = &control.outcome;

	assert_int_equal(outcome->sent.records, sent);
	assert_int_equal(outcome->sent.packets, 2 * sent);
	assert_int_equal(outcome->sent.octets, 100 * sent);
	assert_int_equal(outcome->lost.records, lost);
	assert_int_equal(outcome->lost.packets, 2 * lost);
	assert_int_equal(outcome->lost.octets, 100 * lost);
	assert_int_equal(outcome->unsupported.records, 0);
}

/* In all sessions together, no id came twice and so many came; each session was sound. */
static inline void expect_ids_once(size_t count)
{
	static unsigned char seen[IDS_MAX];
	size_t found = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int number = 1; number <= SESSIONS_MAX; number++) {
		assert_null(session(number)->problem);
		for (size_t i = 0; i < session(number)->flows; i++, found++)
			assert_int_equal(seen[session(number)->ids[i]]++, 0);
	}
	assert_int_equal(found, count);
}

/* Puts up a list of interfaces; a name of NULL ends it. */
static inline void set_interfaces(const uint32_t *indexes, const char *const *names)
{
	struct board_interfaces *list;
	size_t count = 0;

	while (names[count])
		count++;
	list = board_interfaces_new(count);
	assert_non_null(list);
	for (size_t i = 0; i < count; i++) {
		list->items[i].ifindex = indexes[i];
		snprintf(list->items[i].name, sizeof(list->items[i].name), "%s", names[i]);
		snprintf(list->items[i].description, sizeof(list->items[i].description), "%s",
			 names[i]);
	}
	export_board_set_interfaces(identity.board, list);
}

#endif
