/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: who we are to an HTTP server. A password or token comes from a file, from systemd's
 * credentials or from the environment, never from the command line, which everybody on the host can
 * read. Files are read again when the server refuses what was in them before, since tokens are
 * rotated.
 */
#ifndef FLOWPROBE_CREDENTIAL_H
#define FLOWPROBE_CREDENTIAL_H

#include <stddef.h>

#define CREDENTIAL_SECRET_BYTES_MAX 4096

/* All borrowed; NULL: not given. Of the four sources of a secret at most one may be given. */
struct credential_settings {
	const char *name; /* of the exporter: systemd's flowprobe.NAME.token or
			     flowprobe.NAME.password, else flowprobe.token or flowprobe.password */
	const char *user; /* with a token any, with a password needed */
	const char *password_file;
	const char *token_file;
	const char *password;
	const char *token;
};

/*
 * Reads the secret and makes the value of the header Authorization of it, to be freed. NULL: there
 * is none (*error is ""), or it cannot be had (what is wrong and the fix in error). A file that
 * others can read is refused, except where the system keeps secrets.
 */
char *credential_read(const struct credential_settings *settings, char *error, size_t error_bytes);

#endif
