// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes OpenObserve's answers: whatever the status and the body are, no more records are refused and
 * unconfirmed than were sent, only a success can be one, and what is said about it harms no terminal.
 */
#include "export/o2_answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check(const struct o2_answer *answer, int status, uint64_t sent)
{
	int is_success = status >= 200 && status < 300;

	require(answer->verdict <= O2_ENCODING);
	require(answer->refused <= sent && answer->unconfirmed <= sent - answer->refused);
	if (answer->verdict == O2_ACCEPTED || answer->verdict == O2_TOO_OLD)
		require(is_success);
	else
		require(!answer->refused && !answer->unconfirmed);
	if (answer->verdict == O2_TOO_OLD)
		require(answer->refused == sent);
	require(memchr(answer->message, '\0', sizeof(answer->message)) != NULL);
	for (const char *c = answer->message; *c; c++)
		require(*c >= ' ' && *c <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct o2_answer answer;
	uint64_t sent;
	int status;

	if (size < 3)
		return 0;
	status = data[0] < 128 ? 200 : data[0] * 4; /* 200 is where there is something to read */
	sent = 1 + (uint64_t)data[1] * data[1] * data[2];
	o2_answer_read(&answer, status, (const char *)data + 3, size - 3, sent);
	check(&answer, status, sent);
	o2_answer_read(&answer, status, (const char *)data + 3, size - 3, UINT64_MAX);
	check(&answer, status, UINT64_MAX);
	return 0;
}
