// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: a look at a collector over TCP or TLS, see check.h: connected to, and left again without a
 * word. */
#include "export/check.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "export/transport.h"
#include "lib/clock.h"

/* 1: the session lasts. In TLS 1.3 a client's certificate is refused only after the handshake. */
static int survives_trial(const struct channel_type *type, struct channel *channel)
{
	struct export_control control = {.wake_fd = -1};
	uint64_t until_ns = clock_monotonic_ns() + type->trial_ns;

	while (type->trial_ns && clock_monotonic_ns() < until_ns) {
		if (export_wait(&control, type->fd(channel), POLLIN, until_ns) &&
		    type->drain(channel) <= 0)
			return 0;
	}
	return 1;
}

static void note_session(struct export_check *check, const struct endpoint *endpoint,
			 const struct channel_type *type, struct channel *channel)
{
	const char *protocol = type == &channel_tls ? "TLS" : "tcp";
	char peer[CHECK_PEER_BYTES], source[CHECK_PEER_BYTES];
	int fd = type->fd(channel);
	const char *reason;

	check_describe_connected(endpoint, fd, peer);
	check_describe_source(fd, source);
	if (survives_trial(type, channel)) {
		check_add(check, CHECK_OK, NULL, "%s %s%s: connected", protocol, peer, source);
		return;
	}
	reason = type->reason ? type->reason(channel) : "";
	check_add(check, CHECK_AWAY,
		  "if the collector wants a certificate of its clients, set certificate_file and "
		  "key_file to one that it accepts; its log tells more",
		  "%s %s has ended the session at once%s%s", protocol, peer, reason[0] ? ": " : "",
		  reason);
}

void check_stream(const struct export_settings *settings, const char *target, uint16_t default_port,
		  const struct channel_type *type, struct export_check *check)
{
	struct export_settings shorter = *settings;
	struct export_control control = {.wake_fd = -1};
	uint64_t attempt_ns = check_attempt_ns(check);
	char error[CHECK_TEXT_BYTES];
	struct endpoint endpoint;
	struct local_end local;
	struct channel *channel;

	if (transport_parse_target(&endpoint, target, default_port, error, sizeof(error)) ||
	    local_end_init(&local, settings, error, sizeof(error)) ||
	    type->check(settings, error, sizeof(error))) {
		check_add_refusal(check, error);
		return;
	}
	local.port = 0; /* a running flowprobe may have it */
	if (attempt_ns < shorter.connect_timeout_ns)
		shorter.connect_timeout_ns = attempt_ns;
	channel = type->connect(&shorter, &endpoint, &local, &control, error, sizeof(error));
	if (!channel) {
		check_explain(check, settings, &endpoint, &local,
			      type == &channel_tls ? "TLS" : NULL, error);
		return;
	}
	note_session(check, &endpoint, type, channel);
	type->close(channel);
}
