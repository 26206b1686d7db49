// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Another process of a test: see child.h. */
#include "child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct child child_start(int (*ready)(void))
{
	int started[2], release[2], result;
	struct child child;

	assert_int_equal(pipe(started), 0);
	assert_int_equal(pipe(release), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(started[0]);
		close(release[1]);
		result = ready();
		if (write(started[1], &result, sizeof(result)) != sizeof(result))
			_exit(1);
		_exit(read(release[0], &byte, 1) != 0);
	}
	close(started[1]);
	close(release[0]);
	child.release = release[1];
	assert_int_equal(read(started[0], &result, sizeof(result)), sizeof(result));
	close(started[0]);
	assert_int_equal(result, 0);
	return child;
}

void child_kill(struct child *child)
{
	kill(child->pid, SIGKILL);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	close(child->release);
}
