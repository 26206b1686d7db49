// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Credentials: where they are read from, in which order, how they are written, and what is refused.
 * No memory that is given back has a secret in it: free() looks.
 */
#include "export/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <malloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 120
#define SECRET "xyzzy" /* in all secrets */
#define SECRET_BASE64 "eHl6enk" /* where it stands at a multiple of three */

static char directory[64];
static int dirty_frees;

void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
	size_t bytes = memory ? malloc_usable_size(memory) : 0;

	if (memory && (memmem(memory, bytes, SECRET, strlen(SECRET)) ||
		       memmem(memory, bytes, SECRET_BASE64, strlen(SECRET_BASE64))))
		dirty_frees++;
	__real_free(memory);
}

static int set_up(void **state)
{
	(void)state;
	dirty_frees = 0;
	strcpy(directory, "/tmp/flowprobe-test-credential-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	return nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Good until the next call but one. */
static const char *path_of(const char *name)
{
	static char paths[2][sizeof(directory) + 64];
	static unsigned int next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static const char *put_file(const char *name, const char *text, mode_t mode)
{
	const char *path = path_of(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
	return path;
}

static void expect(const struct credential_settings *settings, const char *header)
{
	char error[512] = "stale", *value = credential_read(settings, error, sizeof(error));

	assert_string_equal(error, "");
	if (!header) {
		assert_null(value);
		return;
	}
	assert_non_null(value);
	assert_string_equal(value, header);
	assert_int_equal(dirty_frees, 0);
	__real_free(value);
}

static void expect_error(const struct credential_settings *settings, const char *expected)
{
	char error[512] = "";

	assert_null(credential_read(settings, error, sizeof(error)));
	assert_string_equal(error, expected);
	assert_null(strstr(error, SECRET));
	assert_int_equal(dirty_frees, 0);
}

/* --- how they are written --- */

/* RFC 4648 section 10 with a user in front, and bytes that are no text. */
static void credential_is_base64(void **state)
{
	static const struct {
		const char *user;
		const char *password;
		const char *header;
	} table[] = {
		{"", "", "Basic Og=="},
		{"f", "", "Basic Zjo="},
		{"f", "o", "Basic Zjpv"},
		{"fo", "b", "Basic Zm86Yg=="},
		{"foob", "ar", "Basic Zm9vYjphcg=="},
		{"Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"root@example.com", "Complexpass#123",
		 "Basic cm9vdEBleGFtcGxlLmNvbTpDb21wbGV4cGFzcyMxMjM="},
		{"u", "\xff\xfe\xfd\xfb\xef", "Basic dTr//v377w=="},
		{"u", "a:b:c", "Basic dTphOmI6Yw=="},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		expect(&(struct credential_settings){.name = "o2",
						     .user = table[i].user,
						     .password = table[i].password},
		       table[i].header);
}

static void credential_token_needs_no_user(void **state)
{
	(void)state;
	expect(&(struct credential_settings){.name = "o2", .token = "o2oi_abc"},
	       "Basic Zmxvd3Byb2JlOm8yb2lfYWJj"); /* flowprobe:o2oi_abc */
	expect(&(struct credential_settings){.name = "o2", .user = "me", .token = "o2oi_abc"},
	       "Basic bWU6bzJvaV9hYmM=");
}

static void credential_password_needs_a_user(void **state)
{
	(void)state;
	expect_error(&(struct credential_settings){.name = "o2", .password = "xyzzy"},
		     "a password needs a user: set user too");
	expect_error(&(struct credential_settings){.name = "o2",
						   .password_file = put_file("p", "xyzzy\n", 0600)},
		     "a password needs a user: set user too");
}

/* RFC 7617: the first ':' ends the user, so the server would read another one. */
static void credential_user_with_a_colon_is_refused(void **state)
{
	(void)state;
	expect_error(
		&(struct credential_settings){.name = "o2", .user = "a:b", .password = "xyzzy"},
		"there must be no ':' in user");
	expect_error(&(struct credential_settings){.name = "o2", .user = ":", .token = "xyzzy"},
		     "there must be no ':' in user");
}

static void credential_none_is_no_error(void **state)
{
	(void)state;
	expect(&(struct credential_settings){.name = "o2"}, NULL);
	expect(&(struct credential_settings){.name = "o2", .user = "me"}, NULL);
}

/* --- files --- */

static void credential_file_is_its_first_line(void **state)
{
	static const char *const texts[] = {"xyzzy", "xyzzy\n", "xyzzy\r\n",
					    "xyzzy\n# xyzzy is the token\n", "xyzzy\n\n"};
	struct credential_settings settings = {.name = "o2"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		settings.token_file = put_file("token", texts[i], 0600);
		expect(&settings, "Basic Zmxvd3Byb2JlOnh5enp5"); /* flowprobe:xyzzy */
	}
	settings = (struct credential_settings){
		.name = "o2", .user = "me", .password_file = put_file("p", " xyzzy ", 0600)};
	expect(&settings, "Basic bWU6IHh5enp5IA==");
}

static void credential_file_is_read_each_time(void **state)
{
	struct credential_settings settings = {.name = "o2"};

	(void)state;
	settings.token_file = put_file("token", "xyzzy", 0600);
	expect(&settings, "Basic Zmxvd3Byb2JlOnh5enp5");
	put_file("token", "xyzzy2", 0600);
	expect(&settings, "Basic Zmxvd3Byb2JlOnh5enp5Mg==");
}

static void credential_file_that_others_can_read_is_refused(void **state)
{
	static const mode_t open_modes[] = {0604, 0602, 0606, 0644, 0666, 0777};
	static const mode_t closed_modes[] = {0400, 0600, 0640, 0440, 0660, 0601, 0711};
	struct credential_settings settings = {.name = "o2"};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		settings.token_file = put_file("token", "xyzzy", open_modes[i]);
		snprintf(expected, sizeof(expected), "%s can be read by everybody: chmod o-rwx it",
			 settings.token_file);
		expect_error(&settings, expected);
		unlink(settings.token_file);
	}
	for (size_t i = 0; i < sizeof(closed_modes) / sizeof(closed_modes[0]); i++) {
		settings.token_file = put_file("token", "xyzzy", closed_modes[i]);
		expect(&settings, "Basic Zmxvd3Byb2JlOnh5enp5");
		unlink(settings.token_file);
	}
}

static void credential_file_without_secret_is_an_error(void **state)
{
	static const char *const empty[] = {"", "\n", "\r\n", "\nxyzzy\n"};
	struct credential_settings settings = {.name = "o2", .user = "me"};
	char expected[256];

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		settings.password_file = put_file("p", empty[i], 0600);
		snprintf(expected, sizeof(expected), "%s is empty", settings.password_file);
		expect_error(&settings, expected);
	}
	settings.password_file = path_of("absent");
	snprintf(expected, sizeof(expected), "cannot read %s: No such file or directory",
		 settings.password_file);
	expect_error(&settings, expected);
	settings.password_file = path_of("folder");
	assert_int_equal(mkdir(settings.password_file, 0700), 0);
	snprintf(expected, sizeof(expected), "cannot read %s: Is a directory",
		 settings.password_file);
	expect_error(&settings, expected);
}

/* Exactly as long as a secret may be, and one more. */
static void credential_file_has_a_longest_line(void **state)
{
	struct credential_settings settings = {.name = "o2"};
	char text[CREDENTIAL_SECRET_BYTES_MAX + 8], error[512], expected[256], *value;

	(void)state;
	memset(text, 'x', sizeof(text));
	strcpy(text + CREDENTIAL_SECRET_BYTES_MAX - 2, "\nmore");
	settings.token_file = put_file("token", text, 0600);
	value = credential_read(&settings, error, sizeof(error));
	assert_non_null(value);
	assert_int_equal(strlen(value), strlen("Basic ") + (strlen("flowprobe:") +
							    CREDENTIAL_SECRET_BYTES_MAX - 2 + 2) /
								   3 * 4);
	free(value);
	strcpy(text + CREDENTIAL_SECRET_BYTES_MAX - 2, "x\nmore");
	settings.token_file = put_file("token", text, 0600);
	snprintf(expected, sizeof(expected), "the first line of %s is too long for a secret",
		 settings.token_file);
	expect_error(&settings, expected);
}

/* As a shell's <(command) makes one, whose writer may write as it likes and need not end. */
static void credential_pipe_is_read_until_its_line_ends(void **state)
{
	struct credential_settings settings = {.name = "o2"};
	char path[64], expected[256];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "xyzzy\n", 6), 6);
	snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
	settings.token_file = path;
	expect(&settings, "Basic Zmxvd3Byb2JlOnh5enp5");
	close(ends[0]);
	close(ends[1]);
	/* nobody there */
	settings.token_file = path_of("pipe");
	assert_int_equal(mkfifo(settings.token_file, 0600), 0);
	snprintf(expected, sizeof(expected), "%s is empty", settings.token_file);
	expect_error(&settings, expected);
}

/* --- systemd --- */

static void credential_of_systemd_is_found_by_name(void **state)
{
	const struct credential_settings o2 = {.name = "o2"}, other = {.name = "other"};

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	expect(&o2, NULL);
	put_file("flowprobe.token", "xyzzy-all", 0600);
	expect(&o2, "Basic Zmxvd3Byb2JlOnh5enp5LWFsbA==");
	put_file("flowprobe.o2.token", "xyzzy-o2", 0600);
	expect(&o2, "Basic Zmxvd3Byb2JlOnh5enp5LW8y");
	expect(&other, "Basic Zmxvd3Byb2JlOnh5enp5LWFsbA==");
	/* what is given otherwise goes first */
	expect(&(struct credential_settings){.name = "o2", .token = "xyzzy"},
	       "Basic Zmxvd3Byb2JlOnh5enp5");
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	expect(&o2, NULL);
}

static void credential_of_systemd_may_be_a_password(void **state)
{
	const struct credential_settings o2 = {.name = "o2", .user = "me"};

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put_file("flowprobe.password", "xyzzy", 0600);
	expect(&o2, "Basic bWU6eHl6enk=");
	put_file("flowprobe.o2.password", "xyzzy2", 0600);
	expect(&o2, "Basic bWU6eHl6enky");
	expect_error(&(struct credential_settings){.name = "o2"},
		     "a password needs a user: set user too");
}

/* An exporter with a password of its own does not get the token that is for the others. */
static void credential_of_systemd_for_one_goes_before_those_for_all(void **state)
{
	const struct credential_settings o2 = {.name = "o2", .user = "me"};

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put_file("flowprobe.password", "no", 0600);
	put_file("flowprobe.token", "no", 0600);
	put_file("flowprobe.o2.password", "xyzzy", 0600);
	expect(&o2, "Basic bWU6eHl6enk=");
	put_file("flowprobe.o2.token", "xyzzy2", 0600);
	expect(&o2, "Basic bWU6eHl6enky");
}

/* They are for one service, however they look. */
static void credential_of_systemd_may_have_any_mode(void **state)
{
	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put_file("flowprobe.token", "xyzzy", 0444);
	expect(&(struct credential_settings){.name = "o2"}, "Basic Zmxvd3Byb2JlOnh5enp5");
	expect(&(struct credential_settings){.name = "o2",
					     .token_file = path_of("flowprobe.token")},
	       "Basic Zmxvd3Byb2JlOnh5enp5");
}

/* The directory beside systemd's, with a longer name, is anybody's. */
static void credential_beside_those_of_systemd_is_a_file_like_any(void **state)
{
	struct credential_settings settings = {.name = "o2"};
	char shorter[sizeof(directory)], expected[256];

	(void)state;
	strcpy(shorter, directory);
	shorter[strlen(shorter) - 1] = '\0';
	setenv("CREDENTIALS_DIRECTORY", shorter, 1);
	settings.token_file = put_file("token", "xyzzy", 0644);
	snprintf(expected, sizeof(expected), "%s can be read by everybody: chmod o-rwx it",
		 settings.token_file);
	expect_error(&settings, expected);
}

static void credential_of_systemd_that_is_unreadable_is_an_error(void **state)
{
	char expected[256];

	(void)state;
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	put_file("flowprobe.token", "", 0400);
	snprintf(expected, sizeof(expected), "%s/flowprobe.token is empty", directory);
	expect_error(&(struct credential_settings){.name = "o2"}, expected);
}

#define CREDENTIAL_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CREDENTIAL_TEST(credential_is_base64),
		CREDENTIAL_TEST(credential_token_needs_no_user),
		CREDENTIAL_TEST(credential_password_needs_a_user),
		CREDENTIAL_TEST(credential_user_with_a_colon_is_refused),
		CREDENTIAL_TEST(credential_none_is_no_error),
		CREDENTIAL_TEST(credential_file_is_its_first_line),
		CREDENTIAL_TEST(credential_file_is_read_each_time),
		CREDENTIAL_TEST(credential_file_that_others_can_read_is_refused),
		CREDENTIAL_TEST(credential_file_without_secret_is_an_error),
		CREDENTIAL_TEST(credential_file_has_a_longest_line),
		CREDENTIAL_TEST(credential_pipe_is_read_until_its_line_ends),
		CREDENTIAL_TEST(credential_of_systemd_is_found_by_name),
		CREDENTIAL_TEST(credential_of_systemd_may_be_a_password),
		CREDENTIAL_TEST(credential_of_systemd_for_one_goes_before_those_for_all),
		CREDENTIAL_TEST(credential_of_systemd_may_have_any_mode),
		CREDENTIAL_TEST(credential_beside_those_of_systemd_is_a_file_like_any),
		CREDENTIAL_TEST(credential_of_systemd_that_is_unreadable_is_an_error),
	};

	umask(077);
	unsetenv("CREDENTIALS_DIRECTORY");
	alarm(HANG_SECONDS);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
