/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `flowprobe openobserve` does on a server: everything that flows need there, or its end. */
#ifndef FLOWPROBE_SETUP_H
#define FLOWPROBE_SETUP_H

#include <stdio.h>

#include "provision/assets.h"
#include "provision/o2_api.h"

struct setup {
	struct o2_api api;
	struct placeholders names; /* destination_url "": the destination is there, or no alerts */
	int destination_given; /* it must be there, or have a URL */
	int geo; /* places for addresses */
	int dry_run; /* only say what would be done */
	int delete_stream; /* teardown: the records too */
	FILE *out; /* one line for each object; borrowed */
};

enum setup_result {
	SETUP_OK,
	SETUP_FAILED, /* something is not as it should be; lines on stderr say what */
	SETUP_UNAVAILABLE, /* the server does not answer, or not as OpenObserve does */
	SETUP_REFUSED, /* the credential is not good enough */
};

/* Makes everything that is missing, brings up to date what is not as it should be, leaves alone what
 * is. */
enum setup_result setup_install(const struct setup *setup);

/* Removes what setup_install makes, in the reverse order, unless something else needs it; the stream
 * only with delete_stream. */
enum setup_result setup_remove(const struct setup *setup);

/*
 * Asks no server, and writes the bodies of the requests that setup_install would make of a new one
 * as files below directory, for doing it by hand; says where each is to be sent. Only the base of
 * setup->api is used. 0 or a negative errno, after a line on stderr.
 */
int setup_print(const struct setup *setup, const char *directory);

#endif
