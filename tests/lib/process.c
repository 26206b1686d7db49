// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* See process.h. */
#include "process.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static int saved_output = -1; /* while standard output is something else */

unsigned int count_open_files(void)
{
	DIR *stream = opendir("/proc/self/fd");
	unsigned int count = 0;

	assert_non_null(stream);
	while (readdir(stream))
		count++;
	closedir(stream);
	return count;
}

void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void set_standard_output(int fd)
{
	fflush(stdout);
	saved_output = dup(STDOUT_FILENO);
	assert_true(saved_output >= 0);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
}

void restore_standard_output(void)
{
	if (saved_output < 0)
		return;
	dup2(saved_output, STDOUT_FILENO);
	close(saved_output);
	saved_output = -1;
}
