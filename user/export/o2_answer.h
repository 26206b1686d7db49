/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * export: what OpenObserve's answer to a batch means, and what to do next. Pure.
 *
 * A 200, or another 2xx, is not yet good news: it says in its body how many records were taken and
 * how many not, and when the two together are fewer than were sent, the rest is gone without a word.
 * So all three numbers are looked at.
 */
#ifndef FLOWPROBE_O2_ANSWER_H
#define FLOWPROBE_O2_ANSWER_H

#include <stddef.h>
#include <stdint.h>

enum o2_verdict {
	O2_ACCEPTED, /* all of it, or part: see the numbers */
	O2_TOO_OLD, /* none of it, because of _timestamp: another one may be taken */
	O2_RETRY, /* overloaded, or broken in between: the same again later */
	O2_RETRY_FEW, /* may be temporary, may be not: give up after O2_FEW_TIMES */
	O2_CONFIGURATION, /* nothing will be accepted before somebody changes something */
	O2_CREDENTIAL, /* the same, and the credential is what is wrong */
	O2_TOO_LARGE, /* fewer records at once */
	O2_ENCODING, /* not compressed */
};

#define O2_FEW_TIMES 3
#define O2_MESSAGE_BYTES 192 /* the longest of OpenObserve's has 182 */

struct o2_answer {
	enum o2_verdict verdict;
	uint64_t refused; /* of the records: said to be discarded */
	uint64_t unconfirmed; /* neither said to be taken nor to be discarded */
	char message
		[O2_MESSAGE_BYTES]; /* what the server said, or what is wrong; printable, "": nothing */
};

/* status and body of the answer to `sent` records; the body need not be what one expects. */
void o2_answer_read(struct o2_answer *answer, int status, const char *body, size_t bytes,
		    uint64_t sent);

#endif
