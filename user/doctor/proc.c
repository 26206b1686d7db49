// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* doctor: see proc.h. */
#include "doctor/proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHOLE_USERS 4294967295ull /* the one line of the host's own namespace */

int proc_read(const char *path, char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	size_t used = 0;
	ssize_t got = 1;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	while (got > 0 && used < bytes - 1) {
		got = read(fd, text + used, bytes - 1 - used);
		used += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		err = -errno;
	close(fd);
	text[err ? 0 : used] = '\0';
	return err;
}

int proc_chosen_word(const char *text, char word[static PROC_WORD_BYTES])
{
	const char *begin = strchr(text, '[');
	size_t length = begin ? strspn(begin + 1, "abcdefghijklmnopqrstuvwxyz") : 0;

	if (!length || begin[1 + length] != ']' || length >= PROC_WORD_BYTES)
		return 0;
	memcpy(word, begin + 1, length);
	word[length] = '\0';
	return 1;
}

/* Decimal digits; *end is behind them. 1, or 0 if there are none. */
static int read_digits(const char *text, uint64_t *number, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return 0;
	*number = strtoull(text, &stop, 10); /* ULLONG_MAX if it does not fit */
	*end = stop;
	return 1;
}

int proc_number(const char *text, const char *name, uint64_t *number)
{
	size_t length = strlen(name);
	uint64_t found;

	while (*text) {
		const char *value = text + length, *end;

		if (strncmp(text, name, length) == 0 && (*value == ':' || *value == ' ')) {
			value += *value == ':';
			value += strspn(value, " ");
			if (!read_digits(value, &found, &end))
				return 0;
			if (strncmp(end, " kB", 3) == 0)
				found = found > UINT64_MAX / 1024 ? UINT64_MAX : found * 1024;
			*number = found;
			return 1;
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

int proc_limit(const char *text, uint64_t *limit)
{
	const char *end;

	if (strncmp(text, "max", 3) == 0 && (text[3] == '\n' || !text[3])) {
		*limit = UINT64_MAX;
		return 1;
	}
	return read_digits(text, limit, &end) && (*end == '\n' || !*end);
}

int proc_is_initial_user_namespace(const char *text)
{
	unsigned long long inside, outside, count;
	int used = 0;

	if (!*text)
		return 1; /* no user namespaces in this kernel, or nothing to see of them */
	return sscanf(text, "%llu %llu %llu %n", &inside, &outside, &count, &used) == 3 &&
	       !inside && !outside && count == WHOLE_USERS && !text[used];
}

/* 1 if the controller is in the list, which is separated by commas and ends with a colon. */
static int lists_controller(const char *list, const char *controller)
{
	size_t length = strlen(controller);

	for (;;) {
		size_t item = strcspn(list, ",:\n");

		if (item == length && strncmp(list, controller, length) == 0)
			return 1;
		if (list[item] != ',')
			return 0;
		list += item + 1;
	}
}

int proc_cgroup_path(const char *text, const char *controller, char path[static PROC_PATH_BYTES])
{
	/* HIERARCHY:CONTROLLERS:PATH; a path may have colons in it */
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *list = memchr(text, ':', length), *place;

		place = list ? memchr(list + 1, ':', (size_t)(text + length - list) - 1) : NULL;
		if (place && place[1] == '/' && lists_controller(list + 1, controller)) {
			size_t bytes = (size_t)(text + length - place) - 1;

			if (bytes >= PROC_PATH_BYTES)
				return 0;
			memcpy(path, place + 1, bytes);
			path[bytes] = '\0';
			return 1;
		}
		text += length;
		text += *text == '\n';
	}
	return 0;
}
