// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* export: see credential.h. */
#include "export/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define TOKEN_USER "flowprobe" /* OpenObserve ignores it when the password is a token */

static int is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* Places whose files belong to the system, and are for one service however their mode looks. */
static int is_secret_store(const char *path)
{
	static const char *const stores[] = {"/run/secrets", "/var/run/secrets",
					     "/run/credentials"};
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (credentials && *credentials && is_below(path, credentials))
		return 1;
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++)
		if (is_below(path, stores[i]))
			return 1;
	return 0;
}

/* -1 with the reason in error. */
static int open_secret(const char *path, char *error, size_t error_bytes)
{
	/* A named pipe that nobody writes to does not keep us waiting; its end is what we find. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || fcntl(fd, F_SETFL, 0)) {
		snprintf(error, error_bytes, "cannot read %s: %s", path, strerror(errno));
	} else if (st.st_mode & (S_IROTH | S_IWOTH) && !is_secret_store(path)) {
		snprintf(error, error_bytes, "%s can be read by everybody: chmod o-rwx it", path);
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

/* As much of the file as there is room for, up to a line end at the least. 0 or -errno. */
static int read_line(int fd, char line[static CREDENTIAL_SECRET_BYTES_MAX])
{
	size_t used = 0;
	ssize_t got;

	do {
		got = read(fd, line + used, CREDENTIAL_SECRET_BYTES_MAX - 1 - used);
		used += got > 0 ? (size_t)got : 0;
		line[used] = '\0';
	} while ((got > 0 && !strpbrk(line, "\r\n")) || (got < 0 && errno == EINTR));
	return got < 0 ? -errno : 0;
}

/* The file's first line, to be freed. NULL with the reason in error. */
static char *read_secret(const char *path, char *error, size_t error_bytes)
{
	char line[CREDENTIAL_SECRET_BYTES_MAX], *secret = NULL;
	int fd = open_secret(path, error, error_bytes), err;
	size_t length;

	if (fd < 0)
		return NULL;
	err = read_line(fd, line);
	close(fd);
	length = err ? 0 : strcspn(line, "\r\n");
	if (err)
		snprintf(error, error_bytes, "cannot read %s: %s", path, strerror(-err));
	else if (!length)
		snprintf(error, error_bytes, "%s is empty", path);
	else if (length == sizeof(line) - 1)
		snprintf(error, error_bytes, "the first line of %s is too long for a secret", path);
	else if (!(secret = strndup(line, length)))
		snprintf(error, error_bytes, "out of memory");
	explicit_bzero(line, sizeof(line));
	return secret;
}

/* Finds flowprobe.NAME.token, flowprobe.NAME.password, flowprobe.token or flowprobe.password, in this
 * order, among systemd's credentials; 0: there is none. */
static int find_systemd_credential(const char *name, int *is_token, char path[static PATH_BYTES])
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");

	if (!directory || !*directory)
		return 0;
	for (unsigned int i = 0; i < 4; i++) {
		int has_name = i < 2;

		*is_token = i % 2 == 0;
		snprintf(path, PATH_BYTES, "%s/flowprobe%s%s.%s", directory, has_name ? "." : "",
			 has_name ? name : "", *is_token ? "token" : "password");
		if (access(path, F_OK) == 0)
			return 1;
	}
	return 0;
}

static void encode_base64(const char *text, size_t length, char *encoded)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t i = 0; i < length; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;

		group |= i + 1 < length ? (uint32_t)bytes[i + 1] << 8 : 0;
		group |= i + 2 < length ? bytes[i + 2] : 0;
		*encoded++ = digits[group >> 18];
		*encoded++ = digits[group >> 12 & 63];
		*encoded++ = i + 1 < length ? digits[group >> 6 & 63] : '=';
		*encoded++ = i + 2 < length ? digits[group & 63] : '=';
	}
	*encoded = '\0';
}

/* "Basic BASE64", to be freed. NULL: no memory. */
static char *make_basic(const char *user, const char *password)
{
	static const char scheme[] = "Basic ";
	size_t length = strlen(user) + 1 + strlen(password);
	char *plain = malloc(length + 1);
	char *header = plain ? malloc(sizeof(scheme) + (length + 2) / 3 * 4) : NULL;

	if (plain)
		stpcpy(stpcpy(stpcpy(plain, user), ":"), password);
	if (header)
		encode_base64(plain, length, stpcpy(header, scheme));
	if (plain)
		explicit_bzero(plain, length);
	free(plain);
	return header;
}

/* The secret and what kind it is; NULL: none, or error. */
static char *find_secret(const struct credential_settings *settings, int *is_token, char *error,
			 size_t error_bytes)
{
	char path[PATH_BYTES], *secret;

	*is_token = settings->token || settings->token_file;
	if (settings->token || settings->password) {
		secret = strdup(settings->token ? settings->token : settings->password);
		if (!secret)
			snprintf(error, error_bytes, "out of memory");
		return secret;
	}
	if (settings->token_file || settings->password_file)
		return read_secret(settings->token_file ? settings->token_file
							: settings->password_file,
				   error, error_bytes);
	if (find_systemd_credential(settings->name, is_token, path))
		return read_secret(path, error, error_bytes);
	return NULL;
}

char *credential_read(const struct credential_settings *settings, char *error, size_t error_bytes)
{
	const char *user = settings->user;
	char *secret, *header = NULL;
	int is_token;

	error[0] = '\0';
	secret = find_secret(settings, &is_token, error, error_bytes);
	if (!secret)
		return NULL;
	if (!user && is_token)
		user = TOKEN_USER;
	if (!user) {
		snprintf(error, error_bytes, "a password needs a user: set user too");
	} else if (strchr(user, ':')) {
		snprintf(error, error_bytes, "there must be no ':' in user");
	} else {
		header = make_basic(user, secret);
		if (!header)
			snprintf(error, error_bytes, "out of memory");
	}
	explicit_bzero(secret, strlen(secret));
	free(secret);
	return header;
}
