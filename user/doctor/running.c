// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * doctor: the flowprobe that runs already, see running.h. It is known by its control socket, where
 * the kernel says who listens; nothing is asked of it. A second `run` would not start beside it where
 * the two want the same, which is a failure like any other, but one whose fix may be to do nothing.
 */
#include "doctor/running.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/endpoint.h"

/* 1 if somebody listens there; *pid is he, 0 if he cannot be told. */
static int find_listener(const char *path, int *pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, found, not_for_us;
	struct ucred peer = {0};
	socklen_t bytes = sizeof(peer);

	if (strlen(path) >= sizeof(address.sun_path))
		return 0;
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	found = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	not_for_us = !found && (errno == EACCES || errno == EPERM) && access(path, F_OK) == 0;
	if (found && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0)
		*pid = peer.pid;
	close(fd);
	return found || not_for_us;
}

/* 0, or an errno. Bound, as the agent would, but never listened on. */
static int try_listening(const char *address_text)
{
	char url[ENDPOINT_HOST_BYTES + 32], port[8], error[ENDPOINT_ERROR_BYTES];
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	struct endpoint endpoint;
	struct addrinfo *address;
	int fd, failure = 0;

	snprintf(url, sizeof(url), "tcp://%s", address_text);
	if (endpoint_parse(&endpoint, url, 0, error))
		return EINVAL;
	snprintf(port, sizeof(port), "%u", endpoint.port);
	if (getaddrinfo(endpoint.host, port, &hints, &address))
		return EINVAL;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) ||
	    bind(fd, address->ai_addr, address->ai_addrlen))
		failure = errno;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(address);
	return failure;
}

static void check_metrics(struct doctor *doctor)
{
	const char *address = doctor->config->metrics_listen;
	const char *fix = "choose another address or port for --metrics (metrics.listen)";
	int failure = address ? try_listening(address) : 0;

	if (failure == EADDRINUSE && doctor->has_agent)
		fix = "nothing, if it is the running flowprobe that has it and shall run; else "
		      "choose another address or port for --metrics (metrics.listen)";
	if (failure)
		findings_fail(doctor->findings, FINDING_AGENT, EXIT_CODE_RUNTIME, fix,
			      "cannot listen on %s for metrics: %s", address, strerror(failure));
	else if (address)
		findings_ok(doctor->findings, FINDING_AGENT, "metrics can be had on %s", address);
}

/* The default path is for the service: without it `run` starts all the same. */
static void report_agent(struct doctor *doctor, const char *path)
{
	if (!doctor->agent_pid)
		findings_note(doctor->findings, FINDING_AGENT, "run as root to see more of it",
			      "already running, by the looks of %s, which is not for this user",
			      path);
	else if (strcmp(path, CONFIG_CONTROL_SOCKET) == 0)
		findings_note(
			doctor->findings, FINDING_AGENT,
			"nothing, if it is the one that shall run; `flowprobe status` asks it",
			"already running (pid %d); a second one could not have its interfaces",
			doctor->agent_pid);
	else
		findings_fail(doctor->findings, FINDING_AGENT, EXIT_CODE_RUNTIME,
			      "nothing, if that is the one that shall run; else choose another "
			      "--control-socket (control.socket)",
			      "already running (pid %d), and listens at %s", doctor->agent_pid,
			      path);
}

void doctor_check_running(struct doctor *doctor)
{
	const char *path = doctor->config->control_socket;

	if (!path)
		path = CONFIG_CONTROL_SOCKET;
	doctor->has_agent = find_listener(path, &doctor->agent_pid);
	if (doctor->has_agent)
		report_agent(doctor, path);
	check_metrics(doctor);
}

int doctor_is_running_agent(const struct doctor *doctor, int pid)
{
	return doctor->has_agent && (!doctor->agent_pid || doctor->agent_pid == pid);
}
