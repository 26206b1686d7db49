/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A configuration loaded from texts that stand for its sources, and what was said about them.
 */
#ifndef FLOWPROBE_CONFIG_FIXTURE_H
#define FLOWPROBE_CONFIG_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/errors.h"

/* A configuration whose messages are kept. */
struct load {
	struct config config;
	char *messages;
	int code;
	int help;
};

static inline void load_sources(struct load *load, char **argv, char **environment,
				const char *path)
{
	struct config_sources sources = {
		.argv = argv, .environment = environment, .default_path = path};
	struct config_errors errors = {0};
	size_t size;

	memset(load, 0, sizeof(*load));
	errors.stream = open_memstream(&load->messages, &size);
	assert_non_null(errors.stream);
	while (argv[sources.argc])
		sources.argc++;
	load->code = config_load_sources(&load->config, &sources, &errors, &load->help);
	fclose(errors.stream);
}

static inline void load_free(struct load *load)
{
	config_free(&load->config);
	free(load->messages);
}

/* --flag=value and nothing else. */
static inline void load_flag(struct load *load, const char *flag, const char *value)
{
	char argument[2048];
	char *argv[] = {"run", argument, NULL};
	char *environment[] = {NULL};

	snprintf(argument, sizeof(argument), "--%s=%s", flag, value);
	load_sources(load, argv, environment, NULL);
}

/* name=value in the environment and nothing else. */
static inline void load_variable(struct load *load, const char *name, const char *value)
{
	char variable[2048];
	char *argv[] = {"run", NULL};
	char *environment[] = {variable, NULL};

	snprintf(variable, sizeof(variable), "%s=%s", name, value);
	load_sources(load, argv, environment, NULL);
}

/* Lets messages call the file "f". */
static inline void rename_file(char *messages, const char *path)
{
	size_t length = strlen(path);

	for (char *at = messages; (at = strstr(at, path));) {
		*at++ = 'f';
		memmove(at, at + length - 1, strlen(at + length - 1) + 1);
	}
}

/* A file of this text and mode, which messages call "f", and other sources; NULL: none. */
static inline void load_mode(struct load *load, const char *yaml, mode_t mode, char **environment,
			     char **argv)
{
	char *no_arguments[] = {"run", NULL}, *no_variables[] = {NULL};
	char directory[] = "/tmp/config_fixture.XXXXXX", path[64];
	int fd;

	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/f", directory);
	if (yaml) {
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
		assert_int_equal(fchmod(fd, mode), 0);
		close(fd);
	}
	load_sources(load, argv ? argv : no_arguments, environment ? environment : no_variables,
		     path);
	if (yaml)
		unlink(path);
	rmdir(directory);
	rename_file(load->messages, path);
}

/* A file of this text, which messages call "f", and other sources; NULL: none. */
static inline void load_all(struct load *load, const char *yaml, char **environment, char **argv)
{
	load_mode(load, yaml, 0600, environment, argv);
}

static inline void load_file_of_mode(struct load *load, const char *yaml, mode_t mode)
{
	load_mode(load, yaml, mode, NULL, NULL);
}

/* One line that starts with where the mistake is. */
static inline void assert_one_message(const char *messages, const char *place)
{
	char start[512];

	snprintf(start, sizeof(start), "flowprobe: %s", place);
	if (strncmp(messages, start, strlen(start)) != 0)
		assert_string_equal(messages, start);
	assert_ptr_equal(strchr(messages, '\n'), messages + strlen(messages) - 1);
}

#endif
