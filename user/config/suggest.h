/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* "Did you mean": the known word nearest to one that is not known. */
#ifndef FLOWPROBE_SUGGEST_H
#define FLOWPROBE_SUGGEST_H

#include <stddef.h>

/* Words longer than this are never suggested nor matched. */
#define SUGGEST_WORD_MAX 63

/* One search; set word (borrowed) and leave the rest zero, offer every candidate, then ask. */
struct suggestion {
	const char *word;
	char best[SUGGEST_WORD_MAX + 1]; /* "": nothing is near enough */
	size_t distance; /* of best */
	char question[2 * (SUGGEST_WORD_MAX + 1)];
};

/*
 * Remembers candidate (copied) if it is nearer than all before: by fewer single-letter edits
 * (insertion, deletion, replacement, swap of neighbours), at most one and a quarter of the word's
 * letters; or because the word is the beginning of it.
 */
void suggest_offer(struct suggestion *suggestion, const char *candidate);

/* "; did you mean <prefix><best>?", to be appended to a message, or "". Lives in the suggestion. */
const char *suggest_question(struct suggestion *suggestion, const char *prefix);

/* Number of such edits between two words; SIZE_MAX if one is longer than SUGGEST_WORD_MAX. */
size_t suggest_distance(const char *a, const char *b);

#endif
