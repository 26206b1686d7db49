/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SCHEME://HOST[:PORT]: where something is sent to, taken apart. Nothing is resolved. */
#ifndef FLOWPROBE_ENDPOINT_H
#define FLOWPROBE_ENDPOINT_H

#include <stdint.h>

/* With the NUL. */
#define ENDPOINT_SCHEME_BYTES 16
#define ENDPOINT_HOST_BYTES 256
#define ENDPOINT_ERROR_BYTES 512

struct endpoint {
	char scheme[ENDPOINT_SCHEME_BYTES]; /* "udp": lower-case letters and digits */
	char host[ENDPOINT_HOST_BYTES]; /* name or address; IPv6 without brackets, with %zone */
	uint16_t port; /* host order, never 0 */
};

/*
 * Takes text apart: a name (RFC 1123, and '_'), an IPv4 address, or in brackets an IPv6 one, with
 * %ZONE if need be. default_port (host order) holds if text names none; with 0 it must. Returns 0;
 * or -EINVAL with error saying what is wrong, why, and the fix, and *endpoint then all zero. The
 * error repeats the beginning of text as it is, control characters included.
 */
int endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t default_port,
		   char error[ENDPOINT_ERROR_BYTES]);

/*
 * AF_INET or AF_INET6 if host is a numeric address (without brackets; IPv6 may have a %ZONE), else
 * AF_UNSPEC: a name, or nothing at all.
 */
int endpoint_address_family(const char *host);

#endif
