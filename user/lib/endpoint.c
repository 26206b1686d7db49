// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * SCHEME://HOST[:PORT] -> struct endpoint, for whoever checks, opens or names a destination.
 *
 * A text that comes out of here can be handed to getaddrinfo() without surprises: what it would
 * take for an address in an old notation ("10.1", "0x7f000001", "1.2.3.04") is refused instead of
 * being sent to some other host, and a name has only characters that a name can have. The brackets
 * around IPv6 addresses (RFC 3986 section 3.2.2) are required, since 2001:db8::1:4739 can be read
 * in two ways. The zone stands as it is, %eth0: this is no URI, in which it would be %25eth0
 * (RFC 6874).
 *
 * Nothing is allocated; hosts longer than a name can be do not fit and are a mistake of their own.
 */
#include "lib/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_CHARS 253 /* RFC 1035 section 2.3.4, as text */
#define LABEL_MAX_CHARS 63
#define QUOTE_CHARS 80 /* how much of a wrong text is repeated */

#define END_OF_HOST ":/?#"

#define DIGITS "0123456789"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* One text being taken apart. */
struct parse {
	const char *text;
	const char *rest; /* what of it has not been read yet */
	char *error;
};

static int __attribute__((format(printf, 2, 3)))
complain(struct parse *parse, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(parse->error, ENDPOINT_ERROR_BYTES, "\"%.*s\": ", QUOTE_CHARS,
			    parse->text);

	va_start(arguments, format);
	vsnprintf(parse->error + used, ENDPOINT_ERROR_BYTES - (size_t)used, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int zone_is_valid(const char *zone)
{
	size_t length = strlen(zone);

	if (length == 0 || length >= IF_NAMESIZE)
		return 0;
	for (; *zone; zone++) {
		if (!isgraph((unsigned char)*zone) || strchr("/:%[]", *zone))
			return 0;
	}
	return 1;
}

int endpoint_address_family(const char *host)
{
	char address[INET6_ADDRSTRLEN];
	size_t length = strcspn(host, "%");
	struct in6_addr binary;

	if (inet_pton(AF_INET, host, &binary) == 1)
		return AF_INET;
	if (length >= sizeof(address) || (host[length] && !zone_is_valid(host + length + 1)))
		return AF_UNSPEC;
	memcpy(address, host, length);
	address[length] = '\0';
	return inet_pton(AF_INET6, address, &binary) == 1 ? AF_INET6 : AF_UNSPEC;
}

static int parse_scheme(struct parse *parse, struct endpoint *endpoint)
{
	size_t length = strspn(parse->rest, LOWER DIGITS);

	if (length == 0 || length >= sizeof(endpoint->scheme) ||
	    strncmp(parse->rest + length, "://", 3) != 0)
		return complain(parse, "must be SCHEME://HOST[:PORT], such as "
				       "udp://192.0.2.1:4739");
	memcpy(endpoint->scheme, parse->rest, length);
	parse->rest += length + 3;
	return 0;
}

static int parse_bracketed(struct parse *parse, struct endpoint *endpoint)
{
	const char *address = parse->rest + 1;
	size_t length = strcspn(address, "]");

	if (!address[length])
		return complain(parse, "the '[' has no ']'; write [ADDRESS] or [ADDRESS]:PORT");
	if (length < sizeof(endpoint->host)) {
		memcpy(endpoint->host, address, length);
		if (endpoint_address_family(endpoint->host) == AF_INET6) {
			parse->rest = address + length + 1;
			return 0;
		}
	}
	return complain(parse,
			"in brackets must be an IPv6 address, such as [2001:db8::1] or "
			"[fe80::1%%eth0], not \"%.*s\"",
			(int)(length < QUOTE_CHARS ? length : QUOTE_CHARS), address);
}

/* 1 if getaddrinfo() could take a name that ends in this label for an address. */
static int label_is_number(const char *label, size_t length)
{
	if (length >= 2 && label[0] == '0' && tolower((unsigned char)label[1]) == 'x')
		return 2 + strspn(label + 2, DIGITS "abcdefABCDEF") >= length;
	return strspn(label, DIGITS) >= length;
}

/* What is wrong with host as a name; NULL: nothing. */
static const char *name_fault(const char *host)
{
	const char *label = host;
	size_t length;

	if (host[strspn(host, LOWER UPPER DIGITS "-_.")])
		return "has a character other than letters, digits, '-', '_' and '.'";
	for (;;) {
		length = strcspn(label, ".");
		if (length == 0)
			return "has nothing before or between its dots";
		if (length > LABEL_MAX_CHARS)
			return "has more than 63 characters between its dots";
		if (label[0] == '-' || label[length - 1] == '-')
			return "has a '-' at the beginning or end, or beside a dot";
		if (!label[length] || !label[length + 1]) /* one dot may end a name */
			break;
		label += length + 1;
	}
	return label_is_number(label, length) ? "ends in a number, but is no IPv4 address" : NULL;
}

static int parse_host(struct parse *parse, struct endpoint *endpoint)
{
	size_t length = strcspn(parse->rest, END_OF_HOST);
	const char *fault;

	if (parse->rest[length] == ':' &&
	    parse->rest[length + 1 + strcspn(parse->rest + length + 1, END_OF_HOST)] == ':')
		return complain(parse, "more than one ':'; put an IPv6 address in brackets, as in "
				       "[2001:db8::1]:4739");
	if (length == 0)
		return complain(parse, "there is no host after \"%s://\"", endpoint->scheme);
	if (length > NAME_MAX_CHARS) {
		fault = "is longer than 253 characters";
	} else {
		memcpy(endpoint->host, parse->rest, length);
		fault = endpoint_address_family(endpoint->host) == AF_INET
				? NULL
				: name_fault(endpoint->host);
	}
	if (fault)
		return complain(parse, "the host %s; write a name or an address", fault);
	parse->rest += length;
	return 0;
}

static int parse_port(struct parse *parse, struct endpoint *endpoint, uint16_t default_port)
{
	const char *digits = parse->rest + 1;
	size_t length;
	unsigned long port;

	if (!*parse->rest && default_port) {
		endpoint->port = default_port;
		return 0;
	}
	if (!*parse->rest)
		return complain(parse, "there is no port; put :PORT behind it");
	if (*parse->rest != ':')
		return complain(parse, "nothing can follow the host but :PORT; leave out \"%.*s\"",
				QUOTE_CHARS, parse->rest);
	length = strspn(digits, DIGITS);
	port = length <= 5 ? strtoul(digits, NULL, 10) : 0;
	if (digits[length] || *digits == '0' || port < 1 || port > UINT16_MAX)
		return complain(parse,
				"the port must be a whole number from 1 to 65535, not \"%.*s\"",
				QUOTE_CHARS, digits);
	endpoint->port = (uint16_t)port;
	return 0;
}

int endpoint_parse(struct endpoint *endpoint, const char *text, uint16_t default_port,
		   char error[ENDPOINT_ERROR_BYTES])
{
	struct parse parse = {.text = text, .rest = text, .error = error};
	int err;

	memset(endpoint, 0, sizeof(*endpoint));
	err = parse_scheme(&parse, endpoint);
	if (!err)
		err = *parse.rest == '[' ? parse_bracketed(&parse, endpoint)
					 : parse_host(&parse, endpoint);
	if (!err)
		err = parse_port(&parse, endpoint, default_port);
	if (err)
		memset(endpoint, 0, sizeof(*endpoint));
	return err;
}
